/*
 * word_index.c - see word_index.h. Runs in the parser worker, and wherever text is recognised or masked.
 */
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "word_index.h"

#define SLOTS 1024 /* power of two, well above the number of lists in the program */

static _Atomic(struct word_index *) table[SLOTS];

static struct word_index *build(const char *const *words, size_t count)
{
	struct word_index *ix = calloc(1, sizeof *ix + count * sizeof ix->list[0]);
	uint16_t at[WORD_BUCKETS];

	if (ix == NULL)
		abort();
	ix->words = words;
	ix->count = count;
	for (size_t k = 0; k < count; k++) {
		unsigned char a = (unsigned char)words[k][0], capital = ascii_lower(words[k][0]) ? a - ('a' - 'A') : a;
		unsigned pair = word_pair(ascii_fold(words[k][0]), ascii_fold(words[k][1]));

		ix->first[a] = ix->first[capital] = words[k][1] == '\0' || ix->first[a] > 1 ? 2 : 1;
		ix->pairs[pair / 64] |= (uint64_t)1 << pair % 64;
		ix->from[word_bucket(words[k][0]) + 1]++;
	}
	for (size_t b = 0; b < WORD_BUCKETS; b++) {
		ix->from[b + 1] = (uint16_t)(ix->from[b + 1] + ix->from[b]);
		at[b] = ix->from[b];
	}
	for (size_t k = 0; k < count; k++)
		ix->list[at[word_bucket(words[k][0])]++] = (struct word_entry){words[k], (uint16_t)strlen(words[k]), (uint16_t)k};
	return ix;
}

/* Where the index of the list's first count words is (0: of any number), or the free place where it belongs. */
static _Atomic(struct word_index *) *place(const char *const *words, size_t count)
{
	size_t i = ((uintptr_t)words >> 4) * 0x9e3779b1u % SLOTS;
	const struct word_index *ix;

	while ((ix = atomic_load_explicit(&table[i], memory_order_acquire)) != NULL &&
	    (ix->words != words || (count > 0 && ix->count != count)))
		i = (i + 1) % SLOTS;
	return &table[i];
}

const struct word_index *word_index_of(const char *const *words, size_t count)
{
	for (;;) {
		_Atomic(struct word_index *) *slot = place(words, count);
		struct word_index *ix = atomic_load_explicit(slot, memory_order_acquire), *none = NULL;

		if (ix != NULL)
			return ix;
		ix = build(words, count);
		if (atomic_compare_exchange_strong(slot, &none, ix))
			return ix;
		free(ix); /* another thread was faster, perhaps with another list */
	}
}

const struct word_index *word_index_list(const char *const *words)
{
	const struct word_index *ix = atomic_load_explicit(place(words, 0), memory_order_acquire);
	size_t count = 0;

	if (ix != NULL)
		return ix;
	while (words[count] != NULL)
		count++;
	return word_index_of(words, count);
}
