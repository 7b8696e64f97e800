/* log.h: one line in one write whatever a peer's text holds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "log.h"

static char line[8192];

/* Runs log_put with descriptor 2 on a pipe: line holds what was written. */
static size_t
capture(enum log_level level, const char *ids, const char *value)
{
	int p[2], saved = dup(2);
	ssize_t n;

	assert_int_equal(pipe2(p, O_NONBLOCK), 0);
	dup2(p[1], 2);
	log_put(level, ids, "tested", "value=%s", log_q(value));
	dup2(saved, 2);
	close(saved);
	close(p[1]);
	n = read(p[0], line, sizeof(line) - 1);
	close(p[0]);
	line[n > 0 ? n : 0] = '\0';
	return n > 0 ? (size_t)n : 0;
}

static void
test_line(void **state)
{
	char want[200];

	(void)state;
	log_setup("smtp", LOG_LVL_INFO);
	capture(LOG_LVL_INFO, "sess=ab", "plain");
	snprintf(want, sizeof(want), "smtp[%d]: sess=ab event=tested value=plain\n", (int)getpid());
	assert_string_equal(line, want);
	capture(LOG_LVL_ERROR, "", "x");
	snprintf(want, sizeof(want), "smtp[%d]: level=error event=tested value=x\n", (int)getpid());
	assert_string_equal(line, want);
}

static void
test_level(void **state)
{
	(void)state;
	log_setup("smtp", LOG_LVL_WARN);
	assert_int_equal(capture(LOG_LVL_INFO, "", "x"), 0);
	assert_true(capture(LOG_LVL_WARN, "", "x") > 0);
	assert_false(log_enabled(LOG_LVL_DEBUG));
}

static void
test_hostile_values(void **state)
{
	static const char *const hostile[] = { "a\nsmtp[1]: event=forged", "a\r\n", "\x1b[2J", "\x7f", "\xc2\x9b[31m",
		"\xff\xfe", "a b", "say \"hi\"", "back\\slash", "", "rule=V11" };

	(void)state;
	log_setup("smtp", LOG_LVL_INFO);
	for (size_t i = 0; i < sizeof(hostile) / sizeof(hostile[0]); i++) {
		size_t n = capture(LOG_LVL_INFO, "", hostile[i]);
		assert_ptr_equal(strchr(line, '\n'), line + n - 1);
		for (size_t k = 0; k + 1 < n; k++)
			assert_in_range((unsigned char)line[k], 0x20, 0x7e);
		assert_non_null(strstr(line, "value=\""));
		assert_int_equal(line[n - 2], '"');
	}
	capture(LOG_LVL_INFO, "", "a\"b\\c\n");
	assert_non_null(strstr(line, "value=\"a\\\"b\\\\c\\x0a\""));
}

static void
test_lengths(void **state)
{
	char text[5000];

	(void)state;
	log_setup("smtp", LOG_LVL_INFO);
	for (size_t n = 0; n < 400; n++) {
		memset(text, 'a', n);
		text[n] = '\0';
		assert_true(strlen(log_q(text)) <= 205);
		memset(text, '\n', n);
		assert_true(strlen(log_q(text)) <= 205);
	}
	memset(text, 'i', 4999);
	text[4999] = '\0';
	assert_int_equal(capture(LOG_LVL_INFO, text, "x"), 2000);
	assert_int_equal(line[1999], '\n');
	memset(text, '\x01', 4999);
	assert_true(capture(LOG_LVL_INFO, text, "x") <= 2000);
}

static void
test_values_stay_for_16_calls(void **state)
{
	const char *first = log_q("a b"), *last = NULL;

	(void)state;
	for (int i = 0; i < 15; i++)
		last = log_q("c d");
	assert_string_equal(first, "\"a b\"");
	assert_string_equal(last, "\"c d\"");
	assert_string_equal(log_q(NULL), "-");
	assert_string_equal(log_q("plain.text"), "plain.text");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_line),
		cmocka_unit_test(test_level),
		cmocka_unit_test(test_hostile_values),
		cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_values_stay_for_16_calls),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
