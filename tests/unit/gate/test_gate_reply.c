/* gate_reply.h, gate_prefix.h, gate_rcpt.h, gate_release.h, gate_evidence.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "err.h"
#include "gate_evidence.h"
#include "gate_prefix.h"
#include "gate_rcpt.h"
#include "gate/gate_conf.h"
#include "gate_release.h"
#include "gate_reply.h"
#include "token.h"

static const struct token_keys key = {.key = {"a test key of thirty-two bytes!"}, .n = 1};

/* ---- answers ---- */

static void answers(void **state)
{
	struct commit_say done = {.message_id = "01J0", .ticket = 1234, .reference = ""};
	struct commit_say refused = {.message_id = "", .reference = "01JREF"};
	struct verdict v = {.rule = "V11", .reason = "", .action = COMMIT_OPEN, .code = 250, .enhanced = "2.0.0"};
	struct gate_reply r;

	(void)state;
	gate_reply_verdict(&r, &v, &done, false);
	assert_int_equal(r.say.outcome, OUT_ACCEPTED);
	assert_int_equal(r.say.code, 250);
	assert_string_equal(r.say.text, "accepted as 01J0, case 1234");
	assert_int_equal(r.say.ticket, 1234);
	done.duplicate = 1;
	gate_reply_verdict(&r, &v, &done, false);
	assert_int_equal(r.say.outcome, OUT_DUPLICATE);
	assert_string_equal(r.say.text, "accepted as 01J0, case 1234");
	done.ticket = 0;
	gate_reply_verdict(&r, &v, &done, false);
	assert_string_equal(r.say.text, "accepted for review as 01J0");
	/* held: no ticket is named, not even for a copy of one that has it */
	v.action = COMMIT_HOLD;
	v.reason = "unverified-sender";
	done.ticket = 1234;
	gate_reply_verdict(&r, &v, &done, false);
	assert_string_equal(r.say.text, "accepted for review as 01J0");
	assert_int_equal(r.say.ticket, 0);
	done.duplicate = 0;
	gate_reply_verdict(&r, &v, &done, false);
	assert_int_equal(r.say.outcome, OUT_HELD);
	assert_string_equal(r.say.reason, "unverified-sender");
	/* refused */
	v = (struct verdict){.rule = "V17", .reason = "", .action = COMMIT_REFUSE, .code = 550, .enhanced = "5.7.1",
	    .text = "cases are opened through your service provider", .quiet_after_queue = true};
	gate_reply_verdict(&r, &v, &refused, false);
	assert_int_equal(r.say.outcome, OUT_REJECTED);
	assert_int_equal(r.say.code, 550);
	assert_string_equal(r.say.enhanced, "5.7.1");
	assert_string_equal(r.say.text, "cases are opened through your service provider (reference 01JREF)");
	assert_false(r.refused_after_queue);
	gate_reply_verdict(&r, &v, &refused, true);
	assert_int_equal(r.say.outcome, OUT_REJECTED);
	assert_int_equal(r.say.code, 250);
	assert_true(r.refused_after_queue);
	assert_non_null(strstr(r.say.text, "01JREF"));
	v.quiet_after_queue = false;
	gate_reply_verdict(&r, &v, &refused, true);
	assert_int_equal(r.say.code, 550);
	/* whatever the configured text holds, one line of ASCII leaves */
	snprintf(v.text, sizeof(v.text), "a\r\nb\xc3\xbc");
	gate_reply_verdict(&r, &v, &refused, false);
	assert_string_equal(r.say.text, "a??b?? (reference 01JREF)");
	gate_reply_later(&r, VG_ERR_FULL);
	assert_int_equal(r.say.code, 452);
	gate_reply_later(&r, VG_ERR_STORE);
	assert_int_equal(r.say.code, 451);
	assert_string_equal(r.say.enhanced, "4.3.0");
	assert_int_equal(r.say.outcome, OUT_TEMPFAIL);
}

/* ---- Received ---- */

static void list(struct buf *b, struct wlist *out, const char *const *items)
{
	uint32_t n = 0;

	buf_init(b, 65536);
	for (; *items != NULL; items++)
		assert_int_equal(wlist_add_str(b, &n, *items), VG_OK);
	*out = wlist_of(b, n);
}

static void received(void **state)
{
	static const char *const one[] = {"Support@support.example", NULL};
	static const char *const two[] = {"a@support.example", "b@support.example", NULL};
	struct submit s = {.sess = "abcdefghij", .real_peer = "192.0.2.1", .client = "", .client_name = "mx.partner.example",
	    .helo = "mail.partner.example", .protocol = "ESMTPS", .tls = "TLS1.3 TLS_AES_256_GCM_SHA384",
	    .received_at = INT64_C(1795487460000)};
	struct buf rcpts, out;

	(void)state;
	buf_init(&out, 4096);
	list(&rcpts, &s.rcpts, one);
	assert_int_equal(gate_prefix(&out, &s, "support.example"), VG_OK);
	assert_string_equal(buf_str(&out), "Received: from mail.partner.example\r\n\t(mx.partner.example [192.0.2.1])\r\n"
	    "\t(TLS1.3 TLS_AES_256_GCM_SHA384)\r\n\tby support.example (vcspgate) with ESMTPS id abcdefghij\r\n"
	    "\tfor <support@support.example>;\r\n\tTue, 24 Nov 2026 02:31:00 +0000\r\n");
	buf_free(&rcpts);
	buf_reset(&out);
	list(&rcpts, &s.rcpts, two);
	s.helo = "evil\r\nX-Injected: (y) \"\\<>\xc3";
	s.client = "2001:db8::1";
	s.client_name = "";
	s.tls = "a)b\r\n";
	s.protocol = "";
	s.sess = "x\r\n";
	assert_int_equal(gate_prefix(&out, &s, "support.example"), VG_OK);
	assert_string_equal(buf_str(&out), "Received: from evil__X-Injected:__y_______\r\n\t(unknown [IPv6:2001:db8::1])\r\n"
	    "\t(by way of [192.0.2.1])\r\n\t(a_b__)\r\n\tby support.example (vcspgate) with SMTP id x__;\r\n"
	    "\tTue, 24 Nov 2026 02:31:00 +0000\r\n");
	buf_reset(&out);
	s.helo = "";
	s.client = s.real_peer = "unix";
	assert_int_equal(gate_prefix(&out, &s, "support.example"), VG_OK);
	assert_memory_equal(buf_str(&out), "Received: from unknown\r\n\t(unknown [local])\r\n", 44);
	buf_free(&rcpts);
	buf_free(&out);
}

/* Our own field is counted as ours when it comes back. */
static void received_is_recognised(void **state)
{
	static const char *const one[] = {"support@support.example", NULL};
	struct submit s = {.sess = "a", .real_peer = "192.0.2.1", .client = "", .client_name = "", .helo = "x", .protocol = "SMTP",
	    .tls = ""};
	struct gate_header h;
	struct gate_facts f;
	struct gate_facts_input in = {.header = &h, .hostname = conf->hostname};
	struct buf rcpts, out;

	(void)state;
	buf_init(&out, 4096);
	list(&rcpts, &s.rcpts, one);
	assert_int_equal(gate_prefix(&out, &s, conf->hostname), VG_OK);
	assert_int_equal(gate_prefix(&out, &s, conf->hostname), VG_OK);
	assert_int_equal(gate_header_read(&h, buf_str(&out), out.len), VG_OK);
	assert_int_equal(h.n_faults, 0);
	assert_int_equal(gate_facts_read(&f, &in), VG_OK);
	assert_int_equal(f.our_hops, 2);
	gate_facts_free(&f);
	gate_header_free(&h);
	buf_free(&rcpts);
	buf_free(&out);
}

/* ---- Authentication-Results ---- */

static void our_results(void **state)
{
	struct dkim_signature good = {.result = DKIM_PASS, .domain = "partner.example", .selector = "s1", .algorithm = "rsa-sha256"};
	struct dkim_signature evil = {.result = DKIM_FAIL, .domain = "evil.example; dmarc=pass", .selector = "a\"b\\c\r\nX: y",
	    .algorithm = "(\xc3\xbc", .why = "the body was changed"};
	struct spf spf = {.result = SPF_SOFTFAIL};
	struct dmarc dmarc = {.found = true, .policy = DMARC_POLICY_REJECT};
	struct arc_chain arc = {.result = ARC_FAIL};
	struct verify_say verify = {.state = SIGNATURE_VALID, .kind = "smime"};
	struct gate_sender g = {.spf = &spf, .spf_domain = "bounce.partner.example", .n_dkim = 2, .dmarc = &dmarc,
	    .dmarc_result = "pass", .author_domain = "partner.example", .arc = &arc, .login = "ann@partner.example", .verify = &verify};
	struct submit s = {.reverse_path = "x@bounce.partner.example"};
	struct buf out;

	(void)state;
	buf_init(&out, 32768);
	assert_int_equal(gate_prefix_results(&out, NULL, &s, "support.example"), VG_OK);
	assert_string_equal(buf_str(&out), "Authentication-Results: support.example; none\r\n");
	buf_reset(&out);
	g.dkim[0].signature = &good;
	g.dkim[1].signature = &evil;
	assert_int_equal(gate_prefix_results(&out, &g, &s, "support.example"), VG_OK);
	assert_string_equal(buf_str(&out), "Authentication-Results: support.example;\r\n"
	    "\tspf=softfail smtp.mailfrom=bounce.partner.example;\r\n"
	    "\tdkim=pass header.d=partner.example header.s=s1 header.a=rsa-sha256;\r\n"
	    "\tdkim=fail reason=\"the body was changed\" header.d=\"evil.example; dmarc=pass\" header.s=\"a\\\"b\\\\c__X: y\""
	    " header.a=\"(__\";\r\n"
	    "\tdmarc=pass (p=reject) header.from=partner.example;\r\n"
	    "\tarc=fail;\r\n\tauth=pass smtp.auth=ann@partner.example;\r\n\tsmime=pass\r\n");
	buf_free(&out);
}

/* Whatever the values, our own reader finds the same results in the field, and nothing more. */
static void our_results_are_read_back(void **state)
{
	struct gate_sender g = {.spf_domain = "", .dmarc_result = "none", .author_domain = "partner.example", .login = ""};
	struct dkim_signature worst[DKIM_SIGNATURES_MAX];
	struct submit s = {.reverse_path = ""};
	struct gate_header h;
	struct authres a;
	struct buf out;
	const char *why = "";

	(void)state;
	g.n_dkim = 3;
	for (size_t i = 0; i < g.n_dkim; i++) {
		memset(&worst[i], 0, sizeof(worst[i]));
		memset(worst[i].domain, i == 0 ? '"' : i == 1 ? '\\' : '\n', DNS_NAME_MAX);
		memset(worst[i].selector, i == 0 ? ';' : i == 1 ? '(' : 0x80, DNS_NAME_MAX);
		g.dkim[i].signature = &worst[i];
	}
	buf_init(&out, 32768);
	assert_int_equal(gate_prefix_results(&out, &g, &s, "support.example"), VG_OK);
	for (const char *line = buf_str(&out); *line != '\0'; line = strchr(line, '\n') + 1)
		assert_in_range(strchr(line, '\n') - line, 1, 1998);
	assert_int_equal(gate_header_read(&h, buf_str(&out), out.len), VG_OK);
	assert_int_equal(h.n, 1);
	assert_int_equal(h.n_faults, 0);
	assert_int_equal(authres_parse(&a, h.fields[0].value, h.fields[0].value_len, &why), VG_OK);
	assert_int_equal(a.n_results, 5);
	assert_string_equal(a.results[4].method, "dmarc");
	assert_string_equal(a.results[4].result, "none");
	gate_header_free(&h);
	/* The longest field there can be fits what a commit gives it. */
	g.n_dkim = DKIM_SIGNATURES_MAX;
	for (size_t i = 0; i < g.n_dkim; i++) {
		worst[i] = worst[0];
		g.dkim[i].signature = &worst[i];
	}
	buf_reset(&out);
	assert_int_equal(gate_prefix_results(&out, &g, &s, "support.example"), VG_OK);
	buf_free(&out);
}

/* ---- recipients ---- */

static void mint(char out[200], enum token_purpose purpose, uint64_t number, uint64_t participant)
{
	struct token t = {.purpose = purpose, .number = number, .participant = participant};
	char tag[TOKEN_MAX + 1];

	assert_int_equal(token_mint(tag, &t, &key), VG_OK);
	snprintf(out, 200, "%s+%s@support.example", purpose == TOKEN_CASE ? "case" : "bounce", tag);
}

static void read_rcpts(struct gate_rcpts *out, const char *a, const char *b)
{
	const char *const items[] = {a, b, NULL};
	struct buf store;
	struct wlist l;

	list(&store, &l, items);
	gate_rcpts_read(out, conf, &key, &l);
	buf_free(&store);
}

static void recipients(void **state)
{
	char first[200], again[200], other[200], bounce[200], forged[200];
	struct gate_rcpts r;
	bool bad;

	(void)state;
	mint(first, TOKEN_CASE, 1234, 7);
	mint(again, TOKEN_CASE, 1234, 8);
	mint(other, TOKEN_CASE, 99, 7);
	mint(bounce, TOKEN_BOUNCE, 55, 0);
	memcpy(forged, first, sizeof(forged));
	forged[11] = forged[11] == '0' ? '1' : '0';
	read_rcpts(&r, "VBR@support.example", "support@support.example");
	assert_string_equal(r.route, "");
	read_rcpts(&r, "vbr@support.example", "postmaster@support.example");
	assert_string_equal(r.route, "vbr");
	assert_false(r.postmaster_only);
	read_rcpts(&r, "Postmaster", "abuse@support.example");
	assert_true(r.postmaster_only);
	read_rcpts(&r, first, "support@support.example");
	assert_int_equal(r.token_ticket, 1234);
	assert_int_equal(r.token_participant, 7);
	assert_false(r.two_tokens);
	read_rcpts(&r, first, again);
	assert_int_equal(r.token_participant, 7);
	assert_false(r.two_tokens);
	read_rcpts(&r, first, other);
	assert_true(r.two_tokens);
	read_rcpts(&r, forged, "case@support.example");
	assert_int_equal(r.token_ticket, 0);
	assert_int_equal(r.forged, 1);
	read_rcpts(&r, forged, other);
	assert_int_equal(r.token_ticket, 99);
	assert_false(r.two_tokens);
	read_rcpts(&r, bounce, NULL);
	assert_true(r.bounce);
	assert_int_equal(r.bounce_number, 55);
	assert_true(gate_rcpt_ok(conf, &key, bounce, &bad));
	assert_false(bad);
	assert_false(gate_rcpt_ok(conf, &key, "bounce@support.example", &bad));
	assert_true(bad);
	assert_false(gate_rcpt_ok(conf, &(struct token_keys){.n = 0}, bounce, &bad));
	assert_true(gate_rcpt_ok(conf, &key, forged, &bad));
	assert_true(gate_rcpt_ok(conf, &key, "postmaster", &bad));
	assert_false(gate_rcpt_ok(conf, &key, "nobody@support.example", &bad));
	assert_false(bad);
	assert_false(gate_rcpt_ok(conf, &key, "ann@partner.example", &bad));
	assert_false(gate_rcpt_ok(conf, &key, "", &bad));
}

/* ---- evidence and release ---- */

struct mail {
	struct gate_header header;
	struct gate_facts facts;
	struct gate_rcpts rcpts;
	struct submit submit;
	struct facts_say say;
	struct gate_case c;
	struct gate_sender sender;
	struct buf threads;
};

static void decide(struct mail *m, const char *header, const struct facts_thread *thread)
{
	struct gate_facts_input in = {.header = &m->header, .hostname = conf->hostname};
	struct gate_sender_input sender = {
	    .conf = conf, .author = &m->facts.from.addr, .header = &m->header, .submit = &m->submit, .say = &m->say,
	};
	uint32_t n = 0;

	buf_init(&m->threads, 65536);
	if (thread != NULL)
		assert_int_equal(wlist_add(&m->threads, &n, &wire_facts_thread, thread), VG_OK);
	m->say.threads = wlist_of(&m->threads, n);
	assert_int_equal(gate_header_read(&m->header, header, strlen(header)), VG_OK);
	assert_int_equal(gate_facts_read(&m->facts, &in), VG_OK);
	m->c.conf = conf;
	m->c.submit = &m->submit;
	m->c.header = &m->header;
	m->c.facts = &m->facts;
	m->c.rcpts = &m->rcpts;
	m->c.say = &m->say;
	m->rcpts.route = "";
	m->submit.login = m->submit.certificate = m->submit.reverse_path = m->submit.helo = "";
	gate_sender_early(&m->sender, &sender);
	if (m->c.sender == NULL)
		m->c.sender = &m->sender;
	assert_int_equal(gate_decide(&m->c), VG_OK);
}

static void mail_free(struct mail *m)
{
	gate_facts_free(&m->facts);
	gate_header_free(&m->header);
	buf_free(&m->threads);
}

static const struct facts_say contact = {.cls = CLASS_CONTACT, .partner = "p1", .partner_status = PARTNER_ACTIVE, .holder = "",
    .sender_name = "", .duplicate_of = ""};

#define ANN "From: ann@partner.example\r\n"
#define PASS "Authentication-Results: mx.support.example; dmarc=pass header.from=partner.example\r\n"

/* Trust is in the real peer alone. */
static void who_is_believed(void **state)
{
	static const struct {
		const char *peer, *client, *header;
		enum proof_need need;
		const char *rule;
	} cases[] = {
		{"192.0.2.9", "203.0.113.1", PASS ANN, PROOF_ANY, "V11"},
		{"203.0.113.1", "192.0.2.9", PASS ANN, PROOF_ANY, "V12"},
		{"192.0.2.9", "", ANN, PROOF_ANY, "V12"},
		{"192.0.2.9", "", "From: ann@evil.example\r\n" PASS, PROOF_ANY, "V12"},
		{"198.51.100.7", "203.0.113.1", ANN, PROOF_ANY, "V11"},
		{"198.51.100.8", "198.51.100.7", ANN, PROOF_ANY, "V12"},
		{"198.51.100.7", "", PASS ANN, PROOF_DKIM, "V12"},
		{"192.0.2.9", "", PASS ANN, PROOF_SIGNATURE, "V12"},
		{"unix", "192.0.2.9", PASS ANN, PROOF_ANY, "V12"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct mail m = {.submit = {.real_peer = cases[i].peer, .client = cases[i].client}, .say = contact};

		m.say.proof = cases[i].need;
		decide(&m, cases[i].header, NULL);
		if (strcmp(m.c.verdict.rule, cases[i].rule) != 0)
			fail_msg("case %zu: %s", i, m.c.verdict.rule);
		mail_free(&m);
	}
}

static json_t *evidence(const struct mail *m)
{
	char *text = gate_evidence(&m->c);
	json_t *o = json_loads(text, 0, NULL);

	assert_non_null(o);
	free(text);
	return o;
}

static const char *text_at(const json_t *o, const char *a, const char *b)
{
	return json_string_value(json_object_get(json_object_get(o, a), b));
}

/* The words of sender.authentication, and behind them how each method came out. */
static void evidence_tells_every_method(void **state)
{
	struct dkim_signature d[2] = {
	    {.result = DKIM_FAIL, .domain = "evil.example", .selector = "x", .algorithm = "rsa-sha256", .why = "no key"},
	    {.result = DKIM_PASS, .domain = "partner.example", .selector = "s1", .algorithm = "ed25519-sha256", .bits = 256}};
	struct spf spf = {.result = SPF_PASS, .mechanism = "ip4:192.0.2.0/24"};
	struct dmarc dmarc = {.found = true, .policy = DMARC_POLICY_QUARANTINE, .published = DMARC_POLICY_REJECT,
	    .org_domain = "partner.example", .record_domain = "partner.example"};
	struct verify_say verify = {.state = SIGNATURE_INVALID, .kind = "openpgp", .fingerprint = "ab", .why = "expired", .protected = ""};
	struct gate_sender g = {.facts = {.signature_invalid = true}, .authres = {.dmarc_result = "none", .why = "none"}, .spf = &spf,
	    .spf_domain = "partner.example", .spf_aligned = true, .n_dkim = 2, .dmarc = &dmarc, .dmarc_result = "pass", .dmarc_why = "",
	    .author_domain = "partner.example", .arc_why = "not looked at", .login = "", .verify = &verify};
	struct mail m = {.submit = {.real_peer = "203.0.113.1", .client = ""}, .say = contact, .c = {.sender = &g}};
	const json_t *auth, *details, *first;
	json_t *o;

	(void)state;
	g.dkim[0] = (struct gate_sender_dkim){.signature = &d[0], .why = d[0].why};
	g.dkim[1] = (struct gate_sender_dkim){.signature = &d[1], .why = "", .aligned = true, .proves = true};
	auth_add(&g.facts, AUTH_SPF, "*");
	decide(&m, ANN, NULL);
	o = evidence(&m);
	auth = json_object_get(o, "authentication");
	assert_string_equal(text_at(o, "authentication", "method"), "spf");
	assert_string_equal(text_at(o, "authentication", "spf"), "pass");
	assert_string_equal(text_at(o, "authentication", "dkim"), "pass");
	assert_string_equal(text_at(o, "authentication", "dmarc"), "pass");
	assert_string_equal(text_at(o, "authentication", "signature"), "invalid");
	assert_true(json_is_true(json_object_get(auth, "signature_invalid")));
	details = json_object_get(auth, "details");
	assert_string_equal(text_at(details, "spf", "domain"), "partner.example");
	assert_string_equal(text_at(details, "dmarc", "policy"), "quarantine");
	assert_string_equal(text_at(details, "dmarc", "published"), "reject");
	assert_string_equal(text_at(details, "signature", "why"), "expired");
	first = json_array_get(json_object_get(details, "dkim"), 0);
	assert_string_equal(json_string_value(json_object_get(first, "why")), "no key");
	assert_false(json_is_true(json_object_get(first, "counts")));
	assert_true(json_is_true(json_object_get(json_array_get(json_object_get(details, "dkim"), 1), "counts")));
	json_decref(o);
	mail_free(&m);
}

static void evidence_says_why(void **state)
{
	struct facts_thread t = {.kind = MATCH_OUR_MESSAGE_ID, .ticket = 77, .partner = "p2", .holder = "", .status = TICKET_OPEN};
	struct mail m = {.submit = {.real_peer = "192.0.2.9", .client = ""}, .say = contact};
	json_t *o, *trace;

	(void)state;
	decide(&m, PASS "Authentication-Results: mx.support.example; dmarc=fail\r\n" ANN, &t);
	o = evidence(&m);
	assert_string_equal(text_at(o, "authentication", "result"), "authenticated");
	assert_string_equal(text_at(o, "authentication", "method"), "relay-dmarc");
	assert_string_equal(text_at(o, "authentication", "dmarc"), "pass");
	assert_string_equal(text_at(o, "authentication", "covers"), "*");
	assert_int_equal(json_integer_value(json_object_get(json_object_get(o, "authentication"), "ignored")), 1);
	assert_string_equal(text_at(o, "authentication", "spf"), "none");
	assert_string_equal(text_at(o, "authentication", "dkim"), "none");
	assert_string_equal(text_at(o, "authentication", "arc"), "none");
	assert_string_equal(text_at(o, "authentication", "signature"), "none");
	assert_non_null(json_object_get(json_object_get(o, "authentication"), "details"));
	assert_string_equal(text_at(o, "registry", "class"), "contact");
	assert_string_equal(text_at(o, "registry", "partner"), "p1");
	assert_int_equal(json_integer_value(json_array_get(json_object_get(json_object_get(o, "thread"), "foreign"), 0)), 77);
	trace = json_object_get(o, "trace");
	for (size_t i = 0; i < json_array_size(trace); i++) {
		const json_t *row = json_array_get(trace, i);

		assert_string_equal(json_string_value(json_array_get(row, 0)), verdict_row_name((unsigned)i));
		assert_int_equal(json_is_true(json_array_get(row, 1)), i + 1 == json_array_size(trace));
	}
	assert_string_equal(json_string_value(json_array_get(json_array_get(trace, json_array_size(trace) - 1), 0)), "V11");
	json_decref(o);
	mail_free(&m);
}

/* An unverified contact's answer is held, released, and lands in its ticket; a refusing row stops a release. */
static void release(void **state)
{
	struct mail m = {.submit = {.real_peer = "203.0.113.1", .client = ""}, .say = contact};
	struct facts_thread t = {.kind = MATCH_OUR_MESSAGE_ID, .ticket = 77, .partner = "p1", .holder = "", .status = TICKET_OPEN};
	struct release_input in = {.conf = conf, .facts = &m.say, .automatic = ""};
	struct facts_ask ask;
	struct verdict v;
	struct buf mids;
	const char *id;
	size_t pos = 0;
	json_t *o;

	(void)state;
	buf_init(&mids, 65536);
	m.rcpts.token_ticket = 5;
	m.rcpts.token_participant = 6;
	decide(&m, ANN "In-Reply-To: <a@x>\r\nReferences: <b@x> <a@x>\r\nSubject: Re: [#77] x\r\n", &t);
	assert_string_equal(m.c.verdict.rule, "V12");
	o = evidence(&m);
	assert_int_equal(gate_release_ask(&ask, &mids, o, "ann@partner.example"), VG_OK);
	assert_string_equal(ask.sender, "ann@partner.example");
	assert_int_equal(ask.mids.n, 2);
	assert_int_equal(wlist_next_str(&ask.mids, &pos, &id), 1);
	assert_string_equal(id, "a@x");
	assert_int_equal(ask.subject_number, 77);
	assert_int_equal(ask.token_ticket, 5);
	assert_int_equal(ask.token_participant, 6);
	assert_int_equal(gate_release_decide(&in, &v), VG_OK);
	assert_string_equal(v.rule, "V10");
	assert_int_equal(v.ticket, 77);
	in.automatic = "auto-generated";
	m.say.threads.n = 0;
	m.say.threads.len = 0;
	assert_int_equal(gate_release_decide(&in, &v), VG_OK);
	assert_string_equal(v.rule, "V11");
	m.say.partner_status = PARTNER_EXPIRED;
	assert_int_equal(gate_release_decide(&in, &v), VG_ERR_DENIED);
	assert_string_equal(v.rule, "V9");
	m.say = (struct facts_say){.partner = "", .holder = "", .sender_name = "", .duplicate_of = ""};
	assert_int_equal(gate_release_decide(&in, &v), VG_ERR_DENIED);
	assert_string_equal(v.rule, "V18");
	json_decref(o);
	o = json_object();
	assert_int_equal(gate_release_ask(&ask, &mids, o, ""), VG_ERR_SYNTAX);
	json_decref(o);
	buf_free(&mids);
	mail_free(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers), cmocka_unit_test(received), cmocka_unit_test(received_is_recognised),
		cmocka_unit_test(recipients), cmocka_unit_test(who_is_believed), cmocka_unit_test(evidence_says_why),
		cmocka_unit_test(our_results), cmocka_unit_test(our_results_are_read_back),
		cmocka_unit_test(evidence_tells_every_method), cmocka_unit_test(release),
	};

	return cmocka_run_group_tests(tests, read_conf, drop_conf);
}
