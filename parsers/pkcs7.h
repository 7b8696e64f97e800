/*
 * pkcs7.h - the mail inside of an opaque S/MIME signature (RFC 8551 3.5.2). Only unwraps: whether the signature holds is checked
 * elsewhere, over the whole message. Pure, linear.
 */
#ifndef VG_PKCS7_H
#define VG_PKCS7_H

#include <stdbool.h>
#include <stddef.h>

#include "buf.h"

/* Begins like CMS signed data (RFC 5652), in DER or BER. */
bool pkcs7_is_signed(const unsigned char *p, size_t n);
/* Appends the signed content. VG_ERR_SYNTAX: damaged, or none inside; VG_ERR_MEMORY, VG_ERR_LIMIT. */
int pkcs7_content(struct buf *out, const unsigned char *p, size_t n);

#endif
