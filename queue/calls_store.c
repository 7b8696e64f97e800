/*
 * calls_store.c - the table of calls on the store, and what they share. Queue process, reader and writer threads. Arguments come
 * from HTTP clients and are checked here.
 */
#include "calls_store.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "err.h"

const struct call_def calls_store[] = {
	{ "queue.ack", CALL_WRITE, calls_queue_ack },
	{ "queue.nack", CALL_WRITE, calls_queue_nack },
	{ "queue.extend", CALL_WRITE, calls_queue_extend },
	{ "queue.stats", CALL_READ, calls_queue_stats },
	{ "queue.dead", CALL_READ, calls_queue_dead },
	{ "queue.requeue", CALL_WRITE, calls_queue_requeue },
	{ "tickets.list", CALL_READ, calls_tickets_list },
	{ "tickets.show", CALL_READ, calls_tickets_show },
	{ "tickets.messages", CALL_READ, calls_tickets_messages },
	{ "tickets.update", CALL_WRITE, calls_tickets_update },
	{ "tickets.remove-participant", CALL_WRITE, calls_tickets_remove_participant },
	{ "tickets.merge", CALL_WRITE, calls_tickets_merge },
	{ "messages.raw", CALL_READ, calls_messages_raw },
	{ "messages.list", CALL_READ, calls_messages_list },
	{ "messages.show", CALL_READ, calls_messages_show },
	{ "held.list", CALL_READ, calls_held_list },
	{ "held.show", CALL_READ, calls_held_show },
	{ "held.release", CALL_WRITE, calls_held_release },
	{ "held.reject", CALL_WRITE, calls_held_reject },
	{ "held.delete", CALL_WRITE, calls_held_delete },
	{ "tickets.reply", CALL_WRITE, calls_tickets_reply },
	{ "outbox.list", CALL_READ, calls_outbox_list },
	{ "outbox.retry", CALL_WRITE, calls_outbox_retry },
	{ "outbox.hold", CALL_WRITE, calls_outbox_hold },
	{ "outbox.release", CALL_WRITE, calls_outbox_release },
	{ "outbox.cancel", CALL_WRITE, calls_outbox_cancel },
	{ "suppressed.list", CALL_READ, calls_suppressed_list },
	{ "suppressed.show", CALL_READ, calls_suppressed_show },
	{ "suppressed.lift", CALL_WRITE, calls_suppressed_lift },
	{ "audit.list", CALL_READ, calls_audit_list },
	{ "audit.show", CALL_READ, calls_audit_show },
	{ "tokens.check", CALL_READ, calls_tokens_check },
	{ "tokens.add", CALL_WRITE, calls_tokens_add },
	{ "tokens.list", CALL_READ, calls_tokens_list },
	{ "tokens.remove", CALL_WRITE, calls_tokens_remove },
	{ "health.ready", CALL_READ, calls_health_ready },
	{ NULL, CALL_READ, NULL }
};

static const struct call_preparation prepared[] = {
	{ "tickets.reply", calls_tickets_reply_prepare, calls_tickets_reply_free },
};

const struct call_preparation *
call_preparation_find(const char *op)
{
	for (size_t i = 0; i < sizeof(prepared) / sizeof(prepared[0]); i++)
		if (strcmp(prepared[i].op, op) == 0)
			return &prepared[i];
	return NULL;
}

void
calls_failed(struct call_result *res, int err)
{
	switch (err) {
	case VG_ERR_NOTFOUND:
		call_problem(res, 404, "not found", NULL, "there is no such object");
		break;
	case VG_ERR_FULL:
		call_problem(res, 507, "store not available", NULL, "%s", vg_strerror(err));
		break;
	case VG_ERR_LIMIT:
		call_problem(res, 422, "answer too large", NULL, "the answer is too large");
		break;
	default:
		call_problem(res, 503, "store not available", NULL, "%s", vg_strerror(err));
	}
}

bool
calls_number(struct call_result *res, const char *name, const char *text, int64_t otherwise, int64_t min, int64_t max,
    int64_t *out)
{
	char *end;

	*out = otherwise;
	if (text == NULL || *text == '\0')
		return true;
	errno = 0;
	*out = strtoll(text, &end, 10);
	if (errno == 0 && *end == '\0' && *text >= '0' && *text <= '9' && *out >= min && *out <= max)
		return true;
	call_problem(res, 400, "invalid value", name, "%s: a whole number is wanted", name);
	return false;
}

bool
calls_page(json_t *args, struct call_result *res, unsigned *limit, int64_t *cursor)
{
	int64_t n;

	if (!calls_number(res, "limit", call_query(args, "limit"), 50, 1, 200, &n) ||
	    !calls_number(res, "cursor", call_query(args, "cursor"), 0, 0, INT64_MAX, cursor))
		return false;
	*limit = (unsigned)n;
	return true;
}

void
calls_rows_end(struct call_result *res, json_t *items, int err, int64_t next)
{
	if (err != VG_OK) {
		json_decref(items);
		calls_failed(res, err);
		return;
	}
	res->body = json_pack("{s:o,s:o}", "items", items, "next", next > 0 ? json_sprintf("%lld", (long long)next) : json_null());
}

int
calls_list(struct buf *out)
{
	buf_init(out, CALLS_ANSWER_MAX);
	return buf_adds(out, "{\"items\":[");
}

void
calls_list_end(struct call_result *res, struct buf *out, bool more, int64_t cursor)
{
	int err = more ? buf_addf(out, "],\"next\":\"%lld\"}", (long long)cursor) : buf_adds(out, "],\"next\":null}");

	calls_text(res, out, err);
}

void
calls_text(struct call_result *res, struct buf *out, int err)
{
	if (err == VG_OK && (res->text = buf_take(out, &res->text_len)) == NULL)
		err = VG_ERR_MEMORY;
	if (err != VG_OK)
		calls_failed(res, err);
	buf_free(out);
}

void
calls_health_ready(struct call_env *env, json_t *args, struct call_result *res)
{
	int64_t value;
	int err = store_note_get(env->store, "blobs_swept_at", &value);

	(void)args;
	if (err != VG_OK && err != VG_ERR_NOTFOUND)
		calls_failed(res, err);
	else
		res->body = json_pack("{s:s}", "status", "ready");
}
