/* gate_authres.h, gate_auth.h: which results of a relay prove an author. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "err.h"
#include "gate_auth.h"
#include "gate_authres.h"

#define AR "Authentication-Results: "
#define MX "mx.support.example"
#define ANN "header.from=partner.example"

static void grammar(void **state)
{
	static const char *const good[] = {
		MX "; none",
		MX " 1; none",
		MX ";none (nothing)",
		"\"" MX "\"; dmarc=pass",
		MX "; dmarc=pass " ANN,
		MX ";\r\n\tdkim=pass (2048-bit key) header.d=x.example header.i=@x.example header.b=\"a/b+c=\";\r\n\tspf=pass smtp.mailfrom=a@x.example",
		MX "; dkim=pass header.b=a/b+c=; spf=none",
		MX "; auth=pass (cram-md5) smtp.auth=a@x.example",
		MX "; spf=pass reason=\"good; really\" smtp.mailfrom=x.example",
		MX "; spf/1=pass; iprev=pass policy.iprev=2001:db8::1",
		MX "; dmarc = pass (a (nested \\) one)) header . from = x.example",
		MX "; spf=pass smtp.mailfrom=\"a; dmarc=pass\"@x.example",
		MX "; spf=pass;",
	};
	static const char *const bad[] = {
		"", MX, MX ";", MX " 2; none", MX " 11; none", MX "; none; dmarc=pass", MX "; dmarc", MX "; dmarc=", MX "; =pass",
		MX "; dmarc=pass header.from", MX "; dmarc=pass header.from=", MX "; dmarc=pass header=x",
		MX "; dmarc=pass (open", MX "; dmarc=pass header.from=\"open", MX "; dmarc=pass header.from=a,b",
		MX "; dmarc=pass header.from=<x.example>", MX "; dmarc/2=pass", MX "; dmarc=pass reason=a reason=b",
		MX "; dmarc=pass " ANN " reason=late", MX " dmarc=pass", MX "; dmarc=pass header.from=\"a\"b",
		MX "; dmarc=pass header.from=\"a\x01\"", "; dmarc=pass", MX "; dmarc=pass \"x\"",
	};
	struct authres a;
	const char *why;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		if (authres_parse(&a, good[i], strlen(good[i]), &why) != VG_OK)
			fail_msg("'%s': %s", good[i], why);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (authres_parse(&a, bad[i], strlen(bad[i]), &why) == VG_OK)
			fail_msg("'%s' passed", bad[i]);
		assert_non_null(why);
	}
}

static void content(void **state)
{
	static const char text[] = "MX.Support.Example 1 (x); DKIM=Pass reason=\"a \\\"b\\\"\" Header.D=X.example header.i=\"a b\"@x.example;spf=fail";
	struct authres a;
	const char *why;

	(void)state;
	assert_int_equal(authres_parse(&a, text, strlen(text), &why), VG_OK);
	assert_string_equal(a.authserv_id, "MX.Support.Example");
	assert_int_equal(a.n_results, 2);
	assert_string_equal(a.results[0].method, "dkim");
	assert_string_equal(a.results[0].result, "pass");
	assert_string_equal(a.results[0].reason, "a \"b\"");
	assert_int_equal(a.results[0].n_props, 2);
	assert_string_equal(a.results[0].props[0].type, "header");
	assert_string_equal(a.results[0].props[0].name, "d");
	assert_string_equal(a.results[0].props[0].value, "X.example");
	assert_string_equal(a.results[0].props[1].value, "a b@x.example");
	assert_string_equal(a.results[1].result, "fail");
}

static void limits(void **state)
{
	struct authres a;
	const char *why;
	struct buf b;

	(void)state;
	buf_init(&b, 1 << 20);
	buf_adds(&b, MX);
	for (int i = 0; i < 33; i++)
		buf_adds(&b, "; a=b");
	assert_int_equal(authres_parse(&a, buf_str(&b), b.len, &why), VG_ERR_LIMIT);
	buf_reset(&b);
	buf_adds(&b, MX "; a=b");
	for (int i = 0; i < 17; i++)
		buf_adds(&b, " c.d=e");
	assert_int_equal(authres_parse(&a, buf_str(&b), b.len, &why), VG_ERR_LIMIT);
	for (int quotes = 0; quotes < 2; quotes++) {
		buf_reset(&b);
		buf_adds(&b, quotes ? MX "; a=b c.d=\"" : MX "; a=b c.d=");
		for (int i = 0; i < 9000; i++)
			buf_adds(&b, "x");
		buf_adds(&b, quotes ? "\"" : "");
		assert_int_equal(authres_parse(&a, buf_str(&b), b.len, &why), VG_ERR_LIMIT);
	}
	buf_free(&b);
}

struct row {
	const char *header;
	const char *id; /* of the relay */
	bool dmarc, login;
	unsigned ignored;
};

static const struct row rows[] = {
	{AR MX "; dmarc=pass " ANN "\r\n", MX, true, false, 0},
	{AR "MX.SUPPORT.EXAMPLE; dmarc=pass header.from=Partner.Example\r\n", MX, true, false, 0},
	{AR MX "; auth=pass smtp.auth=Ann@Partner.example\r\n", MX, false, true, 0},
	{AR MX "; auth=pass smtp.auth=ann@partner.example; dmarc=pass " ANN "\r\n", MX, true, true, 0},
	/* proves nothing about this author */
	{AR MX "; dmarc=fail " ANN "\r\n", MX, false, false, 0},
	{AR MX "; dmarc=pass header.from=evil.example\r\n", MX, false, false, 0},
	{AR MX "; dmarc=pass header.from=sub.partner.example\r\n", MX, false, false, 0},
	{AR MX "; dmarc=pass\r\n", MX, false, false, 0},
	{AR MX "; dmarc=pass " ANN " " ANN "\r\n", MX, false, false, 0},
	{AR MX "; dmarc=pass " ANN "; dmarc=fail " ANN "\r\n", MX, false, false, 0},
	{AR MX "; dmarc=pass smtp.mailfrom=partner.example\r\n", MX, false, false, 0},
	{AR MX "; spf=pass smtp.mailfrom=ann@partner.example; dkim=pass header.d=partner.example\r\n", MX, false, false, 0},
	{AR MX "; auth=pass smtp.auth=bob@partner.example\r\n", MX, false, false, 0},
	{AR MX "; auth=pass smtp.auth=ann\r\n", MX, false, false, 0},
	{AR MX "; auth=fail smtp.auth=ann@partner.example\r\n", MX, false, false, 0},
	{AR MX "; none\r\n", MX, false, false, 0},
	/* a value that a sender chose stays a value */
	{AR MX "; spf=pass smtp.mailfrom=\"x; dmarc=pass " ANN "\"@evil.example\r\n", MX, false, false, 0},
	{AR MX "; spf=pass (dmarc=pass " ANN ")\r\n", MX, false, false, 0},
	/* only the topmost field, only of the relay, only when it is well-formed */
	{AR "evil.example; none\r\n" AR MX "; dmarc=pass " ANN "\r\n", MX, false, false, 2},
	{AR MX "; none\r\n" AR MX "; dmarc=pass " ANN "\r\n", MX, false, false, 1},
	{AR MX "; dmarc=pass " ANN "\r\n" AR MX "; dmarc=fail " ANN "\r\n", MX, true, false, 1},
	{AR MX ".evil.example; dmarc=pass " ANN "\r\n", MX, false, false, 1},
	{AR MX "; dmarc=pass " ANN " (\r\n", MX, false, false, 1},
	{AR MX "; dmarc=pass " ANN "\r\n", NULL, false, false, 1},
	{"X-" AR MX "; dmarc=pass " ANN "\r\n", MX, false, false, 0},
	{"Subject: x\r\n", MX, false, false, 0},
	/* Microsoft's has no id, and a property of its own */
	{AR "spf=pass (sender IP is 192.0.2.1)\r\n smtp.mailfrom=partner.example; dkim=pass (signature was verified)\r\n"
	 " header.d=partner.example;dmarc=pass action=none\r\n " ANN ";compauth=pass reason=100\r\n", "none", true, false, 0},
	{AR "spf=none; dmarc=fail action=quarantine " ANN ";compauth=fail reason=000\r\n", "none", false, false, 0},
	{AR "dmarc=pass action=none header.from=evil.example\r\n", "none", false, false, 0},
	{AR "evil.example; dmarc=pass " ANN "\r\n", "none", false, false, 1},
	{AR "evil; dmarc=pass " ANN "\r\n", "none", false, false, 1},
	{AR "; dmarc=pass " ANN "\r\n", "none", false, false, 1},
	{AR "\r\n", "none", false, false, 1},
	{AR "none\r\n", "none", false, false, 1},
	{AR "dmarc=pass " ANN " x\r\n", "none", false, false, 1},
	{AR "dmarc=pass " ANN " (\r\n", "none", false, false, 1},
	{AR "dmarc=pass action=none " ANN "\r\n", MX, false, false, 1},
	{AR MX "; dmarc=pass action=none " ANN "\r\n", MX, false, false, 1},
};

static void rule_c(void **state)
{
	struct addr ann;

	(void)state;
	assert_int_equal(addr_parse(&ann, "ann@partner.example", 19, 0, NULL), VG_OK);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct gate_header h;
		struct authres_proof p;

		assert_int_equal(gate_header_read(&h, rows[i].header, strlen(rows[i].header)), VG_OK);
		authres_judge(&p, &h, rows[i].id, &ann);
		if (p.dmarc != rows[i].dmarc || p.login != rows[i].login || p.ignored != rows[i].ignored)
			fail_msg("row %zu: dmarc %d login %d ignored %u: %s", i, p.dmarc, p.login, p.ignored, p.why);
		gate_header_free(&h);
	}
}

static void proofs_and_demands(void **state)
{
	static const struct {
		enum auth_method method; /* AUTH_NONE: none holds */
		enum proof_need need;
		bool temperror, failed;
		enum auth_result result;
		bool too_weak;
	} cases[] = {
		{AUTH_NONE, PROOF_ANY, false, false, AUTH_UNAUTHENTICATED, false},
		{AUTH_NONE, PROOF_ANY, true, true, AUTH_TEMPERROR, false},
		{AUTH_NONE, PROOF_ANY, false, true, AUTH_FAILED, false},
		{AUTH_RELAY, PROOF_ANY, true, true, AUTH_AUTHENTICATED, false},
		{AUTH_RELAY_DMARC, PROOF_ANY, false, false, AUTH_AUTHENTICATED, false},
		{AUTH_RELAY_DMARC, PROOF_DKIM, false, false, AUTH_UNAUTHENTICATED, true},
		{AUTH_RELAY, PROOF_SIGNATURE, false, false, AUTH_UNAUTHENTICATED, true},
		{AUTH_RELAY, PROOF_DKIM, false, true, AUTH_FAILED, true},
		{AUTH_SPF, PROOF_DKIM, false, false, AUTH_UNAUTHENTICATED, true},
		{AUTH_DKIM, PROOF_DKIM, false, false, AUTH_AUTHENTICATED, false},
		{AUTH_SIGNER, PROOF_DKIM, false, false, AUTH_AUTHENTICATED, false},
		{AUTH_DKIM, PROOF_SIGNATURE, false, false, AUTH_UNAUTHENTICATED, true},
		{AUTH_SIGNATURE, PROOF_SIGNATURE, false, false, AUTH_AUTHENTICATED, false},
		{AUTH_SIGNATURE, PROOF_DKIM, false, false, AUTH_AUTHENTICATED, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct auth_facts f = {.need = cases[i].need, .temperror = cases[i].temperror, .failed = cases[i].failed};
		struct auth a;

		if (cases[i].method != AUTH_NONE)
			auth_add(&f, cases[i].method, "*");
		auth_decide(&a, &f);
		assert_int_equal(a.result, cases[i].result);
		assert_int_equal(a.too_weak, cases[i].too_weak);
		assert_int_equal(a.method, a.result == AUTH_AUTHENTICATED ? cases[i].method : AUTH_NONE);
	}
	/* A weak proof first does not hide a strong one. */
	{
		struct auth_facts f = {.need = PROOF_DKIM};
		struct auth a;

		auth_add(&f, AUTH_RELAY, "*");
		auth_add(&f, AUTH_DKIM, "from:to");
		auth_decide(&a, &f);
		assert_int_equal(a.method, AUTH_DKIM);
		assert_string_equal(a.covers, "from:to");
		assert_false(a.too_weak);
	}
}

/* DNS that never answers ends as unauthenticated, not as failed; a wrong signature only flags. */
static void how_waiting_ends(void **state)
{
	static const struct {
		bool temperror, failed, give_up, invalid, proof;
		enum auth_result result;
		bool gave_up;
	} cases[] = {
		{true, false, false, false, false, AUTH_TEMPERROR, false},
		{true, false, true, false, false, AUTH_UNAUTHENTICATED, true},
		{true, true, true, false, false, AUTH_UNAUTHENTICATED, true},
		{false, true, true, false, false, AUTH_FAILED, false},
		{false, false, true, false, false, AUTH_UNAUTHENTICATED, false},
		{true, false, true, false, true, AUTH_AUTHENTICATED, false},
		{false, false, false, true, false, AUTH_UNAUTHENTICATED, false},
		{false, false, false, true, true, AUTH_AUTHENTICATED, false},
		{true, false, false, true, false, AUTH_TEMPERROR, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct auth_facts f = {.temperror = cases[i].temperror, .failed = cases[i].failed, .give_up = cases[i].give_up,
		    .signature_invalid = cases[i].invalid};
		struct auth a;

		if (cases[i].proof)
			auth_add(&f, AUTH_SPF, "*");
		auth_decide(&a, &f);
		assert_int_equal(a.result, cases[i].result);
		assert_int_equal(a.dns_gave_up, cases[i].gave_up);
		assert_int_equal(a.signature_invalid, cases[i].invalid);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(grammar), cmocka_unit_test(content), cmocka_unit_test(limits), cmocka_unit_test(rule_c),
		cmocka_unit_test(proofs_and_demands),
		cmocka_unit_test(how_waiting_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
