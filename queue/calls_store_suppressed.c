/*
 * calls_store_suppressed.c - addresses that bounced for good, and the operator: who, since when, why, by which bounce; and lifting it.
 * Reader thread, changes in the writer.
 */
#include <string.h>

#include "addr.h"
#include "calls_store.h"
#include "err.h"
#include "id.h"
#include "outbox.h"

static json_t *
one_json(const struct outbox_suppressed *r)
{
	char since[32];

	id_rfc3339(since, r->at, 0);
	return json_pack("{s:s, s:s, s:s, s:s, s:o, s:o}", "address", r->address, "since", since, "reason", r->reason, "outgoing", r->outbox,
	    "report", *r->report != '\0' ? json_string(r->report) : json_null(), "ticket",
	    r->ticket > 0 ? json_integer((json_int_t)r->ticket) : json_null());
}

void
calls_suppressed_list(struct call_env *env, json_t *args, struct call_result *res)
{
	const char *after = call_query(args, "cursor");
	struct outbox_suppressed rows[100];
	json_t *items = json_array();
	int64_t limit;
	int n;

	if (!calls_number(res, "limit", call_query(args, "limit"), 100, 1, 100, &limit)) {
		json_decref(items);
		return;
	}
	n = store_suppressed_list(env->store, after != NULL ? after : "", rows, (unsigned)limit);
	for (int i = 0; i < n; i++)
		json_array_append_new(items, one_json(&rows[i]));
	if (n < 0) {
		json_decref(items);
		calls_failed(res, n);
		return;
	}
	res->status = 200;
	res->body = json_pack("{s:o, s:o}", "items", items, "next", n == (int)limit ? json_string(rows[n - 1].address) : json_null());
}

/* The address of the path in normal form. */
static bool
address_of(json_t *args, struct call_result *res, struct addr *out)
{
	const char *s = call_param(args, "address");

	if (s != NULL && addr_parse(out, s, strlen(s), ADDR_UTF8, NULL) == VG_OK)
		return true;
	call_problem(res, 422, "invalid value", "address", "a mail address is wanted");
	return false;
}

void
calls_suppressed_show(struct call_env *env, json_t *args, struct call_result *res)
{
	struct outbox_suppressed row;
	struct addr a;
	int err;

	if (!address_of(args, res, &a))
		return;
	if ((err = store_suppressed(env->store, a.normal, &row)) != VG_OK) {
		calls_failed(res, err);
		return;
	}
	res->status = 200;
	res->body = one_json(&row);
}

void
calls_suppressed_lift(struct call_env *env, json_t *args, struct call_result *res)
{
	struct store_audit a = { .actor = env->actor, .what = "suppressed.lift", .at = env->now_ms };
	char reference[ULID_LEN + 1];
	struct addr address;
	bool was = false;
	int err;

	if (!address_of(args, res, &address))
		return;
	a.sender = address.normal;
	err = store_unsuppress(env->store, address.normal, env->now_ms, &was);
	if (err == VG_OK && !was)
		err = VG_ERR_NOTFOUND;
	if (err == VG_OK)
		err = store_audit_add(env->store, &a, reference);
	if (err == VG_OK)
		res->status = 204;
	else
		calls_failed(res, err);
}
