/*
 * word_list.c - see word_list.h. Runs in the parser worker.
 */
#include <string.h>

#include "word_index.h"
#include "word_list.h"

/* Length of the first listed word that s begins with, or is: whole. 0: none. */
static size_t listed(const char *s, size_t n, const struct word_index *ix, bool whole)
{
	unsigned b = word_bucket(s[0]);

	if (!word_may_begin(ix, s[0], n > 1 ? s[1] : '\0'))
		return 0;
	for (const struct word_entry *w = &ix->list[ix->from[b]], *end = &ix->list[ix->from[b + 1]]; w < end; w++)
		if ((whole ? n == w->len : n >= w->len) && w->s[w->len - 1] == s[w->len - 1] && memcmp(s, w->s, w->len) == 0)
			return w->len;
	return 0;
}

size_t word_list_starts(const char *s, size_t n, const char *const *list)
{
	return n > 0 ? listed(s, n, word_index_list(list), false) : 0;
}

bool word_list_is(const char *s, size_t n, const char *const *list)
{
	return n > 0 && listed(s, n, word_index_list(list), true) > 0;
}

bool word_list_ends(const char *s, size_t n, const char *const *list)
{
	const struct word_index *ix = word_index_list(list);

	for (const struct word_entry *w = ix->list, *end = w + ix->count; w < end; w++)
		if (n >= w->len && s[n - 1] == w->s[w->len - 1] && memcmp(s + n - w->len, w->s, w->len) == 0)
			return true;
	return false;
}

bool word_list_within(const char *s, size_t n, const char *const *list)
{
	const struct word_index *ix = word_index_list(list);

	for (size_t i = 0; i < n; i++)
		if (ix->first[(unsigned char)s[i]] != 0 && listed(s + i, n - i, ix, false) > 0)
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
