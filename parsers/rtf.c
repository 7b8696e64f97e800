/*
 * rtf.c - from compressed RTF to text. Runs in the parser worker and in `vcspgate parse`; the bytes are hostile. Groups that
 * hold no text (fonts, colours, pictures) are passed over; \htmltag groups are the markup of wrapped HTML.
 */
#include "rtf.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ascii.h"
#include "charset.h"
#include "err.h"
#include "html.h"
#include "little.h"
#include "mapi.h"
#include "utf8.h"

/* ---- compression ---- */

#define DICTIONARY 4096u
#define MAGIC_COMPRESSED 0x75465a4cu
#define MAGIC_PLAIN 0x414c454du

static const char preset[] = "{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern \\fscript "
    "\\fdecor MS Sans SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0\\blue0\r\n\\par "
    "\\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx";

struct expander {
	unsigned char dictionary[DICTIONARY];
	unsigned at;
	struct buf *out;
};

static int put_byte(struct expander *x, unsigned char c)
{
	x->dictionary[x->at] = c;
	x->at = (x->at + 1) % DICTIONARY;
	return buf_add(x->out, &c, 1);
}

/* Offset and length of a reference. 1: the end mark. */
static int reference(struct expander *x, const unsigned char *p)
{
	unsigned token = (unsigned)p[0] << 8 | p[1], from = token >> 4, n = (token & 15) + 2;
	int err = VG_OK;

	if (from == x->at)
		return 1;
	for (unsigned i = 0; i < n && err == VG_OK; i++)
		err = put_byte(x, x->dictionary[(from + i) % DICTIONARY]);
	return err;
}

static int expand(struct expander *x, const unsigned char *p, size_t n)
{
	size_t i = 0;
	int err = VG_OK;

	while (i < n && err == VG_OK) {
		unsigned control = p[i++];

		for (unsigned bit = 0; bit < 8 && err == VG_OK; bit++) {
			bool ref = (control >> bit & 1) != 0;

			if (i + ref >= n)
				return VG_ERR_SYNTAX; /* cut: an end mark is missing */
			err = ref ? reference(x, p + i) : put_byte(x, p[i]);
			i += 1u + ref;
		}
	}
	return err == 1 ? VG_OK : err == VG_OK ? VG_ERR_SYNTAX : err;
}

int rtf_expand(struct buf *out, const unsigned char *p, size_t n)
{
	struct expander *x;
	size_t body;
	int err;

	if (n < 16)
		return VG_ERR_SYNTAX;
	body = n - 16;
	if (little32(p + 8) == MAGIC_PLAIN) {
		size_t raw = little32(p + 4) < body ? little32(p + 4) : body;

		return buf_add(out, p + 16, raw < out->max - out->len ? raw : out->max - out->len);
	}
	if (little32(p + 8) != MAGIC_COMPRESSED)
		return VG_ERR_SYNTAX;
	x = malloc(sizeof *x);
	if (x == NULL)
		return VG_ERR_MEMORY;
	memset(x->dictionary, 0, sizeof x->dictionary);
	memcpy(x->dictionary, preset, sizeof preset - 1);
	x->at = sizeof preset - 1;
	x->out = out;
	err = expand(x, p + 16, body);
	free(x);
	return err == VG_ERR_LIMIT ? VG_OK : err;
}

/* ---- text ---- */

#define GROUPS_MAX 200

/* What a group inherits. */
struct group {
	bool skip;     /* holds no text */
	bool tag;      /* markup of wrapped HTML */
	bool hidden;   /* \htmlrtf: for readers of RTF only */
	unsigned uc;   /* characters behind \u that stand for it */
};

struct rtf {
	struct buf *out;       /* text, or HTML */
	struct buf run;        /* 8-bit bytes that are not converted yet */
	const char *charset;
	bool html;
	struct group stack[GROUPS_MAX], now;
	size_t depth, lost;    /* lost: groups deeper than the stack */
	unsigned skip_characters;
	bool first;            /* directly behind "{" or "{\*" */
	uint32_t high;         /* a surrogate that waits for its other half */
	int err;
};

static void flush(struct rtf *r)
{
	if (r->run.len > 0 && r->err == VG_OK)
		r->err = charset_to_utf8(r->out, r->charset, r->run.data, r->run.len);
	buf_reset(&r->run);
}

static bool shown(const struct rtf *r)
{
	return !r->now.skip && !r->now.hidden && r->lost == 0;
}

static void put(struct rtf *r, const char *s, size_t n)
{
	if (!shown(r))
		return;
	flush(r);
	if (r->err == VG_OK)
		r->err = buf_add(r->out, s, n);
}

static void put_character(struct rtf *r, unsigned char c)
{
	if (r->skip_characters > 0) {
		r->skip_characters--;
	} else if (shown(r) && c >= 0x80 && r->err == VG_OK) {
		r->err = buf_add(&r->run, &c, 1);
	} else if (c < 0x80) {
		/* Text of wrapped HTML is text, whatever it looks like. */
		const char *as = r->html && !r->now.tag ? (c == '<' ? "&lt;" : c == '&' ? "&amp;" : c == '>' ? "&gt;" : NULL) : NULL;
		char one = (char)c;

		put(r, as != NULL ? as : &one, as != NULL ? strlen(as) : 1);
	}
}

static void put_unicode(struct rtf *r, long v)
{
	uint32_t cp = (uint32_t)(v < 0 ? v + 65536 : v) & 0xffff;
	char utf8[4];

	r->skip_characters = r->now.uc;
	if (cp >= 0xd800 && cp < 0xdc00) {
		r->high = cp;
		return;
	}
	if (cp >= 0xdc00 && cp < 0xe000)
		cp = r->high != 0 ? 0x10000 + ((r->high - 0xd800) << 10) + (cp - 0xdc00) : 0xfffd;
	r->high = 0;
	if (cp >= ' ' || cp == '\t')
		put(r, utf8, utf8_put(utf8, cp));
}

static void open_group(struct rtf *r)
{
	if (r->depth < GROUPS_MAX)
		r->stack[r->depth++] = r->now;
	else
		r->lost++;
	r->first = true;
	r->skip_characters = 0;
}

static void close_group(struct rtf *r)
{
	flush(r);
	if (r->lost > 0)
		r->lost--;
	else if (r->depth > 0)
		r->now = r->stack[--r->depth];
	r->first = false;
	r->skip_characters = 0;
}

static bool is_in(const char *word, size_t n, const char *const *list)
{
	for (; *list != NULL; list++)
		if (strlen(*list) == n && memcmp(*list, word, n) == 0)
			return true;
	return false;
}

/* Words that stand for text. */
static bool text_word(struct rtf *r, const char *w, size_t n)
{
	static const struct {
		const char *word, *text, *html;
	} words[] = {{"par", "\n", "\n"}, {"line", "\n", "\n"}, {"row", "\n", "\n"}, {"cell", "\t", "\t"}, {"tab", "\t", "\t"}, {"sect", "\n", "\n"},
	    {"page", "\n", "\n"}, {"emdash", "\xe2\x80\x94", NULL}, {"endash", "\xe2\x80\x93", NULL}, {"bullet", "\xe2\x80\xa2", NULL},
	    {"lquote", "\xe2\x80\x98", NULL}, {"rquote", "\xe2\x80\x99", NULL}, {"ldblquote", "\xe2\x80\x9c", NULL},
	    {"rdblquote", "\xe2\x80\x9d", NULL}};

	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (strlen(words[i].word) == n && memcmp(words[i].word, w, n) == 0) {
			put(r, words[i].text, strlen(words[i].text));
			return true;
		}
	return false;
}

static void control_word(struct rtf *r, const char *w, size_t n, bool has_value, long value)
{
	static const char *const no_text[] = {"fonttbl", "colortbl", "stylesheet", "info", "pict", "object", "header", "footer", "headerl",
		"headerr", "footerl", "footerr", "filetbl", "listtable", "revtbl", "themedata", "datastore", "xmlnstbl", "generator", NULL};

	if (r->first && is_in(w, n, no_text)) {
		r->now.skip = true;
	} else if (ascii_is(w, n, "htmltag")) {
		r->now.skip = false;
		r->now.tag = true;
	} else if (ascii_is(w, n, "htmlrtf")) {
		flush(r);
		r->now.hidden = !has_value || value != 0;
	} else if (ascii_is(w, n, "fromhtml")) {
		r->html = true;
	} else if (ascii_is(w, n, "ansicpg") && mapi_charset((uint32_t)value) != NULL) {
		r->charset = mapi_charset((uint32_t)value);
	} else if (ascii_is(w, n, "uc") && value >= 0 && value < 10) {
		r->now.uc = (unsigned)value;
	} else if (ascii_is(w, n, "u") && has_value) {
		put_unicode(r, value);
	} else {
		text_word(r, w, n);
	}
	r->first = false;
}

/* A control begins at s[i], behind its backslash; where it ends. */
static size_t control(struct rtf *r, const char *s, size_t n, size_t i)
{
	size_t from = i;
	bool minus = false, digits = false;
	long value = 0;

	while (i < n && ascii_alpha(s[i]))
		i++;
	if (i == from) { /* a symbol */
		if (s[i] == '\'' && i + 2 < n && ascii_hex(s[i + 1]) && ascii_hex(s[i + 2])) {
			char digit[3] = {s[i + 1], s[i + 2], '\0'};

			put_character(r, (unsigned char)strtoul(digit, NULL, 16));
			return i + 3;
		}
		if (s[i] == '*') {
			r->now.skip = true; /* unless the word behind it is one that is known */
			return i + 1;
		}
		if (s[i] == '~')
			put(r, " ", 1);
		else if (s[i] == '\n' || s[i] == '\r')
			put(r, "\n", 1);
		else if (s[i] == '_')
			put(r, "-", 1);
		else if (strchr("{}\\", s[i]) != NULL && s[i] != '\0')
			put_character(r, (unsigned char)s[i]);
		r->first = false;
		return i + 1;
	}
	n = n - from > 64 ? from + 64 : n; /* no word and number is longer */
	size_t word = i < n ? i : n;

	if (i < n && s[i] == '-') {
		minus = true;
		i++;
	}
	for (; i < n && ascii_digit(s[i]); i++, digits = true)
		value = value < 1000000 ? value * 10 + (s[i] - '0') : value;
	control_word(r, s + from, word - from, digits, minus ? -value : value);
	return i < n && s[i] == ' ' ? i + 1 : i;
}

static void read_rtf(struct rtf *r, const char *s, size_t n)
{
	for (size_t i = 0; i < n && r->err == VG_OK;) {
		char c = s[i++];

		if (c == '{') {
			open_group(r);
		} else if (c == '}') {
			close_group(r);
		} else if (c == '\\' && i < n) {
			i = control(r, s, n, i);
		} else if (c != '\r' && c != '\n' && c != '\0') {
			put_character(r, (unsigned char)c);
			r->first = false;
		}
	}
	flush(r);
}

int rtf_to_text(struct buf *out, const char *s, size_t n)
{
	struct rtf *r = calloc(1, sizeof *r);
	struct buf text;
	int err;

	if (r == NULL)
		return VG_ERR_MEMORY;
	buf_init(&text, n * 6 + 16);
	buf_init(&r->run, n + 16);
	r->out = &text;
	r->charset = "windows-1252";
	r->now.uc = 1;
	read_rtf(r, s, n);
	err = r->err;
	if (err == VG_OK)
		err = r->html ? html_to_text(out, buf_str(&text), text.len) : buf_add(out, text.data, text.len);
	buf_free(&text);
	buf_free(&r->run);
	free(r);
	return err;
}
