/*
 * mapi.h - a message of Outlook as properties (MS-OXPROPS), whatever file they came in: winmail.dat (tnef.h) or .msg
 * (outlook_msg.h). Everything lives in one arena or in the bytes that were read.
 */
#ifndef VG_MAPI_H
#define VG_MAPI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arena.h"
#include "buf.h"

/* Property types. */
enum { MAPI_LONG = 0x0003, MAPI_BOOLEAN = 0x000b, MAPI_OBJECT = 0x000d, MAPI_STRING8 = 0x001e, MAPI_UNICODE = 0x001f,
	MAPI_TIME = 0x0040, MAPI_BINARY = 0x0102 };

/* Properties that are read. */
enum {
	MAPI_SUBJECT = 0x0037, MAPI_SUBMIT_TIME = 0x0039, MAPI_SENT_NAME = 0x0042, MAPI_SENT_ADDRESS = 0x0065, MAPI_SENDER_NAME = 0x0c1a,
	MAPI_SENDER_ADDRESS = 0x0c1f, MAPI_DISPLAY_CC = 0x0e03, MAPI_DISPLAY_TO = 0x0e04, MAPI_DELIVERY_TIME = 0x0e06,
	MAPI_BODY = 0x1000, MAPI_RTF = 0x1009, MAPI_HTML = 0x1013, MAPI_DISPLAY_NAME = 0x3001, MAPI_DATA = 0x3701,
	MAPI_EXTENSION = 0x3703, MAPI_FILE_NAME = 0x3704, MAPI_METHOD = 0x3705, MAPI_LONG_FILE_NAME = 0x3707, MAPI_MIME_TAG = 0x370e,
	MAPI_CONTENT_ID = 0x3712, MAPI_CODEPAGE = 0x3fde, MAPI_MESSAGE_CODEPAGE = 0x3ffd, MAPI_SENT_SMTP = 0x5d02,
	MAPI_SENDER_SMTP = 0x5d01
};

#define MAPI_PROPERTIES_MAX 4096 /* of one object; the rest is left out */
#define MAPI_ATTACHMENTS_MAX 1000
#define MAPI_DEPTH_MAX 5         /* messages inside each other */

/* The bytes are borrowed from the input or the arena. */
struct mapi_property {
	uint16_t id, type;
	const unsigned char *data;
	size_t len;
};

/* A message, or an attachment: then with the message in it, if it holds one. */
struct mapi_object {
	struct mapi_property *properties;
	size_t n, cap;
	struct mapi_object *attachments;
	size_t n_attachments, cap_attachments;
	struct mapi_object *message;
};

/* Adds a property; the first of an id and type counts. VG_ERR_MEMORY, VG_ERR_LIMIT. */
int mapi_add(struct arena *a, struct mapi_object *o, uint16_t id, uint16_t type, const void *data, size_t len);
/* Starts another attachment, all zeros; NULL on no memory or too many. Earlier ones may move. */
struct mapi_object *mapi_attach(struct arena *a, struct mapi_object *o);
/* The property of that id: its Unicode form, else the first; NULL. */
const struct mapi_property *mapi_find(const struct mapi_object *o, uint16_t id);

/* Appends a text property as UTF-8; 8-bit text is in the message's code page. Nothing where there is none. VG_ERR_MEMORY. */
int mapi_text(struct buf *out, const struct mapi_object *message, const struct mapi_object *o, uint16_t id);
/* Appends the best text of a message: plain, else made of HTML, else of RTF. VG_ERR_MEMORY. */
int mapi_body(struct buf *out, const struct mapi_object *message);
/* Appends lines From, To, Cc, Date, Subject as far as they are known. VG_ERR_MEMORY. */
int mapi_header(struct buf *out, const struct mapi_object *message);
/* Appends an attachment's file name; "" where it has none. VG_ERR_MEMORY. */
int mapi_name(struct buf *out, const struct mapi_object *message, const struct mapi_object *attachment);
/* MIME name of a Windows code page; NULL for unknown ones. */
const char *mapi_charset(uint32_t codepage);

#endif
