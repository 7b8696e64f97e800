/*
 * gate_prefix.h - the header fields that we put before a message: Authentication-Results (RFC 8601) and Received
 * (RFC 5321 4.4). Nothing that a peer said can end a line, a comment or a value in them. Pure.
 */
#ifndef VG_GATE_PREFIX_H
#define VG_GATE_PREFIX_H

#include "buf.h"
#include "gate_sender.h"
#include "ipc_messages.h"

/* Appends the fields. "by HOSTNAME (vcspgate)" marks them as ours (gate_facts.h counts them). VG_ERR_LIMIT,
 * VG_ERR_MEMORY. */
int gate_prefix(struct buf *out, const struct submit *s, const char *hostname);

/* Appends one Authentication-Results field of ours: what we found out ourselves, "none" without a sender (NULL).
 * Those of others stay in the message below it. VG_ERR_LIMIT, VG_ERR_MEMORY. */
int gate_prefix_results(struct buf *out, const struct gate_sender *sender, const struct submit *s,
    const char *hostname);

#endif
