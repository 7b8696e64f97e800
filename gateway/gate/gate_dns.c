/*
 * gate_dns.c - runs and their questions: what is in the cache, what is in flight for another run already, what has to be sent,
 * and when its time is over. Runs in the gate.
 */
#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "gate_dns_priv.h"

struct gate_dns_run {
	struct gate_dns *dns;
	struct dns_set *set;
	gate_dns_cb *done;
	void *arg;
	struct waiters waiters;
	struct ev_timer first; /* all may be answered within the start, which must not call back */
	struct ev_defer end;
};

struct gate_dns *gate_dns_new(struct evloop *loop, const struct gate_dns_ops *ops, int64_t timeout_ms)
{
	struct gate_dns *d;

	if (sodium_init() < 0 || (d = calloc(1, sizeof(*d))) == NULL)
		return NULL;
	d->loop = loop;
	d->ops = *ops;
	gate_dns_timeout(d, timeout_ms);
	randombytes_buf(d->key, sizeof(d->key));
	gate_dns_net_init(d);
	if ((d->cache = gate_dns_cache_new()) == NULL)
		gate_dns_free(&d);
	return d;
}

void gate_dns_timeout(struct gate_dns *dns, int64_t timeout_ms)
{
	dns->timeout = timeout_ms > 0 ? timeout_ms : 1;
}

static void query_free(struct query *q)
{
	struct gate_dns *d = q->dns;

	LIST_REMOVE(q, same);
	gate_dns_net_release(q);
	ev_timer_clear(d->loop, &q->timer);
	d->n_queries--;
	free(q);
}

static void waiter_free(struct waiter *w)
{
	TAILQ_REMOVE(&w->query->waiters, w, of_query);
	TAILQ_REMOVE(&w->run->waiters, w, of_run);
	w->query->dns->n_waiters--;
	free(w);
}

/* Sockets of TCP that come free go to queries in the queue, so that all leave it before any goes. */
static void release_all(struct gate_dns *d)
{
	struct query *q;

	for (int pass = 0; pass < 2; pass++)
		for (size_t i = 0; i < DNS_QUERY_BUCKETS; i++)
			LIST_FOREACH(q, &d->queries[i], same)
				if (pass == 1 || q->queued != QUEUE_NONE)
					gate_dns_net_release(q);
}

void gate_dns_free(struct gate_dns **dns)
{
	struct gate_dns *d = *dns;

	if (d == NULL)
		return;
	release_all(d);
	for (size_t i = 0; i < DNS_QUERY_BUCKETS; i++) {
		while (!LIST_EMPTY(&d->queries[i])) {
			struct query *q = LIST_FIRST(&d->queries[i]);

			while (!TAILQ_EMPTY(&q->waiters))
				waiter_free(TAILQ_FIRST(&q->waiters));
			query_free(q);
		}
	}
	gate_dns_net_close(d);
	gate_dns_cache_free(&d->cache);
	free(d);
	*dns = NULL;
}

void gate_dns_reset(struct gate_dns *dns)
{
	struct query *q;

	gate_dns_cache_empty(dns->cache);
	release_all(dns);
	gate_dns_net_close(dns);
	for (size_t i = 0; i < DNS_QUERY_BUCKETS; i++) {
		LIST_FOREACH(q, &dns->queries[i], same) {
			q->want_tcp = false;
			gate_dns_net_send(q);
		}
	}
}

static void run_end(void *arg)
{
	struct gate_dns_run *run = arg;
	gate_dns_cb *done = run->done;
	void *done_arg = run->arg;

	if (!TAILQ_EMPTY(&run->waiters))
		return;
	gate_dns_cancel(&run);
	done(done_arg);
}

void gate_dns_finish(struct query *q, struct gate_dns_reply *reply)
{
	struct gate_dns *d = q->dns;

	while (!TAILQ_EMPTY(&q->waiters)) {
		struct waiter *w = TAILQ_FIRST(&q->waiters);
		struct gate_dns_run *run = w->run;

		/* no memory counts as DNS_FAILED there */
		(void)dns_set_answer(run->set, w->question, reply->status, reply->records, reply->n);
		waiter_free(w);
		if (TAILQ_EMPTY(&run->waiters) && run->first.slot == 0)
			ev_defer(d->loop, &run->end, run_end, run);
	}
	gate_dns_cache_put(d->cache, q->type, q->name, reply, evloop_now(d->loop));
	query_free(q);
}

static void query_fail(struct query *q)
{
	struct gate_dns_reply none = {.status = DNS_FAILED};

	gate_dns_finish(q, &none);
}

static void query_tick(void *arg);

static int query_timer(struct query *q)
{
	int64_t due = q->start + q->timeout * q->tries / DNS_SENDS;
	int64_t left = due - evloop_now(q->dns->loop);

	return ev_timer_set(q->dns->loop, &q->timer, left > 0 ? left : 0, query_tick, q);
}

static void query_tick(void *arg)
{
	struct query *q = arg;

	if (q->tries++ == DNS_SENDS) {
		gate_dns_net_silent(q);
		query_fail(q);
	} else if (query_timer(q) != VG_OK) {
		query_fail(q);
	} else {
		gate_dns_net_send(q);
	}
}

static struct query *query_find(struct gate_dns *d, enum dns_type type, const char *name, struct queries **bucket)
{
	struct query *q;

	*bucket = &d->queries[gate_dns_hash(d->key, type, name) % DNS_QUERY_BUCKETS];
	LIST_FOREACH(q, *bucket, same)
		if (q->type == type && strcmp(q->name, name) == 0)
			return q;
	return NULL;
}

/* The query in flight, or a new one, which is not sent yet (tries is 0). NULL, and why. */
static struct query *query_get(struct gate_dns *d, const struct dns_question *ask, enum dns_status *why)
{
	struct queries *bucket;
	struct query *q = query_find(d, ask->type, ask->name, &bucket);
	size_t len = strlen(ask->name);
	int rc;

	*why = DNS_FAILED;
	if (q != NULL)
		return q;
	if (d->n_queries >= DNS_IN_FLIGHT || (q = calloc(1, sizeof(*q) + len + 1)) == NULL)
		return NULL;
	rc = gate_dns_msg_query(ask->type, ask->name, q->bytes, &q->len);
	if (rc != VG_OK) {
		*why = rc == VG_ERR_PROTO ? DNS_NXDOMAIN : DNS_FAILED; /* as a name the set would not ask for */
		free(q);
		return NULL;
	}
	q->dns = d;
	q->type = ask->type;
	memcpy(q->name, ask->name, len + 1);
	TAILQ_INIT(&q->waiters);
	q->start = evloop_now(d->loop);
	q->timeout = d->timeout;
	LIST_INSERT_HEAD(bucket, q, same);
	d->n_queries++;
	return q;
}

static void ask_resolver(struct gate_dns_run *run, const struct dns_question *ask)
{
	struct gate_dns *d = run->dns;
	struct waiter *w = d->n_waiters < DNS_IN_FLIGHT ? calloc(1, sizeof(*w)) : NULL;
	enum dns_status why = DNS_FAILED;
	struct query *q = w != NULL ? query_get(d, ask, &why) : NULL;

	if (q == NULL) {
		free(w);
		(void)dns_set_answer(run->set, ask->id, why, NULL, 0);
		return;
	}
	*w = (struct waiter){.query = q, .run = run, .question = ask->id};
	TAILQ_INSERT_TAIL(&q->waiters, w, of_query);
	TAILQ_INSERT_TAIL(&run->waiters, w, of_run);
	d->n_waiters++;
	if (q->tries == 0)
		query_tick(q);
}

int gate_dns_start(struct gate_dns_run **out, struct gate_dns *dns, struct dns_set *set, gate_dns_cb *done, void *arg)
{
	struct gate_dns_run *run = calloc(1, sizeof(*run));
	struct dns_question ask;

	*out = NULL;
	if (run == NULL)
		return VG_ERR_MEMORY;
	*run = (struct gate_dns_run){.dns = dns, .set = set, .done = done, .arg = arg};
	TAILQ_INIT(&run->waiters);
	if (ev_timer_set(dns->loop, &run->first, 0, run_end, run) != VG_OK) {
		free(run);
		return VG_ERR_MEMORY;
	}
	while (dns_set_next(set, &ask)) {
		const struct gate_dns_reply *known = gate_dns_cache_get(dns->cache, ask.type, ask.name, evloop_now(dns->loop));

		if (known != NULL)
			(void)dns_set_answer(set, ask.id, known->status, known->records, known->n);
		else
			ask_resolver(run, &ask);
	}
	*out = run;
	return VG_OK;
}

void gate_dns_cancel(struct gate_dns_run **run)
{
	struct gate_dns_run *r = *run;

	if (r == NULL)
		return;
	while (!TAILQ_EMPTY(&r->waiters))
		waiter_free(TAILQ_FIRST(&r->waiters));
	ev_timer_clear(r->dns->loop, &r->first);
	ev_defer_cancel(r->dns->loop, &r->end);
	free(r);
	*run = NULL;
}
