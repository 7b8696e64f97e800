/*
 * ocr_choice.h - is a picture worth reading? Logos, pictures of signatures and what comes with every mail of a sender are
 * not. A pure decision: rules from the first to the last, the first that holds wins.
 */
#ifndef VG_OCR_CHOICE_H
#define VG_OCR_CHOICE_H

#include <stdbool.h>
#include <stdint.h>

enum ocr_choice {
	OCR_READ,
	OCR_SKIP_REPEATED, /* the sender's other mails have it too */
	OCR_SKIP_SMALL,    /* no window fits in it */
	OCR_SKIP_BANNER,   /* by its form, inline: a strip under a signature */
	OCR_SKIP_LOGO      /* by its name or place, and not large */
};

#define OCR_REPEATS 3u /* other mails of the sender with the same picture */

struct ocr_facts {
	const char *name;       /* bare file name, may be "" */
	bool is_inline;         /* disposition, or referred to by Content-ID */
	bool in_signature;      /* the mail's signature names it */
	unsigned repeats;       /* other mails of the same sender with the same content */
	uint32_t width, height; /* 0: not known yet */
};

/* With width and height unknown: OCR_READ unless it is skipped whatever they are. */
enum ocr_choice ocr_choose(const struct ocr_facts *f);
/* "repeated" …; "read". */
const char *ocr_choice_name(enum ocr_choice c);

#endif
