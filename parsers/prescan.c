/*
 * prescan.c - follows boundaries and header blocks, and makes the tree of the parts. Runs in the parser worker and in
 * `vcspgate parse`; the input is hostile, memory is bounded by the limits.
 */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "ascii.h"
#include "err.h"
#include "line_input.h"
#include "prescan_private.h"

/* An open multipart. */
struct level {
	struct mime_node *node;
	char *boundary;
	size_t len;
	unsigned depth;   /* of the multipart itself */
	bool digest;
	bool named, seen; /* there is a boundary; it came */
};

/* An attached message that is still open; ends with a boundary of a level below `levels`. */
struct open_message {
	struct mime_node *node;
	size_t levels;
};

/* A line that may be a boundary nobody named, until the line behind it tells. */
struct guess {
	bool kept;
	char token[PRESCAN_BOUNDARY_MAX + 1];
	unsigned lines; /* how many more lines of a message that is no multipart may begin parts */
	unsigned taken; /* guesses that were right */
};

struct scan {
	struct prescan *p;
	size_t n_levels, n_open;
	struct head head;
	bool in_head, top;
	unsigned depth;           /* of the part whose header or body this is */
	bool digest_parent;
	struct mime_node *parent; /* of that part; NULL: it is the message */
	struct mime_node *body;   /* whose body the lines are; NULL: nobody's */
	unsigned parts, max_parts, max_depth;
	uint64_t heads;           /* header bytes so far */
	uint64_t previous;        /* where the line before began to end: offset of its line end */
	uint64_t stop;            /* the rest is left out from here; UINT64_MAX */
	uint64_t again;           /* where to go on, instead of at the next line; UINT64_MAX */
	struct guess guess;
	/* From here on never cleared: as far as n_levels and n_open. */
	struct level levels[PRESCAN_DEPTH_MAX + 1];
	struct open_message messages[PRESCAN_DEPTH_MAX + 1];
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

static int push_level(struct scan *sc, struct mime_node *node)
{
	struct level *lv = &sc->levels[sc->n_levels];

	lv->boundary = strdup(sc->head.boundary);
	if (lv->boundary == NULL)
		return VG_ERR_MEMORY;
	lv->node = node;
	lv->len = strlen(lv->boundary);
	lv->depth = sc->depth;
	lv->digest = sc->head.digest;
	lv->named = sc->head.named;
	lv->seen = false;
	sc->n_levels++;
	return VG_OK;
}

/* ---- bodies ---- */

static void end_body(struct mime_node *n, uint64_t to)
{
	n->to = to > n->from ? to : n->from;
}

static void close_body(struct scan *sc, uint64_t to)
{
	if (sc->body != NULL)
		end_body(sc->body, to);
	sc->body = NULL;
}

/* Messages end that lie inside level i; to: where the last of them ends. */
static void close_messages(struct scan *sc, size_t i, uint64_t to)
{
	while (sc->n_open > 0 && sc->messages[sc->n_open - 1].levels >= i + 1)
		end_body(sc->messages[--sc->n_open].node, to);
}

/* A part or a message without a single line is none. */
static void drop_empty(struct scan *sc)
{
	if (!sc->in_head || sc->head.lines > 0 || sc->top)
		return;
	sc->in_head = false;
	if (sc->n_open > 0 && sc->messages[sc->n_open - 1].node == sc->parent)
		end_body(sc->messages[--sc->n_open].node, 0);
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

static void start_head(struct scan *sc, uint64_t at, unsigned depth, bool digest_parent, struct mime_node *parent)
{
	head_start(&sc->head, at);
	sc->in_head = true;
	sc->depth = depth;
	sc->digest_parent = digest_parent;
	sc->parent = parent;
}

/* The node of the part whose header was read; its body begins at `from`. */
static struct mime_node *add_node(struct scan *sc, enum part_kind kind, uint64_t from)
{
	const struct head *h = &sc->head;
	struct mime_node *n = mime_node_add(sc->p->arena, sc->parent, kind == PART_MULTIPART ? NODE_MULTIPART :
	    kind == PART_MESSAGE ? NODE_MESSAGE : NODE_PART);

	if (n == NULL)
		return NULL;
	if (h->type.type != NULL)
		n->type = h->type;
	memcpy(n->fields, h->values, sizeof n->fields);
	n->encoding = h->encoding;
	n->from = n->to = from;
	if (sc->parent == NULL)
		sc->p->root = n;
	sc->body = n;
	return n;
}

/* Too deep to go on: the part becomes text, or all ends where its kind comes from its parent. */
static void too_deep(struct scan *sc, uint64_t at)
{
	sc->p->problems |= PRESCAN_DEPTH;
	if (sc->head.has_type && !sc->digest_parent) {
		head_drop_type(&sc->head);
		return;
	}
	sc->stop = at;
}

static int open_message(struct scan *sc, struct mime_node *node)
{
	sc->body = NULL;
	if (!count_part(sc, node->from))
		return VG_OK;
	sc->messages[sc->n_open++] = (struct open_message){node, sc->n_levels};
	start_head(sc, node->from, sc->depth + 1, false, node);
	return VG_OK;
}

/* What the header that was read makes of the part. body: an empty line ended it; in a digest, lines alone are a text. */
static enum part_kind judge_kind(const struct scan *sc, bool body)
{
	const struct head *h = &sc->head;
	bool message = !h->has_type && sc->digest_parent && (body || h->bad_from == UINT64_MAX);
	enum part_kind kind = message ? PART_MESSAGE : h->kind;

	return kind == PART_MESSAGE && h->encoding != ENCODING_NONE ? PART_LEAF : kind;
}

/* Lines at the end of the block that are no header begin the body, but that of a message, which begins with a header. at: the
 * block's end; next: what follows it. */
static uint64_t body_begin(struct scan *sc, enum part_kind kind, uint64_t at, uint64_t next)
{
	const struct head *h = &sc->head;

	if (h->bad_from == UINT64_MAX || (h->kind == PART_MESSAGE && at - h->start <= PRESCAN_BLOCK_MAX))
		return next;
	sc->p->problems |= PRESCAN_UNTERMINATED;
	return kind == PART_MESSAGE ? next : h->bad_from;
}

/* Only what stands at the head of the body makes a message without such a type a multipart. */
#define SNIFF_LINES 20

static void start_sniffing(struct scan *sc)
{
	if (sc->head.encoding == ENCODING_NONE)
		sc->guess.lines = SNIFF_LINES;
}

/* The block ended at `at`; next: where what follows begins. body: an empty line ended it. */
static int end_head(struct scan *sc, uint64_t at, uint64_t next, bool body)
{
	int err = head_field_end(&sc->head, &sc->p->problems);
	struct mime_node *node;
	enum part_kind kind;

	sc->in_head = false;
	sc->heads += at - sc->head.start;
	if (sc->top && !sc->head.valid_seen) {
		sc->p->problems = PRESCAN_NO_HEADER;
		sc->stop = 0;
		return err;
	}
	kind = judge_kind(sc, body);
	next = body_begin(sc, kind, at, next);
	if (body && kind != PART_LEAF && sc->depth >= sc->max_depth) {
		too_deep(sc, at);
		kind = PART_LEAF;
	}
	if (sc->top && body && kind == PART_LEAF)
		start_sniffing(sc);
	sc->top = false;
	if (err != VG_OK || (node = add_node(sc, kind, next)) == NULL)
		return err != VG_OK ? err : VG_ERR_MEMORY;
	if (!body || kind == PART_LEAF)
		return VG_OK;
	return kind == PART_MULTIPART ? push_level(sc, node) : open_message(sc, node);
}

/* ---- boundaries that no header names ---- */

/* Each has a body read once more. */
#define GUESSES_MAX 16

/* The line kept begins parts: the innermost multipart takes its name, or the message becomes one, and is read again from its
 * beginning, since other such lines may have gone by. */
static int take_guess(struct scan *sc)
{
	struct guess *g = &sc->guess;
	struct level *lv = sc->n_levels > 0 ? &sc->levels[sc->n_levels - 1] : NULL;
	struct mime_node *node = lv != NULL ? lv->node : sc->p->root;

	sc->p->problems |= PRESCAN_BOUNDARY;
	g->taken++;
	g->lines = 0;
	g->kept = false;
	sc->again = node->from;
	sc->body = node;
	if (lv == NULL) {
		memcpy(sc->head.boundary, g->token, sizeof g->token);
		sc->head.digest = false;
		sc->head.named = true;
		node->kind = NODE_MULTIPART;
		node->type = (struct mime_type){.type = "multipart", .subtype = "mixed"};
		node->fields[NODE_TYPE] = NULL;
		return push_level(sc, node);
	}
	free(lv->boundary);
	lv->boundary = strdup(g->token);
	lv->len = strlen(g->token);
	lv->named = true;
	return lv->boundary != NULL ? VG_OK : VG_ERR_MEMORY;
}

/* "--token" as a line of its own. */
static void keep_guess(struct scan *sc, const struct input_line *l)
{
	struct guess *g = &sc->guess;
	size_t n = l->given;

	g->kept = false;
	while (n > 0 && (unsigned char)l->s[n - 1] <= ' ')
		n--;
	if (n < 3 || n - 2 > PRESCAN_BOUNDARY_MAX || l->total != l->given || memcmp(l->s, "--", 2) != 0)
		return;
	for (size_t i = 2; i < n; i++)
		if ((unsigned char)l->s[i] <= ' ' || (unsigned char)l->s[i] >= 0x7f || l->s[i] == '"' || l->s[i] == '\\')
			return;
	memcpy(g->token, l->s + 2, n - 2);
	g->token[n - 2] = '\0';
	g->kept = true;
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

	if (!open || g->taken >= GUESSES_MAX)
		return VG_OK;
	if (g->kept && ascii_starts(l->s, l->given, "content-") && memchr(l->s, ':', l->given) != NULL)
		return take_guess(sc);
	keep_guess(sc, l);
	if (sc->n_levels == 0)
		g->lines = g->kept || is_preamble(l) ? g->lines - 1 : 0;
	return VG_OK;
}

/* ---- lines ---- */

static int boundary_line(struct scan *sc, const struct input_line *l, size_t i, bool end)
{
	struct mime_node *node = sc->levels[i].node;
	int err = VG_OK;

	drop_empty(sc);
	if (sc->in_head)
		err = end_head(sc, l->at, l->at, false);
	close_body(sc, sc->previous);
	close_messages(sc, i, sc->previous);
	if (err != VG_OK || sc->stop != UINT64_MAX)
		return err;
	pop_levels(sc, end ? i : i + 1);
	if (end) {
		node->ended = true;
		return VG_OK;
	}
	sc->levels[i].seen = true;
	if (count_part(sc, l->at))
		start_head(sc, l->at + l->total, sc->levels[i].depth + 1, sc->levels[i].digest, node);
	return VG_OK;
}

/* A byte order mark in front of everything. */
static void skip_mark(struct scan *sc, struct input_line *l)
{
	if (l->at > 0 || l->given <= 3 || memcmp(l->s, "\xef\xbb\xbf", 3) != 0)
		return;
	sc->head.start = 3;
	*l = (struct input_line){3, l->s + 3, l->given - 3, l->total - 3};
}

/* A header that runs into the first boundary that it names itself. */
static int unterminated(struct scan *sc, const struct input_line *l)
{
	size_t len = strlen(sc->head.boundary);
	int err;

	if (!sc->head.in_field && sc->head.kind != PART_MULTIPART)
		return VG_OK;
	err = head_field_end(&sc->head, &sc->p->problems);
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

	if (sc->in_head && l->s[0] == '-' && (err = unterminated(sc, l)) != VG_OK)
		return err;
	i = find_boundary(sc, l, &end);
	if (i != SIZE_MAX) {
		sc->guess.kept = false;
		return boundary_line(sc, l, i, end);
	}
	if (!sc->in_head)
		return guess_line(sc, l);
	if (empty && sc->top && !sc->head.valid_seen && sc->head.lines == 0)
		return VG_OK; /* empty lines before the header */
	if (empty)
		return end_head(sc, l->at, l->at + l->total, true);
	return head_line(&sc->head, &sc->p->problems, l->at, l->s, l->given, l->total, sc->top);
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
		skip_mark(sc, &l);
		err = scan_line(sc, &l);
		sc->previous = line_end_at(&l);
		if (sc->again != UINT64_MAX)
			li->off = sc->previous = sc->again;
		sc->again = UINT64_MAX;
	}
	return err;
}

/* All that is open ends with the input. */
static int end_all(struct scan *sc, uint64_t size)
{
	uint64_t end = sc->stop < size ? sc->stop : size;
	int err = VG_OK;

	drop_empty(sc);
	if (sc->in_head)
		err = end_head(sc, size, size, false);
	close_body(sc, end);
	close_messages(sc, 0, end);
	while (sc->n_open > 0) /* outside every multipart: all of it */
		end_body(sc->messages[--sc->n_open].node, size);
	return err;
}

int prescan_run(struct parse_input *in, unsigned parts, unsigned depth, struct prescan **out)
{
	struct scan *sc = malloc(sizeof *sc);
	struct prescan *p = calloc(1, sizeof *p);
	struct line_input li = {0};
	int err = VG_ERR_MEMORY;

	*out = NULL;
	if (sc != NULL)
		memset(sc, 0, offsetof(struct scan, levels));
	if (sc != NULL && p != NULL && (p->arena = arena_new()) != NULL && (err = line_input_open(&li, in)) == VG_OK) {
		sc->p = p;
		sc->max_parts = parts > 0 ? parts : PRESCAN_PARTS_MAX;
		sc->max_depth = depth > 0 && depth < PRESCAN_DEPTH_MAX ? depth : PRESCAN_DEPTH_MAX;
		sc->stop = sc->again = UINT64_MAX;
		sc->top = true;
		sc->head.arena = p->arena;
		start_head(sc, 0, 0, false, NULL);
		sc->head.own = p;
		buf_init(&p->heading, 2 * PRESCAN_BLOCK_MAX);
		err = scan_lines(sc, &li);
		if (err == VG_OK)
			err = end_all(sc, parse_input_size(in));
		pop_levels(sc, 0);
		head_free(&sc->head);
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

bool prescan_field_is(const char *name, const char *wanted)
{
	return ascii_fold(name[0]) == ascii_fold(wanted[0]) && strcasecmp(name, wanted) == 0;
}

const char *prescan_field(const struct prescan *p, const char *name)
{
	const char *found, *value;

	for (size_t i = 0; prescan_next_field(p, &i, &found, &value);)
		if (prescan_field_is(found, name))
			return value;
	return NULL;
}

void prescan_free(struct prescan **p)
{
	if (*p == NULL)
		return;
	arena_free(&(*p)->arena);
	free((*p)->fields);
	buf_free(&(*p)->heading);
	free(*p);
	*p = NULL;
}
