/*
 * job_report_json.c - parser worker; a report that was read from hostile text becomes CONTRACT's object and findings. Called by
 * job_report.c.
 */
#include <stdlib.h>
#include <string.h>

#include "ascii.h"
#include "err.h"
#include "job_report_private.h"
#include "oneline.h"

/* One message of a details cell. */
struct message {
	char text[ERROR_TEXT_MAX + 1];
	size_t len;
	enum job_status status; /* what its label says, else what its object is */
	uint64_t line;
	char name[JOB_VALUE_MAX + 1]; /* `Processing VM01 Error: …`, "" none */
};

bool job_lines_add(struct job_lines *l, struct job_text text, uint64_t number)
{
	if (l->list == NULL && (l->list = calloc(JOB_LINES_MAX, sizeof *l->list)) == NULL)
		return false;
	if (l->n < JOB_LINES_MAX)
		l->list[l->n++] = (struct job_line){text, number};
	return true;
}

void job_report_clear(struct job_report *r)
{
	for (size_t i = 0; i < r->n; i++)
		free(r->objects[i].details.list);
	free(r->objects);
	free(r->details.list);
	memset(r, 0, sizeof *r);
}

/* ---- messages ---- */

bool job_take_label(struct job_text *t, enum job_status *st, struct job_text *name)
{
	static const struct {
		const char *text;
		enum job_status status;
	} labels[] = {{"error:", JOB_FAILED}, {"failed:", JOB_FAILED}, {"warning:", JOB_WARNING}, {"info:", JOB_SUCCESS}};
	const char *at = t->s;
	size_t len = t->len;

	if (ascii_starts(at, len, "processing ") && (at = ascii_find(t->s, len < 300 ? len : 300, " error:")) != NULL) {
		*name = (struct job_text){t->s + 11, (size_t)(at - t->s) - 11};
		ascii_trim(&name->s, &name->len);
		at++;
		len -= (size_t)(at - t->s);
	} else {
		at = t->s;
	}
	for (size_t i = 0; i < ASCII_COUNT(labels); i++)
		if (ascii_starts(at, len, labels[i].text)) {
			size_t n = strlen(labels[i].text);

			*t = (struct job_text){at + n, len - n};
			ascii_trim(&t->s, &t->len);
			*st = labels[i].status;
			return true;
		}
	return false;
}

static bool ends_sentence(const char *s, size_t len)
{
	return len > 0 && strchr(".!])", s[len - 1]) != NULL;
}

static void append(struct message *m, const struct job_text *t)
{
	size_t room = ERROR_TEXT_MAX - m->len, n;

	if (m->len > 0 && room > 1) {
		m->text[m->len++] = ' ';
		room--;
	}
	n = t->len < room ? t->len : room;
	memcpy(m->text + m->len, t->s, n);
	m->len += n;
	m->text[m->len] = '\0';
}

/* Cells hold one message a line, or one that goes on over lines: a label begins one, and where none of them has a label, a
 * capital behind the end of a sentence. The next message from line *i on; false at the end. */
static bool next_message(const struct job_lines *l, size_t *i, enum job_status status, struct message *m)
{
	bool labelled = false;

	m->len = 0;
	m->name[0] = '\0';
	m->status = status;
	for (; *i < l->n; (*i)++) {
		struct job_text t = l->list[*i].text, name = {NULL, 0};
		enum job_status st = status;
		bool has = job_take_label(&t, &st, &name);

		if (m->len > 0 && (has || (!labelled && t.len > 0 && ascii_upper(t.s[0]) && ends_sentence(m->text, m->len))))
			return true;
		if (m->len == 0) {
			m->line = l->list[*i].number;
			m->status = st;
			labelled = has;
			oneline(m->name, sizeof m->name, name.s != NULL ? name.s : "", name.len, ONELINE_CP1252);
		}
		append(m, &t);
	}
	return m->len > 0;
}

bool job_says_nothing(const char *s, size_t len)
{
	static const char *const starts[] = {"processing finished with", "job finished with", "created by ", "success",
	    "all vms have been queued", "completed"};

	return len < 4 || (len < 120 && ascii_starts_any(s, len, starts, ASCII_COUNT(starts)));
}

/* ---- findings ---- */

static json_t *text_json(const struct job_text *t)
{
	char line[JOB_VALUE_MAX + 1];

	if (t->len == 0 || oneline(line, sizeof line, t->s, t->len, ONELINE_CP1252) == 0)
		return json_null();
	return json_string(line);
}

static json_t *time_json(const struct job_report *r, const struct job_text *t)
{
	char at[JOB_VALUE_MAX + 1];

	if (t->len == 0)
		return json_null();
	job_time(at, sizeof at, t->s, t->len, &r->day, r->seconds);
	return json_string(at);
}

/* The values that the session or an object has, as members. */
static int add_values(json_t *o, const struct job_report *r, const struct job_text value[JOB_VALUES], bool session)
{
	static const char *const names[JOB_VALUES] = {"started_at", "ended_at", "duration", "size", "backup_size", "read",
	    "transferred", "dedupe", "compression"};
	int rc = 0;

	for (int i = 0; i < JOB_VALUES; i++) {
		if (!session && (i == JOB_BACKUP_SIZE || i > JOB_TRANSFERRED))
			continue;
		rc |= json_object_set_new(o, names[i], i <= JOB_END ? time_json(r, &value[i]) : text_json(&value[i]));
	}
	return rc;
}

static void add_error(struct job_reports *out, const struct job_report *r, const struct message *m, const struct job_object *o,
    const struct error_where *where)
{
	struct error_item item = {.text = m->text, .text_len = m->len, .where = *where};
	char at[JOB_VALUE_MAX + 1] = "", name[JOB_VALUE_MAX + 1] = "";
	const char *cause;
	const struct job_text *start = o != NULL ? &o->value[JOB_START] : &r->value[JOB_START];

	if ((m->status != JOB_FAILED && m->status != JOB_WARNING) || job_says_nothing(m->text, m->len))
		return;
	/* `Job has failed. Error: No proxy is available` */
	if ((cause = ascii_find(m->text, m->len < 160 ? m->len : 160, ". error: ")) != NULL) {
		item.text = cause + 9;
		item.text_len = m->len - (size_t)(item.text - m->text);
	}
	if (start->len > 0 && job_time(at, sizeof at, start->s, start->len, &r->day, r->seconds))
		item.at = at;
	if (o != NULL)
		oneline(name, sizeof name, o->name.s, o->name.len, ONELINE_CP1252);
	item.severity = m->status == JOB_FAILED ? SEVERITY_ERROR : SEVERITY_WARNING;
	item.where.kind = ORIGIN_REPORT;
	item.where.line = m->line;
	item.where.object = o != NULL ? name : m->name;
	error_set_add(out->errors, &item);
}

/* The messages of a cell, each a finding too. */
static json_t *messages(struct job_reports *out, const struct job_report *r, const struct job_lines *l, const struct job_object *o,
    const struct error_where *where)
{
	enum job_status status = o != NULL ? o->status : r->status;
	json_t *list = json_array();
	struct message m;
	size_t i = 0;

	while (list != NULL && json_array_size(list) < JOB_MESSAGES_MAX && out->bytes < JOB_TEXT_MAX && next_message(l, &i, status, &m)) {
		char line[ERROR_TEXT_MAX + 1];

		if (oneline(line, sizeof line, m.text, m.len, ONELINE_CP1252) > 0)
			json_array_append_new(list, json_string(line));
		out->bytes += m.len;
		add_error(out, r, &m, o, where);
	}
	return list;
}

static json_t *object_json(struct job_reports *out, const struct job_report *r, const struct job_object *o,
    const struct error_where *where)
{
	json_t *j;

	out->bytes += o->name.len < JOB_VALUE_MAX ? o->name.len : JOB_VALUE_MAX;
	j = json_pack("{s:o, s:s?}", "name", text_json(&o->name), "status", job_status_name(o->status));

	if (j != NULL && (add_values(j, r, o->value, false) != 0 ||
	    json_object_set_new(j, "messages", messages(out, r, &o->details, o, where)) != 0)) {
		json_decref(j);
		j = NULL;
	}
	return j;
}

static json_t *objects_json(struct job_reports *out, const struct job_report *r, const struct error_where *where)
{
	json_t *list = json_array();

	for (size_t i = 0; i < r->n && list != NULL && out->objects < JOB_OBJECTS_MAX && out->bytes < JOB_TEXT_MAX; i++, out->objects++)
		if (json_array_append_new(list, object_json(out, r, &r->objects[i], where)) != 0) {
			json_decref(list);
			list = NULL;
		}
	return list;
}

/* `Alarm: Job state`: an alarm has a name, but no job. */
static json_t *type_json(const struct job_report *r)
{
	char line[JOB_VALUE_MAX + 1];

	if (r->alarm.len == 0)
		return text_json(&r->type);
	oneline(line, sizeof line, r->alarm.s, r->alarm.len, ONELINE_CP1252);
	return json_sprintf("Alarm: %s", line);
}

static json_t *count_json(const struct job_report *r, unsigned n)
{
	return r->has_processed ? json_integer((json_int_t)n) : json_null();
}

int job_report_found(struct job_reports *out, const struct job_report *r, const struct error_where *where)
{
	json_t *o, *details;

	if (out->list == NULL && (out->list = json_array()) == NULL)
		return VG_ERR_MEMORY;
	if (json_array_size(out->list) >= JOB_REPORTS_MAX)
		return VG_OK;
	o = json_pack("{s:s?, s:o, s:o, s:s?, s:o, s:o}", "attachment", where->attachment, "type", type_json(r), "job",
	    text_json(&r->name), "status", job_status_name(r->status), "processed", count_json(r, r->processed), "total",
	    count_json(r, r->total));
	if (o == NULL || json_array_append(out->list, o) != 0) {
		json_decref(o);
		return VG_ERR_MEMORY;
	}
	json_decref(o);
	/* The objects' own errors come before the job's, which repeat them. */
	if (add_values(o, r, r->value, true) != 0 || json_object_set_new(o, "objects", objects_json(out, r, where)) != 0)
		return VG_ERR_MEMORY;
	details = messages(out, r, &r->details, NULL, where);
	return json_object_set_new(o, "messages", details) == 0 ? VG_OK : VG_ERR_MEMORY;
}

void job_reports_free(struct job_reports *r)
{
	json_decref(r->list);
	r->list = NULL;
}

const char *job_reports_job(const struct job_reports *r)
{
	const char *first = NULL;
	size_t i;
	json_t *o;

	json_array_foreach(r->list, i, o) {
		const char *job = json_string_value(json_object_get(o, "job"));
		const char *status = json_string_value(json_object_get(o, "status"));

		if (job != NULL && status != NULL && strcmp(status, "failed") == 0)
			return job;
		if (first == NULL)
			first = job;
	}
	return first;
}
