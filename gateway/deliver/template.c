/*
 * template.c - renders and checks templates, in one pass each. Templates are the operator's, values are anybody's.
 */
#include <stdio.h>
#include <string.h>

#include "ascii.h"
#include "err.h"
#include "template.h"

#define NAME_MAX_LEN 32u

struct tag {
	char kind;                   /* '=', '#', '^', '/', '!', 0: none */
	char name[NAME_MAX_LEN + 1];
	const char *begin, *end;     /* in the text; a tag alone on its line: of the line */
};

struct render {
	struct buf *out;             /* NULL: only checked */
	const char *const *known;    /* NULL: rendering */
	const char *text;
	json_t *stack[TEMPLATE_DEPTH + 1];
	unsigned depth;
	unsigned line;
	const char *why;
};

static void fail(struct render *r, const char *at, const char *why)
{
	r->why = why;
	r->line = 1;
	for (const char *s = r->text; s < at; s++)
		r->line += *s == '\n';
}

/* ---- tags ---- */

/* A section's tag or a comment that has its line for itself takes the line along. */
static void stand_alone(struct tag *t, const char *text, const char *end)
{
	const char *a = t->begin, *b = t->end;

	if (t->kind == '=')
		return;
	while (a > text && ascii_blank(a[-1]))
		a--;
	while (b < end && (ascii_blank(*b) || *b == '\r'))
		b++;
	if ((a > text && a[-1] != '\n') || (b < end && *b != '\n'))
		return;
	t->begin = a;
	t->end = b < end ? b + 1 : b;
}

/* The next tag at or behind s; kind 0: none. False: it is broken. */
static bool next_tag(struct render *r, const char *s, const char *end, struct tag *t)
{
	const char *open = memmem(s, (size_t)(end - s), "{{", 2), *close, *name;
	size_t n;

	*t = (struct tag){0};
	if (open == NULL)
		return true;
	close = memmem(open, (size_t)(end - open), "}}", 2);
	if (close == NULL) {
		fail(r, open, "a tag is not closed");
		return false;
	}
	name = open + 2;
	t->kind = name < close && strchr("#^/!", *name) != NULL ? *name++ : '=';
	n = (size_t)(close - name);
	ascii_trim(&name, &n);
	if (t->kind != '!' && (n == 0 || n > NAME_MAX_LEN)) {
		fail(r, open, "a tag without a name, or with too long a one");
		return false;
	}
	if (t->kind != '!')
		memcpy(t->name, name, n);
	t->begin = open;
	t->end = close + 2;
	stand_alone(t, r->text, end);
	return true;
}

/* ---- values ---- */

static json_t *look_up(const struct render *r, const char *name)
{
	json_t *v = NULL;

	if (strcmp(name, ".") == 0)
		return r->stack[r->depth];
	for (unsigned i = r->depth + 1; i-- > 0 && v == NULL;)
		v = json_object_get(r->stack[i], name);
	return v;
}

static bool is_there(const json_t *v)
{
	return json_is_string(v) ? json_string_value(v)[0] != '\0' : json_is_array(v) ? json_array_size(v) > 0 : v != NULL && !json_is_null(v) && !json_is_false(v);
}

static int put_value(struct render *r, const json_t *v)
{
	if (json_is_integer(v))
		return buf_addf(r->out, "%lld", (long long)json_integer_value(v));
	return json_is_string(v) ? buf_adds(r->out, json_string_value(v)) : VG_OK;
}

static bool is_known(const struct render *r, const char *name)
{
	if (strcmp(name, ".") == 0)
		return r->depth > 0;
	for (size_t i = 0; r->known[i] != NULL; i++)
		if (strcmp(r->known[i], name) == 0)
			return true;
	return false;
}

/* ---- text ---- */

static int put(struct render *r, const char *s, const char *end)
{
	return r->out != NULL ? buf_add(r->out, s, (size_t)(end - s)) : VG_OK;
}

static int render(struct render *r, const char **s, const char *end, const char *section, bool show);

/* Behind the opening tag at *s: each item, or once; leaves *s behind the closing tag. */
static int section(struct render *r, const struct tag *t, const char **s, const char *end, bool show)
{
	json_t *v = r->known == NULL ? look_up(r, t->name) : NULL;
	const char *from = *s;
	size_t n = json_is_array(v) ? json_array_size(v) : 1;
	bool open = show && is_there(v) == (t->kind == '#');
	int rc = VG_OK;

	if (r->depth == TEMPLATE_DEPTH) {
		fail(r, t->begin, "too many sections in each other");
		return VG_ERR_SYNTAX;
	}
	if (!open || t->kind == '^')
		n = 1;
	for (size_t i = 0; i < n && rc == VG_OK; i++) {
		json_t *item = json_is_array(v) ? json_array_get(v, i) : v;

		*s = from;
		r->stack[++r->depth] = item;
		rc = render(r, s, end, t->name, open);
		r->depth--;
	}
	return rc;
}

static int one_tag(struct render *r, const struct tag *t, const char **s, const char *end, bool show)
{
	if (r->known != NULL && t->kind != '!' && !is_known(r, t->name)) {
		fail(r, t->begin, "no such value");
		return VG_ERR_SYNTAX;
	}
	if (t->kind == '#' || t->kind == '^')
		return section(r, t, s, end, show);
	return t->kind == '=' && show && r->out != NULL ? put_value(r, look_up(r, t->name)) : VG_OK;
}

/* To the end, or to the closing tag of section. Recursion is bounded by TEMPLATE_DEPTH. */
static int render(struct render *r, const char **s, const char *end, const char *section_name, bool show)
{
	struct tag t;
	int rc = VG_OK;

	while (rc == VG_OK) {
		if (!next_tag(r, *s, end, &t))
			return VG_ERR_SYNTAX;
		if (t.kind == 0) {
			if (section_name != NULL) {
				fail(r, end, "a section is not closed");
				return VG_ERR_SYNTAX;
			}
			rc = show ? put(r, *s, end) : VG_OK;
			*s = end;
			return rc;
		}
		rc = show ? put(r, *s, t.begin) : VG_OK;
		*s = t.end;
		if (t.kind == '/') {
			if (section_name != NULL && strcmp(section_name, t.name) == 0)
				return rc;
			fail(r, t.begin, "it closes no open section");
			return VG_ERR_SYNTAX;
		}
		if (rc == VG_OK)
			rc = one_tag(r, &t, s, end, show);
	}
	return rc;
}

static int run(struct render *r, const char *text, size_t len, unsigned *line, const char **why)
{
	const char *s = text;
	int rc;

	r->text = text;
	r->why = "";
	rc = render(r, &s, text + len, NULL, true);
	*line = r->line;
	*why = r->why;
	return rc;
}

int template_render(struct buf *out, const char *text, size_t len, json_t *vars, unsigned *line, const char **why)
{
	struct render r = {.out = out, .stack = {vars}};

	return run(&r, text, len, line, why);
}

int template_check(const char *text, size_t len, const char *const *known, unsigned *line, const char **why)
{
	struct render r = {.known = known};

	return run(&r, text, len, line, why);
}
