/*
 * dkim_key.h - public keys in the DNS (RFC 6376 3.6.1, RFC 8463), and what they say about a signature over a SHA-256.
 * GnuTLS for RSA, libsodium for Ed25519.
 */
#ifndef VG_DKIM_KEY_H
#define VG_DKIM_KEY_H

#include <gnutls/abstract.h>

#include "dkim.h"

#define DKIM_RSA_BITS_MAX 8192u /* larger ones would only cost time */
#define DKIM_SIGNATURE_BYTES (DKIM_RSA_BITS_MAX / 8u)

struct dkim_key {
	bool ed25519;
	gnutls_pubkey_t rsa;        /* NULL for Ed25519 */
	unsigned char point[32];    /* Ed25519 */
	unsigned bits;
	bool testing;               /* t=y */
	bool strict;                /* t=s: i= has exactly the domain of d= */
};

/* Reads one key record for signatures of this kind. DKIM_PASS, or DKIM_PERMERROR with *why; dkim_key_free() after a
 * pass. */
enum dkim_result dkim_key_read(struct dkim_key *key, const char *text, size_t len, bool ed25519, const char **why);
void dkim_key_free(struct dkim_key *key);

/* Finds the key SELECTOR._domainkey.DOMAIN; of several records the first one that can be used, or, if none can, *why of
 * the first. *pending: not answered yet. DKIM_PASS, DKIM_PERMERROR, DKIM_TEMPERROR, DKIM_POLICY (shorter than min_bits;
 * key->bits is set). dkim_key_free() after a pass. */
enum dkim_result dkim_key_find(struct dkim_key *key, struct dns_set *dns, const char *selector, const char *domain,
    bool ed25519, unsigned min_bits, bool *pending, const char **why);
/* Does the signature fit the hash? */
bool dkim_key_verify(
    const struct dkim_key *key, const unsigned char hash[BODY_HASH_LEN], const unsigned char *signature, size_t len);

#endif
