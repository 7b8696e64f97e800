/*
 * smarthost_reply.c - replies of an SMTP server. Pure; the bytes are hostile.
 */
#include <stdio.h>
#include <string.h>

#include "ascii.h"
#include "err.h"
#include "smarthost.h"

#define LINE_MAX_LEN 2000u
#define LINES_MAX 100u

static bool is_reply_line(const char *s, size_t n)
{
	return n >= 3 && s[0] >= '2' && s[0] <= '5' && ascii_digit(s[1]) && ascii_digit(s[2]) && (n == 3 || s[3] == ' ' || s[3] == '-');
}

/* "5.1.1 text" (RFC 3463); the class must be the code's. */
static size_t enhanced_length(const char *s, size_t n, char class)
{
	size_t i = 0;

	for (unsigned part = 0; part < 3; part++) {
		size_t digits = 0;

		while (i < n && ascii_digit(s[i]) && digits < 3)
			i++, digits++;
		if (digits == 0 || (part < 2 && (i == n || s[i++] != '.')))
			return 0;
	}
	return s[0] == class && s[1] == '.' && (i == n || s[i] == ' ') ? i : 0;
}

static void take(struct smarthost_word *out, const char *s, size_t n)
{
	size_t k;

	out->code = (unsigned)(s[0] - '0') * 100 + (unsigned)(s[1] - '0') * 10 + (unsigned)(s[2] - '0');
	n -= n > 3 ? 4 : 3;
	s += 4;
	k = enhanced_length(s, n, (char)('0' + out->code / 100));
	snprintf(out->enhanced, sizeof out->enhanced, "%.*s", (int)k, s);
	while (k < n && s[k] == ' ')
		k++;
	snprintf(out->text, sizeof out->text, "%.*s", (int)(n - k), s + k);
	for (char *p = out->text; *p != '\0'; p++)
		if (*p < ' ' || *p > '~')
			*p = '?';
}

int smarthost_reply(struct smarthost_word *out, const char *in, size_t n, size_t *used)
{
	size_t at = 0;

	for (unsigned lines = 0; lines < LINES_MAX; lines++) {
		const char *lf = memchr(in + at, '\n', n - at);
		size_t len;

		if (lf == NULL)
			return n - at > LINE_MAX_LEN ? VG_ERR_SYNTAX : 0;
		len = (size_t)(lf - (in + at));
		len -= len > 0 && in[at + len - 1] == '\r';
		if (len > LINE_MAX_LEN || !is_reply_line(in + at, len))
			return VG_ERR_SYNTAX;
		if (len == 3 || in[at + 3] == ' ') {
			take(out, in + at, len);
			*used = (size_t)(lf + 1 - in);
			return 1;
		}
		at = (size_t)(lf + 1 - in);
	}
	return VG_ERR_SYNTAX;
}
