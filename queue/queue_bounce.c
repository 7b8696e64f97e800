/*
 * queue_bounce.c - bounces, receipts and out-of-office notes of the recipients of outgoing mail. Writer thread. Nobody is told of
 * anything but a failure; nothing here opens or answers a ticket.
 */
#include "queue_bounce.h"

#include <string.h>

#include "bounce.h"
#include "err.h"
#include "log.h"
#include "queue_letters.h"

int
queue_bounce_failed(struct writer_env *env, const struct conf *conf, const struct outbox_row *r, struct ticket_view *v,
    const struct delivery_failure *f)
{
	struct store_audit a = { .actor = f->actor, .what = "delivery.failed", .text = f->text, .sender = r->recipient,
		.message = f->message, .ticket = r->ticket, .at = f->now };
	char reference[ULID_LEN + 1];
	int err = store_audit_add(env->store, &a, reference);

	if (err == VG_OK && f->hard)
		err = store_suppress(env->store, r->recipient, r->id, f->message, f->text, f->now);
	if (err == VG_OK)
		err = queue_letters_failed(env->store, conf, v, r, f->text, f->hard, f->now);
	if (err != VG_OK || (r->role != PART_CONTACT && r->role != PART_HOLDER))
		return err;
	err = ticket_event(env->store, v, "delivery.failed", NULL, 0, f->now);
	return err == VG_OK ? store_ticket_save(env->store, &v->t) : err;
}

/* ---- a report ---- */

/* Reports that come late, or twice, change nothing. */
static bool
may_fail(const struct outbox_row *r)
{
	return r->state == OUTBOX_SENT || r->state == OUTBOX_QUEUED;
}

static int
note(struct writer_env *env, const struct outbox_row *r, const struct bounce *b, const struct store_message *m, int64_t now)
{
	struct store_audit a = { .actor = "report", .what = b->kind == BOUNCE_DELAYED ? "delivery.delayed" : "delivery.reported",
		.rule = "V0", .text = b->text, .sender = r->recipient, .message = m->ulid, .ticket = r->ticket, .at = now };
	char reference[ULID_LEN + 1];

	return store_audit_add(env->store, &a, reference);
}

static int
fail(struct writer_env *env, const struct conf *conf, const struct outbox_row *r, const struct bounce *b, const struct store_message *m,
    int64_t now, unsigned *events)
{
	struct delivery_failure f = { .actor = "report", .text = b->text, .message = m->ulid, .hard = b->hard, .now = now };
	struct ticket_view v = { .n_related = 0 };
	int err = ticket_load(&v, env->store, env->registry, r->ticket);

	if (err == VG_OK) {
		v.t.updated_at = now;
		err = queue_bounce_failed(env, conf, r, &v, &f);
		*events += 1;
	}
	ticket_close(&v);
	return err == VG_ERR_NOTFOUND ? VG_OK : err;
}

static int
record(struct writer_env *env, const struct conf *conf, struct outbox_row *r, struct bounce *b, const struct store_message *m, int64_t now,
    unsigned *events)
{
	struct outbox_row next = *r;
	bool fails = b->kind == BOUNCE_FAILED && may_fail(r);
	int err = VG_OK;

	log_info("", "report", "msg=%s out=%lld text=%s", m->ulid, (long long)r->id, log_q(b->text));
	if (fails) {
		next.state = OUTBOX_FAILED;
		next.code = b->code;
	}
	next.answer = b->text;
	if (fails || r->state == OUTBOX_SENT)
		err = store_outbox_save(env->store, &next, now);
	if (err != VG_OK)
		return err;
	return fails ? fail(env, conf, &next, b, m, now, events) : note(env, r, b, m, now);
}

/* ---- other mail ---- */

/* The recipient's machine wrote it, whatever its From says. An agent's says nothing to a ticket. */
static int
append_to(struct writer_env *env, const struct outbox_row *r, struct store_message *m)
{
	uint64_t into = r->ticket;
	int err = r->role == PART_CONTACT ? store_ticket_merged(env->store, r->ticket, &into) : VG_OK;

	m->ticket = into;
	m->role = r->role;
	return err == VG_OK ? store_message_place(env->store, m->id, into, r->role) : err;
}

static bool
can_append(const struct outbox_row *r, const struct store_message *m)
{
	return r->role != PART_AGENT && r->role != PART_NONE && *m->sender != '\0';
}

int
queue_bounce(struct writer_env *env, const struct apply_input *in, struct store_message *m, enum bounce_next *next, unsigned *events)
{
	struct outbox_row r;
	struct bounce b;
	int err = store_outbox_row(env->store, m->outbox, &r);

	*next = err == VG_OK ? BOUNCE_RECORDED : BOUNCE_UNKNOWN;
	if (err != VG_OK)
		return err == VG_ERR_NOTFOUND ? VG_OK : err;
	bounce_read(&b, in->object, r.recipient);
	if (b.kind == BOUNCE_MAIL && can_append(&r, m)) {
		*next = BOUNCE_APPEND;
		err = append_to(env, &r, m);
	} else {
		if (b.kind == BOUNCE_MAIL)
			snprintf(b.text, sizeof(b.text), "no report, and nobody's to append");
		err = record(env, in->conf, &r, &b, m, in->now, events);
	}
	store_outbox_free(&r);
	return err;
}
