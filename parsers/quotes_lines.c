/*
 * quotes_lines.c - recognisers for single lines of mail text, English forms first. Runs in the parser worker and in
 * `vcspgate parse`; input is hostile, every test is linear in its line.
 */
#include <string.h>

#include "ascii.h"
#include "quotes_lines.h"

unsigned line_quote_depth(const struct line *l)
{
	unsigned depth = 0;
	size_t i = 0;

	while (i < l->len && i < 3 && l->s[i] == ' ')
		i++;
	if (ascii_starts(l->s + i, l->len - i, ">from "))
		return 0; /* an mbox escape */
	for (; i < l->len && depth < 100; i++) {
		if (l->s[i] == '>')
			depth++;
		else if (l->s[i] != ' ' || depth == 0)
			break;
	}
	return depth;
}

bool line_blank(const struct line *l)
{
	return l->len == 0;
}

/* The text between two runs of at least three dashes. */
static bool between_dashes(const struct line *l, const char **s, size_t *n)
{
	size_t a = 0, b = l->len;

	while (a < l->len && (l->s[a] == '-' || l->s[a] == ' '))
		a++;
	while (b > a && (l->s[b - 1] == '-' || l->s[b - 1] == ' '))
		b--;
	*s = l->s + a;
	*n = b - a;
	return l->len > 0 && l->s[0] == '-' && a >= 3 && l->len - b >= 3 && b > a && *n < 60;
}

bool line_original(const struct line *l)
{
	static const char *const words[] = {
		"original message", "original appointment", "reply message", "urspr\xc3\xbcngliche nachricht", "message d'origine",
		"mensaje original", "messaggio originale", "oorspronkelijk bericht", NULL};
	const char *s;
	size_t n;

	if (!between_dashes(l, &s, &n))
		return false;
	for (size_t i = 0; words[i] != NULL; i++)
		if (ascii_is(s, n, words[i]))
			return true;
	return false;
}

bool line_forwarded(const struct line *l)
{
	const char *s;
	size_t n;

	if (ascii_is(l->s, l->len, "begin forwarded message:"))
		return true;
	return between_dashes(l, &s, &n) && (ascii_is(s, n, "forwarded message") || ascii_starts(s, n, "forwarded by ") ||
	    ascii_is(s, n, "forwarded mail"));
}

bool line_rule(const struct line *l)
{
	for (size_t i = 0; i < l->len; i++)
		if (l->s[i] != '_')
			return false;
	return l->len >= 10;
}

/* The name of a pasted header field, marks of bold left out. */
static bool field_is(const struct line *l, const char *const *names)
{
	const char *s = l->s;
	size_t n = l->len;

	while (n > 0 && (*s == '*' || *s == ' ')) {
		s++;
		n--;
	}
	for (size_t i = 0; names[i] != NULL; i++) {
		size_t k = strlen(names[i]);

		if (n > k && ascii_starts(s, n, names[i]) && (s[k] == ':' || (n > k + 1 && s[k] == '*' && s[k + 1] == ':')))
			return true;
	}
	return false;
}

bool line_from(const struct line *l)
{
	static const char *const names[] = {"from", "von", "de", "da", NULL};

	return field_is(l, names);
}

bool line_header(const struct line *l)
{
	static const char *const names[] = {"sent", "date", "to", "cc", "bcc", "subject", "reply-to", "importance", "gesendet", "an",
		"betreff", "datum", "envoy\xc3\xa9", "\xc3\xa0", "objet", "enviado", "para", "asunto", NULL};

	return field_is(l, names);
}

/* A date or time of day within the text. */
static bool has_date(const char *s, size_t len)
{
	size_t digits = 0;

	for (size_t i = 0; i < len; i++) {
		digits += ascii_digit(s[i]);
		if (i > 0 && i + 1 < len && (s[i] == ':' || s[i] == '/' || s[i] == '.' || s[i] == '-') && ascii_digit(s[i - 1]) &&
		    ascii_digit(s[i + 1]))
			return true;
	}
	return digits >= 4;
}

bool line_attribution(const char *s, size_t len, bool *lone)
{
	static const char *const verbs[] = {"wrote:", "writes:", "schrieb:", "a \xc3\xa9" "crit :", "a \xc3\xa9" "crit:",
		"a \xc3\xa9" "crit\xc2\xa0:", "escribi\xc3\xb3:", "ha scritto:", "schreef:", "skrev:", NULL};

	*lone = false;
	if (len < 8 || len > 400 || s[len - 1] != ':')
		return false;
	for (size_t i = 0; verbs[i] != NULL; i++)
		if (ascii_ends(s, len, verbs[i])) {
			*lone = ascii_starts(s, len, "on ") && has_date(s, len) && memchr(s, ',', len) != NULL;
			return true;
		}
	/* "2021-07-07 16:43 GMT+02:00 Ann Lee <ann@partner.example>:"; "Am 07.07.2021 um 16:43 schrieb Ann Lee:" */
	if (s[len - 2] == '>' && memchr(s, '@', len) != NULL && has_date(s, len))
		return true;
	return ascii_find(s, len, " schrieb ") != NULL && has_date(s, len);
}

bool line_sent_from(const struct line *l)
{
	static const char *const starts[] = {"sent from my ", "sent from mail for windows", "sent from outlook", "sent from yahoo mail",
		"sent from the ", "get outlook for ", "sent via ", "sent using ", "sent with proton mail", NULL};

	if (l->len > 120)
		return false;
	for (size_t i = 0; starts[i] != NULL; i++)
		if (ascii_starts(l->s, l->len, starts[i]))
			return true;
	return false;
}

bool line_technical(const struct line *l)
{
	static const char *const words[] = {"error", "exception", "warning", " at ", "failed", "0x", "c:\\", "select ", "info ", NULL};
	size_t marks = 0;

	if (l->len > 120 || (l->len > 2 && l->s[0] == '[' && ascii_digit(l->s[1])))
		return true;
	for (size_t i = 0; i < l->len; i++)
		marks += strchr("{}[]=;\\", l->s[i]) != NULL && l->s[i] != '\0';
	if (marks >= 3)
		return true;
	for (size_t i = 0; words[i] != NULL; i++)
		if (ascii_find(l->s, l->len, words[i]) != NULL)
			return true;
	return false;
}
