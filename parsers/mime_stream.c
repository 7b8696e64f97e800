/*
 * mime_stream.c - GMime's view of a message: the segments of the pre-scan as one stream. Runs in the parser worker
 * and in `vcspgate parse`. Read-only; a failing input reads as its end.
 */
#include <string.h>

#include "mime_stream.h"

typedef struct {
	GMimeStream parent;
	struct parse_input *in;
	const struct prescan *scan;
	size_t segment;     /* where the last read ended */
	uint64_t begins;    /* stream offset of that segment */
} VgStream;

typedef struct {
	GMimeStreamClass parent;
} VgStreamClass;

static GType vg_stream_get_type(void);
G_DEFINE_TYPE(VgStream, vg_stream, GMIME_TYPE_STREAM)

static VgStream *self_of(GMimeStream *stream)
{
	return (VgStream *)stream;
}

static uint64_t bound(const VgStream *s)
{
	uint64_t size = s->scan->size;

	return s->parent.bound_end >= 0 && (uint64_t)s->parent.bound_end < size ? (uint64_t)s->parent.bound_end : size;
}

/* Moves to the segment that holds stream offset pos (pos below the size). */
static const struct prescan_segment *seek_segment(VgStream *s, uint64_t pos)
{
	if (pos < s->begins) {
		s->segment = 0;
		s->begins = 0;
	}
	while (pos >= s->begins + s->scan->segments[s->segment].len)
		s->begins += s->scan->segments[s->segment++].len;
	return &s->scan->segments[s->segment];
}

static ssize_t read_segment(VgStream *s, uint64_t pos, char *out, size_t n)
{
	const struct prescan_segment *seg = seek_segment(s, pos);
	uint64_t skip = pos - s->begins;
	long got;

	if (n > seg->len - skip)
		n = (size_t)(seg->len - skip);
	if (seg->text != NULL) {
		memcpy(out, seg->text + skip, n);
		return (ssize_t)n;
	}
	got = parse_input_read(s->in, seg->from + skip, out, n);
	for (long i = 0; seg->nuls && i < got; i++)
		if (out[i] == '\0')
			out[i] = '?';
	return got;
}

static ssize_t vg_read(GMimeStream *stream, char *buf, size_t len)
{
	VgStream *s = self_of(stream);
	uint64_t end = bound(s), pos = (uint64_t)stream->position;
	size_t done = 0;

	while (done < len && pos < end) {
		size_t n = len - done < end - pos ? len - done : (size_t)(end - pos);
		ssize_t got = read_segment(s, pos, buf + done, n);

		if (got <= 0)
			break;
		done += (size_t)got;
		pos += (uint64_t)got;
	}
	stream->position = (gint64)pos;
	return (ssize_t)done;
}

static ssize_t vg_write(GMimeStream *stream, const char *buf, size_t len)
{
	(void)stream;
	(void)buf;
	(void)len;
	return -1;
}

static int vg_nothing(GMimeStream *stream)
{
	(void)stream;
	return 0;
}

static gboolean vg_eos(GMimeStream *stream)
{
	return (uint64_t)stream->position >= bound(self_of(stream));
}

static int vg_reset(GMimeStream *stream)
{
	stream->position = stream->bound_start;
	return 0;
}

static gint64 vg_seek(GMimeStream *stream, gint64 offset, GMimeSeekWhence whence)
{
	gint64 end = (gint64)bound(self_of(stream));
	gint64 base = whence == GMIME_STREAM_SEEK_SET ? 0 : whence == GMIME_STREAM_SEEK_CUR ? stream->position : end;

	if (offset > 0 ? base > G_MAXINT64 - offset : base + offset < stream->bound_start)
		return -1;
	if (base + offset > end || base + offset < stream->bound_start)
		return -1;
	return stream->position = base + offset;
}

static gint64 vg_tell(GMimeStream *stream)
{
	return stream->position;
}

static gint64 vg_length(GMimeStream *stream)
{
	return (gint64)bound(self_of(stream)) - stream->bound_start;
}

static GMimeStream *vg_substream(GMimeStream *stream, gint64 start, gint64 end)
{
	VgStream *s = self_of(stream), *sub = g_object_new(vg_stream_get_type(), NULL);

	sub->in = s->in;
	sub->scan = s->scan;
	g_mime_stream_construct((GMimeStream *)sub, start, end);
	return (GMimeStream *)sub;
}

static void vg_stream_class_init(VgStreamClass *klass)
{
	GMimeStreamClass *k = GMIME_STREAM_CLASS(klass);

	k->read = vg_read;
	k->write = vg_write;
	k->flush = vg_nothing;
	k->close = vg_nothing;
	k->eos = vg_eos;
	k->reset = vg_reset;
	k->seek = vg_seek;
	k->tell = vg_tell;
	k->length = vg_length;
	k->substream = vg_substream;
}

static void vg_stream_init(VgStream *s)
{
	(void)s;
}

GMimeStream *mime_stream_new(struct parse_input *in, const struct prescan *scan)
{
	VgStream *s = g_object_new(vg_stream_get_type(), NULL);

	s->in = in;
	s->scan = scan;
	g_mime_stream_construct((GMimeStream *)s, 0, -1);
	return (GMimeStream *)s;
}
