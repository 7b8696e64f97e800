/*
 * html_links.h - link targets as a reader should see them. Pure.
 */
#ifndef VG_HTML_LINKS_H
#define VG_HTML_LINKS_H

#include <stdbool.h>
#include <stddef.h>

/* Replaces the address that a mail filter put in front of a target (Safe Links, URL Defense) by the target itself, in place:
 * it never gets longer. What cannot be taken apart stays. */
void html_link_unwrap(char *href);
/* Does the text of a link already say where it goes? */
bool html_link_same(const char *text, size_t n, const char *href);

#endif
