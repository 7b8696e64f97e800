/*
 * letter_notes.c - the notes of a letter (letter_notes.h).
 */
#include "letter_notes.h"

#include <stdbool.h>
#include <string.h>

#include "buf.h"
#include "err.h"

#define ASKED_MAX 5u   /* archives that are named */
#define NOTE_MAX 2000u /* bytes */

static const char *
word(const json_t *object, const char *name)
{
	const char *s = json_string_value(json_object_get(object, name));

	return s != NULL ? s : "";
}

/* Other problems are L2's concern. */
static bool
concerns_people(const char *code)
{
	return strncmp(code, "participant.", 12) == 0 || strncmp(code, "command.", 8) == 0 || strcmp(code, "archive.volume-missing") == 0;
}

static bool
is_sealed(const json_t *attachment)
{
	const char *kind = word(attachment, "kind");
	json_t *p;
	size_t i;

	if (strcmp(kind, "archive") != 0 && strcmp(kind, "log-archive") != 0)
		return false;
	json_array_foreach(json_object_get(attachment, "problems"), i, p)
		if (json_is_string(p) && strcmp(json_string_value(p), "encrypted") == 0)
			return true;
	return false;
}

/* A password that comes later opens nothing: an archive is read with the words of its own mail. */
static void
ask_password(json_t *out, const char *name)
{
	struct buf note;

	buf_init(&note, NOTE_MAX);
	if (buf_addf(&note, "We cannot open \"%s\": it is encrypted. Please send it again together with its password (a line "
	    "\"Password: ...\"), or without encryption.", name) == VG_OK)
		json_array_append_new(out, json_string(buf_str(&note)));
	buf_free(&note);
}

json_t *
letter_notes(const json_t *problems, const json_t *attachments)
{
	json_t *out = json_array(), *one;
	size_t i;
	unsigned asked = 0;

	json_array_foreach(problems, i, one)
		if (concerns_people(word(one, "code")))
			json_array_append(out, json_object_get(one, "detail"));
	json_array_foreach(attachments, i, one)
		if (asked < ASKED_MAX && is_sealed(one)) {
			ask_password(out, word(one, "name"));
			asked++;
		}
	return out;
}
