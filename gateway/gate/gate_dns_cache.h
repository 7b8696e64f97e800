/*
 * gate_dns_cache.h - answers of the resolver, kept for a short time and in bounded number. No I/O.
 */
#ifndef VG_GATE_DNS_CACHE_H
#define VG_GATE_DNS_CACHE_H

#include <sodium.h>

#include "gate_dns_msg.h"

#define GATE_DNS_CACHE_MAX 4096u         /* entries */
#define GATE_DNS_CACHE_BYTES 4096u       /* of one entry; a larger answer is not kept */
#define GATE_DNS_CACHE_TTL_MS 60000
#define GATE_DNS_CACHE_NONE_TTL_MS 10000 /* NXDOMAIN and NODATA */

struct gate_dns_cache;

struct gate_dns_cache *gate_dns_cache_new(void);
void gate_dns_cache_free(struct gate_dns_cache **cache);
void gate_dns_cache_empty(struct gate_dns_cache *cache);
/* NULL: not known. Valid until the next call. */
const struct gate_dns_reply *gate_dns_cache_get(struct gate_dns_cache *cache, enum dns_type type, const char *name,
                                                int64_t now);
/* Takes the answer over (it is cleared), to keep it or not. */
void gate_dns_cache_put(struct gate_dns_cache *cache, enum dns_type type, const char *name, struct gate_dns_reply *reply,
                        int64_t now);
/* Keyed, because the names come from those who would fill one bucket. */
uint64_t gate_dns_hash(const unsigned char key[crypto_shorthash_KEYBYTES], enum dns_type type, const char *name);

#endif
