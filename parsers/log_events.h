/*
 * log_events.h - joins the lines of one error (first line, continuation lines, the agent's `>>` lines; not
 * its stack) and adds it to the set. Of a chain of exceptions the innermost is the error. Used by the log scanner and for
 * log lines pasted into a mail.
 */
#ifndef VG_LOG_EVENTS_H
#define VG_LOG_EVENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "errors.h"
#include "log_line.h"
#include "log_trace.h"

struct log_events {
	struct error_set *set;    /* borrowed */
	struct error_where where; /* strings borrowed; line is set here */
	bool open;                /* an error is being joined */
	bool complete;            /* its text takes no more lines; its stack may still come */
	bool weak;                /* an information whose status is failed */
	bool traceback;           /* a Python stack is being read: the line below it names the error */
	unsigned lines;           /* continuation lines joined */
	enum error_severity severity;
	size_t head_len;          /* of the line's time and thread; 0: it has none */
	char head[48];
	size_t lead_len;          /* of what stood in front of an error whose message follows; 0: none */
	char lead[64];
	size_t len;
	char text[ERROR_TEXT_MAX + 1];
	char exception[ERROR_WORD_MAX + 1];
	char component[ERROR_WORD_MAX + 1];
	char code[ERROR_WORD_MAX + 1]; /* of a trace line; "": the text's own */
	char at[40];
	struct log_trace trace;   /* errors that no record holds */
};

void log_events_init(struct log_events *ev, struct error_set *set, const struct error_where *where);
/* Takes the next line, parsed, and its number. True where it belongs to a log record. */
bool log_events_take(struct log_events *ev, const struct log_line *l, uint64_t number);
/* Adds what is open. */
void log_events_flush(struct log_events *ev);

#endif
