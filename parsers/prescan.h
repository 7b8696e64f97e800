/*
 * prescan.h - one linear pass over a message: finds header blocks and boundaries, judges the fields by hard limits (deep groups,
 * endless parameters, parts without end, NULs), and makes the tree of the parts (mime_tree.h). The one reader of a message's
 * structure; bodies are not copied. GMime must have been started (mime_warm).
 */
#ifndef VG_PRESCAN_H
#define VG_PRESCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "mime_tree.h"
#include "parse_input.h"

#define PRESCAN_BLOCK_MAX (256u * 1024u) /* one header block */
#define PRESCAN_FIELD_MAX (64u * 1024u)  /* one header field */
#define PRESCAN_FIELDS_MAX 1000          /* fields of one block */
#define PRESCAN_COLONS_MAX 200           /* in one address field */
#define PRESCAN_PARAMETERS_MAX 200       /* ';' in one Content-Type or Content-Disposition */
#define PRESCAN_BOUNDARY_MAX 256
#define PRESCAN_PARTS_MAX 10000
#define PRESCAN_DEPTH_MAX 100
#define PRESCAN_HEADS_MAX (16u * 1024u * 1024u) /* all header blocks together */

/* What was found and mended, as bits. */
enum {
	PRESCAN_PARTS = 1 << 0,        /* too many parts: the rest is left out */
	PRESCAN_DEPTH = 1 << 1,        /* nested too deeply: the innermost is read as text */
	PRESCAN_BLOCK = 1 << 2,        /* a header block too large or with too many fields: its rest is left out */
	PRESCAN_FIELD = 1 << 3,        /* a header field too long: cut */
	PRESCAN_COLONS = 1 << 4,       /* an address field with too many groups: left out */
	PRESCAN_PARAMETERS = 1 << 5,   /* a type field with too many parameters or a huge boundary: left out */
	PRESCAN_NUL = 1 << 6,          /* NULs in a header field: now '?' */
	PRESCAN_DUPLICATE = 1 << 7,    /* a second Content-* field of a kind: left out */
	PRESCAN_GARBAGE = 1 << 8,      /* lines before the first header field: left out */
	PRESCAN_UNTERMINATED = 1 << 9, /* no empty line behind the header: put in */
	PRESCAN_NO_HEADER = 1 << 10,   /* no header field at all: the input is no message */
	PRESCAN_CHARSET = 1 << 11,     /* a field in an unknown character set: read by its bytes, or left out */
	PRESCAN_BOUNDARY = 1 << 12     /* a multipart names no boundary or a wrong one: taken from its parts */
};
#define PRESCAN_PROBLEMS 13
/* Problem code ("mime.too-many-parts") and detail of bit number i, 0 <= i < PRESCAN_PROBLEMS. */
const char *prescan_problem(unsigned i, const char **detail);

/* A field of the message's own header, as offsets into prescan.heading. */
struct prescan_field {
	size_t name, value;
};

struct prescan {
	struct mime_node *root;       /* the message's own part; NULL: it has no header */
	unsigned problems;
	struct prescan_field *fields; /* in their order */
	size_t n_fields;
	struct buf heading;           /* their names and values, mended, as strings */
	struct arena *arena;          /* of the nodes */
};

/* parts, depth: limits, 0 for the built-in ones. VG_ERR_MEMORY, or the input's error. */
int prescan_run(struct parse_input *in, unsigned parts, unsigned depth, struct prescan **out);
/* Name and value, still folded and encoded, of a field of the message's own header; false behind the last. i counts on. */
bool prescan_next_field(const struct prescan *p, size_t *i, const char **name, const char **value);
/* A field's name is that, in any case. */
bool prescan_field_is(const char *name, const char *wanted);
/* Value of its first field of that name (in any case); NULL. */
const char *prescan_field(const struct prescan *p, const char *name);
void prescan_free(struct prescan **p);

#endif
