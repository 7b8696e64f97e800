/*
 * test_state.c - every verb in every state against the list of what RFC 5321, 3030, 3207, 4954 let through, written the other way
 * round than the table: by verb.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "smtp_state.h"

#define IN(s) (1u << (s))
#define COMMANDS (IN(S_GREET) | IN(S_READY) | IN(S_MAIL) | IN(S_RCPT) | IN(S_CHUNK))

/* States in which the verb's handler runs. */
static const unsigned runs[V_COUNT] = {
	[V_HELO] = COMMANDS, [V_EHLO] = COMMANDS, [V_LHLO] = COMMANDS,
	[V_STARTTLS] = IN(S_READY),
	[V_AUTH] = IN(S_READY),
	[V_XCLIENT] = IN(S_GREET) | IN(S_READY), [V_XFORWARD] = IN(S_GREET) | IN(S_READY),
	[V_MAIL] = IN(S_READY),
	[V_RCPT] = IN(S_MAIL) | IN(S_RCPT),
	[V_DATA] = IN(S_RCPT),
	[V_BDAT] = IN(S_RCPT) | IN(S_CHUNK),
	[V_RSET] = COMMANDS, [V_NOOP] = COMMANDS, [V_VRFY] = COMMANDS, [V_EXPN] = COMMANDS, [V_HELP] = COMMANDS,
	[V_QUIT] = COMMANDS, [V_FOREIGN] = COMMANDS, [V_UNKNOWN] = COMMANDS,
};

static void
test_matrix(void **state)
{
	(void)state;
	for (int s = 0; s < S_COUNT; s++) {
		for (int v = 0; v < V_COUNT; v++) {
			enum smtp_rule rule = smtp_rule((enum smtp_state)s, (enum smtp_verb)v);

			if (!(COMMANDS & IN(s)))
				assert_int_equal(rule, RULE_NEVER);
			else if (runs[v] & IN(s))
				assert_int_equal(rule, RULE_RUN);
			else
				assert_int_equal(smtp_rule_refusal(rule)->code, 503);
		}
	}
}

static void
test_states(void **state)
{
	(void)state;
	for (int s = 0; s < S_COUNT; s++) {
		assert_int_equal(smtp_state_reads_commands((enum smtp_state)s), (COMMANDS & IN(s)) != 0);
		assert_true(strlen(smtp_state_name((enum smtp_state)s)) > 0);
	}
	assert_true(smtp_state_waits(S_WAIT_VERDICT));
	assert_true(smtp_state_waits(S_WAIT_LOGIN));
	assert_true(smtp_state_waits(S_WAIT_RCPT));
	assert_true(smtp_state_waits(S_WAIT_SPOOL));
	assert_false(smtp_state_waits(S_DATA));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_matrix),
		cmocka_unit_test(test_states),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
