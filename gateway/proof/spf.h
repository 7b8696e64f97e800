/*
 * spf.h - may this host send for this domain (RFC 7208)? check_host() as a pure function over dns_set.h, with all limits:
 * 10 terms that look up, 10 names of mx and ptr, 2 void look-ups, nesting by these.
 */
#ifndef VG_SPF_H
#define VG_SPF_H

#include "dns_set.h"

enum spf_result { SPF_NONE, SPF_NEUTRAL, SPF_PASS, SPF_FAIL, SPF_SOFTFAIL, SPF_TEMPERROR, SPF_PERMERROR };

struct spf_input {
	const char *ip;     /* true client: "192.0.2.1", "2001:db8::1"; anything else: SPF_NONE */
	const char *domain; /* A-label: of the reverse-path, or HELO's name */
	const char *sender; /* addr-spec; "" stands for postmaster@domain (RFC 7208 2.4) */
	const char *helo;   /* as given, for macros */
};

#define SPF_WHY_MAX 200

struct spf {
	enum spf_result result;
	char mechanism[SPF_WHY_MAX]; /* the term that matched, "ip4:192.0.2.0/24", "default"; cut */
	char why[SPF_WHY_MAX];       /* what went wrong, printable ASCII; "" else */
	unsigned lookups, voids;
};

/* False while names are missing (ask again when they are answered). */
bool spf_check(struct spf *out, const struct spf_input *in, struct dns_set *dns);
const char *spf_result_name(enum spf_result r); /* "pass", … as RFC 8601 spells them */

#endif
