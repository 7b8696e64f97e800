/*
 * queue_reach.h - customers' copies that are held because no contact could be reached (T3) go when one can: the message goes to another
 * contact of the partner, and theirs follow. The writer's thread, inside its transaction.
 */
#ifndef VG_QUEUE_REACH_H
#define VG_QUEUE_REACH_H

#include "queue.h"

/* Looks through what is held, at most some hundred messages a time; *queued: copies for contacts. A contact who is on the ticket comes
 * first, then the partner's newest one, who joins it. */
int queue_reach(struct writer_env *env, int64_t now, unsigned *queued);

#endif
