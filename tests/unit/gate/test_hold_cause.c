/*
 * test_hold_cause.c - every reason that the verdict table can give is explained, and reject is offered as POLICY allows it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "hold_cause.h"
#include "verdict.h"

#define CAUSES 64

static unsigned seen[CAUSES];

/* Marks the reason of a hold; one that is not in the table fails. */
static void note(const struct verdict_facts *f)
{
	struct verdict v;
	const struct hold_cause *c;

	verdict_decide(f, &v);
	if (v.outcome != OUT_HELD)
		return;
	c = hold_cause_find(v.reason);
	if (strcmp(c->code, v.reason) != 0)
		fail_msg("%s gives the reason \"%s\", which nothing explains", v.rule, v.reason);
	seen[c - hold_causes]++;
}

static void each_sender(struct verdict_facts *f)
{
	for (unsigned cls = CLASS_UNKNOWN; cls <= CLASS_PARTNER_DOMAIN; cls++)
		for (unsigned status = PARTNER_NONE; status <= PARTNER_EXPIRED; status++)
			for (unsigned unlisted = UNLISTED_HOLD; unlisted <= UNLISTED_REJECT; unlisted++)
				for (unsigned kind = MATCH_NONE; kind <= MATCH_SUBJECT; kind++) {
					f->cls = (enum sender_class)cls;
					f->partner_status = (enum partner_status)status;
					f->unlisted = (enum unlisted)unlisted;
					f->thread.kind = (enum match_kind)kind;
					f->thread.strength = kind == MATCH_NONE ? 0 : kind == MATCH_TOKEN ? 1 : kind == MATCH_SUBJECT ? 3 : 2;
					f->thread.ticket.ticket = kind != MATCH_NONE ? 42 : 0;
					f->thread.ticket.role = kind == MATCH_TOKEN ? PART_CUSTOMER : PART_NONE;
					note(f);
				}
}

static void each_mail(struct verdict_facts *f)
{
	for (unsigned result = AUTH_UNAUTHENTICATED; result <= AUTH_OPERATOR; result++)
		for (unsigned a = 0; a < 8; a++)
			for (unsigned flags = 0; flags < 64; flags++) {
				f->auth = (struct auth){.result = (enum auth_result)result, .dns_gave_up = (flags & 1) != 0,
				    .signature_invalid = (flags & 2) != 0, .covers = ""};
				f->bounce_rcpt = (flags & 4) != 0;
				f->postmaster_only = (flags & 8) != 0;
				f->thread.ambiguous = (flags & 16) != 0;
				f->inactive_hold = (flags & 32) != 0;
				f->automatic = (enum automatic)a;
				each_sender(f);
			}
}

static void test_every_reason_is_explained(void **state)
{
	struct verdict_facts f = {.partner = "p1", .holder = "", .thread.ticket = {.partner = "p1", .holder = ""}, .now = 1};

	(void)state;
	each_mail(&f);
	for (size_t i = 0; hold_causes[i].code != NULL; i++) {
		/* Those of what is found behind the table: by the parser, in the outbox, by the gate's rate limit. */
		int elsewhere = strcmp(hold_causes[i].code, "identity-disagreement") == 0 || strcmp(hold_causes[i].code, "rate") == 0 ||
		    strcmp(hold_causes[i].code, "return-path") == 0;

		if (!elsewhere && seen[i] == 0)
			fail_msg("no mail is held for \"%s\"", hold_causes[i].code);
	}
}

static void test_table_is_whole(void **state)
{
	(void)state;
	for (const struct hold_cause *c = hold_causes; c->code != NULL; c++) {
		assert_true(strlen(c->text) > 20 && strlen(c->text) < 120 && strchr(c->text, '\n') == NULL);
		assert_true(strlen(c->advice) > 10 && strlen(c->advice) < 120 && strchr(c->advice, '\n') == NULL);
		assert_true((c->actions & HOLD_DELETE) != 0);
		assert_ptr_equal(hold_cause_find(c->code), c);
	}
	assert_string_equal(hold_cause_find("of-tomorrow")->code, "unknown");
}

static void test_unproven_senders_get_no_text(void **state)
{
	static const char *const none[] = {"unverified-sender", "dns", "signature-invalid", "identity-disagreement"};

	(void)state;
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		assert_true((hold_cause_find(none[i])->actions & HOLD_REJECT) == 0);
}

static void test_action_names(void **state)
{
	unsigned set = HOLD_RELEASE | HOLD_REGISTER | HOLD_DELETE;

	(void)state;
	assert_string_equal(hold_action_name(set, 0), "release");
	assert_string_equal(hold_action_name(set, 1), "register");
	assert_string_equal(hold_action_name(set, 2), "delete");
	assert_null(hold_action_name(set, 3));
	assert_null(hold_action_name(0, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_every_reason_is_explained), cmocka_unit_test(test_table_is_whole),
	    cmocka_unit_test(test_unproven_senders_get_no_text), cmocka_unit_test(test_action_names)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
