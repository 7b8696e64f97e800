/*
 * kb_articles.c - parser worker; text of hostile mails. Called by the message assembly. Pure.
 */
#include "kb_articles.h"

#include <stdbool.h>
#include <string.h>

#include "ascii.h"

/* The number of an article at s, behind "kb": its place and length, 0 for none. A blank before it only where no amount stands in
 * front of "KB". */
static size_t article(const char *s, size_t len, bool blank_allowed, size_t *at)
{
	size_t n = 0;

	*at = 0;
	if (ascii_starts(s, len, " article "))
		*at = 9;
	else if (len > 0 && (s[0] == '-' || s[0] == '#' || (s[0] == ' ' && blank_allowed)))
		*at = 1;
	while (*at + n < len && ascii_digit(s[*at + n]))
		n++;
	if (*at + n < len && (ascii_alnum(s[*at + n]) || (s[*at + n] == '.' && *at + n + 1 < len && ascii_digit(s[*at + n + 1]))))
		return 0;
	return n == 4 || n == 6 || n == 7 ? n : 0;
}

/* "512 KB", "512KB" */
static bool is_amount(const char *text, const char *kb)
{
	while (kb > text && kb[-1] == ' ')
		kb--;
	return kb > text && ascii_digit(kb[-1]);
}

static unsigned count(const char *line)
{
	unsigned n = line[0] != '\0';

	for (; *line != '\0'; line++)
		n += *line == ',';
	return n;
}

static void add(char line[KB_LINE_MAX], const char *digits, size_t n)
{
	char name[16] = "kb";
	size_t used = strlen(line);
	const char *same = line;

	memcpy(name + 2, digits, n);
	name[n + 2] = '\0';
	while ((same = strstr(same, name)) != NULL) {
		if (!ascii_digit(same[n + 2]))
			return;
		same++;
	}
	if (count(line) == KB_ARTICLES_MAX || used + n + 5 > KB_LINE_MAX)
		return;
	if (used > 0) {
		memcpy(line + used, ", ", 2);
		used += 2;
	}
	memcpy(line + used, name, n + 3);
}

void kb_articles_find(char line[KB_LINE_MAX], const char *text, size_t len)
{
	const char *at = text, *end = text + len;

	while ((at = ascii_find(at, (size_t)(end - at), "kb")) != NULL) {
		bool word = at == text || !ascii_alnum(at[-1]);
		size_t from, n;

		at += 2;
		n = word ? article(at, (size_t)(end - at), !is_amount(text, at - 2), &from) : 0;
		if (n > 0)
			add(line, at + from, n);
	}
}
