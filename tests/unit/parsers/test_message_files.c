/*
 * test_message_files.c - files on their way out: whole, masked, or not at all.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "err.h"
#include "message.h"

#define PART(type, name, text) "--b\r\nContent-Type: " type "; name=\"" name "\"\r\nContent-Disposition: attachment; filename=\"" name "\"\r\n\r\n" text "\r\n"
#define RECORD "[07.07.2021 16:43:06] <22> Error    [Job] Failed\n"

static const char mail[] = "From: a@partner.example\r\nSubject: x\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
    "--b\r\n\r\nhello\r\n"
    PART("text/plain", "clean.log", RECORD RECORD)
    PART("text/plain", "dirty.log", RECORD "[07.07.2021 16:43:07] <22> Info     password=Geh31m!Sache to host\n")
    PART("text/xml", "dirty.xml", "<config><password>Geh31m!Sache</password>\npwd=Geh31m!Sache\n</config>")
    "--b\r\nContent-Type: application/octet-stream; name=noise.bin\r\nContent-Transfer-Encoding: base64\r\n"
    "Content-Disposition: attachment; filename=noise.bin\r\n\r\nAAH//gBw\r\n"
    "--b\r\nContent-Type: message/rfc822\r\n\r\nFrom: b@x.example\r\nSubject: old\r\nMIME-Version: 1.0\r\n"
    "Content-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\n\r\nold text\r\n"
    "--c\r\nContent-Type: text/plain; name=inner.log\r\nContent-Disposition: attachment; filename=inner.log\r\n\r\n" RECORD "\r\n--c--\r\n"
    "--b\r\nContent-Type: message/rfc822\r\n\r\nFrom: b@x.example\r\nSubject: older\r\n\r\nYour password: Geh31m!Sache\r\n"
    "--b--\r\n";

struct written {
	struct buf bytes;
	struct buf json;
	json_t *list;
};

static int put(void *arg, const void *data, size_t n)
{
	return buf_add(arg, data, n);
}

static int take(struct written *w, const char *ids)
{
	const struct parse_source src = {.data = (const unsigned char *)mail, .len = sizeof mail - 1, .fd = -1};
	int err;

	buf_init(&w->bytes, 1 << 20);
	buf_init(&w->json, 1 << 20);
	err = message_files(&src, ids, put, &w->bytes, &w->json);
	w->list = json_loads(buf_str(&w->json), 0, NULL);
	return err;
}

static void drop(struct written *w)
{
	json_decref(w->list);
	buf_free(&w->bytes);
	buf_free(&w->json);
}

static void states(char *out, json_t *list)
{
	json_t *one;
	size_t i;

	*out = '\0';
	json_array_foreach(list, i, one) {
		size_t n = strlen(out);

		snprintf(out + n, 400 - n, "%s=%s ", json_string_value(json_object_get(one, "id")), json_string_value(json_object_get(one, "state")));
	}
}

static void test_states(void **state)
{
	char said[400];
	struct written w;
	size_t all = 0, i;
	json_t *one;

	(void)state;
	assert_int_equal(take(&w, "a1 a2 a3 a4 a5 a6 a7"), VG_OK);
	states(said, w.list);
	assert_string_equal(said, "a1=whole a2=masked a3=masked a4=whole a5=whole a6=inner a7=withheld ");
	json_array_foreach(w.list, i, one)
		all += (size_t)json_integer_value(json_object_get(one, "size"));
	assert_int_equal(all, w.bytes.len);
	assert_null(strstr(buf_str(&w.bytes), "Geh31m!Sache"));
	drop(&w);
}

static void test_bytes(void **state)
{
	static const char masked[] = RECORD "[07.07.2021 16:43:07] <22> Info     password=[password removed] to host\n";
	static const unsigned char noise[] = {0, 1, 0xff, 0xfe, 0, 'p'};
	struct written w;

	(void)state;
	assert_int_equal(take(&w, "a1"), VG_OK);
	assert_string_equal(buf_str(&w.bytes), RECORD RECORD);
	drop(&w);
	assert_int_equal(take(&w, "a2"), VG_OK);
	assert_string_equal(buf_str(&w.bytes), masked);
	drop(&w);
	assert_int_equal(take(&w, "a4 a1"), VG_OK);
	assert_memory_equal(w.bytes.data, noise, sizeof noise);
	assert_memory_equal(w.bytes.data + sizeof noise, RECORD RECORD, strlen(RECORD RECORD));
	drop(&w);
	assert_int_equal(take(&w, "a5"), VG_OK);
	assert_memory_equal(w.bytes.data, "From: b@x.example\r\nSubject: old\r\n", 33);
	drop(&w);
}

static void test_what_is_not_there(void **state)
{
	static const char *const ids[] = {"a99", "a0", "b1", "a1x", "a111111111111111111111111111111"};
	struct written w;
	char said[400];

	(void)state;
	for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
		assert_int_equal(take(&w, ids[i]), VG_OK);
		states(said, w.list);
		assert_non_null(strstr(said, "=unreadable "));
		assert_int_equal(w.bytes.len, 0);
		drop(&w);
	}
	assert_int_equal(take(&w, ""), VG_OK);
	assert_int_equal(json_array_size(w.list), 0);
	drop(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_states),
	    cmocka_unit_test(test_bytes),
	    cmocka_unit_test(test_what_is_not_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
