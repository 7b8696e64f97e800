/*
 * test_volumes.c - an archive that a mail brings in several files: joined where all are there, told where they are not.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <jansson.h>
#include <sodium.h>
#include <stdio.h>

#include "archive_help.h"
#include "buf.h"
#include "err.h"
#include "message.h"

#define LOG "[01.02.2024 03:00:01] <01> Error    Alpha is broken\n"

struct part {
	const char *name;
	const char *data;
	size_t len;
};

static void add(struct buf *mail, const char *s)
{
	assert_int_equal(buf_add(mail, s, strlen(s)), VG_OK);
}

static void mail_of(struct buf *mail, const struct part *parts, size_t n)
{
	buf_init(mail, 1 << 22);
	add(mail, "From: a@partner.example\r\nSubject: s\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n");
	for (size_t i = 0; i < n; i++) {
		size_t room = sodium_base64_encoded_len(parts[i].len, sodium_base64_VARIANT_ORIGINAL);
		char *b64 = malloc(room);

		sodium_bin2base64(b64, room, (const unsigned char *)parts[i].data, parts[i].len, sodium_base64_VARIANT_ORIGINAL);
		add(mail, "--b\r\nContent-Type: application/octet-stream; name=\"");
		add(mail, parts[i].name);
		add(mail, "\"\r\nContent-Transfer-Encoding: base64\r\n\r\n");
		add(mail, b64);
		add(mail, "\r\n");
		free(b64);
	}
	add(mail, "--b--\r\n");
}

/* `NAME KIND entries problems;` of each attachment. */
static void said(char *out, size_t cap, const struct buf *mail)
{
	struct parse_source src = {.data = mail->data, .len = mail->len, .fd = -1};
	char sender[ADDR_MAX + 1];
	json_t *o, *a, *list;
	struct buf json;
	size_t i, k;

	buf_init(&json, 1 << 22);
	assert_int_equal(message_parse(&src, NULL, &json, sender), VG_OK);
	o = json_loads(buf_str(&json), 0, NULL);
	out[0] = '\0';
	json_array_foreach(json_object_get(o, "attachments"), i, a) {
		snprintf(out + strlen(out), cap - strlen(out), "%s %s", json_string_value(json_object_get(a, "name")),
		    json_string_value(json_object_get(a, "kind")));
		json_array_foreach(json_object_get(a, "entries"), k, list)
			snprintf(out + strlen(out), cap - strlen(out), " %s", json_string_value(json_object_get(list, "path")));
		json_array_foreach(json_object_get(a, "problems"), k, list)
			snprintf(out + strlen(out), cap - strlen(out), " !%s", json_string_value(list));
		snprintf(out + strlen(out), cap - strlen(out), "; ");
	}
	snprintf(out + strlen(out), cap - strlen(out), "%zu", json_array_size(json_object_get(o, "errors")));
	json_decref(o);
	buf_free(&json);
}

static int to_buf(void *arg, const void *p, size_t n)
{
	return buf_add(arg, p, n);
}

/* A zip of two logs, stored, with a marker of volumes in front where it is wanted. */
static struct buf zip_of(bool spanned)
{
	struct help_archive h;
	struct buf b;

	help_open(&h, "zip", "none", "compression=store");
	help_add(&h, "Job.log", LOG LOG LOG LOG, 4 * (sizeof(LOG) - 1));
	help_add(&h, "Task.log", "[01.02.2024 03:00:02] <01> Error    Beta is broken\n", 51);
	help_close(&h);
	buf_init(&b, 1 << 20);
	if (spanned) {
		memcpy(h.data + h.len - 18, "\2\0\2\0", 4); /* the last of three disks */
		buf_add(&b, "PK\7\10", 4);
	}
	buf_add(&b, h.data, h.len);
	free(h.data);
	return b;
}

static void test_joined(void **state)
{
	static const struct {
		const char *names[3], *expect; /* in the order of the mail */
		unsigned order[3];             /* which third each of them is */
		bool spanned;
	} rows[] = {
	    {{"l.zip.001", "l.zip.002", "l.zip.003"}, "l.zip.001 log-archive Job.log Task.log; l.zip.002 archive; l.zip.003 archive; 2",
	        {0, 1, 2}, false},
	    {{"L.ZIP.003", "l.zip.001", "l.zip.002"}, "L.ZIP.003 archive; l.zip.001 log-archive Job.log Task.log; l.zip.002 archive; 2",
	        {2, 0, 1}, false},
	    {{"l.zip", "l.z02", "l.z01"}, "l.zip log-archive Job.log Task.log; l.z02 archive; l.z01 archive; 2", {2, 1, 0}, true},
	    /* one is missing: 3 is no 2 */
	    {{"l.zip.001", "l.zip.003", "m.zip.002"}, "l.zip.001 log-archive Job.log !truncated !split-volume; l.zip.003 archive "
	        "!split-volume; m.zip.002 archive !split-volume; 1", {0, 1, 2}, false},
	    /* one is there twice */
	    {{"l.zip.001", "l.zip.002", "L.zip.002"}, "l.zip.001 log-archive Job.log !truncated !split-volume; l.zip.002 archive "
	        "!split-volume; L.zip.002 archive !split-volume; 1", {0, 1, 1}, false},
	    /* in the wrong order: their names lie */
	    {{"l.zip.001", "l.zip.003", "l.zip.002"}, "l.zip.001 archive !unreadable !split-volume; l.zip.003 archive; l.zip.002 archive; 0",
	        {2, 1, 0}, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct buf zip = zip_of(rows[i].spanned), mail;
		size_t third = zip.len / 3;
		struct part parts[3];
		char got[1000];

		for (size_t k = 0; k < 3; k++) {
			size_t from = rows[i].order[k] * third, to = rows[i].order[k] == 2 ? zip.len : from + third;

			parts[k] = (struct part){rows[i].names[k], (const char *)zip.data + from, to - from};
		}
		mail_of(&mail, parts, 3);
		said(got, sizeof got, &mail);
		if (strcmp(got, rows[i].expect) != 0)
			print_error("row %zu\n", i);
		assert_string_equal(got, rows[i].expect);
		buf_free(&mail);
		buf_free(&zip);
	}
}

static void test_extract(void **state)
{
	struct buf zip = zip_of(false), mail, got;
	const struct part parts[] = {{"l.zip.002", (const char *)zip.data + 70, zip.len - 70}, {"l.zip.001", (const char *)zip.data, 70}};
	struct message_part_info info;
	struct parse_source src;

	(void)state;
	mail_of(&mail, parts, 2);
	src = (struct parse_source){.data = mail.data, .len = mail.len, .fd = -1};
	buf_init(&got, 1 << 20);
	assert_int_equal(message_extract(&src, "a2", "Task.log", to_buf, &got, &info), VG_OK);
	assert_string_equal(buf_str(&got), "[01.02.2024 03:00:02] <01> Error    Beta is broken\n");
	assert_int_equal(message_extract(&src, "a1", "Task.log", to_buf, &got, &info), VG_ERR_NOTFOUND);
	buf_reset(&got);
	assert_int_equal(message_extract(&src, "a2", "", to_buf, &got, &info), VG_OK);
	assert_int_equal(got.len, 70);
	buf_free(&got);
	buf_free(&mail);
	buf_free(&zip);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_joined), cmocka_unit_test(test_extract)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
