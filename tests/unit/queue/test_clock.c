/*
 * test_clock.c - what the first-response clock says, and when.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "conf.h"
#include "ticket.h"

static struct conf_sla sla[] = { { .severity = 1, .first_response_ms = 1000, .warn_ms = 750 } };
static const struct conf conf = { .slas = sla, .n_slas = 1 };

static const struct {
	enum store_sla_state state;
	enum ticket_status status;
	unsigned severity;
	int64_t now; /* after opening; due at 1000 */
	enum store_sla_state want;
} cases[] = {
	{ SLA_RUNNING, TICKET_OPEN, 1, 0, SLA_RUNNING },
	{ SLA_RUNNING, TICKET_OPEN, 1, 749, SLA_RUNNING },
	{ SLA_RUNNING, TICKET_OPEN, 1, 750, SLA_WARNED },
	{ SLA_RUNNING, TICKET_WAITING, 1, 999, SLA_WARNED },
	{ SLA_RUNNING, TICKET_OPEN, 1, 1000, SLA_BREACHED },
	{ SLA_WARNED, TICKET_OPEN, 1, 800, SLA_WARNED },
	{ SLA_WARNED, TICKET_OPEN, 1, 1000, SLA_BREACHED },
	{ SLA_RUNNING, TICKET_CLOSED, 1, 5000, SLA_RUNNING },
	{ SLA_MET, TICKET_OPEN, 1, 5000, SLA_MET },
	{ SLA_BREACHED, TICKET_OPEN, 1, 5000, SLA_BREACHED },
	{ SLA_NONE, TICKET_OPEN, 1, 5000, SLA_NONE },
};

static void
the_clock_says(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct store_ticket t = { .sla_state = cases[i].state, .status = cases[i].status, .severity = cases[i].severity,
			.opened_at = 5000, .first_response_due = 6000 };

		if (ticket_clock_state(&t, &conf, 5000 + cases[i].now) != cases[i].want)
			fail_msg("case %zu", i);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(the_clock_says) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
