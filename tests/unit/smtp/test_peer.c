/*
 * test_peer.c - what others say about the client: PROXY header, XCLIENT, XFORWARD; and the count of sessions per client.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "err.h"
#include "smtp_peers.h"
#include "smtp_proxy.h"
#include "smtp_xclient.h"

#define IN(s) s, sizeof(s) - 1
#define V2 "\r\n\r\n\0\r\nQUIT\n"

static const struct {
	const char *in;
	size_t n;
	int rc;
	enum smtp_proxy_kind kind;
	const char *client;
	size_t behind;
} proxies[] = {
	{ IN("PROXY TCP4 203.0.113.7 192.0.2.1 1234 25\r\n"), 1, PROXY_CLIENT, "203.0.113.7", 0 },
	{ IN("PROXY TCP4 203.0.113.7 192.0.2.1 1234 25\r\nEHLO x\r\n"), 1, PROXY_CLIENT, "203.0.113.7", 8 },
	{ IN("PROXY TCP6 2001:DB8::0:1 2001:db8::2 1 65535\r\n"), 1, PROXY_CLIENT, "2001:db8::1", 0 },
	{ IN("PROXY TCP6 ::ffff:203.0.113.7 ::1 1 2\r\n"), 1, PROXY_CLIENT, "203.0.113.7", 0 },
	{ IN("PROXY UNKNOWN\r\n"), 1, PROXY_UNKNOWN, "", 0 },
	{ IN("PROXY UNKNOWN ffff::f ffff::f 1 2\r\n"), 1, PROXY_UNKNOWN, "", 0 },
	{ IN("PROXY TCP4 203.0.113.7 192.0.2.1 1234 65536\r\n"), VG_ERR_SYNTAX, 0, "", 0 },
	{ IN("PROXY TCP4 203.0.113.7 192.0.2.1 01 25\r\n"), VG_ERR_SYNTAX, 0, "", 0 },
	{ IN("PROXY TCP4 203.0.113.7 192.0.2.1 -1 25\r\n"), VG_ERR_SYNTAX, 0, "", 0 },
	{ IN("PROXY TCP4 203.0.113.7 192.0.2.1 1234\r\n"), VG_ERR_SYNTAX, 0, "", 0 },
	{ IN("PROXY TCP4 203.0.113.7 192.0.2.1 1234 25 \r\n"), VG_ERR_SYNTAX, 0, "", 0 },
	{ IN("PROXY TCP4 203.0.113.7 192.0.2.1 1234 25 9\r\n"), VG_ERR_SYNTAX, 0, "", 0 },
	{ IN("PROXY TCP4  203.0.113.7 192.0.2.1 1234 25\r\n"), VG_ERR_SYNTAX, 0, "", 0 },
	{ IN("PROXY TCP4 2001:db8::1 192.0.2.1 1234 25\r\n"), VG_ERR_SYNTAX, 0, "", 0 },
	{ IN("PROXY TCP4 203.0.113.7\0 192.0.2.1 1234 25\r\n"), VG_ERR_SYNTAX, 0, "", 0 },
	{ IN("PROXY TCP5 203.0.113.7 192.0.2.1 1234 25\r\n"), VG_ERR_SYNTAX, 0, "", 0 },
	{ IN("PROXY TCP4 203.0.113.7 192.0.2.1 1234 25\n"), VG_ERR_SYNTAX, 0, "", 0 },
	{ IN("PROXY \r\n"), VG_ERR_SYNTAX, 0, "", 0 },
	{ IN("proxy TCP4 203.0.113.7 192.0.2.1 1234 25\r\n"), VG_ERR_SYNTAX, 0, "", 0 },
	{ IN("EHLO x\r\n"), VG_ERR_SYNTAX, 0, "", 0 },
	{ IN("PROXY TCP4 203.0.113.7 192.0.2.1 1234 25"), 0, 0, "", 0 },
	{ IN("PROX"), 0, 0, "", 0 }, { IN(""), 0, 0, "", 0 },
	{ IN(V2 "\x21\x11\x00\x0c\xcb\x00\x71\x07\xc0\x00\x02\x01\x04\xd2\x00\x19"), 1, PROXY_CLIENT, "203.0.113.7", 0 },
	/* with a field behind the addresses */
	{ IN(V2 "\x21\x11\x00\x10\xcb\x00\x71\x07\xc0\x00\x02\x01\x04\xd2\x00\x19\x04\x00\x01\x00" "EHLO"), 1, PROXY_CLIENT,
	    "203.0.113.7", 4 },
	{ IN(V2 "\x21\x21\x00\x24\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\2\0\1\0\2"),
	    1, PROXY_CLIENT, "2001:db8::1", 0 },
	{ IN(V2 "\x20\x00\x00\x00"), 1, PROXY_LOCAL, "", 0 },
	{ IN(V2 "\x20\x11\x00\x0c\xcb\x00\x71\x07\xc0\x00\x02\x01\x04\xd2\x00\x19"), 1, PROXY_LOCAL, "", 0 },
	{ IN(V2 "\x21\x00\x00\x00"), 1, PROXY_UNKNOWN, "", 0 },
	{ IN(V2 "\x21\x11\x00\x0b\xcb\x00\x71\x07\xc0\x00\x02\x01\x04\xd2\x00"), VG_ERR_SYNTAX, 0, "", 0 },
	{ IN(V2 "\x21\x12\x00\x0c\xcb\x00\x71\x07\xc0\x00\x02\x01\x04\xd2\x00\x19"), VG_ERR_SYNTAX, 0, "", 0 },
	{ IN(V2 "\x22\x11\x00\x00"), VG_ERR_SYNTAX, 0, "", 0 },
	{ IN(V2 "\x11\x11\x00\x00"), VG_ERR_SYNTAX, 0, "", 0 },
	{ IN(V2 "\x21\x51\x00\x00"), VG_ERR_SYNTAX, 0, "", 0 },
	{ IN(V2 "\x20\x00\xff\xff"), VG_ERR_SYNTAX, 0, "", 0 },
	{ IN(V2 "\x21\x11\x00\x0c\xcb\x00\x71\x07"), 0, 0, "", 0 },
	{ IN("\r\n\r\n\0\r\nQUIX"), VG_ERR_SYNTAX, 0, "", 0 },
};

static void
test_proxy_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(proxies) / sizeof(proxies[0]); i++) {
		struct smtp_proxy p;
		const char *why = NULL;
		size_t used = 0;
		int rc = smtp_proxy_parse((const unsigned char *)proxies[i].in, proxies[i].n, &p, &used, &why);

		if (rc != proxies[i].rc)
			fail_msg("row %zu: %d %s", i, rc, why ? why : "");
		if (rc < 0)
			assert_non_null(why);
		if (rc != 1)
			continue;
		assert_int_equal(p.kind, proxies[i].kind);
		assert_string_equal(p.client, proxies[i].client);
		assert_int_equal(proxies[i].n - used, proxies[i].behind);
		/* every shorter piece of a good header asks for more */
		for (size_t n = 0; n < used; n++)
			assert_int_equal(smtp_proxy_parse((const unsigned char *)proxies[i].in, n, &p, &used, &why), 0);
	}
}

static void
test_proxy_endless(void **state)
{
	unsigned char in[4000];
	struct smtp_proxy p;
	const char *why;
	size_t used;

	(void)state;
	memset(in, 'x', sizeof(in));
	memcpy(in, "PROXY UNKNOWN ", 14);
	assert_int_equal(smtp_proxy_parse(in, 106, &p, &used, &why), 0);
	assert_int_equal(smtp_proxy_parse(in, 107, &p, &used, &why), VG_ERR_SYNTAX);
	assert_int_equal(smtp_proxy_parse(in, sizeof(in), &p, &used, &why), VG_ERR_SYNTAX);
}

static void
test_xclient_table(void **state)
{
	static const struct {
		const char *args;
		bool forward;
		int ok;
		unsigned given;
		const char *name, *addr, *helo;
	} rows[] = {
		{ "NAME=mx.example ADDR=203.0.113.7", false, 1, XC_NAME | XC_ADDR, "mx.example", "203.0.113.7", "" },
		{ "name=mx.example  addr=IPV6:2001:DB8::0:1", false, 1, XC_NAME | XC_ADDR, "mx.example", "2001:db8::1", "" },
		{ "ADDR=ipv6:::ffff:203.0.113.7", false, 1, XC_ADDR, "", "203.0.113.7", "" },
		{ "NAME=[UNAVAILABLE] ADDR=[TEMPUNAVAIL] HELO=[unavailable]", false, 1, XC_NAME | XC_ADDR | XC_HELO, "", "", "" },
		{ "HELO=+5B192.0.2.1+5D", false, 1, XC_HELO, "", "", "[192.0.2.1]" },
		{ "PROTO=ESMTP PORT=25 DESTPORT=25 DESTADDR=192.0.2.1 LOGIN=ann", false, 1, XC_PROTO | XC_OTHER, "", "", "" },
		{ "IDENT=1+2B2 SOURCE=REMOTE PORT=[UNAVAILABLE]", true, 1, XC_OTHER, "", "", "" },
		{ "", false, 0, 0, "", "", "" }, { "NAME", false, 0, 0, "", "", "" }, { "=x", false, 0, 0, "", "", "" },
		{ "COLOUR=blue", false, 0, 0, "", "", "" }, { "IDENT=1", false, 0, 0, "", "", "" },
		{ "LOGIN=ann", true, 0, 0, "", "", "" }, { "ADDR=203.0.113", false, 0, 0, "", "", "" },
		{ "ADDR=mx.example", false, 0, 0, "", "", "" }, { "NAME=a+0D+0Ab", false, 0, 0, "", "", "" },
		{ "NAME=a+00", false, 0, 0, "", "", "" }, { "NAME=a+2", false, 0, 0, "", "", "" },
		{ "NAME=a+ZZ", false, 0, 0, "", "", "" }, { "NAME=a+20b", false, 0, 0, "", "", "" },
		{ "HELO=a(b", false, 0, 0, "", "", "" }, { "PORT=65536", false, 0, 0, "", "", "" },
		{ "PORT=2x", false, 0, 0, "", "", "" }, { "PROTO=HTTP", false, 0, 0, "", "", "" },
		{ "NAME=\xc3\xa9", false, 0, 0, "", "", "" },
	};
	char args[SMTP_LINE_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct smtp_refusal no = { .code = 0 };
		struct smtp_xclient x;
		int rc = smtp_xclient_parse(rows[i].forward, rows[i].args, strlen(rows[i].args), &x, &no);

		if ((rc == 0) != rows[i].ok)
			fail_msg("%s", rows[i].args);
		if (rc != 0) {
			assert_int_equal(no.code, 501);
			continue;
		}
		assert_int_equal(x.given, rows[i].given);
		assert_string_equal(x.name, rows[i].name);
		assert_string_equal(x.addr, rows[i].addr);
		assert_string_equal(x.helo, rows[i].helo);
	}
	memset(args, 'a', sizeof(args));
	memcpy(args, "NAME=", 5);
	assert_int_equal(smtp_xclient_parse(false, args, 5 + SMTP_NAME_MAX, &(struct smtp_xclient){ .given = 0 },
			     &(struct smtp_refusal){ .code = 0 }), 0);
	assert_int_not_equal(smtp_xclient_parse(false, args, 6 + SMTP_NAME_MAX, &(struct smtp_xclient){ .given = 0 },
				 &(struct smtp_refusal){ .code = 0 }), 0);
}

static void
test_peers(void **state)
{
	struct smtp_peers *p = smtp_peers_new();

	(void)state;
	assert_non_null(p);
	assert_true(smtp_peers_enter(p, "192.0.2.1", 2));
	assert_true(smtp_peers_enter(p, "192.0.2.1", 2));
	assert_false(smtp_peers_enter(p, "192.0.2.1", 2));
	assert_true(smtp_peers_enter(p, "192.0.2.2", 2));
	smtp_peers_leave(p, "192.0.2.1");
	assert_true(smtp_peers_enter(p, "192.0.2.1", 2));
	assert_true(smtp_peers_enter(p, "2001:db8::1", 1));
	assert_false(smtp_peers_enter(p, "2001:db8::ffff", 1));
	assert_true(smtp_peers_enter(p, "2001:db8:0:1::1", 1));
	for (int i = 0; i < 10; i++)
		assert_true(smtp_peers_enter(p, "unix", 1));
	smtp_peers_leave(p, "203.0.113.1"); /* never entered */
	for (unsigned i = 0; i < 20000; i++) {
		char text[32];

		snprintf(text, sizeof(text), "10.%u.%u.1", i / 256, i % 256);
		assert_true(smtp_peers_enter(p, text, 1));
		if (i % 2)
			smtp_peers_leave(p, text);
	}
	assert_false(smtp_peers_enter(p, "10.0.0.1", 1));
	assert_true(smtp_peers_enter(p, "10.0.1.1", 1));
	smtp_peers_free(&p);
	assert_null(p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_proxy_table),
		cmocka_unit_test(test_proxy_endless),
		cmocka_unit_test(test_xclient_table),
		cmocka_unit_test(test_peers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
