/*
 * pictures.h - which pictures of a message wait for their text, and what becomes of the message when it is there. In the
 * writer's transaction.
 */
#ifndef VG_PICTURES_H
#define VG_PICTURES_H

#include "writer.h"

#define PICTURES_TRIES 3u        /* then a picture is given up: it killed its reader each time */
#define PICTURES_MAX 50u         /* of one message */

/* Notes the pictures of a message just applied to a ticket that are worth reading; *n: how many. */
int pictures_note(struct store *s, const struct store_message *m, const json_t *object, unsigned *n);
/* The result of one (JSON of the role ocr), NULL: given up. Where it was the last of its message, and anything came of them, the
 * message object gets a new version and its ticket the event `ticket.updated`; *events: how many. */
int pictures_done(struct writer_env *env, int64_t message, const char *part, const char *result, int64_t now, unsigned *events);

#endif
