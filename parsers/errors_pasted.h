/*
 * errors_pasted.h - blocks that people paste from windows and consoles: message boxes, PowerShell, vssadmin, event viewer, SQL,
 * exceptions, Unix tools. Looks at a bounded number of lines ahead.
 */
#ifndef VG_ERRORS_PASTED_H
#define VG_ERRORS_PASTED_H

#include <stdbool.h>
#include <stddef.h>

#define PASTED_AHEAD 14 /* lines that one block may have */
#define PASTED_TEXT_MAX 2000

/* What a block says. */
struct pasted {
	char text[PASTED_TEXT_MAX + 1];
	size_t len;             /* 0: it is no error */
	const char *exception;  /* NULL: none */
	size_t exception_len;
	const char *component;  /* NULL: none; the command that failed */
	size_t component_len;
};

struct pasted_state {
	bool powershell; /* the text has a place of PowerShell's ("char:") somewhere */
	bool traceback;  /* one of Python is open, which its last line ends */
};

/* Whether a block begins with the line at s (end: of the whole text): the number of its lines, which no other reader needs to see;
 * 0: none. */
unsigned pasted_block(const char *s, const char *end, struct pasted_state *state, struct pasted *p);

#endif
