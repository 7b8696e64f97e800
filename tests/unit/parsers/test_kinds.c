/*
 * test_kinds.c - what an attachment is, by name, type and first bytes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "kinds.h"

#define PNG(w, h) "\x89PNG\r\n\x1A\n\0\0\0\rIHDR\0\0" w "\0\0" h "\x08\x06", 26
#define LOG "[07.07.2021 16:43:06] <01> Info  x\n[07.07.2021 16:43:07] <01> Info  y\n"
#define REPORT "<html><body>Veeam Backup job: Daily <td>Start time<td>End time<td>Data read<td>Transferred</body></html>"

static void test_kinds(void **state)
{
	static const struct {
		const char *name, *type;
		bool is_inline;
		const char *head;
		size_t len; /* 0: strlen */
		enum kind kind;
	} rows[] = {
	    {"Job.log", "text/plain", false, "x", 0, KIND_LOG},
	    {"Job.txt", "text/plain", false, LOG, 0, KIND_LOG},
	    {"System.evtx", "application/octet-stream", false, "ElfFile\0\1\2", 10, KIND_LOG},
	    {"System.xml", "text/xml", false, "<Events><Event xmlns='x'><System>", 0, KIND_LOG},
	    {"config.xml", "text/xml", false, "<?xml version='1.0'?><conf><event/></conf>", 0, KIND_OTHER},
	    {"readme.txt", "text/plain", false, "Hello", 0, KIND_DOCUMENT},
	    {"Job.log", "application/octet-stream", false, "MZ\0\0\1\2", 6, KIND_OTHER},
	    {"a.zip", "application/zip", false, "PK\3\4xxxx", 0, KIND_ARCHIVE},
	    {"a.zip", "application/zip", false, "no zip", 0, KIND_OTHER},
	    {"a.docx", "", false, "PK\3\4xxxx", 0, KIND_DOCUMENT},
	    {"a.pdf", "application/pdf", false, "%PDF-1.4", 0, KIND_DOCUMENT},
	    {"x", "application/vnd.oasis.opendocument.text", false, "PK\5\6", 0, KIND_ARCHIVE},
	    {"a.eml", "message/rfc822", false, "From: x", 0, KIND_MESSAGE},
	    {"x", "message/rfc822; charset=x", false, "From: x", 0, KIND_MESSAGE},
	    {"a.msg", "application/octet-stream", false, "\xD0\xCF\x11\xE0", 0, KIND_MESSAGE},
	    {"invite.ics", "text/calendar", false, "BEGIN:VCALENDAR", 0, KIND_CALENDAR},
	    {"smime.p7s", "application/pkcs7-signature", false, "0\x80", 0, KIND_SIGNATURE},
	    {"x", "application/pgp-signature", false, "-----BEGIN", 0, KIND_SIGNATURE},
	    {"error.png", "image/png", false, PNG("\x04\x00", "\x03\x00"), KIND_SCREENSHOT},
	    {"image001.png", "image/png", true, PNG("\x04\x00", "\x03\x00"), KIND_SCREENSHOT},
	    {"image001.png", "image/png", true, PNG("\x00\x80", "\x00\x40"), KIND_SIGNATURE},
	    {"banner.png", "image/png", true, PNG("\x02\x80", "\x00\x7f"), KIND_SIGNATURE},
	    {"cut.png", "image/png", false, PNG("\x02\x80", "\x00\x20"), KIND_SCREENSHOT},
	    {"banner.png", "image/png", false, PNG("\x02\x80", "\x00\x20"), KIND_SIGNATURE},
	    {"image001.jpg", "image/jpeg", true, "\xFF\xD8\xFF\xE0", 4, KIND_SIGNATURE},
	    {"dialog.jpg", "image/jpeg", false, "\xFF\xD8\xFF\xE0", 4, KIND_SCREENSHOT},
	    {"report.html", "text/html", false, REPORT, 0, KIND_REPORT},
	    {"page.html", "text/html", false, "<html>hi</html>", 0, KIND_OTHER},
	    {"", "", false, "", 0, KIND_OTHER},
	    {"card.vcf", "text/x-vcard", false, "BEGIN:VCARD", 0, KIND_OTHER},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct kind_facts f = {rows[i].name, rows[i].type, rows[i].is_inline, (const unsigned char *)rows[i].head,
		    rows[i].len > 0 ? rows[i].len : strlen(rows[i].head)};
		enum kind k = kind_decide(&f);

		if (k != rows[i].kind)
			fail_msg("row %zu %s: %s", i, rows[i].name, kind_name(k));
	}
}

static void test_sizes(void **state)
{
	static const unsigned char jpeg[] = {0xFF, 0xD8, 0xFF, 0xE0, 0, 4, 1, 2, 0xFF, 0xFF, 0xC0, 0, 11, 8, 3, 0, 4, 0, 1, 1, 0x11};
	static const unsigned char gif[] = {'G', 'I', 'F', '8', '9', 'a', 0x40, 1, 0xF0, 0, 0};
	unsigned char bmp[26] = {'B', 'M', 1, 2, 3, 4, 0, 0, 0, 0, 54, 0, 0, 0, 40, 0, 0, 0, 0x20, 3, 0, 0, 0xA8, 0xFD, 0xFF, 0xFF};
	uint32_t w = 0, h = 0;

	(void)state;
	assert_true(kind_image_size(jpeg, sizeof(jpeg), &w, &h));
	assert_int_equal(w, 1024);
	assert_int_equal(h, 768);
	assert_true(kind_image_size(gif, sizeof(gif), &w, &h));
	assert_int_equal(w, 320);
	assert_int_equal(h, 240);
	assert_true(kind_image_size(bmp, sizeof(bmp), &w, &h));
	assert_int_equal(w, 800);
	assert_int_equal(h, 600);
	for (size_t cut = 0; cut < sizeof(jpeg); cut++)
		assert_true(!kind_image_size(jpeg, cut, &w, &h) || cut >= 19);
	assert_false(kind_image_size((const unsigned char *)"\xFF\xD8\xFF\xE0\0\0\0\0\0\0\0\0\0\0\0\0", 16, &w, &h));
}

static void test_names(void **state)
{
	static const char *const names[KIND_COUNT] = {"log", "log-archive", "archive", "screenshot", "report", "document", "message",
	    "calendar", "signature", "other"};

	(void)state;
	for (unsigned i = 0; i < KIND_COUNT; i++)
		assert_string_equal(kind_name((enum kind)i), names[i]);
	assert_string_equal(kind_name((enum kind)99), "other");
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_kinds), cmocka_unit_test(test_sizes), cmocka_unit_test(test_names)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
