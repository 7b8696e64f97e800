/*
 * errors.c - parser worker; findings from hostile logs and mails. The bounded set of distinct errors, its counting and
 * its order of significance. Called by log_events.c, errors_body.c and the message assembly.
 */
#include "errors_private.h"

#include <stdlib.h>
#include <string.h>

#include "ascii.h"
#include "errors_recent.h"
#include "oneline.h"

#define SLOTS 1024 /* power of two above 2 * ERRORS_MAX */

struct error_set {
	struct error_entry *list; /* room for `room` entries */
	size_t room;
	uint16_t slot[SLOTS]; /* index + 1; 0: free */
	struct errors_recent *recent; /* NULL until a log has an error: most mails have none */
	size_t count;
	size_t warnings;
	size_t weak;
	size_t findings;
};

struct error_set *error_set_new(void)
{
	return calloc(1, sizeof(struct error_set));
}

void error_set_free(struct error_set **set)
{
	if (*set == NULL)
		return;
	for (size_t i = 0; i < (*set)->count; i++) {
		struct error_entry *e = &(*set)->list[i];

		free(e->text);
		free(e->code);
		free(e->exception);
		free(e->component);
		free(e->attachment);
		free(e->path);
		free(e->object);
	}
	free((*set)->list);
	free((*set)->recent);
	free(*set);
	*set = NULL;
}

size_t error_set_count(const struct error_set *set)
{
	return set->count;
}

size_t error_set_errors(const struct error_set *set)
{
	return set->count - set->warnings - set->weak;
}

static size_t slot_of(const char *fp)
{
	size_t h = 0;

	for (int i = 0; i < 8; i++)
		h = h << 4 | (size_t)(ascii_digit(fp[i]) ? fp[i] - '0' : fp[i] - 'a' + 10);
	return h & (SLOTS - 1);
}

/* The slot that holds fp, or the free one where it belongs. */
static size_t find_slot(const struct error_set *set, const char *fp)
{
	size_t s = slot_of(fp);

	while (set->slot[s] != 0 && strcmp(set->list[set->slot[s] - 1].fp, fp) != 0)
		s = (s + 1) & (SLOTS - 1);
	return s;
}

/* People quote the message without its type, and a picture shows no more: the same text counts there. */
static struct error_entry *find_quoted(struct error_set *set, const struct error_item *item, const char *text_fp)
{
	if (item->where.kind != ORIGIN_BODY && item->where.kind != ORIGIN_SCREENSHOT)
		return NULL;
	if (item->exception != NULL && item->exception[0] != '\0')
		return NULL;
	for (size_t i = 0; i < set->count; i++)
		if (strcmp(set->list[i].text_fp, text_fp) == 0)
			return &set->list[i];
	return NULL;
}

/* Times compare as text as long as both are local or both have an offset; a mixture keeps the first. */
static void note_time(struct error_entry *e, const char *at)
{
	size_t n = at != NULL ? strlen(at) : 0;

	if (n == 0 || n >= ERROR_TIME_MAX)
		return;
	if (e->first_at[0] == '\0' || (e->first_at[n] == '\0' && strlen(e->first_at) == n && memcmp(at, e->first_at, n) < 0))
		memcpy(e->first_at, at, n + 1);
	if (e->last_at[0] == '\0' || (e->last_at[n] == '\0' && strlen(e->last_at) == n && memcmp(at, e->last_at, n) > 0))
		memcpy(e->last_at, at, n + 1);
}

static void count_again(struct error_set *set, struct error_entry *e, const struct error_item *item)
{
	if (e->count < INT64_MAX)
		e->count++;
	note_time(e, item->at);
	if (e->severity == SEVERITY_WARNING && item->severity == SEVERITY_ERROR) {
		e->severity = SEVERITY_ERROR;
		set->warnings--;
	}
	if (e->weak && !item->weak) {
		e->weak = false;
		set->weak--;
	}
	if ((item->where.kind == ORIGIN_ATTACHMENT) != (e->origin == ORIGIN_ATTACHMENT))
		e->cited = true;
}

/* A new string of s as one line, or NULL for none; *ok turns false on no memory. */
static char *keep(const char *s, size_t max, bool *ok)
{
	char *out;

	if (s == NULL || s[0] == '\0')
		return NULL;
	out = oneline_dup(s, strlen(s), max);
	if (out == NULL)
		*ok = false;
	return out;
}

/* Room for one more: most mails have few errors. */
static bool make_room(struct error_set *set)
{
	size_t room = set->room == 0 ? 16 : set->room * 2 < ERRORS_MAX ? set->room * 2 : ERRORS_MAX;
	struct error_entry *list;

	if (set->count < set->room)
		return true;
	list = realloc(set->list, room * sizeof(*list));
	if (list == NULL)
		return false;
	set->list = list;
	set->room = room;
	return true;
}

static bool insert(struct error_set *set, size_t slot, const struct error_item *item, const char *text, const char *code,
    const char *exception, const char *fp, const char *text_fp)
{
	struct error_entry *e;
	bool ok = true;

	if (!make_room(set))
		return false;
	e = &set->list[set->count];
	memset(e, 0, sizeof(*e));
	e->text = keep(text, ERROR_TEXT_MAX, &ok);
	e->code = keep(code, ERROR_WORD_MAX, &ok);
	e->exception = keep(exception, ERROR_WORD_MAX, &ok);
	e->component = keep(item->component, ERROR_WORD_MAX, &ok);
	e->attachment = keep(item->where.attachment, ERROR_WORD_MAX, &ok);
	e->path = keep(item->where.path, ERROR_TEXT_MAX, &ok);
	e->object = keep(item->where.object, ERROR_WORD_MAX, &ok);
	memcpy(e->fp, fp, FINGERPRINT_HEX);
	memcpy(e->text_fp, text_fp, FINGERPRINT_HEX);
	e->line = item->where.line;
	e->severity = item->severity;
	e->origin = item->where.kind;
	e->weak = item->weak;
	e->class = errors_class(text, strlen(text));
	e->count = 1;
	e->order = set->count;
	note_time(e, item->at);
	set->count++;
	set->warnings += e->severity == SEVERITY_WARNING;
	set->weak += e->weak;
	set->slot[slot] = (uint16_t)set->count;
	return ok;
}

/* No room for one more of its severity. */
static bool is_full(const struct error_set *set, const struct error_item *item)
{
	return set->count == ERRORS_MAX || (item->severity == SEVERITY_WARNING && set->warnings >= ERRORS_MAX_WARNINGS);
}

/* Adds what no recent finding was; *entry: where it stands. */
static bool add_new(struct error_set *set, const struct error_item *item, size_t *entry)
{
	char text[ERROR_TEXT_MAX + 1], code[ERROR_WORD_MAX + 1], exception[ERROR_WORD_MAX + 1] = "";
	char fp[FINGERPRINT_HEX], text_fp[FINGERPRINT_HEX];
	struct error_entry *quoted;
	size_t len, slot;

	len = oneline(text, sizeof(text), item->text, item->text_len, ONELINE_CP1252);
	if (len == 0)
		return false;
	if (item->code != NULL && item->code[0] != '\0')
		oneline(code, sizeof(code), item->code, strlen(item->code), ONELINE_CP1252);
	else if (!errors_find_code(code, sizeof(code), text, len) && item->other_code != NULL)
		oneline(code, sizeof(code), item->other_code, strlen(item->other_code), ONELINE_CP1252);
	if (item->exception != NULL)
		oneline(exception, sizeof(exception), item->exception, strlen(item->exception), ONELINE_CP1252);
	fingerprint(fp, text, len, exception, code);
	slot = find_slot(set, fp);
	if (set->slot[slot] != 0) {
		*entry = set->slot[slot] - 1u;
		count_again(set, &set->list[*entry], item);
		return true;
	}
	fingerprint(text_fp, text, len, NULL, NULL);
	if ((quoted = find_quoted(set, item, text_fp)) != NULL) {
		*entry = (size_t)(quoted - set->list);
		count_again(set, quoted, item);
		return true;
	}
	if (is_full(set, item))
		return false;
	*entry = set->count;
	return insert(set, slot, item, text, code, exception, fp, text_fp);
}

/* A finding of a log. */
static bool add_of_log(struct error_set *set, const struct error_item *item)
{
	struct recent_key key;
	size_t entry = 0;
	int known = errors_recent_find(set->recent, item, set->count, &key);
	bool ok;

	if (known >= 0) {
		count_again(set, &set->list[known], item);
		return true;
	}
	if (known == RECENT_DROPPED && is_full(set, item))
		return false;
	ok = add_new(set, item, &entry);
	if (ok || is_full(set, item))
		errors_recent_learn(set->recent, item, &key, ok ? (int)entry : RECENT_DROPPED, set->count);
	return ok;
}

bool error_set_add(struct error_set *set, const struct error_item *item)
{
	size_t entry;

	if (set->findings == ERRORS_MAX_FINDINGS)
		return false;
	set->findings++;
	if (set->recent == NULL && item->where.kind == ORIGIN_ATTACHMENT)
		set->recent = errors_recent_new();
	if (item->where.kind != ORIGIN_ATTACHMENT || set->recent == NULL)
		return add_new(set, item, &entry);
	return add_of_log(set, item);
}

static json_t *string_or_null(const char *s)
{
	return s != NULL && s[0] != '\0' ? json_string(s) : json_null();
}

static json_t *source_json(const struct error_entry *e)
{
	static const char *const names[] = {"attachment", "report", "screenshot", "body"};
	json_t *o = json_pack("{s:s}", "kind", names[e->origin]);

	if (o != NULL && e->attachment != NULL)
		json_object_set_new(o, "attachment", json_string(e->attachment));
	if (o != NULL && e->path != NULL)
		json_object_set_new(o, "path", json_string(e->path));
	if (o != NULL && e->object != NULL)
		json_object_set_new(o, "object", json_string(e->object));
	if (o != NULL && e->line > 0)
		json_object_set_new(o, "line", json_integer((json_int_t)e->line));
	return o;
}

static json_t *shown_json(const struct error_shown *s)
{
	const struct error_entry *e = s->e;

	return json_pack("{s:s, s:o, s:o, s:o, s:I, s:o, s:o, s:s, s:s, s:o}", "text", e->text, "code", string_or_null(s->code),
	    "exception", string_or_null(e->exception), "component", string_or_null(s->component), "count", (json_int_t)e->count,
	    "first_at", string_or_null(s->first_at), "last_at", string_or_null(s->last_at), "fingerprint", e->fp, "severity",
	    e->severity == SEVERITY_ERROR ? "error" : "warning", "source", source_json(e));
}

json_t *error_set_json(const struct error_set *set)
{
	struct error_shown shown[ERRORS_MAX];
	json_t *list = json_array();
	size_t n = errors_fold(shown, set->list, set->count);

	errors_rank(shown, n);
	for (size_t i = 0; i < n && list != NULL; i++)
		if (json_array_append_new(list, shown_json(&shown[i])) != 0) {
			json_decref(list);
			list = NULL;
		}
	return list;
}
