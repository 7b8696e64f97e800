/*
 * gate_text.h - header text for people: encoded words (RFC 2047) decoded, unlabelled bytes guessed, one clean line.
 * Only for showing and for the subject; never for identity. Pure (converters are kept by parsers/charset.h).
 */
#ifndef VG_GATE_TEXT_H
#define VG_GATE_TEXT_H

#include <stddef.h>

/* Decodes unfolded text into out (at most cap - 1 bytes and a NUL, cut at a character). VG_ERR_MEMORY. */
int gate_text_decode(char *out, size_t cap, const char *s, size_t len);

#endif
