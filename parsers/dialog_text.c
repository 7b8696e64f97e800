/*
 * dialog_text.c - ocr worker; text recognised on hostile pictures. Puts fragments of a row together, rows of one column
 * into blocks, wrapped rows into paragraphs. Called by the role ocr. Pure.
 */
#include "dialog_text.h"

#include <stdlib.h>
#include <string.h>

#include "ascii.h"
#include "dialog_chrome.h"
#include "err.h"
#include "oneline.h"

#define NEAR 64u            /* neighbours in reading order that are looked at */
#define PARAGRAPH_MAX 4000u
#define CONFIDENCE_MIN 30   /* below it stands what was no letter at all: icons, frames */
#define NONE SIZE_MAX

/* A fragment as recognised; the left-most one of a row stands for the row. */
struct piece {
	const char *text;
	size_t len;
	int x, y, right, bottom;
	size_t to_right; /* next fragment of the row */
	bool follows;    /* it is one */
	size_t below;    /* head of a row: next row of the block */
	bool continues;  /* it is one */
	int row_right, row_bottom;
	char row_end;    /* its last byte */
};

struct page {
	struct piece *p;
	size_t n;
	int width, height;
};

/* ---- pieces ---- */

/* Nothing that could be a word, or a blot. */
static bool is_noise(const struct dialog_line *l, const char *text, size_t len)
{
	size_t letters = 0;

	for (size_t i = 0; i < len; i++)
		letters += ascii_alnum(text[i]) || (unsigned char)text[i] >= 0xc0;
	if (letters == 0 || l->w <= 0 || l->h <= 0 || l->x < 0 || l->y < 0 || l->w > (1 << 20) || l->h > (1 << 20))
		return true;
	return l->confidence < CONFIDENCE_MIN || (letters <= 2 && len <= 3 && l->confidence < 60);
}

static int by_place(const void *pa, const void *pb)
{
	const struct piece *a = pa, *b = pb;
	int ya = a->y + a->bottom, yb = b->y + b->bottom;

	if (ya != yb)
		return ya < yb ? -1 : 1;
	return a->x < b->x ? -1 : a->x > b->x;
}

static int gather(struct page *g, const struct dialog_line *lines, size_t n)
{
	if (n > DIALOG_LINES_MAX)
		n = DIALOG_LINES_MAX;
	if ((g->p = calloc(n + 1, sizeof *g->p)) == NULL)
		return VG_ERR_MEMORY;
	for (size_t i = 0; i < n; i++) {
		const struct dialog_line *l = &lines[i];
		const char *text = l->text;
		size_t len = l->len;

		while (len > 0 && (text[len - 1] == '\n' || text[len - 1] == '\r'))
			len--;
		ascii_trim(&text, &len);
		if (len == 0 || is_noise(l, text, len) || l->x > (1 << 20) || l->y > (1 << 20))
			continue;
		g->p[g->n++] = (struct piece){.text = text, .len = len, .x = l->x, .y = l->y, .right = l->x + l->w,
			.bottom = l->y + l->h, .to_right = NONE, .below = NONE};
	}
	qsort(g->p, g->n, sizeof *g->p, by_place);
	return VG_OK;
}

static int tall(const struct piece *a, const struct piece *b)
{
	int ha = a->bottom - a->y, hb = b->bottom - b->y;

	return ha > hb ? ha : hb;
}

/* How far b stands behind a on the same row; -1: it does not. */
static int gap_in_row(const struct piece *a, const struct piece *b)
{
	int top = a->y > b->y ? a->y : b->y, bottom = a->bottom < b->bottom ? a->bottom : b->bottom, h = tall(a, b);

	if (b->x <= a->x || b->x < a->right - h / 2 || (bottom - top) * 2 < h)
		return -1;
	/* An icon, read as a large x, belongs to no line. */
	if ((a->bottom - a->y) * 2 > (b->bottom - b->y) * 3 && a->len == 1)
		return -1;
	return b->x > a->right ? b->x - a->right : 0;
}

/* Fragments that a blank or a lost letter parts belong to one row; columns stand further apart. */
static void make_rows(struct page *g)
{
	for (size_t i = 0; i < g->n; i++) {
		size_t best = NONE, from = i > NEAR ? i - NEAR : 0, to = i + NEAR < g->n ? i + NEAR : g->n;
		int least = INT32_MAX;

		for (size_t k = from; k < to; k++) {
			int gap = k == i || g->p[k].to_right != NONE ? -1 : gap_in_row(&g->p[k], &g->p[i]);

			if (gap >= 0 && gap < least && gap * 10 <= tall(&g->p[k], &g->p[i]) * 22) {
				least = gap;
				best = k;
			}
		}
		if (best != NONE) {
			g->p[best].to_right = i;
			g->p[i].follows = true;
		}
	}
	for (size_t i = 0; i < g->n; i++) {
		struct piece *head = &g->p[i];

		for (size_t k = i; !head->follows && k != NONE; k = g->p[k].to_right) {
			head->row_right = g->p[k].right > head->row_right ? g->p[k].right : head->row_right;
			head->row_bottom = g->p[k].bottom > head->row_bottom ? g->p[k].bottom : head->row_bottom;
			head->row_end = g->p[k].text[g->p[k].len - 1];
		}
	}
}

/* A row right below another, at the same left edge, in letters of the same size. */
static bool stands_below(const struct piece *a, const struct piece *b)
{
	int ha = a->row_bottom - a->y, hb = b->row_bottom - b->y, h = ha > hb ? ha : hb, gap = b->y - a->row_bottom;

	return abs(b->x - a->x) * 5 <= h * 6 && gap * 2 >= -h && gap * 10 <= h * 11 && ha * 2 >= hb && hb * 2 >= ha;
}

static void make_blocks(struct page *g)
{
	for (size_t i = 0; i < g->n; i++) {
		if (g->p[i].follows)
			continue;
		for (size_t k = i; k-- > 0 && i - k <= NEAR;) {
			if (g->p[k].follows || g->p[k].below != NONE || !stands_below(&g->p[k], &g->p[i]))
				continue;
			g->p[k].below = i;
			g->p[i].continues = true;
			break;
		}
	}
}

/* ---- paragraphs ---- */

/* Each of these begins a line of its own, wherever the one before it ended. */
static bool begins_anew(const struct piece *p)
{
	static const char *const starts[] = {"error:", "warning:", "at line:", "+ ", "ps ", "c:\\", "- ", "* ", "at ", "caused by"};
	static const char *const rows[] = {"processing ", "job ", "task ", "queued ", "building "};
	const char *blank = memchr(p->text, ' ', p->len);
	size_t word = blank != NULL ? (size_t)(blank - p->text) : p->len;

	/* root@host:~# */
	if (p->text[0] == '[' || ascii_digit(p->text[0]) || (memchr(p->text, '@', word) != NULL && memchr(p->text, ':', word) != NULL))
		return true;
	return ascii_starts_any(p->text, p->len, starts, ASCII_COUNT(starts)) ||
	    (ascii_upper(p->text[0]) && ascii_starts_any(p->text, p->len, rows, ASCII_COUNT(rows)));
}

/* What never begins a message of its own. */
static bool goes_on(const struct piece *p)
{
	static const char *const starts[] = {"code:", "code ", "win32 error", "host:", "account:", "error code:", "agent failed to", "--tr:"};

	return ascii_lower(p->text[0]) || p->text[0] == '\'' || p->text[0] == '(' ||
	    ascii_starts_any(p->text, p->len, starts, ASCII_COUNT(starts));
}

/* Was the row before broken because the line was full? */
static bool wraps(const struct piece *before, const struct piece *next, int left, int right)
{
	if (begins_anew(next))
		return false;
	if (goes_on(next))
		return true;
	/* `Processing rate:` is a label, what is longer a sentence. */
	if ((before->row_end == ',' || before->row_end == ':') && before->row_right - left >= 12 * (before->row_bottom - before->y))
		return true;
	return right - left >= 20 * (before->row_bottom - before->y) && (before->row_right - left) * 10 >= (right - left) * 7;
}

static void put_row(const struct page *g, size_t row, struct buf *out)
{
	for (; row != NONE; row = g->p[row].to_right) {
		if (out->len > 0)
			buf_adds(out, " ");
		buf_add(out, g->p[row].text, g->p[row].len);
	}
}

/* Typographic quotes that the recogniser likes to see become the plain ones of the product's messages. */
static size_t plain_quotes(char *s, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < len;) {
		if (len - i >= 3 && (memcmp(s + i, "\xe2\x80\x98", 3) == 0 || memcmp(s + i, "\xe2\x80\x99", 3) == 0)) {
			s[n++] = '\'';
			i += 3;
		} else {
			s[n++] = s[i++];
		}
	}
	s[n] = '\0';
	return n;
}

struct writer {
	struct dialog *out;
	const struct page *g;
	int err;
};

/* The window's title: the first line at the top of the picture, short, alone, no sentence. */
static bool is_title(const struct writer *w, size_t row, const char *s, size_t len)
{
	const struct piece *p = &w->g->p[row];

	return w->out->title[0] == '\0' && w->out->text.len == 0 && len <= 90 && p->below == NONE && !p->continues &&
	    (p->y < 3 * (p->row_bottom - p->y) + 8 || p->y * 8 < w->g->height) && p->y * 4 < w->g->height && s[len - 1] != '.' &&
	    s[len - 1] != ':';
}

/* The title of a window within the picture stands alone. `Failed` may be a column's value. */
static bool is_inner_title(const char *s, size_t len)
{
	static const char *const states[] = {"failed", "failure", "errors", "critical", "alert"};

	for (size_t i = 0; i < ASCII_COUNT(states); i++)
		if (ascii_is(s, len, states[i]))
			return false;
	return len <= 40 && memchr(s, ':', len) == NULL && dialog_names_failure(s, len);
}

static void put_paragraph(struct writer *w, size_t row, struct buf *raw)
{
	char line[PARAGRAPH_MAX + 1];
	size_t len = oneline(line, sizeof line, (const char *)raw->data, raw->len, ONELINE_CP1252);

	buf_reset(raw);
	len = plain_quotes(line, len);
	if (len == 0 || dialog_is_chrome(line, len) || w->err != VG_OK)
		return;
	if (is_title(w, row, line, len)) {
		memcpy(w->out->title, line, len + 1);
		w->out->failure = dialog_names_failure(line, len);
		return;
	}
	if (!w->out->failure && w->g->p[row].below == NONE && is_inner_title(line, len)) {
		w->out->failure = true;
		w->out->failure_at = w->out->text.len + len + 1;
	}
	if ((w->err = buf_add(&w->out->text, line, len)) == VG_OK)
		w->err = buf_adds(&w->out->text, "\n");
	if (w->err == VG_ERR_LIMIT) /* the rest is left out */
		w->out->text.max = w->out->text.len;
}

static void put_block(struct writer *w, size_t head, struct buf *raw)
{
	const struct piece *p = w->g->p;
	int right = 0;
	size_t first = head;

	for (size_t i = head; i != NONE; i = p[i].below)
		right = p[i].row_right > right ? p[i].row_right : right;
	for (size_t i = head; i != NONE; i = p[i].below) {
		if (raw->len == 0)
			first = i;
		put_row(w->g, i, raw);
		if (p[i].below == NONE || raw->len > PARAGRAPH_MAX / 2 || !wraps(&p[i], &p[p[i].below], p[head].x, right))
			put_paragraph(w, first, raw);
	}
}

int dialog_text(struct dialog *out, const struct dialog_line *lines, size_t n, int width, int height)
{
	struct page g = {.width = width, .height = height};
	struct writer w = {.out = out, .g = &g};
	struct buf raw;

	memset(out, 0, sizeof *out);
	buf_init(&out->text, DIALOG_TEXT_MAX);
	buf_init(&raw, DIALOG_TEXT_MAX);
	if ((w.err = gather(&g, lines, n)) == VG_OK) {
		make_rows(&g);
		make_blocks(&g);
	}
	for (size_t i = 0; i < g.n && w.err == VG_OK; i++)
		if (!g.p[i].follows && !g.p[i].continues)
			put_block(&w, i, &raw);
	buf_free(&raw);
	free(g.p);
	return w.err == VG_ERR_LIMIT ? VG_OK : w.err;
}

void dialog_free(struct dialog *d)
{
	buf_free(&d->text);
	memset(d, 0, sizeof *d);
}

/* ---- errors ---- */

static size_t words_in(const char *s, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++)
		n += s[i] != ' ' && (i == 0 || s[i - 1] == ' ');
	return n;
}

/* Where a failure is told of in the middle of a line, as consoles do: `Get-Thing : Failed to …`. */
static const char *failure_phrase(const char *s, size_t len)
{
	static const char *const starts[] = {"Failed to ", "Cannot ", "Unable to ", "Could not ", "Can't ", "Access is denied"};
	const char *best = NULL;

	for (size_t i = 0; i < ASCII_COUNT(starts); i++) {
		const char *at = memmem(s, len, starts[i], strlen(starts[i]));

		if (at != NULL && (best == NULL || at < best))
			best = at;
	}
	return best;
}

static bool has_code(const char *s, size_t len)
{
	char code[ERROR_WORD_MAX + 1];

	return errors_find_code(code, sizeof code, s, len);
}

enum { ANY = 1, CODED, PHRASED };

/* Adds the first paragraph of [from, to) that is a sentence and of that sort. */
static bool take_first(struct error_set *set, const struct dialog *d, size_t from, size_t to, int sort, const struct error_where *where)
{
	const char *text = (const char *)d->text.data, *s = text, *end = s + d->text.len, *line, *at;
	struct error_item item = {.severity = SEVERITY_ERROR, .where = *where};
	size_t len;

	while (ascii_line(&s, end, &line, &len) && (size_t)(line - text) < to) {
		item.where.line++;
		if ((size_t)(line - text) < from || words_in(line, len) < 4 || (sort == CODED && !has_code(line, len)))
			continue;
		at = sort == PHRASED ? failure_phrase(line, len) : line;
		if (at == NULL || words_in(at, len - (size_t)(at - line)) < 4)
			continue;
		item.text = at;
		item.text_len = len - (size_t)(at - line);
		return error_set_add(set, &item);
	}
	return false;
}

void dialog_errors(struct error_set *set, const struct dialog *d, const struct error_where *where)
{
	size_t before = error_set_count(set), to = d->text.len;

	if (d->text.len == 0)
		return;
	errors_scan_body(set, (const char *)d->text.data, d->text.len, where);
	if (error_set_count(set) > before)
		return;
	/* The title of a window within the picture tells of what stands next to it only. */
	if (d->failure && d->failure_at > 0)
		to = d->failure_at + 1;
	if (d->failure && take_first(set, d, d->failure_at, to, ANY, where))
		return;
	if (!take_first(set, d, 0, d->text.len, PHRASED, where))
		take_first(set, d, 0, d->text.len, CODED, where);
}
