/*
 * message_check.h - the parent's check of what a parser worker returned: nothing of it is believed before it
 * fits the shape of the message object (conf/schema/message.schema.json), type by type, bound by bound.
 */
#ifndef VG_MESSAGE_CHECK_H
#define VG_MESSAGE_CHECK_H

#include <jansson.h>
#include <stddef.h>

/* Bounds that message_parse keeps and message_check enforces. */
#define MESSAGE_JSON_MAX (16u * 1024u * 1024u - 64u * 1024u)
#define MESSAGE_ADDRESSES_MAX 1000 /* per field */
#define MESSAGE_IDS_MAX 100        /* in_reply_to, references */
#define MESSAGE_LINE_MAX 998       /* subject, names, ids, one-line fields; bytes */
#define MESSAGE_TEXT_MAX (1024u * 1024u) /* body.full, body.text, body.quoted, body.signature; bytes */
#define MESSAGE_FIELD_MAX 4096     /* fields.*, errors[].text; bytes */
#define MESSAGE_OCR_TEXT_MAX (64u * 1024u) /* attachments[].text; bytes */
#define MESSAGE_COMMANDS_MAX 100
#define MESSAGE_ATTACHMENTS_MAX 1000
#define MESSAGE_ENTRIES_MAX 10000  /* archive members, over all attachments */
#define MESSAGE_PATH_MAX 4096      /* one member's path; bytes */
#define MESSAGE_ERRORS_MAX 500
#define MESSAGE_PROBLEMS_MAX 100
#define MESSAGE_RECIPIENTS_MAX 100 /* report.recipients */
#define MESSAGE_JOB_REPORTS_MAX 20
#define MESSAGE_JOB_OBJECTS_MAX 500  /* of one report */
#define MESSAGE_JOB_MESSAGES_MAX 20  /* of a job, and of one object */

/* Reads and checks a message object. NULL with *why (static text) when anything is odd; else a new
 * reference that holds exactly the contract's keys. */
json_t *message_check(const void *json, size_t len, const char **why);

#endif
