/*
 * quotes_notes.c - how Lotus Notes and GroupWise introduce the message that is answered. Runs in the parser worker; bounded lines a place.
 */
#include <string.h>

#include "ascii.h"
#include "quotes_private.h"
#include "word_list.h"

#define NAME_MAX_BYTES 100
#define TO_LINES 4      /* from the date to the word "To" */
#define SUBJECT_LINES 8 /* from there to the word "Subject" */

/* "Ann Lee ---11/23/2026 05:02:00 PM---Where is it?" above a header block. */
static bool is_dashed(const struct line *l)
{
	const char *a = ascii_find_rare(l->f, l->flen, "---", 0), *end = l->f + l->flen;
	const char *b = a != NULL ? memmem(a + 3, (size_t)(end - a - 3), "---", 3) : NULL;

	return b != NULL && b - a < 40 && text_has_date(a, (size_t)(b - a)) && text_has_time(a, (size_t)(b - a));
}

static bool is_dated(const struct line *l)
{
	return l->flen <= NAME_MAX_BYTES && l->flen > 0 && ascii_digit(l->f[0]) && text_has_date(l->f, l->flen) && text_has_time(l->f, l->flen);
}

/* A name of a field that stands alone, or as the first cell of a row. */
static bool is_label(const struct line *l, const char *const *names)
{
	size_t n = 0;

	while (n < l->flen && l->f[n] != '|')
		n++;
	while (n > 0 && l->f[n - 1] == ' ')
		n--;
	return word_list_is(l->f, n, names);
}

/* A name, a date below it, then the words "To" and "Subject" on lines or in cells of their own. */
static size_t table(const struct split *sp, size_t at)
{
	static const char *const to[] = {"to", "an", "à", "para", "a", "aan", "till", "til", "до", "кому", NULL};
	static const char *const to_cell[] = {"| to |", "| an |", "| à |", "| para |", "| a |", "| aan |", NULL};
	static const char *const subject[] = {"subject", "thema", "betreff", "objet", "asunto", "oggetto", "onderwerp", "temat", "ämne",
		"emne", "тема", NULL};
	size_t i = at + 1, last;

	if (i >= sp->n || sp->lines[at].flen > NAME_MAX_BYTES || !is_dated(&sp->lines[i]))
		return 0;
	for (last = i + TO_LINES; i < sp->n && i < last; i++)
		if (is_label(&sp->lines[i], to) || word_list_within(sp->lines[i].f, sp->lines[i].flen, to_cell))
			break;
	if (i == last)
		return 0;
	for (last = i + SUBJECT_LINES; i < sp->n && i < last; i++)
		if (is_label(&sp->lines[i], subject))
			return i + 1 - at + (memchr(sp->lines[i].f, '|', sp->lines[i].flen) == NULL && i + 1 < sp->n);
	return 0;
}

bool quotes_groupwise(const struct line *l)
{
	static const char *const close[] = {">>>", NULL};

	return l->depth == 3 && l->flen > 20 && l->flen < 2 * NAME_MAX_BYTES && word_list_ends(l->f, l->flen, close) &&
	    text_has_date(l->f, l->flen) && text_has_time(l->f, l->flen);
}

size_t quotes_notes_block(const struct split *sp, size_t at)
{
	size_t count;

	if (is_dashed(&sp->lines[at]) && (count = quotes_header_block(sp, at + 1, false)) > 0)
		return 1 + count;
	return table(sp, at);
}
