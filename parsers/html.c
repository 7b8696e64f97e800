/*
 * html.c - tokenizer of HTML mail: text, tags, attributes, comments, raw text, character references, after the HTML
 * standard's rules where they matter for text. Runs in the parser worker and in `vcspgate parse`; input is hostile.
 * One pass: no byte is looked at more than a few times, whatever is left open.
 */
#include <string.h>
#include <strings.h>

#include "ascii.h"
#include "err.h"
#include "html.h"
#include "html_entities.h"
#include "html_render.h"
#include "html_roles.h"
#include "utf8.h"

#define STYLE_MAX 1024

struct html {
	const char *p, *end;
	bool no_comment_end; /* "-->" does not come any more */
	struct html_render render;
	struct html_tag tag;
};

/* Bytes at which a run of others ends. */
enum { IN_NAME = 1, IN_TEXT = 2, IN_VALUE = 4, IN_ATTRIBUTE = 8, IN_WORDS = 16, AT_BLANK = 32 };

static const unsigned char stops[256] = {
	[0 ... 8] = IN_VALUE | IN_WORDS, [9 ... 13] = IN_NAME | IN_TEXT | IN_VALUE | IN_ATTRIBUTE | IN_WORDS,
	[14 ... 31] = IN_VALUE | IN_WORDS, [' '] = IN_NAME | IN_TEXT | IN_ATTRIBUTE | IN_WORDS | AT_BLANK,
	['&'] = IN_TEXT | IN_VALUE | IN_WORDS,
	['/'] = IN_NAME | IN_ATTRIBUTE, ['<'] = IN_TEXT | IN_WORDS, ['='] = IN_ATTRIBUTE, ['>'] = IN_NAME | IN_ATTRIBUTE,
	[127] = IN_VALUE | IN_WORDS, [128 ... 255] = IN_WORDS,
};

/* Where the run at p ends. */
static const char *run_end(const char *p, const char *end, unsigned where)
{
	while (p < end && (stops[(unsigned char)*p] & where) == 0)
		p++;
	return p;
}

/* ---- character references ---- */

/* The standard reads 128-159 as Windows-1252. */
static uint32_t numeric_fix(uint32_t cp)
{
	static const uint16_t c1[32] = {
		0x20ac, 0x81, 0x201a, 0x192, 0x201e, 0x2026, 0x2020, 0x2021, 0x2c6, 0x2030, 0x160, 0x2039, 0x152, 0x8d, 0x17d, 0x8f,
		0x90, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014, 0x2dc, 0x2122, 0x161, 0x203a, 0x153, 0x9d, 0x17e, 0x178};

	if (cp >= 0x80 && cp < 0xa0)
		return c1[cp - 0x80];
	return cp == 0 || cp > 0x10ffff || (cp >= 0xd800 && cp < 0xe000) ? 0xfffd : cp;
}

static size_t numeric_reference(const char *s, const char *end, uint32_t *cp)
{
	const char *p = s + 2; /* behind "&#" */
	bool hex = p < end && (*p == 'x' || *p == 'X');
	uint32_t v = 0;
	const char *digits;

	p += hex;
	for (digits = p; p < end && (hex ? ascii_hex(*p) : ascii_digit(*p)); p++) {
		uint32_t d = ascii_digit(*p) ? (uint32_t)(*p - '0') : (uint32_t)(ascii_fold(*p) - 'a') + 10;

		if (v <= 0x10ffff)
			v = v * (hex ? 16 : 10) + d;
	}
	if (p == digits)
		return 0;
	*cp = numeric_fix(v);
	return (size_t)(p - s) + (p < end && *p == ';');
}

/* Names that the standard takes without a semicolon, the common ones. */
static bool bare_name(const char *s, size_t n)
{
	static const char *const bare[] = {"nbsp", "amp", "lt", "gt", "quot", "copy", "reg", NULL};

	for (size_t i = 0; bare[i] != NULL; i++)
		if (strlen(bare[i]) == n && memcmp(bare[i], s, n) == 0)
			return true;
	return false;
}

/* A reference at s ('&'): its length and code point; 0 where it is none. */
static size_t reference(const char *s, const char *end, bool in_attribute, uint32_t *cp)
{
	size_t n = 1;

	if (end - s > 2 && s[1] == '#')
		return numeric_reference(s, end, cp);
	while (s + n < end && n <= HTML_ENTITY_MAX && ascii_alnum(s[n]))
		n++;
	if (n == 1 || (s + n < end && *(s + n) != ';' && (in_attribute || !bare_name(s + 1, n - 1))))
		return 0;
	*cp = html_entity(s + 1, n - 1);
	if (*cp == 0)
		return 0;
	return n + (s + n < end && s[n] == ';');
}

/* ---- tags ---- */

/* Copies an attribute's value with references replaced and white space dropped; cut at cap - 1. */
static void copy_value(char *out, size_t cap, const char *s, size_t n, bool drop_space)
{
	unsigned stop = drop_space ? IN_VALUE | AT_BLANK : IN_VALUE;
	size_t o = 0;

	for (size_t i = 0; i < n && o + 5 < cap;) {
		uint32_t cp = 0;
		size_t room = cap - 5 - o, left = n - i, k;

		k = (size_t)(run_end(s + i, s + i + (left < room ? left : room), stop) - (s + i));
		memcpy(out + o, s + i, k);
		i += k;
		o += k;
		if (i == n || k == room)
			break;
		k = s[i] == '&' ? reference(s + i, s + n, true, &cp) : 0;
		if (k > 0) {
			if (cp >= ' ' && cp != 0x7f)
				o += utf8_put(out + o, cp);
			i += k;
		} else {
			if (s[i] == '&')
				out[o++] = '&';
			i++;
		}
	}
	while (o > 0 && ((unsigned char)out[o - 1] & 0xc0) == 0x80 && o + 5 >= cap)
		o--; /* no half character at the cut */
	if (o > 0 && (unsigned char)out[o - 1] >= 0xc0)
		o--;
	out[o] = '\0';
}

static void style(struct html_tag *t, const char *s, size_t n)
{
	char flat[STYLE_MAX];
	struct html_style st;

	copy_value(flat, sizeof flat, s, n, true);
	st = html_style_read(flat, strlen(flat));
	t->hidden |= st.hidden;
	t->border_top |= st.border_top;
	t->indent |= st.indent;
	t->tight |= st.tight;
	t->pre |= st.pre;
}

/* The first attribute that gives a role counts. */
static void role(struct html_tag *t, const char *value, size_t len)
{
	if (t->role == HTML_ROLE_NONE)
		t->role = html_role(value, len);
}

enum attribute { HREF, STYLE, HIDDEN, CLASS, ID, BORDER, SRC, ALT, START, UNKNOWN };

static enum attribute attribute_of(const char *name, size_t n)
{
	static const struct {
		const char *name;
		size_t len;
		enum attribute attribute;
	} table[] = {{"href", 4, HREF}, {"style", 5, STYLE}, {"hidden", 6, HIDDEN}, {"class", 5, CLASS}, {"id", 2, ID}, {"name", 4, ID},
	    {"data-marker", 11, ID}, {"border", 6, BORDER}, {"src", 3, SRC}, {"alt", 3, ALT}, {"start", 5, START}};

	for (size_t i = 0; i < ASCII_COUNT(table); i++)
		if (table[i].len == n && ascii_starts(name, n, table[i].name))
			return table[i].attribute;
	return UNKNOWN;
}

static void attribute(struct html_tag *t, const char *name, size_t n, const char *value, size_t len)
{
	switch (attribute_of(name, n)) {
	case HREF:
		if (t->href[0] == '\0' && len < HTML_HREF_MAX)
			copy_value(t->href, sizeof t->href, value, len, true);
		break;
	case STYLE:
		style(t, value, len);
		break;
	case HIDDEN:
		t->hidden = true;
		break;
	case CLASS:
		t->mso |= ascii_starts(value, len, "mso");
		role(t, value, len);
		break;
	case ID:
		role(t, value, len);
		break;
	case BORDER:
		t->grid |= len > 0 && value[0] != '0';
		break;
	case SRC:
		t->cid |= ascii_starts(value, len, "cid:");
		break;
	case ALT:
		copy_value(t->alt, sizeof t->alt, value, len, false);
		break;
	case START:
		for (size_t i = 0; i < len && i < 6 && ascii_digit(value[i]); i++)
			t->start = t->start * 10 + (unsigned)(value[i] - '0');
		break;
	case UNKNOWN:
		break;
	}
}

/* The value behind '='; p stands behind it afterwards. */
static const char *attribute_value(const char **p, const char *end, size_t *len)
{
	const char *s = *p;

	if (s < end && (*s == '"' || *s == '\'')) {
		const char *close = memchr(s + 1, *s, (size_t)(end - s - 1));

		*len = (size_t)((close != NULL ? close : end) - s - 1);
		*p = close != NULL ? close + 1 : end;
		return s + 1;
	}
	while (*p < end && !ascii_space(**p) && **p != '>')
		(*p)++;
	*len = (size_t)(*p - s);
	return s;
}

/* Attributes up to '>'; false where the input ends first. */
static bool attributes(struct html_tag *t, const char **pp, const char *end)
{
	const char *p = *pp;

	for (;;) {
		const char *name, *value = "";
		size_t n, len = 0;

		while (p < end && (ascii_space(*p) || *p == '/'))
			p++;
		if (p >= end || *p == '>')
			break;
		name = p;
		p = run_end(p + 1, end, IN_ATTRIBUTE);
		n = (size_t)(p - name);
		while (p < end && ascii_space(*p))
			p++;
		if (p < end && *p == '=') {
			for (p++; p < end && ascii_space(*p);)
				p++;
			value = attribute_value(&p, end, &len);
		}
		if (n >= 2 && n <= 11)
			attribute(t, name, n, value, len);
	}
	*pp = p < end ? p + 1 : end;
	return p < end;
}

/* Passes over what stands between <script> and </script>, and its kind. */
static void skip_raw(struct html *h)
{
	size_t n = strlen(h->tag.name);

	if ((h->tag.element->flags & HTML_RAW) == 0 || h->tag.end)
		return;
	while (h->p < h->end) {
		const char *lt = memchr(h->p, '<', (size_t)(h->end - h->p));

		if (lt == NULL || (size_t)(h->end - lt) < n + 2) {
			h->p = h->end;
			return;
		}
		h->p = lt;
		if (lt[1] == '/' && ascii_starts(lt + 2, (size_t)(h->end - lt) - 2, h->tag.name))
			return;
		h->p++;
	}
}

static void tag(struct html *h)
{
	struct html_tag *t = &h->tag;
	const char *p = h->p + 1;
	size_t n = 0;

	t->end = *p == '/';
	t->hidden = t->mso = t->cid = t->border_top = t->indent = t->tight = t->pre = t->grid = false;
	t->role = HTML_ROLE_NONE;
	t->start = 0;
	t->href[0] = t->alt[0] = '\0';
	memset(t->name, 0, sizeof t->name);
	p += t->end;
	for (const char *end = run_end(p, h->end, IN_NAME); p < end; p++)
		if (n + 1 < sizeof t->name && *p != '\0')
			t->name[n++] = ascii_fold(*p);
	t->element = html_element(t->name);
	if (attributes(t, &p, h->end)) {
		h->p = p;
		html_render_tag(&h->render, t);
		skip_raw(h);
	} else {
		h->p = h->end;
	}
}

/* "<!": comment, doctype, conditional, "<?": up to its end. */
static void declaration(struct html *h)
{
	const char *gt;

	if (h->end - h->p >= 4 && memcmp(h->p, "<!--", 4) == 0 && !h->no_comment_end) {
		const char *p = h->p + 2;
		const char *close = memmem(p, (size_t)(h->end - p), "-->", 3);

		if (close != NULL) {
			h->p = close + 3;
			return;
		}
		h->no_comment_end = true;
	}
	gt = memchr(h->p, '>', (size_t)(h->end - h->p));
	h->p = gt != NULL ? gt + 1 : h->end;
}

/* ---- text ---- */

static void text(struct html *h)
{
	const char *s = h->p, *p = run_end(s, h->end, IN_WORDS);

	/* A blank alone between words is one, wherever they stand. */
	while (p > s && h->end - p > 1 && *p == ' ' && (stops[(unsigned char)p[1]] & IN_WORDS) == 0)
		p = run_end(p + 1, h->end, IN_WORDS);
	if (p > s) {
		html_render_words(&h->render, s, (size_t)(p - s));
	} else {
		p = run_end(s, h->end, IN_TEXT);
		html_render_word(&h->render, s, (size_t)(p - s));
	}
	h->p = p;
}

/* White space: outside of <pre> the third and further ones change nothing. */
static void spaces(struct html *h)
{
	html_render_space(&h->render, *h->p++);
	if (h->render.pre > 0 || h->p == h->end || !ascii_space(*h->p))
		return;
	html_render_space(&h->render, *h->p++);
	while (h->p < h->end && ascii_space(*h->p))
		h->p++;
}

static void ampersand(struct html *h)
{
	uint32_t cp;
	size_t n = reference(h->p, h->end, false, &cp);
	char utf8[4];

	if (n == 0) {
		html_render_word(&h->render, h->p++, 1);
		return;
	}
	h->p += n;
	if (cp == ' ' || cp == '\t' || cp == '\n')
		html_render_space(&h->render, (char)cp);
	else
		html_render_word(&h->render, utf8, utf8_put(utf8, cp));
}

static void less_than(struct html *h)
{
	char next = h->end - h->p > 1 ? h->p[1] : ' ';
	char after = h->end - h->p > 2 ? h->p[2] : ' ';

	if (ascii_alpha(next) || (next == '/' && ascii_alpha(after)))
		tag(h);
	else if (next == '!' || next == '?' || next == '/')
		declaration(h);
	else
		html_render_word(&h->render, h->p++, 1);
}

/* False where something hidden was never closed, or nothing was shown. */
static bool run(struct html *h, struct buf *out, struct text_marks *marks, const char *html, size_t len, bool hide)
{
	size_t at = out->len;

	h->p = html;
	h->end = html + len;
	h->no_comment_end = false;
	html_render_init(&h->render, out, marks, hide);
	while (h->p < h->end && h->render.err == VG_OK) {
		if (*h->p == '<')
			less_than(h);
		else if (*h->p == '&')
			ampersand(h);
		else if (ascii_space(*h->p))
			spaces(h);
		else
			text(h);
	}
	html_render_end(&h->render);
	return h->render.hidden_depth == 0 && (out->len > at || !h->render.hid);
}

int html_to_marked_text(struct buf *out, struct text_marks *marks, const char *html, size_t len)
{
	size_t at = out->len, n = marks != NULL ? marks->n : 0;
	struct html h;

	if (!run(&h, out, marks, html, len, true)) {
		out->len = at; /* a broken document must not hide the mail's text */
		if (marks != NULL)
			marks->n = n;
		run(&h, out, marks, html, len, false);
	}
	return h.render.err == VG_ERR_LIMIT ? VG_OK : h.render.err;
}

int html_to_text(struct buf *out, const char *html, size_t len)
{
	return html_to_marked_text(out, NULL, html, len);
}

bool html_meta_charset(char *out, size_t cap, const char *html, size_t len)
{
	const char *end = html + (len < 2048 ? len : 2048);
	size_t n = 0;

	for (const char *p = html; (p = ascii_find(p, (size_t)(end - p), "charset")) != NULL;) {
		for (p += 7; p < end && (ascii_space(*p) || *p == '=' || *p == '"' || *p == '\'');)
			p++;
		while (p < end && n + 1 < cap && (ascii_alnum(*p) || *p == '-' || *p == '_' || *p == ':'))
			out[n++] = *p++;
		if (n > 0)
			break;
	}
	if (cap > 0)
		out[n] = '\0';
	return n > 0;
}
