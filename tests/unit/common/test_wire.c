/* wire.h: every struct of ipc_messages.h survives the way; every cut and every changed length is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "err.h"
#include "ipc_messages.h"
#include "ipc_rules.h"

static struct buf bytes;

static int
setup(void **state)
{
	(void)state;
	buf_init(&bytes, 1 << 20);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	buf_free(&bytes);
	return 0;
}

static void
test_round_trip(void **state)
{
	struct buf list;
	struct submit in = { 0 }, out;
	uint32_t n = 0;
	size_t pos = 0;
	const char *s;

	(void)state;
	buf_init(&list, 1000);
	assert_int_equal(wlist_add_str(&list, &n, "support@support.example"), VG_OK);
	assert_int_equal(wlist_add_str(&list, &n, ""), VG_OK);
	in.channel = 255;
	in.listener = UINT32_MAX;
	in.sess = "abc";
	in.rcpts = wlist_of(&list, n);
	in.received_at = INT64_MIN;
	in.size = UINT64_MAX;
	in.bytes = (struct blob){ .data = (const unsigned char *)"a\0b", .len = 3 };
	assert_int_equal(wire_put(&bytes, &wire_submit, &in), VG_OK);
	assert_int_equal(wire_get(&wire_submit, bytes.data, bytes.len, &out), VG_OK);
	assert_int_equal(out.channel, 255);
	assert_true(out.listener == UINT32_MAX && out.size == UINT64_MAX && out.received_at == INT64_MIN);
	assert_string_equal(out.sess, "abc");
	assert_string_equal(out.helo, ""); /* NULL was sent as "" */
	assert_int_equal(out.key.len, 0);
	assert_int_equal(out.bytes.len, 3);
	assert_memory_equal(out.bytes.data, "a\0b", 3);
	assert_int_equal(out.rcpts.n, 2);
	assert_int_equal(wlist_next_str(&out.rcpts, &pos, &s), 1);
	assert_string_equal(s, "support@support.example");
	assert_int_equal(wlist_next_str(&out.rcpts, &pos, &s), 1);
	assert_string_equal(s, "");
	assert_int_equal(wlist_next_str(&out.rcpts, &pos, &s), 0);
	buf_free(&list);
}

static void
test_list_of_structs(void **state)
{
	struct facts_say in = { 0 }, out;
	struct facts_thread t = { .ticket = 7, .partner = "acme-msp" }, got;
	struct buf list;
	uint32_t n = 0;
	size_t pos = 0;

	(void)state;
	buf_init(&list, 1000);
	for (; t.ticket < 10; t.ticket++)
		assert_int_equal(wlist_add(&list, &n, &wire_facts_thread, &t), VG_OK);
	in.threads = wlist_of(&list, n);
	assert_int_equal(wire_put(&bytes, &wire_facts_say, &in), VG_OK);
	assert_int_equal(wire_get(&wire_facts_say, bytes.data, bytes.len, &out), VG_OK);
	assert_int_equal(out.threads.n, 3);
	for (uint64_t want = 7; want < 10; want++) {
		assert_int_equal(wlist_next(&out.threads, &pos, &wire_facts_thread, &got), 1);
		assert_true(got.ticket == want);
		assert_string_equal(got.partner, "acme-msp");
	}
	assert_int_equal(wlist_next(&out.threads, &pos, &wire_facts_thread, &got), 0);
	/* the same bytes read as another struct's */
	pos = 0;
	assert_int_equal(wlist_next(&out.threads, &pos, &wire_m_peer, &got), VG_ERR_PROTO);
	buf_free(&list);
}

static void
test_every_cut_is_refused(void **state)
{
	uint64_t space[128];

	(void)state;
	for (uint32_t type = 0; type < IPC_TYPE_COUNT; type++) {
		const struct wire_table *t = ipc_table(type);
		if (!t)
			continue;
		assert_true(t->size <= sizeof(space));
		memset(space, 0, sizeof(space));
		buf_reset(&bytes);
		assert_int_equal(wire_put(&bytes, t, space), VG_OK);
		assert_int_equal(wire_get(t, bytes.data, bytes.len, space), VG_OK);
		for (size_t n = 0; n < bytes.len; n++)
			assert_int_equal(wire_get(t, bytes.data, n, space), VG_ERR_PROTO);
		buf_adds(&bytes, "x"); /* left over */
		assert_int_equal(wire_get(t, bytes.data, bytes.len, space), VG_ERR_PROTO);
	}
}

static void
put32(size_t at, uint32_t v)
{
	memcpy(bytes.data + at, &v, sizeof(v));
}

static void
test_lies_about_lengths(void **state)
{
	static const uint32_t lies[] = { 0, 1, 3, 5, 100, 0x7fffffff, 0xffffffff };
	struct rcpt_ask in = { .address = "abc" }, out;

	(void)state;
	wire_put(&bytes, &wire_rcpt_ask, &in); /* 4, "abc", NUL */
	for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
		put32(0, lies[i]);
		assert_int_equal(wire_get(&wire_rcpt_ask, bytes.data, bytes.len, &out), VG_ERR_PROTO);
	}
	put32(0, 4);
	assert_int_equal(wire_get(&wire_rcpt_ask, bytes.data, bytes.len, &out), VG_OK);
	bytes.data[5] = '\0'; /* a NUL within */
	assert_int_equal(wire_get(&wire_rcpt_ask, bytes.data, bytes.len, &out), VG_ERR_PROTO);
	memcpy(bytes.data + 4, "abcd", 4); /* none at the end */
	assert_int_equal(wire_get(&wire_rcpt_ask, bytes.data, bytes.len, &out), VG_ERR_PROTO);
}

#define LIST_FIELDS(F) F(list, items)
WIRE_DECLARE(only_list, LIST_FIELDS)
#define WIRE_SELF only_list
static const struct wire_field only_list_fields[] = { LIST_FIELDS(WIRE_FIELD) };
const struct wire_table wire_only_list = { "only_list", sizeof(struct only_list), only_list_fields, 1 };

static void
test_list_count_is_the_true_one(void **state)
{
	struct only_list in = { 0 }, out;
	struct buf list;
	uint32_t n = 0;

	(void)state;
	buf_init(&list, 100);
	wlist_add_str(&list, &n, "a");
	wlist_add_str(&list, &n, "b");
	for (uint32_t lie = 0; lie < 5; lie++) {
		buf_reset(&bytes);
		in.items = wlist_of(&list, lie);
		wire_put(&bytes, &wire_only_list, &in);
		assert_int_equal(wire_get(&wire_only_list, bytes.data, bytes.len, &out), lie == n ? VG_OK : VG_ERR_PROTO);
	}
	put32(4, n);
	put32(8, 100); /* an element longer than the list */
	assert_int_equal(wire_get(&wire_only_list, bytes.data, bytes.len, &out), VG_ERR_PROTO);
	buf_free(&list);
}

static void
test_put_is_all_or_nothing(void **state)
{
	struct rcpt_ask in = { .address = "0123456789" };
	struct buf small;
	uint32_t n = 0;

	(void)state;
	buf_init(&small, 16);
	assert_int_equal(buf_adds(&small, "ab"), VG_OK);
	assert_int_equal(wire_put(&small, &wire_rcpt_ask, &in), VG_ERR_LIMIT);
	assert_int_equal(wlist_add(&small, &n, &wire_rcpt_ask, &in), VG_ERR_LIMIT);
	assert_int_equal(wlist_add_str(&small, &n, in.address), VG_ERR_LIMIT);
	assert_int_equal(small.len, 2);
	assert_int_equal(n, 0);
	buf_free(&small);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_round_trip),
		TEST(test_list_of_structs),
		TEST(test_every_cut_is_refused),
		TEST(test_lies_about_lengths),
		TEST(test_list_count_is_the_true_one),
		TEST(test_put_is_all_or_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
