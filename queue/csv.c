/*
 * csv.c - reads and writes comma-separated values (registry import and export). Runs in the queue process;
 * the bytes come from an operator's file, and may be anything. Pure.
 */
#include "csv.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "err.h"

enum csv_state {
	CSV_START,    /* at the beginning of a field */
	CSV_PLAIN,
	CSV_QUOTED,
	CSV_QUOTE,    /* behind a quote inside quotes: the end, or the first half of "" */
	CSV_CR,       /* behind CR outside quotes: LF must follow */
	CSV_SKIP,     /* in a bad row, up to its line end */
	CSV_SKIP_ROW, /* in a row that is too large, outside quotes */
	CSV_SKIP_QUOTED
};

struct csv {
	enum csv_state state;
	char separator;       /* 0 while the first line has not shown it */
	bool quoted_any;      /* the row holds a quoted field: an empty line does not */
	unsigned bom;         /* bytes of the byte-order mark seen; 4: past the place for it */
	uint64_t line;        /* line we are on */
	uint64_t row_line;
	bool open;            /* a row has begun */
	int err;              /* of the row being passed over */
	const char *why;
	unsigned n;
	size_t start[CSV_FIELDS_MAX];
	size_t len;
	char row[CSV_ROW_MAX];
};

struct csv *
csv_new(void)
{
	struct csv *c = malloc(sizeof(*c));

	if (c == NULL)
		return NULL;
	memset(c, 0, offsetof(struct csv, row));
	c->line = c->row_line = 1;
	return c;
}

void
csv_free(struct csv **c)
{
	free(*c);
	*c = NULL;
}

static void
row_begin(struct csv *c)
{
	c->open = true;
	c->err = VG_OK;
	c->row_line = c->line;
	c->quoted_any = false;
	c->n = 1;
	c->start[0] = 0;
	c->len = 0;
	c->state = CSV_START;
}

static void
row_bad(struct csv *c, int err, const char *why)
{
	if (err == VG_ERR_LIMIT)
		c->state = c->state == CSV_QUOTED ? CSV_SKIP_QUOTED : CSV_SKIP_ROW;
	else
		c->state = CSV_SKIP;
	c->err = err;
	c->why = why;
}

static void
put(struct csv *c, char ch)
{
	/* One byte stays free for the last field's NUL. */
	if (ch == '\0')
		row_bad(c, VG_ERR_SYNTAX, "a NUL byte");
	else if (c->len + 1 >= CSV_ROW_MAX)
		row_bad(c, VG_ERR_LIMIT, "the row is too long");
	else
		c->row[c->len++] = ch;
}

static void
next_field(struct csv *c)
{
	if (c->n == CSV_FIELDS_MAX) {
		row_bad(c, VG_ERR_LIMIT, "too many columns");
	} else if (c->len + 1 >= CSV_ROW_MAX) {
		row_bad(c, VG_ERR_LIMIT, "the row is too long");
	} else {
		c->row[c->len++] = '\0';
		c->start[c->n++] = c->len;
		c->state = CSV_START;
	}
}

static bool
is_separator(struct csv *c, char ch)
{
	if (c->separator != 0)
		return ch == c->separator;
	if (ch != ',' && ch != ';' && ch != '\t')
		return false;
	c->separator = ch;
	return true;
}

/* Ends the row: 1 it is one, 0 an empty line, or what is wrong with it. */
static int
row_end(struct csv *c)
{
	int err = c->err;

	c->open = false;
	c->state = CSV_START;
	if (err != VG_OK)
		return err;
	c->row[c->len] = '\0';
	if (c->n == 1 && c->len == 0 && !c->quoted_any)
		return 0;
	if (c->separator == 0)
		c->separator = ',';
	return 1;
}

/* A character where a field begins, or goes on without quotes. */
static void
plain(struct csv *c, char ch)
{
	if (is_separator(c, ch)) {
		next_field(c);
	} else if (ch == '\r') {
		c->state = CSV_CR;
	} else if (ch == '"' && c->state == CSV_START) {
		c->quoted_any = true;
		c->state = CSV_QUOTED;
	} else if (ch == '"') {
		row_bad(c, VG_ERR_SYNTAX, "a quote inside a field that is not quoted");
	} else {
		c->state = CSV_PLAIN;
		put(c, ch);
	}
}

static void
behind_quote(struct csv *c, char ch)
{
	if (ch == '"') {
		c->state = CSV_QUOTED;
		put(c, ch);
	} else if (is_separator(c, ch)) {
		next_field(c);
	} else if (ch == '\r') {
		c->state = CSV_CR;
	} else {
		row_bad(c, VG_ERR_SYNTAX, "text behind a closing quote");
	}
}

static bool
ends_row(const struct csv *c, char ch)
{
	return ch == '\n' && c->state != CSV_QUOTED && c->state != CSV_SKIP_QUOTED;
}

static void
take(struct csv *c, char ch)
{
	switch (c->state) {
	case CSV_START:
	case CSV_PLAIN:
		plain(c, ch);
		break;
	case CSV_QUOTED:
		if (ch == '"')
			c->state = CSV_QUOTE;
		else
			put(c, ch);
		break;
	case CSV_QUOTE:
		behind_quote(c, ch);
		break;
	case CSV_CR:
		row_bad(c, VG_ERR_SYNTAX, "CR without LF");
		break;
	case CSV_SKIP:
		break;
	case CSV_SKIP_ROW:
	case CSV_SKIP_QUOTED:
		if (ch == '"')
			c->state = c->state == CSV_SKIP_ROW ? CSV_SKIP_QUOTED : CSV_SKIP_ROW;
		break;
	}
}

/* The byte-order mark EF BB BF at the very beginning: true while ch is part of it. A cut one stays text. */
static bool
in_bom(struct csv *c, char ch)
{
	static const char mark[3] = { '\xef', '\xbb', '\xbf' };

	if (c->bom < 3 && ch == mark[c->bom]) {
		c->bom++;
		return true;
	}
	if (c->bom < 3) {
		unsigned seen = c->bom;

		c->bom = 4;
		for (unsigned i = 0; i < seen; i++) {
			if (!c->open)
				row_begin(c);
			take(c, mark[i]);
		}
	}
	c->bom = 4;
	return false;
}

int
csv_feed(struct csv *c, const char *data, size_t n, size_t *used)
{
	for (size_t i = 0; i < n; i++) {
		char ch = data[i];
		int r;

		if (c->bom < 4 && in_bom(c, ch))
			continue;
		if (!c->open)
			row_begin(c);
		if (ch == '\n')
			c->line++;
		if (!ends_row(c, ch)) {
			take(c, ch);
			continue;
		}
		if ((r = row_end(c)) != 0) {
			*used = i + 1;
			return r;
		}
	}
	*used = n;
	return 0;
}

int
csv_end(struct csv *c)
{
	if (!c->open)
		return 0;
	if (c->state == CSV_QUOTED || c->state == CSV_SKIP_QUOTED)
		row_bad(c, VG_ERR_SYNTAX, "a quoted field without end");
	return row_end(c);
}

uint64_t
csv_line(const struct csv *c)
{
	return c->row_line;
}

unsigned
csv_fields(const struct csv *c)
{
	return c->n;
}

const char *
csv_field(const struct csv *c, unsigned i)
{
	return i < c->n ? c->row + c->start[i] : "";
}

const char *
csv_why(const struct csv *c)
{
	return c->why;
}

/* ---- writing ---- */

int
csv_put(struct buf *out, const char *field, int first)
{
	size_t len = strlen(field);
	int err = first ? VG_OK : buf_add(out, ",", 1);

	/* Space at an end is quoted too: some readers trim it. */
	if (err != VG_OK || len == 0)
		return err;
	if (strpbrk(field, ",;\"\r\n\t") == NULL && field[0] != ' ' && field[len - 1] != ' ')
		return buf_add(out, field, len);
	err = buf_add(out, "\"", 1);
	while (err == VG_OK && *field != '\0') {
		size_t n = strcspn(field, "\"");

		err = buf_add(out, field, n);
		if (err == VG_OK && field[n] == '"') {
			err = buf_add(out, "\"\"", 2);
			n++;
		}
		field += n;
	}
	return err == VG_OK ? buf_add(out, "\"", 1) : err;
}

int
csv_put_end(struct buf *out)
{
	return buf_add(out, "\r\n", 2);
}
