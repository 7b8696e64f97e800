/*
 * word_list.c - see word_list.h. Runs in the parser worker.
 */
#include <string.h>

#include "word_list.h"

size_t word_list_starts(const char *s, size_t n, const char *const *list)
{
	for (size_t i = 0, k; n > 0 && list[i] != NULL; i++) {
		if (list[i][0] != s[0])
			continue;
		k = strlen(list[i]);
		if (n >= k && memcmp(s, list[i], k) == 0)
			return k;
	}
	return 0;
}

bool word_list_is(const char *s, size_t n, const char *const *list)
{
	for (size_t i = 0; n > 0 && list[i] != NULL; i++)
		if (list[i][0] == s[0] && strlen(list[i]) == n && memcmp(s, list[i], n) == 0)
			return true;
	return false;
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
	for (size_t i = 0; list[i] != NULL; i++)
		if (memmem(s, n, list[i], strlen(list[i])) != NULL)
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
