/*
 * ocr_merge.c - queue process; results of a worker that hostile pictures may have taken over. Called by the queue's pictures.c,
 * which has message_check() look at all of it before it is kept. Pure.
 */
#include "ocr_merge.h"

#include <string.h>

#include "completeness.h"
#include "err.h"
#include "fingerprint.h"
#include "message_check.h"

static const char *word(const json_t *o, const char *name)
{
	const char *s = json_string_value(json_object_get(o, name));

	return s != NULL ? s : "";
}

/* ---- errors ---- */

/* A picture shows neither exception nor code apart: the same text is the same error. */
static bool is_same(const json_t *a, const json_t *b)
{
	char fa[FINGERPRINT_HEX], fb[FINGERPRINT_HEX];
	const char *ta = word(a, "text"), *tb = word(b, "text");

	if (strcmp(word(a, "fingerprint"), word(b, "fingerprint")) == 0)
		return true;
	fingerprint(fa, ta, strlen(ta), NULL, NULL);
	fingerprint(fb, tb, strlen(tb), NULL, NULL);
	return strcmp(fa, fb) == 0;
}

static int origin(const json_t *e)
{
	static const char *const order[] = {"attachment", "report", "screenshot"};
	const char *kind = word(json_object_get(e, "source"), "kind");
	int i = 0;

	while (i < 3 && strcmp(kind, order[i]) != 0)
		i++;
	return i;
}

static bool is_named(const json_t *e)
{
	return *word(e, "code") != '\0' || *word(e, "exception") != '\0';
}

/* Does a stand before b (errors.h)? What only a log tells, wrappers and the like, keeps its place. */
static bool stands_before(const json_t *a, const json_t *b)
{
	bool error_a = strcmp(word(a, "severity"), "error") == 0, error_b = strcmp(word(b, "severity"), "error") == 0;

	if (error_a != error_b)
		return error_a;
	if (is_named(a) != is_named(b))
		return is_named(a);
	return origin(a) <= origin(b);
}

static int merge_error(json_t *errors, json_t *fresh)
{
	json_t *e;
	size_t i, at = 0;

	json_array_foreach(errors, i, e)
	{
		if (is_same(e, fresh))
			return json_object_set_new(e, "count", json_integer(json_integer_value(json_object_get(e, "count")) +
			           json_integer_value(json_object_get(fresh, "count")))) == 0 ? VG_OK : VG_ERR_MEMORY;
	}
	if (json_array_size(errors) >= MESSAGE_ERRORS_MAX)
		return VG_OK;
	while (at < json_array_size(errors) && stands_before(json_array_get(errors, at), fresh))
		at++;
	return json_array_insert(errors, at, fresh) == 0 ? VG_OK : VG_ERR_MEMORY;
}

/* ---- the rest ---- */

static int add_problem(json_t *object, const char *code, const char *detail)
{
	json_t *list = json_object_get(object, "problems"), *p;
	size_t i;

	json_array_foreach(list, i, p)
	{
		if (strcmp(word(p, "code"), code) == 0)
			return VG_OK;
	}
	if (json_array_size(list) >= MESSAGE_PROBLEMS_MAX)
		return VG_OK;
	return json_array_append_new(list, json_pack("{s:s, s:s}", "code", code, "detail", detail)) == 0 ? VG_OK : VG_ERR_MEMORY;
}

static json_t *attachment(json_t *object, const char *part)
{
	json_t *a;
	size_t i;

	json_array_foreach(json_object_get(object, "attachments"), i, a)
	{
		if (strcmp(word(a, "id"), part) == 0)
			return a;
	}
	return NULL;
}

static int mark(json_t *attachment, const char *problem)
{
	json_t *list = json_object_get(attachment, "problems"), *p;
	size_t i;

	json_array_foreach(list, i, p)
	{
		if (json_is_string(p) && strcmp(json_string_value(p), problem) == 0)
			return VG_OK;
	}
	return json_array_append_new(list, json_string(problem)) == 0 ? VG_OK : VG_ERR_MEMORY;
}

int ocr_merge(json_t *object, const char *part, const json_t *result, bool *changed)
{
	json_t *to = attachment(object, part), *text = json_object_get(result, "text"), *list, *item;
	int err = VG_OK;
	size_t i;

	if (to == NULL)
		return VG_OK;
	if (json_is_string(text) && json_string_length(text) > 0) {
		err = json_object_set(to, "text", text) == 0 ? VG_OK : VG_ERR_MEMORY;
		*changed = true;
	}
	list = json_object_get(result, "problems");
	for (i = 0; i < json_array_size(list) && i < 8 && err == VG_OK; i++)
		if ((item = json_array_get(list, i)) != NULL && json_is_string(item)) {
			err = mark(to, json_string_value(item));
			*changed = true;
		}
	list = json_object_get(result, "errors");
	for (i = 0; i < json_array_size(list) && i < MESSAGE_ERRORS_MAX && err == VG_OK; i++) {
		err = merge_error(json_object_get(object, "errors"), json_array_get(list, i));
		*changed = true;
	}
	if (err == VG_OK && json_is_true(json_object_get(result, "cut"))) {
		err = add_problem(object, "ocr.time-limit", "the time for reading a picture was over; its text may be incomplete");
		*changed = true;
	}
	return err;
}

int ocr_merge_failure(json_t *object, const char *part)
{
	json_t *to = attachment(object, part);
	int err = to != NULL ? mark(to, "unreadable") : VG_OK;

	return err == VG_OK ? add_problem(object, "ocr.failed", "a picture could not be read, nor will it be tried again") : err;
}

int ocr_merge_end(json_t *object)
{
	json_t *c = completeness_json(json_object_get(object, "attachments"), json_object_get(object, "errors"),
	    json_object_get(object, "fields"));

	return c != NULL && json_object_set_new(object, "completeness", c) == 0 ? VG_OK : VG_ERR_MEMORY;
}
