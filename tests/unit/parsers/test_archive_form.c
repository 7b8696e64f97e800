/*
 * test_archive_form.c - archive forms, volumes and lying extensions, by name and first bytes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "archive_form.h"
#include "volume_name.h"
#include "archive_walk.h"

static void test_looks(void **state)
{
	(void)state;
	assert_false(archive_looks_like("a.docx", (const unsigned char *)"PK\3\4xx", 6));
	assert_true(archive_looks_like("a.bin", (const unsigned char *)"PK\3\4xx", 6));
	assert_true(archive_looks_like("a.tar", (const unsigned char *)"x", 1));
	assert_false(archive_looks_like("a.zip", (const unsigned char *)"hello", 5));
	assert_false(archive_looks_like("", (const unsigned char *)"", 0));
}

#define RAR4 "Rar!\x1A\x07\0\xCF\x90\x73"
#define RAR5 "Rar!\x1A\x07\1\0\x11\x22\x33\x44"

static void test_volumes(void **state)
{
	static const struct {
		const char *name, *head;
		size_t len;
		enum archive_volume volume;
	} rows[] = {
	    {"logs.zip", "PK\3\4", 4, VOLUME_WHOLE}, {"logs.zip.001", "PK\3\4", 4, VOLUME_FIRST}, {"logs.zip.002", "xx", 2, VOLUME_LATER},
	    {"LOGS.7Z.001", "7z", 2, VOLUME_FIRST}, {"a.tar.gz.017", "x", 1, VOLUME_LATER}, {"Job.log.001", "x", 1, VOLUME_WHOLE},
	    {"a.part1.rar", "Rar!", 4, VOLUME_FIRST}, {"a.part01.rar", "Rar!", 4, VOLUME_FIRST}, {"a.part2.rar", "Rar!", 4, VOLUME_LATER},
	    {"a.part10.rar", "Rar!", 4, VOLUME_LATER}, {"part1.rar", "Rar!", 4, VOLUME_WHOLE}, {"a1.rar", "Rar!", 4, VOLUME_WHOLE},
	    {"logs.z01", "x", 1, VOLUME_LATER}, {"logs.r00", "x", 1, VOLUME_LATER}, {"logs.x01", "x", 1, VOLUME_WHOLE},
	    {"001", "x", 1, VOLUME_WHOLE}, {".001", "x", 1, VOLUME_WHOLE}, {"", "", 0, VOLUME_WHOLE}, {"1234.zip", "PK\3\4", 4, VOLUME_WHOLE},
	    {"a.zip.1", "PK\3\4", 4, VOLUME_WHOLE}, {"12.1.2.172", "x", 1, VOLUME_WHOLE},
	    {"a.rar", RAR4 "\x01\0\x0D\0", 14, VOLUME_FIRST}, {"a.rar", RAR4 "\0\0\x0D\0", 14, VOLUME_WHOLE},
	    {"a.rar", RAR5 "\x0A\1\5\6\1\0", 18, VOLUME_FIRST}, {"a.rar", RAR5 "\x0A\1\4\1\0\0", 18, VOLUME_FIRST},
	    {"a.rar", RAR5 "\x0A\1\5\6\0\0", 18, VOLUME_WHOLE}, {"a.rar", RAR5 "\x0A\4\1\1", 16, VOLUME_WHOLE},
	    {"a.rar", RAR5 "\xFF\xFF", 14, VOLUME_WHOLE},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (archive_volume_of(rows[i].name, (const unsigned char *)rows[i].head, rows[i].len) != rows[i].volume)
			fail_msg("row %zu %s", i, rows[i].name);
}

static void test_last_block(void **state)
{
	static const struct {
		const char *tail;
		size_t len;
		bool goes_on;
	} rows[] = {
	    {"data\x1D\x77\x56\x51\3\5\4\1", 12, true}, {"data\x1D\x77\x56\x51\3\5\4\0", 12, false},
	    {"\x1D\x77\x56\x51\3\5\0\1", 8, true}, {"\3\5\4\1", 4, false}, {"data\x1D\x77\x56\x51\3\2\4\1", 12, false},
	    {"dataxx\xC4\x3D\x7B\1\x40\7\0", 13, true}, {"dataxx\xC4\x3D\x7B\0\x40\7\0", 13, false},
	    {"xx\x7B\x0F\x40\x14\0ccccnnsssssss", 20, true}, {"xx\x7B\x0E\x40\x14\0ccccnnsssssss", 20, false}, {"", 0, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (archive_rar_goes_on((const unsigned char *)rows[i].tail, rows[i].len) != rows[i].goes_on)
			fail_msg("row %zu", i);
}

/* How the volumes of an archive are called, out of the name of one of them. */
static void test_names(void **state)
{
	static const struct {
		const char *name;
		unsigned index, other;
		const char *called;
	} rows[] = {
	    {"l.zip.001", 0, 1, "l.zip.002"}, {"L.tar.gz.010", 9, 99, "L.tar.gz.100"}, {"a.part1.rar", 0, 9, "a.part10.rar"},
	    {"a.part03.rar", 2, 0, "a.part01.rar"}, {"a.rar", 0, 1, "a.r00"}, {"a.r07", 8, 0, "a.rar"}, {"a.z01", 0, VOLUME_LAST, "a.zip"},
	    {"a.zip", VOLUME_LAST, 1, "a.z02"}, {"a.txt", 0, 3, "a.txt"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct volume_name v;
		char called[64];

		volume_name_read(&v, rows[i].name);
		volume_name_write(called, sizeof called, &v, rows[i].name, rows[i].other);
		if (v.index != rows[i].index || strcmp(called, rows[i].called) != 0)
			fail_msg("row %zu: %u %s", i, v.index, called);
	}
}

static void test_problems(void **state)
{
	static const struct {
		const char *name, *head;
		size_t len;
		unsigned problems;
	} rows[] = {
	    {"a.zip", "PK\3\4", 4, 0}, {"a.zip", "Rar!\x1A\x07", 6, ARCHIVE_WRONG_EXTENSION}, {"a.log", "PK\3\4", 4, ARCHIVE_WRONG_EXTENSION},
	    {"a.tar", "\x1F\x8B\x08", 3, ARCHIVE_WRONG_EXTENSION}, {"a.tar", "old tar", 7, 0}, {"a.zip", "", 0, ARCHIVE_TRUNCATED},
	    {"a.zip", "<html>Log in</html>", 19, ARCHIVE_WRONG_EXTENSION}, {"a.7z", "\1\2\3\0", 4, ARCHIVE_UNREADABLE},
	    {"a.gz", "[07.07.2021] x\r\n", 16, ARCHIVE_WRONG_EXTENSION}, {"a.zip", "\x89PNG\r\n\x1A\n", 8, ARCHIVE_WRONG_EXTENSION},
	    {"a.zip.002", "\0\1\2", 3, ARCHIVE_SPLIT}, {"a.part2.rar", "\0\1\2", 3, ARCHIVE_SPLIT}, {"a.docx", "PK\3\4", 4, 0},
	    {"a", "PK\3\4", 4, 0}, {"a.vbk", "\0\0", 2, 0}, {"a.log", "text", 4, 0}, {"a.tgz", "\x1F\x8B\x08", 3, 0},
	    {"a.txz", "\xFD" "7zXZ", 6, 0}, {"a.tzst", "\x28\xB5\x2F\xFD", 4, 0}, {"a.tbz2", "BZh9", 4, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		unsigned p = archive_form_problems(rows[i].name, (const unsigned char *)rows[i].head, rows[i].len);

		if (p != rows[i].problems)
			fail_msg("row %zu %s: %#x", i, rows[i].name, p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_looks), cmocka_unit_test(test_volumes), cmocka_unit_test(test_last_block), cmocka_unit_test(test_names), cmocka_unit_test(test_problems)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
