/*
 * quotes.h - splits a mail's whole text into what the sender newly wrote, what is quoted, and the signature. Pure, linear.
 * A forwarded message is content. Every line that is not blank lands in exactly one of the three, in order.
 */
#ifndef VG_QUOTES_H
#define VG_QUOTES_H

#include <stdbool.h>
#include <stddef.h>

#include "buf.h"
#include "text_marks.h"

struct quotes_hints {
	bool forward; /* the subject says Fw: or Fwd:: a header block below begins content, not a quote */
	const struct text_marks *marks; /* of HTML, offsets in full; NULL: none */
};

/* full: UTF-8, LF. Appends to the three buffers, each without leading or trailing blank lines. hints may be NULL.
 * VG_ERR_MEMORY, VG_ERR_LIMIT (a buffer smaller than full). */
int quotes_split(const char *full, size_t len, const struct quotes_hints *hints, struct buf *text, struct buf *quoted,
    struct buf *signature);
/* Subject begins with Fw:, Fwd: or a localised form of it. */
bool quotes_is_forward(const char *subject);

#endif
