/*
 * test_smarthost_reply.c - what a smarthost may say.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "err.h"
#include "smarthost.h"

static const struct {
	const char *in;
	int rc;
	size_t used;
	unsigned code;
	const char *enhanced, *text;
} cases[] = {
	{"250 2.1.5 Ok\r\n", 1, 14, 250, "2.1.5", "Ok"},
	{"250 Ok\nrest", 1, 7, 250, "", "Ok"},
	{"354\r\n", 1, 5, 354, "", ""},
	{"250-mx.example\r\n250-PIPELINING\r\n250 DSN\r\nMORE", 1, 41, 250, "", "DSN"},
	{"550 5.1.1 <x@y.example>: Recipient unknown\r\n", 1, 44, 550, "5.1.1", "<x@y.example>: Recipient unknown"},
	{"550 5.1.10 null MX\r\n", 1, 20, 550, "5.1.10", "null MX"},
	/* a class of another code, a version, a number: text */
	{"450 5.1.1 odd\r\n", 1, 15, 450, "", "5.1.1 odd"},
	{"250 2.0 ok\r\n", 1, 12, 250, "", "2.0 ok"},
	{"550 5.1.1.1 x\r\n", 1, 15, 550, "", "5.1.1.1 x"},
	{"451 4.7.1\r\n", 1, 11, 451, "4.7.1", ""},
	{"250 \xff\x01 x\r\n", 1, 10, 250, "", "?? x"},
	{"", 0, 0, 0, "", ""},
	{"250 Ok", 0, 0, 0, "", ""},
	{"250-a\r\n250-b\r\n", 0, 0, 0, "", ""},
	{"hello\r\n", VG_ERR_SYNTAX, 0, 0, "", ""},
	{"199 x\r\n", VG_ERR_SYNTAX, 0, 0, "", ""},
	{"25\r\n", VG_ERR_SYNTAX, 0, 0, "", ""},
	{"250x\r\n", VG_ERR_SYNTAX, 0, 0, "", ""},
};

static void test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct smarthost_word w = {.code = 0};
		size_t used = 0, n = strlen(cases[i].in);
		char *exact = malloc(n + 1);

		memcpy(exact, cases[i].in, n);
		assert_int_equal(smarthost_reply(&w, exact, n, &used), cases[i].rc);
		if (cases[i].rc == 1) {
			assert_int_equal(used, cases[i].used);
			assert_int_equal(w.code, cases[i].code);
			assert_string_equal(w.enhanced, cases[i].enhanced);
			assert_string_equal(w.text, cases[i].text);
		}
		free(exact);
	}
}

static void test_endless(void **state)
{
	char *long_line = malloc(5000), *many = malloc(200 * 7 + 1);
	struct smarthost_word w;
	size_t used;

	(void)state;
	memset(long_line, 'x', 5000);
	memcpy(long_line, "250 ", 4);
	assert_int_equal(smarthost_reply(&w, long_line, 5000, &used), VG_ERR_SYNTAX);
	for (size_t i = 0; i < 200; i++)
		memcpy(many + 7 * i, "250-x\r\n", 7);
	assert_int_equal(smarthost_reply(&w, many, 1400, &used), VG_ERR_SYNTAX);
	free(long_line);
	free(many);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_cases),
	    cmocka_unit_test(test_endless),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
