/* fuse.h: each window of the ladder trips at its number and heals after its time; names do not disturb each other. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fuse.h"

#define START INT64_C(1795000000000)

static bool
pass(struct fuses *f, const char *name, int64_t second)
{
	struct fuse_name n = { FUSE_SENDER, name };
	const struct fuse_name *blown;
	bool ok = fuse_pass(f, &n, 1, START + second * 1000, &blown);

	assert_true(ok ? blown == NULL : blown == &n);
	return ok;
}

static int
setup(void **state)
{
	*state = calloc(1, sizeof(struct fuses));
	return *state == NULL;
}

static int
teardown(void **state)
{
	free(*state);
	return 0;
}

/* One mail every `pause` seconds: how many of `sent` pass. */
static unsigned
passed(struct fuses *f, const char *name, int64_t from, unsigned sent, int64_t pause)
{
	unsigned n = 0;

	for (unsigned i = 0; i < sent; i++)
		n += pass(f, name, from + i * pause);
	return n;
}

static void
test_ladder(void **state)
{
	struct fuses *f = *state;

	/* ten at once, then one more for each that leaves the window */
	assert_int_equal(passed(f, "a", 0, 50, 0), 10);
	assert_false(pass(f, "a", 599));
	assert_int_equal(passed(f, "a", 600, 50, 0), 5);  /* 15 in 30 minutes */
	assert_false(pass(f, "a", 1799));
	assert_int_equal(passed(f, "a", 1800, 50, 0), 10); /* 10 in 10 minutes, and 25 in an hour */
	assert_false(pass(f, "a", 3599));
	assert_true(pass(f, "a", 3600));
	/* a loop that runs for hours: each number of the ladder, and no more */
	assert_int_equal(passed(f, "b", 0, 3600, 1), 25);
	assert_int_equal(passed(f, "c", 0, 10800, 1), 50);
	assert_int_equal(passed(f, "d", 0, 36000, 1), 100);
	/* a machine that reports every quarter of an hour is never stopped */
	assert_int_equal(passed(f, "e", 0, 1000, 900), 1000);
}

static void
test_names_and_kinds(void **state)
{
	struct fuses *f = *state;
	struct fuse_name both[] = { { FUSE_SENDER, "x" }, { FUSE_TICKET, "x" } };
	const struct fuse_name *blown;

	for (unsigned i = 0; i < 10; i++)
		assert_true(fuse_pass(f, &both[1], 1, START, &blown));
	/* the ticket's fuse stands against it, and the sender's counts nothing */
	for (unsigned i = 0; i < 20; i++) {
		assert_false(fuse_pass(f, both, 2, START, &blown));
		assert_ptr_equal(blown, &both[1]);
	}
	assert_int_equal(passed(f, "x", 0, 20, 0), 10);
	assert_int_equal(passed(f, "y", 0, 20, 0), 10);
}

/* More names than there is room: old ones are forgotten, the newest are not. */
static void
test_bounded(void **state)
{
	struct fuses *f = *state;
	char name[32];

	for (unsigned i = 0; i < 20 * FUSE_SETS * FUSE_WAYS; i++) {
		snprintf(name, sizeof(name), "n%u", i);
		assert_true(pass(f, name, i / 1000));
	}
	assert_int_equal(passed(f, name, 100, 20, 0), 9);
}

static void
test_clock_put_back(void **state)
{
	struct fuses *f = *state;

	assert_true(pass(f, "before", 0));
	assert_int_equal(passed(f, "a", 5000, 20, 0), 10);
	assert_int_equal(passed(f, "a", 1000, 20, 0), 10);
	assert_int_equal(passed(f, "a", -1000, 20, 0), 10);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_ladder, setup, teardown),
		cmocka_unit_test_setup_teardown(test_names_and_kinds, setup, teardown),
		cmocka_unit_test_setup_teardown(test_bounded, setup, teardown),
		cmocka_unit_test_setup_teardown(test_clock_put_back, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
