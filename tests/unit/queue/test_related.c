/*
 * Tickets with an error in common: the ranking, the look-ups within one owner, and that nothing but a number of tickets ever
 * crosses from one owner to another (P9).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "queue_fixture.h"
#include "related.h"

/* ---- ranking ---- */

#define HIT(n, p) { { .number = (n), .fingerprint = { 'a' + (p) } }, (p), false }
#define COMMON(n, p) { { .number = (n), .fingerprint = { 'a' + (p) } }, (p), true }
#define HITS_MAX 12

static const struct {
	const char *what;
	struct related_hit hits[HITS_MAX];
	unsigned n;
	uint64_t want[6];
	char print[6]; /* the fingerprint shown with each */
} rankings[] = {
	{ "nothing", { HIT(0, 0) }, 0, { 0 }, "" },
	{ "the newer of two that share the same", { HIT(10, 0), HIT(12, 0) }, 2, { 12, 10 }, "aa" },
	{ "a significant error before a minor one", { HIT(90, 3), HIT(10, 0) }, 2, { 10, 90 }, "ad" },
	{ "two errors before one", { HIT(50, 0), HIT(7, 1), HIT(7, 2) }, 3, { 7, 50 }, "ba" },
	{ "each ticket once, with its most significant error", { HIT(7, 2), HIT(7, 0), HIT(7, 1) }, 3, { 7 }, "a" },
	{ "a rare error before two that everybody has", { COMMON(50, 0), COMMON(50, 1), HIT(7, 2) }, 3, { 7, 50 }, "ca" },
	{ "the rare one is shown", { COMMON(50, 0), HIT(50, 2) }, 2, { 50 }, "c" },
	{ "five at most", { HIT(1, 0), HIT(2, 0), HIT(3, 0), HIT(4, 0), HIT(5, 0), HIT(6, 0), HIT(7, 0) }, 7, { 7, 6, 5, 4, 3 }, "aaaaa" },
};

static void
shared_errors_rank_tickets(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rankings) / sizeof(rankings[0]); i++) {
		struct related_hit hits[HITS_MAX];
		struct store_related out[5];
		unsigned n, want = 0;

		memcpy(hits, rankings[i].hits, sizeof(hits));
		n = related_rank(hits, rankings[i].n, out, 5);
		while (rankings[i].want[want] != 0)
			want++;
		if (n != want)
			fail_msg("%s: %u instead of %u", rankings[i].what, n, want);
		for (unsigned k = 0; k < n; k++)
			if (out[k].number != rankings[i].want[k] || out[k].fingerprint[0] != rankings[i].print[k])
				fail_msg("%s: place %u is %llu with %s", rankings[i].what, k, (unsigned long long)out[k].number, out[k].fingerprint);
	}
}

static void
tickets_elsewhere_are_counted_once(void **state)
{
	uint64_t some[] = { 9, 4, 9, 9, 4, 1 }, many[300];

	(void)state;
	assert_int_equal(related_count(some, 0), 0);
	assert_int_equal(related_count(some, 6), 3);
	for (unsigned i = 0; i < 300; i++)
		many[i] = 1000 - i;
	assert_int_equal(related_count(many, 300), RELATED_ELSEWHERE_MAX);
}

/* ---- the store ---- */

#define PRINT_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define PRINT_B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

static void
look_ups_stay_within_the_owner(void **state)
{
	struct queue_test *t = *state;
	struct store_related out[RELATED_PER_ERROR];
	uint64_t others[RELATED_ELSEWHERE_MAX];
	const char *why;
	struct store *s;

	stop_queue(t);
	assert_int_equal(store_open(&s, t->dir, true, &why), VG_OK);
	assert_int_equal(store_begin(s), VG_OK);
	assert_int_equal(store_error_seen(s, "acme", PRINT_B, 901, 1), VG_OK);
	assert_int_equal(store_error_seen(s, "acme", PRINT_A, 901, 0), VG_OK);
	assert_int_equal(store_error_seen(s, "acme", PRINT_A, 901, 7), VG_OK); /* again, further down: stays */
	assert_int_equal(store_error_seen(s, "acme", PRINT_A, 902, 0), VG_OK);
	assert_int_equal(store_error_seen(s, "acme", PRINT_A, 903, 0), VG_OK);
	assert_int_equal(store_error_seen(s, "acm", PRINT_A, 904, 0), VG_OK);   /* before and behind acme in the index */
	assert_int_equal(store_error_seen(s, "zeta", PRINT_A, 905, 0), VG_OK);
	assert_int_equal(store_error_seen(s, ":acme", PRINT_A, 906, 0), VG_OK); /* a holder of that name is nobody's partner */
	assert_int_equal(store_errors_of(s, 901, out, RELATED_PER_ERROR), 2);
	assert_string_equal(out[0].fingerprint, PRINT_A);
	assert_string_equal(out[1].fingerprint, PRINT_B);
	assert_int_equal(store_related(s, "acme", PRINT_A, 901, out, RELATED_PER_ERROR), 2);
	assert_int_equal(out[0].number, 903);
	assert_int_equal(out[1].number, 902);
	assert_int_equal(store_related(s, "acme", PRINT_A, 901, out, 1), 1);
	assert_int_equal(store_related(s, "acme", PRINT_B, 901, out, RELATED_PER_ERROR), 0);
	assert_int_equal(store_related_elsewhere(s, "acme", PRINT_A, others, RELATED_ELSEWHERE_MAX), 3);
	assert_int_equal(related_count(others, 3), 3);
	assert_int_equal(store_related_elsewhere(s, "acme", PRINT_A, others, 2), 2);
	/* merged: what was seen on 902 belongs to 903, which has it already */
	assert_int_equal(store_errors_move(s, 902, 903), VG_OK);
	assert_int_equal(store_related(s, "acme", PRINT_A, 901, out, RELATED_PER_ERROR), 1);
	assert_int_equal(store_errors_of(s, 902, out, RELATED_PER_ERROR), 0);
	store_rollback(s);
	store_close(&s);
	assert_int_equal(start_queue(t), 0);
}

/* ---- the whole queue ---- */

#define ERROR_OF(text, print) "{\"text\":\"" text "\",\"code\":null,\"exception\":null,\"component\":null,\"count\":1," \
	"\"first_at\":null,\"last_at\":null,\"fingerprint\":\"" print "\",\"severity\":\"error\"," \
	"\"source\":{\"kind\":\"body\",\"attachment\":null,\"path\":null,\"line\":null}}"

/* A ticket with these errors; owner "" stands for a direct holder. */
static uint64_t
ticket_of(struct queue_test *t, const char *partner, const char *holder, const char *errors)
{
	struct commit c = commit_of(MAIL);
	uint64_t n;

	c.partner = partner;
	c.holder = holder;
	if (*holder != '\0')
		c.role = PART_HOLDER;
	t->errors = errors;
	n = commit(t, &c).ticket;
	WAIT_FOR(t, stat_of(t, "unparsed") == 0);
	return n;
}

static json_t *
shown(struct queue_test *t, uint64_t n)
{
	char args[64];

	snprintf(args, sizeof(args), "{\"params\":{\"n\":\"%llu\"}}", (unsigned long long)n);
	return call(t, "tickets.show", args, 200);
}

static void
expect_related(struct queue_test *t, uint64_t n, uint64_t first, uint64_t second, unsigned elsewhere)
{
	json_t *body = shown(t, n), *list = json_object_get(body, "related");
	uint64_t want[2] = { first, second };

	assert_int_equal(json_array_size(list), (first > 0) + (second > 0));
	for (size_t i = 0; i < json_array_size(list); i++)
		assert_int_equal(json_integer_value(json_object_get(json_array_get(list, i), "number")), want[i]);
	assert_int_equal(json_integer_value(json_object_get(body, "related_elsewhere")), elsewhere);
	json_decref(body);
}

static void
the_wall_between_partners_holds(void **state)
{
	struct queue_test *t = *state;
	uint64_t a1 = ticket_of(t, "acme-msp", "", "[" ERROR_OF("quokka", PRINT_A) "]");
	uint64_t b1 = ticket_of(t, "other-msp", "", "[" ERROR_OF("quokka", PRINT_A) "," ERROR_OF("wombat", PRINT_B) "]");
	uint64_t h1 = ticket_of(t, "", "big-corp", "[" ERROR_OF("quokka", PRINT_A) "]");
	uint64_t a2 = ticket_of(t, "acme-msp", "", "[" ERROR_OF("quokka", PRINT_A) "]");
	uint64_t a3 = ticket_of(t, "acme-msp", "", "[" ERROR_OF("wombat", PRINT_B) "]");
	char foreign[3][32];
	json_t *items;
	char *all;

	expect_related(t, a2, a1, 0, 2);
	expect_related(t, a1, a2, 0, 2);
	expect_related(t, b1, 0, 0, 4); /* both of its errors, each ticket once */
	expect_related(t, h1, 0, 0, 3);
	expect_related(t, a3, 0, 0, 1);
	/* nothing in the events of one partner's tickets has a number of another's */
	items = claim(t, 5);
	snprintf(foreign[0], sizeof(foreign[0]), "\"number\":%llu,", (unsigned long long)a1);
	snprintf(foreign[1], sizeof(foreign[1]), "\"number\":%llu,", (unsigned long long)a2);
	snprintf(foreign[2], sizeof(foreign[2]), "\"number\":%llu,", (unsigned long long)a3);
	for (size_t i = 0; i < json_array_size(items); i++) {
		uint64_t n = (uint64_t)json_integer_value(json_object_get(json_object_get(event_of(items, i), "ticket"), "number"));

		all = json_dumps(event_of(items, i), JSON_COMPACT);
		if (n == b1 || n == h1)
			for (int k = 0; k < 3; k++)
				assert_null(strstr(all, foreign[k]));
		free(all);
	}
	json_decref(items);
}

static void
a_merged_ticket_is_no_relation(void **state)
{
	struct queue_test *t = *state;
	uint64_t one = ticket_of(t, "acme-msp", "", "[" ERROR_OF("quokka", PRINT_A) "]");
	uint64_t two = ticket_of(t, "acme-msp", "", "[" ERROR_OF("wombat", PRINT_B) "]");
	uint64_t three = ticket_of(t, "acme-msp", "", "[" ERROR_OF("quokka", PRINT_A) "," ERROR_OF("wombat", PRINT_B) "]");
	char args[128];

	expect_related(t, three, two > one ? one : two, two > one ? two : one, 0);
	snprintf(args, sizeof(args), "{\"params\":{\"n\":\"%llu\"},\"body\":{\"into\":%llu}}", (unsigned long long)one,
	    (unsigned long long)two);
	json_decref(call(t, "tickets.merge", args, 200));
	expect_related(t, three, two, 0, 0);
	expect_related(t, one, 0, 0, 0);
	expect_related(t, two, three, 0, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shared_errors_rank_tickets),
		cmocka_unit_test(tickets_elsewhere_are_counted_once),
		cmocka_unit_test_setup_teardown(look_ups_stay_within_the_owner, queue_setup, queue_teardown),
		cmocka_unit_test_setup_teardown(the_wall_between_partners_holds, queue_setup, queue_teardown),
		cmocka_unit_test_setup_teardown(a_merged_ticket_is_no_relation, queue_setup, queue_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
