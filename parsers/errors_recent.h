/*
 * errors_recent.h - private to errors.c: findings of logs that were counted a moment ago are known again by their bytes, without
 * being cleaned, searched for a code and fingerprinted anew. Fixed size.
 */
#ifndef VG_ERRORS_RECENT_H
#define VG_ERRORS_RECENT_H

#include "errors.h"

struct errors_recent;

enum { RECENT_UNKNOWN = -1, RECENT_DROPPED = -2 };

/* What a finding looks like, for find and then learn. */
struct recent_key {
	uint64_t form; /* of its text with all digits alike, its exception and the codes that came with it */
	bool given;    /* its code came with it */
};

/* NULL on no memory; free(3) it. */
struct errors_recent *errors_recent_new(void);
/* The index of the finding's entry, RECENT_UNKNOWN, or RECENT_DROPPED where it was refused when the set held `count` entries, as it
 * does now. */
int errors_recent_find(const struct errors_recent *r, const struct error_item *item, size_t count, struct recent_key *key);
/* Remembers entry (or RECENT_DROPPED) for a finding that was unknown. */
void errors_recent_learn(struct errors_recent *r, const struct error_item *item, const struct recent_key *key, int entry, size_t count);

#endif
