/*
 * log_winxml.h - Windows events saved as XML, by the Event Viewer or wevtutil: a stream of bytes, for all of it may stand in one line.
 * The text is the rendered message, or the event's data where it was saved without.
 */
#ifndef VG_LOG_WINXML_H
#define VG_LOG_WINXML_H

#include "log_winevent.h"

#define WINXML_TAG 1024

struct log_winxml {
	struct log_winevent *event; /* borrowed: its parts are filled, its line is set */
	void (*on_text)(void *arg, const char *s, size_t n, uint64_t line); /* NULL: nobody; each text of an event */
	void *arg;
	uint64_t line;
	bool in_tag, in_event;
	bool in_user;               /* elements of the provider's own, which hold values like <Data> */
	char quote;                 /* the value of an attribute is open */
	enum event_part part;       /* of the text that is read */
	size_t tag_len, text_len;
	char tag[WINXML_TAG];       /* longer ones are cut */
	char text[ERROR_TEXT_MAX + 1];
	size_t data_len, said, said_len; /* said: the first of them that is a sentence */
	char data[1000];            /* the values of the event, `; ` between */
	char computer[64];          /* of the first event that names one */
};

/* Whether a file that begins so is one: n bytes of ASCII compatible text. */
bool log_winxml_begins(const char *s, size_t n);
void log_winxml_init(struct log_winxml *x, struct log_winevent *event);
void log_winxml_feed(struct log_winxml *x, const char *s, size_t n);
/* Nothing more comes of the event that is open, were it in the middle of a tag. */
void log_winxml_end(struct log_winxml *x);

#endif
