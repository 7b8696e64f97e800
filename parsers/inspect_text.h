/*
 * inspect_text.h - job reports and errors in the text of attachments: HTML files, attached mails.
 */
#ifndef VG_INSPECT_TEXT_H
#define VG_INSPECT_TEXT_H

#include "inspect.h"
#include "unpack.h"

#define INSPECT_TEXT_MAX ((size_t)2 << 20) /* bytes of such a file that are read */

/* Where an attachment's text goes to. False where it could not be read. */

/* A job report: HTML in any charset that it names, or sessions as JSON. */
bool inspect_report_text(struct inspect_job *job, const struct error_where *where, const struct buf *raw);
/* A mail's own text. */
bool inspect_mail(struct inspect_job *job, const struct error_where *where, struct source *src, enum unpack_form form);

#endif
