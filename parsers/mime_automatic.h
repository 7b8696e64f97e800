/*
 * mime_automatic.h - was the mail written by a program? The header as the pre-scan left it, for the message object alone: what
 * happens to automatic mail is the gate's decision on its own strict reading (POLICY V0, V2, V5, V6).
 */
#ifndef VG_MIME_AUTOMATIC_H
#define VG_MIME_AUTOMATIC_H

#include "prescan.h"

/* CONTRACT's word ("auto-reply", "auto-generated", "bounce", "bulk"), or NULL for a person's mail: what the gate finds for
 * the same header, but for what it knows of the envelope and of our own mark ("loop"). sender: normal form or "". */
const char *mime_automatic(const struct prescan *scan, const char *sender, const char *subject);

#endif
