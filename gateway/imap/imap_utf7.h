/*
 * imap_utf7.h - names of folders on the wire (RFC 3501 5.1.3: modified UTF-7). Pure.
 */
#ifndef VG_IMAP_UTF7_H
#define VG_IMAP_UTF7_H

#include <stddef.h>

#define IMAP_UTF7_MAX 1024u

/* UTF-8 (checked by the configuration) to modified UTF-7. VG_ERR_LIMIT. */
int imap_utf7(char *out, size_t size, const char *utf8);

#endif
