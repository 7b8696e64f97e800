/*
 * spf_macro.h - the macros of SPF (RFC 7208 7): is a text well-formed, and what does it expand to? Pure; asks nothing.
 */
#ifndef VG_SPF_MACRO_H
#define VG_SPF_MACRO_H

#include "dns_set.h"

struct spf_macros {
	const char *sender, *local, *origin; /* s, l, o */
	const char *domain;                  /* d */
	const char *ip, *family;             /* i: dotted, of IPv6 its nibbles; v: "in-addr", "ip6" */
	const char *validated;               /* p */
	const char *helo;                    /* h */
};

/* May stand as a macro-string, with any letter of the grammar. */
bool spf_macro_string_ok(const char *s, size_t len);
/* May stand as a domain-spec: its end is a top label or a macro, and no letter is only for explanations (c, r, t). */
bool spf_domain_spec_ok(const char *s, size_t len);
/* Does the text need the validated name? */
bool spf_macro_uses_p(const char *s, size_t len);
/* Expands a well-formed domain-spec. Too long a name loses labels at its left (RFC 7208 7.3); "" when none is left. */
void spf_macro_expand(char out[DNS_NAME_MAX + 1], const char *s, size_t len, const struct spf_macros *m);

#endif
