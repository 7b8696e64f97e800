/*
 * gate_release.h - an operator releases held mail: the table again with authentication `operator` and today's facts
 * (POLICY, "Held mail"). For the queue process; pure.
 *
 *   1. gate_release_ask() rebuilds from the stored facts (COMMIT.facts of a mail that the table held) what was looked for;
 *   2. the caller answers it like any FACTS_ASK, with registry and store as they are now;
 *   3. gate_release_decide() runs thread match and table. VG_OK: act on v as on a COMMIT (action, ticket, related, role,
 *      reopen, quiet, route_direct: route "direct"). VG_ERR_DENIED: v->rule stops it (a refusing row with its text, or V8);
 *      the mail stays held.
 */
#ifndef VG_GATE_RELEASE_H
#define VG_GATE_RELEASE_H

#include <jansson.h>

#include "buf.h"
#include "conf.h"
#include "ipc_messages.h"
#include "verdict.h"

/* mids: initialised, holds the list that ask borrows; facts and sender (normal form) too must outlive ask. message_id and
 * digest stay empty: whether it was seen before is not asked again. VG_ERR_SYNTAX when facts hold no such thing. */
int gate_release_ask(struct facts_ask *ask, struct buf *mids, const json_t *facts, const char *sender);

struct release_input {
	const struct conf *conf;
	const struct facts_say *facts;  /* fresh */
	const char *automatic;          /* COMMIT.automatic of the held mail */
	int64_t received_at;            /* receipt: a ticket that was open then counts as continued */
};

int gate_release_decide(const struct release_input *in, struct verdict *v);

#endif
