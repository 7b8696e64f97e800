/*
 * quotes.c - new text, quoted text, signature: reads the lines, lets each rule mark them, writes the parts. Runs in the parser
 * worker and in `vcspgate parse --text`; the text is hostile, the work linear in it.
 */
#include <stdlib.h>
#include <string.h>

#include "ascii.h"
#include "err.h"
#include "quotes.h"
#include "quotes_private.h"

/* ---- lines ---- */

static void read_line(struct split *sp, const char *s, size_t k, char **folded, bool *gap)
{
	struct line *l = &sp->lines[sp->n];
	bool dash_sig = k == 3 && memcmp(s, "-- ", 3) == 0;

	while (k > 0 && ascii_blank(s[k - 1]))
		k--;
	if (k == 0) {
		*gap = true;
		return;
	}
	*l = (struct line){.s = s, .len = k, .f = *folded, .gap = *gap, .dash_sig = dash_sig, .part = NEW};
	l->flen = line_fold(*folded, s, k);
	l->depth = line_quote_depth(s, k);
	*folded += l->flen;
	*gap = false;
	sp->n++;
}

static int read_lines(struct split *sp, const char *s, size_t len)
{
	const char *end = s + len, *line;
	size_t n = 1, k;
	bool gap = false;
	char *folded;

	/* A line that is not blank ends there, at most. */
	for (const char *lf = s; (lf = memchr(lf, '\n', (size_t)(end - lf))) != NULL; lf++)
		n += lf > s && lf[-1] != '\n';
	sp->lines = malloc(n * sizeof *sp->lines);
	sp->folded = folded = malloc(len + 1);
	if (sp->lines == NULL || sp->folded == NULL)
		return VG_ERR_MEMORY;
	while (ascii_line(&s, end, &line, &k))
		read_line(sp, line, k, &folded, &gap);
	return VG_OK;
}

/* The first line that begins at or behind offset. */
static size_t line_at(const struct split *sp, const char *full, size_t offset)
{
	size_t lo = 0, hi = sp->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if ((size_t)(sp->lines[mid].s - full) < offset)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static void read_marks(struct split *sp, const char *full, const struct text_marks *marks)
{
	for (size_t i = 0; i < marks->n; i++) {
		const struct text_mark *m = &marks->list[i];
		size_t from = line_at(sp, full, m->from), to = m->kind >= MARK_HEADER ? from + 1 : line_at(sp, full, m->to);

		for (; from < to && from < sp->n; from++)
			sp->lines[from].flags |= FLAG(m->kind);
	}
}

static bool is_fence(const struct line *l)
{
	return l->len >= 3 && (memcmp(l->s, "```", 3) == 0 || memcmp(l->s, "~~~", 3) == 0);
}

/* One line of <pre> right above a quote: some programs write their attribution so. */
static bool introduces(const struct split *sp, size_t i)
{
	return i + 1 < sp->n && (sp->lines[i + 1].flags & FLAG(MARK_QUOTE)) != 0 && (i == 0 || (sp->lines[i - 1].flags & FLAG(MARK_CODE)) == 0);
}

/* Lines of code: between fences that are closed, in <pre> unless the whole mail is one. */
static void mark_code(struct split *sp)
{
	size_t pre = 0, fence = sp->n;

	for (size_t i = 0; i < sp->n; i++)
		pre += (sp->lines[i].flags & FLAG(MARK_CODE)) != 0;
	for (size_t i = 0; i < sp->n; i++) {
		sp->lines[i].code = pre * 10 < sp->n * 9 && (sp->lines[i].flags & FLAG(MARK_CODE)) != 0 && !introduces(sp, i);
		if (!is_fence(&sp->lines[i]))
			continue;
		if (fence == sp->n) {
			fence = i;
			continue;
		}
		for (; fence <= i; fence++)
			sp->lines[fence].code = true;
		fence = sp->n;
	}
}

/* ---- output ---- */

/* Appends a line; blank lines only between lines of the same part. */
static int put_line(struct buf *b, const struct line *l, bool blank)
{
	int err = VG_OK;

	if (b->len > 0)
		err = buf_adds(b, blank ? "\n\n" : "\n");
	return err != VG_OK ? err : buf_add(b, l->s, l->len + (l->dash_sig ? 1 : 0));
}

static int put_parts(const struct split *sp, struct buf *const parts[3])
{
	int err = VG_OK;

	for (size_t i = 0; i < sp->n && err == VG_OK; i++) {
		const struct line *l = &sp->lines[i];

		/* or something else stood between */
		err = put_line(parts[l->part], l, l->gap || (i > 0 && sp->lines[i - 1].part != l->part));
	}
	return err;
}

int quotes_split(const char *full, size_t len, const struct quotes_hints *hints, struct buf *text, struct buf *quoted,
    struct buf *signature)
{
	struct buf *const parts[3] = {text, quoted, signature};
	struct split sp = {.forward = hints != NULL && hints->forward};
	int err = read_lines(&sp, full, len);

	if (err == VG_OK) {
		if (hints != NULL && hints->marks != NULL)
			read_marks(&sp, full, hints->marks);
		mark_code(&sp);
		quotes_mark_quoted(&sp);
		quotes_mark_signatures(&sp);
		err = put_parts(&sp, parts);
	}
	free(sp.lines);
	free(sp.folded);
	return err;
}

bool quotes_is_forward(const char *subject)
{
	static const char *const words[] = {"fw:", "fwd:", "wg:", "tr:", "rv:", "i:", "enc:", "doorst:", "vs:",
		"vb:", "vl:", "pd:", "转发:", "转发\xef\xbc\x9a", "轉寄:", "轉寄\xef\xbc\x9a", "転送:", "пересл:", NULL};
	size_t n = strlen(subject);

	ascii_trim(&subject, &n);
	while (n > 0 && *subject == '[') { /* tags of lists and gateways */
		const char *close = memchr(subject, ']', n);

		if (close == NULL)
			break;
		n -= (size_t)(close + 1 - subject);
		subject = close + 1;
		ascii_trim(&subject, &n);
	}
	for (size_t i = 0; words[i] != NULL; i++)
		if (ascii_starts(subject, n, words[i]))
			return true;
	return false;
}
