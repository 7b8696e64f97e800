/*
 * extract_help.h - shared by the tests of the extractors: files of the corpus, and errors as one line of text each, so
 * that a table row can say all that is expected of one.
 */
#ifndef VG_TEST_EXTRACT_HELP_H
#define VG_TEST_EXTRACT_HELP_H

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "errors.h"
#include "log_scan.h"

static inline const char *help_or_dash(const json_t *s)
{
	return json_is_string(s) ? json_string_value(s) : "-";
}

/* severity|text|code|exception|component|first_at|count per error, most significant first, a line each; to free. */
static inline char *help_errors(const struct error_set *set)
{
	json_t *list = error_set_json(set), *e;
	size_t i, cap = 4u << 20, used = 0;
	char *out = calloc(1, cap);

	json_array_foreach(list, i, e)
		used += (size_t)snprintf(out + used, cap - used, "%s|%s|%s|%s|%s|%s|%lld\n", help_or_dash(json_object_get(e, "severity")),
		    help_or_dash(json_object_get(e, "text")), help_or_dash(json_object_get(e, "code")),
		    help_or_dash(json_object_get(e, "exception")), help_or_dash(json_object_get(e, "component")),
		    help_or_dash(json_object_get(e, "first_at")), (long long)json_integer_value(json_object_get(e, "count")));
	json_decref(list);
	return out;
}

/* Scans data as the log of attachment a1, split after every `step` bytes (0: not at all); its errors as help_errors(). */
static inline char *help_scan(const void *data, size_t len, size_t step, struct log_facts *facts)
{
	static const struct error_where in_a1 = {.kind = ORIGIN_ATTACHMENT, .attachment = "a1"};
	struct error_set *set = error_set_new();
	struct log_scanner *s = log_scanner_new(set, &in_a1, facts);
	char *out;

	for (size_t i = 0; i < len; i += step > 0 ? step : len)
		log_scanner_feed(s, (const char *)data + i, step > 0 && len - i > step ? step : len - i);
	log_scanner_end(s);
	log_scanner_free(&s);
	out = help_errors(set);
	error_set_free(&set);
	return out;
}

/* A whole file, NUL-terminated, to free; ends the program where it is not there. */
static inline char *help_file(const char *path, size_t *len)
{
	FILE *f = fopen(path, "rb");
	char *data = calloc(1, 1u << 20);

	if (f == NULL || data == NULL) {
		fprintf(stderr, "%s: cannot read\n", path);
		abort();
	}
	*len = fread(data, 1, (1u << 20) - 1, f);
	fclose(f);
	return data;
}

#endif
