/*
 * mime_address.c - plain address fields. Runs in the parser worker and in `vcspgate parse`; hostile input.
 */
#include "mime_address.h"

#include <string.h>

#include "ascii.h"

/* What a word of a name or of a local part may hold beside letters and digits (atext, but for "=" and "?" of encoded words). */
static bool is_atom(char c)
{
	return ascii_alnum(c) || (c != '\0' && strchr("!#$%&'*+/^_`{|}~-", c) != NULL);
}

static bool is_space(char c)
{
	return ascii_blank(c) || c == '\r' || c == '\n';
}

static void skip_space(const char **s)
{
	while (is_space(**s))
		(*s)++;
}

/* Words with single dots between them. False: none, or an empty one. */
static bool take_dotted(const char **s, bool (*part)(char))
{
	for (;; (*s)++) {
		const char *from = *s;

		while (part(**s))
			(*s)++;
		if (*s == from)
			return false;
		if (**s != '.')
			return true;
	}
}

static bool is_label(char c)
{
	return ascii_alnum(c) || c == '-';
}

/* local@domain, both of dotted words; no A-label, which GMime shows as what it stands for. */
static bool take_address(const char **s, struct mime_mailbox *m)
{
	const char *at;

	m->address = *s;
	if (!take_dotted(s, is_atom) || **s != '@')
		return false;
	at = ++*s;
	if (!take_dotted(s, is_label))
		return false;
	m->address_len = (size_t)(*s - m->address);
	return ascii_find(at, (size_t)(*s - at), "xn--") == NULL;
}

static bool take_word(const char **s)
{
	const char *from = *s;

	while (is_atom(**s) || (**s == '.' && *s > from))
		(*s)++;
	return *s > from;
}

/* =?charset?B?text?= without what words must not hold. */
static bool take_encoded(const char **s)
{
	const char *p = *s;
	unsigned marks = 0;

	if (p[0] != '=' || p[1] != '?')
		return false;
	for (p += 2; marks < 3 && (is_atom(*p) || *p == '=' || *p == '?' || *p == '.'); p++)
		if (*p == '?' && ++marks == 3 && p[1] == '=')
			break;
	if (marks != 3 || p[0] != '?' || p[1] != '=')
		return false;
	*s = p + 2;
	return is_space(**s);
}

/* Words of a name up to the "<". */
static bool take_words(const char **s, struct mime_mailbox *m)
{
	const char *end;

	m->name = *s;
	m->encoded = **s == '=';
	do {
		if (m->encoded ? !take_encoded(s) : !take_word(s))
			return false;
		end = *s;
		skip_space(s);
	} while (**s != '<');
	m->name_len = (size_t)(end - m->name);
	return true;
}

/* "…" of one line of ASCII without quoted pairs or encoded words, alone before the "<". */
static bool take_quoted(const char **s, struct mime_mailbox *m)
{
	m->name = ++*s;
	while (**s >= ' ' && **s < 0x7f && **s != '"' && **s != '\\')
		(*s)++;
	m->name_len = (size_t)(*s - m->name);
	if (**s != '"' || m->name_len == 0 || ascii_find(m->name, m->name_len, "=?") != NULL)
		return false;
	++*s;
	skip_space(s);
	return true;
}

static bool take_mailbox(const char **s, struct mime_mailbox *m)
{
	const char *from = *s;

	memset(m, 0, sizeof *m);
	if (take_address(s, m) && (**s == '\0' || **s == ',' || is_space(**s)))
		return true;
	*s = from;
	if (*from != '<' && !(*from == '"' ? take_quoted(s, m) : take_words(s, m)))
		return false;
	if (**s != '<')
		return false;
	++*s;
	return take_address(s, m) && *(*s)++ == '>';
}

bool mime_mailboxes(struct mime_mailbox list[MIME_MAILBOXES_MAX], size_t *n, const char *value)
{
	const char *s = value;

	for (*n = 0; *n < MIME_MAILBOXES_MAX;) {
		skip_space(&s);
		if (!take_mailbox(&s, &list[(*n)++]))
			return false;
		skip_space(&s);
		if (*s == '\0')
			return true;
		if (*s++ != ',')
			return false;
	}
	return false;
}
