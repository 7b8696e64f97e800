/*
 * sniff.h - the media type of a file from its first bytes, for the kinds that make up nearly all attachments. Pure and fast;
 * libmagic, a thousand times slower, decides about the rest (inspect.c).
 */
#ifndef VG_SNIFF_H
#define VG_SNIFF_H

#include <stddef.h>

/* As libmagic would call it; NULL where it takes more than a look. n: all bytes of a shorter file, else at least 512. */
const char *sniff_type(const void *head, size_t n);

#endif
