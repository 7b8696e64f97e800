/*
 * mime_content.h - decoded content of a part, and the raw bytes of an attached message, as a seekable struct source or as text.
 */
#ifndef VG_MIME_CONTENT_H
#define VG_MIME_CONTENT_H

#include "buf.h"
#include "mime_tree.h"
#include "parse_input.h"
#include "source.h"

/* Decoded content is held in memory up to this size, so that archives can be read back and forth. */
#define MIME_CONTENT_MEMORY (64u * 1024u * 1024u)

/* Text is decoded up to here: what does not fit the body is not looked at. */
#define MIME_TEXT_MAX (8u * 1024u * 1024u)

struct mime_content;

/* Opens the content of a part, decoded, or an attached message as it stands; out->… then gives it. VG_ERR_MEMORY. in and node must
 * outlive it. Close it in any case. */
int mime_content_open(struct mime_content **c, struct parse_input *in, const struct mime_node *node, struct source *out);
/* Opens a file that stands uuencoded in a part's text, in the lines from .. to of it. */
int mime_content_uu(struct mime_content **c, struct parse_input *in, const struct mime_node *part, size_t from, size_t to,
    struct source *out);
void mime_content_close(struct mime_content **c);

/* The beginning of a part's decoded content. All zeros: closed. */
struct mime_text {
	const char *s;  /* in the message itself, where that lies in memory and nothing is to be decoded; else in own */
	size_t len;
	bool more;      /* there are further bytes */
	struct buf own;
};

/* At most max bytes; of a multipart what stands before its first part. VG_ERR_MEMORY, and then it is closed. */
int mime_text_open(struct mime_text *t, struct parse_input *in, const struct mime_node *node, size_t max);
void mime_text_close(struct mime_text *t);

#endif
