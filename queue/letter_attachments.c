/*
 * letter_attachments.c - chooses files for a letter; whether a secret stands in one is the parser's to find when it is taken out.
 */
#include "letter_attachments.h"

#include <stdbool.h>
#include <string.h>

#include "err.h"

#define FILES_MAX 100u

static const char *
word(const json_t *o, const char *name)
{
	const char *s = json_string_value(json_object_get(o, name));

	return s != NULL ? s : "";
}

/* Mails and invitations name people who may not be on this message, and quote what its reader may not have seen (T5). */
static bool
is_mail(const json_t *o)
{
	return strcmp(word(o, "kind"), "message") == 0 || strcmp(word(o, "kind"), "calendar") == 0;
}

static bool
holds_mail(const json_t *a)
{
	json_t *entries = json_object_get(a, "entries"), *one;
	size_t i;

	json_array_foreach(entries, i, one)
		if (is_mail(one))
			return true;
	return is_mail(a);
}

/* Made to harm whoever opens it: it does not leave under our name. */
static bool
is_trap(const json_t *a)
{
	json_t *problems = json_object_get(a, "problems"), *one;
	size_t i;

	json_array_foreach(problems, i, one)
	{
		const char *s = json_string_value(one);

		if (s != NULL && (strcmp(s, "bomb") == 0 || strcmp(s, "unsafe-path") == 0))
			return true;
	}
	return false;
}

static bool
carries_files(enum letter_kind kind)
{
	return kind == LETTER_RELAY || kind == LETTER_REPLY || kind == LETTER_AGENT;
}

json_t *
letter_attachments(const json_t *list, enum letter_kind kind, enum participant_role role, uint64_t max)
{
	json_t *out = json_array(), *a, *o;
	uint64_t used = 0, size;
	unsigned n = 0;
	size_t i;

	json_array_foreach(list, i, a)
	{
		bool barred = role == PART_CUSTOMER && holds_mail(a), go;

		if (strcmp(word(a, "kind"), "signature") == 0)
			continue;
		size = (uint64_t)json_integer_value(json_object_get(a, "size"));
		o = json_pack("{s:s, s:I}", "name", barred ? "an attached message" : word(a, "name"), "size", (json_int_t)size);
		go = carries_files(kind) && !barred && !is_trap(a);
		if (go && size <= max - used && n < FILES_MAX) {
			json_object_set_new(o, "id", json_string(word(a, "id")));
			json_object_set_new(o, "type", json_string(word(a, "content_type")));
			used += size;
			n++;
		} else if (go) {
			json_object_set_new(o, "large", json_true());
		}
		if (json_array_append_new(out, o) != 0) {
			json_decref(out);
			return NULL;
		}
	}
	return out;
}

int
letter_attachments_ids(const char *letter, struct buf *ids)
{
	json_t *o = json_loads(letter, 0, NULL), *a;
	int err = VG_OK;
	size_t i;

	json_array_foreach(json_object_get(o, "attachments"), i, a)
		if (err == VG_OK && *word(a, "id") != '\0')
			err = buf_addf(ids, "%s%s", ids->len > 0 ? " " : "", word(a, "id"));
	json_decref(o);
	return err;
}
