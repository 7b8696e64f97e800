/*
 * test_cmd.c - command lines and their arguments as tables.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "smtp_cmd.h"

static void
test_verbs(void **state)
{
	static const struct {
		const char *line;
		int ok;
		enum smtp_verb verb;
		const char *args;
	} rows[] = {
		{ "EHLO a", 1, V_EHLO, "a" }, { "ehlo a", 1, V_EHLO, "a" }, { "QUIT", 1, V_QUIT, "" },
		{ "QUIT  ", 1, V_QUIT, "" }, { "MAIL  FROM:<>", 1, V_MAIL, "FROM:<>" },
		{ "MAIL FROM:<> BODY=7BIT ", 1, V_MAIL, "FROM:<> BODY=7BIT" }, { "MAILFROM:<>", 1, V_UNKNOWN, "" },
		{ "DATAX", 1, V_UNKNOWN, "" }, { "GET / HTTP/1.1", 1, V_FOREIGN, "/ HTTP/1.1" },
		{ "unknown", 1, V_UNKNOWN, "" }, { "foreign", 1, V_UNKNOWN, "" }, { "\xc3\xa9", 1, V_UNKNOWN, "" },
		{ "", 0, V_COUNT, "" }, { " QUIT", 0, V_COUNT, "" }, { "NOOP\ta", 0, V_COUNT, "" },
		{ "NOOP \x7f", 0, V_COUNT, "" }, { "NOOP \x1b", 0, V_COUNT, "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct smtp_cmd cmd;
		int rc = smtp_cmd_parse(rows[i].line, strlen(rows[i].line), &cmd);

		assert_int_equal(rc == 0, rows[i].ok);
		if (rc != 0)
			continue;
		assert_int_equal(cmd.verb, rows[i].verb);
		assert_int_equal(cmd.len, strlen(rows[i].args));
		assert_memory_equal(cmd.args, rows[i].args, cmd.len);
	}
	/* NUL within a line */
	assert_int_not_equal(smtp_cmd_parse("NOOP\0x", 6, &(struct smtp_cmd){ .verb = V_NOOP }), 0);
}

static void
test_mail_args(void **state)
{
	static const struct {
		const char *args;
		unsigned code; /* 0: accepted */
		const char *enhanced, *from;
		uint64_t size;
		bool utf8;
	} rows[] = {
		{ "FROM:<a@b.example>", 0, "", "a@b.example", 0, false },
		{ "from:<a@b.example>", 0, "", "a@b.example", 0, false },
		{ "FROM: <a@b.example>", 0, "", "a@b.example", 0, false },
		{ "FROM:<>", 0, "", "", 0, false },
		{ "FROM:<> SIZE=5 BODY=8BITMIME SMTPUTF8", 0, "", "", 5, true },
		{ "FROM:<> size=5 body=7bit", 0, "", "", 5, false },
		{ "FROM:<A@B.Example>", 0, "", "A@B.Example", 0, false },
		{ "FROM:<\"a b\"@b.example>", 0, "", "\"a b\"@b.example", 0, false },
		{ "FROM:<a@[192.0.2.1]>", 0, "", "a@[192.0.2.1]", 0, false },
		{ "FROM:<> SIZE=18446744073709551615", 0, "", "", UINT64_MAX, false },
		{ "FROM:<> SIZE=99999999999999999999", 0, "", "", UINT64_MAX, false },
		{ "FROM:<j\xc3\xbcrg@b.example> SMTPUTF8", 0, "", "j\xc3\xbcrg@b.example", 0, true },
		{ "FROM:<j\xc3\xbcrg@b.example>", 553, "5.6.7", "", 0, false },
		{ "FROM:<a@b\xfc.example>", 553, "5.6.7", "", 0, false },
		{ "FROM:a@b.example", 501, "5.1.7", "", 0, false },
		{ "FROM:<a@b.example", 501, "5.1.7", "", 0, false },
		{ "FROM:<@r.example:a@b.example>", 501, "5.1.7", "", 0, false },
		{ "FROM:<a>", 501, "5.1.7", "", 0, false },
		{ "FROM:<a@b@c.example>", 501, "5.1.7", "", 0, false },
		{ "FROM:", 501, "5.1.7", "", 0, false }, { "", 501, "5.5.4", "", 0, false },
		{ "TO:<a@b.example>", 501, "5.5.4", "", 0, false },
		{ "FROM:<>SIZE=5", 501, "5.5.4", "", 0, false }, { "FROM:<> SIZE", 501, "5.5.4", "", 0, false },
		{ "FROM:<> SIZE=", 501, "5.5.4", "", 0, false }, { "FROM:<> SIZE=-1", 501, "5.5.4", "", 0, false },
		{ "FROM:<> SIZE=1x", 501, "5.5.4", "", 0, false },
		{ "FROM:<> SIZE=111111111111111111111", 501, "5.5.4", "", 0, false },
		{ "FROM:<> SIZE=1 SIZE=1", 501, "5.5.4", "", 0, false },
		{ "FROM:<> BODY=BINARYMIME", 555, "5.5.4", "", 0, false },
		{ "FROM:<> BODY=9BIT", 501, "5.5.4", "", 0, false }, { "FROM:<> BODY", 501, "5.5.4", "", 0, false },
		{ "FROM:<> SMTPUTF8=1", 501, "5.5.4", "", 0, false },
		{ "FROM:<> RET=FULL", 555, "5.5.4", "", 0, false }, { "FROM:<> AUTH=<>", 0, NULL, "", 0, false },
		{ "FROM:<> AUTH", 501, "5.5.4", "", 0, false }, { "FROM:<> AUTH=a AUTH=b", 501, "5.5.4", "", 0, false },
		{ "FROM:<> =", 501, "5.5.4", "", 0, false }, { "FROM:<> A=b=c", 555, "5.5.4", "", 0, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct smtp_refusal no = { .code = 0 };
		struct smtp_mail mail;
		int rc = smtp_mail_parse(rows[i].args, strlen(rows[i].args), &mail, &no);

		if (no.code != rows[i].code || (rc == 0) != (rows[i].code == 0))
			fail_msg("%s: %u %s", rows[i].args, no.code, no.text);
		if (rc != 0) {
			assert_string_equal(no.enhanced, rows[i].enhanced);
			continue;
		}
		assert_string_equal(mail.from.shown, rows[i].from);
		assert_int_equal(mail.size, rows[i].size);
		assert_int_equal(mail.utf8, rows[i].utf8);
	}
}

static void
test_rcpt_args(void **state)
{
	static const struct {
		const char *args;
		bool utf8;
		unsigned code;
		const char *enhanced, *to;
	} rows[] = {
		{ "TO:<a@b.example>", false, 0, "", "a@b.example" },
		{ "TO: <A@B.example>", false, 0, "", "a@b.example" },
		{ "TO:<Postmaster>", false, 0, "", "" },
		{ "TO:<postmaster@b.example>", false, 0, "", "postmaster@b.example" },
		{ "TO:<\"a\"@b.example>", false, 0, "", "a@b.example" },
		{ "TO:<\xc3\xa9@b.example>", true, 0, "", "\xc3\xa9@b.example" },
		{ "TO:<\xc3\xa9@b.example>", false, 553, "5.6.7", "" },
		{ "TO:<>", false, 501, "5.1.3", "" }, { "TO:<a>", false, 501, "5.1.3", "" },
		{ "TO:<@r.example:a@b.example>", false, 501, "5.1.3", "" }, { "TO:a@b.example", false, 501, "5.1.3", "" },
		{ "TO:<a%b.example@c.example>", false, 0, "", "a%b.example@c.example" },
		{ "TO:<a@b.example> NOTIFY=NEVER", false, 555, "5.5.4", "" },
		{ "TO:<a@b.example>x", false, 501, "5.5.4", "" }, { "FROM:<a@b.example>", false, 501, "5.5.4", "" },
		{ "TO:<postmaster>x", false, 501, "5.5.4", "" }, { "", false, 501, "5.5.4", "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct smtp_refusal no = { .code = 0 };
		struct smtp_rcpt rcpt;
		int rc = smtp_rcpt_parse(rows[i].args, strlen(rows[i].args), rows[i].utf8, &rcpt, &no);

		if (no.code != rows[i].code || (rc == 0) != (rows[i].code == 0))
			fail_msg("%s: %u %s", rows[i].args, no.code, no.text);
		if (rc != 0) {
			assert_string_equal(no.enhanced, rows[i].enhanced);
			continue;
		}
		assert_string_equal(rcpt.to.normal, rows[i].to);
		assert_int_equal(rcpt.postmaster, rows[i].to[0] == '\0');
	}
}

static void
test_bdat_args(void **state)
{
	static const struct {
		const char *args;
		int ok;
		uint64_t size;
		bool last;
	} rows[] = {
		{ "0", 1, 0, false }, { "5", 1, 5, false }, { "5 LAST", 1, 5, true }, { "5  last", 1, 5, true },
		{ "0 LAST", 1, 0, true }, { "18446744073709551614", 1, UINT64_MAX - 1, false },
		{ "18446744073709551615", 0, 0, false }, { "99999999999999999999", 0, 0, false }, { "", 0, 0, false },
		{ "LAST", 0, 0, false }, { "5 LASTX", 0, 0, false }, { "5 LAST 5", 0, 0, false }, { "-5", 0, 0, false },
		{ "+5", 0, 0, false }, { "0x5", 0, 0, false }, { "5LAST", 0, 0, false }, { "5 5", 0, 0, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct smtp_refusal no;
		struct smtp_bdat bdat;
		int rc = smtp_bdat_parse(rows[i].args, strlen(rows[i].args), &bdat, &no);

		if ((rc == 0) != rows[i].ok)
			fail_msg("BDAT %s", rows[i].args);
		if (rc != 0)
			continue;
		assert_int_equal(bdat.size, rows[i].size);
		assert_int_equal(bdat.last, rows[i].last);
	}
}

static void
test_names(void **state)
{
	static const char *const good[] = { "a", "client.example", "[192.0.2.1]", "[IPv6:2001:db8::1]", "under_score" };
	static const char *const evil[] = { "", "a b", "a(b", "a;b", "a\"b", "a\\b", "<a>", "a@b", "\xc3\xa9", "a\tb" };

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_true(smtp_name_ok(good[i], strlen(good[i])));
	for (size_t i = 0; i < sizeof(evil) / sizeof(evil[0]); i++)
		assert_false(smtp_name_ok(evil[i], strlen(evil[i])));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_verbs),
		cmocka_unit_test(test_mail_args),
		cmocka_unit_test(test_rcpt_args),
		cmocka_unit_test(test_bdat_args),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
