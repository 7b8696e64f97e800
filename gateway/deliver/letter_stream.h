/*
 * letter_stream.h - GMime's two ends of a mail: a file's bytes out of what is sealed, and the mail's bytes into a function. Neither
 * holds more than a block.
 */
#ifndef VG_LETTER_STREAM_H
#define VG_LETTER_STREAM_H

#include <gmime/gmime.h>

#include "letter.h"
#include "seal.h"

/* size bytes from offset on. r is borrowed and must outlive what GMime makes of it; a failing read fails the whole mail. */
GMimeStream *letter_stream_file(struct seal_reader *r, uint64_t offset, uint64_t size);
/* What is written goes to sink; its first error ends the writing and stays in *err, which starts as VG_OK. */
GMimeStream *letter_stream_sink(letter_sink *sink, void *arg, int *err);

#endif
