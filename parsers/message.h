/*
 * message.h - front of the parser library: bytes in, `message` object out (vcspgate/message/1). Knows no socket, no
 * store, no policy. Any bytes give an object, whose `problems` say what was wrong; a sandbox around it is
 * the caller's business. Not thread-safe: GMime and libmagic handles are process-wide.
 */
#ifndef VG_MESSAGE_H
#define VG_MESSAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "addr.h"
#include "buf.h"
#include "parse_input.h"

struct parse_limits {
	int64_t now_ms;           /* the clock for relative dates and checks; Unix milliseconds, <0: the wall clock */
	uint64_t decoded_bytes;   /* decoded content over all parts; 0: 1 GiB */
	unsigned parts;           /* 0: 10,000 */
	unsigned depth;           /* 0: 100 */
	bool bounce;              /* the gate found a bounce by its envelope: notes without structure are read as reports too */
};

/* Loads what the parsers need from files (character sets, type data base, time zone) and runs each once, so
 * that a filter without open(2) may follow. Sets TZ to UTC. Called by itself on first use otherwise. VG_ERR_SYSTEM with *why. */
int message_warm(const char **why);

/* Appends the message object as JSON (UTF-8, one line) to json (NULL: to nothing); sender receives the From address that the MIME
 * parser found, in normal form, "" for none. limits may be NULL. VG_ERR_SYNTAX for empty input, VG_ERR_MEMORY,
 * VG_ERR_CRYPTO, VG_ERR_SYSTEM (input unreadable); nothing else fails. */
int message_parse(const struct parse_source *src, const struct parse_limits *limits, struct buf *json,
    char sender[ADDR_MAX + 1]);

/* One piece of extracted content; non-zero stops and is returned. */
typedef int message_out(void *arg, const void *data, size_t n);

struct message_part_info {
	char content_type[128]; /* detected type of what is written, else the declared one */
	char name[256];         /* bare file name */
	uint64_t size;          /* bytes given to the callback */
};

/* Streams the decoded attachment `part` ("a1"), or its archive member `entry` (path as in entries[], nested with
 * "!/"; "" or NULL: the attachment itself). VG_ERR_NOTFOUND, VG_ERR_DENIED (encrypted, and no password in the
 * mail fits), VG_ERR_LIMIT (a member beyond its limits),
 * VG_ERR_SYNTAX (unreadable archive), or what the callback returned. */
int message_extract(const struct parse_source *src, const char *part, const char *entry, message_out *out, void *arg,
    struct message_part_info *info);

/* Streams the attachments named in ids ("a1 a3") one behind the other as they may leave by mail (message_files.h), and appends to json
 * what there is of each, in their order: [{"id", "size": bytes given, "state"}]. state: whole; masked (UTF-8 text now); of size 0:
 * withheld (it holds a secret that cannot be taken out), inner (stands in an attached message), unreadable. Errors as
 * message_extract. */
int message_files(const struct parse_source *src, const char *ids, message_out *out, void *arg, struct buf *json);

#endif
