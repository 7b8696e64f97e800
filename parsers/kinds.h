/*
 * kinds.h - what an attachment is: CONTRACT's `kind`, decided from name, types, disposition and first bytes. Pure.
 */
#ifndef VG_KINDS_H
#define VG_KINDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum kind {
	KIND_LOG,
	KIND_LOG_ARCHIVE, /* an archive with at least one readable log; only the inspector can tell */
	KIND_ARCHIVE,
	KIND_SCREENSHOT,
	KIND_REPORT,
	KIND_DOCUMENT,
	KIND_MESSAGE,
	KIND_CALENDAR,
	KIND_SIGNATURE,
	KIND_OTHER,
	KIND_COUNT
};
/* CONTRACT's word for it ("log-archive"). */
const char *kind_name(enum kind k);

struct kind_facts {
	const char *name;         /* bare file name, may be "" */
	const char *content_type; /* declared, "type/subtype" in any case, may be "" */
	bool is_inline;           /* Content-Disposition: inline, or referred to by Content-ID */
	const unsigned char *head;
	size_t head_len;          /* 16 KiB is plenty; all of a shorter file */
};
/* Never KIND_LOG_ARCHIVE. */
enum kind kind_decide(const struct kind_facts *f);
/* Names that mail programs and marketing give to the pictures of signatures. */
bool kind_name_of_signature(const char *name);
/* Width and height of a png, gif, bmp or jpeg from its first bytes; false where they cannot be told. */
bool kind_image_size(const unsigned char *head, size_t n, uint32_t *width, uint32_t *height);
/* Whether an HTML text is a job report of the product. */
bool kind_is_report(const char *html, size_t n);

#endif
