/*
 * word_list.c - see word_list.h. Runs in the parser worker.
 */
#include <string.h>

#include "word_index.h"
#include "word_list.h"

static bool stands(const char *s, size_t n, const char *word, size_t len, bool whole)
{
	return (whole ? n == len : n >= len) && word[len - 1] == s[len - 1] && memcmp(s, word, len) == 0;
}

/* May a listed word begin at s? Always where the list has no index. */
static bool may_begin(const char *s, size_t n, const struct word_index *ix)
{
	return ix == NULL || word_may_begin_exact(ix, s[0], n > 1 ? s[1] : '\0');
}

/* Length of the first listed word that s begins with, or is: whole. 0: none. ix is NULL where the list has none. */
static size_t listed(const char *s, size_t n, const char *const *list, const struct word_index *ix, bool whole)
{
	unsigned b = word_bucket(s[0]);
	char second = n > 1 ? s[1] : '\0';

	for (; ix == NULL && *list != NULL; list++)
		if (stands(s, n, *list, strlen(*list), whole))
			return strlen(*list);
	if (ix == NULL)
		return 0;
	for (const struct word_entry *w = &ix->list[ix->from[b]], *end = &ix->list[ix->from[b + 1]]; w < end; w++)
		if ((w->second == second || w->second == '\0') && stands(s, n, w->s, w->len, whole))
			return w->len;
	return 0;
}

size_t word_list_starts(const char *s, size_t n, const char *const *list)
{
	const struct word_index *ix = word_index_list(list);

	return n > 0 && may_begin(s, n, ix) ? listed(s, n, list, ix, false) : 0;
}

bool word_list_is(const char *s, size_t n, const char *const *list)
{
	const struct word_index *ix = word_index_list(list);

	return n > 0 && may_begin(s, n, ix) && listed(s, n, list, ix, true) > 0;
}

bool word_list_ends(const char *s, size_t n, const char *const *list)
{
	const struct word_index *ix = word_index_list(list);

	for (size_t i = 0; ix == NULL ? list[i] != NULL : i < ix->count; i++) {
		const char *word = ix == NULL ? list[i] : ix->list[i].s;
		size_t len = ix == NULL ? strlen(word) : ix->list[i].len;

		if (n >= len && stands(s + n - len, len, word, len, true))
			return true;
	}
	return false;
}

bool word_list_within(const char *s, size_t n, const char *const *list)
{
	const struct word_index *ix = word_index_list(list);

	for (size_t i = 0; i < n; i++)
		if (may_begin(s + i, n - i, ix) && listed(s + i, n - i, list, ix, false) > 0)
			return true;
	return false;
}

size_t word_count(const char *s, size_t n)
{
	size_t words = 0;

	for (size_t i = 0; i < n; i++)
		words += s[i] != ' ' && (i == 0 || s[i - 1] == ' ');
	return words;
}
