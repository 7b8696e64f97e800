/*
 * log_clock.h - lines whose time states no day, between log_line.c and its forms. Pure: borrows from the line.
 */
#ifndef VG_LOG_CLOCK_H
#define VG_LOG_CLOCK_H

#include "log_line.h"

/* Bytes of a kernel's uptime at the beginning, `[75451.576541] `; 0: none. */
size_t log_clock_uptime(const char *line, size_t len);
/* Bytes of a clock time at the beginning, up to the level behind it: `[22:00:12 ERR]`, `2:25:06 PM  4484  WARN`; 0: none. */
size_t log_clock_time(const char *line, size_t len);

#endif
