/*
 * products.c - parser worker for prose and logs; also whoever maps a product to a route. Tables and matching; versions are in
 * products_version.c. The table is filled before threads start and read only from then on.
 */
#include "products.h"

#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "ascii.h"
#include "err.h"
#include "products_private.h"

#define ROW(kind, id, text, more) {(kind), (char[]){id}, (char[]){text}, (more)},
#define PRODUCT(id, name) ROW(PRODUCT_NAME, id, name, NULL)
#define FORM(id, words) ROW(PRODUCT_FORM, id, words, NULL)
#define PROGRAM(id, beginning) ROW(PRODUCT_PROGRAM, id, beginning, NULL)
#define BUILD(id, number, release) ROW(PRODUCT_BUILD, id, number, (char[]){release})
static const struct product_row built_in[] = {
#include "conf/products.table.inc"
};
#define BUILT_IN ASCII_COUNT(built_in)

/* Forms by their first two bytes, each list in the order of their bytes. Number 0 ends a list, row i stands as i + 1. shared: bytes that
 * a form begins with as the one before it in its list does: where that one failed within them, this one does. */
#define BUCKETS 512
static uint16_t first[BUCKETS], next[BUILT_IN + PRODUCT_ROWS_MAX];
static uint8_t shared[BUILT_IN + PRODUCT_ROWS_MAX];
static uint16_t names[BUILT_IN + PRODUCT_ROWS_MAX]; /* rows that are names */
static size_t n_names;
static struct product_row *own;
static size_t n_own;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static const struct product_row *row(size_t i)
{
	return i < BUILT_IN ? &built_in[i] : &own[i - BUILT_IN];
}

static unsigned bucket(const char *s)
{
	return ((unsigned char)ascii_fold(s[0]) * 31u + (unsigned char)ascii_fold(s[1])) % BUCKETS;
}

static uint8_t share(const char *a, const char *b)
{
	uint8_t n = 0;

	while (n < UINT8_MAX && a[n] != '\0' && a[n] == b[n])
		n++;
	return n;
}

static void index_row(size_t i)
{
	const char *text = row(i)->text;
	uint16_t *at, before = 0;

	if (row(i)->kind == PRODUCT_NAME)
		names[n_names++] = (uint16_t)i;
	if (row(i)->kind != PRODUCT_FORM || text[0] == '\0' || text[1] == '\0')
		return;
	for (at = &first[bucket(text)]; *at > 0 && strcmp(row(*at - 1u)->text, text) < 0; at = &next[before - 1])
		before = *at;
	next[i] = *at;
	*at = (uint16_t)(i + 1);
	shared[i] = before > 0 ? share(row(before - 1u)->text, text) : 0;
	if (next[i] > 0)
		shared[next[i] - 1] = share(text, row(next[i] - 1u)->text);
}

static void index_built_in(void)
{
	for (size_t i = 0; i < BUILT_IN; i++)
		index_row(i);
}

static bool copy_row(struct product_row *to, const struct product_row *from)
{
	*to = (struct product_row){from->kind, strdup(from->id), strdup(from->text), from->more != NULL ? strdup(from->more) : NULL};
	return to->id != NULL && to->text != NULL && (from->more == NULL || to->more != NULL);
}

int products_use(const struct product_row *rows, size_t n)
{
	pthread_once(&once, index_built_in);
	if (n == 0)
		return VG_OK;
	if (n > PRODUCT_ROWS_MAX || own != NULL)
		return VG_ERR_LIMIT;
	own = calloc(n, sizeof(*own));
	if (own == NULL)
		return VG_ERR_MEMORY;
	for (; n_own < n; n_own++) {
		if (!copy_row(&own[n_own], &rows[n_own]))
			return VG_ERR_MEMORY;
		index_row(BUILT_IN + n_own);
	}
	return VG_OK;
}

/* s, len bytes and not empty, is the word of a row in any case. */
static bool is_word(const char *word, const char *s, size_t len)
{
	return ascii_fold(word[0]) == ascii_fold(s[0]) && strlen(word) == len && strncasecmp(word, s, len) == 0;
}

/* The newest row that is this product's name, by id. */
static const struct product_row *named(const char *id, size_t len)
{
	pthread_once(&once, index_built_in);
	for (size_t i = len > 0 ? n_names : 0; i > 0; i--)
		if (is_word(row(names[i - 1])->id, id, len))
			return row(names[i - 1]);
	return NULL;
}

const char *product_id(const char *name)
{
	size_t len = strlen(name);
	const struct product_row *r;

	ascii_trim(&name, &len);
	if (len == 0)
		return NULL;
	if ((r = named(name, len)) != NULL)
		return r->id;
	for (size_t i = BUILT_IN + n_own; i > 0; i--) {
		r = row(i - 1);
		if ((r->kind == PRODUCT_NAME || r->kind == PRODUCT_FORM) && is_word(r->text, name, len))
			return r->id;
	}
	return NULL;
}

const char *product_name(const char *id)
{
	const struct product_row *r = named(id, strlen(id));

	return r != NULL ? r->text : NULL;
}

const struct product_row *product_build(const char *id, const char *version, size_t len)
{
	if (len > 1 && ascii_fold(version[0]) == 'v' && ascii_digit(version[1])) {
		version++;
		len--;
	}
	for (size_t i = BUILT_IN + n_own; i > 0; i--) {
		const struct product_row *r = row(i - 1);
		size_t n = r->kind == PRODUCT_BUILD ? strlen(r->text) : len + 1;

		if (n <= len && memcmp(r->text, version, n) == 0 && (n == len || version[n] == ' ') && (id == NULL || strcmp(r->id, id) == 0))
			return r;
	}
	return NULL;
}

bool product_release(const char *name, const char *version, char *release, size_t cap, const char **of)
{
	const char *id = name != NULL ? product_id(name) : NULL;
	const struct product_row *r;

	if (name != NULL && id == NULL)
		return false;
	if ((version[0] == 'v' || version[0] == 'V') && ascii_digit(version[1]))
		version++;
	if ((r = product_build(id, version, strlen(version))) == NULL)
		return false;
	if (of != NULL)
		*of = product_name(r->id);
	return snprintf(release, cap, "%s%s", r->more, version + strlen(r->text)) < (int)cap;
}

/* ---- prose ---- */

/* Bytes of the one mark of a gap at s; 0 for none. */
static size_t gap_mark(const char *s, size_t len, bool hyphen)
{
	if (len == 0)
		return 0;
	switch ((unsigned char)s[0]) {
	case ' ': case '\t': case '\n': case '\r':
		return 1;
	case '-':
		return hyphen;
	case 0xC2: /* no-break space, registered */
		return len > 1 && ((unsigned char)s[1] == 0xA0 || (unsigned char)s[1] == 0xAE) ? 2 : 0;
	case 0xE2:
		return ascii_starts(s, len, "\xE2\x84\xA2") ? 3 : 0;
	case '(':
		return ascii_starts(s, len, "(r)") ? 3 : ascii_starts(s, len, "(tm)") ? 4 : 0;
	default:
		return 0;
	}
}

size_t products_gap(const char *s, size_t len, bool hyphen)
{
	size_t i = 0, n;

	for (int step = 0; step < 8 && (n = gap_mark(s + i, len - i, hyphen)) > 0; step++)
		i += n;
	return i;
}

/* Bytes of s that a form takes; 0 where it does not stand there. *agreed: bytes of the form before the one that failed. */
static size_t form_length(const char *begin, const char *s, size_t len, size_t *agreed)
{
	size_t i = 0;

	for (const char *form = begin; *form != '\0'; form++) {
		size_t n = 1;

		*agreed = (size_t)(form - begin);
		if (*form == ' ') {
			if ((n = products_gap(s + i, len - i, true)) == 0)
				return 0;
		} else if (i == len || *form != (ascii_upper(*form) ? s[i] : ascii_fold(s[i]))) {
			return 0;
		} else if (*form == '&' && ascii_starts(s + i, len - i, "&amp;")) {
			n = 5;
		}
		i += n;
		(*agreed)++;
	}
	/* VBR12.1 and VBRv12, but VBR01 is a host. */
	if (i < len && (ascii_digit(s[i]) || ascii_fold(s[i]) == 'v')) {
		struct version v;

		version_read(&v, s + i, len - i);
		return v.len > 0 && (v.parts > 1 || v.marked) ? i : 0;
	}
	/* vbr.partner.example, VBR\\admin, vbr@ and vbr_1 are names of something else. */
	if (i < len && (ascii_alnum(s[i]) || strchr("@\\_", s[i]) != NULL || (s[i] == '.' && i + 1 < len && ascii_alnum(s[i + 1]))))
		return 0;
	return i;
}

/* The longest form at s; the newest of equal ones. 0 for none. */
static size_t form_at(const char *s, size_t len, const struct product_row **which)
{
	size_t best = 0, agreed = 0;
	unsigned newest = 0;

	if (len < 2)
		return 0;
	for (unsigned i = first[bucket(s)]; i > 0; i = next[i - 1]) {
		size_t n = shared[i - 1] > agreed ? 0 : form_length(row(i - 1)->text, s, len, &agreed);

		if (n > best || (n > 0 && n == best && i > newest)) {
			best = n;
			newest = i;
		}
	}
	if (best > 0)
		*which = row(newest - 1);
	return best;
}

/* Whether a word may begin at text[i]: not inside one, nor behind what joins it to a host name, a path, an address. */
static bool begins_word(const char *text, size_t i)
{
	if (i == 0)
		return true;
	switch (text[i - 1]) {
	case '@': case '\\': case '/': case '.': case '_': case '\0':
		return false;
	case '-':
		return i == 1 || !ascii_alnum(text[i - 2]);
	default:
		return !ascii_alnum(text[i - 1]);
	}
}

struct found {
	const struct product_row *which;
	struct version number;
	char version[PRODUCT_VERSION_MAX];
	const char *after_maker; /* behind the first "veeam" that is no product's name */
};

/* Behind "veeam", "veeam backup", "veeam agent", which say too little to be a product; NULL. */
static const char *behind_maker(const char *s, size_t len)
{
	static const char *const words[] = {"veeam backup ", "veeam agent ", "veeam "};

	for (size_t k = 0; ascii_fold(s[0]) == 'v' && k < ASCII_COUNT(words); k++)
		if (ascii_starts(s, len, words[k]))
			return s + strlen(words[k]);
	return NULL;
}

static size_t next_word(const char *text, size_t len, size_t i)
{
	while (i < len && ascii_alnum(text[i]))
		i++;
	while (i < len && !ascii_alnum(text[i]))
		i++;
	return i;
}

/* Walks over the names in text until the first product's has a version. */
static void walk_names(struct found *f, const char *text, size_t len)
{
	const struct product_row *which;

	for (size_t i = 0, n; i < len;) {
		if (!ascii_alpha(text[i]) || !begins_word(text, i)) {
			i = next_word(text, len, i);
			continue;
		}
		if ((n = form_at(text + i, len - i, &which)) == 0) {
			if (f->after_maker == NULL)
				f->after_maker = behind_maker(text + i, len - i);
			i = next_word(text, len, i);
			continue;
		}
		i += n;
		if (f->which == NULL)
			f->which = which;
		if (strcmp(which->id, f->which->id) == 0 &&
		    version_behind(text + i, len - i, false, f->version, sizeof(f->version), &f->number))
			return;
	}
}

void product_find(const char *text, size_t len, const char **name, char *version, size_t cap)
{
	struct found f = {.which = NULL};
	const char *of = NULL, *end = text + len;
	bool said;

	pthread_once(&once, index_built_in);
	walk_names(&f, text, len);
	said = f.version[0] != '\0' ||
	    (f.which == NULL && f.after_maker != NULL && version_behind(f.after_maker, (size_t)(end - f.after_maker), false,
	        f.version, sizeof(f.version), &f.number)) ||
	    version_anywhere(text, len, f.version, sizeof(f.version), &f.number);
	if (!said)
		f.number.parts = 0;
	if (f.number.parts < VERSION_PARTS)
		version_exact(text, len, &f.number, f.which != NULL ? f.which->id : NULL, f.version, sizeof(f.version), &of);
	if (f.which == NULL && of == NULL && f.number.parts == VERSION_PARTS) {
		const struct product_row *r = product_build(NULL, f.version, strlen(f.version));

		of = r != NULL ? r->id : NULL;
	}
	*name = f.which != NULL ? product_name(f.which->id) : of != NULL ? product_name(of) : NULL;
	if (strlen(f.version) >= cap)
		f.version[0] = '\0';
	memcpy(version, f.version, strlen(f.version) + 1);
}

const char *product_by_module(const char *module, size_t len)
{
	const struct product_row *best = NULL;

	for (size_t i = len; i > 0; i--)
		if (module[i - 1] == '\\' || module[i - 1] == '/') {
			module += i;
			len -= i;
			break;
		}
	for (size_t i = 0; i < BUILT_IN + n_own; i++)
		if (row(i)->kind == PRODUCT_PROGRAM && (best == NULL || strlen(row(i)->text) >= strlen(best->text)) &&
		    ascii_starts(module, len, row(i)->text))
			best = row(i);
	return best != NULL ? product_name(best->id) : NULL;
}
