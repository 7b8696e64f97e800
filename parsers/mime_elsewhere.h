/*
 * mime_elsewhere.h - what a part says of content that is in no part: where it lies, or which of the fragments this one is.
 */
#ifndef VG_MIME_ELSEWHERE_H
#define VG_MIME_ELSEWHERE_H

#include "mime_tree.h"

#define MIME_PLACE_MAX 500

/* The address of a message/external-body (RFC 2046 5.2.3, RFC 2017), one printable ASCII line: a URL, or one made of the
 * parameters of the older access types. Empty where it names none. */
void mime_external_place(const struct mime_node *node, char out[MIME_PLACE_MAX]);
/* The file's name in such an address; g_free it; NULL: none. */
char *mime_external_name(const char *place);
/* "2 of 3" of a message/partial (RFC 2046 5.2.2), as far as it says. */
void mime_partial_number(const struct mime_node *node, char out[MIME_PLACE_MAX]);

#endif
