/*
 * text_marks.h - what the structure of an HTML mail said about stretches of the text made from it: kept beside the text, as
 * the text alone does not tell it any more.
 */
#ifndef VG_TEXT_MARKS_H
#define VG_TEXT_MARKS_H

#include <stddef.h>

#define TEXT_MARKS_MAX 4096 /* further ones are dropped */

enum text_mark_kind {
	MARK_QUOTE,       /* the message that is answered */
	MARK_CONTAINER,   /* around quotes; what stands between them may be an answer */
	MARK_ATTRIBUTION, /* "On …, Ann wrote:" */
	MARK_SIGNATURE,
	MARK_CODE,        /* <pre> and the like */
	MARK_HEADER,      /* a point: here the header of the answered message should begin */
	MARK_HEADER_SURE, /* the same, known for certain */
	MARK_AUTOSIG,     /* a point: here the signature begins */
	MARK_FORWARD,     /* a point: here a forwarded message begins */
	MARK_KINDS
};

/* Lines that begin at an offset from <= offset < to; a point means the first line that begins at or behind from. Marks of one
 * kind do not overlap. */
struct text_mark {
	size_t from, to;
	enum text_mark_kind kind;
};

/* Zeroed: empty. */
struct text_marks {
	struct text_mark *list;
	size_t n, cap;
};

/* VG_OK (also where the bound is reached), VG_ERR_MEMORY. */
int text_marks_add(struct text_marks *m, enum text_mark_kind kind, size_t from, size_t to);
/* Moves all marks from `first` on by `by` bytes. */
void text_marks_move(struct text_marks *m, size_t first, size_t by);
void text_marks_free(struct text_marks *m);

#endif
