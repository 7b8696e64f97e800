/* gate_facts.h, gate_automatic.h, gate_digest.h, gate_text.h: what the header of a mail says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "err.h"
#include "gate_digest.h"
#include "gate_facts.h"
#include "gate_text.h"

static const struct token_keys key = {.key = {"a test key of thirty-two bytes!"}, .n = 1};

static void read_facts(struct gate_facts *f, struct gate_header *h, const char *bytes, bool null_path)
{
	struct gate_facts_input in = {.header = h, .hostname = "support.example", .keys = &key, .null_path = null_path};

	assert_int_equal(gate_header_read(h, bytes, strlen(bytes)), VG_OK);
	assert_int_equal(gate_facts_read(f, &in), VG_OK);
}

static void done(struct gate_facts *f, struct gate_header *h)
{
	gate_facts_free(f);
	gate_header_free(h);
}

static void message_ids(void **state)
{
	static const struct {
		const char *header, *id;
	} rows[] = {
		{"Message-ID: <a.b@partner.example>\r\n", "a.b@partner.example"},
		{"message-id:\r\n\t<a@x>\r\n", "a@x"},
		{"Message-ID: <no-at>\r\n", "no-at"},
		{"Message-ID: a@x\r\n", ""},
		{"Message-ID: <a@x> (c)\r\n", ""},
		{"Message-ID: <a b@x>\r\n", ""},
		{"Message-ID: <<a@x>>\r\n", ""},
		{"Message-ID: <>\r\n", ""},
		{"Message-ID: <\xc3\xbc@x>\r\n", ""},
		{"Message-ID: <a@x>\r\nMessage-ID: <b@x>\r\n", ""},
		{"X: y\r\n", ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct gate_facts f;
		struct gate_header h;

		read_facts(&f, &h, rows[i].header, false);
		assert_string_equal(f.message_id, rows[i].id);
		done(&f, &h);
	}
}

static void references_run_backwards(void **state)
{
	struct gate_facts f;
	struct gate_header h;

	(void)state;
	read_facts(&f, &h, "References: <1@x> <2@x>\r\n <3@x> junk <bad id> <4@x\r\nIn-Reply-To: <2@x> (Ann)\r\n", false);
	assert_int_equal(f.n_mids, 3);
	assert_string_equal(f.mids[0], "2@x");
	assert_string_equal(f.mids[1], "3@x");
	assert_string_equal(f.mids[2], "1@x");
	done(&f, &h);
}

static void ids_are_bounded(void **state)
{
	struct gate_facts f;
	struct gate_header h;
	struct buf b;

	(void)state;
	buf_init(&b, 65536);
	buf_adds(&b, "References:");
	for (int i = 0; i < 300; i++)
		assert_int_equal(buf_addf(&b, "\r\n <%d@x>", i), VG_OK);
	buf_adds(&b, "\r\nIn-Reply-To: <299@x> <");
	for (int i = 0; i < 513; i++)
		buf_adds(&b, "a");
	buf_adds(&b, ">\r\n");
	read_facts(&f, &h, buf_str(&b), false);
	assert_int_equal(f.n_mids, 100);
	assert_string_equal(f.mids[0], "299@x");
	assert_string_equal(f.mids[1], "298@x");
	assert_string_equal(f.mids[99], "200@x");
	done(&f, &h);
	buf_free(&b);
}

/* Ids of our own form: what we minted is asked for as we wrote it, what we did not match nothing. */
static void our_ids(void **state)
{
	char id[TOKEN_MESSAGE_ID_MAX + 1], upper[TOKEN_MESSAGE_ID_MAX + 1];
	struct gate_facts f;
	struct gate_header h;
	struct buf b;

	(void)state;
	assert_int_equal(token_message_id(id, 1234, 1, "support.example", &key), VG_OK);
	for (size_t i = 0; i <= strlen(id); i++)
		upper[i] = id[i] >= 'a' && id[i] <= 'z' ? (char)(id[i] - 'a' + 'A') : id[i];
	buf_init(&b, 8192);
	buf_addf(&b, "In-Reply-To: <%s>\r\nReferences: <Case@x> <vg.0%s> <vg.forged@support.example>\r\n <%s>\r\n", upper,
	    id + 3, id);
	read_facts(&f, &h, buf_str(&b), false);
	assert_int_equal(f.n_mids, 2);
	assert_string_equal(f.mids[0], id);
	assert_string_equal(f.mids[1], "Case@x");
	assert_int_equal(f.forged_ids, 2);
	done(&f, &h);
	buf_free(&b);
}

static void subject_numbers(void **state)
{
	(void)state;
	assert_int_equal(gate_subject_number("Re: [#1234] Backup"), 1234);
	assert_int_equal(gate_subject_number("[#1234] and [#1234]"), 1234);
	assert_int_equal(gate_subject_number("[#1] [#2]"), 0);
	assert_int_equal(gate_subject_number("[#12a] [#]"), 0);
	assert_int_equal(gate_subject_number("[#1234567890123456789]"), 0);
	assert_int_equal(gate_subject_number("#1234 [1234]"), 0);
	assert_int_equal(gate_subject_number("[#[#7]"), 7);
}

static void hops_and_marks(void **state)
{
	struct gate_facts f;
	struct gate_header h;
	struct token t = {.purpose = TOKEN_LOOP, .number = 7};
	char mark[TOKEN_MAX + 1];
	struct buf b;

	(void)state;
	buf_init(&b, 8192);
	assert_int_equal(token_mint(mark, &t, &key), VG_OK);
	buf_addf(&b, "X-Vcspgate-Loop: forged\r\nReceived: from a by b with ESMTP id c; x\r\n"
	    "Received: from x\r\n\tby SUPPORT.example (vcspgate) with ESMTP id y; date\r\n"
	    "Received: from by support.example by other.example (vcspgate) with ESMTP id y; date\r\n"
	    "received: from x by support.example\r\n\t(vcspgate) with LMTP id z; date\r\n");
	read_facts(&f, &h, buf_str(&b), false);
	assert_int_equal(f.hops, 4);
	assert_int_equal(f.our_hops, 2);
	assert_false(f.loop_mark);
	done(&f, &h);
	buf_addf(&b, "x-vcspgate-loop: %s\r\n", mark);
	read_facts(&f, &h, buf_str(&b), false);
	assert_true(f.loop_mark);
	assert_int_equal(f.automatic, AUTOMATIC_LOOP);
	done(&f, &h);
	buf_free(&b);
}

static void hop_reader_passes_nul(void **state)
{
	static const char bytes[] = "Received: by \0 support.example\r\n\r\n";
	struct gate_facts f;
	struct gate_header h;
	struct gate_facts_input in = {.header = &h, .hostname = "support.example"};

	(void)state;
	assert_int_equal(gate_header_read(&h, bytes, sizeof(bytes) - 1), VG_OK);
	assert_int_equal(gate_facts_read(&f, &in), VG_OK);
	assert_int_equal(f.our_hops, 0);
	done(&f, &h);
}

struct automatic_row {
	const char *header;
	bool null_path;
	const char *kind;
};

static const struct automatic_row automatics[] = {
	{"From: ann@partner.example\r\nSubject: x\r\n", false, ""},
	/* Auto-Submitted: every instance, case and comments aside */
	{"Auto-Submitted: no\r\n", false, ""},
	{"Auto-Submitted: No (really)\r\n", false, ""},
	{"Auto-Submitted: (comment) NO ; x=y\r\n", false, ""},
	{"Auto-Submitted:\r\n", false, ""},
	{"Auto-Submitted: auto-replied\r\n", false, "auto-reply"},
	{"auto-submitted: Auto-Replied (vacation)\r\n", false, "auto-reply"},
	{"Auto-Submitted: auto-generated; owner-email=\"x@y.example\"\r\n", false, "auto-generated"},
	{"Auto-Submitted: auto-notified\r\n", false, "auto-generated"},
	{"Auto-Submitted: something-new\r\n", false, "auto-generated"},
	{"Auto-Submitted: auto-replied\r\nAuto-Submitted: no\r\n", false, "auto-reply"},
	{"Auto-Submitted: no\r\nAuto-Submitted: auto-replied\r\n", false, "auto-reply"},
	/* Precedence */
	{"Precedence: bulk\r\n", false, "bulk"},
	{"Precedence: JUNK\r\n", false, "bulk"},
	{"X-Precedence: list\r\n", false, "bulk"},
	{"Precedence: auto_reply\r\n", false, "auto-reply"},
	{"Precedence: normal\r\n", false, ""},
	{"Precedence: first-class\r\n", false, ""},
	{"Precedence: normal\r\nPrecedence: list\r\n", false, "bulk"},
	/* presence marks, unless they deny it */
	{"X-Autoreply: yes\r\n", false, "auto-reply"},
	{"X-AUTOREPLY: no\r\n", false, ""},
	{"X-Autorespond: x\r\n", false, "auto-reply"},
	{"X-Autogenerated: Reply\r\n", false, "auto-reply"},
	{"X-Loop: help@list.example\r\n", false, "auto-generated"},
	{"X-FC-Machinegenerated: true\r\n", false, "auto-generated"},
	{"X-FC-Machinegenerated: false\r\n", false, ""},
	{"X-AMAZON-MAIL-RELAY-TYPE: notification\r\n", false, "auto-generated"},
	{"Delivered-To: Autoresponder\r\n", false, "auto-reply"},
	{"Delivered-To: ann@partner.example\r\n", false, ""},
	/* lists */
	{"List-Id: <l.partner.example>\r\n", false, "bulk"},
	{"List-Unsubscribe: <mailto:x@partner.example>\r\n", false, "bulk"},
	{"List-Id:\r\n", false, ""},
	{"List-Id: <l.partner.example>\r\nAuto-Submitted: auto-generated\r\n", false, "auto-generated"},
	/* no evidence by itself */
	{"X-Auto-Response-Suppress: All\r\n", false, ""},
	{"X-MS-Exchange-Inbox-Rules-Loop: ann@partner.example\r\n", false, ""},
	{"Subject: Automatic reply: x\r\n", false, ""},
	{"Subject: Undeliverable: x\r\n", false, ""},
	{"Content-Type: multipart/mixed; boundary=\"delivery-status\"\r\n", false, ""},
	/* out of office */
	{"Subject: Automatic reply: x\r\nAuto-Submitted: auto-generated\r\nX-Auto-Response-Suppress: All\r\n", false, "auto-reply"},
	{"Subject: =?utf-8?q?R=C3=A9ponse_automatique?=\r\nAuto-Submitted: auto-generated\r\n", false, "auto-reply"},
	/* reports */
	{"Content-Type: multipart/report; report-type=delivery-status;\r\n\tboundary=x\r\n", false, "bounce"},
	{"Content-Type: Multipart/Report; report-type=\"disposition-notification\"; boundary=x\r\n", false, "bounce"},
	{"Content-Type: multipart/report; report-type=feedback-report; boundary=x\r\n", false, ""},
	{"From: MAILER-DAEMON@partner.example\r\nSubject: x\r\n", true, "bounce"},
	{"From: ann@partner.example\r\nSubject: failure notice\r\n", true, "bounce"},
	{"From: ann@partner.example\r\nSubject: x\r\n", true, "auto-reply"},
	/* mailboxes that nobody reads */
	{"From: no-reply@partner.example\r\n", false, "bulk"},
	{"From: MAILER-DAEMON@partner.example\r\n", false, "auto-generated"},
	{"From: root@partner.example\r\nAuto-Submitted: auto-generated\r\n", false, "auto-generated"},
};

static void automatic_mail(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(automatics) / sizeof(automatics[0]); i++) {
		const struct automatic_row *r = &automatics[i];
		struct gate_facts f;
		struct gate_header h;

		read_facts(&f, &h, r->header, r->null_path);
		if (strcmp(automatic_name(f.automatic), r->kind) != 0)
			fail_msg("row %zu (%s): '%s' by %s", i, r->header, automatic_name(f.automatic), f.automatic_why);
		assert_int_equal(automatic_by_name(r->kind), f.automatic);
		assert_true(f.automatic == AUTOMATIC_NONE || f.automatic_why[0] != '\0');
		done(&f, &h);
	}
}

static void texts(void **state)
{
	static const struct {
		const char *in, *out;
	} rows[] = {
		{"plain text", "plain text"},
		{"=?utf-8?q?a=C3=BCb_c?=", "a\xc3\xbc" "b c"},
		{"=?UTF-8*en?Q?x?= =?utf-8?B?eQ==?= z", "xy z"},
		{"a =?utf-8?q?b?= c", "a b c"},
		/* a character split between two words */
		{"=?utf-8?b?w7w=?= =?utf-8?q?=C3?= =?utf-8?q?=BC?=", "\xc3\xbc\xc3\xbc"},
		{"=?iso-8859-1?q?=FC=80?=", "\xc3\xbc\xe2\x82\xac"},
		{"=?iso-2022-jp?B?GyRCOHobKEI=?=", "\xe5\x8a\xb9"},
		{"=?x-no-such?q?abc?=", "abc"},
		{"=?utf-8?x?abc?=", "=?x-no?"},
		{"=?utf-8?q?abc", "=?utf-8?q?abc"},
		{"=?utf-8?q?a=0D=0AFrom:=20x=00y?=", "a From: xy"},
		{"\xfcnlabelled", "\xc3\xbcnlabelled"},
		{"\xe2\x80\xae" "a\tb", "a b"},
		{"=?", "=?"},
		{"", ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char out[100];

		assert_int_equal(gate_text_decode(out, sizeof(out), rows[i].in, strlen(rows[i].in)), VG_OK);
		if (strcmp(rows[i].out, "=?x-no?") == 0)
			assert_string_equal(out, rows[i].in);
		else
			assert_string_equal(out, rows[i].out);
	}
}

static bool digest_of(unsigned char out[DIGEST_LEN], const char *header, const char *body)
{
	unsigned char b[DIGEST_LEN] = {0};
	struct blob blob = {b, sizeof(b)};
	struct gate_header h;
	bool ok;

	memcpy(b, body, strlen(body));
	assert_int_equal(gate_header_read(&h, header, strlen(header)), VG_OK);
	ok = gate_digest(out, &h, &blob);
	gate_header_free(&h);
	return ok;
}

static void same_mail(void **state)
{
	static const char first[] = "From: a@x\r\nTo: b@x\r\nSubject: hello  world\r\nMessage-ID: <1@x>\r\n\r\n";
	static const char relayed[] = "Received: x\r\nDKIM-Signature: y\r\nSUBJECT:\thello\r\n\tworld \r\nTo: b@x\r\nFrom:a@x\r\n"
	    "Message-ID: <1@x>\r\nX-Spam: no\r\n\r\n";
	static const char other[] = "From: a@x\r\nTo: b@x\r\nSubject: hello world!\r\nMessage-ID: <1@x>\r\n\r\n";
	static const char type[] = "From: a@x\r\nTo: b@x\r\nSubject: hello world\r\nMessage-ID: <1@x>\r\nContent-Type: text/html\r\n\r\n";
	unsigned char a[DIGEST_LEN], b[DIGEST_LEN];

	(void)state;
	assert_true(digest_of(a, first, "body"));
	assert_true(digest_of(b, relayed, "body"));
	assert_memory_equal(a, b, DIGEST_LEN);
	assert_true(digest_of(b, first, "other"));
	assert_memory_not_equal(a, b, DIGEST_LEN);
	assert_true(digest_of(b, other, "body"));
	assert_memory_not_equal(a, b, DIGEST_LEN);
	assert_true(digest_of(b, type, "body"));
	assert_memory_not_equal(a, b, DIGEST_LEN);
	assert_false(digest_of(b, "From: a@x\r\nSubject: alarm\r\n\r\n", "body"));
	assert_true(digest_of(b, "From: a@x\r\nDate: now\r\n\r\n", "body"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(message_ids), cmocka_unit_test(references_run_backwards), cmocka_unit_test(ids_are_bounded),
		cmocka_unit_test(our_ids),
		cmocka_unit_test(subject_numbers), cmocka_unit_test(hops_and_marks), cmocka_unit_test(hop_reader_passes_nul),
		cmocka_unit_test(automatic_mail), cmocka_unit_test(texts), cmocka_unit_test(same_mail),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
