/*
 * letter_context.c - the context of a letter to agents (letter_context.h).
 */
#include "letter_context.h"

#include <stdio.h>
#include <string.h>

#include "buf.h"
#include "err.h"
#include "event.h"

#define ERRORS_TOLD 20u
#define LINE_BYTES 8000u /* of one line about an error */

static const char *
word(const json_t *object, const char *name)
{
	const char *s = json_string_value(json_object_get(object, name));

	return s != NULL ? s : "";
}

/* Name of the attachment with this id; "" for none. */
static const char *
attachment_name(const json_t *object, const char *id)
{
	json_t *a;
	size_t i;

	json_array_foreach(json_object_get(object, "attachments"), i, a)
		if (strcmp(word(a, "id"), id) == 0)
			return word(a, "name");
	return "";
}

/* Where an error was found: "VeeamLogs.zip, Job/Job.log, line 1265"; "body". */
static int
put_place(struct buf *out, const json_t *object, const json_t *source)
{
	const char *name = attachment_name(object, word(source, "attachment")), *path = word(source, "path");
	json_int_t line = json_integer_value(json_object_get(source, "line"));
	int err = buf_adds(out, *name != '\0' ? name : word(source, "kind"));

	if (err == VG_OK && *path != '\0' && strcmp(path, name) != 0)
		err = buf_addf(out, ", %s", path);
	return err == VG_OK && line > 0 ? buf_addf(out, ", line %lld", (long long)line) : err;
}

static int
put_error(struct buf *out, const json_t *object, const json_t *e)
{
	json_int_t count = json_integer_value(json_object_get(e, "count"));
	int err = buf_addf(out, "%s%s [", strcmp(word(e, "severity"), "warning") == 0 ? "(warning) " : "", word(e, "text"));

	if (err == VG_OK)
		err = put_place(out, object, json_object_get(e, "source"));
	if (err == VG_OK && count > 1)
		err = buf_addf(out, ", %lld times", (long long)count);
	return err == VG_OK ? buf_adds(out, "]") : err;
}

/* One that is too long for a letter is left out; the case has it. */
static json_t *
errors(const json_t *object)
{
	json_t *out = json_array(), *e;
	size_t i;

	json_array_foreach(json_object_get(object, "errors"), i, e)
	{
		struct buf line;

		if (i >= ERRORS_TOLD)
			break;
		buf_init(&line, LINE_BYTES);
		if (put_error(&line, object, e) == VG_OK)
			json_array_append_new(out, json_string(buf_str(&line)));
		buf_free(&line);
	}
	return out;
}

static json_t *
present(const json_t *object)
{
	static const char *const names[] = { "logs", "error", "product", "version", "triage" };
	json_t *out = json_array(), *completeness = json_object_get(object, "completeness");

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (json_is_true(json_object_get(completeness, names[i])))
			json_array_append_new(out, json_string(names[i]));
	return out;
}

static json_t *
related(const struct ticket_view *v)
{
	json_t *out = json_array();

	for (unsigned i = 0; i < v->n_related; i++)
		json_array_append_new(out, json_integer((json_int_t)v->related[i].number));
	return out;
}

int
letter_context(json_t *letter, const json_t *object, const struct ticket_view *v, const struct conf *conf)
{
	const char *clock = v->t.sla_state == SLA_NONE ? "" : event_sla_word(v->t.sla_state);
	char link[512] = "";
	json_t *more;
	int err;

	if (conf->agents_link != NULL)
		snprintf(link, sizeof(link), "%s%llu", conf->agents_link, (unsigned long long)v->t.number);
	more = json_pack("{s:o, s:o, s:o, s:s, s:s}", "errors", errors(object), "present", present(object), "related", related(v), "link",
	    link, "clock", clock);
	err = more != NULL && json_object_update(letter, more) == 0 ? VG_OK : VG_ERR_MEMORY;
	json_decref(more);
	return err;
}
