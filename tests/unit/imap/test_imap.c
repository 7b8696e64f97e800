/* test_imap.c - what the fetcher decides without a server: pauses, folder names, recipients, where a mail goes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "err.h"
#include "imap.h"
#include "imap_ids.h"
#include "imap_rcpt.h"
#include "imap_utf7.h"

static void
test_folder_names(void **state)
{
	static const struct {
		const char *utf8, *wire;
	} rows[] = {
		{ "INBOX", "INBOX" },
		{ "Q&A", "Q&-A" },
		{ "Gel\xc3\xb6scht", "Gel&APY-scht" },
		{ "\xe5\x8f\xb0\xe5\x8c\x97", "&U,BTFw-" },               /* RFC 3501 5.1.3 */
		{ "~peter/mail/\xe5\x8f\xb0\xe5\x8c\x97/\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e", "~peter/mail/&U,BTFw-/&ZeVnLIqe-" },
		{ "\xf0\x9f\x93\xa8 in", "&2D3c6A- in" },
	};
	char out[64], small[8];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(imap_utf7(out, sizeof(out), rows[i].utf8), VG_OK);
		assert_string_equal(out, rows[i].wire);
	}
	assert_int_equal(imap_utf7(small, sizeof(small), "1234567"), VG_OK);
	assert_int_equal(imap_utf7(small, sizeof(small), "12345678"), VG_ERR_LIMIT);
}

static void
test_codes(void **state)
{
	(void)state;
	assert_int_equal(imap_trouble_of_code("UNAVAILABLE", TROUBLE_PROTOCOL), TROUBLE_UNAVAILABLE);
	assert_int_equal(imap_trouble_of_code("limit", TROUBLE_PROTOCOL), TROUBLE_LIMIT);
	assert_int_equal(imap_trouble_of_code("OVERQUOTA", TROUBLE_PROTOCOL), TROUBLE_LIMIT);
	assert_int_equal(imap_trouble_of_code("AUTHENTICATIONFAILED", TROUBLE_PROTOCOL), TROUBLE_LOGIN);
	assert_int_equal(imap_trouble_of_code("", TROUBLE_NETWORK), TROUBLE_NETWORK);
	assert_int_equal(imap_trouble_of_code("UIDNEXT", TROUBLE_PROTOCOL), TROUBLE_PROTOCOL);
}

static void
test_byes(void **state)
{
	static const struct {
		const char *line;
		enum imap_trouble want;
		bool has_why;
	} rows[] = {
		{ "* BYE [LIMIT] enough", TROUBLE_LIMIT, true }, { "* bye", TROUBLE_UNAVAILABLE, true },
		{ "* BYE [UNAVAILABLE", TROUBLE_UNAVAILABLE, true }, { "* BYE [", TROUBLE_UNAVAILABLE, true },
		{ "* BYE Autologout; idle for too long", TROUBLE_UNAVAILABLE, true }, { "", TROUBLE_NETWORK, false },
		{ "* BYEBYE", TROUBLE_NETWORK, false }, { "x * BYE [LIMIT]", TROUBLE_NETWORK, false },
		{ "* BYE [ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFGHIJKLMNOPQRSTUVWXYZ]", TROUBLE_UNAVAILABLE, true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *why;

		assert_int_equal(imap_trouble_of_bye(rows[i].line, TROUBLE_NETWORK, &why), rows[i].want);
		assert_int_equal(why != NULL, rows[i].has_why);
	}
}

static void
test_pauses(void **state)
{
	(void)state;
	for (int t = TROUBLE_NETWORK; t <= TROUBLE_OURS; t++) {
		int64_t middle = imap_backoff_ms((enum imap_trouble)t, 1, 0) / 3 * 4, before = 0;

		for (unsigned n = 1; n < 100; n++) {
			int64_t least = imap_backoff_ms((enum imap_trouble)t, n, 0);
			int64_t most = imap_backoff_ms((enum imap_trouble)t, n, UINT32_MAX);

			assert_true(least >= before && least > 0);
			assert_in_range(most, 0, 60 * 60000 / 4 * 5);
			before = least;
		}
		/* it doubles, to an end */
		assert_true(imap_backoff_ms((enum imap_trouble)t, 2, 0) >= middle);
		assert_int_equal(imap_backoff_ms((enum imap_trouble)t, 50, 7), imap_backoff_ms((enum imap_trouble)t, 99, 7));
	}
	assert_true(imap_backoff_ms(TROUBLE_LIMIT, 1, 0) > imap_backoff_ms(TROUBLE_NETWORK, 1, UINT32_MAX));
	assert_in_range(imap_delay_ms(1, 0), 20000, 40000);
	assert_in_range(imap_delay_ms(1000, 0), 10 * 60000, 19 * 60000);
}

static void
test_excuses(void **state)
{
	static const struct {
		const char *line;
		bool excused;
	} rows[] = {
		{ "* BYE [LIMIT] enough", true }, { "* BYE [overquota] bandwidth", true }, { "* BYE [UNAVAILABLE] later", true },
		{ "* BYE", false }, { "* BYE shutting down", false }, { "* BYE [SERVERBUG] this mail", false }, { "LIMIT", false }, { "", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(imap_bye_excuses(rows[i].line), rows[i].excused);
	assert_true(imap_code_excuses("throttled"));
	/* a mail that the server dies of must count in the end */
	assert_false(imap_code_excuses("SERVERBUG"));
	assert_false(imap_code_excuses(""));
}

static void
test_waiting(void **state)
{
	static const struct {
		bool idle;
		int64_t poll, due, want;
	} rows[] = {
		{ false, 60000, 60000, 60000 }, { true, 60000, 60000, 60000 },
		{ true, 29 * 60000, 29 * 60000, 28 * 60000 },   /* renewed in time */
		{ false, 29 * 60000, 29 * 60000, 29 * 60000 },
		{ true, 29 * 60000, 5000, 5000 }, { false, 60000, 5000, 5000 },
		{ true, 60000, -7, 1000 }, { false, 60000, 0, 1000 }, { false, 500, -7, 500 }, { false, 500, 500, 500 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(imap_wait_ms(rows[i].idle, rows[i].poll, rows[i].due), rows[i].want);
}

static void
test_answers_wait_for_what_they_answer(void **state)
{
	static const char parent[] = "Message-ID: <a@x.example>\r\nSubject: x\r\n\r\n";
	static const struct {
		const char *head;
		bool follows;
	} rows[] = {
		{ "In-Reply-To: <a@x.example>\r\n\r\n", true },
		{ "In-Reply-To: Your mail of today <a@x.example> (again)\r\n\r\n", true },
		{ "References: <z@x.example>\r\n <a@x.example>\r\n\t<b@x.example>\r\n\r\n", true },
		{ "Message-ID: <a@x.example>\r\n\r\n", true },
		{ "References: <a@x.example\r\n\r\n", false },
		{ "References: <A@x.example> a@x.example\r\n\r\n", false },
		{ "Subject: <a@x.example>\r\n\r\n<a@x.example>", false },
		{ "", false },
	};
	struct imap_ids ids;
	uint64_t own;

	(void)state;
	imap_ids_read(&ids, parent, strlen(parent));
	own = ids.own;
	assert_true(own != 0 && ids.n == 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		imap_ids_read(&ids, rows[i].head, strlen(rows[i].head));
		assert_int_equal(imap_ids_follow(&ids, own), rows[i].follows);
		assert_false(imap_ids_follow(&ids, 0));
	}
}

static void
test_many_references(void **state)
{
	struct imap_ids ids;
	struct buf head;

	(void)state;
	buf_init(&head, 1 << 20);
	assert_int_equal(buf_addf(&head, "References:"), VG_OK);
	for (unsigned i = 0; i < 1000; i++)
		assert_int_equal(buf_addf(&head, " <%u@x.example>\r\n", i), VG_OK);
	imap_ids_read(&ids, buf_str(&head), head.len);
	assert_int_equal(ids.n, IMAP_REFS_MAX);
	buf_free(&head);
}

static void
test_recipients(void **state)
{
	struct conf_address ours[] = { { ADDRESS_INTAKE, (char[]){ "support@support.example" }, NULL },
		{ ADDRESS_CASE, (char[]){ "case@support.example" }, NULL }, { ADDRESS_BOUNCE, (char[]){ "bounce@support.example" }, NULL } };
	struct conf c = { .addresses = ours, .n_addresses = 3 };
	static const struct {
		const char *head, *want; /* in order, blank between */
	} rows[] = {
		{ "To: x@y.example\r\n\r\n", "" },
		{ "", "" },
		{ "to: Support <Support@SUPPORT.example>\r\n", "support@support.example" },
		{ "Cc: \"a, case+7.abc@support.example\" <case+8.def@support.example>\r\nTo: support@support.example,\r\n\tx@y.example\r\n"
		  "Delivered-To: bounce+t@support.example\r\nX-Original-To: support@support.example\r\n",
		  "bounce+t@support.example support@support.example case+7.abc@support.example case+8.def@support.example" },
		{ "To: undisclosed-recipients:;\r\nEnvelope-To: bounce+u@support.example\r\n", "bounce+u@support.example" },
		{ "X-Envelope-To: <bounce+v@support.example>\r\n", "bounce+v@support.example" },
		{ "To: nobody@support.example, postmaster@support.example\r\n", "postmaster@support.example" },
		{ "Subject: support@support.example\r\nBcc: support@support.example\r\n", "" },
		{ "To: support@support.example@evil.example, support@support.examples\r\n", "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct imap_rcpts r;
		char got[1024] = "";

		assert_int_equal(imap_rcpts_read(&r, &c, rows[i].head, strlen(rows[i].head)), VG_OK);
		for (size_t k = 0; k < r.n; k++)
			snprintf(got + strlen(got), sizeof(got) - strlen(got), "%s%s", k ? " " : "", r.address[k]);
		assert_string_equal(got, rows[i].want);
	}
}

static void
test_too_many_recipients(void **state)
{
	struct conf_address ours[] = { { ADDRESS_CASE, (char[]){ "case@support.example" }, NULL } };
	struct conf c = { .addresses = ours, .n_addresses = 1 };
	struct imap_rcpts r;
	struct buf head;

	(void)state;
	buf_init(&head, 1 << 20);
	for (unsigned i = 0; i < 1000; i++)
		assert_int_equal(buf_addf(&head, "To: case+%u@support.example\r\n", i), VG_OK);
	assert_int_equal(imap_rcpts_read(&r, &c, buf_str(&head), head.len), VG_OK);
	assert_int_equal(r.n, IMAP_RCPTS_MAX);
	assert_string_equal(r.address[IMAP_RCPTS_MAX - 1], "case+31@support.example");
	buf_free(&head);
}

static void
test_tokens(void **state)
{
	static const struct {
		unsigned status;
		const char *body;
		int rc;
		const char *access, *refresh;
		int64_t until;
	} rows[] = {
		{ 200, "{\"access_token\":\"a1\",\"expires_in\":100}", VG_OK, "a1", "old", 100000 },
		{ 200, "{\"access_token\":\"a1\",\"expires_in\":\"100\",\"refresh_token\":\"r2\"}", VG_OK, "a1", "r2", 100000 },
		{ 200, "{\"access_token\":\"a1\"}", VG_OK, "a1", "old", 300000 },
		{ 200, "{\"access_token\":\"a1\",\"expires_in\":-5}", VG_OK, "a1", "old", 0 },
		{ 200, "{\"access_token\":\"a1\\r\\nLOGOUT\"}", VG_ERR_PROTO, NULL, "old", 0 },
		{ 200, "{\"access_token\":\"\"}", VG_ERR_PROTO, NULL, "old", 0 },
		{ 200, "{\"access_token\":7}", VG_ERR_PROTO, NULL, "old", 0 },
		{ 200, "[1]", VG_ERR_PROTO, NULL, "old", 0 },
		{ 200, "<html>", VG_ERR_PROTO, NULL, "old", 0 },
		{ 400, "{\"error\":\"invalid_grant\"}", VG_ERR_DENIED, NULL, "old", 0 },
		{ 401, "", VG_ERR_DENIED, NULL, "old", 0 },
		{ 503, "busy", VG_ERR_PROTO, NULL, "old", 0 },
		{ 302, "{\"access_token\":\"a1\"}", VG_ERR_PROTO, NULL, "old", 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct imap_token t = { 0 };
		char why[200] = "";

		imap_token_secret(&t.refresh, (const unsigned char *)"old", 3);
		assert_int_equal(imap_token_read(&t, rows[i].status, rows[i].body, strlen(rows[i].body), 0, why, sizeof(why)), rows[i].rc);
		assert_int_equal(t.access != NULL, rows[i].access != NULL);
		if (t.access)
			assert_string_equal(t.access, rows[i].access);
		assert_string_equal(t.refresh, rows[i].refresh);
		assert_int_equal(t.until, rows[i].until);
		assert_int_equal(why[0] != '\0', rows[i].rc != VG_OK);
		imap_token_refused(&t);
		assert_null(t.access);
		imap_token_secret(&t.refresh, NULL, 0);
	}
}

static void
test_targets(void **state)
{
	const struct conf_imap m = { .processed = (char[]){ "Done" }, .rejected = (char[]){ "Rejected" } };
	static const struct {
		struct imap_item item;
		const char *folder;
	} rows[] = {
		{ { .state = IMAP_COMMITTED, .outcome = OUT_ACCEPTED }, "Done" },
		{ { .state = IMAP_COMMITTED, .outcome = OUT_HELD }, "Done" },
		{ { .state = IMAP_COMMITTED, .outcome = OUT_DUPLICATE }, "Done" },
		{ { .state = IMAP_COMMITTED, .outcome = OUT_REJECTED }, "Rejected" },
		{ { .state = IMAP_FAILED }, NULL },
		{ { .state = IMAP_SEEN, .outcome = OUT_ACCEPTED }, NULL },
		{ { .state = IMAP_LATER }, NULL },
		{ { .state = IMAP_MOVED, .outcome = OUT_ACCEPTED }, NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *got = imap_target(&m, &rows[i].item);

		if (rows[i].folder)
			assert_string_equal(got, rows[i].folder);
		else
			assert_null(got);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_folder_names), cmocka_unit_test(test_codes), cmocka_unit_test(test_byes), cmocka_unit_test(test_pauses),
		cmocka_unit_test(test_recipients), cmocka_unit_test(test_too_many_recipients), cmocka_unit_test(test_targets), cmocka_unit_test(test_tokens),
		cmocka_unit_test(test_excuses), cmocka_unit_test(test_waiting), cmocka_unit_test(test_answers_wait_for_what_they_answer),
		cmocka_unit_test(test_many_references),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
