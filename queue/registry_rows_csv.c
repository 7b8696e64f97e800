/*
 * registry_rows_csv.c - CSV as rows of the registry. Runs in the queue process, registry thread; the bytes are an operator's and
 * may be anything.
 *
 * The first line names the columns, in any order and case, those that are needed: kind, id, partner, name, address, domain,
 * vcsp_id, status, products, region, language, unlisted, unverified, proof, signers, case_admin, automatic, external.
 *   kind is partner, contact, customer, direct or agent.
 *   partner: the partner's id, in its own row too; id: of a direct contract (made from the name where it is not given).
 *   domain: for a partner all its domains; these, products and signers are separated by spaces, commas or semicolons.
 *   case_admin, external: yes or no (true, false, 1, 0).
 * An empty cell says nothing: a new row gets the default, an existing one keeps what it has. Rows may stand in any order; those that
 * are in the registry already are changed where they differ.
 */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "err.h"
#include "registry_rows.h"

#define PIECE 65536u

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
			return rows_bad(r, csv_line(r->csv), name, "there is no such column; the header line names kind, id, partner, "
			    "name, address, domain, vcsp_id, status, products, region, language, unlisted, unverified, proof, signers, "
			    "case_admin, automatic, external, in any order");
		for (unsigned k = 0; k < i; k++)
			if (strcmp(r->columns[k], name) == 0)
				return rows_bad(r, csv_line(r->csv), name, "this column is there twice");
		kind = kind || strcmp(name, "kind") == 0;
	}
	*ok = kind;
	return kind ? VG_OK : rows_bad(r, csv_line(r->csv), "kind", "the first line must name the columns, and kind must be among them");
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

/* All cells of the row into obj; *at: the one that failed. */
static int
csv_cells(struct rows *r, const char *kind, json_t *obj, unsigned *at)
{
	char cell[4096];
	int err = VG_OK;

	for (unsigned i = 0; err == VG_OK && i < csv_fields(r->csv); i++) {
		const char *whole = csv_field(r->csv, i);

		/* Only long lists do not fit, and those are split at spaces anyway. */
		if (strlen(whole) < sizeof(cell)) {
			trim(cell, sizeof(cell), whole);
			whole = cell;
		}
		*at = i;
		err = cell_put(obj, r->columns[i], kind, strcmp(r->columns[i], "kind") == 0 ? kind : whole);
	}
	return err;
}

static int
csv_row(struct rows *r)
{
	char kind[16] = "";
	json_t *obj;
	unsigned at = 0;
	int err;

	if (csv_fields(r->csv) > r->n_columns)
		return rows_bad(r, csv_line(r->csv), "", "more cells than the header line has columns");
	csv_kind(r, kind);
	/* Of the million rows of the other pass no object is built. */
	if (reg_word_value(WORD_KIND, kind) >= 0 && !rows_wanted(r, reg_word_value(WORD_KIND, kind)))
		return VG_OK;
	if ((obj = json_object()) == NULL)
		return VG_ERR_MEMORY;
	err = csv_cells(r, kind, obj, &at);
	if (err == VG_OK)
		err = rows_kind(r, csv_line(r->csv), obj);
	else if (reg_word_value(WORD_KIND, kind) >= 0)
		err = rows_bad_now(r, csv_line(r->csv), r->columns[at], "the cell is not UTF-8 text");
	else
		err = rows_bad(r, csv_line(r->csv), "kind", "kind is one of partner, contact, customer, direct, agent");
	json_decref(obj);
	return err;
}

/* What csv_feed or csv_end said about one row. *go: read on. */
static int
csv_said(struct rows *r, int said, bool *go)
{
	if (said < 0)
		return rows_bad(r, csv_line(r->csv), "", csv_why(r->csv));
	if (r->n_columns == 0)
		return csv_header(r, go);
	return csv_row(r);
}

int
rows_csv(struct rows *r)
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
