/*
 * ascii.c - parser worker; hostile text in. Called by every recogniser of the parsers.
 */
#include "ascii.h"

#include <string.h>

#include "word_index.h"

const unsigned char ascii_classes[256] = {
	0, 0, 0, 0, 0, 0, 0, 0, 0, 16, 32, 32, 32, 32, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
	16, 0, 0, 0, 128, 0, 0, 0, 0, 0, 0, 64, 128, 0, 64, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 128, 0, 128, 0,
	0, 10, 10, 10, 10, 10, 10, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 128, 0, 128, 0, 64,
	64, 12, 12, 12, 12, 12, 12, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 0, 0, 0, 0, 0,
};

bool ascii_starts_all(const char *s, size_t len, const char *prefix)
{
	size_t i;

	for (i = 0; prefix[i] != '\0'; i++)
		if (i >= len || ascii_fold(s[i]) != prefix[i])
			return false;
	return true;
}

/* memchr that stays at the end of s instead of giving NULL. */
static const char *skip_to(const char *at, const char *end, char c)
{
	const char *found = at < end ? memchr(at, c, (size_t)(end - at)) : NULL;

	return found != NULL ? found : end;
}

/* Where the byte of the needle stands that texts have least; *n: its length. */
static size_t rarest(const char *needle, size_t *n)
{
	static const unsigned char often[256] = {[' '] = 30, ['e'] = 26, ['t'] = 25, ['a'] = 24, ['o'] = 23, ['i'] = 22, ['n'] = 21,
	    ['s'] = 20, ['r'] = 19, ['h'] = 18, ['l'] = 17, ['d'] = 16, ['c'] = 15, ['u'] = 14, ['m'] = 13, ['p'] = 12, ['f'] = 11,
	    ['g'] = 10, ['b'] = 9, ['w'] = 8, ['y'] = 7, ['v'] = 6, ['.'] = 5, [':'] = 5, ['-'] = 5, ['k'] = 4, ['x'] = 3, ['"'] = 16, ['='] = 5};
	size_t best = 0, i;

	for (i = 1; needle[i] != '\0'; i++)
		if (often[(unsigned char)needle[i]] < often[(unsigned char)needle[best]])
			best = i;
	*n = i;
	return best;
}

const char *ascii_find(const char *s, size_t len, const char *needle)
{
	size_t n, rare = rarest(needle, &n);
	char small = needle[rare], capital = ascii_lower(small) ? (char)(small - ('a' - 'A')) : small;
	const char *end, *lower, *upper;

	if (len < n)
		return NULL;
	/* Past here the needle does not fit. Both letter cases advance by themselves, each over s once. */
	end = s + (len - n) + rare + 1;
	lower = skip_to(s + rare, end, small);
	upper = capital != small ? skip_to(s + rare, end, capital) : end;
	while (lower < end || upper < end) {
		const char *at = lower < upper ? lower : upper;

		if (ascii_starts(at - rare, n, needle))
			return at - rare;
		if (at == lower)
			lower = skip_to(at + 1, end, small);
		else
			upper = skip_to(at + 1, end, capital);
	}
	return NULL;
}

/* Sixteen bytes at once, in the vectors of any machine that the compiler knows. */
typedef unsigned char bytes16 __attribute__((vector_size(16)));
typedef unsigned long long halves16 __attribute__((vector_size(16)));

/* Whether a and b stand side by side somewhere in s[0, 17). */
static inline bool has_pair(const char *s, bytes16 a, bytes16 b)
{
	bytes16 first, second;
	halves16 both;

	memcpy(&first, s, sizeof(first));
	memcpy(&second, s + 1, sizeof(second));
	both = (halves16)((first == a) & (second == b));
	return (both[0] | both[1]) != 0;
}

/* The first place in [s, end) where they do; NULL. */
static const char *find_pair(const char *s, const char *end, const char pair[2])
{
	const bytes16 a = (bytes16){0} + (unsigned char)pair[0], b = (bytes16){0} + (unsigned char)pair[1];

	if (end - s >= 17) {
		const char *last = end - 17;

		while (s < last && !has_pair(s, a, b))
			s += 16;
		if (s >= last && !has_pair(last, a, b))
			return NULL;
	}
	for (; end - s > 1; s++)
		if (s[0] == pair[0] && s[1] == pair[1])
			return s;
	return NULL;
}

const char *ascii_find_rare(const char *s, size_t len, const char *needle, size_t rare)
{
	size_t n = strlen(needle);
	const char *at, *end = s + len;

	if (len < n)
		return NULL;
	for (at = s + rare; (at = find_pair(at, end - (n - rare - 2), needle + rare)) != NULL; at++)
		if (memcmp(at - rare, needle, n) == 0)
			return at - rare;
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

struct words {
	const char *const *list;
	size_t count;
	const struct word_index *ix; /* NULL: there is none */
};

/* How s and a word must agree: s begins with it; no letter or digit behind it; nothing behind it. */
enum match { BEGINS, ENDED, WHOLE };

static bool word_stands(const char *s, size_t len, const char *word, size_t n, enum match how)
{
	if (n > len || (n < len && (how == WHOLE || (how == ENDED && ascii_alnum(s[n])))))
		return false;
	return ascii_starts(s, len, word);
}

static size_t word_by_word(const char *s, size_t len, const struct words *words, enum match how)
{
	size_t k = 0;

	while (k < words->count && !word_stands(s, len, words->list[k], strlen(words->list[k]), how))
		k++;
	return k;
}

/* Index of the first word that stands at s; words->count: none. */
static size_t word_here(const char *s, size_t len, const struct words *words, enum match how)
{
	const struct word_index *ix = words->ix;
	char second = len > 1 ? ascii_fold(s[1]) : '\0';
	unsigned b;

	if (ix == NULL)
		return word_by_word(s, len, words, how);
	if (len == 0 || !word_may_begin(ix, s[0], second))
		return ix->count;
	b = word_bucket(ascii_fold(s[0]));
	for (size_t i = ix->from[b]; i < ix->from[b + 1]; i++) {
		const struct word_entry *w = &ix->list[i];

		if ((w->second == second || w->second == '\0') && word_stands(s, len, w->s, w->len, how))
			return w->at;
	}
	return ix->count;
}

size_t ascii_one_of(const char *s, size_t len, const char *const *words, size_t count)
{
	return word_here(s, len, &(struct words){words, count, word_index_of(words, count)}, WHOLE);
}

bool ascii_starts_any(const char *s, size_t len, const char *const *prefixes, size_t count)
{
	return word_here(s, len, &(struct words){prefixes, count, word_index_of(prefixes, count)}, BEGINS) < count;
}

size_t ascii_word_at(const char *s, size_t len, const char *const *words, size_t count)
{
	return word_here(s, len, &(struct words){words, count, word_index_of(words, count)}, ENDED);
}

const char *ascii_find_any(const char *s, size_t len, const char *const *words, size_t count, size_t *which)
{
	const struct words all = {words, count, word_index_of(words, count)};
	size_t i = 0, k;

	while (i < len) {
		if ((all.ix == NULL || word_may_begin(all.ix, s[i], i + 1 < len ? s[i + 1] : '\0')) && (k = word_here(s + i, len - i, &all, ENDED)) < count) {
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
