/*
 * mime_headers.h - the header of a message as GMime decodes it, made safe to show: who, to whom, when, about what.
 */
#ifndef VG_MIME_HEADERS_H
#define VG_MIME_HEADERS_H

#include <gmime/gmime.h>

#include "message_private.h"

/* Fills message_id … subject, automatic and sender of m. */
void mime_headers_read(struct message *m, GMimeMessage *message);

#endif
