/*
 * errors_fold.c - parser worker; findings from hostile logs and mails. One failure is reported by each layer it passes: `X`,
 * `Failed to process VM. Error: X`, `Job finished with error`. Called by errors.c.
 */
#include <stdlib.h>
#include <string.h>

#include "ascii.h"
#include "errors_private.h"

#define ROOT_MIN 10 /* bytes of a normalised text that can be told in another one */
#define ROOT_MAX 400 /* a longer one is told nowhere */

/* The texts as fingerprints see them. */
struct norms {
	char *memory;
	const char *text[ERRORS_MAX];
	size_t len[ERRORS_MAX];
	const char *inner[ERRORS_MAX]; /* what stands behind the last `Error: `; "" none */
};

/* Behind the last `error: `, `exception: ` or `details: ` of a text. */
static const char *inner_of(const char *text)
{
	static const char *const marks[] = {"error: ", "exception: ", "details: ", "reason: "};
	const char *inner = NULL, *end = text + strlen(text);

	for (size_t i = 0; i < ASCII_COUNT(marks); i++) {
		const char *at = text;

		while ((at = ascii_find(at, (size_t)(end - at), marks[i])) != NULL) {
			at += strlen(marks[i]);
			if (inner == NULL || at > inner)
				inner = at;
		}
	}
	return inner;
}

/* False on no memory. */
static bool norms_make(struct norms *n, const struct error_entry *list, size_t count)
{
	size_t room = 0, used = 0;

	for (size_t i = 0; i < count; i++)
		room += 2 * (list[i].text != NULL ? strlen(list[i].text) : 0) + 2;
	if ((n->memory = malloc(room + 1)) == NULL)
		return false;
	for (size_t i = 0; i < count; i++) {
		const char *text = list[i].text != NULL ? list[i].text : "", *inner = inner_of(text);

		n->text[i] = n->memory + used;
		n->len[i] = fingerprint_normalise(n->memory + used, strlen(text) + 1, text, strlen(text));
		used += n->len[i] + 1;
		n->inner[i] = n->memory + used;
		if (inner != NULL)
			used += fingerprint_normalise(n->memory + used, strlen(inner) + 1, inner, strlen(inner));
		else
			n->memory[used] = '\0';
		used++;
	}
	return true;
}

static bool same(const char *a, const char *b)
{
	return a != NULL && b != NULL && strcmp(a, b) == 0;
}

/* Where `part` stands as whole words in `whole`; NULL: nowhere. */
static const char *words_in(const char *whole, size_t len, const char *part, size_t part_len)
{
	const char *at = whole, *end = whole + len;

	while ((at = memmem(at, (size_t)(end - at), part, part_len)) != NULL) {
		if ((at == whole || at[-1] == ' ') && (at + part_len == end || at[part_len] == ' '))
			return at;
		at++;
	}
	return NULL;
}

/* Two of which one holds the other's words: whether the inner one (in) is the root. Else the outer is. */
static bool inner_is_root(const struct error_entry *in, const struct error_entry *out, bool prefix)
{
	if (in->origin != out->origin)
		return in->origin < out->origin;
	if (in->class != out->class)
		return in->class < out->class;
	if ((in->code != NULL) != (out->code != NULL))
		return in->code != NULL;
	/* What goes on behind the same beginning says more. */
	return !prefix;
}

static bool is_named(const struct error_entry *e)
{
	return e->exception != NULL || e->code != NULL;
}

/* What stands behind outer's `Error: ` is told by root, which says more. */
static bool wraps(const struct norms *n, const struct error_entry *list, size_t outer, size_t root)
{
	size_t len = strlen(n->inner[outer]);

	return len >= ROOT_MIN && len <= ROOT_MAX && memchr(n->inner[outer], ' ', len) != NULL &&
	    list[outer].origin == list[root].origin &&
	    list[root].class <= list[outer].class && words_in(n->text[root], n->len[root], n->inner[outer], len) != NULL &&
	    n->inner[root][0] == '\0';
}

/* Whether a and b are one failure; *root: which of them to show. */
static bool one_failure(const struct norms *n, const struct error_entry *list, size_t a, size_t b, size_t *root)
{
	const struct error_entry *ea = &list[a], *eb = &list[b];
	size_t in = n->len[a] <= n->len[b] ? a : b, out = in == a ? b : a;
	const char *at;

	if (ea->severity != eb->severity || ea->weak != eb->weak)
		return false;
	if (ea->code != NULL && eb->code != NULL && !same(ea->code, eb->code))
		return false;
	if (n->len[in] >= ROOT_MIN && n->len[in] <= ROOT_MAX && memchr(n->text[in], ' ', n->len[in]) != NULL &&
	    (at = words_in(n->text[out], n->len[out], n->text[in], n->len[in])) != NULL) {
		if (n->len[in] == n->len[out])
			*root = is_named(ea) || !is_named(eb) ? a : b;
		else
			*root = inner_is_root(&list[in], &list[out], at == n->text[out]) ? in : out;
		return true;
	}
	if (wraps(n, list, b, a) || wraps(n, list, a, b)) {
		*root = wraps(n, list, b, a) ? a : b;
		return true;
	}
	/* Two wrappers of the same: the first stands for it. */
	if (strlen(n->inner[a]) >= ROOT_MIN && strcmp(n->inner[a], n->inner[b]) == 0) {
		*root = ea->origin <= eb->origin ? a : b;
		return true;
	}
	return false;
}

/* What the folded entry knows beyond its root. */
static void merge(struct error_shown *root, const struct error_shown *other)
{
	if (root->code == NULL)
		root->code = other->code;
	if (root->component == NULL)
		root->component = other->component;
	if (root->first_at[0] == '\0' || (other->first_at[0] != '\0' && strcmp(other->first_at, root->first_at) < 0))
		root->first_at = other->first_at;
	if (root->last_at[0] == '\0' || strcmp(other->last_at, root->last_at) > 0)
		root->last_at = other->last_at;
	root->cited = root->cited || other->cited || root->e->origin != other->e->origin;
}

static void show(struct error_shown *s, const struct error_entry *e)
{
	s->e = e;
	s->code = e->code;
	s->component = e->component;
	s->first_at = e->first_at;
	s->last_at = e->last_at;
	s->cited = e->cited;
	s->stale = false;
}

/* Drops what says less than others do: statuses beside errors, wrappers beside causes. */
static bool is_superfluous(const struct error_entry *e, bool strong, bool cause)
{
	return e->text == NULL || (e->weak && strong) ||
	    (e->class == CLASS_WRAPPER && e->severity == SEVERITY_ERROR && e->origin == ORIGIN_ATTACHMENT && cause);
}

static void fold_pairs(const struct norms *n, const struct error_entry *list, struct error_shown *shown, bool *gone, size_t count)
{
	for (size_t a = 0; a < count; a++)
		for (size_t b = a + 1; b < count && !gone[a]; b++) {
			size_t root, other;

			if (gone[b] || !one_failure(n, list, a, b, &root))
				continue;
			other = root == a ? b : a;
			merge(&shown[root], &shown[other]);
			gone[other] = true;
		}
}

size_t errors_fold(struct error_shown *out, const struct error_entry *list, size_t n)
{
	struct norms norms; /* large, and filled as far as there are entries */
	bool gone[ERRORS_MAX], strong = false, cause = false;
	size_t used = 0;

	for (size_t i = 0; i < n; i++) {
		bool of_log = list[i].origin == ORIGIN_ATTACHMENT && list[i].severity == SEVERITY_ERROR && list[i].text != NULL;

		strong = strong || (of_log && !list[i].weak);
		cause = cause || (of_log && !list[i].weak && list[i].class != CLASS_WRAPPER);
	}
	for (size_t i = 0; i < n; i++) {
		show(&out[i], &list[i]);
		gone[i] = is_superfluous(&list[i], strong, cause);
	}
	/* Without memory for the comparison all are shown. */
	if (norms_make(&norms, list, n))
		fold_pairs(&norms, list, out, gone, n);
	free(norms.memory);
	for (size_t i = 0; i < n; i++)
		if (!gone[i])
			out[used++] = out[i];
	return used;
}
