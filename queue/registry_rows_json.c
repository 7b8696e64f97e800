/*
 * registry_rows_json.c - JSON lines, or one JSON document of any size, as rows of the registry. The document is not loaded: its
 * outer lists are walked byte by byte, and each object in them is parsed alone. Runs in the queue process, registry thread; the
 * bytes are an operator's and may be anything.
 */
#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "registry_rows.h"

#define PIECE 65536u

/* ---- JSON lines ---- */

static int
json_line(struct rows *r, uint64_t line, const char *text, size_t len)
{
	json_error_t why;
	json_t *obj;
	int err;

	while (len > 0 && strchr(" \t\r", text[len - 1]) != NULL)
		len--;
	if (len == 0)
		return VG_OK;
	if ((obj = json_loadb(text, len, JSON_REJECT_DUPLICATES, &why)) == NULL)
		return rows_bad(r, line, "", why.text);
	if (json_is_object(obj))
		err = rows_kind(r, line, obj);
	else
		err = rows_bad(r, line, "", "each line is one JSON object");
	json_decref(obj);
	return err;
}

/* Takes the whole lines out of b; a line without end in sight is dropped and named. */
static int
take_lines(struct rows *r, struct buf *b, uint64_t *line, bool *skip)
{
	const char *text = (const char *)b->data, *end;
	size_t at = 0;
	int err = VG_OK;

	while (err == VG_OK && at < b->len && (end = memchr(text + at, '\n', b->len - at)) != NULL) {
		if (!*skip)
			err = json_line(r, *line, text + at, (size_t)(end - text) - at);
		*skip = false;
		++*line;
		at = (size_t)(end - text) + 1;
	}
	buf_consume(b, at);
	if (err == VG_OK && b->len > REG_LINE_MAX) {
		if (!*skip)
			err = rows_bad(r, *line, "", "the line is too long");
		*skip = true;
		buf_reset(b);
	}
	return err;
}

int
rows_json_lines(struct rows *r)
{
	static _Thread_local char piece[PIECE];
	struct buf b;
	uint64_t off = 0, line = 1;
	bool skip = false;
	long n = 0;
	int err = VG_OK;

	buf_init(&b, REG_LINE_MAX + 2 * PIECE);
	while (err == VG_OK && (n = reg_source_read(r->source, off, piece, sizeof(piece))) > 0) {
		off += (uint64_t)n;
		if ((err = buf_add(&b, piece, (size_t)n)) == VG_OK)
			err = take_lines(r, &b, &line, &skip);
	}
	if (n < 0)
		err = (int)n;
	if (err == VG_OK && b.len > 0 && !skip)
		err = json_line(r, line, (const char *)b.data, b.len);
	buf_free(&b);
	return err;
}

/* ---- one document ---- */

struct scan {
	struct rows *rows;
	char piece[PIECE];
	size_t at, have;
	uint64_t off, line;
	int err;          /* of the source */
	struct buf value; /* the object being read */
};

/* The next byte, or -1 at the end and on an error. */
static int
peek(struct scan *s)
{
	if (s->at == s->have && s->err == VG_OK) {
		long n = reg_source_read(s->rows->source, s->off, s->piece, sizeof(s->piece));

		s->at = 0;
		s->have = n > 0 ? (size_t)n : 0;
		s->off += s->have;
		s->err = n < 0 ? (int)n : VG_OK;
	}
	return s->at < s->have ? (unsigned char)s->piece[s->at] : -1;
}

static int
next(struct scan *s)
{
	int c = peek(s);

	if (c >= 0)
		s->at++;
	s->line += c == '\n';
	return c;
}

static int
skip_space(struct scan *s)
{
	int c;

	while ((c = peek(s)) == ' ' || c == '\t' || c == '\r' || c == '\n')
		next(s);
	return c;
}

/* The byte c must stand here, white space before it passed over. */
static bool
expect(struct scan *s, int c)
{
	if (skip_space(s) != c)
		return false;
	next(s);
	return true;
}

/* One object, from '{' to its '}', into s->value: its bytes are json_loadb's to judge. A too large one is passed over. */
static int
take_object(struct scan *s, bool *too_long)
{
	unsigned depth = 0;
	bool quoted = false, escaped = false;
	int c;

	buf_reset(&s->value);
	*too_long = false;
	do {
		char ch;

		if ((c = next(s)) < 0)
			return s->err != VG_OK ? s->err : VG_ERR_SYNTAX;
		ch = (char)c;
		*too_long = *too_long || buf_add(&s->value, &ch, 1) != VG_OK;
		if (escaped)
			escaped = false;
		else if (quoted)
			escaped = c == '\\', quoted = c != '"';
		else if (c == '"')
			quoted = true;
		else if (c == '{' || c == '[')
			depth++;
		else if (c == '}' || c == ']')
			depth--;
	} while (depth > 0);
	return VG_OK;
}

static int
section_object(struct scan *s, int kind)
{
	uint64_t line = s->line;
	json_error_t why;
	bool too_long;
	json_t *obj;
	int err = take_object(s, &too_long);

	if (err != VG_OK)
		return err;
	if (too_long)
		return rows_bad(s->rows, line, "", "the object is too long");
	obj = json_loadb((const char *)s->value.data, s->value.len, JSON_REJECT_DUPLICATES, &why);
	if (obj == NULL)
		return rows_bad(s->rows, line, "", why.text);
	err = kind < 0 ? rows_kind(s->rows, line, obj) : rows_good(s->rows, line, kind, obj);
	json_decref(obj);
	return err;
}

/* A list of objects, '[' passed already. */
static int
section(struct scan *s, int kind)
{
	int err = VG_OK;

	if (expect(s, ']'))
		return VG_OK;
	do {
		if (skip_space(s) != '{')
			return VG_ERR_SYNTAX;
		if ((err = section_object(s, kind)) != VG_OK)
			return err;
	} while (expect(s, ','));
	return expect(s, ']') ? VG_OK : VG_ERR_SYNTAX;
}

/* The name of a list: VG_ERR_SYNTAX for any other. */
static int
section_kind(struct scan *s)
{
	static const char *const names[REG_KINDS] = { "partners", "contacts", "customers", "direct", "agents" };
	char name[16] = "";
	size_t n = 0;
	int c;

	if (!expect(s, '"'))
		return VG_ERR_SYNTAX;
	while ((c = next(s)) >= 0 && c != '"' && n < sizeof(name) - 1)
		name[n++] = (char)c;
	for (int i = 0; c == '"' && i < REG_KINDS; i++)
		if (strcmp(names[i], name) == 0 && expect(s, ':') && expect(s, '['))
			return i;
	return VG_ERR_SYNTAX;
}

static int
sections(struct scan *s)
{
	if (expect(s, '}'))
		return VG_OK;
	do {
		int kind = section_kind(s), err = kind < 0 ? kind : section(s, kind);

		if (err != VG_OK)
			return err;
	} while (expect(s, ','));
	return expect(s, '}') ? VG_OK : VG_ERR_SYNTAX;
}

static int
document(struct scan *s)
{
	int err;

	if (expect(s, '{'))
		err = sections(s);
	else
		err = expect(s, '[') ? section(s, -1) : VG_ERR_SYNTAX;
	if (err == VG_OK && skip_space(s) >= 0)
		err = VG_ERR_SYNTAX;
	return s->err != VG_OK ? s->err : err;
}

int
rows_json(struct rows *r)
{
	struct scan *s = calloc(1, sizeof(*s));
	int err;

	if (s == NULL)
		return VG_ERR_MEMORY;
	s->rows = r;
	s->line = 1;
	buf_init(&s->value, REG_LINE_MAX);
	/* The row function itself never answers VG_ERR_SYNTAX. */
	err = document(s);
	if (err == VG_ERR_SYNTAX)
		err = rows_bad(r, s->line, "", "the JSON breaks off or is malformed here; the document is an object with the lists "
		    "partners, contacts, customers, direct and agents, or one list of objects with a kind");
	buf_free(&s->value);
	free(s);
	return err;
}
