/*
 * log_detect.h - what the first bytes of a file tell: its encoding, and whether it is a log. Pure.
 */
#ifndef VG_LOG_DETECT_H
#define VG_LOG_DETECT_H

#include <stdbool.h>
#include <stddef.h>

#define LOG_START 8

enum log_encoding { LOG_UNKNOWN, LOG_BYTES, LOG_UTF16LE, LOG_UTF16BE, LOG_EVTX };

/* The encoding by byte order mark, else by where NULs stand (LOG_START bytes are enough); *skip: length of the mark. */
enum log_encoding log_encoding_of(const unsigned char *b, size_t n, size_t *skip);
/* Whether a file is a log, by its bare name and its first bytes (4 KiB are enough; fewer are right
 * only for a shorter file). */
bool log_looks_like(const char *name, const unsigned char *head, size_t n);
/* Windows' binary event log (.evtx): no text. */
bool log_is_evtx(const unsigned char *head, size_t n);

#endif
