/*
 * queue_keep.c - what the clock brings: holds that expire, old audit records and answers, the gauges. Main thread of the
 * queue process.
 */
#include "queue.h"
#include "queue_digest.h"
#include "queue_reach.h"

#include <stdlib.h>

#include "err.h"
#include "log.h"

#define KEEP_MS (60 * 1000)
#define GAUGE_MS 2000
#define EXPIRE_MAX 100u          /* holds in one transaction */
#define ROWS_MAX 1000u           /* audit records and deferrals in one transaction */
#define ANSWERS_MS (24 * 3600 * 1000)

struct keep_state {
	struct task task; /* first */
	struct queue *q;
	struct ev_timer timer, gauge_timer;
	int expired;
	bool letter;      /* a digest was queued */
	unsigned reached; /* copies for contacts were */
	bool running, again;
	struct gauges {
		struct task task; /* first */
		struct queue *q;
		struct store_queue_stats stats;
		bool running, checked;
	} gauges;
};

/* ---- expiry, in the writer ---- */

static int
expire_one(struct store *s, int64_t id, int64_t now)
{
	struct store_message m;
	char reference[ULID_LEN + 1];
	int err = store_message(s, id, &m);

	if (err == VG_OK) {
		struct store_audit a = { .actor = "clock", .what = "held.expired", .rule = m.rule, .reason = m.reason,
			.sender = m.sender, .message = m.ulid, .ticket = m.ticket, .facts = m.facts, .at = now };

		err = store_audit_add(s, &a, reference);
	}
	if (err == VG_OK)
		err = store_held_end(s, &m, "expired", now);
	store_message_free(&m);
	return err;
}

static void
run_keep(struct task *t, void *arg)
{
	struct keep_state *k = (struct keep_state *)t;
	struct writer_env *env = arg;
	struct store *s = env->store;
	int64_t ids[EXPIRE_MAX], now = id_now_ms(), audit_ms;
	int err = VG_OK;

	pthread_rwlock_rdlock(&k->q->conf_lock);
	audit_ms = k->q->conf->audit_expire_ms;
	err = queue_digest(s, k->q->conf, now, &k->letter);
	pthread_rwlock_unlock(&k->q->conf_lock);
	if (err == VG_OK)
		err = queue_reach(env, now, &k->reached);
	k->expired = store_held_expired(s, now, ids, EXPIRE_MAX);
	for (int i = 0; i < k->expired && err == VG_OK; i++)
		err = expire_one(s, ids[i], now);
	if (err == VG_OK && audit_ms > 0)
		err = store_audit_expire(s, now - audit_ms, ROWS_MAX);
	if (err >= 0)
		err = store_answer_expire(s, now - ANSWERS_MS);
	if (err >= 0)
		err = store_deferral_expire(s, now, ROWS_MAX);
	if (err == VG_OK)
		err = store_imap_expire(s, now, ROWS_MAX);
	t->err = k->expired < 0 ? k->expired : err;
}

static void start_keep(void *arg);

static void
kept(struct task *t)
{
	struct keep_state *k = (struct keep_state *)t;
	struct queue *q = k->q;
	bool more = k->again || (t->err == VG_OK && k->expired == (int)EXPIRE_MAX);

	queue_home(q);
	k->running = k->again = false;
	if (t->err == VG_OK && k->expired > 0)
		log_info("", "held-expired", "messages=%d", k->expired);
	if (t->err == VG_OK && (k->letter || k->reached > 0)) {
		queue_deliver_kick(q);
		queue_wait_wake(q);
	}
	if (!q->stopping)
		ev_timer_set(q->ctx->loop, &k->timer, more ? 0 : KEEP_MS, start_keep, k);
}

static void
start_keep(void *arg)
{
	struct keep_state *k = arg;

	k->running = true;
	k->task.run = run_keep;
	k->task.done = kept;
	queue_write_patient(k->q, &k->task);
}

void
queue_keep_kick(struct queue *q)
{
	if (q->keep == NULL || q->stopping)
		return;
	if (q->keep->running)
		q->keep->again = true;
	else
		ev_timer_set(q->ctx->loop, &q->keep->timer, 0, start_keep, q->keep);
}

/* ---- gauges, in a reader ---- */

static void
run_gauges(struct task *t, void *arg)
{
	struct gauges *g = (struct gauges *)t;
	struct call_env *env = arg;

	/* Once after a start: a crash must not have left a mail in no column. */
	if (!g->checked)
		store_counters_check(env->store);
	g->checked = true;
	t->err = store_queue_stats(env->store, CONSUMER_QUEUE, &g->stats);
}

static void start_gauges(void *arg);

static void
gauged(struct task *t)
{
	struct gauges *g = (struct gauges *)t;
	struct queue *q = g->q;
	int64_t now = id_now_ms();

	queue_home(q);
	if (t->err == VG_OK) {
		metrics_set(q->ctx->metrics, MT_QUEUE_UNPARSED, g->stats.unparsed);
		metrics_set(q->ctx->metrics, MT_QUEUE_DEPTH, g->stats.depth);
		metrics_set(q->ctx->metrics, MT_QUEUE_HELD, g->stats.held);
		metrics_set(q->ctx->metrics, MT_QUEUE_OLDEST_MS,
		    g->stats.oldest_at > 0 && now > g->stats.oldest_at ? (uint64_t)(now - g->stats.oldest_at) : 0);
	}
	if (!q->stopping)
		ev_timer_set(q->ctx->loop, &q->keep->gauge_timer, GAUGE_MS, start_gauges, q->keep);
}

static void
start_gauges(void *arg)
{
	struct keep_state *k = arg;

	k->gauges.task.run = run_gauges;
	k->gauges.task.done = gauged;
	k->gauges.q = k->q;
	queue_pool(k->q, k->q->readers, &k->gauges.task);
}

int
queue_keep_start(struct queue *q)
{
	struct keep_state *k = calloc(1, sizeof(*k));

	if (k == NULL)
		return VG_ERR_MEMORY;
	k->q = q;
	q->keep = k;
	start_keep(k);
	start_gauges(k);
	return VG_OK;
}

void
queue_keep_stop(struct queue *q)
{
	if (q->keep == NULL)
		return;
	ev_timer_clear(q->ctx->loop, &q->keep->timer);
	ev_timer_clear(q->ctx->loop, &q->keep->gauge_timer);
	free(q->keep);
	q->keep = NULL;
}
