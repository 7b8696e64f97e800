/*
 * uu.h - uuencoded files in the text of a mail: "begin 644 name", lines, "end". Pure, linear.
 */
#ifndef VG_UU_H
#define VG_UU_H

#include <stdbool.h>
#include <stddef.h>

/* One file in a text: s[from .. to) are its lines, begin and end included. */
struct uu_block {
	size_t from, to;
	const char *name; /* in s */
	size_t name_len;
	bool cut;         /* no "end" */
};

/* The next block at or behind s[at]; false: none. */
bool uu_find(const char *s, size_t n, size_t at, struct uu_block *b);
/* Decodes a block's bytes to out (which may be s + b->from itself: it never grows); the length. */
size_t uu_decode(const char *s, const struct uu_block *b, unsigned char *out);

#endif
