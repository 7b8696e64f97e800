/*
 * dot.c - strict line ends, dot removal and end of data. Used by the process that faces the network, on hostile bytes.
 * Runs of content are handed on as they lie in the caller's window: one call for a whole window of ordinary lines.
 */
#include <string.h>

#include "dot.h"
#include "err.h"

void
dot_init(struct dot *d)
{
	*d = (struct dot){ .state = DOT_LINE_START };
}

/* One byte within a line or behind a CR; the same for DATA and BDAT. */
static enum dot_state
text_byte(struct dot *d, unsigned char c)
{
	if (c == '\n') {
		if (d->state == DOT_CR)
			return DOT_LINE_START;
		d->bare = true;
		return DOT_TEXT;
	}
	if (d->state == DOT_CR)
		d->bare = true;
	return c == '\r' ? DOT_CR : DOT_TEXT;
}

/* From within a line, over as many whole lines as there are, to the place where a look at single bytes is needed
 * again: a line's first byte that is a dot, or the end. Returns how many bytes were passed. */
static size_t
skip_text(struct dot *d, const unsigned char *p, size_t n, bool dots)
{
	size_t i = 0;

	while (i < n) {
		const unsigned char *lf = memchr(p + i, '\n', n - i);
		size_t stop = lf ? (size_t)(lf - p) : n;
		const unsigned char *cr = memchr(p + i, '\r', stop - i);

		/* A CR is good only as the last byte before the LF, or as the last byte so far. */
		if (cr && cr + 1 < p + stop)
			d->bare = true;
		if (!lf) {
			d->state = p[n - 1] == '\r' ? DOT_CR : DOT_TEXT;
			return n;
		}
		if (stop == i || p[stop - 1] != '\r') {
			d->bare = true;
			d->state = DOT_TEXT;
		} else {
			d->state = DOT_LINE_START;
		}
		i = stop + 1;
		if (dots && d->state == DOT_LINE_START && i < n && p[i] == '.')
			return i;
	}
	return n;
}

/* A byte behind a dot that opened a line, or behind that dot and a CR: what was held back goes on unless the data end
 * here. The dot itself is never content (RFC 5321 4.5.2). */
static bool
dot_byte(struct dot *d, unsigned char c, dot_sink *sink, void *arg)
{
	if (d->state == DOT_DOT && c == '\r') {
		d->state = DOT_DOT_CR;
		return false;
	}
	if (d->state == DOT_DOT_CR) {
		if (c == '\n')
			return true;
		sink(arg, "\r", 1);
		d->state = DOT_CR;
	} else {
		d->state = DOT_TEXT;
	}
	d->state = text_byte(d, c);
	sink(arg, &c, 1);
	return false;
}

size_t
dot_data(struct dot *d, const void *in, size_t n, dot_sink *sink, void *arg, bool *end)
{
	const unsigned char *p = in;
	size_t i = 0, run;

	*end = false;
	while (i < n) {
		switch (d->state) {
		case DOT_DOT:
		case DOT_DOT_CR:
			if (dot_byte(d, p[i++], sink, arg)) {
				*end = true;
				return i;
			}
			continue;
		case DOT_LINE_START:
			if (p[i] == '.') {
				d->state = DOT_DOT;
				i++;
				continue;
			}
			break;
		case DOT_CR:
			/* The line end may lie across two windows. */
			d->state = text_byte(d, p[i]);
			sink(arg, p + i, 1);
			i++;
			continue;
		case DOT_TEXT:
			break;
		}
		run = skip_text(d, p + i, n - i, true);
		sink(arg, p + i, run);
		i += run;
	}
	return n;
}

void
dot_chunk(struct dot *d, const void *in, size_t n)
{
	const unsigned char *p = in;

	if (n > 0 && d->state == DOT_CR) {
		d->state = text_byte(d, *p);
		p++;
		n--;
	}
	if (n > 0)
		skip_text(d, p, n, false);
}

void
dot_chunk_end(struct dot *d)
{
	if (d->state == DOT_CR)
		d->bare = true;
}

int
dot_line(const void *in, size_t n, size_t *len)
{
	const unsigned char *p = in;
	const unsigned char *cr = memchr(p, '\r', n);
	size_t before = cr ? (size_t)(cr - p) : n;

	if (memchr(p, '\n', before))
		return VG_ERR_SYNTAX;
	if (!cr || before + 1 == n)
		return 0;
	if (p[before + 1] != '\n')
		return VG_ERR_SYNTAX;
	*len = before;
	return 1;
}

int
dot_stuff(struct buf *out, bool *inside, const void *in, size_t n)
{
	const char *s = in, *end = s + n;
	int rc = VG_OK;

	while (rc == VG_OK && s < end) {
		const char *lf = memchr(s, '\n', (size_t)(end - s)), *next = lf != NULL ? lf + 1 : end;

		if (*s == '.' && !*inside)
			rc = buf_adds(out, ".");
		if (rc == VG_OK)
			rc = buf_add(out, s, (size_t)(next - s));
		*inside = lf == NULL;
		s = next;
	}
	return rc;
}

int
dot_stuff_end(struct buf *out, bool inside)
{
	return buf_adds(out, inside ? "\r\n.\r\n" : ".\r\n");
}
