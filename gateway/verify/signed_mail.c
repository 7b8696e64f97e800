/*
 * signed_mail.c - finds signed content and signature. Runs in a worker of the role `verify`; the mail is hostile.
 * Ranges are taken from the bytes themselves, as a signature covers bytes and not what a parser
 * made of them.
 */
#include <gmime/gmime.h>
#include <stdio.h>
#include <string.h>

#include "ascii.h"
#include "err.h"
#include "gate_header.h"
#include "signed_mail.h"

#define VALUE_MAX 8192u     /* of a Content-Type field, unfolded */
#define PROTECTED_MAX 4096u /* of a field compared, unfolded */

/* ---- content types ---- */

/* The one Content-Type of a header, parsed; NULL where it has none, or more than one. */
static GMimeContentType *content_type(const struct gate_header *h)
{
	const struct gate_field *f;
	GMimeContentType *type = NULL;
	struct buf value;
	size_t pos = 0;

	if (gate_header_count(h, "Content-Type") != 1 || (f = gate_header_next(h, "Content-Type", &pos)) == NULL)
		return NULL;
	buf_init(&value, VALUE_MAX);
	if (gate_field_unfold(&value, f) == VG_OK && memchr(buf_str(&value), '\0', value.len) == NULL)
		type = g_mime_content_type_parse(NULL, buf_str(&value));
	buf_free(&value);
	return type;
}

static bool is_type(const GMimeContentType *t, const char *type, const char *subtype)
{
	return g_mime_content_type_is_type((GMimeContentType *)(uintptr_t)t, type, subtype);
}

static const char *parameter(GMimeContentType *t, const char *name)
{
	const char *value = g_mime_content_type_get_parameter(t, name);

	return value != NULL ? value : "";
}

static bool is_pkcs7(const char *type, const char *what)
{
	char want[64], old[64];

	snprintf(want, sizeof want, "application/pkcs7-%s", what);
	snprintf(old, sizeof old, "application/x-pkcs7-%s", what);
	return g_ascii_strcasecmp(type, want) == 0 || g_ascii_strcasecmp(type, old) == 0;
}

/* Of a multipart/signed's protocol parameter, or of its signature's type. */
static enum signed_kind kind_of(const char *type)
{
	if (g_ascii_strcasecmp(type, "application/pgp-signature") == 0)
		return SIGNED_OPENPGP;
	return is_pkcs7(type, "signature") ? SIGNED_SMIME : SIGNED_NOT;
}

static enum signed_kind claim(GMimeContentType *t)
{
	char *type = g_mime_content_type_get_mime_type(t);
	enum signed_kind kind = SIGNED_NOT;

	if (is_type(t, "multipart", "signed"))
		kind = kind_of(parameter(t, "protocol"));
	else if (is_pkcs7(type, "mime") && g_ascii_strcasecmp(parameter(t, "smime-type"), "enveloped-data") != 0)
		kind = SIGNED_SMIME_OPAQUE;
	g_free(type);
	return kind;
}

/* ---- parts ---- */

struct range {
	const char *at;
	size_t len;
};

/* A delimiter line (RFC 2046 5.1.1): "--", the boundary, for the last one "--" again, white space. */
static bool is_delimiter(struct range line, const char *boundary, bool *last)
{
	size_t n = strlen(boundary);

	if (line.len < n + 2 || memcmp(line.at, "--", 2) != 0 || memcmp(line.at + 2, boundary, n) != 0)
		return false;
	line.at += n + 2;
	line.len -= n + 2;
	*last = line.len >= 2 && memcmp(line.at, "--", 2) == 0;
	for (size_t i = *last ? 2 : 0; i < line.len; i++)
		if (!ascii_blank(line.at[i]))
			return false;
	return true;
}

/* The CRLF before a delimiter belongs to it. */
static size_t without_eol(const char *from, const char *to)
{
	size_t n = (size_t)(to - from);

	if (n >= 1 && from[n - 1] == '\n')
		n--;
	return n >= 1 && from[n - 1] == '\r' ? n - 1 : n;
}

/* Exactly two parts and a closing delimiter; else why not. */
static const char *two_parts(struct range body, const char *boundary, struct range part[2])
{
	const char *s = body.at, *end = body.at + body.len;
	struct range line;
	size_t n = 0;
	bool last = false;

	for (const char *start = s; ascii_line(&s, end, &line.at, &line.len); start = s) {
		bool closing;

		if (!is_delimiter(line, boundary, &closing))
			continue;
		if (last)
			return "a delimiter stands behind the closing one";
		if (n == 2 && !closing)
			return "it has more than two parts";
		if (n > 0)
			part[n - 1].len = without_eol(part[n - 1].at, start);
		if ((last = closing))
			n = n == 2 ? n : 0;
		else
			part[n++].at = s;
		if (last && n == 0)
			return "it has fewer than two parts";
	}
	return last ? NULL : "its closing delimiter is missing";
}

/* ---- the signature ---- */

static GMimeContentEncoding encoding_of(const struct gate_header *h, bool *known)
{
	const struct gate_field *f;
	struct buf value;
	size_t pos = 0;
	GMimeContentEncoding e = GMIME_CONTENT_ENCODING_DEFAULT;

	*known = gate_header_count(h, "Content-Transfer-Encoding") <= 1;
	if ((f = gate_header_next(h, "Content-Transfer-Encoding", &pos)) == NULL)
		return e;
	buf_init(&value, VALUE_MAX);
	if (gate_field_unfold(&value, f) == VG_OK)
		e = g_mime_content_encoding_from_string(buf_str(&value));
	buf_free(&value);
	*known = *known && e != GMIME_CONTENT_ENCODING_DEFAULT && e != GMIME_CONTENT_ENCODING_UUENCODE;
	return e;
}

/* Appends the decoded body of a part. VG_ERR_SYNTAX: an encoding that we do not know. */
static int decode(struct buf *out, const struct gate_header *h, struct range body)
{
	bool known;
	GMimeContentEncoding how = encoding_of(h, &known);
	GMimeEncoding state;
	int rc;

	if (!known)
		return VG_ERR_SYNTAX;
	if (how != GMIME_CONTENT_ENCODING_BASE64 && how != GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE)
		return buf_add(out, body.at, body.len);
	g_mime_encoding_init_decode(&state, how);
	if ((rc = buf_reserve(out, g_mime_encoding_outlen(&state, body.len))) == VG_OK)
		out->len += g_mime_encoding_step(&state, body.at, body.len, (char *)out->data + out->len);
	return rc;
}

static struct range body_of(struct range part, const struct gate_header *h)
{
	size_t skip = h->length + 2 < part.len ? h->length + 2 : part.len;

	return (struct range){part.at + skip, part.len - skip};
}

static int read_signature(struct signed_mail *m, struct range part)
{
	struct gate_header h = {0};
	GMimeContentType *t = NULL;
	int rc = gate_header_read(&h, part.at, part.len);

	if (rc == VG_OK && (t = content_type(&h)) != NULL) {
		char *type = g_mime_content_type_get_mime_type(t);

		if (kind_of(type) == m->kind)
			rc = decode(&m->signature, &h, body_of(part, &h));
		g_free(type);
		g_object_unref(t);
	}
	gate_header_free(&h);
	return rc;
}

/* ---- the mail ---- */

static int not_signed(struct signed_mail *m, const char *why)
{
	m->kind = SIGNED_NOT;
	m->why = why;
	return VG_OK;
}

static int read_multipart(struct signed_mail *m, struct range body, const char *boundary)
{
	struct range part[2] = {{0}};
	const char *why = boundary[0] == '\0' ? "it has no boundary" : two_parts(body, boundary, part);
	int rc;

	if (why != NULL)
		return not_signed(m, why);
	rc = read_signature(m, part[1]);
	m->content = part[0].at;
	m->content_len = part[0].len;
	return rc;
}

static int read_claim(struct signed_mail *m, const struct gate_header *h, struct range all)
{
	GMimeContentType *t = content_type(h);
	int rc;

	if (t == NULL)
		return not_signed(m, gate_header_count(h, "Content-Type") > 1 ? "several Content-Type fields" : "it is not signed");
	m->kind = claim(t);
	if (m->kind == SIGNED_NOT)
		rc = not_signed(m, "it is not signed as a whole");
	else if (m->kind == SIGNED_SMIME_OPAQUE)
		rc = decode(&m->signature, h, body_of(all, h));
	else
		rc = read_multipart(m, body_of(all, h), parameter(t, "boundary"));
	g_object_unref(t);
	return rc;
}

int signed_mail_read(struct signed_mail *m, const char *bytes, size_t len)
{
	struct gate_header h = {0};
	int rc;

	*m = (struct signed_mail){.why = ""};
	rc = gate_header_read(&h, bytes, len);
	/* An opaque one holds the whole mail. */
	buf_init(&m->signature, len > SIGNED_MAIL_SIGNATURE_MAX ? len : SIGNED_MAIL_SIGNATURE_MAX);
	if (rc == VG_OK)
		rc = read_claim(m, &h, (struct range){bytes, len});
	if (rc == VG_ERR_SYNTAX)
		rc = not_signed(m, "the signature's encoding is unknown");
	if (rc == VG_OK && m->kind != SIGNED_NOT && m->signature.len == 0)
		rc = not_signed(m, "there is no signature in it");
	if (rc == VG_OK && m->kind != SIGNED_SMIME_OPAQUE && m->signature.len > SIGNED_MAIL_SIGNATURE_MAX)
		rc = not_signed(m, "the signature is too large");
	gate_header_free(&h);
	return rc;
}

void signed_mail_free(struct signed_mail *m)
{
	buf_free(&m->signature);
}

/* ---- protected header fields ---- */

static const char *const protectable[] = {
	"from", "to", "cc", "reply-to", "subject", "date", "message-id", "in-reply-to", "references",
};

static bool says_protected(const struct gate_header *h)
{
	GMimeContentType *t = content_type(h);
	bool says = t != NULL && (parameter(t, "hp")[0] != '\0' || parameter(t, "protected-headers")[0] != '\0');

	if (t != NULL)
		g_object_unref(t);
	return says;
}

/* The one value of a field; VG_ERR_NOTFOUND without, or with several. */
static int one_value(struct buf *out, const struct gate_header *h, const char *name)
{
	size_t pos = 0;

	buf_reset(out);
	if (gate_header_count(h, name) != 1)
		return VG_ERR_NOTFOUND;
	return gate_field_unfold(out, gate_header_next(h, name, &pos));
}

static bool same_value(const struct gate_header *a, const struct gate_header *b, const char *name)
{
	struct buf x, y;
	bool same;

	buf_init(&x, PROTECTED_MAX);
	buf_init(&y, PROTECTED_MAX);
	same = one_value(&x, a, name) == VG_OK && one_value(&y, b, name) == VG_OK && x.len == y.len &&
	    (x.len == 0 || memcmp(x.data, y.data, x.len) == 0);
	buf_free(&x);
	buf_free(&y);
	return same;
}

int signed_mail_protected(struct buf *out, const char *bytes, size_t len, const char *content, size_t content_len)
{
	struct gate_header outer = {0}, inner = {0};
	int rc = gate_header_read(&outer, bytes, len);

	if (rc == VG_OK)
		rc = gate_header_read(&inner, content, content_len);
	for (size_t i = 0; rc == VG_OK && i < ASCII_COUNT(protectable) && says_protected(&inner); i++)
		if (same_value(&outer, &inner, protectable[i]))
			rc = buf_addf(out, "%s%s", out->len > 0 ? ":" : "", protectable[i]);
	gate_header_free(&outer);
	gate_header_free(&inner);
	return rc;
}
