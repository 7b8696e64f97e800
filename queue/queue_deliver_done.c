/*
 * queue_deliver_done.c - what became of a letter goes back into the store. The writer changes it; the rest is the queue's main
 * thread.
 */
#include "queue_deliver.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "id.h"
#include "log.h"
#include "queue_bounce.h"
#include "ticket.h"

#define TEXT_MAX 1000u
#define REWRITE_MS 5000

/* A row's new state, on its way through the writer. */
struct settling {
	struct task task;
	struct settling *next; /* unwritten */
	struct queue *q;
	int64_t id, now;
	bool spoken;               /* done is the role's word; else next, state and why are ours */
	struct deliver_done done;
	enum outbox_state state;
	int64_t next_at;
	char text[TEXT_MAX], enhanced[16], message_id[TEXT_MAX];
};

static bool
is_contact(enum participant_role role)
{
	return role == PART_CONTACT || role == PART_HOLDER;
}

/* The clock stops when the smarthost took a public answer of L2 for a contact (POLICY, clocks). */
static int
stop_clock(struct writer_env *env, struct ticket_view *v, int64_t now)
{
	static const char *const changed[] = { "sla", NULL };
	int err;

	if (v->t.sla_state != SLA_RUNNING && v->t.sla_state != SLA_WARNED)
		return VG_OK;
	v->t.sla_state = SLA_MET;
	v->t.updated_at = now;
	err = ticket_event(env->store, v, "sla.met", changed, 0, now);
	return err == VG_OK ? store_ticket_save(env->store, &v->t) : err;
}

static int
tell_failure(struct writer_env *env, const struct outbox_row *r, struct ticket_view *v, const struct settling *s)
{
	struct delivery_failure f = { .actor = "deliver", .text = s->text, .message = "", .now = s->now,
		.hard = s->spoken && s->done.outcome == DELIVERY_REFUSED && outbox_hard(s->enhanced) };

	int err;

	pthread_rwlock_rdlock(&s->q->conf_lock);
	err = queue_bounce_failed(env, s->q->conf, r, v, &f);
	pthread_rwlock_unlock(&s->q->conf_lock);
	return err;
}

/* The customers' copies that waited for it are due now (T3). */
static int
contact_has(struct writer_env *env, const struct outbox_row *r, int64_t now)
{
	int err = store_outbox_wake(env->store, r->ticket, r->message, now);

	return err == VG_OK && r->role == PART_CONTACT ? store_outbox_contact_has(env->store, r->message, r->recipient, now) : err;
}

static int
follow(struct writer_env *env, const struct outbox_row *r, const struct settling *s)
{
	struct ticket_view v = { .n_related = 0 };
	bool got = r->state == OUTBOX_SENT && is_contact(r->role);
	int err = got ? contact_has(env, r, s->now) : VG_OK;

	/* A ticket is much to read. */
	if (err != VG_OK || (r->state != OUTBOX_FAILED && !(got && r->kind == LETTER_REPLY)))
		return err;
	err = ticket_load(&v, env->store, env->registry, r->ticket);
	if (err == VG_OK)
		err = got ? stop_clock(env, &v, s->now) : tell_failure(env, r, &v, s);
	ticket_close(&v);
	return err == VG_ERR_NOTFOUND ? VG_OK : err;
}

/* What was cancelled while it was on its way has left all the same. */
static bool
may_settle(const struct outbox_row *r, const struct settling *s)
{
	return r->state == OUTBOX_QUEUED ||
	    (r->state == OUTBOX_CANCELLED && s->spoken && s->done.outcome == DELIVERY_SENT);
}

static void
run_settle(struct task *t, void *arg)
{
	struct settling *s = (struct settling *)t;
	struct writer_env *env = arg;
	struct outbox_row r, next;
	int err = store_outbox_row(env->store, s->id, &r);

	next = r;
	if (err == VG_OK && may_settle(&r, s)) {
		if (s->spoken) {
			outbox_settle(&next, &s->done, s->now, randombytes_random());
			next.message_id = s->message_id;
		} else {
			next.state = s->state;
			next.hold = OUTBOX_FOR_CONTACT;
			next.next_at = s->next_at;
		}
		next.answer = s->text;
		err = store_outbox_save(env->store, &next, s->now);
		if (err == VG_OK)
			err = follow(env, &next, s);
	}
	store_outbox_free(&r);
	t->err = err == VG_ERR_NOTFOUND ? VG_OK : err;
}

/* A full disk: to send the letter again would send it for ever. Its word waits. */
static void
keep(struct queue *q, struct settling *s)
{
	log_error("", "outbox-failed", "out=%lld error=%s", (long long)s->id, log_q(vg_strerror(s->task.err)));
	s->next = q->deliver->unwritten;
	q->deliver->unwritten = s;
	q->deliver->rewrite_at = id_now_ms() + REWRITE_MS;
}

static void
settled(struct task *t)
{
	struct settling *s = (struct settling *)t;
	struct queue *q = s->q;

	queue_home(q);
	if (t->err != VG_OK && q->deliver != NULL && !q->stopping) {
		keep(q, s);
	} else {
		queue_deliver_landed(q, s->id);
		if (t->err == VG_OK)
			queue_wait_wake(q);
		free(s);
	}
	if (!q->stopping)
		queue_deliver_kick(q);
}

void
queue_deliver_rewrite(struct queue *q)
{
	struct deliver_state *d = q->deliver;
	struct settling *s, *next;

	if (d->unwritten == NULL || id_now_ms() < d->rewrite_at)
		return;
	s = d->unwritten;
	d->unwritten = NULL;
	for (; s != NULL; s = next) {
		next = s->next;
		queue_write_patient(q, &s->task);
	}
}

void
queue_deliver_forget(struct deliver_state *d)
{
	for (struct settling *s; (s = d->unwritten) != NULL;) {
		d->unwritten = s->next;
		free(s);
	}
}

static void
settle(struct queue *q, struct settling *s)
{
	s->task.run = run_settle;
	s->task.done = settled;
	s->q = q;
	s->now = id_now_ms();
	queue_write(q, &s->task);
}

static void
copy_text(char *out, size_t n, const char *s)
{
	snprintf(out, n, "%s", s != NULL ? s : "");
}

static void
note_smarthost(struct queue *q, const struct deliver_done *done)
{
	struct outbox_away *away = &q->deliver->away;

	if (done->outcome == DELIVERY_AWAY) {
		if (outbox_away_note(away, id_now_ms(), randombytes_random()))
			log_warn("", "smarthost-away", "failures=%u smarthost=%s text=%s", away->failures,
			    *done->smarthost != '\0' ? done->smarthost : "-", log_q(done->text));
	} else if (away->failures > 0 && *done->smarthost != '\0') {
		away->failures = 0;
		log_info("", "smarthost-back", "smarthost=%s", done->smarthost);
	}
}

static void
take_word(struct queue *q, int64_t id, const struct deliver_done *done)
{
	struct settling *s = calloc(1, sizeof(*s));

	if (s == NULL) {
		queue_deliver_landed(q, id);
		return;
	}
	s->id = id;
	s->spoken = true;
	copy_text(s->text, sizeof(s->text), done->text);
	copy_text(s->enhanced, sizeof(s->enhanced), done->enhanced);
	copy_text(s->message_id, sizeof(s->message_id), done->message_id);
	s->done = (struct deliver_done){ .outcome = done->outcome, .code = done->code, .enhanced = s->enhanced, .text = s->text,
		.message_id = s->message_id, .smarthost = "" };
	log_info("", "letter", "out=%lld outcome=%u code=%u smarthost=%s text=%s", (long long)id, done->outcome, done->code,
	    *done->smarthost != '\0' ? done->smarthost : "-", log_q(s->text));
	settle(q, s);
}

void
queue_deliver_done(struct link *l, struct ipc_msg *msg)
{
	struct queue *q = l->q;
	struct deliver_done done;

	if (l->role != ROLE_DELIVER || msg->id == 0 || msg->id > INT64_MAX || ipc_decode(msg, &done) != VG_OK ||
	    done.outcome < DELIVERY_SENT || done.outcome > DELIVERY_UNTRIED ||
	    !queue_deliver_returned(l, (int64_t)msg->id, (enum delivery_outcome)done.outcome)) {
		log_warn("", "stray-message", "type=DELIVER_DONE id=%llu", (unsigned long long)msg->id);
		return;
	}
	if (done.outcome != DELIVERY_UNTRIED) {
		note_smarthost(q, &done);
		take_word(q, (int64_t)msg->id, &done);
	}
	queue_deliver_kick(q);
}

void
queue_deliver_put_off(struct queue *q, int64_t id, enum outbox_state state, int64_t ms, const char *why)
{
	struct settling *s = calloc(1, sizeof(*s));

	if (s == NULL) {
		queue_deliver_landed(q, id);
		return;
	}
	s->id = id;
	s->state = state;
	s->next_at = id_now_ms() + ms;
	copy_text(s->text, sizeof(s->text), why);
	settle(q, s);
}
