/*
 * image.c - reads the heads of hostile images. Parser and ocr workers. Called by kinds.c and by the text recognition, which
 * gives a decoder nothing that it did not measure here. Pure.
 */
#include "image.h"

#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "kinds.h"

#define GIF_HEAD 13u
#define GIF_EXTENSION 0x21
#define GIF_FRAME 0x2c
#define GIF_END 0x3b

enum image_format image_format(const unsigned char *h, size_t n)
{
	if (n >= 8 && memcmp(h, "\x89PNG\r\n\x1A\n", 8) == 0)
		return IMAGE_PNG;
	if (n >= 6 && (memcmp(h, "GIF87a", 6) == 0 || memcmp(h, "GIF89a", 6) == 0))
		return IMAGE_GIF;
	if (n >= 26 && h[0] == 'B' && h[1] == 'M' && h[6] == 0 && h[7] == 0 && h[8] == 0 && h[9] == 0)
		return IMAGE_BMP;
	return n >= 3 && h[0] == 0xFF && h[1] == 0xD8 && h[2] == 0xFF ? IMAGE_JPEG : IMAGE_NONE;
}

/* Bytes of the colour table that a flags byte announces. */
static size_t gif_colours(unsigned char flags)
{
	return (flags & 0x80) != 0 ? (size_t)3 << ((flags & 7) + 1) : 0;
}

/* Behind the blocks of data that begin at `at`; 0: they are cut off. */
static size_t gif_blocks_end(const unsigned char *gif, size_t n, size_t at)
{
	while (at < n && gif[at] != 0)
		at += (size_t)gif[at] + 1;
	return at < n ? at + 1 : 0;
}

/* Where the first frame begins; 0: there is none. */
static size_t gif_frame(const unsigned char *gif, size_t n)
{
	size_t at = n >= GIF_HEAD ? GIF_HEAD + gif_colours(gif[10]) : n;

	while (at + 2 < n && gif[at] == GIF_EXTENSION)
		if ((at = gif_blocks_end(gif, n, at + 2)) == 0)
			return 0;
	return at + 10 <= n && gif[at] == GIF_FRAME ? at : 0;
}

static uint32_t le16(const unsigned char *p)
{
	return (uint32_t)p[1] << 8 | p[0];
}

/* A frame may be larger than the screen that it stands on. */
static int gif_size(struct image *out, const unsigned char *gif, size_t n)
{
	size_t at = gif_frame(gif, n);

	if (at == 0)
		return VG_ERR_SYNTAX;
	if (le16(gif + at + 5) > out->width)
		out->width = le16(gif + at + 5);
	if (le16(gif + at + 7) > out->height)
		out->height = le16(gif + at + 7);
	return VG_OK;
}

int image_head(struct image *out, const unsigned char *image, size_t n)
{
	*out = (struct image){.format = image_format(image, n)};
	if (out->format == IMAGE_NONE || !kind_image_size(image, n, &out->width, &out->height))
		return VG_ERR_SYNTAX;
	if (out->format == IMAGE_GIF && gif_size(out, image, n) != VG_OK)
		return VG_ERR_SYNTAX;
	return out->width > 0 && out->height > 0 ? VG_OK : VG_ERR_SYNTAX;
}

int image_first_frame(unsigned char **out, size_t *out_len, const unsigned char *gif, size_t n)
{
	size_t at = gif_frame(gif, n), end;

	*out = NULL;
	if (at == 0 || (end = at + 10 + gif_colours(gif[at + 9])) >= n || (end = gif_blocks_end(gif, n, end + 1)) == 0)
		return VG_ERR_SYNTAX;
	if ((*out = malloc(end + 1)) == NULL)
		return VG_ERR_MEMORY;
	memcpy(*out, gif, end);
	(*out)[end] = GIF_END;
	*out_len = end + 1;
	return VG_OK;
}
