/*
 * charset.h - declared, mislabelled or unlabelled bytes to UTF-8. Never fails on bytes: what cannot be read becomes
 * U+FFFD. Converters are kept open, so that a filter without open(2) may follow charset_warm.
 */
#ifndef VG_CHARSET_H
#define VG_CHARSET_H

#include <stdbool.h>
#include <stddef.h>

#include "buf.h"

/* Opens the converters for the character sets of real mail. */
void charset_warm(void);
/* Appends p as UTF-8, stopping (VG_OK) where out->max is reached. charset: a MIME name; NULL, "", unknown or one that
 * the bytes contradict: detected (charset_detect.h). ISO-8859-1 and US-ASCII are read as Windows-1252.
 * NULs and a BOM are dropped. VG_ERR_MEMORY only. */
int charset_to_utf8(struct buf *out, const char *charset, const void *p, size_t n);
/* The converter that charset_to_utf8 would use for p, static ("CP1252" for iso-8859-1); NULL: it is called charset. */
const char *charset_settle(const char *charset, const void *p, size_t n);
/* True when charset names something that can be converted (or is empty). */
bool charset_known(const char *charset);
/* The i-th name that is known beside UTF-8; NULL at the end. */
const char *charset_name(size_t i);

#endif
