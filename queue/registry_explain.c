/*
 * registry_explain.c - why the database refused an entry. The rules are the triggers'; here the reason is looked up
 * afterwards, only when one fired, so that the operator reads which other entry is in the way. Queue process, registry thread.
 */
#include <stdio.h>
#include <string.h>

#include "err.h"
#include "registry_private.h"

struct conflict {
	char role[16], owner[REGISTRY_ID + 1], name[ADDR_MAX + 1];
};

static bool
is_partners(const char *role)
{
	return strcmp(role, "domain") == 0 || strcmp(role, "contact") == 0;
}

static void
family_of(char out[REGISTRY_ID + 8], const char *role, const char *owner)
{
	if (is_partners(role))
		snprintf(out, REGISTRY_ID + 8, "p:%s", owner);
	else
		snprintf(out, REGISTRY_ID + 8, "%s", strcmp(role, "agent") == 0 ? "agent" : "client");
}

static int
take(struct registry *r, sqlite3_stmt *row, struct conflict *out)
{
	int err = db_step(r->db, row);

	if (err != 1)
		return err;
	db_copy(row, 0, out->role, sizeof(out->role));
	db_copy(row, 1, out->owner, sizeof(out->owner));
	db_copy(row, 2, out->name, sizeof(out->name));
	sqlite3_reset(row);
	return 1;
}

/* The entry of another family that is equal to, contains, or lies in this one: 1, or 0 when there is none. */
static int
find_conflict(struct registry *r, const char *family, const char *name, struct conflict *out)
{
	char key[REGISTRY_KEY], end[REGISTRY_KEY];
	bool domain = strchr(name, '@') == NULL;
	int found = 0;

	if (registry_key(key, name) != VG_OK)
		return 0;
	registry_key_end(end, key);
	do
		found = take(r, db_query(r->db, "SELECT role, owner, name FROM entry WHERE key = ?1 AND family <> ?2 LIMIT 1",
		    "tt", key, family), out);
	while (found == 0 && registry_key_up(key));
	if (found != 0 || !domain)
		return found;
	registry_key(key, name);
	return take(r, db_query(r->db, "SELECT role, owner, name FROM entry WHERE key > ?1 AND key < ?2 AND family <> ?3 LIMIT 1",
	    "ttt", key, end, family), out);
}

static void
say_what(char out[128], const struct conflict *c)
{
	static const struct {
		const char *role, *what;
	} words[] = { { "domain", "a domain of partner " }, { "contact", "a contact of partner " },
		{ "customer", "a customer of " }, { "direct", "under the direct contract of " }, { "agent", "an agent" } };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(words[i].role, c->role) == 0)
			snprintf(out, 128, "%s%s", words[i].what, c->owner);
}

static int
say_conflict(const char *role, const char *name, const struct conflict *c, const char *field, struct reg_fault *fault)
{
	bool domain = strchr(name, '@') == NULL;
	char what[128] = "";
	const char *rule;

	say_what(what, c);
	if (is_partners(role) && is_partners(c->role))
		rule = "two partners share neither a domain nor a contact";
	else if (domain)
		rule = "a domain is either a partner's or a customer's (P7)";
	else
		rule = "an address is either an agent's, a partner's or a customer's (P7)";
	if (strcmp(name, c->name) == 0)
		return reg_fault_set(fault, VG_ERR_DENIED, field, "%s is %s; %s", name, what, rule);
	if (strlen(c->name) < strlen(name) && strchr(c->name, '@') == NULL)
		return reg_fault_set(fault, VG_ERR_DENIED, field, "%s lies in %s, which is %s; %s", name, c->name, what, rule);
	return reg_fault_set(fault, VG_ERR_DENIED, field, "%s contains %s, which is %s; %s", name, c->name, what, rule);
}

/* 1 when the contact lies outside its partner's domains. */
static int
outside(struct registry *r, const char *owner, const char *name)
{
	char key[REGISTRY_KEY];
	int64_t inside = 0;
	int err;

	if (registry_key(key, name) != VG_OK)
		return 0;
	err = db_number(r->db, &inside, "SELECT 1 FROM entry WHERE owner = ?1 AND role = 'domain' "
	    "AND substr(?2, 1, length(key)) = key", "tt", owner, key);
	return err == VG_ERR_NOTFOUND ? 1 : err;
}

static int
no_partner(struct registry *r, const char *role, const char *owner)
{
	int64_t there = 0;

	if (!is_partners(role) && strcmp(role, "customer") != 0)
		return 0;
	return db_number(r->db, &there, "SELECT 1 FROM partner WHERE id = ?1", "t", owner) == VG_ERR_NOTFOUND;
}

int
reg_explain(struct registry *r, int err, const char *role, const char *owner, const char *name, bool external,
    const char *field, struct reg_fault *fault)
{
	static const char check[] = "CHECK constraint failed: ";
	char family[REGISTRY_ID + 8], text[256];
	struct conflict c;
	const char *why;

	if (err != VG_ERR_DENIED && err != VG_ERR_EXISTS)
		return err;
	why = db_error_text(r->db);
	snprintf(text, sizeof(text), "%s", strncmp(why, check, sizeof(check) - 1) == 0 ? why + sizeof(check) - 1 : why);
	if (no_partner(r, role, owner))
		return reg_fault_set(fault, VG_ERR_NOTFOUND, "partner", "there is no partner %s; add the partner first", owner);
	family_of(family, role, owner);
	if (find_conflict(r, family, name, &c) == 1)
		return say_conflict(role, name, &c, field, fault);
	if (strcmp(role, "contact") == 0 && !external && outside(r, owner, name) == 1)
		return reg_fault_set(fault, VG_ERR_DENIED, "external", "%s lies outside the domains of partner %s; "
		    "say external, which rules out case administrator", name, owner);
	return reg_fault_set(fault, VG_ERR_DENIED, field, "%s: %s", name, text);
}
