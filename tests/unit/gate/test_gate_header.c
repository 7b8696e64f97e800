/* gate_header.h and gate_from.h: every way to say who writes that POLICY V1 refuses, and those it must accept. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "err.h"
#include "gate_from.h"
#include "gate_header.h"

#define FROM "From: ann@partner.example\r\n"

struct header_row {
	const char *bytes;
	const char *code; /* NULL: well-formed */
	size_t fields;
};

static const struct header_row headers[] = {
	{FROM "Subject: x\r\n\r\nbody\r\n", NULL, 2},
	{FROM "\r\n", NULL, 1},
	{FROM, NULL, 1},
	{"\r\n" FROM, NULL, 0},
	{"", NULL, 0},
	{FROM "X:\r\n\r\n", NULL, 2},
	{FROM "Subject: a\r\n\tb\r\n c\r\n\r\n", NULL, 2},
	{FROM "DKIM-Signature: h=\r\n\tFrom:To\r\n\r\n", NULL, 2},
	{FROM "Subject: \x1b$B8z\x1b(B\r\n\r\n", NULL, 2}, /* ISO-2022-JP as it is sent raw */
	{"From:\r\n Ann <ann@partner.example>\r\n\r\n", NULL, 1},
	/* a blank fold behind the sender's fields hides nothing */
	{FROM "Subject: a\r\n \r\n b\r\n\r\n", NULL, 2},
	/* refused */
	{" X: y\r\n" FROM "\r\n", "header.starts-with-space", 1},
	{"\tFrom: evil@x.example\r\n" FROM "\r\n", "header.starts-with-space", 1},
	{"From : ann@partner.example\r\n\r\n", "header.space-before-colon", 0},
	{"Subject\t: x\r\n" FROM "\r\n", "header.space-before-colon", 1},
	{"From ann@partner.example Tue Nov 24\r\n" FROM "\r\n", "header.not-a-field", 1},
	{"From\r\n : evil@x.example\r\n" FROM "\r\n", "header.not-a-field", 1},
	{": x\r\n" FROM "\r\n", "header.not-a-field", 1},
	{"junk\r\n" FROM "\r\n", "header.not-a-field", 1},
	{"Fr\xc3\xb6m: x\r\n" FROM "\r\n", "header.not-a-field", 1},
	{FROM "X: a\rFrom: evil@x.example\r\n\r\n", "header.bare-newline", 2},
	{FROM "X: a\nFrom: evil@x.example\r\n\r\n", "header.bare-newline", 2},
	{FROM "X: a\x0b" "From: evil@x.example\r\n\r\n", "header.control", 2},
	{FROM "X: a\x0c\r\n\r\n", "header.control", 2},
	{"From: \x07" "ann@partner.example\r\n\r\n", "header.control", 1},
	{"From: ann@partner.example\x7f\r\n\r\n", "header.control", 1},
	{FROM "X: no end", "header.unfinished", 2},
	{FROM "from: bob@partner.example\r\n\r\n", "from.several-fields", 2},
	{FROM "Sender: a@x.example\r\nSENDER: b@x.example\r\n\r\n", "sender.several-fields", 3},
	{"X: a\r\n \t\r\n b\r\n" FROM "\r\n", "header.blank-fold", 2},
	{"From: Ann\r\n \r\n <ann@partner.example>\r\n\r\n", "header.blank-fold", 1},
};

static void headers_that_can_be_read_one_way(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
		const struct header_row *r = &headers[i];
		struct gate_header h;
		const char *code;

		assert_int_equal(gate_header_read(&h, r->bytes, strlen(r->bytes)), VG_OK);
		code = h.n_faults > 0 ? h.faults[0].code : NULL;
		if ((code == NULL) != (r->code == NULL) || (code != NULL && strcmp(code, r->code) != 0))
			fail_msg("row %zu: %s instead of %s", i, code ? code : "fine", r->code ? r->code : "fine");
		if (h.n != r->fields)
			fail_msg("row %zu: %zu fields", i, h.n);
		gate_header_free(&h);
	}
}

static void nul_is_a_fault(void **state)
{
	static const char bytes[] = FROM "X: a\0From: evil@x.example\r\n\r\n";
	struct gate_header h;

	(void)state;
	assert_int_equal(gate_header_read(&h, bytes, sizeof(bytes) - 1), VG_OK);
	assert_int_equal(h.n_faults, 1);
	assert_string_equal(h.faults[0].code, "header.nul");
	gate_header_free(&h);
}

static void repeat(struct buf *b, const char *s, size_t n)
{
	while (n-- > 0)
		assert_int_equal(buf_adds(b, s), VG_OK);
}

static void bounds(void **state)
{
	struct gate_header h;
	struct buf b;

	(void)state;
	buf_init(&b, 1 << 20);
	repeat(&b, "A: b\r\n", 1000);
	assert_int_equal(gate_header_read(&h, buf_str(&b), b.len), VG_OK);
	assert_int_equal(h.n_faults, 0);
	assert_int_equal(h.n, 1000);
	gate_header_free(&h);
	repeat(&b, "A: b\r\n", 1);
	assert_int_equal(gate_header_read(&h, buf_str(&b), b.len), VG_OK);
	assert_string_equal(h.faults[0].code, "header.too-many-fields");
	gate_header_free(&h);
	buf_reset(&b);
	repeat(&b, "X: ", 1);
	repeat(&b, "0123456789abcdef\r\n ", 65536 / 19 + 1);
	repeat(&b, "x\r\n", 1);
	assert_int_equal(gate_header_read(&h, buf_str(&b), b.len), VG_OK);
	assert_string_equal(h.faults[0].code, "header.field-too-long");
	gate_header_free(&h);
	buf_free(&b);
}

static void values_unfold(void **state)
{
	static const char bytes[] = "A:  x\r\n\ty \r\n\r\n";
	struct gate_header h;
	struct buf b;

	(void)state;
	buf_init(&b, 100);
	assert_int_equal(gate_header_read(&h, bytes, sizeof(bytes) - 1), VG_OK);
	assert_int_equal(gate_field_unfold(&b, &h.fields[0]), VG_OK);
	assert_string_equal(buf_str(&b), "x\ty");
	assert_int_equal(h.fields[0].raw_len, 12);
	assert_int_equal(h.length, 12);
	buf_free(&b);
	gate_header_free(&h);
}

struct from_row {
	const char *value;
	const char *normal; /* NULL: refused with */
	const char *name_or_code;
};

static const struct from_row froms[] = {
	/* accepted */
	{"ann@partner.example", "ann@partner.example", ""},
	{"  Ann@Partner.Example\t", "ann@partner.example", ""},
	{"<ann@partner.example>", "ann@partner.example", ""},
	{"Ann Lee <ann@partner.example>", "ann@partner.example", "Ann Lee"},
	{"Ann Lee<ann@partner.example>", "ann@partner.example", "Ann Lee"},
	{"\"Lee, Ann\" <ann@partner.example>", "ann@partner.example", "Lee, Ann"},
	{"\"Ann \\\"A\\\" Lee\" <ann@partner.example>", "ann@partner.example", "Ann \"A\" Lee"},
	{"\"ceo@bank.example\" <ann@partner.example>", "ann@partner.example", "ceo@bank.example"},
	{"\"x <evil@x.example>\" <ann@partner.example>", "ann@partner.example", "x <evil@x.example>"},
	{"John Q. Public <ann@partner.example>", "ann@partner.example", "John Q. Public"},
	{"Ann [Acme] <ann@partner.example>", "ann@partner.example", "Ann [Acme]"},
	{"J\xc3\xb6rg <ann@partner.example>", "ann@partner.example", "J\xc3\xb6rg"},
	{"J\xf6rg <ann@partner.example>", "ann@partner.example", "J\xc3\xb6rg"},
	{"=?UTF-8?Q?J=C3=B6rg?= <ann@partner.example>", "ann@partner.example", "J\xc3\xb6rg"},
	{"=?iso-8859-1?q?J=F6rg?= =?iso-8859-1?b?IEwu?= <ann@partner.example>", "ann@partner.example", "J\xc3\xb6rg L."},
	{"\"=?utf-8?B?SsO2cmc=?=\" <ann@partner.example>", "ann@partner.example", "J\xc3\xb6rg"},
	{"ann@partner.example (Ann Lee)", "ann@partner.example", "Ann Lee"},
	{"Ann <ann@partner.example> (at work)", "ann@partner.example", "Ann"},
	{"\xe2\x80\xaeknil <ann@partner.example>", "ann@partner.example", "knil"},
	/* refused */
	{"", NULL, "from.no-address"},
	{"   ", NULL, "from.no-address"},
	{"<>", NULL, "from.no-address"},
	{"Ann Lee", NULL, "from.no-address"},
	{"Ann <ann>", NULL, "from.address"},
	{"ann@partner.example, bob@partner.example", NULL, "from.several-addresses"},
	{"Ann <ann@partner.example>, Bob <bob@x.example>", NULL, "from.several-addresses"},
	{"Ann <ann@partner.example>,", NULL, "from.several-addresses"},
	{",ann@partner.example", NULL, "from.several-addresses"},
	{"Lee, Ann <ann@partner.example>", NULL, "from.several-addresses"},
	{"ann@partner.example (x), bob@x.example", NULL, "from.several-addresses"},
	{"<ann@partner.example> <evil@x.example>", NULL, "from.trailing-text"},
	{"<ann@partner.example>evil@x.example", NULL, "from.trailing-text"},
	{"ann@partner.example <evil@x.example>", NULL, "from.address-in-name"},
	{"Team: ann@partner.example;", NULL, "from.group"},
	{"undisclosed-recipients:;", NULL, "from.group"},
	{"ann@partner.example;", NULL, "from.group"},
	{"<@relay.example:ann@partner.example>", NULL, "from.route"},
	{"\"ann\"@partner.example", NULL, "from.quoted-local-part"},
	{"Ann <\"ann\"@partner.example>", NULL, "from.quoted-local-part"},
	{"=?utf-8?q?ann=40partner.example?=", NULL, "from.no-address"},
	{"=?utf-8?q?ann?=@partner.example", NULL, "from.encoded-word"},
	{"Ann <=?utf-8?q?ann?=@partner.example>", NULL, "from.encoded-word"},
	{"(Ann) ann@partner.example", NULL, "from.comment"},
	{"Ann (x) <ann@partner.example>", NULL, "from.comment"},
	{"ann(x)@partner.example", NULL, "from.no-address"},
	{"<ann(x)@partner.example>", NULL, "from.comment"},
	{"ann@partner.example (a(b))", NULL, "from.comment"},
	{"ann@partner.example (<evil@x.example>)", NULL, "from.comment"},
	{"ann@partner.example (a\\)b)", NULL, "from.comment"},
	{"ann@partner.example (a", NULL, "from.comment"},
	{"ann@partner.example (a) (b)", NULL, "from.comment"},
	{"ann@partner.example )", NULL, "from.comment"},
	{"ann @partner.example", NULL, "from.space"},
	{"ann@ partner.example", NULL, "from.space"},
	{"< ann@partner.example>", NULL, "from.space"},
	{"Ann <ann@partner.example", NULL, "from.syntax"},
	{"Ann > <ann@partner.example>", NULL, "from.syntax"},
	{"Ann \\< <ann@partner.example>", NULL, "from.syntax"},
	{"\"Ann <ann@partner.example>", NULL, "from.quotes"},
	{"<<ann@partner.example>>", NULL, "from.trailing-text"},
	{"<ann@partner.example@x.example>", NULL, "from.address"},
	{"ann@[192.0.2.1]", NULL, "from.address"},
	{"j\xc3\xb6rg@partner.example", NULL, "from.address"},
};

static void one_author_or_none(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(froms) / sizeof(froms[0]); i++) {
		const struct from_row *r = &froms[i];
		struct gate_from f;

		assert_int_equal(gate_from_parse(&f, r->value, strlen(r->value), false), VG_OK);
		if (r->normal != NULL && f.fault.code != NULL)
			fail_msg("'%s' refused: %s", r->value, f.fault.why);
		if (r->normal == NULL && (f.fault.code == NULL || strcmp(f.fault.code, r->name_or_code) != 0))
			fail_msg("'%s' gave %s, %s", r->value, f.fault.code ? f.fault.code : f.addr.normal, f.fault.why);
		if (r->normal == NULL) {
			assert_non_null(f.fault.why);
			assert_string_equal(f.addr.normal, "");
			continue;
		}
		assert_string_equal(f.addr.normal, r->normal);
		assert_string_equal(f.name, r->name_or_code);
	}
}

static void missing_and_smtputf8(void **state)
{
	struct gate_header h;
	struct gate_from f;

	(void)state;
	assert_int_equal(gate_header_read(&h, "To: x\r\n\r\n", 9), VG_OK);
	assert_int_equal(gate_from_read(&f, &h, false), VG_OK);
	assert_string_equal(f.fault.code, "from.missing");
	gate_header_free(&h);
	assert_int_equal(gate_from_parse(&f, "j\xc3\xb6rg@partner.example", 21, true), VG_OK);
	assert_null(f.fault.code);
	assert_string_equal(f.addr.normal, "j\xc3\xb6rg@partner.example");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(headers_that_can_be_read_one_way), cmocka_unit_test(nul_is_a_fault), cmocka_unit_test(bounds),
		cmocka_unit_test(values_unfold), cmocka_unit_test(one_author_or_none), cmocka_unit_test(missing_and_smtputf8),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
