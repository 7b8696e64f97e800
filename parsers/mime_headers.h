/*
 * mime_headers.h - the header of a message as the pre-scan left it, decoded, made safe to show: who, to whom, when, about what.
 */
#ifndef VG_MIME_HEADERS_H
#define VG_MIME_HEADERS_H

#include "message_private.h"
#include "prescan.h"

/* Fills message_id … subject, automatic and sender of m. */
void mime_headers_read(struct message *m, const struct prescan *scan);

#endif
