/*
 * blob.c - files of sealed messages, in the queue process only. Names come from our own store or are made here; they are
 * checked all the same, since they become paths.
 */
#include "blob.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "err.h"
#include "log.h"

#define FOLDER_LEN 5 /* 8,389 seconds a folder */
#define PATH_LEN (FOLDER_LEN + 1 + ULID_LEN + 1)

struct blobs {
	int dir;
};

static int
system_error(void)
{
	return errno == ENOSPC || errno == EDQUOT ? VG_ERR_FULL : errno == ENOENT ? VG_ERR_NOTFOUND : VG_ERR_SYSTEM;
}

static bool
valid_name(const char *name)
{
	return strlen(name) == ULID_LEN && strspn(name, "0123456789ABCDEFGHJKMNPQRSTVWXYZ") == ULID_LEN;
}

static int
path_of(char out[PATH_LEN], const char *name)
{
	if (!valid_name(name))
		return VG_ERR_SYNTAX;
	snprintf(out, PATH_LEN, "%.*s/%s", FOLDER_LEN, name, name);
	return VG_OK;
}

int
blobs_open(struct blobs **out, const char *dir)
{
	struct blobs *b = calloc(1, sizeof(*b));
	char path[4096];

	*out = NULL;
	if (b == NULL)
		return VG_ERR_MEMORY;
	snprintf(path, sizeof(path), "%s/blobs", dir);
	if (mkdir(path, 0700) < 0 && errno != EEXIST) {
		free(b);
		return system_error();
	}
	b->dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (b->dir < 0) {
		free(b);
		return system_error();
	}
	*out = b;
	return VG_OK;
}

void
blobs_close(struct blobs **b)
{
	if (*b == NULL)
		return;
	close((*b)->dir);
	free(*b);
	*b = NULL;
}

int
blob_create(struct blobs *b, char name[ULID_LEN + 1], int *fd)
{
	char path[PATH_LEN], folder[FOLDER_LEN + 1];

	id_ulid(name, id_now_ms());
	snprintf(path, sizeof(path), "%.*s/%s", FOLDER_LEN, name, name);
	*fd = openat(b->dir, path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (*fd < 0 && errno == ENOENT) {
		snprintf(folder, sizeof(folder), "%.*s", FOLDER_LEN, name);
		if (mkdirat(b->dir, folder, 0700) < 0 && errno != EEXIST)
			return system_error();
		*fd = openat(b->dir, path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	}
	return *fd < 0 ? system_error() : VG_OK;
}

/* A folder's new entries. */
static int
sync_folder(int at, const char *path)
{
	int fd = openat(at, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW), err = VG_OK;

	if (fd < 0)
		return system_error();
	if (fsync(fd) < 0)
		err = system_error();
	close(fd);
	return err;
}

int
blob_sync(struct blobs *b, const char *name, int fd)
{
	char folder[FOLDER_LEN + 1];
	int err;

	if (!valid_name(name))
		return VG_ERR_SYNTAX;
	if (fdatasync(fd) < 0)
		return system_error();
	snprintf(folder, sizeof(folder), "%.*s", FOLDER_LEN, name);
	/* The folder itself may be new: who made it does not matter. On most file systems the first sync wrote all of this. */
	if ((err = sync_folder(b->dir, folder)) != VG_OK)
		return err;
	return fsync(b->dir) < 0 ? system_error() : VG_OK;
}

int
blob_open(struct blobs *b, const char *name)
{
	char path[PATH_LEN];
	int fd, err = path_of(path, name);

	if (err != VG_OK)
		return err;
	fd = openat(b->dir, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	return fd < 0 ? system_error() : fd;
}

void
blob_remove(struct blobs *b, const char *name)
{
	char path[PATH_LEN];

	if (path_of(path, name) == VG_OK && unlinkat(b->dir, path, 0) < 0 && errno != ENOENT)
		log_warn("", "blob-remove", "name=%s error=%s", name, log_q(strerror(errno)));
}

int
blob_scratch(struct blobs *b, int *fd)
{
	*fd = openat(b->dir, ".", O_RDWR | O_TMPFILE | O_CLOEXEC, 0600);
	return *fd < 0 ? system_error() : VG_OK;
}

/* ---- what a crash left ---- */

static int
sweep_folder(struct blobs *b, const char *folder, int (*known)(void *arg, const char *name), void *arg)
{
	int fd = openat(b->dir, folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW), n = 0;
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *e;

	if (d == NULL) {
		if (fd >= 0)
			close(fd);
		return 0;
	}
	while ((e = readdir(d)) != NULL) {
		if (valid_name(e->d_name) && known(arg, e->d_name) == 0) {
			blob_remove(b, e->d_name);
			n++;
		}
	}
	closedir(d);
	unlinkat(b->dir, folder, AT_REMOVEDIR); /* where it is empty now */
	return n;
}

int
blobs_sweep(struct blobs *b, int64_t since, int (*known)(void *arg, const char *name), void *arg)
{
	int fd = openat(b->dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), n = 0;
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *e;
	struct stat st;

	if (d == NULL) {
		if (fd >= 0)
			close(fd);
		return VG_ERR_SYSTEM;
	}
	while ((e = readdir(d)) != NULL)
		if (strlen(e->d_name) == FOLDER_LEN && fstatat(b->dir, e->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		    S_ISDIR(st.st_mode) && (int64_t)st.st_mtime * 1000 + 999 >= since)
			n += sweep_folder(b, e->d_name, known, arg);
	closedir(d);
	return n;
}
