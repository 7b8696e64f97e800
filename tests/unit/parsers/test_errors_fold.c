/*
 * test_errors_fold.c - which errors are one failure, which of them is shown, and in which order.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "extract_help.h"

struct given {
	const char *text, *exception, *at;
	enum error_origin origin;
	enum error_severity severity;
};

#define MOST 6

static const struct {
	struct given given[MOST];
	const char *shown; /* texts, joined by " / " */
} rows[] = {
    /* a wrapper before and after its root, the status of the job */
    {{{.text = "Failed to process [VM01]. Error: Disk controller is lost"}, {.text = "Disk controller is lost"},
      {.text = "Job 'X' finished with error"}}, "Disk controller is lost"},
    {{{.text = "Disk controller is lost"}, {.text = "Processing VM01 Error: Disk controller is lost"}}, "Disk controller is lost"},
    /* two wrappers of one thing that nobody says alone */
    {{{.text = "Failed to process [VM01]. Error: Disk controller is lost"}, {.text = "Rescan failed. Error: Disk controller is lost"}},
        "Failed to process [VM01]. Error: Disk controller is lost"},
    /* the same beginning: what goes on says more */
    {{{.text = "Failed to open disk"}, {.text = "Failed to open disk for read and write"}}, "Failed to open disk for read and write"},
    /* the code tells more than its absence */
    {{{.text = "Access is denied"}, {.text = "Cannot open the share. Access is denied. Code: 5"}},
        "Cannot open the share. Access is denied. Code: 5"},
    /* other codes are other errors, one word is no root, words are not cut */
    {{{.text = "Writer failed. Code: 5"}, {.text = "Freeze: Writer failed. Code: 6"}},
        "Writer failed. Code: 5 / Freeze: Writer failed. Code: 6"},
    {{{.text = "Exhausted"}, {.text = "Pool. Error: Exhausted"}}, "Exhausted / Pool. Error: Exhausted"},
    {{{.text = "open disk slowly"}, {.text = "reopen disk slowly"}}, "open disk slowly / reopen disk slowly"},
    /* warnings stay apart from errors that say the same */
    {{{.text = "Disk controller is lost", .severity = SEVERITY_WARNING}, {.text = "Disk controller is lost now"}},
        "Disk controller is lost now / Disk controller is lost"},
    /* nothing but wrappers: the first of them */
    {{{.text = "Job 'X' has been failed"}}, "Job 'X' has been failed"},
    /* causes, others, consequences; a type makes no cause of a consequence */
    {{{.text = "Operation was canceled", .exception = "A.BException"}, {.text = "Tape gate misses a cog"},
      {.text = "No space left on device"}}, "No space left on device / Tape gate misses a cog / Operation was canceled"},
    {{{.text = "Authentication failed because the remote party has closed the transport stream"}, {.text = "Certificate has expired"}},
        "Certificate has expired / Authentication failed because the remote party has closed the transport stream"},
    /* of two causes the first in time, wherever it stands */
    {{{.text = "Connection refused by peer", .at = "2024-03-02T10:00:05"}, {.text = "No space left on device", .at = "2024-03-02T10:00:01.5"}},
        "No space left on device / Connection refused by peer"},
    /* what was last seen days before is no matter of now */
    {{{.text = "No space left on device", .at = "2024-02-27T10:00:05"}, {.text = "Tape gate misses a cog", .at = "2024-03-01T10:00:01"}},
        "Tape gate misses a cog / No space left on device"},
    {{{.text = "No space left on device", .at = "2024-02-29T10:00:05"}, {.text = "Tape gate misses a cog", .at = "2024-03-01T10:00:01"}},
        "No space left on device / Tape gate misses a cog"},
    /* the sender tells the wrapper: the root is the sender's matter */
    {{{.text = "Tape gate misses a cog"}, {.text = "Disk controller is lost"},
      {.text = "Failed to process VM. Error: Disk controller is lost", .origin = ORIGIN_BODY}},
        "Disk controller is lost / Tape gate misses a cog"},
};

static void test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct error_set *set = error_set_new();
		char got[4096] = "";
		size_t k, used = 0;
		json_t *list, *e;

		for (k = 0; k < MOST && rows[i].given[k].text != NULL; k++) {
			const struct given *g = &rows[i].given[k];
			struct error_item item = {.text = g->text, .text_len = strlen(g->text), .exception = g->exception, .at = g->at,
			    .severity = g->severity, .where = {.kind = g->origin, .attachment = g->origin == ORIGIN_BODY ? NULL : "a1"}};

			assert_true(error_set_add(set, &item));
		}
		list = error_set_json(set);
		json_array_foreach(list, k, e)
			used += (size_t)snprintf(got + used, sizeof(got) - used, "%s%s", k > 0 ? " / " : "",
			    json_string_value(json_object_get(e, "text")));
		if (strcmp(got, rows[i].shown) != 0)
			fail_msg("row %zu: '%s'", i, got);
		json_decref(list);
		error_set_free(&set);
	}
}

/* A folded error leaves its time and code to its root, and not its count. */
static void test_merged(void **state)
{
	struct error_set *set = error_set_new();
	struct error_item item = {.text = "Disk controller is lost", .text_len = 23, .at = "2024-03-02T10:00:05",
	    .where = {.kind = ORIGIN_ATTACHMENT, .attachment = "a1"}};
	json_t *list, *e;

	(void)state;
	error_set_add(set, &item);
	item.text = "Failed to start. Error: Disk controller is lost";
	item.text_len = strlen(item.text);
	item.at = "2024-03-02T09:00:00";
	item.component = "CDisk";
	error_set_add(set, &item);
	list = error_set_json(set);
	assert_int_equal(json_array_size(list), 1);
	e = json_array_get(list, 0);
	assert_string_equal(json_string_value(json_object_get(e, "first_at")), "2024-03-02T09:00:00");
	assert_string_equal(json_string_value(json_object_get(e, "last_at")), "2024-03-02T10:00:05");
	assert_string_equal(json_string_value(json_object_get(e, "component")), "CDisk");
	assert_int_equal(json_integer_value(json_object_get(e, "count")), 1);
	json_decref(list);
	error_set_free(&set);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_rows), cmocka_unit_test(test_merged)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
