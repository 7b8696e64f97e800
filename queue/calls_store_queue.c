/*
 * calls_store_queue.c - settling claimed events, the dead letters, figures. Writer and reader threads of the queue process. Claims
 * themselves wait in the loop (queue_wait.c). None of these writes anything before it refuses.
 */
#include "calls_store.h"

#include <string.h>

#include "err.h"

#define RECEIPTS_MAX 1000u
#define DELAY_MAX_S (7 * 24 * 3600)
#define LEASE_MAX_S (12 * 3600)

static const char *const words[] = { [SETTLE_OK] = "ok", [SETTLE_EXPIRED] = "expired", [SETTLE_UNKNOWN] = "unknown" };

/* One receipt: VG_OK with *out, or what the store says. */
typedef int settle_fn(struct call_env *env, const char *receipt, int64_t ms, enum store_settle *out);

static int
ack_one(struct call_env *env, const char *receipt, int64_t ms, enum store_settle *out)
{
	(void)ms;
	return store_ack(env->store, receipt, env->now_ms, out);
}

static int
nack_one(struct call_env *env, const char *receipt, int64_t ms, enum store_settle *out)
{
	bool dead;

	return store_nack(env->store, receipt, env->now_ms, ms, env->conf->queue_attempts, out, &dead);
}

static int
extend_one(struct call_env *env, const char *receipt, int64_t ms, enum store_settle *out)
{
	return store_extend(env->store, receipt, env->now_ms, ms, out);
}

static json_t *
read_receipts(json_t *args, struct call_result *res)
{
	json_t *list = json_object_get(call_body(args), "receipts"), *one;
	size_t i;

	if (!json_is_array(list) || json_array_size(list) == 0 || json_array_size(list) > RECEIPTS_MAX) {
		call_problem(res, 422, "invalid value", "receipts", "receipts: a list of 1 to %u receipts is wanted", RECEIPTS_MAX);
		return NULL;
	}
	json_array_foreach(list, i, one)
	{
		if (!json_is_string(one)) {
			call_problem(res, 422, "invalid value", "receipts", "receipts: a list of texts is wanted");
			return NULL;
		}
	}
	return list;
}

static bool
read_seconds(json_t *args, const char *name, int64_t otherwise, int64_t min, int64_t max, int64_t *out,
    struct call_result *res)
{
	json_t *v = json_object_get(call_body(args), name);

	*out = otherwise;
	if (v == NULL || json_is_null(v))
		return true;
	*out = json_integer_value(v);
	if (json_is_integer(v) && *out >= min && *out <= max)
		return true;
	call_problem(res, 422, "invalid value", name, "%s: a whole number from %lld to %lld is wanted", name, (long long)min,
	    (long long)max);
	return false;
}

static void
settle(struct call_env *env, json_t *args, int64_t ms, settle_fn *fn, struct call_result *res)
{
	json_t *list = read_receipts(args, res), *items, *one;
	enum store_settle how;
	size_t i;
	int err;

	if (list == NULL)
		return;
	items = json_array();
	json_array_foreach(list, i, one)
	{
		if ((err = fn(env, json_string_value(one), ms, &how)) != VG_OK) {
			json_decref(items);
			calls_failed(res, err);
			return;
		}
		json_array_append_new(items, json_pack("{s:O,s:s}", "receipt", one, "result", words[how]));
	}
	res->body = json_pack("{s:o}", "items", items);
}

void
calls_queue_ack(struct call_env *env, json_t *args, struct call_result *res)
{
	settle(env, args, 0, ack_one, res);
}

void
calls_queue_nack(struct call_env *env, json_t *args, struct call_result *res)
{
	int64_t s;

	if (read_seconds(args, "delay_seconds", 0, 0, DELAY_MAX_S, &s, res))
		settle(env, args, s * 1000, nack_one, res);
}

void
calls_queue_extend(struct call_env *env, json_t *args, struct call_result *res)
{
	int64_t s;

	if (read_seconds(args, "lease_seconds", env->conf->queue_lease_ms / 1000, 1, LEASE_MAX_S, &s, res))
		settle(env, args, s * 1000, extend_one, res);
}

void
calls_queue_stats(struct call_env *env, json_t *args, struct call_result *res)
{
	struct store_queue_stats q;
	json_t *counters = NULL;
	int err = store_queue_stats(env->store, CONSUMER_QUEUE, &q);

	(void)args;
	if (err == VG_OK)
		err = store_counters(env->store, &counters);
	if (err != VG_OK) {
		json_decref(counters);
		calls_failed(res, err);
		return;
	}
	res->body = json_pack("{s:I,s:I,s:I,s:I,s:I,s:I,s:f,s:o}", "depth", (json_int_t)q.depth, "ready", (json_int_t)q.ready,
	    "leased", (json_int_t)q.leased, "dead", (json_int_t)q.dead, "unparsed", (json_int_t)q.unparsed, "held",
	    (json_int_t)q.held, "oldest_age_seconds",
	    q.oldest_at > 0 && env->now_ms > q.oldest_at ? (double)(env->now_ms - q.oldest_at) / 1000.0 : 0.0, "accounting",
	    counters);
}

void
calls_queue_dead(struct call_env *env, json_t *args, struct call_result *res)
{
	struct buf out;
	unsigned limit;
	int64_t cursor, last = 0;
	int n;

	if (!calls_page(args, res, &limit, &cursor))
		return;
	if ((n = calls_list(&out)) == VG_OK)
		n = store_dead(env->store, CONSUMER_QUEUE, cursor, limit, &out, &last);
	if (n < 0)
		calls_text(res, &out, n);
	else
		calls_list_end(res, &out, n > 0 && (unsigned)n == limit, last);
}

void
calls_queue_requeue(struct call_env *env, json_t *args, struct call_result *res)
{
	const char *id = call_param(args, "event_id");
	int err = id == NULL ? VG_ERR_NOTFOUND : store_requeue(env->store, CONSUMER_QUEUE, id);

	if (err == VG_ERR_NOTFOUND)
		call_problem(res, 404, "not found", NULL, "no dead event has this id");
	else if (err != VG_OK)
		calls_failed(res, err);
	else
		res->body = json_pack("{s:s,s:s}", "event_id", id, "state", "queued");
}
