/*
 * mime.h - GMime's tree of a message, flattened: which parts are its text, which are attachments. Text alternatives
 * are neither. Depth and number of parts are bounded by the pre-scan.
 */
#ifndef VG_MIME_H
#define VG_MIME_H

#include <gmime/gmime.h>

#include "mime_elsewhere.h"
#include "buf.h"
#include "parse_input.h"
#include "prescan.h"

enum mime_kind { MIME_PLAIN, MIME_HTML, MIME_PROLOGUE, MIME_FILE, MIME_MESSAGE, MIME_UU };

/* What the walk noticed, as bits. */
enum {
	MIME_NO_BOUNDARY = 1 << 0,       /* a multipart without boundary parameter */
	MIME_BOUNDARY_UNSEEN = 1 << 1,   /* its boundary never comes */
	MIME_UNENDED = 1 << 2,           /* its closing boundary is missing */
	MIME_ENCRYPTED = 1 << 3,
	MIME_ATTACHMENTS = 1 << 4,       /* more than MESSAGE_ATTACHMENTS_MAX: the rest is left out */
	MIME_UNPARSEABLE = 1 << 5,       /* GMime refused the message */
	MIME_PARTIAL = 1 << 6,           /* a fragment of a message (RFC 2046 5.2.2) */
	MIME_EXTERNAL = 1 << 7           /* content that lies elsewhere (RFC 2046 5.2.3) */
};
#define MIME_PROBLEMS 8
const char *mime_problem(unsigned i, const char **detail);

/* Borrowed from the tree, but for name and text. */
struct mime_leaf {
	enum mime_kind kind;
	GMimePart *part;       /* but for MIME_PROLOGUE and MIME_MESSAGE; MIME_UU: the text that it stands in */
	char *name;            /* owned, UTF-8, a path where the sender gave one; NULL: none */
	size_t uu_from, uu_to; /* MIME_UU: the lines of the file, in the decoded text */
	struct buf text;       /* of a body, decoded, where it is short and was looked at; else empty */
	const char *prologue;  /* MIME_PROLOGUE: text of a multipart without parts */
	GMimeMessage *message; /* MIME_MESSAGE */
	size_t range;          /* MIME_MESSAGE: index into prescan.messages; SIZE_MAX where that failed */
	bool related;          /* beside the root of a multipart/related, or with a Content-ID */
	bool is_inline;
	bool inner;            /* inside an attached message */
	bool cut;              /* its multipart has no closing boundary, and it is the last part */
};

struct mime {
	struct prescan *scan;
	GMimeMessage *message; /* NULL: no header, or refused */
	struct mime_leaf *bodies;
	size_t n_bodies;
	struct mime_leaf *files;
	size_t n_files;
	unsigned problems;
	char external[MIME_PLACE_MAX]; /* MIME_EXTERNAL: where the first such content lies */
	char partial[MIME_PLACE_MAX];  /* MIME_PARTIAL: which fragment this is */
};

/* Options of all parsing: made by mime_warm. */
extern GMimeParserOptions *mime_options;

/* Starts GMime and parses a small message once. */
void mime_warm(void);
/* Pre-scans and parses. limits: 0 for the built-in ones. VG_ERR_MEMORY, or the input's error. in must outlive it. */
int mime_parse(struct parse_input *in, unsigned parts, unsigned depth, struct mime **out);
void mime_free(struct mime **m);

#endif
