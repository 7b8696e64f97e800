/*
 * related.c - ranks tickets by the errors they share with one. Pure; called with rows of one owner only.
 */
#include "related.h"

#include <stdlib.h>

static int
by_place(const struct related_hit *x, const struct related_hit *y)
{
	if (x->common != y->common)
		return x->common ? 1 : -1;
	return (x->place > y->place) - (x->place < y->place);
}

/* One ticket's hits become a neighbourhood, its most significant error first. */
static int
by_ticket(const void *a, const void *b)
{
	const struct related_hit *x = a, *y = b;

	if (x->with.number != y->with.number)
		return x->with.number < y->with.number ? 1 : -1;
	return by_place(x, y);
}

struct candidate {
	const struct related_hit *best;
	unsigned shared;
};

static int
by_merit(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;

	if (x->shared != y->shared)
		return x->shared < y->shared ? 1 : -1;
	if (by_place(x->best, y->best) != 0)
		return by_place(x->best, y->best);
	return x->best->with.number < y->best->with.number ? 1 : -1;
}

unsigned
related_rank(struct related_hit *hits, unsigned n, struct store_related *out, unsigned max)
{
	struct candidate list[RELATED_ERRORS_MAX * RELATED_PER_ERROR];
	unsigned found = 0;

	if (n > sizeof(list) / sizeof(list[0]))
		n = sizeof(list) / sizeof(list[0]);
	if (n > 1)
		qsort(hits, n, sizeof(*hits), by_ticket);
	for (unsigned i = 0; i < n; i++) {
		if (i == 0 || hits[i].with.number != hits[i - 1].with.number)
			list[found++] = (struct candidate){ .best = &hits[i] };
		list[found - 1].shared += !hits[i].common;
	}
	if (found > 1)
		qsort(list, found, sizeof(list[0]), by_merit);
	if (found > max)
		found = max;
	for (unsigned i = 0; i < found; i++)
		out[i] = list[i].best->with;
	return found;
}

static int
by_number(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

unsigned
related_count(uint64_t *numbers, unsigned n)
{
	unsigned different = 0;

	if (n > 1)
		qsort(numbers, n, sizeof(*numbers), by_number);
	for (unsigned i = 0; i < n; i++)
		different += i == 0 || numbers[i] != numbers[i - 1];
	return different < RELATED_ELSEWHERE_MAX ? different : RELATED_ELSEWHERE_MAX;
}
