/*
 * ascii.c - parser worker; hostile text in. Called by every recogniser of the parsers.
 */
#include "ascii.h"

#include <string.h>

bool ascii_starts(const char *s, size_t len, const char *prefix)
{
	size_t i;

	for (i = 0; prefix[i] != '\0'; i++)
		if (i >= len || ascii_fold(s[i]) != prefix[i])
			return false;
	return true;
}

bool ascii_is(const char *s, size_t len, const char *word)
{
	return strlen(word) == len && ascii_starts(s, len, word);
}

bool ascii_ends(const char *s, size_t len, const char *suffix)
{
	size_t n = strlen(suffix);

	return len >= n && ascii_starts(s + len - n, n, suffix);
}

const char *ascii_find(const char *s, size_t len, const char *needle)
{
	size_t n = strlen(needle);

	for (size_t i = 0; i + n <= len; i++)
		if (ascii_fold(s[i]) == needle[0] && ascii_starts(s + i, len - i, needle))
			return s + i;
	return NULL;
}

const char *ascii_find_word(const char *s, size_t len, const char *needle)
{
	size_t n = strlen(needle);
	const char *at = s, *end = s + len;

	while ((at = ascii_find(at, (size_t)(end - at), needle)) != NULL) {
		if ((at == s || !ascii_alnum(at[-1])) && (at + n == end || !ascii_alnum(at[n])))
			return at;
		at++;
	}
	return NULL;
}

void ascii_trim(const char **s, size_t *len)
{
	while (*len > 0 && ascii_blank((*s)[0])) {
		(*s)++;
		(*len)--;
	}
	while (*len > 0 && (ascii_blank((*s)[*len - 1]) || (*s)[*len - 1] == '\r' || (*s)[*len - 1] == '\n'))
		(*len)--;
}

bool ascii_line(const char **s, const char *end, const char **line, size_t *len)
{
	const char *lf;

	if (*s >= end)
		return false;
	lf = memchr(*s, '\n', (size_t)(end - *s));
	*line = *s;
	*len = (size_t)((lf != NULL ? lf : end) - *s);
	*s = lf != NULL ? lf + 1 : end;
	if (*len > 0 && (*line)[*len - 1] == '\r')
		(*len)--;
	return true;
}
