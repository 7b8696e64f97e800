/*
 * letter_attachments.h - which attachments of a message go along with a letter, which are only named in it, and which not even that
 * (T5). Pure.
 */
#ifndef VG_LETTER_ATTACHMENTS_H
#define VG_LETTER_ATTACHMENTS_H

#include <jansson.h>
#include <stdint.h>

#include "buf.h"
#include "ipc_messages.h"

/* The letter's `attachments` as DELIVER_JOB has them, a new reference. list: those of the message object. role: the reader's. max: bytes of
 * files in one letter. NULL on no memory. */
json_t *letter_attachments(const json_t *list, enum letter_kind kind, enum participant_role role, uint64_t max);
/* The ids of those that go along, "a1 a3", appended; nothing where none does. letter: as it was queued. VG_ERR_LIMIT, VG_ERR_MEMORY. */
int letter_attachments_ids(const char *letter, struct buf *ids);

#endif
