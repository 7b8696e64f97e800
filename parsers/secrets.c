/*
 * secrets.c - parser worker, and whoever sends text out; hostile text. Walks over a text once and asks at the few bytes where a secret
 * may be named or begin; what it looks like is in secrets_assigned.c and secrets_formed.c.
 */
#include "secrets.h"

#include <string.h>

#include "ascii.h"
#include "err.h"
#include "secrets_private.h"

const char *secrets_kind_name(enum secrets_kind kind)
{
	static const char *const names[] = {"password", "token", "key", "private key", "licence key"};

	return kind < SECRETS_KINDS ? names[kind] : "secret";
}

/* Bytes that can be the sign behind a name. Everything else that is looked at is the beginning of a word. */
static inline bool is_sign(unsigned char c)
{
	return c == ':' || c == '=' || c == '>' || c == '-' || c == 0xEF;
}

static bool look_at_sign(const char *text, size_t len, size_t at, struct secrets_span *out)
{
	unsigned char c = (unsigned char)text[at];

	if (c == ':' && len - at > 3 && text[at + 1] == '/' && text[at + 2] == '/')
		return secrets_in_url(text, len, at, out);
	if (c == '-')
		return (at == 0 || text[at - 1] != '-') && (secrets_formed(text, len, at, out) || secrets_said(text, len, at, out));
	/* A full-width colon. */
	if (c == 0xEF && (len - at < 3 || memcmp(text + at, "\xEF\xBC\x9A", 3) != 0))
		return false;
	return secrets_assigned(text, len, at, out);
}

/* Whether a word that begins with these two bytes may be a secret or a name of one: all but one of a hundred are not. */
static inline bool may_begin(unsigned char a, unsigned char b, size_t len, const char *s)
{
	switch (a | 0x20) {
	case 'p': /* password */
		return (b | 0x20) == 'a' || (b | 0x20) == 'w' || s[5 < len ? 5 : 0] == '-';
	case 'k': case 'm': case 'c': case 's': case 'w': case 'h': case 'l': case 'b': case 'e': case 'g': case 'x': case 'a': case 'n': case 'r':
		return true;
	default: /* a product key */
		return len > 5 && s[5] == '-';
	}
}

bool secrets_next(const char *text, size_t len, size_t from, struct secrets_span *out)
{
	bool inside = from > 0 && from <= len && (ascii_alnum(text[from - 1]) || text[from - 1] == '_'); /* of a word */

	for (size_t at = from; at < len; at++) {
		unsigned char c = (unsigned char)text[at];
		bool found = false;

		if (ascii_alnum(text[at]) || c == '_') {
			if (!inside && at + 1 < len && may_begin(c, (unsigned char)text[at + 1], len - at, text + at))
				found = secrets_formed(text, len, at, out) || secrets_said(text, len, at, out);
			inside = true;
		} else {
			inside = false;
			if (is_sign(c))
				found = look_at_sign(text, len, at, out);
		}
		if (found && out->at >= from && out->len > 0)
			return true;
	}
	return false;
}

int secrets_mask(struct buf *out, const char *text, size_t len, unsigned *n)
{
	struct secrets_span span;
	size_t from = 0;
	int err = VG_OK;

	if (n != NULL)
		*n = 0;
	while (err == VG_OK && secrets_next(text, len, from, &span)) {
		err = buf_add(out, text + from, span.at - from);
		if (err == VG_OK)
			err = buf_addf(out, "[%s removed]", secrets_kind_name(span.kind));
		from = span.at + span.len;
		if (n != NULL)
			(*n)++;
	}
	return err == VG_OK && from < len ? buf_add(out, text + from, len - from) : err;
}
