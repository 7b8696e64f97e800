/*
 * quotes_fold.c - one spelling for what mail programs write in many: case, kinds of blanks, dashes, colons and quotation
 * marks, full-width forms. Never longer than what it is made from. Runs in the parser worker.
 */
#include <string.h>

#include "ascii.h"
#include "quotes_lines.h"
#include "utf8.h"

#define LINK_MAX 2100

static bool is_space(uint32_t cp)
{
	return cp == ' ' || cp == '\t' || cp == 0xa0 || (cp >= 0x2000 && cp <= 0x200a) || cp == 0x202f || cp == 0x3000;
}

static bool is_unseen(uint32_t cp)
{
	return cp == '*' || cp == 0xad || (cp >= 0x200b && cp <= 0x200f) || (cp >= 0x202a && cp <= 0x202e) ||
	    (cp >= 0x2060 && cp <= 0x2069) || cp == 0xfeff;
}

static uint32_t lower(uint32_t cp)
{
	if (cp < 0x80)
		return (uint32_t)(unsigned char)ascii_fold((char)cp);
	if ((cp >= 0xc0 && cp <= 0xde && cp != 0xd7) || (cp >= 0x410 && cp <= 0x42f))
		return cp + 0x20;
	if (cp >= 0x400 && cp <= 0x40f)
		return cp + 0x50;
	if (cp == 0x490)
		return cp + 1;
	if ((cp >= 0x100 && cp <= 0x137 && cp != 0x130) || (cp >= 0x14a && cp <= 0x177))
		return cp | 1;
	if ((cp >= 0x139 && cp <= 0x147) || (cp >= 0x179 && cp <= 0x17d))
		return cp + (cp & 1);
	return cp;
}

static uint32_t plain(uint32_t cp)
{
	if ((cp >= 0x2010 && cp <= 0x2015) || cp == 0x2212)
		return '-';
	if (cp >= 0xff01 && cp <= 0xff5e)
		return lower(cp - 0xfee0);
	switch (cp) {
	case 0x2018:
	case 0x2019:
		return '\'';
	case 0x201c:
	case 0x201d:
	case 0x201e:
	case 0xab:
	case 0xbb:
		return '"';
	case 0x3001:
		return ',';
	case 0x3002:
		return '.';
	default:
		return lower(cp);
	}
}

/* Length of a link's target behind its text, "<https://…>"; 0 where there is none. It says nothing about the line. */
static size_t link_target(const char *s, size_t n)
{
	const char *end;

	if (!ascii_starts(s, n, "<http") && !ascii_starts(s, n, "<mailto:") && !ascii_starts(s, n, "<tel:"))
		return 0;
	end = memchr(s, '>', n < LINK_MAX ? n : LINK_MAX);
	return end != NULL ? (size_t)(end - s) + 1 : 0;
}

/* What a byte becomes that stands for itself: printable ASCII but blank, '<' and '*'. 0: any other. */
static const unsigned char folded[256] = {
	[32] = 0, 33, 34, 35, 36, 37, 38, 39, 40, 41, 0, 43, 44, 45, 46, 47,
	48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 0, 61, 62, 63,
	64, 97, 98, 99, 100, 101, 102, 103, 104, 105, 106, 107, 108, 109, 110, 111,
	112, 113, 114, 115, 116, 117, 118, 119, 120, 121, 122, 91, 92, 93, 94, 95,
	96, 97, 98, 99, 100, 101, 102, 103, 104, 105, 106, 107, 108, 109, 110, 111,
	112, 113, 114, 115, 116, 117, 118, 119, 120, 121, 122, 123, 124, 125, 126, 0,
};

size_t line_fold(char *out, const char *s, size_t n)
{
	size_t o = 0;
	bool space = false;

	for (size_t i = 0; i < n;) {
		uint32_t cp = (unsigned char)s[i];
		unsigned k = 1;
		size_t link;

		if (folded[cp] != 0) { /* nearly always */
			if (space)
				out[o++] = ' ';
			space = false;
			for (; i < n && folded[(unsigned char)s[i]] != 0; i++)
				out[o++] = (char)folded[(unsigned char)s[i]];
			continue;
		}
		if (cp == '<') {
			link = o > 0 ? link_target(s + i, n - i) : 0;
			if (space && link == 0)
				out[o++] = ' ';
			space &= link > 0;
			if (link == 0)
				out[o++] = '<';
			i += link > 0 ? link : 1;
			continue;
		}
		if (cp >= 0x80)
			k = utf8_next(s + i, n - i, &cp);
		if (k == 0) {
			i++;
			continue;
		}
		i += k;
		if (is_space(cp)) {
			space = o > 0;
		} else if (!is_unseen(cp)) {
			if (space)
				out[o++] = ' ';
			space = false;
			o += utf8_put(out + o, plain(cp));
		}
	}
	return o;
}
