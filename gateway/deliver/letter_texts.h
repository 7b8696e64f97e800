/*
 * letter_texts.h - the texts of letters by kind and language: those that are built in, and the operator's, which go before them. Where
 * a language has none, the shorter tag's (de for de-AT), then that without a language. Pure.
 */
#ifndef VG_LETTER_TEXTS_H
#define VG_LETTER_TEXTS_H

#include <stdbool.h>
#include <stddef.h>

#include "ipc_messages.h"

#define LETTER_WORDS 0          /* beside the kinds of letters: what they say for names of values */
#define LETTER_LANGUAGE_MAX 35u /* bytes of a tag (RFC 5646) */
#define LETTER_FILE_MAX (LETTER_LANGUAGE_MAX + 16u)
#define LETTER_TEXTS_MAX 512u

struct letter_texts; /* the operator's */

/* File name of a kind's text, "ack.txt"; NULL: no such kind. */
const char *letter_file(unsigned kind);
/* The built-in text; language "": that without one. NULL: there is none, fallbacks are not looked for. */
const char *letter_template(unsigned kind, const char *language);
/* Languages of the built-in texts, NULL at the end; the first is "". */
extern const char *const letter_languages[];
/* Can it be the name of a folder of texts: "de", "pt-br", in lower case? */
bool letter_language_ok(const char *tag);

/* NULL: no memory. */
struct letter_texts *letter_texts_new(void);
void letter_texts_free(struct letter_texts **t);
/* Takes a copy; name: "ack.txt", "de/ack.txt". VG_ERR_SYNTAX: no such name; VG_ERR_LIMIT, VG_ERR_MEMORY. */
int letter_texts_put(struct letter_texts *t, const char *name, const char *text, size_t len);
/* The text to be used, never NULL for a kind that there is; t NULL: none of the operator's. language: any tag, or "". */
const char *letter_texts_find(const struct letter_texts *t, unsigned kind, const char *language);

/* What a word is called in a language: *len bytes, not terminated; the word itself where no file has it. */
const char *letter_word(const struct letter_texts *t, const char *language, const char *word, size_t *len);
/* Whether it is a file of words: lines of a known word, blanks and its text, empty ones, and comments. VG_ERR_SYNTAX with *line (1-based)
 * and *why (static). */
int letter_words_check(const char *text, size_t len, unsigned *line, const char **why);

#endif
