/*
 * test_sniff.c - what a look at the first bytes tells; libmagic must call it the same, and decides where a look is not enough.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <magic.h>

#include "sniff.h"

#define FILE_OF(bytes, type) {bytes, sizeof(bytes) - 1, type}

static const struct {
	const char *bytes;
	size_t len;
	const char *type; /* NULL: libmagic decides */
} files[] = {
	FILE_OF("\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1\10\2\0\0\0", "image/png"),
	FILE_OF("\xff\xd8\xff\xe0\0\20JFIF\0\1\1\0\0\1\0\1\0\0", "image/jpeg"),
	FILE_OF("GIF89a\1\0\1\0\0\0\0", "image/gif"),
	FILE_OF("%PDF-1.7\n", "application/pdf"),
	FILE_OF("\x1f\x8b\x08\0\0\0\0\0\0\3", "application/gzip"),
	FILE_OF("\xfd" "7zXZ\0\0\4\xe6\xd6\xb4\x46", "application/x-xz"),
	FILE_OF("7z\xbc\xaf\x27\x1c\0\4", "application/x-7z-compressed"),
	FILE_OF("(\xb5/\xfd\4X\21\0\0", "application/zstd"),
	FILE_OF("Rar!\x1a\x07\1\0\x33\x92\xb5\xe5\n\1\5\6\0\5\1\1\x80\x80\0", "application/x-rar"),
	FILE_OF("PK\3\4\24\0\0\0\10\0\0\0!\0\0\0\0\0\0\0\0\0\0\0\0\0\7\0\0\0job.log", "application/zip"),
	FILE_OF("PK\3\4\24\0\0\0\10\0\0\0!\0\0\0\0\0\0\0\0\0\0\0\0\0\23\0\0\0[Content_Types].xml", NULL),
	FILE_OF("PK\3\4", NULL),
	FILE_OF("[24.11.2026 03:00:00] <01> Info     [Job] Starting\r\n", "text/plain"),
	FILE_OF("Der Auftrag schl\xc3\xa4gt fehl\n", "text/plain"),
	FILE_OF("cut in a character \xe2\x82", "text/plain"),
	FILE_OF("From: ann@partner.example\r\nSubject: x\r\n\r\nx", "message/rfc822"),
	FILE_OF("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n", "text/calendar"),
	FILE_OF("-----BEGIN PGP SIGNATURE-----\n\nx\n", "application/pgp-signature"),
	FILE_OF("-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nx\n", NULL),
	FILE_OF("<html><body>x</body></html>", "text/html"),
	FILE_OF("<!DOCTYPE html>\n<html><body>x</body></html>", "text/html"),
	FILE_OF("<p>x</p>", NULL),
	FILE_OF("\n  <?xml version=\"1.0\"?><a/>", NULL),
	FILE_OF("#!/bin/sh\necho x\n", NULL),
	FILE_OF("{\\rtf1 x}", NULL),
	FILE_OF("text with a zero \0 in it", NULL),
	FILE_OF("\xff\xfe[\0" "2\0", NULL),
	FILE_OF("caf\xe9 in Latin-1, and more text\n", NULL),
	FILE_OF("", NULL),
};

static void test_files(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
		const char *got = sniff_type(files[i].bytes, files[i].len);

		if ((got == NULL) != (files[i].type == NULL) || (got != NULL && strcmp(got, files[i].type) != 0))
			fail_msg("file %zu: %s instead of %s", i, got != NULL ? got : "nothing", files[i].type != NULL ? files[i].type : "nothing");
	}
}

static void test_libmagic_says_the_same(void **state)
{
	magic_t m = magic_open(MAGIC_MIME_TYPE | MAGIC_NO_CHECK_COMPRESS | MAGIC_NO_CHECK_ELF);

	(void)state;
	assert_non_null(m);
	assert_int_equal(magic_load(m, NULL), 0);
	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
		/* libmagic takes text that is cut in a character for bytes, and wants more of a zip than its first header */
		if (files[i].type != NULL && strncmp(files[i].bytes, "cut", 3) != 0 && strcmp(files[i].type, "application/zip") != 0)
			assert_string_equal(magic_buffer(m, files[i].bytes, files[i].len), files[i].type);
	}
	magic_close(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_files),
	    cmocka_unit_test(test_libmagic_says_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
