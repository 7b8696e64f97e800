/*
 * log_level.h - words for the weight of a log line. Pure.
 */
#ifndef VG_LOG_LEVEL_H
#define VG_LOG_LEVEL_H

#include <stddef.h>

#include "log_line.h"

struct log_level {
	const char *word; /* lower case */
	enum log_line_kind kind;
};

/* The level that a word names in any case (`Error`, `WARN`, `>>`); NULL: none. */
const struct log_level *log_level_of(const char *s, size_t len);
/* The kind of a text that states no level, by the way it begins (`Failed to …`, `warning: …`). */
enum log_line_kind log_level_of_text(const char *s, size_t len);

#endif
