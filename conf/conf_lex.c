/*
 * conf_lex.c - words of a configuration line. Used by the supervisor on the administrator's file and by the
 * roles on what the supervisor hands them; trusts neither length nor bytes.
 */
#include "conf_lex.h"

#include <stdbool.h>
#include <string.h>

#include "err.h"

struct lexer {
	const char *text;
	size_t len, pos;
	struct conf_line *out;
	size_t used;
	const char *why;
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static void keep(struct lexer *l, char c)
{
	l->out->store[l->used++] = c;
}

static int lex_quoted(struct lexer *l)
{
	for (l->pos++; l->pos < l->len; l->pos++) {
		char c = l->text[l->pos];

		if (c == '"') {
			l->pos++;
			if (l->pos < l->len && !is_blank(l->text[l->pos]) && l->text[l->pos] != '#') {
				l->why = "a blank must follow the closing quote";
				return VG_ERR_SYNTAX;
			}
			return 0;
		}
		if (c == '\\' && l->pos + 1 < l->len && strchr("\"\\", l->text[l->pos + 1]) != NULL)
			c = l->text[++l->pos];
		keep(l, c);
	}
	l->why = "closing quote missing";
	return VG_ERR_SYNTAX;
}

static int lex_plain(struct lexer *l)
{
	for (; l->pos < l->len && !is_blank(l->text[l->pos]) && l->text[l->pos] != '#'; l->pos++) {
		if (l->text[l->pos] == '"') {
			l->why = "a quote may only begin a word";
			return VG_ERR_SYNTAX;
		}
		keep(l, l->text[l->pos]);
	}
	return 0;
}

static int lex_word(struct lexer *l)
{
	struct conf_word *w = &l->out->word[l->out->n];
	size_t start = l->used;
	int rc;

	if (l->out->n == CONF_WORDS_MAX) {
		l->why = "too many words in a line";
		return VG_ERR_LIMIT;
	}
	w->column = (unsigned)l->pos + 1;
	w->quoted = l->text[l->pos] == '"';
	rc = w->quoted ? lex_quoted(l) : lex_plain(l);
	if (rc != 0)
		return rc;
	keep(l, '\0');
	w->text = l->out->store + start;
	l->out->n++;
	return 0;
}

static bool has_control(const char *text, size_t len, size_t *where)
{
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];

		if ((c < 0x20 && c != '\t' && !(c == '\r' && i + 1 == len)) || c == 0x7f) {
			*where = i;
			return true;
		}
	}
	return false;
}

int conf_lex(struct conf_line *out, const char *text, size_t len, unsigned *column, const char **why)
{
	struct lexer l = { .text = text, .len = len, .out = out };
	size_t where;
	int rc = 0;

	out->n = 0;
	if (len > CONF_LINE_MAX) {
		*column = CONF_LINE_MAX;
		*why = "line too long (4,096 bytes at most)";
		return VG_ERR_LIMIT;
	}
	if (has_control(text, len, &where)) {
		*column = (unsigned)where + 1;
		*why = "control character";
		return VG_ERR_SYNTAX;
	}
	while (rc == 0) {
		while (l.pos < len && is_blank(text[l.pos]))
			l.pos++;
		out->end_column = (unsigned)l.pos + 1;
		if (l.pos == len || text[l.pos] == '#')
			return 0;
		*column = out->end_column;
		rc = lex_word(&l);
	}
	*why = l.why;
	return rc;
}
