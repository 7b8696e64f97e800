/*
 * log_setup.h - errors that have no record: PowerShell's error records (consoles, transcripts), the log of Windows
 * Installer, the list of VSS writers.
 */
#ifndef VG_LOG_SETUP_H
#define VG_LOG_SETUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "errors.h"

struct log_setup {
	struct error_set *set;    /* borrowed */
	struct error_where where; /* strings borrowed; line is set here */
	uint64_t writer_line;     /* of the VSS writer that is being read */
	char writer[80];          /* its name; "": none */
	char state[60];           /* its state, where that is a failed one; "": not seen */
	bool msi;                 /* the log is Windows Installer's */
	bool closed;              /* PowerShell's message has ended, its position follows */
	uint64_t first;           /* line of the message's first line */
	size_t last;              /* where the last line of it begins */
	size_t len;
	char text[ERROR_TEXT_MAX + 1]; /* lines that may be a message, joined */
	char thrown[ERROR_WORD_MAX + 1]; /* what a transcript has said already */
};

void log_setup_init(struct log_setup *p, struct error_set *set, const struct error_where *where);
/* Takes a line that begins no log record. True where it is one of these forms and means nothing else. */
bool log_setup_take(struct log_setup *p, const char *s, size_t len, uint64_t number);
/* Bytes of `Get-VBRJob : ` in front of a message of PowerShell; 0: none. */
size_t log_setup_command(const char *s, size_t len);

#endif
