/*
 * dmarc.h - a domain's policy and which identifiers are aligned with it (RFC 9989; records written for RFC 7489 keep
 * working). Pure over dns_set.h.
 */
#ifndef VG_DMARC_H
#define VG_DMARC_H

#include "dns_set.h"

enum dmarc_policy { DMARC_POLICY_NONE, DMARC_POLICY_QUARANTINE, DMARC_POLICY_REJECT };

#define DMARC_RECORD_MAX 4096u

/* One record's text. */
struct dmarc_record {
	bool valid;
	bool has_p;
	enum dmarc_policy p, sp, np;  /* sp falls back to p, np to sp */
	bool adkim_strict, aspf_strict;
	bool testing;                 /* t=y */
	char psd;                     /* 'y', 'n', 'u' */
	bool rua;
};

/* Reads the text of a TXT record; false: it is no DMARC record at all (v= not first, not DMARC1). An unknown tag is passed
 * over, an unreadable p= with rua= counts as none (RFC 9989 4.7 and its successors of RFC 7489 6.6.3). */
bool dmarc_parse(struct dmarc_record *out, const char *text, size_t len);

struct dmarc {
	bool found;                         /* a valid record applies */
	bool temperror;                     /* DNS could not tell */
	char org_domain[DNS_NAME_MAX + 1];  /* organisational domain of the author's domain, by tree walk */
	char record_domain[DNS_NAME_MAX + 1];
	enum dmarc_policy published;        /* of p, sp, np, the one that applies to the author's domain */
	enum dmarc_policy policy;           /* the same after t=y (one step down) */
	struct dmarc_record record;
	char why[120];
};

/* Finds policy and organisational domain of the author's domain (lower-case A-label). False while names are missing. At most 8
 * names a walk (RFC 9989 4.10). */
bool dmarc_discover(struct dmarc *out, const char *author_domain, struct dns_set *dns);

enum dmarc_mode { DMARC_RELAXED, DMARC_STRICT };
enum dmarc_alignment { DMARC_PENDING, DMARC_ALIGNED, DMARC_NOT_ALIGNED, DMARC_UNKNOWN /* DNS could not tell */ };

/* Is identifier (d=, domain of the reverse-path) aligned with the author's domain? Equal names always are; relaxed: equal
 * organisational domains. */
enum dmarc_alignment dmarc_align(const struct dmarc *d, const char *author_domain, const char *identifier,
    enum dmarc_mode mode, struct dns_set *dns);
const char *dmarc_policy_name(enum dmarc_policy p);

#endif
