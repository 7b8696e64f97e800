/*
 * word_list.h - constant lists of folded words (NULL at the end) against text. Bytes only; a list costs one look at its index
 * (word_index.h), however long it is.
 */
#ifndef VG_WORD_LIST_H
#define VG_WORD_LIST_H

#include <stdbool.h>
#include <stddef.h>

/* s is one of the words. */
bool word_list_is(const char *s, size_t n, const char *const *list);
/* s begins with one of them: its length, 0 where none does. */
size_t word_list_starts(const char *s, size_t n, const char *const *list);
/* s ends with one of them. */
bool word_list_ends(const char *s, size_t n, const char *const *list);
/* One of them stands anywhere in s. */
bool word_list_within(const char *s, size_t n, const char *const *list);
/* Number of runs of bytes between blanks. */
size_t word_count(const char *s, size_t n);

#endif
