/*
 * message_json.h - the message object as text, key by key in the order of the contract. A writer of its own: bodies
 * dominate the size, and they need no tree.
 */
#ifndef VG_MESSAGE_JSON_H
#define VG_MESSAGE_JSON_H

#include <jansson.h>

#include "message_private.h"

/* What the recognisers found, as JSON values; borrowed. */
struct message_findings {
	const json_t *fields, *commands, *attachments;
	const json_t *job_reports; /* NULL: none */
	const json_t *errors, *completeness;
};

/* Appends the object. VG_ERR_MEMORY, VG_ERR_LIMIT (out->max). */
int message_json(struct buf *out, const struct message *m, const struct message_findings *f);

#endif
