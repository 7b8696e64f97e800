/*
 * mime_name.h - the file name of a part, read from the fields themselves: parameters in every form that mail programs write
 * (RFC 2183, RFC 2231, encoded words in quotes, raw 8-bit, unquoted blanks, Windows paths).
 */
#ifndef VG_MIME_NAME_H
#define VG_MIME_NAME_H

#include <stdbool.h>

#include "buf.h"
#include "mime_tree.h"

/* The declared name as UTF-8 (a path, where the sender gave one), g_free it; NULL: none. */
char *mime_name(const struct mime_node *node);
/* What describes a part that has no name, where it looks like one: Content-Description, Content-Location. g_free; NULL. */
char *mime_name_guess(const struct mime_node *node);
/* Appends the value of parameter `name` (lower case) of a field's raw value. False where it has none. */
bool mime_parameter(struct buf *out, const char *field, size_t n, const char *name);

#endif
