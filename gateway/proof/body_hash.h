/*
 * body_hash.h - the body hashes that the signatures of one mail ask for, in one pass over the body in whatever pieces it
 * comes: simple and relaxed (RFC 6376 3.4.3, 3.4.4), SHA-256 (SHA-1 is not known here: RFC 8301), with or without `l=`.
 * Equal wishes are hashed once.
 */
#ifndef VG_BODY_HASH_H
#define VG_BODY_HASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BODY_HASH_LEN 32u
#define BODY_HASHES_MAX 24u

struct body_hashes;

struct body_hashes *body_hashes_new(void); /* NULL on no memory */
void body_hashes_free(struct body_hashes **b);
/* Before the first byte: index of the wish, or VG_ERR_LIMIT, VG_ERR_MEMORY. limit: l=, UINT64_MAX without. */
int body_hashes_want(struct body_hashes *b, bool relaxed, uint64_t limit);
/* Is there a wish at all? Else the body need not be read. */
bool body_hashes_wanted(const struct body_hashes *b);
/* The bytes behind the empty line, CRLF line ends, cut anywhere. */
int body_hashes_feed(struct body_hashes *b, const void *data, size_t n);
int body_hashes_end(struct body_hashes *b);
/* Behind the end; *short_body: the canonical body has fewer bytes than l= says (RFC 6376 3.5). */
const unsigned char *body_hashes_get(const struct body_hashes *b, int index, bool *short_body);

#endif
