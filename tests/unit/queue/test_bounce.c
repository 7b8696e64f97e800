/*
 * test_bounce.c - what a mail on a return path says of one copy: reports as mail systems write them, after the parser.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "bounce.h"

#define ANN "ann@partner.example"

#define R(final, original, action, status, diagnostic) \
	"{\"final\":\"" final "\",\"original\":" original ",\"action\":" action ",\"status\":" status ",\"diagnostic\":" diagnostic "}"
#define DSN(list) "{\"automatic\":\"bounce\",\"report\":{\"kind\":\"delivery\",\"disposition\":null,\"recipients\":[" list "]}}"
#define S(x) "\"" x "\""

static const struct {
	const char *what, *object;
	enum bounce_kind kind;
	bool hard;
	unsigned code;
	const char *text;
} cases[] = {
	{ "postfix: no such user", DSN(R(ANN, S(ANN), S("failed"), S("5.1.1"), S("smtp; 550 5.1.1 <ann>: User unknown"))), BOUNCE_FAILED, true, 550,
	    "failed: 5.1.1 550 5.1.1 <ann>: User unknown" },
	{ "exchange: no such user", DSN(R(ANN, "null", S("failed"), S("5.1.10"), S("smtp;550 5.1.10 RESOLVER.ADR.RecipientNotFound"))), BOUNCE_FAILED,
	    true, 550, "failed: 5.1.10 550 5.1.10 RESOLVER.ADR.RecipientNotFound" },
	{ "full mailbox, for good", DSN(R(ANN, "null", S("failed"), S("5.2.2"), S("smtp; 552 5.2.2 full"))), BOUNCE_FAILED, false, 552,
	    "failed: 5.2.2 552 5.2.2 full" },
	{ "given up after days", DSN(R(ANN, "null", S("failed"), S("4.4.7"), S("x-local; expired"))), BOUNCE_FAILED, false, 0,
	    "failed: 4.4.7 x-local; expired" },
	{ "delayed", DSN(R(ANN, "null", S("delayed"), S("4.2.2"), S("smtp; 452 4.2.2 full"))), BOUNCE_DELAYED, false, 452,
	    "delayed: 4.2.2 452 4.2.2 full" },
	{ "delayed, with a status that lies", DSN(R(ANN, "null", S("delayed"), S("5.1.1"), "null")), BOUNCE_DELAYED, false, 0, "delayed: 5.1.1" },
	{ "delivered", DSN(R(ANN, "null", S("delivered"), S("2.0.0"), "null")), BOUNCE_NOTED, false, 0, "delivered: 2.0.0" },
	{ "relayed", DSN(R(ANN, "null", S("relayed"), "null", "null")), BOUNCE_NOTED, false, 0, "relayed" },
	{ "no action, 5", DSN(R(ANN, "null", "null", S("5.1.1"), "null")), BOUNCE_FAILED, true, 0, "failed: 5.1.1" },
	{ "no action, 4", DSN(R(ANN, "null", S(""), S("4.4.1"), "null")), BOUNCE_DELAYED, false, 0, "delayed: 4.4.1" },
	{ "no action, no status", DSN(R(ANN, "null", "null", "null", "null")), BOUNCE_NOTED, false, 0, "noted" },
	{ "forwarded, and gone there: the address itself is well", DSN(R("ann@home.example", S(ANN), S("failed"), S("5.1.1"), "null")), BOUNCE_FAILED,
	    false, 0, "failed: 5.1.1" },
	{ "a lone entry of an address that we do not know", DSN(R("x1@home.example", "null", S("failed"), S("5.1.1"), "null")), BOUNCE_FAILED, false, 0,
	    "failed: 5.1.1" },
	{ "only others failed", DSN(R("x@home.example", "null", S("failed"), S("5.1.1"), "null") ","
	    R("y@home.example", "null", S("failed"), S("5.1.1"), "null")), BOUNCE_NOTED, false, 0, "a report that does not name the recipient" },
	{ "others failed, ours is delayed", DSN(R("x@home.example", "null", S("failed"), S("5.1.1"), "null") ","
	    R(ANN, "null", S("delayed"), S("4.4.1"), "null")), BOUNCE_DELAYED, false, 0, "delayed: 4.4.1" },
	{ "named twice: the worse", DSN(R(ANN, "null", S("delayed"), S("4.4.1"), "null") "," R(ANN, "null", S("failed"), S("5.1.1"), "null")),
	    BOUNCE_FAILED, true, 0, "failed: 5.1.1" },
	{ "final before original", DSN(R("x@home.example", S(ANN), S("failed"), S("5.1.1"), "null") ","
	    R(ANN, S(ANN), S("delivered"), S("2.0.0"), "null")), BOUNCE_NOTED, false, 0, "delivered: 2.0.0" },
	{ "nobody named", DSN(""), BOUNCE_NOTED, false, 0, "a report that does not name the recipient" },
	{ "displayed", "{\"automatic\":\"bounce\",\"report\":{\"kind\":\"disposition\",\"disposition\":\"displayed\",\"recipients\":["
	    R(ANN, "null", S("failed"), S("5.1.1"), "null") "]}}", BOUNCE_NOTED, false, 0, "disposition: displayed" },
	{ "a bounce that nobody can read", "{\"automatic\":\"bounce\",\"report\":null}", BOUNCE_NOTED, false, 0, "a report that does not say what happened" },
	{ "out of office", "{\"automatic\":\"auto-reply\",\"report\":null}", BOUNCE_MAIL, false, 0, "" },
	{ "a person", "{\"automatic\":null,\"report\":null}", BOUNCE_MAIL, false, 0, "" },
	{ "an empty object", "{}", BOUNCE_MAIL, false, 0, "" },
};

static void
reports_say(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		json_t *o = json_loads(cases[i].object, 0, NULL);
		struct bounce b;

		assert_non_null(o);
		bounce_read(&b, o, ANN);
		json_decref(o);
		if (b.kind != cases[i].kind || b.hard != cases[i].hard || b.code != cases[i].code || strcmp(b.text, cases[i].text) != 0)
			fail_msg("%s: %d %d %u %s", cases[i].what, (int)b.kind, b.hard, b.code, b.text);
	}
}

/* The longest text that the parser lets through ends at our bound. */
static void
long_texts_are_cut(void **state)
{
	char why[2001] = { 0 };
	struct bounce b;
	json_t *o;

	(void)state;
	memset(why, 'x', sizeof(why) - 1);
	o = json_pack("{s:s, s:{s:s, s:[{s:s, s:s, s:s, s:s}]}}", "automatic", "bounce", "report", "kind", "delivery", "recipients", "final", ANN,
	    "action", "failed", "status", "5.1.1", "diagnostic", why);
	bounce_read(&b, o, ANN);
	json_decref(o);
	assert_int_equal(b.kind, BOUNCE_FAILED);
	assert_int_equal(strlen(b.text), BOUNCE_TEXT_MAX - 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reports_say),
		cmocka_unit_test(long_texts_are_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
