/*
 * fuse.c - rate fuses. Runs in the gate; names are chosen by senders, so they are hashed under a key of our own.
 */
#include <string.h>

#include <sodium.h>

#include "fuse.h"

#define LONGEST_S (uint32_t)(FUSE_LONGEST_MS / 1000)

_Static_assert(crypto_shorthash_KEYBYTES == 16, "key of the hash");

static const struct {
	uint32_t seconds, most;
} ladder[] = { { 600, 10 }, { 1800, 15 }, { 3600, 25 }, { 10800, 50 }, { LONGEST_S, FUSE_DEPTH } };

static uint64_t
hash(const struct fuses *f, const struct fuse_name *name)
{
	unsigned char text[512];
	size_t n = strnlen(name->name, sizeof(text) - 1);
	uint64_t id;

	text[0] = (unsigned char)name->kind;
	memcpy(text + 1, name->name, n);
	crypto_shorthash((unsigned char *)&id, text, n + 1, f->key);
	return id ? id : 1;
}

static uint32_t
last(const struct fuse *s)
{
	return s->n ? s->passed[(s->n - 1) % FUSE_DEPTH] : 0;
}

static struct fuse *
find(struct fuses *f, uint64_t id)
{
	struct fuse *set = f->sets[id % FUSE_SETS], *oldest = &set[0];

	for (unsigned i = 0; i < FUSE_WAYS; i++) {
		if (set[i].id == id)
			return &set[i];
		if (set[i].id == 0 || (oldest->id != 0 && last(&set[i]) < last(oldest)))
			oldest = &set[i];
	}
	memset(oldest, 0, sizeof(*oldest));
	oldest->id = id;
	return oldest;
}

/* Is there no room for one more? A window is full when the mail `most` places back lies inside it. */
static bool
is_blown(const struct fuse *s, uint32_t now)
{
	for (size_t i = 0; i < sizeof(ladder) / sizeof(ladder[0]); i++)
		if (s->n >= ladder[i].most && now - s->passed[(s->n - ladder[i].most) % FUSE_DEPTH] < ladder[i].seconds)
			return true;
	return false;
}

/* The clock of the fuses never runs backwards: where the caller's does, they begin anew. */
static uint32_t
seconds(struct fuses *f, int64_t now)
{
	now /= 1000;
	if (f->epoch == 0 || now < f->epoch || now - f->epoch > UINT32_MAX) {
		memset(f->sets, 0, sizeof(f->sets));
		randombytes_buf(f->key, sizeof(f->key));
		f->epoch = now;
	}
	return (uint32_t)(now - f->epoch);
}

bool
fuse_pass(struct fuses *f, const struct fuse_name *names, size_t n, int64_t now, const struct fuse_name **blown)
{
	uint32_t at = seconds(f, now);

	*blown = NULL;
	for (size_t i = 0; i < n; i++) {
		struct fuse *s = find(f, hash(f, &names[i]));

		if (s->n && last(s) > at) /* the clock was put back */
			s->n = 0;
		if (is_blown(s, at)) {
			*blown = &names[i];
			return false;
		}
	}
	for (size_t i = 0; i < n; i++) {
		struct fuse *s = find(f, hash(f, &names[i]));

		s->passed[s->n % FUSE_DEPTH] = at;
		s->n++;
	}
	return true;
}
