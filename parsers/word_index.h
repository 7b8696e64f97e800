/*
 * word_index.h - which words of a list may stand at a place, found by the first two bytes there instead of word by word. A list gets
 * its index at its first use and keeps it: lists are constants of the program.
 */
#ifndef VG_WORD_INDEX_H
#define VG_WORD_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ascii.h"

#define WORD_BUCKETS 64

struct word_entry {
	const char *s;
	uint16_t len;
	uint16_t at;    /* in words */
	char second;    /* s[1], NUL where there is none: most words differ there, and it is at hand */
};

struct word_index {
	const char *const *words;
	size_t count;
	uint64_t pairs[4];               /* hashes of the first two bytes of words that have two, as they are and in lower case */
	uint8_t first[256];              /* 1: a word begins with the byte, in either letter case; 2: and may end there */
	uint16_t from[WORD_BUCKETS + 1]; /* bucket b's words are list[from[b]] up to list[from[b + 1]] */
	struct word_entry list[];        /* in the order of words within a bucket */
};

static inline unsigned word_bucket(char c)
{
	return (unsigned char)c & (WORD_BUCKETS - 1);
}

static inline unsigned word_pair(char a, char b)
{
	return ((unsigned char)a * 37u + (unsigned char)b) & 255u;
}

/* May a word (in lower case) begin with the bytes a, b? b is any byte at the end of a text. */
static inline bool word_may_begin(const struct word_index *ix, char a, char b)
{
	unsigned pair = word_pair(ascii_fold(a), ascii_fold(b)), first = ix->first[(unsigned char)a];

	return first != 0 && (first > 1 || (ix->pairs[pair / 64] >> pair % 64 & 1) != 0);
}

/* The same for bytes as they are. */
static inline bool word_may_begin_exact(const struct word_index *ix, char a, char b)
{
	unsigned pair = word_pair(a, b), first = ix->first[(unsigned char)a];

	return first != 0 && (first > 1 || (ix->pairs[pair / 64] >> pair % 64 & 1) != 0);
}

/* The index of a list of count constant, not empty words, at most 65535. May be called from any thread. NULL where the
 * lists are more than there is room for: then the caller goes word by word. */
const struct word_index *word_index_of(const char *const *words, size_t count);
/* The same for a list with NULL at its end. */
const struct word_index *word_index_list(const char *const *words);

#endif
