/*
 * products_private.h - private to products*.c.
 */
#ifndef VG_PRODUCTS_PRIVATE_H
#define VG_PRODUCTS_PRIVATE_H

#include "products.h"

#define VERSION_PARTS 4

/* A number as versions are written. */
struct version {
	size_t len;           /* bytes it takes, with `v` and letter; 0: none */
	unsigned parts;
	unsigned long part[VERSION_PARTS];
	bool marked;          /* v12, 11a: nothing else is written like that */
};

/* Reads the version that s begins with; nothing that is a date, padded with zeros, or goes on like a time or an address. */
void version_read(struct version *v, const char *s, size_t len);
/* The version right behind a product's name or the word version, over words that may stand between; patch or update behind it
 * included. explicit_word: that word stands before s. *number: what was read. */
bool version_behind(const char *s, size_t len, bool explicit_word, char *out, size_t cap, struct version *number);
/* "version 12.3" or "build 12.1.2.172" anywhere but of other software. */
bool version_anywhere(const char *text, size_t len, char *out, size_t cap, struct version *number);
/* The first four-part number in text that begins like `like` and is a known build of the product (id NULL: of any), or whose clause calls it
 * build or version: then that build is written to out. *of: the product's id where the build is known. */
bool version_exact(const char *text, size_t len, const struct version *like, const char *id, char *out, size_t cap, const char **of);

/* The build's row of the product (id NULL: of any) that version, len bytes, is or begins with; NULL. */
const struct product_row *product_build(const char *id, const char *version, size_t len);
/* Bytes of blanks, line ends, no-break spaces and trade marks at s. */
size_t products_gap(const char *s, size_t len, bool hyphen);

#endif
