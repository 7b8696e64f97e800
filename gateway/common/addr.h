/*
 * addr.h - the one address parser: addr-spec and path of RFC 5321/5322, strict, ours for the
 * dialogue, the gate, the parsers' results and the registry. Normal form as POLICY has it: domain a
 * lower-case A-label, local part with ASCII letters folded. Pure; no DNS.
 */
#ifndef VG_ADDR_H
#define VG_ADDR_H

#include <stdbool.h>
#include <stddef.h>

#define ADDR_LOCAL_MAX 64
#define ADDR_DOMAIN_MAX 253
#define ADDR_MAX 320

struct addr {
	char normal[ADDR_MAX + 1]; /* local@domain for look-ups and comparing */
	char shown[ADDR_MAX + 1];  /* as given, checked UTF-8 without controls */
	size_t at;                 /* offset of '@' in normal */
};

enum {
	ADDR_UTF8 = 1,    /* local part outside ASCII allowed (SMTPUTF8) */
	ADDR_QUOTED = 2,  /* quoted local part allowed (reverse-paths of the dialogue) */
	ADDR_LITERAL = 4  /* domain literal allowed (reverse-paths) */
};

/* Parses exactly one addr-spec, nothing before or behind it. VG_ERR_SYNTAX with *why. */
int addr_parse(struct addr *out, const char *s, size_t len, unsigned flags, const char **why);
/* Domain part of the normal form. */
const char *addr_domain(const struct addr *a);
/* Normalises a domain alone: lower-case A-label into out. VG_ERR_SYNTAX with *why. */
int addr_domain_normal(char out[ADDR_DOMAIN_MAX + 1], const char *s, size_t len, const char **why);
/* Parses `<path>` of MAIL and RCPT at s (RFC 5321 4.1.2; a source route is refused, `<>` gives an empty
 * normal). *used: bytes consumed, from '<' to '>'. */
int addr_parse_path(struct addr *out, const char *s, size_t len, unsigned flags, size_t *used, const char **why);
/* Is domain equal to, or below, parent? Both normal. */
bool addr_domain_within(const char *domain, const char *parent);
/* Splits local part `base+ext`: length of the base, and ext or NULL. */
size_t addr_base(const char *normal, size_t at, const char **ext);

#endif
