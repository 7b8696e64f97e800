/*
 * queue_deliver.c - outgoing mail: what is due goes to the role deliver, one letter at a time for each place it has, and its word
 * goes back into the store. Main thread of the queue process; changes are the writer's. Who may get a copy is asked at the
 * moment it is handed over (T3, T10).
 */
#include "queue.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "fuse.h"
#include "id.h"
#include "log.h"
#include "outbox_plan.h"
#include "queue_bounce.h"
#include "queue_people.h"
#include "ticket.h"

#define IN_FLIGHT 4u          /* letters that the role may hold */
#define LOOK_MS 30000         /* at the latest: rows that an operator released, clocks that were set */
#define WAIT_MS 15000         /* for a contact's copy (T3) */
#define RATE_MS (10 * 60 * 1000)
#define TEXT_MAX 1000u

struct deliver_state {
	struct queue *q;
	struct ev_timer timer;
	struct fuses fuses;        /* notices, by recipient */
	int64_t flying[IN_FLIGHT]; /* rows at the role, or on their way back; 0: free */
};

/* A row's new state, on its way through the writer. */
struct settling {
	struct task task;
	struct queue *q;
	int64_t id, now;
	bool spoken;               /* done is the role's word; else next, state and why are ours */
	struct deliver_done done;
	enum outbox_state state;
	int64_t next_at;
	char text[TEXT_MAX], enhanced[16], message_id[TEXT_MAX];
};

static struct link *
role_link(struct queue *q)
{
	for (struct link *l = q->links; l != NULL; l = l->next)
		if (l->role == ROLE_DELIVER)
			return l;
	return NULL;
}

static int64_t *
place(struct deliver_state *d, int64_t id)
{
	for (size_t i = 0; i < IN_FLIGHT; i++)
		if (d->flying[i] == id)
			return &d->flying[i];
	return NULL;
}

/* ---- after a try ---- */

/* The clock stops when the smarthost took a public answer of L2 for a contact (POLICY, clocks). */
static int
stop_clock(struct writer_env *env, const struct outbox_row *r, struct ticket_view *v, int64_t now)
{
	static const char *const changed[] = { "sla", NULL };
	int err;

	if (r->kind != LETTER_REPLY || (r->role != PART_CONTACT && r->role != PART_HOLDER) ||
	    (v->t.sla_state != SLA_RUNNING && v->t.sla_state != SLA_WARNED))
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

	return queue_bounce_failed(env, r, v, &f);
}

static int
follow(struct writer_env *env, const struct outbox_row *r, const struct settling *s)
{
	struct ticket_view v = { .n_related = 0 };
	int err;

	if (r->state != OUTBOX_SENT && r->state != OUTBOX_FAILED)
		return VG_OK;
	err = ticket_load(&v, env->store, env->registry, r->ticket);
	if (err == VG_OK)
		err = r->state == OUTBOX_SENT ? stop_clock(env, r, &v, s->now) : tell_failure(env, r, &v, s);
	if (err == VG_OK && r->state == OUTBOX_SENT && r->role == PART_CONTACT)
		err = store_outbox_contact_has(env->store, r->message, r->recipient, s->now);
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

static void
settled(struct task *t)
{
	struct settling *s = (struct settling *)t;
	struct queue *q = s->q;
	int64_t *at = q->deliver != NULL ? place(q->deliver, s->id) : NULL;

	queue_home(q);
	if (at != NULL)
		*at = 0;
	/* Not noted: it stays queued, and goes out once more with the same Message-ID. */
	if (t->err != VG_OK)
		log_error("", "outbox-failed", "out=%lld error=%s", (long long)s->id, log_q(vg_strerror(t->err)));
	else
		queue_wait_wake(q);
	free(s);
	if (!q->stopping)
		queue_deliver_kick(q);
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

void
queue_deliver_done(struct link *l, struct ipc_msg *msg)
{
	struct deliver_state *d = l->q->deliver;
	struct settling *s;
	struct deliver_done done;

	if (l->role != ROLE_DELIVER || msg->id == 0 || msg->id > INT64_MAX || place(d, (int64_t)msg->id) == NULL ||
	    ipc_decode(msg, &done) != VG_OK || done.outcome < DELIVERY_SENT || done.outcome > DELIVERY_REFUSED) {
		log_warn("", "stray-message", "type=DELIVER_DONE id=%llu", (unsigned long long)msg->id);
		return;
	}
	if ((s = calloc(1, sizeof(*s))) == NULL) {
		*place(d, (int64_t)msg->id) = 0;
		return;
	}
	s->id = (int64_t)msg->id;
	s->spoken = true;
	copy_text(s->text, sizeof(s->text), done.text);
	copy_text(s->enhanced, sizeof(s->enhanced), done.enhanced);
	copy_text(s->message_id, sizeof(s->message_id), done.message_id);
	s->done = (struct deliver_done){ .outcome = done.outcome, .code = done.code, .enhanced = s->enhanced, .text = s->text,
		.message_id = s->message_id, .smarthost = "" };
	log_info("", "letter", "out=%llu outcome=%u code=%u smarthost=%s text=%s", (unsigned long long)msg->id, done.outcome, done.code,
	    *done.smarthost != '\0' ? done.smarthost : "-", log_q(s->text));
	settle(l->q, s);
}

/* ---- before a try ---- */

static void
put_off(struct queue *q, const struct outbox_row *r, enum outbox_state state, int64_t ms, const char *why)
{
	struct settling *s = calloc(1, sizeof(*s));

	if (s == NULL) {
		*place(q->deliver, r->id) = 0;
		return;
	}
	s->id = r->id;
	s->state = state;
	s->next_at = id_now_ms() + ms;
	copy_text(s->text, sizeof(s->text), why);
	settle(q, s);
}

static int
hand_over(struct link *l, const struct outbox_row *r)
{
	int fd, err;
	struct deliver_job job = { .kind = (uint8_t)r->kind, .ticket = r->ticket, .participant = (uint64_t)r->participant,
		.recipient = r->shown, .name = r->name, .created_at = r->created_at,
		.letter = { (const unsigned char *)r->letter, strlen(r->letter) } };

	if ((err = queue_files_get(l->q, r, &job, &fd)) != VG_OK)
		return err;
	return ipc_send_fd(l->ipc, IPC_DELIVER_JOB, (uint64_t)r->id, &job, fd, -1);
}

/* A notice that somebody is out goes to one who no longer takes part. */
static int
may_send(struct queue *q, const struct outbox_row *r, enum people_send *out, enum people_cause *cause)
{
	int had = 1;

	*out = PEOPLE_SEND;
	*cause = PEOPLE_FINE;
	if (r->kind == LETTER_REMOVED || r->kind == LETTER_AGENT || r->kind == LETTER_DIGEST ||
	    r->kind == LETTER_REFUSED)
		return VG_OK;
	if (!r->contact_had && (had = store_outbox_contact_had(q->store, r->message)) < 0)
		return had;
	return queue_people_may_send(q->store, q->registry, q->ctx->conf, r->ticket, r->message, r->recipient, r->contact_had || had == 1,
	    out, cause);
}

/* However many causes there are: programs that answer each other, or somebody who opens cases for another. */
static bool
too_many(struct deliver_state *d, const struct outbox_row *r)
{
	const struct fuse_name name = { FUSE_RECIPIENT, r->recipient }, *blown;

	return (r->kind == LETTER_ACK || r->kind == LETTER_JOINED || r->kind == LETTER_REMOVED || r->kind == LETTER_REFUSED) &&
	    r->attempts == 0 &&
	    !fuse_pass(&d->fuses, &name, 1, id_now_ms(), &blown);
}

static void
try_row(struct link *l, const struct outbox_row *r)
{
	struct queue *q = l->q;
	int64_t *at = place(q->deliver, 0);
	enum people_cause cause;
	enum people_send what;
	int err;

	*at = r->id;
	err = may_send(q, r, &what, &cause);
	if (err != VG_OK && err != VG_ERR_NOTFOUND)
		put_off(q, r, OUTBOX_QUEUED, LOOK_MS, "it could not be checked now");
	else if (err == VG_ERR_NOTFOUND || what == PEOPLE_NEVER)
		put_off(q, r, OUTBOX_CANCELLED, 0, err == VG_OK ? people_cause_word(cause) : "the message is gone");
	else if (what == PEOPLE_WAIT && store_outbox_contact_waits(q->store, r->ticket, r->message) == 0)
		put_off(q, r, OUTBOX_HELD, 0, "no contact of the partner can be reached (T3)");
	else if (what == PEOPLE_WAIT)
		put_off(q, r, OUTBOX_QUEUED, WAIT_MS, "waits for a contact's copy (T3)");
	else if (too_many(q->deliver, r))
		put_off(q, r, OUTBOX_QUEUED, RATE_MS, "waits: many notices to this address");
	else if ((err = hand_over(l, r)) == VG_ERR_FULL || err == VG_ERR_MEMORY)
		put_off(q, r, OUTBOX_QUEUED, LOOK_MS, "no space for its files now");
	else if (err != VG_OK)
		*at = 0; /* the role is gone, or its files are being taken out */
}

static unsigned
free_places(struct deliver_state *d)
{
	unsigned n = 0;

	for (size_t i = 0; i < IN_FLIGHT; i++)
		n += d->flying[i] == 0;
	return n;
}

static void
look_again(void *arg)
{
	struct deliver_state *d = arg;

	queue_files_expire(d->q);
	queue_deliver_kick(d->q);
}

static void
set_timer(struct queue *q)
{
	int64_t at = 0, now = id_now_ms(), ms = LOOK_MS;

	if (store_outbox_next(q->store, &at) == VG_OK && at > now && at - now < ms)
		ms = at - now;
	ev_timer_set(q->ctx->loop, &q->deliver->timer, ms, look_again, q->deliver);
}

void
queue_deliver_kick(struct queue *q)
{
	struct link *l = role_link(q);
	struct outbox_row rows[2 * IN_FLIGHT];
	int n;

	if (q->deliver == NULL || q->stopping || l == NULL)
		return;
	n = free_places(q->deliver) > 0 ? store_outbox_due(q->store, id_now_ms(), rows, 2 * IN_FLIGHT) : 0;
	for (int i = 0; i < n; i++) {
		if (place(q->deliver, rows[i].id) == NULL && free_places(q->deliver) > 0)
			try_row(l, &rows[i]);
		store_outbox_free(&rows[i]);
	}
	set_timer(q);
}

void
queue_deliver_lost(struct link *l)
{
	struct deliver_state *d = l->q->deliver;

	if (d == NULL || l->role != ROLE_DELIVER)
		return;
	/* What is at the writer frees its place itself; a second try of the rest is what may be doubled. */
	memset(d->flying, 0, sizeof(d->flying));
}

static void
count_notice(void *arg, const char *recipient, int64_t at)
{
	struct deliver_state *d = arg;
	const struct fuse_name name = { FUSE_RECIPIENT, recipient }, *blown;

	fuse_pass(&d->fuses, &name, 1, at, &blown);
}

int
queue_deliver_start(struct queue *q)
{
	struct deliver_state *d = calloc(1, sizeof(*d));

	if (d == NULL)
		return VG_ERR_MEMORY;
	d->q = q;
	q->deliver = d;
	/* The fuses of the notices that left before we started. */
	return store_outbox_notices(q->store, id_now_ms() - FUSE_LONGEST_MS, count_notice, d);
}

void
queue_deliver_stop(struct queue *q)
{
	if (q->deliver == NULL)
		return;
	ev_timer_clear(q->ctx->loop, &q->deliver->timer);
	free(q->deliver);
	q->deliver = NULL;
}
