/*
 * fuse.h - how much automatic mail may pass for one sender and one ticket: sliding windows of 10 in 10 minutes, 15 in 30,
 * 25 in an hour, 50 in 3 and 100 in 10 hours. Bounded memory, the clock is the caller's. What a blown fuse means is the
 * caller's too: hold it, or let it wait, never drop it.
 */
#ifndef VG_FUSE_H
#define VG_FUSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FUSE_SETS 512u
#define FUSE_WAYS 4u
#define FUSE_DEPTH 100u /* of the longest window */
#define FUSE_LONGEST_MS INT64_C(36000000)

enum fuse_kind { FUSE_SENDER = 1, FUSE_TICKET, FUSE_RECIPIENT };

struct fuse {
	uint64_t id;                 /* keyed hash of kind and name; 0: free */
	uint32_t passed[FUSE_DEPTH]; /* when: seconds since the epoch of the fuses; a ring */
	uint32_t n;                  /* ever passed: the next place is n % FUSE_DEPTH */
};

/* Begins as zeros. About 900 KB; the least recently used of a set makes room. */
struct fuses {
	struct fuse sets[FUSE_SETS][FUSE_WAYS];
	unsigned char key[16]; /* so that nobody chooses who shares a set */
	int64_t epoch;         /* seconds; 0: not begun */
};

struct fuse_name {
	enum fuse_kind kind;
	const char *name;
};

/* May one more mail pass for all of these (now: Unix milliseconds)? Then it is counted for each. Else nothing is counted, and
 * *blown is the first that stands against it. */
bool fuse_pass(struct fuses *f, const struct fuse_name *names, size_t n, int64_t now, const struct fuse_name **blown);

#endif
