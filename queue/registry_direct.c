/*
 * registry_direct.c - adding and changing holders of a direct contract. Runs in the queue process, registry thread, inside
 * the caller's transaction.
 */
#include "registry_direct.h"

#include <string.h>

#include "err.h"

/* An id out of a name: "Big Corp, Inc." gives "big-corp-inc". */
static void
slug(char out[REGISTRY_ID + 1], const char *name)
{
	size_t n = 0;

	for (; *name != '\0' && n < REGISTRY_ID - 8; name++) {
		char c = *name >= 'A' && *name <= 'Z' ? (char)(*name - 'A' + 'a') : *name;

		if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))
			out[n++] = c;
		else if (n > 0 && out[n - 1] != '-')
			out[n++] = '-';
	}
	while (n > 0 && out[n - 1] == '-')
		n--;
	out[n] = '\0';
	if (n == 0)
		memcpy(out, "holder", sizeof("holder"));
}

/* First free id of base, base-2, base-3 … */
static int
free_id(struct registry *r, char id[REGISTRY_ID + 1], const char *base, struct reg_fault *fault)
{
	char name[256];

	snprintf(id, REGISTRY_ID + 1, "%s", base);
	for (unsigned i = 2; i < 10000; i++) {
		int err = registry_holder_name(r, id, name);

		if (err != VG_OK)
			return err == VG_ERR_NOTFOUND ? VG_OK : err;
		snprintf(id, REGISTRY_ID + 1, "%.*s-%u", (int)REGISTRY_ID - 8, base, i);
	}
	return reg_fault_set(fault, VG_ERR_EXISTS, "id", "too many holders are called %s; give an id", base);
}

/* Gives the object what it leaves out and the registry knows: id and name of the holder. *existing: the entry, or NULL. */
static int
complete(struct registry *r, json_t *obj, json_t **existing)
{
	const char *entry = json_string_value(json_object_get(obj, "domain"));
	const char *id = json_string_value(json_object_get(obj, "id"));
	char normal[ADDR_MAX + 1], name[256];
	int err = VG_OK;

	*existing = NULL;
	if (entry == NULL)
		entry = json_string_value(json_object_get(obj, "address"));
	if (entry != NULL && reg_normal(normal, entry) == VG_OK) {
		err = reg_entry_load(r, REG_DIRECT, normal, "", NULL, existing);
		if (err != VG_OK && err != VG_ERR_NOTFOUND)
			return err;
	}
	if (id == NULL && *existing != NULL)
		err = json_object_set(obj, "id", json_object_get(*existing, "id")) != 0 ? VG_ERR_MEMORY : VG_OK;
	id = json_string_value(json_object_get(obj, "id"));
	if (id == NULL || json_object_get(obj, "name") != NULL || (err = registry_holder_name(r, id, name)) == VG_ERR_NOTFOUND)
		return err == VG_ERR_NOTFOUND ? VG_OK : err;
	return err != VG_OK ? err : json_object_set_new(obj, "name", json_string(name)) != 0 ? VG_ERR_MEMORY : VG_OK;
}

/* The holder's id, where none was given. */
static int
find_id(struct registry *r, struct reg_item *i, struct reg_fault *fault)
{
	sqlite3_stmt *row;
	char base[REGISTRY_ID + 1];
	int err;

	if (i->id[0] != '\0')
		return VG_OK;
	row = db_query(r->db, "SELECT id FROM holder WHERE name = ?1 ORDER BY id LIMIT 1", "t", i->name);
	if ((err = db_step(r->db, row)) == 1) {
		db_copy(row, 0, i->id, sizeof(i->id));
		sqlite3_reset(row);
		return VG_OK;
	}
	if (err != VG_OK)
		return err;
	slug(base, i->name);
	return free_id(r, i->id, base, fault);
}

/* Makes or renames the holder; *was: its name before, "" where it is new. */
static int
holder_write(struct registry *r, const struct reg_item *i, char was[256])
{
	int err = registry_holder_name(r, i->id, was);

	if (err == VG_ERR_NOTFOUND)
		return db_run(r->db, "INSERT INTO holder (id, name) VALUES (?1, ?2)", "tt", i->id, i->name);
	if (err != VG_OK || strcmp(was, i->name) == 0)
		return err;
	return db_run(r->db, "UPDATE holder SET name = ?2 WHERE id = ?1", "tt", i->id, i->name);
}

static int
check(const struct reg_item *i, json_t *existing, enum reg_mode mode, struct registry *r, struct reg_fault *fault)
{
	const char *field = i->is_domain ? "domain" : "address";
	char name[256];
	int err;

	if (i->entry[0] == '\0' && mode != REG_SET)
		return reg_fault_set(fault, VG_ERR_SYNTAX, "domain", "a direct contract needs a domain or an address");
	if (mode == REG_SET && (err = registry_holder_name(r, i->id, name)) != VG_OK)
		return err != VG_ERR_NOTFOUND ? err :
		    reg_fault_set(fault, err, "id", "there is no holder of a direct contract %s", i->id);
	if (existing == NULL)
		return VG_OK;
	if (strcmp(json_string_value(json_object_get(existing, "id")), i->id) != 0)
		return reg_fault_set(fault, VG_ERR_DENIED, field, "%s is under the direct contract of %s already", i->entry,
		    json_string_value(json_object_get(existing, "id")));
	return mode == REG_ADD ? reg_fault_set(fault, VG_ERR_EXISTS, field, "the direct contract %s is there already", i->entry) :
	    VG_OK;
}

static json_t *
holder_json(const char *id, const char *name)
{
	return json_pack("{ss ss}", "id", id, "name", name);
}

/* Writes item: holder, then entry, then the audit record of what changed. */
static int
write_item(struct registry *r, struct reg_item *i, json_t *existing, const struct reg_who *who, enum reg_change *change,
    json_t **after, struct reg_fault *fault)
{
	json_t *before = json_incref(existing), *now;
	char was[256];
	int err = holder_write(r, i, was);

	if (err == VG_OK && existing == NULL && i->entry[0] != '\0')
		err = reg_entry_insert(r, i, "direct", i->id, fault);
	now = i->entry[0] != '\0' ? reg_item_json(i) : holder_json(i->id, i->name);
	if (before == NULL && i->entry[0] == '\0')
		before = holder_json(i->id, was);
	if (existing != NULL && i->entry[0] != '\0' && json_object_set(now, i->is_domain ? "domain" : "address",
	    json_object_get(existing, i->is_domain ? "domain" : "address")) != 0)
		err = VG_ERR_MEMORY;
	*change = before == NULL ? REG_ADDED : json_equal(before, now) ? REG_UNCHANGED : REG_UPDATED;
	if (err == VG_OK && *change != REG_UNCHANGED)
		err = reg_audit(r, who, *change == REG_ADDED ? "direct.add" : "direct.update",
		    i->entry[0] != '\0' ? i->entry : i->id, before, now);
	if (err == VG_OK && after != NULL)
		*after = json_incref(now);
	json_decref(before);
	json_decref(now);
	return err;
}

int
reg_direct_put(struct registry *r, json_t *obj, enum reg_mode mode, const struct reg_who *who, enum reg_change *change,
    json_t **after, struct reg_fault *fault)
{
	struct reg_item item = { .kind = REG_DIRECT };
	json_t *copy = json_copy(obj), *existing = NULL;
	int err = copy == NULL ? VG_ERR_MEMORY : complete(r, copy, &existing);

	if (err == VG_OK)
		err = reg_item_parse(REG_DIRECT, copy, &item, fault);
	if (err == VG_OK)
		err = find_id(r, &item, fault);
	if (err == VG_OK)
		err = check(&item, existing, mode, r, fault);
	if (err == VG_OK)
		err = write_item(r, &item, existing, who, change, after, fault);
	json_decref(existing);
	json_decref(copy);
	reg_item_free(&item);
	return err;
}
