/* id.h: ULIDs sort as they were made, over threads and clock steps; dates agree with the C library. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <pthread.h>
#include <time.h>

#include "id.h"

static void
test_ulid_form(void **state)
{
	char id[ULID_LEN + 1];

	(void)state;
	id_ulid(id, INT64_C(1469918176385)); /* the example of the ULID specification: 01ARYZ6S41 */
	assert_memory_equal(id, "01ARYZ6S41", 10);
	assert_int_equal(strlen(id), ULID_LEN);
	assert_int_equal(strspn(id, "0123456789ABCDEFGHJKMNPQRSTVWXYZ"), ULID_LEN);
}

static void
test_ulid_monotonic(void **state)
{
	char last[ULID_LEN + 1], next[ULID_LEN + 1];
	int64_t now = id_now_ms();

	(void)state;
	id_ulid(last, now);
	for (int i = 0; i < 100000; i++) {
		/* the same millisecond, the next one, and a clock that steps back */
		id_ulid(next, now + i / 1000 - (i % 7 == 0 ? 5000 : 0));
		assert_true(strcmp(last, next) < 0);
		memcpy(last, next, sizeof(last));
	}
}

#define PER_THREAD 20000

static void *
make_many(void *arg)
{
	char(*ids)[ULID_LEN + 1] = arg;

	for (int i = 0; i < PER_THREAD; i++)
		id_ulid(ids[i], id_now_ms());
	return NULL;
}

static int
compare(const void *a, const void *b)
{
	return strcmp(a, b);
}

static void
test_ulid_threads(void **state)
{
	static char ids[4 * PER_THREAD][ULID_LEN + 1];
	pthread_t t[4];

	(void)state;
	for (int i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&t[i], NULL, make_many, ids[i * PER_THREAD]), 0);
	for (int i = 0; i < 4; i++)
		pthread_join(t[i], NULL);
	for (int i = 1; i < 4 * PER_THREAD; i++) {
		if (i % PER_THREAD)
			assert_true(strcmp(ids[i - 1], ids[i]) < 0);
	}
	qsort(ids, 4 * PER_THREAD, sizeof(ids[0]), compare);
	for (int i = 1; i < 4 * PER_THREAD; i++)
		assert_string_not_equal(ids[i - 1], ids[i]);
}

static void
test_session(void **state)
{
	char a[11], b[11];

	(void)state;
	id_session(a);
	id_session(b);
	assert_int_equal(strspn(a, "abcdefghijklmnopqrstuvwxyz234567"), 10);
	assert_int_equal(strlen(a), 10);
	assert_string_not_equal(a, b);
}

static void
test_rfc3339(void **state)
{
	char out[32], want[32];
	struct tm tm;

	(void)state;
	id_rfc3339(out, INT64_C(1795487460000), 0);
	assert_string_equal(out, "2026-11-24T02:31:00Z");
	id_rfc3339(out, INT64_C(1795487460007), 1);
	assert_string_equal(out, "2026-11-24T02:31:00.007Z");
	id_rfc3339(out, 0, 0);
	assert_string_equal(out, "1970-01-01T00:00:00Z");
	id_rfc3339(out, -1, 1);
	assert_string_equal(out, "1969-12-31T23:59:59.999Z");
	id_rfc3339(out, INT64_MAX, 0);
	assert_string_equal(out, "9999-12-31T23:59:59Z");
	id_rfc3339(out, INT64_MIN, 0);
	assert_string_equal(out, "0000-03-01T00:00:00Z");
	/* every ninth day and odd second of the years 1583 to 9999 */
	for (int64_t s = INT64_C(-12212553600); s < INT64_C(253402300799); s += 9 * 86400 + 12345) {
		time_t t = (time_t)s;
		gmtime_r(&t, &tm);
		strftime(want, sizeof(want), "%Y-%m-%dT%H:%M:%SZ", &tm);
		id_rfc3339(out, s * 1000, 0);
		assert_string_equal(out, want);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ulid_form), /* first: it uses a time of the past */
		cmocka_unit_test(test_ulid_monotonic),
		cmocka_unit_test(test_ulid_threads),
		cmocka_unit_test(test_session),
		cmocka_unit_test(test_rfc3339),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
