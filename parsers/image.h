/*
 * image.h - what a hostile image says of itself before any decoder sees it: format, pixels, the first frame of an animation.
 * Pure, linear.
 */
#ifndef VG_IMAGE_H
#define VG_IMAGE_H

#include <stddef.h>
#include <stdint.h>

enum image_format { IMAGE_NONE, IMAGE_PNG, IMAGE_GIF, IMAGE_BMP, IMAGE_JPEG };

struct image {
	enum image_format format;
	uint32_t width, height; /* what a decoder would make room for */
};

/* The format by the first bytes. */
enum image_format image_format(const unsigned char *head, size_t n);
/* Format and size of a whole image. VG_ERR_SYNTAX: none of the four, no size, or a size of 0. */
int image_head(struct image *out, const unsigned char *image, size_t n);
/* A GIF that holds the first frame of this one only; *out is owned by the caller. VG_ERR_SYNTAX: no frame, or it is cut off;
 * VG_ERR_MEMORY. */
int image_first_frame(unsigned char **out, size_t *out_len, const unsigned char *gif, size_t n);

#endif
