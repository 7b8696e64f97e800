/*
 * test_print.c - what the tool shows: tables, records, no control byte of a sender's reaches the terminal; exit codes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ctl_print.h"
#include "ctl_run.h"

static char *printed(const char *json, const char *columns)
{
	json_t *v = json_loads(json, 0, NULL);
	char *text = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&text, &n);

	assert_non_null(v);
	assert_non_null(f);
	if (columns != NULL)
		ctl_print_list(f, v, columns);
	else
		ctl_print_record(f, v);
	fclose(f);
	json_decref(v);
	return text;
}

static void test_table(void **state)
{
	char *t = printed("{\"items\":[{\"a\":\"x\",\"b\":{\"c\":12}},{\"a\":\"longer\",\"b\":null}],\"next\":\"CUR\"}", "a b.c");

	(void)state;
	assert_string_equal(t, "a       b.c\nx       12\nlonger  -\n(more: --cursor CUR)\n");
	free(t);
}

static void test_no_control_byte(void **state)
{
	char *t = printed("{\"subject\":\"a\\u001b[2Jb\\nc\\u009bd\\u007f\",\"list\":[{\"k\":\"\\u0007\"}]}", NULL);

	(void)state;
	assert_string_equal(t, "subject: a?[2Jb c?d?\nlist:\n  k: ?\n");
	free(t);
}

static void test_wide_characters_keep_columns(void **state)
{
	char *t = printed("{\"items\":[{\"a\":\"J\303\266rg\",\"b\":1},{\"a\":\"Anna\",\"b\":2}],\"next\":null}", "a b");

	(void)state;
	assert_string_equal(t, "a     b\nJ\303\266rg  1\nAnna  2\n");
	free(t);
}

static void test_exit_codes(void **state)
{
	static const struct {
		long status;
		int code;
	} rows[] = { { 200, 0 }, { 204, 0 }, { 400, 65 }, { 422, 65 }, { 413, 65 }, { 403, 77 }, { 409, 77 }, { 404, 66 },
		{ 500, 70 }, { 503, 75 }, { 507, 75 } };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(ctl_exit_of(rows[i].status), rows[i].code);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_table), cmocka_unit_test(test_no_control_byte),
		cmocka_unit_test(test_wide_characters_keep_columns), cmocka_unit_test(test_exit_codes) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
