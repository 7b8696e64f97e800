/*
 * prescan.c - follows boundaries and header blocks the way GMime does, with the limits that GMime lacks. Runs in the
 * parser worker and in `vcspgate parse`; the input is hostile, memory is bounded by the limits.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "ascii.h"
#include "err.h"
#include "line_input.h"
#include "prescan_private.h"

/* An open multipart. */
struct level {
	char *boundary;
	size_t len;
	unsigned depth; /* of the multipart itself */
	bool digest;
	bool named, seen;    /* there is a boundary; it came */
	uint64_t parameters; /* where the multipart's type takes one */
};

/* An attached message that is still open; ends with a boundary of a level below `levels`. */
struct open_message {
	size_t index, levels;
};

/* A line that may be a boundary nobody named, until the line behind it tells. */
struct guess {
	struct input_line line; /* total 0: none; its bytes are gone */
	char token[PRESCAN_BOUNDARY_MAX + 1];
	uint64_t previous;      /* as scan.previous, before it */
	unsigned lines;         /* how many more lines of a message that is no multipart may begin parts */
	uint64_t from, to;      /* the field of its type, or where one would stand */
};

struct scan {
	struct prescan *p;
	struct edits edits;
	struct level levels[PRESCAN_DEPTH_MAX + 1];
	size_t n_levels;
	struct open_message messages[PRESCAN_DEPTH_MAX + 1];
	size_t n_open, cap_messages;
	struct head head;
	bool in_head, top;
	unsigned depth;       /* of the part whose header or body this is */
	bool digest_parent;
	unsigned parts, max_parts, max_depth;
	uint64_t heads;       /* header bytes so far */
	uint64_t previous;    /* where the line before began to end: offset of its line end */
	uint64_t stop;        /* the rest is left out from here; UINT64_MAX */
	struct guess guess;
};

static const struct {
	const char *code, *detail;
} problem_texts[PRESCAN_PROBLEMS] = {
	{"mime.too-many-parts", "more parts than are read; the rest of the message was left out"},
	{"mime.too-deep", "nested more deeply than is read; the innermost parts are kept as they are"},
	{"header.too-large", "a header block is too large; its last fields were left out"},
	{"header.field-too-long", "a header field is too long and was cut"},
	{"header.groups", "an address field with too many groups was left out"},
	{"mime.parameters", "a content type with too many or too long parameters was left out"},
	{"header.nul", "a header field holds NUL bytes, now shown as ?"},
	{"header.duplicate", "a content field stands more than once in one header; the first counts"},
	{"header.garbage", "lines before the first header field were left out"},
	{"header.unterminated", "no empty line between header and body"},
	{"header.missing", "no header field at all; everything is taken as text"},
	{"header.charset", "a header field names a character set that is unknown; it was read by its bytes"},
	{"mime.boundary-missing", "a multipart names no boundary or not the one of its parts; it was taken from them"},
};

const char *prescan_problem(unsigned i, const char **detail)
{
	*detail = problem_texts[i].detail;
	return problem_texts[i].code;
}

/* ---- boundaries ---- */

static void start_sniffing(struct scan *sc);
static int guess_line(struct scan *sc, const struct input_line *l);
static int scan_line(struct scan *sc, const struct input_line *l);
static int boundary_line(struct scan *sc, const struct input_line *l, size_t i, bool end);

static bool rest_is_blank(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (s[i] != ' ' && s[i] != '\t' && s[i] != '\r' && s[i] != '\n')
			return false;
	return true;
}

/* Which open level the line names; *end: it ends it. SIZE_MAX: none. */
static size_t find_boundary(const struct scan *sc, const struct input_line *l, bool *end)
{
	size_t n = l->given;

	if (n < 2 || l->s[0] != '-' || l->s[1] != '-')
		return SIZE_MAX;
	for (size_t i = sc->n_levels; i > 0; i--) {
		const struct level *lv = &sc->levels[i - 1];
		const char *rest;

		if (!lv->named || n < 2 + lv->len || memcmp(l->s + 2, lv->boundary, lv->len) != 0)
			continue;
		rest = l->s + 2 + lv->len;
		n -= 2 + lv->len;
		*end = n >= 2 && rest[0] == '-' && rest[1] == '-' && rest_is_blank(rest + 2, n - 2) && l->total == l->given;
		if (*end || (rest_is_blank(rest, n) && l->total == l->given))
			return i - 1;
		n = l->given;
	}
	return SIZE_MAX;
}

static void pop_levels(struct scan *sc, size_t keep)
{
	while (sc->n_levels > keep)
		free(sc->levels[--sc->n_levels].boundary);
}

static int push_level(struct scan *sc)
{
	struct level *lv = &sc->levels[sc->n_levels];

	lv->boundary = strdup(sc->head.boundary);
	if (lv->boundary == NULL)
		return VG_ERR_MEMORY;
	lv->len = strlen(lv->boundary);
	lv->depth = sc->depth;
	lv->digest = sc->head.digest;
	lv->named = sc->head.named;
	lv->seen = false;
	lv->parameters = sc->head.parameters;
	sc->n_levels++;
	return VG_OK;
}

/* ---- attached messages ---- */

static int open_message(struct scan *sc, uint64_t from)
{
	struct prescan *p = sc->p;

	if (p->n_messages == sc->cap_messages) {
		size_t cap = sc->cap_messages > 0 ? sc->cap_messages * 2 : 8;
		struct prescan_message *list = realloc(p->messages, cap * sizeof *list);

		if (list == NULL)
			return VG_ERR_MEMORY;
		p->messages = list;
		sc->cap_messages = cap;
	}
	sc->messages[sc->n_open++] = (struct open_message){p->n_messages, sc->n_levels};
	p->messages[p->n_messages++] = (struct prescan_message){from, from};
	return VG_OK;
}

/* Messages end that lie inside level i; to: where the last of them ends. */
static void close_messages(struct scan *sc, size_t i, uint64_t to)
{
	while (sc->n_open > 0 && sc->messages[sc->n_open - 1].levels >= i + 1) {
		struct prescan_message *m = &sc->p->messages[sc->messages[--sc->n_open].index];

		m->to = to > m->from ? to : m->from;
	}
}

/* A message without a single line is none for GMime. */
static void drop_empty_message(struct scan *sc)
{
	if (sc->in_head && sc->head.lines == 0 && sc->n_open > 0 &&
	    sc->p->messages[sc->messages[sc->n_open - 1].index].from == sc->head.start) {
		sc->n_open--;
		sc->p->n_messages--;
	}
}

/* ---- header blocks ---- */

static bool count_part(struct scan *sc, uint64_t at)
{
	if (++sc->parts <= sc->max_parts && sc->heads <= PRESCAN_HEADS_MAX)
		return true;
	sc->p->problems |= PRESCAN_PARTS;
	sc->stop = at;
	return false;
}

static void start_head(struct scan *sc, uint64_t at, unsigned depth, bool digest_parent)
{
	head_start(&sc->head, at);
	sc->in_head = true;
	sc->depth = depth;
	sc->digest_parent = digest_parent;
}

/* Too deep to go on: the part becomes text, or all ends where its kind comes from its parent. */
static int too_deep(struct scan *sc, uint64_t at)
{
	sc->p->problems |= PRESCAN_DEPTH;
	if (sc->head.has_type && !sc->digest_parent)
		return edits_add(&sc->edits, EDIT_CUT, sc->head.type_from, sc->head.type_to);
	sc->stop = at;
	return VG_OK;
}

/* The block ended at `at`; next: where what follows begins. body: an empty line ended it. */
static int end_head(struct scan *sc, uint64_t at, uint64_t next, bool body)
{
	int err = head_end(&sc->head, &sc->edits, &sc->p->problems, at);
	enum part_kind kind = sc->head.kind;

	sc->in_head = false;
	sc->heads += at - sc->head.start;
	if (sc->top && !sc->head.valid_seen) {
		sc->p->problems = PRESCAN_NO_HEADER;
		sc->stop = 0;
		return VG_OK;
	}
	if (sc->top && body && kind == PART_LEAF)
		start_sniffing(sc);
	sc->top = false;
	if (!sc->head.has_type && sc->digest_parent)
		kind = PART_MESSAGE;
	if (err != VG_OK || !body || kind == PART_LEAF || (kind == PART_MESSAGE && sc->head.encoded))
		return err;
	if (sc->depth >= sc->max_depth)
		return too_deep(sc, at);
	if (kind == PART_MULTIPART)
		return push_level(sc);
	if (!count_part(sc, next))
		return VG_OK;
	err = open_message(sc, next);
	start_head(sc, next, sc->depth + 1, false);
	return err;
}

/* ---- boundaries that no header names ---- */

/* Only what stands at the head of the body makes a message without such a type a multipart. */
#define SNIFF_LINES 20

static void start_sniffing(struct scan *sc)
{
	if (!sc->head.encoded)
		sc->guess.lines = SNIFF_LINES;
	sc->guess.from = sc->head.has_type ? sc->head.type_from : sc->head.first;
	sc->guess.to = sc->head.has_type ? sc->head.type_to : sc->head.first;
}

/* Keeps text for as long as the segments. */
static const char *keep_text(struct prescan *p, char *text)
{
	char **list = text != NULL ? realloc(p->texts, (p->n_texts + 1) * sizeof *list) : NULL;

	if (list == NULL) {
		free(text);
		return NULL;
	}
	p->texts = list;
	return p->texts[p->n_texts++] = text;
}

static int insert(struct scan *sc, uint64_t from, uint64_t to, const char *before, const char *after)
{
	size_t n = strlen(before) + strlen(after) + strlen(sc->guess.token) + 1;
	char *text = malloc(n);

	if (text != NULL)
		snprintf(text, n, "%s%s%s", before, sc->guess.token, after);
	text = (char *)(uintptr_t)keep_text(sc->p, text);
	return text != NULL ? edits_text(&sc->edits, from, to, text) : VG_ERR_MEMORY;
}

/* The line kept begins parts: the innermost multipart takes its name, or the message becomes one. */
static int take_guess(struct scan *sc)
{
	struct guess *g = &sc->guess;
	struct level *lv = sc->n_levels > 0 ? &sc->levels[sc->n_levels - 1] : NULL;
	int err;

	sc->p->problems |= PRESCAN_BOUNDARY;
	memcpy(sc->head.boundary, g->token, sizeof g->token);
	if (lv == NULL) {
		sc->head.digest = false;
		sc->head.named = true;
		err = insert(sc, g->from, g->to, "Content-Type: multipart/mixed; boundary=\"", "\"\n");
		return err == VG_OK ? push_level(sc) : err;
	}
	free(lv->boundary);
	lv->boundary = strdup(g->token);
	lv->len = strlen(g->token);
	lv->named = true;
	if (lv->boundary == NULL)
		return VG_ERR_MEMORY;
	return insert(sc, lv->parameters, lv->parameters, "; boundary=\"", "\"");
}

/* "--token" as a line of its own. */
static void keep_guess(struct scan *sc, const struct input_line *l)
{
	struct guess *g = &sc->guess;
	size_t n = l->given;

	g->line.total = 0;
	while (n > 0 && (unsigned char)l->s[n - 1] <= ' ')
		n--;
	if (n < 3 || n - 2 > PRESCAN_BOUNDARY_MAX || l->total != l->given || memcmp(l->s, "--", 2) != 0)
		return;
	for (size_t i = 2; i < n; i++)
		if ((unsigned char)l->s[i] <= ' ' || (unsigned char)l->s[i] >= 0x7f || l->s[i] == '"' || l->s[i] == '\\')
			return;
	memcpy(g->token, l->s + 2, n - 2);
	g->token[n - 2] = '\0';
	g->line = *l;
	g->previous = sc->previous;
}

/* Does the line tell that parts follow, or nothing at all? */
static bool is_preamble(const struct input_line *l)
{
	return rest_is_blank(l->s, l->given) || ascii_find(l->s, l->given, "multi-part") != NULL ||
	    ascii_find(l->s, l->given, "multipart") != NULL || ascii_find(l->s, l->given, "mime") != NULL;
}

static int guess_line(struct scan *sc, const struct input_line *l)
{
	struct guess *g = &sc->guess;
	bool open = sc->n_levels > 0 ? !sc->levels[sc->n_levels - 1].seen : g->lines > 0;
	int err;

	if (!open)
		return VG_OK;
	if (g->line.total > 0 && ascii_starts(l->s, l->given, "content-") && memchr(l->s, ':', l->given) != NULL) {
		struct input_line boundary = g->line;

		g->lines = 0;
		g->line.total = 0;
		sc->previous = g->previous;
		err = take_guess(sc);
		if (err == VG_OK)
			err = boundary_line(sc, &boundary, sc->n_levels - 1, false);
		return err == VG_OK && sc->stop == UINT64_MAX ? scan_line(sc, l) : err;
	}
	keep_guess(sc, l);
	if (sc->n_levels == 0)
		g->lines = g->line.total > 0 || is_preamble(l) ? g->lines - 1 : 0;
	return VG_OK;
}

/* ---- lines ---- */

static int boundary_line(struct scan *sc, const struct input_line *l, size_t i, bool end)
{
	int err = VG_OK;

	drop_empty_message(sc);
	if (sc->in_head)
		err = end_head(sc, l->at, l->at, false);
	close_messages(sc, i, sc->previous);
	if (err != VG_OK || sc->stop != UINT64_MAX)
		return err;
	pop_levels(sc, end ? i : i + 1);
	if (!end)
		sc->levels[i].seen = true;
	if (!end && count_part(sc, l->at))
		start_head(sc, l->at + l->total, sc->levels[i].depth + 1, sc->levels[i].digest);
	return VG_OK;
}

/* A byte order mark in front of everything. */
static int skip_mark(struct scan *sc, const struct input_line *l)
{
	struct input_line rest = {l->at + 3, l->s + 3, l->given - 3, l->total - 3};
	int err = edits_add(&sc->edits, EDIT_CUT, 0, 3);

	sc->head.start = 3;
	return err == VG_OK ? scan_line(sc, &rest) : err;
}

/* A header that runs into the first boundary that it names itself. */
static int unterminated(struct scan *sc, const struct input_line *l)
{
	size_t len = strlen(sc->head.boundary);
	int err;

	if (!sc->head.in_field && sc->head.kind != PART_MULTIPART)
		return VG_OK;
	err = head_field_end(&sc->head, &sc->edits, &sc->p->problems, l->at);
	len = strlen(sc->head.boundary);
	if (err != VG_OK || sc->head.kind != PART_MULTIPART || len == 0 || l->given < 2 + len ||
	    memcmp(l->s, "--", 2) != 0 || memcmp(l->s + 2, sc->head.boundary, len) != 0 ||
	    !rest_is_blank(l->s + 2 + len, l->given - 2 - len))
		return err;
	if (sc->head.bad_from == UINT64_MAX)
		sc->head.bad_from = l->at;
	return end_head(sc, l->at, l->at, true);
}

static int scan_line(struct scan *sc, const struct input_line *l)
{
	bool end = false, empty = l->s[0] == '\n' || (l->total == 2 && l->s[0] == '\r' && l->s[1] == '\n');
	size_t i;
	int err;

	if (l->at == 0 && l->given > 3 && memcmp(l->s, "\xef\xbb\xbf", 3) == 0)
		return skip_mark(sc, l);
	if (sc->in_head && l->s[0] == '-' && (err = unterminated(sc, l)) != VG_OK)
		return err;
	i = find_boundary(sc, l, &end);
	if (i != SIZE_MAX) {
		sc->guess.line.total = 0;
		return boundary_line(sc, l, i, end);
	}
	if (!sc->in_head)
		return guess_line(sc, l);
	if (empty && sc->top && !sc->head.valid_seen && sc->head.lines == 0)
		return edits_add(&sc->edits, EDIT_CUT, l->at, l->at + l->total); /* empty lines before the header */
	if (empty)
		return end_head(sc, l->at, l->at + l->total, true);
	return head_line(&sc->head, &sc->edits, &sc->p->problems, l->at, l->s, l->given, l->total, sc->top);
}

static uint64_t line_end_at(const struct input_line *l)
{
	uint64_t to = l->at + l->total;

	if (l->total != l->given || l->s[l->given - 1] != '\n')
		return l->total != l->given ? to - 1 : to;
	to--;
	return l->given >= 2 && l->s[l->given - 2] == '\r' ? to - 1 : to;
}

static int scan_lines(struct scan *sc, struct line_input *li)
{
	struct input_line l;
	int more, err = VG_OK;

	while (err == VG_OK && sc->stop == UINT64_MAX && (sc->in_head || sc->n_levels > 0 || sc->guess.lines > 0) &&
	    (more = line_input_next(li, &l)) != 0) {
		if (more < 0)
			return more;
		err = scan_line(sc, &l);
		sc->previous = line_end_at(&l);
	}
	return err;
}

/* ---- segments ---- */

static int by_place(const void *a, const void *b)
{
	const struct edit *x = a, *y = b;

	if (x->from != y->from)
		return x->from < y->from ? -1 : 1;
	return (int)x->kind - (int)y->kind;
}

static void add_segment(struct prescan *p, uint64_t from, uint64_t to, bool nuls)
{
	if (to <= from)
		return;
	p->segments[p->n_segments++] = (struct prescan_segment){from, to - from, nuls, NULL};
	p->size += to - from;
}

static int build_segments(struct scan *sc, uint64_t size)
{
	struct prescan *p = sc->p;
	uint64_t at = 0, end = sc->stop < size ? sc->stop : size;

	p->segments = calloc(2 * sc->edits.n + 1, sizeof *p->segments);
	if (p->segments == NULL)
		return VG_ERR_MEMORY;
	if (sc->edits.n > 1)
		qsort(sc->edits.list, sc->edits.n, sizeof *sc->edits.list, by_place);
	for (size_t i = 0; i < sc->edits.n; i++) {
		struct edit e = sc->edits.list[i];

		if (e.kind == EDIT_TEXT && e.from < at)
			continue; /* inside of what another edit took */
		e.from = e.from > at ? e.from : at;
		e.to = e.to < end ? e.to : end;
		if (e.from > end || (e.kind != EDIT_TEXT && e.to <= e.from))
			continue;
		add_segment(p, at, e.from, false);
		if (e.kind == EDIT_NULS)
			add_segment(p, e.from, e.to, true);
		if (e.kind == EDIT_TEXT) {
			p->segments[p->n_segments++] = (struct prescan_segment){e.from, strlen(e.text), false, e.text};
			p->size += strlen(e.text);
		}
		at = e.to > e.from ? e.to : e.from;
	}
	add_segment(p, at, end, false);
	return VG_OK;
}

int prescan_run(struct parse_input *in, unsigned parts, unsigned depth, struct prescan **out)
{
	struct scan *sc = calloc(1, sizeof *sc);
	struct prescan *p = calloc(1, sizeof *p);
	struct line_input li = {0};
	int err = VG_ERR_MEMORY;

	*out = NULL;
	if (sc != NULL && p != NULL && (err = line_input_open(&li, in)) == VG_OK) {
		sc->p = p;
		sc->max_parts = parts > 0 ? parts : PRESCAN_PARTS_MAX;
		sc->max_depth = depth > 0 && depth < PRESCAN_DEPTH_MAX ? depth : PRESCAN_DEPTH_MAX;
		sc->stop = UINT64_MAX;
		sc->top = true;
		start_head(sc, 0, 0, false);
		sc->head.own = p;
		buf_init(&p->heading, 2 * PRESCAN_BLOCK_MAX);
		err = scan_lines(sc, &li);
		drop_empty_message(sc);
		if (err == VG_OK && sc->in_head)
			err = end_head(sc, parse_input_size(in), parse_input_size(in), false);
		close_messages(sc, 0, sc->stop < parse_input_size(in) ? sc->stop : parse_input_size(in));
		while (err == VG_OK && sc->n_open > 0) /* outside every multipart */
			p->messages[sc->messages[--sc->n_open].index].to = parse_input_size(in);
		if (err == VG_OK)
			err = build_segments(sc, parse_input_size(in));
		pop_levels(sc, 0);
		buf_free(&sc->head.field);
		free(sc->edits.list);
	}
	line_input_close(&li);
	free(sc);
	if (err != VG_OK)
		prescan_free(&p);
	*out = p;
	return err;
}

bool prescan_next_field(const struct prescan *p, size_t *i, const char **name, const char **value)
{
	if (*i >= p->n_fields)
		return false;
	*name = (const char *)p->heading.data + p->fields[*i].name;
	*value = (const char *)p->heading.data + p->fields[*i].value;
	(*i)++;
	return true;
}

const char *prescan_field(const struct prescan *p, const char *name)
{
	const char *found, *value;

	for (size_t i = 0; prescan_next_field(p, &i, &found, &value);)
		if (strcasecmp(found, name) == 0)
			return value;
	return NULL;
}

void prescan_free(struct prescan **p)
{
	if (*p == NULL)
		return;
	free((*p)->segments);
	free((*p)->messages);
	for (size_t i = 0; i < (*p)->n_texts; i++)
		free((*p)->texts[i]);
	free((*p)->texts);
	free((*p)->fields);
	buf_free(&(*p)->heading);
	free(*p);
	*p = NULL;
}
