/*
 * gate_rate.c - rate fuses over verdicts. Runs in the gate, once for each mail that is decided.
 */
#include <inttypes.h>
#include <stdio.h>

#include "gate_rate.h"

static bool is_counted(const struct gate_case *c)
{
	return c->facts->automatic >= AUTOMATIC_GENERATED &&
	    (c->verdict.action == COMMIT_APPEND || c->verdict.action == COMMIT_OPEN);
}

/* As if the row had said so: nothing of what it would have done is left. */
static void hold(struct verdict *v)
{
	v->outcome = OUT_HELD;
	v->action = COMMIT_HOLD;
	v->reason = "rate";
	v->ticket = v->related = 0;
	v->quiet = v->reopen = v->route_direct = false;
}

void gate_rate(struct gate_case *c, struct fuses *fuses, int64_t now)
{
	char ticket[24];
	struct fuse_name names[] = {{FUSE_SENDER, c->facts->from.addr.normal}, {FUSE_TICKET, ticket}};
	const struct fuse_name *blown;

	c->rate = NULL;
	if (!is_counted(c))
		return;
	snprintf(ticket, sizeof(ticket), "%" PRIu64, c->verdict.ticket);
	if (fuse_pass(fuses, names, c->verdict.action == COMMIT_APPEND ? 2 : 1, now, &blown))
		return;
	hold(&c->verdict);
	c->rate = blown->kind == FUSE_SENDER ? "sender" : "ticket";
}
