/*
 * test_log_evtx.c - Windows event logs in their own file: values, streams of any split, damage, and what would grow without bound.
 * What is read of whole files stands in tests/corpus/logs/log-events-evtx.json (tests/e2e/evtx_files.py wrote the file;
 * test_evtx_oracle.py asks others).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "buf.h"
#include "err.h"
#include "extract_help.h"
#include "log_binxml.h"
#include "log_binxml_value.h"

#define FILE_NAME "tests/corpus/logs/log-events-evtx.evtx"
#define CHUNK 65536u
#define BUDGET 100000u

static void to_buf(void *arg, const char *s, size_t n)
{
	assert_int_equal(buf_add(arg, s, n), VG_OK);
}

static void test_values(void **state)
{
	static const struct {
		unsigned type;
		const char *bytes;
		size_t n;
		const char *want;
	} rows[] = {
	    {0x00, "", 0, ""}, {0x01, "a\0<\0\n\0\0\0b\0", 10, "a&#60;&#10;"}, {0x01, "\x3D\xD8\x00\xDE\x3D\xD8x\0", 8, "\xF0\x9F\x98\x80\xEF\xBF\xBDx"},
	    {0x01, "a\0b", 3, "a"}, {0x02, "caf\xE9\0z", 6, "caf\xC3\xA9"}, {0x02, "\xC3\xA9&", 3, "\xC3\xA9&#38;"}, {0x03, "\xFF", 1, "-1"},
	    {0x04, "\xFF", 1, "255"}, {0x05, "\xFE\xFF", 2, "-2"}, {0x06, "\xFE\xFF", 2, "65534"}, {0x07, "\xFF\xFF\xFF\xFF", 4, "-1"},
	    {0x08, "\xFF\xFF\xFF\xFF", 4, "4294967295"}, {0x09, "\xFD\xFF\xFF\xFF\xFF\xFF\xFF\xFF", 8, "-3"},
	    {0x0A, "\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF", 8, "18446744073709551615"}, {0x0B, "\0\0\xC0\x3F", 4, "1.5"},
	    {0x0C, "\0\0\0\0\0\0\xF8\x3F", 8, "1.5"}, {0x0D, "\1\0\0\0", 4, "true"}, {0x0D, "\0\0\0\0", 4, "false"},
	    {0x0E, "\x01\xAB", 2, "01AB"},
	    {0x0F, "\x10\x32\x54\x76\x98\xBA\xDC\xFE\1\2\3\4\5\6\7\x08", 16, "{76543210-BA98-FEDC-0102-030405060708}"},
	    {0x10, "\x10\0\0\0\0\0\0\0", 8, "0x10"}, {0x10, "\x10\0\0\0", 4, "0x10"},
	    {0x11, "\0\x80\x3E\xD5\xDE\xB1\x9D\x01", 8, "1970-01-01T00:00:00.000Z"}, {0x11, "\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF", 8, ""},
	    {0x11, "\1", 1, ""}, {0x12, "\xEA\x07\x0B\0\1\0\x17\0\x16\0\x0A\0\4\0\xF4\1", 16, "2026-11-23T22:10:04.500Z"},
	    {0x13, "\1\2\0\0\0\0\0\5\x20\0\0\0\x20\2\0\0", 16, "S-1-5-32-544"}, {0x13, "\1\x09\0\0\0\0\0\5", 8, ""},
	    {0x14, "\5\0\7\x80", 4, "0x80070005"}, {0x15, "\1\0\0\0\0\0\0\x80", 8, "0x8000000000000001"},
	    {0x81, "a\0\0\0b\0\0\0", 8, "a</Data><Data>b"}, {0x81, "a\0\0\0\0\0b\0", 8, "a</Data><Data>b"}, {0x86, "\1\0\2\0\3", 5, "1</Data><Data>2"},
	    {0x06, "\1\0\2\0", 4, "1"}, {0x7F, "abc", 3, ""}, {0x20, "abcdefgh", 8, ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct buf out;

		buf_init(&out, 4096);
		binxml_value(rows[i].type, (const unsigned char *)rows[i].bytes, rows[i].n, to_buf, &out);
		if (strcmp(buf_str(&out), rows[i].want) != 0)
			fail_msg("row %zu: %s", i, buf_str(&out));
		buf_free(&out);
	}
}

static void test_pieces(void **state)
{
	static const size_t steps[] = {1, 7, 511, 4095, 4097, 65535, 70000};
	size_t len;
	char *file = help_file(FILE_NAME, &len), *whole = help_scan(file, len, 0, NULL);

	(void)state;
	assert_non_null(strstr(whole, "disk event 153"));
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		char *pieces = help_scan(file, len, steps[i], NULL);

		assert_string_equal(pieces, whole);
		free(pieces);
	}
	free(whole);
	free(file);
}

/* What the scanner says of len bytes of the file; *events: how many lines of errors. */
static enum log_state state_of(const char *file, size_t len, size_t *errors)
{
	static const struct error_where where = {.kind = ORIGIN_ATTACHMENT, .attachment = "a1"};
	struct error_set *set = error_set_new();
	struct log_scanner *s = log_scanner_new(set, &where, NULL);
	json_t *list;
	enum log_state state;

	log_scanner_feed(s, file, len);
	log_scanner_end(s);
	state = log_scanner_state(s);
	log_scanner_free(&s);
	list = error_set_json(set);
	*errors = json_array_size(list);
	json_decref(list);
	error_set_free(&set);
	return state;
}

static void test_damage(void **state)
{
	size_t len, errors, record;
	char *file = help_file(FILE_NAME, &len);

	(void)state;
	assert_int_equal(len, 4096 + 2 * CHUNK);
	assert_int_equal(state_of(file, len, &errors), LOG_READ);
	assert_int_equal(errors, 4);
	/* Windows makes files larger than it needs. */
	assert_int_equal(state_of(file, len + CHUNK, &errors), LOG_READ);
	file[len + 600] = 'x';
	assert_int_equal(state_of(file, len + CHUNK, &errors), LOG_PARTLY);
	assert_int_equal(errors, 4);
	/* cut off: in the second chunk, in its header, in the first, in the file's header */
	assert_int_equal(state_of(file, 4096 + CHUNK + 512 + 800, &errors), LOG_PARTLY);
	assert_int_equal(errors, 3);
	assert_int_equal(state_of(file, 4096 + CHUNK + 100, &errors), LOG_PARTLY);
	assert_int_equal(errors, 3);
	assert_int_equal(state_of(file, 4096 + 600, &errors), LOG_UNREAD);
	assert_int_equal(state_of(file, 100, &errors), LOG_UNREAD);
	assert_int_equal(errors, 0);
	/* an event whose binary XML is damaged does not take the others with it */
	record = 4096 + 512;
	record += (unsigned char)file[record + 4] | (size_t)(unsigned char)file[record + 5] << 8;
	memset(file + record + 28, 0x7E, 8);
	assert_int_equal(state_of(file, len, &errors), LOG_PARTLY);
	assert_int_equal(errors, 4); /* of disk's two events one, whose template is defined in the other */
	free(file);
}

/* A chunk with a template at 512: one element is open and its value is substituted so many times. */
static size_t bomb(unsigned char *chunk, unsigned char type, size_t value, size_t times)
{
	static const unsigned char head[] = {0x0C, 1, 0, 0, 0, 0, 0x0A, 2, 0, 0}; /* defined right behind it, at 0x20A */
	size_t at = 512, size;

	memset(chunk, 0, CHUNK);
	memcpy(chunk + at, head, sizeof(head));
	at += sizeof(head) + 20;
	size = 3 * times + times + 1;
	chunk[at] = (unsigned char)size;
	chunk[at + 1] = (unsigned char)(size >> 8);
	at += 4;
	for (size_t i = 0; i < times; i++, at += 4) {
		chunk[at] = 0x0D;
		chunk[at + 3] = type;
	}
	at++; /* T_END */
	chunk[at] = 1;
	chunk[at + 4] = (unsigned char)value;
	chunk[at + 5] = (unsigned char)(value >> 8);
	chunk[at + 6] = type;
	at += 8;
	return at;
}

static void test_bounds(void **state)
{
	unsigned char *chunk = malloc(CHUNK);
	struct buf out;
	struct binxml x = {.chunk = chunk, .size = CHUNK, .out = to_buf, .arg = &out, .budget = BUDGET};
	size_t at;

	(void)state;
	buf_init(&out, 10 * BUDGET);
	/* 4,000 times 40,000 bytes */
	at = bomb(chunk, 0x01, 40000, 4000);
	for (size_t i = 0; i < 20000; i++)
		chunk[at + 2 * i] = 'a';
	assert_false(binxml_write(&x, 512, at + 40000));
	assert_in_range(out.len, 1, BUDGET);
	/* A value that is read as binary XML and refers to its own template. */
	buf_free(&out);
	buf_init(&out, 10 * BUDGET);
	at = bomb(chunk, 0x21, 10, 3);
	memcpy(chunk + at, chunk + 512, 10);
	x.budget = BUDGET;
	assert_false(binxml_write(&x, 512, at + 10));
	assert_in_range(x.budget, BUDGET - 100, BUDGET);
	/* the template itself is fine */
	at = bomb(chunk, 0x01, 4, 3);
	memcpy(chunk + at, "o\0k\0", 4);
	x.budget = BUDGET;
	assert_true(binxml_write(&x, 512, at + 4));
	assert_string_equal(buf_str(&out), "okokok");
	assert_false(binxml_write(&x, 512, CHUNK + 1));
	buf_free(&out);
	free(chunk);
}

/* A byte that was changed anywhere: nothing is read outside of the chunk (ASan tells), and the others of its length stay. */
static void test_changed_bytes(void **state)
{
	size_t len, errors;
	char *file = help_file(FILE_NAME, &len);

	(void)state;
	for (size_t at = 4096 + 512; at < 4096 + 512 + 3000; at++) {
		char was = file[at];

		file[at] = (char)(was ^ (char)(1 << at % 8));
		state_of(file, 4096 + 512 + 3200, &errors);
		assert_in_range(errors, 0, 10);
		file[at] = was;
	}
	free(file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_values), cmocka_unit_test(test_pieces), cmocka_unit_test(test_damage),
	    cmocka_unit_test(test_bounds), cmocka_unit_test(test_changed_bytes)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
