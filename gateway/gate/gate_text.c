/*
 * gate_text.c - RFC 2047 decoding. Runs in the gate; input is hostile. What is no well-formed encoded word stays as
 * it is; adjacent words of one charset are joined before conversion, since real mail splits characters between them.
 */
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "buf.h"
#include "charset.h"
#include "err.h"
#include "gate_text.h"
#include "oneline.h"

#define CHARSET_MAX 40u
/* RFC 2047 says 75; real mail writes longer ones. */
#define WORD_MAX 2048u
/* More than any shown text takes; what lies behind is cut anyway. */
#define TEXT_MAX 16384u

struct word {
	char charset[CHARSET_MAX + 1];
	char encoding; /* 'B' or 'Q' */
	const char *text;
	size_t text_len;
	size_t used; /* of the input, with "=?" and "?=" */
};

/* "=?charset*language?B?text?=" at s. */
static bool find_word(struct word *w, const char *s, size_t len)
{
	const char *cs, *text, *end;
	size_t n;

	if (len > WORD_MAX)
		len = WORD_MAX;
	if (len < 8 || s[0] != '=' || s[1] != '?')
		return false;
	cs = memchr(s + 2, '?', len - 2);
	if (cs == NULL || (size_t)(s + len - cs) < 5 || cs[2] != '?')
		return false;
	n = (size_t)(cs - s - 2);
	w->encoding = (char)(cs[1] & ~0x20);
	if (n == 0 || n > CHARSET_MAX || (w->encoding != 'B' && w->encoding != 'Q'))
		return false;
	memcpy(w->charset, s + 2, n);
	w->charset[n] = '\0';
	w->charset[strcspn(w->charset, "*")] = '\0';
	text = cs + 3;
	for (end = text; end + 1 < s + len && *end != '?'; end++)
		if (w->encoding == 'B' && (*end == ' ' || *end == '\t'))
			return false;
	if (end + 1 >= s + len || end[1] != '=')
		return false;
	w->text = text;
	w->text_len = (size_t)(end - text);
	w->used = (size_t)(end + 2 - s);
	return true;
}

static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static int decode_q(struct buf *out, const struct word *w)
{
	for (size_t i = 0; i < w->text_len; i++) {
		char c = w->text[i] == '_' ? ' ' : w->text[i];
		int rc;

		if (c == '=' && i + 2 < w->text_len && hex(w->text[i + 1]) >= 0 && hex(w->text[i + 2]) >= 0) {
			c = (char)(hex(w->text[i + 1]) << 4 | hex(w->text[i + 2]));
			i += 2;
		}
		if ((rc = buf_add(out, &c, 1)) != VG_OK)
			return rc;
	}
	return VG_OK;
}

static int base64(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

static int decode_b(struct buf *out, const struct word *w)
{
	uint32_t bits = 0;
	unsigned have = 0;

	for (size_t i = 0; i < w->text_len; i++) {
		int v = base64(w->text[i]), rc;
		unsigned char c;

		if (v < 0)
			continue;
		bits = (bits << 6 | (uint32_t)v) & 0xffff;
		have += 6;
		if (have < 8)
			continue;
		have -= 8;
		c = (unsigned char)(bits >> have);
		if ((rc = buf_add(out, &c, 1)) != VG_OK)
			return rc;
	}
	return VG_OK;
}

/* Appends the decoded bytes of a run of words, converted. A full buffer ends the text. */
static int flush(struct buf *out, struct buf *raw, const char *charset)
{
	int rc = raw->len == 0 ? VG_OK : charset_to_utf8(out, charset, raw->data, raw->len);

	buf_reset(raw);
	return rc;
}

/* A run of encoded words with only white space between them, from s; *used: how far it went. */
static int decode_run(struct buf *out, struct buf *raw, const char *s, size_t len, size_t *used)
{
	struct word w;
	char charset[CHARSET_MAX + 1] = "";
	size_t pos = 0, next = 0;
	int rc = VG_OK;

	while (rc == VG_OK && find_word(&w, s + next, len - next)) {
		if (strcasecmp(charset, w.charset) != 0) {
			rc = flush(out, raw, charset);
			memcpy(charset, w.charset, sizeof(charset));
		}
		if (rc == VG_OK)
			rc = w.encoding == 'Q' ? decode_q(raw, &w) : decode_b(raw, &w);
		pos = next + w.used;
		for (next = pos; next < len && (s[next] == ' ' || s[next] == '\t'); next++)
			;
	}
	*used = pos;
	return rc == VG_OK ? flush(out, raw, charset) : rc;
}

static int decode(struct buf *out, struct buf *raw, const char *s, size_t len)
{
	size_t plain = 0, pos = 0, used = 0;
	int rc = VG_OK;

	while (pos < len && rc == VG_OK) {
		struct word w;

		if (s[pos] != '=' || !find_word(&w, s + pos, len - pos)) {
			pos++;
			continue;
		}
		rc = pos > plain ? charset_to_utf8(out, NULL, s + plain, pos - plain) : VG_OK;
		if (rc == VG_OK)
			rc = decode_run(out, raw, s + pos, len - pos, &used);
		pos += used;
		plain = pos;
	}
	if (rc == VG_OK && plain < len)
		rc = charset_to_utf8(out, NULL, s + plain, len - plain);
	return rc;
}

int gate_text_decode(char *out, size_t cap, const char *s, size_t len)
{
	struct buf text, raw;
	int rc;

	if (len > TEXT_MAX)
		len = TEXT_MAX;
	/* Most text is plain: nothing to decode, and guessing is oneline's too. */
	if (memmem(s, len, "=?", 2) == NULL) {
		oneline(out, cap, s, len, ONELINE_CP1252);
		return VG_OK;
	}
	buf_init(&text, 4 * TEXT_MAX);
	buf_init(&raw, TEXT_MAX);
	rc = decode(&text, &raw, s, len);
	if (rc == VG_OK)
		oneline(out, cap, buf_str(&text), text.len, ONELINE_CP1252);
	buf_free(&text);
	buf_free(&raw);
	return rc;
}
