/*
 * log_header.h - what the first lines of a log say about the program that wrote it.
 */
#ifndef VG_LOG_HEADER_H
#define VG_LOG_HEADER_H

#include <stddef.h>

#include "log_scan.h"

#define LOG_HEADER_LINES 200 /* a header block stands within the first lines */

/* Takes what the line says into facts; what is set already stays. */
void log_header_take(struct log_facts *facts, const char *line, size_t len);

#endif
