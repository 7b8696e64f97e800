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

static bool begins_word(const char *text, size_t at)
{
	return at == 0 || (!ascii_alnum(text[at - 1]) && text[at - 1] != '_');
}

static bool look(const char *text, size_t len, size_t at, struct secrets_span *out)
{
	unsigned char c = (unsigned char)text[at];

	if (c == ':' && len - at > 3 && text[at + 1] == '/' && text[at + 2] == '/')
		return secrets_in_url(text, len, at, out);
	if (c == ':' || c == '=' || c == '>')
		return secrets_assigned(text, len, at, out);
	/* A full-width colon. */
	if (c == 0xEF && len - at > 2 && memcmp(text + at, "\xEF\xBC\x9A", 3) == 0)
		return secrets_assigned(text, len, at, out);
	if (c == '-' && (at == 0 || text[at - 1] != '-'))
		return secrets_formed(text, len, at, out) || secrets_said(text, len, at, out);
	if (!ascii_alnum(text[at]) || !begins_word(text, at))
		return false;
	return secrets_formed(text, len, at, out) || secrets_said(text, len, at, out);
}

bool secrets_next(const char *text, size_t len, size_t from, struct secrets_span *out)
{
	for (size_t at = from; at < len; at++)
		if (look(text, len, at, out) && out->at >= from && out->len > 0)
			return true;
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
