/*
 * oneline.h - any bytes as one clean line of UTF-8: controls and white space become single spaces, code points that
 * make a line read otherwise than it is are dropped, ends are trimmed.
 */
#ifndef VG_ONELINE_H
#define VG_ONELINE_H

#include <stddef.h>

/* What bytes are that are no UTF-8. */
enum oneline_charset { ONELINE_CP1252, ONELINE_CP437 };

/* Writes at most cap - 1 bytes and a NUL, cut at a character; returns the length. If s is UTF-8 as a whole it is read as
 * that (bytes of a character cut at the end aside), else as the charset. */
size_t oneline(char *out, size_t cap, const char *s, size_t len, enum oneline_charset charset);
/* A new string (at most max bytes); NULL on no memory. */
char *oneline_dup(const char *s, size_t len, size_t max);

#endif
