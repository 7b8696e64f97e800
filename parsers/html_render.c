/*
 * html_render.c - the lines that a reader of HTML mail would see. Runs in the parser worker and in `vcspgate parse`; input
 * is hostile, so all state is of fixed size and every call is O(1) or linear in its argument.
 */
#include <string.h>
#include <strings.h>

#include "ascii.h"
#include "err.h"
#include "html_links.h"
#include "html_render.h"
#include "html_roles.h"
#include "utf8.h"

#define QUOTE_SHOWN 10
#define SPACES_MAX 200
#define EMPTY_CELLS_MAX 30
#define RULE "________________________________"

static void write_bytes(struct html_render *r, const char *s, size_t n)
{
	if (r->err != VG_OK || n == 0)
		return;
	r->err = buf_add(r->out, s, n);
	if (r->err == VG_ERR_LIMIT) /* up to the bound, so that who asked sees that more would have come */
		buf_add(r->out, s, r->out->max - r->out->len);
}

static void write_quote(struct html_render *r, unsigned depth, bool blank)
{
	static const char marks[QUOTE_SHOWN + 1] = ">>>>>>>>>>";
	unsigned n = depth < QUOTE_SHOWN ? depth : QUOTE_SHOWN;

	write_bytes(r, marks, n);
	if (n > 0 && !blank)
		write_bytes(r, " ", 1);
}

/* Ends the lines asked for and begins the line of the next word. */
static void begin_line(struct html_render *r)
{
	unsigned shared = r->quote < r->line_quote ? r->quote : r->line_quote;

	for (unsigned i = 0; r->any && i < r->breaks; i++) {
		if (i > 0)
			write_quote(r, shared, true);
		write_bytes(r, "\n", 1);
	}
	if (r->breaks > 0 || !r->any) {
		write_quote(r, r->quote, false);
		r->line_quote = r->quote;
	}
	r->breaks = 0;
}

static void write_text(struct html_render *r, const char *s, size_t n)
{
	static const char blanks[] = "        ";

	begin_line(r);
	for (; r->empty_cells > 0; r->empty_cells--)
		write_bytes(r, r->cell ? " |" : "| ", 2);
	if (r->cell) {
		write_bytes(r, " | ", 3);
		r->spaces = 0;
	}
	for (; r->spaces > 0; r->spaces -= r->spaces < 8 ? r->spaces : 8)
		write_bytes(r, blanks, r->spaces < 8 ? r->spaces : 8);
	write_bytes(r, s, n);
	r->cell = r->fresh = false;
	r->any = r->line_open = r->row_text = true;
}

static void add_break(struct html_render *r, unsigned most)
{
	if (r->line_open)
		r->breaks = 1;
	else if (r->breaks < most)
		r->breaks++;
	r->line_open = r->occupied = false;
	r->spaces = 0;
}

/* A block begins or ends: at least n line ends before what follows. */
static void block(struct html_render *r, unsigned n)
{
	if (r->cell || r->fresh)
		return;
	if (r->occupied && !r->line_open)
		add_break(r, 2);
	r->line_open = r->occupied = false;
	r->spaces = 0;
	if (r->any && r->breaks < n)
		r->breaks = n;
}

void html_render_init(struct html_render *r, struct buf *out, struct text_marks *marks, bool hide)
{
	memset(r, 0, sizeof *r);
	r->out = out;
	r->marks = marks;
	r->hide = hide;
}

static bool invisible(uint32_t cp)
{
	return cp < 0x20 || (cp >= 0x7f && cp < 0xa0) || cp == 0xad || cp == 0x34f || cp == 0x200b || cp == 0x2060 ||
		   cp == 0xfeff || (cp >= 0x200e && cp <= 0x200f) || (cp >= 0x202a && cp <= 0x202e) ||
		   (cp >= 0x2066 && cp <= 0x2069);
}

void html_render_word(struct html_render *r, const char *s, size_t n)
{
	size_t from = 0, i = 0;

	if (r->hidden_depth > 0)
		return;
	r->pre_fresh = false;
	while (i < n) {
		uint32_t cp = (unsigned char)s[i];
		unsigned k = 1;

		if ((cp > 0x20 && cp < 0x7f) || (cp >= 0x80 && (k = utf8_next(s + i, n - i, &cp)) > 0 && cp != 0xa0 &&
		    !invisible(cp))) {
			i += k;
			continue;
		}
		if (i > from)
			write_text(r, s + from, i - from);
		if (cp == 0xa0) {
			r->spaces += r->spaces < SPACES_MAX;
			r->occupied = true;
		}
		i += k > 0 ? k : 1;
		from = i;
	}
	if (n > from)
		write_text(r, s + from, n - from);
}

void html_render_words(struct html_render *r, const char *s, size_t n)
{
	if (r->hidden_depth > 0)
		return;
	r->pre_fresh = false;
	write_text(r, s, n);
}

void html_render_space(struct html_render *r, char c)
{
	bool fresh = r->pre_fresh;

	if (r->hidden_depth > 0)
		return;
	r->pre_fresh = false;
	if (fresh && c == '\n')
		return;
	if (r->pre == 0) {
		if (r->line_open && r->spaces == 0)
			r->spaces = 1;
	} else if (c == '\n') {
		add_break(r, 50);
	} else if (c == '\t') {
		write_text(r, "\t", 1);
	} else if (c == ' ') {
		r->spaces += r->spaces < SPACES_MAX;
	}
}

/* ---- links ---- */

static void link_end(struct html_render *r)
{
	size_t n = r->out->len - r->link_at;

	if (!r->link)
		return;
	r->link = false;
	if (n == 0 || r->err != VG_OK || html_link_same((const char *)r->out->data + r->link_at, n, r->href))
		return;
	write_text(r, " <", 2);
	write_bytes(r, r->href, strlen(r->href));
	write_bytes(r, ">", 1);
}

static void link_start(struct html_render *r, const struct html_tag *t)
{
	link_end(r);
	if (t->href[0] == '\0' || t->href[0] == '#' || strncasecmp(t->href, "javascript:", 11) == 0 || r->hidden_depth > 0)
		return;
	r->link = true;
	r->link_at = r->out->len;
	memcpy(r->href, t->href, sizeof r->href);
	html_link_unwrap(r->href);
}

/* ---- elements ---- */

/* Keeps track of the hidden element; true when the tag itself shows nothing. */
static bool hidden_tag(struct html_render *r, const struct html_tag *t)
{
	if (r->hidden_depth > 0) {
		bool same = strcmp(t->name, r->hidden) == 0;

		if (same && (t->end || (t->element->flags & HTML_LOOSE) != 0))
			r->hidden_depth--;
		else if (same)
			r->hidden_depth++;
		if (r->hidden_depth > 0 || t->end)
			return true;
	}
	if (!r->hide || !t->hidden || t->end || (t->element->flags & HTML_VOID) != 0)
		return t->hidden && r->hide;
	r->hid = true;
	memcpy(r->hidden, t->name, sizeof r->hidden);
	r->hidden_depth = 1;
	return true;
}

static void list_item(struct html_render *r, bool end)
{
	unsigned level = r->depth < HTML_LISTS ? r->depth : HTML_LISTS;
	char mark[32] = "- ";

	r->fresh = false;
	block(r, 1);
	if (end)
		return;
	if (level > 0 && r->lists[level - 1].ordered) {
		unsigned n = r->lists[level - 1].n++;
		size_t i = sizeof mark;

		mark[--i] = '\0';
		mark[--i] = ' ';
		mark[--i] = '.';
		do
			mark[--i] = (char)('0' + n % 10);
		while ((n /= 10) > 0);
		memmove(mark, mark + i, sizeof mark - i);
	}
	r->spaces = level > 1 ? 2 * (level - 1) : 0;
	r->cell = false;
	write_text(r, mark, strlen(mark));
	r->fresh = true; /* a block inside the item begins on its line */
}

static void list(struct html_render *r, const struct html_tag *t)
{
	r->fresh = false;
	block(r, 1);
	if (t->end) {
		r->depth -= r->depth > 0;
	} else {
		if (r->depth < HTML_LISTS) {
			r->lists[r->depth].ordered = t->name[0] == 'o';
			r->lists[r->depth].n = t->start > 0 ? t->start : 1;
		}
		r->depth++;
	}
}

static void cell(struct html_render *r, bool end, bool head)
{
	bool empty = r->cell || r->fresh; /* the cell before showed nothing */

	r->grid |= head;
	if (!end && empty && r->grid)
		r->empty_cells += r->empty_cells < EMPTY_CELLS_MAX;
	if (!(end && r->grid))
		r->fresh = false;
	if (!end && r->row_text) {
		r->breaks = r->spaces = 0;
		r->line_open = r->cell = true;
	} else if (!end) {
		block(r, 1);
		r->fresh = true;
	} else if (r->breaks > 1) {
		r->breaks = 1; /* the space below a paragraph does not part the rows */
	}
}

/* A row, or a table in the cell of another, which lays out a page: its parts are no columns of one line. */
static void row(struct html_render *r)
{
	r->cell = r->fresh = false;
	r->empty_cells = 0;
	block(r, 1);
	r->row_text = false;
}

/* ---- elements that leave a mark ---- */

static void mark(struct html_render *r, enum text_mark_kind kind, size_t from, size_t to)
{
	if (r->marks != NULL && r->err == VG_OK)
		r->err = text_marks_add(r->marks, kind, from, to);
}

static enum text_mark_kind role_of(const struct html_tag *t)
{
	if (t->element->kind == HTML_QUOTE)
		return t->indent ? HTML_ROLE_NONE : MARK_QUOTE;
	if (t->role == HTML_ROLE_NONE && (t->element->flags & HTML_CODE) != 0)
		return MARK_CODE;
	if (t->role == HTML_ROLE_NONE && t->border_top && strcmp(t->name, "div") == 0)
		return MARK_HEADER;
	return t->role;
}

/* Another element of an open one's name: its end is not the open one's. */
static void count_inner(struct html_render *r, const struct html_element *e)
{
	for (unsigned i = r->n_open; i-- > 0;)
		if (r->open[i].element == e) {
			r->open[i].depth++;
			return;
		}
}

static void element_open(struct html_render *r, const struct html_tag *t)
{
	enum text_mark_kind role = role_of(t);
	bool blockquote = t->element->kind == HTML_QUOTE;
	struct html_open *o;

	if (role >= MARK_HEADER && role < MARK_KINDS)
		mark(r, role, r->out->len, r->out->len);
	if ((t->element->flags & HTML_PAIRED) == 0)
		return;
	if ((role >= MARK_HEADER && !blockquote && !t->pre) || r->n_open == HTML_OPEN) {
		count_inner(r, t->element);
		return;
	}
	o = &r->open[r->n_open];
	*o = (struct html_open){.element = t->element, .depth = 1, .role = role, .marks = role < MARK_HEADER, .quotes = role == MARK_QUOTE && blockquote,
		.pre = t->pre, .from = r->out->len};
	for (unsigned i = 0; i < r->n_open; i++)
		o->marks &= r->open[i].role != role;
	r->quote += o->quotes;
	r->pre += o->pre;
	r->n_open++;
}

static void pop_to(struct html_render *r, unsigned n)
{
	while (r->n_open > n) {
		const struct html_open *o = &r->open[--r->n_open];

		r->quote -= o->quotes;
		r->pre -= o->pre && r->pre > 0;
		if (o->marks && r->out->len > o->from)
			mark(r, o->role, o->from, r->out->len);
	}
}

static void element_close(struct html_render *r, const struct html_element *e)
{
	for (unsigned i = r->n_open; i-- > 0;)
		if (r->open[i].element == e) {
			if (--r->open[i].depth == 0)
				pop_to(r, i);
			return;
		}
}

void html_render_end(struct html_render *r)
{
	link_end(r);
	pop_to(r, 0);
}

static void quote(struct html_render *r)
{
	r->cell = r->fresh = false;
	block(r, 1);
}

static void image(struct html_render *r, const struct html_tag *t)
{
	if (t->end || !t->cid || t->alt[0] == '\0')
		return;
	write_text(r, "[image: ", 8);
	write_bytes(r, t->alt, strlen(t->alt));
	write_bytes(r, "]", 1);
}

static void show(struct html_render *r, const struct html_tag *t)
{
	switch (t->element->kind) {
	case HTML_NONE:
		break;
	case HTML_BLOCK:
		block(r, 1);
		break;
	case HTML_PARA:
		if (!t->end)
			r->tight = t->mso || t->tight;
		block(r, r->tight || r->depth > 0 ? 1 : 2);
		break;
	case HTML_BR:
		add_break(r, 2);
		break;
	case HTML_HR:
		block(r, 1);
		write_text(r, RULE, sizeof RULE - 1);
		block(r, 1);
		break;
	case HTML_QUOTE:
		quote(r);
		break;
	case HTML_PRE:
		block(r, 1);
		r->pre_fresh = !t->end;
		r->pre = t->end ? r->pre - (r->pre > 0) : r->pre + 1;
		break;
	case HTML_LIST:
		list(r, t);
		break;
	case HTML_ITEM:
		list_item(r, t->end);
		break;
	case HTML_TABLE:
		r->grid = t->grid;
		row(r);
		break;
	case HTML_ROW:
		row(r);
		break;
	case HTML_CELL:
		cell(r, t->end, t->name[1] == 'h');
		break;
	case HTML_LINK:
		if (!t->end)
			link_start(r, t);
		break;
	case HTML_IMAGE:
		image(r, t);
		break;
	}
}

void html_render_tag(struct html_render *r, const struct html_tag *t)
{
	enum html_kind kind = t->element->kind;

	if (hidden_tag(r, t))
		return;
	if (kind == HTML_LINK || (kind != HTML_NONE && kind != HTML_IMAGE && kind != HTML_BR && t->end))
		link_end(r);
	show(r, t);
	if (t->end)
		element_close(r, t->element);
	else
		element_open(r, t);
}
