/*
 * word_index.c - see word_index.h. Runs in the parser worker, and wherever text is recognised or masked.
 */
#include <stdatomic.h>
#include <string.h>

#include "word_index.h"

/* Both well above what the lists of the program take (over a hundred, 85 KB): nothing is allocated, so nothing can fail halfway. */
#define SLOTS 1024 /* power of two */
#define POOL ((size_t)256 * 1024)

static _Atomic(struct word_index *) table[SLOTS];
static _Alignas(struct word_index) unsigned char pool[POOL];
static atomic_size_t used;

/* Zeroed memory that is never given back; NULL where there is no more. */
static struct word_index *take(size_t size)
{
	const size_t align = _Alignof(struct word_index);
	size_t at;

	size = (size + align - 1) & ~(align - 1);
	if (size > POOL || atomic_load(&used) > POOL - size || (at = atomic_fetch_add(&used, size)) > POOL - size)
		return NULL;
	return (void *)(pool + at);
}

static struct word_index *build(const char *const *words, size_t count)
{
	struct word_index *ix = take(sizeof *ix + count * sizeof ix->list[0]);
	uint16_t at[WORD_BUCKETS];

	if (ix == NULL)
		return NULL;
	ix->words = words;
	ix->count = count;
	for (size_t k = 0; k < count; k++) {
		unsigned char a = (unsigned char)words[k][0], capital = ascii_lower(words[k][0]) ? a - ('a' - 'A') : a;
		unsigned pair = word_pair(words[k][0], words[k][1]), small = word_pair(ascii_fold(words[k][0]), ascii_fold(words[k][1]));

		ix->first[a] = ix->first[capital] = words[k][1] == '\0' || ix->first[a] > 1 ? 2 : 1;
		ix->pairs[pair / 64] |= (uint64_t)1 << pair % 64;
		ix->pairs[small / 64] |= (uint64_t)1 << small % 64;
		ix->from[word_bucket(words[k][0]) + 1]++;
	}
	for (size_t b = 0; b < WORD_BUCKETS; b++) {
		ix->from[b + 1] = (uint16_t)(ix->from[b + 1] + ix->from[b]);
		at[b] = ix->from[b];
	}
	for (size_t k = 0; k < count; k++)
		ix->list[at[word_bucket(words[k][0])]++] = (struct word_entry){words[k], (uint16_t)strlen(words[k]), (uint16_t)k, words[k][1]};
	return ix;
}

/* Where the index of the list's first count words is (0: of any number), or the free place where it belongs; NULL: all are taken. */
static _Atomic(struct word_index *) *place(const char *const *words, size_t count)
{
	size_t i = ((uintptr_t)words >> 4) * 0x9e3779b1u % SLOTS;
	const struct word_index *ix;

	for (size_t tries = 0; tries < SLOTS; tries++, i = (i + 1) % SLOTS)
		if ((ix = atomic_load_explicit(&table[i], memory_order_acquire)) == NULL ||
		    (ix->words == words && (count == 0 || ix->count == count)))
			return &table[i];
	return NULL;
}

const struct word_index *word_index_of(const char *const *words, size_t count)
{
	struct word_index *built = NULL;
	_Atomic(struct word_index *) *slot;

	while ((slot = place(words, count)) != NULL) {
		struct word_index *ix = atomic_load_explicit(slot, memory_order_acquire);

		if (ix != NULL)
			return ix; /* what another thread was slower to build stays unused */
		if (built == NULL && (built = build(words, count)) == NULL)
			return NULL;
		if (atomic_compare_exchange_strong(slot, &ix, built))
			return built;
	}
	return NULL;
}

const struct word_index *word_index_list(const char *const *words)
{
	_Atomic(struct word_index *) *slot = place(words, 0);
	const struct word_index *ix = slot != NULL ? atomic_load_explicit(slot, memory_order_acquire) : NULL;
	size_t count = 0;

	if (ix != NULL)
		return ix;
	while (words[count] != NULL)
		count++;
	return word_index_of(words, count);
}
