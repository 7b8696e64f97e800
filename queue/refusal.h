/*
 * refusal.h - the notice to somebody whose mail was fetched from a mailbox and refused: SMTP refuses at the door, a mailbox cannot
 * (POLICY, below the table). Writer thread.
 */
#ifndef VG_REFUSAL_H
#define VG_REFUSAL_H

#include "conf.h"
#include "registry.h"
#include "store.h"

/* Only mail of a mailbox, only V9, V15, V16, V17 (whose senders are authenticated), never automatic or bulk mail. Pure. */
bool refusal_wanted(const struct commit *c);
/* Queues the notice where one is wanted, there is a smarthost, the address takes mail, and none was queued for it within a day. The
 * language is the partner's, where the sender is of one; the text is that of the refusal, with its reference; *queued. */
int refusal_tell(struct store *s, struct registry *r, const struct conf *conf, const struct commit *c, const char *reference, int64_t now, bool *queued);

#endif
