/*
 * unpack.h - messages in files: winmail.dat (TNEF), Outlook's .msg, mails that are attached as plain files or wrapped in their
 * S/MIME signature. Their text and
 * attachments are walked as the members of an archive are; archives and messages inside them are opened in turn.
 */
#ifndef VG_UNPACK_H
#define VG_UNPACK_H

#include "archive_walk.h"
#include "buf.h"
#include "source.h"

enum unpack_form { UNPACK_NONE, UNPACK_TNEF, UNPACK_MSG, UNPACK_MAIL, UNPACK_SIGNED };

#define UNPACK_MAX (64u << 20) /* a file is held in memory, up to this size */
#define UNPACK_NESTING 5       /* messages inside each other that are opened */

/* What the file is, by its first bytes, its name and its declared type (both may be ""). */
enum unpack_form unpack_form(const char *name, const char *type, const unsigned char *head, size_t n);
/* Walks the file as archive_walk does, prefix ("" or `outer.zip!/`) in front of each path; the message's own text is the member
 * "message.txt". */
unsigned unpack_walk(struct source *src, enum unpack_form form, const char *prefix, struct archive_budget *budget,
    const struct archive_visitor *visitor);
/* As archive_extract. */
int unpack_extract(struct source *src, enum unpack_form form, const char *path, struct archive_budget *budget,
    int (*sink)(void *arg, const void *p, size_t n), void *arg);
/* Appends the text of the message without its header. VG_ERR_MEMORY, VG_ERR_SYNTAX, VG_ERR_LIMIT. */
int unpack_text(struct buf *out, struct source *src, enum unpack_form form);

#endif
