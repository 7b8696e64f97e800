/*
 * registry_read.c - rows of the registry as the JSON objects that its faces speak. Runs in the queue process,
 * in the thread that owns the connection.
 */
#include <string.h>

#include "err.h"
#include "registry_private.h"

const char *
reg_role(enum reg_kind kind)
{
	return kind == REG_PARTNER ? "domain" : reg_word(WORD_KIND, kind);
}

static json_t *
direct_json(struct registry *r, sqlite3_stmt *row, const char *entry)
{
	char name[256], id[REGISTRY_ID + 1];

	db_copy(row, 1, id, sizeof(id));
	if (registry_holder_name(r, id, name) != VG_OK)
		return NULL;
	return json_pack("{ss ss ss}", "id", id, "name", name, entry, db_text(row, 3));
}

json_t *
reg_entry_json(struct registry *r, sqlite3_stmt *row)
{
	const char *role = db_text(row, 0), *owner = db_text(row, 1), *shown = db_text(row, 3), *label = db_text(row, 4);
	const char *entry = strchr(db_text(row, 2), '@') == NULL ? "domain" : "address";

	if (strcmp(role, "contact") == 0)
		return json_pack("{ss ss ss sb ss sb}", "partner", owner, "address", shown, "name", label, "case_admin",
		    sqlite3_column_int(row, 5), "automatic", db_text(row, 7), "external", sqlite3_column_int(row, 6));
	if (strcmp(role, "customer") == 0)
		return json_pack("{ss ss ss}", "partner", owner, entry, shown, "name", label);
	if (strcmp(role, "agent") == 0)
		return json_pack("{ss ss}", "address", shown, "name", label);
	return direct_json(r, row, entry);
}

/* Column 0 of all rows as a list of strings; NULL on failure. */
static json_t *
text_list(struct registry *r, sqlite3_stmt *row)
{
	json_t *list = json_array();
	int err = VG_ERR_MEMORY;

	while (list != NULL && (err = db_step(r->db, row)) == 1)
		if (json_array_append_new(list, json_string(db_text(row, 0))) != 0)
			break;
	if (err != VG_OK) {
		sqlite3_reset(row);
		json_decref(list);
		return NULL;
	}
	return list;
}

json_t *
reg_partner_json(struct registry *r, sqlite3_stmt *row)
{
	const char *id = db_text(row, 0);
	json_t *domains = text_list(r, db_query(r->db, "SELECT name FROM entry WHERE owner = ?1 AND role = 'domain' "
	    "ORDER BY name", "t", id));
	json_t *signers = text_list(r, db_query(r->db, "SELECT domain FROM signer WHERE partner = ?1 ORDER BY domain", "t", id));

	return json_pack("{ss ss ss ss so so ss ss ss ss ss so}", "id", id, "name", db_text(row, 1), "vcsp_id", db_text(row, 2),
	    "status", db_text(row, 3), "domains", domains, "products", json_loads(db_text(row, 4), 0, NULL), "region",
	    db_text(row, 5), "language", db_text(row, 6), "unlisted", db_text(row, 7), "unverified", db_text(row, 8), "proof",
	    db_text(row, 9), "signers", signers);
}

/* Turns the outcome of one step into a loaded object. */
static int
loaded(sqlite3_stmt *row, int err, json_t *obj, json_t **out)
{
	*out = obj;
	if (err != 1)
		return err == VG_OK ? VG_ERR_NOTFOUND : err;
	sqlite3_reset(row);
	return obj == NULL ? VG_ERR_MEMORY : VG_OK;
}

int
reg_partner_load(struct registry *r, const char *id, json_t **out)
{
	sqlite3_stmt *row = db_query(r->db, "SELECT " REG_PARTNER_COLUMNS " FROM partner WHERE id = ?1 LIMIT 1", "t", id);
	int err = db_step(r->db, row);

	return loaded(row, err, err == 1 ? reg_partner_json(r, row) : NULL, out);
}

int
reg_entry_load(struct registry *r, enum reg_kind kind, const char *name, const char *owner, int64_t *id, json_t **out)
{
	char key[REGISTRY_KEY];
	sqlite3_stmt *row;
	int err;

	*out = NULL;
	if (registry_key(key, name) != VG_OK)
		return VG_ERR_NOTFOUND;
	row = db_query(r->db, "SELECT " REG_ENTRY_COLUMNS ", id FROM entry WHERE key = ?1 AND role = ?2 "
	    "AND (owner = ?3 OR ?3 = '') ORDER BY owner LIMIT 1", "ttt", key, reg_role(kind), owner);
	err = db_step(r->db, row);
	if (err == 1 && id != NULL)
		*id = sqlite3_column_int64(row, 8);
	return loaded(row, err, err == 1 ? reg_entry_json(r, row) : NULL, out);
}

int
reg_holder_load(struct registry *r, const char *id, json_t **out)
{
	char name[256];
	json_t *domains, *addresses;
	int err = registry_holder_name(r, id, name);

	*out = NULL;
	if (err != VG_OK)
		return err;
	domains = text_list(r, db_query(r->db, "SELECT name FROM entry WHERE owner = ?1 AND role = 'direct' "
	    "AND instr(name, '@') = 0 ORDER BY name", "t", id));
	addresses = text_list(r, db_query(r->db, "SELECT shown FROM entry WHERE owner = ?1 AND role = 'direct' "
	    "AND instr(name, '@') > 0 ORDER BY name", "t", id));
	*out = json_pack("{ss ss so so}", "id", id, "name", name, "domains", domains, "addresses", addresses);
	return *out == NULL ? VG_ERR_MEMORY : VG_OK;
}
