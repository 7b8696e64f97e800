/* ARC: chains sealed by another implementation, and every way to break one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "dkim_help.h"

static const struct dkim_options OPTIONS = {1024, SAMPLES_NOW};
static struct key_zone keys;

static int setup(void **state)
{
	(void)state;
	zone_read(&keys, SAMPLES "keys.zone");
	return 0;
}

static void check_mail(const char *what, const char *mail, size_t len, const struct key_zone *z, enum arc_result want,
    unsigned sets, const char *why)
{
	for (size_t step = 1; step <= len; step = step == 1 ? len : len + 1) {
		struct mail_check c;
		const struct arc_chain *chain;

		check_begin(&c, mail, len, &OPTIONS, step);
		check_run(&c, z);
		chain = arc_chain(c.arc);
		if (chain->result != want || chain->n != sets)
			fail_msg("%s: %s (%s), %u sets", what, arc_result_name(chain->result), chain->why, chain->n);
		if (why != NULL && strcmp(chain->why, why) != 0)
			fail_msg("%s: %s", what, chain->why);
		assert_int_equal(chain->why[0] == '\0', want == ARC_PASS || want == ARC_NONE);
		check_end(&c);
	}
}

static void whole_chains(void **state)
{
	static const char *const sealers[] = {"list.example.org", "forwarder.example", "relay.example.net"};

	(void)state;
	for (unsigned n = 1; n <= 3; n++) {
		char path[256], want[256];
		size_t len;
		char *mail;
		struct mail_check c;
		const struct arc_chain *chain;

		snprintf(path, sizeof(path), SAMPLES "arc-%u.eml", n);
		mail = read_sample(path, &len);
		check_mail(path, mail, len, &keys, ARC_PASS, n, NULL);
		check_begin(&c, mail, len, &OPTIONS, len);
		assert_false(arc_check(c.arc, c.dns));
		assert_int_equal(zone_answer(&keys, c.dns), n);
		assert_true(arc_check(c.arc, c.dns));
		chain = arc_chain(c.arc);
		assert_string_equal(chain->sealer, sealers[n - 1]);
		snprintf(want, sizeof(want), " %s; dmarc=pass header.from=example.com", sealers[n - 1]);
		assert_true(chain->results_len >= strlen(want) && memcmp(chain->results, want, strlen(want)) == 0);
		check_end(&c);
		free(mail);
	}
}

static const struct {
	const char *from, *to;
	enum arc_result want;
	unsigned sets;
	const char *why; /* NULL: anyhow */
} edits[] = {
	{"Hello", "hello", ARC_FAIL, 3, "set 3: the body was changed"},
	{"Subject:   A", "Subject:   B", ARC_FAIL, 3, NULL},
	{"<ann@", "<eve@", ARC_FAIL, 3, NULL},
	{"Message-ID: <1@", "Message-ID: <2@", ARC_PASS, 3, NULL}, /* nobody signed it */
	{"ARC-Seal: i=3; cv=pass", "ARC-Seal: i=3; cv=none", ARC_FAIL, 3, "set 3: cv= does not fit the place in the chain"},
	{"ARC-Seal: i=3; cv=pass", "ARC-Seal: i=3; cv=fail", ARC_FAIL, 3, "set 3: the sealer found the chain broken"},
	{"ARC-Seal: i=3; cv=pass", "ARC-Seal: i=3; cv=good", ARC_FAIL, 3, NULL},
	{"ARC-Seal: i=3; cv=pass", "ARC-Seal: i=3", ARC_FAIL, 3, NULL},
	{"ARC-Seal: i=3; cv=pass", "ARC-Seal: i=3; h=from; cv=pass", ARC_FAIL, 3, "set 3: a seal has h="},
	{"ARC-Seal: i=3; cv=pass", "ARC-Seal: i=3; cv=pass; cv=pass", ARC_FAIL, 3, NULL},
	{"ARC-Seal: i=3; cv=pass", "ARC-Seal: i=3; y=1; cv=pass", ARC_FAIL, 3, NULL},
	{"ARC-Seal: i=3; cv=pass", "ARC-Seal:  i=3;  cv=pass", ARC_PASS, 3, NULL},
	{"ARC-Seal: i=3; cv=pass", "ARC-Seal: i=3;\r\n cv=pass", ARC_PASS, 3, NULL},
	{"ARC-Seal: i=1; cv=none", "ARC-Seal: i=1; cv=pass", ARC_FAIL, 3, "set 1: cv= does not fit the place in the chain"},
	{"ARC-Seal: i=3;", "ARC-Seal: i=4;", ARC_FAIL, 4, NULL},
	{"ARC-Seal: i=3;", "ARC-Seal: i=51;", ARC_FAIL, 3, "there are more than 50 sets"},
	{"ARC-Seal: i=3;", "ARC-Seal: i=0;", ARC_FAIL, 3, NULL},
	{"ARC-Seal: i=3;", "ARC-Seal: i=x;", ARC_FAIL, 3, NULL},
	{"ARC-Seal: i=3;", "ARC-Seal:", ARC_FAIL, 3, NULL},
	{"ARC-Seal: i=2;", "X-Seal: i=2;", ARC_FAIL, 3, "a set is not complete"}, /* a hole */
	{"ARC-Seal: i=2;", "ARC-Seal: i=1;", ARC_FAIL, 3, "a field stands twice in its set"}, /* one twice */
	{"ARC-Message-Signature: i=2;", "X: i=2;", ARC_FAIL, 3, NULL},
	{"ARC-Message-Signature: i=2;", "ARC-Message-Signature: i=2; x=1;", ARC_FAIL, 3, NULL},
	{"ARC-Message-Signature: i=3; a=rsa-sha256", "ARC-Message-Signature: i=3; a=rsa-sha1", ARC_FAIL, 3, NULL},
	{"ARC-Message-Signature: i=3; a=rsa-sha256", "ARC-Message-Signature: i=3; x=1; a=rsa-sha256", ARC_FAIL, 3, NULL},
	{"h=from : to", "h=from : arc-seal : to", ARC_FAIL, 3, "set 3: h= names ARC-Seal"},
	{"h=from : to", "h=to", ARC_FAIL, 3, "set 3: From is not signed"},
	{"ARC-Authentication-Results: i=1; list", "ARC-Authentication-Results: i=1; evil", ARC_FAIL, 3, "set 1: the sealed fields were changed, or the seal is of another key"},
	{"ARC-Authentication-Results: i=2;", "ARC-Authentication-Results: i=2", ARC_FAIL, 3, NULL},
	{"ARC-Authentication-Results: i=2;", "ARC-Authentication-Results: j=2;", ARC_FAIL, 3, NULL},
	{"ARC-Authentication-Results: i=3; relay.example.net; dmarc=pass",
        "ARC-Authentication-Results: i=3; relay.example.net; dmarc=fail", ARC_FAIL, 3, NULL},
	{"d=relay.example.net; s=seal", "d=forwarder.example; s=seal", ARC_FAIL, 3, NULL}, /* another's key */
	{"d=relay.example.net; s=seal", "d=relay.example.net; s=none", ARC_FAIL, 3, NULL},
	{"d=list.example.org; s=seal", "d=list.example.org; s=none", ARC_FAIL, 3, NULL},
	{"\r\nFrom: ", "\r\nARC-Seal: i=3; x\r\nFrom: ", ARC_FAIL, 3, NULL},
};

static void broken_chains(void **state)
{
	size_t len;
	char *mail = read_sample(SAMPLES "arc-3.eml", &len);

	(void)state;
	for (size_t i = 0; i < sizeof(edits) / sizeof(edits[0]); i++) {
		char what[400], *changed = edit(mail, edits[i].from, edits[i].to, &len);

		snprintf(what, sizeof(what), "%s -> %s", edits[i].from, edits[i].to);
		check_mail(what, changed, len, &keys, edits[i].want, edits[i].sets, edits[i].why);
		free(changed);
	}
	free(mail);
}

/* Seals alone do not make a chain; a sealer that changed the body later is seen through the newest message signature
 * only. */
static void no_chain(void **state)
{
	size_t len;
	char *mail = read_sample(SAMPLES "relaxed-relaxed.eml", &len);
	static const char lone[] =
	    "ARC-Seal: i=1; cv=none; a=rsa-sha256; d=example.com; s=rsa; b=AAAA\r\nFrom: ann@example.com\r\n\r\n";

	(void)state;
	check_mail("none", mail, len, &keys, ARC_NONE, 0, NULL);
	check_mail("lone seal", lone, sizeof(lone) - 1, &keys, ARC_FAIL, 1, NULL);
	free(mail);
}

static void dns_trouble(void **state)
{
	size_t len;
	char *mail = read_sample(SAMPLES "arc-3.eml", &len);
	struct key_zone z = keys;

	(void)state;
	for (size_t i = 0; i < z.n; i++)
		if (strcmp(z.records[i].name, "seal._domainkey.forwarder.example") == 0)
			z.records[i].status = DNS_FAILED;
	check_mail("SERVFAIL", mail, len, &z, ARC_TEMPERROR, 3, NULL);
	z.n = 0;
	check_mail("NXDOMAIN", mail, len, &z, ARC_FAIL, 3, NULL);
	free(mail);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(whole_chains), cmocka_unit_test(broken_chains),
	    cmocka_unit_test(no_chain), cmocka_unit_test(dns_trouble)};

	return cmocka_run_group_tests(tests, setup, NULL);
}
