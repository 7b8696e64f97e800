/* Sessions saved as JSON: which files are taken for such, and what is taken from them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ascii.h"
#include "extract_help.h"
#include "session_json.h"

static void test_begins(void **state)
{
	static const struct {
		const char *head;
		bool begins;
	} rows[] = {
	    {"{\"sessionType\":\"BackupJob\",\"result\":{\"result\":\"Failed\",\"message\":\"x\"}}", true},
	    {"\xEF\xBB\xBF \r\n[{\"JobName\":\"A\",\"Result\":2,\"Reason\":\"x\"}]", true},
	    {"{\"result\":\"Failed\",\"message\":\"x\"}", false}, /* of any program */
	    {"{\"creationTime\":\"x\",\"result\":\"Failed\"}", false},
	    {"sessionType result message \"", false},
	    {"", false},
	};
	static const char wide[] = "\xFF\xFE[\0{\0\"\0J\0o\0b\0I\0d\0\"\0:\0\"\0a\0\"\0,\0\"\0S\0t\0a\0t\0u\0s\0\"\0:\0\"\0\"\0,\0\"\0T\0i\0t\0l\0e\0\"\0";

	(void)state;
	for (size_t i = 0; i < ASCII_COUNT(rows); i++)
		if (session_json_begins(rows[i].head, strlen(rows[i].head)) != rows[i].begins)
			fail_msg("row %zu", i);
	assert_true(session_json_begins(wide, sizeof wide - 1));
}

/* The errors of a file as "severity: text [object] at", a line each. */
static bool read_all(const char *file, char *out, size_t room)
{
	const struct error_where where = {.kind = ORIGIN_REPORT, .attachment = "a1"};
	struct error_set *set = error_set_new();
	bool read = session_json_read(set, &where, file, strlen(file));
	json_t *list = error_set_json(set), *e;
	size_t i, used = 0;

	out[0] = '\0';
	json_array_foreach(list, i, e) {
		const char *object = json_string_value(json_object_get(json_object_get(e, "source"), "object"));
		const char *at = json_string_value(json_object_get(e, "first_at"));

		used += (size_t)snprintf(out + used, room - used, "%s: %s [%s] %s\n", json_string_value(json_object_get(e, "severity")),
		    json_string_value(json_object_get(e, "text")), object != NULL ? object : "", at != NULL ? at : "");
		assert_true(used < room);
	}
	json_decref(list);
	error_set_free(&set);
	return read;
}

static void test_read(void **state)
{
	static const struct {
		const char *file, *want;
	} rows[] = {
	    {"{\"name\":\"Job\",\"result\":{\"result\":\"Failed\",\"message\":\"The job is broken\"},\"endTime\":\"2026-11-23T22:05:03+01:00\"}",
		"error: The job is broken [] 2026-11-23T22:05:03+01:00\n"},
	    {"{\"taskSessions\":[{\"name\":\"Task\",\"vmName\":\"SQL01\",\"result\":{\"result\":\"Warning\",\"message\":\"Tools are old\"}}]}",
		"warning: Tools are old [SQL01] \n"},
	    {"\xEF\xBB\xBF[{\"JobName\":\"A\",\"Result\":2,\"Reason\":\"No proxy is there\"},{\"JobName\":\"B\",\"Result\":0,\"Reason\":\"Fine\"}]",
		"error: No proxy is there [] \n"},
	    {"{\"records\":[{\"status\":\"Failed\",\"title\":\"Processing SQL02\",\"description\":\"Error: Disk is full\"}]}",
		"error: Disk is full [SQL02] \n"},
	    {"{\"result\":\"Success\",\"message\":\"All went well\"}", ""},
	    {"{\"result\":\"Failed\",\"message\":\"\"}", ""},
	    {"{\"result\":7,\"message\":[1,{}]}", ""},
	    {"[[[[[[[[[[[[{\"result\":\"Failed\",\"message\":\"Too deep\"}]]]]]]]]]]]]", ""},
	};
	char got[2000];

	(void)state;
	for (size_t i = 0; i < ASCII_COUNT(rows); i++) {
		assert_true(read_all(rows[i].file, got, sizeof got));
		if (strcmp(got, rows[i].want) != 0)
			fail_msg("row %zu: got \"%s\", want \"%s\"", i, got, rows[i].want);
	}
	assert_false(read_all("{\"data\":[{\"result\":\"Failed\",\"mess", got, sizeof got));
	assert_false(read_all("", got, sizeof got));
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_begins), cmocka_unit_test(test_read)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
