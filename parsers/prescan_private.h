/*
 * prescan_private.h - shared by the walk over lines (prescan.c) and the judgement of header fields (prescan_head.c).
 */
#ifndef VG_PRESCAN_PRIVATE_H
#define VG_PRESCAN_PRIVATE_H

#include "buf.h"
#include "prescan.h"

enum edit_kind { EDIT_CUT, EDIT_NULS, EDIT_TEXT };

struct edit {
	uint64_t from, to;
	enum edit_kind kind;
	const char *text; /* EDIT_TEXT: what stands instead; outlives the message */
};

struct edits {
	struct edit *list;
	size_t n, cap;
};

/* What a block's Content-Type makes of the part. */
enum part_kind { PART_LEAF, PART_MULTIPART, PART_MESSAGE };

/* One header block while it is read. */
struct head {
	uint64_t start;                       /* of the block */
	struct prescan *own;                  /* of the message itself: who keeps its fields; NULL: a part's */
	size_t lines, fields;
	size_t kept;                          /* bytes of the fields that GMime will see */
	bool valid_seen;
	uint64_t bad_from;                    /* first line behind the last valid field that is none; UINT64_MAX: none */

	uint64_t first;                       /* where the first valid field begins */
	bool in_field, field_cut;             /* collecting a field; it passed PRESCAN_FIELD_MAX */
	uint64_t field_from;
	struct buf field;                     /* its bytes, at most PRESCAN_FIELD_MAX */

	const char *mend;                     /* what shall stand for part of the field, static; NULL: nothing */
	uint64_t mend_from, mend_to;
	bool has_type, has_encoding, has_disposition;
	uint64_t type_from, type_to;          /* the Content-Type field */
	uint64_t parameters;                  /* where its parameters may begin, behind type/subtype */
	enum part_kind kind;                  /* by Content-Type; PART_LEAF without */
	bool digest, encoded, named;          /* named: a boundary is given, if an empty one */
	char boundary[PRESCAN_BOUNDARY_MAX + 1];
};

void head_start(struct head *h, uint64_t at);
/* One line of the block (with its line end where it has one), not the empty one; first of them at most max bytes
 * are given. top: the message's own header. */
int head_line(struct head *h, struct edits *edits, unsigned *problems, uint64_t at, const char *line, size_t given,
    uint64_t total, bool top);
/* The field that is collected ends at `at`. */
int head_field_end(struct head *h, struct edits *edits, unsigned *problems, uint64_t at);
/* The block ends at `at`. */
int head_end(struct head *h, struct edits *edits, unsigned *problems, uint64_t at);
/* [from, to) is shown as text. VG_ERR_MEMORY. */
int edits_text(struct edits *e, uint64_t from, uint64_t to, const char *text);
/* VG_ERR_MEMORY. Adjacent cuts become one. */
int edits_add(struct edits *e, enum edit_kind kind, uint64_t from, uint64_t to);

#endif
