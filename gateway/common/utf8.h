/*
 * utf8.h - strict UTF-8 (RFC 3629) and which code points may stand in one line of shown text. Pure.
 */
#ifndef VG_UTF8_H
#define VG_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Decodes one code point at s: its length 1-4, or 0 for bytes that are no UTF-8 (overlong, surrogate, cut). */
unsigned utf8_next(const char *s, size_t len, uint32_t *cp);
/* How many bytes of ASCII s begins with. */
size_t utf8_ascii(const char *s, size_t len);
/* All of s is UTF-8. */
bool utf8_valid(const char *s, size_t len);
/* Not a control, line separator, direction override or invisible joint, which would make a line read otherwise
 * than it is. */
bool utf8_plain(uint32_t cp);
/* Longest prefix of at most max bytes that does not cut a code point (s is UTF-8). */
size_t utf8_cut(const char *s, size_t len, size_t max);
/* Encodes one code point (no surrogate, at most U+10FFFF); the length, 1-4. */
unsigned utf8_put(char out[4], uint32_t cp);

#endif
