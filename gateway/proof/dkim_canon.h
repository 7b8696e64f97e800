/*
 * dkim_canon.h - header fields in canonical form (RFC 6376 3.4.1, 3.4.2). Pure.
 */
#ifndef VG_DKIM_CANON_H
#define VG_DKIM_CANON_H

#include "gate_header.h"

/* Appends the field with its line end. cut, n: bytes of its value to be left out (the value of b=), or NULL, 0.
 * VG_ERR_LIMIT, VG_ERR_MEMORY. */
int dkim_canon_field(struct buf *out, const struct gate_field *f, bool relaxed, const char *cut, size_t n);

#endif
