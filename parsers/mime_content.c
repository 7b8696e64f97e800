/*
 * mime_content.c - decoding of transfer encodings in blocks. Runs in the parser worker and in `vcspgate parse`; content
 * is hostile. Going back means decoding again from the start; what fits in memory is decoded once.
 */
#include <gmime/gmime.h>
#include <stdlib.h>
#include <string.h>

#include "ascii.h"
#include "base64.h"
#include "err.h"
#include "mime_content.h"
#include "uu.h"

#define BLOCK 16384

/* Where blocks are read to and decoded. */
struct space {
	char block[BLOCK];
	unsigned char decoded[BLOCK + 2 * BASE64_HELD + 128];
};

struct mime_content {
	struct parse_input *in;
	const char *data;     /* the whole message, where it lies in memory; else NULL */
	uint64_t from, to, at;
	enum mime_encoding encoding;
	GMimeEncoding quoted;
	GMimeFilter *filter;  /* ENCODING_UU; owned */
	struct base64 base64;
	bool ended;
	bool text;            /* of a text part: may not be what its label says */
	bool footer, raw;     /* what follows base64 is wanted; it was come to */
	size_t skip;          /* decoded bytes still to be passed over */
	struct buf memory;
	struct space *space;  /* owned; NULL until it is needed */
};

static void drop_filter(struct mime_content *c)
{
	if (c->filter != NULL)
		g_object_unref(c->filter);
	c->filter = NULL;
}

static void restart(struct mime_content *c)
{
	c->at = c->from;
	memset(&c->base64, 0, sizeof c->base64);
	c->ended = c->raw = false;
	drop_filter(c);
	if (c->encoding == ENCODING_UU)
		c->filter = g_mime_filter_basic_new(GMIME_CONTENT_ENCODING_UUENCODE, FALSE);
	if (c->encoding == ENCODING_QUOTED)
		g_mime_encoding_init_decode(&c->quoted, GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE);
}

static void content_start(struct mime_content *c, struct parse_input *in, const struct mime_node *node)
{
	memset(c, 0, sizeof *c);
	c->in = in;
	c->data = (const char *)parse_input_memory(in);
	c->from = node->from;
	c->to = node->to;
	c->encoding = node->kind == NODE_PART ? node->encoding : ENCODING_NONE;
	c->text = c->encoding == ENCODING_BASE64 && mime_node_is(node, "text", "*");
	restart(c);
}

static void content_end(struct mime_content *c)
{
	drop_filter(c);
	buf_free(&c->memory);
	free(c->space);
	c->space = NULL;
}

/* The next block as it stands; 0 at the end. */
static ssize_t next_block(struct mime_content *c, const char **block)
{
	uint64_t left = c->to - c->at;
	size_t n = left < BLOCK ? (size_t)left : BLOCK;
	long got;

	if (c->data != NULL) {
		*block = c->data + c->at;
		c->at += n;
		return (ssize_t)n;
	}
	*block = c->space->block;
	got = parse_input_read(c->in, c->at, c->space->block, n);
	c->at += got > 0 ? (uint64_t)got : 0;
	return got;
}

/* Text that was labelled base64 and is none: blanks between words or other characters in its first lines. One word alone
 * ("Hello") does not tell, nor does the footer below a short text. */
static bool is_mislabelled(const char *s, size_t n)
{
	const char *end = s + n, *line;
	size_t k, first = 0;
	bool odd = false; /* the first line alone could be base64, but not well */

	for (bool second = false; ascii_line(&s, end, &line, &k);) {
		size_t foreign = 0;

		ascii_trim(&line, &k);
		if (k == 0)
			continue;
		for (size_t i = 0; i < k; i++)
			foreign += !ascii_alpha(line[i]) && !ascii_digit(line[i]) && line[i] != '+' && line[i] != '/' && line[i] != '=';
		if (second)
			return foreign * 12 > k && (odd || first % 4 != 0 || first <= 8);
		if (foreign >= 2 && foreign * 12 > k)
			return true;
		if (foreign == 0 && line[k - 1] == '=')
			return false;
		second = true;
		odd = foreign > 0;
		first = k;
	}
	return false;
}

/* Puts what base64_feed held back and did not read behind n decoded bytes; from then on all is as it stands. */
static size_t begin_footer(struct mime_content *c, size_t n, const char *block, size_t got)
{
	size_t rest = got > c->base64.used ? got - c->base64.used : 0;
	unsigned char *out = c->space->decoded;

	c->raw = true;
	out[n++] = '\n';
	memcpy(out + n, c->base64.held, c->base64.n_held);
	n += c->base64.n_held;
	memcpy(out + n, block + c->base64.used, rest);
	return n + rest;
}

static size_t decode_base64(struct mime_content *c, const char *block, size_t got)
{
	unsigned char *out = c->space->decoded;
	size_t n = got > 0 ? base64_feed(&c->base64, out, block, got) : base64_end(&c->base64, out);

	return c->footer && c->base64.done ? begin_footer(c, n, block, got) : n;
}

static size_t decode_uu(struct mime_content *c, const char *block, size_t got, const void **out)
{
	size_t n = 0, prespace;
	char *bytes = NULL, *in = (char *)(uintptr_t)block;

	if (got > 0)
		g_mime_filter_filter(c->filter, in, got, 0, &bytes, &n, &prespace);
	else
		g_mime_filter_complete(c->filter, in, 0, 0, &bytes, &n, &prespace);
	*out = bytes;
	return n;
}

/* One block decoded to *out; got 0: what is still held. */
static size_t decode_block(struct mime_content *c, const char *block, size_t got, const void **out)
{
	*out = c->space != NULL ? (const void *)c->space->decoded : block;
	if (c->encoding == ENCODING_NONE || c->raw) {
		*out = block;
		return got;
	}
	if (c->encoding == ENCODING_BASE64)
		return decode_base64(c, block, got);
	if (c->encoding == ENCODING_UU)
		return decode_uu(c, block, got, out);
	return got > 0 ? g_mime_encoding_step(&c->quoted, block, got, (char *)c->space->decoded) :
	    g_mime_encoding_flush(&c->quoted, block, 0, (char *)c->space->decoded);
}

/* The next decoded block; 0 at the end, negative on no memory. Blocks that decode to nothing are passed over. */
static ssize_t decode(struct mime_content *c, const void **out)
{
	size_t n = 0;

	if (c->space == NULL && (c->data == NULL || c->encoding != ENCODING_NONE) &&
	    (c->space = malloc(sizeof *c->space)) == NULL)
		return VG_ERR_MEMORY;
	while (!c->ended && n == 0) {
		const char *block = "";
		ssize_t got = next_block(c, &block);

		c->ended = got <= 0;
		if (c->text && got > 0 && is_mislabelled(block, (size_t)got))
			c->encoding = ENCODING_NONE;
		c->text = false;
		n = decode_block(c, block, got > 0 ? (size_t)got : 0, out);
	}
	return (ssize_t)n;
}

static ssize_t part_read(struct source *s, const void **block)
{
	struct mime_content *c = s->arg;
	ssize_t n;

	while ((n = decode(c, block)) > 0 && c->skip > 0) {
		size_t k = c->skip < (size_t)n ? c->skip : (size_t)n;

		c->skip -= k;
		n -= (ssize_t)k;
		*block = (const char *)*block + k;
		if (n > 0)
			break;
	}
	s->pos += n > 0 ? (uint64_t)n : 0;
	return n;
}

static int part_seek(struct source *s, uint64_t offset)
{
	struct mime_content *c = s->arg;

	if (offset < s->pos || c->skip > 0) {
		restart(c);
		c->skip = (size_t)offset;
	} else {
		c->skip = (size_t)(offset - s->pos);
	}
	s->pos = offset;
	return 0;
}

static ssize_t range_read(struct source *s, const void **block)
{
	struct mime_content *c = s->arg;
	ssize_t n = decode(c, block);

	s->pos = c->at - c->from;
	return n;
}

static int range_seek(struct source *s, uint64_t offset)
{
	struct mime_content *c = s->arg;

	if (offset > c->to - c->from)
		return -1;
	c->at = c->from + offset;
	c->ended = false;
	s->pos = offset;
	return 0;
}

/* Decodes what fits. True when that was all. */
static bool load(struct mime_content *c)
{
	uint64_t most = c->encoding == ENCODING_BASE64 ? (c->to - c->from) / 4 * 3 + BASE64_HELD : c->to - c->from;
	const void *block;
	ssize_t n;

	if (most <= c->memory.max && buf_reserve(&c->memory, (size_t)most) != VG_OK)
		return false;
	while ((n = decode(c, &block)) > 0)
		if (buf_add(&c->memory, block, (size_t)n) != VG_OK)
			return false;
	return n == 0;
}

static struct mime_content *content_new(struct parse_input *in, const struct mime_node *node, size_t max)
{
	struct mime_content *c = malloc(sizeof *c);

	if (c == NULL)
		return NULL;
	content_start(c, in, node);
	buf_init(&c->memory, max);
	return c;
}

int mime_content_open(struct mime_content **out, struct parse_input *in, const struct mime_node *node, struct source *src)
{
	struct mime_content *c = content_new(in, node, MIME_CONTENT_MEMORY);

	*out = c;
	if (c == NULL)
		return VG_ERR_MEMORY;
	memset(src, 0, sizeof *src);
	if (c->encoding == ENCODING_NONE && c->data != NULL) {
		source_memory(src, c->data + c->from, (size_t)(c->to - c->from));
		return VG_OK;
	}
	if (node->kind == NODE_MESSAGE) {
		*src = (struct source){
			.read = range_read, .seek = range_seek, .size = (int64_t)(c->to - c->from), .fd = -1, .arg = c};
		return VG_OK;
	}
	if (load(c)) {
		source_memory(src, buf_str(&c->memory), c->memory.len);
		return VG_OK;
	}
	buf_free(&c->memory);
	restart(c);
	*src = (struct source){.read = part_read, .seek = part_seek, .size = -1, .fd = -1, .arg = c};
	return VG_OK;
}

int mime_content_uu(struct mime_content **out, struct parse_input *in, const struct mime_node *part, size_t from, size_t to,
    struct source *src)
{
	struct mime_content *c = content_new(in, part, MIME_TEXT_MAX);
	struct uu_block b = {.from = from};
	bool whole;

	*out = c;
	if (c == NULL)
		return VG_ERR_MEMORY;
	whole = load(c);
	b.to = to < c->memory.len ? to : c->memory.len;
	c->memory.len = b.from < b.to && (whole || c->memory.len > 0) ? uu_decode(buf_str(&c->memory), &b, c->memory.data) : 0;
	source_memory(src, buf_str(&c->memory), c->memory.len);
	return VG_OK;
}

void mime_content_close(struct mime_content **c)
{
	if (*c == NULL)
		return;
	content_end(*c);
	free(*c);
	*c = NULL;
}

/* Decodes up to the bound of t->own. */
static int read_text(struct mime_text *t, struct mime_content *c)
{
	const void *block;
	int err = VG_OK;
	ssize_t n = 0;

	while (err == VG_OK && !t->more && (n = decode(c, &block)) > 0) {
		size_t room = t->own.max - t->own.len;

		t->more = (size_t)n > room;
		err = buf_add(&t->own, block, t->more ? room : (size_t)n);
	}
	return err == VG_OK && n < 0 ? VG_ERR_MEMORY : err;
}

int mime_text_open(struct mime_text *t, struct parse_input *in, const struct mime_node *node, size_t max)
{
	struct mime_content c;
	uint64_t size;
	int err;

	memset(t, 0, sizeof *t);
	buf_init(&t->own, max);
	content_start(&c, in, node);
	size = c.to - c.from;
	if (c.encoding == ENCODING_NONE && c.data != NULL) {
		t->s = c.data + c.from;
		t->len = size < max ? (size_t)size : max;
		t->more = size > max;
		return VG_OK;
	}
	c.footer = true;
	err = size < max ? buf_reserve(&t->own, (size_t)size) : VG_OK;
	if (err == VG_OK)
		err = read_text(t, &c);
	content_end(&c);
	t->s = buf_str(&t->own);
	t->len = t->own.len;
	if (err != VG_OK)
		mime_text_close(t);
	return err;
}

void mime_text_close(struct mime_text *t)
{
	buf_free(&t->own);
	memset(t, 0, sizeof *t);
}
