/*
 * archive_seen.c - parser worker; hostile paths. Their number is bounded by the archive budget. Called by archive_walk.c.
 */
#include "archive_seen.h"

#include <stdlib.h>
#include <string.h>

#define FIRST 64u

/* FNV-1a: whoever makes collisions gets a duplicate reported, no more. */
static uint64_t digest(const char *path)
{
	uint64_t h = 0xcbf29ce484222325u;

	for (; *path != '\0'; path++)
		h = (h ^ (unsigned char)*path) * 0x100000001b3u;
	return h != 0 ? h : 1;
}

/* The slot of a digest: its own, or the free one where it belongs. */
static uint64_t *slot(uint64_t *slots, size_t cap, uint64_t h)
{
	size_t i = (size_t)(h ^ h >> 32) & (cap - 1);

	while (slots[i] != 0 && slots[i] != h)
		i = (i + 1) & (cap - 1);
	return &slots[i];
}

static bool grow(struct archive_seen *s)
{
	size_t cap = s->cap > 0 ? s->cap * 2 : FIRST;
	uint64_t *slots = calloc(cap, sizeof(*slots));

	if (slots == NULL)
		return false;
	for (size_t i = 0; i < s->cap; i++)
		if (s->slots[i] != 0)
			*slot(slots, cap, s->slots[i]) = s->slots[i];
	free(s->slots);
	s->slots = slots;
	s->cap = cap;
	return true;
}

bool archive_seen_add(struct archive_seen *s, const char *path)
{
	uint64_t h = digest(path), *at;

	if (s->n * 2 >= s->cap && !grow(s))
		return true;
	at = slot(s->slots, s->cap, h);
	if (*at != 0)
		return false;
	*at = h;
	s->n++;
	return true;
}

void archive_seen_free(struct archive_seen *s)
{
	free(s->slots);
	memset(s, 0, sizeof(*s));
}
