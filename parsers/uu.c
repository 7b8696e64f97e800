/*
 * uu.c - finds and decodes uuencoded files. Runs in the parser worker and in `vcspgate parse`; the text is hostile.
 */
#include "uu.h"

#include <string.h>

#include "ascii.h"

/* "begin 644 name" */
static bool is_begin(const char *s, size_t n, struct uu_block *b)
{
	size_t i = 6, digits = 0;

	if (n < 11 || memcmp(s, "begin ", 6) != 0)
		return false;
	for (; i < n && s[i] >= '0' && s[i] <= '7'; i++)
		digits++;
	if (digits < 3 || digits > 4 || i >= n || s[i] != ' ')
		return false;
	b->name = s + i + 1;
	b->name_len = n - i - 1;
	while (b->name_len > 0 && ascii_blank(b->name[b->name_len - 1]))
		b->name_len--;
	return b->name_len > 0;
}

static unsigned value_of(char c)
{
	return ((unsigned char)c - 32u) & 63u;
}

/* Bytes that a line of data holds, 0 for the last one; SIZE_MAX: no such line. Mail programs strip blanks, which are zeros. */
static size_t line_bytes(const char *s, size_t n)
{
	size_t bytes, want;

	if (n == 0 || s[0] < 32 || s[0] > 96)
		return SIZE_MAX;
	bytes = value_of(s[0]);
	want = 1 + (bytes + 2) / 3 * 4;
	if (n > want + 2 || (bytes > 0 && n + 8 < want))
		return SIZE_MAX;
	for (size_t i = 1; i < n; i++)
		if (s[i] < 32 || s[i] > 96)
			return SIZE_MAX;
	return bytes;
}

/* The lines behind "begin", from p on; where the block ends. NULL: they are no data. */
static const char *data_end(const char *p, const char *end, bool *cut)
{
	const char *line, *last = p;
	size_t n, lines = 0;

	*cut = true;
	while (ascii_line(&p, end, &line, &n)) {
		if (n == 3 && memcmp(line, "end", 3) == 0) {
			*cut = false;
			return lines > 0 ? p : NULL;
		}
		if (n > 0 && line_bytes(line, n) == SIZE_MAX)
			break;
		lines += n > 0 && line_bytes(line, n) > 0;
		last = p;
	}
	return lines >= 3 ? last : NULL;
}

bool uu_find(const char *s, size_t n, size_t at, struct uu_block *b)
{
	const char *p = s + at, *end = s + n, *line, *to;
	size_t len;

	while (p < end) {
		/* Straight to the next candidate. */
		if ((p > s && p[-1] != '\n') || (size_t)(end - p) < 6 || memcmp(p, "begin ", 6) != 0) {
			p = memmem(p, (size_t)(end - p), "\nbegin ", 7);
			if (p == NULL)
				return false;
			p++;
		}
		line = p;
		ascii_line(&p, end, &line, &len);
		if (is_begin(line, len, b) && (to = data_end(p, end, &b->cut)) != NULL) {
			b->from = (size_t)(line - s);
			b->to = (size_t)(to - s);
			return true;
		}
	}
	return false;
}

static size_t decode_line(const char *s, size_t n, unsigned char *out)
{
	size_t bytes = value_of(s[0]), o = 0;

	for (size_t i = 1; o < bytes; i += 4) {
		unsigned v = 0;
		unsigned char three[3];

		for (size_t k = 0; k < 4; k++)
			v = v << 6 | (i + k < n ? value_of(s[i + k]) : 0);
		three[0] = (unsigned char)(v >> 16);
		three[1] = (unsigned char)(v >> 8);
		three[2] = (unsigned char)v;
		for (size_t k = 0; k < 3 && o < bytes; k++)
			out[o++] = three[k];
	}
	return o;
}

size_t uu_decode(const char *s, const struct uu_block *b, unsigned char *out)
{
	const char *p = s + b->from, *end = s + b->to, *line;
	size_t n, o = 0;

	ascii_line(&p, end, &line, &n);
	while (ascii_line(&p, end, &line, &n)) {
		unsigned char bytes[64];
		size_t len;

		if (n == 0 || (n == 3 && memcmp(line, "end", 3) == 0))
			continue;
		len = decode_line(line, n, bytes);
		memcpy(out + o, bytes, len);
		o += len;
	}
	return o;
}
