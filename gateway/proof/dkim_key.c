/*
 * dkim_key.c - key records and the two signature methods. Records are whatever the DNS of a stranger says. Called by
 * dkim.c and arc.c through dkim_spec.h.
 */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dkim_key.h"
#include "dkim_tags.h"
#include "err.h"

#define KEY_BYTES_MAX 4096u

/* SEQUENCE { SEQUENCE { rsaEncryption, NULL }, BIT STRING { 0 unused bits, … } }: both inner ones with long lengths. */
static const unsigned char SPKI_RSA[] = {0x30, 0x82, 0, 0, 0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d,
    0x01, 0x01, 0x01, 0x05, 0x00, 0x03, 0x82, 0, 0, 0x00};

/* RFC 6376 3.6.1 names a bare RSAPublicKey, its examples hold a SubjectPublicKeyInfo: the world has both. */
static bool import_rsa(gnutls_pubkey_t rsa, const unsigned char *der, size_t len)
{
	unsigned char whole[sizeof(SPKI_RSA) + KEY_BYTES_MAX];
	size_t outer = sizeof(SPKI_RSA) - 4 + len, inner = len + 1;
	gnutls_datum_t bare = {whole, (unsigned)(sizeof(SPKI_RSA) + len)};

	memcpy(whole, der, len);
	bare.size = (unsigned)len;
	if (gnutls_pubkey_import(rsa, &bare, GNUTLS_X509_FMT_DER) >= 0)
		return true;
	memcpy(whole, SPKI_RSA, sizeof(SPKI_RSA));
	memcpy(whole + sizeof(SPKI_RSA), der, len);
	whole[2] = (unsigned char)(outer >> 8);
	whole[3] = (unsigned char)outer;
	whole[21] = (unsigned char)(inner >> 8);
	whole[22] = (unsigned char)inner;
	bare.size = (unsigned)(sizeof(SPKI_RSA) + len);
	return gnutls_pubkey_import(rsa, &bare, GNUTLS_X509_FMT_DER) >= 0;
}

static enum dkim_result read_rsa(struct dkim_key *key, const unsigned char *der, size_t len, const char **why)
{
	if (gnutls_pubkey_init(&key->rsa) < 0) {
		key->rsa = NULL;
		*why = "no memory";
		return DKIM_TEMPERROR;
	}
	if (!import_rsa(key->rsa, der, len) || gnutls_pubkey_get_pk_algorithm(key->rsa, &key->bits) != GNUTLS_PK_RSA) {
		*why = "the public key cannot be read";
	} else if (key->bits > DKIM_RSA_BITS_MAX) {
		*why = "the public key is longer than 8192 bits";
	} else {
		return DKIM_PASS;
	}
	dkim_key_free(key);
	return DKIM_PERMERROR;
}

/* p=: the key itself. */
static enum dkim_result read_public(struct dkim_key *key, const struct dkim_tag *p, const char **why)
{
	unsigned char bytes[KEY_BYTES_MAX];
	size_t len;

	if (p == NULL || p->len == 0) {
		*why = p == NULL ? "the key record has no p=" : "the key is revoked";
		return DKIM_PERMERROR;
	}
	if (!dkim_tag_base64(p, bytes, sizeof(bytes), &len)) {
		*why = "the public key cannot be read";
		return DKIM_PERMERROR;
	}
	if (!key->ed25519)
		return read_rsa(key, bytes, len, why);
	if (len != sizeof(key->point)) {
		*why = "the public key cannot be read";
		return DKIM_PERMERROR;
	}
	memcpy(key->point, bytes, len);
	key->bits = 256;
	return DKIM_PASS;
}

enum dkim_result dkim_key_read(struct dkim_key *key, const char *text, size_t len, bool ed25519, const char **why)
{
	struct dkim_tags tags;
	const struct dkim_tag *t;
	const char *fault = NULL;

	memset(key, 0, sizeof(*key));
	key->ed25519 = ed25519;
	if (dkim_tags_read(&tags, text, len, why) != VG_OK) {
		*why = "the key record cannot be read";
		return DKIM_PERMERROR;
	}
	if ((t = dkim_tags_find(&tags, "v")) != NULL &&
	    (t != &tags.tags[0] || t->len != 5 || memcmp(t->value, "DKIM1", 5) != 0))
		fault = "the record is no key record";
	else if (!((t = dkim_tags_find(&tags, "k")) == NULL ? !ed25519 : dkim_tag_is(t, ed25519 ? "ed25519" : "rsa")))
		fault = "the key is for another method";
	else if ((t = dkim_tags_find(&tags, "h")) != NULL && !dkim_tag_has(t, "sha256"))
		fault = "the key does not allow SHA-256";
	else if ((t = dkim_tags_find(&tags, "s")) != NULL && !dkim_tag_has(t, "*") && !dkim_tag_has(t, "email"))
		fault = "the key is not for mail";
	if (fault != NULL) {
		*why = fault;
		return DKIM_PERMERROR;
	}
	if ((t = dkim_tags_find(&tags, "t")) != NULL) {
		key->testing = dkim_tag_has(t, "y");
		key->strict = dkim_tag_has(t, "s");
	}
	return read_public(key, dkim_tags_find(&tags, "p"), why);
}

void dkim_key_free(struct dkim_key *key)
{
	if (key->rsa != NULL)
		gnutls_pubkey_deinit(key->rsa);
	key->rsa = NULL;
}

static enum dkim_result first_usable(struct dkim_key *key, const struct dns_answer *a, bool ed25519, const char **why)
{
	enum dkim_result result = DKIM_PERMERROR;

	for (size_t i = 0; i < a->n; i++) {
		const char *fault = NULL;
		enum dkim_result r = dkim_key_read(key, (const char *)a->records[i].data, a->records[i].len, ed25519, &fault);

		if (r == DKIM_PASS)
			return r;
		if (i == 0) {
			result = r;
			*why = fault;
		}
	}
	return result;
}

enum dkim_result dkim_key_find(struct dkim_key *key, struct dns_set *dns, const char *selector, const char *domain,
    bool ed25519, unsigned min_bits, bool *pending, const char **why)
{
	char name[2 * DNS_NAME_MAX + sizeof("._domainkey.")];
	const struct dns_answer *a;
	enum dkim_result r;

	memset(key, 0, sizeof(*key));
	snprintf(name, sizeof(name), "%s._domainkey.%s", selector, domain);
	a = dns_ask(dns, DNS_TXT, name);
	*pending = a->status == DNS_PENDING;
	*why = "";
	if (*pending)
		return DKIM_TEMPERROR;
	if (a->status == DNS_FAILED) {
		*why = "the key could not be fetched";
		return DKIM_TEMPERROR;
	}
	*why = "there is no key";
	if (a->status != DNS_FOUND)
		return DKIM_PERMERROR;
	if ((r = first_usable(key, a, ed25519, why)) != DKIM_PASS)
		return r;
	if (!ed25519 && (key->bits < min_bits || key->bits < 1024)) {
		*why = "the key is too short";
		dkim_key_free(key);
		return DKIM_POLICY;
	}
	return DKIM_PASS;
}

bool dkim_key_verify(
    const struct dkim_key *key, const unsigned char hash[BODY_HASH_LEN], const unsigned char *signature, size_t len)
{
	unsigned char copy[DKIM_SIGNATURE_BYTES], digest[BODY_HASH_LEN];
	gnutls_datum_t sig = {copy, (unsigned)len}, data = {digest, sizeof(digest)};

	if (len > sizeof(copy))
		return false;
	if (key->ed25519)
		return len == crypto_sign_BYTES && crypto_sign_verify_detached(signature, hash, BODY_HASH_LEN, key->point) == 0;
	memcpy(copy, signature, len);
	memcpy(digest, hash, sizeof(digest));
	return gnutls_pubkey_verify_hash2(key->rsa, GNUTLS_SIGN_RSA_SHA256, 0, &data, &sig) >= 0;
}
