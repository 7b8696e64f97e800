/*
 * registry_rows.c - an import file as rows: CSV with a header line, JSON lines, or one JSON document. Runs in the queue
 * process, registry thread. The bytes are an operator's and may be anything; memory is bounded by one row, for a
 * document by REG_DOCUMENT_MAX.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "csv.h"
#include "err.h"
#include "registry_private.h"
#include "seal.h"

#define PIECE 65536u

long
reg_source_read(struct reg_source *s, uint64_t off, void *out, size_t n)
{
	if (off >= s->size)
		return 0;
	if (s->text == NULL)
		return seal_read(s->sealed, off, out, n);
	if (n > s->size - off)
		n = (size_t)(s->size - off);
	memcpy(out, s->text + off, n);
	return (long)n;
}

struct rows {
	struct reg_source *source;
	reg_row_fn *fn;
	void *arg;
	struct reg_fault fault;
	/* CSV */
	struct csv *csv;
	unsigned n_columns;
	char columns[CSV_FIELDS_MAX][32];
};

static int
bad_row(struct rows *r, uint64_t line, const char *item, const char *field, const char *text)
{
	struct reg_row row = { .line = line, .kind = -1, .fault = &r->fault };

	snprintf(row.item, sizeof(row.item), "%s", item);
	reg_fault_set(&r->fault, VG_ERR_SYNTAX, field, "%s", text);
	return r->fn(r->arg, &row);
}

/* Takes "kind" out of obj and hands the row on. */
static int
kind_row(struct rows *r, uint64_t line, json_t *obj)
{
	struct reg_row row = { .line = line, .obj = obj, .fault = &r->fault };
	const char *kind = json_string_value(json_object_get(obj, "kind"));

	row.kind = kind == NULL ? -1 : reg_kind_by_name(kind);
	if (row.kind < 0)
		return bad_row(r, line, "", "kind", "kind is one of partner, contact, customer, direct, agent");
	json_object_del(obj, "kind");
	return r->fn(r->arg, &row);
}

/* ---- CSV ---- */

static void
trim(char *out, size_t size, const char *s)
{
	size_t len;

	s += strspn(s, " \t\r\n");
	len = strlen(s);
	while (len > 0 && strchr(" \t\r\n", s[len - 1]) != NULL)
		len--;
	if (len >= size)
		len = size - 1;
	memcpy(out, s, len);
	out[len] = '\0';
}

/* The header line: names of fields in any order. Anything wrong with it ends the reading. */
static int
csv_header(struct rows *r, bool *ok)
{
	bool kind = false;

	*ok = false;
	r->n_columns = csv_fields(r->csv);
	for (unsigned i = 0; i < r->n_columns; i++) {
		char *name = r->columns[i];

		trim(name, sizeof(r->columns[i]), csv_field(r->csv, i));
		for (char *p = name; *p != '\0'; p++)
			*p = (char)tolower((unsigned char)*p);
		if (strcmp(name, "kind") != 0 && !reg_field_known(name))
			return bad_row(r, csv_line(r->csv), "", name, "there is no such column; the header line names kind, id, partner, "
			    "name, address, domain, vcsp_id, status, products, region, language, unlisted, unverified, proof, signers, "
			    "case_admin, automatic, external, in any order");
		for (unsigned k = 0; k < i; k++)
			if (strcmp(r->columns[k], name) == 0)
				return bad_row(r, csv_line(r->csv), "", name, "this column is there twice");
		kind = kind || strcmp(name, "kind") == 0;
	}
	*ok = kind;
	return kind ? VG_OK : bad_row(r, csv_line(r->csv), "", "kind", "the first line must name the columns, and kind must be among them");
}

/* A cell of several words, between spaces, semicolons or commas. */
static json_t *
cell_list(const char *cell)
{
	json_t *list = json_array();

	while (list != NULL && *(cell += strspn(cell, " \t\r\n;,")) != '\0') {
		size_t n = strcspn(cell, " \t\r\n;,");

		if (json_array_append_new(list, json_stringn(cell, n)) != 0) {
			json_decref(list);
			return NULL;
		}
		cell += n;
	}
	return list;
}

static json_t *
cell_bool(const char *cell)
{
	static const char *const yes[] = { "yes", "true", "1" }, *const no[] = { "no", "false", "0" };

	for (size_t i = 0; i < 3; i++) {
		if (strcasecmp(cell, yes[i]) == 0)
			return json_true();
		if (strcasecmp(cell, no[i]) == 0)
			return json_false();
	}
	return json_string(cell);
}

/* The field that a column means in a row of this kind: a partner's own id stands under `partner`, its domains under `domain`. */
static const char *
column_field(const char *column, const char *kind)
{
	bool partner = strcmp(kind, "partner") == 0;

	if (strcmp(column, "partner") == 0 && (partner || strcmp(kind, "direct") == 0))
		return "id";
	if (strcmp(column, "domain") == 0 && partner)
		return "domains";
	return column;
}

/* One cell into obj: 0, VG_ERR_SYNTAX when it is no UTF-8. Empty cells say nothing. */
static int
cell_put(json_t *obj, const char *column, const char *kind, const char *cell)
{
	const char *field = column_field(column, kind);
	json_t *value;

	if (cell[0] == '\0')
		return VG_OK;
	if (reg_field_is_list(field))
		value = cell_list(cell);
	else
		value = reg_field_is_bool(field) ? cell_bool(cell) : json_string(cell);
	return value != NULL && json_object_set_new(obj, field, value) == 0 ? VG_OK : VG_ERR_SYNTAX;
}

static const char *
csv_kind(struct rows *r, char kind[16])
{
	for (unsigned i = 0; i < r->n_columns; i++)
		if (strcmp(r->columns[i], "kind") == 0)
			trim(kind, 16, csv_field(r->csv, i));
	for (char *p = kind; *p != '\0'; p++)
		*p = (char)tolower((unsigned char)*p);
	return kind;
}

static int
csv_row(struct rows *r)
{
	char kind[16] = "", cell[4096];
	json_t *obj;
	int err = VG_OK;

	if (csv_fields(r->csv) > r->n_columns)
		return bad_row(r, csv_line(r->csv), "", "", "more cells than the header line has columns");
	if ((obj = json_object()) == NULL)
		return VG_ERR_MEMORY;
	csv_kind(r, kind);
	for (unsigned i = 0; err == VG_OK && i < csv_fields(r->csv); i++) {
		const char *whole = csv_field(r->csv, i);

		if (strlen(whole) < sizeof(cell)) {
			trim(cell, sizeof(cell), whole);
			whole = cell;
		}
		err = cell_put(obj, r->columns[i], kind, strcmp(r->columns[i], "kind") == 0 ? kind : whole);
		if (err != VG_OK)
			err = bad_row(r, csv_line(r->csv), "", r->columns[i], "the cell is not UTF-8 text");
		else
			continue;
		json_decref(obj);
		return err;
	}
	err = kind_row(r, csv_line(r->csv), obj);
	json_decref(obj);
	return err;
}

/* What csv_feed or csv_end said about one row. *go: read on. */
static int
csv_said(struct rows *r, int said, bool *go)
{
	if (said < 0)
		return bad_row(r, csv_line(r->csv), "", "", csv_why(r->csv));
	if (r->n_columns == 0)
		return csv_header(r, go);
	return csv_row(r);
}

static int
csv_rows(struct rows *r)
{
	static _Thread_local char piece[PIECE];
	uint64_t off = 0;
	bool go = true;
	long n = 0;
	int said, err = VG_OK;

	while (err == VG_OK && go && (n = reg_source_read(r->source, off, piece, sizeof(piece))) > 0) {
		size_t at = 0, used;

		while (err == VG_OK && go && at < (size_t)n) {
			said = csv_feed(r->csv, piece + at, (size_t)n - at, &used);
			at += used;
			if (said != 0)
				err = csv_said(r, said, &go);
		}
		off += (uint64_t)n;
	}
	if (err != VG_OK || !go || n < 0)
		return n < 0 ? (int)n : err;
	said = csv_end(r->csv);
	return said != 0 ? csv_said(r, said, &go) : VG_OK;
}

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
		return bad_row(r, line, "", "", why.text);
	if (json_is_object(obj))
		err = kind_row(r, line, obj);
	else
		err = bad_row(r, line, "", "", "each line is one JSON object");
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
			err = bad_row(r, *line, "", "", "the line is too long");
		*skip = true;
		buf_reset(b);
	}
	return err;
}

static int
json_lines(struct rows *r)
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

/* ---- one JSON document ---- */

static int
section_kind(const char *name)
{
	static const char *const names[REG_KINDS] = { "partners", "contacts", "customers", "direct", "agents" };

	for (int i = 0; i < REG_KINDS; i++)
		if (strcmp(names[i], name) == 0)
			return i;
	return -1;
}

static int
document_section(struct rows *r, const char *name, json_t *list)
{
	int kind = section_kind(name), err = VG_OK;
	json_t *obj;
	size_t i;

	if (kind < 0)
		return bad_row(r, 0, "", name, "the document has partners, contacts, customers, direct and agents, each a list");
	if (!json_is_array(list))
		return bad_row(r, 0, "", name, "this must be a list of objects");
	json_array_foreach(list, i, obj) {
		struct reg_row row = { .kind = kind, .obj = obj, .fault = &r->fault };

		snprintf(row.item, sizeof(row.item), "%s[%zu]", name, i);
		if (err == VG_OK)
			err = r->fn(r->arg, &row);
	}
	return err;
}

static int
document_sections(struct rows *r, json_t *document)
{
	const char *name;
	json_t *list;
	int err = VG_OK;

	if (!json_is_object(document))
		return bad_row(r, 1, "", "", "the document must be an object with the lists partners, contacts, customers, direct, agents");
	json_object_foreach(document, name, list)
		if (err == VG_OK)
			err = document_section(r, name, list);
	return err;
}

static int
json_document(struct rows *r)
{
	char *text = malloc((size_t)r->source->size + 1);
	json_error_t why;
	json_t *document;
	uint64_t got = 0;
	long n = 1;
	int err;

	if (text == NULL)
		return VG_ERR_MEMORY;
	while (got < r->source->size && (n = reg_source_read(r->source, got, text + got, (size_t)(r->source->size - got))) > 0)
		got += (uint64_t)n;
	document = n <= 0 ? NULL : json_loadb(text, (size_t)got, JSON_REJECT_DUPLICATES, &why);
	free(text);
	if (n <= 0)
		return n < 0 ? (int)n : VG_ERR_STORE;
	err = document != NULL ? document_sections(r, document) :
	    bad_row(r, why.line > 0 ? (uint64_t)why.line : 1, "", "", why.text);
	json_decref(document);
	return err;
}

/* ---- any of them ---- */

/* JSON lines are known by a first line that is an object with a kind. */
static bool
begins_with_line(const char *text, size_t len)
{
	const char *end = memchr(text, '\n', len);
	json_t *obj = json_loadb(text, end == NULL ? len : (size_t)(end - text), 0, NULL);
	bool is = json_is_string(json_object_get(obj, "kind"));

	json_decref(obj);
	return is;
}

enum reg_format
reg_format_guess(struct reg_source *s)
{
	char head[8192];
	long n = reg_source_read(s, 0, head, sizeof(head));
	size_t at = 0, len = n < 0 ? 0 : (size_t)n;

	while (at < len && strchr(" \t\r\n", head[at]) != NULL && head[at] != '\0')
		at++;
	if (at == len || (head[at] != '{' && head[at] != '['))
		return REG_CSV;
	return begins_with_line(head + at, len - at) ? REG_JSON_LINES : REG_JSON;
}

int
reg_rows(struct reg_source *s, enum reg_format format, reg_row_fn *fn, void *arg, const char **why)
{
	struct rows r = { .source = s, .fn = fn, .arg = arg };
	int err;

	if (format == REG_ANY || (format == REG_JSON && reg_format_guess(s) == REG_JSON_LINES))
		format = reg_format_guess(s);
	if (format == REG_JSON_LINES)
		return json_lines(&r);
	if (format == REG_JSON && s->size > REG_DOCUMENT_MAX) {
		*why = "the JSON document is larger than 64 MiB; send JSON lines or CSV instead";
		return VG_ERR_SYNTAX;
	}
	if (format == REG_JSON)
		return json_document(&r);
	if ((r.csv = csv_new()) == NULL)
		return VG_ERR_MEMORY;
	err = csv_rows(&r);
	csv_free(&r.csv);
	return err;
}
