/*
 * archive_seen.h - which paths an archive has listed already: a set of 64-bit digests that grows with use.
 */
#ifndef VG_ARCHIVE_SEEN_H
#define VG_ARCHIVE_SEEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Start with {0}. */
struct archive_seen {
	uint64_t *slots; /* owned; 0: free */
	size_t cap, n;
};

/* Adds a path; false where it was there before. On no memory a path counts as new. */
bool archive_seen_add(struct archive_seen *s, const char *path);
void archive_seen_free(struct archive_seen *s);

#endif
