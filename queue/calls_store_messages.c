/*
 * calls_store_messages.c - what was received and why it was treated so, for `explain` and `replay`. Reader thread.
 */
#include "calls_store.h"

#include <string.h>

#include "err.h"
#include "event.h"

#define ROWS_MAX 200

static json_t *
outcome_json(const struct store_message *m)
{
	static const char *const words[] = { [MSG_ACCEPTED] = "accepted", [MSG_APPLIED] = "accepted", [MSG_HELD] = "held",
		[MSG_REFUSED] = "refused" };
	unsigned i = (unsigned)m->state;

	return json_string(i < sizeof(words) / sizeof(words[0]) && words[i] != NULL ? words[i] : "unknown");
}

/* content: its bytes can still be read. */
static json_t *
message_json(const struct store_message *m)
{
	json_t *envelope = json_loads(m->envelope != NULL ? m->envelope : "", 0, NULL);
	char at[32];

	id_rfc3339(at, m->received_at, 0);
	return json_pack("{s:s,s:o,s:s,s:s,s:b,s:s,s:s,s:s,s:s?,s:s?,s:I,s:s,s:s,s:I,s:s,s:I,s:b,s:o}", "id", m->ulid, "outcome",
	    outcome_json(m), "rule", m->rule, "reason", m->reason, "released", m->released, "sender", m->sender, "sender_name",
	    m->sender_name, "class", event_class_word(m->cls), "partner", *m->partner != '\0' ? m->partner : NULL, "holder",
	    *m->holder != '\0' ? m->holder : NULL, "ticket", (json_int_t)m->ticket, "subject", m->subject, "message_id",
	    m->message_id, "size", (json_int_t)m->size, "received_at", at, "received_ms", (json_int_t)m->received_at, "content",
	    m->has_key, "envelope", envelope != NULL ? envelope : json_null());
}

void
calls_messages_list(struct call_env *env, json_t *args, struct call_result *res)
{
	int64_t ids[ROWS_MAX], since, cursor;
	unsigned limit;
	json_t *items;
	int n, err = VG_OK;

	if (!calls_page(args, res, &limit, &cursor) ||
	    !calls_number(res, "since", call_query(args, "since"), 0, 0, INT64_MAX, &since))
		return;
	n = store_received(env->store, since, cursor, ids, limit < ROWS_MAX ? limit : ROWS_MAX);
	items = json_array();
	for (int i = 0; i < n && err == VG_OK; i++) {
		struct store_message m;

		if ((err = store_message(env->store, ids[i], &m)) == VG_OK)
			json_array_append_new(items, message_json(&m));
		store_message_free(&m);
	}
	calls_rows_end(res, items, n < 0 ? n : err, n > 0 && (unsigned)n == limit ? ids[n - 1] : 0);
}

void
calls_messages_show(struct call_env *env, json_t *args, struct call_result *res)
{
	const char *ulid = call_param(args, "id");
	struct store_message m;
	int err;

	memset(&m, 0, sizeof(m));
	err = ulid == NULL ? VG_ERR_NOTFOUND : store_message_by_ulid(env->store, ulid, &m);
	if (err != VG_OK) {
		calls_failed(res, err);
	} else {
		json_t *evidence = json_loads(m.facts != NULL ? m.facts : "", 0, NULL);

		res->body = message_json(&m);
		json_object_set_new(res->body, "evidence", evidence != NULL ? evidence : json_null());
	}
	store_message_free(&m);
}
