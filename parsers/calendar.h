/*
 * calendar.h - the few lines of an invitation (RFC 5545) that people read. Pure, linear.
 */
#ifndef VG_CALENDAR_H
#define VG_CALENDAR_H

#include <stddef.h>

#include "buf.h"

/* Appends "Summary: …", "Start: …", "End: …", "Location: …" and the description of the first event in s (UTF-8); nothing where there is
 * none. VG_ERR_MEMORY, VG_ERR_LIMIT. */
int calendar_text(struct buf *out, const char *s, size_t n);

#endif
