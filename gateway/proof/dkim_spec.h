/*
 * dkim_spec.h - what one signature field says: DKIM-Signature (RFC 6376 3.5), ARC-Message-Signature and ARC-Seal (RFC
 * 8617 4.1), and whether the mail fits it. Borrows the header.
 */
#ifndef VG_DKIM_SPEC_H
#define VG_DKIM_SPEC_H

#include "dkim_key.h"
#include "dkim_tags.h"

#define DKIM_NAMES_MAX 512u /* in one h= */

enum dkim_kind { DKIM_KIND_SIGNATURE, DKIM_KIND_ARC_MESSAGE, DKIM_KIND_ARC_SEAL };

struct dkim_spec {
	enum dkim_kind kind;
	const struct gate_header *header;
	const struct gate_field *field;
	char domain[DNS_NAME_MAX + 1];   /* d= */
	char selector[DNS_NAME_MAX + 1]; /* s= */
	char algorithm[24];
	bool ed25519;
	bool relaxed;                    /* header */
	bool partial;                    /* l= */
	bool below;                      /* the domain of i= lies below d= */
	unsigned instance;               /* ARC: i= */
	char cv[8];                      /* seals: "none", "pass", "fail" */
	int body;                        /* index of the wish */
	unsigned char body_hash[BODY_HASH_LEN];
	unsigned char signature[DKIM_SIGNATURE_BYTES];
	size_t signature_len;
	const char *b;                   /* value of b= in the field, with the white space around it */
	size_t b_len;
	struct dkim_tag names;           /* h= */
	unsigned short order[DKIM_NAMES_MAX]; /* signed fields in order, as indexes into the header */
	size_t n_order;
	bool taken[GATE_FIELDS_MAX];     /* those fields */
};

/* Reads field number `index`, and notes its wish for a body hash. DKIM_PASS (so far), else the result with *why;
 * domain, selector and algorithm are filled as far as they can be read. */
enum dkim_result dkim_spec_read(struct dkim_spec *s, enum dkim_kind kind, const struct gate_header *h, size_t index,
    const struct dkim_options *o, struct body_hashes *bodies, const char **why);
/* The signature against key, body and header (not for seals). DKIM_PASS, DKIM_FAIL, DKIM_PERMERROR, DKIM_TEMPERROR with
 * *why; *invalid as in dkim.h. */
enum dkim_result dkim_spec_check(const struct dkim_spec *s, const struct dkim_key *key,
    const struct body_hashes *bodies, bool *invalid, const char **why);
/* As dkim_covers(). */
bool dkim_spec_covers(const struct dkim_spec *s, const char *name, size_t len);

#endif
