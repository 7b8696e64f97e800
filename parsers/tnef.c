/*
 * tnef.c - attributes and MAPI properties of TNEF. Runs in the parser worker and in `vcspgate parse`; the file is hostile.
 * One pass; messages in attachments are read by the same function, at most MAPI_DEPTH_MAX deep.
 */
#include "tnef.h"

#include <string.h>

#include "err.h"
#include "little.h"

#define SIGNATURE 0x223e9f78u

/* Attributes, their type left out. */
enum {
	ATT_SUBJECT = 0x8004, ATT_FROM = 0x8000, ATT_BODY = 0x800c, ATT_MAPI = 0x9003, ATT_CODEPAGE = 0x9007, ATT_TITLE = 0x8010,
	ATT_DATA = 0x800f, ATT_RENDER = 0x9002, ATT_ATTACHMENT = 0x9005
};
#define LEVEL_MESSAGE 1
#define LEVEL_ATTACHMENT 2

struct reader {
	struct arena *arena;
	unsigned depth;
	bool whole;
};

static int read_file(struct reader *r, const unsigned char *p, size_t n, struct mapi_object *message);

bool tnef_is(const unsigned char *p, size_t n)
{
	return n >= 6 && little32(p) == SIGNATURE;
}

/* ---- MAPI properties ---- */

struct cursor {
	const unsigned char *p;
	size_t left;
};

static bool take(struct cursor *c, size_t n, const unsigned char **p)
{
	if (n > c->left)
		return false;
	*p = c->p;
	c->p += n;
	c->left -= n;
	return true;
}

static bool take32(struct cursor *c, uint32_t *v)
{
	const unsigned char *p;

	if (!take(c, 4, &p))
		return false;
	*v = little32(p);
	return true;
}

/* Values are padded to four bytes; the last one of a block may lack it. */
static bool take_padded(struct cursor *c, size_t n, const unsigned char **p)
{
	size_t pad = (4 - n % 4) % 4;

	if (!take(c, n, p))
		return false;
	if (pad > c->left)
		pad = c->left;
	c->p += pad;
	c->left -= pad;
	return true;
}

/* Bytes of a value of fixed length; 0: its length is written before it; SIZE_MAX: unknown. */
static size_t fixed_length(unsigned type)
{
	switch (type) {
	case 0x0002: case 0x0003: case 0x0004: case 0x000a: case 0x000b: case 0x0001:
		return 4;
	case 0x0005: case 0x0006: case 0x0007: case 0x0014: case 0x0040:
		return 8;
	case 0x0048:
		return 16;
	case MAPI_STRING8: case MAPI_UNICODE: case MAPI_BINARY: case MAPI_OBJECT:
		return 0;
	default:
		return SIZE_MAX;
	}
}

/* A named property carries its name; it is passed over. */
static bool skip_name(struct cursor *c)
{
	const unsigned char *p;
	uint32_t kind, v;

	if (!take(c, 16, &p) || !take32(c, &kind) || !take32(c, &v))
		return false;
	return kind == 0 || take_padded(c, v, &p);
}

/* A message in an attachment: an interface id, then a file of its own. */
static int embedded(struct reader *r, struct mapi_object *attachment, const unsigned char *p, size_t n)
{
	struct mapi_object *inner;
	int err;

	if (n < 16 || !tnef_is(p + 16, n - 16) || attachment->message != NULL)
		return VG_OK;
	if (r->depth >= MAPI_DEPTH_MAX) {
		r->whole = false;
		return VG_OK;
	}
	inner = arena_alloc(r->arena, sizeof *inner);
	if (inner == NULL)
		return VG_ERR_MEMORY;
	r->depth++;
	err = read_file(r, p + 16, n - 16, inner);
	r->depth--;
	if (err == VG_OK)
		attachment->message = inner;
	return err == VG_ERR_SYNTAX ? VG_OK : err;
}

static int add(struct reader *r, struct mapi_object *o, uint16_t id, uint16_t type, const unsigned char *p, size_t n)
{
	int err = mapi_add(r->arena, o, id, type, p, n);

	if (err == VG_ERR_LIMIT) {
		r->whole = false;
		err = VG_OK;
	}
	if (err == VG_OK && type == MAPI_OBJECT && id == MAPI_DATA)
		err = embedded(r, o, p, n);
	return err;
}

/* One property. VG_ERR_SYNTAX: what follows cannot be read. */
static int property(struct reader *r, struct cursor *c, struct mapi_object *o)
{
	uint32_t tag, count = 1, len;
	const unsigned char *p = NULL;
	unsigned type;
	size_t fixed;
	int err = VG_OK;

	if (!take32(c, &tag))
		return VG_ERR_SYNTAX;
	type = tag & 0xfff;
	fixed = fixed_length(type);
	if (fixed == SIZE_MAX || (tag >= 0x80000000u && !skip_name(c)) ||
	    ((fixed == 0 || (tag & 0x1000) != 0) && !take32(c, &count)))
		return VG_ERR_SYNTAX;
	for (uint32_t i = 0; i < count && err == VG_OK; i++) {
		len = (uint32_t)fixed;
		if ((fixed == 0 && !take32(c, &len)) || !take_padded(c, len, &p))
			return VG_ERR_SYNTAX;
		if (i == 0 && (tag & 0x1000) == 0)
			err = add(r, o, (uint16_t)(tag >> 16), (uint16_t)type, p, len);
	}
	return err;
}

static int properties(struct reader *r, const unsigned char *p, size_t n, struct mapi_object *o)
{
	struct cursor c = {p, n};
	uint32_t count;
	int err = VG_OK;

	if (!take32(&c, &count)) {
		r->whole = false;
		return VG_OK;
	}
	for (uint32_t i = 0; i < count && err == VG_OK; i++)
		err = property(r, &c, o);
	if (err == VG_ERR_SYNTAX) {
		r->whole = false;
		err = VG_OK;
	}
	return err;
}

/* ---- attributes ---- */

/* "name\0SMTP:address\0" behind four lengths (a TRP structure). */
static int from(struct reader *r, const unsigned char *p, size_t n, struct mapi_object *m)
{
	size_t name, address, at = 8;
	int err;

	if (n < 8)
		return VG_OK;
	name = little16(p + 4);
	address = little16(p + 6);
	if (name > n - at || address > n - at - name)
		return VG_OK;
	err = add(r, m, MAPI_SENDER_NAME, MAPI_STRING8, p + at, strnlen((const char *)p + at, name));
	at += name;
	if (err == VG_OK && address > 5 && memcmp(p + at, "SMTP:", 5) == 0)
		err = add(r, m, MAPI_SENDER_ADDRESS, MAPI_STRING8, p + at + 5, strnlen((const char *)p + at + 5, address - 5));
	return err;
}

static int message_attribute(struct reader *r, unsigned id, const unsigned char *p, size_t n, struct mapi_object *m)
{
	switch (id) {
	case ATT_SUBJECT:
		return add(r, m, MAPI_SUBJECT, MAPI_STRING8, p, strnlen((const char *)p, n));
	case ATT_BODY:
		return add(r, m, MAPI_BODY, MAPI_STRING8, p, strnlen((const char *)p, n));
	case ATT_CODEPAGE:
		return n >= 4 ? add(r, m, MAPI_MESSAGE_CODEPAGE, MAPI_LONG, p, 4) : VG_OK;
	case ATT_FROM:
		return from(r, p, n, m);
	case ATT_MAPI:
		return properties(r, p, n, m);
	default:
		return VG_OK;
	}
}

static int attachment_attribute(struct reader *r, unsigned id, const unsigned char *p, size_t n, struct mapi_object *m)
{
	struct mapi_object *a = m->n_attachments > 0 ? &m->attachments[m->n_attachments - 1] : NULL;

	if (id == ATT_RENDER || a == NULL) {
		a = mapi_attach(r->arena, m);
		r->whole = r->whole && a != NULL;
	}
	if (a == NULL)
		return VG_OK;
	switch (id) {
	case ATT_TITLE:
		return add(r, a, MAPI_FILE_NAME, MAPI_STRING8, p, strnlen((const char *)p, n));
	case ATT_DATA:
		return add(r, a, MAPI_DATA, MAPI_BINARY, p, n);
	case ATT_ATTACHMENT:
		return properties(r, p, n, a);
	default:
		return VG_OK;
	}
}

static int read_file(struct reader *r, const unsigned char *p, size_t n, struct mapi_object *message)
{
	struct cursor c = {p, n};
	const unsigned char *head, *data = NULL, *sum;
	int err = VG_OK;

	if (!tnef_is(p, n))
		return VG_ERR_SYNTAX;
	take(&c, 6, &head);
	while (err == VG_OK && take(&c, 9, &head)) {
		size_t len = little32(head + 5), have = len < c.left ? len : c.left;
		unsigned id = little16(head + 1);

		/* A cut attachment gives what is there of it. */
		r->whole = r->whole && have == len;
		take(&c, have, &data);
		if (head[0] == LEVEL_ATTACHMENT)
			err = attachment_attribute(r, id, data, have, message);
		else if (head[0] == LEVEL_MESSAGE)
			err = message_attribute(r, id, data, have, message);
		if (!take(&c, 2, &sum) && have == len && c.left > 0)
			r->whole = false;
	}
	r->whole = r->whole && c.left == 0;
	return err;
}

int tnef_read(struct arena *a, const unsigned char *p, size_t n, struct mapi_object *message, bool *whole)
{
	struct reader r = {.arena = a, .whole = true};
	int err = read_file(&r, p, n, message);

	*whole = r.whole;
	return err;
}
