/*
 * dkim_tags.h - tag=value lists (RFC 6376 3.2) and the values in them. Pure, bounded, borrows the text.
 */
#ifndef VG_DKIM_TAGS_H
#define VG_DKIM_TAGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dns_set.h"

#define DKIM_TAGS_MAX 64u

struct dkim_tag {
	const char *name;
	size_t name_len;
	const char *value; /* white space at both ends left out, folds inside kept */
	size_t len;
	const char *whole; /* everything between '=' and ';' */
	size_t whole_len;
};

struct dkim_tags {
	struct dkim_tag tags[DKIM_TAGS_MAX];
	size_t n;
};

/* Reads a list. VG_ERR_SYNTAX (also for a tag that stands twice), VG_ERR_LIMIT; *why says it. */
int dkim_tags_read(struct dkim_tags *out, const char *text, size_t len, const char **why);
/* The tag called name (letter case counts), or NULL. */
const struct dkim_tag *dkim_tags_find(const struct dkim_tags *t, const char *name);

/* Is the value this word (letter case aside)? */
bool dkim_tag_is(const struct dkim_tag *t, const char *word);
/* The next item of a list with ':' between, without white space around it; *pos starts at 0. False at the end. */
bool dkim_tag_item(const struct dkim_tag *t, size_t *pos, const char **item, size_t *len);
/* Does such a list hold the word (letter case aside)? */
bool dkim_tag_has(const struct dkim_tag *t, const char *word);
/* Digits only; a number that does not fit becomes max. False: no number. */
bool dkim_tag_number(const struct dkim_tag *t, uint64_t max, uint64_t *out);
/* Base 64 with white space in it; false: other bytes, wrong padding, empty, or longer than size. */
bool dkim_tag_base64(const struct dkim_tag *t, unsigned char *out, size_t size, size_t *len);
/* A domain name for the DNS: lower case, U-labels as A-labels (RFC 8616). Underscores and all-digit names are allowed,
 * since selectors have them. False: no name. */
bool dkim_name(char out[DNS_NAME_MAX + 1], const char *s, size_t len);

#endif
