/*
 * archive_name.h - the character set of a member's name where the archive states none: zips keep bytes of the sender's OEM
 * code page. Pure.
 */
#ifndef VG_ARCHIVE_NAME_H
#define VG_ARCHIVE_NAME_H

#include <stddef.h>

/* The MIME name of the set that bytes outside ASCII are most likely in, judged by where they stand; bytes that are UTF-8 as a
 * whole should not be asked about. Never NULL. */
const char *archive_name_charset(const char *raw, size_t len);

#endif
