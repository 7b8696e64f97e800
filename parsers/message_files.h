/*
 * message_files.h - a message's files as they may leave by mail: byte for byte, but texts without the passwords, keys and tokens
 * that stand in them, and not at all where those cannot be taken out (archives, messages in files).
 */
#ifndef VG_MESSAGE_FILES_H
#define VG_MESSAGE_FILES_H

#include "inspect.h"
#include "message.h"
#include "mime.h"

/* Inside of message_files(), on a parsed message. */
int message_files_write(const struct mime *mime, struct parse_input *in, struct inspector *inspector, struct archive_passwords *passwords,
    const char *ids, message_out *out, void *arg, struct buf *json);

#endif
