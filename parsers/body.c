/*
 * body.c - from decoded text parts to the body object. Runs in the parser worker and in `vcspgate parse`; input is
 * hostile, everything is linear and bounded by MESSAGE_TEXT_MAX.
 */
#include <string.h>

#include "body.h"
#include "charset.h"
#include "err.h"
#include "html.h"
#include "message_check.h"
#include "quotes.h"
#include "utf8.h"

/* Undecoded text is looked at up to here: markup shrinks. */
#define SOURCE_MAX (8u * 1024u * 1024u)

void body_init(struct body *b)
{
	buf_init(&b->full, MESSAGE_TEXT_MAX);
	buf_init(&b->text, MESSAGE_TEXT_MAX);
	buf_init(&b->quoted, MESSAGE_TEXT_MAX);
	buf_init(&b->signature, MESSAGE_TEXT_MAX);
	b->marks = (struct text_marks){0};
	b->source = "none";
	b->truncated = false;
}

void body_free(struct body *b)
{
	buf_free(&b->full);
	buf_free(&b->text);
	buf_free(&b->quoted);
	buf_free(&b->signature);
	text_marks_free(&b->marks);
}

/* Appends up to the bound, at a character. */
static int put(struct body *b, const char *s, size_t n)
{
	size_t room = b->full.max - b->full.len, k = utf8_cut(s, n, room);

	b->truncated |= k < n;
	return k > 0 ? buf_add(&b->full, s, k) : VG_OK;
}

/* LF line ends, no controls but tab; s is UTF-8. In place; the new length. */
static size_t clean(char *s, size_t n)
{
	size_t o = 0;

	while (o < n && ((s[o] >= ' ' && s[o] < 0x7f) || s[o] == '\n')) /* nearly all of most */
		o++;
	for (size_t i = o; i < n; i++) {
		unsigned char c = (unsigned char)s[i];

		if (c == '\r') {
			if (i + 1 >= n || s[i + 1] != '\n')
				s[o++] = '\n';
		} else if (c == 0xc2 && i + 1 < n && (unsigned char)s[i + 1] < 0xa0) {
			i++; /* C1 control */
		} else if ((c >= ' ' && c != 0x7f) || c == '\n' || c == '\t') {
			s[o++] = (char)c;
		}
	}
	return o;
}

/* Without the blanks and no-break spaces at its end, but for the separator "-- ". */
static size_t line_length(const unsigned char *s, size_t n)
{
	while (n > 0 && !(n == 3 && memcmp(s, "-- ", 3) == 0)) {
		if (s[n - 1] == ' ' || s[n - 1] == '\t')
			n--;
		else if (n >= 2 && s[n - 2] == 0xc2 && s[n - 1] == 0xa0)
			n -= 2;
		else
			break;
	}
	return n;
}

/* Cuts the ends of lines; what was put from `at` on. */
static void cut_line_ends(struct body *b, size_t at)
{
	unsigned char *s = b->full.data, *end, *o, *lf;

	if (at == b->full.len)
		return;
	o = s + at;
	end = s + b->full.len;
	for (unsigned char *line = o; line < end; line = lf + 1) {
		size_t n;

		lf = memchr(line, '\n', (size_t)(end - line));
		n = line_length(line, (size_t)((lf != NULL ? lf : end) - line));
		if (o != line)
			memmove(o, line, n);
		o += n;
		if (lf == NULL)
			break;
		*o++ = '\n';
	}
	b->full.len = (size_t)(o - s);
}

/* ---- format=flowed, RFC 3676 4 ---- */

struct flow {
	struct body *b;
	bool delsp;
	bool open;      /* the paragraph goes on with the next line of the same depth */
	unsigned depth;
};

static int flow_begin(struct flow *f, unsigned depth)
{
	static const char marks[] = ">>>>>>>>>>>>>>>>>>>>";
	unsigned n = depth < sizeof marks - 1 ? depth : sizeof marks - 1;
	int err = put(f->b, marks, n);

	return err == VG_OK && n > 0 ? put(f->b, " ", 1) : err;
}

static int flow_line(struct flow *f, const char *s, size_t n)
{
	unsigned depth = 0;
	bool flowed;
	int err = VG_OK;

	while (depth < n && s[depth] == '>')
		depth++;
	s += depth;
	n -= depth;
	if (n > 0 && *s == ' ') { /* space-stuffed */
		s++;
		n--;
	}
	flowed = n > 0 && s[n - 1] == ' ' && !(n == 3 && memcmp(s, "-- ", 3) == 0);
	if (f->open && (depth != f->depth || (n == 3 && memcmp(s, "-- ", 3) == 0))) {
		err = put(f->b, "\n", 1);
		f->open = false;
	}
	if (err == VG_OK && !f->open)
		err = flow_begin(f, depth);
	if (err == VG_OK)
		err = put(f->b, s, flowed && f->delsp ? n - 1 : n);
	if (err == VG_OK && !flowed)
		err = put(f->b, "\n", 1);
	f->open = flowed;
	f->depth = depth;
	return err;
}

static int put_flowed(struct body *b, const char *s, size_t n, bool delsp)
{
	struct flow f = {.b = b, .delsp = delsp};
	int err = VG_OK;

	while (n > 0 && err == VG_OK && !b->truncated) {
		const char *lf = memchr(s, '\n', n);
		size_t k = lf != NULL ? (size_t)(lf - s) : n;

		err = flow_line(&f, s, k);
		k += lf != NULL;
		s += k;
		n -= k;
	}
	return err;
}

/* ---- parts ---- */

/* Between two parts: exactly one empty line. */
static int part_gap(struct body *b)
{
	while (b->full.len > 0 && b->full.data[b->full.len - 1] == '\n')
		b->full.len--;
	return b->full.len > 0 ? put(b, "\n\n", 2) : VG_OK;
}

int body_add_plain(struct body *b, const struct body_format *format, const void *bytes, size_t n)
{
	struct buf utf8;
	size_t at;
	int err;

	buf_init(&utf8, SOURCE_MAX);
	err = charset_to_utf8(&utf8, format->charset, bytes, n);
	if (err == VG_OK && utf8.len > 0) {
		utf8.len = clean((char *)utf8.data, utf8.len);
		err = part_gap(b);
		at = b->full.len;
		if (err == VG_OK && format->flowed)
			err = put_flowed(b, (const char *)utf8.data, utf8.len, format->delsp);
		else if (err == VG_OK)
			err = put(b, (const char *)utf8.data, utf8.len);
		cut_line_ends(b, at);
	}
	if (strcmp(b->source, "none") == 0)
		b->source = "plain";
	buf_free(&utf8);
	return err;
}

int body_add_html(struct body *b, const char *charset, const void *bytes, size_t n)
{
	struct buf utf8, text;
	size_t marks = b->marks.n;
	char meta[64];
	int err;

	buf_init(&utf8, SOURCE_MAX);
	buf_init(&text, MESSAGE_TEXT_MAX + 4);
	if ((charset == NULL || charset[0] == '\0') && html_meta_charset(meta, sizeof meta, bytes, n))
		charset = meta;
	err = charset_to_utf8(&utf8, charset, bytes, n);
	if (err == VG_OK)
		err = html_to_marked_text(&text, &b->marks, buf_str(&utf8), utf8.len);
	if (err == VG_OK && text.len > 0) {
		err = part_gap(b);
		text_marks_move(&b->marks, marks, b->full.len);
		if (err == VG_OK)
			err = put(b, (const char *)text.data, text.len);
	}
	if (strcmp(b->source, "none") == 0)
		b->source = "html";
	buf_free(&utf8);
	buf_free(&text);
	return err;
}

int body_finish(struct body *b, bool forward)
{
	struct quotes_hints hints = {.forward = forward, .marks = &b->marks};
	unsigned char *s = b->full.data;

	while (b->full.len > 0 && (s[b->full.len - 1] == '\n' || s[b->full.len - 1] == ' ' || s[b->full.len - 1] == '\t'))
		b->full.len--;
	return quotes_split(buf_str(&b->full), b->full.len, &hints, &b->text, &b->quoted, &b->signature);
}

static json_t *string(const struct buf *b)
{
	return json_stringn_nocheck(b->len > 0 ? (const char *)b->data : "", b->len);
}

json_t *body_json(const char *text, size_t len, const char *source)
{
	struct body_format format = {0};
	struct body b;
	json_t *out = NULL;
	bool html = strcmp(source, "html") == 0;

	body_init(&b);
	if ((html ? body_add_html(&b, NULL, text, len) : body_add_plain(&b, &format, text, len)) == VG_OK &&
	    body_finish(&b, false) == VG_OK)
		out = json_pack("{s:o, s:o, s:o, s:o, s:s}", "text", string(&b.text), "quoted", string(&b.quoted),
		    "signature", string(&b.signature), "full", string(&b.full), "source", source);
	body_free(&b);
	return out;
}
