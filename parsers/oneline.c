/*
 * oneline.c - parser worker; hostile bytes in, one clean line out. Called wherever text of logs, archives and
 * mails becomes part of the message object.
 */
#include "oneline.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "utf8.h"

/* Upper halves, as code points. */
static const uint16_t cp1252[32] = {
	0x20AC, 0x81, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160, 0x2039, 0x0152, 0x8D, 0x017D, 0x8F,
	0x90, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0x9D, 0x017E, 0x0178,
};
static const uint16_t cp437[128] = {
	0x00C7, 0x00FC, 0x00E9, 0x00E2, 0x00E4, 0x00E0, 0x00E5, 0x00E7, 0x00EA, 0x00EB, 0x00E8, 0x00EF, 0x00EE, 0x00EC, 0x00C4, 0x00C5,
	0x00C9, 0x00E6, 0x00C6, 0x00F4, 0x00F6, 0x00F2, 0x00FB, 0x00F9, 0x00FF, 0x00D6, 0x00DC, 0x00A2, 0x00A3, 0x00A5, 0x20A7, 0x0192,
	0x00E1, 0x00ED, 0x00F3, 0x00FA, 0x00F1, 0x00D1, 0x00AA, 0x00BA, 0x00BF, 0x2310, 0x00AC, 0x00BD, 0x00BC, 0x00A1, 0x00AB, 0x00BB,
	0x2591, 0x2592, 0x2593, 0x2502, 0x2524, 0x2561, 0x2562, 0x2556, 0x2555, 0x2563, 0x2551, 0x2557, 0x255D, 0x255C, 0x255B, 0x2510,
	0x2514, 0x2534, 0x252C, 0x251C, 0x2500, 0x253C, 0x255E, 0x255F, 0x255A, 0x2554, 0x2569, 0x2566, 0x2560, 0x2550, 0x256C, 0x2567,
	0x2568, 0x2564, 0x2565, 0x2559, 0x2558, 0x2552, 0x2553, 0x256B, 0x256A, 0x2518, 0x250C, 0x2588, 0x2584, 0x258C, 0x2590, 0x2580,
	0x03B1, 0x00DF, 0x0393, 0x03C0, 0x03A3, 0x03C3, 0x00B5, 0x03C4, 0x03A6, 0x0398, 0x03A9, 0x03B4, 0x221E, 0x03C6, 0x03B5, 0x2229,
	0x2261, 0x00B1, 0x2265, 0x2264, 0x2320, 0x2321, 0x00F7, 0x2248, 0x00B0, 0x2219, 0x00B7, 0x221A, 0x207F, 0x00B2, 0x25A0, 0x00A0,
};

static uint32_t from_byte(unsigned char c, enum oneline_charset charset)
{
	if (c < 0x80)
		return c;
	if (charset == ONELINE_CP437)
		return cp437[c - 0x80];
	return c < 0xA0 ? cp1252[c - 0x80] : c;
}

/* len without the bytes of a character that was cut off at the end (a line cut at its bound). */
static size_t without_cut_end(const char *s, size_t len)
{
	size_t back = 0;

	while (back < 3 && back < len && ((unsigned char)s[len - 1 - back] & 0xC0) == 0x80)
		back++;
	if (back < len && (unsigned char)s[len - 1 - back] >= 0xC2) {
		unsigned char lead = (unsigned char)s[len - 1 - back];
		size_t want = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;

		if (back + 1 < want)
			return len - 1 - back;
	}
	return len;
}

static bool is_blank(uint32_t cp)
{
	return cp <= ' ' || cp == 0x7F || cp == 0xA0 || cp == 0x2028 || cp == 0x2029 || (cp >= 0x80 && cp < 0xA0);
}

/* How many bytes s begins with that stand in a line as they are: ASCII, words with one blank between. */
static size_t plain_run(const char *s, size_t len)
{
	size_t n = 0;

	while (n < len && s[n] >= ' ' && s[n] < 0x7F && (s[n] != ' ' || (n > 0 && s[n - 1] != ' ')))
		n++;
	return n > 0 && s[n - 1] == ' ' ? n - 1 : n;
}

struct line {
	char *out;
	size_t cap, used;
	bool gap; /* a blank is due */
};

/* Puts whole or cuts; false where s did not fit. */
static bool put(struct line *l, const char *s, size_t n, bool whole)
{
	size_t before = l->used + l->gap, room = before + 1 < l->cap ? l->cap - before - 1 : 0, fits = n <= room ? n : whole ? 0 : room;

	while (fits > 0 && s[fits - 1] == ' ')
		fits--;
	if (fits > 0) {
		l->out[l->used] = ' ';
		memcpy(l->out + before, s, fits);
		l->used = before + fits;
		l->gap = false;
	}
	return fits == n;
}

/* The next character, which is none of a plain run. Bytes that it takes; *full: the line is. */
static size_t put_character(struct line *l, const char *s, size_t len, bool utf8, enum oneline_charset charset, bool *full)
{
	char c[4];
	uint32_t cp;
	unsigned step = 1;

	if (utf8 && (unsigned char)s[0] >= 0x80)
		step = utf8_next(s, len, &cp);
	else
		cp = from_byte((unsigned char)s[0], charset);
	if (is_blank(cp))
		l->gap = l->used > 0;
	else if (utf8_plain(cp) && cp != 0xFEFF)
		*full = !put(l, c, utf8_put(c, cp), true);
	return step > 0 ? step : 1;
}

size_t oneline(char *out, size_t cap, const char *s, size_t len, enum oneline_charset charset)
{
	struct line l = {out, cap, 0, false};
	size_t utf8_len = without_cut_end(s, len);
	bool utf8 = utf8_valid(s, utf8_len), full = false;

	if (cap == 0)
		return 0;
	if (utf8)
		len = utf8_len;
	for (size_t i = 0, n; i < len && !full; i += n)
		if ((n = plain_run(s + i, len - i)) > 0)
			full = !put(&l, s + i, n, false);
		else
			n = put_character(&l, s + i, len - i, utf8, charset, &full);
	out[l.used] = '\0';
	return l.used;
}

char *oneline_dup(const char *s, size_t len, size_t max)
{
	char *out;

	/* A byte becomes at most three; the clean line is cut at max anyway. */
	if (len < max / 3)
		max = len * 3;
	out = malloc(max + 1);
	if (out != NULL)
		oneline(out, max + 1, s, len, ONELINE_CP1252);
	return out;
}
