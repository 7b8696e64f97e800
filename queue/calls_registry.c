/*
 * calls_registry.c - what the API asks of the registry, one thing at a time: show, add, update, remove. Queue process: lists and
 * shows in reader threads, changes in the registry thread, each in a transaction of its own. Arguments come from API clients.
 */
#include "calls_registry.h"

#include <string.h>

#include "err.h"
#include "registry_credential.h"

void
registry_refuse(struct call_result *res, int err, const struct reg_fault *fault)
{
	const char *text = fault != NULL && fault->text[0] != '\0' ? fault->text : vg_strerror(err);
	const char *field = fault != NULL && fault->field[0] != '\0' ? fault->field : NULL;

	switch (err) {
	case VG_ERR_SYNTAX:
		call_problem(res, 422, "invalid value", field, "%s", text);
		break;
	case VG_ERR_DENIED:
		call_problem(res, 409, "against the rules of the registry", field, "%s", text);
		break;
	case VG_ERR_EXISTS:
		call_problem(res, 409, "already there", field, "%s", text);
		break;
	case VG_ERR_NOTFOUND:
		/* A partner that a new contact names is a wrong value; the thing asked for is not found. */
		if (field != NULL && strcmp(field, "partner") == 0)
			call_problem(res, 422, "invalid value", field, "%s", text);
		else
			call_problem(res, 404, "not found", field, "%s", text);
		break;
	case VG_ERR_FULL:
		call_problem(res, 507, "no space", NULL, "there is no space left for the registry");
		break;
	default:
		call_problem(res, 503, "registry not available", NULL, "%s; try again later", vg_strerror(err));
	}
}

void
registry_answer(struct call_result *res, unsigned status, json_t *body)
{
	if (body == NULL) {
		registry_refuse(res, VG_ERR_MEMORY, NULL);
		return;
	}
	res->status = status;
	res->body = body;
}

/* ---- which one ---- */

struct asked {
	const char *id;      /* as given in the path */
	const char *partner; /* of query or body, "" without */
	char normal[ADDR_MAX + 1];
};

static int
not_found(enum reg_kind kind, const char *id, struct reg_fault *fault)
{
	return reg_fault_set(fault, VG_ERR_NOTFOUND, "", "there is no %s %.200s", reg_word(WORD_KIND, kind), id);
}

static void
read_asked(json_t *args, struct asked *a)
{
	const char *partner = call_query(args, "partner");

	memset(a, 0, sizeof(*a));
	a->id = call_param(args, "id");
	if (a->id == NULL)
		a->id = "";
	if (partner == NULL)
		partner = json_string_value(json_object_get(call_body(args), "partner"));
	a->partner = partner == NULL ? "" : partner;
	if (reg_normal(a->normal, a->id) != VG_OK)
		a->normal[0] = '\0';
}

/* Loads the thing asked for; a customer of several partners needs to be told which. */
static int
load(struct registry *r, enum reg_kind kind, const struct asked *a, json_t **out, struct reg_fault *fault)
{
	int err;

	*out = NULL;
	if (kind == REG_PARTNER)
		err = reg_partner_load(r, a->id, out);
	else if (a->normal[0] == '\0')
		err = VG_ERR_NOTFOUND;
	else if (kind == REG_CUSTOMER && (err = reg_one_owner(r, a->normal, a->partner, fault)) != VG_OK)
		return err;
	else
		err = reg_entry_load(r, kind, a->normal, kind == REG_CUSTOMER ? a->partner : "", NULL, out);
	return err == VG_ERR_NOTFOUND ? not_found(kind, a->id, fault) : err;
}

/* A direct contract is shown with all its addresses and domains, whether asked for by its id or by one of them. */
static int
load_holder(struct registry *r, const struct asked *a, json_t **out, struct reg_fault *fault)
{
	json_t *entry = NULL;
	int err = reg_holder_load(r, a->id, out);

	if (err == VG_ERR_NOTFOUND && (err = load(r, REG_DIRECT, a, &entry, fault)) == VG_OK)
		err = reg_holder_load(r, json_string_value(json_object_get(entry, "id")), out);
	json_decref(entry);
	return err;
}

/* ---- credentials ---- */

static bool
has_credentials(enum reg_kind kind)
{
	return kind == REG_CONTACT || kind == REG_AGENT || kind == REG_DIRECT;
}

/* Puts obj's credentials into it, or those of all addresses of a holder, each with its address. */
static int
add_credentials(struct registry *r, json_t *obj)
{
	const char *address = json_string_value(json_object_get(obj, "address"));
	json_t *list = json_array(), *addresses = json_object_get(obj, "addresses"), *one, *c;
	char normal[ADDR_MAX + 1];
	size_t i, k;

	if (address != NULL && reg_normal(normal, address) == VG_OK) {
		json_decref(list);
		list = reg_credentials_json(r, normal, false);
	}
	json_array_foreach(addresses, i, one) {
		json_t *of_one = reg_normal(normal, json_string_value(one)) == VG_OK ? reg_credentials_json(r, normal, false) : NULL;

		json_array_foreach(of_one, k, c)
			json_object_set(c, "address", one);
		json_array_extend(list, of_one);
		json_decref(of_one);
	}
	return json_object_set_new(obj, "credentials", list) == 0 ? VG_OK : VG_ERR_MEMORY;
}

/* Writes an item and what it says about credentials; the object afterwards shows them. */
static int
put_with_credentials(struct call_env *env, enum reg_kind kind, json_t *body, enum reg_mode mode, json_t **after,
    struct reg_fault *fault)
{
	struct reg_who who = { env->actor, env->now_ms };
	json_t *obj = json_copy(body), *proofs = NULL;
	const char *address;
	enum reg_change what;
	bool changed;
	int err = VG_OK;

	if (has_credentials(kind) && json_is_object(obj))
		err = reg_credentials_take(obj, &proofs);
	if (err == VG_OK)
		err = reg_put(env->registry, kind, obj, mode, &who, &what, after, fault);
	if (err == VG_OK && proofs != NULL) {
		address = json_string_value(json_object_get(*after, "address"));
		err = reg_credentials_put(env->registry, address, proofs, &who, &changed, fault);
		if (err == VG_OK)
			err = add_credentials(env->registry, *after);
	}
	json_decref(proofs);
	json_decref(obj);
	return err;
}

/* ---- the verbs ---- */

static void
show(struct call_env *env, json_t *args, struct call_result *res, enum reg_kind kind)
{
	struct reg_fault fault = { .field = "" };
	struct asked a;
	json_t *obj = NULL;
	int err;

	read_asked(args, &a);
	err = kind == REG_DIRECT ? load_holder(env->registry, &a, &obj, &fault) : load(env->registry, kind, &a, &obj, &fault);
	if (err == VG_OK && has_credentials(kind))
		err = add_credentials(env->registry, obj);
	if (err == VG_OK)
		registry_answer(res, 200, obj);
	else
		registry_refuse(res, err, &fault);
}

/* One change in its transaction; ends in the answer. */
static void
change(struct call_env *env, json_t *obj, struct call_result *res, enum reg_kind kind, enum reg_mode mode)
{
	struct reg_fault fault = { .field = "" };
	struct db *db = env->registry->db;
	json_t *after = NULL;
	int err = db_begin(db);

	if (err == VG_OK)
		err = put_with_credentials(env, kind, obj, mode, &after, &fault);
	if (err == VG_OK)
		err = db_commit(db);
	else
		db_rollback(db);
	if (err == VG_OK) {
		registry_answer(res, mode == REG_ADD ? 201 : 200, after);
		return;
	}
	json_decref(after);
	registry_refuse(res, err, &fault);
}

static void
add(struct call_env *env, json_t *args, struct call_result *res, enum reg_kind kind)
{
	change(env, call_body(args), res, kind, REG_ADD);
}

/* The identity stands in the path; a body that names another one is refused. */
static int
same_identity(const json_t *current, json_t *body, const char *field, struct reg_fault *fault)
{
	const char *is = json_string_value(json_object_get(current, field)), *said = json_string_value(json_object_get(body, field));
	char a[ADDR_MAX + 1], b[ADDR_MAX + 1];

	if (is == NULL || said == NULL || strcmp(is, said) == 0 ||
	    (reg_normal(a, is) == VG_OK && reg_normal(b, said) == VG_OK && strcmp(a, b) == 0))
		return VG_OK;
	return reg_fault_set(fault, VG_ERR_DENIED, field, "the %s of %s cannot change; remove it and add another one", field, is);
}

/* body with the identity of current put in where it is left out. */
static int
identified(const json_t *current, json_t *body, json_t **out, struct reg_fault *fault)
{
	static const char *const fields[] = { "id", "partner", "address", "domain" };
	int err = VG_OK;

	if (!json_is_object(body))
		return reg_fault_set(fault, VG_ERR_SYNTAX, "", "the body is a JSON object with the fields to change");
	if ((*out = json_copy(body)) == NULL)
		return VG_ERR_MEMORY;
	for (size_t i = 0; err == VG_OK && i < sizeof(fields) / sizeof(fields[0]); i++) {
		json_t *is = json_object_get(current, fields[i]);

		err = same_identity(current, body, fields[i], fault);
		if (err == VG_OK && is != NULL && json_object_get(*out, fields[i]) == NULL)
			err = json_object_set(*out, fields[i], is) == 0 ? VG_OK : VG_ERR_MEMORY;
	}
	return err;
}

static void
update(struct call_env *env, json_t *args, struct call_result *res, enum reg_kind kind)
{
	struct reg_fault fault = { .field = "" };
	json_t *current = NULL, *obj = NULL;
	struct asked a;
	int err;

	read_asked(args, &a);
	if (kind == REG_CONTACT)
		a.partner = "";
	err = kind == REG_DIRECT ? load_holder(env->registry, &a, &current, &fault) :
	    load(env->registry, kind, &a, &current, &fault);
	if (err == VG_OK)
		err = identified(current, call_body(args), &obj, &fault);
	/* A holder's credentials are those of one address: the one in the path. */
	if (err == VG_OK && kind == REG_DIRECT && strchr(a.normal, '@') != NULL && json_object_get(obj, "address") == NULL)
		err = json_object_set_new(obj, "address", json_string(a.id)) == 0 ? VG_OK : VG_ERR_MEMORY;
	if (err == VG_OK)
		change(env, obj, res, kind, REG_SET);
	else
		registry_refuse(res, err, &fault);
	json_decref(current);
	json_decref(obj);
}

static bool
forced(json_t *args)
{
	const char *force = call_query(args, "force");

	return force != NULL && (strcmp(force, "true") == 0 || strcmp(force, "1") == 0);
}

static void
remove_one(struct call_env *env, json_t *args, struct call_result *res, enum reg_kind kind)
{
	struct reg_who who = { env->actor, env->now_ms };
	struct reg_fault fault = { .field = "" };
	struct registry *r = env->registry;
	struct asked a;
	int err = db_begin(r->db);

	read_asked(args, &a);
	if (err != VG_OK)
		;
	else if (kind == REG_PARTNER)
		err = reg_remove_partner(r, a.id, forced(args), &who, &fault);
	else if (kind == REG_DIRECT)
		err = reg_remove_direct(r, a.id, &who, &fault);
	else
		err = reg_remove_entry(r, kind, a.id, kind == REG_AGENT ? "" : a.partner, &who, &fault);
	if (err == VG_OK)
		err = db_commit(r->db);
	else
		db_rollback(r->db);
	if (err == VG_OK)
		res->status = 204;
	else
		registry_refuse(res, err, &fault);
}

/* ---- the table ---- */

#define VERB(name, verb, kind) \
	static void name(struct call_env *env, json_t *args, struct call_result *res) { verb(env, args, res, kind); }
#define VERBS(prefix, kind) \
	VERB(prefix##_list, registry_list, kind) \
	VERB(prefix##_show, show, kind) \
	VERB(prefix##_add, add, kind) \
	VERB(prefix##_update, update, kind) \
	VERB(prefix##_remove, remove_one, kind)

VERBS(partners, REG_PARTNER)
VERBS(contacts, REG_CONTACT)
VERBS(customers, REG_CUSTOMER)
VERBS(direct, REG_DIRECT)
VERBS(agents, REG_AGENT)

#define CALLS(prefix) \
	{ #prefix ".list", CALL_READ, prefix##_list }, \
	{ #prefix ".show", CALL_READ, prefix##_show }, \
	{ #prefix ".add", CALL_REGISTRY, prefix##_add }, \
	{ #prefix ".update", CALL_REGISTRY, prefix##_update }, \
	{ #prefix ".remove", CALL_REGISTRY, prefix##_remove }

const struct call_def calls_registry[] = {
	CALLS(partners),
	CALLS(contacts),
	CALLS(customers),
	CALLS(direct),
	CALLS(agents),
	{ "registry.import", CALL_REGISTRY, registry_import_call },
	/* Long, so not among the quick reads. */
	{ "registry.export", CALL_REGISTRY, registry_export_call },
	{ NULL, CALL_READ, NULL },
};
