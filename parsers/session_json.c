/*
 * session_json.c - parser worker; hostile attachments. Called by kinds.c and inspect_text.c. The depth that is looked into is bounded,
 * jansson bounds what it reads.
 */
#include "session_json.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "ascii.h"
#include "job_report_private.h"
#include "log_line.h"

#define DEPTH_MAX 8

struct walk {
	struct error_set *set;
	const struct error_where *where;
};

bool session_json_begins(const void *head, size_t n)
{
	static const char *const results[] = {"result", "status"};
	static const char *const said[] = {"message", "title", "description", "reason"};
	static const char *const times[] = {"sessiontype", "sessionid", "creationtime", "endtime", "starttime", "jobname", "jobid", "updatetime"};
	const unsigned char *p = head;
	char text[SESSION_JSON_HEAD];
	size_t used = 0, at = 0;

	/* Of UTF-16 what is ASCII; the byte order mark is passed over. */
	for (size_t i = 0; i < n && i < sizeof text; i++)
		if (p[i] != 0 && !(i < 3 && p[i] >= 0x80))
			text[used++] = (char)p[i];
	while (at < used && (ascii_blank(text[at]) || text[at] == '\r' || text[at] == '\n'))
		at++;
	return at < used && (text[at] == '{' || text[at] == '[') && memchr(text, '"', used) != NULL &&
	    ascii_find_any(text, used, results, ASCII_COUNT(results), NULL) != NULL &&
	    ascii_find_any(text, used, said, ASCII_COUNT(said), NULL) != NULL &&
	    ascii_find_any(text, used, times, ASCII_COUNT(times), NULL) != NULL;
}

/* The member with one of the names, the first name first; NULL. */
static json_t *member(json_t *o, const char *const *names, size_t count)
{
	const char *key;
	json_t *value;

	for (size_t i = 0; i < count; i++)
		json_object_foreach(o, key, value) {
			if (ascii_is(key, strlen(key), names[i]))
				return value;
		}
	return NULL;
}

static struct job_text text_of(json_t *o, const char *const *names, size_t count)
{
	json_t *v = member(o, names, count);
	struct job_text t = {json_string_value(v), json_string_length(v)};

	if (t.s != NULL)
		ascii_trim(&t.s, &t.len);
	return t;
}

#define TEXT_OF(o, names) text_of((o), (names), ASCII_COUNT(names))

/* As a word, or as PowerShell numbers it. */
static enum job_status status_of(json_t *v)
{
	enum job_status st = JOB_NO_STATUS;
	const char *s = json_string_value(v);

	if (json_is_integer(v) && json_integer_value(v) >= 1 && json_integer_value(v) <= 2)
		return json_integer_value(v) == 2 ? JOB_FAILED : JOB_WARNING;
	if (s != NULL && job_word(s, strlen(s), &st) != strlen(s))
		return JOB_NO_STATUS;
	return st;
}

/* What a session says: the result's own message, else the session's. `Processing VM01` is a title, or begins a message. */
static struct job_text message_of(json_t *o, json_t *result, struct job_text *name, enum job_status *st)
{
	static const char *const messages[] = {"message", "reason", "failuremessage", "errormessage", "description"};
	static const char *const titles[] = {"title"};
	static const char *const names[] = {"vmname", "objectname", "machinename"};
	struct job_text t = {NULL, 0}, title = TEXT_OF(o, titles), of_title = {NULL, 0};

	*name = TEXT_OF(o, names);
	if (json_is_object(result))
		t = TEXT_OF(result, messages);
	if (t.len == 0)
		t = TEXT_OF(o, messages);
	if (t.len == 0)
		t = title;
	if (ascii_starts(title.s, title.len, "processing "))
		of_title = (struct job_text){title.s + 11, title.len - 11};
	if (t.len > 0)
		job_take_label(&t, st, name);
	if (name->len == 0)
		*name = of_title;
	return t;
}

static void session(struct walk *w, json_t *o)
{
	static const char *const results[] = {"result", "status", "state"}, *const inner[] = {"result", "status"};
	static const char *const times[] = {"endtime", "updatetime", "starttime", "creationtime", "time", "timestamp"};
	json_t *result = member(o, results, ASCII_COUNT(results));
	enum job_status st = status_of(json_is_object(result) ? member(result, inner, ASCII_COUNT(inner)) : result), word, labelled = st;
	struct job_text t, name, when = TEXT_OF(o, times);
	struct error_where where = *w->where;
	char at[40] = "", object[ERROR_WORD_MAX + 1] = "";
	struct error_item item = {.at = at, .severity = st == JOB_WARNING ? SEVERITY_WARNING : SEVERITY_ERROR};

	if (st != JOB_FAILED && st != JOB_WARNING)
		return;
	t = message_of(o, result, &name, &labelled);
	if (t.len == 0 || job_says_nothing(t.s, t.len) || job_word(t.s, t.len, &word) == t.len)
		return;
	log_line_time(at, when.s != NULL ? when.s : "", when.len);
	ascii_copy(object, sizeof object, name.s != NULL ? name.s : "", name.len);
	where.object = object[0] != '\0' ? object : NULL;
	item.where = where;
	item.text = t.s;
	item.text_len = t.len;
	error_set_add(w->set, &item);
}

static void walk(struct walk *w, json_t *v, unsigned depth, bool looked)
{
	const char *key;
	json_t *child;
	size_t i;

	if (depth == DEPTH_MAX)
		return;
	if (json_is_array(v))
		json_array_foreach(v, i, child)
			walk(w, child, depth + 1, false);
	if (!json_is_object(v))
		return;
	if (!looked)
		session(w, v);
	json_object_foreach(v, key, child)
		walk(w, child, depth + 1, ascii_is(key, strlen(key), "result")); /* a result was looked at with its session */
}

bool session_json_read(struct error_set *set, const struct error_where *where, const char *s, size_t n)
{
	struct walk w = {set, where};
	json_t *root;

	if (n >= 3 && memcmp(s, "\xEF\xBB\xBF", 3) == 0) {
		s += 3;
		n -= 3;
	}
	if ((root = json_loadb(s, n, JSON_DISABLE_EOF_CHECK, NULL)) == NULL)
		return false;
	walk(&w, root, 0, false);
	json_decref(root);
	return true;
}
