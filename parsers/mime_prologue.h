/*
 * mime_prologue.h - the text of a multipart whose boundary is lost: what looks like boundaries, part headers and
 * encoded content is left out. Pure, linear.
 */
#ifndef VG_MIME_PROLOGUE_H
#define VG_MIME_PROLOGUE_H

#include "buf.h"

/* Appends the readable lines of text, or all of it where it shows no parts. VG_ERR_MEMORY, VG_ERR_LIMIT. */
int mime_prologue_text(struct buf *out, const char *text, size_t len);

#endif
