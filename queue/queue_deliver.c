/*
 * queue_deliver.c - outgoing mail: what is due goes to the processes of the role deliver, in the order of each thread. Main thread of
 * the queue process. Who may get a copy is asked at the moment it is handed over (T3, T10).
 */
#include "queue_deliver.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "id.h"
#include "queue_people.h"

#define JOIN_MS 50            /* for words that a process owes to the queue before us */
#define LOOK_MS 30000         /* at the latest: rows that an operator released, clocks that were set */
#define WAIT_MS 15000         /* for a contact's copy (T3) */
#define RATE_MS (10 * 60 * 1000)

/* ---- what is under way ---- */

static struct flight *
flight_of(struct deliver_state *d, int64_t id)
{
	for (size_t i = 0; i < FLIGHTS_MAX; i++)
		if (d->flights[i].id == id)
			return &d->flights[i];
	return NULL;
}

bool
queue_deliver_returned(struct link *l, int64_t id, enum delivery_outcome outcome)
{
	struct deliver_state *d = l->q->deliver;
	struct flight *f = d != NULL ? flight_of(d, id) : NULL;
	bool untried = outcome == DELIVERY_UNTRIED;

	if (d == NULL || (f != NULL && f->link != l->serial))
		return false;
	/* Handed out by the queue before us, which was killed: known now, it is not sent again. */
	if (f == NULL && (outcome != DELIVERY_SENT || (f = flight_of(d, 0)) == NULL))
		return false;
	*f = (struct flight){ .id = untried ? 0 : id };
	for (size_t i = 0; i < FLIGHTS_MAX && untried; i++)
		d->flights[i].slow |= d->flights[i].link == l->serial;
	return true;
}

void
queue_deliver_landed(struct queue *q, int64_t id)
{
	struct flight *f = q->deliver != NULL ? flight_of(q->deliver, id) : NULL;

	/* The process may have died, and the letter be at another one. */
	if (f != NULL && f->link == 0)
		f->id = 0;
}

void
queue_deliver_lost(struct link *l)
{
	struct deliver_state *d = l->q->deliver;

	if (d == NULL || l->role != ROLE_DELIVER)
		return;
	/* What it had may have left: a second try is what may be doubled. What the writer has is known. */
	for (size_t i = 0; i < FLIGHTS_MAX; i++)
		if (d->flights[i].link == l->serial)
			d->flights[i] = (struct flight){ .id = 0 };
	queue_deliver_kick(l->q);
}

/* How many letters a process has; UINT_MAX: it gets no more now. */
static unsigned
load_of(const struct deliver_state *d, const struct link *l)
{
	unsigned n = 0;

	for (size_t i = 0; i < FLIGHTS_MAX; i++) {
		if (d->flights[i].link != l->serial)
			continue;
		if (d->flights[i].slow || ++n == LINK_FLIGHTS)
			return UINT_MAX;
	}
	return n;
}

static struct link *
idlest(struct queue *q)
{
	struct link *best = NULL;
	unsigned least = UINT_MAX;

	for (struct link *l = q->links; l != NULL; l = l->next) {
		unsigned n = l->role == ROLE_DELIVER ? load_of(q->deliver, l) : UINT_MAX;

		if (n < least) {
			least = n;
			best = l;
		}
	}
	return best;
}

static unsigned
handed_out(const struct deliver_state *d)
{
	unsigned n = 0;

	for (size_t i = 0; i < FLIGHTS_MAX; i++)
		n += d->flights[i].link != 0;
	return n;
}

/* ---- before a try ---- */

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
	if (r->kind == LETTER_REMOVED || r->kind == LETTER_DIGEST || r->kind == LETTER_REFUSED)
		return VG_OK;
	if (r->kind == LETTER_ALARM || r->kind == LETTER_HELD)
		return queue_people_may_hear(q->registry, q->ctx->conf, r->kind, r->recipient, out, cause);
	if (r->kind == LETTER_AGENT || r->kind == LETTER_FAILED)
		return queue_people_may_tell(q->store, q->registry, q->ctx->conf, r->ticket, r->recipient, out, cause);
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

/* Why the row is not tried now, and what becomes of it meanwhile; NULL: it may leave. */
static const char *
obstacle(struct queue *q, const struct outbox_row *r, enum outbox_state *state, int64_t *ms)
{
	enum people_cause cause;
	enum people_send what;
	int err = may_send(q, r, &what, &cause);

	*state = OUTBOX_QUEUED;
	*ms = LOOK_MS;
	if (err != VG_OK && err != VG_ERR_NOTFOUND)
		return "it could not be checked now";
	if (err == VG_ERR_NOTFOUND || what == PEOPLE_NEVER) {
		*state = OUTBOX_CANCELLED;
		return err == VG_OK ? people_cause_word(cause) : "the message is gone";
	}
	if (what == PEOPLE_WAIT && store_outbox_contact_waits(q->store, r->ticket, r->message) == 0) {
		*state = OUTBOX_HELD;
		return "no contact of the partner can be reached (T3)";
	}
	*ms = what == PEOPLE_WAIT ? WAIT_MS : RATE_MS;
	if (what == PEOPLE_WAIT)
		return "waits for a contact's copy (T3)";
	return too_many(q->deliver, r) ? "waits: many notices to this address" : NULL;
}

static void
try_row(struct link *l, struct flight *f, const struct outbox_row *r)
{
	enum outbox_state state;
	int64_t ms;
	int err;
	const char *why = obstacle(l->q, r, &state, &ms);

	*f = (struct flight){ .id = r->id };
	if (why != NULL)
		queue_deliver_put_off(l->q, r->id, state, ms, why);
	else if ((err = hand_over(l, r)) == VG_OK)
		f->link = l->serial;
	else if (err == VG_ERR_FULL || err == VG_ERR_MEMORY)
		queue_deliver_put_off(l->q, r->id, OUTBOX_QUEUED, LOOK_MS, "no space for its files now");
	else
		f->id = 0; /* the process is gone, or its files are being taken out */
}

/* What waited too long while there was no smarthost to try it. */
static bool
give_up(struct queue *q, struct flight *f, const struct outbox_row *r)
{
	if (!outbox_expired(r, id_now_ms()))
		return false;
	*f = (struct flight){ .id = r->id };
	queue_deliver_put_off(q, r->id, OUTBOX_FAILED, 0, "given up: no smarthost could be reached for five days");
	return true;
}

/* False: there is no use in going on with others. */
static bool
one_due(struct queue *q, int64_t id)
{
	struct deliver_state *d = q->deliver;
	bool away = outbox_away_allows(&d->away, id_now_ms()) <= handed_out(d);
	struct flight *f = flight_of(d, 0);
	struct link *l = idlest(q);
	struct outbox_row r;
	bool on = true;

	if (f == NULL || (l == NULL && !away))
		return false;
	if (store_outbox_row(q->store, id, &r) != VG_OK)
		return true;
	if (away)
		on = give_up(q, f, &r);
	else
		try_row(l, f, &r);
	store_outbox_free(&r);
	return on;
}

/* ---- when ---- */

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
	int64_t at = 0, now = id_now_ms(), ms = LOOK_MS, until = q->deliver->away.until;

	if (q->deliver->away.failures > 0 && until > now && until - now < ms)
		ms = until - now;
	if (q->deliver->unwritten != NULL && q->deliver->rewrite_at - now < ms)
		ms = q->deliver->rewrite_at > now ? q->deliver->rewrite_at - now : 0;
	if (store_outbox_next(q->store, now, &at) == VG_OK && at > now && at - now < ms)
		ms = at - now;
	ev_timer_set(q->ctx->loop, &q->deliver->timer, ms, look_again, q->deliver);
}

void
queue_deliver_kick(struct queue *q)
{
	int64_t ids[2 * FLIGHTS_MAX];
	int n = 0;

	if (q->deliver == NULL || q->stopping)
		return;
	queue_deliver_rewrite(q);
	if (flight_of(q->deliver, 0) != NULL && idlest(q) != NULL)
		n = store_outbox_due(q->store, id_now_ms(), ids, 2 * FLIGHTS_MAX);
	for (int i = 0; i < n; i++)
		if (flight_of(q->deliver, ids[i]) == NULL && !one_due(q, ids[i]))
			break;
	set_timer(q);
}

void
queue_deliver_joined(struct queue *q)
{
	if (q->deliver != NULL)
		ev_timer_set(q->ctx->loop, &q->deliver->timer, JOIN_MS, look_again, q->deliver);
}

void
queue_deliver_retry(struct queue *q)
{
	if (q->deliver != NULL)
		q->deliver->away.until = 0;
	queue_deliver_kick(q);
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
	queue_deliver_forget(q->deliver);
	free(q->deliver);
	q->deliver = NULL;
}
