/*
 * test_zip_directory.c - zips whose members overlap, volumes, and honest ones; any bytes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "archive_help.h"
#include "archive_walk.h"
#include "zip_directory.h"

static bool overlap;

static unsigned problems_of(const void *data, size_t len)
{
	struct source src;

	source_memory(&src, data, len);
	return zip_directory_problems(&src, &overlap);
}

static struct help_archive honest(void)
{
	struct help_archive h;

	help_open(&h, "zip", "none", NULL);
	help_add(&h, "a.log", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", 38);
	help_add(&h, "empty", "", 0);
	help_add(&h, "b.log", "b", 1);
	help_close(&h);
	return h;
}

/* A directory of n entries that all point to the one member of 1,000 stored bytes. */
static size_t overlapping(unsigned char *out, unsigned n)
{
	static const unsigned char local[] = "PK\3\4\x14\0\0\0\0\0\0\x10\x78\x5d\0\0\0\0\xe8\3\0\0\xe8\3\0\0\1\0\0\0x";
	static const unsigned char entry[] = "PK\1\2\x14\0\x14\0\0\0\0\0\0\x10\x78\x5d\0\0\0\0\xe8\3\0\0\xe8\3\0\0\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0x";
	unsigned char end[] = "PK\5\6\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";
	size_t len = sizeof(local) - 1 + 1000, at = len;

	memset(out, 'x', len);
	memcpy(out, local, sizeof(local) - 1);
	for (unsigned i = 0; i < n; i++, len += sizeof(entry) - 1)
		memcpy(out + len, entry, sizeof(entry) - 1);
	end[8] = end[10] = (unsigned char)n;
	end[12] = (unsigned char)(len - at);
	end[13] = (unsigned char)((len - at) >> 8);
	end[16] = (unsigned char)at;
	end[17] = (unsigned char)(at >> 8);
	memcpy(out + len, end, sizeof(end));
	return len + sizeof(end);
}

static void test_overlap(void **state)
{
	unsigned char zip[20000];

	(void)state;
	assert_int_equal(problems_of(zip, overlapping(zip, 1)), 0);
	assert_false(overlap);
	assert_int_equal(problems_of(zip, overlapping(zip, 10)), ARCHIVE_BOMB);
	assert_true(overlap);
}

/* 20 MB of zeros that nobody needs to unpack to know. */
static void test_ratio(void **state)
{
	size_t len = 20u << 20;
	char *zeros = calloc(1, len);
	struct help_archive h;

	(void)state;
	help_open(&h, "zip", "none", NULL);
	help_add(&h, "a.bin", zeros, len);
	help_close(&h);
	assert_int_equal(problems_of(h.data, h.len), ARCHIVE_BOMB);
	assert_false(overlap);
	free(h.data);
	free(zeros);
}

static void test_honest(void **state)
{
	struct help_archive h = honest();

	(void)state;
	assert_int_equal(problems_of(h.data, h.len), 0);
	assert_int_equal(problems_of("", 0), 0);
	assert_int_equal(problems_of("PK\5\6", 4), 0);
	h.data[h.len - 22 + 4] = 2; /* the number of this volume */
	assert_int_equal(problems_of(h.data, h.len), ARCHIVE_SPLIT);
	free(h.data);
}

/* Cut and changed anywhere: nothing is read beyond the end. */
static void test_damage(void **state)
{
	struct help_archive h = honest();

	(void)state;
	for (size_t cut = 0; cut < h.len; cut++) {
		char *copy = malloc(h.len);

		memcpy(copy, h.data, h.len);
		problems_of(copy, cut);
		copy[cut] = (char)~copy[cut];
		problems_of(copy, h.len);
		free(copy);
	}
	free(h.data);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_overlap), cmocka_unit_test(test_ratio), cmocka_unit_test(test_honest), cmocka_unit_test(test_damage)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
