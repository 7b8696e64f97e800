/*
 * dkim_sign.h - signs our own mail (RFC 6376, Ed25519: RFC 8463): relaxed canonicalisation, fields that readers believe signed
 * once more than they stand there, so that none can be added.
 */
#ifndef VG_DKIM_SIGN_H
#define VG_DKIM_SIGN_H

#include <stdint.h>

#include "body_hash.h"
#include "buf.h"

struct dkim_signer;

/* pem: private key, RSA from 1024 bits or Ed25519. domain, selector: copied. VG_ERR_SYNTAX with *why (static), VG_ERR_MEMORY. */
int dkim_signer_new(struct dkim_signer **out, const char *domain, const char *selector, const void *pem, size_t len, const char **why);
void dkim_signer_free(struct dkim_signer **s);
/* Appends the whole field with its CRLF: to be put before the mail. head: the mail's header block with the empty line, CRLF line
 * ends. body: the relaxed hash of what follows (body_hash.h). now: Unix seconds. VG_ERR_SYNTAX (no header), VG_ERR_CRYPTO,
 * VG_ERR_MEMORY. */
int dkim_sign(struct buf *out, const struct dkim_signer *s, const char *head, size_t len, const unsigned char body[BODY_HASH_LEN],
    int64_t now);

#endif
