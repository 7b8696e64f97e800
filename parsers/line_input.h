/*
 * line_input.h - a message's lines with their offsets, from memory in place or through one block; lines of any length.
 */
#ifndef VG_LINE_INPUT_H
#define VG_LINE_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "parse_input.h"

struct line_input {
	struct parse_input *in;
	uint64_t off;              /* of the next line */
	const unsigned char *data; /* memory, else NULL */
	unsigned char *block;      /* else: block_len bytes read from block_off */
	size_t block_len;
	uint64_t block_off;
};

/* One line: the first `given` of its `total` bytes, line feed included in total (and in given where it fits). */
struct input_line {
	uint64_t at;
	const char *s;
	size_t given;
	uint64_t total;
};

/* VG_ERR_MEMORY. */
int line_input_open(struct line_input *li, struct parse_input *in);
/* 1 a line (valid until the next call), 0 the end, or the input's error. At least 32 KiB of a line are given. */
int line_input_next(struct line_input *li, struct input_line *line);
void line_input_close(struct line_input *li);

#endif
