/*
 * bounce.h - what a mail that came back on a signed return path says of the outgoing mail (POLICY V0). Pure. The return path proves
 * that it is meant; what the report says was written by others: it may mark that one copy, nothing else.
 */
#ifndef VG_BOUNCE_H
#define VG_BOUNCE_H

#include <jansson.h>
#include <stdbool.h>

enum bounce_kind {
	BOUNCE_MAIL,    /* no report: an out-of-office note, or somebody's mail */
	BOUNCE_NOTED,   /* delivered, relayed, displayed, or a report that does not say what happened */
	BOUNCE_DELAYED, /* it is still tried (RFC 3464 2.3.3): not failed */
	BOUNCE_FAILED
};

#define BOUNCE_TEXT_MAX 700u

struct bounce {
	enum bounce_kind kind;
	bool hard;                  /* FAILED: the address itself will never take mail */
	unsigned code;              /* of the SMTP reply that the report quotes, 0: none */
	char text[BOUNCE_TEXT_MAX]; /* one line: "failed: 5.1.1 550 no such user" */
};

/* object: a checked message object (`automatic`, `report`). recipient: normal form, of the outgoing mail. */
void bounce_read(struct bounce *out, const json_t *object, const char *recipient);

#endif
