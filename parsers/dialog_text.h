/*
 * dialog_text.h - what a recognised screenshot says: lines with boxes in, the text of its dialogues out. Wrapped lines are
 * joined, buttons, menus, task bars and misread icons left out, the title bar kept apart as a hint. Pure; linear but for one sort.
 */
#ifndef VG_DIALOG_TEXT_H
#define VG_DIALOG_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "buf.h"
#include "errors.h"

/* A line as the recogniser saw it: UTF-8 (any bytes are allowed), box in pixels of the image, confidence 0-100. Borrowed. */
struct dialog_line {
	const char *text;
	size_t len;
	int x, y, w, h;
	int confidence;
};

#define DIALOG_LINES_MAX 5000u
#define DIALOG_TEXT_MAX (64u * 1024u)
#define DIALOG_TITLE_MAX 200u

struct dialog {
	char title[DIALOG_TITLE_MAX + 1]; /* of the window; "" where none was seen */
	bool failure;                     /* a title says that this is about an error */
	size_t failure_at;                /* where in text the window of that title begins */
	struct buf text;                  /* one line for each paragraph, LF behind each; valid UTF-8 */
};

/* width, height: of the image. VG_ERR_MEMORY. dialog_free also after an error. */
int dialog_text(struct dialog *out, const struct dialog_line *lines, size_t n, int width, int height);
void dialog_free(struct dialog *d);
/* Adds the errors in it: what errors_scan_body() finds; where it finds none, the first sentence under a title that speaks of an
 * error, else the first `Failed to …` within a line, else the first sentence with an error code in it, in whatever language. */
void dialog_errors(struct error_set *set, const struct dialog *d, const struct error_where *where);

#endif
