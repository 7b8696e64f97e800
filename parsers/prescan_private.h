/*
 * prescan_private.h - shared by the walk over lines (prescan.c) and the judgement of header fields (prescan_head.c).
 */
#ifndef VG_PRESCAN_PRIVATE_H
#define VG_PRESCAN_PRIVATE_H

#include "buf.h"
#include "prescan.h"

/* Bytes [from, to) of a field for which text stands; NULL: nothing. */
struct edit {
	size_t from, to;
	const char *text; /* static */
};

/* Of one field, in their order. */
struct edits {
	struct edit *list;
	size_t n, cap;
};

/* What a block's Content-Type makes of the part. */
enum part_kind { PART_LEAF, PART_MULTIPART, PART_MESSAGE };

/* One header block while it is read. */
struct head {
	struct arena *arena;                  /* where types and values are kept */
	struct buf field;                     /* the bytes of the field that is collected, at most PRESCAN_FIELD_MAX */
	struct buf mended;                    /* its value as the edits leave it, where there are any */
	struct edits edits;

	/* From here on all zeros where a block begins. */
	uint64_t start;                       /* of the block */
	struct prescan *own;                  /* of the message itself: who keeps its fields; NULL: a part's */
	size_t lines, fields;
	size_t kept;                          /* bytes of its fields */
	bool valid_seen;
	uint64_t bad_from;                    /* first line behind the last valid field that is none; UINT64_MAX: none */

	bool in_field, field_cut;             /* collecting a field; it passed PRESCAN_FIELD_MAX */
	bool has_type, has_encoding, has_disposition;
	size_t name, colon;                   /* length of its name; where its colon stands, on its first line */
	size_t mend_to;                       /* end in the field of what means text/plain; 0: none */
	enum part_kind kind;                  /* by Content-Type; PART_LEAF without */
	enum mime_encoding encoding;
	bool digest, named;                   /* named: a boundary is given, if an empty one */
	struct mime_type type;                /* type.type NULL: none */
	const char *values[NODE_FIELDS];      /* in the arena */
	char boundary[PRESCAN_BOUNDARY_MAX + 1];
};

/* A block begins at `at`. */
void head_start(struct head *h, uint64_t at);
/* One line of the block (with its line end where it has one), not the empty one; first of them at most max bytes
 * are given. top: the message's own header. */
int head_line(struct head *h, unsigned *problems, uint64_t at, const char *line, size_t given, uint64_t total, bool top);
/* The field that is collected ends. */
int head_field_end(struct head *h, unsigned *problems);
/* The part is text/plain, whatever its field says. */
void head_drop_type(struct head *h);
void head_free(struct head *h);

#endif
