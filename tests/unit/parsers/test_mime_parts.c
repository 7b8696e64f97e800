/*
 * test_mime_parts.c - the small readers under the MIME walk: file names and types of parts, addresses, dates, encoded words, base64, uuencode.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base64.h"
#include "encoded_word.h"
#include "err.h"
#include "mime.h"
#include "mime_address.h"
#include "mime_date.h"
#include "mime_name.h"
#include "uu.h"

static void test_parameter(void **state)
{
	static const struct {
		const char *field, *name, *value; /* NULL: none */
	} rows[] = {
		{"attachment; filename=a.log", "filename", "a.log"},
		{"attachment; FileName = \"a b.log\" ; x=y", "filename", "a b.log"},
		{"attachment; filename=my log file.txt; size=3", "filename", "my log file.txt"},
		{"filename=a.log", "filename", "a.log"},
		{"attachment filename=a.log", "filename", "a.log"},
		{"attachment; filename=\"a\\\"b;c.log\"", "filename", "a\"b;c.log"},
		{"attachment; filename=\"C:\\Temp\\job.log\"", "filename", "C:\\Temp\\job.log"},
		{"attachment; filename=\"C:\\\\Temp\\\\job.log\"", "filename", "C:\\Temp\\job.log"},
		{"attachment; filename=\"open.log", "filename", "open.log"},
		{"attachment;\r\n filename*0=\"long\";\r\n filename*1=\" name.log\"", "filename", "long name.log"},
		{"attachment; filename*1=\"b.log\"; filename*0=\"a\"", "filename", "ab.log"},
		{"attachment; filename*0*=utf-8''a%C3%BC; filename*1=\"b%20.log\"", "filename", "a\xc3\xbc" "b%20.log"},
		{"attachment; filename=plain.log; filename*=UTF-8'en'%E6%97%A5.log", "filename", "\xe6\x97\xa5.log"},
		{"attachment; filename*=iso-8859-1''%FC.log", "filename", "\xc3\xbc.log"},
		{"attachment; filename*=\"utf-8''%C3%BC.log\"", "filename", "\xc3\xbc.log"},
		{"attachment; filename*=no-charset%41.log", "filename", "no-charsetA.log"},
		{"attachment; filename=\"=?utf-8?Q?=C3=BC.log?=\"", "filename", "\xc3\xbc.log"},
		{"attachment; filename==?utf-8?Q?=C3=BC.log?=", "filename", "\xc3\xbc.log"},
		{"attachment; filename*0=\"=?utf-8?B?w7wu\"; filename*1=\"bG9n?=\"", "filename", "\xc3\xbc.log"},
		{"attachment; filename=\"\xfc.log\"", "filename", "\xc3\xbc.log"},
		{"attachment; filename=\"\xc3\xbc.log\"", "filename", "\xc3\xbc.log"},
		{"attachment; filename=", "filename", ""},
		{"attachment; names=x; xfilename=y", "filename", NULL},
		{"", "filename", NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct buf b;
		bool found;

		buf_init(&b, 4096);
		found = mime_parameter(&b, rows[i].field, strlen(rows[i].field), rows[i].name);
		if (found != (rows[i].value != NULL) || (found && strcmp(buf_str(&b), rows[i].value) != 0))
			fail_msg("%s: %s", rows[i].field, found ? buf_str(&b) : "none");
		buf_free(&b);
	}
}

/* What is read here and what GMime reads give the same. */
static void test_type(void **state)
{
	static const struct {
		const char *field, *type, *parameter, *value; /* value NULL: none */
	} rows[] = {
		{" text/plain\r\n", "text/plain", "charset", NULL},
		{"Text/HTML; charset=utf-8", "Text/HTML", "charset", "utf-8"},
		{"text/plain ;\r\n\tCHARSET=\"utf-8\" ; format=flowed;\r\n", "text/plain", "format", "flowed"},
		{"text/plain ;\r\n\tCHARSET=\"utf-8\" ; format=flowed;\r\n", "text/plain", "charset", "utf-8"},
		{"multipart/mixed; boundary=\"=_a b;c'\"", "multipart/mixed", "boundary", "=_a b;c'"},
		{"multipart/mixed; boundary=----=_Part_1.2", "multipart/mixed", "boundary", "----=_Part_1.2"},
		{"multipart/mixed; boundary = \"a\"", "multipart/mixed", "boundary", "a"},
		{"multipart/mixed; boundary=\"a\\\"b\"", "multipart/mixed", "boundary", "a\"b"},
		{"multipart/mixed; boundary=\"simple\r\n boundary\"", "multipart/mixed", "boundary", "simple boundary"},
		{"text/plain; name*0=ab; name*1=cd", "text/plain", "name", "abcd"},
		{"text/plain; name*=utf-8''%C3%BC", "text/plain", "name", "\xc3\xbc"},
		{"text/plain; name=\"=?utf-8?Q?=C3=BC?=\"", "text/plain", "name", "\xc3\xbc"},
		{"text/plain (comment); charset=x", "text/plain", "charset", "x"},
		{"message/x.y-z+json", "message/x.y-z+json", "x", NULL},
		{"text", "application/octet-stream", "x", NULL},
		{"", "application/octet-stream", "x", NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct arena *a = arena_new();
		struct mime_type t;
		const char *value;
		char type[100];

		assert_non_null(a);
		assert_int_equal(mime_type_read(&t, a, rows[i].field, strlen(rows[i].field)), VG_OK);
		snprintf(type, sizeof type, "%s/%s", t.type, t.subtype);
		assert_string_equal(type, rows[i].type);
		value = mime_type_parameter(&t, rows[i].parameter);
		if ((value == NULL) != (rows[i].value == NULL) || (value != NULL && strcmp(value, rows[i].value) != 0))
			fail_msg("%s: %s", rows[i].field, value != NULL ? value : "none");
		arena_free(&a);
	}
}

static void test_date(void **state)
{
	static const struct {
		const char *field;
		int64_t seconds; /* -1: not of a form that is read here */
	} rows[] = {
		{" Tue, 24 Nov 2026 08:52:00 +0000\r\n", 1795510320}, {"tue,24 nov 2026 09:52 +0100", 1795510320},
		{"Tue,\r\n\t24 Nov 2026 03:22:00 -0530 (ABC)", 1795510320}, {"1 Jan 1970 00:00:00 +0000", 0},
		{"29 Feb 2000 00:00:00 +0000", 951782400}, {"1 Mar 2100 00:00:00 +0000", 4107542400}, {"31 Dec 1999 23:59:59 +0000", 946684799},
		{"29 Feb 2100 00:00:00 +0000", -1}, {"31 Nov 2026 00:00:00 +0000", -1}, {"0 Nov 2026 00:00:00 +0000", -1},
		{"24 Nov 26 00:00:00 +0000", -1}, {"24 Now 2026 00:00:00 +0000", -1}, {"24 Nov 2026 24:00:00 +0000", -1},
		{"24 Nov 2026 00:60:00 +0000", -1}, {"24 Nov 2026 00:00:60 +0000", -1}, {"24 Nov 2026 00:00:00 GMT", -1},
		{"24 Nov 2026 00:00:00 +1500", -1}, {"24 Nov 2026 00:00:00 +0060", -1}, {"24 Nov 2026 00:00:00 +01000", -1},
		{"24 Nov 2026 00:00:00", -1}, {"24 Nov 2026 00:00:00 +0000 x", -1}, {"124 Nov 2026 00:00:00 +0000", -1}, {"", -1}, {"Tue,", -1},
		{"2026-11-24 08:52:00 +0000", -1}, {"24 Nov 1969 00:00:00 +0000", -1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		int64_t seconds = -1;
		bool read = mime_date(rows[i].field, &seconds);

		if (read != (rows[i].seconds >= 0) || (read && seconds != rows[i].seconds))
			fail_msg("%s: %lld", rows[i].field, (long long)seconds);
	}
}

/* "name|address|name|address"; "": not of a form that is read here. */
static void test_mailboxes(void **state)
{
	static const struct {
		const char *field, *mailboxes;
	} rows[] = {
		{" ann@x.example\r\n", "|ann@x.example"},
		{"<ann@x.example>", "|ann@x.example"},
		{"Ann B. Lee <ann.b+c@x-y.example>, bo@x.example", "Ann B. Lee|ann.b+c@x-y.example||bo@x.example"},
		{"\"Lee, Ann\"<a@b>,\r\n\tBo <c@d> \r\n", "Lee, Ann|a@b|Bo|c@d"},
		{"=?utf-8?Q?a=C3=BC?=\r\n =?utf-8?B?YQ==?= <a@b>", "=?utf-8?Q?a=C3=BC?=\r\n =?utf-8?B?YQ==?=|a@b"},
		{"", ""}, {",a@b", ""}, {"a@b,", ""}, {"a@b;", ""}, {"g: a@b;", ""}, {"a@b (c)", ""}, {"(c) a@b", ""}, {"<a@b> x", ""},
		{"<a@b", ""}, {"a@b>", ""}, {"a", ""}, {"<>", ""}, {"a @b", ""}, {"<a@ b>", ""}, {"a..b@c", ""}, {".a@b", ""}, {"a@b.", ""},
		{"a@b@c", ""}, {"\"a\"@b", ""}, {"a@[192.0.2.1]", ""}, {"a@xn--a.example", ""}, {"a@b.XN--a.example", ""},
		{"\"\" <a@b>", ""}, {"\"a\\\"b\" <a@b>", ""}, {"\"a\" b <a@b>", ""}, {"a \"b\" <a@b>", ""}, {"\"=?utf-8?Q?a?=\" <a@b>", ""},
		{"x =?utf-8?Q?a?= <a@b>", ""}, {"=?utf-8?Q?a?= x <a@b>", ""}, {"=?utf-8?Q?a?=<a@b>", ""}, {"=?utf-8?Q?a <a@b>", ""},
		{"=?utf-8?Q?a,b?= <a@b>", ""}, {". <a@b>", ""}, {"m\xc3\xbcller <a@b>", ""}, {"a=b@c", ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct mime_mailbox list[MIME_MAILBOXES_MAX];
		char shown[500] = "";
		size_t n, o = 0;

		if (mime_mailboxes(list, &n, rows[i].field))
			for (size_t k = 0; k < n; k++)
				o += (size_t)snprintf(shown + o, sizeof shown - o, "%s%.*s|%.*s", k > 0 ? "|" : "", (int)list[k].name_len,
				    list[k].name_len > 0 ? list[k].name : "", (int)list[k].address_len, list[k].address);
		assert_string_equal(shown, rows[i].mailboxes);
	}
}

static void test_words(void **state)
{
	static const struct {
		const char *raw, *text;
	} rows[] = {
		{"plain", "plain"},
		{"=?utf-8?Q?a_b=C3=BC?=", "a b\xc3\xbc"},
		{"=?UTF-8?b?w7w=?= x", "\xc3\xbc x"},
		{"=?utf-8?Q?a?=\r\n =?utf-8?Q?b?= c", "ab c"},
		{"=?utf-8?B?5pel?= =?utf-8?B?5pys6A==?=\r\n =?utf-8?B?qp4=?=", "\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e"}, /* inside a character */
		{"=?utf-8?Q?a=C3?= =?utf-8?Q?=BCb?=", "a\xc3\xbc" "b"},
		{"=?iso-8859-1?Q?=FC?= =?utf-8?Q?=C3=BC?=", "\xc3\xbc\xc3\xbc"},
		{"=?iso-8859-1?Q?=C3=BC?=", "\xc3\xbc"},
		{"=?utf-8?Q?=FC?=", "\xc3\xbc"},
		{"=?x-unknown?Q?=FC?=", "\xc3\xbc"},
		{"=?utf-8?Q?two words?=", "two words"},
		{"x=?utf-8?Q?y?=z", "xyz"},
		{"=?utf-8?B?SGVsbG8gd29ybGQ?=", "Hello world"},
		{"=?utf-8?X?abc?=", "=?utf-8?X?abc?="},
		{"=?utf-8?Q?open", "=?utf-8?Q?open"},
		{"gr\xfc\xdf =?utf-8?Q?a?=", "gr\xc3\xbc\xc3\x9f a"},
		{"=?iso-2022-jp?B?GyRCRnxLXBsoQg==?=", "\xe6\x97\xa5\xe6\x9c\xac"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct buf b;

		buf_init(&b, 4096);
		assert_int_equal(encoded_word_decode(&b, rows[i].raw, strlen(rows[i].raw)), VG_OK);
		assert_string_equal(buf_str(&b), rows[i].text);
		buf_free(&b);
	}
}

/* Addresses keep their form; each row of words becomes one that a character is not split in. */
static void test_join(void **state)
{
	static const struct {
		const char *raw, *joined;
	} rows[] = {
		{"Ann <a@b.example>", "Ann <a@b.example>"},
		{"=?utf-8?B?5pys6A==?=\r\n =?utf-8?B?qp4=?= <a@b.example>", "=?utf-8?B?5pys6Kqe?=  <a@b.example>"},
		{"\"=?iso-8859-1?Q?M=FCller=2C_J?=\" <a@b.example>", "\"=?utf-8?B?TcO8bGxlciwgSg==?=\" <a@b.example>"},
		{"=?utf-8?Q?a?= =?iso-8859-1?Q?b?= <x@y.example>, c <d@e.example>",
		    "=?utf-8?B?YQ==?= =?utf-8?B?Yg==?=  <x@y.example>, c <d@e.example>"},
		{"M\xfcller <a@b.example>", "M\xc3\xbcller <a@b.example>"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct buf b;

		buf_init(&b, 4096);
		assert_int_equal(encoded_word_join(&b, rows[i].raw, strlen(rows[i].raw)), VG_OK);
		assert_string_equal(buf_str(&b), rows[i].joined);
		buf_free(&b);
	}
}

/* In pieces of every size: the same. */
static void test_base64(void **state)
{
	static const struct {
		const char *in, *out;
	} rows[] = {
		{"SGVsbG8=", "Hello"}, {"SGVsbG8", "Hello"}, {"SGVs\r\nbG8=\r\n", "Hello"}, {"SGVs bG8=", "Hello"}, {"SG*Vs!bG8=", "Hello"},
		{"SGVsbG8=SGVsbG8=", "HelloHello"}, {"SGVsbG8=\n\n--\nfooter of a list\n", "Hello"}, {"SGVs\n\nbG8=\n", "Hello"},
		{"SGVsbG8=\n\nfooter\n", "Hello"}, {"SGVsbG8=\nunsubscribe here\n", "Hello"}, {"SGVs\n\nunsubscribe here\nbG8=", "Hel"},
		{"SGVsbG8=\nunsubscribe", "Hello"}, {"SGVsbG8=\nSGVsbG8=\n", "HelloHello"}, {"", ""}, {"S", ""}, {"====", ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		for (size_t piece = 1; piece < 12; piece++) {
			unsigned char out[128];
			struct base64 b = {0};
			size_t n = strlen(rows[i].in), o = 0;

			for (size_t at = 0; at < n; at += piece)
				o += base64_feed(&b, out + o, rows[i].in + at, n - at < piece ? n - at : piece);
			o += base64_end(&b, out + o);
			assert_int_equal(o, strlen(rows[i].out));
			assert_memory_equal(out, rows[i].out, o);
		}
}

#define DATA "%2&5L;&\\\n"

static void test_uu(void **state)
{
	static const struct {
		const char *text, *name, *content; /* name NULL: none */
		size_t from;
		bool cut;
	} rows[] = {
		{"begin 644 a.txt\n" DATA "`\nend\n", "a.txt", "Hello", 0, false},
		{"see:\n\nbegin 0644 my file.txt \r\n%2&5L;&\\\r\n`\r\nend\r\nbye\n", "my file.txt", "Hello", 6, false},
		{"begin 644 a\n" DATA DATA DATA "and so on\n", "a", "HelloHelloHello", 0, true},
		{"begin 644 a\n" DATA "and so on\n", NULL, NULL, 0, false},
		{"begin 644 is how it starts\nnot data at all, sorry\nend\n", NULL, NULL, 0, false},
		{"to begin 644 a\n" DATA "end\n", NULL, NULL, 0, false},
		{"begin 999 a\n" DATA "end\n", NULL, NULL, 0, false},
		{"begin 644 \n" DATA "end\n", NULL, NULL, 0, false},
		{"begin 644 x\nbegin 644 a\n" DATA "end\n", "a", "Hello", 12, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct uu_block b = {0};
		unsigned char out[128];
		size_t n = strlen(rows[i].text);
		bool found = uu_find(rows[i].text, n, 0, &b);

		assert_int_equal(found, rows[i].name != NULL);
		if (!found)
			continue;
		assert_int_equal(b.name_len, strlen(rows[i].name));
		assert_memory_equal(b.name, rows[i].name, b.name_len);
		n = uu_decode(rows[i].text, &b, out);
		assert_int_equal(n, strlen(rows[i].content));
		assert_memory_equal(out, rows[i].content, n);
		assert_int_equal(b.from, rows[i].from);
		assert_int_equal(b.cut, rows[i].cut);
		assert_true(b.to <= strlen(rows[i].text) && (rows[i].cut || memcmp(rows[i].text + b.to - 2, "d\n", 2) == 0 ||
		    memcmp(rows[i].text + b.to - 3, "d\r\n", 3) == 0));
		assert_false(uu_find(rows[i].text, strlen(rows[i].text), b.to, &b));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_parameter), cmocka_unit_test(test_type), cmocka_unit_test(test_date), cmocka_unit_test(test_mailboxes), cmocka_unit_test(test_words),
	    cmocka_unit_test(test_join),
	    cmocka_unit_test(test_base64),
	    cmocka_unit_test(test_uu)};

	mime_warm();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
