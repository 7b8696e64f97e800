/*
 * calls_store_held.c - held mail and the operator: look, release, reject, delete. Reader thread, changes in the writer. A release
 * runs the table again; nothing here decides who may write.
 */
#include "calls_store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "event.h"
#include "facts.h"
#include "gate_release.h"
#include "hold_cause.h"
#include "utf8.h"

#define TEXT_MAX 1000u

/* ---- looking ---- */

static json_t *
time_json(int64_t ms)
{
	char text[32];

	id_rfc3339(text, ms, 0);
	return json_string(text);
}

static bool
was_authenticated(const struct store_message *m)
{
	json_t *facts = json_loads(m->facts, 0, NULL);
	const char *result = json_string_value(json_object_get(json_object_get(facts, "authentication"), "result"));
	bool yes = result != NULL && strcmp(result, "authenticated") == 0;

	json_decref(facts);
	return yes;
}

/* Why, and what can be done with this one: nobody whom nothing proves is told anything. */
static json_t *
cause_json(const struct store_message *m, const char *reason)
{
	const struct hold_cause *c = hold_cause_find(reason);
	unsigned actions = c->actions & ~(was_authenticated(m) ? 0u : (unsigned)HOLD_REJECT);
	json_t *list = json_array();
	const char *name;

	for (size_t i = 0; (name = hold_action_name(actions, i)) != NULL; i++)
		json_array_append_new(list, json_string(name));
	return json_pack("{s:s,s:s,s:s,s:o}", "code", c->code, "text", c->text, "advice", c->advice, "actions", list);
}

static json_t *
held_json(const struct store_message *m, const struct store_held *h)
{
	json_t *envelope = json_loads(m->envelope, 0, NULL);

	return json_pack("{s:s,s:s,s:o,s:s,s:s,s:s,s:s,s:s,s:s,s:s?,s:s?,s:s,s:I,s:o,s:o,s:o,s:o}", "id", m->ulid, "reason", h->reason,
	    "cause", cause_json(m, h->reason),
	    "rule", m->rule, "sender", m->sender, "sender_shown", m->sender_shown, "sender_name", m->sender_name, "class",
	    event_class_word(m->cls), "subject", m->subject, "partner", *m->partner != '\0' ? m->partner : NULL, "holder",
	    *m->holder != '\0' ? m->holder : NULL, "message_id", m->message_id, "size", (json_int_t)m->size, "received_at",
	    time_json(m->received_at), "held_at", time_json(h->held_at), "expires_at", time_json(h->expires_at), "envelope",
	    envelope != NULL ? envelope : json_null());
}

void
calls_held_list(struct call_env *env, json_t *args, struct call_result *res)
{
	const char *reason = call_query(args, "reason");
	struct store_held held[200];
	json_t *items;
	unsigned limit;
	int64_t cursor;
	int n, err = VG_OK;

	if (!calls_page(args, res, &limit, &cursor))
		return;
	n = store_held_list(env->store, cursor, reason, held, limit);
	items = json_array();
	for (int i = 0; i < n && err == VG_OK; i++) {
		struct store_message m;

		if ((err = store_message(env->store, held[i].message, &m)) == VG_OK)
			json_array_append_new(items, held_json(&m, &held[i]));
		store_message_free(&m);
	}
	calls_rows_end(res, items, n < 0 ? n : err, n > 0 && (unsigned)n == limit ? held[n - 1].message : 0);
}

/* The held message of the path. False: a problem was set. */
static bool
load(struct call_env *env, json_t *args, struct call_result *res, struct store_message *m, struct store_held *h)
{
	const char *ulid = call_param(args, "id");
	int err;

	memset(m, 0, sizeof(*m));
	err = ulid == NULL ? VG_ERR_NOTFOUND : store_message_by_ulid(env->store, ulid, m);
	if (err == VG_OK)
		err = store_held(env->store, m->id, h);
	if (err == VG_ERR_NOTFOUND)
		call_problem(res, 404, "not found", NULL, "no held mail has this id");
	else if (err != VG_OK)
		calls_failed(res, err);
	return err == VG_OK;
}

void
calls_held_show(struct call_env *env, json_t *args, struct call_result *res)
{
	struct store_message m;
	struct store_held h;
	struct buf object;

	buf_init(&object, CALLS_ANSWER_MAX);
	if (load(env, args, res, &m, &h)) {
		json_t *evidence = json_loads(m.facts, 0, NULL), *preview = NULL;

		if (store_object(env->store, m.id, &object) == VG_OK)
			preview = json_loadb((char *)object.data, object.len, 0, NULL);
		res->body = held_json(&m, &h);
		json_object_set_new(res->body, "evidence", evidence != NULL ? evidence : json_null());
		json_object_set_new(res->body, "message", preview != NULL ? preview : json_null());
	}
	buf_free(&object);
	store_message_free(&m);
}

/* ---- ending a hold ---- */

static int
write_audit(struct call_env *env, const struct store_message *m, const char *what, const char *text, char reference[ULID_LEN + 1])
{
	struct store_audit a = { .actor = env->actor, .what = what, .rule = m->rule, .reason = m->reason, .text = text,
		.sender = m->sender, .message = m->ulid, .ticket = m->ticket, .facts = m->facts, .at = env->now_ms };

	return store_audit_add(env->store, &a, reference);
}

/* The evidence from now on: the operator stands for the sender; what was found before stays beside it. */
static int
note_operator(struct call_env *env, struct store_message *m)
{
	json_t *facts = json_loads(m->facts, 0, NULL);
	char *text = NULL;
	int err = VG_ERR_MEMORY;

	if (facts == NULL)
		facts = json_object();
	json_object_set(facts, "authentication_before", json_object_get(facts, "authentication"));
	json_object_set_new(facts, "authentication", json_pack("{s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s}", "result", "operator", "method",
	    "operator", "operator", env->actor, "spf", "none", "dkim", "none", "dmarc", "none", "arc", "none", "covers", "*"));
	if ((text = json_dumps(facts, JSON_COMPACT)) != NULL) {
		err = store_message_facts(env->store, m->id, text);
		free(m->facts);
		m->facts = text;
	}
	json_decref(facts);
	return err;
}

static int
replace(char **at, const char *text)
{
	char *copy = strdup(text);

	if (copy == NULL)
		return VG_ERR_MEMORY;
	free(*at);
	*at = copy;
	return VG_OK;
}

/* Takes over what the table says today. */
static int
take_verdict(struct store_message *m, const struct verdict *v, const struct facts_say *say)
{
	int err;

	if (m->action == COMMIT_OPEN && m->ticket != 0 && v->action == COMMIT_APPEND)
		m->ticket = 0; /* its own pending ticket is not needed: forgotten by the caller */
	m->action = v->action;
	if (v->action == COMMIT_APPEND)
		m->ticket = v->ticket;
	m->continues = v->related;
	m->role = v->role;
	m->reopen = v->reopen;
	m->cls = (enum sender_class)say->cls;
	if ((err = replace(&m->rule, v->rule)) != VG_OK || (err = replace(&m->text, v->text)) != VG_OK ||
	    (err = replace(&m->partner, say->partner)) != VG_OK || (err = replace(&m->holder, say->holder)) != VG_OK)
		return err;
	return v->route_direct ? replace(&m->route, "direct") : VG_OK;
}

/* A mail that the table had let in (its parser disagreed) noted no question: it meant its own ticket, or none. */
static void
ask_plainly(struct facts_ask *ask, const struct store_message *m)
{
	*ask = (struct facts_ask){ .sender = m->sender, .message_id = "",
		.token_ticket = m->action == COMMIT_APPEND ? m->ticket : 0 };
}

static const char *
domain_of(const char *address)
{
	const char *at = strrchr(address, '@');

	return at != NULL ? at + 1 : "";
}

static int
run_table(struct call_env *env, const struct store_message *m, bool as_contact, struct facts *f, struct verdict *v)
{
	json_t *stored = json_loads(m->facts, 0, NULL);
	struct release_input in = { .conf = env->conf, .facts = &f->say, .automatic = m->automatic,
		.received_at = m->received_at };
	struct facts_ask ask;
	struct buf mids;
	int err;

	buf_init(&mids, 256 * 1024);
	if (gate_release_ask(&ask, &mids, stored, m->sender) != VG_OK)
		ask_plainly(&ask, m);
	ask.author_domain = domain_of(m->sender);
	err = facts_find(f, env->store, env->registry, &ask);
	if (err == VG_OK && as_contact && f->say.cls == CLASS_PARTNER_DOMAIN)
		f->say.unlisted = UNLISTED_ACCEPT; /* the operator's word counts above the partner's setting */
	if (err == VG_OK)
		err = gate_release_decide(&in, v);
	buf_free(&mids);
	json_decref(stored);
	return err;
}

static int
let_go(struct call_env *env, struct store_message *m, const struct verdict *v, const struct facts_say *say, bool as_contact,
    char reference[ULID_LEN + 1])
{
	uint64_t own = m->action == COMMIT_OPEN ? m->ticket : 0;
	char how[40];
	int err;

	snprintf(how, sizeof(how), "%s%s", v->rule, as_contact ? " as contact" : "");
	err = write_audit(env, m, "held.released", how, reference);

	if (err == VG_OK)
		err = take_verdict(m, v, say);
	if (err == VG_OK && own != 0 && m->ticket != own)
		err = store_ticket_drop(env->store, own);
	if (err == VG_OK)
		err = note_operator(env, m);
	return err == VG_OK ? store_held_end(env->store, m, "released", env->now_ms) : err;
}

/* {"as":"contact"}: as a contact whatever the partner set for unlisted colleagues. False: a problem was set. */
static bool
release_form(json_t *args, struct call_result *res, bool *as_contact)
{
	json_t *as = json_object_get(call_body(args), "as");
	const char *word = json_string_value(as);

	*as_contact = word != NULL && strcmp(word, "contact") == 0;
	if (as == NULL || json_is_null(as) || *as_contact)
		return true;
	call_problem(res, 422, "invalid value", "as", "as: only contact is known");
	return false;
}

/* Only a partner's own people can be let in as contacts. */
static bool
may_be_contact(const struct facts *f)
{
	return f->say.cls == CLASS_CONTACT || f->say.cls == CLASS_PARTNER_DOMAIN;
}

static void
released(struct call_env *env, struct store_message *m, const struct facts *f, const struct verdict *v, bool as_contact,
    struct call_result *res)
{
	char reference[ULID_LEN + 1];
	int err = let_go(env, m, v, &f->say, as_contact, reference);

	if (err != VG_OK)
		calls_failed(res, err);
	else
		res->body = json_pack("{s:s,s:s,s:s,s:I,s:s}", "id", m->ulid, "outcome", "released", "rule", m->rule, "ticket",
		    (json_int_t)m->ticket, "reference", reference);
}

void
calls_held_release(struct call_env *env, json_t *args, struct call_result *res)
{
	struct store_message m;
	struct store_held h;
	struct facts f;
	struct verdict v;
	bool as_contact;
	int err;

	if (!release_form(args, res, &as_contact))
		return;
	memset(&f, 0, sizeof(f));
	memset(&v, 0, sizeof(v));
	if (load(env, args, res, &m, &h)) {
		err = run_table(env, &m, as_contact, &f, &v);
		if (as_contact && (err == VG_OK || err == VG_ERR_DENIED) && !may_be_contact(&f))
			call_problem(res, 409, "no contact", NULL,
			    "%s is in no partner's domain; register the sender first", m.sender);
		else if (err == VG_ERR_DENIED)
			call_problem(res, 409, "rule forbids it", NULL, "%s: %s", v.rule,
			    *v.text != '\0' ? v.text : v.reason != NULL && *v.reason != '\0' ? v.reason : "it stays held");
		else if (err != VG_OK)
			calls_failed(res, err);
		else
			released(env, &m, &f, &v, as_contact, res);
	}
	facts_free(&f);
	store_message_free(&m);
}

static void
refuse(struct call_env *env, struct store_message *m, const char *what, const char *how, const char *text,
    struct call_result *res)
{
	char reference[ULID_LEN + 1];
	int err = write_audit(env, m, what, text, reference);

	if (err == VG_OK)
		err = store_held_end(env->store, m, how, env->now_ms);
	if (err != VG_OK)
		calls_failed(res, err);
	else
		res->body = json_pack("{s:s,s:s,s:s}", "id", m->ulid, "outcome", how, "reference", reference);
}

/* A text is for the sender: only for one who proved to be it (nobody else may learn that the mail was looked at). */
void
calls_held_reject(struct call_env *env, json_t *args, struct call_result *res)
{
	const char *text = json_string_value(json_object_get(call_body(args), "text"));
	struct store_message m;
	struct store_held h;

	if (text == NULL || *text == '\0' || strlen(text) > TEXT_MAX) {
		call_problem(res, 422, "invalid value", "text", "text: the reason is wanted, at most %u bytes", TEXT_MAX);
		return;
	}
	if (load(env, args, res, &m, &h)) {
		if (!was_authenticated(&m))
			call_problem(res, 409, "sender not authenticated", NULL,
			    "only mail of an authenticated sender can be rejected with a text; delete it instead");
		else
			refuse(env, &m, "held.rejected", "rejected", text, res);
	}
	store_message_free(&m);
}

void
calls_held_delete(struct call_env *env, json_t *args, struct call_result *res)
{
	struct store_message m;
	struct store_held h;

	if (load(env, args, res, &m, &h)) {
		refuse(env, &m, "held.deleted", "deleted", "", res);
		if (res->status == 200) {
			json_decref(res->body);
			res->body = NULL;
			res->status = 204;
		}
	}
	store_message_free(&m);
}
