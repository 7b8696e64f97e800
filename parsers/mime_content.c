/*
 * mime_content.c - decoding of transfer encodings in blocks. Runs in the parser worker and in `vcspgate parse`; content
 * is hostile. Going back means decoding again from the start; what fits in memory is decoded once.
 */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "ascii.h"
#include "base64.h"
#include "err.h"
#include "mime_content.h"
#include "uu.h"

#define BLOCK 16384

struct mime_content {
	/* a part */
	GMimeStream *stream;  /* encoded, owned */
	GMimeFilter *filter;  /* NULL: no encoding, or base64; owned */
	struct base64 base64;
	GMimeContentEncoding encoding;
	bool ended;
	bool text;            /* of a text part: may not be what its label says */
	bool footer, raw;     /* what follows base64 is wanted; it was come to */
	size_t skip;          /* decoded bytes still to be passed over */
	struct buf memory;
	/* a range */
	struct parse_input *in;
	uint64_t from, to, at;
	/* From here on never cleared: 32 KB a part. */
	char block[BLOCK];
	unsigned char decoded[BLOCK + 2 * BASE64_HELD + 128];
};

static void restart(struct mime_content *c)
{
	g_mime_stream_reset(c->stream);
	if (c->filter != NULL)
		g_object_unref(c->filter);
	c->filter = NULL;
	memset(&c->base64, 0, sizeof c->base64);
	c->ended = c->raw = false;
	switch (c->encoding) {
	case GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE:
	case GMIME_CONTENT_ENCODING_UUENCODE:
		c->filter = g_mime_filter_basic_new(c->encoding, FALSE);
		break;
	default:
		break;
	}
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
static size_t begin_footer(struct mime_content *c, size_t n, size_t got)
{
	size_t rest = got > c->base64.used ? got - c->base64.used : 0;

	c->raw = true;
	c->decoded[n++] = '\n';
	memcpy(c->decoded + n, c->base64.held, c->base64.n_held);
	n += c->base64.n_held;
	memcpy(c->decoded + n, c->block + c->base64.used, rest);
	return n + rest;
}

static size_t decode_base64(struct mime_content *c, size_t got)
{
	size_t n = got > 0 ? base64_feed(&c->base64, c->decoded, c->block, got) : base64_end(&c->base64, c->decoded);

	return c->footer && c->base64.done ? begin_footer(c, n, got) : n;
}

/* The next decoded block; 0 at the end. Blocks that decode to nothing are passed over. */
static ssize_t decode(struct mime_content *c, const void **block)
{
	size_t prespace, n = 0;
	char *out = NULL;

	while (!c->ended && n == 0) {
		ssize_t got = g_mime_stream_read(c->stream, c->block, sizeof c->block);

		c->ended = got <= 0;
		if (c->text && got > 0 && c->encoding == GMIME_CONTENT_ENCODING_BASE64 && is_mislabelled(c->block, (size_t)got))
			c->encoding = GMIME_CONTENT_ENCODING_DEFAULT;
		c->text = false;
		if (c->encoding == GMIME_CONTENT_ENCODING_BASE64 && !c->raw) {
			n = decode_base64(c, got > 0 ? (size_t)got : 0);
			out = (char *)c->decoded;
			continue;
		}
		if (c->filter == NULL) {
			*block = c->block;
			return got > 0 ? got : 0;
		}
		if (got > 0)
			g_mime_filter_filter(c->filter, c->block, (size_t)got, 0, &out, &n, &prespace);
		else
			g_mime_filter_complete(c->filter, c->block, 0, 0, &out, &n, &prespace);
	}
	*block = out;
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
	uint64_t left = c->to - c->at;
	long n = parse_input_read(c->in, c->at, c->block, left < BLOCK ? (size_t)left : BLOCK);

	if (n > 0)
		c->at += (uint64_t)n;
	s->pos = c->at - c->from;
	*block = c->block;
	return n;
}

static int range_seek(struct source *s, uint64_t offset)
{
	struct mime_content *c = s->arg;

	if (offset > c->to - c->from)
		return -1;
	c->at = c->from + offset;
	s->pos = offset;
	return 0;
}

static struct mime_content *content_new(GMimePart *part)
{
	GMimeDataWrapper *wrapper = part != NULL ? g_mime_part_get_content(part) : NULL;
	struct mime_content *c = malloc(sizeof *c);

	if (c != NULL)
		memset(c, 0, offsetof(struct mime_content, block));
	if (c == NULL || part == NULL)
		return c;
	c->encoding = wrapper != NULL ? g_mime_data_wrapper_get_encoding(wrapper) : GMIME_CONTENT_ENCODING_DEFAULT;
	c->text = g_mime_content_type_is_type(g_mime_object_get_content_type(GMIME_OBJECT(part)), "text", "*");
	c->stream = wrapper != NULL ? g_mime_data_wrapper_get_stream(wrapper) : NULL;
	c->stream = c->stream != NULL ? g_object_ref(c->stream) : g_mime_stream_mem_new(); /* a null stream never ends */
	restart(c);
	return c;
}

/* Decodes what fits. True when that was all. */
static bool load(struct mime_content *c, struct buf *b)
{
	const void *block;
	ssize_t n;

	while ((n = decode(c, &block)) > 0)
		if (buf_add(b, block, (size_t)n) != VG_OK)
			return false;
	return true;
}

int mime_content_part(struct mime_content **out, GMimePart *part, struct source *src)
{
	struct mime_content *c = content_new(part);

	*out = c;
	if (c == NULL)
		return VG_ERR_MEMORY;
	buf_init(&c->memory, MIME_CONTENT_MEMORY);
	memset(src, 0, sizeof *src);
	if (load(c, &c->memory)) {
		source_memory(src, buf_str(&c->memory), c->memory.len);
		return VG_OK;
	}
	buf_free(&c->memory);
	restart(c);
	*src = (struct source){.read = part_read, .seek = part_seek, .size = -1, .fd = -1, .arg = c};
	return VG_OK;
}

int mime_content_uu(struct mime_content **out, GMimePart *part, size_t from, size_t to, struct source *src)
{
	struct mime_content *c = content_new(part);
	struct uu_block b = {.from = from};
	bool whole;

	*out = c;
	if (c == NULL)
		return VG_ERR_MEMORY;
	buf_init(&c->memory, MIME_TEXT_MAX);
	whole = load(c, &c->memory);
	b.to = to < c->memory.len ? to : c->memory.len;
	c->memory.len = b.from < b.to && (whole || c->memory.len > 0) ? uu_decode(buf_str(&c->memory), &b, c->memory.data) : 0;
	source_memory(src, buf_str(&c->memory), c->memory.len);
	return VG_OK;
}

int mime_content_range(struct mime_content **out, struct parse_input *in, const struct prescan_message *range,
    struct source *src)
{
	struct mime_content *c = content_new(NULL);

	*out = c;
	if (c == NULL)
		return VG_ERR_MEMORY;
	c->in = in;
	c->from = c->at = range->from;
	c->to = range->to;
	*src = (struct source){
		.read = range_read, .seek = range_seek, .size = (int64_t)(range->to - range->from), .fd = -1, .arg = c};
	return VG_OK;
}

void mime_content_close(struct mime_content **c)
{
	if (*c == NULL)
		return;
	if ((*c)->filter != NULL)
		g_object_unref((*c)->filter);
	if ((*c)->stream != NULL)
		g_object_unref((*c)->stream);
	buf_free(&(*c)->memory);
	free(*c);
	*c = NULL;
}

int mime_content_read(GMimePart *part, struct buf *b, bool *more)
{
	struct mime_content *c = content_new(part);
	const void *block;
	int err = VG_OK;
	ssize_t n;

	*more = false;
	if (c == NULL)
		return VG_ERR_MEMORY;
	c->footer = true;
	while (err == VG_OK && !*more && (n = decode(c, &block)) > 0) {
		size_t room = b->max - b->len;

		*more = (size_t)n > room;
		err = buf_add(b, block, *more ? room : (size_t)n);
	}
	mime_content_close(&c);
	return err;
}
