/*
 * job_report.c - parser worker; text of hostile mails. Reads job reports out of lines whose cells were parted by bars, tabs,
 * blanks or line ends: a title, the session's labels and values, a table of objects. Each line is read once. Called by
 * inspect.c and the message assembly.
 */
#include "job_report.h"

#include <stdlib.h>
#include <string.h>

#include "ascii.h"
#include "err.h"
#include "job_report_private.h"
#include "products.h"

#define PATIENCE 12         /* lines between title and the first label */
#define LABELS_LEAST 3      /* so many values make a report of what only looks like a title */

static void forget(struct job_reader *rd)
{
	job_report_clear(&rd->r);
	rd->state = JOB_IDLE;
	rd->understood = rd->waiting = 0;
	rd->pending = JOB_NONE;
	rd->pending_word = JOB_NO_STATUS;
	rd->columns = rd->cell = 0;
	rd->vertical = rd->open = rd->blank = false;
	rd->from = rd->to = NULL;
}

static bool is_report(const struct job_reader *rd)
{
	return rd->state == JOB_ROWS ? rd->r.n > 0 || rd->understood >= LABELS_LEAST : rd->understood >= LABELS_LEAST;
}

/* Ends the report that is open, if it is one. */
static void finish(struct job_reader *rd)
{
	if (rd->state != JOB_IDLE && is_report(rd) && rd->err == VG_OK) {
		if (rd->r.status == JOB_NO_STATUS)
			rd->r.status = rd->r.worst;
		rd->err = job_report_found(rd->out, &rd->r, rd->where);
		for (char *p = rd->from; p != NULL && p < rd->to; p++)
			if (*p != '\n')
				*p = ' ';
	}
	forget(rd);
}

/* The line belongs to the report. */
static void understand(struct job_reader *rd, char *end)
{
	rd->waiting = 0;
	rd->to = end;
}

/* ---- the session ---- */

static void set_value(struct job_reader *rd, enum job_value v, struct job_text t)
{
	if (v < JOB_VALUES && rd->r.value[v].len == 0)
		rd->r.value[v] = t;
	rd->understood++;
	rd->pending = JOB_NONE;
}

/* A label, and its value where that stands in the same cell. */
static bool take_label(struct job_reader *rd, struct job_text *cell)
{
	enum job_value v;
	size_t n = job_label(cell->s, cell->len, &v);

	if (n == 0)
		return false;
	job_skip(cell, n);
	rd->pending = v;
	if (v == JOB_OTHER && cell->len > 0) {
		rd->pending = JOB_NONE;
		cell->len = 0;
	}
	return true;
}

static bool take_value(struct job_reader *rd, struct job_text *cell)
{
	enum job_value v = rd->pending;
	size_t n = v < JOB_VALUES ? job_value(cell->s, cell->len, v) : 0;

	rd->pending = JOB_NONE;
	if (v == JOB_OTHER) {
		cell->len = 0;
		return true;
	}
	if (n == 0)
		return false;
	set_value(rd, v, (struct job_text){cell->s, n});
	n += job_remark(cell->s + n, cell->len - n);
	job_skip(cell, n);
	return true;
}

/* How many objects ended so: the worst of them is the job's state where no title says it. */
static void note_count(struct job_reader *rd, enum job_status st, unsigned count)
{
	if (count > 0 && st <= JOB_FAILED && st > rd->r.worst)
		rd->r.worst = st;
}

/* `Success | 2` is a count, `Success` alone the state of the job. */
static bool take_state(struct job_reader *rd, struct job_text *cell)
{
	struct job_text rest = *cell;
	enum job_status st;
	unsigned count;
	size_t n = job_word(cell->s, cell->len, &st), k;

	if (n == 0 || (n < cell->len && strchr(" \t*|", cell->s[n]) == NULL))
		return false;
	job_skip(&rest, n);
	if (rest.len == 0) {
		rd->pending_word = st;
		cell->len = 0;
		return true;
	}
	if ((k = job_count(rest.s, rest.len, &count)) == 0)
		return false;
	rd->understood++;
	note_count(rd, st, count);
	job_skip(&rest, k);
	*cell = rest;
	return true;
}

static void settle_word(struct job_reader *rd, struct job_text *cell)
{
	struct job_text rest = *cell;
	enum job_status st;
	enum job_value v;
	unsigned count;
	size_t n = cell->len > 0 ? job_count(cell->s, cell->len, &count) : 0;

	job_skip(&rest, n);
	/* "23 November" below a state is a date. */
	if (n > 0 && (rest.len == 0 || job_label(rest.s, rest.len, &v) > 0 || job_word(rest.s, rest.len, &st) > 0)) {
		rd->understood++;
		note_count(rd, rd->pending_word, count);
		*cell = rest;
	} else if (rd->r.status == JOB_NO_STATUS) {
		rd->r.status = rd->pending_word;
	}
	rd->pending_word = JOB_NO_STATUS;
}

static bool take_processed(struct job_reader *rd, struct job_text *cell)
{
	unsigned done, all;

	if (!job_processed(cell->s, cell->len, &done, &all))
		return false;
	rd->r.has_processed = true;
	rd->r.processed = done;
	rd->r.total = all;
	rd->understood++;
	cell->len = 0;
	return true;
}

/* Everything in one cell that can be told; true where something could. */
static bool take_cell(struct job_reader *rd, struct job_text *cell)
{
	bool any = false;
	int seconds;

	while (cell->len > 0) {
		if (rd->pending_word != JOB_NO_STATUS)
			settle_word(rd, cell);
		if (cell->len == 0)
			return true;
		if (rd->pending != JOB_NONE && take_value(rd, cell)) {
			any = true;
			continue;
		}
		if (take_processed(rd, cell) || take_state(rd, cell) || take_label(rd, cell)) {
			any = true;
			continue;
		}
		if (rd->r.day.year == 0 && job_day(cell->s, cell->len, &rd->r.day, &seconds)) {
			rd->r.seconds = seconds;
			cell->len = 0;
			return true;
		}
		return any;
	}
	return true;
}

/* A label that is not known to us: few words, and a number in the next cell. Moves behind both. */
static bool unknown_label(const struct job_text *cell, struct job_text *rest)
{
	struct job_text after = *rest, value;
	size_t words = 1;

	for (size_t i = 0; i < cell->len; i++) {
		words += cell->s[i] == ' ';
		if (!ascii_alpha(cell->s[i]) && cell->s[i] != ' ' && cell->s[i] != ':')
			return false;
	}
	if (words > 3 || !job_next_cell(&after, &value) || value.len == 0 || !ascii_digit(value.s[0]))
		return false;
	*rest = after;
	return true;
}

/* What stands in the session without a label is what the job has to say. */
static bool take_session(struct job_reader *rd, struct job_text line)
{
	struct job_text rest = line, cell;
	unsigned before = rd->understood;
	bool known = false, label = rd->pending != JOB_NONE || rd->pending_word != JOB_NO_STATUS;

	if (job_heads(rd, line)) {
		rd->state = rd->vertical ? JOB_HEAD : JOB_ROWS;
		rd->understood += rd->vertical ? 0 : LABELS_LEAST;
		return true;
	}
	while (rest.len > 0 && job_next_cell(&rest, &cell)) {
		struct job_text was = cell;

		if (take_cell(rd, &cell)) {
			known = true;
			if (cell.len == 0)
				continue;
		}
		was = cell;
		if (rd->understood > 0 && unknown_label(&was, &rest)) {
			known = true;
			continue;
		}
		if (ascii_is(was.s, was.len, "details") || ascii_starts(was.s, was.len, "created by ")) {
			known = true;
			continue;
		}
		if (rd->understood == 0)
			continue;
		was.len = (size_t)(line.s + line.len - was.s);
		/* A cell of text reaches to the end of its line; labels do not follow it. */
		if (rd->blank && !known && !label && rd->understood == before && !ascii_starts(was.s, was.len, "error:") &&
		    !ascii_starts(was.s, was.len, "warning:"))
			return false;
		job_details(rd, &rd->r.details, was);
		return !job_foreign(&was);
	}
	return known || label || !is_report(rd);
}

/* Heads that come one a line. */
static bool take_head(struct job_reader *rd, struct job_text line)
{
	size_t before = rd->columns;

	job_read_heads(rd, &line);
	if (line.len == 0 && rd->columns > before)
		return true;
	if (!job_heads_done(rd)) {
		rd->state = JOB_SESSION;
		return take_session(rd, line);
	}
	rd->state = JOB_ROWS;
	rd->understood += LABELS_LEAST;
	return job_row(rd, line);
}

/* ---- lines ---- */

static bool begin_report(struct job_reader *rd, struct job_text line, char *from)
{
	struct job_text rest = line, cell, type, name;

	if (!job_next_cell(&rest, &cell))
		return false;
	if (job_title(cell.s, cell.len, &type.s, &type.len, &name.s, &name.len)) {
		finish(rd);
		rd->state = JOB_SESSION;
		rd->r.type = type;
		rd->r.name = name;
		rd->from = from;
		while (job_next_cell(&rest, &cell))
			take_cell(rd, &cell);
		return true;
	}
	/* A table without its title. */
	if (rd->state == JOB_IDLE && job_heads(rd, line) && job_heads_done(rd) && rd->columns >= 5) {
		rd->state = JOB_ROWS;
		rd->from = from;
		return true;
	}
	return false;
}

static void take_footer(struct job_reader *rd, const struct job_text *line)
{
	struct log_facts *facts = rd->out->facts;
	const char *name;
	char version[32];

	product_find(line->s, line->len, &name, version, sizeof version);
	if (facts == NULL || name == NULL || facts->product[0] != '\0' || strlen(name) >= sizeof facts->product)
		return;
	memcpy(facts->product, name, strlen(name) + 1);
	memcpy(facts->version, version, sizeof facts->version);
}

/* A quick look at what cannot begin a report: no title, no table's head. */
static bool may_begin(const struct job_text *line)
{
	char c = ascii_fold(line->s[0]);

	if (c == 'n' || c == 'v' || c == 'm' || c == 'o') /* of the heads that name an object */
		return true;
	return ascii_upper(line->s[0]) && job_may_title(line->s, line->len);
}

static void take_line(struct job_reader *rd, struct job_text line, char *from, char *end)
{
	bool in = false;

	if (rd->state == JOB_IDLE && !may_begin(&line))
		return;
	if (begin_report(rd, line, from)) {
		understand(rd, end);
		return;
	}
	if (rd->state == JOB_IDLE)
		return;
	if (job_footer(line.s, line.len) && is_report(rd)) {
		take_footer(rd, &line);
		understand(rd, end);
		finish(rd);
		return;
	}
	if (rd->state == JOB_SESSION)
		in = take_session(rd, line);
	else if (rd->state == JOB_HEAD)
		in = take_head(rd, line);
	else
		in = job_row(rd, line);
	if (in && (rd->understood > 0 || rd->state != JOB_SESSION))
		understand(rd, end);
	else if (in)
		rd->waiting++;
	if (!in || rd->waiting > PATIENCE)
		finish(rd);
	rd->blank = false;
}

int job_reports_scan(struct job_reports *r, char *text, size_t len, const struct error_where *where)
{
	struct job_reader rd = {.out = r, .where = where};
	const char *at = text, *end = text + len;
	struct job_text line;

	forget(&rd);
	while (rd.err == VG_OK && ascii_line(&at, end, &line.s, &line.len)) {
		char *from = text + (line.s - text), *to = from + line.len;

		rd.number++;
		if (line.len > JOB_LINE_READ)
			line.len = JOB_LINE_READ;
		job_strip(&line);
		if (line.len == 0)
			rd.blank = true;
		else
			take_line(&rd, line, from, to);
	}
	finish(&rd);
	job_rows_scan(r, text, len, where);
	return rd.err == VG_OK ? job_alarms_scan(r, text, len, where) : rd.err;
}
