/*
 * base64.c - base64 as mails have it. Runs in the parser worker and in `vcspgate parse`; the input is hostile.
 */
#include "base64.h"

#include "ascii.h"

/* Value of a letter, 64 for others. */
static unsigned value_of(unsigned char c)
{
	if (ascii_upper((char)c))
		return c - 'A';
	if (ascii_lower((char)c))
		return c - 'a' + 26u;
	if (ascii_digit((char)c))
		return c - '0' + 52u;
	return c == '+' ? 62 : c == '/' ? 63 : 64;
}

size_t base64_end(struct base64 *b, unsigned char *out)
{
	size_t n = 0;

	if (b->count >= 2)
		out[n++] = (unsigned char)(b->bits >> (b->count == 3 ? 10 : 4));
	if (b->count == 3)
		out[n++] = (unsigned char)(b->bits >> 2);
	b->count = 0;
	b->bits = 0;
	return n;
}

static void other(struct base64 *b, unsigned char c)
{
	if (c == '\n') {
		b->gap |= !b->line;
		b->done |= b->gap && b->padded;
		b->line = false;
	} else if (c > ' ' && c != '=') {
		b->done |= b->gap;
		b->line = true;
	} else if (c == '=') {
		b->line = b->padded = true;
	}
}

size_t base64_feed(struct base64 *b, unsigned char *out, const char *s, size_t n)
{
	static unsigned char table[256]; /* value + 1; 0: not made yet */
	size_t o = 0;

	if (table['A'] == 0)
		for (unsigned c = 0; c < 256; c++)
			table[c] = (unsigned char)(value_of((unsigned char)c) + 1);
	for (size_t i = 0; i < n && !b->done; i++) {
		unsigned v = table[(unsigned char)s[i]] - 1u;

		if (v >= 64) {
			if (s[i] == '=')
				o += base64_end(b, out + o);
			other(b, (unsigned char)s[i]);
			continue;
		}
		b->line = true;
		b->bits = b->bits << 6 | v;
		if (++b->count == 4) {
			out[o++] = (unsigned char)(b->bits >> 16);
			out[o++] = (unsigned char)(b->bits >> 8);
			out[o++] = (unsigned char)b->bits;
			b->count = 0;
			b->bits = 0;
		}
	}
	return o;
}
