/*
 * ocr_engine.h - tesseract and leptonica behind one function: an image's bytes in, lines of text with boxes out. Both
 * libraries are loaded by the one process that needs them: they bring dozens of others along.
 */
#ifndef VG_OCR_ENGINE_H
#define VG_OCR_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dialog_text.h"

struct ocr_engine;

/* Loads libraries and language data ("eng+deu") and reads one picture of its own, so that a filter without open(2) and
 * clone(2) may follow. Sets OMP_THREAD_LIMIT: threads make it four times slower. VG_ERR_SYSTEM with *why (static, or the
 * engine library's own words until the next call); VG_ERR_MEMORY. */
int ocr_engine_open(struct ocr_engine **out, const char *languages, const char **why);
void ocr_engine_close(struct ocr_engine **e);

struct ocr_limits {
	uint64_t pixels;  /* more are not decoded; a JPEG is decoded at a half, quarter or eighth of its size where that helps */
	int64_t time_ms;  /* reading ends then, with what it has */
};

/* What was read. Boxes count in pixels of the image as sent. */
struct ocr_page {
	uint32_t width, height; /* as its header says */
	bool cut;               /* the time was over */
	struct dialog_line *lines;
	size_t n;
};
/* PNG, JPEG, GIF (first frame) and BMP only. VG_ERR_SYNTAX: no such image, or damaged; VG_ERR_LIMIT: too many pixels (width and
 * height are set); VG_ERR_MEMORY. ocr_page_free also after an error. */
int ocr_engine_read(struct ocr_engine *e, const void *image, size_t len, const struct ocr_limits *limits, struct ocr_page *out);
void ocr_page_free(struct ocr_page *p);

#endif
