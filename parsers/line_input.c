/*
 * line_input.c - line reader of the pre-scan. Runs in the parser worker and in `vcspgate parse`; constant memory.
 */
#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "line_input.h"

#define BLOCK 65536u

int line_input_open(struct line_input *li, struct parse_input *in)
{
	memset(li, 0, sizeof *li);
	li->in = in;
	li->data = parse_input_memory(in);
	if (li->data == NULL && (li->block = malloc(BLOCK)) == NULL)
		return VG_ERR_MEMORY;
	return VG_OK;
}

void line_input_close(struct line_input *li)
{
	free(li->block);
	li->block = NULL;
}

static int next_in_memory(struct line_input *li, struct input_line *line)
{
	uint64_t size = parse_input_size(li->in);
	const char *s = (const char *)li->data + li->off, *lf;

	if (li->off >= size)
		return 0;
	lf = memchr(s, '\n', (size_t)(size - li->off));
	line->at = li->off;
	line->s = s;
	line->given = lf != NULL ? (size_t)(lf - s) + 1 : (size_t)(size - li->off);
	line->total = line->given;
	li->off += line->total;
	return 1;
}

/* Makes the block begin at li->off. */
static int refill(struct line_input *li)
{
	long n = parse_input_read(li->in, li->off, li->block, BLOCK);

	li->block_off = li->off;
	li->block_len = n > 0 ? (size_t)n : 0;
	return n < 0 ? (int)n : VG_OK;
}

/* The rest of a line longer than the block. Uses the block's second half, the first holds what is given. */
static int skip_rest(struct line_input *li, struct input_line *line)
{
	unsigned char *half = li->block + BLOCK / 2;

	line->given = BLOCK / 2;
	li->block_len = 0;
	for (;;) {
		long n = parse_input_read(li->in, line->at + line->total, half, BLOCK / 2);
		unsigned char *lf;

		if (n <= 0)
			return (int)n;
		lf = memchr(half, '\n', (size_t)n);
		line->total += lf != NULL ? (uint64_t)(lf - half) + 1 : (uint64_t)n;
		if (lf != NULL)
			return VG_OK;
	}
}

int line_input_next(struct line_input *li, struct input_line *line)
{
	const unsigned char *s, *lf;
	size_t have;
	int err = VG_OK;

	if (li->data != NULL)
		return next_in_memory(li, line);
	for (int tries = 0;; tries++) {
		have = li->off - li->block_off < li->block_len ? (size_t)(li->block_len - (li->off - li->block_off)) : 0;
		s = li->block + (li->block_len - have);
		lf = have > 0 ? memchr(s, '\n', have) : NULL;
		if (lf != NULL || tries == 1)
			break;
		if ((err = refill(li)) != VG_OK)
			return err;
	}
	if (have == 0)
		return 0;
	line->at = li->off;
	line->s = (const char *)s;
	line->given = lf != NULL ? (size_t)(lf - s) + 1 : have;
	line->total = line->given;
	if (lf == NULL && have == BLOCK)
		err = skip_rest(li, line);
	li->off += line->total;
	return err != VG_OK ? err : 1;
}
