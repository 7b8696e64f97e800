/*
 * completeness.c - parser worker; the finished parts of the message object. Called by the message assembly. Pure.
 */
#include "completeness.h"

#include <stdbool.h>
#include <string.h>

/* Members of an attached message count as what they are; those of an archive only where one could be read. */
static bool has_log_member(const json_t *attachment)
{
	size_t i;
	json_t *e;

	json_array_foreach(json_object_get(attachment, "entries"), i, e)
		if (strcmp(json_string_value(json_object_get(e, "kind")), "log") == 0)
			return true;
	return false;
}

static bool has_logs(const json_t *attachments)
{
	size_t i;
	json_t *a;

	json_array_foreach(attachments, i, a) {
		const char *kind = json_string_value(json_object_get(a, "kind"));

		if (kind != NULL && (strcmp(kind, "log") == 0 || strcmp(kind, "log-archive") == 0))
			return true;
		if (kind != NULL && strcmp(kind, "message") == 0 && has_log_member(a))
			return true;
	}
	return false;
}

/* A warning is no error message. */
static bool has_error(const json_t *errors, const json_t *fields)
{
	size_t i;
	json_t *e;

	json_array_foreach(errors, i, e) {
		const char *severity = json_string_value(json_object_get(e, "severity"));

		if (severity != NULL && strcmp(severity, "error") == 0)
			return true;
	}
	return json_string_length(json_object_get(fields, "error")) > 0;
}

json_t *completeness_json(const json_t *attachments, const json_t *errors, const json_t *fields)
{
	const struct {
		const char *name;
		bool there;
	} parts[] = {
	    {"logs", has_logs(attachments)},
	    {"error", has_error(errors, fields)},
	    {"product", json_string_length(json_object_get(fields, "product")) > 0},
	    {"version", json_string_length(json_object_get(fields, "version")) > 0},
	    {"triage", json_string_length(json_object_get(fields, "triage")) > 0},
	};
	json_t *out = json_object(), *missing = json_array();

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]) && out != NULL; i++) {
		json_object_set_new(out, parts[i].name, json_boolean(parts[i].there));
		if (!parts[i].there)
			json_array_append_new(missing, json_string(parts[i].name));
	}
	if (out == NULL || json_object_set_new(out, "missing", missing) != 0) {
		json_decref(out);
		return NULL;
	}
	return out;
}
