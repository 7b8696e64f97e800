/*
 * parse_window.h - messages on their way through the parsers, those of one ticket one after the other. Main thread of the queue
 * process; no store, no links.
 */
#ifndef VG_PARSE_WINDOW_H
#define VG_PARSE_WINDOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WINDOW_MAX 2048u       /* messages; the rest waits in the store */
#define WINDOW_BUCKETS 1024u

/* A message on its way. In the ready list, at a parser, or being applied; or behind another of its ticket. */
struct pending {
	struct pending *next;     /* ready list */
	struct pending *follower; /* next of the same ticket */
	struct pending *chained;  /* hash bucket, while the last of its ticket */
	int64_t id;
	uint64_t ticket;          /* 0: no order to keep */
	unsigned char *frame;     /* owned; holds plain */
	const unsigned char *plain;
	size_t len;
	int64_t received_at;
	bool bounce;              /* by the gate's judgement */
	unsigned tries;
	bool fallback;            /* no parser shall see it again */
};

struct parse_window {
	struct pending *ready, **ready_tail;
	struct pending *last[WINDOW_BUCKETS]; /* last message of each ticket under way */
	unsigned n;                           /* messages in the window */
	size_t cached;                        /* bytes of all plain */
};

void window_init(struct parse_window *w);
/* Takes p (malloc) over: ready, or behind the others of its ticket. */
void window_add(struct parse_window *w, struct pending *p);
/* The first that is ready, NULL: none. It comes back by window_again() or window_finish(). */
struct pending *window_take(struct parse_window *w);
/* To the front, for one more try. */
void window_again(struct parse_window *w, struct pending *p);
/* p has left and is freed: the next of its ticket comes to the front. */
void window_finish(struct parse_window *w, struct pending *p);

#endif
