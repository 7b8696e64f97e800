/*
 * log_fields.h - records that are fields and begin with no time: JSON a line, `time=… level=… msg="…"`, and Kubernetes'
 * `E0701 02:00:00.123 1 file.go:1] text`. Pure.
 */
#ifndef VG_LOG_FIELDS_H
#define VG_LOG_FIELDS_H

#include <stdbool.h>
#include <stddef.h>

#include "log_line.h"

/* Takes such a line: kind, at, text, component of out. False: it is none. */
bool log_fields_parse(struct log_line *out, const char *s, size_t len);

#endif
