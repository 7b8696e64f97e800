/*
 * test_message_check.c - the parent believes only objects of the right shape; and the fallback is one of them.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "message_check.h"
#include "message_fallback.h"

static json_t *good(void)
{
	struct message_facts f = {.message_id = "a@b.example", .from_name = "Ann", .from_address = "ann@b.example",
		.subject = "x", .date_ms = 1795487460000};
	json_t *m = message_fallback(&f);

	assert_non_null(m);
	json_array_append_new(json_object_get(m, "attachments"), json_pack("{s:s, s:s, s:s, s:s, s:i, s:s, s:s, s:s, s:[{s:s, s:i, s:s}],"
	    " s:[s]}", "id", "a1", "name", "x.zip", "content_type", "application/zip", "detected_type", "application/zip",
	    "size", 5, "blake2b", "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", "disposition", "attachment",
	    "kind", "log-archive", "entries", "path", "a/b.log", "size", 7, "kind", "log", "problems", "bomb"));
	json_array_append_new(json_object_get(m, "errors"), json_pack("{s:s, s:n, s:n, s:n, s:i, s:n, s:n, s:s, s:s, s:{s:s, s:i}}",
	    "text", "failed", "code", "exception", "component", "count", 1, "first_at", "last_at", "fingerprint",
	    "0123456789abcdef0123456789abcdef", "severity", "error", "source", "kind", "body", "line", 3));
	return m;
}

static bool accepted(json_t *m)
{
	char *text = json_dumps(m, JSON_COMPACT);
	const char *why;
	json_t *out = message_check(text, strlen(text), &why);

	assert_true(out != NULL ? why == NULL : why != NULL);
	json_decref(out);
	free(text);
	return out != NULL;
}

static void test_good(void **state)
{
	json_t *m = good();

	(void)state;
	assert_true(accepted(m));
	json_decref(m);
}

/* PATH of members and indexes, replaced by VALUE (NULL: removed). */
static const struct {
	const char *path, *value;
} odd[] = {
	{"schema", "\"vcspgate/message/2\""}, {"schema", NULL}, {"message_id", "5"}, {"message_id", "\"a\\nb\""},
	{"in_reply_to", "[5]"}, {"in_reply_to", "null"}, {"date", "\"yesterday\""}, {"date", "\"2026-11-24T02:31:00+01:00\""},
	{"from", "{}"}, {"from", "[{\"name\":\"x\"}]"}, {"from", "[{\"name\":\"x\",\"address\":\"y\",\"z\":1}]"},
	{"subject", "null"}, {"subject", "\"a\\u0001\""}, {"automatic", "\"yes\""}, {"automatic", "false"}, {"fields", "[]"},
	{"fields", "{\"severity\":0}"}, {"fields", "{\"severity\":5}"}, {"fields", "{\"severity\":\"1\"}"}, {"fields", "{\"x\":\"y\"}"},
	{"commands", "[{\"name\":\"close\"}]"}, {"body", "null"}, {"body.source", "\"rtf\""}, {"body.text", "null"},
	{"body.text", "\"a\\rb\""}, {"body.full", NULL}, {"attachments.0.id", "1"}, {"attachments.0.size", "-1"},
	{"attachments.0.size", "1.5"}, {"attachments.0.blake2b", "\"00\""}, {"attachments.0.kind", "\"virus\""},
	{"attachments.0.disposition", "\"form-data\""}, {"attachments.0.entries", "null"},
	{"attachments.0.entries.0.size", "\"7\""}, {"attachments.0.problems", "[\"weird\"]"}, {"attachments.0", "[]"},
	{"errors.0.count", "0"}, {"errors.0.fingerprint", "\"0123456789ABCDEF0123456789ABCDEF\""}, {"errors.0.severity", "\"info\""},
	{"errors.0.source.kind", "\"dream\""}, {"errors.0.text", "\"two\\nlines\""}, {"completeness.logs", "0"},
	{"completeness.missing", "[\"money\"]"}, {"problems", "[{\"code\":\"x\"}]"}, {"extra", "1"},
	{"job_reports", "null"}, {"job_reports", "{}"}, {"job_reports", "[{\"type\":\"Backup\"}]"}, {"errors.0.source.object", "1"},
};

static void replace(json_t *m, const char *path, const char *value)
{
	size_t n = strcspn(path, ".");
	char key[32];

	memcpy(key, path, n);
	key[n] = '\0';
	if (path[n] == '.') {
		json_t *next = json_is_array(m) ? json_array_get(m, (size_t)atoi(key)) : json_object_get(m, key);

		assert_non_null(next);
		replace(next, path + n + 1, value);
	} else if (json_is_array(m)) {
		assert_int_equal(json_array_set_new(m, (size_t)atoi(key), json_loads(value, JSON_DECODE_ANY, NULL)), 0);
	} else if (value == NULL) {
		assert_int_equal(json_object_del(m, key), 0);
	} else {
		assert_int_equal(json_object_set_new(m, key, json_loads(value, JSON_DECODE_ANY, NULL)), 0);
	}
}

static void test_odd(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++) {
		json_t *m = good();

		replace(m, odd[i].path, odd[i].value);
		if (accepted(m))
			fail_msg("accepted %s = %s", odd[i].path, odd[i].value != NULL ? odd[i].value : "nothing");
		json_decref(m);
	}
}

static void test_counts(void **state)
{
	json_t *m = good(), *list = json_object_get(m, "references");

	(void)state;
	for (int i = 0; i < MESSAGE_IDS_MAX; i++)
		json_array_append_new(list, json_string("x@y.example"));
	assert_true(accepted(m));
	json_array_append_new(list, json_string("x@y.example"));
	assert_false(accepted(m));
	json_decref(m);

	m = good();
	list = json_object_get(json_array_get(json_object_get(m, "attachments"), 0), "entries");
	while (json_array_size(list) < MESSAGE_ENTRIES_MAX)
		json_array_append(list, json_array_get(list, 0));
	assert_true(accepted(m));
	json_array_append_new(json_object_get(m, "attachments"), json_deep_copy(json_array_get(json_object_get(m, "attachments"), 0)));
	assert_false(accepted(m)); /* 10,000 over all attachments together */
	json_decref(m);
}

static void test_bytes(void **state)
{
	static const char *const bad[] = {"", "{", "[]", "null", "{} x", "{\"schema\":\"a\",\"schema\":\"b\"}", "{\"a\":\"\\u0000\"}",
		"{\"a\":\"\xff\"}"};
	const char *why;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		assert_null(message_check(bad[i], strlen(bad[i]), &why));
		assert_non_null(why);
	}
	assert_null(message_check("{}", (size_t)MESSAGE_JSON_MAX + 1, &why));
}

static void test_fallback(void **state)
{
	static const struct message_facts facts[] = {
		{.date_ms = -1},
		{.message_id = "", .from_name = "", .from_address = "", .subject = "", .automatic = "", .date_ms = 0},
		{.message_id = "a\r\nb", .from_name = "\xff\xfe", .from_address = "a@b.example", .subject = "x\ty\x01z\xe4", .date_ms = 1,
			.automatic = "auto-reply", .problem = "parser.timeout", .detail = "the worker\nended"},
	};
	char *big = malloc(100001);

	(void)state;
	for (size_t i = 0; i < sizeof facts / sizeof facts[0]; i++) {
		json_t *m = message_fallback(&facts[i]);

		assert_true(accepted(m));
		json_decref(m);
	}
	assert_non_null(big);
	memset(big, 'a', 100000);
	big[100000] = '\0';
	json_t *m = message_fallback(&(struct message_facts){.subject = big, .from_address = big, .message_id = big, .date_ms = 5});

	assert_true(accepted(m));
	assert_string_equal(json_string_value(json_object_get(json_array_get(json_object_get(m, "problems"), 0), "code")),
	    "parser.failed");
	json_decref(m);
	free(big);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_odd),
		cmocka_unit_test(test_counts),
		cmocka_unit_test(test_bytes),
		cmocka_unit_test(test_fallback),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
