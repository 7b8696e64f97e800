/* addr.h: what is an address, and its one normal form. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "addr.h"
#include "err.h"
#include "utf8.h"

#define L63 "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijk"
#define D252 L63 "." L63 "." L63 "." "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz.example"

struct row {
	const char *in;
	unsigned flags;
	const char *normal; /* NULL: refused */
};

static const struct row rows[] = {
	{"ann@partner.example", 0, "ann@partner.example"},
	{"Ann.Lee@Partner.EXAMPLE", 0, "ann.lee@partner.example"},
	{"user+tag@partner.example", 0, "user+tag@partner.example"},
	{"!#$%&'*+-/=?^_`{|}~@x.example", 0, "!#$%&'*+-/=?^_`{|}~@x.example"},
	{"root@localhost", 0, "root@localhost"},
	{"a@x--y.example", 0, "a@x--y.example"},
	{"a@1.example", 0, "a@1.example"},
	/* nothing before or behind, nothing missing */
	{"", 0, NULL},
	{"ann", 0, NULL},
	{"@partner.example", 0, NULL},
	{"ann@", 0, NULL},
	{" ann@partner.example", 0, NULL},
	{"ann@partner.example ", 0, NULL},
	{"ann@partner.example,bob@partner.example", 0, NULL},
	{"<ann@partner.example>", 0, NULL},
	{"ann@partner.example@evil.example", 0, NULL},
	{"ann(x)@partner.example", 0, NULL},
	{"an n@partner.example", 0, NULL},
	{"ann@partner.example\r\nX: y", 0, NULL},
	/* dots */
	{".ann@partner.example", 0, NULL},
	{"ann.@partner.example", 0, NULL},
	{"a..n@partner.example", 0, NULL},
	{"ann@partner..example", 0, NULL},
	{"ann@.example", 0, NULL},
	{"ann@partner.example.", 0, NULL},
	/* domains */
	{"a@-x.example", 0, NULL},
	{"a@x-.example", 0, NULL},
	{"a@x_y.example", 0, NULL},
	{"a@192.0.2.1", 0, NULL},
	{"a@" L63 "x.example", 0, NULL},
	{"a@" D252, 0, "a@" D252},
	{"a@a." D252, 0, NULL},
	{L63 "x@x.example", 0, L63 "x@x.example"},
	{L63 "xy@x.example", 0, NULL},
	/* internationalised */
	{"a@b\xc3\xbc" "cher.example", 0, "a@xn--bcher-kva.example"},
	{"a@XN--BCHER-KVA.example", 0, "a@xn--bcher-kva.example"},
	{"a@xn--a.example", 0, NULL},                     /* decodes to nothing valid */
	{"a@xn--.example", 0, NULL},
	{"a@partner\xe3\x80\x82" "example", 0, NULL},     /* ideographic full stop as a dot */
	{"a@\xef\xbd\x90" "artner.example", 0, NULL},     /* full-width p */
	{"a@par\xe2\x80\x8btner.example", 0, NULL},       /* zero width space */
	{"a@\xff.example", 0, NULL},
	{"j\xc3\xb6rg@x.example", 0, NULL},
	{"J\xc3\xb6rg@x.example", ADDR_UTF8, "j\xc3\xb6rg@x.example"},
	{"j\xc3@x.example", ADDR_UTF8, NULL},
	{"a\xe2\x80\xae" "b@x.example", ADDR_UTF8, NULL}, /* right-to-left override */
	{"a\xc2\xa0" "b@x.example", ADDR_UTF8, NULL},     /* no-break space */
	/* quoted */
	{"\"ann\"@x.example", 0, NULL},
	{"\"Ann\"@x.example", ADDR_QUOTED, "ann@x.example"},
	{"\"a b\"@x.example", ADDR_QUOTED, "\"a b\"@x.example"},
	{"\"a\\n\"@x.example", ADDR_QUOTED, "an@x.example"},
	{"\"a\\\"b\"@x.example", ADDR_QUOTED, "\"a\\\"b\"@x.example"},
	{"\"a@b\"@x.example", ADDR_QUOTED, "\"a@b\"@x.example"},
	{"\"a\\\\\"@x.example", ADDR_QUOTED, "\"a\\\\\"@x.example"},
	{"\"\"@x.example", ADDR_QUOTED, NULL},
	{"\"a", ADDR_QUOTED, NULL},
	{"\"a\\", ADDR_QUOTED, NULL},
	{"\"a\"b@x.example", ADDR_QUOTED, NULL},
	{"\"a\tb\"@x.example", ADDR_QUOTED, NULL},
	/* literals */
	{"a@[192.0.2.1]", 0, NULL},
	{"a@[192.0.2.1]", ADDR_LITERAL, "a@[192.0.2.1]"},
	{"a@[IPv6:2001:DB8::1]", ADDR_LITERAL, "a@[ipv6:2001:db8::1]"},
	{"a@[192.0.2]", ADDR_LITERAL, NULL},
	{"a@[2001:db8::1]", ADDR_LITERAL, NULL},
	{"a@[]", ADDR_LITERAL, NULL},
	{"a@[192.0.2.1", ADDR_LITERAL, NULL},
};

static void parses_exactly_one_address(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *r = &rows[i];
		struct addr a;
		const char *why = NULL;
		int rc = addr_parse(&a, r->in, strlen(r->in), r->flags, &why);

		if (r->normal == NULL) {
			if (rc != VG_ERR_SYNTAX || why == NULL)
				fail_msg("'%s' gave %d, normal '%s'", r->in, rc, a.normal);
			continue;
		}
		if (rc != VG_OK)
			fail_msg("'%s' refused: %s", r->in, why);
		assert_string_equal(a.normal, r->normal);
		assert_string_equal(a.shown, r->in);
		assert_string_equal(addr_domain(&a), strrchr(r->normal, '@') + 1);
	}
}

static void nul_is_refused(void **state)
{
	struct addr a;
	const char *why;

	(void)state;
	assert_int_equal(addr_parse(&a, "a\0b@x.example", 13, ADDR_UTF8, &why), VG_ERR_SYNTAX);
	assert_int_equal(addr_parse(&a, "ab@x\0.example", 13, 0, &why), VG_ERR_SYNTAX);
	assert_int_equal(addr_parse(&a, "\"a\0b\"@x.example", 15, ADDR_QUOTED, &why), VG_ERR_SYNTAX);
	assert_int_equal(addr_parse(&a, "a@x.example\0", 12, 0, &why), VG_ERR_SYNTAX);
	assert_int_equal(addr_parse(&a, "a@[192.0.2.1\0]", 14, ADDR_LITERAL, &why), VG_ERR_SYNTAX);
}

/* The normal form is a fixed point: parsing it again changes nothing. */
static void normal_form_is_stable(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct addr a;
		const char *n = rows[i].normal;

		if (n == NULL)
			continue;
		assert_int_equal(addr_parse(&a, n, strlen(n), ADDR_UTF8 | ADDR_QUOTED | ADDR_LITERAL, NULL), VG_OK);
		assert_string_equal(a.normal, n);
	}
}

static void paths(void **state)
{
	static const struct {
		const char *in, *normal;
		size_t used;
	} p[] = {
		{"<>", "", 2},
		{"<ann@x.example>", "ann@x.example", 15},
		{"<ann@x.example> SIZE=100", "ann@x.example", 15},
		{"<\"a>b\"@x.example> X", "\"a>b\"@x.example", 17},
		{"<@r.example:ann@x.example>", NULL, 0},
		{"<ann@x.example", NULL, 0},
		{"ann@x.example>", NULL, 0},
		{"< ann@x.example>", NULL, 0},
		{"<ann>", NULL, 0},
		{"<\"", NULL, 0},
		{"<", NULL, 0},
		{"", NULL, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(p) / sizeof(p[0]); i++) {
		struct addr a;
		const char *why = NULL;
		size_t used = 0;
		int rc = addr_parse_path(&a, p[i].in, strlen(p[i].in), ADDR_QUOTED, &used, &why);

		assert_int_equal(rc, p[i].normal == NULL ? VG_ERR_SYNTAX : VG_OK);
		if (p[i].normal == NULL) {
			assert_non_null(why);
			continue;
		}
		assert_string_equal(a.normal, p[i].normal);
		assert_int_equal(used, p[i].used);
	}
}

static void domains(void **state)
{
	char out[ADDR_DOMAIN_MAX + 1];
	const char *why;

	(void)state;
	assert_int_equal(addr_domain_normal(out, "Partner.EXAMPLE", 15, &why), VG_OK);
	assert_string_equal(out, "partner.example");
	assert_int_equal(addr_domain_normal(out, "", 0, &why), VG_ERR_SYNTAX);
	assert_int_equal(addr_domain_normal(out, "a/b.example", 11, &why), VG_ERR_SYNTAX);
	assert_true(addr_domain_within("a.partner.example", "partner.example"));
	assert_true(addr_domain_within("partner.example", "partner.example"));
	assert_false(addr_domain_within("evilpartner.example", "partner.example"));
	assert_false(addr_domain_within("example", "partner.example"));
	assert_false(addr_domain_within("partner.example", ""));
}

static void bases(void **state)
{
	const char *ext;

	(void)state;
	assert_int_equal(addr_base("case+12.ab@x.example", 10, &ext), 4);
	assert_memory_equal(ext, "12.ab@", 6);
	assert_int_equal(addr_base("case@x+y.example", 4, &ext), 4);
	assert_null(ext);
	assert_int_equal(addr_base("+x@y.example", 2, &ext), 2);
	assert_null(ext);
	assert_int_equal(addr_base("case+@y.example", 5, &ext), 4);
	assert_non_null(ext);
}

static void utf8(void **state)
{
	uint32_t cp;

	(void)state;
	assert_true(utf8_valid("a\xc3\xbc\xe2\x82\xac\xf0\x9f\x98\x80", 10));
	assert_false(utf8_valid("\xc0\xaf", 2));
	assert_false(utf8_valid("\xe0\x80\xaf", 3));
	assert_false(utf8_valid("\xed\xa0\x80", 3));
	assert_false(utf8_valid("\xf4\x90\x80\x80", 4));
	assert_false(utf8_valid("\xe2\x82", 2));
	assert_false(utf8_valid("\x80", 1));
	assert_int_equal(utf8_next("\xf0\x9f\x98\x80", 4, &cp), 4);
	assert_int_equal(cp, 0x1f600);
	assert_false(utf8_plain('\n'));
	assert_false(utf8_plain(0x202e));
	assert_false(utf8_plain(0xffff));
	assert_true(utf8_plain(' '));
	assert_true(utf8_plain(0xe9));
	assert_int_equal(utf8_cut("a\xe2\x82\xac", 4, 3), 1);
	assert_int_equal(utf8_cut("a\xe2\x82\xac", 4, 4), 4);
	assert_int_equal(utf8_cut("abc", 3, 2), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parses_exactly_one_address), cmocka_unit_test(nul_is_refused),
		cmocka_unit_test(normal_form_is_stable), cmocka_unit_test(paths), cmocka_unit_test(domains),
		cmocka_unit_test(bases), cmocka_unit_test(utf8),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
