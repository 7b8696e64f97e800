/*
 * html_roles.h - what mail programs say by ids, classes and names of their elements: quote, attribution, signature. Pure.
 */
#ifndef VG_HTML_ROLES_H
#define VG_HTML_ROLES_H

#include <stdbool.h>
#include <stddef.h>

#include "text_marks.h"

#define HTML_ROLE_NONE MARK_KINDS

struct html_style {
	bool hidden;     /* nothing of the element is displayed */
	bool border_top; /* a line above it */
	bool indent;     /* a border was taken away and none put to its left: only moved to the right */
	bool pre;        /* white space counts as in <pre> */
	bool tight;      /* no space above and below */
};

/* The role that one id, class (any of its words), name or data attribute gives an element; HTML_ROLE_NONE. */
enum text_mark_kind html_role(const char *value, size_t len);
/* What a style attribute says; flat is it without white space. */
struct html_style html_style_read(const char *flat, size_t len);

#endif
