/*
 * test_range.c - byte ranges of RFC 9110 14.1.2 as clients write them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../../../gateway/api/api_answer.c"

static void test_ranges(void **state)
{
	static const struct {
		const char *text;
		uint64_t total;
		int rc;
		uint64_t first, last;
	} rows[] = {
		{ "bytes=0-9", 100, 1, 0, 9 }, { "bytes=10-", 100, 1, 10, 99 }, { "bytes=-5", 100, 1, 95, 99 },
		{ "bytes=-500", 100, 1, 0, 99 }, { "bytes=90-500", 100, 1, 90, 99 }, { "bytes=100-", 100, -1, 0, 0 },
		{ "bytes=-0", 100, -1, 0, 0 }, { "bytes=9-3", 100, 0, 0, 0 }, { "bytes=0-1,5-6", 100, 0, 0, 0 },
		{ "lines=0-1", 100, 0, 0, 0 }, { "bytes=", 100, 0, 0, 0 }, { "bytes=x-y", 100, 0, 0, 0 },
		{ "bytes=1-2x", 100, 0, 0, 0 }, { "bytes=--5", 100, 0, 0, 0 }, { "bytes=+1-2", 100, 0, 0, 0 },
		{ "bytes= 1-2", 100, 0, 0, 0 }, { "bytes=99999999999999999999999-", 100, -1, 0, 0 }, { "bytes=5", 100, 0, 0, 0 },
		{ NULL, 100, 0, 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint64_t first = 0, last = 0;
		int rc = parse_range(rows[i].text, rows[i].total, &first, &last);

		if (rc != rows[i].rc)
			fail_msg("\"%s\" gave %d", rows[i].text, rc);
		if (rc == 1) {
			assert_int_equal(first, rows[i].first);
			assert_int_equal(last, rows[i].last);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_ranges) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
