/*
 * mime_report.c - the parts of a multipart/report (RFC 6522). Runs in the parser worker and in `vcspgate parse`; hostile
 * input. Only the report itself is looked at: one that somebody forwards is an attachment like others.
 */
#include <string.h>
#include <strings.h>

#include "err.h"
#include "mime_content.h"
#include "mime_report.h"

#define PARTS_MAX 16             /* RFC 6522: two or three */
#define PART_MAX (256u * 1024u)

typedef void reader(struct report *r, const char *bytes, size_t len);

static const struct {
	const char *type, *subtype;
	reader *read;
} parts[] = {
	{"message", "delivery-status", report_delivery},
	{"message", "global-delivery-status", report_delivery},
	{"message", "disposition-notification", report_disposition},
	{"message", "global-disposition-notification", report_disposition},
	{"text", "rfc822-headers", report_original},
	{"message", "global-headers", report_original},
	{"message", "rfc822", report_original},
	{"message", "global", report_original},
};

static reader *reader_of(GMimeObject *o)
{
	GMimeContentType *t = g_mime_object_get_content_type(o);

	for (size_t i = 0; t != NULL && i < sizeof parts / sizeof parts[0]; i++)
		if (g_mime_content_type_is_type(t, parts[i].type, parts[i].subtype))
			return parts[i].read;
	return NULL;
}

static int read_bytes(struct report *r, GMimePart *part, reader *read)
{
	bool more;
	struct buf b;
	int err;

	buf_init(&b, PART_MAX);
	err = mime_content_read(part, &b, &more);
	if (err == VG_OK)
		read(r, buf_str(&b), b.len);
	buf_free(&b);
	return err;
}

/* The returned message, where GMime has taken it apart. */
static void read_returned(struct report *r, GMimeMessage *message)
{
	GMimeHeader *h = message != NULL ?
	    g_mime_header_list_get_header(g_mime_object_get_header_list(GMIME_OBJECT(message)), "Message-ID") : NULL;
	const char *value = h != NULL ? g_mime_header_get_raw_value(h) : NULL;

	if (value != NULL)
		report_message_id(r, value, strlen(value));
}

static int read_parts(struct report *r, GMimeMultipart *mp)
{
	int n = g_mime_multipart_get_count(mp), err = VG_OK;

	for (int i = 0; i < n && i < PARTS_MAX && err == VG_OK; i++) {
		GMimeObject *o = g_mime_multipart_get_part(mp, i);
		reader *read = reader_of(o);

		if (read != NULL && GMIME_IS_MESSAGE_PART(o))
			read_returned(r, g_mime_message_part_get_message(GMIME_MESSAGE_PART(o)));
		else if (read != NULL && GMIME_IS_PART(o))
			err = read_bytes(r, GMIME_PART(o), read);
	}
	return err;
}

static void read_unstructured(struct report *r, const struct prescan *scan, struct buf *text)
{
	const char *name, *value;

	for (size_t i = 0; prescan_next_field(scan, &i, &name, &value);)
		if (strcasecmp(name, "X-Failed-Recipients") == 0)
			report_failed_recipients(r, value, strlen(value));
	report_text(r, buf_str(text), text->len);
}

/* The whole mail, where it is a multipart/report; else NULL. */
static GMimeMultipart *report_root(const struct mime *mime)
{
	GMimeObject *root = g_mime_message_get_mime_part(mime->message);
	GMimeContentType *t = root != NULL && GMIME_IS_MULTIPART(root) ? g_mime_object_get_content_type(root) : NULL;

	return t != NULL && g_mime_content_type_is_type(t, "multipart", "report") ? GMIME_MULTIPART(root) : NULL;
}

bool mime_may_report(const struct mime *mime, bool bounce)
{
	return bounce || report_root(mime) != NULL;
}

int mime_report(struct report *r, const struct mime *mime, bool bounce, struct buf *text)
{
	GMimeMultipart *root = report_root(mime);
	int err = root != NULL ? read_parts(r, root) : VG_OK;

	if (err == VG_OK && r->kind == REPORT_NONE && bounce)
		read_unstructured(r, mime->scan, text);
	return err;
}
