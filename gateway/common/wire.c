/*
 * wire.c - structs to bytes and back by table. Both ends of every process border. Encoded bytes are
 * hostile when they come from a process that may have been taken over: each length is checked before use.
 * Integers lie in host order (both ends are one executable); a string and a blob have a u32 length in front,
 * a string's length holds its NUL; a list is u32 bytes, u32 count, then elements with a u32 length each.
 */
#include <string.h>

#include "err.h"
#include "wire.h"

struct reader {
	const unsigned char *p;
	size_t left;
};

static int
take(struct reader *r, void *out, size_t n)
{
	if (r->left < n)
		return VG_ERR_PROTO;
	memcpy(out, r->p, n);
	r->p += n;
	r->left -= n;
	return VG_OK;
}

/* A u32 length and so many bytes. */
static int
take_bytes(struct reader *r, struct blob *out)
{
	uint32_t n;

	if (take(r, &n, sizeof(n)) || n > r->left)
		return VG_ERR_PROTO;
	out->data = r->p;
	out->len = n;
	r->p += n;
	r->left -= n;
	return VG_OK;
}

/* Exactly one NUL, and that at the end. */
static int
as_string(const struct blob *b, const char **s)
{
	if (b->len == 0 || memchr(b->data, '\0', b->len) != b->data + b->len - 1)
		return VG_ERR_PROTO;
	*s = (const char *)b->data;
	return VG_OK;
}

/* The count must be the true one: receivers size arrays by it. */
static int
take_list(struct reader *r, struct wlist *out)
{
	uint32_t bytes, n;
	struct reader in;
	struct blob element;

	if (take(r, &bytes, sizeof(bytes)) || take(r, &n, sizeof(n)) || bytes > r->left)
		return VG_ERR_PROTO;
	*out = (struct wlist){ .data = r->p, .len = bytes, .n = n };
	in = (struct reader){ .p = r->p, .left = bytes };
	for (; n > 0; n--) {
		if (take_bytes(&in, &element))
			return VG_ERR_PROTO;
	}
	if (in.left)
		return VG_ERR_PROTO;
	r->p += bytes;
	r->left -= bytes;
	return VG_OK;
}

static int
take_field(struct reader *r, enum wire_type type, void *member)
{
	struct blob b;

	switch (type) {
	case W_u8:
		return take(r, member, sizeof(uint8_t));
	case W_u32:
		return take(r, member, sizeof(uint32_t));
	case W_u64:
		return take(r, member, sizeof(uint64_t));
	case W_i64:
		return take(r, member, sizeof(int64_t));
	case W_str:
		if (take_bytes(r, &b))
			return VG_ERR_PROTO;
		return as_string(&b, member);
	case W_blob:
		return take_bytes(r, member);
	case W_list:
		return take_list(r, member);
	}
	return VG_ERR_PROTO;
}

int
wire_get(const struct wire_table *t, const unsigned char *data, size_t len, void *obj)
{
	struct reader r = { .p = data, .left = len };

	memset(obj, 0, t->size);
	for (size_t i = 0; i < t->nfields; i++) {
		if (take_field(&r, t->fields[i].type, (char *)obj + t->fields[i].offset))
			return VG_ERR_PROTO;
	}
	return r.left ? VG_ERR_PROTO : VG_OK;
}

static int
put_bytes(struct buf *out, const void *data, size_t n)
{
	uint32_t len = (uint32_t)n;
	int rc;

	if (n > UINT32_MAX)
		return VG_ERR_LIMIT;
	rc = buf_reserve(out, sizeof(len) + n);
	if (!rc)
		rc = buf_add(out, &len, sizeof(len));
	return rc ? rc : buf_add(out, data, n);
}

static int
put_string(struct buf *out, const char *s)
{
	if (!s)
		s = "";
	return put_bytes(out, s, strlen(s) + 1);
}

static int
put_list(struct buf *out, const struct wlist *l)
{
	uint32_t head[2] = { (uint32_t)l->len, l->n };
	int rc;

	if (l->len > UINT32_MAX)
		return VG_ERR_LIMIT;
	rc = buf_add(out, head, sizeof(head));
	return rc ? rc : buf_add(out, l->data, l->len);
}

static int
put_field(struct buf *out, enum wire_type type, const void *member)
{
	const struct blob *b;

	switch (type) {
	case W_u8:
		return buf_add(out, member, sizeof(uint8_t));
	case W_u32:
		return buf_add(out, member, sizeof(uint32_t));
	case W_u64:
		return buf_add(out, member, sizeof(uint64_t));
	case W_i64:
		return buf_add(out, member, sizeof(int64_t));
	case W_str:
		return put_string(out, *(const char *const *)member);
	case W_blob:
		b = member;
		return put_bytes(out, b->data, b->len);
	case W_list:
		return put_list(out, member);
	}
	return VG_ERR_PROTO;
}

int
wire_put(struct buf *out, const struct wire_table *t, const void *obj)
{
	size_t start = out->len;

	for (size_t i = 0; i < t->nfields; i++) {
		int rc = put_field(out, t->fields[i].type, (const char *)obj + t->fields[i].offset);
		if (rc) {
			out->len = start;
			return rc;
		}
	}
	return VG_OK;
}

/* ---- lists ---- */

int
wlist_add_str(struct buf *b, uint32_t *n, const char *s)
{
	int rc = put_string(b, s);

	if (!rc)
		(*n)++;
	return rc;
}

int
wlist_add(struct buf *b, uint32_t *n, const struct wire_table *t, const void *obj)
{
	size_t start = b->len, size;
	uint32_t len = 0;
	int rc = buf_add(b, &len, sizeof(len));

	if (rc)
		return rc;
	rc = wire_put(b, t, obj);
	size = b->len - start - sizeof(len);
	if (!rc && size > UINT32_MAX)
		rc = VG_ERR_LIMIT;
	if (rc) {
		b->len = start;
		return rc;
	}
	len = (uint32_t)size;
	memcpy(b->data + start, &len, sizeof(len));
	(*n)++;
	return VG_OK;
}

struct wlist
wlist_of(const struct buf *b, uint32_t n)
{
	return (struct wlist){ .data = b->data, .len = b->len, .n = n };
}

/* 1 with the next element, 0 at the end. */
static int
next_bytes(const struct wlist *l, size_t *pos, struct blob *element)
{
	struct reader r;

	if (*pos >= l->len)
		return 0;
	r = (struct reader){ .p = l->data + *pos, .left = l->len - *pos };
	if (take_bytes(&r, element))
		return VG_ERR_PROTO;
	*pos = l->len - r.left;
	return 1;
}

int
wlist_next_str(const struct wlist *l, size_t *pos, const char **s)
{
	struct blob element;
	int more = next_bytes(l, pos, &element);

	if (more == 1 && as_string(&element, s))
		return VG_ERR_PROTO;
	return more;
}

int
wlist_next(const struct wlist *l, size_t *pos, const struct wire_table *t, void *obj)
{
	struct blob element;
	int more = next_bytes(l, pos, &element);

	if (more == 1 && wire_get(t, element.data, element.len, obj))
		return VG_ERR_PROTO;
	return more;
}
