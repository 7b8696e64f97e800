/*
 * dot.h - line ends and end of data: the only code that looks for CRLF, dots and CRLF.CRLF. Strict: a line ends in
 * CRLF and nothing else, data end with CRLF.CRLF and nothing else; a CR or LF standing alone is content that is
 * remembered as a fault (SMTP smuggling lives from two readers that differ here). Pure; works on any split.
 */
#ifndef VG_DOT_H
#define VG_DOT_H

#include <stdbool.h>
#include <stddef.h>

#include "buf.h"

enum dot_state {
	DOT_LINE_START, /* behind a CRLF, or at the very start */
	DOT_TEXT,
	DOT_CR,         /* behind a CR within a line */
	DOT_DOT,        /* behind a dot that opens a line */
	DOT_DOT_CR      /* behind that dot and a CR */
};

/* One message's content. Start with dot_init(). */
struct dot {
	enum dot_state state;
	bool bare; /* a CR or LF stood alone */
};

/* Receives content in order; n > 0. data is borrowed for the call. */
typedef void dot_sink(void *arg, const void *data, size_t n);

void dot_init(struct dot *d);
/* Content of DATA: hands what belongs to the message to sink, opening dots removed, and returns how many bytes of in
 * were used: all n, or fewer when *end was set because CRLF.CRLF ended there. */
size_t dot_data(struct dot *d, const void *in, size_t n, dot_sink *sink, void *arg, bool *end);
/* Content of BDAT, where dots mean nothing: only looks for line ends that are none. */
void dot_chunk(struct dot *d, const void *in, size_t n);
/* Behind the last chunk: a CR at the very end stood alone too. */
void dot_chunk_end(struct dot *d);

/* Appends a message with CRLF line ends as the content of DATA, in pieces: opening dots doubled; then CRLF.CRLF (RFC 5321 4.5.2).
 * *inside: the last piece ended within a line; false before the first. VG_ERR_LIMIT, VG_ERR_MEMORY. */
int dot_stuff(struct buf *out, bool *inside, const void *in, size_t n);
int dot_stuff_end(struct buf *out, bool inside);

/* The first line of in: 1 and its length without CRLF, 0 while its end has not come, VG_ERR_SYNTAX when a CR or LF
 * stands alone before it. */
int dot_line(const void *in, size_t n, size_t *len);

#endif
