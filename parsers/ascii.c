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

/* memchr that stays at the end of s instead of giving NULL. */
static const char *skip_to(const char *at, const char *end, char c)
{
	const char *found = at < end ? memchr(at, c, (size_t)(end - at)) : NULL;

	return found != NULL ? found : end;
}

const char *ascii_find(const char *s, size_t len, const char *needle)
{
	size_t n = strlen(needle);
	const char *end, *lower, *upper;
	char capital = ascii_lower(needle[0]) ? (char)(needle[0] - ('a' - 'A')) : needle[0];

	if (len < n)
		return NULL;
	/* Past here the needle does not fit. Both letter cases advance by themselves, each over s once. */
	end = s + (len - n) + 1;
	lower = skip_to(s, end, needle[0]);
	upper = capital != needle[0] ? skip_to(s, end, capital) : end;
	while (lower < end || upper < end) {
		const char *at = lower < upper ? lower : upper;

		if (ascii_starts(at, n, needle))
			return at;
		if (at == lower)
			lower = skip_to(at + 1, end, needle[0]);
		else
			upper = skip_to(at + 1, end, capital);
	}
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

bool ascii_starts_any(const char *s, size_t len, const char *const *prefixes, size_t count)
{
	char first = len > 0 ? ascii_fold(s[0]) : '\0';

	for (size_t k = 0; k < count; k++)
		if (prefixes[k][0] == first && ascii_starts(s, len, prefixes[k]))
			return true;
	return false;
}

size_t ascii_word_at(const char *s, size_t len, const char *const *words, size_t count)
{
	char first = len > 0 ? ascii_fold(s[0]) : '\0';

	for (size_t k = 0; k < count; k++) {
		size_t n;

		if (words[k][0] != first || !ascii_starts(s, len, words[k]))
			continue;
		n = strlen(words[k]);
		if (n == len || !ascii_alnum(s[n]))
			return k;
	}
	return count;
}

/* Which pairs of bytes words begin with, hashed; a word of one letter stands for every pair with it. */
struct beginnings {
	uint64_t pairs[4];
	uint64_t alone;
};

static uint64_t first_bit(char c)
{
	return (uint64_t)1 << (ascii_digit(c) ? 26 + (c - '0') : (c - 'a') & 31);
}

static unsigned pair_of(char a, char b)
{
	return ((unsigned char)a * 37u + (unsigned char)b) & 255u;
}

static void note_beginnings(struct beginnings *b, const char *const *words, size_t count)
{
	memset(b, 0, sizeof(*b));
	for (size_t k = 0; k < count; k++) {
		unsigned pair = pair_of(words[k][0], words[k][1]);

		if (words[k][1] == '\0')
			b->alone |= first_bit(words[k][0]);
		else
			b->pairs[pair / 64] |= (uint64_t)1 << pair % 64;
	}
}

static bool may_begin(const struct beginnings *b, const char *s, size_t len)
{
	char c = ascii_fold(s[0]);
	unsigned pair = pair_of(c, len > 1 ? ascii_fold(s[1]) : '\0');

	return (b->pairs[pair / 64] >> pair % 64 & 1) != 0 || (b->alone & first_bit(c)) != 0;
}

const char *ascii_find_any(const char *s, size_t len, const char *const *words, size_t count, size_t *which)
{
	struct beginnings b;
	size_t i = 0, k;

	note_beginnings(&b, words, count);
	while (i < len) {
		if (ascii_alnum(s[i]) && may_begin(&b, s + i, len - i) && (k = ascii_word_at(s + i, len - i, words, count)) < count) {
			if (which != NULL)
				*which = k;
			return s + i;
		}
		while (i < len && ascii_alnum(s[i]))
			i++;
		while (i < len && !ascii_alnum(s[i]))
			i++;
	}
	return NULL;
}

size_t ascii_copy(char *out, size_t cap, const char *s, size_t len)
{
	size_t n = len < cap - 1 ? len : cap - 1;

	if (n > 0)
		memcpy(out, s, n);
	out[n] = '\0';
	return n;
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
