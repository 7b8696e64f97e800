/*
 * letter_stream.c - the streams of letter_stream.h. Runs in the role `deliver`; what is sealed was written by a parser, its length is
 * checked by whoever opens it.
 */
#include "err.h"
#include "letter_stream.h"

typedef struct {
	GMimeStream parent;
	struct seal_reader *files; /* of a file */
	letter_sink *sink;         /* of a mail */
	void *arg;
	int *err;
} VgLetterStream;

typedef struct {
	GMimeStreamClass parent;
} VgLetterStreamClass;

static GType vg_letter_stream_get_type(void);
G_DEFINE_TYPE(VgLetterStream, vg_letter_stream, GMIME_TYPE_STREAM)

static VgLetterStream *self_of(GMimeStream *stream)
{
	return (VgLetterStream *)stream;
}

/* GMime reads until the end has come: nothing read before it is a failure. */
static ssize_t letter_read(GMimeStream *stream, char *buf, size_t len)
{
	VgLetterStream *s = self_of(stream);
	gint64 left = stream->bound_end - stream->position;
	long got;

	if (s->files == NULL)
		return -1;
	if (left <= 0)
		return 0;
	got = seal_read(s->files, (uint64_t)stream->position, buf, (gint64)len < left ? len : (size_t)left);
	if (got <= 0)
		return -1;
	stream->position += got;
	return got;
}

static ssize_t letter_put(GMimeStream *stream, const char *buf, size_t len)
{
	VgLetterStream *s = self_of(stream);

	if (s->sink == NULL)
		return -1;
	if (*s->err == VG_OK)
		*s->err = s->sink(s->arg, buf, len);
	if (*s->err != VG_OK)
		return -1;
	stream->position += (gint64)len;
	return (ssize_t)len;
}

static int letter_nothing(GMimeStream *stream)
{
	(void)stream;
	return 0;
}

static gboolean letter_eos(GMimeStream *stream)
{
	return stream->bound_end < 0 || stream->position >= stream->bound_end;
}

static int letter_reset(GMimeStream *stream)
{
	stream->position = stream->bound_start;
	return 0;
}

static gint64 letter_seek(GMimeStream *stream, gint64 offset, GMimeSeekWhence whence)
{
	gint64 base = whence == GMIME_STREAM_SEEK_SET ? 0 : whence == GMIME_STREAM_SEEK_CUR ? stream->position : stream->bound_end;

	if (self_of(stream)->files == NULL || base + offset < stream->bound_start || base + offset > stream->bound_end)
		return -1;
	return stream->position = base + offset;
}

static gint64 letter_tell(GMimeStream *stream)
{
	return stream->position;
}

static gint64 letter_length(GMimeStream *stream)
{
	return stream->bound_end < 0 ? -1 : stream->bound_end - stream->bound_start;
}

static GMimeStream *letter_substream(GMimeStream *stream, gint64 start, gint64 end)
{
	return letter_stream_file(self_of(stream)->files, (uint64_t)start, (uint64_t)(end < 0 ? stream->bound_end - start : end - start));
}

static void vg_letter_stream_class_init(VgLetterStreamClass *klass)
{
	GMimeStreamClass *k = GMIME_STREAM_CLASS(klass);

	k->read = letter_read;
	k->write = letter_put;
	k->flush = letter_nothing;
	k->close = letter_nothing;
	k->eos = letter_eos;
	k->reset = letter_reset;
	k->seek = letter_seek;
	k->tell = letter_tell;
	k->length = letter_length;
	k->substream = letter_substream;
}

static void vg_letter_stream_init(VgLetterStream *s)
{
	(void)s;
}

GMimeStream *letter_stream_file(struct seal_reader *r, uint64_t offset, uint64_t size)
{
	VgLetterStream *s = g_object_new(vg_letter_stream_get_type(), NULL);

	s->files = r;
	g_mime_stream_construct((GMimeStream *)s, (gint64)offset, (gint64)(offset + size));
	return (GMimeStream *)s;
}

GMimeStream *letter_stream_sink(letter_sink *sink, void *arg, int *err)
{
	VgLetterStream *s = g_object_new(vg_letter_stream_get_type(), NULL);

	s->sink = sink;
	s->arg = arg;
	s->err = err;
	*err = VG_OK;
	g_mime_stream_construct((GMimeStream *)s, 0, -1);
	return (GMimeStream *)s;
}
