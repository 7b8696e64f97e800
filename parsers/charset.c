/*
 * charset.c - conversion of text to UTF-8 with iconv handles that stay open. Runs in the parser worker and in
 * `vcspgate parse`; bytes and names are hostile.
 */
#include <ctype.h>
#include <errno.h>
#include <iconv.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "ascii.h"
#include "charset.h"
#include "charset_detect.h"
#include "err.h"
#include "utf8.h"

#define REPLACEMENT "\xef\xbf\xbd"
#define CHARSET_NAME 48

/* MIME names and what is opened for them: labels of real mail rarely say which superset was meant. Windows-1252 is first. */
static const struct {
	const char *mime, *name;
} names[] = {
	{"us-ascii", "CP1252"}, {"ascii", "CP1252"}, {"ansi_x3.4-1968", "CP1252"}, {"iso-8859-1", "CP1252"},
	{"iso8859-1", "CP1252"}, {"iso_8859-1", "CP1252"}, {"latin1", "CP1252"}, {"l1", "CP1252"}, {"windows-1252", "CP1252"},
	{"cp1252", "CP1252"}, {"x-ansi", "CP1252"}, {"iso-8859-2", "ISO-8859-2"}, {"windows-1250", "CP1250"},
	{"windows-1251", "CP1251"}, {"koi8-r", "KOI8-R"}, {"koi8-u", "KOI8-U"}, {"iso-8859-5", "ISO-8859-5"},
	{"iso-8859-7", "ISO-8859-7"}, {"windows-1253", "CP1253"}, {"iso-8859-9", "CP1254"}, {"windows-1254", "CP1254"},
	{"iso-8859-8", "CP1255"}, {"iso-8859-8-i", "CP1255"}, {"windows-1255", "CP1255"}, {"windows-1256", "CP1256"},
	{"windows-1257", "CP1257"}, {"windows-1258", "CP1258"}, {"iso-8859-15", "ISO-8859-15"}, {"windows-874", "CP874"},
	{"tis-620", "CP874"}, {"gb2312", "GB18030"}, {"gbk", "GB18030"}, {"gb18030", "GB18030"}, {"hz-gb-2312", "GB18030"},
	{"big5", "BIG5-HKSCS"}, {"big5-hkscs", "BIG5-HKSCS"}, {"shift_jis", "CP932"}, {"x-sjis", "CP932"}, {"cp932", "CP932"},
	{"windows-31j", "CP932"}, {"iso-2022-jp", "ISO-2022-JP"}, {"euc-jp", "EUC-JP"}, {"euc-kr", "CP949"},
	{"ks_c_5601-1987", "CP949"}, {"ks_c_5601", "CP949"}, {"cp949", "CP949"}, {"iso-2022-kr", "ISO-2022-KR"},
	{"utf-16", "UTF-16"}, {"utf-16le", "UTF-16LE"}, {"utf-16be", "UTF-16BE"}, {"utf-32", "UTF-32"}, {"utf-7", "UTF-7"},
	{"unicode-1-1-utf-7", "UTF-7"}, {"macintosh", "MACINTOSH"}, {"cp850", "CP850"}, {"ibm850", "CP850"},
	{"cp437", "CP437"}, {"ibm437", "CP437"}, {"iso-8859-3", "ISO-8859-3"}, {"iso-8859-4", "ISO-8859-4"},
	{"iso-8859-6", "ISO-8859-6"}, {"iso-8859-10", "ISO-8859-10"}, {"iso-8859-13", "ISO-8859-13"},
	{"iso-8859-14", "ISO-8859-14"}, {"iso-8859-16", "ISO-8859-16"}, {"latin2", "ISO-8859-2"}, {"cp1250", "CP1250"},
	{"cp1251", "CP1251"}, {"cp866", "CP866"}, {"ibm866", "CP866"}, {"cp852", "CP852"}, {"ibm852", "CP852"},
	{"x-gbk", "GB18030"}, {"gb_2312-80", "GB18030"}, {"csgb2312", "GB18030"}, {"cp936", "GB18030"}, {"x-euc-jp", "EUC-JP"},
	{"sjis", "CP932"}, {"ms_kanji", "CP932"}, {"iso-2022-jp-2", "ISO-2022-JP-2"}, {"cseuckr", "CP949"},
	{"ks_c_5601-1989", "CP949"}, {"euc-tw", "EUC-TW"}, {"x-mac-roman", "MACINTOSH"}, {"utf-32le", "UTF-32LE"},
};
#define NAMES (sizeof names / sizeof names[0])

static iconv_t handles[NAMES];
static signed char opened[NAMES]; /* 0 not tried, 1 open, -1 refused */

static iconv_t handle_at(size_t i)
{
	size_t first = 0;

	while (strcmp(names[first].name, names[i].name) != 0)
		first++;
	if (opened[first] == 0) {
		handles[first] = iconv_open("UTF-8", names[first].name);
		opened[first] = handles[first] == (iconv_t)-1 ? -1 : 1;
	}
	return opened[first] > 0 ? handles[first] : (iconv_t)-1;
}

static iconv_t handle_for(const char *charset)
{
	for (size_t i = 0; i < NAMES; i++)
		if (ascii_fold(charset[0]) == names[i].mime[0] && strcasecmp(charset, names[i].mime) == 0)
			return handle_at(i);
	return (iconv_t)-1;
}

/* The name without quotes, blanks and language suffix ("utf-8*en"). */
static void clean_name(char out[CHARSET_NAME], const char *charset)
{
	size_t n = 0;

	for (; charset != NULL && *charset != '\0' && *charset != '*' && n + 1 < CHARSET_NAME; charset++)
		if (!isspace((unsigned char)*charset) && *charset != '"' && *charset != '\'')
			out[n++] = *charset;
	out[n] = '\0';
}

static bool is_utf8_name(const char *name)
{
	if (ascii_fold(name[0]) != 'u' && ascii_fold(name[0]) != 'x')
		return false;
	return strcasecmp(name, "utf-8") == 0 || strcasecmp(name, "utf8") == 0 || strcasecmp(name, "x-utf-8") == 0 ||
	    strcasecmp(name, "unicode-1-1-utf-8") == 0;
}

static bool is_utf7_name(const char *name)
{
	return strcasecmp(name, "utf-7") == 0 || strcasecmp(name, "unicode-1-1-utf-7") == 0;
}

void charset_warm(void)
{
	for (size_t i = 0; i < NAMES; i++) {
		struct buf b;

		buf_init(&b, 64);
		charset_to_utf8(&b, names[i].mime, "a\xc4\xe3", 3); /* a first call loads what the converter needs */
		buf_free(&b);
	}
}

const char *charset_name(size_t i)
{
	return i < NAMES ? names[i].mime : NULL;
}

bool charset_known(const char *charset)
{
	char name[CHARSET_NAME];

	clean_name(name, charset);
	return name[0] == '\0' || is_utf8_name(name) || handle_for(name) != (iconv_t)-1;
}

/* Appends; true while there is room. A full buffer ends the text, it is no error. */
static int put(struct buf *out, const void *p, size_t n)
{
	return n == 0 ? VG_OK : buf_add(out, p, n);
}

/* Appends valid UTF-8 without NULs, in runs. */
static int put_utf8(struct buf *out, const char *s, size_t n)
{
	int err = VG_OK;

	while (n > 0 && err == VG_OK) {
		const char *nul = memchr(s, 0, n);
		size_t run = nul != NULL ? (size_t)(nul - s) : n;
		size_t room = out->max - out->len;

		if (run > room)
			return put(out, s, utf8_cut(s, run, room)) == VG_ERR_MEMORY ? VG_ERR_MEMORY : VG_ERR_LIMIT;
		err = put(out, s, run);
		s += run + (nul != NULL);
		n -= run + (nul != NULL);
	}
	return err;
}

static int convert(struct buf *out, iconv_t cd, const char *s, size_t n);

/* A single letter or sign of Windows-1252 in text of ASCII: pasted from elsewhere. */
static bool is_stray(const char *s, size_t n, size_t i)
{
	unsigned char c = (unsigned char)s[i];

	if ((i > 0 && (unsigned char)s[i - 1] >= 0x80) || (i + 1 < n && (unsigned char)s[i + 1] >= 0x80))
		return false;
	return (c >= 0xc0 && c < 0xff) || c == 0x80 || (c >= 0x91 && c <= 0x97) || (c != 0xad && c >= 0xa0 && c < 0xc0);
}

/* UTF-8; a bad byte is Windows-1252 where it stands alone, else replaced. */
static int repair_utf8(struct buf *out, const char *s, size_t n)
{
	size_t from = 0, i = 0;
	int err = VG_OK;

	while (i < n && err == VG_OK) {
		uint32_t cp;
		size_t k = utf8_ascii(s + i, n - i);

		if (k > 0 || (k = utf8_next(s + i, n - i, &cp)) > 0) {
			i += k;
			continue;
		}
		err = put_utf8(out, s + from, i - from);
		if (err == VG_OK && is_stray(s, n, i) && handle_for("windows-1252") != (iconv_t)-1)
			err = convert(out, handle_for("windows-1252"), s + i, 1);
		else if (err == VG_OK)
			err = put(out, REPLACEMENT, 3);
		from = ++i;
	}
	return err != VG_OK ? err : put_utf8(out, s + from, n - from);
}

/* A last letter that waits for a mark to stand on it (Hebrew, Vietnamese). */
static int convert_rest(struct buf *out, iconv_t cd)
{
	char block[16], *o = block;
	size_t room = sizeof block;

	iconv(cd, NULL, NULL, &o, &room);
	return put_utf8(out, block, (size_t)(o - block));
}

static int convert(struct buf *out, iconv_t cd, const char *s, size_t n)
{
	char block[4096];
	int err = VG_OK;
	union {
		const char *in;
		char *iconv_in; /* iconv(3) takes char **, and writes nothing there */
	} p = {.in = s};

	iconv(cd, NULL, NULL, NULL, NULL);
	while (n > 0 && err == VG_OK) {
		char *o = block;
		size_t room = sizeof block;
		size_t r = iconv(cd, &p.iconv_in, &n, &o, &room);
		int why = errno;

		err = put_utf8(out, block, (size_t)(o - block));
		if (r == (size_t)-1 && why != E2BIG && err == VG_OK && n > 0) {
			/* a line end that was cut in two is none */
			err = n == 1 && why == EINVAL && (*p.in == '\n' || *p.in == '\r') ? VG_OK : put(out, REPLACEMENT, 3);
			p.in++;
			n--;
		}
	}
	return err == VG_OK ? convert_rest(out, cd) : err;
}

/* Bytes that the encoding itself forbids, of those outside ASCII. */
static bool mostly_broken(const char *s, size_t n)
{
	size_t good = 0, bad = 0;

	for (size_t i = 0; i < n;) {
		uint32_t cp;
		unsigned k;

		if ((unsigned char)s[i] < 0x80) {
			i++;
			continue;
		}
		k = utf8_next(s + i, n - i, &cp);
		good += k > 0;
		bad += k == 0;
		i += k > 0 ? k : 1;
	}
	return bad > good;
}

static size_t count_high(const char *s, size_t n)
{
	size_t high = 0;

	for (size_t i = 0; i < n; i++)
		high += (unsigned char)s[i] >= 0x80;
	return high;
}

/* How many places iconv refuses, at most `most`. */
static size_t refusals(iconv_t cd, const char *s, size_t n, size_t most)
{
	char block[4096];
	size_t bad = 0;
	union {
		const char *in;
		char *iconv_in;
	} p = {.in = s};

	iconv(cd, NULL, NULL, NULL, NULL);
	while (n > 0 && bad < most) {
		char *o = block;
		size_t room = sizeof block;

		if (iconv(cd, &p.iconv_in, &n, &o, &room) != (size_t)-1 || errno == E2BIG)
			continue;
		if (errno == EINVAL)
			break; /* cut at the end */
		bad++;
		p.in++;
		n--;
	}
	return bad;
}

/* A label of more than one byte a character, or of 7 bits: wrong where the bytes cannot be that at all. */
static bool contradicted(iconv_t cd, const char *name, const char *s, size_t n)
{
	bool wide = strncasecmp(name, "utf-16", 6) == 0 || strncasecmp(name, "utf-32", 6) == 0;

	if (wide)
		return memchr(s, 0, n) == NULL && utf8_valid(s, n) && n > 3; /* the label of a file that was converted */
	if (is_utf7_name(name) && refusals(cd, s, n, 3) >= 3)
		return true; /* text of ASCII with a '+' here and there */
	if (strncasecmp(name, "iso-2022", 8) == 0 || strncasecmp(name, "hz-", 3) == 0 || is_utf7_name(name))
		return count_high(s, n) > 0;
	if (memchr(s, 0x1b, n) != NULL && count_high(s, n) == 0)
		return strcmp(charset_detect(s, n), "utf-8") != 0;
	return refusals(cd, s, n, n / 4 + 1) * 4 > count_high(s, n);
}

/* The Latin sets are what programs say that know nothing: kept unless the bytes are clearly of another kind. */
static const char *settle_latin(const char *name, const char *s, size_t n)
{
	static const char *const doubtful[] = {"windows-1252", "windows-1254", "iso-8859-2"};
	const char *found = charset_detect(s, n);

	for (size_t i = 0; i < sizeof doubtful / sizeof doubtful[0]; i++)
		if (strcmp(found, doubtful[i]) == 0)
			return name;
	return found;
}

static const char *settle(const char *name, const char *s, size_t n)
{
	size_t sample = n < CHARSET_SAMPLE ? n : CHARSET_SAMPLE;
	const char *found;
	iconv_t cd;

	if (is_utf8_name(name) && memchr(s, 0x1b, n) == NULL && (utf8_valid(s, n) || !mostly_broken(s, n)))
		return "utf-8";
	cd = name[0] != '\0' && !is_utf8_name(name) ? handle_for(name) : (iconv_t)-1;
	if (cd == (iconv_t)-1)
		return charset_detect(s, n);
	if (cd == handle_for("windows-1252") || cd == handle_for("iso-8859-15"))
		return settle_latin(name, s, n);
	if (strcasecmp(name, "utf-16") == 0) { /* names no order of bytes */
		found = charset_detect(s, n);
		return strncmp(found, "utf-16", 6) == 0 || contradicted(cd, name, s, sample) ? found : name;
	}
	return contradicted(cd, name, s, sample) ? charset_detect(s, n) : name;
}

/* HZ (RFC 1843), which iconv does not know: between "~{" and "~}" stands GB 2312 without its high bits. */
static int convert_hz(struct buf *out, const char *s, size_t n)
{
	struct buf gb;
	bool wide = false;
	int err = VG_OK;

	buf_init(&gb, n);
	for (size_t i = 0; i < n && err == VG_OK; i++) {
		char c = s[i], next = i + 1 < n ? s[i + 1] : '\0';

		if (c == '~' && (next == '{' || next == '}')) {
			wide = next == '{';
			i++;
			continue;
		}
		if (c == '~' && !wide && (next == '~' || next == '\n')) {
			i++;
			c = next;
			if (c == '\n')
				continue; /* a line goes on */
		}
		wide = wide && c != '\n'; /* no line ends inside of it */
		c = wide ? (char)(c | 0x80) : c;
		err = buf_add(&gb, &c, 1);
	}
	if (err == VG_OK)
		err = convert(out, handle_for("gb18030"), buf_str(&gb), gb.len);
	buf_free(&gb);
	return err;
}

/* Plain ASCII under a label that gives such bytes no other sense, or under none that is known: it is itself. */
static bool is_ascii(const char *label, const char *s, size_t n)
{
	iconv_t cd;

	if (utf8_ascii(s, n) < n || memchr(s, 0x1b, n) != NULL || memchr(s, 0, n) != NULL)
		return false;
	if (label[0] == '\0' || is_utf8_name(label))
		return true;
	cd = handle_for(label);
	return cd == (iconv_t)-1 || cd == handle_at(0); /* Windows-1252 */
}

static int to_utf8(struct buf *out, const char *label, const char *s, size_t n)
{
	const char *name;
	iconv_t cd;

	if (is_ascii(label, s, n))
		return put_utf8(out, s, n);
	if (n >= 3 && memcmp(s, "\xef\xbb\xbf", 3) == 0 && utf8_valid(s, n))
		return put_utf8(out, s + 3, n - 3);
	name = settle(label, s, n);
	if (n >= 2 && strncasecmp(name, "utf-16", 6) == 0 && (memcmp(s, "\xff\xfe", 2) == 0 || memcmp(s, "\xfe\xff", 2) == 0)) {
		name = s[0] == '\xff' ? "utf-16le" : "utf-16be";
		s += 2;
		n -= 2;
	}
	if (is_utf8_name(name))
		return repair_utf8(out, s, n);
	if (strcasecmp(name, "hz-gb-2312") == 0)
		return convert_hz(out, s, n);
	cd = handle_for(name);
	return cd != (iconv_t)-1 ? convert(out, cd, s, n) : repair_utf8(out, s, n);
}

const char *charset_settle(const char *charset, const void *p, size_t n)
{
	char name[CHARSET_NAME];
	const char *settled;

	clean_name(name, charset);
	settled = settle(name, p, n);
	for (size_t i = 0; i < NAMES; i++)
		if (strcasecmp(settled, names[i].mime) == 0)
			settled = names[i].name;
	return charset != NULL && strcasecmp(settled, charset) == 0 ? NULL : settled;
}

int charset_to_utf8(struct buf *out, const char *charset, const void *p, size_t n)
{
	char name[CHARSET_NAME];
	int err;

	if (n == 0)
		return VG_OK; /* p may be NULL */
	clean_name(name, charset);
	err = to_utf8(out, name, p, n);
	return err == VG_ERR_LIMIT ? VG_OK : err;
}
