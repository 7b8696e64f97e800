/*
 * test_archive_mail.c - mails that stand in archives: their text and attachments are members, can be extracted, and do not nest
 * without end.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sodium.h>
#include <stdio.h>

#include "archive_help.h"
#include "archive_walk.h"
#include "buf.h"
#include "err.h"
#include "message.h"

/* A mail with one attachment, as a new string. */
static char *mail_with(const char *name, const void *data, size_t n)
{
	size_t room = sodium_base64_encoded_len(n, sodium_base64_VARIANT_ORIGINAL), cap = room + 600;
	char *b64 = malloc(room), *out = malloc(cap);

	assert_non_null(sodium_bin2base64(b64, room, data, n, sodium_base64_VARIANT_ORIGINAL));
	snprintf(out, cap, "From: a@customer.example\r\nSubject: in\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
	    "--b\r\nContent-Type: text/plain\r\n\r\nhello\r\n--b\r\nContent-Type: application/octet-stream; name=%s\r\n"
	    "Content-Transfer-Encoding: base64\r\n\r\n%s\r\n--b--\r\n", name, b64);
	free(b64);
	return out;
}

static void zip_of(struct help_archive *a, const char *name, const void *data, size_t n)
{
	help_open(a, "zip", "none", NULL);
	help_add(a, name, data, n);
	help_close(a);
}

static bool on_member(void *arg, const struct archive_member *m)
{
	struct buf *list = arg;

	buf_add(list, m->path, strlen(m->path));
	buf_add(list, ";", 1);
	return false;
}

static void on_data(void *arg, const void *p, size_t n)
{
	(void)arg;
	(void)p;
	(void)n;
}

static void on_end(void *arg, int64_t size, unsigned problems)
{
	(void)arg;
	(void)size;
	(void)problems;
}

static unsigned walk(struct buf *list, const struct help_archive *a)
{
	const struct archive_visitor v = {list, on_member, on_data, on_end};
	struct archive_budget budget = ARCHIVE_BUDGET_INIT;
	struct source src;

	buf_init(list, 1 << 16);
	source_memory(&src, a->data, a->len);
	return archive_walk(&src, "a.zip", &budget, &v);
}

static int to_buf(void *arg, const void *p, size_t n)
{
	return buf_add(arg, p, n);
}

static int extract(struct buf *out, const struct help_archive *a, const char *path)
{
	struct archive_budget budget = ARCHIVE_BUDGET_INIT;
	struct source src;

	buf_reset(out);
	source_memory(&src, a->data, a->len);
	return archive_extract(&src, "a.zip", path, &budget, to_buf, out);
}

static void test_members(void **state)
{
	struct help_archive inner, outer;
	struct buf got;
	char *mail;

	(void)state;
	zip_of(&inner, "t.log", "deep", 4);
	mail = mail_with("in.zip", inner.data, inner.len);
	zip_of(&outer, "m/a.eml", mail, strlen(mail));
	assert_int_equal(walk(&got, &outer), 0);
	assert_string_equal(buf_str(&got), "m/a.eml;m/a.eml!/message.txt;m/a.eml!/in.zip;m/a.eml!/in.zip!/t.log;");
	assert_int_equal(extract(&got, &outer, "m/a.eml!/in.zip!/t.log"), VG_OK);
	assert_string_equal(buf_str(&got), "deep");
	assert_int_equal(extract(&got, &outer, "m/a.eml!/in.zip"), VG_OK);
	assert_int_equal(got.len, inner.len);
	assert_int_equal(extract(&got, &outer, "m/a.eml"), VG_OK);
	assert_int_equal(got.len, strlen(mail));
	assert_int_equal(extract(&got, &outer, "m/a.eml!/none"), VG_ERR_NOTFOUND);
	buf_free(&got);
	free(mail);
	free(inner.data);
	free(outer.data);
}

static void test_nesting(void **state)
{
	struct help_archive a, next;
	struct buf got;

	(void)state;
	zip_of(&a, "t.log", "deep", 4);
	for (int i = 0; i < 6; i++) {
		char *mail = mail_with("in.zip", a.data, a.len);

		free(a.data);
		zip_of(&next, "a.eml", mail, strlen(mail));
		free(mail);
		a = next;
	}
	assert_true((walk(&got, &a) & ARCHIVE_NESTED_TOO_DEEP) != 0);
	assert_null(strstr(buf_str(&got), "t.log"));
	buf_free(&got);
	free(a.data);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_members), cmocka_unit_test(test_nesting)};
	const char *why;

	if (message_warm(&why) != VG_OK)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
