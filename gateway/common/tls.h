/*
 * tls.h - the server side of TLS by GnuTLS: a context made from PEM bytes (the process may have no files), and
 * non-blocking sessions on it. TLS 1.2 and up, session tickets, the server's preference.
 */
#ifndef VG_TLS_H
#define VG_TLS_H

#include <stdbool.h>
#include <stddef.h>

struct tls_ctx;
struct tls;

/* What a call waits for when it returns VG_ERR_AGAIN. */
enum tls_want { TLS_WANT_READ, TLS_WANT_WRITE };

/* Certificate chain and key. Checks that they belong together and shakes hands with itself once, in memory, so that a bad
 * pair is found now and nothing is loaded later behind the filter. VG_ERR_CRYPTO with *why, VG_ERR_MEMORY. */
int tls_ctx_new(struct tls_ctx **out, const void *cert, size_t cert_len, const void *key, size_t key_len,
    const char **why);
/* Drops one reference (sessions hold their own); sets the pointer to NULL. NULL is fine. */
void tls_ctx_unref(struct tls_ctx **ctx);

/* A server session on fd, which stays the caller's. early: bytes already read from fd that open the TLS stream
 * (behind a PROXY header), copied. NULL on no memory. */
struct tls *tls_new(struct tls_ctx *ctx, int fd, const void *early, size_t n_early);
void tls_free(struct tls **t);

/* VG_OK when done, VG_ERR_AGAIN, VG_ERR_CRYPTO with *why, VG_ERR_CLOSED. */
int tls_handshake(struct tls *t, const char **why);
enum tls_want tls_want(const struct tls *t);
/* Bytes read (> 0), 0 at the end of the stream, VG_ERR_AGAIN, VG_ERR_CRYPTO (a renegotiation too). */
long tls_read(struct tls *t, void *out, size_t n);
/* Decrypted bytes that wait inside, which no poll will announce. */
bool tls_pending(const struct tls *t);
/* Bytes taken, VG_ERR_AGAIN (call again with the same bytes in front), VG_ERR_CLOSED. */
long tls_write(struct tls *t, const void *data, size_t n);
/* Says goodbye without waiting for an answer. */
void tls_bye(struct tls *t);
/* SHA-256 of the DER of the certificate whose key the client proved to hold, in lower-case hex; "" without one. Nobody vouches
 * for the certificate: who it belongs to is a matter of the registry. */
const char *tls_certificate(const struct tls *t);
/* "TLS1.3 TLS_AES_256_GCM_SHA384"; valid as long as t. */
const char *tls_describe(struct tls *t);

#endif
