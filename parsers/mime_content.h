/*
 * mime_content.h - decoded content of a MIME part, and the raw bytes of an attached message, as a seekable struct source.
 */
#ifndef VG_MIME_CONTENT_H
#define VG_MIME_CONTENT_H

#include <gmime/gmime.h>

#include "buf.h"
#include "parse_input.h"
#include "prescan.h"
#include "source.h"

/* Decoded content is held in memory up to this size, so that archives can be read back and forth. */
#define MIME_CONTENT_MEMORY (64u * 1024u * 1024u)

/* Text is decoded up to here: what does not fit the body is not looked at. */
#define MIME_TEXT_MAX (8u * 1024u * 1024u)

struct mime_content;

/* Opens a part's decoded content; out->… then gives it. VG_ERR_MEMORY. The part must outlive it. */
int mime_content_part(struct mime_content **c, GMimePart *part, struct source *out);
/* Opens a range of the input. */
int mime_content_range(struct mime_content **c, struct parse_input *in, const struct prescan_message *range,
    struct source *out);
/* Opens a file that stands uuencoded in a part's text, in the lines from .. to of it. */
int mime_content_uu(struct mime_content **c, GMimePart *part, size_t from, size_t to, struct source *out);
void mime_content_close(struct mime_content **c);
/* Appends decoded bytes until the end or b->max; *more: there are further ones. VG_ERR_MEMORY. */
int mime_content_read(GMimePart *part, struct buf *b, bool *more);

#endif
