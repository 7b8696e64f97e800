/*
 * html_entities.h - named character references of HTML: the Latin-1, symbol and special sets, and Central European letters.
 */
#ifndef VG_HTML_ENTITIES_H
#define VG_HTML_ENTITIES_H

#include <stddef.h>
#include <stdint.h>

#define HTML_ENTITY_MAX 15 /* longest name */

/* Code point of a name without & and ;, case counts; 0 where it is not known. */
uint32_t html_entity(const char *name, size_t len);

#endif
