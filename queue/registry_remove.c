/*
 * registry_remove.c - taking things out of the registry, each with its audit record. Runs in the queue process, registry
 * thread, inside the caller's transaction.
 */
#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "registry_direct.h"
#include "registry_private.h"

/* Removes the rows of an owner in one role, each with a record. */
static int
remove_all(struct registry *r, const char *owner, const char *role, const struct reg_who *who)
{
	char what[32], name[ADDR_MAX + 1];
	int err;

	snprintf(what, sizeof(what), "%s.remove", role);
	for (;;) {
		sqlite3_stmt *row = db_query(r->db, "SELECT " REG_ENTRY_COLUMNS ", id FROM entry WHERE owner = ?1 AND role = ?2 "
		    "LIMIT 1", "tt", owner, role);
		json_t *before;
		int64_t id;

		if ((err = db_step(r->db, row)) != 1)
			return err;
		db_copy(row, 2, name, sizeof(name));
		id = sqlite3_column_int64(row, 8);
		/* A partner's domains stand in the partner's own record. */
		before = strcmp(role, "domain") == 0 ? NULL : reg_entry_json(r, row);
		sqlite3_reset(row);
		err = db_run(r->db, "DELETE FROM entry WHERE id = ?1", "i", id);
		if (err == VG_OK && before != NULL)
			err = reg_audit(r, who, what, name, before, NULL);
		json_decref(before);
		if (err != VG_OK)
			return err;
	}
}

static int
count(struct registry *r, const char *owner, const char *role, int64_t *n)
{
	return db_number(r->db, n, "SELECT count(*) FROM entry WHERE owner = ?1 AND role = ?2", "tt", owner, role);
}

static int
check_unused(struct registry *r, const char *id, struct reg_fault *fault)
{
	int64_t contacts = 0, customers = 0;
	int err = count(r, id, "contact", &contacts);

	if (err == VG_OK)
		err = count(r, id, "customer", &customers);
	if (err != VG_OK || (contacts == 0 && customers == 0))
		return err;
	return reg_fault_set(fault, VG_ERR_DENIED, "id", "partner %s has %lld contact%s and %lld customer%s; with force they go too", id,
	    (long long)contacts, contacts == 1 ? "" : "s", (long long)customers, customers == 1 ? "" : "s");
}

int
reg_remove_partner(struct registry *r, const char *id, bool force, const struct reg_who *who, struct reg_fault *fault)
{
	static const char *const roles[] = { "contact", "customer", "domain" };
	json_t *before = NULL;
	int err = reg_partner_load(r, id, &before);

	if (err == VG_ERR_NOTFOUND)
		return reg_fault_set(fault, err, "id", "there is no partner %s", id);
	if (err == VG_OK && !force)
		err = check_unused(r, id, fault);
	for (size_t i = 0; err == VG_OK && i < sizeof(roles) / sizeof(roles[0]); i++)
		err = remove_all(r, id, roles[i], who);
	if (err == VG_OK)
		err = db_run(r->db, "DELETE FROM partner WHERE id = ?1", "t", id);
	if (err == VG_OK)
		err = reg_audit(r, who, "partner.remove", id, before, NULL);
	json_decref(before);
	return err;
}

static int
not_there(enum reg_kind kind, const char *name, struct reg_fault *fault)
{
	return reg_fault_set(fault, VG_ERR_NOTFOUND, "", "there is no %s %.200s", reg_word(WORD_KIND, kind), name);
}

int
reg_one_owner(struct registry *r, const char *normal, const char *partner, struct reg_fault *fault)
{
	int64_t n = 0;
	int err;

	if (partner[0] != '\0')
		return VG_OK;
	err = db_number(r->db, &n, "SELECT count(*) FROM entry WHERE role = 'customer' AND name = ?1", "t", normal);
	if (err != VG_OK || n < 2)
		return err;
	return reg_fault_set(fault, VG_ERR_DENIED, "partner", "%s is a customer of %lld partners; say of which", normal, (long long)n);
}

int
reg_remove_entry(struct registry *r, enum reg_kind kind, const char *name, const char *partner, const struct reg_who *who,
    struct reg_fault *fault)
{
	char normal[ADDR_MAX + 1], what[32];
	json_t *before = NULL;
	int64_t id = 0;
	int err;

	memset(fault, 0, sizeof(*fault));
	if (reg_normal(normal, name) != VG_OK)
		return not_there(kind, name, fault);
	if (kind == REG_CUSTOMER && (err = reg_one_owner(r, normal, partner, fault)) != VG_OK)
		return err;
	if ((err = reg_entry_load(r, kind, normal, partner, &id, &before)) == VG_ERR_NOTFOUND)
		return not_there(kind, name, fault);
	if (err == VG_OK)
		err = db_run(r->db, "DELETE FROM entry WHERE id = ?1", "i", id);
	snprintf(what, sizeof(what), "%s.remove", reg_word(WORD_KIND, kind));
	if (err == VG_OK)
		err = reg_audit(r, who, what, normal, before, NULL);
	json_decref(before);
	return err;
}

static int
remove_holder(struct registry *r, const char *id, const struct reg_who *who)
{
	json_t *before = NULL;
	int err = reg_holder_load(r, id, &before);

	if (err == VG_OK)
		err = remove_all(r, id, "direct", who);
	if (err == VG_OK)
		err = db_run(r->db, "DELETE FROM holder WHERE id = ?1", "t", id);
	if (err == VG_OK)
		err = reg_audit(r, who, "direct.remove", id, before, NULL);
	json_decref(before);
	return err;
}

int
reg_remove_direct(struct registry *r, const char *name, const struct reg_who *who, struct reg_fault *fault)
{
	char holder[256], owner[REGISTRY_ID + 1];
	int err = registry_holder_name(r, name, holder);
	json_t *entry = NULL;
	char normal[ADDR_MAX + 1];
	int64_t left = 0;

	memset(fault, 0, sizeof(*fault));
	if (err != VG_ERR_NOTFOUND)
		return err == VG_OK ? remove_holder(r, name, who) : err;
	if (reg_normal(normal, name) != VG_OK ||
	    (err = reg_entry_load(r, REG_DIRECT, normal, "", NULL, &entry)) == VG_ERR_NOTFOUND)
		return not_there(REG_DIRECT, name, fault);
	if (err != VG_OK)
		return err;
	snprintf(owner, sizeof(owner), "%s", json_string_value(json_object_get(entry, "id")));
	json_decref(entry);
	if ((err = reg_remove_entry(r, REG_DIRECT, normal, owner, who, fault)) == VG_OK &&
	    (err = count(r, owner, "direct", &left)) == VG_OK && left == 0)
		err = remove_holder(r, owner, who);
	return err;
}
