/*
 * mime_report.c - the parts of a multipart/report (RFC 6522). Runs in the parser worker and in `vcspgate parse`; hostile
 * input. Only the report itself is looked at: one that somebody forwards is an attachment like others.
 */
#include <string.h>
#include <strings.h>

#include "err.h"
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

static reader *reader_of(const struct mime_node *node)
{
	for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
		if (mime_node_is(node, parts[i].type, parts[i].subtype))
			return parts[i].read;
	return NULL;
}

static int read_bytes(struct report *r, struct parse_input *in, const struct mime_node *part, reader *read)
{
	struct mime_text t;
	int err = mime_text_open(&t, in, part, PART_MAX);

	if (err == VG_OK)
		read(r, t.s, t.len);
	mime_text_close(&t);
	return err;
}

/* The returned message, where it was taken apart. */
static void read_returned(struct report *r, const struct mime_node *message)
{
	const char *value = message != NULL ? message->fields[NODE_MESSAGE_ID] : NULL;

	if (value != NULL)
		report_message_id(r, value, strlen(value));
}

static int read_parts(struct report *r, struct parse_input *in, const struct mime_node *mp)
{
	const struct mime_node *n = mp->child;
	int err = VG_OK;

	for (int i = 0; n != NULL && i < PARTS_MAX && err == VG_OK; i++, n = n->next) {
		reader *read = reader_of(n);

		if (read != NULL && n->kind == NODE_MESSAGE)
			read_returned(r, n->child);
		else if (read != NULL && n->kind == NODE_PART)
			err = read_bytes(r, in, n, read);
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
static const struct mime_node *report_root(const struct mime *mime)
{
	const struct mime_node *root = mime->root;

	return root != NULL && root->kind == NODE_MULTIPART && mime_node_is(root, "multipart", "report") ? root : NULL;
}

bool mime_may_report(const struct mime *mime, bool bounce)
{
	return bounce || report_root(mime) != NULL;
}

int mime_report(struct report *r, const struct mime *mime, struct parse_input *in, bool bounce, struct buf *text)
{
	const struct mime_node *root = report_root(mime);
	int err = root != NULL ? read_parts(r, in, root) : VG_OK;

	if (err == VG_OK && r->kind == REPORT_NONE && bounce)
		read_unstructured(r, mime->scan, text);
	return err;
}
