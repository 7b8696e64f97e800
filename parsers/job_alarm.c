/*
 * job_alarm.c - parser worker; text of hostile mails. Alarms that the monitoring products mail: a list of labels and values. Called
 * by job_report.c, on what no job report took.
 */
#include <string.h>

#include "ascii.h"
#include "err.h"
#include "job_report_private.h"

#define GAP_MOST 6 /* lines without a label within an alarm */

enum label { ALARM, STATUS, OBJECT, TIME, DETAILS, OTHER, LABELS };

struct alarm {
	struct job_reports *out;
	const struct error_where *where;
	struct job_text value[LABELS];
	uint64_t line[LABELS];
	enum label pending; /* its value may stand in the next line; LABELS: none */
	struct job_lines details;
	struct job_text lone; /* a state alone in its line, above or below the alarm's name */
	uint64_t lone_line;
	unsigned gap;
	char *from, *to;
	uint64_t number;
	int err;
};

static enum label label_of(const char *s, size_t len)
{
	static const struct {
		const char *text;
		enum label label;
	} table[] = {
	    {"alarm name", ALARM}, {"alarm", ALARM}, {"triggered alarm", ALARM}, {"alert", ALARM}, {"status", STATUS},
	    {"new status", STATUS}, {"alarm status", STATUS}, {"current status", STATUS}, {"severity", STATUS},
	    {"alarm severity", STATUS}, {"object", OBJECT}, {"affected object", OBJECT}, {"object name", OBJECT}, {"computer", OBJECT},
	    {"computer name", OBJECT}, {"managed computer", OBJECT}, {"alarm object", OBJECT}, {"infrastructure object", OBJECT},
	    {"time", TIME}, {"triggered", TIME}, {"triggered at", TIME}, {"triggered time", TIME}, {"date", TIME}, {"alarm time", TIME},
	    {"timestamp", TIME}, {"details", DETAILS}, {"summary", DETAILS}, {"description", DETAILS}, {"message", DETAILS},
	    {"alarm details", DETAILS}, {"event details", DETAILS}, {"previous status", OTHER}, {"old status", OTHER},
	    {"object type", OTHER}, {"node type", OTHER}, {"type", OTHER}, {"company", OTHER}, {"company name", OTHER}, {"location", OTHER},
	    {"source", OTHER}, {"server", OTHER}, {"site", OTHER}, {"backup server", OTHER}, {"knowledge", OTHER}, {"cause", OTHER},
	    {"resolution", OTHER}, {"comment", OTHER}, {"repeat count", OTHER}, {"external", OTHER}, {"data source", OTHER},
	};

	for (size_t i = 0; i < ASCII_COUNT(table); i++)
		if (ascii_is(s, len, table[i].text))
			return table[i].label;
	return LABELS;
}

static enum job_status state_of(const struct job_text *t)
{
	static const char *const bad[] = {"error", "critical", "failed"}, *const good[] = {"resolved", "healthy", "info", "ok", "success"};
	const char *s = t->s;

	if (ascii_word_at(s, t->len, bad, ASCII_COUNT(bad)) < ASCII_COUNT(bad))
		return JOB_FAILED;
	if (ascii_word_at(s, t->len, good, ASCII_COUNT(good)) < ASCII_COUNT(good))
		return JOB_SUCCESS;
	return ascii_starts(s, t->len, "warning") ? JOB_WARNING : JOB_NO_STATUS;
}

static bool is_alarm(const struct alarm *a)
{
	return a->value[ALARM].len > 0 && a->value[STATUS].len > 0 && state_of(&a->value[STATUS]) != JOB_NO_STATUS &&
	    a->value[OBJECT].len > 0 && (a->value[TIME].len > 0 || a->details.n > 0);
}

static void reset(struct alarm *a)
{
	struct job_report none = {.details = a->details};

	job_report_clear(&none);
	memset(a->value, 0, sizeof a->value);
	a->details = (struct job_lines){NULL, 0};
	a->pending = LABELS;
	a->gap = 0;
	a->from = a->to = NULL;
}

static void finish(struct alarm *a)
{
	struct job_object object = {.name = a->value[OBJECT], .status = state_of(&a->value[STATUS]), .details = a->details};
	struct job_report r = {.type = {"Alarm", 5}, .alarm = a->value[ALARM], .status = object.status, .objects = &object, .n = 1};

	if (a->from != NULL && is_alarm(a) && a->err == VG_OK) {
		r.value[JOB_START] = object.value[JOB_START] = a->value[TIME];
		a->err = job_report_found(a->out, &r, a->where);
		for (char *p = a->from; p < a->to; p++)
			if (*p != '\n')
				*p = ' ';
	}
	reset(a);
}

static void add_details(struct alarm *a, struct job_text t)
{
	if (t.len > 0 && !job_lines_add(&a->details, t, a->number))
		a->err = VG_ERR_MEMORY;
}

static void set(struct alarm *a, enum label l, struct job_text t)
{
	if (l == DETAILS)
		add_details(a, t);
	else if (a->value[l].len == 0)
		a->value[l] = t;
}

/* `Object: srv01`, `Object | srv01`, or `Object` with its value in the next line. LABELS: none. */
static enum label split(struct job_text line, struct job_text *value)
{
	const char *colon = memchr(line.s, ':', line.len < 40 ? line.len : 40);
	struct job_text cell, rest = line;
	enum label l;

	if (!job_next_cell(&rest, &cell))
		return LABELS;
	if (cell.len > 0 && cell.s[cell.len - 1] == ':')
		cell.len--;
	if ((l = label_of(cell.s, cell.len)) != LABELS) {
		job_strip(&rest);
		*value = rest;
		return l;
	}
	if (colon == NULL)
		return LABELS;
	cell = (struct job_text){line.s, (size_t)(colon - line.s)};
	job_strip(&cell);
	*value = (struct job_text){colon + 1, line.len - (size_t)(colon + 1 - line.s)};
	job_strip(value);
	return label_of(cell.s, cell.len);
}

static void take_line(struct alarm *a, struct job_text line, char *from, char *to)
{
	struct job_text value = {NULL, 0};
	enum label l = split(line, &value);
	enum job_status st;

	if (l == ALARM && a->value[ALARM].len > 0)
		finish(a);
	if (l == ALARM && a->lone.len > 0 && a->lone_line + 3 >= a->number)
		a->value[STATUS] = a->lone;
	if (l == LABELS && job_word(line.s, line.len, &st) == line.len) {
		a->lone = line;
		a->lone_line = a->number;
	}
	if (l != LABELS) {
		if (a->from == NULL)
			a->from = from;
		a->gap = 0;
		a->pending = value.len > 0 && l != DETAILS ? LABELS : l;
		if (value.len > 0)
			set(a, l, value);
		a->to = to;
		return;
	}
	if (a->from == NULL)
		return;
	if (a->pending != LABELS && !job_foreign(&line)) {
		set(a, a->pending, line);
		a->pending = a->pending == DETAILS ? DETAILS : LABELS;
		a->to = to;
		return;
	}
	if (++a->gap > GAP_MOST || job_foreign(&line))
		finish(a);
}

int job_alarms_scan(struct job_reports *out, char *text, size_t len, const struct error_where *where)
{
	struct alarm a = {.out = out, .where = where, .pending = LABELS};
	const char *at = text, *end = text + len;
	struct job_text line;

	/* Most mails speak of none. */
	if (ascii_find(text, len, "alarm") == NULL && ascii_find(text, len, "alert") == NULL)
		return VG_OK;
	while (a.err == VG_OK && ascii_line(&at, end, &line.s, &line.len)) {
		char *from = text + (line.s - text), *to = from + line.len;

		a.number++;
		if (line.len > JOB_LINE_READ)
			line.len = JOB_LINE_READ;
		job_strip(&line);
		if (line.len > 0)
			take_line(&a, line, from, to);
		else if (a.pending == DETAILS && a.details.n > 0)
			a.pending = LABELS;
	}
	finish(&a);
	return a.err;
}
