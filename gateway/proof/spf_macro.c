/*
 * spf_macro.c - macros of SPF records. Runs in the gate; the record, the sender and HELO's name are all hostile, so an
 * expansion is kept in a window of fixed size: only the right end of a name can ever be asked.
 */
#include <string.h>

#include "spf_macro.h"

#define DELIMITERS ".-+,/_="
#define WINDOW 1024u
#define PARTS_ALL 1000u /* more parts than any value is allowed to need */

struct expand {
	char letter; /* lower case; or the literal that "%%", "%_" stand for; 0 for "%-" */
	bool upper, reverse, is_macro;
	unsigned keep; /* parts from the right; 0: all */
	const char *delimiters;
	size_t n_delimiters;
};

static bool is_alpha(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Transformers and delimiters from s up to '}'. Their length with the brace, 0: malformed. */
static size_t read_transformers(struct expand *e, const char *s, size_t len)
{
	size_t i = 0;

	for (; i < len && is_digit(s[i]); i++)
		if (e->keep < PARTS_ALL)
			e->keep = e->keep * 10 + (unsigned)(s[i] - '0');
	if (i > 0 && e->keep == 0)
		return 0;
	if (i < len && (s[i] == 'r' || s[i] == 'R')) {
		e->reverse = true;
		i++;
	}
	e->delimiters = s + i;
	while (i < len && s[i] != '\0' && strchr(DELIMITERS, s[i]) != NULL)
		i++;
	e->n_delimiters = (size_t)(s + i - e->delimiters);
	return i < len && s[i] == '}' ? i + 1 : 0;
}

/* Reads what stands behind and with the '%' at s. Its length, 0: malformed. */
static size_t read_expand(struct expand *e, const char *s, size_t len)
{
	size_t n;

	*e = (struct expand){.is_macro = false};
	if (len < 2)
		return 0;
	if (s[1] == '%' || s[1] == '_' || s[1] == '-') {
		e->letter = s[1] == '%' ? '%' : s[1] == '_' ? ' ' : '-';
		return 2;
	}
	if (s[1] != '{' || len < 4 || !is_alpha(s[2]) || strchr("slodiphcrtv", s[2] | 0x20) == NULL)
		return 0;
	e->is_macro = true;
	e->upper = s[2] < 'a';
	e->letter = (char)(s[2] | 0x20);
	n = read_transformers(e, s + 3, len - 3);
	return n > 0 ? n + 3 : 0;
}

/* *tail: the literals behind the last macro; their start. */
static bool scan(const char *s, size_t len, bool explanation, size_t *tail)
{
	*tail = 0;
	for (size_t i = 0; i < len;) {
		struct expand e;
		size_t n = 1;

		if (s[i] == '%') {
			if ((n = read_expand(&e, s + i, len - i)) == 0)
				return false;
			if (e.is_macro && !explanation && strchr("crt", e.letter) != NULL)
				return false;
			*tail = i + n;
		} else if (s[i] < 0x21 || s[i] > 0x7e) {
			return false;
		}
		i += n;
	}
	return true;
}

/* LDH with a letter or a hyphen within: an all-numeric end would be an address. */
static bool is_top_label(const char *s, size_t len)
{
	bool telling = false;

	if (len == 0 || s[0] == '-' || s[len - 1] == '-')
		return false;
	for (size_t i = 0; i < len; i++) {
		if (!is_alpha(s[i]) && !is_digit(s[i]) && s[i] != '-')
			return false;
		telling = telling || !is_digit(s[i]);
	}
	return telling;
}

bool spf_macro_string_ok(const char *s, size_t len)
{
	size_t tail;

	return scan(s, len, true, &tail);
}

bool spf_domain_spec_ok(const char *s, size_t len)
{
	size_t tail, dot;

	if (len == 0 || !scan(s, len, false, &tail))
		return false;
	if (tail == len)
		return true;
	if (s[len - 1] == '.')
		len--;
	for (dot = len; dot > tail && s[dot - 1] != '.';)
		dot--;
	return dot > tail && is_top_label(s + dot, len - dot);
}

bool spf_macro_uses_p(const char *s, size_t len)
{
	for (size_t i = 0; i < len;) {
		struct expand e;
		size_t n = s[i] == '%' ? read_expand(&e, s + i, len - i) : 0;

		if (n > 0 && e.is_macro && e.letter == 'p')
			return true;
		i += n > 0 ? n : 1;
	}
	return false;
}

/* ---- expanding ---- */

struct window {
	char s[WINDOW];
	size_t len;
};

static void put(struct window *w, char c)
{
	if (w->len == WINDOW) {
		memmove(w->s, w->s + WINDOW / 2, WINDOW / 2);
		w->len = WINDOW / 2;
	}
	w->s[w->len++] = c;
}

static void put_part(struct window *w, const char *s, size_t len, bool escaped)
{
	static const char hex[] = "0123456789ABCDEF";

	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)s[i];

		if (!escaped || is_alpha(s[i]) || is_digit(s[i]) || strchr("-._~", s[i]) != NULL) {
			put(w, s[i]);
		} else {
			put(w, '%');
			put(w, hex[c >> 4]);
			put(w, hex[c & 15]);
		}
	}
}

static bool splits(const struct expand *e, char c)
{
	return e->n_delimiters == 0 ? c == '.' : memchr(e->delimiters, c, e->n_delimiters) != NULL;
}

static void put_forward(struct window *w, const struct expand *e, const char *value, size_t len)
{
	size_t start = len, end;
	unsigned parts = 0;

	/* Where the parts to keep begin, found from the right. */
	while (start > 0 && !(splits(e, value[start - 1]) && ++parts == e->keep))
		start--;
	for (; start <= len; start = end + 1) {
		for (end = start; end < len && !splits(e, value[end]);)
			end++;
		put_part(w, value + start, end - start, e->upper);
		if (end < len)
			put(w, '.');
	}
}

static void put_reversed(struct window *w, const struct expand *e, const char *value, size_t len)
{
	size_t stop = 0, end = len, start;
	unsigned parts = 0;

	/* The rightmost parts of the reversed list are the leftmost of the value. */
	while (stop < len && !(splits(e, value[stop]) && ++parts == e->keep))
		stop++;
	end = stop;
	for (;;) {
		for (start = end; start > 0 && !splits(e, value[start - 1]);)
			start--;
		put_part(w, value + start, end - start, e->upper);
		if (start == 0)
			return;
		put(w, '.');
		end = start - 1;
	}
}

static const char *value_of(char letter, const struct spf_macros *m)
{
	switch (letter) {
	case 's': return m->sender;
	case 'l': return m->local;
	case 'o': return m->origin;
	case 'd': return m->domain;
	case 'i': return m->ip;
	case 'p': return m->validated;
	case 'v': return m->family;
	case 'h': return m->helo;
	default: return "";
	}
}

static void put_expand(struct window *w, const struct expand *e, const struct spf_macros *m)
{
	const char *value;

	if (!e->is_macro) {
		/* "%-" is a space as a URL spells it. */
		if (e->letter == '-')
			put_part(w, "%20", 3, false);
		else
			put(w, e->letter);
		return;
	}
	value = value_of(e->letter, m);
	if (e->reverse)
		put_reversed(w, e, value, strlen(value));
	else
		put_forward(w, e, value, strlen(value));
}

void spf_macro_expand(char out[DNS_NAME_MAX + 1], const char *s, size_t len, const struct spf_macros *m)
{
	struct window w = {.len = 0};
	size_t start = 0;

	for (size_t i = 0; i < len;) {
		struct expand e;
		size_t n = s[i] == '%' ? read_expand(&e, s + i, len - i) : 0;

		if (n > 0)
			put_expand(&w, &e, m);
		else
			put(&w, s[i]);
		i += n > 0 ? n : 1;
	}
	if (w.len > 0 && w.s[w.len - 1] == '.')
		w.len--;
	while (w.len - start > DNS_NAME_MAX) {
		const char *dot = memchr(w.s + start, '.', w.len - start);

		start = dot != NULL ? (size_t)(dot - w.s) + 1 : w.len;
	}
	memcpy(out, w.s + start, w.len - start);
	out[w.len - start] = '\0';
}
