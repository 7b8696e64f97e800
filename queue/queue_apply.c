/*
 * queue_apply.c - what follows from a parsed message: ticket, participants, clocks, events, in one transaction of the writer
 * thread, once for each message however often it is tried. The object passed message_check(); what it says
 * is still only what the sender wrote.
 */
#include "queue.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "held_tell.h"
#include "log.h"
#include "queue_bounce.h"
#include "queue_letters.h"
#include "pictures.h"
#include "queue_people.h"
#include "route.h"
#include "ticket.h"

#define OBJECT_MAX (IPC_HUGE + (1u << 20))
#define ATTACHMENTS_MAX 1000u

struct work {
	struct writer_env *env;
	const struct apply_input *in;
	struct apply_result *out;
	struct store_message m;
	struct ticket_view v;
	struct queue_people people;
	bool outside_portfolio;
	int64_t object;
};

/* ---- pieces ---- */

static const char *
field(const struct work *w, const char *name)
{
	return json_string_value(json_object_get(json_object_get(w->in->object, "fields"), name));
}

static void
add_problem(json_t *problems, const char *code, const char *detail)
{
	json_array_append_new(problems, json_pack("{s:s,s:s}", "code", code, "detail", detail));
}

/* The parser's text as it came, or with what only we know among its problems. NULL on no memory; *owned: to be freed. */
static const char *
with_problems(const struct work *w, size_t *len, char **owned)
{
	json_t *object, *problems;

	*owned = NULL;
	*len = w->in->json_len;
	if (!w->outside_portfolio && !w->m.message_id_seen && json_array_size(w->people.problems) == 0)
		return w->in->json;
	object = json_copy((json_t *)(uintptr_t)w->in->object); /* the original stays: we may be called again */
	problems = json_copy(json_object_get(object, "problems"));
	if (w->m.message_id_seen)
		add_problem(problems, "message-id.reused", "another mail with this Message-ID, but other content, came before");
	if (w->outside_portfolio)
		add_problem(problems, "product.outside-portfolio", "the product is not in the partner's portfolio");
	json_array_extend(problems, w->people.problems);
	json_object_set_new(object, "problems", problems);
	*owned = json_dumps(object, JSON_COMPACT);
	json_decref(object);
	*len = *owned != NULL ? strlen(*owned) : 0;
	return *owned;
}

static const char *
audience(struct work *w)
{
	return w->people.audience.len > 0 ? buf_str(&w->people.audience) : "[]";
}

static int
keep_object(struct work *w)
{
	struct buf object;
	size_t len;
	char *owned;
	const char *json = with_problems(w, &len, &owned);
	int err;

	buf_init(&object, OBJECT_MAX);
	err = json == NULL ? VG_ERR_MEMORY
	    : event_message(&object, json, len, &w->m, audience(w));
	if (err == VG_OK)
		err = store_object_add(w->env->store, w->m.id, (char *)object.data, object.len, &w->object);
	free(owned);
	buf_free(&object);
	return err;
}

static int
keep_attachments(struct work *w)
{
	json_t *a;
	size_t i;
	int err = VG_OK;

	json_array_foreach(json_object_get(w->in->object, "attachments"), i, a)
	{
		const char *hex = json_string_value(json_object_get(a, "blake2b"));
		const char *part = json_string_value(json_object_get(a, "id"));
		unsigned char hash[32];
		size_t n;

		if (i >= ATTACHMENTS_MAX || err != VG_OK)
			break;
		if (hex != NULL && part != NULL && sodium_hex2bin(hash, sizeof(hash), hex, strlen(hex), NULL, &n, NULL) == 0 &&
		    n == sizeof(hash) && strlen(part) < 16)
			err = store_attachment_add(w->env->store, hash, w->m.id, part);
	}
	return err;
}

static int
event(struct work *w, const char *kind, const char *const *changed, int64_t object)
{
	w->out->events++;
	return ticket_event(w->env->store, &w->v, kind, changed, object, w->in->now);
}

/* ---- people ---- */

static int
gather_people(struct work *w)
{
	int err;

	w->people = (struct queue_people){ .env = w->env, .in = w->in, .m = &w->m, .v = &w->v };
	err = queue_people(&w->people);
	w->m.visibility = w->people.visibility;
	return err;
}

/* ---- held ---- */

static int
held_event(struct work *w)
{
	char ulid[ULID_LEN + 1];
	struct event e = { .ulid = ulid, .kind = "mail.held", .at = w->in->now };
	struct buf head;
	int err;

	buf_init(&head, 4096);
	id_ulid(ulid, w->in->now);
	if ((err = event_head(&head, &e)) == VG_OK) {
		struct store_event row = { .ulid = ulid, .kind = e.kind, .route = *w->m.route != '\0' ? w->m.route : "default",
			.chain = -w->m.id, .head = (char *)head.data, .head_len = head.len, .object = w->object, .at = w->in->now };

		err = store_event_add(w->env->store, &row);
		w->out->events++;
	}
	buf_free(&head);
	return err;
}

/* Nobody acts on it before an operator has looked. */
static int
hold(struct work *w, const char *reason)
{
	char reference[ULID_LEN + 1];
	struct store_audit a = { .actor = "parser", .what = "mail.held", .rule = w->m.rule, .reason = reason,
		.text = w->in->sender, .sender = w->m.sender, .message = w->m.ulid, .ticket = w->m.ticket, .facts = w->m.facts,
		.at = w->in->now };
	char *copy = strdup(reason);
	int err;

	if (copy == NULL)
		return VG_ERR_MEMORY;
	free(w->m.reason);
	w->m.reason = copy;
	w->m.state = MSG_HELD;
	if ((err = store_hold(w->env->store, w->m.id, reason, w->in->now, w->in->now + w->in->conf->hold_expire_ms)) != VG_OK)
		return err;
	return store_audit_add(w->env->store, &a, reference);
}

/* The MIME parser read another sender than the gate. */
static int
hold_disagreement(struct work *w)
{
	int err = hold(w, "identity-disagreement");

	log_warn("", "identity-disagreement", "msg=%s gate=%s parser=%s", w->m.ulid, log_q(w->m.sender), log_q(w->in->sender));
	return err == VG_OK ? store_participants_undo(w->env->store, w->m.ticket, w->m.id) : err;
}

static int
apply_held(struct work *w)
{
	int err = keep_object(w);

	if (err == VG_OK)
		err = held_event(w);
	if (err == VG_OK)
		err = held_tell(w->env, w->in->conf, &w->m, w->in->now);
	return err == VG_OK ? store_message_applied(w->env->store, &w->m, "[]") : err;
}

/* ---- tickets ---- */

static unsigned
severity(const struct work *w)
{
	json_int_t n = json_integer_value(json_object_get(json_object_get(w->in->object, "fields"), "severity"));

	if (!command_field_allowed("severity", w->m.role))
		n = 0;
	return n >= 1 && n <= 4 ? (unsigned)n : w->in->conf->severity_default;
}

static int
replace(char **at, const char *text)
{
	char *copy = strdup(text != NULL ? text : "");

	if (copy == NULL)
		return VG_ERR_MEMORY;
	free(*at);
	*at = copy;
	return VG_OK;
}

static int
fill_ticket(struct work *w)
{
	struct store_ticket *t = &w->v.t;
	const char *subject = json_string_value(json_object_get(w->in->object, "subject"));
	int err;

	t->pending = false;
	t->severity = severity(w);
	t->status = TICKET_OPEN;
	t->opened_at = w->m.received_at;
	ticket_clock(t, w->in->conf);
	if ((err = replace(&t->route, route_choose(w->m.route, field(w, "product"),
	        w->v.has_partner ? &w->v.partner : NULL, &w->outside_portfolio))) != VG_OK ||
	    (err = replace(&t->reference, field(w, "reference"))) != VG_OK)
		return err;
	return replace(&t->subject, subject != NULL && *subject != '\0' ? subject : w->m.subject);
}

/* `#close`, after the message itself was told. */
static int
close_by_command(struct work *w)
{
	static const char *const status[] = { "status", NULL };

	if (!w->people.plan.close || w->v.t.status == TICKET_CLOSED)
		return VG_OK;
	w->v.t.status = TICKET_CLOSED;
	w->v.t.closed_at = w->in->now;
	return event(w, "ticket.closed", status, 0);
}

static int
open_ticket(struct work *w)
{
	int err = fill_ticket(w);

	if (err == VG_OK)
		err = gather_people(w);
	if (err == VG_OK)
		err = ticket_errors_seen(&w->v, w->env->store, json_object_get(w->in->object, "errors"));
	if (err == VG_OK)
		err = keep_object(w);
	if (err == VG_OK)
		err = event(w, "ticket.opened", NULL, w->object);
	return err == VG_OK ? close_by_command(w) : err;
}

/* Whoever came with this message is told of once, before the message itself. */
static int
tell_joined(struct work *w)
{
	int err = VG_OK;

	for (unsigned i = 0; i < w->v.t.n_participants && err == VG_OK; i++)
		if (w->v.t.participants[i].message == w->m.id)
			err = event(w, "participant.added", NULL, 0);
	for (unsigned i = 0; i < w->people.left && err == VG_OK; i++)
		err = event(w, "participant.removed", NULL, 0);
	return err;
}

/* By `#severity` or a field; `[Sev N]` counts in the opening message only, since answers repeat its subject. */
static unsigned
new_severity(const struct work *w)
{
	const char *subject = json_string_value(json_object_get(w->in->object, "subject"));

	if (w->people.plan.severity > 0)
		return w->people.plan.severity;
	return subject != NULL && strcasestr(subject, "[sev") != NULL ? 0
	    : (unsigned)json_integer_value(json_object_get(json_object_get(w->in->object, "fields"), "severity"));
}

/* What a later message of the ticket's own side says of it; names of what changes are noted. */
static int
change_fields(struct work *w, const char **changes, unsigned *n)
{
	const char *reference = field(w, "reference");
	unsigned severity = new_severity(w);

	if (!w->people.trusted || !command_field_allowed("severity", w->m.role))
		return VG_OK;
	if (severity >= 1 && severity <= 4 && severity != w->v.t.severity) {
		w->v.t.severity = severity;
		ticket_clock(&w->v.t, w->in->conf);
		changes[(*n)++] = "severity";
	}
	/* The reference is the partner's own number. */
	if (w->m.role == PART_AGENT || reference == NULL || strcmp(reference, w->v.t.reference) == 0)
		return VG_OK;
	changes[(*n)++] = "reference";
	return replace(&w->v.t.reference, reference);
}

static int
append(struct work *w)
{
	static const char *const status[] = { "status", NULL };
	const char *changes[4] = { NULL };
	unsigned n = 0;
	struct store_ticket *t = &w->v.t;
	bool partner_side = w->m.role == PART_CONTACT || w->m.role == PART_HOLDER;
	int err = VG_OK;

	if (w->m.reopen && !w->m.quiet && t->merged_into == 0 && t->status == TICKET_CLOSED) {
		t->status = TICKET_OPEN;
		t->closed_at = 0;
		err = event(w, "ticket.reopened", status, 0);
	} else if (partner_side && !w->m.quiet && t->status == TICKET_WAITING) {
		t->status = TICKET_OPEN;
		changes[n++] = "status";
	}
	if (err == VG_OK)
		err = gather_people(w);
	if (err == VG_OK)
		err = ticket_errors_seen(&w->v, w->env->store, json_object_get(w->in->object, "errors"));
	if (err == VG_OK)
		err = change_fields(w, changes, &n);
	if (err == VG_OK)
		err = tell_joined(w);
	if (err == VG_OK)
		err = keep_object(w);
	if (err == VG_OK)
		err = event(w, "ticket.message", n > 0 ? changes : NULL, w->object);
	return err == VG_OK ? close_by_command(w) : err;
}

/* The ticket may have gone into another one since the gate chose it. The partner and L2 go along; a customer does not,
 * since nobody brought them there: their message stays with the closed ticket. */
static int
follow_merge(struct work *w)
{
	struct store_participant p = { .role = w->m.role, .address = w->m.sender, .shown = w->m.sender_shown,
		.name = w->m.sender_name, .added_by = w->m.sender, .added_at = w->m.received_at, .message = w->m.id };
	uint64_t into;
	bool added;
	int err = store_ticket_merged(w->env->store, w->m.ticket, &into);

	if (err != VG_OK || into == w->m.ticket || (w->m.role != PART_CONTACT && w->m.role != PART_AGENT))
		return err;
	w->m.ticket = into;
	err = store_message_move(w->env->store, w->m.id, into);
	return err == VG_OK ? store_participant_add(w->env->store, into, &p, &added) : err;
}

static int
write_letters(struct work *w, bool opens)
{
	struct queue_letters l = { .env = w->env, .in = w->in, .m = &w->m, .v = &w->v, .people = &w->people, .opens = opens,
		.by_us = w->m.outgoing };

	return queue_letters(&l);
}

static int
apply_ticket(struct work *w)
{
	bool opens;
	int err = follow_merge(w);

	if (err == VG_OK)
		err = ticket_load(&w->v, w->env->store, w->env->registry, w->m.ticket);

	/* The message that was to open it may be held; then the first one that is not opens it. */
	opens = w->v.t.pending;
	if (err == VG_OK)
		err = opens ? open_ticket(w) : append(w);
	if (err == VG_OK)
		err = write_letters(w, opens);
	w->v.t.updated_at = w->in->now;
	w->m.state = MSG_APPLIED;
	if (err == VG_OK)
		err = store_ticket_save(w->env->store, &w->v.t);
	if (err == VG_OK)
		err = store_message_applied(w->env->store, &w->m, audience(w));
	return err;
}

/* V0. A report stays with its outgoing mail, and is no ticket's message. */
static int
apply_return(struct work *w)
{
	enum bounce_next next;
	int err = queue_bounce(w->env, w->in, &w->m, &next, &w->out->events);

	if (err != VG_OK || next == BOUNCE_APPEND)
		return err != VG_OK ? err : apply_ticket(w);
	if (next == BOUNCE_UNKNOWN)
		return (err = hold(w, "return-path")) == VG_OK ? apply_held(w) : err;
	w->m.state = MSG_APPLIED;
	err = keep_object(w);
	return err == VG_OK ? store_message_applied(w->env->store, &w->m, "[]") : err;
}

/* Who wrote what came back counts for nothing, so two readings of it may differ; and of a released mail the operator knows. */
static bool
disagrees(const struct work *w)
{
	const char *found = w->in->sender;

	return w->m.state == MSG_ACCEPTED && *found != '\0' && strcmp(found, w->m.sender) != 0 && !w->m.released &&
	    w->m.action != COMMIT_RETURN;
}

static int
apply_by_state(struct work *w)
{
	if (w->m.state == MSG_HELD)
		return apply_held(w);
	return w->m.action == COMMIT_RETURN ? apply_return(w) : apply_ticket(w);
}

static int
apply_message(struct work *w)
{
	int err = store_message(w->env->store, w->in->message, &w->m);

	if (err != VG_OK || w->m.parsed)
		return err;
	w->out->received_at = w->m.received_at;
	if (disagrees(w))
		err = hold_disagreement(w);
	if (err == VG_OK)
		err = apply_by_state(w);
	if (err == VG_OK)
		err = keep_attachments(w);
	/* Held mail is parsed again when it is released. */
	if (err == VG_OK && w->m.state == MSG_APPLIED && w->m.ticket > 0 && w->in->conf->ocr_languages != NULL)
		err = pictures_note(w->env->store, &w->m, w->in->object, &w->out->pictures);
	return err;
}

int
queue_apply(struct writer_env *env, const struct apply_input *in, struct apply_result *out)
{
	struct work w = { .env = env, .in = in, .out = out };
	int err;

	memset(out, 0, sizeof(*out));
	out->received_at = in->now;
	err = apply_message(&w);
	ticket_close(&w.v);
	store_message_free(&w.m);
	queue_people_free(&w.people);
	return err;
}
