/*
 * job_report_table.c - parser worker; text of hostile mails. The cells of a line, and the table of objects in a job report: its
 * heads, its rows, and what a mail client made of them. Called by job_report.c.
 */
#include <stdlib.h>
#include <string.h>

#include "ascii.h"
#include "err.h"
#include "job_report_private.h"

#define COLUMNS_LEAST 3
#define NAME_MAX_READ 200

/* ---- cells ---- */

/* Takes marks of quoting, bold face and tables off both ends. */
void job_strip(struct job_text *t)
{
	/* NUL counts as a mark. */
	static const unsigned char front[256] = {['*'] = 1, ['|'] = 1, ['>'] = 1, ['\0'] = 1}, back[256] = {['*'] = 1, ['|'] = 1, ['\0'] = 1};

	for (;;) {
		size_t before = t->len;

		ascii_trim(&t->s, &t->len);
		while (t->len > 0 && front[(unsigned char)t->s[0]] != 0) {
			t->s++;
			t->len--;
		}
		while (t->len > 0 && back[(unsigned char)t->s[t->len - 1]] != 0)
			t->len--;
		if (t->len >= 2 && memcmp(t->s, "\xc2\xa0", 2) == 0) {
			t->s += 2;
			t->len -= 2;
		}
		if (t->len == before)
			return;
	}
}

/* Where the cell at s ends: a bar between blanks, a tab, two blanks. */
static size_t job_cell_end(const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (s[i] == '\t' || (s[i] == ' ' && i + 1 < len && s[i + 1] == ' '))
			return i;
		if (s[i] == '|' && (i == 0 || ascii_blank(s[i - 1])) && (i + 1 == len || ascii_blank(s[i + 1])))
			return i;
	}
	return len;
}

/* The next cell of rest, which moves behind it. False: none. */
bool job_next_cell(struct job_text *rest, struct job_text *cell)
{
	size_t n;

	job_strip(rest);
	if (rest->len == 0)
		return false;
	n = job_cell_end(rest->s, rest->len);
	*cell = (struct job_text){rest->s, n};
	rest->s += n;
	rest->len -= n;
	job_strip(cell);
	return true;
}

void job_skip(struct job_text *t, size_t n)
{
	t->s += n;
	t->len -= n;
	job_strip(t);
}

/* ---- the table ---- */

/* Reads heads of columns; what is left in rest is no head. */
void job_read_heads(struct job_reader *rd, struct job_text *rest)
{
	enum job_value v;
	size_t n;

	for (;;) {
		job_strip(rest);
		n = rest->len > 0 ? job_column(rest->s, rest->len, &v) : 0;
		if (n == 0 || rd->columns == JOB_COLUMNS_MAX)
			return;
		rd->column[rd->columns++] = v;
		job_skip(rest, n);
	}
}

static bool has_column(const struct job_reader *rd, enum job_value v)
{
	for (size_t i = 0; i < rd->columns; i++)
		if (rd->column[i] == v)
			return true;
	return false;
}

bool job_heads_done(const struct job_reader *rd)
{
	return rd->columns >= COLUMNS_LEAST && rd->column[0] == JOB_NAME && has_column(rd, JOB_STATUS);
}

/* A line that begins the table's head: `Name | Status | …`, or `Name` alone. */
bool job_heads(struct job_reader *rd, struct job_text line)
{
	enum job_value v;
	size_t n = job_column(line.s, line.len, &v);

	if (n == 0 || v != JOB_NAME || (n < line.len && !ascii_blank(line.s[n]) && strchr("*|", line.s[n]) == NULL))
		return false;
	rd->columns = 0;
	job_read_heads(rd, &line);
	/* A sentence that begins with one of the words. */
	if (line.len > 0 && !job_heads_done(rd))
		return false;
	if (rd->columns > 1 && !job_heads_done(rd))
		return false;
	rd->vertical = rd->columns == 1;
	rd->open = false;
	return true;
}

static bool more_heads(struct job_reader *rd, struct job_text line)
{
	size_t before = rd->columns;

	job_read_heads(rd, &line);
	if (line.len == 0 && rd->columns > before)
		return true;
	rd->columns = before;
	return false;
}

static struct job_object *add_object(struct job_reader *rd, struct job_text name, enum job_status status)
{
	struct job_report *r = &rd->r;

	if (r->n == JOB_OBJECTS_MAX)
		return NULL;
	if (r->n == r->room) {
		size_t room = r->room == 0 ? 16 : r->room * 2;
		struct job_object *list = realloc(r->objects, room * sizeof *list);

		if (list == NULL) {
			rd->err = VG_ERR_MEMORY;
			return NULL;
		}
		r->objects = list;
		r->room = room;
	}
	r->objects[r->n] = (struct job_object){.name = name, .status = status};
	return &r->objects[r->n++];
}

static struct job_object *last_object(struct job_reader *rd)
{
	return rd->open && rd->r.n > 0 ? &rd->r.objects[rd->r.n - 1] : NULL;
}

void job_details(struct job_reader *rd, struct job_lines *to, struct job_text t)
{
	job_strip(&t);
	if (t.len > 0 && !job_lines_add(to, t, rd->number))
		rd->err = VG_ERR_MEMORY;
}

/* Gives an object what the line still holds, column by column; the rest is details. */
static void fill(struct job_reader *rd, struct job_object *o, struct job_text rest)
{
	for (; rd->cell < rd->columns && rest.len > 0; rd->cell++) {
		enum job_value v = rd->column[rd->cell];
		size_t n = v < JOB_VALUES ? job_value(rest.s, rest.len, v) : v == JOB_OTHER ? job_cell_end(rest.s, rest.len) : 0;

		if (v == JOB_DETAILS || (v == JOB_OTHER && n == rest.len && !rd->vertical))
			break;
		if (v < JOB_VALUES && n > 0)
			o->value[v] = (struct job_text){rest.s, n};
		if (v < JOB_VALUES && n > 0)
			n += job_remark(rest.s + n, rest.len - n);
		job_skip(&rest, n);
		/* One cell a line. */
		if (rd->vertical && n > 0) {
			rd->cell++;
			return;
		}
	}
	job_details(rd, &o->details, rest);
}

/* Where a state stands as a cell of its own, or between blanks with a value behind it; the name ends there. */
static const char *find_state(const struct job_text *line, enum job_status *st, size_t *n)
{
	size_t most = line->len < NAME_MAX_READ ? line->len : NAME_MAX_READ;

	for (size_t i = 1; i < most; i++) {
		const char *s = line->s + i;
		size_t left = line->len - i, gap;
		bool barred;

		if (!ascii_upper(s[0]) || strchr(" \t|*", s[-1]) == NULL || (*n = job_word(s, left, st)) == 0)
			continue;
		barred = i >= 2 && (s[-1] == '\t' || (strchr("|* ", s[-2]) != NULL));
		for (gap = *n; gap < left && strchr(" \t|*", s[gap]) != NULL; gap++)
			;
		if (barred && (gap == left || gap > *n + 1 || s[*n] == '\t'))
			return s;
		if (gap < left && (job_value(s + gap, left - gap, JOB_START) > 0 || job_value(s + gap, left - gap, JOB_TOTAL_SIZE) > 0))
			return s;
	}
	return NULL;
}

/* `VM01 | Failed | …`: a new object. */
static bool begin_row(struct job_reader *rd, struct job_text line)
{
	enum job_status st;
	struct job_object *o;
	struct job_text name = {line.s, 0}, first, after;
	size_t n = 0;
	const char *at = find_state(&line, &st, &n);

	if (at == NULL)
		return false;
	name.len = (size_t)(at - line.s);
	job_strip(&name);
	after = name;
	/* Columns between name and state are other things of the object. */
	if (name.len == 0 || !job_next_cell(&after, &first))
		return false;
	if ((o = add_object(rd, first, st)) == NULL)
		return rd->err == VG_OK;
	rd->open = true;
	for (rd->cell = 0; rd->cell < rd->columns && rd->column[rd->cell] != JOB_STATUS; rd->cell++)
		;
	rd->cell++;
	job_skip(&line, (size_t)(at - line.s) + n);
	fill(rd, o, line);
	return true;
}

/* One cell a line: a state alone makes the line before it a name. */
static bool begin_vertical(struct job_reader *rd, struct job_text line)
{
	struct job_object *o = last_object(rd);
	struct job_lines *held = o != NULL ? &o->details : &rd->r.details;
	enum job_status st;
	struct job_text name;

	if (job_word(line.s, line.len, &st) != line.len || held->n == 0 || held->list[held->n - 1].number + 3 < rd->number)
		return false;
	name = held->list[--held->n].text;
	if (add_object(rd, name, st) != NULL) {
		rd->open = true;
		for (rd->cell = 0; rd->cell < rd->columns && rd->column[rd->cell] != JOB_STATUS; rd->cell++)
			;
		rd->cell++;
	}
	return true;
}

/* Words with which people go on below a report. */
bool job_foreign(const struct job_text *line)
{
	static const char *const starts[] = {"from:", "von:", "de:", "-- ", "--", "regards", "best regards", "kind regards", "thanks",
	    "mit freundlichen", "cordialement", "please", "we ", "i ", "could you", "can you", "hello", "hi ", "________"};

	return ascii_starts_any(line->s, line->len, starts, ASCII_COUNT(starts));
}

/* A line of the table. False: it does not belong to the report any more. */
bool job_row(struct job_reader *rd, struct job_text line)
{
	struct job_object *o;

	if (job_heads(rd, line))
		return true;
	/* The line of heads was wrapped. */
	if (!rd->open && more_heads(rd, line))
		return true;
	if (begin_row(rd, line))
		return true;
	if (rd->vertical && begin_vertical(rd, line))
		return true;
	if ((rd->blank && !rd->vertical) || job_foreign(&line))
		return false;
	o = last_object(rd);
	if (o != NULL)
		fill(rd, o, line);
	else if (rd->vertical)
		job_details(rd, &rd->r.details, line);
	return o != NULL || rd->vertical;
}
