/*
 * secrets_formed.c - parser worker; hostile text. Secrets that show by their own form what they are. Called by secrets.c. Pure.
 */
#include "secrets_private.h"

#include <string.h>

#include "ascii.h"

#define BLOCK_MAX ((size_t)32 * 1024) /* of a private key */

static bool is_token(char c)
{
	return ascii_alnum(c) || c == '_' || c == '-';
}

static size_t token_length(const char *s, size_t len)
{
	size_t n = 0;

	while (n < len && n < 4096 && is_token(s[n]))
		n++;
	return n;
}

static bool set(struct secrets_span *out, size_t at, size_t len, enum secrets_kind kind)
{
	*out = (struct secrets_span){at, len, kind};
	return len > 0;
}

/* -----BEGIN … PRIVATE KEY…----- up to its end line, or as far as a key may reach. */
static bool key_block(const char *text, size_t len, size_t at, struct secrets_span *out)
{
	static const char begin[] = "-----BEGIN ", end[] = "-----END ";
	size_t most = len - at < BLOCK_MAX ? len - at : BLOCK_MAX, line;
	const char *s = text + at, *name, *dashes, *last;

	if (most < sizeof(begin) + 10 || memcmp(s, begin, sizeof(begin) - 1) != 0)
		return false;
	if ((name = memmem(s, most < 60 ? most : 60, "PRIVATE KEY", 11)) == NULL || memchr(s, '\n', (size_t)(name - s)) != NULL)
		return false;
	line = (size_t)(name - s) + 11;
	if ((dashes = memmem(s + line, most - line < 16 ? most - line : 16, "-----", 5)) == NULL)
		return false;
	line = (size_t)(dashes - s) + 5;
	if (line < most && s[line] == '[') /* masked already */
		return false;
	last = memmem(s + line, most - line, end, sizeof(end) - 1);
	return set(out, at + line, last != NULL ? (size_t)(last - s) - line : most - line, SECRETS_PRIVATE_KEY);
}

/* Three parts of base64url, the first two JSON objects. */
static bool jwt(const char *text, size_t len, size_t at, struct secrets_span *out)
{
	size_t i = at, parts = 0;

	if (len - at < 40 || memcmp(text + at, "eyJ", 3) != 0)
		return false;
	while (parts < 3) {
		size_t n = token_length(text + i, len - i);

		if (n < 8 && parts < 2)
			return false;
		i += n;
		parts++;
		if (parts < 3 && (i >= len || text[i] != '.'))
			return false;
		i += parts < 3;
	}
	return set(out, at, i - at, SECRETS_TOKEN);
}

/* Beginnings that the makers of tokens have given them, and how many bytes follow at least. */
static bool marked(const char *text, size_t len, size_t at, struct secrets_span *out)
{
	static const struct {
		const char *begin;
		size_t more, most; /* 0: any */
		enum secrets_kind kind;
	} rows[] = {{"AKIA", 16, 16, SECRETS_KEY}, {"ASIA", 16, 16, SECRETS_KEY}, {"AIza", 35, 35, SECRETS_KEY}, {"ghp_", 36, 0, SECRETS_TOKEN},
	    {"gho_", 36, 0, SECRETS_TOKEN}, {"ghu_", 36, 0, SECRETS_TOKEN}, {"ghs_", 36, 0, SECRETS_TOKEN}, {"ghr_", 36, 0, SECRETS_TOKEN},
	    {"github_pat_", 22, 0, SECRETS_TOKEN}, {"glpat-", 20, 0, SECRETS_TOKEN}, {"xoxb-", 20, 0, SECRETS_TOKEN}, {"xoxp-", 20, 0, SECRETS_TOKEN},
	    {"xoxa-", 20, 0, SECRETS_TOKEN}, {"sk_live_", 20, 0, SECRETS_KEY}, {"rk_live_", 20, 0, SECRETS_KEY}, {"npm_", 36, 0, SECRETS_TOKEN},
	    {"hvs.", 24, 0, SECRETS_TOKEN}};

	for (size_t i = 0; i < ASCII_COUNT(rows); i++) {
		size_t b = strlen(rows[i].begin), n;

		if (text[at] != rows[i].begin[0] || len - at < b || memcmp(text + at, rows[i].begin, b) != 0)
			continue;
		n = token_length(text + at + b, len - at - b);
		if (n < rows[i].more || (rows[i].most > 0 && n > rows[i].most))
			return false;
		for (size_t k = 0; rows[i].more == 16 && k < n; k++)
			if (!ascii_upper(text[at + b + k]) && !ascii_digit(text[at + b + k]))
				return false;
		return set(out, at, b + n, rows[i].kind);
	}
	return false;
}

/* "Bearer x", "Authorization: Basic x". */
static bool header(const char *text, size_t len, size_t at, struct secrets_span *out)
{
	bool basic = ascii_starts(text + at, len - at, "basic ");
	size_t i = at + (basic ? 6 : 7), n = 0;

	if (!basic && !ascii_starts(text + at, len - at, "bearer "))
		return false;
	if (basic && !(at >= 15 && ascii_starts(text + at - 15, 15, "authorization: ")))
		return false;
	while (i < len && ascii_blank(text[i]))
		i++;
	while (i + n < len && n < 4096 && (is_token(text[i + n]) || strchr("./+=~", text[i + n]) != NULL))
		n++;
	while (n > 0 && text[i + n - 1] == '.')
		n--;
	return n >= (basic ? 8u : 16u) && secrets_odd(text + i, n) && set(out, i, n, SECRETS_TOKEN);
}

/* Five groups of five, of letters and digits: how product keys are written. */
static bool product_key(const char *text, size_t len, size_t at, struct secrets_span *out)
{
	size_t digits = 0, letters = 0;

	if (len - at < 29 || text[at + 5] != '-' || (at > 0 && text[at - 1] == '-'))
		return false;
	for (size_t i = 0; i < 29; i++) {
		char c = text[at + i];

		if (i % 6 == 5) {
			if (c != '-')
				return false;
		} else if (ascii_digit(c)) {
			digits++;
		} else if (ascii_upper(c)) {
			letters++;
		} else {
			return false;
		}
	}
	if (at + 29 < len && (ascii_alnum(text[at + 29]) || text[at + 29] == '-'))
		return false;
	return digits >= 2 && letters >= 5 && set(out, at, 29, SECRETS_LICENCE);
}

bool secrets_formed(const char *text, size_t len, size_t at, struct secrets_span *out)
{
	switch (text[at]) {
	case '-':
		return key_block(text, len, at, out);
	case 'e':
		return jwt(text, len, at, out);
	case 'B': case 'b':
		return header(text, len, at, out) || product_key(text, len, at, out);
	case 'A': case 'g': case 'x': case 's': case 'r': case 'n': case 'h':
		return marked(text, len, at, out) || product_key(text, len, at, out);
	default:
		return product_key(text, len, at, out);
	}
}

bool secrets_in_url(const char *text, size_t len, size_t at, struct secrets_span *out)
{
	const char *s = text + at + 3;
	size_t most = len - at - 3 < SECRETS_VALUE_MAX ? len - at - 3 : SECRETS_VALUE_MAX, colon = 0;

	if (at == 0 || !ascii_alpha(text[at - 1]))
		return false;
	for (size_t i = 0; i < most && (unsigned char)s[i] > ' ' && strchr("/?#<>\"'`", s[i]) == NULL; i++) {
		if (s[i] == ':' && colon == 0) {
			colon = i;
		} else if (s[i] == '@') {
			size_t n = i - colon - 1;

			return colon > 0 && n > 0 && !secrets_placeholder(s + colon + 1, n) &&
			    set(out, at + 3 + colon + 1, n, SECRETS_PASSWORD);
		}
	}
	return false;
}
