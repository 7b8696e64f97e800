/*
 * html_links.c - see html_links.h. Runs in the parser worker; targets are hostile, what comes out is checked again.
 */
#include <string.h>
#include <strings.h>

#include "ascii.h"
#include "html_links.h"
#include "utf8.h"

/* Decodes the n bytes at s, where each mark begins two hexadecimal digits; underscore becomes slash if so wished. */
static void decode(char *href, const char *s, size_t n, char mark, bool slashes)
{
	size_t o = 0;

	for (size_t i = 0; i < n; i++) {
		int a = i + 2 < n && s[i] == mark ? ascii_hex_value(s[i + 1]) : -1, b = a >= 0 ? ascii_hex_value(s[i + 2]) : -1;
		char c = b >= 0 ? (char)(a << 4 | b) : slashes && s[i] == '_' ? '/' : s[i];

		i += b >= 0 ? 2 : 0;
		href[o++] = c;
	}
	href[o] = '\0';
}

static bool is_target(const char *s, size_t n)
{
	if (!ascii_starts(s, n, "http"))
		return false;
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)s[i] <= ' ' || s[i] == 0x7f || s[i] == '<' || s[i] == '>')
			return false;
	return utf8_valid(s, n);
}

/* The value of a parameter, up to '&'. */
static const char *parameter(const char *href, const char *name, size_t *n)
{
	const char *s = strstr(href, name);

	if (s != NULL)
		*n = strcspn(s += strlen(name), "&");
	return s;
}

void html_link_unwrap(char *href)
{
	size_t len = strlen(href), n = 0;
	char copy[2049];
	const char *s = NULL, *end;
	char mark = '%';

	if (len >= sizeof copy || !ascii_starts(href, len, "http"))
		return;
	memcpy(copy, href, len + 1);
	if (ascii_find(href, len, ".safelinks.protection.outlook.com/") != NULL) {
		s = parameter(copy, "url=", &n);
	} else if (ascii_find(href, len, "://urldefense.proofpoint.com/v2/url?") != NULL) {
		s = parameter(copy, "?u=", &n);
		mark = '-';
	} else if (ascii_find(href, len, "://urldefense.com/v3/__") != NULL) {
		s = strstr(copy, "/v3/__") + 6;
		end = strstr(s, "__;");
		n = end != NULL ? (size_t)(end - s) : 0;
		mark = '\0';
	}
	if (s == NULL || n == 0)
		return;
	decode(href, s, n, mark, mark == '-');
	if (!is_target(href, strlen(href)) || (mark == '\0' && strchr(href, '*') != NULL))
		memcpy(href, copy, len + 1); /* '*' stands for a character that was left out */
}

static const char *without_scheme(const char *s, size_t *n)
{
	static const char *const schemes[] = {"mailto:", "https://", "http://", "tel:"};

	if (*n > 1 && *s == '<' && s[*n - 1] == '>') { /* as text, addresses often stand in brackets */
		s++;
		*n -= 2;
	}
	for (size_t i = 0; i < ASCII_COUNT(schemes); i++)
		if (ascii_starts(s, *n, schemes[i])) {
			s += strlen(schemes[i]);
			*n -= strlen(schemes[i]);
			break;
		}
	while (*n > 0 && s[*n - 1] == '/')
		(*n)--;
	return s;
}

bool html_link_same(const char *text, size_t n, const char *href)
{
	size_t h = strlen(href);

	while (n > 0 && (*text == '\n' || *text == ' ' || *text == '>')) {
		text++;
		n--;
	}
	text = without_scheme(text, &n);
	href = without_scheme(href, &h);
	return h == 0 || (n == h && strncasecmp(text, href, n) == 0);
}
