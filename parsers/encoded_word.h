/*
 * encoded_word.h - which character sets the encoded words of a header field (RFC 2047) are really in: senders name sets that
 * do not exist, or that the bytes contradict. Pure, linear.
 */
#ifndef VG_ENCODED_WORD_H
#define VG_ENCODED_WORD_H

#include <stdbool.h>
#include <stddef.h>

#include "buf.h"

/* The name of a character set, at s[at .. at + len) of the field, for which another must stand. */
struct encoded_label {
	size_t at, len;
	const char *charset; /* static; NULL: this is no encoded word, though it begins like one */
	bool unknown;        /* no such set, rather than the wrong one */
};

struct encoded_scan {
	const char *s;
	size_t n, at;
	const char *group;     /* what the words that follow each other are in */
	size_t group_end;
};

/* Starts a scan of a field's bytes, borrowed. */
void encoded_scan_start(struct encoded_scan *sc, const char *s, size_t n);
/* Appends an unstructured field (its value; s may be folded) as UTF-8, words decoded, controls kept. What is a word only in
 * part stays as it is. VG_ERR_MEMORY, VG_ERR_LIMIT. */
int encoded_word_decode(struct buf *out, const char *s, size_t n);
/* Appends a structured field with each row of words made one word of UTF-8, and other bytes as UTF-8: what a parser of
 * addresses reads then holds no half characters. VG_ERR_MEMORY, VG_ERR_LIMIT. */
int encoded_word_join(struct buf *out, const char *s, size_t n);
/* The next name that is wrong; false at the end. */
bool encoded_scan_next(struct encoded_scan *sc, struct encoded_label *out);

#endif
