/*
 * message_fallback.h - the message object for a mail whose parsing failed: made of what the gate's strict header
 * reader knew, so that the ticket exists with the raw mail and a problem record.
 */
#ifndef VG_MESSAGE_FALLBACK_H
#define VG_MESSAGE_FALLBACK_H

#include <jansson.h>
#include <stdint.h>

/* Any string may be NULL or "". Bytes that are not valid UTF-8, and controls, are replaced. */
struct message_facts {
	const char *message_id;   /* without <> */
	const char *from_name;
	const char *from_address; /* normal form */
	const char *subject;
	int64_t date_ms;          /* Unix milliseconds, the receipt where nothing better is known; <0: null */
	const char *automatic;    /* one of the contract's values, "" or NULL: null */
	const char *problem;      /* code, "parser.failed" where NULL */
	const char *detail;       /* one line */
};

/* A valid message object (message_check accepts its dump); NULL on no memory. */
json_t *message_fallback(const struct message_facts *facts);

#endif
