/*
 * quotes_private.h - what the files of the splitter share: the lines of a text and what is known of each. Blank lines are no
 * lines here; the one behind them says so.
 */
#ifndef VG_QUOTES_PRIVATE_H
#define VG_QUOTES_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>

#include "quotes_lines.h"
#include "text_marks.h"

#define FLAG(kind) (1u << (kind))

enum part { NEW, QUOTED, SIGNATURE };

struct split {
	struct line *lines;
	size_t n;
	char *folded; /* what the lines' f point into */
	bool forward; /* the subject says so */
};

/* At most how many lines an attribution has. */
#define ATTRIBUTION_LINES 5

enum attribution {
	ATTRIBUTION_NONE,
	ATTRIBUTION_WEAK,  /* counts above a marked quote */
	ATTRIBUTION_DATED, /* with date and time: also where nothing follows */
	ATTRIBUTION_LONE   /* strong enough to stand above unmarked text */
};

/* quotes_attribution.c: what the lines from `at` on are; *count their number. */
enum attribution quotes_attribution(const struct split *sp, size_t at, size_t *count);
/* quotes_header.c: lines of a pasted header block at `at` ("From: … Sent: …"), 0 where there is none. sure: it is known that
 * one should be here (a rule, a separator, the markup), so less of it is enough. */
size_t quotes_header_block(const struct split *sp, size_t at, bool sure);
/* quotes_notes.c: the same in the forms of Lotus Notes. */
size_t quotes_notes_block(const struct split *sp, size_t at);
/* ">>> Ann Lee <ann@partner.example> 11/23/2026 5:02 PM >>>" above the message that is answered. */
bool quotes_groupwise(const struct line *l);
/* quotes_quoted.c: marks what is quoted; lines of a forwarded message get their flag. */
void quotes_mark_quoted(struct split *sp);
/* quotes_signature.c: marks signatures within what is new. */
void quotes_mark_signatures(struct split *sp);

#endif
