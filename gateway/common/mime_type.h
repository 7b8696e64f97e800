/*
 * mime_type.h - types of files in mails of our own. Pure.
 */
#ifndef VG_MIME_TYPE_H
#define VG_MIME_TYPE_H

#include <stdbool.h>

#define MIME_TYPE_MAX 127u

/* Is it type/subtype of letters, digits and +-._, and one that may be coded: no multipart and no message (RFC 2046 5.1, 5.2.1)? */
bool mime_type_fits(const char *type);

#endif
