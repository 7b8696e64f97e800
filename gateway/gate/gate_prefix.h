/*
 * gate_prefix.h - the header fields that we put before a message: Received (RFC 5321 4.4). Nothing that a peer said can
 * end a line or a comment in it. Pure.
 */
#ifndef VG_GATE_PREFIX_H
#define VG_GATE_PREFIX_H

#include "buf.h"
#include "ipc_messages.h"

/* Appends the fields. "by HOSTNAME (vcspgate)" marks them as ours (gate_facts.h counts them). VG_ERR_LIMIT, VG_ERR_MEMORY. */
int gate_prefix(struct buf *out, const struct submit *s, const char *hostname);

#endif
