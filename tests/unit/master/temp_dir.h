/*
 * temp_dir.h - a folder for one test, and configurations in it.
 */
#ifndef VG_TEST_TEMP_DIR_H
#define VG_TEST_TEMP_DIR_H

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct temp_dir {
	char path[64];
};

static inline int
temp_dir_make(struct temp_dir *t)
{
	snprintf(t->path, sizeof(t->path), "/tmp/vcspgate-test-XXXXXX");
	return mkdtemp(t->path) ? 0 : -1;
}

static inline int
temp_dir_remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static inline void
temp_dir_remove(struct temp_dir *t)
{
	nftw(t->path, temp_dir_remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/* Writes DIR/NAME with the text. */
static inline int
temp_dir_write(const struct temp_dir *t, const char *name, const char *text, mode_t mode)
{
	char path[256];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", t->path, name);
	if (!(f = fopen(path, "w")))
		return -1;
	fputs(text, f);
	return fclose(f) == 0 ? chmod(path, mode) : -1;
}

#endif
