/*
 * gate_sender.h as tables in words: what was found out about a mail on the left, what it proves on
 * the right. DKIM results are put in by hand (the functions of dkim.h below); DMARC and alignment are the real ones
 * over a small zone.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <cmocka.h>

#include "err.h"
#include "gate/gate_conf.h"
#include "gate_sender.h"

/* ---- dkim.h by hand ---- */

struct dkim {
	struct dkim_signature s[DKIM_SIGNATURES_MAX];
	char covered[DKIM_SIGNATURES_MAX][80];
	size_t n;
};

size_t dkim_count(const struct dkim *d) { return d->n; }
unsigned dkim_ignored(const struct dkim *d) { (void)d; return 0; }
const struct dkim_signature *dkim_at(const struct dkim *d, size_t i) { return &d->s[i]; }
const char *dkim_covered(const struct dkim *d, size_t i) { return d->covered[i]; }

bool dkim_covers(const struct dkim *d, size_t i, const char *field)
{
	for (const char *p = d->covered[i]; *p != '\0';) {
		size_t n = strcspn(p, ":");

		if (n == strlen(field) && strncasecmp(p, field, n) == 0)
			return true;
		p += n + (p[n] == ':');
	}
	return false;
}

/* ---- words to a mail ---- */

#define PARTS_MAX 5

struct mail {
	char author[100], to[100], cc[100], authres[200], client[60], peer[60], login[100], certificate[80], path[100];
	char spf_domain[100], arc_results[200], zone[400];
	const char *sealers[1];
	struct dkim dkim;
	struct spf spf;
	struct arc_chain arc;
	struct verify_say verify;
	struct submit submit;
	struct facts_say say;
	struct gate_sender_input in;
	struct buf signers, credentials;
	uint32_t n_signers, n_credentials;
	bool no_dmarc;
};

static void copy(char *out, size_t size, const char *s)
{
	assert_true((size_t)snprintf(out, size, "%s", s) < size);
}
#define COPY(to, s) copy(to, sizeof(to), s)

static void set_from(struct mail *m, char **p) { COPY(m->author, p[1]); }
static void set_to(struct mail *m, char **p) { COPY(m->to, p[1]); }
static void set_cc(struct mail *m, char **p) { COPY(m->cc, p[1]); }
static void set_peer(struct mail *m, char **p) { COPY(m->peer, p[1]); }
static void set_login(struct mail *m, char **p) { COPY(m->login, p[1]); }
static void set_certificate(struct mail *m, char **p) { COPY(m->certificate, p[1]); }
static void set_agent(struct mail *m, char **p) { (void)p; m->say.cls = CLASS_AGENT; }
static void set_lmtp(struct mail *m, char **p) { (void)p; m->submit.channel = CHANNEL_LMTP; }
static void set_imap(struct mail *m, char **p) { (void)p; m->submit.channel = CHANNEL_IMAP; }
static void set_give_up(struct mail *m, char **p) { (void)p; m->in.give_up = true; }
static void set_shared(struct mail *m, char **p) { m->say.shared_labels = (uint32_t)atoi(p[1]); }
static void set_no_dmarc(struct mail *m, char **p) { (void)p; m->no_dmarc = true; }
static void set_no_dkim(struct mail *m, char **p) { (void)p; m->in.dkim = NULL; }

static void set_need(struct mail *m, char **p)
{
	m->say.proof = strcmp(p[1], "dkim") == 0 ? PROOF_DKIM : PROOF_SIGNATURE;
}

/* ar:RESULT:DOMAIN of the relay, or of anybody. */
static void set_authres(struct mail *m, char **p)
{
	snprintf(m->authres, sizeof(m->authres), "Authentication-Results: mx.support.example; dmarc=%s header.from=%s\r\n", p[1], p[2]);
}

static void set_authres_login(struct mail *m, char **p)
{
	snprintf(m->authres, sizeof(m->authres), "Authentication-Results: mx.support.example; auth=pass smtp.auth=%s\r\n", p[1]);
}

/* zone:NAME:TEXT, '_' for spaces in TEXT. */
static void set_zone(struct mail *m, char **p)
{
	size_t n = strlen(m->zone);
	char *text = m->zone + n;

	snprintf(text, sizeof(m->zone) - n, "_dmarc.%s %s\n", p[1], p[2]);
	for (text += strlen(p[1]) + 8; *text != '\0'; text++)
		if (*text == '_')
			*text = ' ';
}

static void set_policy(struct mail *m, char **p)
{
	char text[80], *parts[] = {p[0], (char *)(uintptr_t)"partner.example", text};

	snprintf(text, sizeof(text), "v=DMARC1;p=%s", p[1]);
	set_zone(m, parts);
}

static enum spf_result spf_of(const char *s)
{
	return strcmp(s, "pass") == 0 ? SPF_PASS : strcmp(s, "fail") == 0 ? SPF_FAIL : strcmp(s, "none") == 0 ? SPF_NONE :
	    SPF_TEMPERROR;
}

static void set_spf(struct mail *m, char **p)
{
	m->spf.result = spf_of(p[1]);
	COPY(m->spf_domain, p[2]);
	m->in.spf = &m->spf;
}

/* dkim:RESULT:DOMAIN:from+subject+to */
static void set_dkim(struct mail *m, char **p)
{
	struct dkim_signature *s = &m->dkim.s[m->dkim.n];
	char *covered = m->dkim.covered[m->dkim.n++];

	COPY(s->domain, p[2]);
	snprintf(covered, sizeof(m->dkim.covered[0]), "%s", p[3]);
	for (; *covered != '\0'; covered++)
		if (*covered == '+')
			*covered = ':';
	s->partial = strcmp(p[1], "partial") == 0;
	s->invalid = strcmp(p[1], "invalid") == 0;
	s->result = strcmp(p[1], "pass") == 0 || s->partial ? DKIM_PASS : strcmp(p[1], "temperror") == 0 ? DKIM_TEMPERROR :
	    strcmp(p[1], "permerror") == 0 ? DKIM_PERMERROR : DKIM_FAIL;
}

static void set_signer(struct mail *m, char **p)
{
	assert_int_equal(wlist_add_str(&m->signers, &m->n_signers, p[1]), VG_OK);
}

static void set_credential(struct mail *m, char **p)
{
	struct facts_credential c = {.kind = strcmp(p[1], "certificate") == 0 ? CREDENTIAL_CERTIFICATE : CREDENTIAL_SMIME,
	    .fingerprint = p[2]};

	assert_int_equal(wlist_add(&m->credentials, &m->n_credentials, &wire_facts_credential, &c), VG_OK);
}

/* arc:RESULT:SEALER:DMARC:FROM */
static void set_arc(struct mail *m, char **p)
{
	m->arc.result = strcmp(p[1], "pass") == 0 ? ARC_PASS : ARC_FAIL;
	COPY(m->arc.sealer, p[2]);
	snprintf(m->arc_results, sizeof(m->arc_results), " mx.%s; dmarc=%s header.from=%s", p[2], p[3], p[4]);
	m->arc.results = m->arc_results;
	m->arc.results_len = strlen(m->arc_results);
	m->in.arc = &m->arc;
}

static void set_verify(struct mail *m, char **p)
{
	m->verify = (struct verify_say){.kind = "openpgp", .fingerprint = "ab", .why = "", .protected = "from:to"};
	m->verify.state = strcmp(p[1], "valid") == 0 ? SIGNATURE_VALID : strcmp(p[1], "invalid") == 0 ? SIGNATURE_INVALID :
	    SIGNATURE_OTHER;
	m->in.verify = &m->verify;
}

static const struct {
	const char *word;
	void (*set)(struct mail *m, char **parts);
	int parts;
} words[] = {
	{"from", set_from, 2}, {"to", set_to, 2}, {"cc", set_cc, 2}, {"peer", set_peer, 2}, {"login", set_login, 2},
	{"cert", set_certificate, 2}, {"agent", set_agent, 1}, {"lmtp", set_lmtp, 1}, {"imap", set_imap, 1},
	{"give-up", set_give_up, 1}, {"shared", set_shared, 2}, {"need", set_need, 2}, {"ar", set_authres, 3},
	{"ar-login", set_authres_login, 2}, {"zone", set_zone, 3}, {"p", set_policy, 2}, {"spf", set_spf, 3}, {"dkim", set_dkim, 4},
	{"signer", set_signer, 2}, {"credential", set_credential, 3}, {"arc", set_arc, 5}, {"verify", set_verify, 2},
	{"no-dmarc", set_no_dmarc, 1}, {"no-dkim", set_no_dkim, 1},
};

static void apply_word(struct mail *m, char *word)
{
	char *parts[PARTS_MAX] = {NULL}, *save = NULL;
	int n = 0;

	for (char *p = strtok_r(word, ":", &save); p != NULL && n < PARTS_MAX; p = strtok_r(NULL, ":", &save))
		parts[n++] = p;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcmp(words[i].word, parts[0]) != 0)
			continue;
		if (n != words[i].parts)
			fail_msg("%s has %d parts", parts[0], n);
		words[i].set(m, parts);
		return;
	}
	fail_msg("no such word: %s", parts[0]);
}

static void mail_init(struct mail *m, const char *text)
{
	char copied[800], *save = NULL;

	memset(m, 0, sizeof(*m));
	COPY(m->author, "ann@partner.example");
	COPY(m->to, "support@support.example");
	COPY(m->peer, "203.0.113.1");
	m->sealers[0] = "forwarder.example";
	m->say.cls = CLASS_CONTACT;
	m->submit.channel = CHANNEL_SMTP;
	m->in.dkim = &m->dkim;
	buf_init(&m->signers, 4096);
	buf_init(&m->credentials, 4096);
	COPY(copied, text);
	for (char *w = strtok_r(copied, " ", &save); w != NULL; w = strtok_r(NULL, " ", &save))
		apply_word(m, w);
	m->say.signers = wlist_of(&m->signers, m->n_signers);
	m->say.credentials = wlist_of(&m->credentials, m->n_credentials);
	m->submit.real_peer = m->peer;
	m->submit.client = m->client;
	m->submit.login = m->login;
	m->submit.certificate = m->certificate;
	m->submit.reverse_path = m->path;
	m->submit.helo = "";
	m->in.conf = conf;
	m->in.submit = &m->submit;
	m->in.say = &m->say;
	m->in.spf_domain = m->spf_domain;
	m->in.arc_sealers = m->sealers;
	m->in.n_arc_sealers = 1;
}

/* ---- a zone: lines "NAME TEXT", TEXT "!" fails ---- */

static void answer(struct dns_set *set, const struct dns_question *q, const char *zone)
{
	enum dns_status status = DNS_NXDOMAIN;
	struct dns_record r = {0};

	for (const char *line = zone; *line != '\0'; line += strcspn(line, "\n") + 1) {
		size_t n = strlen(q->name);

		if (strncmp(line, q->name, n) != 0 || line[n] != ' ')
			continue;
		r.data = (const unsigned char *)line + n + 1;
		r.len = strcspn(line + n + 1, "\n");
		status = r.len == 1 && line[n + 1] == '!' ? DNS_FAILED : DNS_FOUND;
	}
	assert_int_equal(dns_set_answer(set, q->id, status, &r, status == DNS_FOUND), VG_OK);
}

static void answer_all(struct dns_set *set, const char *zone)
{
	struct dns_question q;

	while (dns_set_next(set, &q))
		answer(set, &q, zone);
}

/* "authenticated dkim from:subject:to dmarc=pass", flags behind. */
static void describe(char *out, size_t size, const struct gate_sender *s)
{
	struct auth a;

	auth_decide(&a, &s->facts);
	snprintf(out, size, "%s%s%s%s%s dmarc=%s%s%s%s", auth_result_name(a.result), a.method != AUTH_NONE ? " " : "",
	    a.method != AUTH_NONE ? auth_method_name(a.method) : "", a.covers[0] != '\0' ? " " : "", a.covers, s->dmarc_result,
	    a.too_weak ? " too-weak" : "", a.dns_gave_up ? " gave-up" : "", a.signature_invalid ? " signature-invalid" : "");
}

static void judge(char *out, size_t size, const char *text, bool early)
{
	struct dns_set *dns = dns_set_new();
	struct gate_header header;
	struct gate_sender s;
	struct dmarc dmarc;
	struct addr author;
	struct mail m;
	char bytes[800];

	mail_init(&m, text);
	snprintf(bytes, sizeof(bytes), "%sFrom: %s\r\nTo: %s\r\n%s%s%sSubject: x\r\n\r\n", m.authres, m.author, m.to,
	    m.cc[0] ? "Cc: " : "", m.cc, m.cc[0] ? "\r\n" : "");
	assert_int_equal(gate_header_read(&header, bytes, strlen(bytes)), VG_OK);
	assert_int_equal(addr_parse(&author, m.author, strlen(m.author), 0, NULL), VG_OK);
	m.in.header = &header;
	m.in.author = &author;
	if (early) {
		snprintf(out, size, "%s", gate_sender_early(&s, &m.in) ? "yes" : "no");
		goto out;
	}
	if (!m.no_dmarc) {
		while (!dmarc_discover(&dmarc, addr_domain(&author), dns))
			answer_all(dns, m.zone);
		m.in.dmarc = &dmarc;
		m.in.dns = dns;
	}
	while (!gate_sender_join(&s, &m.in))
		answer_all(dns, m.zone);
	describe(out, size, &s);
out:
	gate_header_free(&header);
	dns_set_free(&dns);
	buf_free(&m.signers);
	buf_free(&m.credentials);
}

#define SIGNED "from+subject+to"

static const struct {
	const char *mail, *says;
} letters_cases[] = {
	{"", "unauthenticated dmarc=none"},
	/* (a) */
	{"p:reject dkim:pass:partner.example:" SIGNED, "authenticated dkim from:subject:to dmarc=pass"},
	{"dkim:pass:partner.example:" SIGNED, "authenticated dkim from:subject:to dmarc=none"},
	{"p:reject dkim:pass:mail.partner.example:" SIGNED, "authenticated dkim from:subject:to dmarc=pass"},
	{"p:reject;adkim=s dkim:pass:mail.partner.example:" SIGNED, "unauthenticated dmarc=none"},
	{"p:reject;adkim=s spf:fail:evil.example dkim:pass:mail.partner.example:" SIGNED, "failed dmarc=fail"},
	{"p:reject dkim:pass:evil.example:" SIGNED, "unauthenticated dmarc=none"},
	{"p:reject dkim:pass:partner.example.evil.example:" SIGNED, "unauthenticated dmarc=none"},
	{"p:reject dkim:pass:partner.example:from+to", "unauthenticated dmarc=pass"},
	{"p:reject dkim:pass:partner.example:from+subject", "unauthenticated dmarc=pass"},
	{"p:reject dkim:pass:partner.example:subject+to", "unauthenticated dmarc=pass"},
	{"p:reject dkim:partial:partner.example:" SIGNED, "unauthenticated dmarc=pass"},
	{"p:reject dkim:fail:partner.example:" SIGNED " spf:none:partner.example", "failed dmarc=fail"},
	{"dkim:fail:partner.example:" SIGNED " dkim:pass:partner.example:" SIGNED "+cc",
	    "authenticated dkim from:subject:to:cc dmarc=none"},
	{"dkim:pass:partner.example:from dkim:pass:partner.example:" SIGNED, "authenticated dkim from:subject:to dmarc=none"},
	/* replayed: signed, but never written to us */
	{"p:reject to:bob@elsewhere.example dkim:pass:partner.example:" SIGNED, "unauthenticated dmarc=pass"},
	{"to:bob@elsewhere.example cc:support@support.example dkim:pass:partner.example:" SIGNED "+cc",
	    "authenticated dkim from:subject:to:cc dmarc=none"},
	{"to:bob@elsewhere.example cc:support@support.example dkim:pass:partner.example:" SIGNED, "unauthenticated dmarc=none"},
	{"to:nobody@support.example dkim:pass:partner.example:" SIGNED, "unauthenticated dmarc=none"},
	{"to:case+77.abc@support.example dkim:pass:partner.example:" SIGNED, "authenticated dkim from:subject:to dmarc=none"},
	/* (b) */
	{"p:reject spf:pass:partner.example", "authenticated spf * dmarc=pass"},
	{"p:reject spf:pass:bounce.partner.example", "authenticated spf * dmarc=pass"},
	{"p:reject;aspf=s spf:pass:bounce.partner.example", "failed dmarc=fail"},
	{"p:reject spf:pass:evil.example", "failed dmarc=fail"},
	{"p:reject spf:fail:partner.example", "failed dmarc=fail"},
	{"p:reject spf:none:partner.example", "failed dmarc=fail"},
	{"spf:fail:partner.example", "unauthenticated dmarc=none"},
	{"spf:pass:partner.example", "authenticated spf * dmarc=none"},
	{"p:reject spf:pass:partner.example dkim:pass:partner.example:" SIGNED, "authenticated spf * dmarc=pass"},
	/* (c) */
	{"peer:192.0.2.9 ar:pass:partner.example", "authenticated relay-dmarc * dmarc=none"},
	{"peer:203.0.113.9 ar:pass:partner.example", "unauthenticated dmarc=none"},
	{"peer:192.0.2.9 ar:pass:evil.example", "unauthenticated dmarc=none"},
	{"peer:192.0.2.9 ar:fail:partner.example", "unauthenticated dmarc=none"},
	{"peer:192.0.2.9 ar-login:ann@partner.example", "authenticated relay-login * dmarc=none"},
	{"peer:192.0.2.9 ar-login:eve@partner.example", "unauthenticated dmarc=none"},
	/* (d) */
	{"login:ann@partner.example", "authenticated login * dmarc=none"},
	{"login:bob@partner.example", "unauthenticated dmarc=none"},
	{"cert:aabb credential:certificate:aabb", "authenticated certificate * dmarc=none"},
	{"cert:aabb credential:smime:aabb", "unauthenticated dmarc=none"},
	{"cert:aabb credential:certificate:aabc", "unauthenticated dmarc=none"},
	{"credential:certificate:aabb", "unauthenticated dmarc=none"},
	/* (e) */
	{"verify:valid", "authenticated signature from:to dmarc=none"},
	{"verify:other", "unauthenticated dmarc=none"},
	{"verify:invalid", "unauthenticated dmarc=none signature-invalid"},
	{"verify:invalid spf:pass:partner.example", "authenticated spf * dmarc=none signature-invalid"},
	{"verify:valid p:reject spf:fail:evil.example", "authenticated signature from:to dmarc=fail"},
	/* (f) */
	{"arc:pass:forwarder.example:pass:partner.example", "authenticated arc from dmarc=none"},
	{"arc:pass:evil.example:pass:partner.example", "unauthenticated dmarc=none"},
	{"arc:fail:forwarder.example:pass:partner.example", "unauthenticated dmarc=none"},
	{"arc:pass:forwarder.example:fail:partner.example", "unauthenticated dmarc=none"},
	{"arc:pass:forwarder.example:pass:evil.example", "unauthenticated dmarc=none"},
	/* (g) */
	{"signer:signer.example dkim:pass:signer.example:" SIGNED, "authenticated signer from:subject:to dmarc=none"},
	{"signer:signer.example dkim:pass:x.signer.example:" SIGNED, "unauthenticated dmarc=none"},
	{"signer:signer.example dkim:fail:signer.example:" SIGNED, "unauthenticated dmarc=none"},
	{"signer:signer.example dkim:partial:signer.example:" SIGNED, "unauthenticated dmarc=none"},
	{"signer:signer.example to:bob@elsewhere.example dkim:pass:signer.example:" SIGNED, "unauthenticated dmarc=none"},
	{"dkim:pass:signer.example:" SIGNED, "unauthenticated dmarc=none"},
	/* (h) */
	{"peer:198.51.100.7", "authenticated relay * dmarc=none"},
	{"peer:198.51.100.8", "unauthenticated dmarc=none"},
};

static void letters(void **state)
{
	char says[200];

	(void)state;
	for (size_t i = 0; i < sizeof(letters_cases) / sizeof(letters_cases[0]); i++) {
		judge(says, sizeof(says), letters_cases[i].mail, false);
		if (strcmp(says, letters_cases[i].says) != 0)
			fail_msg("%s: %s", letters_cases[i].mail, says);
	}
}

static const struct {
	const char *mail, *says;
} situations_cases[] = {
	/* forwarded as it is: SPF is the forwarder's, the signature lives */
	{"p:reject spf:pass:elsewhere.example dkim:pass:partner.example:" SIGNED, "authenticated dkim from:subject:to dmarc=pass"},
	/* a mailing list broke the signature */
	{"p:reject spf:pass:lists.example dkim:invalid:partner.example:" SIGNED, "failed dmarc=fail"},
	{"p:quarantine spf:pass:lists.example dkim:invalid:partner.example:" SIGNED, "failed dmarc=fail"},
	{"p:none spf:pass:lists.example dkim:invalid:partner.example:" SIGNED, "unauthenticated dmarc=fail"},
	{"p:quarantine;t=y spf:pass:lists.example", "unauthenticated dmarc=fail"},
	{"p:reject;t=y spf:pass:lists.example", "failed dmarc=fail"},
	{"peer:192.0.2.9 p:reject dkim:invalid:partner.example:" SIGNED, "failed dmarc=fail"},
	{"peer:192.0.2.9 p:reject dkim:invalid:evil.example:" SIGNED, "unauthenticated dmarc=none"},
	{"peer:192.0.2.9 p:reject dkim:permerror:partner.example:" SIGNED, "unauthenticated dmarc=none"},
	{"peer:192.0.2.9 p:reject", "unauthenticated dmarc=none"},
	{"lmtp peer:192.0.2.9 p:reject dkim:invalid:partner.example:" SIGNED, "unauthenticated dmarc=none"},
	{"imap p:reject dkim:invalid:partner.example:" SIGNED, "unauthenticated dmarc=none"},
	{"p:reject dkim:invalid:partner.example:" SIGNED " dkim:pass:partner.example:from", "unauthenticated dmarc=pass"},
	{"peer:192.0.2.9 ar:pass:partner.example p:reject dkim:invalid:partner.example:" SIGNED,
	    "authenticated relay-dmarc * dmarc=fail"},
	/* signatures that were not looked at are no failure */
	{"no-dkim p:reject spf:fail:partner.example", "unauthenticated dmarc=none"},
	/* without a resolver only what needs none */
	{"no-dmarc dkim:pass:mail.partner.example:" SIGNED, "unauthenticated dmarc=none"},
	/* strict where several roles share the organisation, and for agents */
	{"shared:2 dkim:pass:mail.partner.example:" SIGNED, "unauthenticated dmarc=none"},
	{"shared:2 p:reject dkim:pass:mail.partner.example:" SIGNED, "unauthenticated dmarc=pass"},
	{"shared:2 p:reject dkim:pass:partner.example:" SIGNED, "authenticated dkim from:subject:to dmarc=pass"},
	{"shared:1 p:reject dkim:pass:mail.partner.example:" SIGNED, "authenticated dkim from:subject:to dmarc=pass"},
	{"shared:3 from:ann@eu.partner.example p:reject dkim:pass:partner.example:" SIGNED, "unauthenticated dmarc=pass"},
	{"shared:2 p:reject spf:pass:mail.partner.example", "unauthenticated dmarc=pass"},
	{"agent p:reject dkim:pass:mail.partner.example:" SIGNED, "unauthenticated dmarc=pass"},
	{"agent p:reject spf:pass:mail.partner.example", "unauthenticated dmarc=pass"},
	{"agent p:reject spf:pass:partner.example", "authenticated spf * dmarc=pass"},
	{"agent dkim:pass:partner.example:" SIGNED, "authenticated dkim from:subject:to dmarc=none"},
	/* what the partner demands */
	{"need:dkim spf:pass:partner.example", "unauthenticated dmarc=none too-weak"},
	{"need:dkim spf:pass:partner.example dkim:pass:partner.example:" SIGNED, "authenticated dkim from:subject:to dmarc=none"},
	{"need:dkim signer:signer.example dkim:pass:signer.example:" SIGNED, "authenticated signer from:subject:to dmarc=none"},
	{"need:dkim verify:valid", "authenticated signature from:to dmarc=none"},
	{"need:dkim peer:198.51.100.7", "unauthenticated dmarc=none too-weak"},
	{"need:signature dkim:pass:partner.example:" SIGNED, "unauthenticated dmarc=none too-weak"},
	{"need:signature dkim:pass:partner.example:" SIGNED " verify:valid", "authenticated signature from:to dmarc=none"},
	{"need:signature verify:invalid spf:pass:partner.example", "unauthenticated dmarc=none too-weak signature-invalid"},
	/* DNS */
	{"zone:partner.example:!", "temperror dmarc=temperror"},
	{"zone:partner.example:! spf:pass:partner.example", "authenticated spf * dmarc=temperror"},
	{"zone:partner.example:! dkim:pass:mail.partner.example:" SIGNED, "temperror dmarc=temperror"},
	{"zone:partner.example:! give-up", "unauthenticated dmarc=temperror gave-up"},
	{"p:reject spf:temperror:partner.example", "temperror dmarc=temperror"},
	{"p:reject spf:temperror:mail.partner.example", "temperror dmarc=temperror"},
	{"p:reject spf:temperror:evil.example", "failed dmarc=fail"},
	{"p:reject spf:fail:evil.example dkim:temperror:partner.example:" SIGNED, "temperror dmarc=temperror"},
	{"p:reject spf:fail:evil.example dkim:temperror:evil.example:" SIGNED, "failed dmarc=fail"},
	{"p:reject spf:fail:evil.example dkim:temperror:x.partner.example:" SIGNED " zone:x.partner.example:!",
	    "temperror dmarc=temperror"},
	{"p:reject dkim:pass:x.partner.example:" SIGNED " zone:x.partner.example:!", "temperror dmarc=temperror"},
	{"p:reject dkim:temperror:partner.example:" SIGNED " login:ann@partner.example", "authenticated login * dmarc=temperror"},
	{"zone:partner.example:v=DMARC1;p=oops spf:fail:evil.example", "unauthenticated dmarc=permerror"},
};

static void situations(void **state)
{
	char says[200];

	(void)state;
	for (size_t i = 0; i < sizeof(situations_cases) / sizeof(situations_cases[0]); i++) {
		judge(says, sizeof(says), situations_cases[i].mail, false);
		if (strcmp(says, situations_cases[i].says) != 0)
			fail_msg("%s: %s", situations_cases[i].mail, says);
	}
}

static void early(void **state)
{
	static const struct {
		const char *mail, *suffices;
	} cases[] = {
		{"", "no"},
		{"login:ann@partner.example", "yes"},
		{"login:ann@partner.example need:dkim", "no"},
		{"peer:198.51.100.7", "yes"},
		{"peer:192.0.2.9 ar:pass:partner.example", "yes"},
		{"cert:aa credential:certificate:aa", "yes"},
		{"verify:valid need:signature", "yes"},
		{"verify:invalid", "no"},
		{"spf:pass:partner.example dkim:pass:partner.example:" SIGNED, "no"},
	};
	char says[200];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		judge(says, sizeof(says), cases[i].mail, true);
		if (strcmp(says, cases[i].suffices) != 0)
			fail_msg("%s: %s", cases[i].mail, says);
	}
}

/* Each signature says why it does not count. */
static void reasons(void **state)
{
	struct gate_header header;
	struct gate_sender s;
	struct addr author;
	struct mail m;
	static const char bytes[] = "From: ann@partner.example\r\nTo: bob@elsewhere.example\r\n\r\n";

	(void)state;
	mail_init(&m, "dkim:pass:evil.example:" SIGNED " dkim:partial:partner.example:" SIGNED " dkim:pass:partner.example:from "
	    "dkim:pass:partner.example:" SIGNED " dkim:fail:partner.example:" SIGNED);
	snprintf(m.dkim.s[4].why, sizeof(m.dkim.s[4].why), "no key");
	assert_int_equal(gate_header_read(&header, bytes, sizeof(bytes) - 1), VG_OK);
	assert_int_equal(addr_parse(&author, m.author, strlen(m.author), 0, NULL), VG_OK);
	m.in.header = &header;
	m.in.author = &author;
	assert_true(gate_sender_join(&s, &m.in));
	assert_int_equal(s.n_dkim, 5);
	assert_string_equal(s.dkim[0].why, "not aligned with the From domain");
	assert_string_equal(s.dkim[1].why, "l= lets anybody add to the body");
	assert_string_equal(s.dkim[2].why, "From, Subject or To is not covered");
	assert_string_equal(s.dkim[3].why, "neither the signed To nor a signed Cc names an address of ours");
	assert_string_equal(s.dkim[4].why, "no key");
	for (size_t i = 0; i < s.n_dkim; i++)
		assert_false(s.dkim[i].proves);
	gate_header_free(&header);
	buf_free(&m.signers);
	buf_free(&m.credentials);
}

/* ---- SPF's question ---- */

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(letters),
		cmocka_unit_test(situations),
		cmocka_unit_test(early),
		cmocka_unit_test(reasons),
	};

	return cmocka_run_group_tests(tests, read_conf, drop_conf);
}
