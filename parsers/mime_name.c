/*
 * mime_name.c - file names of parts. Runs in the parser worker and in `vcspgate parse`; the fields are hostile, and bounded by the
 * pre-scan. One pass a parameter; pieces of a continued value may come in any order.
 */
#include "mime_name.h"

#include <glib.h>
#include <string.h>

#include "ascii.h"
#include "charset.h"
#include "encoded_word.h"
#include "err.h"

#define VALUE_MAX 4096
#define PIECES_MAX 60

/* One parameter as it stands: name without its "*" marks. */
struct parameter {
	const char *name, *value;
	size_t name_len, value_len;
	int piece;     /* of a continued value; -1: it is whole */
	bool extended; /* percent-encoded, the first piece with its character set */
	bool quoted;
};

static bool blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* "filename*1*" */
static void split_name(struct parameter *p)
{
	const char *star;

	while (p->name_len > 0 && blank(p->name[p->name_len - 1]))
		p->name_len--;
	for (size_t i = p->name_len; i > 0; i--) /* "attachment filename=a": a semicolon is missing */
		if (blank(p->name[i - 1])) {
			p->name += i;
			p->name_len -= i;
			break;
		}
	p->piece = -1;
	if (p->name_len > 1 && p->name[p->name_len - 1] == '*') {
		p->extended = true;
		p->name_len--;
	}
	star = memchr(p->name, '*', p->name_len);
	if (star == NULL)
		return;
	p->piece = 0;
	for (const char *d = star + 1; d < p->name + p->name_len && ascii_digit(*d) && p->piece < PIECES_MAX; d++)
		p->piece = p->piece * 10 + (*d - '0');
	p->name_len = (size_t)(star - p->name);
}

/* The next parameter from *s on. */
static bool next_parameter(const char **s, const char *end, struct parameter *p)
{
	const char *q = *s, *eq;

	memset(p, 0, sizeof *p);
	while (q < end && (blank(*q) || *q == ';'))
		q++;
	p->name = q;
	while (q < end && *q != '=' && *q != ';')
		q++;
	if (q >= end || *q == ';') { /* no value: the type itself */
		*s = q;
		return q < end;
	}
	eq = q;
	p->name_len = (size_t)(eq - p->name);
	split_name(p);
	for (q = eq + 1; q < end && blank(*q);)
		q++;
	p->quoted = q < end && *q == '"';
	p->value = q += p->quoted;
	if (p->quoted)
		while (q < end && *q != '"')
			q += *q == '\\' && q + 1 < end && (q[1] == '"' || q[1] == '\\') ? 2 : 1;
	else
		while (q < end && *q != ';')
			q++;
	if (q > end)
		q = end;
	p->value_len = (size_t)(q - p->value);
	while (!p->quoted && p->value_len > 0 && blank(p->value[p->value_len - 1]))
		p->value_len--;
	for (; q < end && *q != ';'; q++)
		;
	*s = q;
	return true;
}

/* Appends the bytes of a value; folding is undone, quoted pairs are only those that quoting needs. */
static void add_value(struct buf *out, const struct parameter *p, const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		char c = s[i];

		if (p->extended && c == '%' && i + 2 < n && ascii_hex_value(s[i + 1]) >= 0 && ascii_hex_value(s[i + 2]) >= 0) {
			c = (char)(ascii_hex_value(s[i + 1]) * 16 + ascii_hex_value(s[i + 2]));
			i += 2;
		} else if (p->quoted && c == '\\' && i + 1 < n && (s[i + 1] == '"' || (s[i + 1] == '\\' && i > 0))) {
			c = s[++i];
		} else if (c == '\r' || c == '\n') {
			continue;
		}
		if (buf_add(out, &c, 1) != VG_OK)
			return;
	}
}

/* "charset'language'" in front of an extended value; what is behind it. */
static const char *take_charset(char charset[64], const struct parameter *p, size_t *n)
{
	const char *first = memchr(p->value, '\'', p->value_len), *second;
	size_t len = first != NULL ? (size_t)(first - p->value) : 0;

	*n = p->value_len;
	if (first == NULL || (second = memchr(first + 1, '\'', p->value_len - len - 1)) == NULL)
		return p->value;
	if (len < 64) {
		memcpy(charset, p->value, len);
		charset[len] = '\0';
	}
	*n = p->value_len - (size_t)(second + 1 - p->value);
	return second + 1;
}

static bool find(const char *field, size_t n, const char *name, int piece, bool want_extended, struct parameter *out)
{
	const char *s = field;

	while (next_parameter(&s, field + n, out))
		if (ascii_is(out->name, out->name_len, name) && out->piece == piece && out->value != NULL &&
		    (!want_extended || out->extended))
			return true;
	return false;
}

/* Pieces name*0, name*1, … until one is missing. */
static bool join_pieces(struct buf *raw, const char *field, size_t n, const char *name, char charset[64], bool *extended)
{
	struct parameter p;

	for (int i = 0; i < PIECES_MAX; i++) {
		const char *value;
		size_t len;

		if (!find(field, n, name, i, false, &p) && !(i == 0 && find(field, n, name, 1, false, &p)))
			return i > 0;
		value = p.value;
		len = p.value_len;
		if (i == 0 && p.extended)
			value = take_charset(charset, &p, &len);
		*extended |= p.extended;
		add_value(raw, &p, value, len);
	}
	return true;
}

bool mime_parameter(struct buf *out, const char *field, size_t n, const char *name)
{
	char charset[64] = "";
	bool found, extended = false;
	struct parameter p;
	struct buf raw;
	size_t len;

	buf_init(&raw, VALUE_MAX);
	if (find(field, n, name, -1, true, &p)) {
		const char *value = take_charset(charset, &p, &len);

		extended = found = true;
		add_value(&raw, &p, value, len);
	} else if ((found = join_pieces(&raw, field, n, name, charset, &extended)) == false &&
	    (found = find(field, n, name, -1, false, &p)) == true) {
		add_value(&raw, &p, p.value, p.value_len);
	}
	if (raw.len > 0 && extended && memmem(raw.data, raw.len, "=?", 2) == NULL)
		charset_to_utf8(out, charset, raw.data, raw.len);
	else if (raw.len > 0)
		encoded_word_decode(out, buf_str(&raw), raw.len);
	buf_free(&raw);
	return found;
}

static char *taken(struct buf *b)
{
	char *out = NULL;

	for (size_t i = 0; i < b->len && out == NULL; i++)
		if (b->data[i] > ' ')
			out = g_strndup(buf_str(b), b->len);
	buf_free(b);
	return out;
}

char *mime_name(const struct mime_node *node)
{
	static const struct {
		enum mime_field field;
		const char *parameter;
	} places[] = {{NODE_DISPOSITION, "filename"}, {NODE_TYPE, "name"}, {NODE_DISPOSITION, "name"}, {NODE_TYPE, "filename"}};
	char *name = NULL;

	for (size_t i = 0; i < sizeof places / sizeof places[0] && name == NULL; i++) {
		const char *field = node->fields[places[i].field];
		struct buf b;

		if (field == NULL || ascii_find(field, strlen(field), "name") == NULL)
			continue;
		buf_init(&b, 3 * VALUE_MAX);
		mime_parameter(&b, field, strlen(field), places[i].parameter);
		name = taken(&b);
	}
	return name;
}

/* A last component with an extension, and nothing like a sentence. */
static bool looks_like_name(const char *s)
{
	const char *dot = strrchr(s, '.');
	size_t n = strlen(s), ext = dot != NULL ? strlen(dot + 1) : 0, words = 0;

	for (size_t i = 0; i < n; i++)
		words += s[i] == ' ';
	if (n > 120 || words > 4 || ext < 1 || ext > 5)
		return false;
	for (size_t i = 1; i <= ext; i++)
		if (!ascii_alnum(dot[i]))
			return false;
	return true;
}

char *mime_name_guess(const struct mime_node *node)
{
	static const enum mime_field fields[] = {NODE_DESCRIPTION, NODE_LOCATION};
	char *name = NULL;

	for (size_t i = 0; i < 2 && name == NULL; i++) {
		const char *field = node->fields[fields[i]];
		struct buf b;

		if (field == NULL)
			continue;
		buf_init(&b, 3 * VALUE_MAX);
		encoded_word_decode(&b, field, strlen(field));
		name = taken(&b);
		if (name != NULL && !looks_like_name(g_strstrip(name))) {
			g_free(name);
			name = NULL;
		}
	}
	return name;
}
