/*
 * registry.c - opening the registry, and the look-ups of the gate and the queue: who is a sender, what holds for a
 * partner. Runs in the queue process, in the thread that owns the connection. Addresses come from strangers.
 */
#include "registry.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "id.h"
#include "registry_private.h"

static const char schema_1[] =
#include "queue/schema/registry-0001.sql.inc"
    ;
static const char schema_2[] =
#include "queue/schema/registry-0002.sql.inc"
    ;
static const char *const schema_steps[] = { schema_1, schema_2 };
static const struct db_schema schema = {
	.app_id = 0x56475247, /* "VGRG" */
	.steps = schema_steps,
	.n = sizeof(schema_steps) / sizeof(schema_steps[0]),
};

int
registry_open(struct registry **out, const char *dir, bool writable, const char **why)
{
	struct registry *r = calloc(1, sizeof(*r));
	char file[PATH_MAX];
	int err = VG_OK;

	*out = NULL;
	if (r == NULL) {
		*why = "out of memory";
		return VG_ERR_MEMORY;
	}
	if (snprintf(r->dir, sizeof(r->dir), "%s", dir) >= (int)sizeof(r->dir) ||
	    snprintf(file, sizeof(file), "%s/registry.db", dir) >= (int)sizeof(file)) {
		*why = "the name of the state folder is too long";
		err = VG_ERR_STORE;
	}
	if (err == VG_OK && (err = db_open(&r->db, file, writable, why)) == VG_OK)
		err = db_migrate(r->db, &schema, why);
	if (err != VG_OK) {
		registry_close(&r);
		return err;
	}
	*out = r;
	return VG_OK;
}

void
registry_close(struct registry **r)
{
	if (*r == NULL)
		return;
	db_close(&(*r)->db);
	free(*r);
	*r = NULL;
}

/* ---- partners ---- */

static void
products_copy(struct registry_partner *p, const char *text)
{
	json_t *list = json_loads(text, 0, NULL), *one;
	size_t i;

	json_array_foreach(list, i, one) {
		const char *s = json_string_value(one);

		if (s != NULL && p->n_products < REGISTRY_PRODUCTS)
			snprintf(p->products[p->n_products++], sizeof(p->products[0]), "%s", s);
	}
	json_decref(list);
}

/* A word that the file's own CHECKs would have refused falls back to the strictest value. */
static unsigned
word(int value, unsigned strictest)
{
	return value < 0 ? strictest : (unsigned)value;
}

int
registry_partner(struct registry *r, const char *id, struct registry_partner *out)
{
	sqlite3_stmt *row = db_query(r->db, "SELECT " REG_PARTNER_COLUMNS " FROM partner WHERE id = ?1", "t", id);
	int err = db_step(r->db, row);

	memset(out, 0, sizeof(*out));
	if (err != 1)
		return err == VG_OK ? VG_ERR_NOTFOUND : err;
	db_copy(row, 0, out->id, sizeof(out->id));
	db_copy(row, 1, out->name, sizeof(out->name));
	db_copy(row, 2, out->vcsp_id, sizeof(out->vcsp_id));
	db_copy(row, 5, out->region, sizeof(out->region));
	db_copy(row, 6, out->language, sizeof(out->language));
	out->status = word(reg_word_value(WORD_STATUS, db_text(row, 3)), PARTNER_EXPIRED);
	out->unlisted = word(reg_word_value(WORD_UNLISTED, db_text(row, 7)), UNLISTED_REJECT);
	out->unverified = word(reg_word_value(WORD_UNVERIFIED, db_text(row, 8)), UNVERIFIED_REJECT);
	out->proof = word(reg_word_value(WORD_PROOF, db_text(row, 9)), PROOF_SIGNATURE);
	products_copy(out, db_text(row, 4));
	sqlite3_reset(row);
	return VG_OK;
}

int
registry_holder_name(struct registry *r, const char *id, char name[256])
{
	sqlite3_stmt *row = db_query(r->db, "SELECT name FROM holder WHERE id = ?1", "t", id);
	int err = db_step(r->db, row);

	name[0] = '\0';
	if (err != 1)
		return err == VG_OK ? VG_ERR_NOTFOUND : err;
	db_copy(row, 0, name, 256);
	sqlite3_reset(row);
	return VG_OK;
}

/* ---- senders ---- */

/* What stands under this very key: 1 found, 0 nothing. Only `direct` and `customer` can share a key; the index, read
 * backwards, gives the former first, however many partners have that customer. */
static int
find(struct registry *r, const char *key, struct registry_sender *out, char owner[REGISTRY_ID + 1])
{
	static const struct {
		const char *role;
		enum sender_class cls;
	} classes[] = { { "agent", CLASS_AGENT }, { "contact", CLASS_CONTACT }, { "direct", CLASS_DIRECT },
		{ "customer", CLASS_CUSTOMER }, { "domain", CLASS_PARTNER_DOMAIN } };
	sqlite3_stmt *row = db_query(r->db, "SELECT role, owner, label, case_admin, automatic FROM entry WHERE key = ?1 "
	    "ORDER BY role DESC LIMIT 1", "t", key);
	int err = db_step(r->db, row);

	if (err != 1)
		return err;
	for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++)
		if (strcmp(classes[i].role, db_text(row, 0)) == 0)
			out->cls = classes[i].cls;
	db_copy(row, 1, owner, REGISTRY_ID + 1);
	db_copy(row, 2, out->name, sizeof(out->name));
	out->case_admin = sqlite3_column_int(row, 3) != 0;
	out->automatic_open = strcmp(db_text(row, 4), "open") == 0;
	sqlite3_reset(row);
	return 1;
}

static int
partner_facts(struct registry *r, struct registry_sender *out)
{
	sqlite3_stmt *row = db_query(r->db, "SELECT status, unlisted, unverified, proof FROM partner WHERE id = ?1", "t",
	    out->partner);
	int err = db_step(r->db, row);

	if (err != 1)
		return err == VG_OK ? VG_ERR_STORE : err;
	out->status = word(reg_word_value(WORD_STATUS, db_text(row, 0)), PARTNER_EXPIRED);
	out->unlisted = word(reg_word_value(WORD_UNLISTED, db_text(row, 1)), UNLISTED_REJECT);
	out->unverified = word(reg_word_value(WORD_UNVERIFIED, db_text(row, 2)), UNVERIFIED_REJECT);
	out->proof = word(reg_word_value(WORD_PROOF, db_text(row, 3)), PROOF_SIGNATURE);
	sqlite3_reset(row);
	return VG_OK;
}

static int
sender_facts(struct registry *r, struct registry_sender *out, const char *owner)
{
	switch (out->cls) {
	case CLASS_CONTACT:
	case CLASS_PARTNER_DOMAIN:
		snprintf(out->partner, sizeof(out->partner), "%s", owner);
		return partner_facts(r, out);
	case CLASS_DIRECT:
		snprintf(out->holder, sizeof(out->holder), "%s", owner);
		return out->name[0] != '\0' ? VG_OK : registry_holder_name(r, owner, out->name);
	default:
		return VG_OK;
	}
}

static int
sender_look_up(struct registry *r, char *key, struct registry_sender *out)
{
	char owner[REGISTRY_ID + 1] = "";
	int err = find(r, key, out, owner);

	if (err == 0 && registry_key_up(key)) {
		registry_key_limit(key);
		do
			err = find(r, key, out, owner);
		while (err == 0 && registry_key_up(key));
	}
	return err == 1 ? sender_facts(r, out, owner) : err;
}

int
registry_sender(struct registry *r, const char *normal, struct registry_sender *out)
{
	char key[REGISTRY_KEY];
	int err;

	memset(out, 0, sizeof(*out));
	if (strchr(normal, '@') == NULL || registry_key(key, normal) != VG_OK)
		return VG_OK;
	/* One read transaction: all look-ups see the same registry, and the file is locked once. */
	if ((err = db_run(r->db, "BEGIN", "")) != VG_OK)
		return err;
	err = sender_look_up(r, key, out);
	db_rollback(r->db);
	return err;
}

/* ---- audit ---- */

static json_t *
audit_json(sqlite3_stmt *row)
{
	const char *before = db_text(row, 5), *after = db_text(row, 6);
	char at[32];

	id_rfc3339(at, sqlite3_column_int64(row, 1), 1);
	/* The fields of the store's records that mean nothing here are there, empty. */
	return json_pack("{ss ss ss ss ss ss ss ss ss ss ss si s{so* so*}}", "reference", db_text(row, 0), "at", at, "actor",
	    db_text(row, 2), "what", db_text(row, 3), "rule", "", "reason", "", "text", db_text(row, 4), "sender", "", "session", "",
	    "peer", "", "message", "", "ticket", 0, "facts", "before", json_loads(before, 0, NULL), "after",
	    json_loads(after, 0, NULL));
}

int
registry_audit_list(struct registry *r, const char *before, unsigned max, json_t **out)
{
	/* Every ULID is below "~". */
	sqlite3_stmt *row = db_query(r->db, "SELECT id, at, actor, what, subject, before, after FROM audit WHERE id < ?1 "
	    "ORDER BY id DESC LIMIT ?2", "ti", before == NULL ? "~" : before, (int64_t)max);
	json_t *list = json_array();
	int err = VG_ERR_MEMORY;

	while (list != NULL && (err = db_step(r->db, row)) == 1)
		if (json_array_append_new(list, audit_json(row)) != 0) {
			sqlite3_reset(row);
			err = VG_ERR_MEMORY;
			break;
		}
	if (err != VG_OK) {
		json_decref(list);
		list = NULL;
	}
	*out = list;
	return err;
}

int
registry_contacts(struct registry *r, const char *id, unsigned max, json_t **out)
{
	sqlite3_stmt *row = db_query(r->db, "SELECT name, shown, label FROM entry WHERE owner = ?1 AND role = 'contact' ORDER BY id DESC LIMIT ?2",
	    "ti", id, (int64_t)max);
	int err;

	*out = json_array();
	while ((err = db_step(r->db, row)) == 1)
		json_array_append_new(*out, json_pack("{ss ss ss}", "address", db_text(row, 0), "shown", db_text(row, 1), "name", db_text(row, 2)));
	return err;
}
