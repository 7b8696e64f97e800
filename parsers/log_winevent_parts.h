/*
 * log_winevent_parts.h - between log_winevent.c (records) and log_wintable.c (tables).
 */
#ifndef VG_LOG_WINEVENT_PARTS_H
#define VG_LOG_WINEVENT_PARTS_H

#include "log_winevent.h"

/* The part that a label or heading names. */
enum event_part winevent_part(const char *s, size_t len);
/* Puts a value, or a further line of the text, to its part. */
void winevent_put(struct event_parts *p, enum event_part part, const char *s, size_t len);
/* Adds the event where it is an error or a warning, and forgets its parts. */
void winevent_add(struct log_winevent *ev);
/* Takes a heading; false where it is none. */
bool wintable_heading(struct log_winevent *ev, const char *s, size_t len);
/* Takes a line of the table. */
void wintable_row(struct log_winevent *ev, const char *s, size_t len, uint64_t number);

#endif
