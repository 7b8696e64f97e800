/*
 * conf_lex.h - one configuration line into words with their columns. Pure.
 */
#ifndef VG_CONF_LEX_H
#define VG_CONF_LEX_H

#include <stddef.h>

#define CONF_LINE_MAX 4096
#define CONF_WORDS_MAX 64

struct conf_word {
	const char *text; /* NUL-terminated, in the line's own storage */
	unsigned column;  /* 1-based, in bytes */
	unsigned quoted;  /* was in double quotes: never a keyword */
};

struct conf_line {
	char store[CONF_LINE_MAX + CONF_WORDS_MAX];
	struct conf_word word[CONF_WORDS_MAX];
	size_t n;
	unsigned end_column; /* where a missing word would stand */
};

/* Splits len bytes (no line end). `#` outside quotes starts a comment; in quotes `\"` and `\\` are escapes.
 * VG_ERR_SYNTAX with *why and *column. */
int conf_lex(struct conf_line *out, const char *text, size_t len, unsigned *column, const char **why);

#endif
