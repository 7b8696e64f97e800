/*
 * related.h - which tickets are shown beside one because they have an error in common. Pure.
 */
#ifndef VG_RELATED_H
#define VG_RELATED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store.h"

#define RELATED_ERRORS_MAX 16u  /* errors of a ticket that are compared with others, the most significant ones */
#define RELATED_PER_ERROR 20u   /* newest tickets that are looked at for one error */
#define RELATED_ELSEWHERE_MAX 100u

/* One error that another ticket has too. */
struct related_hit {
	struct store_related with;
	unsigned place; /* of the error among those of our ticket, 0 the most significant */
	bool common;    /* so many tickets have it that it says little */
};

/* The tickets of hits, each once with the most significant error it shares: first those that share more errors that are
 * not common, then those that share a more significant one (common ones last), then newer ones. Reorders hits. Returns how many, at most max. */
unsigned related_rank(struct related_hit *hits, unsigned n, struct store_related *out, unsigned max);
/* How many different ones are among n numbers, at most RELATED_ELSEWHERE_MAX. Reorders them. */
unsigned related_count(uint64_t *numbers, unsigned n);

#endif
