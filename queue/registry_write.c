/*
 * registry_write.c - adding and changing partners, contacts, customers and agents, each with its audit record. Runs in the
 * queue process, registry thread, inside the caller's transaction. Objects come from operators and files; the
 * rules between entries are the database's (schema/registry-0001.sql), here they are only put into words.
 */
#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "id.h"
#include "registry_direct.h"
#include "registry_private.h"

int
reg_audit(struct registry *r, const struct reg_who *who, const char *what, const char *subject, json_t *before, json_t *after)
{
	char ulid[ULID_LEN + 1];
	char *b = before == NULL ? NULL : json_dumps(before, JSON_COMPACT);
	char *a = after == NULL ? NULL : json_dumps(after, JSON_COMPACT);
	int err = VG_ERR_MEMORY;

	if ((b != NULL) == (before != NULL) && (a != NULL) == (after != NULL)) {
		id_ulid(ulid, who->now_ms);
		err = db_run(r->db, "INSERT INTO audit (id, at, actor, what, subject, before, after) VALUES (?1, ?2, ?3, ?4, ?5, "
		    "?6, ?7)", "titttt" "t", ulid, who->now_ms, who->actor, what, subject, b, a);
	}
	free(a);
	free(b);
	return err;
}

int
reg_normal(char out[ADDR_MAX + 1], const char *name)
{
	struct addr a;
	char domain[ADDR_DOMAIN_MAX + 1];
	size_t len = strlen(name);
	int err;

	if (strchr(name, '@') == NULL) {
		if ((err = addr_domain_normal(domain, name, len, NULL)) == VG_OK)
			memcpy(out, domain, strlen(domain) + 1);
		return err;
	}
	if ((err = addr_parse(&a, name, len, 0, NULL)) == VG_OK)
		memcpy(out, a.normal, strlen(a.normal) + 1);
	return err;
}

/* existing with what obj names put over it; new reference, NULL on no memory. */
static json_t *
merged(json_t *existing, json_t *obj)
{
	json_t *m = json_copy(existing);

	if (m != NULL && json_object_update(m, obj) != 0) {
		json_decref(m);
		m = NULL;
	}
	return m;
}

/* Is it there, and may it be? */
static int
check_mode(enum reg_mode mode, enum reg_kind kind, const char *name, bool there, const char *field, struct reg_fault *fault)
{
	if (mode == REG_ADD && there)
		return reg_fault_set(fault, VG_ERR_EXISTS, field, "the %s %s is there already", reg_word(WORD_KIND, kind), name);
	if (mode == REG_SET && !there)
		return reg_fault_set(fault, VG_ERR_NOTFOUND, field, "there is no %s %s", reg_word(WORD_KIND, kind), name);
	return VG_OK;
}

int
reg_entry_insert(struct registry *r, const struct reg_item *i, const char *role, const char *owner, struct reg_fault *fault)
{
	char key[REGISTRY_KEY];
	int err = registry_key(key, i->entry);

	if (err == VG_OK)
		err = db_run(r->db, "INSERT INTO entry (role, owner, name, key, shown, label, case_admin, external, automatic) "
		    "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)", "ttttttiit", role, owner, i->entry, key, i->shown,
		    i->kind == REG_DIRECT ? "" : i->name, (int64_t)i->case_admin, (int64_t)i->external,
		    i->automatic_open ? "open" : "hold");
	return err == VG_OK ? err : reg_explain(r, err, role, owner, i->entry, i->external, i->is_domain ? "domain" : "address",
	    fault);
}

/* ---- partners ---- */

static int
domain_insert(struct registry *r, const char *partner, const char *domain, struct reg_fault *fault)
{
	char key[REGISTRY_KEY];
	int err = registry_key(key, domain);

	if (err == VG_OK)
		err = db_run(r->db, "INSERT INTO entry (role, owner, name, key, shown) VALUES ('domain', ?1, ?2, ?3, ?2)", "ttt",
		    partner, domain, key);
	return err == VG_OK ? err : reg_explain(r, err, "domain", partner, domain, false, "domains", fault);
}

static int
domain_delete(struct registry *r, const char *partner, const char *domain, struct reg_fault *fault)
{
	int err = db_run(r->db, "DELETE FROM entry WHERE owner = ?1 AND role = 'domain' AND name = ?2", "tt", partner, domain);

	return err == VG_OK ? err : reg_explain(r, err, "domain", partner, domain, false, "domains", fault);
}

static int
signer_insert(struct registry *r, const char *partner, const char *domain, struct reg_fault *fault)
{
	int err = db_run(r->db, "INSERT INTO signer (partner, domain) VALUES (?1, ?2)", "tt", partner, domain);

	if (err != VG_ERR_DENIED)
		return err;
	return reg_fault_set(fault, err, "signers", "%s: %s", domain, db_error_text(r->db));
}

static int
signer_delete(struct registry *r, const char *partner, const char *domain, struct reg_fault *fault)
{
	(void)fault;
	return db_run(r->db, "DELETE FROM signer WHERE partner = ?1 AND domain = ?2", "tt", partner, domain);
}

static bool
holds(json_t *list, const char *text)
{
	json_t *one;
	size_t i;

	json_array_foreach(list, i, one)
		if (strcmp(json_string_value(one), text) == 0)
			return true;
	return false;
}

typedef int change_fn(struct registry *r, const char *partner, const char *domain, struct reg_fault *fault);

/* Calls fn for every text of list that `not_in` (may be NULL) does not hold. */
static int
each_other(struct registry *r, const char *partner, json_t *list, json_t *not_in, change_fn *fn, struct reg_fault *fault)
{
	json_t *one;
	size_t i;
	int err;

	json_array_foreach(list, i, one) {
		const char *text = json_string_value(one);

		if (!holds(not_in, text) && (err = fn(r, partner, text, fault)) != VG_OK)
			return err;
	}
	return VG_OK;
}

/* New domains come before old ones go: a contact may lie in both. */
static int
partner_lists(struct registry *r, const struct reg_item *i, json_t *existing, struct reg_fault *fault)
{
	json_t *domains = json_object_get(existing, "domains"), *signers = json_object_get(existing, "signers");
	int err = each_other(r, i->id, i->domains, domains, domain_insert, fault);

	if (err == VG_OK)
		err = each_other(r, i->id, domains, i->domains, domain_delete, fault);
	if (err == VG_OK)
		err = each_other(r, i->id, i->signers, signers, signer_insert, fault);
	if (err == VG_OK)
		err = each_other(r, i->id, signers, i->signers, signer_delete, fault);
	return err;
}

static int
partner_write(struct registry *r, const struct reg_item *i, json_t *existing, struct reg_fault *fault)
{
	char *products = json_dumps(i->products, JSON_COMPACT);
	int err = VG_ERR_MEMORY;

	if (products != NULL)
		err = db_run(r->db, "INSERT INTO partner (id, name, vcsp_id, status, products, region, language, unlisted, "
		    "unverified, proof) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10) ON CONFLICT (id) DO UPDATE SET "
		    "name = ?2, vcsp_id = ?3, status = ?4, products = ?5, region = ?6, language = ?7, unlisted = ?8, "
		    "unverified = ?9, proof = ?10", "tttttttttt", i->id, i->name, i->vcsp_id, reg_word(WORD_STATUS, i->status),
		    products, i->region, i->language, reg_word(WORD_UNLISTED, i->unlisted), reg_word(WORD_UNVERIFIED, i->unverified),
		    reg_word(WORD_PROOF, i->proof));
	free(products);
	return err == VG_OK ? partner_lists(r, i, existing, fault) : err;
}

/* ---- one thing, whatever its kind ---- */

static int
item_write(struct registry *r, const struct reg_item *i, json_t *existing, int64_t row, struct reg_fault *fault)
{
	int err;

	if (i->kind == REG_PARTNER)
		return partner_write(r, i, existing, fault);
	if (existing == NULL)
		return reg_entry_insert(r, i, reg_role(i->kind), i->partner, fault);
	err = db_run(r->db, "UPDATE entry SET shown = ?2, label = ?3, case_admin = ?4, external = ?5, automatic = ?6 WHERE id = ?1",
	    "ittiit", row, i->shown, i->name, (int64_t)i->case_admin, (int64_t)i->external,
	    i->automatic_open ? "open" : "hold");
	return err == VG_OK ? err : reg_explain(r, err, reg_role(i->kind), i->partner, i->entry, i->external, "address", fault);
}

/* Loads what obj is about. A partner is known by its id, whatever else obj lacks; the others by their whole item. */
static int
existing_load(struct registry *r, enum reg_kind kind, enum reg_mode mode, json_t *obj, struct reg_item *item, int64_t *row,
    json_t **out, struct reg_fault *fault)
{
	const char *id = json_string_value(json_object_get(obj, "id"));
	int err;

	*out = NULL;
	if (kind == REG_PARTNER && id != NULL) {
		err = reg_partner_load(r, id, out);
		if (err != VG_ERR_NOTFOUND || mode == REG_SET)
			return err == VG_ERR_NOTFOUND ? check_mode(mode, kind, id, false, "id", fault) : err;
	}
	if ((err = reg_item_parse(kind, obj, item, fault)) != VG_OK || kind == REG_PARTNER)
		return err;
	err = reg_entry_load(r, kind, item->entry, item->partner, row, out);
	return err == VG_ERR_NOTFOUND ? VG_OK : err;
}

static int
item_merge(enum reg_kind kind, json_t *existing, json_t *obj, struct reg_item *item, struct reg_fault *fault)
{
	json_t *m = merged(existing, obj);
	int err = VG_ERR_MEMORY;

	if (m != NULL) {
		reg_item_free(item);
		err = reg_item_parse(kind, m, item, fault);
	}
	json_decref(m);
	return err;
}

/* Writes item over existing when they differ, with the audit record. */
static int
put_changed(struct registry *r, const struct reg_item *item, json_t *existing, int64_t row, const struct reg_who *who,
    enum reg_change *change, json_t **after, struct reg_fault *fault)
{
	json_t *now = reg_item_json(item);
	char what[32];
	int err = now == NULL ? VG_ERR_MEMORY : VG_OK;

	*change = existing == NULL ? REG_ADDED : REG_UPDATED;
	if (err == VG_OK && existing != NULL && json_equal(existing, now)) {
		*change = REG_UNCHANGED;
	} else if (err == VG_OK && (err = item_write(r, item, existing, row, fault)) == VG_OK) {
		snprintf(what, sizeof(what), "%s.%s", reg_word(WORD_KIND, item->kind), existing == NULL ? "add" : "update");
		err = reg_audit(r, who, what, item->kind == REG_PARTNER ? item->id : item->entry, existing, now);
	}
	if (err == VG_OK && after != NULL)
		*after = json_incref(now);
	json_decref(now);
	return err;
}

static int
put_item(struct registry *r, enum reg_kind kind, json_t *obj, enum reg_mode mode, const struct reg_who *who,
    enum reg_change *change, json_t **after, struct reg_fault *fault)
{
	struct reg_item item = { .kind = kind };
	json_t *existing = NULL;
	int64_t row = 0;
	int err = existing_load(r, kind, mode, obj, &item, &row, &existing, fault);

	if (err == VG_OK && existing != NULL)
		err = item_merge(kind, existing, obj, &item, fault);
	if (err == VG_OK)
		err = check_mode(mode, kind, kind == REG_PARTNER ? item.id : item.entry, existing != NULL,
		    kind == REG_PARTNER ? "id" : item.is_domain ? "domain" : "address", fault);
	if (err == VG_OK)
		err = put_changed(r, &item, existing, row, who, change, after, fault);
	json_decref(existing);
	reg_item_free(&item);
	return err;
}

int
reg_put(struct registry *r, enum reg_kind kind, json_t *obj, enum reg_mode mode, const struct reg_who *who,
    enum reg_change *change, json_t **after, struct reg_fault *fault)
{
	memset(fault, 0, sizeof(*fault));
	if (after != NULL)
		*after = NULL;
	if (!json_is_object(obj))
		return reg_fault_set(fault, VG_ERR_SYNTAX, "", "a %s is a JSON object", reg_word(WORD_KIND, kind));
	return kind == REG_DIRECT ? reg_direct_put(r, obj, mode, who, change, after, fault) :
	    put_item(r, kind, obj, mode, who, change, after, fault);
}
