/*
 * template.h - letters' texts with places for values, as Mustache has them: {{name}}, {{#list}}…{{/list}} for each item of a
 * list or once for a value that is there, {{^name}}…{{/name}} where it is not, {{.}} the item itself, {{! comment}}. Tags that
 * stand alone on a line take the line with them. Pure.
 */
#ifndef VG_TEMPLATE_H
#define VG_TEMPLATE_H

#include <jansson.h>

#include "buf.h"

#define TEMPLATE_DEPTH 4u /* sections in each other */

/* Appends the text with the values of vars (strings, integers, booleans, lists, objects). An absent value is empty. What is put in
 * never holds a tag. VG_ERR_SYNTAX with *line (1-based) and *why (static); VG_ERR_MEMORY, VG_ERR_LIMIT. */
int template_render(struct buf *out, const char *text, size_t len, json_t *vars, unsigned *line, const char **why);
/* Whether it can be rendered, and names no value but those in known (NULL at the end). As above. */
int template_check(const char *text, size_t len, const char *const *known, unsigned *line, const char **why);

#endif
