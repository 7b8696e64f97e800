/*
 * mime.h - the tree of a message, flattened: which parts are its text, which are attachments. Text alternatives are neither.
 * Depth and number of parts are bounded by the pre-scan.
 */
#ifndef VG_MIME_H
#define VG_MIME_H

#include <gmime/gmime.h>

#include "mime_content.h"
#include "mime_elsewhere.h"
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
	MIME_PARTIAL = 1 << 5,           /* a fragment of a message (RFC 2046 5.2.2) */
	MIME_EXTERNAL = 1 << 6           /* content that lies elsewhere (RFC 2046 5.2.3) */
};
#define MIME_PROBLEMS 7
const char *mime_problem(unsigned i, const char **detail);

struct mime_leaf {
	enum mime_kind kind;
	const struct mime_node *node; /* borrowed from the tree; MIME_UU: the text that it stands in */
	char *name;             /* owned, UTF-8, a path where the sender gave one; NULL: none */
	size_t uu_from, uu_to;  /* MIME_UU: the lines of the file, in the decoded text */
	struct mime_text text;  /* of a body that was looked at and is read again soon; else closed */
	bool related;           /* beside the root of a multipart/related, or with a Content-ID */
	bool is_inline;
	bool inner;             /* inside an attached message */
	bool cut;               /* its multipart has no closing boundary, and it is the last part */
};

struct mime {
	struct prescan *scan;
	const struct mime_node *root; /* of the tree; NULL: the input has no header */
	struct mime_leaf *bodies;
	size_t n_bodies;
	struct mime_leaf *files;
	size_t n_files;
	unsigned problems;
	char external[MIME_PLACE_MAX]; /* MIME_EXTERNAL: where the first such content lies */
	char partial[MIME_PLACE_MAX];  /* MIME_PARTIAL: which fragment this is */
};

/* Options of all that GMime reads: made by mime_warm. */
extern GMimeParserOptions *mime_options;

/* Starts GMime and parses a small message once. */
void mime_warm(void);
/* Pre-scans and parses. limits: 0 for the built-in ones. VG_ERR_MEMORY, or the input's error. in must outlive it. */
int mime_parse(struct parse_input *in, unsigned parts, unsigned depth, struct mime **out);
void mime_free(struct mime **m);

#endif
