/*
 * body.h - the text of a mail: parts of any charset and format become UTF-8 lines, then new text, quoted text and
 * signature are told apart.
 */
#ifndef VG_BODY_H
#define VG_BODY_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "buf.h"
#include "text_marks.h"

struct body {
	struct buf full, text, quoted, signature; /* at most MESSAGE_TEXT_MAX each */
	struct text_marks marks;                  /* what HTML said about full */
	const char *source;                       /* "plain", "html", "none" */
	bool truncated;                           /* there was more text than is kept */
};

/* The format parameters of text/plain (RFC 3676). */
struct body_format {
	const char *charset; /* NULL or "": detect */
	bool flowed, delsp;
};

void body_init(struct body *b);
void body_free(struct body *b);
/* Appends one decoded part. VG_ERR_MEMORY. */
int body_add_plain(struct body *b, const struct body_format *format, const void *bytes, size_t n);
int body_add_html(struct body *b, const char *charset, const void *bytes, size_t n);
/* Splits what was added. forward: the subject says so (quotes.h). VG_ERR_MEMORY. */
int body_finish(struct body *b, bool forward);

/* CONTRACT's `body` object from text as a person typed it (any bytes; UTF-8 expected), source "plain", "html" or "none".
 * New reference, NULL on no memory. */
json_t *body_json(const char *text, size_t len, const char *source);

#endif
