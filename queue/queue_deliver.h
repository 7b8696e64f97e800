/*
 * queue_deliver.h - letters on their way: private to queue_deliver.c (who gets one, and when) and queue_deliver_done.c (what became
 * of it).
 */
#ifndef VG_QUEUE_DELIVER_H
#define VG_QUEUE_DELIVER_H

#include "fuse.h"
#include "outbox_plan.h"
#include "queue.h"

#define FLIGHTS_MAX 64u  /* letters under way: as many a crash of the queue may send twice */
#define LINK_FLIGHTS 4u  /* one process has: the next lies there when it is free */

/* A letter at a process of the role, or on its way back into the store. */
struct flight {
	int64_t id;    /* 0: free */
	uint64_t link; /* serial; 0: the writer has it */
	bool slow;     /* its process handed the letters behind it back */
};

struct deliver_state {
	struct queue *q;
	struct ev_timer timer;
	struct fuses fuses;      /* notices, by recipient */
	struct outbox_away away;
	struct flight flights[FLIGHTS_MAX];
	struct settling *unwritten; /* words that the store could not take; their letters count as under way */
	int64_t rewrite_at;
};

/* The process has given a letter back. False: it did not have it, nor did it send it for the queue before us. Untried: it is
 * free again, and what the process still has is slow. */
bool queue_deliver_returned(struct link *l, int64_t id, enum delivery_outcome outcome);
/* The writer has it no more. */
void queue_deliver_landed(struct queue *q, int64_t id);
/* Tries to write them again, when their time has come. */
void queue_deliver_rewrite(struct queue *q);
void queue_deliver_forget(struct deliver_state *d);
/* A row's new state, without a try; it is on the way already. */
void queue_deliver_put_off(struct queue *q, int64_t id, enum outbox_state state, int64_t ms, const char *why);

#endif
