/*
 * quotes_lines.h - what single lines of a mail's text look like; the half of quotes.c without positions. Pure.
 */
#ifndef VG_QUOTES_LINES_H
#define VG_QUOTES_LINES_H

#include <stdbool.h>
#include <stddef.h>

struct line {
	const char *s;
	size_t len;     /* without LF and trailing blanks */
	bool dash_sig;  /* the RFC 3676 separator "-- " with its blank */
};

/* Depth of leading '>' marks, 0 where the line is not quoted by them. */
unsigned line_quote_depth(const struct line *l);
bool line_blank(const struct line *l);
/* "-----Original Message-----" */
bool line_original(const struct line *l);
/* "---------- Forwarded message ---------", "Begin forwarded message:" */
bool line_forwarded(const struct line *l);
/* At least ten underscores and nothing else. */
bool line_rule(const struct line *l);
/* "From: …", also as "*From:* …"; and the fields that follow it in a pasted header block. */
bool line_from(const struct line *l);
bool line_header(const struct line *l);
/* A whole attribution ("On …, Ann wrote:"); lone: strong enough to stand without marked lines below. */
bool line_attribution(const char *s, size_t len, bool *lone);
/* "Sent from my iPhone", "Get Outlook for iOS" */
bool line_sent_from(const struct line *l);
/* Looks like a log line, code or a stack frame. */
bool line_technical(const struct line *l);

#endif
