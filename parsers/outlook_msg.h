/*
 * outlook_msg.h - Outlook's .msg: a compound file (MS-CFB) whose streams are MAPI properties (MS-OXMSG), opened by libgsf.
 */
#ifndef VG_OUTLOOK_MSG_H
#define VG_OUTLOOK_MSG_H

#include "mapi.h"

/* Begins like a compound file. Office documents do too: outlook_msg_read tells. */
bool outlook_msg_is(const unsigned char *p, size_t n);
/* Reads a file into *message, whose properties point into the arena. *whole: false where a part of it cannot be read.
 * VG_ERR_SYNTAX: no .msg; VG_ERR_MEMORY. */
int outlook_msg_read(struct arena *a, const unsigned char *p, size_t n, struct mapi_object *message, bool *whole);
/* Starts libgsf. */
void outlook_msg_warm(void);

#endif
