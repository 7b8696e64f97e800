/*
 * message_parts.h - what message.c does with one leaf of the MIME tree: text into the body, files into attachment
 * objects, or their bytes out.
 */
#ifndef VG_MESSAGE_PARTS_H
#define VG_MESSAGE_PARTS_H

#include <jansson.h>

#include "inspect.h"
#include "message.h"
#include "message_private.h"
#include "mime.h"
#include "mime_content.h"

#define MESSAGE_TYPE_MAX 128

/* A file of the MIME tree while it is read. */
struct message_file {
	char *name;                  /* as declared, any bytes; "" for none */
	char type[MESSAGE_TYPE_MAX]; /* declared; "" for none */
	struct source src;           /* seekable */
	struct mime_content *content;
};

/* VG_ERR_MEMORY. Close it in any case. */
int message_file_open(struct message_file *f, struct parse_input *in, const struct mime_leaf *leaf);
void message_file_close(struct message_file *f);

/* Adds a body leaf's text. VG_ERR_MEMORY. */
int message_body_part(struct message *m, struct parse_input *in, struct mime_leaf *leaf);
/* Appends one attachment object for every file of mime to list. decoded: bytes that may be decoded in all. */
int message_attachments(struct message *m, const struct mime *mime, struct parse_input *in, struct inspector *inspector,
    struct inspect_job *job, uint64_t decoded, json_t *list);
/* Adds the text that a winmail.dat, a mail in its S/MIME signature or an invitation holds to a mail that has no other. VG_ERR_MEMORY. */
int message_spare_body(struct message *m, const struct mime *mime, struct parse_input *in);
/* message_extract on a parsed message; passwords as in the archive budget, NULL: none. VG_ERR_DENIED: none of them fits. */
int message_extract_part(const struct mime *mime, struct parse_input *in, struct inspector *inspector, const char *part,
    const char *entry, struct archive_passwords *passwords, message_out *out, void *arg, struct message_part_info *info);

#endif
