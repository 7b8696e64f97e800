/*
 * mime_type.c - reads content types. Runs in the parser worker and in `vcspgate parse`; the value is hostile and bounded by the
 * pre-scan. Linear.
 */
#include <gmime/gmime.h>
#include <string.h>
#include <strings.h>

#include "ascii.h"
#include "err.h"
#include "mime.h"
#include "mime_type.h"

#define PLAIN_MAX 12 /* parameters of a type that is read here */

struct word {
	const char *s;
	size_t len;
};

/* A type while it is read: only what no reader could understand otherwise. */
struct plain {
	const char *s, *end;
	struct word type, subtype;
	struct word names[PLAIN_MAX], values[PLAIN_MAX];
	size_t n;
};

static void skip_blanks(struct plain *p)
{
	while (p->s < p->end && (ascii_blank(*p->s) || *p->s == '\r' || *p->s == '\n'))
		p->s++;
}

static bool take(struct plain *p, char c)
{
	if (p->s == p->end || *p->s != c)
		return false;
	p->s++;
	return true;
}

/* Letters, digits and these; true: there is at least one. */
static bool take_word(struct plain *p, const char *others, struct word *out)
{
	out->s = p->s;
	while (p->s < p->end && (ascii_alnum(*p->s) || (*p->s != '\0' && strchr(others, *p->s) != NULL)))
		p->s++;
	out->len = (size_t)(p->s - out->s);
	return out->len > 0;
}

/* "…" on one line, without quoted pairs or encoded words. */
static bool take_quoted(struct plain *p, struct word *out)
{
	out->s = p->s;
	while (p->s < p->end && *p->s >= ' ' && *p->s < 0x7f && *p->s != '"' && *p->s != '\\')
		p->s++;
	out->len = (size_t)(p->s - out->s);
	return take(p, '"') && out->len > 0 && ascii_find(out->s, out->len, "=?") == NULL;
}

static bool same_name(const struct word *a, const struct word *b)
{
	return a->len == b->len && strncasecmp(a->s, b->s, a->len) == 0;
}

static bool take_parameter(struct plain *p)
{
	struct word *name = &p->names[p->n], *value = &p->values[p->n];

	if (p->n == PLAIN_MAX || !take_word(p, "-_.", name))
		return false;
	for (size_t i = 0; i < p->n; i++)
		if (same_name(&p->names[i], name))
			return false;
	if (!take(p, '=') || !(take(p, '"') ? take_quoted(p, value) : take_word(p, "-_.+!#$&^{}|~", value)))
		return false;
	p->n++;
	return true;
}

static bool read_plain(struct plain *p)
{
	skip_blanks(p);
	if (!take_word(p, "-+._", &p->type) || !take(p, '/') || !take_word(p, "-+._", &p->subtype))
		return false;
	for (;;) {
		skip_blanks(p);
		if (p->s == p->end)
			return true;
		if (!take(p, ';'))
			return false;
		skip_blanks(p);
		if (p->s == p->end)
			return true;
		if (!take_parameter(p))
			return false;
	}
}

/* Room for n parameters. */
static struct mime_type_parameter *room(struct mime_type *out, struct arena *a, size_t n)
{
	struct mime_type_parameter *list = n > 0 ? arena_alloc(a, n * sizeof *list) : NULL;

	out->parameters = list;
	out->n = list != NULL ? n : 0;
	return list;
}

static int keep_plain(struct mime_type *out, struct arena *a, const struct plain *p)
{
	struct mime_type_parameter *list = room(out, a, p->n);

	if (out->n != p->n)
		return VG_ERR_MEMORY;
	out->type = arena_strndup(a, p->type.s, p->type.len);
	out->subtype = arena_strndup(a, p->subtype.s, p->subtype.len);
	for (size_t i = 0; i < p->n; i++) {
		list[i].name = arena_strndup(a, p->names[i].s, p->names[i].len);
		list[i].value = arena_strndup(a, p->values[i].s, p->values[i].len);
		if (list[i].name == NULL || list[i].value == NULL)
			return VG_ERR_MEMORY;
	}
	return out->type != NULL && out->subtype != NULL ? VG_OK : VG_ERR_MEMORY;
}

static const char *copy(struct arena *a, const char *s)
{
	return arena_strdup(a, s != NULL ? s : "");
}

static int keep_gmime(struct mime_type *out, struct arena *a, GMimeContentType *t)
{
	GMimeParamList *params = g_mime_content_type_get_parameters(t);
	int count = params != NULL ? g_mime_param_list_length(params) : 0;
	size_t n = count < MIME_TYPE_PARAMETERS ? (size_t)count : MIME_TYPE_PARAMETERS;
	struct mime_type_parameter *list = room(out, a, n);

	if (out->n != n)
		return VG_ERR_MEMORY;
	out->type = copy(a, g_mime_content_type_get_media_type(t));
	out->subtype = copy(a, g_mime_content_type_get_media_subtype(t));
	for (size_t i = 0; i < n; i++) {
		GMimeParam *param = g_mime_param_list_get_parameter_at(params, (int)i);

		list[i].name = copy(a, g_mime_param_get_name(param));
		list[i].value = copy(a, g_mime_content_type_get_parameter(t, g_mime_param_get_name(param)));
		if (list[i].name == NULL || list[i].value == NULL)
			return VG_ERR_MEMORY;
	}
	return out->type != NULL && out->subtype != NULL ? VG_OK : VG_ERR_MEMORY;
}

/* GMime would keep the line ends of a folded "quoted value". */
static char *unfolded(const char *value, size_t n)
{
	char *text = g_strndup(value, n);
	size_t k = 0;

	for (size_t i = 0; text[i] != '\0'; i++)
		if (text[i] != '\r' && text[i] != '\n')
			text[k++] = text[i];
	text[k] = '\0';
	return text;
}

static int read_by_gmime(struct mime_type *out, struct arena *a, const char *value, size_t n)
{
	char *text = unfolded(value, n);
	GMimeContentType *t = g_mime_content_type_parse(mime_options, text);
	int err;

	g_free(text);
	if (t == NULL)
		return VG_ERR_MEMORY;
	err = keep_gmime(out, a, t);
	g_object_unref(t);
	return err;
}

int mime_type_read(struct mime_type *out, struct arena *a, const char *value, size_t n)
{
	struct plain p;

	p.s = value;
	p.end = value + n;
	p.n = 0;
	return read_plain(&p) ? keep_plain(out, a, &p) : read_by_gmime(out, a, value, n);
}

bool mime_type_is(const struct mime_type *t, const char *type, const char *subtype)
{
	return strcasecmp(t->type, type) == 0 && (strcmp(subtype, "*") == 0 || strcasecmp(t->subtype, subtype) == 0);
}

const char *mime_type_parameter(const struct mime_type *t, const char *name)
{
	for (size_t i = 0; i < t->n; i++)
		if (strcasecmp(t->parameters[i].name, name) == 0)
			return t->parameters[i].value;
	return NULL;
}
