/*
 * log_binxml_value.h - the typed values of binary XML as text: numbers, times, GUIDs, SIDs, strings, and lists of them. Pure.
 */
#ifndef VG_LOG_BINXML_VALUE_H
#define VG_LOG_BINXML_VALUE_H

#include <stddef.h>

#define BINXML_STRING 0x01u
#define BINXML_FRAGMENT 0x21u /* binary XML of its own: not written here */

/* Writes the n bytes at p as the type says, lists as Windows shows them, each item in a <Data>; nothing for types that have no text. What has a meaning in XML is
 * written as an entity. */
void binxml_value(unsigned type, const unsigned char *p, size_t n, void (*out)(void *arg, const char *s, size_t n), void *arg);

#endif
