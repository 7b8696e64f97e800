/*
 * registry_key.h - the key under which an address or a domain stands in the registry: the domain's labels
 * from the last to the first, each with a dot behind it; for an address then '@' and the local part. So
 * what lies in a domain is one range of the index, and what contains an entry are prefixes of its key. Pure.
 */
#ifndef VG_REGISTRY_KEY_H
#define VG_REGISTRY_KEY_H

#include <stdbool.h>
#include <stddef.h>

#define REGISTRY_KEY 324 /* an address of ADDR_MAX and two separators */
/* Domains with more labels are refused, so no look-up goes deeper (registry-0001.sql says the same). */
#define REGISTRY_LABELS 10u

/* name: an address or a domain in normal form. VG_ERR_LIMIT when it is too long. */
int registry_key(char key[REGISTRY_KEY], const char *name);
/* Cuts key to that of the domain that contains it; false at a top-level domain, which nobody can have. */
bool registry_key_up(char *key);
/* Cuts the key of a domain to its last REGISTRY_LABELS labels, counted from the top. */
void registry_key_limit(char *key);
/* Last character of the range of what lies in the domain: [key, end). */
void registry_key_end(char end[REGISTRY_KEY], const char *key);
/* Labels of a domain. */
unsigned registry_labels(const char *domain);

#endif
