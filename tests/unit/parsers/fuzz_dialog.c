/*
 * fuzz_dialog.c - what is read in pictures, and the heads of pictures. The input's first bytes make lines and boxes, all of it
 * is a picture. Text is valid UTF-8 within its bound; a first frame is a picture again.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "dialog_text.h"
#include "err.h"
#include "image.h"
#include "utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define LINES 200u

/* Lines end at LF; a line's first four bytes are its box. */
static size_t lines_of(struct dialog_line *lines, const uint8_t *data, size_t size)
{
	size_t n = 0;

	while (size > 4 && n < LINES) {
		const uint8_t *end = memchr(data + 4, '\n', size - 4);
		size_t len = end != NULL ? (size_t)(end - data) - 4 : size - 4;

		lines[n++] = (struct dialog_line){(const char *)data + 4, len, data[0] * 4, data[1] * 4, data[2] * 2, data[3] % 40, 90};
		data += len + 4 + (end != NULL);
		size -= len + 4 + (end != NULL);
	}
	return n;
}

static void check_dialog(const uint8_t *data, size_t size)
{
	const struct error_where where = {.kind = ORIGIN_SCREENSHOT, .attachment = "a1"};
	struct error_set *set = error_set_new();
	struct dialog_line lines[LINES];
	struct dialog d;

	if (set == NULL || dialog_text(&d, lines, lines_of(lines, data, size), 1024, 1024) != VG_OK)
		abort();
	if (d.text.len > DIALOG_TEXT_MAX || (d.text.len > 0 && !utf8_valid((const char *)d.text.data, d.text.len)) ||
	    !utf8_valid(d.title, strlen(d.title)) || d.failure_at > d.text.len)
		abort();
	dialog_errors(set, &d, &where);
	dialog_free(&d);
	error_set_free(&set);
}

static void check_image(const uint8_t *data, size_t size)
{
	struct image head, again;
	unsigned char *frame;
	size_t n;

	if (image_head(&head, data, size) != VG_OK || head.format != IMAGE_GIF)
		return;
	if (image_first_frame(&frame, &n, data, size) != VG_OK)
		return;
	if (n > size + 1 || image_head(&again, frame, n) != VG_OK || again.width != head.width || again.height != head.height)
		abort();
	free(frame);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size > 65536)
		return 0;
	check_dialog(data, size);
	check_image(data, size);
	return 0;
}
