/*
 * report.h - what a mail system reports about a mail that was sent: delivery (RFC 3464, 6522, 6533) and disposition
 * (RFC 8098), as the bytes of the report's parts say it; and the unstructured notes of old mailers. Nothing here is
 * believed: whether the mail was ours, and went to that recipient, is for the reader to find out. Pure; bounded.
 */
#ifndef VG_REPORT_H
#define VG_REPORT_H

#include <stddef.h>

#include "addr.h"
#include "message_check.h"

#define REPORT_RECIPIENTS_MAX MESSAGE_RECIPIENTS_MAX
#define REPORT_ID_MAX MESSAGE_LINE_MAX
#define REPORT_NAME_MAX 255u
#define REPORT_DIAGNOSTIC_MAX 512u

enum report_kind { REPORT_NONE, REPORT_DELIVERY, REPORT_DISPOSITION };

/* Every text is one clean line of UTF-8, "" where the report says nothing. */
struct report_recipient {
	char final[ADDR_MAX + 1];    /* normal form where it is an address, else as written */
	char original[ADDR_MAX + 1]; /* as the sender gave it */
	const char *action;          /* "failed", "delayed", "delivered", "relayed", "expanded", ""; static */
	char status[16];             /* "5.1.1" */
	char diagnostic[REPORT_DIAGNOSTIC_MAX + 1];
};

struct report {
	enum report_kind kind;
	char original_message_id[REPORT_ID_MAX + 1]; /* without <> */
	char reporting_mta[REPORT_NAME_MAX + 1];
	char disposition[REPORT_NAME_MAX + 1];       /* "displayed", "processed/error"; lower case */
	struct report_recipient recipients[REPORT_RECIPIENTS_MAX]; /* further ones are left out */
	size_t n;
};

/* Each adds what its bytes say to r, which begins as zeros; none fails. */

/* message/delivery-status, message/global-delivery-status: one block about the mail, one for each recipient. */
void report_delivery(struct report *r, const char *bytes, size_t len);
/* message/disposition-notification, message/global-disposition-notification. */
void report_disposition(struct report *r, const char *bytes, size_t len);
/* The returned message or its header (message/rfc822, text/rfc822-headers, message/global, message/global-headers). */
void report_original(struct report *r, const char *bytes, size_t len);
/* A Message-ID field's value; the first one counts. */
void report_message_id(struct report *r, const char *value, size_t len);

/* An X-Failed-Recipients field's value. Only for mail with the null return path: anybody can write one. */
void report_failed_recipients(struct report *r, const char *value, size_t len);
/* The text of an unstructured bounce (QSBMF, as qmail writes it, and a returned header in the text). Only for such mail too. */
void report_text(struct report *r, const char *text, size_t len);

/* "delivery", "disposition"; NULL for REPORT_NONE. */
const char *report_kind_name(enum report_kind kind);

#endif
