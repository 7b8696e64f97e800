/*
 * registry_export.c - the whole registry as CSV, JSON lines or one JSON document, in the form that the import reads. Runs in
 * the queue process, registry thread; memory is one row and one piece of output. JSON carries certificates and keys, never the
 * hash of a password: an export travels further than the database does. CSV carries none of them.
 */
#include <stdlib.h>
#include <string.h>

#include "csv.h"
#include "err.h"
#include "registry_credential.h"

#define PIECE 65536u

static const char *const columns[] = { "kind", "id", "partner", "name", "address", "domain", "vcsp_id", "status", "products",
	"region", "language", "unlisted", "unverified", "proof", "signers", "case_admin", "automatic", "external" };
#define N_COLUMNS (sizeof(columns) / sizeof(columns[0]))

struct export {
	struct registry *registry;
	enum reg_format format;
	reg_out_fn *out;
	void *arg;
	struct buf buf;
	bool first; /* of a list */
};

static int
flush(struct export *e, size_t from)
{
	int err;

	if (e->buf.len < from || e->buf.len == 0)
		return VG_OK;
	err = e->out(e->arg, e->buf.data, e->buf.len);
	buf_reset(&e->buf);
	return err;
}

/* ---- CSV ---- */

static int
put_list(struct export *e, json_t *list)
{
	struct buf b;
	json_t *one;
	size_t i;
	int err = VG_OK;

	buf_init(&b, CSV_ROW_MAX);
	json_array_foreach(list, i, one) {
		if (err == VG_OK && i > 0)
			err = buf_add(&b, " ", 1);
		if (err == VG_OK)
			err = buf_adds(&b, json_string_value(one));
	}
	if (err == VG_OK)
		err = csv_put(&e->buf, buf_str(&b), 0);
	buf_free(&b);
	return err;
}

static int
put_cell(struct export *e, enum reg_kind kind, json_t *obj, const char *column)
{
	const char *field = column;
	json_t *value;

	if (kind == REG_PARTNER && strcmp(column, "domain") == 0)
		field = "domains";
	else if (kind == REG_PARTNER && (strcmp(column, "partner") == 0 || strcmp(column, "id") == 0))
		field = column[0] == 'p' ? "id" : "";
	value = json_object_get(obj, field);
	if (json_is_array(value))
		return put_list(e, value);
	if (json_is_boolean(value))
		return csv_put(&e->buf, json_is_true(value) ? "yes" : "no", 0);
	return csv_put(&e->buf, value == NULL ? "" : json_string_value(value), 0);
}

static int
put_csv(struct export *e, enum reg_kind kind, json_t *obj)
{
	int err = csv_put(&e->buf, reg_word(WORD_KIND, kind), 1);

	for (size_t i = 1; err == VG_OK && i < N_COLUMNS; i++)
		err = put_cell(e, kind, obj, columns[i]);
	return err == VG_OK ? csv_put_end(&e->buf) : err;
}

static int
csv_head(struct export *e)
{
	int err = VG_OK;

	for (size_t i = 0; err == VG_OK && i < N_COLUMNS; i++)
		err = csv_put(&e->buf, columns[i], i == 0);
	return err == VG_OK ? csv_put_end(&e->buf) : err;
}

/* ---- JSON ---- */

static int
put_json(struct export *e, enum reg_kind kind, json_t *obj)
{
	char *text = json_dumps(obj, JSON_COMPACT);
	int err = VG_ERR_MEMORY;

	if (text == NULL)
		return err;
	if (e->format == REG_JSON_LINES)
		err = buf_addf(&e->buf, "{\"kind\":\"%s\",%s\n", reg_word(WORD_KIND, kind), text + 1);
	else
		err = buf_addf(&e->buf, "%s\n%s", e->first ? "" : ",", text);
	free(text);
	return err;
}

static int
list_head(struct export *e, enum reg_kind kind)
{
	static const char *const names[REG_KINDS] = { "partners", "contacts", "customers", "direct", "agents" };

	e->first = true;
	return e->format != REG_JSON ? VG_OK : buf_addf(&e->buf, "%s\"%s\":[", kind == 0 ? "{" : "],\n", names[kind]);
}

/* ---- rows ---- */

static int
put_row(struct export *e, enum reg_kind kind, json_t *obj)
{
	int err;

	if (obj == NULL)
		return VG_ERR_MEMORY;
	err = e->format == REG_CSV ? put_csv(e, kind, obj) : put_json(e, kind, obj);
	e->first = false;
	json_decref(obj);
	return err == VG_OK ? flush(e, PIECE) : err;
}

/* The row's object, with its certificates and keys where there are some. */
static json_t *
entry_object(struct export *e, sqlite3_stmt *row)
{
	json_t *obj = reg_entry_json(e->registry, row), *list;

	if (obj == NULL || e->format == REG_CSV)
		return obj;
	list = reg_credentials_json(e->registry, db_text(row, 2), true);
	if (list == NULL || (json_array_size(list) > 0 && json_object_set(obj, "credentials", list) != 0)) {
		json_decref(obj);
		obj = NULL;
	}
	json_decref(list);
	return obj;
}

static int
put_kind(struct export *e, enum reg_kind kind)
{
	struct db *db = e->registry->db;
	sqlite3_stmt *row;
	int err = list_head(e, kind);

	if (err != VG_OK)
		return err;
	row = kind == REG_PARTNER ? db_query(db, "SELECT " REG_PARTNER_COLUMNS " FROM partner ORDER BY id", "") :
	    db_query(db, "SELECT " REG_ENTRY_COLUMNS " FROM entry WHERE role = ?1 ORDER BY name, owner", "t", reg_role(kind));
	while ((err = db_step(db, row)) == 1) {
		err = put_row(e, kind, kind == REG_PARTNER ? reg_partner_json(e->registry, row) : entry_object(e, row));
		if (err != VG_OK) {
			sqlite3_reset(row);
			return err;
		}
	}
	return err;
}

int
reg_export(struct registry *r, enum reg_format format, reg_out_fn *out, void *arg)
{
	struct export e = { .registry = r, .format = format, .out = out, .arg = arg };
	int err = db_exec(r->db, "BEGIN");

	buf_init(&e.buf, PIECE + 4 * CSV_ROW_MAX);
	if (err == VG_OK && format == REG_CSV)
		err = csv_head(&e);
	for (int kind = 0; err == VG_OK && kind < REG_KINDS; kind++)
		err = put_kind(&e, kind);
	if (err == VG_OK && format == REG_JSON)
		err = buf_adds(&e.buf, "]}\n");
	if (err == VG_OK)
		err = flush(&e, 0);
	db_rollback(r->db);
	buf_free(&e.buf);
	return err;
}
