/*
 * job_report.h - the product's notification mails as they reach us: attached, forwarded in HTML, or as what a mail client
 * made of them in plain text. Works on lines of text, so that one reader serves all of these. Linear, bounded.
 */
#ifndef VG_JOB_REPORT_H
#define VG_JOB_REPORT_H

#include <jansson.h>
#include <stddef.h>

#include "errors.h"
#include "log_scan.h"
#include "message_check.h"

#define JOB_REPORTS_MAX MESSAGE_JOB_REPORTS_MAX
#define JOB_OBJECTS_MAX MESSAGE_JOB_OBJECTS_MAX /* over all reports of a message */
#define JOB_MESSAGES_MAX MESSAGE_JOB_MESSAGES_MAX
#define JOB_VALUE_MAX 300       /* bytes of a name or value */
#define JOB_TEXT_MAX ((size_t)512 * 1024) /* bytes of all names and messages together, about */

/* What the reports of one message say. Start with JOB_REPORTS_INIT(set, facts); end with job_reports_free. */
struct job_reports {
	json_t *list;             /* CONTRACT's `job_reports`; NULL: none found */
	size_t objects;
	size_t bytes;             /* of text that list holds */
	struct error_set *errors; /* borrowed: what failed goes here */
	struct log_facts *facts;  /* borrowed, may be NULL: the product and version that a report ends with */
};
#define JOB_REPORTS_INIT(set, facts) {NULL, 0, 0, (set), (facts)}
void job_reports_free(struct job_reports *r);

/* Finds job reports in text (UTF-8, LF). Their lines are blanked in text, so that no other reader counts their errors again;
 * line numbers stay. where: the place of text; its kind becomes ORIGIN_REPORT. VG_ERR_MEMORY. */
int job_reports_scan(struct job_reports *r, char *text, size_t len, const struct error_where *where);
/* The job of the only report, or of the first one that failed; NULL. Borrowed. */
const char *job_reports_job(const struct job_reports *r);

#endif
