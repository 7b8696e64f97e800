/*
 * quotes_lines.h - what single lines of a mail's text look like; the half of quotes.c without positions. Pure.
 */
#ifndef VG_QUOTES_LINES_H
#define VG_QUOTES_LINES_H

#include <stdbool.h>
#include <stddef.h>

struct line {
	const char *s;  /* as written */
	const char *f;  /* folded: lower case, plain dashes, quotes, colons and single blanks, no asterisks */
	size_t len;     /* of s, without LF and trailing blanks */
	size_t flen;
	unsigned depth; /* of leading '>' marks */
	unsigned flags; /* FLAG(enum text_mark_kind) */
	unsigned char part;
	bool gap;       /* blank lines stand before it */
	bool dash_sig;  /* the RFC 3676 separator "-- " with its blank */
	bool forwarded; /* of a forwarded message: content, whatever it looks like */
	bool code;
};

/* The last byte of the folded line; NUL where folding left nothing. */
static inline char line_last(const struct line *l)
{
	return l->flen > 0 ? l->f[l->flen - 1] : '\0';
}

/* Writes the folded form of s to out, which has room for n bytes; its length. */
size_t line_fold(char *out, const char *s, size_t n);
/* Depth of leading '>' marks, 0 where the line is not quoted by them. */
unsigned line_quote_depth(const char *s, size_t n);
/* The folded line without dashes and blanks around it; *a, *b: how many dashes stood there. */
const char *line_undashed(const struct line *l, size_t *n, size_t *a, size_t *b);
/* "-----Original Message-----"; "Reply above this line". */
bool line_original(const struct line *l);
/* "---------- Forwarded message ---------", "Begin forwarded message:" */
bool line_forwarded(const struct line *l);
/* At least ten underscores or dashes and nothing else. */
bool line_rule(const struct line *l);
/* "Sent from my iPhone", "Get Outlook for iOS", "Von meinem iPhone gesendet" */
bool line_sent_from(const struct line *l);
/* Looks like a log line, code, a command or a stack frame. */
bool line_technical(const struct line *l);
/* A date or a time of day within the folded text. */
bool text_has_date(const char *s, size_t len);
bool text_has_time(const char *s, size_t len);

#endif
