/*
 * secrets.h - passwords, keys and tokens in texts and logs: where they stand, and the text without them. Values only: the words
 * around them stay. "Password: ****", "password is incorrect", "<password>" hold none. Pure; linear in the text.
 */
#ifndef VG_SECRETS_H
#define VG_SECRETS_H

#include <stdbool.h>
#include <stddef.h>

#include "buf.h"

enum secrets_kind { SECRETS_PASSWORD, SECRETS_TOKEN, SECRETS_KEY, SECRETS_PRIVATE_KEY, SECRETS_LICENCE, SECRETS_KINDS };

struct secrets_span {
	size_t at, len; /* of the value */
	enum secrets_kind kind;
};

/* The first secret of text (UTF-8) that begins at or behind from, which is 0 or the end of an earlier one; what stands before from is looked
 * at as context. False where there is none. */
bool secrets_next(const char *text, size_t len, size_t from, struct secrets_span *out);
/* Appends text with each secret replaced by "[password removed]" and the like; *n, where not NULL, counts them. VG_ERR_MEMORY,
 * VG_ERR_LIMIT of out. */
int secrets_mask(struct buf *out, const char *text, size_t len, unsigned *n);
/* "password", "token", "key", "private key", "licence key". */
const char *secrets_kind_name(enum secrets_kind kind);

#endif
