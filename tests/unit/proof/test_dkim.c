/* DKIM: the signed examples of the RFCs, mails signed by another implementation, and every way to spoil them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "dkim_help.h"
#include "dkim_spec.h"

static const struct dkim_options OPTIONS = {1024, SAMPLES_NOW};
static struct key_zone keys;

/* RFC 6376 appendix A.2, with errata 3192 (one space in "game. Are") and 4926 (six spaces before folded lines): as
 * printed it does not verify. */
static const char RFC6376[] =
    "DKIM-Signature: v=1; a=rsa-sha256; s=brisbane; d=example.com;\r\n"
    "      c=simple/simple; q=dns/txt; i=joe@football.example.com;\r\n"
    "      h=Received : From : To : Subject : Date : Message-ID;\r\n"
    "      bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\r\n"
    "      b=AuUoFEfDxTDkHlLXSZEpZj79LICEps6eda7W3deTVFOk4yAUoqOB\r\n"
    "      4nujc7YopdG5dWLSdNg6xNAZpOPr+kHxt1IrE+NahM6L/LbvaHut\r\n"
    "      KVdkLLkpVaVVQPzeRDI009SO2Il5Lu7rDNH6mZckBdrIx0orEtZV\r\n"
    "      4bmp/YzhwvcubU4=;\r\n"
    "Received: from client1.football.example.com  [192.0.2.1]\r\n"
    "      by submitserver.example.com with SUBMISSION;\r\n"
    "      Fri, 11 Jul 2003 21:01:54 -0700 (PDT)\r\n"
    "From: Joe SixPack <joe@football.example.com>\r\n"
    "To: Suzie Q <suzie@shopping.example.net>\r\n"
    "Subject: Is dinner ready?\r\n"
    "Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)\r\n"
    "Message-ID: <20030712040037.46341.5F8J@football.example.com>\r\n"
    "\r\n"
    "Hi.\r\n\r\nWe lost the game. Are you hungry yet?\r\n\r\nJoe.\r\n";

/* RFC 8463 appendix A.3. */
static const char RFC8463[] =
    "DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed;\r\n"
    " d=football.example.com; i=@football.example.com;\r\n"
    " q=dns/txt; s=brisbane; t=1528637909; h=from : to :\r\n"
    " subject : date : message-id : from : subject : date;\r\n"
    " bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\r\n"
    " b=/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11Bus\r\n"
    " Fa3bT3FY5OsU7ZbnKELq+eXdp1Q1Dw==\r\n"
    "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed;\r\n"
    " d=football.example.com; i=@football.example.com;\r\n"
    " q=dns/txt; s=test; t=1528637909; h=from : to : subject :\r\n"
    " date : message-id : from : subject : date;\r\n"
    " bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\r\n"
    " b=F45dVWDfMbQDGHJFlXUNB2HKfbCeLRyhDXgFpEL8GwpsRe0IeIixNTe3\r\n"
    " DhCVlUrSjV4BwcVcOF6+FF3Zo9Rpo1tFOeS9mPYQTnGdaSGsgeefOsk2Jz\r\n"
    " dA+L10TeYt9BgDfQNZtKdN1WO//KgIqXP7OdEFE4LjFYNcUxZQ4FADY+8=\r\n"
    "From: Joe SixPack <joe@football.example.com>\r\n"
    "To: Suzie Q <suzie@shopping.example.net>\r\n"
    "Subject: Is dinner ready?\r\n"
    "Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)\r\n"
    "Message-ID: <20030712040037.46341.5F8J@football.example.com>\r\n"
    "\r\n"
    "Hi.\r\n\r\nWe lost the game.  Are you hungry yet?\r\n\r\nJoe.\r\n\r\n";

static int setup(void **state)
{
	(void)state;
	zone_read(&keys, SAMPLES "keys.zone");
	zone_add(&keys, "brisbane._domainkey.example.com", DNS_FOUND,
	    "v=DKIM1; "
	    "p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDwIRP/UC3SBsEmGqZ9ZJW3/DkMoGeLnQg1fWn7/"
	    "zYtIxN2SnFCjxOCKG9v3b4jYfcTNh5ij"
	    "Ssq631uBItLa7od+v/RtdC2UzJ1lWT947qR+Rcac2gbto/NMqJ0fzfVjH4OuKhitdY9tf6mcwGjaNBcWToIMmPSPDdQPNUYckcQ2QIDAQAB");
	zone_add(&keys, "brisbane._domainkey.football.example.com", DNS_FOUND,
	    "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=");
	zone_add(&keys, "test._domainkey.football.example.com", DNS_FOUND,
	    "v=DKIM1; k=rsa; "
	    "p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDkHlOQoBTzWRiGs5V6NpP3idY6Wk08a5qhdR6wy5bdOKb2jLQiY/J16JYi0Qvx/byYz"
	    "CNb3W91y3FutACDfzwQ/BC/e/8uBsCR+yz1Lxj+PL6lHvqMKrM3rG4hstT5QjvHO9PzoxZyVYLzBfO2EeC3Ip3G+2kryOTIKT+l/"
	    "K4w3QIDAQAB");
	return 0;
}

static void expect(const char *what, const struct dkim_signature *s, enum dkim_result want, bool invalid)
{
	if (s == NULL)
		fail_msg("%s: no signature", what);
	if (s->result != want || s->invalid != invalid)
		fail_msg("%s: %s (%s)%s, not %s", what, dkim_result_name(s->result), s->why, s->invalid ? " invalid" : "",
		    dkim_result_name(want));
	assert_int_equal(s->why[0] == '\0', want == DKIM_PASS);
}

/* One mail with one interesting (the first) signature, fed whole and byte by byte. */
static void check_mail(
    const char *what, const char *mail, size_t len, const struct key_zone *z, enum dkim_result want, bool invalid)
{
	for (size_t step = 1; step <= len; step = step == 1 ? len : len + 1) {
		struct mail_check c;

		check_begin(&c, mail, len, &OPTIONS, step);
		check_run(&c, z);
		expect(what, dkim_at(c.dkim, 0), want, invalid);
		check_end(&c);
	}
}

static void rfc_examples(void **state)
{
	struct mail_check c;
	const struct dkim_signature *s;

	(void)state;
	check_mail("RFC 6376", RFC6376, sizeof(RFC6376) - 1, &keys, DKIM_PASS, false);
	check_mail("RFC 8463", RFC8463, sizeof(RFC8463) - 1, &keys, DKIM_PASS, false);
	check_begin(&c, RFC8463, sizeof(RFC8463) - 1, &OPTIONS, 7);
	assert_false(dkim_check(c.dkim, c.dns)); /* asks, and waits */
	assert_int_equal(zone_answer(&keys, c.dns), 2);
	assert_true(dkim_check(c.dkim, c.dns));
	assert_int_equal(dkim_count(c.dkim), 2);
	assert_int_equal(dkim_ignored(c.dkim), 0);
	s = dkim_at(c.dkim, 0);
	assert_string_equal(s->domain, "football.example.com");
	assert_string_equal(s->selector, "brisbane");
	assert_string_equal(s->algorithm, "ed25519-sha256");
	assert_true(s->from_signed && s->subject_signed);
	assert_false(s->partial || s->testing);
	assert_string_equal(dkim_covered(c.dkim, 0), "from:to:subject:date:message-id");
	s = dkim_at(c.dkim, 1);
	expect("second", s, DKIM_PASS, false);
	assert_string_equal(s->algorithm, "rsa-sha256");
	assert_int_equal(s->bits, 1024);
	assert_null(dkim_at(c.dkim, 2));
	check_end(&c);
}

static const struct {
	const char *file;
	enum dkim_result want;
	bool partial;
} samples[] = {
	{"simple-simple.eml", DKIM_PASS, false},
	{"simple-relaxed.eml", DKIM_PASS, false},
	{"relaxed-simple.eml", DKIM_PASS, false},
	{"relaxed-relaxed.eml", DKIM_PASS, false},
	{"ed25519.eml", DKIM_PASS, false},
	{"both.eml", DKIM_PASS, false},
	{"short-key.eml", DKIM_PASS, false},
	{"tiny-key.eml", DKIM_POLICY, false},
	{"oversigned.eml", DKIM_PASS, false},
	{"one-received.eml", DKIM_PASS, false},
	{"length.eml", DKIM_PASS, true},
	{"identity.eml", DKIM_PASS, false},
};

static void signed_elsewhere(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
		char path[256];
		size_t len;
		char *mail;
		struct mail_check c;

		snprintf(path, sizeof(path), SAMPLES "%s", samples[i].file);
		mail = read_sample(path, &len);
		check_mail(samples[i].file, mail, len, &keys, samples[i].want, false);
		check_begin(&c, mail, len, &OPTIONS, len);
		assert_int_equal(dkim_at(c.dkim, 0)->partial, samples[i].partial);
		assert_true(dkim_at(c.dkim, 0)->from_signed);
		check_end(&c);
		free(mail);
	}
}

static const struct {
	const char *file, *from, *to;
	enum dkim_result want;
	const char *why; /* begins so; NULL: anyhow */
} edits[] = {
	{"relaxed-relaxed.eml", "the  restore", "the  backup", DKIM_FAIL, "the body was changed"},
	{"relaxed-relaxed.eml", "\r\n\r\nHello", "\r\n\r\nBuy!\r\nHello", DKIM_FAIL, NULL},
	{"relaxed-relaxed.eml", "Ann\r\n\r\n\r\n", "Ann\r\n\r\n\r\nmore\r\n", DKIM_FAIL, NULL},
	{"relaxed-relaxed.eml", "Subject:   A", "Subject:   B", DKIM_FAIL, "the header was changed"},
	{"relaxed-relaxed.eml", "<ann@", "<eve@", DKIM_FAIL, NULL},
	{"relaxed-relaxed.eml", "Cc: bob", "CC: bob", DKIM_PASS, NULL}, /* harmless changes: white space and case */
	{"relaxed-relaxed.eml", "A  restore \t fails", "A\r\n restore fails", DKIM_PASS, NULL},
	{"relaxed-relaxed.eml", "the  restore\tfails. ", "the restore fails.", DKIM_PASS, NULL},
	{"relaxed-relaxed.eml", "Ann\r\n\r\n\r\n", "Ann\r\n", DKIM_PASS, NULL},
	{"simple-simple.eml", "Cc: bob", "CC: bob", DKIM_FAIL, NULL},
	{"simple-simple.eml", "A  restore", "A restore", DKIM_FAIL, NULL},
	{"simple-simple.eml", "the  restore", "the restore", DKIM_FAIL, NULL},
	{"simple-simple.eml", "Ann\r\n\r\n\r\n", "Ann\r\n", DKIM_PASS, NULL},
	{"relaxed-relaxed.eml", "s=rsa;", "s=short;", DKIM_FAIL, NULL}, /* another's key */
	{"relaxed-relaxed.eml", "s=rsa;", "s=rsa-bare;", DKIM_FAIL, NULL}, /* the selector itself is signed */
	{"relaxed-relaxed.eml", "t=1790000000", "t=1790000001", DKIM_FAIL, NULL},
	{"relaxed-relaxed.eml", "\r\nFrom: ", "\r\nFrom: eve@example.org\r\nFrom: ", DKIM_PASS, NULL}, /* see covered_fields() */
	{"oversigned.eml", "\r\nFrom: ", "\r\nFrom: eve@example.org\r\nFrom: ", DKIM_FAIL, NULL},
	{"oversigned.eml", "\r\nSubject: ", "\r\nSubject: x\r\nSubject: ", DKIM_FAIL, NULL},
	{"oversigned.eml", "\r\nTo: ", "\r\nTo: eve@example.org\r\nTo: ", DKIM_FAIL, NULL},
	{"oversigned.eml", "\r\nTo: ", "\r\nReply-To: eve@example.org\r\nTo: ", DKIM_FAIL, NULL},
	{"oversigned.eml", "\r\nTo: ", "\r\nX-Other: 1\r\nTo: ", DKIM_PASS, NULL},
	{"length.eml", "Ann\r\n\r\n\r\n", "Ann\r\n\r\n\r\nmore\r\n", DKIM_PASS, NULL},
	{"length.eml", "-- \r\nAnn\r\n\r\n\r\n", "-- \r\n", DKIM_FAIL, "the body is shorter than l="}, /* shorter than l= says */
	{"length.eml", "Hello", "hello", DKIM_FAIL, NULL},
	{"length.eml", "l=41", "l=40", DKIM_FAIL, NULL},
	{"length.eml", "l=41", "l=x", DKIM_PERMERROR, NULL},
	{"ed25519.eml", "Hello", "hello", DKIM_FAIL, NULL},
	{"ed25519.eml", "Subject:   A", "Subject:   B", DKIM_FAIL, "the header was changed"},
	{"ed25519.eml", "s=ed;", "s=rsa;", DKIM_PERMERROR, NULL}, /* a key of the other kind */
	{"relaxed-relaxed.eml", "s=rsa;", "s=none;", DKIM_PERMERROR, "there is no key"},
	{"relaxed-relaxed.eml", "a=rsa-sha256", "a=rsa-sha1", DKIM_PERMERROR, "rsa-sha1"},
	{"relaxed-relaxed.eml", "a=rsa-sha256", "a=dsa-sha256", DKIM_PERMERROR, NULL},
	{"relaxed-relaxed.eml", "v=1;", "v=2;", DKIM_PERMERROR, NULL},
	{"relaxed-relaxed.eml", "v=1; ", "", DKIM_PERMERROR, NULL},
	{"relaxed-relaxed.eml", "v=1;", "v=1; v=1;", DKIM_PERMERROR, "a tag stands twice"},
	{"relaxed-relaxed.eml", "v=1;", "v=1; d=example.com;", DKIM_PERMERROR, NULL},
	{"relaxed-relaxed.eml", "v=1;", "v=1;;", DKIM_PERMERROR, NULL},
	{"relaxed-relaxed.eml", "v=1;", "v=1; x;", DKIM_PERMERROR, NULL},
	{"relaxed-relaxed.eml", "v=1;", "v=1; x=1789999999;", DKIM_PERMERROR, "x= is not behind"},
	{"relaxed-relaxed.eml", "v=1;", "v=1; x=1790000000;", DKIM_PERMERROR, "x= is not behind"},
	{"relaxed-relaxed.eml", "v=1;", "v=1; x=1790000001;", DKIM_FAIL, NULL}, /* lives, but was not signed so */
	{"relaxed-relaxed.eml", "v=1;", "v=1; x=99999999999999999999999999;", DKIM_FAIL, NULL},
	{"relaxed-relaxed.eml", "t=1790000000", "t=1; x=1789999999", DKIM_PERMERROR, "the signature has expired"},
	{"relaxed-relaxed.eml", "t=1790000000", "t=1; x=1790000000", DKIM_FAIL, NULL},
	{"relaxed-relaxed.eml", "v=1;", "v=1; x=-1;", DKIM_PERMERROR, NULL},
	{"relaxed-relaxed.eml", "t=1790000000", "t=1790000301", DKIM_PERMERROR, NULL}, /* in the future */
	{"relaxed-relaxed.eml", "t=1790000000", "t=1790000300", DKIM_FAIL, NULL}, /* clocks differ */
	{"relaxed-relaxed.eml", "q=dns/txt", "q=http", DKIM_PERMERROR, NULL},
	{"relaxed-relaxed.eml", "q=dns/txt", "q=x:dns/txt", DKIM_FAIL, NULL},
	{"relaxed-relaxed.eml", "i=@example.com", "i=@example.org", DKIM_PERMERROR, NULL},
	{"relaxed-relaxed.eml", "i=@example.com", "i=@badexample.com", DKIM_PERMERROR, NULL},
	{"relaxed-relaxed.eml", "i=@example.com", "i=nobody", DKIM_PERMERROR, NULL},
	{"relaxed-relaxed.eml", "i=@example.com", "i=@x.example.com", DKIM_FAIL, NULL},
	{"relaxed-relaxed.eml", "c=relaxed/relaxed", "c=relaxed/strict", DKIM_PERMERROR, NULL},
	{"relaxed-relaxed.eml", "c=relaxed/relaxed", "c=relaxed", DKIM_FAIL, NULL}, /* the body is simple then */
	{"relaxed-relaxed.eml", " from :", "", DKIM_PERMERROR, NULL}, /* From is not signed */
	{"relaxed-relaxed.eml", " from :", " from ::", DKIM_PERMERROR, NULL},
	{"relaxed-relaxed.eml", "bh=", "bh=AA", DKIM_PERMERROR, NULL},
	{"relaxed-relaxed.eml", " b=", " b=*", DKIM_PERMERROR, NULL},
	{"relaxed-relaxed.eml", " b=", " b=AAAA", DKIM_FAIL, NULL},
	{"relaxed-relaxed.eml", "d=example.com", "d=exam ple.com", DKIM_PERMERROR, NULL},
	{"relaxed-relaxed.eml", "d=example.com", "d=example..com", DKIM_PERMERROR, NULL},
	{"relaxed-relaxed.eml", "d=example.com", "d=EXAMPLE.com", DKIM_FAIL, NULL},
};

static void check_why(const char *what, const char *mail, size_t len, const char *why)
{
	struct mail_check c;

	check_begin(&c, mail, len, &OPTIONS, len);
	check_run(&c, &keys);
	if (why != NULL && strncmp(dkim_at(c.dkim, 0)->why, why, strlen(why)) != 0)
		fail_msg("%s: %s", what, dkim_at(c.dkim, 0)->why);
	check_end(&c);
}

static void spoiled(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(edits) / sizeof(edits[0]); i++) {
		char path[256], what[400];
		size_t len;
		char *mail, *changed;

		snprintf(path, sizeof(path), SAMPLES "%s", edits[i].file);
		snprintf(what, sizeof(what), "%s: %s -> %s", edits[i].file, edits[i].from, edits[i].to);
		mail = read_sample(path, &len);
		changed = edit(mail, edits[i].from, edits[i].to, &len);
		check_mail(what, changed, len, &keys, edits[i].want, edits[i].want == DKIM_FAIL);
		check_why(what, changed, len, edits[i].why);
		free(changed);
		free(mail);
	}
}

/* relaxed-relaxed.eml signs each field once, oversigned.eml From, To, Subject and the absent Reply-To once more,
 * one-received.eml only the lower Received. */
static const struct {
	const char *file, *from, *to, *field;
	bool covered;
} covers[] = {
	{"relaxed-relaxed.eml", "", "", "From", true},
	{"relaxed-relaxed.eml", "", "", "subject", true},
	{"relaxed-relaxed.eml", "", "", "Reply-To", false},
	{"relaxed-relaxed.eml", "\r\nFrom: ", "\r\nFrom: eve@example.org\r\nFrom: ", "From", false},
	{"relaxed-relaxed.eml", "\r\nTo: ", "\r\nto: eve@example.org\r\nTo: ", "To", false},
	{"relaxed-relaxed.eml", "\r\nTo: ", "\r\nto: eve@example.org\r\nTo: ", "From", true},
	{"relaxed-relaxed.eml", "\r\nSubject: ", "\r\nSubject: x\r\nSubject: ", "Subject", false},
	{"oversigned.eml", "", "", "Reply-To", true},
	{"oversigned.eml", "", "", "In-Reply-To", false},
	{"one-received.eml", "", "", "Received", false},
	{"one-received.eml", "", "", "To", false},
};

static void covered_fields(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(covers) / sizeof(covers[0]); i++) {
		char path[256];
		size_t len;
		char *mail, *changed;
		struct mail_check c;

		snprintf(path, sizeof(path), SAMPLES "%s", covers[i].file);
		mail = read_sample(path, &len);
		changed = edit(mail, covers[i].from, covers[i].to, &len);
		check_begin(&c, changed, len, &OPTIONS, len);
		if (dkim_covers(c.dkim, 0, covers[i].field) != covers[i].covered)
			fail_msg("%s in %s: not %d", covers[i].field, covers[i].file, covers[i].covered);
		assert_false(dkim_covers(c.dkim, 1, covers[i].field));
		check_end(&c);
		free(changed);
		free(mail);
	}
}

/* A DNS where the name of the sample's key has one record, or several. P is replaced by the key itself. */
static const struct {
	const char *file, *records[3];
	enum dkim_result want;
	bool testing;
} records[] = {
	{"relaxed-relaxed.eml", {"p=P"}, DKIM_PASS, false},
	{"relaxed-relaxed.eml", {"v=DKIM1; p=P;"}, DKIM_PASS, false},
	{"relaxed-relaxed.eml", {" v = DKIM1 ; n=a note; k=rsa; p = P ; new=1"}, DKIM_PASS, false},
	{"relaxed-relaxed.eml", {"v=DKIM1; t=y; p=P"}, DKIM_PASS, true},
	{"relaxed-relaxed.eml", {"v=DKIM1; t=s:x; p=P"}, DKIM_PASS, false},
	{"identity.eml", {"v=DKIM1; p=P"}, DKIM_PASS, false},
	{"identity.eml", {"v=DKIM1; t=s; p=P"}, DKIM_PERMERROR, false},
	{"identity.eml", {"v=DKIM1; t=y:s; p=P"}, DKIM_PERMERROR, true},
	{"relaxed-relaxed.eml", {"v=DKIM1; h=sha1; p=P"}, DKIM_PERMERROR, false},
	{"relaxed-relaxed.eml", {"v=DKIM1; h=sha1 : sha256; p=P"}, DKIM_PASS, false},
	{"relaxed-relaxed.eml", {"v=DKIM1; s=email; p=P"}, DKIM_PASS, false},
	{"relaxed-relaxed.eml", {"v=DKIM1; s=*; p=P"}, DKIM_PASS, false},
	{"relaxed-relaxed.eml", {"v=DKIM1; s=tlsrpt; p=P"}, DKIM_PERMERROR, false},
	{"relaxed-relaxed.eml", {"v=DKIM1; k=ed25519; p=P"}, DKIM_PERMERROR, false},
	{"relaxed-relaxed.eml", {"v=DKIM1; p="}, DKIM_PERMERROR, false},               /* revoked */
	{"relaxed-relaxed.eml", {"v=DKIM1"}, DKIM_PERMERROR, false},
	{"relaxed-relaxed.eml", {"v=DKIM2; p=P"}, DKIM_PERMERROR, false},
	{"relaxed-relaxed.eml", {"p=P; v=DKIM1"}, DKIM_PERMERROR, false},
	{"relaxed-relaxed.eml", {"v=DKIM1; p=P; p=P"}, DKIM_PERMERROR, false},
	{"relaxed-relaxed.eml", {"v=DKIM1; p=AAAA"}, DKIM_PERMERROR, false},
	{"relaxed-relaxed.eml", {"v=DKIM1; p=!"}, DKIM_PERMERROR, false},
	{"relaxed-relaxed.eml", {"v=spf1 -all"}, DKIM_PERMERROR, false},
	{"relaxed-relaxed.eml", {"v=spf1 -all", "v=DKIM1; p=P"}, DKIM_PASS, false},
	{"relaxed-relaxed.eml", {"v=DKIM1; p=", "v=DKIM1; p=P"}, DKIM_PASS, false},
	{"relaxed-relaxed.eml", {"", "text", "p=P"}, DKIM_PASS, false},
	{"ed25519.eml", {"k=ed25519; p=P"}, DKIM_PASS, false},
	{"ed25519.eml", {"p=P"}, DKIM_PERMERROR, false},
	{"ed25519.eml", {"k=ed25519; p=AAAA"}, DKIM_PERMERROR, false},
	{"ed25519.eml", {"k=ed25519; p=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="}, DKIM_FAIL, false},
};

static const char *key_of(const char *name)
{
	for (size_t i = 0; i < keys.n; i++)
		if (strcmp(keys.records[i].name, name) == 0)
			return strstr(keys.records[i].text, "p=") + 2;
	die(name);
	return NULL;
}

static void key_records(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(records) / sizeof(records[0]); i++) {
		bool ed = strcmp(records[i].file, "ed25519.eml") == 0;
		const char *name = ed ? "ed._domainkey.example.com" : "rsa._domainkey.example.com";
		struct key_zone z = {.n = 0};
		char path[256];
		size_t len;
		char *mail;
		struct mail_check c;

		for (size_t k = 0; k < 3 && records[i].records[k] != NULL; k++) {
			const char *r = records[i].records[k], *p = strchr(r, 'P');
			char text[2048];

			snprintf(text, sizeof(text), "%.*s%s%s", p ? (int)(p - r) : (int)strlen(r), r, p ? key_of(name) : "",
			    p ? p + 1 : "");
			zone_add(&z, name, DNS_FOUND, text);
		}
		snprintf(path, sizeof(path), SAMPLES "%s", records[i].file);
		mail = read_sample(path, &len);
		check_mail(records[i].records[0], mail, len, &z, records[i].want, records[i].want == DKIM_FAIL);
		check_begin(&c, mail, len, &OPTIONS, len);
		check_run(&c, &z);
		assert_int_equal(dkim_at(c.dkim, 0)->testing, records[i].testing);
		check_end(&c);
		free(mail);
	}
}

/* Bare RSAPublicKeys are the same keys. */
static void bare_keys(void **state)
{
	size_t len;
	char *mail = read_sample(SAMPLES "relaxed-relaxed.eml", &len), record[2048];
	struct key_zone z = {.n = 0};

	(void)state;
	snprintf(record, sizeof(record), "v=DKIM1; p=%s", key_of("rsa-bare._domainkey.example.com"));
	zone_add(&z, "rsa._domainkey.example.com", DNS_FOUND, record);
	check_mail("bare key", mail, len, &z, DKIM_PASS, false);
	free(mail);
}

static void key_sizes(void **state)
{
	static const struct {
		const char *file;
		unsigned min, bits;
		enum dkim_result want;
	} sizes[] = {
	    {"tiny-key.eml", 1024, 512, DKIM_POLICY},
	    {"tiny-key.eml", 0, 512, DKIM_POLICY},
	    {"short-key.eml", 1024, 1024, DKIM_PASS},
	    {"short-key.eml", 1025, 1024, DKIM_POLICY},
	    {"short-key.eml", 2048, 1024, DKIM_POLICY},
	    {"relaxed-relaxed.eml", 2048, 2048, DKIM_PASS},
	    {"ed25519.eml", 4096, 256, DKIM_PASS},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		const struct dkim_options o = {sizes[i].min, SAMPLES_NOW};
		char path[256];
		size_t len;
		char *mail;
		struct mail_check c;

		snprintf(path, sizeof(path), SAMPLES "%s", sizes[i].file);
		mail = read_sample(path, &len);
		check_begin(&c, mail, len, &o, len);
		check_run(&c, &keys);
		expect(sizes[i].file, dkim_at(c.dkim, 0), sizes[i].want, false);
		assert_int_equal(dkim_at(c.dkim, 0)->bits, sizes[i].bits);
		check_end(&c);
		free(mail);
	}
}

static void dns_trouble(void **state)
{
	size_t len;
	char *mail = read_sample(SAMPLES "both.eml", &len);
	struct key_zone z = {.n = 0};
	struct mail_check c;

	(void)state;
	zone_add(&z, "rsa._domainkey.example.com", DNS_FAILED, "");
	zone_add(&z, "ed._domainkey.example.com", DNS_NODATA, "");
	check_begin(&c, mail, len, &OPTIONS, len);
	check_run(&c, &z);
	expect("SERVFAIL", dkim_at(c.dkim, 0), DKIM_TEMPERROR, false);
	expect("no data", dkim_at(c.dkim, 1), DKIM_PERMERROR, false);
	assert_true(dkim_check(c.dkim, c.dns)); /* once more changes nothing */
	expect("SERVFAIL", dkim_at(c.dkim, 0), DKIM_TEMPERROR, false);
	check_end(&c);
	z.n = 0;
	check_mail("NXDOMAIN", mail, len, &z, DKIM_PERMERROR, false);
	free(mail);
}

/* Twelve signatures: ten are looked at. */
static void many_signatures(void **state)
{
	size_t len;
	char *mail = read_sample(SAMPLES "ed25519.eml", &len), *many = malloc(12 * len);
	const char *end = strstr(mail, "\r\nReceived:");
	struct mail_check c;
	size_t n = 0;

	(void)state;
	assert_non_null(end);
	for (int i = 0; i < 11; i++, n += (size_t)(end + 2 - mail))
		memcpy(many + n, mail, (size_t)(end + 2 - mail));
	memcpy(many + n, mail, len);
	check_begin(&c, many, n + len, &OPTIONS, n + len);
	check_run(&c, &keys);
	assert_int_equal(dkim_count(c.dkim), DKIM_SIGNATURES_MAX);
	assert_int_equal(dkim_ignored(c.dkim), 2);
	for (size_t i = 0; i < DKIM_SIGNATURES_MAX; i++)
		expect("copy", dkim_at(c.dkim, i), DKIM_PASS, false);
	check_end(&c);
	free(many);
	free(mail);
}

static void no_signature(void **state)
{
	static const char mail[] = "From: ann@example.com\r\n\r\nHello\r\n";
	struct mail_check c;

	(void)state;
	check_begin(&c, mail, sizeof(mail) - 1, &OPTIONS, 3);
	assert_false(body_hashes_wanted(c.bodies));
	assert_true(dkim_check(c.dkim, c.dns));
	assert_int_equal(dkim_count(c.dkim), 0);
	assert_null(dkim_at(c.dkim, 0));
	assert_string_equal(dkim_covered(c.dkim, 0), "");
	assert_string_equal(dkim_result_name(DKIM_NONE), "none");
	assert_string_equal(dkim_result_name(DKIM_PERMERROR), "permerror");
	check_end(&c);
}

/* More names in h= than there is room for. */
static void too_many_names(void **state)
{
	char mail[8192];
	int n = snprintf(mail, sizeof(mail),
	    "DKIM-Signature: v=1; a=rsa-sha256; d=example.com; s=rsa; bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=; "
	    "b=AAAA; h=from");
	size_t len = (size_t)n;

	(void)state;
	for (unsigned i = 0; i < DKIM_NAMES_MAX; i++, len += 5)
		memcpy(mail + len, ":from", 5);
	len += (size_t)snprintf(mail + len, sizeof(mail) - len, "\r\nFrom: ann@example.com\r\n\r\n");
	check_mail("many names", mail, len, &keys, DKIM_PERMERROR, false);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(rfc_examples),
	    cmocka_unit_test(signed_elsewhere),
	    cmocka_unit_test(spoiled),
	    cmocka_unit_test(covered_fields),
	    cmocka_unit_test(key_records),
	    cmocka_unit_test(bare_keys),
	    cmocka_unit_test(key_sizes),
	    cmocka_unit_test(dns_trouble),
	    cmocka_unit_test(many_signatures),
	    cmocka_unit_test(no_signature),
	    cmocka_unit_test(too_many_names),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
