/*
 * charset_detect.h - which character set bytes without a trustworthy label are in, by their own form: escapes, zeros,
 * pairs, and how often letters of a script occur. Pure, linear, reads at most CHARSET_SAMPLE bytes.
 */
#ifndef VG_CHARSET_DETECT_H
#define VG_CHARSET_DETECT_H

#include <stddef.h>

#define CHARSET_SAMPLE (64u * 1024u)

/* A MIME name that charset.c can convert, static; "utf-8" for plain ASCII, "windows-1252" where nothing better shows. */
const char *charset_detect(const void *p, size_t n);

#endif
