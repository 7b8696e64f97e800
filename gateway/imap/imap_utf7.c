/*
 * imap_utf7.c - modified UTF-7: printable ASCII stands for itself, '&' for "&-", all else as UTF-16 in base64 between '&'
 * and '-'. Input: the operator's.
 */
#include "imap_utf7.h"

#include <stdbool.h>
#include <stdint.h>

#include "err.h"

struct out {
	char *to;
	size_t n, size;
	uint32_t bits; /* waiting, the low n_bits of them */
	unsigned n_bits;
	bool shifted;
};

static void
put(struct out *o, char c)
{
	if (o->n < o->size)
		o->to[o->n] = c;
	o->n++;
}

static void
put_base64(struct out *o)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,";

	while (o->n_bits >= 6) {
		o->n_bits -= 6;
		put(o, digits[(o->bits >> o->n_bits) & 63]);
	}
}

static void
put_unit(struct out *o, uint32_t unit)
{
	if (!o->shifted)
		put(o, '&');
	o->shifted = true;
	o->bits = (o->bits & 63) << 16 | unit;
	o->n_bits += 16;
	put_base64(o);
}

static void
unshift(struct out *o)
{
	if (!o->shifted)
		return;
	if (o->n_bits > 0) {
		o->bits <<= 6 - o->n_bits;
		o->n_bits = 6;
		put_base64(o);
	}
	put(o, '-');
	o->shifted = false;
	o->bits = o->n_bits = 0;
}

/* The code point at *s, which moves behind it. */
static uint32_t
next(const char **s)
{
	const unsigned char *p = (const unsigned char *)*s;
	unsigned n = *p < 0x80 ? 1 : *p < 0xe0 ? 2 : *p < 0xf0 ? 3 : 4;
	uint32_t c = n == 1 ? *p : *p & (0xffu >> (n + 1));

	for (unsigned i = 1; i < n && p[i]; i++)
		c = c << 6 | (p[i] & 0x3fu);
	*s += n;
	return c;
}

int
imap_utf7(char *out, size_t size, const char *utf8)
{
	struct out o = { .to = out, .size = size };

	while (*utf8) {
		uint32_t c = next(&utf8);

		if (c >= 0x20 && c <= 0x7e) {
			unshift(&o);
			put(&o, (char)c);
			if (c == '&')
				put(&o, '-');
		} else if (c >= 0x10000) {
			put_unit(&o, 0xd800 + ((c - 0x10000) >> 10));
			put_unit(&o, 0xdc00 + ((c - 0x10000) & 0x3ff));
		} else {
			put_unit(&o, c);
		}
	}
	unshift(&o);
	put(&o, '\0');
	return o.n <= size ? VG_OK : VG_ERR_LIMIT;
}
