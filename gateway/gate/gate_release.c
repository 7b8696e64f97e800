/*
 * gate_release.c - release of held mail. Runs in the queue process, called for held.release.
 */
#include "err.h"
#include "gate_decide.h"
#include "gate_release.h"

static uint64_t number(const json_t *o, const char *name)
{
	json_int_t n = json_integer_value(json_object_get(o, name));

	return n > 0 ? (uint64_t)n : 0;
}

int gate_release_ask(struct facts_ask *ask, struct buf *mids, const json_t *facts, const char *sender)
{
	const json_t *stored = json_object_get(json_object_get(facts, "thread"), "ask");
	const json_t *list = json_object_get(stored, "mids");
	uint32_t n = 0;
	size_t i;
	json_t *id;

	if (!json_is_object(stored) || json_array_size(list) > GATE_MIDS_MAX)
		return VG_ERR_SYNTAX;
	json_array_foreach(list, i, id) {
		int rc;

		if (!json_is_string(id))
			return VG_ERR_SYNTAX;
		if ((rc = wlist_add_str(mids, &n, json_string_value(id))) != VG_OK)
			return rc;
	}
	*ask = (struct facts_ask){
	    .sender = sender,
	    .mids = wlist_of(mids, n),
	    .subject_number = number(stored, "subject_number"),
	    .token_ticket = number(stored, "token_ticket"),
	    .token_participant = number(stored, "token_participant"),
	    .message_id = "",
	};
	return VG_OK;
}

int gate_release_decide(const struct release_input *in, struct verdict *v)
{
	struct facts_thread candidates[THREAD_CANDIDATES_MAX];
	struct thread_facts t = {.candidates = candidates};
	struct verdict_facts f = {.automatic = automatic_by_name(in->automatic), .now = in->received_at};

	if (gate_candidates(candidates, &t.n, in->facts) != VG_OK)
		return VG_ERR_PROTO;
	gate_thread_facts(&t, in->facts);
	/* A held unlisted colleague counts as a contact once an operator lets them in (V15). */
	t.as_contact = t.cls == CLASS_PARTNER_DOMAIN && in->facts->unlisted != UNLISTED_REJECT;
	thread_match(&f.thread, &t);
	gate_sender_facts(&f, in->facts, in->conf);
	auth_by_operator(&f.auth);
	verdict_decide(&f, v);
	return v->action == COMMIT_OPEN || v->action == COMMIT_APPEND ? VG_OK : VG_ERR_DENIED;
}
