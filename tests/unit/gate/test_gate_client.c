/* Who the true client of a mail is, and whether To or Cc names one of our addresses (gate_sender.h, gate_named.h). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "err.h"
#include "gate/gate_conf.h"
#include "gate_named.h"
#include "gate_sender.h"

static void true_client(void **state)
{
	static const struct {
		const char *peer, *client, *path, *helo, *ip, *domain;
	} cases[] = {
		{"203.0.113.1", "203.0.113.1", "ann@Partner.example", "mx.partner.example", "203.0.113.1", "partner.example"},
		{"203.0.113.1", "203.0.113.1", "", "MX.partner.example", "203.0.113.1", "mx.partner.example"},
		{"203.0.113.1", "203.0.113.1", "", "[203.0.113.1]", "203.0.113.1", NULL},
		{"203.0.113.1", "203.0.113.1", "a@[203.0.113.1]", "mx.partner.example", "203.0.113.1", NULL},
		{"203.0.113.1", "", "ann@partner.example", "x", "", NULL},
		{"unix", "unix", "ann@partner.example", "x", "", NULL},
		{"unix", "2001:db8::1", "ann@partner.example", "x", "2001:db8::1", "partner.example"},
		/* a relay itself; by XCLIENT a client of it; by XCLIENT another relay */
		{"192.0.2.9", "192.0.2.9", "ann@partner.example", "x", "", NULL},
		{"192.0.2.9", "203.0.113.1", "ann@partner.example", "x", "203.0.113.1", "partner.example"},
		{"192.0.2.9", "192.0.2.77", "ann@partner.example", "x", "", NULL},
		{"198.51.100.7", "198.51.100.7", "ann@partner.example", "x", "", NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct submit s = {.real_peer = cases[i].peer, .client = cases[i].client, .reverse_path = cases[i].path,
		    .helo = cases[i].helo};
		char domain[ADDR_DOMAIN_MAX + 1];
		struct spf_input in;

		assert_string_equal(gate_true_client(conf, &s), cases[i].ip);
		assert_int_equal(gate_spf_input(&in, domain, conf, &s), cases[i].domain != NULL);
		if (cases[i].domain == NULL)
			continue;
		assert_string_equal(in.ip, cases[i].ip);
		assert_string_equal(in.domain, cases[i].domain);
		assert_string_equal(in.sender, cases[i].path);
	}
}

/* ---- To and Cc ---- */

static void named(void **state)
{
	static const struct {
		const char *header;
		bool ours;
	} cases[] = {
		{"To: support@support.example", true},
		{"To: Support <SUPPORT@Support.Example>", true},
		{"To: bob@elsewhere.example, support@support.example", true},
		{"To: bob@elsewhere.example,\r\n \"Support, L2\" <support@support.example>", true},
		{"To: bob@elsewhere.example (a, b), support@support.example (c)", true},
		{"To: bob@elsewhere.example\r\nTo: support@support.example", true},
		{"To: postmaster@support.example", true},
		{"To: case+77.abc@support.example", true},
		{"To: nobody@support.example", false},
		{"To: support@support.example.evil.example", false},
		{"To: \"support@support.example\" <eve@evil.example>", false},
		{"To: \", support@support.example, \" <eve@evil.example>", false},
		{"To: eve@evil.example (, support@support.example, )", false},
		{"To: support@support.example <eve@evil.example>", false},
		{"To: <eve@evil.example,support@support.example>", false},
		{"To: \"open, support@support.example", false},
		{"To: (open, support@support.example", false},
		{"To: team: support@support.example;", false},
		{"To:", false},
		{"To: ,,,", false},
		{"Cc: support@support.example", false},
		{"X-To: support@support.example", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct gate_header h;
		char bytes[300];

		snprintf(bytes, sizeof(bytes), "%s\r\n\r\n", cases[i].header);
		assert_int_equal(gate_header_read(&h, bytes, strlen(bytes)), VG_OK);
		if (gate_named_ours(&h, "To", conf) != cases[i].ours)
			fail_msg("%s", cases[i].header);
		gate_header_free(&h);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(true_client), cmocka_unit_test(named)};

	return cmocka_run_group_tests(tests, read_conf, drop_conf);
}
