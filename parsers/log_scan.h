/*
 * log_scan.h - the streaming scanner of product logs: blocks of any split in, errors out. Knows the forms of
 * the product's services, agents and Linux components, ISO and syslog lines; UTF-8, UTF-16 with or
 * without BOM, Windows-1252; LF and CRLF; Windows' events exported or in their own file. Lines are cut at 8 KiB. Linear, constant memory.
 */
#ifndef VG_LOG_SCAN_H
#define VG_LOG_SCAN_H

#include <stdbool.h>
#include <stddef.h>

#include "errors.h"
#include "secrets_places.h"
#include "log_detect.h"

#define LOG_LINE_MAX 8192

/* What the header blocks of logs say about the product; "" where nothing was found. Start with {.product = ""}. */
struct log_facts {
	char product[64];    /* display name of the products table, "Veeam Backup & Replication" */
	char version[32];    /* with the build, "12.1.2.172" */
	char machine[64];    /* MachineName */
	char os[128];        /* "Microsoft Windows Server 2019 Standard (10.0.17763)" */
	char job[160];       /* "Backup Job 1" */
	bool jobs_differ;    /* several logs, of different jobs */
	char job_id[40];     /* its GUID */
	char mode[32];       /* "startbackupjob normal", as the command line names it, or the mode that the log states */
	char utc_offset[16]; /* as written, "2,00" */
};

struct log_scanner;

/* A scanner for one log. `where` is copied (its line is counted by the scanner); set and facts are borrowed until
 * free; facts may be NULL, what it has already stays. Of several sessions in one log the last one's header counts. NULL on no
 * memory. */
struct log_scanner *log_scanner_new(struct error_set *set, const struct error_where *where, struct log_facts *facts);
/* Notes the secrets of its lines there from now on; borrowed until free. */
void log_scanner_secrets(struct log_scanner *s, struct secrets_places *places);
void log_scanner_feed(struct log_scanner *s, const void *data, size_t n);
/* Ends the log: the last line needs no line end. */
void log_scanner_end(struct log_scanner *s);
/* After the end: whether all of it could be read. Text always can. */
enum log_state { LOG_READ, LOG_PARTLY, LOG_UNREAD } log_scanner_state(const struct log_scanner *s);
void log_scanner_free(struct log_scanner **s);

#endif
