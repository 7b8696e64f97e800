/*
 * password_hint.h - passwords that a mail names in clear text ("password: veeam", "Das Passwort lautet …", 「パスワード：…」),
 * as candidates for its own encrypted archives, and their masking. Text in, copies out. Pure.
 */
#ifndef VG_PASSWORD_HINT_H
#define VG_PASSWORD_HINT_H

#include <stdbool.h>
#include <stddef.h>

#include "buf.h"

#define PASSWORD_HINTS_MAX 16
#define PASSWORD_HINT_MAX 128 /* bytes of one */
#define PASSWORD_MASK "[password removed]"

struct password_hint {
	char text[PASSWORD_HINT_MAX + 1];
	bool plain; /* stood behind a sign or in quotes: no part of a sentence */
};

/* Start with {0}. */
struct password_hints {
	struct password_hint list[PASSWORD_HINTS_MAX];
	size_t n;
};

/* Adds the candidates of a text (UTF-8) in their order, each once; the rest is dropped once the list is full. Linear. */
void password_hints_find(struct password_hints *h, const char *text, size_t len);
/* Appends text to out with every place masked where a hint stands that is in `which` (bit i: the i-th). Only where it stands
 * as a password: the same word elsewhere in the text stays. True where something was masked; false too where out is full. */
bool password_hints_mask(const struct password_hints *h, unsigned which, struct buf *out, const char *text, size_t len);

#endif
