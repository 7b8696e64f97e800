/*
 * mime_report.h - finds the parts of a report in the tree of a message and has report.h read them.
 */
#ifndef VG_MIME_REPORT_H
#define VG_MIME_REPORT_H

#include <stdbool.h>

#include "buf.h"
#include "mime.h"
#include "report.h"

/* Whether mime_report could find one: most mails are none, and a report is large. bounce as there. */
bool mime_may_report(const struct mime *mime, bool bounce);
/* What the mail reports, into r that is all zeros, with kind REPORT_NONE where it is no report. bounce: the gate found the null return path of a mail
 * system (AUTOMATIC_BOUNCE), so notes without structure are read too; text: the mail's.
 * VG_ERR_MEMORY. */
int mime_report(struct report *r, const struct mime *mime, struct parse_input *in, bool bounce, struct buf *text);

#endif
