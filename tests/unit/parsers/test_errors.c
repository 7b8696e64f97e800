/*
 * test_errors.c - the set of errors: counting, order, bounds; codes; what counts as an error in a mail's text.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "extract_help.h"

static void add(struct error_set *set, const char *text, const char *exception, enum error_severity severity,
    enum error_origin kind, const char *at)
{
	struct error_item item = {.text = text, .text_len = strlen(text), .exception = exception, .at = at, .severity = severity,
	    .where = {kind, kind == ORIGIN_BODY ? NULL : "a1", NULL, 7}};

	error_set_add(set, &item);
}

static void test_count_and_times(void **state)
{
	struct error_set *set = error_set_new();
	json_t *list, *e, *source;

	(void)state;
	add(set, "Disk 5 is full", "A.BException", SEVERITY_ERROR, ORIGIN_ATTACHMENT, "2021-07-07T16:43:06");
	add(set, "Disk 7 is full", "A.BException", SEVERITY_ERROR, ORIGIN_ATTACHMENT, "2021-07-08T10:00:00");
	add(set, "Disk 9 is full", "A.BException", SEVERITY_ERROR, ORIGIN_ATTACHMENT, "2021-07-01T10:00:00");
	add(set, "Disk 9 is full", "A.BException", SEVERITY_ERROR, ORIGIN_ATTACHMENT, "");
	assert_int_equal(error_set_count(set), 1);
	list = error_set_json(set);
	e = json_array_get(list, 0);
	assert_string_equal(json_string_value(json_object_get(e, "text")), "Disk 5 is full");
	assert_int_equal(json_integer_value(json_object_get(e, "count")), 4);
	assert_string_equal(json_string_value(json_object_get(e, "first_at")), "2021-07-01T10:00:00");
	assert_string_equal(json_string_value(json_object_get(e, "last_at")), "2021-07-08T10:00:00");
	assert_true(json_is_null(json_object_get(e, "code")));
	assert_int_equal(strlen(json_string_value(json_object_get(e, "fingerprint"))), 32);
	source = json_object_get(e, "source");
	assert_string_equal(json_string_value(json_object_get(source, "kind")), "attachment");
	assert_string_equal(json_string_value(json_object_get(source, "attachment")), "a1");
	assert_int_equal(json_integer_value(json_object_get(source, "line")), 7);
	json_decref(list);
	error_set_free(&set);
	assert_null(set);
}

static void test_order(void **state)
{
	struct error_set *set = error_set_new();
	char *got;

	(void)state;
	add(set, "Low disk space", NULL, SEVERITY_WARNING, ORIGIN_ATTACHMENT, "");
	for (int i = 0; i < 50; i++)
		add(set, "Job 'Daily' has been failed", NULL, SEVERITY_ERROR, ORIGIN_ATTACHMENT, "2026-01-01T00:00:00");
	add(set, "Something in the mail went wrong", NULL, SEVERITY_ERROR, ORIGIN_BODY, "");
	add(set, "Plain log error", NULL, SEVERITY_ERROR, ORIGIN_ATTACHMENT, "");
	add(set, "Typed log error", "A.BException", SEVERITY_ERROR, ORIGIN_ATTACHMENT, "");
	add(set, "Cited log error", "A.CException", SEVERITY_ERROR, ORIGIN_ATTACHMENT, "");
	/* The sender quotes the text without its type: the same error, and the more significant for it. */
	add(set, "cited log error", NULL, SEVERITY_ERROR, ORIGIN_BODY, "");
	got = help_errors(set);
	assert_string_equal(got, "error|Cited log error|-|A.CException|-|-|2\n"
	                         "error|Typed log error|-|A.BException|-|-|1\n"
	                         "error|Plain log error|-|-|-|-|1\n"
	                         "error|Something in the mail went wrong|-|-|-|-|1\n"
	                         "warning|Low disk space|-|-|-|-|1\n");
	free(got);
	assert_int_equal(error_set_errors(set), 5);
	/* A warning that turns out an error counts as one. */
	add(set, "Low disk space", NULL, SEVERITY_ERROR, ORIGIN_ATTACHMENT, "");
	assert_int_equal(error_set_errors(set), 6);
	error_set_free(&set);
}

static void test_bounds(void **state)
{
	struct error_set *set = error_set_new();
	char text[5000];
	json_t *list;

	(void)state;
	for (unsigned i = 0; i < 3000; i++) {
		/* Letters only: numbers would make them one. */
		snprintf(text, sizeof(text), "failed %c%c%c", 'a' + i % 26, 'a' + i / 26 % 26, 'a' + i / 676);
		add(set, text, NULL, i < 1000 ? SEVERITY_WARNING : SEVERITY_ERROR, ORIGIN_ATTACHMENT, "");
	}
	assert_int_equal(error_set_count(set), ERRORS_MAX);
	assert_int_equal(error_set_errors(set), ERRORS_MAX - ERRORS_MAX_WARNINGS);
	/* Known ones are counted all the same. */
	add(set, "failed aaa", NULL, SEVERITY_WARNING, ORIGIN_ATTACHMENT, "");
	error_set_free(&set);
	set = error_set_new();
	memset(text, 0xC3, sizeof(text));
	for (size_t i = 1; i < sizeof(text); i += 2)
		text[i] = (char)0xA9;
	text[sizeof(text) - 1] = '\0';
	add(set, text, text, SEVERITY_ERROR, ORIGIN_ATTACHMENT, "a time that is far too long to be one, whatever it says");
	add(set, " \t\x01 ", NULL, SEVERITY_ERROR, ORIGIN_ATTACHMENT, "");
	assert_int_equal(error_set_count(set), 1);
	list = error_set_json(set);
	assert_non_null(list);
	assert_int_equal(json_string_length(json_object_get(json_array_get(list, 0), "text")), ERROR_TEXT_MAX);
	assert_int_equal(json_string_length(json_object_get(json_array_get(list, 0), "exception")), ERROR_WORD_MAX);
	assert_true(json_is_null(json_object_get(json_array_get(list, 0), "first_at")));
	json_decref(list);
	error_set_free(&set);
}

/* How many of the texts, up to NULL, are different errors to a set that knows nothing of the others. */
static size_t different(const char *const *texts)
{
	char seen[8][40];
	size_t n = 0, k;

	for (; *texts != NULL; texts++) {
		struct error_set *set = error_set_new();
		json_t *list;

		add(set, *texts, NULL, SEVERITY_ERROR, ORIGIN_ATTACHMENT, "");
		list = error_set_json(set);
		snprintf(seen[n], sizeof(seen[n]), "%s", json_string_value(json_object_get(json_array_get(list, 0), "fingerprint")));
		for (k = 0; strcmp(seen[k], seen[n]) != 0; k++)
			;
		n += k == n;
		json_decref(list);
		error_set_free(&set);
	}
	return n;
}

/* What was found a moment ago is known again by its bytes, digits alike: that must not join what differs. */
static void test_known_again(void **state)
{
	static const struct {
		size_t n;
		const char *texts[8];
	} rows[] = {
	    {1, {"Disk 1 of VM77 is full", "Disk 2 of VM12 is full", "Disk 9 of VM77 is full"}},
	    {2, {"Failed to read block 17. Code: 5", "Failed to read block 18. Code: 5", "Failed to read block 17. Code: 7"}},
	    {2, {"Failed to read block 17.  Code: 5", "Failed to read block 18.  Code: 7", "Failed to read block 19.  Code: 5"}},
	    {2, {"Copy of VM1 failed: 0x80070005", "Copy of VM2 failed: 0x80070005", "Copy of VM2 failed: 0x80070008"}},
	    {1, {"Block 17 at 0x7ff017 is lost, logical block address 0x1234567", "Block 18 at 0x7ff017 is lost, logical block address 0x7654321"}},
	    {2, {"Block 17 at 0x7ff017 is lost", "Block 18 at 0x7ff017 is lost", "Block 18 at 0x7ff018 is lost"}},
	    {2, {"Code: 5, value: 0x7ff017 in disk 3", "Code: 5, value: 0x7ff018 in disk 3", "Code: 6, value: 0x7ff018 in disk 4"}},
	    {2, {"Refused: 1x80070005 here", "Refused: 0x80070005 here", "Refused: 0x80000000 here"}},
	    {3, {"Call failed. Win32 error: 5", "Call failed. Win64 error: 5", "Call failed. Win32 error: 6"}},
	    {3, {"Call failed. Win64 error: 5", "Call failed. Win32 error: 5", "Call failed. Win64 error: 6"}},
	    {2, {"Upload refused, HTTP status 203 given", "Upload refused, HTTP status 503 given"}},
	    {2, {"Upload refused, HTTP/1.1 503 given", "Upload refused, HTTP/1.0 203 given", "Upload refused, HTTP/3.1 203 given"}},
	    {1, {"Cannot reach http://192.0.2.7:80/a at all", "Cannot reach http://192.0.2.9:81/a at all"}},
	    {2, {"Backup stopped, ORA-01017 given", "Backup stopped, ORA-01018 given"}},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct error_set *set = error_set_new();

		for (int twice = 0; twice < 2; twice++)
			for (size_t k = 0; rows[i].texts[k] != NULL; k++)
				add(set, rows[i].texts[k], NULL, SEVERITY_ERROR, ORIGIN_ATTACHMENT, "");
		if (error_set_count(set) != rows[i].n || different(rows[i].texts) != rows[i].n)
			fail_msg("%s: %zu, alone %zu", rows[i].texts[0], error_set_count(set), different(rows[i].texts));
		error_set_free(&set);
	}
}

/* A full set drops what is new each time, and goes on counting what it has. */
static void test_full_again(void **state)
{
	struct error_set *set = error_set_new();
	char text[64];
	json_t *list;

	(void)state;
	for (int i = 0; i < 2 * ERRORS_MAX_WARNINGS; i++) {
		snprintf(text, sizeof(text), "Space is low on %c%c%c", 'a' + i / 26 % 26, 'a' + i % 26, 'a' + i / 676);
		add(set, text, NULL, SEVERITY_WARNING, ORIGIN_ATTACHMENT, "");
	}
	assert_int_equal(error_set_count(set), ERRORS_MAX_WARNINGS);
	add(set, text, NULL, SEVERITY_WARNING, ORIGIN_ATTACHMENT, "");
	assert_int_equal(error_set_count(set), ERRORS_MAX_WARNINGS);
	/* An error of the same text, written in another way, has room, and the warning is one of it from then on. */
	text[0] = 's';
	add(set, text, NULL, SEVERITY_ERROR, ORIGIN_ATTACHMENT, "");
	assert_int_equal(error_set_errors(set), 1);
	text[0] = 'S';
	add(set, text, NULL, SEVERITY_WARNING, ORIGIN_ATTACHMENT, "");
	assert_int_equal(error_set_count(set), ERRORS_MAX_WARNINGS + 1);
	list = error_set_json(set);
	assert_int_equal(json_integer_value(json_object_get(json_array_get(list, 0), "count")), 2);
	json_decref(list);
	error_set_free(&set);
}

static void test_codes(void **state)
{
	static const struct {
		const char *text, *code;
	} rows[] = {
	    {"Access is denied. (0x80070005)", "0x80070005"},
	    {"Cannot connect. Code: 53", "Code: 53"},
	    {"VDDK error: 2 (One of the parameters was invalid). Value: 0x0000000000000002", "VDDK error: 2"},
	    {"Win32 error:5 Code: 5", "Win32 error:5"},
	    {"Error code: 0x80042306 from provider", "0x80042306"},
	    {"Error code: 1326", "Error code: 1326"},
	    {"The remote server returned an error: HTTP 500", "HTTP 500"},
	    {"HTTP 200 was fine", ""},
	    {"ORA-01017: invalid username", "ORA-01017"},
	    {"Writer state VSS_E_WRITERERROR_RETRYABLE seen", "VSS_E_WRITERERROR_RETRYABLE"},
	    {"failed with errno=28", "errno=28"},
	    {"System error 53 has occurred.", "System error 53"},
	    {"Error: 5", "Error: 5"},
	    {"Error: 5 of 7 machines failed", ""},
	    {"Version 12.1.2.172 on 10.0.0.1", ""},
	    {"postcode 1234 is barcode: 99", ""},
	    {"Code: 10.0.0.1", ""},
	    {"Progress code 50%", ""},
	    {"read at 0x7ffdeadbeef", "0x7ffdeadbeef"},
	    {"Value: 0x1234567", ""}, {"The IO operation at logical block address 0x3a8c10 for Disk 1 was retried.", ""},
	    {"HTTP exception: WinINet error code: 12029", "WinINet error code: 12029"}, {"mount error(13): denied", "error(13)"},
	    {"an error: (403) Forbidden", "error: (403)"}, {"an error (13 of them)", ""}, {"HTTP/1.1 503 Service Unavailable", "HTTP/1.1 503"},
	    {"HTTP/1.1 200 OK", ""}, {"S3 said NoSuchBucket twice", "NoSuchBucket"}, {"NoSuchBucketPolicy", ""},
	    {"NDMP_CONNECT_ERR came", "NDMP_CONNECT_ERR"}, {"RMAN-03009: failure", "RMAN-03009"}, {"ORA-1", ""},
	    {"Msg 18456, Level 14, State 1", "Msg 18456"}, {"msg 5 of 7", ""}, {"CreateFileW(x,0x80000000) failed", ""},
	    {"0x", ""}, {"Code:", ""}, {"error", ""}, {"", ""},
	    {"exit code -1", "exit code -1"},
	};
	char code[64];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		bool found = errors_find_code(code, sizeof(code), rows[i].text, strlen(rows[i].text));

		if (strcmp(code, rows[i].code) != 0 || found != (rows[i].code[0] != '\0'))
			fail_msg("%s: '%s'", rows[i].text, code);
		/* The quick look sees whatever the search finds. */
		if (found && errors_code_is_certain(code) && !errors_may_be_certain(rows[i].text, strlen(rows[i].text)))
			fail_msg("%s", rows[i].text);
	}
	assert_false(errors_may_be_certain("The backup of VM 12 has failed again: no space", 46));
	assert_true(errors_code_is_certain("0x80070005") && errors_code_is_certain("VDDK error: 2") &&
	    errors_code_is_certain("VSS_E_BAD_STATE") && errors_code_is_certain("ORA-01017"));
	assert_false(errors_code_is_certain("Code: 53") || errors_code_is_certain("0x1234") || errors_code_is_certain("AccessDenied") ||
	    errors_code_is_certain("HTTP 500") || errors_code_is_certain(""));
	assert_true(errors_find_code(code, 5, "0x80070005", 10));
	assert_string_equal(code, "0x80");
}

/* The texts found, joined by " / ". */
static char *body_texts(const char *body)
{
	struct error_set *set = error_set_new();
	const struct error_where where = {.kind = ORIGIN_BODY};
	json_t *list, *e;
	size_t i, used = 0, cap = 1 << 20;
	char *out = calloc(1, cap);

	errors_scan_body(set, body, strlen(body), &where);
	list = error_set_json(set);
	json_array_foreach(list, i, e)
		used += (size_t)snprintf(out + used, cap - used, "%s%s", i > 0 ? " / " : "", json_string_value(json_object_get(e, "text")));
	json_decref(list);
	error_set_free(&set);
	return out;
}

static void test_body(void **state)
{
	static const struct {
		const char *body, *texts;
	} rows[] = {
	    {"Error: Access is denied to the share\n", "Access is denied to the share"},
	    {"Error message: Failed to login to host by SOAP\n", "Failed to login to host by SOAP"},
	    {"Processing VM01 Error: Failed to connect to guest agent. Code: 53\n",
	        "Processing VM01 Error: Failed to connect to guest agent. Code: 53"},
	    {"Hello,\n\nwe see this in the job:\n\nFailed to prepare guest for hot backup.\n\nThanks\n",
	        "Failed to prepare guest for hot backup."},
	    {"We get the following error:\n\nNo scale-out repository extents are available\n\nRegards",
	        "No scale-out repository extents are available"},
	    {"The console says \"Cannot open the volume of the agent\" since then.\n", "Cannot open the volume of the agent"},
	    {"it shows the error \"RPC function call failed now\" often\n", "RPC function call failed now"},
	    {"[07.07.2021 16:43:06] <01> Error    [X] Operation timed out (System.TimeoutException)\n"
	     "[07.07.2021 16:43:06] <01> Error       at A.B()\n[07.07.2021 16:43:06] <01> Info     next\n",
	        "Operation timed out"},
	    {"- Unable to allocate processing resources. Error: repository is busy\n",
	        "Unable to allocate processing resources. Error: repository is busy"},
	    {"Backup failed, VDDK error: 2 on one proxy\n", "Backup failed, VDDK error: 2 on one proxy"},
	    {"Error: System.IO.IOException: The file is locked\n", "The file is locked"},
	    /* prose */
	    {"We had an error yesterday, please call.\n", ""},
	    {"Unable to reach you by phone.\n", ""},
	    {"There are errors in your invoice.\n", ""},
	    {"Could you check the error?\n", ""},
	    {"Error: see attached log\n", ""},
	    {"Error: none\n", ""},
	    {"The backup is slow. No error message is shown.\n", ""},
	    {"Cannot wait to hear from you\n", ""},
	    {"Severity: 1\nJob: Daily\n", ""},
	    {"On 24.11.2026 10:00:00 Ann Lee wrote:\n> hello\n", ""},
	    {"The customer failed to pay.\n", ""},
	    {"", ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *got = body_texts(rows[i].body);

		if (strcmp(got, rows[i].texts) != 0)
			fail_msg("row %zu: %s\n'%s'", i, rows[i].body, got);
		free(got);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_count_and_times), cmocka_unit_test(test_order),
	    cmocka_unit_test(test_bounds),
	    cmocka_unit_test(test_known_again), cmocka_unit_test(test_full_again), cmocka_unit_test(test_codes), cmocka_unit_test(test_body)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
