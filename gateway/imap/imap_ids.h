/*
 * imap_ids.h - which mail answers which, as far as it matters for the order in which they are judged. Pure.
 */
#ifndef VG_IMAP_IDS_H
#define VG_IMAP_IDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define IMAP_REFS_MAX 100u /* as the gate looks at */

struct imap_ids {
	uint64_t own; /* of the Message-ID; 0: none */
	uint64_t refs[IMAP_REFS_MAX];
	size_t n;
};

/* The identifiers in Message-ID, In-Reply-To and References of a raw head, as numbers: equal ones are equal, and few others are.
 * Never fails: what cannot be read has none. */
void imap_ids_read(struct imap_ids *out, const char *head, size_t len);
/* The mail answers the one of this number, or is the same. */
bool imap_ids_follow(const struct imap_ids *ids, uint64_t own);

#endif
