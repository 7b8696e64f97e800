/*
 * fuzz_job_report.c - any bytes as the text of a mail and as an HTML attachment: reports within their bounds, findings as the
 * message object allows them, no line of the text longer or shorter than it was.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "html.h"
#include "job_report.h"
#include "utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_bounds(const struct job_reports *r)
{
	size_t i, k, objects = 0;
	json_t *o, *object;

	if (json_array_size(r->list) > JOB_REPORTS_MAX)
		abort();
	json_array_foreach(r->list, i, o) {
		objects += json_array_size(json_object_get(o, "objects"));
		json_array_foreach(json_object_get(o, "objects"), k, object)
			if (json_array_size(json_object_get(object, "messages")) > JOB_MESSAGES_MAX)
				abort();
	}
	if (objects > JOB_OBJECTS_MAX)
		abort();
}

static void scan(const char *text, size_t len)
{
	const struct error_where where = {.kind = ORIGIN_BODY};
	struct error_set *set = error_set_new();
	struct log_facts facts = {.product = ""};
	struct job_reports r = JOB_REPORTS_INIT(set, &facts);
	char *copy = malloc(len + 1);
	json_t *errors;

	if (set == NULL || copy == NULL)
		abort();
	memcpy(copy, text, len);
	if (job_reports_scan(&r, copy, len, &where) != VG_OK)
		abort();
	check_bounds(&r);
	for (size_t i = 0; i < len; i++)
		if (copy[i] != text[i] && (copy[i] != ' ' || text[i] == '\n'))
			abort();
	errors_scan_body(set, copy, len, &where);
	if ((errors = error_set_json(set)) == NULL)
		abort();
	job_reports_job(&r);
	json_decref(errors);
	job_reports_free(&r);
	error_set_free(&set);
	free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf text;

	buf_init(&text, 1u << 18);
	scan((const char *)data, size);
	if (utf8_valid((const char *)data, size) && html_to_text(&text, (const char *)data, size) == VG_OK)
		scan(buf_str(&text), text.len);
	buf_free(&text);
	return 0;
}
