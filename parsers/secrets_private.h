/*
 * secrets_private.h - private to secrets*.c.
 */
#ifndef VG_SECRETS_PRIVATE_H
#define VG_SECRETS_PRIVATE_H

#include <stdint.h>

#include "secrets.h"

#define SECRETS_VALUE_MAX 512

/* Sets of letters in either case, and whatever bytes have the same low five bits: for tables that say soon that nothing is there. */
#define SECRETS_LOW(c) ((unsigned char)(c) & 31u)
#define SECRETS_BIT(c) (UINT32_C(1) << SECRETS_LOW(c))

/* Is text[at] the `=` or `:` (or the end of the word, of `password is`, of `--password`) behind a name of secrets, with one behind it? */
bool secrets_assigned(const char *text, size_t len, size_t at, struct secrets_span *out);
/* "password is …", "mot de passe est …", "--password …", "ConvertTo-SecureString …": a word that begins at text[at]. */
bool secrets_said(const char *text, size_t len, size_t at, struct secrets_span *out);
/* A value that shows by its own form what it is, beginning at text[at]: private key blocks, JWT, cloud keys, product keys. */
bool secrets_formed(const char *text, size_t len, size_t at, struct secrets_span *out);
/* The password in a URL whose "://" begins at text[at]. */
bool secrets_in_url(const char *text, size_t len, size_t at, struct secrets_span *out);

/* Bytes that a value at s takes, quotes left out; *skip: blanks and opening quote before it. 0 for none. */
size_t secrets_value(const char *s, size_t len, size_t *skip, bool *quoted);
/* Stars, <…>, ${…}, "none" and all else that stands for a value without being one. */
bool secrets_placeholder(const char *s, size_t len);
/* Has it a digit, a sign, or capitals inside: does nobody write words like that? */
bool secrets_odd(const char *s, size_t len);

/* Digits, letters of both kinds or with a sign among them, no blank, six at least: nothing but a password is written like that. */
bool secrets_strong(const char *s, size_t len);

#endif
