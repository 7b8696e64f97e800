/*
 * registry_import.c - many things at once: all or nothing, every bad row named. Runs in the queue process, registry thread, one
 * transaction an import. Two passes over the file: partners first, so that rows may come in any order.
 */
#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "registry_credential.h"

struct import {
	struct registry *registry;
	const struct reg_who *who;
	struct reg_import *out;
	json_t *failed; /* ids of partners that were refused: what belongs to them is read, not written */
};

static int
note_fault(struct import *im, const struct reg_row *row)
{
	json_t *one;

	if (++im->out->faults > REG_FAULTS_MAX)
		return VG_OK;
	one = json_pack("{sI ss ss}", "line", (json_int_t)row->line, "field", row->fault->field, "detail", row->fault->text);
	return json_array_append_new(im->out->list, one) == 0 ? VG_OK : VG_ERR_MEMORY;
}

static bool
belongs_to_failed(const struct import *im, json_t *obj)
{
	const char *partner = json_string_value(json_object_get(obj, "partner"));

	return partner != NULL && json_object_get(im->failed, partner) != NULL;
}

static int
note_failed(struct import *im, const struct reg_row *row)
{
	const char *id = json_string_value(json_object_get(row->obj, "id"));

	if (row->kind != REG_PARTNER || id == NULL)
		return VG_OK;
	return json_object_set_new(im->failed, id, json_true()) == 0 ? VG_OK : VG_ERR_MEMORY;
}

static bool
is_refusal(int err)
{
	return err == VG_ERR_SYNTAX || err == VG_ERR_DENIED || err == VG_ERR_EXISTS || err == VG_ERR_NOTFOUND;
}

static int
check_only(const struct reg_row *row)
{
	struct reg_item item;
	int err = reg_item_parse(row->kind, row->obj, &item, row->fault);

	reg_item_free(&item);
	return err;
}

static int
put_row(struct import *im, struct reg_row *row, json_t *credentials)
{
	enum reg_change change = REG_UNCHANGED;
	bool changed = false;
	int err = reg_put(im->registry, row->kind, row->obj, REG_PUT, im->who, &change, NULL, row->fault);

	if (err == VG_OK && credentials != NULL)
		err = reg_credentials_put(im->registry, json_string_value(json_object_get(row->obj, "address")), credentials, im->who,
		    &changed, row->fault);
	if (changed && change == REG_UNCHANGED)
		change = REG_UPDATED;
	if (is_refusal(err) && row->fault->text[0] == '\0')
		reg_fault_set(row->fault, err, "", "%s", db_error_text(im->registry->db));
	im->out->added += err == VG_OK && change == REG_ADDED;
	im->out->updated += err == VG_OK && change == REG_UPDATED;
	im->out->unchanged += err == VG_OK && change == REG_UNCHANGED;
	return err;
}

static int
import_row(void *arg, struct reg_row *row)
{
	struct import *im = arg;
	json_t *credentials = NULL;
	int err = VG_OK;

	if (row->kind < 0)
		return note_fault(im, row);
	im->out->rows++;
	if (row->kind == REG_CONTACT || row->kind == REG_AGENT || row->kind == REG_DIRECT)
		err = reg_credentials_take_list(row->obj, &credentials);
	if (err == VG_OK)
		err = belongs_to_failed(im, row->obj) ? check_only(row) : put_row(im, row, credentials);
	json_decref(credentials);
	if (!is_refusal(err))
		return err;
	err = note_failed(im, row);
	return err == VG_OK ? note_fault(im, row) : err;
}

static int
by_line(const void *a, const void *b)
{
	json_t *const *x = a, *const *y = b;
	json_int_t m = json_integer_value(json_object_get(*x, "line")), n = json_integer_value(json_object_get(*y, "line"));

	return m < n ? -1 : m > n;
}

/* Faults of both passes in the order of the file. */
static int
sort_faults(json_t *list)
{
	size_t n = json_array_size(list);
	json_t **faults = calloc(n + 1, sizeof(json_t *));

	if (faults == NULL)
		return VG_ERR_MEMORY;
	for (size_t i = 0; i < n; i++)
		faults[i] = json_incref(json_array_get(list, i));
	qsort(faults, n, sizeof(*faults), by_line);
	for (size_t i = 0; i < n; i++)
		json_array_set_new(list, i, faults[i]);
	free(faults);
	return VG_OK;
}

static int
import_all(struct import *im, struct reg_source *s, enum reg_format format, bool dry_run)
{
	struct db *db = im->registry->db;
	int err = db_begin(db);

	if (err == VG_OK)
		err = reg_rows(s, format, REG_PASS_PARTNERS, import_row, im);
	if (err == VG_OK)
		err = reg_rows(s, format, REG_PASS_OTHERS, import_row, im);
	if (err == VG_OK && im->out->faults > 0)
		err = VG_ERR_DENIED;
	if (err == VG_OK && !dry_run)
		return db_commit(db);
	db_rollback(db);
	return err;
}

int
reg_import(struct registry *r, struct reg_source *s, enum reg_format format, bool dry_run, const struct reg_who *who,
    struct reg_import *out)
{
	struct import im = { .registry = r, .who = who, .out = out, .failed = json_object() };
	int err = VG_ERR_MEMORY;

	memset(out, 0, sizeof(*out));
	out->list = json_array();
	if (im.failed != NULL && out->list != NULL) {
		/* Indexes of a large import do not fit the cache of everyday. */
		db_exec(r->db, "PRAGMA cache_size=-65536");
		err = import_all(&im, s, format, dry_run);
		db_exec(r->db, "PRAGMA cache_size=-8192; PRAGMA shrink_memory");
	}
	if (err == VG_ERR_DENIED && sort_faults(out->list) != VG_OK)
		err = VG_ERR_MEMORY;
	json_decref(im.failed);
	return err;
}
