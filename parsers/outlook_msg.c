/*
 * outlook_msg.c - walks the storages of a .msg. Runs in the parser worker and in `vcspgate parse`; the file is hostile, what is
 * read of it is bounded by its own size: a compound file may name one sector many times.
 */
#include "outlook_msg.h"

#include <gsf/gsf-infile-msole.h>
#include <gsf/gsf-infile.h>
#include <gsf/gsf-input-memory.h>
#include <gsf/gsf-utils.h>
#include <string.h>

#include "ascii.h"
#include "err.h"
#include "little.h"

#define CHILDREN_MAX 5000 /* of one storage */
#define ENTRIES_MAX 10000 /* of the directory: libgsf reads it recursively, and sorts in the square of its length */
#define NO_ENTRY "\xff\xff\xff\xff\xff\xff\xff\xff"
#define READ_FACTOR 2     /* bytes of streams in all, by bytes of the file */

struct reader {
	struct arena *arena;
	uint64_t left; /* bytes that may still be read */
	unsigned depth;
	bool whole;
};

static int read_storage(struct reader *r, GsfInfile *dir, struct mapi_object *o, size_t header);

bool outlook_msg_is(const unsigned char *p, size_t n)
{
	return n >= 512 && memcmp(p, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", 8) == 0;
}

/* A damaged file is a problem of the attachment, no line on standard error. */
static void swallow(const gchar *domain, GLogLevelFlags level, const gchar *text, gpointer arg)
{
	(void)domain;
	(void)level;
	(void)text;
	(void)arg;
}

void outlook_msg_warm(void)
{
	static const char *const domains[] = {NULL, "libgsf", "libgsf:msole"};
	static bool done;

	if (done)
		return;
	done = true;
	gsf_init();
	for (size_t i = 0; i < sizeof domains / sizeof domains[0]; i++)
		g_log_set_handler(domains[i], G_LOG_LEVEL_MASK, swallow, NULL);
}

/* The bytes of a stream in the arena; NULL with *n 0: none that can be had. */
static const unsigned char *stream(struct reader *r, GsfInput *in, size_t *n)
{
	gsf_off_t size = gsf_input_size(in);
	unsigned char *bytes = NULL;

	*n = 0;
	if (size <= 0)
		return NULL;
	if ((uint64_t)size > r->left || gsf_input_seek(in, 0, G_SEEK_SET) ||
	    (bytes = arena_alloc(r->arena, (size_t)size)) == NULL || gsf_input_read(in, (size_t)size, bytes) == NULL) {
		r->whole = false;
		return NULL;
	}
	r->left -= (uint64_t)size;
	*n = (size_t)size;
	return bytes;
}

/* The tag in "__substg1.0_37010102". */
static bool tag_of(const char *name, uint32_t *tag)
{
	static const char prefix[] = "__substg1.0_";
	const char *p = name + sizeof prefix - 1;

	if (strncmp(name, prefix, sizeof prefix - 1) != 0 || strlen(p) < 8)
		return false;
	*tag = 0;
	for (int i = 0; i < 8; i++) {
		if (!ascii_hex(p[i]))
			return false;
		*tag = *tag << 4 | (uint32_t)ascii_hex_value(p[i]);
	}
	return true;
}

static int add(struct reader *r, struct mapi_object *o, uint32_t tag, const unsigned char *p, size_t n)
{
	int err = mapi_add(r->arena, o, (uint16_t)(tag >> 16), (uint16_t)tag, p, n);

	if (err == VG_ERR_LIMIT)
		r->whole = false;
	return err == VG_ERR_LIMIT ? VG_OK : err;
}

/* Values of fixed length: 16 bytes each behind a header. */
static int fixed_properties(struct reader *r, GsfInput *in, struct mapi_object *o, size_t header)
{
	size_t n;
	const unsigned char *p = stream(r, in, &n);
	int err = VG_OK;

	for (size_t i = header; p != NULL && i + 16 <= n && err == VG_OK; i += 16) {
		uint32_t tag = little32(p + i);

		switch (tag & 0xffff) {
		case MAPI_LONG:
		case MAPI_BOOLEAN:
			err = add(r, o, tag, p + i + 8, 4);
			break;
		case MAPI_TIME:
			err = add(r, o, tag, p + i + 8, 8);
			break;
		default:
			break;
		}
	}
	return err;
}

static int embedded(struct reader *r, GsfInput *in, struct mapi_object *attachment)
{
	struct mapi_object *inner;
	int err;

	if (!GSF_IS_INFILE(in) || attachment->message != NULL)
		return VG_OK;
	if (r->depth >= MAPI_DEPTH_MAX) {
		r->whole = false;
		return VG_OK;
	}
	inner = arena_alloc(r->arena, sizeof *inner);
	if (inner == NULL)
		return VG_ERR_MEMORY;
	r->depth++;
	err = read_storage(r, GSF_INFILE(in), inner, 24);
	r->depth--;
	attachment->message = inner->n > 0 ? inner : NULL;
	return err;
}

static int read_attachment(struct reader *r, GsfInput *in, struct mapi_object *o)
{
	struct mapi_object *a;

	if (!GSF_IS_INFILE(in))
		return VG_OK;
	a = mapi_attach(r->arena, o);
	if (a == NULL) {
		r->whole = false;
		return VG_OK;
	}
	return read_storage(r, GSF_INFILE(in), a, 8);
}

static int read_child(struct reader *r, GsfInput *in, const char *name, struct mapi_object *o, size_t header)
{
	const unsigned char *p;
	uint32_t tag;
	size_t n;

	if (strncmp(name, "__attach_version1.0_", 20) == 0)
		return header == 8 ? VG_OK : read_attachment(r, in, o); /* an attachment has none of its own */
	if (strcmp(name, "__properties_version1.0") == 0)
		return fixed_properties(r, in, o, header);
	if (!tag_of(name, &tag))
		return VG_OK;
	if (tag == ((uint32_t)MAPI_DATA << 16 | MAPI_OBJECT))
		return embedded(r, in, o);
	switch (tag & 0xffff) {
	case MAPI_STRING8:
	case MAPI_UNICODE:
	case MAPI_BINARY:
		p = stream(r, in, &n);
		return p != NULL ? add(r, o, tag, p, n) : VG_OK;
	default:
		return VG_OK;
	}
}

/* header: bytes before the fixed properties: 32 in a file, 24 in a message inside, 8 in an attachment. */
static int read_storage(struct reader *r, GsfInfile *dir, struct mapi_object *o, size_t header)
{
	int n = gsf_infile_num_children(dir), err = VG_OK;

	r->whole = r->whole && n <= CHILDREN_MAX;
	for (int i = 0; i < n && i < CHILDREN_MAX && err == VG_OK; i++) {
		const char *name = gsf_infile_name_by_index(dir, i);
		GsfInput *in = name != NULL ? gsf_infile_child_by_index(dir, i) : NULL;

		if (in == NULL) {
			r->whole = false;
			continue;
		}
		err = read_child(r, in, name, o, header);
		g_object_unref(in);
	}
	return err;
}

/* ---- what libgsf is not to see ---- */

/* A sector of the file, NULL where it has none of that number. */
static const unsigned char *sector(const unsigned char *p, size_t n, uint32_t number)
{
	unsigned shift = p[30];
	size_t at = ((size_t)number + 1) << shift;

	return at <= n && n - at >= (size_t)1 << shift ? p + at : NULL;
}

/* The sector that follows one, by the table of sectors: 109 parts of it are named in the header, more in a chain of sectors. */
static bool next_sector(const unsigned char *p, size_t n, uint32_t *number)
{
	unsigned entries = 1u << (p[30] - 2), part = *number / entries;
	const unsigned char *table = NULL, *names = NULL;
	uint32_t more = little32(p + 68);

	if (part < 109) {
		table = sector(p, n, little32(p + 76 + (size_t)4 * part));
	} else {
		for (part -= 109; (names = sector(p, n, more)) != NULL && part >= entries - 1; part -= entries - 1)
			more = little32(names + (size_t)4 * (entries - 1));
		table = names != NULL ? sector(p, n, little32(names + (size_t)4 * part)) : NULL;
	}
	if (table == NULL)
		return false;
	*number = little32(table + (size_t)4 * (*number % entries));
	return true;
}

/* Finds the directory's first entry, which is its root. False: this is no compound file, or its directory is too long. */
static bool directory(const unsigned char *p, size_t n, const unsigned char **root)
{
	uint32_t at = little32(p + 48);
	size_t entries = 0;

	if ((p[30] != 9 && p[30] != 12) || p[31] != 0 || (*root = sector(p, n, at)) == NULL)
		return false;
	while (entries <= ENTRIES_MAX && sector(p, n, at) != NULL) {
		entries += (size_t)1 << (p[30] - 7);
		if (!next_sector(p, n, &at))
			break;
	}
	return entries <= ENTRIES_MAX;
}

/* The root has no entries beside it. libgsf would read them in a damaged file, and not free them: they are taken out of a copy. */
static const unsigned char *without_siblings(struct arena *a, const unsigned char *p, size_t n, const unsigned char *root)
{
	unsigned char *copy;

	if (memcmp(root + 68, NO_ENTRY, 8) == 0)
		return p;
	if ((copy = arena_alloc(a, n)) == NULL)
		return NULL;
	memcpy(copy, p, n);
	memcpy(copy + (root - p) + 68, NO_ENTRY, 8);
	return copy;
}

int outlook_msg_read(struct arena *a, const unsigned char *p, size_t n, struct mapi_object *message, bool *whole)
{
	struct reader r = {.arena = a, .left = (uint64_t)n * READ_FACTOR, .whole = true};
	const unsigned char *root = NULL;
	GsfInput *in;
	GsfInfile *dir;
	int err;

	if (!outlook_msg_is(p, n) || !directory(p, n, &root))
		return VG_ERR_SYNTAX;
	if ((p = without_siblings(a, p, n, root)) == NULL)
		return VG_ERR_MEMORY;
	outlook_msg_warm();
	in = gsf_input_memory_new(p, (gsf_off_t)n, FALSE);
	dir = in != NULL ? gsf_infile_msole_new(in, NULL) : NULL;
	if (in != NULL)
		g_object_unref(in);
	if (dir == NULL)
		return VG_ERR_SYNTAX;
	err = read_storage(&r, dir, message, 32);
	g_object_unref(dir);
	*whole = r.whole;
	return err == VG_OK && message->n == 0 ? VG_ERR_SYNTAX : err;
}
