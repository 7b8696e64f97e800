/*
 * head.h - finds the end of a message's header block, on any split of the input: the first empty line
 * (CRLF CRLF, or a CRLF that begins the message). Pure.
 */
#ifndef VG_HEAD_H
#define VG_HEAD_H

#include <stdbool.h>
#include <stddef.h>

struct head_scan {
	unsigned matched; /* of CR LF CR LF, at the end of what was fed */
	bool found;
};

/* A message begins as if a line had just ended. */
#define HEAD_SCAN_START ((struct head_scan){ .matched = 2, .found = false })

/* Feeds n bytes; returns how many of them belong to the header block with its empty line (n while it goes on). */
size_t head_scan(struct head_scan *h, const void *data, size_t n);

#endif
