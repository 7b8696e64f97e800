/*
 * log_stamp.h - private to log_line.c and log_time.c: the time that a line begins with.
 */
#ifndef VG_LOG_STAMP_H
#define VG_LOG_STAMP_H

#include <stdbool.h>
#include <stddef.h>

struct log_stamp {
	unsigned year, month, day, hour, minute, second;
	bool known;        /* false: the line has a time, but it does not say which */
	char fraction[10]; /* ".123456" or "" */
	char offset[8];    /* "Z", "+02:00" or "" */
};

/* Reads it; returns the bytes it takes (brackets included), 0 for none. */
size_t log_stamp_read(struct log_stamp *t, const char *line, size_t len);
/* 2021-07-07T16:43:06.123+02:00; "" for one that is not known. */
void log_stamp_write(char at[40], const struct log_stamp *t);

#endif
