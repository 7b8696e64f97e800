/*
 * fingerprint.h - which errors are the same error. Numbers, times, GUIDs, hex ids, paths of Windows and Unix,
 * host names, addresses and quoted names do not change a fingerprint.
 */
#ifndef VG_FINGERPRINT_H
#define VG_FINGERPRINT_H

#include <stddef.h>

#define FINGERPRINT_HEX 33 /* 16 bytes as hex, and the NUL */

/* Writes the fingerprint of an error. Strings may be NULL (none). */
void fingerprint(char out[FINGERPRINT_HEX], const char *text, size_t len, const char *exception, const char *code);
/* The normalised text that is hashed, at most cap - 1 bytes; for tests and explanation. Returns its length. */
size_t fingerprint_normalise(char *out, size_t cap, const char *text, size_t len);

#endif
