/*
 * mime_stream.h - a seekable GMimeStream over what the pre-scan left of a message. Constant memory.
 */
#ifndef VG_MIME_STREAM_H
#define VG_MIME_STREAM_H

#include <gmime/gmime.h>

#include "parse_input.h"
#include "prescan.h"

/* in and scan are borrowed and must outlive the stream and everything GMime makes of it. */
GMimeStream *mime_stream_new(struct parse_input *in, const struct prescan *scan);

#endif
