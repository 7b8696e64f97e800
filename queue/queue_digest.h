/*
 * queue_digest.h - what is held, told to an operator by mail. The writer's thread.
 */
#ifndef VG_QUEUE_DIGEST_H
#define VG_QUEUE_DIGEST_H

#include "conf.h"
#include "store.h"

/* Queues the mail of `hold digest` where its time has come and something is held; *queued says so. */
int queue_digest(struct store *s, const struct conf *conf, int64_t now, bool *queued);

#endif
