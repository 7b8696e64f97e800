/*
 * gate_rcpt.h - what the recipients of a mail say: which intake address routes, which thread token, which return path.
 * Pure but for the token keys.
 */
#ifndef VG_GATE_RCPT_H
#define VG_GATE_RCPT_H

#include <stdbool.h>
#include <stdint.h>

#include "conf.h"
#include "token.h"
#include "wire.h"

struct gate_rcpts {
	bool bounce;           /* a valid signed return path of ours (V0) */
	uint64_t bounce_number; /* of the outgoing mail */
	bool postmaster_only;
	const char *route;     /* of the first intake address in configuration order; "" without */
	uint64_t token_ticket, token_participant; /* first valid thread token; 0 without */
	bool two_tokens;       /* valid ones of different tickets */
	unsigned forged;       /* tags that did not verify: they match nothing and are audited */
};

/* rcpts: strings as the channel accepted them. out borrows from conf. */
void gate_rcpts_read(struct gate_rcpts *out, const struct conf *conf, const struct token_keys *keys, const struct wlist *rcpts);
/* RCPT_ASK: may this address receive mail? A return path must carry a valid tag; *forged: it carried a bad one or none. */
bool gate_rcpt_ok(const struct conf *conf, const struct token_keys *keys, const char *address, bool *forged);

#endif
