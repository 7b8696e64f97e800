/*
 * html.h - HTML to text by a tokenizer of our own: one pass, linear in the input whatever it holds, memory bounded by
 * the output. No tree is built, so nesting costs nothing.
 */
#ifndef VG_HTML_H
#define VG_HTML_H

#include <stdbool.h>
#include <stddef.h>

#include "buf.h"
#include "text_marks.h"

/* Appends the text of html (UTF-8) as UTF-8 lines with LF: blocks on lines of their own, table cells separated by
 * " | ", list items marked, blockquotes as "> ", link targets as `text <url>` where they differ; what is not
 * displayed is left out. Stops (VG_OK) where out->max is reached. VG_ERR_MEMORY. */
int html_to_text(struct buf *out, const char *html, size_t len);
/* The same, and what the structure says about parts of the text: offsets in out (text_marks.h). */
int html_to_marked_text(struct buf *out, struct text_marks *marks, const char *html, size_t len);
/* The character set that a <meta> in the first bytes names, for documents whose header names none. False: none. */
bool html_meta_charset(char *out, size_t cap, const char *html, size_t len);

#endif
