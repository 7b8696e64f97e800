/*
 * pictures.c - pictures of messages between their parse and their text. Writer thread of the queue process. A result is
 * hostile until message_check() passed the object that it was merged into; one that does not pass counts as none.
 */
#include "pictures.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "log.h"
#include "message_check.h"
#include "ocr_choice.h"
#include "ocr_merge.h"
#include "ticket.h"

#define OBJECT_MAX (IPC_HUGE + (1u << 20))

/* ---- noting ---- */

static const char *
word(const json_t *o, const char *name)
{
	const char *s = json_string_value(json_object_get(o, name));

	return s != NULL ? s : "";
}

static bool
may_hold_text(const json_t *a)
{
	const char *name = word(a, "name"), *kind = word(a, "kind");
	size_t n = strlen(name), i;
	json_t *entry;

	/* Bundles that bring pictures beside the logs. */
	if (strcmp(kind, "archive") == 0 || strcmp(kind, "log-archive") == 0)
		json_array_foreach(json_object_get(a, "entries"), i, entry)
			if (strcmp(word(entry, "kind"), "screenshot") == 0)
				return true;
	return strcmp(kind, "screenshot") == 0 ||
	    (strcmp(kind, "document") == 0 && n > 5 && strcasecmp(name + n - 5, ".docx") == 0);
}

static int
repeats(struct store *s, const struct store_message *m, const json_t *a, unsigned *n)
{
	const char *hex = word(a, "blake2b");
	unsigned char hash[32];
	size_t len;

	*n = 0;
	if (sodium_hex2bin(hash, sizeof(hash), hex, strlen(hex), NULL, &len, NULL) != 0 || len != sizeof(hash))
		return VG_OK;
	return store_attachment_repeats(s, hash, m->sender, m->id, OCR_REPEATS, n);
}

int
pictures_note(struct store *s, const struct store_message *m, const json_t *object, unsigned *n)
{
	const char *signature = word(json_object_get(object, "body"), "signature");
	json_t *a;
	size_t i;
	int err = VG_OK;

	*n = 0;
	json_array_foreach(json_object_get(object, "attachments"), i, a)
	{
		struct ocr_facts f = { .name = word(a, "name"), .is_inline = strcmp(word(a, "disposition"), "inline") == 0 };
		struct store_picture p = { .message = m->id, .is_inline = f.is_inline };

		if (*n == PICTURES_MAX)
			break;
		if (!may_hold_text(a) || strlen(word(a, "id")) >= sizeof(p.part))
			continue;
		if ((err = repeats(s, m, a, &f.repeats)) != VG_OK)
			return err;
		if (ocr_choose(&f) != OCR_READ)
			continue;
		p.in_signature = *f.name != '\0' && strstr(signature, f.name) != NULL;
		snprintf(p.part, sizeof(p.part), "%s", word(a, "id"));
		if ((err = store_picture_add(s, &p)) != VG_OK)
			return err;
		++*n;
	}
	return VG_OK;
}

/* ---- merging ---- */

struct merge {
	struct writer_env *env;
	struct store_message m;
	json_t *object; /* the parser's part */
	bool changed;
};

/* The newest object without what event_message() added. */
static int
load(struct merge *w)
{
	struct buf text;
	int err;

	buf_init(&text, OBJECT_MAX);
	err = store_object(w->env->store, w->m.id, &text);
	if (err == VG_OK && (w->object = json_loadb((char *)text.data, text.len, 0, NULL)) == NULL)
		err = VG_ERR_SYNTAX;
	if (err == VG_OK)
		event_message_strip(w->object);
	buf_free(&text);
	return err;
}

static int
merge_result(struct merge *w, const struct store_picture *p, const char *result)
{
	json_t *r = result != NULL ? json_loads(result, 0, NULL) : NULL;
	int err;

	if (r != NULL) {
		err = ocr_merge(w->object, p->part, r, &w->changed);
	} else {
		w->changed = true;
		err = ocr_merge_failure(w->object, p->part);
	}
	json_decref(r);
	return err;
}

static int
on_result(void *arg, const struct store_picture *p, const char *result)
{
	struct merge *w = arg;
	json_t *before = json_deep_copy(w->object);
	const char *why = NULL;
	json_t *checked;
	char *text;
	int err = before != NULL ? merge_result(w, p, result) : VG_ERR_MEMORY;

	if (err != VG_OK || (text = json_dumps(w->object, JSON_COMPACT)) == NULL) {
		json_decref(before);
		return err != VG_OK ? err : VG_ERR_MEMORY;
	}
	/* What one picture's reader said must not cost the others theirs. */
	if ((checked = message_check(text, strlen(text), &why)) == NULL) {
		log_warn("", "ocr-refused", "row=%lld part=%s why=%s", (long long)p->message, p->part, log_q(why));
		json_decref(w->object);
		w->object = before;
		before = NULL;
		err = ocr_merge_failure(w->object, p->part);
	}
	free(text);
	json_decref(checked);
	json_decref(before);
	return err;
}

static int
keep(struct merge *w, int64_t *object)
{
	struct buf audience, out;
	unsigned visibility;
	char *json = json_dumps(w->object, JSON_COMPACT);
	int err = json == NULL ? VG_ERR_MEMORY : VG_OK;

	buf_init(&audience, 1 << 20);
	buf_init(&out, OBJECT_MAX);
	if (err == VG_OK)
		err = store_message_audience(w->env->store, w->m.id, &visibility, &audience);
	if (err == VG_OK)
		err = event_message(&out, json, strlen(json), &w->m, buf_str(&audience));
	if (err == VG_OK)
		err = store_object_add(w->env->store, w->m.id, (char *)out.data, out.len, object);
	free(json);
	buf_free(&audience);
	buf_free(&out);
	return err;
}

static int
tell(struct merge *w, int64_t object, int64_t now)
{
	static const char *const extraction[] = { "extraction", NULL };
	struct ticket_view v;
	int err = ticket_load(&v, w->env->store, w->env->registry, w->m.ticket);

	if (err == VG_OK)
		err = ticket_errors_seen(&v, w->env->store, json_object_get(w->object, "errors"));
	if (err == VG_OK)
		err = ticket_event(w->env->store, &v, "ticket.updated", extraction, object, now);
	v.t.updated_at = now;
	if (err == VG_OK)
		err = store_ticket_save(w->env->store, &v.t);
	ticket_close(&v);
	return err;
}

/* All pictures of the message have their result. */
static int
finish(struct merge *w, int64_t message, int64_t now, unsigned *events)
{
	int64_t object;
	int err = store_message(w->env->store, message, &w->m);

	if (err == VG_OK && w->m.state == MSG_APPLIED && w->m.ticket > 0)
		err = load(w);
	if (err == VG_OK && w->object != NULL)
		err = store_pictures_results(w->env->store, message, on_result, w);
	if (err == VG_OK && w->changed && (err = ocr_merge_end(w->object)) == VG_OK && (err = keep(w, &object)) == VG_OK &&
	    (err = tell(w, object, now)) == VG_OK)
		*events = 1;
	return err == VG_OK ? store_pictures_clear(w->env->store, message) : err;
}

int
pictures_done(struct writer_env *env, int64_t message, const char *part, const char *result, int64_t now, unsigned *events)
{
	struct merge w = { .env = env };
	bool last = false;
	int err = store_picture_result(env->store, message, part, result != NULL ? result : "", &last);

	*events = 0;
	if (err == VG_OK && last)
		err = finish(&w, message, now, events);
	store_message_free(&w.m);
	json_decref(w.object);
	return err;
}
