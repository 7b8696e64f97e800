/*
 * test_ocr_merge.c - what pictures say, put into a message object: order and counting of errors, completeness, and results that
 * are nothing of the kind.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "err.h"
#include "fingerprint.h"
#include "ocr_merge.h"

static json_t *error(const char *text, const char *code, const char *severity, const char *kind)
{
	char print[FINGERPRINT_HEX];

	fingerprint(print, text, strlen(text), NULL, code);
	return json_pack("{s:s, s:s?, s:n, s:i, s:s, s:s, s:{s:s}}", "text", text, "code", code, "exception", "count", 1, "fingerprint",
	    print, "severity", severity, "source", "kind", kind);
}

static json_t *object(json_t *errors)
{
	return json_pack("{s:[{s:s, s:s, s:[]}, {s:s, s:s, s:[]}], s:o, s:{}, s:{}, s:[]}", "attachments", "id", "a1", "kind", "screenshot",
	    "problems", "id", "a2", "kind", "screenshot", "problems", "errors", errors, "fields", "completeness", "problems");
}

static const char *text_at(json_t *o, size_t i)
{
	return json_string_value(json_object_get(json_array_get(json_object_get(o, "errors"), i), "text"));
}

static json_int_t count_at(json_t *o, size_t i)
{
	return json_integer_value(json_object_get(json_array_get(json_object_get(o, "errors"), i), "count"));
}

static void test_errors(void **state)
{
	json_t *o = object(json_pack("[o, o, o, o]", error("log error 0x80070005", "0x80070005", "error", "attachment"),
	    error("log error without a code", NULL, "error", "attachment"), error("the body said it", NULL, "error", "body"),
	    error("a warning of the log", NULL, "warning", "attachment")));
	json_t *r = json_pack("{s:s, s:[o, o, o], s:[], s:b}", "text", "Title\nwords\n", "errors",
	    error("picture with a code, Code: 53", "Code: 53", "error", "screenshot"), error("the body said it", NULL, "error", "screenshot"),
	    error("picture without one", NULL, "error", "screenshot"), "problems", "cut", 0);
	bool changed = false;

	(void)state;
	assert_int_equal(ocr_merge(o, "a2", r, &changed), VG_OK);
	assert_true(changed);
	assert_int_equal(json_array_size(json_object_get(o, "errors")), 6);
	assert_string_equal(text_at(o, 0), "log error 0x80070005");
	assert_string_equal(text_at(o, 1), "picture with a code, Code: 53");
	assert_string_equal(text_at(o, 2), "log error without a code");
	assert_string_equal(text_at(o, 3), "picture without one");
	assert_string_equal(text_at(o, 4), "the body said it");
	assert_int_equal(count_at(o, 4), 2);
	assert_string_equal(text_at(o, 5), "a warning of the log");
	assert_string_equal(json_string_value(json_object_get(json_array_get(json_object_get(o, "attachments"), 1), "text")),
	    "Title\nwords\n");
	assert_null(json_object_get(json_array_get(json_object_get(o, "attachments"), 0), "text"));
	assert_int_equal(ocr_merge_end(o), VG_OK);
	assert_true(json_is_true(json_object_get(json_object_get(o, "completeness"), "error")));
	json_decref(r);
	json_decref(o);
}

static void test_nothing(void **state)
{
	static const char *const results[] = {"{}", "[]", "{\"text\":\"\",\"errors\":[],\"problems\":[],\"cut\":false}",
		"{\"text\":7,\"errors\":\"x\",\"problems\":{},\"cut\":1,\"skipped\":\"logo\"}"};
	json_t *o = object(json_array()), *same = json_deep_copy(o);

	(void)state;
	for (size_t i = 0; i < sizeof(results) / sizeof(results[0]); i++) {
		json_t *r = json_loads(results[i], 0, NULL);
		bool changed = false;

		assert_int_equal(ocr_merge(o, "a1", r, &changed), VG_OK);
		assert_false(changed);
		assert_true(json_equal(o, same));
		json_decref(r);
	}
	json_decref(same);
	json_decref(o);
}

static void test_problems(void **state)
{
	json_t *o = object(json_array()), *r = json_loads("{\"problems\":[\"too-large\"],\"cut\":true}", 0, NULL);
	bool changed = false;

	(void)state;
	assert_int_equal(ocr_merge(o, "a1", r, &changed), VG_OK);
	assert_true(changed);
	assert_int_equal(ocr_merge(o, "a1", r, &changed), VG_OK);
	assert_int_equal(ocr_merge_failure(o, "a2"), VG_OK);
	assert_int_equal(ocr_merge_failure(o, "a9"), VG_OK);
	assert_int_equal(json_array_size(json_object_get(json_array_get(json_object_get(o, "attachments"), 0), "problems")), 1);
	assert_string_equal(json_string_value(json_array_get(json_object_get(json_array_get(json_object_get(o, "attachments"), 1),
	    "problems"), 0)), "unreadable");
	assert_int_equal(json_array_size(json_object_get(o, "problems")), 2);
	json_decref(r);
	json_decref(o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_nothing),
		cmocka_unit_test(test_problems),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
