/*
 * store_fixture.h - an empty store in a folder of its own for one test.
 */
#ifndef STORE_FIXTURE_H
#define STORE_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "err.h"
#include "store.h"

static struct store *store;
static char store_dir[64];

static inline int
store_setup(void **state)
{
	const char *tmp = getenv("TMPDIR"), *why;

	(void)state;
	snprintf(store_dir, sizeof(store_dir), "%.40s/storeXXXXXX", tmp == NULL ? "/tmp" : tmp);
	assert_non_null(mkdtemp(store_dir));
	return store_open(&store, store_dir, true, &why);
}

static inline int
store_teardown(void **state)
{
	static const char *const names[] = { "store.db", "store.db-wal", "store.db-shm" };
	char file[128];

	(void)state;
	store_close(&store);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(file, sizeof(file), "%s/%s", store_dir, names[i]);
		unlink(file);
	}
	return rmdir(store_dir);
}

/* The same around one transaction. */
static inline int
store_setup_begun(void **state)
{
	return store_setup(state) == VG_OK ? store_begin(store) : 1;
}

static inline int
store_teardown_begun(void **state)
{
	store_commit(store);
	return store_teardown(state);
}

#endif
