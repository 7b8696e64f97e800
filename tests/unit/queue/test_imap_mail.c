/* test_imap_mail.c - the ledger of mailboxes: what is kept, what is answered, what goes with time. */
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
#include "store_fixture.h"

#define NOW INT64_C(1764000000000)
#define DAY INT64_C(86400000)

static void
note(const char *mailbox, uint32_t validity, uint32_t uid, enum imap_state s, unsigned tries, int64_t now)
{
	const struct imap_item item = { .uid = uid, .state = (uint8_t)s, .outcome = OUT_HELD, .tries = tries, .delays = 2, .next_at = 7 };

	assert_int_equal(store_begin(store), VG_OK);
	assert_int_equal(store_imap_note(store, mailbox, validity, &item, now), VG_OK);
	assert_int_equal(store_commit(store), VG_OK);
}

/* State of UID 1 (0: unknown) among UIDs 1 and UINT32_MAX; how many are known in *n. */
static struct imap_item
look(const char *mailbox, uint32_t validity, uint32_t *n)
{
	static const unsigned char uids[] = { 0, 0, 0, 1, 0xff, 0xff, 0xff, 0xff };
	struct imap_item item = { 0 }, first = { 0 };
	struct wlist list;
	struct buf out;
	size_t pos = 0;

	*n = 0;
	buf_init(&out, 4096);
	assert_int_equal(store_imap_known(store, mailbox, validity, uids, sizeof(uids), &out, n), VG_OK);
	list = wlist_of(&out, *n);
	while (wlist_next(&list, &pos, &wire_imap_item, &item) == 1) {
		if (item.uid == 1)
			first = item;
	}
	buf_free(&out);
	return first;
}

static void
test_keyed_by_all_three(void **state)
{
	struct imap_item got;
	uint32_t n;

	(void)state;
	note("a", 5, 1, IMAP_SEEN, 3, NOW);
	note("a", 5, UINT32_MAX, IMAP_LATER, 0, NOW);
	got = look("a", 5, &n);
	assert_int_equal(n, 2);
	assert_true(got.state == IMAP_SEEN && got.outcome == OUT_HELD && got.tries == 3 && got.delays == 2 && got.next_at == 7);
	look("a", 6, &n);
	assert_int_equal(n, 0);
	look("b", 5, &n);
	assert_int_equal(n, 0);
	note("a", 5, 1, IMAP_COMMITTED, 0, NOW);
	assert_int_equal(look("a", 5, &n).state, IMAP_COMMITTED);
}

static void
test_moved_is_for_ever(void **state)
{
	uint32_t n;

	(void)state;
	note("a", 5, 1, IMAP_MOVED, 0, NOW);
	note("a", 5, 1, IMAP_SEEN, 1, NOW + 1);
	assert_int_equal(look("a", 5, &n).state, IMAP_MOVED);
}

static void
test_expiry(void **state)
{
	uint32_t n;

	(void)state;
	note("a", 5, 1, IMAP_MOVED, 0, NOW);
	note("a", 5, UINT32_MAX, IMAP_COMMITTED, 0, NOW);
	assert_int_equal(store_imap_expire(store, NOW + 29 * DAY, 10), VG_OK);
	look("a", 5, &n);
	assert_int_equal(n, 2);
	assert_int_equal(store_imap_expire(store, NOW + 31 * DAY, 10), VG_OK);
	assert_int_equal(look("a", 5, &n).state, IMAP_NEW);
	assert_int_equal(n, 1); /* what still lies in the folder stays known */
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test_setup_teardown(test_keyed_by_all_three, store_setup, store_teardown),
		cmocka_unit_test_setup_teardown(test_moved_is_for_ever, store_setup, store_teardown),
		cmocka_unit_test_setup_teardown(test_expiry, store_setup, store_teardown) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
