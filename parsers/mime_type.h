/*
 * mime_type.h - a Content-Type (RFC 2045 5.1): type, subtype and parameters. What is written plainly is read here, in one pass
 * and without an allocation of its own; encoded, continued or broken forms are GMime's (RFC 2231, RFC 2047 and what senders do).
 */
#ifndef VG_MIME_TYPE_H
#define VG_MIME_TYPE_H

#include <stdbool.h>
#include <stddef.h>

#include "arena.h"

struct mime_type_parameter {
	const char *name, *value; /* value: UTF-8 where it was encoded, else as it stands */
};

struct mime_type {
	const char *type, *subtype; /* never NULL; in the sender's case */
	const struct mime_type_parameter *parameters;
	size_t n;
};

/* Reads the n bytes of a field's value, folded as they may be, into a; at most MIME_TYPE_PARAMETERS parameters. What is no type
 * at all is application/octet-stream. VG_ERR_MEMORY. */
#define MIME_TYPE_PARAMETERS 200
int mime_type_read(struct mime_type *out, struct arena *a, const char *value, size_t n);
/* In any case; subtype "*": any. */
bool mime_type_is(const struct mime_type *t, const char *type, const char *subtype);
/* The value of its first parameter of that name, in any case; NULL. */
const char *mime_type_parameter(const struct mime_type *t, const char *name);

#endif
