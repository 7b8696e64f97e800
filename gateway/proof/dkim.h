/*
 * dkim.h - the DKIM signatures of a mail (RFC 6376; RFC 8301, RFC 8463): simple and relaxed, RSA-SHA256, Ed25519-SHA256.
 * Pure over dns_set.h and body_hash.h; GnuTLS for RSA and SHA-256, libsodium for Ed25519. Hostile input; bounded.
 */
#ifndef VG_DKIM_H
#define VG_DKIM_H

#include <stdint.h>

#include "body_hash.h"
#include "dns_set.h"
#include "gate_header.h"

#define DKIM_SIGNATURES_MAX 10u /* further ones are counted, not looked at */

enum dkim_result { DKIM_NONE, DKIM_PASS, DKIM_FAIL, DKIM_POLICY, DKIM_NEUTRAL, DKIM_TEMPERROR, DKIM_PERMERROR };

struct dkim_options {
	unsigned rsa_min_bits; /* at least 1024; shorter keys: DKIM_POLICY */
	int64_t now;           /* Unix seconds, for x= and t= */
};

struct dkim_signature {
	enum dkim_result result;
	char domain[DNS_NAME_MAX + 1];   /* d=, lower-case A-label; "" where unreadable */
	char selector[DNS_NAME_MAX + 1]; /* s= */
	char algorithm[24];              /* "rsa-sha256", "ed25519-sha256", or what stands there, cut */
	unsigned bits;                   /* of the key, 0 unknown */
	bool testing;                    /* t=y in the key record: reported; the result stands all the same */
	bool partial;                    /* l=: more could have been added, so it proves nothing to us (LIBS, POLICY (a)) */
	bool from_signed, subject_signed; /* all instances, as dkim_covers() */
	bool invalid;                    /* looked at completely and wrong on these bytes (changed body, changed header, bad
	                                    signature): what `failed` of POLICY asks for; not a missing or unreadable key */
	char why[120];                   /* one clause, printable ASCII; "" for a pass */
};

struct dkim;

/* Reads the DKIM-Signature fields of h, which must outlive it, and notes its wishes for body hashes. NULL on no memory. */
struct dkim *dkim_new(const struct gate_header *h, const struct dkim_options *o, struct body_hashes *bodies);
void dkim_free(struct dkim **d);
/* After body_hashes_end(): false while keys are missing. All keys are asked for at once. */
bool dkim_check(struct dkim *d, struct dns_set *dns);
size_t dkim_count(const struct dkim *d);           /* looked at */
unsigned dkim_ignored(const struct dkim *d);       /* fields above DKIM_SIGNATURES_MAX */
const struct dkim_signature *dkim_at(const struct dkim *d, size_t i);
/* Does signature i cover every instance of this field, so that nobody could have added one: oversigned, or all present ones
 * signed (RFC 6376 5.4.2, 8.15)? A field that is absent is covered when it is named in h= all the same. */
bool dkim_covers(const struct dkim *d, size_t i, const char *field);
/* Names of all covered fields that are present, lower case, joined by ':', each once. Valid as long as d. */
const char *dkim_covered(const struct dkim *d, size_t i);
const char *dkim_result_name(enum dkim_result r); /* RFC 8601 */

#endif
