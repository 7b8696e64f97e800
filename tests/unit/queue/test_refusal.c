/* test_refusal.c - who is told that their fetched mail was refused, and how often. */
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
#include "refusal.h"
#include "store_fixture.h"

#define NOW INT64_C(1764000000000)
#define HOUR INT64_C(3600000)
#define BOB "bob@customer.example"

#define FULL(a, r, ch, auto, who) { .action = a, .rule = r, .channel = ch, .automatic = auto, .sender = who, .sender_shown = who, \
	.sender_name = "Bob", .partner = "", .subject = "Help", .message_id = "a@customer.example", .text = "cases are opened through your service provider" }
#define C(r, ch, auto) FULL(COMMIT_REFUSE, r, ch, auto, BOB)

static const struct {
	struct commit c;
	bool want;
} cases[] = {
	{ C("V9", CHANNEL_IMAP, ""), true },
	{ C("V15", CHANNEL_IMAP, ""), true },
	{ C("V16", CHANNEL_IMAP, ""), true },
	{ C("V17", CHANNEL_IMAP, ""), true },
	/* the SMTP client has its answer; an MTA before LMTP gets none */
	{ C("V17", CHANNEL_SMTP, ""), false },
	{ C("V17", CHANNEL_LMTP, ""), false },
	{ C("V17", CHANNEL_INJECT, ""), false },
	/* forged, or nobody knows */
	{ C("V18", CHANNEL_IMAP, ""), false },
	{ C("V4", CHANNEL_IMAP, ""), false },
	{ C("V1", CHANNEL_IMAP, ""), false },
	/* no person wrote it, or a list brought it */
	{ C("V17", CHANNEL_IMAP, "auto-reply"), false },
	{ C("V17", CHANNEL_IMAP, "auto-generated"), false },
	{ C("V17", CHANNEL_IMAP, "bounce"), false },
	{ C("V17", CHANNEL_IMAP, "bulk"), false },
	{ FULL(COMMIT_HOLD, "V17", CHANNEL_IMAP, "", BOB), false },
	{ FULL(COMMIT_REFUSE, "V17", CHANNEL_IMAP, "", ""), false },
};

static void
wanted(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (refusal_wanted(&cases[i].c) != cases[i].want)
			fail_msg("case %zu: %s", i, cases[i].c.rule);
}

static bool
told(const struct conf *conf, const struct commit *c, int64_t now)
{
	bool queued = true;

	assert_int_equal(refusal_tell(store, NULL, conf, c, "REF1", now, &queued), VG_OK);
	return queued;
}

static void
once_a_day(void **state)
{
	const struct conf conf = { .n_smarthosts = 1 }, silent = { .n_smarthosts = 0 };
	struct commit bob = C("V17", CHANNEL_IMAP, ""), eve = FULL(COMMIT_REFUSE, "V9", CHANNEL_IMAP, "", "eve@partner.example");
	struct outbox_row r[4];

	(void)state;
	assert_false(told(&silent, &bob, NOW));
	assert_true(told(&conf, &bob, NOW));
	bob.rule = "V16";
	assert_false(told(&conf, &bob, NOW + 1));
	assert_false(told(&conf, &bob, NOW + 24 * HOUR - 1));
	assert_true(told(&conf, &eve, NOW));
	assert_true(told(&conf, &bob, NOW + 24 * HOUR + 1));
	assert_int_equal(store_outbox_list(store, 0, OUTBOX_QUEUED, 0, r, 4), 3);
	assert_int_equal(r[2].kind, LETTER_REFUSED);
	assert_int_equal(r[2].ticket, 0);
	assert_non_null(strstr(r[2].letter, "\"reason\":\"cases are opened through your service provider\""));
	assert_non_null(strstr(r[2].letter, "\"reference\":\"REF1\""));
	for (int i = 0; i < 3; i++)
		store_outbox_free(&r[i]);
}

static void
not_where_it_bounces(void **state)
{
	const struct conf conf = { .n_smarthosts = 1 };
	struct commit bob = C("V17", CHANNEL_IMAP, "");

	(void)state;
	assert_int_equal(store_suppress(store, BOB, 1, "", "failed: 5.1.1", NOW), VG_OK);
	assert_false(told(&conf, &bob, NOW));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(wanted),
		cmocka_unit_test_setup_teardown(once_a_day, store_setup_begun, store_teardown_begun),
		cmocka_unit_test_setup_teardown(not_where_it_bounces, store_setup_begun, store_teardown_begun),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
