/* buf.h, err.h: bounds are kept, failures leave the content as it was. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

#include "buf.h"
#include "err.h"

static void
test_grows_and_stops_at_max(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 10);
	assert_int_equal(buf_add(&b, "12345678", 8), VG_OK);
	assert_int_equal(buf_add(&b, "abc", 3), VG_ERR_LIMIT);
	assert_int_equal(b.len, 8);
	assert_int_equal(buf_addf(&b, "%s", "abc"), VG_ERR_LIMIT);
	assert_string_equal(buf_str(&b), "12345678");
	assert_int_equal(buf_addf(&b, "%d", 42), VG_OK);
	assert_string_equal(buf_str(&b), "1234567842");
	assert_int_equal(buf_adds(&b, "x"), VG_ERR_LIMIT);
	assert_int_equal(buf_reserve(&b, SIZE_MAX), VG_ERR_LIMIT);
	buf_free(&b);
	assert_string_equal(buf_str(&b), "");
}

static void
test_unbounded_does_not_wrap(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, SIZE_MAX);
	assert_int_equal(buf_adds(&b, "a"), VG_OK);
	assert_int_equal(buf_reserve(&b, SIZE_MAX - 1), VG_ERR_LIMIT);
	assert_int_equal(buf_reserve(&b, SIZE_MAX / 2), VG_ERR_LIMIT);
	assert_string_equal(buf_str(&b), "a");
	buf_wipe(&b);
}

static void
test_formats_of_any_length(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 4096);
	for (int n = 0; n < 300; n++) {
		buf_reset(&b);
		assert_int_equal(buf_addf(&b, "<%*s>", n, ""), VG_OK);
		assert_int_equal(b.len, n + 2);
		assert_int_equal(strlen(buf_str(&b)), n + 2);
	}
	buf_free(&b);
}

static void
test_consume_and_take(void **state)
{
	struct buf b;
	size_t len;
	char *s;

	(void)state;
	buf_init(&b, 100);
	buf_adds(&b, "hello world");
	buf_consume(&b, 6);
	assert_string_equal(buf_str(&b), "world");
	buf_consume(&b, 100);
	assert_int_equal(b.len, 0);
	buf_adds(&b, "kept");
	s = buf_take(&b, &len);
	assert_string_equal(s, "kept");
	assert_int_equal(len, 4);
	assert_null(b.data);
	free(s);
	s = buf_take(&b, NULL);
	assert_string_equal(s, "");
	free(s);
}

/* Exactly full is no error; one byte more is. */
static void
test_reads_a_descriptor_to_its_end(void **state)
{
	static const size_t sizes[] = { 0, 1, 4095, 65536, 65537, 100000 };
	static char bytes[100000];
	struct buf none;

	(void)state;
	memset(bytes, 'x', sizeof(bytes));
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		FILE *f = tmpfile();
		struct buf b;

		assert_non_null(f);
		assert_int_equal(fwrite(bytes, 1, sizes[i], f), sizes[i]);
		fflush(f);
		for (size_t short_by = 0; short_by <= (sizes[i] > 0); short_by++) {
			buf_init(&b, sizes[i] - short_by);
			assert_int_equal(lseek(fileno(f), 0, SEEK_SET), 0);
			assert_int_equal(buf_read(&b, fileno(f)), short_by == 0 ? VG_OK : VG_ERR_LIMIT);
			assert_int_equal(b.len, sizes[i] - short_by);
			buf_free(&b);
		}
		fclose(f);
	}
	buf_init(&none, 10);
	assert_int_equal(buf_read(&none, -1), VG_ERR_SYSTEM);
	buf_free(&none);
}

static void
test_every_error_has_its_text(void **state)
{
	(void)state;
	for (int i = VG_OK; i >= VG_ERR_CONFIG; i--) {
		assert_string_not_equal(vg_strerror(i), "unknown error");
		for (int j = i + 1; j <= VG_OK; j++)
			assert_string_not_equal(vg_strerror(i), vg_strerror(j));
	}
	assert_string_equal(vg_strerror(-1000), "unknown error");
	assert_string_equal(vg_strerror(1), "unknown error");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_grows_and_stops_at_max),
		cmocka_unit_test(test_unbounded_does_not_wrap),
		cmocka_unit_test(test_formats_of_any_length),
		cmocka_unit_test(test_consume_and_take),
		cmocka_unit_test(test_reads_a_descriptor_to_its_end),
		cmocka_unit_test(test_every_error_has_its_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
