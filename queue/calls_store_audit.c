/*
 * calls_store_audit.c - audit records of store and registry in one list, and the API's bearer tokens. Reader thread, changes in
 * the writer. A token is shown once; the store keeps its hash.
 */
#include "calls_store.h"

#include <sodium.h>
#include <string.h>

#include "err.h"
#include "registry.h"
#include "utf8.h"

#define TOKEN_BYTES 32u
#define TOKEN_TEXT sodium_base64_ENCODED_LEN(TOKEN_BYTES, sodium_base64_VARIANT_URLSAFE_NO_PADDING)
#define TOKEN_PREFIX "vcspgate_"

/* ---- audit ---- */

static const char *
reference_of(json_t *list, size_t i)
{
	const char *s = json_string_value(json_object_get(json_array_get(list, i), "reference"));

	return s != NULL ? s : "";
}

/* Two lists, each newest first, to one of at most max. */
static json_t *
merge(json_t *a, json_t *b, unsigned max)
{
	json_t *out = json_array();
	size_t i = 0, k = 0;

	while (json_array_size(out) < max && (i < json_array_size(a) || k < json_array_size(b))) {
		bool first = k >= json_array_size(b) ||
		    (i < json_array_size(a) && strcmp(reference_of(a, i), reference_of(b, k)) > 0);

		json_array_append(out, first ? json_array_get(a, i++) : json_array_get(b, k++));
	}
	return out;
}

static int
one_record(struct call_env *env, const char *reference, json_t **out)
{
	json_t *record;
	int err = store_audit_show(env->store, reference, &record);

	*out = json_array();
	if (err == VG_OK)
		json_array_append_new(*out, record);
	return err == VG_ERR_NOTFOUND ? VG_OK : err;
}

void
calls_audit_list(struct call_env *env, json_t *args, struct call_result *res)
{
	const char *cursor = call_query(args, "cursor"), *sender = call_query(args, "sender");
	const char *reference = call_query(args, "reference");
	json_t *ours = NULL, *theirs = NULL, *items = NULL;
	int64_t limit;
	bool more = false;
	int err;

	if (!calls_number(res, "limit", call_query(args, "limit"), 50, 1, 200, &limit))
		return;
	if (cursor != NULL && *cursor == '\0')
		cursor = NULL;
	if (reference != NULL) {
		err = one_record(env, reference, &items);
	} else {
		err = store_audit_list(env->store, cursor, sender, (unsigned)limit, &ours);
		if (err == VG_OK && sender == NULL)
			err = registry_audit_list(env->registry, cursor, (unsigned)limit, &theirs);
		items = merge(ours, theirs, (unsigned)limit);
		more = json_array_size(items) == (size_t)limit;
	}
	json_decref(ours);
	json_decref(theirs);
	if (err != VG_OK) {
		json_decref(items);
		calls_failed(res, err);
		return;
	}
	res->body = json_pack("{s:O,s:o}", "items", items, "next",
	    more ? json_string(reference_of(items, json_array_size(items) - 1)) : json_null());
	json_decref(items);
}

void
calls_audit_show(struct call_env *env, json_t *args, struct call_result *res)
{
	const char *reference = call_param(args, "reference");
	int err = reference == NULL ? VG_ERR_NOTFOUND : store_audit_show(env->store, reference, &res->body);

	if (err != VG_OK)
		calls_failed(res, err);
}

/* ---- tokens ---- */

static void
token_hash(unsigned char hash[32], const char *token)
{
	crypto_generichash(hash, 32, (const unsigned char *)token, strlen(token), NULL, 0);
}

/* "queue tickets" of the list; false where one is no scope. */
static bool
read_scopes(json_t *list, char out[128])
{
	static const char *const known[] = { "queue", "tickets", "registry", "admin" };
	json_t *one;
	size_t i;

	out[0] = '\0';
	if (!json_is_array(list) || json_array_size(list) == 0 || json_array_size(list) > 4)
		return false;
	json_array_foreach(list, i, one)
	{
		const char *s = json_string_value(one);
		unsigned k = 0;

		while (k < 4 && (s == NULL || strcmp(s, known[k]) != 0))
			k++;
		if (k == 4)
			return false;
		if (i > 0)
			strncat(out, " ", 127 - strlen(out));
		strncat(out, known[k], 127 - strlen(out));
	}
	return true;
}

static json_t *
scopes_json(const char *scopes)
{
	json_t *list = json_array();

	while (*scopes != '\0') {
		size_t n = strcspn(scopes, " ");

		json_array_append_new(list, json_stringn(scopes, n));
		scopes += n + (scopes[n] == ' ');
	}
	return list;
}

static bool
name_ok(const char *name)
{
	size_t n = name != NULL ? strlen(name) : 0;

	return n > 0 && n < 64 && strcmp(name, "local") != 0 &&
	    strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") == n;
}

static int
audit_token(struct call_env *env, const char *what, const char *name, const char *scopes)
{
	struct store_audit a = { .actor = env->actor, .what = what, .text = name, .reason = scopes, .at = env->now_ms };
	char reference[ULID_LEN + 1];

	return store_audit_add(env->store, &a, reference);
}

void
calls_tokens_add(struct call_env *env, json_t *args, struct call_result *res)
{
	const char *name = json_string_value(json_object_get(call_body(args), "name"));
	unsigned char secret[TOKEN_BYTES], hash[32];
	char token[sizeof(TOKEN_PREFIX) + TOKEN_TEXT] = TOKEN_PREFIX, scopes[128];
	int err;

	if (!name_ok(name)) {
		call_problem(res, 422, "invalid value", "name", "name: up to 63 letters, digits, - _ or . are wanted");
		return;
	}
	if (!read_scopes(json_object_get(call_body(args), "scopes"), scopes)) {
		call_problem(res, 422, "invalid value", "scopes", "scopes: a list of queue, tickets, registry, admin is wanted");
		return;
	}
	randombytes_buf(secret, sizeof(secret));
	sodium_bin2base64(token + sizeof(TOKEN_PREFIX) - 1, TOKEN_TEXT, secret, sizeof(secret),
	    sodium_base64_VARIANT_URLSAFE_NO_PADDING);
	token_hash(hash, token);
	err = store_token_add(env->store, name, hash, scopes, env->now_ms);
	if (err == VG_OK)
		err = audit_token(env, "token.added", name, scopes);
	if (err == VG_ERR_EXISTS) {
		call_problem(res, 409, "exists", "name", "a token of this name exists");
	} else if (err != VG_OK) {
		calls_failed(res, err);
	} else {
		res->status = 201;
		res->body = json_pack("{s:s,s:o,s:s}", "name", name, "scopes", scopes_json(scopes), "token", token);
	}
	sodium_memzero(secret, sizeof(secret));
	sodium_memzero(token, sizeof(token));
}

void
calls_tokens_check(struct call_env *env, json_t *args, struct call_result *res)
{
	const char *token = json_string_value(json_object_get(call_body(args), "token"));
	unsigned char hash[32];
	char name[64], scopes[128];
	int err;

	if (token == NULL) {
		calls_failed(res, VG_ERR_NOTFOUND);
		return;
	}
	token_hash(hash, token);
	if ((err = store_token_check(env->store, hash, name, scopes)) != VG_OK)
		calls_failed(res, err);
	else
		res->body = json_pack("{s:s,s:o}", "name", name, "scopes", scopes_json(scopes));
}

void
calls_tokens_list(struct call_env *env, json_t *args, struct call_result *res)
{
	json_t *items = NULL, *one;
	size_t i;
	int err = store_token_list(env->store, &items);

	(void)args;
	if (err != VG_OK) {
		json_decref(items);
		calls_failed(res, err);
		return;
	}
	json_array_foreach(items, i, one)
		json_object_set_new(one, "scopes", scopes_json(json_string_value(json_object_get(one, "scopes"))));
	res->body = json_pack("{s:o,s:n}", "items", items, "next");
}

void
calls_tokens_remove(struct call_env *env, json_t *args, struct call_result *res)
{
	const char *name = call_param(args, "name");
	int err = name == NULL ? VG_ERR_NOTFOUND : store_token_remove(env->store, name);

	if (err == VG_OK)
		err = audit_token(env, "token.removed", name, "");
	if (err != VG_OK)
		calls_failed(res, err);
	else
		res->status = 204;
}
