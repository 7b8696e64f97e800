/*
 * test_template.c - rendering and complaints.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "err.h"
#include "template.h"

static const char vars[] = "{\"name\":\"Ann\",\"n\":7,\"none\":\"\",\"yes\":true,\"no\":false,\"list\":[\"a\",\"b\"],\"empty\":[],"
                           "\"rows\":[{\"k\":\"x\",\"v\":\"1\"},{\"k\":\"y\",\"v\":\"{{n}}\"}]}";

static const struct {
	const char *text, *want; /* want NULL: broken, at line, why holds the word */
	unsigned line;
	const char *why;
} cases[] = {
	{"", "", 0, NULL},
	{"plain { text } }}", "plain { text } }}", 0, NULL},
	{"Hello {{name}}, {{ n }}.", "Hello Ann, 7.", 0, NULL},
	{"[{{none}}{{absent}}{{yes}}{{list}}]", "[]", 0, NULL},
	{"{{#name}}hi {{name}}{{/name}}{{#none}}no{{/none}}", "hi Ann", 0, NULL},
	{"{{^none}}nothing{{/none}}{{^name}}no{{/name}}{{^empty}}, empty{{/empty}}", "nothing, empty", 0, NULL},
	{"{{#yes}}1{{/yes}}{{#no}}2{{/no}}{{^no}}3{{/no}}", "13", 0, NULL},
	{"{{#list}}<{{.}}>{{/list}}", "<a><b>", 0, NULL},
	/* a value never becomes a tag */
	{"{{#rows}}{{k}}={{v}};{{/rows}}", "x=1;y={{n}};", 0, NULL},
	{"a\n{{#list}}\n - {{.}}\n{{/list}}\nb\n", "a\n - a\n - b\nb\n", 0, NULL},
	{"a\n  {{#no}}\nx\n  {{/no}}\nb\n", "a\nb\n", 0, NULL},
	{"all:{{#list}} {{.}}{{/list}}\nnext\n", "all: a b\nnext\n", 0, NULL},
	{"{{name}}{{#yes}}{{/yes}}\nnext\n", "Ann\nnext\n", 0, NULL},
	{"{{! a comment }}\nx {{! here}}y\n", "x y\n", 0, NULL},
	{"{{#rows}}{{#list}}{{k}}{{.}} {{/list}}{{/rows}}", "xa xb ya yb ", 0, NULL},
	{"{{#no}}{{#rows}}{{k}}{{/rows}}{{/no}}.", ".", 0, NULL},
	{"a\nb {{name\n", NULL, 2, "not closed"},
	{"{{}}", NULL, 1, "without a name"},
	{"\n\n{{#list}}x", NULL, 3, "section is not closed"},
	{"x\n{{/list}}", NULL, 2, "closes no open"},
	{"{{#list}}{{#rows}}{{/list}}{{/rows}}", NULL, 1, "closes no open"},
	{"{{#yes}}{{#yes}}{{#yes}}{{#yes}}{{#yes}}x{{/yes}}{{/yes}}{{/yes}}{{/yes}}{{/yes}}", NULL, 1, "too many"},
};

static void test_cases(void **state)
{
	json_t *v = json_loads(vars, 0, NULL);

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		const char *why;
		unsigned line;
		struct buf out;
		int rc;

		buf_init(&out, 1000);
		rc = template_render(&out, cases[i].text, strlen(cases[i].text), v, &line, &why);
		if (cases[i].want != NULL) {
			assert_int_equal(rc, VG_OK);
			assert_string_equal(buf_str(&out), cases[i].want);
		} else {
			assert_int_equal(rc, VG_ERR_SYNTAX);
			if (strstr(why, cases[i].why) == NULL)
				fail_msg("case %zu: %s", i, why);
			if (cases[i].line == 1 || strstr(cases[i].why, "section") == NULL)
				assert_int_equal(line, cases[i].line);
		}
		buf_free(&out);
	}
	json_decref(v);
}

static void test_known_names_only(void **state)
{
	static const char *const known[] = {"name", "list", NULL};
	static const char good[] = "{{name}}{{#list}}{{.}}{{^name}}{{/name}}{{/list}}", bad[] = "x\n{{#list}}\n{{other}}{{/list}}";
	const char *why;
	unsigned line;

	(void)state;
	assert_int_equal(template_check(good, sizeof good - 1, known, &line, &why), VG_OK);
	assert_int_equal(template_check(bad, sizeof bad - 1, known, &line, &why), VG_ERR_SYNTAX);
	assert_int_equal(line, 3);
	assert_string_equal(why, "no such value");
	assert_int_equal(template_check("{{.}}", 5, known, &line, &why), VG_ERR_SYNTAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_cases),
	    cmocka_unit_test(test_known_names_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
