/*
 * log_binxml.c - parser worker; chunks of hostile event logs. Called by log_evtx.c. Every length is compared with what is there, elements
 * need no recursion, templates and values in values are read BINXML_DEPTH deep, and all of it spends the caller's budget.
 */
#include "log_binxml.h"

#include <string.h>

#include "little.h"
#include "log_binxml_value.h"

#define BINXML_DEPTH 6
#define ELEMENTS_MAX 32
#define VALUES_MAX 256
#define CHUNK_HEADER 512 /* no name stands there */

enum token {
	T_END, T_ELEMENT, T_CLOSE_START, T_CLOSE_EMPTY, T_END_ELEMENT, T_VALUE, T_ATTRIBUTE, T_CDATA, T_CHARACTER, T_ENTITY,
	T_PI_TARGET, T_PI_DATA, T_TEMPLATE, T_SUBSTITUTION, T_OPTIONAL, T_FRAGMENT
};
#define T_MORE 0x40u /* attributes, or further values, follow */

/* What a template's substitutions are. */
struct values {
	size_t n;
	unsigned char type[VALUES_MAX];
	uint32_t at[VALUES_MAX], len[VALUES_MAX];
};

/* A place in the chunk, and what is open there. */
struct reader {
	struct binxml *x;
	size_t at, end;
	const struct values *values; /* NULL: not in a template */
	bool in_value;               /* a fragment of its own, in no template */
	bool in_tag, in_attribute;
	bool mute;                   /* an attribute that is not wanted */
	size_t open;
	uint32_t name[ELEMENTS_MAX]; /* of the open elements */
	unsigned depth;
};

static bool write_fragment(struct binxml *x, size_t at, size_t end, const struct values *values, bool in_value, unsigned depth);

static void put(struct reader *r, const char *s, size_t n)
{
	if (r->mute)
		return;
	if (n > r->x->budget) {
		r->x->budget = 0;
		return;
	}
	r->x->budget -= n;
	r->x->out(r->x->arg, s, n);
}

/* The next n bytes, passed; NULL where they are not there. */
static const unsigned char *take(struct reader *r, size_t n)
{
	const unsigned char *p = r->x->chunk + r->at;

	if (n > r->end - r->at)
		return NULL;
	r->at += n;
	return p;
}

/* A name in the chunk: next in its list, hash, number of characters, characters, NUL. How many bytes all that is; 0 for no name. */
static size_t name_size(const struct binxml *x, size_t at)
{
	size_t n;

	if (at < CHUNK_HEADER || at > x->size || x->size - at < 10)
		return 0;
	n = 10 + (size_t)2 * little16(x->chunk + at + 6);
	return n <= x->size - at ? n : 0;
}

/* Reads the offset of a name, and passes the name where it stands right here. */
static bool take_name(struct reader *r, uint32_t *name)
{
	const unsigned char *p = take(r, 4);
	size_t size = p != NULL ? name_size(r->x, little32(p)) : 0;

	if (size == 0)
		return false;
	*name = little32(p);
	return *name != r->at || take(r, size) != NULL;
}

static void put_name(struct reader *r, uint32_t name)
{
	char out[256];
	size_t used = 0, n = little16(r->x->chunk + name + 6);
	const unsigned char *p = r->x->chunk + name + 8;

	for (size_t i = 0; i < n && used + 1 < sizeof out; i++) {
		uint16_t u = little16(p + 2 * i);

		out[used++] = u > 0x20 && u < 0x7F && strchr("<>&\"'/=", u) == NULL ? (char)u : '_';
	}
	put(r, out, used);
}

static bool name_is(const struct binxml *x, uint32_t name, const char *wanted)
{
	size_t n = little16(x->chunk + name + 6);
	const unsigned char *p = x->chunk + name + 8;

	if (n != strlen(wanted))
		return false;
	for (size_t i = 0; i < n; i++)
		if (little16(p + 2 * i) != (unsigned char)wanted[i])
			return false;
	return true;
}

/* ---- values ---- */

static void put_escaped(void *arg, const char *s, size_t n)
{
	put(arg, s, n);
}

static bool put_value(struct reader *r, unsigned type, size_t at, size_t n)
{
	if (r->x->budget == 0)
		return false;
	r->x->budget--;
	if (type == BINXML_FRAGMENT)
		return n == 0 || r->mute || write_fragment(r->x, at, at + n, NULL, true, r->depth + 1);
	binxml_value(type, r->x->chunk + at, n, put_escaped, r);
	return true;
}

static bool substitute(struct reader *r)
{
	const unsigned char *p = take(r, 3);
	size_t i;

	if (p == NULL || r->values == NULL)
		return false;
	i = little16(p);
	/* What has no value: an optional one, or a template of a newer provider. */
	return i >= r->values->n || put_value(r, r->values->type[i], r->values->at[i], r->values->len[i]);
}

/* A text of the template itself: its type is always a string. */
static bool literal(struct reader *r)
{
	const unsigned char *p = take(r, 3);
	size_t n = p != NULL ? (size_t)2 * little16(p + 1) : 0;

	return p != NULL && p[0] == BINXML_STRING && take(r, n) != NULL && put_value(r, BINXML_STRING, r->at - n, n);
}

static bool cdata(struct reader *r)
{
	const unsigned char *p = take(r, 2);
	size_t n = p != NULL ? (size_t)2 * little16(p) : 0;

	return p != NULL && take(r, n) != NULL && put_value(r, BINXML_STRING, r->at - n, n);
}

static bool character(struct reader *r)
{
	return take(r, 2) != NULL && put_value(r, BINXML_STRING, r->at - 2, 2);
}

static bool entity(struct reader *r)
{
	uint32_t name;

	if (!take_name(r, &name))
		return false;
	put(r, "&", 1);
	put_name(r, name);
	put(r, ";", 1);
	return true;
}

/* ---- elements ---- */

static void end_attribute(struct reader *r)
{
	if (r->in_attribute)
		put(r, "\"", 1);
	r->in_attribute = r->mute = false;
}

/* Dependency id and size. In a value that is a fragment of its own, an element has no dependency id; there, what makes sense tells. */
static size_t before_name(const struct reader *r)
{
	const unsigned char *p = r->x->chunk + r->at;

	return r->in_value && (r->end - r->at < 10 || name_size(r->x, little32(p + 6)) == 0) ? 4 : 6;
}

static bool element(struct reader *r, bool attributes)
{
	uint32_t name;

	if (r->in_tag || r->open == ELEMENTS_MAX || take(r, before_name(r)) == NULL || !take_name(r, &name) ||
	    (attributes && take(r, 4) == NULL))
		return false;
	r->name[r->open++] = name;
	put(r, "<", 1);
	put_name(r, name);
	r->in_tag = true;
	return true;
}

static bool attribute(struct reader *r)
{
	uint32_t name;

	end_attribute(r);
	if (!r->in_tag || !take_name(r, &name))
		return false;
	r->mute = !name_is(r->x, name, "Name") && !name_is(r->x, name, "SystemTime");
	put(r, " ", 1);
	put_name(r, name);
	put(r, "=\"", 2);
	r->in_attribute = true;
	return true;
}

static bool close_start(struct reader *r, bool empty)
{
	end_attribute(r);
	if (!r->in_tag)
		return false;
	put(r, empty ? "/>" : ">", empty ? 2 : 1);
	r->in_tag = false;
	r->open -= empty;
	return true;
}

static bool end_element(struct reader *r)
{
	if (r->in_tag || r->open == 0)
		return false;
	put(r, "</", 2);
	put_name(r, r->name[--r->open]);
	put(r, ">", 1);
	return true;
}

/* ---- templates ---- */

/* Number of values; size and type of each; then the values, one behind the other. */
static bool take_values(struct reader *r, struct values *v)
{
	const unsigned char *p = take(r, 4);
	size_t n = p != NULL ? little32(p) : 0;

	v->n = n;
	if (p == NULL || n > VALUES_MAX || n > r->x->budget || (p = take(r, 4 * n)) == NULL)
		return false;
	r->x->budget -= n;
	for (size_t i = 0; i < n; i++) {
		v->len[i] = little16(p + 4 * i);
		v->type[i] = p[4 * i + 2];
		v->at[i] = (uint32_t)r->at;
		if (take(r, v->len[i]) == NULL)
			return false;
	}
	return true;
}

/* The definition stands right here where it is used first; later ones refer to it. */
static bool template_instance(struct reader *r)
{
	const unsigned char *p = take(r, 9), *definition;
	struct values values;
	size_t at, size;

	if (p == NULL)
		return false;
	at = little32(p + 5);
	if (at > r->x->size || r->x->size - at < 24)
		return false;
	definition = r->x->chunk + at;
	size = little32(definition + 20);
	if (size > r->x->size - at - 24 || (at == r->at && take(r, 24 + size) == NULL) || !take_values(r, &values))
		return false;
	return write_fragment(r->x, at + 24, at + 24 + size, &values, false, r->depth + 1);
}

/* ---- all ---- */

static bool pass_instruction(struct reader *r, enum token t)
{
	const unsigned char *p;
	uint32_t name;

	if (t == T_PI_TARGET)
		return take_name(r, &name);
	return (p = take(r, 2)) != NULL && take(r, (size_t)2 * little16(p)) != NULL;
}

static bool take_token(struct reader *r, enum token t, bool more)
{
	switch (t) {
	case T_ELEMENT:
		return element(r, more);
	case T_CLOSE_START:
	case T_CLOSE_EMPTY:
		return close_start(r, t == T_CLOSE_EMPTY);
	case T_END_ELEMENT:
		return end_element(r);
	case T_VALUE:
		return literal(r);
	case T_ATTRIBUTE:
		return attribute(r);
	case T_CDATA:
		return cdata(r);
	case T_CHARACTER:
		return character(r);
	case T_ENTITY:
		return entity(r);
	case T_PI_TARGET:
	case T_PI_DATA:
		return pass_instruction(r, t);
	case T_TEMPLATE:
		return template_instance(r);
	case T_SUBSTITUTION:
	case T_OPTIONAL:
		return substitute(r);
	case T_FRAGMENT:
		return take(r, 3) != NULL;
	case T_END:
		break;
	}
	return false;
}

static bool write_fragment(struct binxml *x, size_t at, size_t end, const struct values *values, bool in_value, unsigned depth)
{
	struct reader r = {.x = x, .at = at, .end = end, .values = values, .in_value = in_value, .depth = depth};
	const unsigned char *p;

	if (depth > BINXML_DEPTH)
		return false;
	while (x->budget > 0 && (p = take(&r, 1)) != NULL) {
		unsigned t = *p & ~T_MORE;

		x->budget--;
		if (t == T_END)
			return r.open == 0;
		if (t > T_FRAGMENT || !take_token(&r, (enum token)t, (*p & T_MORE) != 0))
			return false;
	}
	return x->budget > 0 && r.open == 0;
}

bool binxml_write(struct binxml *x, size_t at, size_t end)
{
	return end <= x->size && at <= end && write_fragment(x, at, end, NULL, false, 0);
}
