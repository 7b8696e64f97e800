/* spf.h: terms, macros, results, limits. A case is a record of example.com, above a zone that all cases share. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "spf.h"
#include "spf_macro.h"
#include "zone.h"

#define LENGTH(a) (sizeof(a) / sizeof((a)[0]))
#define TXT(name, text) {name, DNS_TXT, DNS_FOUND, text}
#define A(name, text) {name, DNS_A, DNS_FOUND, text}
#define AAAA(name, text) {name, DNS_AAAA, DNS_FOUND, text}
#define MX(name, text) {name, DNS_MX, DNS_FOUND, text}
#define PTR(name, text) {name, DNS_PTR, DNS_FOUND, text}
#define L63 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define NINE "a:m1.test a:m1.test a:m1.test a:m1.test a:m1.test a:m1.test a:m1.test a:m1.test a:m1.test "
#define V4 "192.0.2.1"
#define V6 "2001:db8::1"

/* Row 0 is the record of the case. */
static struct zone_row zone[] = {
	TXT("example.com", ""), A("example.com", V4), AAAA("example.com", V6), MX("example.com", "10 mx.example.com"),
	A("mx.example.com", "192.0.2.9"), AAAA("mx.example.com", "2001:db8::9"), A("a.example.com", "192.0.2.77"),
	TXT("pass.test", "v=spf1 +all"), TXT("fail.test", "v=spf1 -all"), TXT("soft.test", "v=spf1 ~all"),
	TXT("neutral.test", "v=spf1 ?all"), TXT("nothing.test", "v=spf1"), TXT("other.test", "some text"),
	{"broken.test", DNS_TXT, DNS_FAILED, NULL}, {"broken.test", DNS_A, DNS_FAILED, NULL},
	{"broken.test", DNS_MX, DNS_FAILED, NULL}, TXT("bad.test", "v=spf1 foo"),
	TXT("two.test", "v=spf1 -all"), TXT("two.test", "v=spf1 +all"), TXT("near.test", "v=spf10 -all"),
	TXT("upper.test", "V=SpF1 -ALL"), TXT("bare.test", "v=spf1"), TXT("mixed.test", "x"),
	TXT("mixed.test", "v=spf1 -all"),
	TXT("tab.test", "v=spf1\t-all"), TXT("loop.test", "v=spf1 include:loop.test"),
	TXT("turn.test", "v=spf1 redirect=turn.test"),
	TXT("deep.test", "v=spf1 include:pass.test"), TXT("tofail.test", "v=spf1 redirect=fail.test"),
	TXT("topass.test", "v=spf1 redirect=pass.test"), TXT("own.test", "v=spf1 exists:%{d}.seen.test -all"),
	A("own.test.seen.test", "127.0.0.2"),
	MX("ten.test", "1 m1.test"), MX("ten.test", "2 m2.test"), MX("ten.test", "3 m3.test"),
	MX("ten.test", "4 m4.test"),
	MX("ten.test", "5 m5.test"), MX("ten.test", "6 m6.test"), MX("ten.test", "7 m7.test"),
	MX("ten.test", "8 m8.test"),
	MX("ten.test", "9 m9.test"), MX("ten.test", "10 mx.hit.test"), A("mx.hit.test", V4), A("m1.test", "10.0.0.1"),
	A("m2.test", "10.0.0.1"), A("m3.test", "10.0.0.1"), A("m4.test", "10.0.0.1"), A("m5.test", "10.0.0.1"),
	A("m6.test", "10.0.0.1"), A("m7.test", "10.0.0.1"), A("m8.test", "10.0.0.1"), A("m9.test", "10.0.0.1"),
	MX("eleven.test", "1 mx.hit.test"), MX("eleven.test", "2 m1.test"), MX("eleven.test", "2 m2.test"),
	MX("eleven.test", "3 m3.test"), MX("eleven.test", "4 m4.test"), MX("eleven.test", "5 m5.test"),
	MX("eleven.test", "6 m6.test"), MX("eleven.test", "7 m7.test"), MX("eleven.test", "8 m8.test"),
	MX("eleven.test", "9 m9.test"), MX("eleven.test", "10 m1.test"), MX("voids.test", "1 v1.test"),
	MX("voids.test", "2 v2.test"), MX("voids.test", "3 v3.test"), MX("null.test", "0 "),
	MX("sick.test", "1 broken.test"),
	MX("luck.test", "1 mx.hit.test"), MX("luck.test", "2 broken.test"),
	PTR("1.2.0.192.in-addr.arpa", "liar.test"), PTR("1.2.0.192.in-addr.arpa", "host.other.test"),
	PTR("1.2.0.192.in-addr.arpa", "host.example.com"), A("liar.test", "10.0.0.1"), A("host.other.test", V4),
	A("host.example.com", V4), A("host.example.com.p.test", "127.0.0.2"), A("host.other.test.p.test", "127.0.0.2"),
	PTR("1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa", "six.example.com"),
	AAAA("six.example.com", V6), A("unknown.p.test", "127.0.0.2"),
	PTR("5.2.0.192.in-addr.arpa", "n1.test"), PTR("5.2.0.192.in-addr.arpa", "n2.test"),
	PTR("5.2.0.192.in-addr.arpa", "n3.test"), PTR("5.2.0.192.in-addr.arpa", "n4.test"),
	PTR("5.2.0.192.in-addr.arpa", "n5.test"), PTR("5.2.0.192.in-addr.arpa", "n6.test"),
	PTR("5.2.0.192.in-addr.arpa", "n7.test"), PTR("5.2.0.192.in-addr.arpa", "n8.test"),
	PTR("5.2.0.192.in-addr.arpa", "n9.test"), PTR("5.2.0.192.in-addr.arpa", "ten.hit.test"),
	PTR("5.2.0.192.in-addr.arpa", "late.example.com"), A("ten.hit.test", "192.0.2.5"),
	A("late.example.com", "192.0.2.5"),
	{"7.2.0.192.in-addr.arpa", DNS_PTR, DNS_FAILED, NULL},
	A("joe.example.com.l.test", "127.0.0.2"), A("192.0.2.1.in-addr.i.test", "127.0.0.2"),
	A("helo.test.h.test", "127.0.0.2"),
	A("postmaster.l2.test", "127.0.0.2"),
	A("2.0.0.1.0.d.b.8.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.1.ip6.i.test", "127.0.0.2"),
};

static unsigned asked;

static struct spf check(const struct spf_input *in)
{
	struct dns_set *set = dns_set_new();
	struct spf out;
	unsigned rounds = 0;

	assert_non_null(set);
	asked = 0;
	while (!spf_check(&out, in, set)) {
		assert_in_range(++rounds, 1, 60);
		asked += zone_answer_all(set, zone, LENGTH(zone));
	}
	dns_set_free(&set);
	return out;
}

struct case_of {
	const char *record, *ip;
	enum spf_result result;
};

static void run(const struct case_of *cases, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct spf_input in = {cases[i].ip, "example.com", "joe@example.com", "helo.test"};
		struct spf out;

		zone[0].text = cases[i].record;
		out = check(&in);
		if (out.result != cases[i].result)
			fail_msg("%s from %s: %s (%s)", cases[i].record, cases[i].ip, spf_result_name(out.result),
			 out.why);
		assert_int_equal(out.why[0] == '\0', out.result != SPF_NONE && out.result < SPF_TEMPERROR);
	}
}

static void test_mechanisms(void **state)
{
	static const struct case_of cases[] = {
		{"v=spf1 +all", V4, SPF_PASS}, {"v=spf1 all", V4, SPF_PASS}, {"v=spf1 -all", V4, SPF_FAIL},
		{"v=spf1 ~ALL", V4, SPF_SOFTFAIL}, {"v=spf1 ?all", V4, SPF_NEUTRAL}, {"v=spf1", V4, SPF_NEUTRAL},
		{"v=spf1   ", V4, SPF_NEUTRAL}, {"v=spf1 ip4:192.0.2.1 -all", V4, SPF_PASS},
		{"v=spf1 ip4:192.0.2.128/24 -all", V4, SPF_PASS}, {"v=spf1 ip4:192.0.2.128/25 -all", V4, SPF_FAIL},
		{"v=spf1 ip4:10.0.0.0/0 -all", V4, SPF_PASS}, {"v=spf1 ip4:0.0.0.0/0 -all", V6, SPF_FAIL},
		{"v=spf1 ip6:2001:db8::/32 -all", V6, SPF_PASS}, {"v=spf1 ip6:2001:db8::2 -all", V6, SPF_FAIL},
		{"v=spf1 ip6:::/0 -all", V4, SPF_FAIL}, {"v=spf1 ip6:::ffff:192.0.2.1 -all", V4, SPF_FAIL},
		{"v=spf1 ip4:192.0.2.1 -all", "::ffff:192.0.2.1", SPF_PASS},
		{"v=spf1 a -all", "::ffff:192.0.2.1", SPF_PASS},
		{"v=spf1 ip6:::ffff:0:0/96 -all", "::ffff:192.0.2.1", SPF_FAIL},
		{"v=spf1 a -all", V4, SPF_PASS}, {"v=spf1 a -all", V6, SPF_PASS},
		{"v=spf1 a -all", "192.0.2.2", SPF_FAIL},
		{"v=spf1 a/24 -all", "192.0.2.2", SPF_PASS}, {"v=spf1 a/24 -all", "2001:db8::2", SPF_FAIL},
		{"v=spf1 a//64 -all", "2001:db8::2", SPF_PASS}, {"v=spf1 a//64 -all", "192.0.2.2", SPF_FAIL},
		{"v=spf1 a/24//64 -all", "192.0.2.2", SPF_PASS},
		{"v=spf1 a:example.com/24//64 -all", "2001:db8::2", SPF_PASS},
		{"v=spf1 a:A.Example.COM. -all", "192.0.2.77", SPF_PASS},
		{"v=spf1 a:%{d}/24 -all", "192.0.2.2", SPF_PASS},
		{"v=spf1 mx -all", "192.0.2.9", SPF_PASS}, {"v=spf1 mx -all", "2001:db8::9", SPF_PASS},
		{"v=spf1 mx -all", V4, SPF_FAIL}, {"v=spf1 mx/24//32 -all", V4, SPF_PASS},
		{"v=spf1 mx:null.test -all", V4, SPF_FAIL},
		{"v=spf1 mx:a.example.com -all", "192.0.2.77", SPF_FAIL}, {"v=spf1 ptr -all", V4, SPF_PASS},
		{"v=spf1 ptr -all", V6, SPF_PASS}, {"v=spf1 ptr:other.test -all", V4, SPF_PASS},
		{"v=spf1 ptr:liar.test -all", V4, SPF_FAIL}, {"v=spf1 ptr:her.test -all", V4, SPF_FAIL},
		{"v=spf1 ptr -all", "192.0.2.7", SPF_FAIL}, {"v=spf1 exists:a.example.com -all", V6, SPF_PASS},
		{"v=spf1 exists:no.example.com -all", V4, SPF_FAIL},
		{"v=spf1 exists:six.example.com -all", V6, SPF_FAIL},
		{"v=spf1 -ip4:192.0.2.1 +all", V4, SPF_FAIL}, {"v=spf1 a:" L63 "a.test -all", V4, SPF_FAIL},
	};

	(void)state;
	run(cases, LENGTH(cases));
}

static void test_includes_and_modifiers(void **state)
{
	static const struct case_of cases[] = {
		{"v=spf1 include:pass.test -all", V4, SPF_PASS}, {"v=spf1 -include:pass.test +all", V4, SPF_FAIL},
		{"v=spf1 include:fail.test ~all", V4, SPF_SOFTFAIL}, {"v=spf1 include:soft.test -all", V4, SPF_FAIL},
		{"v=spf1 include:neutral.test -all", V4, SPF_FAIL}, {"v=spf1 include:nothing.test -all", V4, SPF_FAIL},
		{"v=spf1 include:other.test -all", V4, SPF_PERMERROR},
		{"v=spf1 include:no.test -all", V4, SPF_PERMERROR},
		{"v=spf1 include:broken.test -all", V4, SPF_TEMPERROR},
		{"v=spf1 include:bad.test -all", V4, SPF_PERMERROR},
		{"v=spf1 include:two.test -all", V4, SPF_PERMERROR},
		{"v=spf1 ?include:deep.test -all", V4, SPF_NEUTRAL},
		{"v=spf1 include:tofail.test ~all", V4, SPF_SOFTFAIL},
		{"v=spf1 include:topass.test -all", V4, SPF_PASS},
		{"v=spf1 include:own.test -all", V4, SPF_PASS}, {"v=spf1 all include:broken.test", V4, SPF_PASS},
		{"v=spf1 redirect=fail.test", V4, SPF_FAIL}, {"v=spf1 redirect=fail.test ip4:192.0.2.1", V4, SPF_PASS},
		{"v=spf1 redirect=pass.test -all", V4, SPF_FAIL}, {"v=spf1 redirect=no.test", V4, SPF_PERMERROR},
		{"v=spf1 redirect=broken.test", V4, SPF_TEMPERROR}, {"v=spf1 redirect=own.test", V4, SPF_PASS},
		{"v=spf1 redirect=bad.test", V4, SPF_PERMERROR}, {"v=spf1 REDIRECT=tofail.test", V4, SPF_FAIL},
		{"v=spf1 redirect=%{l}", V4, SPF_PERMERROR}, {"v=spf1 exp=why.example.com -all", V4, SPF_FAIL},
		{"v=spf1 exp=%{c}.example.com -all", V4, SPF_PERMERROR},
		{"v=spf1 exp=a.test exp=a.test -all", V4, SPF_PERMERROR},
		{"v=spf1 redirect=pass.test redirect=pass.test", V4, SPF_PERMERROR},
		{"v=spf1 future=%{c}x -all", V4, SPF_FAIL},
		{"v=spf1 future= -all", V4, SPF_FAIL}, {"v=spf1 -all future=%x", V4, SPF_PERMERROR},
		{"v=spf1 a-b_c.d=1 a-b_c.d=1 -all", V4, SPF_FAIL}, {"v=spf1 mx:broken.test -all", V4, SPF_TEMPERROR},
		{"v=spf1 a:broken.test +all", V4, SPF_TEMPERROR}, {"v=spf1 mx:sick.test -all", V4, SPF_TEMPERROR},
		{"v=spf1 mx:luck.test -all", V4, SPF_PASS}, {"v=spf1 exists:broken.test +all", V4, SPF_TEMPERROR},
	};

	(void)state;
	run(cases, LENGTH(cases));
}

static void test_syntax(void **state)
{
	/* Each stands behind what would match at once: a record is read to its end first. */
	static const char *const bad[] = {
		"foo", "all:x.test", "all/8", "all.", "all=", "+redirect=a.test", "redirect=", "redirect:a.test",
		"exp=", "=a",
		"include", "include:", "include:test", "include:a.test/24", "include=a.test:", "exists", "exists:",
		"exists:a.123",
		"a:", "a:/24", "a/", "a/33", "a/024", "a//129", "a//", "a/24/64", "a/24//64/1", "a///64",
		"a:a.test/24/64", "a:test",
		"a:test.", "a:a..", "a:a.-test", "a:a.test-", "a:a.te_st", "a:192.0.2.1", "a:%{d}com", "a:%", "a:%{",
		"a:%{}", "a:%{x}",
		"a:%{d", "a:%{d0}", "a:%{d1x}", "a:%{rd}", "a:%{d.r}", "a:%a.test", "a:%{t}.test", "mx:", "mx/-1",
		"ptr:", "ptr/24",
		"ptr:a.test/24", "ip4", "ip4:", "ip4:192.0.2", "ip4:192.0.2.1/33", "ip4:192.0.2.1/", "ip4:192.0.2.1/08",
		"ip4:192.0.2.01", "ip4:192.0.2.256", "ip4:2001:db8::1", "ip4:192.0.2.1//32", "ip4=192.0.2.1:",
		"ip6:192.0.2.1",
		"ip6:2001:db8::1/129", "ip6:2001:db8:::1", "ip6", "-", "--all", "a\tb", "a:\x01.test",
		"a:\xc3\xa4.test", "a-b",
	};
	char record[200];

	(void)state;
	for (size_t i = 0; i < LENGTH(bad); i++) {
		struct case_of one = {record, V4, SPF_PERMERROR};

		/* A modifier of an unknown name is no fault. */
		if (strncmp(bad[i], "include=", 8) == 0 || strncmp(bad[i], "ip4=", 4) == 0 || strcmp(bad[i],
		 "all=") == 0)
			one.result = SPF_PASS;
		snprintf(record, sizeof(record), "v=spf1 +all %s", bad[i]);
		run(&one, 1);
	}
}

static void test_limits(void **state)
{
	static const struct case_of cases[] = {
		{"v=spf1 include:loop.test", V4, SPF_PERMERROR}, {"v=spf1 redirect=turn.test", V4, SPF_PERMERROR},
		{"v=spf1 include:example.com", V4, SPF_PERMERROR},
		{"v=spf1 " NINE "a -all", V4, SPF_PASS},
		{"v=spf1 " NINE "a:m2.test a", V4,
		 SPF_PERMERROR},
		{"v=spf1 mx:m1.test exists:n2.test ptr:x.test include:fail.test mx mx mx mx mx mx redirect=fail.test",
		 V4,
		 SPF_PERMERROR},
		{"v=spf1 mx include:fail.test mx mx mx mx mx mx mx redirect=fail.test", V4, SPF_FAIL},
		{"v=spf1 exists:n1.test exists:n2.test -all", V4, SPF_FAIL},
		{"v=spf1 exists:n1.test a:n2.test mx:n3.test +all", V4, SPF_PERMERROR},
		{"v=spf1 exists:n1.test exists:n1.test exists:n1.test +all", V4, SPF_PERMERROR},
		{"v=spf1 mx:ten.test -all", V4, SPF_PASS}, {"v=spf1 mx:eleven.test -all", V4, SPF_PERMERROR},
		{"v=spf1 mx:voids.test -all", V4, SPF_PERMERROR}, {"v=spf1 ptr:hit.test -all", "192.0.2.5", SPF_PASS},
		{"v=spf1 ptr -all", "192.0.2.5", SPF_FAIL}, {"v=spf1 ptr ptr ptr -all", "192.0.2.200", SPF_FAIL},
	};
	struct spf_input in = {V4, "turn.test", "joe@turn.test", "helo.test"};
	struct spf out;
	static char record[9000];
	struct case_of large = {record, V4, SPF_PERMERROR};

	(void)state;
	run(cases, LENGTH(cases));
	out = check(&in);
	assert_int_equal(out.lookups, 10);
	memset(record, ' ', sizeof(record) - 1);
	memcpy(record, "v=spf1 +all", 11);
	run(&large, 1);
}

static void test_selection(void **state)
{
	static const struct {
		const char *domain;
		enum spf_result result;
	} cases[] = {
		{"no.test", SPF_NONE}, {"other.test", SPF_NONE}, {"near.test", SPF_NONE}, {"tab.test", SPF_NONE},
		{"bare.test", SPF_NEUTRAL}, {"upper.test", SPF_FAIL}, {"mixed.test", SPF_FAIL},
		{"two.test", SPF_PERMERROR},
		{"broken.test", SPF_TEMPERROR}, {"a.example.com", SPF_NONE}, {"test", SPF_NONE}, {"", SPF_NONE},
		{".", SPF_NONE},
		{"a..test", SPF_NONE}, {".a.test", SPF_NONE}, {L63 "a.test", SPF_NONE}, {"fail.test.", SPF_FAIL},
		{"FAIL.Test", SPF_FAIL}, {L63 "." L63 "." L63 "." L63 ".test", SPF_NONE}, {"test.", SPF_NONE},
	};
	struct spf_input in = {.sender = "joe@example.com", .helo = "helo.test"};

	(void)state;
	for (size_t i = 0; i < LENGTH(cases); i++) {
		in.ip = V4;
		in.domain = cases[i].domain;
		if (check(&in).result != cases[i].result)
			fail_msg("%s: %s", in.domain, spf_result_name(check(&in).result));
		in.ip = "local";
		assert_int_equal(check(&in).result, SPF_NONE);
		assert_int_equal(asked, 0);
	}
}

static void test_macros_in_names(void **state)
{
	static const struct case_of cases[] = {
		{"v=spf1 exists:%{l}.%{o}.l.test -all", V4, SPF_PASS},
		{"v=spf1 exists:%{i}.%{v}.i.test -all", V4, SPF_PASS},
		{"v=spf1 exists:%{i}.%{v}.i.test -all", V6, SPF_PASS}, {"v=spf1 exists:%{h}.h.test -all", V4, SPF_PASS},
		{"v=spf1 exists:%{p}.p.test -all", V4, SPF_PASS},
		{"v=spf1 exists:%{p}.p.test -all", "192.0.2.200", SPF_PASS},
		{"v=spf1 exists:%{p}.p.test -all", "192.0.2.7", SPF_PASS}, {"v=spf1 a:%{p} -all", V4, SPF_PASS},
		{"v=spf1 a:%{H} include:%{l}%{h} -all", V4, SPF_PERMERROR},
		{"v=spf1 a:%{l}%{l}%{l}%{l}%{l}%{l}%{l}%{l}%{l}%{l}%{l}%{l}"
		 "%{l}%{l}%{l}%{l}%{l}%{l}%{l}%{l}%{l}%{l}.a.%{d}", V4,
		 SPF_NEUTRAL},
	};
	static const char *const senders[] = {"", "@example.com", "postmaster@example.com", "example.com"};

	(void)state;
	run(cases, LENGTH(cases));
	zone[0].text = "v=spf1 exists:%{l}.l2.test -all";
	for (size_t i = 0; i < LENGTH(senders); i++) {
		struct spf_input in = {V4, "example.com", senders[i], "helo.test"};

		assert_int_equal(check(&in).result, SPF_PASS);
	}
}

/* RFC 7208 7.4, then more. */
static void test_macro_expansion(void **state)
{
	static const struct spf_macros four = {.sender = "strong-bad@email.example.com", .local = "strong-bad",
		.origin = "email.example.com", .domain = "email.example.com", .ip = "192.0.2.3", .family = "in-addr",
		.validated = "mx.example.org", .helo = "mail.example.net"};
	static const char six[] = "2.0.0.1.0.d.b.8.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.c.b.0.1";
	static const struct {
		const char *text, *is;
	} cases[] = {
		{"%{s}", "strong-bad@email.example.com"}, {"%{o}", "email.example.com"}, {"%{d}", "email.example.com"},
		{"%{d4}", "email.example.com"}, {"%{d3}", "email.example.com"}, {"%{d2}", "example.com"},
		{"%{d1}", "com"},
		{"%{dr}", "com.example.email"}, {"%{d2r}", "example.email"}, {"%{l}", "strong-bad"},
		{"%{l-}", "strong.bad"},
		{"%{lr}", "strong-bad"}, {"%{lr-}", "bad.strong"}, {"%{l1r-}", "strong"},
		{"%{ir}.%{v}._spf.%{d2}", "3.2.0.192.in-addr._spf.example.com"},
		{"%{lr-}.lp._spf.%{d2}", "bad.strong.lp._spf.example.com"},
		{"%{lr-}.lp.%{ir}.%{v}._spf.%{d2}", "bad.strong.lp.3.2.0.192.in-addr._spf.example.com"},
		{"%{ir}.%{v}.%{l1r-}.lp._spf.%{d2}", "3.2.0.192.in-addr.strong.lp._spf.example.com"},
		{"%{d2}.trusted-domains.example.net", "example.com.trusted-domains.example.net"},
		{"a%%b%_c%-d.%{h}", "a%b c%20d.mail.example.net"}, {"%{S}", "strong-bad%40email.example.com"},
		{"%{p1}", "org"}, {"%{D99999999999r}", "com.example.email"},
		{"%{s-.+,/_=}", "strong.bad@email.example.com"},
		{"%{h}.", "mail.example.net"}, {"%{l1-}", "bad"}, {"%{V}", "in-addr"},
	};
	char out[DNS_NAME_MAX + 1];
	struct spf_macros m = four;

	(void)state;
	for (size_t i = 0; i < LENGTH(cases); i++) {
		spf_macro_expand(out, cases[i].text, strlen(cases[i].text), &m);
		assert_string_equal(out, cases[i].is);
	}
	m.ip = six;
	m.family = "ip6";
	spf_macro_expand(out, "%{ir}.%{v}._spf.%{d2}", 21, &m);
	assert_string_equal(out,
	 "1.0.b.c.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6._spf.example.com");
}

static void test_macro_asks_for_a_name(void **state)
{
	(void)state;
	assert_true(spf_macro_uses_p("a.%{P1r}", 8));
	assert_false(spf_macro_uses_p("p.%%{p}", 7));
}

/* Labels fall off the left until the name can be asked; a text that never ends cannot fill more than a window. */
static void test_macro_truncation(void **state)
{
	char out[DNS_NAME_MAX + 1], text[6000];
	struct spf_macros m = {.domain = L63 "." L63 "." L63 ".test"};

	(void)state;
	spf_macro_expand(out, "first." L63 ".%{d}", 6 + 63 + 5, &m);
	assert_string_equal(out, L63 "." L63 "." L63 ".test");
	for (size_t i = 0; i + 4 <= sizeof(text); i += 4)
		memcpy(text + i, "%{d}", 4);
	spf_macro_expand(out, text, sizeof(text), &m);
	assert_string_equal(out, "test" L63 "." L63 "." L63 ".test");
	memset(text, 'x', sizeof(text));
	spf_macro_expand(out, text, sizeof(text), &m);
	assert_string_equal(out, "");
}

static void test_words(void **state)
{
	struct spf_input in = {V4, "example.com", "joe@example.com", "helo.test"};
	struct spf out;

	(void)state;
	zone[0].text = "v=spf1 a:m1.test include:deep.test -all";
	out = check(&in);
	assert_string_equal(out.mechanism, "include:deep.test");
	assert_int_equal(out.lookups, 3);
	assert_int_equal(out.voids, 0);
	zone[0].text = "v=spf1 a:no.test";
	out = check(&in);
	assert_string_equal(out.mechanism, "default");
	assert_int_equal(out.voids, 1);
	zone[0].text = "v=spf1 ip4:192.0.2.0/24 -all";
	out = check(&in);
	assert_string_equal(out.mechanism, "ip4:192.0.2.0/24");
	zone[0].text = "v=spf1 a:\xc3\n.test";
	out = check(&in);
	assert_string_equal(out.why, "cannot be read: a:??.test");
	assert_string_equal(spf_result_name(SPF_SOFTFAIL), "softfail");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mechanisms), cmocka_unit_test(test_includes_and_modifiers),
		cmocka_unit_test(test_syntax),
		cmocka_unit_test(test_limits), cmocka_unit_test(test_selection), cmocka_unit_test(test_macros_in_names),
		cmocka_unit_test(test_macro_expansion),
		cmocka_unit_test(test_macro_asks_for_a_name), cmocka_unit_test(test_macro_truncation),
		cmocka_unit_test(test_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
