/*
 * calls_store_outbox.c - outgoing mail and the operator: look, try again now, hold, release, cancel. Reader thread, changes in the
 * writer.
 */
#include <string.h>

#include "calls_store.h"
#include "err.h"
#include "id.h"
#include "outbox.h"

static const char *
kind_word(enum letter_kind kind)
{
	static const char *const words[] = { "unknown", "acknowledgement", "relay", "reply", "joined", "removed", "agent", "digest",
		"refused", "alarm", "held", "failed" };

	return words[(unsigned)kind < sizeof(words) / sizeof(words[0]) ? kind : 0];
}

static json_t *
time_of(int64_t ms)
{
	char text[32];

	id_rfc3339(text, ms, 0);
	return json_string(text);
}

static const char *
hold_word(const struct outbox_row *r)
{
	static const char *const words[] = { "operator", "address", "contact" };

	return words[(unsigned)r->hold < sizeof(words) / sizeof(words[0]) ? r->hold : 0];
}

static json_t *
row_json(const struct outbox_row *r)
{
	return json_pack("{s:s, s:I, s:s, s:s, s:s, s:i, s:i, s:s, s:s, s:o, s:o, s:o, s:o}", "id", r->ulid, "ticket", (json_int_t)r->ticket,
	    "kind", kind_word(r->kind), "recipient", r->recipient, "state", outbox_state_word(r->state), "attempts", (int)r->attempts,
	    "code", (int)r->code, "answer", r->answer, "message_id", r->message_id, "created_at", time_of(r->created_at), "updated_at",
	    time_of(r->updated_at), "next_at", r->state == OUTBOX_QUEUED ? time_of(r->next_at) : json_null(), "held_by",
	    r->state == OUTBOX_HELD ? json_string(hold_word(r)) : json_null());
}

static enum outbox_state
state_of(const char *word)
{
	for (int i = OUTBOX_QUEUED; i <= OUTBOX_CANCELLED; i++)
		if (strcmp(word, outbox_state_word((enum outbox_state)i)) == 0)
			return (enum outbox_state)i;
	return 0;
}

void
calls_outbox_list(struct call_env *env, json_t *args, struct call_result *res)
{
	const char *word = call_query(args, "state");
	enum outbox_state state = word != NULL ? state_of(word) : 0;
	struct outbox_row rows[200];
	int64_t cursor, ticket = 0, last = 0;
	json_t *items;
	unsigned limit;
	int n;

	if (word != NULL && state == 0) {
		call_problem(res, 422, "invalid value", "state", "state: queued, held, sent, failed or cancelled is wanted");
		return;
	}
	if (!calls_page(args, res, &limit, &cursor) ||
	    !calls_number(res, "ticket", call_query(args, "ticket"), 0, 1, INT64_MAX, &ticket))
		return;
	n = store_outbox_list(env->store, cursor, state, (uint64_t)ticket, rows, limit);
	items = json_array();
	for (int i = 0; i < n; i++) {
		json_array_append_new(items, row_json(&rows[i]));
		last = rows[i].id;
		store_outbox_free(&rows[i]);
	}
	calls_rows_end(res, items, n < 0 ? n : VG_OK, n > 0 && (unsigned)n == limit ? last : 0);
}

/* What an operator may ask of a copy in which state, and what becomes of it. */
static const struct {
	const char *op;
	enum outbox_state from[3], to; /* from: 0 at the end */
} acts[] = {
	{ "outbox.retry", { OUTBOX_QUEUED, OUTBOX_FAILED }, OUTBOX_QUEUED },
	{ "outbox.hold", { OUTBOX_QUEUED }, OUTBOX_HELD },
	{ "outbox.release", { OUTBOX_HELD }, OUTBOX_QUEUED },
	{ "outbox.cancel", { OUTBOX_QUEUED, OUTBOX_HELD, OUTBOX_FAILED }, OUTBOX_CANCELLED },
};

static bool
may(size_t act, enum outbox_state state)
{
	for (size_t i = 0; i < 3 && acts[act].from[i] != 0; i++)
		if (acts[act].from[i] == state)
			return true;
	return false;
}

/* A copy that is let go again says that its address is good again. */
static int
change(struct call_env *env, struct outbox_row *r, size_t act)
{
	struct store_audit a = { .actor = env->actor, .what = acts[act].op, .sender = r->recipient, .ticket = r->ticket, .at = env->now_ms };
	char reference[ULID_LEN + 1];
	bool was;
	int err = VG_OK;

	if (acts[act].to == OUTBOX_QUEUED)
		err = store_unsuppress(env->store, r->recipient, env->now_ms, &was);
	r->hold = OUTBOX_BY_HAND;
	r->state = acts[act].to;
	r->next_at = env->now_ms;
	if (err == VG_OK)
		err = store_outbox_save(env->store, r, env->now_ms);
	return err == VG_OK ? store_audit_add(env->store, &a, reference) : err;
}

static void
act_on(struct call_env *env, json_t *args, struct call_result *res, size_t act)
{
	const char *ulid = call_param(args, "id");
	struct outbox_row r;
	int err = ulid == NULL ? VG_ERR_NOTFOUND : store_outbox_by_ulid(env->store, ulid, &r);

	if (err != VG_OK) {
		calls_failed(res, err);
		return;
	}
	if (!may(act, r.state)) {
		call_problem(res, 409, "not possible", NULL, "the mail is %s", outbox_state_word(r.state));
	} else if ((err = change(env, &r, act)) != VG_OK) {
		calls_failed(res, err);
	} else {
		res->status = 200;
		res->body = row_json(&r);
	}
	store_outbox_free(&r);
}

void
calls_outbox_retry(struct call_env *env, json_t *args, struct call_result *res)
{
	act_on(env, args, res, 0);
}

void
calls_outbox_hold(struct call_env *env, json_t *args, struct call_result *res)
{
	act_on(env, args, res, 1);
}

void
calls_outbox_release(struct call_env *env, json_t *args, struct call_result *res)
{
	act_on(env, args, res, 2);
}

void
calls_outbox_cancel(struct call_env *env, json_t *args, struct call_result *res)
{
	act_on(env, args, res, 3);
}
