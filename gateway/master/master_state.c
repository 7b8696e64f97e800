/*
 * master_state.c - the state folder: made with the right owner, locked against a second daemon. The folder belongs to
 * the queue's user, so names in it are opened without following links.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "err.h"
#include "master.h"
#include "role.h"

#define BLOBS_DIR "blobs"
#define LOCK_FILE "lock"
#define PID_FILE "vcspgated.pid"
#define STORE_FILE "store.db"

int
master_check_users(const struct conf *c, struct fault *f)
{
	size_t n;
	const struct role_row *rows = role_rows(&n);

	if (geteuid() != 0)
		return VG_OK;
	for (size_t i = 0; i < n; i++) {
		const char *user = role_user(&rows[i], c);

		if (user && !getpwnam(user))
			return fault_set(f, EX_CONFIG, "user %s of role %s: no such user", user, role_name(rows[i].role));
	}
	return VG_OK;
}

/* Who owns a role's files, the queue's the store among them; whoever we are without root. */
static uid_t
owner_of(enum role role, const struct conf *c, gid_t *gid)
{
	const char *user = role_user(role_row(role), c);
	struct passwd *pw = geteuid() == 0 && user ? getpwnam(user) : NULL;

	*gid = pw ? pw->pw_gid : getegid();
	return pw ? pw->pw_uid : geteuid();
}

static bool
is_empty(int dir)
{
	int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *e;
	bool empty = d != NULL;

	if (!d) {
		if (fd >= 0)
			close(fd);
		return false;
	}
	while (empty && (e = readdir(d)))
		empty = !strcmp(e->d_name, ".") || !strcmp(e->d_name, "..");
	closedir(d);
	return empty;
}

/* A folder just made, or still empty, is given to its owner; one in use must have the right one already. */
static int
check_owner(const char *what, int dir, uid_t uid, gid_t gid, struct fault *f)
{
	struct stat st;

	if (fstat(dir, &st) < 0)
		return fault_set(f, EX_CANTCREAT, "%s: %s", what, strerror(errno));
	if (st.st_uid != uid && geteuid() == 0 && is_empty(dir)) {
		if (fchown(dir, uid, gid) < 0)
			return fault_set(f, EX_CANTCREAT, "%s: %s", what, strerror(errno));
	} else if (st.st_uid != uid) {
		return fault_set(f, EX_CANTCREAT, "%s: belongs to user %u, must belong to user %u", what,
		    (unsigned)st.st_uid, (unsigned)uid);
	}
	if (st.st_mode & 022)
		return fault_set(f, EX_CANTCREAT, "%s: is writable for group or others", what);
	return VG_OK;
}

/* mkdir where absent (with the mode, whatever the umask), open, check. parent may be AT_FDCWD. */
static int
open_folder(int parent, const char *path, const char *what, mode_t mode, uid_t uid, gid_t gid, struct fault *f)
{
	int dir, flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC | (parent == AT_FDCWD ? 0 : O_NOFOLLOW);
	bool made = mkdirat(parent, path, mode) == 0;

	if (!made && errno != EEXIST)
		return fault_set(f, EX_CANTCREAT, "%s: %s", what, strerror(errno));
	dir = openat(parent, path, flags);
	if (dir < 0)
		return fault_set(f, EX_CANTCREAT, "%s: %s", what, strerror(errno));
	if (made && fchmod(dir, mode) < 0) {
		close(dir);
		return fault_set(f, EX_CANTCREAT, "%s: cannot be made accessible", what);
	}
	if (check_owner(what, dir, uid, gid, f) != VG_OK) {
		close(dir);
		return VG_ERR_SYSTEM;
	}
	return dir;
}

static int
make_inside(const struct conf *c, int dir, struct fault *f)
{
	char what[512];
	gid_t gid;
	uid_t uid = owner_of(ROLE_QUEUE, c, &gid);
	int fd;

	snprintf(what, sizeof(what), "state %s/" BLOBS_DIR, c->state);
	if ((fd = open_folder(dir, BLOBS_DIR, what, 0700, uid, gid, f)) < 0)
		return VG_ERR_SYSTEM;
	close(fd);
	snprintf(what, sizeof(what), "state %s/" ROLE_VERIFY_DIR, c->state);
	uid = owner_of(ROLE_VERIFY, c, &gid);
	if ((fd = open_folder(dir, ROLE_VERIFY_DIR, what, 0700, uid, gid, f)) < 0)
		return VG_ERR_SYSTEM;
	close(fd);
	if (geteuid() != 0)
		return VG_OK;
	snprintf(what, sizeof(what), "state %s/" ROLE_EMPTY_DIR, c->state);
	if ((fd = open_folder(dir, ROLE_EMPTY_DIR, what, 0555, 0, 0, f)) < 0)
		return VG_ERR_SYSTEM;
	close(fd);
	return VG_OK;
}

static int
take_lock(const struct conf *c, int dir, struct fault *f)
{
	struct stat st;
	int fd = openat(dir, LOCK_FILE, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);

	if (fd < 0)
		return fault_set(f, EX_CANTCREAT, "state %s: %s", c->state, strerror(errno));
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		close(fd);
		return fault_set(f, EX_CANTCREAT, "state %s/" LOCK_FILE ": not a file", c->state);
	}
	if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		int code = errno == EWOULDBLOCK ? EX_TEMPFAIL : EX_OSERR;
		fault_set(f, code, "state %s: %s", c->state,
		    code == EX_TEMPFAIL ? "another vcspgated is running on it" : strerror(errno));
		close(fd);
		return VG_ERR_SYSTEM;
	}
	return fd;
}

int
master_state_open(const struct conf *c, struct state *s, struct fault *f)
{
	char what[512];
	gid_t gid;
	uid_t uid = owner_of(ROLE_QUEUE, c, &gid);

	snprintf(what, sizeof(what), "state %s", c->state);
	s->lock = -1;
	/* Passed through by the role that has a folder in it, maybe as another user; read by the owner alone. */
	s->dir = open_folder(AT_FDCWD, c->state, what, 0711, uid, gid, f);
	if (s->dir < 0)
		return VG_ERR_SYSTEM;
	if ((s->lock = take_lock(c, s->dir, f)) < 0 || make_inside(c, s->dir, f) != VG_OK)
		return VG_ERR_SYSTEM;
	s->has_store = faccessat(s->dir, STORE_FILE, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
	return VG_OK;
}

int
master_pid_write(const struct state *s, struct fault *f)
{
	char text[32];
	int n = snprintf(text, sizeof(text), "%d\n", (int)getpid()), fd;

	/* A new file, never one that somebody laid there. */
	unlinkat(s->dir, PID_FILE, 0);
	fd = openat(s->dir, PID_FILE, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (fd < 0 || write(fd, text, (size_t)n) != n) {
		fault_set(f, EX_CANTCREAT, PID_FILE ": %s", strerror(errno));
		if (fd >= 0)
			close(fd);
		return VG_ERR_SYSTEM;
	}
	close(fd);
	return VG_OK;
}

void
master_pid_remove(const struct state *s)
{
	unlinkat(s->dir, PID_FILE, 0);
}
