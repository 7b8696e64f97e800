/*
 * inspect.h - everything about one attachment: hash, detected type, kind, members, errors of its logs. Makes the
 * CONTRACT attachment object. One inspector serves one message after another in a worker.
 */
#ifndef VG_INSPECT_H
#define VG_INSPECT_H

#include <jansson.h>
#include <stdbool.h>

#include "archive_walk.h"
#include "errors.h"
#include "job_report.h"
#include "log_scan.h"
#include "secrets_places.h"
#include "source.h"

struct inspector;

/* Loads the file type database (warm it before a seccomp filter). NULL on no memory or no database. */
struct inspector *inspector_new(void);
void inspector_free(struct inspector **in);

/* The per-message state, caller-owned; start with INSPECT_JOB_INIT(set). */
struct inspect_job {
	struct error_set *errors;     /* borrowed: log errors go here */
	struct log_facts facts;       /* product and version as the logs say */
	struct archive_budget budget; /* shared by all attachments of the message */
	bool logs;                    /* a readable log was seen */
	struct job_reports reports;   /* to be freed by the caller */
	bool sealed;                  /* an archive that no password opened was seen */
	bool returned;                /* attached messages are our own, come back: their text is nothing new */
	struct secrets_places secrets; /* in its logs */
};
#define INSPECT_JOB_INIT(set) \
	{(set), {.product = ""}, ARCHIVE_BUDGET_INIT, false, JOB_REPORTS_INIT((set), NULL), false, false, {.n = 0}}

struct inspect_attachment {
	const char *id;           /* "a1" */
	const char *name;         /* bare file name, UTF-8; "" makes one up from the type */
	const char *content_type; /* declared; "" becomes application/octet-stream */
	const char *disposition;  /* "attachment" or "inline" */
	bool related;             /* referred to by Content-ID */
	bool opened;              /* a message whose parts are attachments of their own */
	unsigned problems;        /* ARCHIVE_* bits known before (a cut-off part is ARCHIVE_TRUNCATED) */
	bool volume;              /* one of several volumes that are all there: another attachment has the members */
	struct source *joined;    /* all of its volumes, which this one stands for; NULL: it has none */
	const char *joined_name;  /* of the archive they make */
};

/* Reads src (seekable, rewound here) and gives the attachment object as a new reference; NULL on no memory. */
json_t *inspect(struct inspector *in, struct inspect_job *job, const struct inspect_attachment *a, struct source *src);
/* MIME type of the first bytes by content, static until the next call. */
const char *inspect_type(struct inspector *in, const void *head, size_t n);
/* name as a bare file name: valid UTF-8, last path component, no controls, at most 200 bytes; made up from type where
 * nothing is left ("attachment.png"). Writes to out. */
void inspect_name(char *out, size_t cap, const char *name, const char *type);

#endif
