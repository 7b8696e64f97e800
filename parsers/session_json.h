/*
 * session_json.h - sessions of the product as its REST API or PowerShell give them, saved as JSON: a result or status with a message, title or
 * description, alone, in a list or under `data`, `records`, `taskSessions`. Keys in any case. What failed and what was warned of goes
 * to the set.
 */
#ifndef VG_SESSION_JSON_H
#define VG_SESSION_JSON_H

#include <stdbool.h>
#include <stddef.h>

#include "errors.h"

#define SESSION_JSON_HEAD 4096 /* bytes that session_json_begins looks at */

/* Whether a file that begins so holds sessions; UTF-8 or UTF-16. */
bool session_json_begins(const void *head, size_t n);
/* Reads a whole file, UTF-8. where is borrowed for the call. False: it is no JSON, as when it was cut. */
bool session_json_read(struct error_set *set, const struct error_where *where, const char *s, size_t n);

#endif
