/*
 * calls_store_people.c - an operator takes somebody out of a ticket (T7), or puts a ticket into another one of the same
 * partner. In the writer. Who may ask is the API's business.
 */
#include "calls_store.h"

#include <stdio.h>
#include <string.h>

#include "addr.h"
#include "err.h"
#include "queue_letters.h"
#include "ticket.h"

static int
load_visible(struct call_env *env, struct ticket_view *v, uint64_t number)
{
	int err = ticket_load(v, env->store, env->registry, number);

	return err == VG_OK && v->t.pending ? VG_ERR_NOTFOUND : err;
}

static int
note(struct call_env *env, const char *what, const char *rule, uint64_t ticket, const char *text)
{
	struct store_audit a = { .actor = env->actor, .what = what, .rule = rule, .text = text, .ticket = ticket, .at = env->now_ms };
	char reference[ULID_LEN + 1];

	return store_audit_add(env->store, &a, reference);
}

static void
answer(struct call_env *env, struct call_result *res, uint64_t number, int err)
{
	struct buf out;

	buf_init(&out, CALLS_ANSWER_MAX);
	calls_text(res, &out, err != VG_OK ? err : calls_put_ticket(env, number, &out));
}

/* ---- participants ---- */

static int
take_out(struct call_env *env, struct ticket_view *v, const char *address)
{
	bool removed;
	int err = store_participant_remove(env->store, v->t.number, address, env->actor, env->now_ms, &removed);

	if (err == VG_OK)
		err = queue_letters_removed(env->store, env->conf, v, address, 0, env->now_ms);
	if (err == VG_OK)
		err = ticket_reload(v, env->store);
	if (err == VG_OK)
		err = note(env, "participant.removed", "T7", v->t.number, address);
	if (err == VG_OK)
		err = ticket_event(env->store, v, "participant.removed", NULL, 0, env->now_ms);
	v->t.updated_at = env->now_ms;
	return err == VG_OK ? store_ticket_save(env->store, &v->t) : err;
}

void
calls_tickets_remove_participant(struct call_env *env, json_t *args, struct call_result *res)
{
	const char *text = call_param(args, "address"), *why;
	struct ticket_view v = { .n_related = 0 };
	const struct store_participant *p;
	struct addr a;
	uint64_t number;
	int err;

	if (!calls_ticket_number(args, res, &number))
		return;
	if (text == NULL || addr_parse(&a, text, strlen(text), 0, &why) != VG_OK) {
		call_problem(res, 404, "not found", NULL, "there is no such participant");
		return;
	}
	if ((err = load_visible(env, &v, number)) != VG_OK)
		calls_failed(res, err);
	else if ((p = ticket_participant(&v.t, a.normal)) == NULL)
		call_problem(res, 404, "not found", NULL, "there is no such participant");
	else if (p->role != PART_CUSTOMER && p->role != PART_OBSERVER)
		call_problem(res, 409, "not removable", NULL, "only customers and observers are removed from a ticket; the registry says "
		    "who else takes part");
	else
		answer(env, res, number, take_out(env, &v, a.normal));
	ticket_close(&v);
}

/* ---- merging ---- */

/* One partner's world only (P9): anything else would show a ticket to strangers. */
static bool
can_merge(const struct store_ticket *from, const struct store_ticket *into, struct call_result *res)
{
	if (from->number == into->number || from->merged_into > 0 || into->merged_into > 0)
		call_problem(res, 409, "cannot be merged", "into", "a ticket goes once, into another one that did not go elsewhere itself");
	else if (*from->partner == '\0' || strcmp(from->partner, into->partner) != 0)
		call_problem(res, 409, "cannot be merged", "into", "both tickets must be of the same partner");
	else
		return true;
	return false;
}

static int
merge(struct call_env *env, struct ticket_view *from, uint64_t into)
{
	const char *changed[3] = { "merged_into", NULL };
	char text[32];
	int err;

	snprintf(text, sizeof(text), "into %llu", (unsigned long long)into);
	if (from->t.status != TICKET_CLOSED) {
		changed[1] = "status";
		from->t.closed_at = env->now_ms;
	}
	from->t.status = TICKET_CLOSED;
	from->t.merged_into = into;
	from->t.updated_at = env->now_ms;
	if ((err = store_ticket_merge(env->store, from->t.number, into)) != VG_OK ||
	    (err = store_errors_move(env->store, from->t.number, into)) != VG_OK ||
	    (err = ticket_event(env->store, from, "ticket.closed", changed, 0, env->now_ms)) != VG_OK ||
	    (err = store_ticket_save(env->store, &from->t)) != VG_OK)
		return err;
	return note(env, "ticket.merged", "", from->t.number, text);
}

void
calls_tickets_merge(struct call_env *env, json_t *args, struct call_result *res)
{
	json_t *target = json_object_get(call_body(args), "into");
	struct ticket_view from = { .n_related = 0 }, into = { .n_related = 0 };
	uint64_t number;
	int err;

	if (!calls_ticket_number(args, res, &number))
		return;
	if (!json_is_integer(target) || json_integer_value(target) < 1) {
		call_problem(res, 422, "invalid value", "into", "into: the number of a ticket is wanted");
		return;
	}
	if ((err = load_visible(env, &from, number)) != VG_OK)
		calls_failed(res, err);
	else if (load_visible(env, &into, (uint64_t)json_integer_value(target)) != VG_OK)
		call_problem(res, 422, "invalid value", "into", "there is no such ticket");
	else if (can_merge(&from.t, &into.t, res))
		answer(env, res, number, merge(env, &from, into.t.number));
	ticket_close(&from);
	ticket_close(&into);
}
