/*
 * log_level.h - words for the weight of a log line. Pure.
 */
#ifndef VG_LOG_LEVEL_H
#define VG_LOG_LEVEL_H

#include <stdbool.h>
#include <stddef.h>

#include "ascii.h"
#include "log_line.h"

struct log_level {
	const char *word; /* lower case */
	enum log_line_kind kind;
};

/* May a level begin with these letters? Nearly all words do not. */
static inline bool log_level_may_begin(char first, char second)
{
	second = ascii_fold(second);
	switch (ascii_fold(first)) {
	case 'e':
		return second == 'r' || second == 'm';
	case 'f':
		return second == 'a' || second == 'e';
	case 'c': case 't': case 'k':
		return second == 'r';
	case 's': case 'd': case 'v':
		return second == 'e' || second == 'b';
	case 'a':
		return second == 'l';
	case 'p':
		return second == 'a';
	case 'w':
		return second == 'a' || second == 'r';
	case 'i':
		return second == 'n';
	case 'n':
		return second == 'o';
	default:
		return first == '>';
	}
}

/* The level that a word names in any case (`Error`, `WARN`, `>>`); NULL: none. */
const struct log_level *log_level_of(const char *s, size_t len);
/* The kind of a text that states no level, by the way it begins (`Failed to …`, `warning: …`). */
enum log_line_kind log_level_of_text(const char *s, size_t len);

#endif
