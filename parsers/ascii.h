/*
 * ascii.h - character classes and case-blind searching for the recognisers: bytes only, no locale. Bytes from 0x80
 * up are neither letter, digit nor blank.
 */
#ifndef VG_ASCII_H
#define VG_ASCII_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Classes of a byte. */
#define ASCII_DIGIT 1u
#define ASCII_UPPER 2u
#define ASCII_LOWER 4u
#define ASCII_AF 8u    /* a letter that is a hexadecimal digit too */
#define ASCII_BLANK 16u /* blank, tab */
#define ASCII_BREAK 32u /* LF, VT, FF, CR */
#define ASCII_TYPE 64u  /* . _ + and ` of the types of exceptions, besides letters and digits */
#define ASCII_CALL 128u /* < > $ [ ] and comma of the methods in a stack, besides those */
extern const unsigned char ascii_classes[256];

static inline bool ascii_has(char c, unsigned classes)
{
	return (ascii_classes[(unsigned char)c] & classes) != 0;
}

static inline bool ascii_digit(char c)
{
	return c >= '0' && c <= '9';
}

static inline bool ascii_upper(char c)
{
	return c >= 'A' && c <= 'Z';
}

static inline bool ascii_lower(char c)
{
	return c >= 'a' && c <= 'z';
}

static inline bool ascii_alpha(char c)
{
	return ascii_has(c, ASCII_UPPER | ASCII_LOWER);
}

static inline bool ascii_alnum(char c)
{
	return ascii_has(c, ASCII_UPPER | ASCII_LOWER | ASCII_DIGIT);
}

static inline bool ascii_hex(char c)
{
	return ascii_has(c, ASCII_DIGIT | ASCII_AF);
}

static inline bool ascii_blank(char c)
{
	return c == ' ' || c == '\t';
}

static inline bool ascii_space(char c)
{
	return ascii_has(c, ASCII_BLANK | ASCII_BREAK);
}

/* -1 for what is no hexadecimal digit. */
static inline int ascii_hex_value(char c)
{
	return ascii_digit(c) ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static inline char ascii_fold(char c)
{
	return ascii_upper(c) ? (char)(c + ('a' - 'A')) : c;
}

/* How many bytes stand before the first one that is in the set; len where none is. */
static inline size_t ascii_until(const char *s, size_t len, const unsigned char set[256])
{
	size_t i = 0;

	while (i < len && set[(unsigned char)s[i]] == 0)
		i++;
	return i;
}

bool ascii_starts_all(const char *s, size_t len, const char *prefix);

/* s begins with prefix (prefix in lower case). */
static inline bool ascii_starts(const char *s, size_t len, const char *prefix)
{
	return prefix[0] == '\0' || (len > 0 && ascii_fold(s[0]) == prefix[0] && ascii_starts_all(s, len, prefix));
}

/* s is word (word in lower case). */
static inline bool ascii_is(const char *s, size_t len, const char *word)
{
	return ascii_starts(s, len, word) && strlen(word) == len;
}

/* s ends with suffix (lower case). */
static inline bool ascii_ends(const char *s, size_t len, const char *suffix)
{
	size_t n = strlen(suffix);

	return len >= n && ascii_starts(s + len - n, n, suffix);
}

/* First place of needle (lower case, not empty) in s; NULL. O(len * strlen(needle)) at worst, linear in practice. */
const char *ascii_find(const char *s, size_t len, const char *needle);
/* As memmem(3) for short needles: looks for needle[rare] and the byte behind it, which texts seldom have so, before it compares. */
const char *ascii_find_rare(const char *s, size_t len, const char *needle, size_t rare);
/* As ascii_find, standing as whole words: no letter or digit touches it. */
const char *ascii_find_word(const char *s, size_t len, const char *needle);
/* s begins with one of the prefixes (lower case). */
bool ascii_starts_any(const char *s, size_t len, const char *const *prefixes, size_t count);
/* Index of the one of the words (lower case) that s is; count where it is none. */
size_t ascii_one_of(const char *s, size_t len, const char *const *words, size_t count);
/* Index of the first of the words (lower case) that s begins with, no letter or digit behind it; count where there is none. */
size_t ascii_word_at(const char *s, size_t len, const char *const *words, size_t count);
/* The first place where one of the words (lower case, each beginning with a letter or digit) stands as whole words; NULL. One pass over
 * s, whatever their count. s begins a word. which may be NULL. */
const char *ascii_find_any(const char *s, size_t len, const char *const *words, size_t count, size_t *which);
#define ASCII_COUNT(list) (sizeof(list) / sizeof((list)[0]))
/* Copies s to out as a string, cut to cap - 1 bytes; returns how many. */
size_t ascii_copy(char *out, size_t cap, const char *s, size_t len);
/* Moves *s and *len past blanks in front, and cuts white space behind. */
void ascii_trim(const char **s, size_t *len);
/* The next line of [*s, end): without its LF or CRLF. False at the end. */
bool ascii_line(const char **s, const char *end, const char **line, size_t *len);

#endif
