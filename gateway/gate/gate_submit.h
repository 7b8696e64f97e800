/*
 * gate_submit.h - mails in flight: SUBMIT, FACTS_ASK, FACTS_SAY, proof, decision, COMMIT, COMMIT_SAY, VERDICT. Many at once, each
 * waiting only for the queue. What a channel or the queue loses is answered or finished here.
 */
#ifndef VG_GATE_SUBMIT_H
#define VG_GATE_SUBMIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fuse.h"
#include "gate_dns.h"
#include "ipc.h"
#include "role.h"
#include "token.h"

#define GATE_TXNS_MAX 4096u                      /* mails in flight */
#define GATE_BYTES_MAX (128u * 1024u * 1024u)    /* their bytes */

struct gate_txn;

/* One channel's link. */
struct gate_channel {
	struct gate_channel *next;
	struct ipc *ipc;
	struct gate *gate;
	enum role role;
	uint32_t index;
};

struct gate {
	struct role_ctx *ctx;
	struct ipc *queue; /* NULL while it is down */
	struct ipc *verify; /* so too; then no signature can be checked */
	struct gate_channel *channels;
	struct token_keys keys;
	struct fuses fuses;
	struct gate_dns *dns;
	bool stopping;
	struct gate_txn *txns[GATE_TXNS_MAX];
	size_t n_txns;
	size_t hint;       /* where to look for a free place */
	uint64_t serial;
	size_t bytes;      /* held by mails in flight */
};

/* The token keys: none before the supervisor sent them. */
const struct token_keys *gate_key(const struct gate *g);

/* Takes a SUBMIT. VG_ERR_PROTO when it is not one: the link must be closed. */
int gate_submit_take(struct gate *g, struct gate_channel *ch, struct ipc_msg *msg);
/* The queue's answers. One that no mail waits for is passed over. VG_ERR_PROTO as above. */
int gate_submit_facts(struct gate *g, const struct ipc_msg *msg);
int gate_submit_done(struct gate *g, const struct ipc_msg *msg);
/* The role `verify` answers, or went away: what waits for it goes on without. */
int gate_submit_verified(struct gate *g, const struct ipc_msg *msg);
void gate_submit_verify_lost(struct gate *g);
/* The queue went away: every mail in flight is answered 451. */
void gate_submit_queue_lost(struct gate *g);
/* A channel went away: its mails are finished for nobody. */
void gate_submit_channel_lost(struct gate *g, const struct gate_channel *ch);

#endif
