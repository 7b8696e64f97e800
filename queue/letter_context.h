/*
 * letter_context.h - what agents read of a ticket beside the message: what was found, where, what is there, where it stands.
 */
#ifndef VG_LETTER_CONTEXT_H
#define VG_LETTER_CONTEXT_H

#include <jansson.h>

#include "conf.h"
#include "ticket.h"

/* Sets errors, present, related, link and clock (ipc_messages.h, LETTER_AGENT) in letter, from the message object (CONTRACT) and the
 * ticket. VG_ERR_MEMORY. */
int letter_context(json_t *letter, const json_t *object, const struct ticket_view *v, const struct conf *conf);

#endif
