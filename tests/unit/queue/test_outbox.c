/* test_outbox.c - addresses that bounced, and copies that wait for a contact (T3): what is held, and what lets it go. */
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
#include "outbox.h"
#include "store_fixture.h"

#define NOW INT64_C(1764000000000)
#define ANN "ann@partner.example"
#define BOB "bob@customer.example"

/* Queues a copy of a message and sets its state; its id. */
static int64_t
copy(int64_t message, char *who, enum participant_role role, enum outbox_state state, enum outbox_hold hold)
{
	char letter[] = "{}", none[] = "";
	struct outbox_row r = { .ticket = 1, .message = message, .kind = LETTER_REPLY, .recipient = who, .shown = who, .name = none,
		.role = role, .letter = letter }, all[50];
	int n;
	int64_t id;

	assert_int_equal(store_outbox_add(store, &r, NOW), VG_OK);
	assert_true((n = store_outbox_list(store, 0, 0, 0, all, 50)) > 0);
	id = all[0].id;
	all[0].state = state;
	all[0].hold = hold;
	assert_int_equal(store_outbox_save(store, &all[0], NOW), VG_OK);
	for (int i = 0; i < n; i++)
		store_outbox_free(&all[i]);
	return id;
}

static enum outbox_state
state_of(int64_t id, enum outbox_hold *hold)
{
	struct outbox_row r;
	enum outbox_state state;

	assert_int_equal(store_outbox_row(store, id, &r), VG_OK);
	state = r.state;
	*hold = r.hold;
	store_outbox_free(&r);
	return state;
}

static void
is(int64_t id, enum outbox_state want, enum outbox_hold want_hold)
{
	enum outbox_hold hold;

	assert_int_equal(state_of(id, &hold), want);
	assert_int_equal(hold, want_hold);
}

static void
lifting_lets_go(void **state)
{
	char ann[] = ANN, bob[] = BOB;
	struct outbox_suppressed s, list[2];
	int64_t failed, unwanted, held, by_hand, customer;
	bool was;

	(void)state;
	failed = copy(1, ann, PART_CONTACT, OUTBOX_FAILED, OUTBOX_BY_HAND);
	customer = copy(1, bob, PART_CUSTOMER, OUTBOX_HELD, OUTBOX_FOR_CONTACT);
	unwanted = copy(2, ann, PART_CONTACT, OUTBOX_FAILED, OUTBOX_BY_HAND);
	by_hand = copy(3, ann, PART_CONTACT, OUTBOX_HELD, OUTBOX_BY_HAND);
	assert_int_equal(store_suppress(store, ANN, failed, "", "failed: 5.1.1", NOW + 5), VG_OK);
	held = copy(4, ann, PART_CONTACT, OUTBOX_HELD, OUTBOX_FOR_ADDRESS);

	assert_int_equal(store_is_suppressed(store, ANN), 1);
	assert_int_equal(store_is_suppressed(store, BOB), 0);
	assert_int_equal(store_suppressed(store, BOB, &s), VG_ERR_NOTFOUND);
	assert_int_equal(store_suppressed(store, ANN, &s), VG_OK);
	assert_string_equal(s.reason, "failed: 5.1.1");
	assert_int_equal(s.ticket, 1);
	assert_int_equal(strlen(s.outbox), ULID_LEN);
	assert_true(s.at == NOW + 5);
	assert_int_equal(store_suppressed_list(store, "", list, 2), 1);
	assert_int_equal(store_suppressed_list(store, ANN, list, 2), 0);

	assert_int_equal(store_unsuppress(store, BOB, NOW, &was), VG_OK);
	assert_false(was);
	assert_int_equal(store_unsuppress(store, ANN, NOW, &was), VG_OK);
	assert_true(was);
	assert_int_equal(store_is_suppressed(store, ANN), 0);
	is(failed, OUTBOX_QUEUED, OUTBOX_BY_HAND);     /* Bob waits for it */
	is(unwanted, OUTBOX_FAILED, OUTBOX_BY_HAND);   /* nobody does */
	is(held, OUTBOX_QUEUED, OUTBOX_BY_HAND);
	is(by_hand, OUTBOX_HELD, OUTBOX_BY_HAND);
	is(customer, OUTBOX_HELD, OUTBOX_FOR_CONTACT); /* until hers has left */
	assert_int_equal(store_outbox_contact_has(store, 1, ANN, NOW), VG_OK);
	is(customer, OUTBOX_QUEUED, OUTBOX_BY_HAND);
}

/* Which messages need another contact. */
static void
stuck(void **state)
{
	static const struct {
		enum outbox_state state; /* of the contact's copy, 0: none */
		enum outbox_hold hold, customer;
		bool want;
	} rows[] = {
		{ OUTBOX_FAILED, OUTBOX_BY_HAND, OUTBOX_FOR_CONTACT, true },
		{ OUTBOX_CANCELLED, OUTBOX_BY_HAND, OUTBOX_FOR_CONTACT, true },
		{ OUTBOX_HELD, OUTBOX_FOR_ADDRESS, OUTBOX_FOR_CONTACT, true },
		{ 0, OUTBOX_BY_HAND, OUTBOX_FOR_CONTACT, true },
		{ OUTBOX_HELD, OUTBOX_BY_HAND, OUTBOX_FOR_CONTACT, false }, /* an operator wants so */
		{ OUTBOX_QUEUED, OUTBOX_BY_HAND, OUTBOX_FOR_CONTACT, false },
		{ OUTBOX_FAILED, OUTBOX_BY_HAND, OUTBOX_BY_HAND, false },
		{ OUTBOX_FAILED, OUTBOX_BY_HAND, OUTBOX_FOR_ADDRESS, false },
	};
	char ann[] = ANN, bob[] = BOB, eve[] = "eve@customer.example";
	struct outbox_row out[20];
	int n, at = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (rows[i].state != 0)
			copy((int64_t)i + 1, ann, PART_CONTACT, rows[i].state, rows[i].hold);
		copy((int64_t)i + 1, bob, PART_CUSTOMER, OUTBOX_HELD, rows[i].customer);
		copy((int64_t)i + 1, eve, PART_CUSTOMER, OUTBOX_HELD, rows[i].customer);
	}
	n = store_outbox_stuck(store, out, 20);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].want) {
			assert_true(at < n);
			assert_int_equal(out[at++].message, i + 1);
		}
	assert_int_equal(at, n);
	for (int i = 0; i < n; i++)
		store_outbox_free(&out[i]);
}

struct seen {
	unsigned n;
	int64_t last;
};

static void
see(void *arg, const char *recipient, int64_t at)
{
	struct seen *s = arg;

	assert_string_equal(recipient, ANN);
	assert_true(at >= s->last);
	s->last = at;
	s->n++;
}

/* The throttle's memory: what left, by its time; not what waits. */
static void
notices(void **state)
{
	char ann[] = ANN, letter[] = "{}", none[] = "";
	struct seen s = { 0 };

	(void)state;
	for (int i = 0; i < 8; i++) {
		struct outbox_row r = { .ticket = 1, .message = i, .kind = i == 0 ? LETTER_REPLY : LETTER_ACK, .recipient = ann, .shown = ann,
			.name = none, .role = PART_CONTACT, .letter = letter }, all[20];
		int n;

		assert_int_equal(store_outbox_add(store, &r, NOW), VG_OK);
		n = store_outbox_list(store, 0, 0, 0, all, 20);
		all[0].state = i < 5 ? OUTBOX_SENT : OUTBOX_QUEUED;
		all[0].attempts = i == 7;
		assert_int_equal(store_outbox_save(store, &all[0], NOW - i * 1000), VG_OK);
		for (int k = 0; k < n; k++)
			store_outbox_free(&all[k]);
	}
	/* 1-4 were sent, 4 too long ago; 7 was tried. */
	assert_int_equal(store_outbox_notices(store, NOW - 4000, see, &s), VG_OK);
	assert_int_equal(s.n, 3);
	s = (struct seen){ 0 };
	assert_int_equal(store_outbox_notices(store, NOW - 8000, see, &s), VG_OK);
	assert_int_equal(s.n, 5);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(lifting_lets_go, store_setup_begun, store_teardown_begun),
		cmocka_unit_test_setup_teardown(stuck, store_setup_begun, store_teardown_begun),
		cmocka_unit_test_setup_teardown(notices, store_setup_begun, store_teardown_begun),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
