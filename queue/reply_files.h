/*
 * reply_files.h - the attachments that an L2 reply through the API brings: {"name", "content": base64} or {"blake2b": of an attachment
 * that the ticket has}, each with an optional "type". Checked here, written as parts of a mail. Reader's thread of the queue process.
 */
#ifndef VG_REPLY_FILES_H
#define VG_REPLY_FILES_H

#include "call.h"
#include "reply_mail.h"
#include "store.h"

#define REPLY_FILES_MAX 100u

struct reply_file {
	char name[256], type[128];
	const char *content;        /* base64, borrowed; NULL: an attachment of the ticket */
	struct call_wanted blob;    /* fd -1: not taken out yet; owned */
	bool wanted;
};

struct reply_files {
	struct reply_file *list; /* owned */
	size_t n;
};

/* list: `attachments` of the request, borrowed for as long as files lives; NULL: none. False: a problem was set that names the member. */
bool reply_files_read(struct reply_files *files, const json_t *list, struct store *s, uint64_t ticket, struct call_result *res);
/* The next one that a parser has to take out; NULL: none is left. */
struct reply_file *reply_files_missing(struct reply_files *files);
/* Appends all of them as parts, each behind "--boundary". max: decoded bytes of all. False: a problem was set, or *err is not VG_OK. */
bool reply_files_write(struct reply_files *files, struct reply_mail *m, const char *boundary, uint64_t max, int *err, struct call_result *res);
void reply_files_free(struct reply_files *files);

#endif
