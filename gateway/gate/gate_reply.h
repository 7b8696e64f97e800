/*
 * gate_reply.h - what the channel is answered, from the verdict and what the queue committed. Pure.
 */
#ifndef VG_GATE_REPLY_H
#define VG_GATE_REPLY_H

#include <stdbool.h>

#include "ipc_messages.h"
#include "verdict.h"

#define GATE_REPLY_MAX 511

struct gate_reply {
	struct verdict_say say; /* borrows from text, the verdict and the commit_say */
	char text[GATE_REPLY_MAX + 1];
	bool refused_after_queue; /* answered 250, kept as a refusal */
};

/* done: the queue's answer; NULL where nothing was committed (a dry run). */
void gate_reply_verdict(struct gate_reply *r, const struct verdict *v, const struct commit_say *done, bool after_queue);
/* Not now: code 451 or 452, before or instead of a verdict. */
void gate_reply_later(struct gate_reply *r, int err);

#endif
