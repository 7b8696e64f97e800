/*
 * mime_date.h - the date of a mail as RFC 5322 3.3 has it: `Tue, 24 Nov 2026 08:52:00 +0100 (CET)`. Obsolete and broken forms are
 * GMime's. Pure.
 */
#ifndef VG_MIME_DATE_H
#define VG_MIME_DATE_H

#include <stdbool.h>
#include <stdint.h>

/* Unix seconds of a field's value; false where it is of another form, or no such day or time. Years 1970 to 2999. */
bool mime_date(const char *value, int64_t *seconds);

#endif
