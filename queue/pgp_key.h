/*
 * pgp_key.h - the fingerprint of an armored OpenPGP public key (RFC 9580), so that a key is registered without any other
 * program: version 4 by SHA-1, versions 5 and 6 by SHA-256 over the key packet. Nothing of the key is judged here. Pure.
 */
#ifndef VG_PGP_KEY_H
#define VG_PGP_KEY_H

#include <stddef.h>

#define PGP_FINGERPRINT 64 /* hex digits, at most */

/* text: len bytes and a NUL behind them; exactly one armored block with exactly one primary public key and no secret one. hex: lower-case fingerprint of that
 * primary key. VG_ERR_SYNTAX with *why. */
int pgp_fingerprint(const char *text, size_t len, char hex[PGP_FINGERPRINT + 1], const char **why);

#endif
