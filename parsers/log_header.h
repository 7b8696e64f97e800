/*
 * log_header.h - what the first lines of a log say about the program that wrote it.
 */
#ifndef VG_LOG_HEADER_H
#define VG_LOG_HEADER_H

#include <jansson.h>
#include <stddef.h>

#include "log_scan.h"

#define LOG_HEADER_LINES 200 /* a header block stands within the first lines */

/* Takes what the line says into facts; what is set already stays. */
void log_header_take(struct log_facts *facts, const char *line, size_t len);
/* Fills what to has not with what from has; a version only where both are of one product. */
void log_facts_fill(struct log_facts *to, const struct log_facts *from);
/* The CONTRACT `log` object: what is known; NULL where nothing is, or no memory. New reference. */
json_t *log_facts_json(const struct log_facts *facts);

#endif
