/*
 * log_line.h - one line of a product log taken apart. Pure: borrows from the line.
 */
#ifndef VG_LOG_LINE_H
#define VG_LOG_LINE_H

#include <stdbool.h>
#include <stddef.h>

enum log_line_kind {
	LOG_LINE_PLAIN,   /* no record begins here: a continuation, or no log at all */
	LOG_LINE_OTHER,   /* a record of no interest (information, debug) */
	LOG_LINE_WARNING, /* a record that warns */
	LOG_LINE_ERROR,   /* a record of an error */
	LOG_LINE_MORE     /* an agent's `>>` record: belongs to the error before it */
};

struct log_line {
	enum log_line_kind kind;
	const char *line;        /* all of it */
	size_t line_len;
	char at[40];             /* as in the log: 2021-07-07T16:43:06.123, offset only if stated; "" unknown */
	const char *text;        /* what the record says, level and component left out */
	size_t len;
	const char *component;   /* NULL: none */
	size_t component_len;
	bool stamped;            /* the line begins with a time */
	bool named;              /* an untimed line whose first word is a level: `ERROR: …` */
};

/* Takes the line apart. at, text and component are set for WARNING, ERROR and MORE only. */
void log_line_parse(struct log_line *out, const char *line, size_t len);
/* Sets the text of out, without blanks around it. */
void log_line_text(struct log_line *out, const char *s, size_t len);
/* Reads the time a line begins with; returns the bytes it takes (brackets included), 0 for none. `at` may be NULL. */
size_t log_line_time(char at[40], const char *line, size_t len);
/* Stack frames and their decoration, which are no part of a text. */
bool log_line_is_frame(const char *text, size_t len);
/* Splits `text (Name.Space.SomeException)` or `Name.Space.SomeException: text`; shortens *text, *len to the message and
 * points *exception at the type. `Name.Space.SomeException (code): text` keeps its text whole. False where no type stands. */
bool log_line_exception(const char **text, size_t *len, const char **exception, size_t *exception_len);
/* A type that stands within the text, `No snapshot. Name.Space.SomeException: text` or `… (0x80131904): text`; the text is whole with
 * it. False where there is none. */
bool log_line_thrown(const char *text, size_t len, const char **exception, size_t *exception_len);

#endif
