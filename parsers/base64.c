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

static size_t end_of_quantum(struct base64 *b, unsigned char *out)
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

static void letter(struct base64 *b, unsigned v, unsigned char *out, size_t *o)
{
	b->line = true;
	b->bits = b->bits << 6 | v;
	if (++b->count < 4)
		return;
	out[(*o)++] = (unsigned char)(b->bits >> 16);
	out[(*o)++] = (unsigned char)(b->bits >> 8);
	out[(*o)++] = (unsigned char)b->bits;
	b->count = 0;
	b->bits = 0;
}

/* What is no letter. Behind padding or an empty line the next one is looked at before it is decoded. */
static void other(struct base64 *b, unsigned char c, unsigned char *out, size_t *o)
{
	if (c == '=') {
		*o += end_of_quantum(b, out + *o);
		b->line = b->padded = true;
	} else if (c == '\n') {
		b->gap |= !b->line;
		b->done |= b->gap && b->padded;
		b->holding = b->gap || b->padded;
		b->line = false;
	} else if (c > ' ') {
		b->line = true;
	}
}

/* A line that only a reader can mean: other characters, blanks inside, a length that base64 does not have. */
static bool is_prose(const struct base64 *b)
{
	size_t n = b->n_held, letters = 0;
	bool pad = false;

	while (n > 0 && (unsigned char)b->held[n - 1] <= ' ')
		n--;
	for (size_t i = 0; i < n; i++) {
		if (b->held[i] != '=' && value_of((unsigned char)b->held[i]) == 64)
			return true;
		pad |= b->held[i] == '=';
		letters += b->held[i] != '=';
	}
	return b->padded && !pad && letters % 4 != 0;
}

static void release(struct base64 *b, unsigned char *out, size_t *o)
{
	if (is_prose(b)) {
		b->done = true;
		return;
	}
	b->holding = false;
	for (size_t i = 0; i < b->n_held; i++) {
		unsigned v = value_of((unsigned char)b->held[i]);

		if (v < 64)
			letter(b, v, out, o);
		else
			other(b, (unsigned char)b->held[i], out, o);
	}
	b->n_held = 0;
}

size_t base64_end(struct base64 *b, unsigned char *out)
{
	size_t o = 0;

	if (b->holding && !b->done)
		release(b, out, &o);
	return o + end_of_quantum(b, out + o);
}

/* As many whole quanta of letters as s begins with: nearly all of a file. Returns the bytes read. */
static size_t quanta(const unsigned char table[256], const char *str, size_t n, unsigned char *out, size_t *o)
{
	const unsigned char *s = (const unsigned char *)str;
	size_t i = 0;

	for (; n - i >= 4; i += 4) {
		uint32_t v[4] = {table[s[i]] - 1u, table[s[i + 1]] - 1u, table[s[i + 2]] - 1u, table[s[i + 3]] - 1u};

		if ((v[0] | v[1] | v[2] | v[3]) >= 64)
			break;
		out[(*o)++] = (unsigned char)(v[0] << 2 | v[1] >> 4);
		out[(*o)++] = (unsigned char)(v[1] << 4 | v[2] >> 2);
		out[(*o)++] = (unsigned char)(v[2] << 6 | v[3]);
	}
	return i;
}

size_t base64_feed(struct base64 *b, unsigned char *out, const char *s, size_t n)
{
	static unsigned char table[256]; /* value + 1; 0: not made yet */
	size_t o = 0;

	if (table['A'] == 0)
		for (unsigned c = 0; c < 256; c++)
			table[c] = (unsigned char)(value_of((unsigned char)c) + 1);
	b->used = n;
	for (size_t i = 0; i < n; i++) {
		size_t whole = b->count == 0 && !b->done && !b->holding ? quanta(table, s + i, n - i, out, &o) : 0;
		unsigned v;

		b->line |= whole > 0;
		if ((i += whole) == n)
			break;
		v = table[(unsigned char)s[i]] - 1u;
		if (b->done || b->holding) {
			if (b->done) {
				b->used = i;
				break;
			}
			b->held[b->n_held++] = s[i];
			if (s[i] == '\n' || b->n_held == sizeof b->held)
				release(b, out, &o);
		} else if (v < 64) {
			letter(b, v, out, &o);
		} else {
			other(b, (unsigned char)s[i], out, &o);
		}
	}
	return o;
}
