/*
 * letter_write.c - a composed mail into bytes: once for its hash and size, and where it has files once more towards the smarthost, so
 * that no more than a block of a file is in memory at a time. Runs in the role `deliver`.
 */
#include <gmime/gmime.h>
#include <string.h>

#include "err.h"
#include "letter.h"
#include "letter_stream.h"

/* The first pass. */
struct pass {
	struct buf head;            /* header block, with the empty line once it is whole */
	bool in_body;
	struct body_hashes *hashes;
	int hash;                   /* number of ours */
	struct buf body;            /* of a mail without files */
	bool keep;
	uint64_t size;
};

static int write_message(struct _GMimeMessage *message, letter_sink *sink, void *arg)
{
	int err, rc;
	GMimeStream *out = letter_stream_sink(sink, arg, &err), *crlf = g_mime_stream_filter_new(out);
	GMimeFilter *filter = g_mime_filter_unix2dos_new(FALSE);

	g_mime_stream_filter_add(GMIME_STREAM_FILTER(crlf), filter);
	rc = g_mime_object_write_to_stream(GMIME_OBJECT(message), NULL, crlf) < 0 || g_mime_stream_flush(crlf) < 0 ? VG_ERR_SYSTEM : VG_OK;
	g_object_unref(filter);
	g_object_unref(crlf);
	g_object_unref(out);
	return err != VG_OK ? err : rc;
}

static int feed_body(struct pass *p, const void *data, size_t n)
{
	int rc = body_hashes_feed(p->hashes, data, n);

	return rc == VG_OK && p->keep ? buf_add(&p->body, data, n) : rc;
}

static int first_pass(void *arg, const void *data, size_t n)
{
	struct pass *p = arg;
	size_t from = p->head.len > 3 ? p->head.len - 3 : 0, end;
	const char *s, *at;
	int rc;

	p->size += n;
	if (p->in_body)
		return feed_body(p, data, n);
	if ((rc = buf_add(&p->head, data, n)) != VG_OK)
		return rc;
	s = (const char *)p->head.data;
	if ((at = memmem(s + from, p->head.len - from, "\r\n\r\n", 4)) == NULL)
		return VG_OK;
	p->in_body = true;
	end = (size_t)(at - s) + 4;
	rc = feed_body(p, s + end, p->head.len - end);
	p->head.len = end;
	return rc;
}

static int sign_all(struct letter_mail *out, const struct letter_sender *from, const struct pass *p, int64_t now)
{
	bool short_body;
	const unsigned char *hash = body_hashes_get(p->hashes, p->hash, &short_body);
	int rc = VG_OK;

	for (size_t i = 0; i < from->n_signers && rc == VG_OK; i++)
		rc = dkim_sign(&out->bytes, from->signers[i], (const char *)p->head.data, p->head.len, hash, now);
	out->size = out->bytes.len + p->size;
	if (rc == VG_OK && p->keep && (rc = buf_add(&out->bytes, p->head.data, p->head.len)) == VG_OK)
		rc = buf_add(&out->bytes, p->body.data, p->body.len);
	return rc;
}

int letter_sign(struct letter_mail *out, const struct letter_sender *from, int64_t now)
{
	struct pass p = {.hashes = body_hashes_new(), .keep = !out->streams};
	int rc = p.hashes == NULL ? VG_ERR_MEMORY : (p.hash = body_hashes_want(p.hashes, true, UINT64_MAX)) < 0 ? p.hash : VG_OK;

	buf_init(&p.head, 2 * MSG_HEAD_MAX);
	buf_init(&p.body, 8 * LETTER_MAX);
	if (rc == VG_OK)
		rc = write_message(out->message, first_pass, &p);
	if (rc == VG_OK)
		rc = p.in_body ? body_hashes_end(p.hashes) : VG_ERR_SYNTAX;
	if (rc == VG_OK)
		rc = sign_all(out, from, &p, now);
	body_hashes_free(&p.hashes);
	buf_free(&p.head);
	buf_free(&p.body);
	return rc;
}

int letter_write(const struct letter_mail *m, letter_sink *sink, void *arg)
{
	int rc = sink(arg, m->bytes.data, m->bytes.len);

	return rc == VG_OK && m->streams ? write_message(m->message, sink, arg) : rc;
}
