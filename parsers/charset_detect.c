/*
 * charset_detect.c - guesses character sets. Runs in the parser worker and in `vcspgate parse`; bytes are hostile, the guess
 * costs one pass for each family. Order: what is certain (escapes, zeros, valid UTF-8), pairs of bytes, then single bytes.
 */
#include "charset_detect.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "ascii.h"
#include "utf8.h"

typedef const unsigned char bytes;

/* ---- pairs of bytes ---- */

/* What reading the text as pairs would give. */
struct pairs {
	size_t n, common, bad; /* pairs, those of the most used rows, bytes that are no pair */
	size_t inside;         /* pairs behind a Latin letter: rather a letter of a Latin word themselves */
};

static bool in(unsigned c, unsigned from, unsigned to)
{
	return c >= from && c <= to;
}

static bool gb_common(unsigned a, unsigned b)
{
	return b >= 0xa1 && (in(a, 0xa1, 0xa3) || in(a, 0xb0, 0xd7));
}

static bool big5_common(unsigned a, unsigned b)
{
	(void)b;
	return a == 0xa1 || in(a, 0xa4, 0xc6);
}

static bool sjis_common(unsigned a, unsigned b)
{
	return (a == 0x82 && b >= 0x9f) || (a == 0x83 && b <= 0x96) || (a == 0x81 && in(b, 0x40, 0x5b));
}

static bool eucjp_common(unsigned a, unsigned b)
{
	return in(a, 0xa4, 0xa5) || (a == 0xa1 && in(b, 0xa1, 0xbc));
}

static bool euckr_common(unsigned a, unsigned b)
{
	return b >= 0xa1 && in(a, 0xb0, 0xc8);
}

static bool trail_gb(unsigned b)
{
	return in(b, 0x40, 0x7e) || in(b, 0x80, 0xfe);
}

static bool trail_big5(unsigned b)
{
	return in(b, 0x40, 0x7e) || in(b, 0xa1, 0xfe);
}

static bool trail_sjis(unsigned b)
{
	return in(b, 0x40, 0x7e) || in(b, 0x80, 0xfc);
}

static bool trail_euc(unsigned b)
{
	return b >= 0xa1 && b != 0xff;
}

struct pair_set {
	const char *name;
	unsigned lead_from, lead_to;
	bool (*trail)(unsigned b);
	bool (*common)(unsigned a, unsigned b);
	bool half; /* 0xa1-0xdf stand alone (half-width Katakana) */
	unsigned percent; /* of common pairs that real text has at least */
};

/* From the narrowest to the widest: the first that fits is it. */
static const struct pair_set pair_sets[] = {
	{"euc-jp", 0xa1, 0xfe, trail_euc, eucjp_common, false, 30},
	{"shift_jis", 0x81, 0xfc, trail_sjis, sjis_common, true, 35},
	{"euc-kr", 0xa1, 0xfe, trail_euc, euckr_common, false, 90},
	{"gb18030", 0x81, 0xfe, trail_gb, gb_common, false, 92},
	{"big5", 0xa1, 0xf9, trail_big5, big5_common, false, 85},
};

static void count_pairs(struct pairs *c, const struct pair_set *set, bytes *s, size_t n)
{
	size_t behind = n; /* the byte behind the last pair */

	memset(c, 0, sizeof *c);
	for (size_t i = 0; i < n; i++) {
		if (s[i] < 0x80)
			continue;
		if (set->half && in(s[i], 0xa1, 0xdf))
			continue;
		if (i + 1 == n)
			break; /* cut inside a pair */
		if (!in(s[i], set->lead_from, set->lead_to) || !set->trail(s[i + 1])) {
			c->bad++;
			continue;
		}
		c->n++;
		c->common += set->common(s[i], s[i + 1]);
		c->inside += i > 0 && i != behind && ascii_alpha((char)s[i - 1]);
		i++;
		behind = i + 1;
	}
}

static const char *detect_pairs(bytes *s, size_t n, bool apart)
{
	for (size_t i = 0; i < sizeof pair_sets / sizeof pair_sets[0]; i++) {
		const struct pair_set *set = &pair_sets[i];
		struct pairs c;

		count_pairs(&c, set, s, n);
		/* Two pairs may be two umlauts in a row; damage of one byte in a hundred may be. */
		if ((c.n >= 3 || (apart && c.n == 2 && c.common == 2)) && c.inside * 2 <= c.n && c.bad * 100 <= c.n && c.common * 100 >= c.n * set->percent)
			return set->name;
	}
	return NULL;
}

/* ---- single bytes ---- */

/* The letters that a language uses most, at their places: six, then ten; from where on its capitals stand, how far away. */
static const struct script {
	const char *name;
	const char *most, *more;
	unsigned char capital_from, capital_to;
	int to_small;
} scripts[] = {
	{"windows-1251", "\xee\xe5\xe0\xe8\xed\xf2", "\xf1\xf0\xe2\xeb\xea\xec\xe4\xef\xf3\xff", 0xc0, 0xdf, 32},  /* о е а и н т с р в л */
	{"koi8-r", "\xcf\xc5\xc1\xc9\xce\xd4", "\xd3\xd2\xd7\xcc\xcb\xcd\xc4\xd0\xd5\xd1", 0xe0, 0xff, -32},
	{"ibm866", "\xae\xa5\xa0\xa8\xad\xe2", "\xe1\xe0\xa2\xab\xaa\xac\xa4\xaf\xe3\xef", 0x80, 0x8f, 32},
	{"iso-8859-5", "\xde\xd5\xd0\xd8\xdd\xe2", "\xe1\xe0\xd2\xdb\xda\xdc\xd4\xdf\xe3\xef", 0xb0, 0xcf, 32},
	{"windows-1253", "\xe1\xef\xe9\xe5\xf4\xed", "\xf3\xf1\xe7\xea\xf0\xf2\xeb\xf5\xec\xfc", 0xc1, 0xd9, 32},    /* α ο ι ε τ ν σ ρ η κ */
	{"windows-1255", "\xe9\xe4\xe5\xec\xe0\xf8", "\xe1\xee\xf9\xfa\xf0\xe7\xe3\xed\xeb\xf2", 0, 0, 0},          /* י ה ו ל א ר ב מ ש ת */
	{"windows-1256", "\xc7\xe1\xed\xe3\xe6\xe4", "\xca\xc8\xc9\xd1\xda\xcf\xd3\xdd\xe5\xcd", 0, 0, 0},          /* ا ل ي م و ن ت ب ة ر */
	{"windows-874", "\xd2\xb9\xc3\xcd\xa1\xe0", "\xc1\xca\xb7\xc7\xc2\xb4\xb5\xcb\xba\xd1", 0, 0, 0},           /* า น ร อ ก เ ม ส ท ว */
};

#define KOI8 1 /* its row */

struct census {
	size_t of[256];
	size_t high, runs; /* bytes from 0x80 up, and unbroken runs of them */
	size_t beside[256]; /* with an ASCII letter on one side at least */
};

static void take_census(struct census *c, bytes *s, size_t n)
{
	memset(c, 0, sizeof *c);
	for (size_t i = 0; i < n; i++) {
		bool before = i > 0 && ascii_alpha((char)s[i - 1]), after = i + 1 < n && ascii_alpha((char)s[i + 1]);

		c->of[s[i]]++;
		if (s[i] < 0x80)
			continue;
		c->high++;
		c->runs += i == 0 || s[i - 1] < 0x80;
		c->beside[s[i]] += before || (after && s[i] != 0xbf); /* an inverted question mark begins a word */
	}
}

static size_t sum(const size_t *of, const char *list)
{
	size_t n = 0;

	for (; *list != '\0'; list++)
		n += of[(unsigned char)*list];
	return n;
}

/* How well the bytes fit: 4 for each of the most used letters, 2 for one of the next, 1 less where it is a capital. */
static size_t script_score(const struct script *script, const size_t of[256])
{
	size_t score = 0;

	for (const char *p = script->most; *p != '\0'; p++) {
		unsigned char c = (unsigned char)*p, capital = (unsigned char)(c - script->to_small);

		score += 4 * of[c] + (script->to_small != 0 && in(capital, script->capital_from, script->capital_to) ? 3 * of[capital] : 0);
	}
	for (const char *p = script->more; *p != '\0'; p++) {
		unsigned char c = (unsigned char)*p, capital = (unsigned char)(c - script->to_small);

		score += 2 * of[c] + (script->to_small != 0 && in(capital, script->capital_from, script->capital_to) ? of[capital] : 0);
	}
	return score;
}

static size_t sum_range(const size_t *of, unsigned from, unsigned to)
{
	size_t n = 0;

	for (unsigned c = from; c <= to; c++)
		n += of[c];
	return n;
}

/* Ukrainian letters that KOI8-R does not have. */
static const char *koi8(const struct census *c)
{
	return sum(c->of, "\xa4\xa6\xa7\xad\xb4\xb6\xb7") > 0 ? "koi8-u" : "koi8-r";
}

/* Small letters of KOI8 are pairs of GB 2312 too, where words have an even number of them. */
static bool is_koi8(const struct census *c)
{
	size_t letters = sum_range(c->of, 0xc0, 0xff) + sum(c->of, "\xa3\xa4\xa6\xa7\xad\xb3\xb4\xb6\xb7");

	return c->high >= 4 && letters * 20 >= c->high * 19 && sum_range(c->of, 0xc0, 0xdf) * 10 >= c->high * 8 &&
	    script_score(&scripts[KOI8], c->of) >= c->high * 2 && script_score(&scripts[KOI8], c->of) > script_score(&scripts[0], c->of);
}

/* Nothing but words of other letters; no Latin word has four in a row, all of it. */
static bool apart(const struct census *c)
{
	size_t beside = 0;

	for (unsigned b = 0x80; b < 256; b++)
		beside += c->beside[b];
	return beside == 0 && c->high >= c->runs * 4;
}

/* Whole words outside ASCII: a script of its own. */
static const char *detect_script(const struct census *c)
{
	const struct script *best = NULL;
	size_t most = 0;

	if (c->high < 4 || (!apart(c) && (c->high < 6 || c->high < c->runs * 2 + c->runs / 2)))
		return NULL;
	for (size_t i = 0; i < sizeof scripts / sizeof scripts[0]; i++) {
		size_t n = script_score(&scripts[i], c->of);

		if (n > most) {
			most = n;
			best = &scripts[i];
		}
	}
	if (best == NULL || most < c->high)
		return NULL;
	return best == &scripts[KOI8] ? koi8(c) : best->name;
}

/* Letters among ASCII ones: which Latin alphabet has letters where Windows-1252 has signs, or letters that none of its
 * languages has together. */
static const char *detect_latin(const struct census *c)
{
	size_t windows = sum(c->beside, "\xb9\x9c\x9f\x8c\x8f"), iso = sum(c->beside, "\xb1\xb6\xbc\xa6\xac"), turkish;
	size_t both = sum(c->beside, "\xb3\xbf\xa3\xaf");
	bool czech = sum(c->beside, "\xec\xf8") > 0 && sum(c->of, "\xe1\xed\xfd") > 0 && sum(c->of, "\xe5\xe6\xe0") == 0;
	bool hungarian = sum(c->of, "\xf5\xfb") > 0 && sum(c->of, "\xe1\xe9\xf3\xf6") > 0 && sum(c->of, "\xe3\xea\xe2\xee\xf4\xe7") == 0;

	if (windows + iso + both > 0 && (windows + both) * 10 >= c->high && sum(c->of, "\xea\xe6\xf3\xf1\xb3\xbf\xb1") > 0)
		return iso > windows ? "iso-8859-2" : "windows-1250";
	if (czech || hungarian)
		return sum(c->of, "\x9a\x9e\x9d\x8a\x8e") == 0 && sum(c->beside, "\xb9\xbe\xbb\xa9\xae") > 0 ? "iso-8859-2" : "windows-1250";
	turkish = (c->beside[0xf0] > 0) + (c->beside[0xfd] > 0) + (c->beside[0xfe] > 0) + (c->of[0xdd] > 0);
	if (turkish >= 2 && sum(c->of, "\xe6\xe1\xed\xfa\xf3") == 0)
		return "windows-1254";
	return "windows-1252";
}

/* ---- what is certain ---- */

/* Zeros in every other place: UTF-16 that nobody named. */
static const char *detect_zeros(bytes *s, size_t n)
{
	size_t even = 0, odd = 0;

	if (n < 4 || memchr(s, 0, n) == NULL)
		return NULL;
	for (size_t i = 0; i < n; i++)
		if (s[i] == 0)
			(*((i & 1) != 0 ? &odd : &even))++;
	if (odd * 3 > n && even * 20 < n)
		return "utf-16le";
	return even * 3 > n && odd * 20 < n ? "utf-16be" : NULL;
}

static const char *detect_escapes(bytes *s, size_t n)
{
	for (bytes *p = s; (p = memchr(p, 0x1b, n - (size_t)(p - s))) != NULL; p++) {
		size_t left = n - (size_t)(p - s);

		if (left >= 3 && p[1] == '$' && (p[2] == 'B' || p[2] == '@'))
			return "iso-2022-jp";
		if (left >= 4 && p[1] == '$' && p[2] == ')' && p[3] == 'C')
			return "iso-2022-kr";
	}
	return NULL;
}

/* UTF-8 but for a few bytes: cut, or mixed with a line of something else. */
static bool mostly_utf8(const char *s, size_t n, bool cut)
{
	size_t good = 0, bad = 0;

	for (size_t i = 0; i < n;) {
		uint32_t cp;
		unsigned k = (unsigned char)s[i] < 0x80 ? 1 : utf8_next(s + i, n - i, &cp);

		good += k > 1;
		if (k == 0 && cut && n - i < 4)
			break; /* the sample ends inside a character */
		bad += k == 0;
		i += k > 0 ? k : 1;
	}
	return bad == 0 || good > bad * 4;
}

const char *charset_detect(const void *p, size_t len)
{
	size_t n = len < CHARSET_SAMPLE ? len : CHARSET_SAMPLE;
	const char *found;
	struct census c;

	if (n >= 2 && memcmp(p, "\xff\xfe", 2) == 0)
		return "utf-16le";
	if (n >= 2 && memcmp(p, "\xfe\xff", 2) == 0)
		return "utf-16be";
	if ((found = detect_zeros(p, n)) != NULL)
		return found;
	if (utf8_ascii(p, n) == n)
		return (found = detect_escapes(p, n)) != NULL ? found : "utf-8";
	if (mostly_utf8(p, n, n < len))
		return "utf-8";
	take_census(&c, p, n);
	if (is_koi8(&c))
		return koi8(&c);
	if ((found = detect_pairs(p, n, apart(&c))) != NULL || (found = detect_script(&c)) != NULL)
		return found;
	return detect_latin(&c);
}
