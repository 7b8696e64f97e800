/*
 * mime_tree.c - nodes of the parts of a message. Runs in the parser worker and in `vcspgate parse`.
 */
#include <string.h>

#include "ascii.h"
#include "mime_tree.h"

enum mime_field mime_field_of(const char *name, size_t n)
{
#define FIELD(name) {name, sizeof name - 1}
	static const struct {
		const char *name;
		size_t len;
	} fields[NODE_FIELDS] = {FIELD("content-type"), FIELD("content-disposition"), FIELD("content-id"), FIELD("content-description"),
	    FIELD("content-location"), FIELD("subject"), FIELD("message-id")};
#undef FIELD
	enum mime_field f = NODE_TYPE;

	while (f < NODE_FIELDS && (n != fields[f].len || !ascii_starts(name, n, fields[f].name)))
		f++;
	return f;
}

struct mime_node *mime_node_add(struct arena *a, struct mime_node *parent, enum mime_node_kind kind)
{
	struct mime_node *n = arena_alloc(a, sizeof *n);

	if (n == NULL)
		return NULL;
	n->kind = kind;
	n->type.type = kind == NODE_MESSAGE ? "message" : "text";
	n->type.subtype = kind == NODE_MESSAGE ? "rfc822" : "plain";
	if (parent == NULL)
		return n;
	if (parent->last != NULL)
		parent->last->next = n;
	else
		parent->child = n;
	parent->last = n;
	return n;
}

bool mime_node_disposed(const struct mime_node *n, const char *word)
{
	const char *s = n->fields[NODE_DISPOSITION];
	size_t len;

	if (s == NULL)
		return false;
	s += strspn(s, " \t\r\n");
	len = strcspn(s, ";");
	ascii_trim(&s, &len);
	return ascii_is(s, len, word);
}

const char *mime_node_parameter(const struct mime_node *n, const char *name)
{
	return mime_type_parameter(&n->type, name);
}

bool mime_node_is(const struct mime_node *n, const char *type, const char *subtype)
{
	return mime_type_is(&n->type, type, subtype);
}
