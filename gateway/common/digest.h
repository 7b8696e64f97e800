/*
 * digest.h - "the same mail again": a streaming digest of a message body that survives transport.
 * Body canonicalisation as DKIM relaxed (RFC 6376 3.4.4): runs of WSP become one space, WSP before CRLF
 * goes, empty lines at the end go. BLAKE2b, 32 bytes. Works on any split of the input.
 */
#ifndef VG_DIGEST_H
#define VG_DIGEST_H

#include <stddef.h>

#define DIGEST_LEN 32

struct digest;
/* NULL on no memory. */
struct digest *digest_new(void);
/* Feeds the next bytes of the whole message; the header block is passed over by itself. */
void digest_feed(struct digest *d, const void *data, size_t n);
/* Ends it; d may then only be freed. */
void digest_final(struct digest *d, unsigned char out[DIGEST_LEN]);
void digest_free(struct digest **d);

#endif
