/*
 * gate_digest.h - "the same mail again" for the whole content: the author's header fields, canonicalised, and the body
 * digest. Trace fields and the envelope do not count, so that a mail is the same over whatever way it came. Pure.
 */
#ifndef VG_GATE_DIGEST_H
#define VG_GATE_DIGEST_H

#include <stdbool.h>

#include "digest.h"
#include "gate_header.h"
#include "wire.h"

/* body: the digest of digest.h. False for a mail with neither Message-ID nor Date: two of those that are equal may well be
 * two mails (a monitoring system's), so none is taken for the other. */
bool gate_digest(unsigned char out[DIGEST_LEN], const struct gate_header *h, const struct blob *body);

#endif
