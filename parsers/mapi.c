/*
 * mapi.c - what a message of Outlook says. Runs in the parser worker and in `vcspgate parse`; the properties are hostile.
 */
#include "mapi.h"

#include <stdio.h>
#include <string.h>

#include "charset.h"
#include "err.h"
#include "html.h"
#include "id.h"
#include "little.h"
#include "message_check.h"
#include "rtf.h"

#define TEXT_SOURCE_MAX (8u * 1024u * 1024u)

/* Room for one more item of `size` in a list of the arena; NULL on no memory. */
static void *grow(struct arena *a, void *list, size_t n, size_t *cap, size_t size)
{
	size_t room = *cap > 0 ? 2 * *cap : 8;
	void *bigger;

	if (n < *cap)
		return list;
	bigger = arena_alloc(a, room * size);
	if (bigger != NULL && n > 0)
		memcpy(bigger, list, n * size);
	if (bigger != NULL)
		*cap = room;
	return bigger;
}

int mapi_add(struct arena *a, struct mapi_object *o, uint16_t id, uint16_t type, const void *data, size_t len)
{
	struct mapi_property *list;

	if (o->n >= MAPI_PROPERTIES_MAX)
		return VG_ERR_LIMIT;
	list = grow(a, o->properties, o->n, &o->cap, sizeof *list);
	if (list == NULL)
		return VG_ERR_MEMORY;
	o->properties = list;
	list[o->n++] = (struct mapi_property){id, type, data, len};
	return VG_OK;
}

struct mapi_object *mapi_attach(struct arena *a, struct mapi_object *o)
{
	struct mapi_object *list = NULL;

	if (o->n_attachments < MAPI_ATTACHMENTS_MAX)
		list = grow(a, o->attachments, o->n_attachments, &o->cap_attachments, sizeof *list);
	if (list == NULL)
		return NULL;
	o->attachments = list;
	memset(&list[o->n_attachments], 0, sizeof *list);
	return &list[o->n_attachments++];
}

const struct mapi_property *mapi_find(const struct mapi_object *o, uint16_t id)
{
	const struct mapi_property *found = NULL;

	for (size_t i = 0; i < o->n; i++)
		if (o->properties[i].id == id && (found == NULL || (found->type != MAPI_UNICODE && o->properties[i].type == MAPI_UNICODE)))
			found = &o->properties[i];
	return found;
}

/* ---- code pages ---- */

const char *mapi_charset(uint32_t codepage)
{
	static const struct {
		uint32_t codepage;
		const char *name;
	} pages[] = {{437, "cp437"}, {850, "cp850"}, {852, "cp852"}, {866, "cp866"}, {874, "windows-874"}, {932, "shift_jis"},
	    {936, "gb18030"}, {949, "cp949"}, {950, "big5"}, {1200, "utf-16le"}, {1201, "utf-16be"}, {1250, "windows-1250"},
	    {1251, "windows-1251"}, {1252, "windows-1252"}, {1253, "windows-1253"}, {1254, "windows-1254"}, {1255, "windows-1255"},
	    {1256, "windows-1256"}, {1257, "windows-1257"}, {1258, "windows-1258"}, {10000, "macintosh"}, {20127, "us-ascii"},
	    {20866, "koi8-r"}, {20936, "gb18030"}, {21866, "koi8-u"}, {28591, "iso-8859-1"}, {28592, "iso-8859-2"},
	    {28593, "iso-8859-3"}, {28594, "iso-8859-4"}, {28595, "iso-8859-5"}, {28596, "iso-8859-6"}, {28597, "iso-8859-7"},
	    {28598, "iso-8859-8"}, {28599, "iso-8859-9"}, {28603, "iso-8859-13"}, {28605, "iso-8859-15"}, {38598, "iso-8859-8-i"},
	    {50220, "iso-2022-jp"}, {50221, "iso-2022-jp"}, {50222, "iso-2022-jp"}, {50225, "iso-2022-kr"}, {51932, "euc-jp"},
	    {51936, "gb18030"}, {51949, "euc-kr"}, {54936, "gb18030"}, {65000, "utf-7"}, {65001, "utf-8"}};

	for (size_t i = 0; i < sizeof pages / sizeof pages[0]; i++)
		if (pages[i].codepage == codepage)
			return pages[i].name;
	return NULL;
}

static const char *page_of(const struct mapi_object *message, uint16_t id)
{
	const struct mapi_property *p = mapi_find(message, id);

	return p != NULL && p->len >= 4 ? mapi_charset(little32(p->data)) : NULL;
}

/* The set of 8-bit text; NULL: unknown. */
static const char *charset_of(const struct mapi_object *message)
{
	const char *name = page_of(message, MAPI_MESSAGE_CODEPAGE);

	if (name == NULL)
		name = page_of(message, MAPI_CODEPAGE);
	return name != NULL && strncmp(name, "utf-16", 6) == 0 ? NULL : name;
}

/* ---- texts ---- */

int mapi_text(struct buf *out, const struct mapi_object *message, const struct mapi_object *o, uint16_t id)
{
	const struct mapi_property *p = mapi_find(o, id);
	size_t n;

	if (p == NULL || p->len == 0)
		return VG_OK;
	n = p->len < TEXT_SOURCE_MAX ? p->len : TEXT_SOURCE_MAX;
	if (p->type == MAPI_UNICODE)
		return charset_to_utf8(out, "utf-16le", p->data, n & ~(size_t)1);
	return p->type == MAPI_STRING8 || p->type == MAPI_BINARY ? charset_to_utf8(out, charset_of(message), p->data, n) : VG_OK;
}

static int html_body(struct buf *out, const struct mapi_object *message)
{
	const struct mapi_property *p = mapi_find(message, MAPI_HTML);
	const char *charset = page_of(message, MAPI_CODEPAGE);
	char meta[64];
	struct buf utf8;
	int err;

	if (p == NULL || p->len == 0)
		return VG_OK;
	buf_init(&utf8, TEXT_SOURCE_MAX);
	if (p->type == MAPI_UNICODE)
		charset = "utf-16le";
	else if (charset == NULL && html_meta_charset(meta, sizeof meta, (const char *)p->data, p->len))
		charset = meta;
	err = charset_to_utf8(&utf8, charset, p->data, p->len < TEXT_SOURCE_MAX ? p->len : TEXT_SOURCE_MAX);
	if (err == VG_OK)
		err = html_to_text(out, buf_str(&utf8), utf8.len);
	buf_free(&utf8);
	return err;
}

static int rtf_body(struct buf *out, const struct mapi_object *message)
{
	const struct mapi_property *p = mapi_find(message, MAPI_RTF);
	struct buf rtf;
	int err;

	if (p == NULL)
		return VG_OK;
	buf_init(&rtf, TEXT_SOURCE_MAX);
	err = rtf_expand(&rtf, p->data, p->len);
	if (err == VG_OK || rtf.len > 0)
		err = rtf_to_text(out, buf_str(&rtf), rtf.len);
	buf_free(&rtf);
	return err == VG_ERR_MEMORY ? err : VG_OK;
}

static bool has_text(const struct buf *b, size_t from)
{
	for (size_t i = from; i < b->len; i++)
		if (b->data[i] > ' ')
			return true;
	return false;
}

int mapi_body(struct buf *out, const struct mapi_object *message)
{
	static int (*const ways[])(struct buf *out, const struct mapi_object *message) = {html_body, rtf_body};
	size_t from = out->len;
	int err = mapi_text(out, message, message, MAPI_BODY);

	for (size_t i = 0; i < sizeof ways / sizeof ways[0] && err == VG_OK && !has_text(out, from); i++) {
		out->len = from;
		err = ways[i](out, message);
	}
	return err;
}

/* ---- header ---- */

/* One line "Name: value", its line ends and controls gone; nothing for an empty value. */
static int line(struct buf *out, const char *name, const struct buf *value)
{
	int err = VG_OK;
	size_t n = value->len < MESSAGE_LINE_MAX ? value->len : MESSAGE_LINE_MAX;

	if (!has_text(value, 0))
		return VG_OK;
	err = buf_addf(out, "%s: ", name);
	for (size_t i = 0; i < n && err == VG_OK; i++) {
		char c = value->data[i] < ' ' ? ' ' : (char)value->data[i];

		err = buf_add(out, &c, 1);
	}
	return err == VG_OK ? buf_adds(out, "\n") : err;
}

static int from_line(struct buf *out, const struct mapi_object *m)
{
	static const uint16_t names[] = {MAPI_SENT_NAME, MAPI_SENDER_NAME};
	static const uint16_t addresses[] = {MAPI_SENT_SMTP, MAPI_SENDER_SMTP, MAPI_SENT_ADDRESS, MAPI_SENDER_ADDRESS};
	struct buf value, address;
	int err = VG_OK;

	buf_init(&value, TEXT_SOURCE_MAX);
	buf_init(&address, TEXT_SOURCE_MAX);
	for (size_t i = 0; i < 2 && err == VG_OK && value.len == 0; i++)
		err = mapi_text(&value, m, m, names[i]);
	for (size_t i = 0; i < 4 && err == VG_OK && (address.len == 0 || memchr(address.data, '@', address.len) == NULL); i++) {
		buf_reset(&address);
		err = mapi_text(&address, m, m, addresses[i]);
	}
	if (err == VG_OK && address.len > 0 && memchr(address.data, '@', address.len) != NULL)
		err = buf_addf(&value, "%s<%s>", value.len > 0 ? " " : "", buf_str(&address));
	if (err == VG_OK)
		err = line(out, "From", &value);
	buf_free(&value);
	buf_free(&address);
	return err;
}

static int text_line(struct buf *out, const struct mapi_object *m, const char *name, uint16_t id)
{
	struct buf value;
	int err;

	buf_init(&value, TEXT_SOURCE_MAX);
	err = mapi_text(&value, m, m, id);
	if (err == VG_OK)
		err = line(out, name, &value);
	buf_free(&value);
	return err;
}

/* FILETIME: 100 ns from 1601 on. */
static int date_line(struct buf *out, const struct mapi_object *m)
{
	const struct mapi_property *p = mapi_find(m, MAPI_SUBMIT_TIME);
	char date[32];
	int64_t ms;

	if (p == NULL)
		p = mapi_find(m, MAPI_DELIVERY_TIME);
	if (p == NULL || p->type != MAPI_TIME || p->len < 8)
		return VG_OK;
	ms = (int64_t)(little64(p->data) / 10000u) - 11644473600000LL;
	if (ms < 0 || ms > 253402300799000LL)
		return VG_OK;
	id_rfc3339(date, ms, 0);
	return buf_addf(out, "Date: %s\n", date);
}

int mapi_header(struct buf *out, const struct mapi_object *m)
{
	int err = from_line(out, m);

	if (err == VG_OK)
		err = text_line(out, m, "To", MAPI_DISPLAY_TO);
	if (err == VG_OK)
		err = text_line(out, m, "Cc", MAPI_DISPLAY_CC);
	if (err == VG_OK)
		err = date_line(out, m);
	return err == VG_OK ? text_line(out, m, "Subject", MAPI_SUBJECT) : err;
}

int mapi_name(struct buf *out, const struct mapi_object *message, const struct mapi_object *attachment)
{
	static const uint16_t names[] = {MAPI_LONG_FILE_NAME, MAPI_FILE_NAME, MAPI_DISPLAY_NAME};
	size_t from = out->len;
	int err = VG_OK;

	for (size_t i = 0; i < sizeof names / sizeof names[0] && err == VG_OK && out->len == from; i++)
		err = mapi_text(out, message, attachment, names[i]);
	return err;
}
