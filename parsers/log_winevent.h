/*
 * log_winevent.h - Windows events exported as text: wevtutil's records, what the Event Viewer copies or saves (text, CSV, tabs),
 * Get-WinEvent and Get-EventLog as list or CSV; headings English and German. Errors and warnings go to the set, with the
 * source as component and the event's number as code where its text states none.
 */
#ifndef VG_LOG_WINEVENT_H
#define VG_LOG_WINEVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "errors.h"

/* The parts of an event that are kept. */
enum event_part { EVENT_START, EVENT_LEVEL, EVENT_SOURCE, EVENT_ID, EVENT_DATE, EVENT_TEXT, EVENT_MACHINE, EVENT_OTHER, EVENT_NONE };

struct event_text {
	size_t len;
	char s[ERROR_TEXT_MAX + 1];
};

struct event_parts {
	char level[32];
	char source[ERROR_WORD_MAX + 1];
	char id[24];
	char date[64];
	struct event_text text;
	bool text_done; /* the first paragraph has ended */
};

#define EVENT_COLUMNS 64

struct log_winevent {
	struct error_set *set;    /* borrowed */
	struct error_where where; /* strings borrowed; line is set here */
	bool open;                /* a record is being read */
	bool in_text;             /* its lines are the description */
	bool xml;                 /* what follows is the event once more */
	/* a table: */
	char separator;           /* 0: none was found */
	bool quoted;              /* a quoted field goes on in the next line */
	unsigned char column[EVENT_COLUMNS]; /* enum event_part */
	size_t columns, at;
	struct event_parts parts;
};

void log_winevent_init(struct log_winevent *ev, struct error_set *set, const struct error_where *where);
/* Takes a line. False: it belongs to no event. */
bool log_winevent_take(struct log_winevent *ev, const char *s, size_t len, uint64_t number);
/* Adds the record that is open. */
void log_winevent_flush(struct log_winevent *ev);
/* Whether a line is the heading of a table of events, or begins a record of one. */
bool log_winevent_begins(const char *s, size_t len);

#endif
