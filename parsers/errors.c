/*
 * errors.c - parser worker; findings from hostile logs and mails. The bounded set of distinct errors, its counting and
 * its order of significance. Called by log_events.c, errors_body.c and the message assembly.
 */
#include "errors.h"

#include <stdlib.h>
#include <string.h>

#include "ascii.h"
#include "fingerprint.h"
#include "oneline.h"

#define SLOTS 1024 /* power of two above 2 * ERRORS_MAX */
#define TIME_MAX 40

struct entry {
	char *text;
	char *code;
	char *exception;
	char *component;
	char *attachment;
	char *path;
	char *object;
	char first_at[TIME_MAX];
	char last_at[TIME_MAX];
	char fp[FINGERPRINT_HEX];
	char text_fp[FINGERPRINT_HEX]; /* of the text alone: a person quotes neither exception nor code */
	uint64_t count;
	uint64_t line;
	enum error_severity severity;
	enum error_origin origin;
	bool wrapper;
	bool cited; /* found in logs, and named by the sender too */
	size_t order;
};

struct error_set {
	struct entry *list; /* room for `room` entries */
	size_t room;
	uint16_t slot[SLOTS]; /* index + 1; 0: free */
	size_t count;
	size_t warnings;
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
		struct entry *e = &(*set)->list[i];

		free(e->text);
		free(e->code);
		free(e->exception);
		free(e->component);
		free(e->attachment);
		free(e->path);
		free(e->object);
	}
	free((*set)->list);
	free(*set);
	*set = NULL;
}

size_t error_set_count(const struct error_set *set)
{
	return set->count;
}

size_t error_set_errors(const struct error_set *set)
{
	return set->count - set->warnings;
}

/* Says only that something failed, not what. */
static bool is_wrapper(const char *text, size_t len)
{
	static const char *const says[] = {"has been failed", "finished with error", "finished with warning", "job failed",
	    "job has failed", "task failed", "session failed", "session has failed", "see log", "see the log", "one or more errors",
	    "one or more tasks", "target of an invocation", "exception was thrown", "failed to execute job", "failed to process [",
	    "failed to perform backup", "completed with error", "processing finished with error", "operation failed",
	    "unable to complete", "error occurred while", "stopped with error", "backup failed", "job was stopped"};
	/* A colon or a code brings the cause with it. */
	const char *colon;

	if (len > 200)
		return false;
	if ((colon = memchr(text, ':', len)) != NULL && (size_t)(text + len - colon) > 24)
		return false;
	for (size_t i = 0; i < sizeof(says) / sizeof(says[0]); i++)
		if (ascii_find(text, len, says[i]) != NULL)
			return true;
	return false;
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
static struct entry *find_quoted(struct error_set *set, const struct error_item *item, const char *text_fp)
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
static void note_time(struct entry *e, const char *at)
{
	if (at == NULL || at[0] == '\0' || strlen(at) >= TIME_MAX)
		return;
	if (e->first_at[0] == '\0' || (strlen(at) == strlen(e->first_at) && strcmp(at, e->first_at) < 0))
		strncpy(e->first_at, at, TIME_MAX - 1);
	if (e->last_at[0] == '\0' || (strlen(at) == strlen(e->last_at) && strcmp(at, e->last_at) > 0))
		strncpy(e->last_at, at, TIME_MAX - 1);
}

static void count_again(struct error_set *set, struct entry *e, const struct error_item *item)
{
	if (e->count < INT64_MAX)
		e->count++;
	note_time(e, item->at);
	if (e->severity == SEVERITY_WARNING && item->severity == SEVERITY_ERROR) {
		e->severity = SEVERITY_ERROR;
		set->warnings--;
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
	struct entry *list;

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
	struct entry *e;
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
	e->wrapper = is_wrapper(text, strlen(text));
	e->count = 1;
	e->order = set->count;
	note_time(e, item->at);
	set->count++;
	set->warnings += e->severity == SEVERITY_WARNING;
	set->slot[slot] = (uint16_t)set->count;
	return ok;
}

bool error_set_add(struct error_set *set, const struct error_item *item)
{
	char text[ERROR_TEXT_MAX + 1], code[ERROR_WORD_MAX + 1], exception[ERROR_WORD_MAX + 1] = "";
	char fp[FINGERPRINT_HEX], text_fp[FINGERPRINT_HEX];
	struct entry *quoted;
	size_t len, slot;

	if (set->findings == ERRORS_MAX_FINDINGS)
		return false;
	set->findings++;
	len = oneline(text, sizeof(text), item->text, item->text_len, ONELINE_CP1252);
	if (len == 0)
		return false;
	if (item->code != NULL && item->code[0] != '\0')
		oneline(code, sizeof(code), item->code, strlen(item->code), ONELINE_CP1252);
	else
		errors_find_code(code, sizeof(code), text, len);
	if (item->exception != NULL)
		oneline(exception, sizeof(exception), item->exception, strlen(item->exception), ONELINE_CP1252);
	fingerprint(fp, text, len, exception, code);
	slot = find_slot(set, fp);
	if (set->slot[slot] != 0) {
		count_again(set, &set->list[set->slot[slot] - 1], item);
		return true;
	}
	fingerprint(text_fp, text, len, NULL, NULL);
	if ((quoted = find_quoted(set, item, text_fp)) != NULL) {
		count_again(set, quoted, item);
		return true;
	}
	if (set->count == ERRORS_MAX || (item->severity == SEVERITY_WARNING && set->warnings >= ERRORS_MAX_WARNINGS))
		return false;
	return insert(set, slot, item, text, code, exception, fp, text_fp);
}

static int by_significance(const void *pa, const void *pb)
{
	const struct entry *a = *(const struct entry *const *)pa, *b = *(const struct entry *const *)pb;
	bool named_a = a->exception != NULL || a->code != NULL, named_b = b->exception != NULL || b->code != NULL;

	if (a->severity != b->severity)
		return a->severity < b->severity ? -1 : 1;
	if (a->wrapper != b->wrapper)
		return a->wrapper ? 1 : -1;
	if (a->cited != b->cited)
		return a->cited ? -1 : 1;
	if (named_a != named_b)
		return named_a ? -1 : 1;
	if (a->origin != b->origin)
		return a->origin < b->origin ? -1 : 1;
	return a->order < b->order ? -1 : a->order > b->order;
}

static json_t *string_or_null(const char *s)
{
	return s != NULL && s[0] != '\0' ? json_string(s) : json_null();
}

static json_t *source_json(const struct entry *e)
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

static json_t *entry_json(const struct entry *e)
{
	return json_pack("{s:s, s:o, s:o, s:o, s:I, s:o, s:o, s:s, s:s, s:o}", "text", e->text, "code", string_or_null(e->code),
	    "exception", string_or_null(e->exception), "component", string_or_null(e->component), "count", (json_int_t)e->count,
	    "first_at", string_or_null(e->first_at), "last_at", string_or_null(e->last_at), "fingerprint", e->fp, "severity",
	    e->severity == SEVERITY_ERROR ? "error" : "warning", "source", source_json(e));
}

json_t *error_set_json(const struct error_set *set)
{
	const struct entry *order[ERRORS_MAX];
	json_t *list = json_array();

	for (size_t i = 0; i < set->count; i++)
		order[i] = &set->list[i];
	qsort(order, set->count, sizeof(order[0]), by_significance);
	for (size_t i = 0; i < set->count && list != NULL; i++)
		if (order[i]->text != NULL && json_array_append_new(list, entry_json(order[i])) != 0) {
			json_decref(list);
			list = NULL;
		}
	return list;
}
