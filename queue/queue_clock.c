/*
 * queue_clock.c - looks for clocks whose time has come. The main thread asks its own connection whether there is any; the writer
 * decides and tells, so that an answer which comes at the same moment wins or loses as a whole.
 */
#include "queue_clock.h"

#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "id.h"
#include "log.h"
#include "ticket.h"

#define LOOK_MS 2000
#define TICKETS_MAX 100u

struct clock_state {
	struct task task;
	struct queue *q;
	struct ev_timer timer;
	int64_t now;
	unsigned told;
};

/* No warning time is longer than this before a due time. */
static int64_t
horizon(const struct conf *c)
{
	int64_t most = 0;

	for (size_t i = 0; i < c->n_slas; i++)
		if (c->slas[i].first_response_ms - c->slas[i].warn_ms > most)
			most = c->slas[i].first_response_ms - c->slas[i].warn_ms;
	return most;
}

static int
tell(struct writer_env *env, const struct conf *conf, uint64_t number, int64_t now, unsigned *told)
{
	static const char *const changed[] = { "sla", NULL };
	struct ticket_view v = { .n_related = 0 };
	enum store_sla_state state;
	int err = ticket_load(&v, env->store, env->registry, number);

	if (err == VG_OK && (state = ticket_clock_state(&v.t, conf, now)) != v.t.sla_state) {
		v.t.sla_state = state;
		v.t.updated_at = now;
		err = ticket_event(env->store, &v, state == SLA_BREACHED ? "sla.breached" : "sla.warning", changed, 0, now);
		if (err == VG_OK)
			err = store_ticket_save(env->store, &v.t);
		(*told)++;
	}
	ticket_close(&v);
	return err == VG_ERR_NOTFOUND ? VG_OK : err;
}

static void
run_clock(struct task *t, void *arg)
{
	struct clock_state *k = (struct clock_state *)t;
	struct writer_env *env = arg;
	uint64_t numbers[2 * TICKETS_MAX];
	const struct conf *conf;
	int due, soon = 0, err = VG_OK;

	k->told = 0;
	pthread_rwlock_rdlock(&k->q->conf_lock);
	conf = k->q->conf;
	due = store_clocks(env->store, k->now + 1, true, numbers, TICKETS_MAX);
	if (due >= 0)
		soon = store_clocks(env->store, k->now + horizon(conf) + 1, false, numbers + due, TICKETS_MAX);
	for (int i = 0; soon >= 0 && due >= 0 && i < due + soon && err == VG_OK; i++)
		err = tell(env, conf, numbers[i], k->now, &k->told);
	pthread_rwlock_unlock(&k->q->conf_lock);
	t->err = due < 0 ? due : soon < 0 ? soon : err;
}

static void look(void *arg);

static void
looked(struct task *t)
{
	struct clock_state *k = (struct clock_state *)t;
	struct queue *q = k->q;

	queue_home(q);
	if (t->err != VG_OK)
		log_error("", "clock-failed", "error=%s", log_q(vg_strerror(t->err)));
	else if (k->told > 0)
		queue_wait_wake(q);
	if (!q->stopping)
		ev_timer_set(q->ctx->loop, &k->timer, LOOK_MS, look, k);
}

static void
look(void *arg)
{
	struct clock_state *k = arg;
	struct queue *q = k->q;
	uint64_t one;

	k->now = id_now_ms();
	if (store_clocks(q->store, k->now + 1, true, &one, 1) <= 0 &&
	    store_clocks(q->store, k->now + horizon(q->ctx->conf) + 1, false, &one, 1) <= 0) {
		ev_timer_set(q->ctx->loop, &k->timer, LOOK_MS, look, k);
		return;
	}
	k->task.run = run_clock;
	k->task.done = looked;
	queue_write_patient(q, &k->task);
}

int
queue_clock_start(struct queue *q)
{
	struct clock_state *k = calloc(1, sizeof(*k));

	if (k == NULL)
		return VG_ERR_MEMORY;
	k->q = q;
	q->clock = k;
	look(k);
	return VG_OK;
}

void
queue_clock_stop(struct queue *q)
{
	if (q->clock == NULL)
		return;
	ev_timer_clear(q->ctx->loop, &q->clock->timer);
	free(q->clock);
	q->clock = NULL;
}
