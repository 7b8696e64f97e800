/*
 * fingerprint.c - parser worker; text that passed oneline(). Whatever differs from one site to the next (numbers, names,
 * paths, addresses) becomes one place holder, the rest is folded and hashed. Called by errors.c.
 */
#include "fingerprint.h"

#include <sodium.h>
#include <stdbool.h>
#include <string.h>

#include "ascii.h"
#include "fingerprint_words.h"

#define QUOTE_MAX 300 /* bytes a quoted name may have; a longer quotation is text */
#define PATH_MAX_SCAN 400

struct norm {
	char *out;
	size_t cap;
	size_t len;
	bool gap;  /* a blank is due before the next word */
	bool hole; /* the last thing put is the place holder */
	bool number; /* and it stands for a number */
	bool due;  /* a name may follow */
};

static void put(struct norm *n, const char *s, size_t len)
{
	if (n->gap && n->len > 0 && n->len + 1 < n->cap)
		n->out[n->len++] = ' ';
	n->gap = false;
	n->hole = n->number = false;
	for (size_t i = 0; i < len && n->len + 1 < n->cap; i++)
		n->out[n->len++] = ascii_fold(s[i]);
}

static void put_hole(struct norm *n)
{
	if (n->hole) {
		n->gap = false;
		return;
	}
	put(n, "#", 1);
	n->hole = true;
}

/* A byte that ends a word and says nothing by itself. */
static bool is_separator(char c)
{
	switch (c) {
	case ' ': case '\t': case ',': case ';': case ':': case '(': case ')': case '[': case ']': case '{': case '}': case '<': case '>': case '"':
	case '\'': case '`': case '=': case '|': case '!': case '?': case '*': case '\0':
		return true;
	default:
		return false;
	}
}

/* Length of a quotation that begins at s: '…', "…", […], `…`, “…”, ‘…’, «…»; 0 where there is none. */
static size_t quotation(const char *s, size_t len, bool word_before)
{
	static const struct {
		const char *open, *close;
	} pairs[] = {{"'", "'"}, {"\"", "\""}, {"[", "]"}, {"`", "`"}, {"“", "”"}, {"„", "“"}, {"„", "”"}, {"‘", "’"}, {"‚", "‘"},
	    {"«", "»"}, {"»", "«"}, {"‹", "›"}, {"「", "」"}, {"『", "』"}};

	if (s[0] != '\'' && s[0] != '"' && s[0] != '[' && s[0] != '`' && (unsigned char)s[0] < 0xC2)
		return 0;
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		size_t o = strlen(pairs[i].open), c = strlen(pairs[i].close);
		size_t reach = len < QUOTE_MAX ? len : QUOTE_MAX;

		if (len < o || memcmp(s, pairs[i].open, o) != 0 || (word_before && i == 0))
			continue;
		for (size_t at = o; at + c <= reach; at++)
			if (memcmp(s + at, pairs[i].close, c) == 0 &&
			    !(i == 0 && at + 1 < len && ascii_alnum(s[at + 1])))
				return fingerprint_tells(s + o, at - o) ? 0 : at + c;
	}
	return 0;
}

static bool is_drive(const char *s, size_t len)
{
	return len >= 3 && ascii_alpha(s[0]) && s[1] == ':' && (s[2] == '\\' || s[2] == '/');
}

/* Length of a Windows path that begins at s (drive or UNC): names in it may hold blanks, so it reaches to the
 * word that holds the last backslash of the clause. 0 where there is none. */
static size_t windows_path(const char *s, size_t len)
{
	size_t reach = len < PATH_MAX_SCAN ? len : PATH_MAX_SCAN, last = 0, i;

	if (!is_drive(s, len) && !(len >= 3 && s[0] == '\\' && s[1] == '\\'))
		return 0;
	for (i = 3; i < reach && strchr("\"'<>|,;()", s[i]) == NULL; i++) {
		if (s[i] == ' ' && (is_drive(s + i + 1, len - i - 1) || (i + 1 < reach && s[i + 1] == '\\')))
			break;
		if (s[i] == ':' || (s[i] == '.' && i + 1 < reach && s[i + 1] == ' '))
			break;
		if (s[i] == '\\')
			last = i;
	}
	for (i = last > 0 ? last : 2; i < reach && strchr(" \"'<>|,;()", s[i]) == NULL; i++)
		;
	return i;
}

static bool is_type_name(const char *w, size_t len)
{
	return ascii_ends(w, len, "exception") || ascii_ends(w, len, "error") || ascii_ends(w, len, "fault");
}

/* Whether a word is a thing of one site: it has a digit, a backslash, an @, is a path, a dotted name, a host
 * name in capitals with a hyphen. */
static bool is_name(const char *w, size_t len)
{
	bool capitals = true, hyphen = false, dot = false;
	size_t slashes = 0;

	if (len > 1 && w[0] == '/')
		return true;
	for (size_t i = 0; i < len; i++) {
		if (ascii_alpha(w[i])) {
			capitals = capitals && !ascii_lower(w[i]);
			continue;
		}
		if (ascii_digit(w[i]) || w[i] == '\\' || w[i] == '@' || w[i] == '$' || w[i] == '%')
			return true;
		slashes += w[i] == '/';
		if (slashes > 1)
			return true;
		hyphen = hyphen || w[i] == '-';
		dot = dot || (w[i] == '.' && i > 0 && i + 1 < len && ascii_alnum(w[i - 1]) && ascii_alnum(w[i + 1]));
	}
	if (dot)
		return !is_type_name(w, len);
	return capitals && hyphen && ascii_upper(w[0]) && ascii_upper(w[len - 1]);
}

/* Length of an IPv6 address or a time of day at s: hex digits with at least two colons; 0 for neither. */
static size_t colon_number(const char *s, size_t len)
{
	size_t i, colons = 0, digits = 0;

	for (i = 0; i < len && i < 60 && (ascii_hex(s[i]) || s[i] == ':' || s[i] == '.'); i++) {
		colons += s[i] == ':';
		digits += ascii_hex(s[i]);
	}
	while (i > 0 && (s[i - 1] == '.' || (s[i - 1] == ':' && (i < 2 || s[i - 2] != ':'))))
		colons -= s[--i] == ':';
	if (colons < 2 || digits == 0 || (i < len && ascii_alnum(s[i])))
		return 0;
	return i;
}

static size_t url(const char *s, size_t len)
{
	size_t i = 0;

	while (i < len && i < 16 && ascii_alpha(s[i]))
		i++;
	if (i < 2 || len < i + 3 || memcmp(s + i, "://", 3) != 0)
		return 0;
	while (i < len && strchr(" \"'<>|,;()[]", s[i]) == NULL)
		i++;
	return i;
}

/* Bytes of a blank that is none of ASCII: U+00A0, U+2009, U+202F. */
static size_t wide_blank(const char *s, size_t len)
{
	if (len > 1 && memcmp(s, "\xC2\xA0", 2) == 0)
		return 2;
	return len > 2 && (memcmp(s, "\xE2\x80\xAF", 3) == 0 || memcmp(s, "\xE2\x80\x89", 3) == 0) ? 3 : 0;
}

/* The word at s, without dots and dashes at its end. */
static size_t word(const char *s, size_t len)
{
	size_t i = 0;

	while (i < len && (ascii_alnum(s[i]) || (!is_separator(s[i]) && wide_blank(s + i, len - i) == 0)))
		i++;
	while (i > 1 && (s[i - 1] == '.' || s[i - 1] == '-'))
		i--;
	return i;
}

/* Length of a thing at s that becomes the place holder as a whole, 0 where there is none. */
static size_t hole(const char *s, size_t len, bool word_before)
{
	size_t n;

	if ((n = quotation(s, len, word_before)) > 0)
		return n;
	if (word_before)
		return 0;
	if ((n = windows_path(s, len)) > 0 || (n = url(s, len)) > 0)
		return n;
	return colon_number(s, len);
}

/* A lower-case name with a hyphen (acme-dc), but not read-only. */
static bool is_joined(const char *w, size_t len)
{
	static const char *const prefixes[] = {"read-", "write-", "non-", "re-", "pre-", "un-", "multi-", "low-", "high-", "time", "out-", "co-", "self-",
	    "auto-", "built-", "in-", "on-", "off-"};

	return memchr(w, '-', len) != NULL && !ascii_starts_any(w, len, prefixes, ASCII_COUNT(prefixes));
}

/* Puts one word, or the place holder for it. next: what stands behind it. */
static void put_word(struct norm *n, const char *w, size_t len, const char *next, size_t next_len)
{
	bool digit_next = next_len > 1 && (next[0] == ' ' || next[0] == ',') && (ascii_digit(next[1]) || (next_len > 2 && next[0] == ',' && ascii_digit(next[2])));
	bool named = n->due && !fingerprint_no_name(w, len) && (ascii_upper(w[0]) || is_joined(w, len));
	bool drive = len == 1 && ascii_alpha(w[0]) && next_len > 0 && next[0] == ':';

	if (n->number && fingerprint_unit(w, len)) {
		n->gap = n->due = false;
	} else if (is_name(w, len) || named || drive || ((n->number || digit_next) && fingerprint_date_word(w, len))) {
		bool number = ascii_digit(w[0]) || n->number;

		put_hole(n);
		n->number = number || digit_next;
		n->due = named;
	} else {
		put(n, w, len);
		n->due = fingerprint_names_follow(w, len);
	}
}

size_t fingerprint_normalise(char *out, size_t cap, const char *text, size_t len)
{
	struct norm n = {out, cap, 0, false, false, false, false};
	size_t i = 0, w;

	if (cap == 0)
		return 0;
	while (i < len) {
		bool word_before = i > 0 && ascii_alnum(text[i - 1]);

		if ((w = wide_blank(text + i, len - i)) > 0) {
			n.gap = true;
		} else if ((w = hole(text + i, len - i, word_before)) > 0) {
			put_hole(&n);
			n.number = ascii_digit(text[i]);
			n.due = false;
		} else if (is_separator(text[i]) || text[i] == '.' || text[i] == '-') {
			n.due = n.due && text[i] == ' ';
			n.gap = true;
			w = 1;
		} else {
			w = word(text + i, len - i);
			put_word(&n, text + i, w, text + i + w, len - i - w);
		}
		i += w;
	}
	out[n.len] = '\0';
	return n.len;
}

void fingerprint(char out[FINGERPRINT_HEX], const char *text, size_t len, const char *exception, const char *code)
{
	unsigned char hash[16];
	char norm[4096];
	size_t n = fingerprint_normalise(norm, sizeof(norm), text, len);
	crypto_generichash_state st;

	crypto_generichash_init(&st, NULL, 0, sizeof(hash));
	crypto_generichash_update(&st, (const unsigned char *)norm, n + 1);
	for (int part = 0; part < 2; part++) {
		const char *s = part == 0 ? exception : code;
		char folded[256];
		size_t used = 0;

		for (; s != NULL && *s != '\0' && used + 1 < sizeof(folded); s++)
			if (!ascii_blank(*s))
				folded[used++] = ascii_fold(*s);
		folded[used++] = '\0';
		crypto_generichash_update(&st, (const unsigned char *)folded, used);
	}
	crypto_generichash_final(&st, hash, sizeof(hash));
	sodium_bin2hex(out, FINGERPRINT_HEX, hash, sizeof(hash));
}
