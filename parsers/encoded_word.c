/*
 * encoded_word.c - judges encoded words by their bytes. Words of one set in a row are judged together, since a character may
 * be split between two. Runs in the parser worker and in `vcspgate parse`; the field is hostile.
 */
#include "encoded_word.h"

#include <glib.h>
#include <string.h>
#include <strings.h>

#include "ascii.h"
#include "base64.h"
#include "buf.h"
#include "charset.h"
#include "err.h"

#define LABEL_MAX 60
#define WORD_MAX 4096           /* RFC 2047 says 75 */
#define GROUP_MAX (16u * 1024u) /* decoded bytes that are looked at */

struct word {
	size_t label, label_len, payload, payload_len, end;
	bool base64;
};

static bool is_label(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (s[i] <= ' ' || s[i] == '=' || s[i] == 0x7f)
			return false;
	return n > 0;
}

/* A word at s[at], which is "=?". 1; 0: not even a label; -1: a label, but no word. */
static int read_word(struct word *w, const char *s, size_t n, size_t at)
{
	size_t left = n - at - 2, len;
	const char *p = s + at + 2, *q = memchr(p, '?', left < LABEL_MAX ? left : LABEL_MAX), *end;

	len = q != NULL ? (size_t)(q - p) : 0;
	if (!is_label(p, len))
		return 0;
	w->label = at + 2;
	w->label_len = len;
	left -= len + 1;
	q++;
	if (left < 2 || q[1] != '?' || strchr("bBqQ", q[0]) == NULL || q[0] == '\0')
		return -1;
	w->base64 = ascii_fold(q[0]) == 'b';
	q += 2;
	left -= 2;
	end = memmem(q, left < WORD_MAX ? left : WORD_MAX, "?=", 2);
	if (end == NULL)
		return -1;
	w->payload = (size_t)(q - s);
	w->payload_len = (size_t)(end - q);
	w->end = w->payload + w->payload_len + 2;
	return 1;
}

static void decode_q(struct buf *out, const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		char c = s[i] == '_' ? ' ' : s[i];

		if (c == '=' && i + 2 < n && ascii_hex_value(s[i + 1]) >= 0 && ascii_hex_value(s[i + 2]) >= 0) {
			c = (char)(ascii_hex_value(s[i + 1]) * 16 + ascii_hex_value(s[i + 2]));
			i += 2;
		}
		if (buf_add(out, &c, 1) != VG_OK)
			return;
	}
}

static void decode_b(struct buf *out, const char *s, size_t n)
{
	unsigned char block[256 + BASE64_HELD];
	struct base64 b = {0};

	while (n > 0) {
		size_t k = n < 256 ? n : 256;

		if (buf_add(out, block, base64_feed(&b, block, s, k)) != VG_OK)
			return;
		s += k;
		n -= k;
	}
	buf_add(out, block, base64_end(&b, block));
}

static bool same_set(const char *s, const struct word *a, const struct word *b)
{
	return a->base64 == b->base64 && a->label_len == b->label_len && strncasecmp(s + a->label, s + b->label, a->label_len) == 0;
}

static void copy_label(char label[LABEL_MAX + 1], const char *s, const struct word *w)
{
	memcpy(label, s + w->label, w->label_len);
	label[w->label_len] = '\0';
}

/* The bytes of the word and of those of its kind that follow it; where the next thing begins, blanks passed over. *end: behind
 * the last word. */
static size_t collect(struct buf *bytes, const char *s, size_t n, const struct word *first, size_t *end)
{
	struct word w = *first;
	size_t at;

	for (;;) {
		(w.base64 ? decode_b : decode_q)(bytes, s + w.payload, w.payload_len);
		at = *end = w.end;
		while (at < n && (ascii_blank(s[at]) || s[at] == '\r' || s[at] == '\n'))
			at++;
		if (at + 2 >= n || memcmp(s + at, "=?", 2) != 0 || read_word(&w, s, n, at) != 1 || !same_set(s, first, &w))
			return at;
	}
}

/* What the words from the first on are in, together; NULL: what they say. */
static const char *judge(struct encoded_scan *sc, const struct word *first)
{
	char label[LABEL_MAX + 1];
	struct buf bytes;
	const char *found;
	size_t end;

	buf_init(&bytes, GROUP_MAX);
	copy_label(label, sc->s, first);
	sc->group_end = collect(&bytes, sc->s, sc->n, first, &end);
	found = charset_settle(label, buf_str(&bytes), bytes.len);
	buf_free(&bytes);
	return found;
}

/* Bytes outside of words: of any set, line ends of folding left out. */
static int plain(struct buf *out, const char *s, size_t n)
{
	const char *end = s + n;
	struct buf b;
	int err = VG_OK;

	if (n == 0 || (memchr(s, '\r', n) == NULL && memchr(s, '\n', n) == NULL))
		return charset_to_utf8(out, NULL, s, n);
	buf_init(&b, n);
	while (s < end && err == VG_OK) {
		const char *from = s;

		while (s < end && *s != '\r' && *s != '\n')
			s++;
		err = buf_add(&b, from, (size_t)(s - from));
		while (s < end && (*s == '\r' || *s == '\n'))
			s++;
	}
	if (err == VG_OK)
		err = charset_to_utf8(out, NULL, buf_str(&b), b.len);
	buf_free(&b);
	return err;
}

static int decode_words(struct buf *out, const char *s, size_t n, const struct word *w, size_t *end, size_t *next)
{
	char label[LABEL_MAX + 1];
	struct buf bytes;
	int err;

	buf_init(&bytes, n);
	copy_label(label, s, w);
	*next = collect(&bytes, s, n, w, end);
	err = charset_to_utf8(out, label, buf_str(&bytes), bytes.len);
	buf_free(&bytes);
	return err;
}

/* As one word of UTF-8. */
static int put_joined(struct buf *out, const char *s, size_t n, const struct word *w, size_t *end, size_t *next)
{
	struct buf utf8;
	gchar *letters;
	int err;

	buf_init(&utf8, 3 * n);
	err = decode_words(&utf8, s, n, w, end, next);
	letters = g_base64_encode(utf8.len > 0 ? utf8.data : (const guchar *)"", utf8.len);
	if (err == VG_OK)
		err = buf_addf(out, "=?utf-8?B?%s?=%s", letters, *next > *end ? " " : "");
	g_free(letters);
	buf_free(&utf8);
	return err;
}

typedef int put_words(struct buf *out, const char *s, size_t n, const struct word *w, size_t *end, size_t *next);

static int rewrite(struct buf *out, const char *s, size_t n, put_words *put)
{
	size_t from = 0, at = 0, next = n;
	struct word w;
	int err = VG_OK;

	while (err == VG_OK && at + 2 < n) {
		const char *equals = memchr(s + at, '=', n - at - 2);

		if (equals == NULL)
			break;
		at = (size_t)(equals - s);
		if (s[at + 1] != '?' || read_word(&w, s, n, at) != 1) {
			at++;
			continue;
		}
		err = plain(out, s + from, at - from);
		if (err == VG_OK)
			err = put(out, s, n, &w, &from, &next);
		at = from;
		/* Blanks between two words are none. */
		if (next + 2 < n && memcmp(s + next, "=?", 2) == 0 && read_word(&w, s, n, next) == 1)
			at = from = next;
	}
	return err == VG_OK ? plain(out, s + from, n - from) : err;
}

int encoded_word_decode(struct buf *out, const char *s, size_t n)
{
	return rewrite(out, s, n, decode_words);
}

int encoded_word_join(struct buf *out, const char *s, size_t n)
{
	return rewrite(out, s, n, put_joined);
}

void encoded_scan_start(struct encoded_scan *sc, const char *s, size_t n)
{
	memset(sc, 0, sizeof *sc);
	sc->s = s;
	sc->n = n;
}

/* Percent-decoded value of an extended parameter (RFC 2231) behind its name of a set. */
static const char *judge_parameter(const char *name, const char *s, size_t n, size_t *used)
{
	struct buf bytes;
	const char *found;
	size_t i;

	buf_init(&bytes, GROUP_MAX);
	for (i = 0; i < n && s[i] > ' ' && s[i] != ';' && s[i] != '"'; i++) {
		char c = s[i];

		if (c == '%' && i + 2 < n && ascii_hex_value(s[i + 1]) >= 0 && ascii_hex_value(s[i + 2]) >= 0) {
			c = (char)(ascii_hex_value(s[i + 1]) * 16 + ascii_hex_value(s[i + 2]));
			i += 2;
		}
		if (buf_add(&bytes, &c, 1) != VG_OK)
			break;
	}
	*used = i;
	found = charset_settle(name, buf_str(&bytes), bytes.len);
	buf_free(&bytes);
	return found;
}

/* `*=charset'language'value`, the "*=" at s[at]. */
static bool parameter_next(struct encoded_scan *sc, size_t at, struct encoded_label *out)
{
	size_t from = at + 2 + (at + 2 < sc->n && sc->s[at + 2] == '"'), left = sc->n - from;
	const char *p = sc->s + from, *q = memchr(p, '\'', left < LABEL_MAX ? left : LABEL_MAX), *v;
	char label[LABEL_MAX + 1];
	size_t len = q != NULL ? (size_t)(q - p) : 0;

	if (!is_label(p, len))
		return false;
	memcpy(label, p, len);
	label[len] = '\0';
	left -= len + 1;
	v = memchr(q + 1, '\'', left < LABEL_MAX ? left : LABEL_MAX);
	*out = (struct encoded_label){from, len, NULL, !charset_known(label)};
	if (v == NULL)
		return out->unknown;
	out->charset = judge_parameter(label, v + 1, sc->n - (size_t)(v + 1 - sc->s), &left);
	sc->at = (size_t)(v + 1 - sc->s) + left;
	return out->charset != NULL;
}

static bool word_next(struct encoded_scan *sc, size_t at, struct encoded_label *out)
{
	char label[LABEL_MAX + 1];
	struct word w;
	int kind = read_word(&w, sc->s, sc->n, at);

	if (kind == 0)
		return false;
	*out = (struct encoded_label){w.label, w.label_len, NULL, false};
	copy_label(label, sc->s, &w);
	out->unknown = !charset_known(label);
	if (kind < 0)
		return out->unknown;
	if (at >= sc->group_end)
		sc->group = judge(sc, &w);
	sc->at = w.end;
	out->charset = sc->group;
	return sc->group != NULL;
}

bool encoded_scan_next(struct encoded_scan *sc, struct encoded_label *out)
{
	const char *equals;

	while (sc->at + 2 < sc->n && (equals = memchr(sc->s + sc->at, '=', sc->n - sc->at)) != NULL) {
		size_t at = (size_t)(equals - sc->s);
		bool parameter = at > sc->at && equals[-1] == '*' && at + 1 < sc->n;

		sc->at = at + !parameter; /* "*==?": looked at once more */
		if (parameter ? parameter_next(sc, at - 1, out) : at + 2 < sc->n && equals[1] == '?' && word_next(sc, at, out))
			return true;
	}
	return false;
}
