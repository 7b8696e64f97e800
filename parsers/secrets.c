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

/* Whether a word at s may be a secret or a name of one: all but one of a hundred are not. */
static inline bool may_begin(const char *s, size_t len)
{
	/* The second bytes of what secrets_formed and secrets_said know, by the first. */
	static const uint32_t second[32] = {
	    [SECRETS_LOW('a')] = SECRETS_BIT('d') | SECRETS_BIT('i') | SECRETS_BIT('k') | SECRETS_BIT('s'),
	    [SECRETS_LOW('b')] = SECRETS_BIT('a') | SECRETS_BIT('e'), [SECRETS_LOW('c')] = SECRETS_BIT('o'), [SECRETS_LOW('e')] = SECRETS_BIT('y'),
	    [SECRETS_LOW('g')] = SECRETS_BIT('h') | SECRETS_BIT('i') | SECRETS_BIT('l'), [SECRETS_LOW('h')] = SECRETS_BIT('a') | SECRETS_BIT('v'),
	    [SECRETS_LOW('k')] = SECRETS_BIT('e'), [SECRETS_LOW('l')] = SECRETS_BIT('\xC3'), [SECRETS_LOW('m')] = SECRETS_BIT('o'),
	    [SECRETS_LOW('n')] = SECRETS_BIT('p'), [SECRETS_LOW('p')] = SECRETS_BIT('a') | SECRETS_BIT('w'), [SECRETS_LOW('r')] = SECRETS_BIT('k'),
	    [SECRETS_LOW('s')] = SECRETS_BIT('e') | SECRETS_BIT('k'), [SECRETS_LOW('w')] = SECRETS_BIT('a'), [SECRETS_LOW('x')] = SECRETS_BIT('o')};

	return len > 1 && ((second[SECRETS_LOW(s[0])] & SECRETS_BIT(s[1])) != 0 || (len > 5 && s[5] == '-') /* a product key */);
}

static inline bool in_word(char c)
{
	return ascii_alnum(c) || c == '_';
}

bool secrets_next(const char *text, size_t len, size_t from, struct secrets_span *out)
{
	bool inside = from > 0 && from <= len && in_word(text[from - 1]);

	for (size_t at = from; at < len; at++) {
		bool word = in_word(text[at]), found = false;

		if (word && !inside && may_begin(text + at, len - at))
			found = secrets_formed(text, len, at, out) || secrets_said(text, len, at, out);
		else if (!word && is_sign((unsigned char)text[at]))
			found = look_at_sign(text, len, at, out);
		if (found && out->at >= from && out->len > 0)
			return true;
		while (word && at + 1 < len && in_word(text[at + 1]))
			at++;
		inside = false;
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
