/*
 * test_held.c - held mail for the operator: cause and actions, and the forms of a release.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "queue_fixture.h"

#define PROVEN "{\"authentication\":{\"result\":\"authenticated\"}}"
#define UNPROVEN "{\"authentication\":{\"result\":\"unauthenticated\"}}"

static char held_id[64];

/* Holds a mail of this sender; its id stays in held_id. */
static void
hold_one(struct queue_test *t, const char *sender, const char *reason, const char *facts)
{
	struct commit c = commit_of(MAIL);
	struct commit_say say;

	t->sender = sender;
	c.action = COMMIT_HOLD;
	c.rule = "V15";
	c.sender = c.sender_shown = sender;
	c.cls = CLASS_PARTNER_DOMAIN;
	c.reason = reason;
	c.facts = facts;
	say = commit(t, &c);
	WAIT_FOR(t, stat_of(t, "unparsed") == 0);
	snprintf(held_id, sizeof(held_id), "%s", say.message_id);
}

static json_t *
on_held(struct queue_test *t, const char *op, const char *body, unsigned status)
{
	char args[256];

	snprintf(args, sizeof(args), "{\"params\":{\"id\":\"%s\"},\"body\":%s}", held_id, body);
	return call(t, op, args, status);
}

static bool
offers(json_t *held, const char *action)
{
	json_t *list = json_object_get(json_object_get(held, "cause"), "actions"), *one;
	size_t i;

	assert_true(json_array_size(list) > 0);
	json_array_foreach(list, i, one)
		if (strcmp(json_string_value(one), action) == 0)
			return true;
	return false;
}

static void
a_held_mail_says_why(void **state)
{
	struct queue_test *t = *state;
	json_t *body;

	hold_one(t, "cat@partner.example", "unlisted-contact", PROVEN);
	body = on_held(t, "held.show", "{}", 200);
	assert_string_equal(text(body, "cause", "code"), "unlisted-contact");
	assert_non_null(strstr(text(body, "cause", "text"), "none of its listed contacts"));
	assert_true(offers(body, "register") && offers(body, "release-as-contact") && offers(body, "reject"));
	json_decref(body);
	body = call(t, "held.list", "{}", 200);
	assert_string_equal(text(json_array_get(json_object_get(body, "items"), 0), "cause", "code"), "unlisted-contact");
	json_decref(body);
}

static void
nobody_unproven_is_told_anything(void **state)
{
	struct queue_test *t = *state;
	json_t *body;

	hold_one(t, "cat@partner.example", "unlisted-contact", UNPROVEN);
	body = on_held(t, "held.show", "{}", 200);
	assert_false(offers(body, "reject"));
	json_decref(body);
	json_decref(on_held(t, "held.reject", "{\"text\":\"no\"}", 409));
}

static void
a_colleague_is_let_in_as_a_contact(void **state)
{
	struct queue_test *t = *state;
	json_t *body;

	json_decref(call(t, "partners.update", "{\"params\":{\"id\":\"acme-msp\"},\"body\":{\"unlisted\":\"reject\"}}", 200));
	hold_one(t, "cat@partner.example", "unlisted-contact", PROVEN);
	json_decref(on_held(t, "held.release", "{}", 409)); /* the partner said so */
	json_decref(on_held(t, "held.release", "{\"as\":\"agent\"}", 422));
	assert_int_equal(stat_of(t, "held"), 1);
	body = on_held(t, "held.release", "{\"as\":\"contact\"}", 200);
	assert_true(json_integer_value(json_object_get(body, "ticket")) > 0);
	json_decref(body);
	assert_int_equal(rows_of(t, "SELECT count(*) FROM audit WHERE what = 'held.released' AND text LIKE '%as contact'"), 1);
	assert_int_equal(stat_of(t, "held"), 0);
}

static void
a_stranger_is_no_contact(void **state)
{
	struct queue_test *t = *state;

	hold_one(t, "eve@stranger.example", "postmaster", PROVEN);
	json_decref(on_held(t, "held.release", "{\"as\":\"contact\"}", 409));
	assert_int_equal(stat_of(t, "held"), 1);
}

static void
received_mail_is_listed_with_its_evidence(void **state)
{
	struct queue_test *t = *state;
	json_t *body, *one;
	char args[128];

	hold_one(t, "cat@partner.example", "unlisted-contact", PROVEN);
	body = call(t, "messages.list", "{\"query\":{\"since\":\"1000\"}}", 200);
	assert_int_equal(json_array_size(json_object_get(body, "items")), 1);
	one = json_array_get(json_object_get(body, "items"), 0);
	assert_string_equal(text(one, "id", NULL), held_id);
	assert_string_equal(text(one, "outcome", NULL), "held");
	assert_string_equal(text(one, "envelope", "peer"), "192.0.2.1");
	snprintf(args, sizeof(args), "{\"query\":{\"since\":\"%lld\"}}", (long long)id_now_ms() + 60000);
	json_decref(body);
	body = call(t, "messages.list", args, 200);
	assert_int_equal(json_array_size(json_object_get(body, "items")), 0);
	json_decref(body);
	body = on_held(t, "messages.show", "{}", 200);
	assert_string_equal(text(json_object_get(body, "evidence"), "authentication", "result"), "authenticated");
	assert_true(json_is_true(json_object_get(body, "content")));
	json_decref(body);
	json_decref(call(t, "messages.show", "{\"params\":{\"id\":\"01M86Q518B9EVT90FGZ83G1S7B\"}}", 404));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_held_mail_says_why, queue_setup, queue_teardown),
		cmocka_unit_test_setup_teardown(nobody_unproven_is_told_anything, queue_setup, queue_teardown),
		cmocka_unit_test_setup_teardown(a_colleague_is_let_in_as_a_contact, queue_setup, queue_teardown),
		cmocka_unit_test_setup_teardown(received_mail_is_listed_with_its_evidence, queue_setup, queue_teardown),
		cmocka_unit_test_setup_teardown(a_stranger_is_no_contact, queue_setup, queue_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
