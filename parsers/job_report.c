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

#define LINE_MAX_READ 4000  /* bytes of one line that are looked at */
#define PATIENCE 12         /* lines between title and the first label */
#define LABELS_LEAST 3      /* so many values make a report of what only looks like a title */
#define COLUMNS_MAX 16
#define COLUMNS_LEAST 3
#define NAME_MAX_READ 200

enum state {
	IDLE,
	SESSION, /* behind a title */
	HEAD,    /* within the heads of the table's columns */
	ROWS
};

struct reader {
	struct job_reports *out;
	const struct error_where *where;
	enum state state;
	struct job_report r;
	int err;
	unsigned understood;         /* labels and heads of this report */
	unsigned waiting;            /* lines since something was understood */
	enum job_value pending;      /* a label whose value may follow in the next cell */
	enum job_status pending_word;
	enum job_value column[COLUMNS_MAX];
	size_t columns;
	bool vertical;               /* every cell is a line of its own */
	size_t cell;                 /* the open object's next column */
	bool open;                   /* an object takes lines */
	bool blank;                  /* an empty line came */
	uint64_t number;
	char *from, *to;             /* the lines of this report, to be blanked */
};

static void forget(struct reader *rd)
{
	job_report_clear(&rd->r);
	rd->state = IDLE;
	rd->understood = rd->waiting = 0;
	rd->pending = JOB_NONE;
	rd->pending_word = JOB_NO_STATUS;
	rd->columns = rd->cell = 0;
	rd->vertical = rd->open = rd->blank = false;
	rd->from = rd->to = NULL;
}

static bool is_report(const struct reader *rd)
{
	return rd->state == ROWS ? rd->r.n > 0 || rd->understood >= LABELS_LEAST : rd->understood >= LABELS_LEAST;
}

/* Ends the report that is open, if it is one. */
static void finish(struct reader *rd)
{
	if (rd->state != IDLE && is_report(rd) && rd->err == VG_OK) {
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
static void understand(struct reader *rd, char *end)
{
	rd->waiting = 0;
	rd->to = end;
}

/* ---- cells ---- */

/* Takes marks of quoting, bold face and tables off both ends. */
static void strip(struct job_text *t)
{
	for (;;) {
		size_t before = t->len;

		ascii_trim(&t->s, &t->len);
		while (t->len > 0 && strchr("*|>", t->s[0]) != NULL) {
			t->s++;
			t->len--;
		}
		while (t->len > 0 && strchr("*|", t->s[t->len - 1]) != NULL)
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
static size_t cell_end(const char *s, size_t len)
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
static bool next_cell(struct job_text *rest, struct job_text *cell)
{
	size_t n;

	strip(rest);
	if (rest->len == 0)
		return false;
	n = cell_end(rest->s, rest->len);
	*cell = (struct job_text){rest->s, n};
	rest->s += n;
	rest->len -= n;
	strip(cell);
	return true;
}

static void skip(struct job_text *t, size_t n)
{
	t->s += n;
	t->len -= n;
	strip(t);
}

/* ---- the table ---- */

/* Reads heads of columns; what is left in rest is no head. */
static void read_heads(struct reader *rd, struct job_text *rest)
{
	enum job_value v;
	size_t n;

	for (;;) {
		strip(rest);
		n = rest->len > 0 ? job_column(rest->s, rest->len, &v) : 0;
		if (n == 0 || rd->columns == COLUMNS_MAX)
			return;
		rd->column[rd->columns++] = v;
		skip(rest, n);
	}
}

static bool has_column(const struct reader *rd, enum job_value v)
{
	for (size_t i = 0; i < rd->columns; i++)
		if (rd->column[i] == v)
			return true;
	return false;
}

static bool heads_done(const struct reader *rd)
{
	return rd->columns >= COLUMNS_LEAST && rd->column[0] == JOB_NAME && has_column(rd, JOB_STATUS);
}

/* A line that begins the table's head: `Name | Status | …`, or `Name` alone. */
static bool begin_heads(struct reader *rd, struct job_text line)
{
	enum job_value v;
	size_t n = job_column(line.s, line.len, &v);

	if (n == 0 || v != JOB_NAME || (n < line.len && !ascii_blank(line.s[n]) && strchr("*|", line.s[n]) == NULL))
		return false;
	rd->columns = 0;
	read_heads(rd, &line);
	/* A sentence that begins with one of the words. */
	if (line.len > 0 && !heads_done(rd))
		return false;
	if (rd->columns > 1 && !heads_done(rd))
		return false;
	rd->vertical = rd->columns == 1;
	rd->open = false;
	return true;
}

static struct job_object *add_object(struct reader *rd, struct job_text name, enum job_status status)
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

static struct job_object *last_object(struct reader *rd)
{
	return rd->open && rd->r.n > 0 ? &rd->r.objects[rd->r.n - 1] : NULL;
}

static void add_details(struct reader *rd, struct job_lines *to, struct job_text t)
{
	strip(&t);
	if (t.len > 0 && !job_lines_add(to, t, rd->number))
		rd->err = VG_ERR_MEMORY;
}

/* Gives an object what the line still holds, column by column; the rest is details. */
static void fill(struct reader *rd, struct job_object *o, struct job_text rest)
{
	for (; rd->cell < rd->columns && rest.len > 0; rd->cell++) {
		enum job_value v = rd->column[rd->cell];
		size_t n = v < JOB_VALUES ? job_value(rest.s, rest.len, v) : v == JOB_OTHER ? cell_end(rest.s, rest.len) : 0;

		if (v == JOB_DETAILS || (v == JOB_OTHER && n == rest.len && !rd->vertical))
			break;
		if (v < JOB_VALUES && n > 0)
			o->value[v] = (struct job_text){rest.s, n};
		skip(&rest, n);
		/* One cell a line. */
		if (rd->vertical && n > 0) {
			rd->cell++;
			return;
		}
	}
	add_details(rd, &o->details, rest);
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
static bool begin_row(struct reader *rd, struct job_text line)
{
	enum job_status st;
	struct job_object *o;
	struct job_text name = {line.s, 0}, first, after;
	size_t n = 0;
	const char *at = find_state(&line, &st, &n);

	if (at == NULL)
		return false;
	name.len = (size_t)(at - line.s);
	strip(&name);
	after = name;
	/* Columns between name and state are other things of the object. */
	if (name.len == 0 || !next_cell(&after, &first))
		return false;
	if ((o = add_object(rd, first, st)) == NULL)
		return rd->err == VG_OK;
	rd->open = true;
	for (rd->cell = 0; rd->cell < rd->columns && rd->column[rd->cell] != JOB_STATUS; rd->cell++)
		;
	rd->cell++;
	skip(&line, (size_t)(at - line.s) + n);
	fill(rd, o, line);
	return true;
}

/* One cell a line: a state alone makes the line before it a name. */
static bool begin_vertical(struct reader *rd, struct job_text line)
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
static bool is_foreign(const struct job_text *line)
{
	static const char *const starts[] = {"from:", "von:", "de:", "-- ", "--", "regards", "best regards", "kind regards", "thanks",
	    "mit freundlichen", "cordialement", "please", "we ", "i ", "could you", "can you", "hello", "hi ", "________"};

	return ascii_starts_any(line->s, line->len, starts, ASCII_COUNT(starts));
}

/* A line of the table. False: it does not belong to the report any more. */
static bool take_row(struct reader *rd, struct job_text line)
{
	struct job_object *o;

	if (begin_heads(rd, line))
		return true;
	if (begin_row(rd, line))
		return true;
	if (rd->vertical && begin_vertical(rd, line))
		return true;
	if ((rd->blank && !rd->vertical) || is_foreign(&line))
		return false;
	o = last_object(rd);
	if (o != NULL)
		fill(rd, o, line);
	else if (rd->vertical)
		add_details(rd, &rd->r.details, line);
	return o != NULL || rd->vertical;
}

/* ---- the session ---- */

static void set_value(struct reader *rd, enum job_value v, struct job_text t)
{
	if (v < JOB_VALUES && rd->r.value[v].len == 0)
		rd->r.value[v] = t;
	rd->understood++;
	rd->pending = JOB_NONE;
}

/* A label, and its value where that stands in the same cell. */
static bool take_label(struct reader *rd, struct job_text *cell)
{
	enum job_value v;
	size_t n = job_label(cell->s, cell->len, &v);

	if (n == 0)
		return false;
	skip(cell, n);
	rd->pending = v;
	if (v == JOB_OTHER && cell->len > 0) {
		rd->pending = JOB_NONE;
		cell->len = 0;
	}
	return true;
}

static bool take_value(struct reader *rd, struct job_text *cell)
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
	skip(cell, n);
	return true;
}

/* How many objects ended so: the worst of them is the job's state where no title says it. */
static void note_count(struct reader *rd, enum job_status st, unsigned count)
{
	if (count > 0 && st <= JOB_FAILED && st > rd->r.worst)
		rd->r.worst = st;
}

/* `Success | 2` is a count, `Success` alone the state of the job. */
static bool take_state(struct reader *rd, struct job_text *cell)
{
	enum job_status st;
	unsigned count;
	size_t n = job_word(cell->s, cell->len, &st), k;

	if (n == 0)
		return false;
	if (n == cell->len) {
		rd->pending_word = st;
		cell->len = 0;
		return true;
	}
	if (!ascii_blank(cell->s[n]) || (k = job_count(cell->s + n + 1, cell->len - n - 1, &count)) == 0)
		return false;
	rd->understood++;
	note_count(rd, st, count);
	skip(cell, n + 1 + k);
	return true;
}

static void settle_word(struct reader *rd, struct job_text *cell)
{
	unsigned count;
	size_t n = cell->len > 0 ? job_count(cell->s, cell->len, &count) : 0;

	if (n > 0) {
		rd->understood++;
		skip(cell, n);
		note_count(rd, rd->pending_word, count);
	} else if (rd->r.status == JOB_NO_STATUS) {
		rd->r.status = rd->pending_word;
	}
	rd->pending_word = JOB_NO_STATUS;
}

static bool take_processed(struct reader *rd, struct job_text *cell)
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
static bool take_cell(struct reader *rd, struct job_text *cell)
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

/* What stands in the session without a label is what the job has to say. */
static bool take_session(struct reader *rd, struct job_text line)
{
	struct job_text rest = line, cell;
	unsigned before = rd->understood;
	bool known = false, label = rd->pending != JOB_NONE || rd->pending_word != JOB_NO_STATUS;

	if (begin_heads(rd, line)) {
		rd->state = rd->vertical ? HEAD : ROWS;
		rd->understood += rd->vertical ? 0 : LABELS_LEAST;
		return true;
	}
	while (rest.len > 0 && next_cell(&rest, &cell)) {
		struct job_text was = cell;

		if (take_cell(rd, &cell)) {
			known = true;
			if (cell.len == 0)
				continue;
		}
		was = cell;
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
		add_details(rd, &rd->r.details, was);
		return !is_foreign(&was);
	}
	return known || label || !is_report(rd);
}

/* Heads that come one a line. */
static bool take_head(struct reader *rd, struct job_text line)
{
	size_t before = rd->columns;

	read_heads(rd, &line);
	if (line.len == 0 && rd->columns > before)
		return true;
	if (!heads_done(rd)) {
		rd->state = SESSION;
		return take_session(rd, line);
	}
	rd->state = ROWS;
	rd->understood += LABELS_LEAST;
	return take_row(rd, line);
}

/* ---- lines ---- */

static bool begin_report(struct reader *rd, struct job_text line, char *from)
{
	struct job_text rest = line, cell, type, name;

	if (!next_cell(&rest, &cell))
		return false;
	if (job_title(cell.s, cell.len, &type.s, &type.len, &name.s, &name.len)) {
		finish(rd);
		rd->state = SESSION;
		rd->r.type = type;
		rd->r.name = name;
		rd->from = from;
		while (next_cell(&rest, &cell))
			take_cell(rd, &cell);
		return true;
	}
	/* A table without its title. */
	if (rd->state == IDLE && begin_heads(rd, line) && heads_done(rd) && rd->columns >= 5) {
		rd->state = ROWS;
		rd->from = from;
		return true;
	}
	return false;
}

static void take_footer(struct reader *rd, const struct job_text *line)
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

static void take_line(struct reader *rd, struct job_text line, char *from, char *end)
{
	bool in = false;

	if (begin_report(rd, line, from)) {
		understand(rd, end);
		return;
	}
	if (rd->state == IDLE)
		return;
	if (job_footer(line.s, line.len) && is_report(rd)) {
		take_footer(rd, &line);
		understand(rd, end);
		finish(rd);
		return;
	}
	if (rd->state == SESSION)
		in = take_session(rd, line);
	else if (rd->state == HEAD)
		in = take_head(rd, line);
	else
		in = take_row(rd, line);
	if (in && (rd->understood > 0 || rd->state != SESSION))
		understand(rd, end);
	else if (in)
		rd->waiting++;
	if (!in || rd->waiting > PATIENCE)
		finish(rd);
	rd->blank = false;
}

int job_reports_scan(struct job_reports *r, char *text, size_t len, const struct error_where *where)
{
	struct reader rd = {.out = r, .where = where};
	const char *at = text, *end = text + len;
	struct job_text line;

	forget(&rd);
	while (rd.err == VG_OK && ascii_line(&at, end, &line.s, &line.len)) {
		char *from = text + (line.s - text), *to = from + line.len;

		rd.number++;
		if (line.len > LINE_MAX_READ)
			line.len = LINE_MAX_READ;
		strip(&line);
		if (line.len == 0)
			rd.blank = true;
		else
			take_line(&rd, line, from, to);
	}
	finish(&rd);
	return rd.err;
}
