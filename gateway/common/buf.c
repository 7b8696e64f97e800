/*
 * buf.c - bounded growing byte buffer. Every process; holds bytes of any trust.
 * The allocation always has one byte to spare behind `max`, so that a full buffer can still be a C string.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sodium.h>

#include "buf.h"
#include "err.h"

#define BUF_FIRST 64u
#define BUF_BLOCK 65536u
/* No buffer is larger, whatever it was allowed: sums of two lengths cannot wrap. */
#define BUF_MOST (SIZE_MAX / 4)

void
buf_init(struct buf *b, size_t max)
{
	*b = (struct buf){ .max = max < BUF_MOST ? max : BUF_MOST };
}

void
buf_free(struct buf *b)
{
	free(b->data);
	b->data = NULL;
	b->len = b->cap = 0;
}

void
buf_wipe(struct buf *b)
{
	if (b->data)
		sodium_memzero(b->data, b->cap);
	buf_free(b);
}

/* Makes cap at least `need`, growing geometrically. */
static int
grow(struct buf *b, size_t need)
{
	size_t cap = b->cap ? b->cap : BUF_FIRST;
	unsigned char *p;

	if (need <= b->cap)
		return VG_OK;
	while (cap < need)
		cap = cap > SIZE_MAX / 2 ? need : cap * 2;
	if (cap > b->max + 1)
		cap = b->max + 1;
	p = realloc(b->data, cap);
	if (!p)
		return VG_ERR_MEMORY;
	b->data = p;
	b->cap = cap;
	return VG_OK;
}

int
buf_reserve(struct buf *b, size_t n)
{
	if (n > b->max || b->len > b->max - n)
		return VG_ERR_LIMIT;
	return grow(b, b->len + n);
}

int
buf_add(struct buf *b, const void *data, size_t n)
{
	int rc;

	if (n == 0)
		return VG_OK;
	rc = buf_reserve(b, n);
	if (rc)
		return rc;
	memcpy(b->data + b->len, data, n);
	b->len += n;
	return VG_OK;
}

int
buf_adds(struct buf *b, const char *s)
{
	return buf_add(b, s, strlen(s));
}

int
buf_vaddf(struct buf *b, const char *fmt, va_list ap)
{
	va_list again;
	size_t room = b->cap - b->len;
	int n, rc;

	va_copy(again, ap);
	n = vsnprintf(room ? (char *)b->data + b->len : NULL, room, fmt, ap);
	if (n < 0) {
		rc = VG_ERR_SYNTAX;
	} else if ((size_t)n < room && (size_t)n <= b->max - b->len) {
		rc = VG_OK;
	} else {
		rc = buf_reserve(b, (size_t)n);
		if (!rc)
			rc = grow(b, b->len + (size_t)n + 1);
		if (!rc)
			vsnprintf((char *)b->data + b->len, (size_t)n + 1, fmt, again);
	}
	va_end(again);
	if (!rc)
		b->len += (size_t)n;
	return rc;
}

int
buf_addf(struct buf *b, const char *fmt, ...)
{
	va_list ap;
	int rc;

	va_start(ap, fmt);
	rc = buf_vaddf(b, fmt, ap);
	va_end(ap);
	return rc;
}

void
buf_consume(struct buf *b, size_t n)
{
	if (n > b->len)
		n = b->len;
	if (n == 0)
		return;
	b->len -= n;
	memmove(b->data, b->data + n, b->len);
}

void
buf_reset(struct buf *b)
{
	b->len = 0;
}

const char *
buf_str(struct buf *b)
{
	if (b->len == 0 && b->cap == 0)
		return "";
	if (grow(b, b->len + 1))
		return "";
	b->data[b->len] = '\0';
	return (const char *)b->data;
}

char *
buf_take(struct buf *b, size_t *len)
{
	char *p;

	if (grow(b, b->len + 1))
		return NULL;
	b->data[b->len] = '\0';
	p = (char *)b->data;
	if (len)
		*len = b->len;
	b->data = NULL;
	b->len = b->cap = 0;
	return p;
}

int
buf_read(struct buf *b, int fd)
{
	for (;;) {
		size_t room = b->max - b->len, want = room < BUF_BLOCK ? room : BUF_BLOCK;
		unsigned char beyond;
		ssize_t n;
		int rc = want > 0 ? buf_reserve(b, want) : VG_OK;

		if (rc != VG_OK)
			return rc;
		/* A full buffer is an error only where there is more. */
		n = want > 0 ? read(fd, b->data + b->len, want) : read(fd, &beyond, 1);
		if (n == 0)
			return VG_OK;
		if (n < 0 && errno != EINTR)
			return VG_ERR_SYSTEM;
		if (n > 0 && want == 0)
			return VG_ERR_LIMIT;
		if (n > 0)
			b->len += (size_t)n;
	}
}
