/*
 * queue_wait.c - claims, at once or when events come, and the ends of leases and delays. Main thread of the queue process;
 * every claim runs in the writer together with whatever else waits there.
 */
#include "queue.h"

#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "log.h"

#define CLAIMS_MAX 1024u         /* that wait at a time */
#define EVENTS_MAX 1000u         /* in one answer */
#define ROUTES_MAX 32u
#define WAIT_MAX_S 120
#define LEASE_MAX_S (12 * 3600)
#define ANSWER_MAX (IPC_HUGE - (64u << 10))

struct claim {
	struct task task; /* first */
	struct claim *next;
	struct queue *q;
	uint64_t link, id;
	json_t *args;     /* holds the routes */
	const char *routes[ROUTES_MAX];
	struct store_claim what;
	int64_t deadline; /* of the loop's clock */
	bool in_writer, again, gone;
	struct buf items;
	int found;        /* events, or enum vg_err */
	unsigned dead;
};

struct sweep {
	struct task task; /* first */
	struct queue *q;
	int64_t next_due;
	int freed;
	unsigned dead, attempts;
};

struct wait_state {
	struct queue *q;
	struct claim *claims;
	unsigned n;
	struct ev_timer timer, due;
	int64_t due_at;      /* Unix milliseconds, 0: not set */
	struct sweep sweep;
	bool sweeping, sweep_again;
};

static void submit(struct claim *c);

/* ---- answers ---- */

static void
forget(struct claim *c)
{
	struct wait_state *w = c->q->wait;

	for (struct claim **at = &w->claims; *at != NULL; at = &(*at)->next) {
		if (*at == c) {
			*at = c->next;
			w->n--;
			break;
		}
	}
	json_decref(c->args);
	buf_free(&c->items);
	free(c);
}

static void
answer(struct claim *c)
{
	struct call_result res = { .status = 200, .fd = -1 };
	struct buf text;

	buf_init(&text, IPC_HUGE);
	if (c->found < 0)
		call_problem(&res, c->found == VG_ERR_FULL ? 507 : 503, "store not available", NULL, "%s", vg_strerror(c->found));
	else if (buf_adds(&text, "{\"items\":[") == VG_OK && buf_add(&text, c->items.data, c->items.len) == VG_OK &&
	    buf_adds(&text, "]}") == VG_OK)
		res.text = buf_take(&text, &res.text_len);
	buf_free(&text);
	if (!c->gone)
		queue_call_say(c->q, c->link, c->id, &res);
	forget(c);
}

static void
due_over(void *arg)
{
	struct wait_state *w = arg;

	w->due_at = 0;
	queue_wait_sweep(w->q);
}

static void
arm_due(struct wait_state *w, int64_t at)
{
	int64_t ms;

	if (at == 0 || (w->due_at != 0 && w->due_at <= at) || w->q->stopping)
		return;
	ms = at - id_now_ms();
	w->due_at = at;
	ev_timer_set(w->q->ctx->loop, &w->due, ms > 5 ? ms : 5, due_over, w);
}

/* The nearest end of waiting. */
static void on_timer(void *arg);
static void
arm_timer(struct wait_state *w)
{
	int64_t now = evloop_now(w->q->ctx->loop), first = INT64_MAX;

	for (struct claim *c = w->claims; c != NULL; c = c->next)
		if (!c->in_writer && c->deadline < first)
			first = c->deadline;
	if (first != INT64_MAX)
		ev_timer_set(w->q->ctx->loop, &w->timer, first > now ? first - now : 0, on_timer, w);
}

static void
on_timer(void *arg)
{
	struct wait_state *w = arg;
	int64_t now = evloop_now(w->q->ctx->loop);

	for (struct claim *c = w->claims, *next; c != NULL; c = next) {
		next = c->next;
		if (!c->in_writer && c->deadline <= now)
			answer(c);
	}
	arm_timer(w);
}

/* ---- claiming ---- */

static void
run_claim(struct task *t, void *arg)
{
	struct claim *c = (struct claim *)t;
	struct writer_env *env = arg;
	int n;

	buf_reset(&c->items);
	c->what.now = id_now_ms();
	n = store_expire_leases(env->store, c->what.now, c->what.attempts, &c->dead);
	if (n >= 0)
		n = store_claim(env->store, &c->what, &c->items);
	c->found = n;
	t->err = n < 0 ? n : VG_OK;
}

static void
claimed(struct task *t)
{
	struct claim *c = (struct claim *)t;
	struct queue *q = c->q;
	struct wait_state *w = q->wait;

	queue_home(q);
	c->in_writer = false;
	if (t->err != VG_OK)
		c->found = t->err;
	if (c->found > 0) {
		metrics_add(q->ctx->metrics, MT_QUEUE_CLAIMED, (uint64_t)c->found);
		arm_due(w, c->what.now + c->what.lease_ms);
	}
	metrics_add(q->ctx->metrics, MT_QUEUE_DEAD, c->dead);
	if (c->found != 0 || c->gone || q->stopping || c->deadline <= evloop_now(q->ctx->loop)) {
		answer(c);
	} else if (c->again) {
		submit(c);
	} else {
		arm_timer(w);
	}
}

static void
submit(struct claim *c)
{
	c->again = false;
	c->in_writer = true;
	c->task.run = run_claim;
	c->task.done = claimed;
	queue_write(c->q, &c->task);
}

static int64_t
number(json_t *body, const char *name, int64_t otherwise, int64_t min, int64_t max, struct call_result *res)
{
	json_t *v = json_object_get(body, name);

	if (v == NULL || json_is_null(v))
		return otherwise;
	if (!json_is_integer(v) || json_integer_value(v) < min || json_integer_value(v) > max) {
		call_problem(res, 422, "invalid value", name, "%s: a whole number from %lld to %lld is wanted", name, (long long)min,
		    (long long)max);
		return otherwise;
	}
	return json_integer_value(v);
}

static void
read_routes(struct claim *c, json_t *body, struct call_result *res)
{
	json_t *routes = json_object_get(body, "routes"), *one;
	size_t i;

	if (routes == NULL || json_is_null(routes))
		return;
	if (!json_is_array(routes) || json_array_size(routes) > ROUTES_MAX) {
		call_problem(res, 422, "invalid value", "routes", "routes: a list of at most %u names is wanted", ROUTES_MAX);
		return;
	}
	json_array_foreach(routes, i, one)
	{
		if (!json_is_string(one)) {
			call_problem(res, 422, "invalid value", "routes", "routes: a list of names is wanted");
			return;
		}
		c->routes[c->what.n_routes++] = json_string_value(one);
	}
	c->what.routes = c->routes;
}

static int64_t
read_claim(struct claim *c, json_t *args, struct call_result *res)
{
	const struct conf *conf = c->q->ctx->conf;
	json_t *body = call_body(args);

	if (body != NULL && !json_is_object(body) && !json_is_null(body))
		call_problem(res, 422, "invalid value", NULL, "the body must be an object");
	c->what.consumer = CONSUMER_QUEUE;
	c->what.max = (unsigned)number(body, "max", 10, 1, EVENTS_MAX, res);
	c->what.lease_ms = number(body, "lease_seconds", conf->queue_lease_ms / 1000, 1, LEASE_MAX_S, res) * 1000;
	c->what.attempts = conf->queue_attempts;
	read_routes(c, body, res);
	return number(body, "wait_seconds", 0, 0, WAIT_MAX_S, res) * 1000;
}

void
queue_wait_claim(struct link *l, uint64_t id, json_t *args)
{
	struct call_result res = { .status = 200, .fd = -1 };
	struct wait_state *w = l->q->wait;
	struct claim *c = w->n < CLAIMS_MAX && !l->q->stopping ? calloc(1, sizeof(*c)) : NULL;
	int64_t wait_ms;

	if (c == NULL) {
		call_problem(&res, 503, "too busy", NULL, "too many claims wait; try again later");
		queue_call_say(l->q, l->serial, id, &res);
		return;
	}
	c->q = l->q;
	c->link = l->serial;
	c->id = id;
	c->args = json_incref(args);
	buf_init(&c->items, ANSWER_MAX);
	c->next = w->claims;
	w->claims = c;
	w->n++;
	wait_ms = read_claim(c, args, &res);
	if (res.status >= 400) {
		queue_call_say(l->q, l->serial, id, &res);
		forget(c);
		return;
	}
	c->deadline = evloop_now(l->q->ctx->loop) + wait_ms;
	submit(c);
}

void
queue_wait_cancel(struct link *l, uint64_t id)
{
	for (struct claim *c = l->q->wait->claims; c != NULL; c = c->next) {
		if (c->link == l->serial && c->id == id) {
			c->gone = true;
			if (!c->in_writer)
				forget(c);
			return;
		}
	}
}

void
queue_wait_wake(struct queue *q)
{
	for (struct claim *c = q->wait->claims, *next; c != NULL; c = next) {
		next = c->next;
		if (c->in_writer)
			c->again = true;
		else
			submit(c);
	}
}

/* ---- ends of leases ---- */

static void
run_sweep(struct task *t, void *arg)
{
	struct sweep *s = (struct sweep *)t;
	struct writer_env *env = arg;

	s->freed = store_expire_leases(env->store, id_now_ms(), s->attempts, &s->dead);
	t->err = s->freed < 0 ? s->freed : store_next_due(env->store, &s->next_due);
}

static void
swept(struct task *t)
{
	struct sweep *s = (struct sweep *)t;
	struct queue *q = s->q;
	struct wait_state *w = q->wait;

	queue_home(q);
	w->sweeping = false;
	if (t->err != VG_OK) {
		arm_due(w, id_now_ms() + 1000);
		return;
	}
	if (s->dead > 0) {
		metrics_add(q->ctx->metrics, MT_QUEUE_DEAD, s->dead);
		log_warn("", "event-dead", "events=%u", s->dead);
	}
	arm_due(w, s->next_due);
	if (s->freed > 0)
		queue_wait_wake(q);
	if (w->sweep_again)
		queue_wait_sweep(q);
}

void
queue_wait_sweep(struct queue *q)
{
	struct wait_state *w = q->wait;

	w->sweep_again = w->sweeping;
	if (w->sweeping || q->stopping)
		return;
	w->sweeping = true;
	w->sweep = (struct sweep){ .task = { .run = run_sweep, .done = swept }, .q = q,
		.attempts = q->ctx->conf->queue_attempts };
	queue_write(q, &w->sweep.task);
}

/* ---- life ---- */

int
queue_wait_start(struct queue *q)
{
	struct wait_state *w = calloc(1, sizeof(*w));

	if (w == NULL)
		return VG_ERR_MEMORY;
	w->q = q;
	q->wait = w;
	queue_wait_sweep(q);
	return VG_OK;
}

void
queue_wait_close(struct queue *q)
{
	for (struct claim *c = q->wait->claims, *next; c != NULL; c = next) {
		next = c->next;
		if (!c->in_writer)
			answer(c);
	}
}

void
queue_wait_stop(struct queue *q)
{
	if (q->wait == NULL)
		return;
	ev_timer_clear(q->ctx->loop, &q->wait->timer);
	ev_timer_clear(q->ctx->loop, &q->wait->due);
	while (q->wait->claims != NULL)
		forget(q->wait->claims);
	free(q->wait);
	q->wait = NULL;
}
