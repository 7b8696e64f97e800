/*
 * log_trace.h - errors in lines that no log record holds: uncaught exceptions and their stacks (.NET, Java, Python), aborts
 * of native programs; PowerShell's error records and Windows Installer's log by log_setup.h.
 */
#ifndef VG_LOG_TRACE_H
#define VG_LOG_TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "errors.h"
#include "log_setup.h"

struct log_trace {
	struct error_set *set;    /* borrowed */
	struct error_where where; /* strings borrowed; line is set here */
	bool busy;                /* an exception is being read */
	bool confirmed;           /* its stack was seen */
	bool python;              /* its message comes below its stack */
	size_t len;
	char text[ERROR_TEXT_MAX + 1];
	char exception[ERROR_WORD_MAX + 1];
	struct log_setup setup;
};

/* An inner exception; borrows from the line. len 0: it says nothing but its type. */
struct log_inner {
	const char *text;
	size_t len;
	const char *exception;
	size_t exception_len;
};

void log_trace_init(struct log_trace *t, struct error_set *set, const struct error_where *where);
/* Takes a line that begins no record and continues none. */
void log_trace_take(struct log_trace *t, const char *s, size_t len, uint64_t number);
/* Adds what was confirmed, forgets the rest. */
void log_trace_flush(struct log_trace *t);
/* The innermost exception of `outer ---> Type: text`, `---> Type: text`, `Caused by: Type: text`; false: none stands here, or
 * it says less than what is around it. */
bool log_trace_inner(struct log_inner *out, const char *s, size_t len);
/* Has it an arrow of the first two forms, or is it of the third? Without either there is no inner exception. */
bool log_trace_arrow(const char *s, size_t len);
bool log_trace_caused(const char *s, size_t len);
/* What ends a Python stack: `ValueError: text` or `KeyboardInterrupt` at the margin. */
bool log_trace_python(struct log_inner *out, const char *s, size_t len);

#endif
