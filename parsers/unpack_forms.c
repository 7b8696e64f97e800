/*
 * unpack_forms.c - what the forms of messages in files hold: MAPI objects of TNEF and .msg, and mails. Runs in the parser worker
 * and in `vcspgate parse`; the files are hostile.
 */
#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "id.h"
#include "message_parts.h"
#include "message_private.h"
#include "mime.h"
#include "mime_headers.h"
#include "outlook_msg.h"
#include "pkcs7.h"
#include "tnef.h"
#include "unpack_private.h"

#define TEXT_MAX (4u << 20)

/* The text of a message as a member of its own. */
static void text_member(struct unpack_walk *w, struct unpack_names *names, struct buf *header, const struct buf *body)
{
	struct source src;

	if (header->len == 0 && body->len == 0)
		return;
	if (body->len > 0 && (buf_adds(header, header->len > 0 ? "\n" : "") != VG_OK || buf_add(header, body->data, body->len) != VG_OK))
		w->problems |= ARCHIVE_TOO_LARGE;
	source_memory(&src, buf_str(header), header->len);
	unpack_member(w, names, "message.txt", "text/plain", &src);
}

/* ---- MAPI ---- */

static void walk_mapi(struct unpack_walk *w, const struct mapi_object *m, const char *prefix, unsigned depth);

static void mapi_attachment(struct unpack_walk *w, struct unpack_names *names, const struct mapi_object *m,
    const struct mapi_object *a, unsigned depth)
{
	const struct mapi_property *data = mapi_find(a, MAPI_DATA);
	char path[ARCHIVE_PATH_MAX + 1], prefix[ARCHIVE_PATH_MAX + 4];
	struct buf name, type;
	struct source src;

	buf_init(&name, 4096);
	buf_init(&type, 512);
	if (mapi_name(&name, m, a) != VG_OK || mapi_text(&type, m, a, MAPI_MIME_TAG) != VG_OK) {
		w->problems |= ARCHIVE_UNREADABLE;
	} else if (a->message != NULL && depth < MAPI_DEPTH_MAX) {
		if (name.len < 4 || memcmp(buf_str(&name) + name.len - 4, ".msg", 4) != 0)
			buf_adds(&name, ".msg");
		unpack_path(path, names, buf_str(&name), "message/rfc822");
		snprintf(prefix, sizeof prefix, "%s!/", path);
		walk_mapi(w, a->message, prefix, depth + 1);
	} else if (data != NULL && data->type != MAPI_OBJECT) {
		source_memory(&src, data->data, data->len);
		unpack_member(w, names, buf_str(&name), buf_str(&type), &src);
	}
	buf_free(&name);
	buf_free(&type);
}

static void walk_mapi(struct unpack_walk *w, const struct mapi_object *m, const char *prefix, unsigned depth)
{
	struct unpack_names names = {.prefix = prefix};
	struct buf header, body;

	buf_init(&header, 2 * TEXT_MAX);
	buf_init(&body, TEXT_MAX);
	if (mapi_header(&header, m) != VG_OK || mapi_body(&body, m) != VG_OK)
		w->problems |= ARCHIVE_UNREADABLE;
	text_member(w, &names, &header, &body);
	buf_free(&header);
	buf_free(&body);
	for (size_t i = 0; i < m->n_attachments && !w->stop; i++)
		mapi_attachment(w, &names, m, &m->attachments[i], depth);
	unpack_names_free(&names);
}

static int read_mapi(struct arena *a, enum unpack_form form, const unsigned char *p, size_t n, struct mapi_object *m, bool *whole)
{
	memset(m, 0, sizeof *m);
	return form == UNPACK_TNEF ? tnef_read(a, p, n, m, whole) : outlook_msg_read(a, p, n, m, whole);
}

void unpack_mapi(struct unpack_walk *w, enum unpack_form form, const unsigned char *p, size_t n, const char *prefix)
{
	struct arena *arena = arena_new();
	struct mapi_object m;
	bool whole = true;

	if (arena == NULL || read_mapi(arena, form, p, n, &m, &whole) != VG_OK)
		w->problems |= ARCHIVE_UNREADABLE;
	else
		walk_mapi(w, &m, prefix, 0);
	if (!whole)
		w->problems |= ARCHIVE_TRUNCATED;
	arena_free(&arena);
}

int unpack_mapi_text(struct buf *out, enum unpack_form form, const unsigned char *p, size_t n)
{
	struct arena *arena = arena_new();
	struct mapi_object m;
	bool whole;
	int err = arena != NULL ? read_mapi(arena, form, p, n, &m, &whole) : VG_ERR_MEMORY;

	if (err == VG_OK)
		err = mapi_body(out, &m);
	arena_free(&arena);
	return err;
}

/* ---- mails ---- */

/* A mail while it is read. */
struct mail {
	struct parse_input *in;
	struct mime *mime;
	struct message *message;
};

static int open_mail(struct mail *m, const unsigned char *p, size_t n)
{
	const struct parse_source src = {.data = p, .len = n, .fd = -1};
	int err = parse_input_open(&src, &m->in);

	m->mime = NULL;
	m->message = message_new();
	if (err == VG_OK && m->message == NULL)
		err = VG_ERR_MEMORY;
	if (err == VG_OK)
		err = mime_parse(m->in, 0, 0, &m->mime);
	if (err == VG_OK && m->mime->root == NULL)
		err = VG_ERR_SYNTAX;
	for (size_t i = 0; err == VG_OK && i < m->mime->n_bodies && !m->message->body.truncated; i++)
		err = message_body_part(m->message, m->in, &m->mime->bodies[i]);
	return err;
}

static void close_mail(struct mail *m)
{
	message_free(&m->message);
	mime_free(&m->mime);
	parse_input_close(&m->in);
}

static int mail_addresses(struct buf *out, const char *name, const struct message_addresses *list)
{
	int err = list->n > 0 ? buf_addf(out, "%s: ", name) : VG_OK;

	for (size_t i = 0; i < list->n && err == VG_OK; i++) {
		const struct message_address *a = &list->list[i];

		err = buf_addf(out, "%s%s%s<%s>%s", i > 0 ? ", " : "", a->name, a->name[0] != '\0' ? " " : "", a->address,
		    i + 1 == list->n ? "\n" : "");
	}
	return err;
}

static int mail_header(struct buf *out, struct mail *m)
{
	char date[32];
	int err;

	mime_headers_read(m->message, m->mime->scan);
	err = mail_addresses(out, "From", &m->message->from);
	if (err == VG_OK)
		err = mail_addresses(out, "To", &m->message->to);
	if (err == VG_OK)
		err = mail_addresses(out, "Cc", &m->message->cc);
	if (err == VG_OK && m->message->has_date) {
		id_rfc3339(date, m->message->date_ms, 0);
		err = buf_addf(out, "Date: %s\n", date);
	}
	return err == VG_OK && m->message->subject[0] != '\0' ? buf_addf(out, "Subject: %s\n", m->message->subject) : err;
}

static void mail_attachment(struct unpack_walk *w, struct unpack_names *names, struct mail *m, const struct mime_leaf *leaf)
{
	struct message_file f;

	if (leaf->inner)
		return; /* the message that holds it is a member, and opened in turn */
	if (message_file_open(&f, m->in, leaf) == VG_OK)
		unpack_member(w, names, f.name, f.type, &f.src);
	else
		w->problems |= ARCHIVE_UNREADABLE;
	message_file_close(&f);
}

void unpack_mail(struct unpack_walk *w, const unsigned char *p, size_t n, const char *prefix)
{
	struct unpack_names names = {.prefix = prefix};
	struct mail m;
	struct buf header;

	buf_init(&header, 2 * TEXT_MAX);
	if (open_mail(&m, p, n) != VG_OK || mail_header(&header, &m) != VG_OK) {
		w->problems |= ARCHIVE_UNREADABLE;
	} else {
		text_member(w, &names, &header, &m.message->body.full);
		for (size_t i = 0; i < m.mime->n_files && !w->stop; i++)
			mail_attachment(w, &names, &m, &m.mime->files[i]);
	}
	buf_free(&header);
	close_mail(&m);
	unpack_names_free(&names);
}

int unpack_mail_text(struct buf *out, const unsigned char *p, size_t n)
{
	struct mail m;
	int err = open_mail(&m, p, n);

	if (err == VG_OK)
		err = buf_add(out, m.message->body.full.data, m.message->body.full.len);
	close_mail(&m);
	return err;
}

/* ---- mails in their signature ---- */

void unpack_signed(struct unpack_walk *w, const unsigned char *p, size_t n, const char *prefix)
{
	struct buf mail;

	buf_init(&mail, UNPACK_MAX);
	if (pkcs7_content(&mail, p, n) == VG_OK && mail.len > 0)
		unpack_mail(w, mail.data, mail.len, prefix);
	else
		w->problems |= ARCHIVE_UNREADABLE;
	buf_free(&mail);
}

int unpack_signed_text(struct buf *out, const unsigned char *p, size_t n)
{
	struct buf mail;
	int err;

	buf_init(&mail, UNPACK_MAX);
	err = pkcs7_content(&mail, p, n);
	if (err == VG_OK)
		err = mail.len > 0 ? unpack_mail_text(out, mail.data, mail.len) : VG_ERR_SYNTAX;
	buf_free(&mail);
	return err;
}
