/*
 * test_reply_files.c - attachments of a request: what is refused, and how the rest stands in a mail.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "err.h"
#include "reply_files.h"

struct mail {
	char dir[64];
	struct blobs *blobs;
	struct reply_mail m;
};

static void
open_mail(struct mail *x, uint64_t max)
{
	snprintf(x->dir, sizeof(x->dir), "/tmp/vg-reply-XXXXXX");
	assert_non_null(mkdtemp(x->dir));
	assert_int_equal(blobs_open(&x->blobs, x->dir), VG_OK);
	assert_int_equal(reply_mail_open(&x->m, x->blobs, max), VG_OK);
}

static void
close_mail(struct mail *x)
{
	char command[100];

	reply_mail_close(&x->m, false);
	blobs_close(&x->blobs);
	snprintf(command, sizeof(command), "rm -r %s", x->dir);
	assert_int_equal(system(command), 0);
}

/* One attachment of content, written: the part, or the field that is refused. */
static void
write_one(const char *request, uint64_t max, struct buf *part, char field[64])
{
	json_t *list = json_loads(request, 0, NULL);
	struct call_result res = { .fd = -1 };
	struct reply_files files;
	struct seal_reader *r;
	struct mail x;
	int err = VG_OK;

	assert_non_null(list);
	open_mail(&x, 1 << 20);
	buf_reset(part);
	field[0] = '\0';
	if (!reply_files_read(&files, list, NULL, 1, &res) || !reply_files_write(&files, &x.m, "B", max, &err, &res)) {
		snprintf(field, 64, "%s", json_string_value(json_object_get(res.body, "field")));
	} else {
		assert_int_equal(reply_mail_end(&x.m), VG_OK);
		assert_int_equal(seal_reader_new(x.m.fd, x.m.key, &r), VG_OK);
		assert_int_equal(seal_size(r), x.m.size);
		assert_int_equal(buf_reserve(part, x.m.size), VG_OK);
		assert_int_equal(seal_read(r, 0, part->data, x.m.size), x.m.size);
		part->len = x.m.size;
		seal_reader_free(&r);
	}
	json_decref(res.body);
	reply_files_free(&files);
	json_decref(list);
	close_mail(&x);
}

static void
refused(void **state)
{
	static const struct {
		const char *request, *field;
	} rows[] = {
		{ "[{\"name\":\"a\",\"content\":\"QQ==\"}]", "" },
		{ "[{\"name\":\"a\",\"content\":\"QUI=\"},{\"name\":\"b\",\"content\":\"QQ=\"}]", "attachments[1].content" },
		{ "[{\"name\":\"a\",\"content\":\"QQ==QQ==\"}]", "attachments[0].content" },
		{ "[{\"name\":\"a\",\"content\":\"Q-_=\"}]", "attachments[0].content" },
		{ "[{\"name\":\"a/b\",\"content\":\"\"}]", "attachments[0].name" },
		{ "[{\"name\":\"..\",\"content\":\"\"}]", "attachments[0].name" },
		{ "[{\"name\":\"a\\u202eb\",\"content\":\"\"}]", "attachments[0].name" },
		{ "[{\"name\":\"a\\u007fb\",\"content\":\"\"}]", "attachments[0].name" },
		{ "[{\"content\":\"\"}]", "attachments[0].name" },
		{ "[{\"name\":\"a\",\"content\":\"\",\"type\":\"text\"}]", "attachments[0].type" },
		{ "[{\"name\":\"a\",\"content\":\"\",\"type\":\"multipart/mixed\"}]", "attachments[0].type" },
		{ "[{\"name\":\"a\",\"content\":\"\",\"type\":\"a/b/c\"}]", "attachments[0].type" },
		{ "[{\"name\":\"a\",\"content\":\"\",\"extra\":\"\"}]", "attachments[0]" },
		{ "[{\"name\":\"a\",\"content\":null}]", "attachments[0].content" },
		{ "[{\"name\":\"a\"}]", "attachments[0]" },
		{ "[{\"blake2b\":\"00\"}]", "attachments[0].blake2b" },
		{ "[7]", "attachments[0]" },
		{ "[{\"name\":\"a\",\"content\":\"QUJDRA==\"}]", "attachments" }, /* four bytes, three allowed */
		{ "[{\"name\":\"a\",\"content\":\"QUI=\"},{\"name\":\"b\",\"content\":\"QUI=\"}]", "attachments" },
		{ "{\"name\":\"a\"}", "attachments" },
	};
	struct buf part;
	char field[64];

	(void)state;
	buf_init(&part, 1 << 20);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		write_one(rows[i].request, 3, &part, field);
		if (strcmp(field, rows[i].field) != 0)
			fail_msg("%s: %s", rows[i].request, field);
	}
	buf_free(&part);
}

static void
written(void **state)
{
	static const char want[] = "\r\n--B\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n"
	    "Content-Disposition: attachment;\r\n filename*=UTF-8''%C3%A4%20%22b%22.c\r\n\r\nQUJDRA==\r\n";
	struct buf part, request;
	char field[64];

	(void)state;
	buf_init(&part, 1 << 20);
	buf_init(&request, 1 << 20);
	write_one("[{\"name\":\"\\u00e4 \\\"b\\\".c\",\"content\":\" QUJ\\r\\nDR A== \"}]", 100, &part, field);
	assert_string_equal(field, "");
	assert_string_equal(buf_str(&part), want);
	/* over several pieces, whose seams do not show */
	assert_int_equal(buf_adds(&request, "[{\"name\":\"x\",\"type\":\"t/y\",\"content\":\""), VG_OK);
	for (unsigned i = 0; i < 5000; i++)
		assert_int_equal(buf_adds(&request, "QUJD"), VG_OK);
	assert_int_equal(buf_adds(&request, "QQ==\"}]"), VG_OK);
	write_one(buf_str(&request), 15001, &part, field);
	assert_string_equal(field, "");
	for (const char *s = strstr(buf_str(&part), "\r\n\r\n") + 4, *end; *s != '\0'; s = end + 2) {
		end = strstr(s, "\r\n");
		assert_true(end - s == 76 || end[2] == '\0');
		assert_memory_equal(s, "QUJD", 4);
	}
	buf_free(&part);
	buf_free(&request);
}

/* Nothing stays of a mail that was not committed. */
static void
dropped(void **state)
{
	struct mail x;
	char name[ULID_LEN + 1];
	int fd;

	(void)state;
	open_mail(&x, 10);
	assert_int_equal(reply_mail_add(&x.m, "1234567890", 10), VG_OK);
	assert_int_equal(reply_mail_add(&x.m, "1", 1), VG_ERR_LIMIT);
	assert_int_equal(reply_mail_end(&x.m), VG_OK);
	memcpy(name, x.m.blob, sizeof(name));
	fd = blob_open(x.blobs, name);
	assert_true(fd >= 0);
	close(fd);
	reply_mail_close(&x.m, false);
	assert_int_equal(blob_open(x.blobs, name), VG_ERR_NOTFOUND);
	close_mail(&x);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(refused), cmocka_unit_test(written), cmocka_unit_test(dropped) };

	return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
