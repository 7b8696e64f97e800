/*
 * test_ocr_choice.c - which pictures are read, and what is measured of them before any decoder sees them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "err.h"
#include "image.h"
#include "ocr_choice.h"

static void test_choice(void **state)
{
	static const struct {
		const char *name;
		bool is_inline, in_signature;
		unsigned repeats;
		uint32_t width, height;
		const char *want;
	} rows[] = {
	    {"error.png", false, false, 0, 1920, 1080, "read"},
	    {"image001.png", true, false, 0, 430, 190, "read"},
	    {"image001.png", true, false, 2, 430, 190, "read"},
	    {"image001.png", true, false, 3, 430, 190, "repeated"},
	    {"image001.png", true, false, 3, 0, 0, "repeated"},
	    /* the same file attached again is attached on purpose */
	    {"error.png", false, false, 9, 430, 190, "read"},
	    {"error.png", false, false, 0, 0, 0, "read"},
	    {"image001.png", true, false, 0, 180, 120, "small"},
	    {"line.png", false, false, 0, 600, 24, "read"},
	    {"line.png", false, false, 0, 600, 19, "small"},
	    {"line.png", false, false, 0, 99, 300, "small"},
	    {"image002.png", true, false, 0, 700, 120, "banner"},
	    {"image002.png", true, false, 0, 700, 150, "read"},
	    {"company-logo.png", true, false, 0, 400, 200, "logo"},
	    {"company-logo.png", false, false, 0, 400, 200, "logo"},
	    {"logon-failure.png", false, false, 0, 800, 600, "read"},
	    {"image003.png", true, true, 0, 300, 200, "logo"},
	    {"image003.png", true, true, 0, 900, 600, "read"},
	    {"image003.png", true, false, 0, UINT32_MAX, UINT32_MAX, "read"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct ocr_facts f = {rows[i].name, rows[i].is_inline, rows[i].in_signature, rows[i].repeats, rows[i].width,
		    rows[i].height};
		const char *got = ocr_choice_name(ocr_choose(&f));

		if (strcmp(got, rows[i].want) != 0)
			fail_msg("row %zu (%s): %s, must be %s", i, rows[i].name, got, rows[i].want);
	}
}

/* A screen of 4 x 3, no colours; an extension; a frame of 9 x 8 with a table of two colours; a second frame. */
static const unsigned char gif[] = "GIF89a\4\0\3\0\0\0\0" "\x21\xf9\4\0\0\0\0\0" "\x2c\0\0\0\0\x09\0\x08\0\x80" "\0\0\0\xff\xff\xff"
    "\2" "\3abc" "\1d" "\0" "\x2c\0\0\0\0\xff\xff\xff\xff\0\2\1x\0" "\x3b";

static void test_gif(void **state)
{
	const size_t first = 13 + 8 + 10 + 6 + 1 + 4 + 2 + 1;
	unsigned char *out;
	struct image head;
	size_t n;

	(void)state;
	assert_int_equal(image_head(&head, gif, sizeof(gif) - 1), VG_OK);
	assert_int_equal(head.format, IMAGE_GIF);
	assert_int_equal(head.width, 9);
	assert_int_equal(head.height, 8);
	assert_int_equal(image_first_frame(&out, &n, gif, sizeof(gif) - 1), VG_OK);
	assert_int_equal(n, first + 1);
	assert_memory_equal(out, gif, first);
	assert_int_equal(out[first], 0x3b);
	free(out);
	/* Cut off anywhere before the frame's end, there is none. */
	for (size_t cut = 0; cut < first; cut++) {
		unsigned char *part = malloc(cut + 1);

		memcpy(part, gif, cut);
		assert_int_equal(image_first_frame(&out, &n, part, cut), VG_ERR_SYNTAX);
		assert_null(out);
		free(part);
	}
}

static void test_heads(void **state)
{
	static const struct {
		const char *bytes;
		size_t n;
		int err;
		enum image_format format;
		uint32_t width, height;
	} rows[] = {
	    {"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x4e\x20\0\0\x4e\x20", 24, VG_OK, IMAGE_PNG, 20000, 20000},
	    {"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\0\0\0\x4e\x20", 24, VG_ERR_SYNTAX, IMAGE_PNG, 0, 20000},
	    {"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x4e", 19, VG_ERR_SYNTAX, IMAGE_PNG, 0, 0},
	    {"\xff\xd8\xff\xc0\0\x11\x08\1\2\3\4\3", 12, VG_OK, IMAGE_JPEG, 0x304, 0x102},
	    {"\xff\xd8\xff\xe0\0\x10", 6, VG_ERR_SYNTAX, IMAGE_JPEG, 0, 0},
	    {"II*\0whatever a TIFF may be, it is none of ours", 44, VG_ERR_SYNTAX, IMAGE_NONE, 0, 0},
	    {"", 0, VG_ERR_SYNTAX, IMAGE_NONE, 0, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct image head;

		print_message("row %zu\n", i);
		assert_int_equal(image_head(&head, (const unsigned char *)rows[i].bytes, rows[i].n), rows[i].err);
		assert_int_equal(head.format, rows[i].format);
		if (rows[i].err == VG_OK) {
			assert_int_equal(head.width, rows[i].width);
			assert_int_equal(head.height, rows[i].height);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_choice),
		cmocka_unit_test(test_gif),
		cmocka_unit_test(test_heads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
