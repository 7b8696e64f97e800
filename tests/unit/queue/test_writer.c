/*
 * Group commit: neighbours of a failing operation, a store that fails as a whole, results only after the commit.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "err.h"
#include "log.h"
#include "store_sqlite.h"
#include "writer.h"

struct writer_test {
	char dir[64];
	struct evloop *loop;
	struct task_home *home;
	struct writer *writer;
	struct blobs *blobs;
	struct store *reading;
	unsigned done;
};

struct op {
	struct task task; /* first */
	struct writer_test *t;
	const char *name;
	int says; /* what run() answers */
	unsigned runs;
	bool seen; /* by another connection, when done() was called */
	int err;
};

static void
run(struct task *task, void *arg)
{
	struct op *o = (struct op *)task;

	o->runs++;
	task->err = store_note_set(((struct writer_env *)arg)->store, o->name, 1);
	if (task->err == VG_OK)
		task->err = o->says;
}

static void
done(struct task *task)
{
	struct op *o = (struct op *)task;
	int64_t value;

	o->err = task->err;
	o->seen = store_note_get(o->t->reading, o->name, &value) == VG_OK;
	o->t->done++;
}

static int
setup(void **state)
{
	struct writer_test *t = calloc(1, sizeof(*t));
	struct store *writing, *checkpointer;
	struct registry *registry;
	const char *tmp = getenv("TMPDIR");

	assert_non_null(t);
	snprintf(t->dir, sizeof(t->dir), "%.40s/writerXXXXXX", tmp == NULL ? "/tmp" : tmp);
	assert_non_null(mkdtemp(t->dir));
	t->loop = evloop_new();
	t->home = task_home_new(t->loop);
	assert_int_equal(blobs_open(&t->blobs, t->dir), VG_OK);
	assert_int_equal(store_open(&writing, t->dir, true, NULL), VG_OK);
	assert_int_equal(store_open(&checkpointer, t->dir, true, NULL), VG_OK);
	assert_int_equal(store_open(&t->reading, t->dir, false, NULL), VG_OK);
	assert_int_equal(registry_open(&registry, t->dir, true, NULL), VG_OK);
	t->writer = writer_new(t->home, writing, checkpointer, registry, t->blobs, NULL);
	assert_non_null(t->writer);
	*state = t;
	return 0;
}

static int
teardown(void **state)
{
	static const char *const names[] = { "store.db", "store.db-wal", "store.db-shm", "registry.db", "registry.db-wal",
		"registry.db-shm" };
	struct writer_test *t = *state;
	char file[128];

	writer_free(&t->writer);
	task_home_free(&t->home);
	store_close(&t->reading);
	blobs_close(&t->blobs);
	evloop_free(&t->loop);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(file, sizeof(file), "%s/%s", t->dir, names[i]);
		unlink(file);
	}
	snprintf(file, sizeof(file), "%s/blobs", t->dir);
	rmdir(file);
	assert_int_equal(rmdir(t->dir), 0);
	free(t);
	return 0;
}

static void
add(struct writer_test *t, struct op *ops, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		ops[i].t = t;
		ops[i].task.run = run;
		ops[i].task.done = done;
		writer_add(t->writer, &ops[i].task);
	}
	while (t->done < n)
		evloop_turn(t->loop, 100);
	assert_int_equal(writer_backlog(t->writer), 0);
}

static void
results_come_after_the_commit(void **state)
{
	struct op ops[3] = { { .name = "a" }, { .name = "b" }, { .name = "c" } };

	add(*state, ops, 3);
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(ops[i].err, VG_OK);
		assert_true(ops[i].seen);
	}
}

static void
a_failing_operation_fails_alone(void **state)
{
	struct op ops[5] = { { .name = "a" }, { .name = "b" }, { .name = "bad", .says = VG_ERR_DENIED }, { .name = "d" },
		{ .name = "e" } };

	add(*state, ops, 5);
	for (unsigned i = 0; i < 5; i++) {
		assert_int_equal(ops[i].err, i == 2 ? VG_ERR_DENIED : VG_OK);
		assert_int_equal(ops[i].seen, i != 2);
	}
}

static void
a_full_store_fails_all_and_goes_on(void **state)
{
	struct writer_test *t = *state;
	struct op ops[2] = { { .name = "a" }, { .name = "full", .says = VG_ERR_FULL } }, later = { .name = "later" };

	add(t, ops, 2);
	assert_int_equal(ops[1].err, VG_ERR_FULL);
	assert_false(ops[1].seen);
	/* Whether the first one shared the transaction depends on the threads: what was said must be what is there. */
	assert_int_equal(ops[0].seen, ops[0].err == VG_OK);
	t->done = 0;
	add(t, &later, 1);
	assert_int_equal(later.err, VG_OK);
	assert_true(later.seen);
}

/* ---- blobs ---- */

static int
known(void *arg, const char *name)
{
	return strcmp(arg, name) == 0;
}

static void
forgotten_files_are_swept(void **state)
{
	struct writer_test *t = *state;
	char kept[ULID_LEN + 1], lost[ULID_LEN + 1];
	int fd, again;

	assert_int_equal(blob_create(t->blobs, kept, &fd), VG_OK);
	assert_int_equal(write(fd, "kept", 4), 4);
	assert_int_equal(blob_sync(t->blobs, kept, fd), VG_OK);
	close(fd);
	assert_int_equal(blob_create(t->blobs, lost, &fd), VG_OK);
	close(fd);
	assert_int_equal(blobs_sweep(t->blobs, id_now_ms() + 100000, known, kept), 0); /* older folders are left alone */
	assert_int_equal(blobs_sweep(t->blobs, 0, known, kept), 1);
	assert_int_equal(blob_open(t->blobs, lost), VG_ERR_NOTFOUND);
	assert_true((again = blob_open(t->blobs, kept)) >= 0);
	close(again);
	assert_int_equal(blob_open(t->blobs, "../store.db"), VG_ERR_SYNTAX);
	assert_int_equal(blob_open(t->blobs, "01ARZ/../../../etc/passwd"), VG_ERR_SYNTAX);
	blob_remove(t->blobs, kept);
	assert_int_equal(blobs_sweep(t->blobs, 0, known, kept), 0); /* and takes the empty folder along */
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(results_come_after_the_commit, setup, teardown),
		cmocka_unit_test_setup_teardown(a_failing_operation_fails_alone, setup, teardown),
		cmocka_unit_test_setup_teardown(a_full_store_fails_all_and_goes_on, setup, teardown),
		cmocka_unit_test_setup_teardown(forgotten_files_are_swept, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
