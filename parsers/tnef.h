/*
 * tnef.h - winmail.dat: the Transport Neutral Encapsulation Format (MS-OXTNEF). A decoder of our own; reads what it can of a
 * damaged file.
 */
#ifndef VG_TNEF_H
#define VG_TNEF_H

#include "mapi.h"

bool tnef_is(const unsigned char *p, size_t n);
/* Reads a file into *message, whose properties point into p. *whole: false where it ends too early or is damaged; what came
 * before is there. VG_ERR_SYNTAX: no TNEF; VG_ERR_MEMORY. */
int tnef_read(struct arena *a, const unsigned char *p, size_t n, struct mapi_object *message, bool *whole);

#endif
