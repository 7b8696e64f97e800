/*
 * quotes.c - new text, quoted text, signature. Runs in the parser worker and in `vcspgate parse --text`; the text is
 * hostile. Marks each line once per rule, so the work is linear in the number of lines.
 */
#include <stdlib.h>
#include <string.h>

#include "ascii.h"
#include "err.h"
#include "quotes.h"
#include "quotes_lines.h"

#define SIGNATURE_LINES 30 /* longest signature below "-- " */
#define LOOSE_LINES 12     /* below a "--" that lost its blank */
#define HEADER_LINES 8     /* lines in which a pasted header block must show itself */

enum mark { NEW, QUOTED, SIGNATURE };

struct split {
	struct line *lines;
	unsigned char *marks;
	size_t n;
};

static int read_lines(struct split *sp, const char *s, size_t len)
{
	const char *end = s + len, *line;
	size_t n = 1, k;

	for (size_t i = 0; i < len; i++)
		n += s[i] == '\n';
	sp->lines = calloc(n, sizeof *sp->lines);
	sp->marks = calloc(n, 1);
	if (sp->lines == NULL || sp->marks == NULL)
		return VG_ERR_MEMORY;
	while (sp->n < n && ascii_line(&s, end, &line, &k)) {
		struct line *l = &sp->lines[sp->n++];

		l->dash_sig = k == 3 && memcmp(line, "-- ", 3) == 0;
		while (k > 0 && ascii_blank(line[k - 1]))
			k--;
		l->s = line;
		l->len = k;
	}
	return VG_OK;
}

static void mark_range(struct split *sp, size_t from, size_t to, enum mark m)
{
	for (size_t i = from; i < to && i < sp->n; i++)
		sp->marks[i] = (unsigned char)m;
}

/* ---- header blocks ---- */

/* "From:" and at least two more fields within the next lines, one of them Sent or To or Subject. */
static bool header_block(const struct split *sp, size_t at)
{
	unsigned seen = 0;

	if (!line_from(&sp->lines[at]))
		return false;
	for (size_t i = at + 1; i < sp->n && i <= at + HEADER_LINES; i++) {
		if (line_header(&sp->lines[i]))
			seen++;
		else if (line_blank(&sp->lines[i]) && seen >= 2)
			break;
	}
	return seen >= 2;
}

static size_t next_filled(const struct split *sp, size_t i)
{
	while (i < sp->n && line_blank(&sp->lines[i]))
		i++;
	return i;
}

/* ---- attributions ---- */

/* How many lines from `at` on make one attribution; 0: none. */
static size_t attribution_at(const struct split *sp, size_t at, bool *lone)
{
	char joined[512];
	size_t n = 0;

	for (size_t i = at; i < sp->n && i < at + 4; i++) {
		const struct line *l = &sp->lines[i];

		if (line_blank(l) || line_quote_depth(l) > 0 || n + l->len + 1 >= sizeof joined)
			break;
		if (n > 0)
			joined[n++] = ' ';
		memcpy(joined + n, l->s, l->len);
		n += l->len;
		if (line_attribution(joined, n, lone) && (i == at || ascii_starts(joined, n, "on ")))
			return i - at + 1;
		if (i == at && !ascii_starts(joined, n, "on "))
			break;
	}
	return 0;
}

/* Lines that begin with '>' at level three or deeper and nothing shallower are a shell's or a debugger's prompt. */
static bool is_prompt_block(const struct split *sp, size_t from, size_t *to)
{
	bool shallow = false, text = false;
	size_t i = from;

	for (; i < sp->n && line_quote_depth(&sp->lines[i]) > 0; i++) {
		shallow |= line_quote_depth(&sp->lines[i]) != 3;
		text |= sp->lines[i].len > 3;
	}
	*to = i;
	return !shallow && text;
}

/* Marks the lines before a quote that say whose it is; the longest attribution counts. */
static void mark_attribution_above(struct split *sp, size_t quote)
{
	size_t last = quote, most = 0;
	bool lone;

	while (last > 0 && line_blank(&sp->lines[last - 1]))
		last--;
	while (most < 4 && most < last && !line_blank(&sp->lines[last - most - 1]) && sp->marks[last - most - 1] == NEW)
		most++;
	for (; most > 0; most--)
		if (attribution_at(sp, last - most, &lone) == most) {
			mark_range(sp, last - most, quote, QUOTED);
			return;
		}
}

static size_t mark_marked(struct split *sp, size_t i)
{
	size_t to;

	if (is_prompt_block(sp, i, &to))
		return to;
	mark_attribution_above(sp, i);
	mark_range(sp, i, to, QUOTED);
	return to;
}

/* Does everything from line i on belong to the message that is answered? */
static bool rest_is_quoted(const struct split *sp, size_t i, bool forward)
{
	const struct line *l = &sp->lines[i];
	bool lone = false;

	if (line_original(l))
		return !forward;
	if (line_rule(l)) {
		size_t next = next_filled(sp, i + 1);

		return !forward && next < sp->n && header_block(sp, next);
	}
	if (header_block(sp, i))
		return !forward;
	if (attribution_at(sp, i, &lone) > 0 && lone) {
		size_t next = next_filled(sp, i + attribution_at(sp, i, &lone));

		return next < sp->n && line_quote_depth(&sp->lines[next]) == 0;
	}
	return false;
}

static void mark_quotes(struct split *sp, bool forward)
{
	for (size_t i = 0; i < sp->n;) {
		const struct line *l = &sp->lines[i];

		if (line_blank(l)) {
			i++;
		} else if (line_forwarded(l) || (forward && (line_original(l) || header_block(sp, i)))) {
			return; /* what was forwarded is content, its own quotes too */
		} else if (line_quote_depth(l) > 0) {
			i = mark_marked(sp, i);
		} else if (rest_is_quoted(sp, i, forward)) {
			mark_range(sp, i, sp->n, QUOTED);
			return;
		} else {
			i++;
		}
	}
}

/* ---- signatures ---- */

/* A new stretch [from, to): is the part from `at` on a signature? */
static bool signature_fits(const struct split *sp, size_t at, size_t to, size_t most)
{
	size_t filled = 0;

	for (size_t i = at + 1; i < to; i++) {
		filled += !line_blank(&sp->lines[i]);
		if (filled > most || line_technical(&sp->lines[i]))
			return false;
	}
	return filled > 0;
}

static bool is_dashes(const struct line *l)
{
	return l->len == 2 && memcmp(l->s, "--", 2) == 0;
}

static void mark_signature(struct split *sp, size_t from, size_t to)
{
	size_t filled = 0;

	for (size_t i = to; i > from && filled <= SIGNATURE_LINES; i--) {
		const struct line *l = &sp->lines[i - 1];

		if (is_dashes(l) && signature_fits(sp, i - 1, to, l->dash_sig ? SIGNATURE_LINES : LOOSE_LINES)) {
			mark_range(sp, i - 1, to, SIGNATURE);
			return;
		}
		if (filled < 3 && line_sent_from(l)) {
			mark_range(sp, i - 1, to, SIGNATURE);
			return;
		}
		filled += !line_blank(l);
	}
}

static void mark_signatures(struct split *sp)
{
	for (size_t i = 0, from; i < sp->n; i++) {
		if (sp->marks[i] != NEW)
			continue;
		for (from = i; i < sp->n && sp->marks[i] == NEW;)
			i++;
		mark_signature(sp, from, i);
	}
}

/* ---- output ---- */

/* Appends a line; blank lines only between lines of the same part. */
static int put_line(struct buf *b, const struct line *l, bool *blank)
{
	size_t len = l->len + (l->dash_sig ? 1 : 0);
	int err = VG_OK;

	if (len == 0) {
		*blank = true;
		return VG_OK;
	}
	if (b->len > 0)
		err = buf_adds(b, *blank ? "\n\n" : "\n");
	*blank = false;
	return err != VG_OK ? err : buf_add(b, l->s, len);
}

static int put_parts(const struct split *sp, struct buf *const parts[3])
{
	bool blank[3] = {false, false, false};
	int err = VG_OK;

	for (size_t i = 0; i < sp->n && err == VG_OK; i++) {
		unsigned m = sp->marks[i];

		if (i > 0 && sp->marks[i - 1] != m)
			blank[m] = true; /* something else stood between */
		err = put_line(parts[m], &sp->lines[i], &blank[m]);
	}
	return err;
}

int quotes_split(const char *full, size_t len, const struct quotes_hints *hints, struct buf *text, struct buf *quoted,
    struct buf *signature)
{
	struct buf *const parts[3] = {text, quoted, signature};
	struct split sp = {0};
	int err = read_lines(&sp, full, len);

	if (err == VG_OK) {
		mark_quotes(&sp, hints != NULL && hints->forward);
		mark_signatures(&sp);
		err = put_parts(&sp, parts);
	}
	free(sp.lines);
	free(sp.marks);
	return err;
}

bool quotes_is_forward(const char *subject)
{
	static const char *const words[] = {"fw:", "fwd:", "wg:", "tr:", "rv:", NULL};
	size_t n = strlen(subject);

	ascii_trim(&subject, &n);
	for (size_t i = 0; words[i] != NULL; i++)
		if (ascii_starts(subject, n, words[i]))
			return true;
	return false;
}
