/* dmarc.h: records, the tree walk, policies, alignment. A zone is written in words, one name a line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "dmarc.h"

/* ---- a zone in words: "NAME TEXT" lines; TEXT "!" fails, "-" exists without records. Others do not exist. ---- */

static unsigned asked;

static void answer(struct dns_set *set, const struct dns_question *q, const char *zone)
{
	struct dns_record records[8];
	enum dns_status status = DNS_NXDOMAIN;
	size_t n = 0, name_len = strlen(q->name);

	for (const char *line = zone; *line != '\0';) {
		size_t len = strcspn(line, "\n");

		if (len > name_len && strncmp(line, q->name, name_len) == 0 && line[name_len] == ' ') {
			const char *text = line + name_len + 1;
			size_t text_len = len - name_len - 1;

			if (text_len == 1 && *text == '!') {
				status = DNS_FAILED;
			} else if (text_len == 1 && *text == '-') {
				status = DNS_NODATA;
			} else if (q->type == DNS_TXT) {
				status = DNS_FOUND;
				records[n++] = (struct dns_record){.data = (const unsigned char *)text, .len = text_len};
			}
		}
		line += len + (line[len] == '\n');
	}
	assert_int_equal(dns_set_answer(set, q->id, status, records, n), 0);
}

static void answer_all(struct dns_set *set, const char *zone)
{
	struct dns_question q;

	while (dns_set_next(set, &q)) {
		asked++;
		answer(set, &q, zone);
	}
}

static void discover(struct dmarc *d, struct dns_set *set, const char *author, const char *zone)
{
	unsigned rounds = 0;

	asked = 0;
	while (!dmarc_discover(d, author, set)) {
		assert_in_range(++rounds, 1, 3);
		answer_all(set, zone);
	}
}

/* ---- records ---- */

static void records(void **state)
{
	static const struct {
		const char *text, *read; /* "" is no record; else "p sp np adkim aspf psd t", '!' where it cannot be used */
	} cases[] = {
		{"v=DMARC1; p=reject", "reject reject reject r r u n"},
		{"v=DMARC1;p=none", "none none none r r u n"},
		{"v=DMARC1; p=quarantine; sp=none", "quarantine none none r r u n"},
		{"v=DMARC1; p=none; np=reject", "none none reject r r u n"},
		{"v=DMARC1; p=none; sp=quarantine; np=reject", "none quarantine reject r r u n"},
		{"v=DMARC1; p=reject; adkim=s; aspf=s", "reject reject reject s s u n"},
		{"v=DMARC1; p=reject; adkim=x; aspf=r", "reject reject reject r r u n"},
		{"v=DMARC1; p=reject; psd=y", "reject reject reject r r y n"},
		{"v=DMARC1; p=reject; psd=n; t=y", "reject reject reject r r n y"},
		{"v=DMARC1; p=reject; psd=maybe", "reject reject reject r r u n"},
		{"v=DMARC1; p=reject; t=n", "reject reject reject r r u n"},
		{"v = DMARC1 ; P = REJECT ; ", "reject reject reject r r u n"},
		{"v=DMARC1\t;\tp=reject\t", "reject reject reject r r u n"},
		{"v=DMARC1; p=reject; pct=0; ri=3600; rf=afrf; fo=1; new=thing", "reject reject reject r r u n"},
		{"v=DMARC1; nonsense; p=reject", "reject reject reject r r u n"},
		{"v=DMARC1; p=reject; p=none", "reject reject reject r r u n"},
		{"v=DMARC1; sp=reject; p=none", "none reject reject r r u n"},
		{"v=DMARC1", "none none none r r u n"},
		{"v=DMARC1; rua=mailto:d@example.com", "none none none r r u n"},
		{"v=DMARC1; sp=reject", "none reject reject r r u n"},
		{"v=DMARC1; p=rejecting; rua=mailto:d@example.com", "none none none r r u n"},
		{"v=DMARC1; p=reject; sp=what; rua=mailto:d@example.com", "none none none r r u n"},
		{"v=DMARC1; p=reject; np=; rua=x, mailto:d@example.com", "none none none r r u n"},
		{"v=DMARC1; p=rejecting", "!"},
		{"v=DMARC1; p=", "!"},
		{"v=DMARC1; p=reject; sp=what", "!"},
		{"v=DMARC1; p=rejecting; rua=", "!"},
		{"v=DMARC1; p=rejecting; rua=nobody, mailto:", "!"},
		/* libopendmarc takes the next one. */
		{"p=reject; v=DMARC1", ""},
		{" v=DMARC1; p=reject", ""},
		{"v=DMARC2; p=reject", ""},
		{"v=DMARC10; p=reject", ""},
		{"v=dmarc1; p=reject", ""},
		{"v=DMARC1 p=reject", ""},
		{"v=spf1 -all", ""},
		{"V=DMARC1; p=reject", "reject reject reject r r u n"},
		{"vv=DMARC1; p=reject", ""},
		{";v=DMARC1; p=reject", ""},
		{"DMARC1; p=reject", ""},
		{"", ""},
		{";", ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct dmarc_record r;
		char read[80] = "";

		if (dmarc_parse(&r, cases[i].text, strlen(cases[i].text)))
			snprintf(read, sizeof(read), r.valid ? "%s %s %s %c %c %c %c" : "!", dmarc_policy_name(r.p), dmarc_policy_name(r.sp),
			    dmarc_policy_name(r.np), r.adkim_strict ? 's' : 'r', r.aspf_strict ? 's' : 'r', r.psd, r.testing ? 'y' : 'n');
		if (strcmp(read, cases[i].read) != 0)
			fail_msg("%s: %s", cases[i].text, read);
	}
}

static void long_record_is_none(void **state)
{
	char text[DMARC_RECORD_MAX + 2];
	struct dmarc_record r;

	(void)state;
	memset(text, ' ', sizeof(text));
	memcpy(text, "v=DMARC1; p=reject;", 19);
	assert_true(dmarc_parse(&r, text, DMARC_RECORD_MAX));
	assert_int_equal(r.p, DMARC_POLICY_REJECT);
	assert_false(dmarc_parse(&r, text, DMARC_RECORD_MAX + 1));
}

/* ---- discovery ---- */

#define R "v=DMARC1; p=reject"

static const struct {
	const char *author, *zone, *found; /* "RECORD published policy ORG" or "none ORG", "temperror" */
} policies_cases[] = {
	{"example.com", "_dmarc.example.com " R, "example.com reject reject example.com"},
	{"example.com", "", "none example.com"},
	{"example.com", "_dmarc.example.com v=spf1 -all", "none example.com"},
	{"mail.example.com", "_dmarc.example.com " R, "example.com reject reject example.com"},
	{"mail.example.com", "_dmarc.example.com " R "; sp=none", "example.com none none example.com"},
	{"example.com", "_dmarc.example.com " R "; sp=none", "example.com reject reject example.com"},
	{"a.b.example.com", "_dmarc.example.com " R "\n_dmarc.b.example.com v=DMARC1; p=none",
	    "example.com reject reject example.com"},
	{"a.example.com", "_dmarc.a.example.com v=DMARC1; p=none\n_dmarc.example.com " R,
	    "a.example.com none none example.com"},
	/* np */
	{"x.example.com", "_dmarc.example.com v=DMARC1; p=none; np=reject", "example.com reject reject example.com"},
	{"x.example.com", "_dmarc.example.com v=DMARC1; p=none; np=reject\nx.example.com -", "example.com none none example.com"},
	{"x.example.com", "_dmarc.example.com v=DMARC1; p=none; np=reject\nx.example.com !", "temperror"},
	{"x.example.com", "_dmarc.example.com " R "; sp=none; np=quarantine", "example.com quarantine quarantine example.com"},
	{"example.com", "_dmarc.example.com v=DMARC1; p=none; np=reject", "example.com none none example.com"},
	/* t=y */
	{"example.com", "_dmarc.example.com " R "; t=y", "example.com reject quarantine example.com"},
	{"example.com", "_dmarc.example.com v=DMARC1; p=quarantine; t=y", "example.com quarantine none example.com"},
	{"example.com", "_dmarc.example.com v=DMARC1; p=none; t=y", "example.com none none example.com"},
	/* psd */
	{"a.b.example.com", "_dmarc.b.example.com v=DMARC1; p=none; psd=n\n_dmarc.example.com " R,
	    "b.example.com none none b.example.com"},
	{"b.bank.example", "_dmarc.bank.example " R "; psd=y", "bank.example reject reject b.bank.example"},
	{"a.b.bank.example", "_dmarc.bank.example " R "; psd=y; sp=quarantine", "bank.example quarantine quarantine b.bank.example"},
	{"a.b.bank.example", "_dmarc.bank.example " R "; psd=y\n_dmarc.b.bank.example v=DMARC1; p=none",
	    "b.bank.example none none b.bank.example"},
	{"a.b.bank.example", "_dmarc.bank.example " R "; psd=y\n_dmarc.a.b.bank.example v=DMARC1; p=none",
	    "a.b.bank.example none none b.bank.example"},
	{"bank.example", "_dmarc.bank.example " R "; psd=y", "bank.example reject reject bank.example"},
	{"bank.example", "_dmarc.bank.example v=DMARC1; p=none; psd=u\n_dmarc.example " R "; psd=y",
	    "bank.example none none bank.example"},
	{"x.example", "_dmarc.example " R "; psd=y", "example reject reject x.example"},
	/* A public suffix without psd= is none the less not an organisation. */
	{"b.co.uk", "_dmarc.co.uk " R, "co.uk reject reject b.co.uk"},
	{"x.github.io", "_dmarc.github.io " R, "github.io reject reject x.github.io"},
	{"a.b.ck", "_dmarc.b.ck " R "; sp=quarantine", "b.ck quarantine quarantine a.b.ck"},
	{"x.github.io", "_dmarc.github.io " R "; psd=n", "github.io reject reject github.io"},
	{"x.y.github.io", "_dmarc.github.io " R "\n_dmarc.io v=DMARC1; p=none", "github.io reject reject y.github.io"},
	{"github.io", "_dmarc.github.io " R, "github.io reject reject github.io"},
	/* several, unreadable */
	{"example.com", "_dmarc.example.com " R "\n_dmarc.example.com v=DMARC1; p=none", "none example.com"},
	{"example.com", "_dmarc.example.com " R "\n_dmarc.example.com other text", "example.com reject reject example.com"},
	{"a.example.com", "_dmarc.a.example.com " R "\n_dmarc.a.example.com " R "\n_dmarc.example.com v=DMARC1; p=quarantine",
	    "example.com quarantine quarantine example.com"},
	{"a.example.com", "_dmarc.a.example.com v=DMARC1; p=what\n_dmarc.example.com " R, "none example.com"},
	{"a.example.com", "_dmarc.example.com v=DMARC1; p=what", "none a.example.com"},
	{"example.com", "_dmarc.example.com v=DMARC1; p=what; rua=mailto:a@example.com", "example.com none none example.com"},
	{"example.com", "_dmarc.example.com p=reject; v=DMARC1", "none example.com"},
	/* DNS */
	{"example.com", "_dmarc.example.com !", "temperror"},
	{"a.example.com", "_dmarc.example.com !", "temperror"},
	{"a.example.com", "_dmarc.com !", "temperror"},
	{"a.example.com", "_dmarc.example.com " R "\n_dmarc.com !", "temperror"},
	{"a.example.com", "_dmarc.a.example.com " R "\n_dmarc.example.com !", "temperror a.example.com reject"},
	{"a.example.com", "_dmarc.a.example.com " R "; psd=n\n_dmarc.example.com !", "a.example.com reject reject a.example.com"},
	{"example.com", "_dmarc.example.com -", "none example.com"},
	/* many labels: the full name, then seven */
	{"1.2.3.4.5.6.7.8.9.example.com", "_dmarc.1.2.3.4.5.6.7.8.9.example.com " R,
	    "1.2.3.4.5.6.7.8.9.example.com reject reject 1.2.3.4.5.6.7.8.9.example.com"},
	{"1.2.3.4.5.6.7.8.9.example.com", "_dmarc.5.6.7.8.9.example.com " R,
	    "5.6.7.8.9.example.com reject reject 5.6.7.8.9.example.com"},
	{"1.2.3.4.5.6.7.8.9.example.com", "_dmarc.4.5.6.7.8.9.example.com " R, "none 1.2.3.4.5.6.7.8.9.example.com"},
	{"1.2.3.4.5.6.7.8.9.example.com", "_dmarc.5.6.7.8.9.example.com " R "; psd=y",
	    "5.6.7.8.9.example.com reject reject 4.5.6.7.8.9.example.com"},
	{"1.2.3.4.5.6.example.com", "_dmarc.2.3.4.5.6.example.com " R, "2.3.4.5.6.example.com reject reject 2.3.4.5.6.example.com"},
	{"localhost", "", "none localhost"},
	{"", "", "none "},
};

static void policies(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(policies_cases) / sizeof(policies_cases[0]); i++) {
		struct dns_set *set = dns_set_new();
		struct dmarc d;
		char found[900];

		discover(&d, set, policies_cases[i].author, policies_cases[i].zone);
		if (d.temperror)
			snprintf(found, sizeof(found), d.found && d.org_domain[0] == '\0' ? "temperror %s %s" : "temperror", d.record_domain,
			    dmarc_policy_name(d.policy));
		else if (!d.found)
			snprintf(found, sizeof(found), "none %s", d.org_domain);
		else
			snprintf(found, sizeof(found), "%s %s %s %s", d.record_domain, dmarc_policy_name(d.published),
			    dmarc_policy_name(d.policy), d.org_domain);
		if (strcmp(found, policies_cases[i].found) != 0)
			fail_msg("case %zu, %s: %s", i, policies_cases[i].author, found);
		assert_in_range(asked, 0, 9);
		dns_set_free(&set);
	}
}

static void eight_questions(void **state)
{
	static const struct {
		const char *author;
		unsigned n;
	} cases[] = {
		{"com", 1}, {"example.com", 2}, {"a.example.com", 3}, {"1.2.3.4.5.6.example.com", 8}, {"1.2.3.4.5.6.7.example.com", 8},
		{"1.2.3.4.5.6.7.8.9.10.11.12.13.14.15.16.17.18.19.20.example.com", 8},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct dns_set *set = dns_set_new();
		struct dmarc d;

		discover(&d, set, cases[i].author, "");
		assert_int_equal(asked, cases[i].n);
		dns_set_free(&set);
	}
}

/* ---- alignment ---- */

static void alignment(void **state)
{
	static const char ORG[] = "_dmarc.example.com " R "\n_dmarc.news.example.com v=DMARC1; p=none; psd=n\n"
	                          "_dmarc.slow.example.com !";
	static const struct {
		const char *author, *identifier, *zone;
		enum dmarc_mode mode;
		enum dmarc_alignment is;
	} cases[] = {
		{"example.com", "example.com", ORG, DMARC_RELAXED, DMARC_ALIGNED},
		{"example.com", "example.com", ORG, DMARC_STRICT, DMARC_ALIGNED},
		{"example.com", "mail.example.com", ORG, DMARC_RELAXED, DMARC_ALIGNED},
		{"example.com", "mail.example.com", ORG, DMARC_STRICT, DMARC_NOT_ALIGNED},
		{"mail.example.com", "example.com", ORG, DMARC_RELAXED, DMARC_ALIGNED},
		{"a.example.com", "b.example.com", ORG, DMARC_RELAXED, DMARC_ALIGNED},
		{"example.com", "news.example.com", ORG, DMARC_RELAXED, DMARC_NOT_ALIGNED},
		{"news.example.com", "example.com", ORG, DMARC_RELAXED, DMARC_NOT_ALIGNED},
		{"a.news.example.com", "b.news.example.com", ORG, DMARC_RELAXED, DMARC_ALIGNED},
		{"example.com", "slow.example.com", ORG, DMARC_RELAXED, DMARC_UNKNOWN},
		{"slow.example.com", "slow.example.com", ORG, DMARC_RELAXED, DMARC_ALIGNED},
		{"slow.example.com", "example.com", ORG, DMARC_RELAXED, DMARC_UNKNOWN},
		{"slow.example.com", "example.com", ORG, DMARC_STRICT, DMARC_NOT_ALIGNED},
		{"example.com", "badexample.com", ORG, DMARC_RELAXED, DMARC_NOT_ALIGNED},
		{"example.com", "example.com.evil.example", ORG, DMARC_RELAXED, DMARC_NOT_ALIGNED},
		{"example.com", "com", ORG, DMARC_RELAXED, DMARC_NOT_ALIGNED},
		{"example.com", "", ORG, DMARC_RELAXED, DMARC_NOT_ALIGNED},
		/* without any record a name is only like itself */
		{"mail.example.net", "example.net", "", DMARC_RELAXED, DMARC_NOT_ALIGNED},
		/* what libopendmarc let pass: short names, and strangers below one suffix */
		{"x.com", "evil.com", "_dmarc.x.com " R, DMARC_RELAXED, DMARC_NOT_ALIGNED},
		{"t.co", "evil.co", "_dmarc.t.co " R, DMARC_RELAXED, DMARC_NOT_ALIGNED},
		{"a.co.uk", "b.co.uk", "_dmarc.a.co.uk " R, DMARC_RELAXED, DMARC_NOT_ALIGNED},
		{"a.co.uk", "b.co.uk", "_dmarc.co.uk " R, DMARC_RELAXED, DMARC_NOT_ALIGNED},
		{"x.github.io", "evil.github.io", "_dmarc.github.io " R, DMARC_RELAXED, DMARC_NOT_ALIGNED},
		{"github.io", "evil.github.io", "_dmarc.github.io " R, DMARC_RELAXED, DMARC_NOT_ALIGNED},
		{"a.b.ck", "c.b.ck", "_dmarc.b.ck " R, DMARC_RELAXED, DMARC_NOT_ALIGNED},
		{"a.bank.example", "b.bank.example", "_dmarc.bank.example " R "; psd=y", DMARC_RELAXED, DMARC_NOT_ALIGNED},
		{"x.example", "y.example", "_dmarc.example " R, DMARC_RELAXED, DMARC_NOT_ALIGNED},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct dns_set *set = dns_set_new();
		enum dmarc_alignment is;
		struct dmarc d;

		discover(&d, set, cases[i].author, cases[i].zone);
		while ((is = dmarc_align(&d, cases[i].author, cases[i].identifier, cases[i].mode, set)) == DMARC_PENDING)
			answer_all(set, cases[i].zone);
		if (is != cases[i].is)
			fail_msg("%s, %s: %d", cases[i].author, cases[i].identifier, is);
		dns_set_free(&set);
	}
}

/* Only names inside the author's organisation cost questions. */
static void strangers_are_not_asked_for(void **state)
{
	struct dns_set *set = dns_set_new();
	struct dns_question q;
	struct dmarc d;

	(void)state;
	discover(&d, set, "example.com", "_dmarc.example.com " R);
	assert_int_equal(dmarc_align(&d, "example.com", "a.b.evil.example", DMARC_RELAXED, set), DMARC_NOT_ALIGNED);
	assert_false(dns_set_next(set, &q));
	assert_int_equal(dmarc_align(&d, "example.com", "a.example.com", DMARC_RELAXED, set), DMARC_PENDING);
	assert_true(dns_set_next(set, &q));
	assert_string_equal(q.name, "_dmarc.a.example.com");
	assert_int_equal(q.type, DNS_TXT);
	dns_set_free(&set);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(records),
		cmocka_unit_test(long_record_is_none),
		cmocka_unit_test(policies),
		cmocka_unit_test(eight_questions),
		cmocka_unit_test(alignment),
		cmocka_unit_test(strangers_are_not_asked_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
