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

	for (size_t i = ix->from[b]; i < ix->from[b + 1]; i++) {
		const char *word = ix->words[ix->order[i]];
		size_t k;

		if (word[0] != s[0] || (n > 1 && word[1] != s[1] && word[1] != '\0'))
			continue;
		k = strlen(word);
		if ((whole ? n == k : n >= k) && memcmp(s, word, k) == 0)
			return k;
	}
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
	for (size_t i = 0; list[i] != NULL; i++) {
		size_t k = strlen(list[i]);

		if (n >= k && s[n - 1] == list[i][k - 1] && memcmp(s + n - k, list[i], k) == 0)
			return true;
	}
	return false;
}

bool word_list_within(const char *s, size_t n, const char *const *list)
{
	const struct word_index *ix = word_index_list(list);

	for (size_t i = 0; i < n; i++)
		if (word_may_begin(ix, s[i], i + 1 < n ? s[i + 1] : '\0') && listed(s + i, n - i, ix, false) > 0)
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
