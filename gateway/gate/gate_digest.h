/*
 * gate_digest.h - "the same mail again" for the whole content: the author's header fields, canonicalised, and the body
 * digest. Trace fields and the envelope do not count, so that a mail is the same over whatever way it came. Pure.
 */
#ifndef VG_GATE_DIGEST_H
#define VG_GATE_DIGEST_H

#include "digest.h"
#include "gate_header.h"
#include "wire.h"

/* body: the digest of digest.h. salt distinguishes mails that have neither Message-ID nor Date and so can never be told
 * apart from a second, equal one (a monitoring system's): NULL for all others. */
void gate_digest(unsigned char out[DIGEST_LEN], const struct gate_header *h, const struct blob *body, const char *salt);

#endif
