/*
 * test_held_tell.c - of which held mail agents and the contact hear.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "held_tell.h"

#define M(c, r, auto) { .cls = c, .rule = (char *)(uintptr_t)r, .automatic = (char *)(uintptr_t)auto, .sender = (char *)(uintptr_t)"a@b.example" }

static const struct {
	struct store_message m;
	bool alarm, notice;
} cases[] = {
	{ M(CLASS_CONTACT, "V12", ""), true, true },
	{ M(CLASS_DIRECT, "V12", ""), true, true },
	/* proved, or held for another cause: they need not be asked whether it is theirs */
	{ M(CLASS_CONTACT, "V10", ""), true, false },
	/* no person wrote it */
	{ M(CLASS_CONTACT, "V6", "auto-reply"), false, false },
	{ M(CLASS_CONTACT, "V12", "auto-generated"), false, false },
	{ M(CLASS_CONTACT, "V12", "bulk"), false, false },
	/* no contact's */
	{ M(CLASS_AGENT, "V8", ""), false, false },
	{ M(CLASS_PARTNER_DOMAIN, "V15", ""), false, false },
	{ M(CLASS_CUSTOMER, "V14", ""), false, false },
	{ M(CLASS_UNKNOWN, "V18", ""), false, false },
	{ { .cls = CLASS_CONTACT, .rule = (char *)(uintptr_t)"V12", .automatic = (char *)(uintptr_t)"", .sender = (char *)(uintptr_t)"" }, false,
	  false },
};

static void
who_hears(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (held_alarms(&cases[i].m) != cases[i].alarm || held_wants_notice(&cases[i].m) != cases[i].notice)
			fail_msg("case %zu: %s", i, cases[i].m.rule);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_hears),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
