/*
 * ocr_choice.c - ocr worker and queue; names and sizes are hostile. Which pictures are read. Pure.
 */
#include "ocr_choice.h"

#include <string.h>

#include "kinds.h"

#define LOGO_AREA 150000u /* 500 x 300 */
#define TINY_AREA 30000u  /* 250 x 120: the smallest message box is larger */

enum ocr_choice ocr_choose(const struct ocr_facts *f)
{
	uint64_t area = (uint64_t)f->width * f->height;

	if (f->is_inline && f->repeats >= OCR_REPEATS)
		return OCR_SKIP_REPEATED;
	if (area == 0)
		return OCR_READ;
	if (f->width < 100 || f->height < 20 || (f->is_inline && area < TINY_AREA))
		return OCR_SKIP_SMALL;
	if (f->is_inline && f->width > 5 * (uint64_t)f->height && f->height < 150)
		return OCR_SKIP_BANNER;
	if (area < LOGO_AREA && (kind_name_of_signature(f->name) || (f->is_inline && f->in_signature)))
		return OCR_SKIP_LOGO;
	return OCR_READ;
}

const char *ocr_choice_name(enum ocr_choice c)
{
	static const char *const names[] = {"read", "repeated", "small", "banner", "logo"};

	return (unsigned)c < sizeof names / sizeof names[0] ? names[c] : "read";
}
