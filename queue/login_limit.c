/*
 * login_limit.c - token buckets. Runs in the queue process, main thread; names come from strangers.
 */
#include "login_limit.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define SETS 1024u
#define WAYS 4u

/* A bucket is the time at which it will be full again: what is missing is the time until then. */
struct bucket {
	uint64_t tag; /* 0: free */
	int64_t full_at;
};

struct login_limit {
	unsigned char key[crypto_shorthash_KEYBYTES];
	int64_t every_ms, all_ms;
	struct bucket table[SETS][WAYS];
};

struct login_limit *
login_limit_new(unsigned burst, int64_t every_ms)
{
	struct login_limit *l = calloc(1, sizeof(*l));

	if (l == NULL)
		return NULL;
	crypto_shorthash_keygen(l->key);
	l->every_ms = every_ms;
	l->all_ms = every_ms * burst;
	return l;
}

void
login_limit_free(struct login_limit **l)
{
	free(*l);
	*l = NULL;
}

static struct bucket *
find(struct login_limit *l, const char *name, uint64_t *tag)
{
	unsigned char hash[crypto_shorthash_BYTES];
	struct bucket *set;

	crypto_shorthash(hash, (const unsigned char *)name, strlen(name), l->key);
	memcpy(tag, hash, sizeof(*tag));
	*tag |= 1; /* never 0 */
	set = l->table[*tag >> 32 & (SETS - 1)];
	for (unsigned i = 0; i < WAYS; i++)
		if (set[i].tag == *tag)
			return &set[i];
	return NULL;
}

/* A place in the set: a free one, else the bucket that is nearest to full. */
static struct bucket *
make_room(struct login_limit *l, uint64_t tag)
{
	struct bucket *set = l->table[tag >> 32 & (SETS - 1)], *best = &set[0];

	for (unsigned i = 1; i < WAYS; i++)
		if (set[i].full_at < best->full_at)
			best = &set[i];
	*best = (struct bucket){ .tag = tag, .full_at = INT64_MIN };
	return best;
}

bool
login_limit_take(struct login_limit *l, const char *name, int64_t now_ms, bool *first)
{
	uint64_t tag;
	struct bucket *b = find(l, name, &tag);
	int64_t from;

	if (b == NULL)
		b = make_room(l, tag);
	*first = b->full_at <= now_ms;
	from = *first ? now_ms : b->full_at;
	if (from + l->every_ms - now_ms > l->all_ms)
		return false;
	b->full_at = from + l->every_ms;
	return true;
}

void
login_limit_return(struct login_limit *l, const char *name)
{
	uint64_t tag;
	struct bucket *b = find(l, name, &tag);

	if (b != NULL)
		b->full_at -= l->every_ms;
}
