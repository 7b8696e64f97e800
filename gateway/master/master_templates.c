/*
 * master_templates.c - reads the texts of letters (master_templates.h). Folders with the name of a language tag hold that language's.
 */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "err.h"
#include "letter.h"
#include "master_templates.h"
#include "template.h"
#include "utf8.h"

#define TEMPLATE_MAX 49152u

struct loading {
	const char *dir;
	struct template_file *files; /* LETTER_TEXTS_MAX */
	size_t n;
	struct fault *f;
};

void
master_templates_free(struct template_file **t, size_t *n)
{
	while (*t && *n > 0)
		buf_free(&(*t)[--*n].text);
	free(*t);
	*t = NULL;
	*n = 0;
}

static int
check(const struct loading *l, const char *path, unsigned kind, const struct buf *text)
{
	const char *s = (const char *)text->data, *why;
	unsigned line;
	int rc;

	if (text->len == 0 || memchr(s, '\0', text->len) || !utf8_valid(s, text->len))
		return fault_set(l->f, EX_CONFIG, "template %s: it must be UTF-8 text, and not empty", path);
	rc = kind == LETTER_WORDS ? letter_words_check(s, text->len, &line, &why) : template_check(s, text->len, letter_values, &line, &why);
	return rc == VG_OK ? VG_OK : fault_set(l->f, EX_CONFIG, "template %s:%u: %s", path, line, why);
}

/* Nothing where the file is not there. */
static int
load_one(struct loading *l, const char *name, unsigned kind)
{
	struct template_file *t = &l->files[l->n];
	char path[PATH_MAX];
	int rc;

	if ((size_t)snprintf(path, sizeof(path), "%s/%s", l->dir, name) >= sizeof(path))
		return fault_set(l->f, EX_CONFIG, "templates %s: the name is too long", l->dir);
	if (access(path, F_OK) != 0 && errno == ENOENT)
		return VG_OK;
	if (l->n == LETTER_TEXTS_MAX)
		return fault_set(l->f, EX_CONFIG, "templates %s: more than %u files", l->dir, LETTER_TEXTS_MAX);
	rc = master_read_file("template", path, TEMPLATE_MAX, &t->text, l->f);
	if (rc == VG_OK)
		rc = check(l, path, kind, &t->text);
	if (rc != VG_OK) {
		buf_free(&t->text);
		return VG_ERR_CONFIG;
	}
	snprintf(t->name, sizeof(t->name), "%s", name);
	l->n++;
	return VG_OK;
}

/* language: a tag, or "". */
static int
load_language(struct loading *l, const char *language)
{
	char name[LETTER_FILE_MAX + 1];
	int rc = VG_OK;

	for (unsigned k = LETTER_WORDS; k < LETTER_KINDS && rc == VG_OK; k++) {
		snprintf(name, sizeof(name), "%s%s%s", language, *language != '\0' ? "/" : "", letter_file(k));
		rc = load_one(l, name, k);
	}
	return rc;
}

static int
load_all(struct loading *l)
{
	DIR *d = opendir(l->dir);
	struct dirent *e;
	int rc;

	if (!d)
		return fault_set(l->f, EX_CONFIG, "templates %s: no such folder", l->dir);
	rc = load_language(l, "");
	while (rc == VG_OK && (e = readdir(d)))
		if (letter_language_ok(e->d_name))
			rc = load_language(l, e->d_name);
	closedir(d);
	return rc;
}

int
master_templates_load(const struct conf *c, struct template_file **out, size_t *n, struct fault *f)
{
	struct loading l = { .dir = c->templates, .f = f };
	int rc;

	*out = NULL;
	*n = 0;
	if (!c->templates)
		return VG_OK;
	if (!(l.files = calloc(LETTER_TEXTS_MAX + 1, sizeof(*l.files))))
		return fault_set(f, EX_OSERR, "no memory");
	rc = load_all(&l);
	if (rc != VG_OK)
		master_templates_free(&l.files, &l.n);
	*out = l.files;
	*n = l.n;
	return rc;
}
