/*
 * mime_tree.h - the parts of a message as nodes, which the pre-scan (prescan.h) fills while it follows header blocks and
 * boundaries. A node holds where its body lies in the input and the fields that readers ask for; nothing of a body is copied.
 * Nodes live in the scan's arena; their depth and number are bounded by the scan.
 */
#ifndef VG_MIME_TREE_H
#define VG_MIME_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arena.h"
#include "mime_type.h"

enum mime_node_kind {
	NODE_PART,      /* what has content of its own, an encoded message too */
	NODE_MULTIPART,
	NODE_MESSAGE    /* an attached message: its one child is that message; none where not a line of it came */
};

enum mime_encoding { ENCODING_NONE, ENCODING_BASE64, ENCODING_QUOTED, ENCODING_UU };

/* Whose values nodes keep. Of a message: those of the message, where each of them stands in its own header. */
enum mime_field { NODE_TYPE, NODE_DISPOSITION, NODE_ID, NODE_DESCRIPTION, NODE_LOCATION, NODE_SUBJECT, NODE_MESSAGE_ID,
	NODE_FIELDS };

struct mime_node {
	enum mime_node_kind kind;
	enum mime_encoding encoding;
	bool ended;                      /* NODE_MULTIPART: its closing boundary came */
	struct mime_type type;           /* text/plain where none is named, message/rfc822 in a digest */
	const char *fields[NODE_FIELDS]; /* values as they stand, still folded and encoded; NULL: none */
	/* [from, to) of the input: the content, encoded; the attached message; of a multipart what stands before its first part. The
	 * line end before a boundary belongs to the boundary. */
	uint64_t from, to;
	struct mime_node *child, *last, *next; /* first and last child, next child of its parent */
};

/* Which field that keeps a node, by its name in any case; NODE_FIELDS: none. */
enum mime_field mime_field_of(const char *name, size_t n);
/* Makes a node the last child of parent (NULL: of none), with the type it has where no field names one. NULL on no memory. */
struct mime_node *mime_node_add(struct arena *a, struct mime_node *parent, enum mime_node_kind kind);
/* "attachment", "inline" or what else its Content-Disposition says first: is it that word (lower case)? */
bool mime_node_disposed(const struct mime_node *n, const char *word);
/* The value of a parameter of its Content-Type; NULL. */
const char *mime_node_parameter(const struct mime_node *n, const char *name);
/* Its Content-Type is that, in any case; subtype "*": any. */
bool mime_node_is(const struct mime_node *n, const char *type, const char *subtype);

#endif
