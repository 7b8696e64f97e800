/*
 * base64.h - lenient decoding of base64 (RFC 2045 6.8) in pieces: what is no letter of it is passed over, padding may be
 * missing or stand inside. Pure.
 */
#ifndef VG_BASE64_H
#define VG_BASE64_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* All zeros to begin with. */
struct base64 {
	uint32_t bits;
	unsigned count;   /* sextets in bits */
	bool gap, done;   /* an empty line was passed; what followed it is no base64: the end */
	bool padded;
	bool line;        /* the line has bytes */
	bool holding;     /* a line is read whole before it is decoded */
	char held[100];   /* and kept where it is no base64 */
	size_t n_held, used; /* done: bytes of the last piece that were read */
};

#define BASE64_HELD 80 /* bytes that a held line gives at most */

/* Decodes n bytes of s to out, which has room for n * 3 / 4 + BASE64_HELD bytes; the length. Ends for good at a line behind
 * padding or an empty line that is no base64: the footer of a list or a scanner, which begins with what was held. */
size_t base64_feed(struct base64 *b, unsigned char *out, const char *s, size_t n);

/* What an unpadded end still holds, at most BASE64_HELD bytes. */
size_t base64_end(struct base64 *b, unsigned char *out);

#endif
