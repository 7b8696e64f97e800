/*
 * fuzz_fields.c - any bytes as subject (first line) and body: fields, commands, errors in prose, completeness; valid JSON,
 * within the bounds.
 */
#include <stdint.h>

#include "completeness.h"
#include "extract_help.h"
#include "fields.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const json_t *j, size_t max)
{
	char *text = json_dumps(j, JSON_ENCODE_ANY);

	if (text == NULL || json_array_size(j) > max)
		abort();
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct error_where where = {.kind = ORIGIN_BODY};
	const struct log_facts facts = {.product = "Veeam ONE", .version = "12.0"};
	const uint8_t *lf = size > 0 ? memchr(data, '\n', size) : NULL;
	size_t head = lf != NULL ? (size_t)(lf - data) : 0, skip = lf != NULL ? head + 1 : 0, len = size - skip;
	char *subject = calloc(1, head + 1), *body = malloc(len + 1);
	struct error_set *set = error_set_new();
	struct fields f;
	json_t *errors, *complete, *none = json_array();

	memcpy(subject, data, head);
	if (len > 0)
		memcpy(body, data + skip, len);
	/* Exactly as long as it says: a reader past the end is found. */
	body = realloc(body, len > 0 ? len : 1);
	if (fields_read(&f, subject, body, len, &facts) != 0)
		abort();
	errors_scan_body(set, body, len, &where);
	errors = error_set_json(set);
	complete = completeness_json(none, errors, f.fields);
	check(f.fields, 0);
	check(f.commands, 50);
	check(f.unknown, 50);
	check(errors, ERRORS_MAX);
	check(complete, 0);
	json_decref(errors);
	json_decref(complete);
	json_decref(none);
	fields_free(&f);
	error_set_free(&set);
	free(subject);
	free(body);
	return 0;
}
