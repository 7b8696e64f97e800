/*
 * seal.c - the chunks of sealed blobs, blobs in memory, and message keys. queue, smtp, api, parser. Stored
 * bytes are not trusted: nothing of a chunk is handed out before its tag was checked.
 */
#include <string.h>

#include <sodium.h>

#include "err.h"
#include "seal_priv.h"

#define AAD_LEN 9u

/* The nonce is the blob's salt and the chunk's number; the number and the final flag are authenticated
 * besides. */
static void
chunk_names(
    const struct seal_box *b, uint64_t number, bool last, unsigned char nonce[24], unsigned char aad[AAD_LEN])
{
	memcpy(nonce, b->salt, SEAL_SALT);
	for (unsigned i = 0; i < 8; i++)
		nonce[SEAL_SALT + i] = aad[i] = (unsigned char)(number >> 8 * i);
	aad[8] = last;
}

void
seal_box_seal(const struct seal_box *b, uint64_t number, bool last, unsigned char *data, size_t n)
{
	unsigned char nonce[24], aad[AAD_LEN];

	chunk_names(b, number, last, nonce, aad);
	crypto_aead_xchacha20poly1305_ietf_encrypt_detached(
	    data, data + n, NULL, data, n, aad, AAD_LEN, NULL, nonce, b->key);
}

int
seal_box_open(const struct seal_box *b, uint64_t number, bool last, unsigned char *data, size_t n)
{
	unsigned char nonce[24], aad[AAD_LEN];

	chunk_names(b, number, last, nonce, aad);
	return crypto_aead_xchacha20poly1305_ietf_decrypt_detached(
		   data, NULL, data, n, data + n, aad, AAD_LEN, nonce, b->key) == 0
		   ? VG_OK
		   : VG_ERR_CRYPTO;
}

int
seal_box_start(struct seal_box *b, const unsigned char key[SEAL_KEY], unsigned char head[SEAL_HEAD])
{
	if (sodium_init() < 0)
		return VG_ERR_SYSTEM;
	memcpy(b->key, key, SEAL_KEY);
	randombytes_buf(b->salt, SEAL_SALT);
	memcpy(head, SEAL_MAGIC, SEAL_HEAD - SEAL_SALT);
	memcpy(head + SEAL_HEAD - SEAL_SALT, b->salt, SEAL_SALT);
	return VG_OK;
}

int
seal_box_read(struct seal_box *b, const unsigned char key[SEAL_KEY], const unsigned char head[SEAL_HEAD])
{
	if (sodium_init() < 0)
		return VG_ERR_SYSTEM;
	if (memcmp(head, SEAL_MAGIC, SEAL_HEAD - SEAL_SALT) != 0)
		return VG_ERR_CRYPTO;
	memcpy(b->key, key, SEAL_KEY);
	memcpy(b->salt, head + SEAL_HEAD - SEAL_SALT, SEAL_SALT);
	return VG_OK;
}

int
seal_layout(uint64_t size, uint64_t *chunks, uint64_t *plain)
{
	uint64_t body, rest;

	if (size < SEAL_HEAD + SEAL_TAG || size > INT64_MAX)
		return VG_ERR_CRYPTO;
	body = size - SEAL_HEAD;
	rest = body % SEAL_CELL;
	if (rest > 0 && rest < SEAL_TAG)
		return VG_ERR_CRYPTO;
	*chunks = body / SEAL_CELL + (rest > 0);
	*plain = body - *chunks * SEAL_TAG;
	return VG_OK;
}

/* ---- in memory ---- */

int
seal_bytes(struct buf *out, const unsigned char key[SEAL_KEY], const void *data, size_t n)
{
	const unsigned char *from = data;
	unsigned char *head;
	struct seal_box box;
	uint64_t number = 0;
	size_t chunks = n / SEAL_CHUNK + 1;
	int rc;

	if (n > SIZE_MAX / 2)
		return VG_ERR_LIMIT;
	rc = buf_reserve(out, SEAL_HEAD + n + chunks * SEAL_TAG);
	if (rc)
		return rc;
	head = out->data + out->len;
	rc = seal_box_start(&box, key, head);
	if (rc)
		return rc;
	out->len += SEAL_HEAD;
	for (bool last = false; !last; number++) {
		size_t some = n < SEAL_CHUNK ? n : SEAL_CHUNK;
		unsigned char *to = out->data + out->len;
		last = some == n;
		if (some)
			memcpy(to, from, some);
		seal_box_seal(&box, number, last, to, some);
		out->len += some + SEAL_TAG;
		from += some;
		n -= some;
	}
	sodium_memzero(&box, sizeof(box));
	return VG_OK;
}

/* Opens every chunk at the end of out; the tags are written over by what follows. */
static int
open_chunks(
    struct buf *out, const struct seal_box *box, const unsigned char *from, uint64_t chunks, uint64_t plain)
{
	for (uint64_t i = 0; i < chunks; i++) {
		bool last = i + 1 == chunks;
		size_t some = last ? (size_t)(plain - i * SEAL_CHUNK) : SEAL_CHUNK;
		unsigned char *to = out->data + out->len;
		memcpy(to, from, some + SEAL_TAG);
		if (seal_box_open(box, i, last, to, some))
			return VG_ERR_CRYPTO;
		out->len += some;
		from += some + SEAL_TAG;
	}
	return VG_OK;
}

int
unseal_bytes(struct buf *out, const unsigned char key[SEAL_KEY], const void *data, size_t n)
{
	const unsigned char *from = data;
	uint64_t chunks, plain;
	size_t start = out->len;
	struct seal_box box;
	int rc;

	rc = seal_layout(n, &chunks, &plain);
	if (!rc)
		rc = seal_box_read(&box, key, from);
	if (rc)
		return rc;
	rc = buf_reserve(out, (size_t)plain + SEAL_TAG);
	if (!rc)
		rc = open_chunks(out, &box, from + SEAL_HEAD, chunks, plain);
	if (rc && out->len > start)
		out->len = start;
	sodium_memzero(&box, sizeof(box));
	return rc;
}

/* ---- message keys ---- */

int
seal_wrap_key(unsigned char out[SEAL_WRAPPED], const unsigned char key[SEAL_KEY],
    const unsigned char master[SEAL_KEY], const char *context)
{
	if (sodium_init() < 0)
		return VG_ERR_SYSTEM;
	randombytes_buf(out, crypto_aead_xchacha20poly1305_ietf_NPUBBYTES);
	return crypto_aead_xchacha20poly1305_ietf_encrypt(out + crypto_aead_xchacha20poly1305_ietf_NPUBBYTES,
		   NULL, key, SEAL_KEY, (const unsigned char *)context, strlen(context), NULL, out,
		   master) == 0
		   ? VG_OK
		   : VG_ERR_CRYPTO;
}

int
seal_unwrap_key(unsigned char key[SEAL_KEY], const unsigned char *wrapped, size_t len,
    const unsigned char master[SEAL_KEY], const char *context)
{
	const size_t nonce = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;

	if (len != SEAL_WRAPPED)
		return VG_ERR_CRYPTO;
	return crypto_aead_xchacha20poly1305_ietf_decrypt(key, NULL, NULL, wrapped + nonce, len - nonce,
		   (const unsigned char *)context, strlen(context), wrapped, master) == 0
		   ? VG_OK
		   : VG_ERR_CRYPTO;
}
