/*
 * unpack.c - walks messages in files. Runs in the parser worker and in `vcspgate parse`; the files are hostile. Depth is counted,
 * members and bytes go on the budget that all archives of the message share.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "archive_form.h"
#include "ascii.h"
#include "err.h"
#include "inspect.h"
#include "outlook_msg.h"
#include "pkcs7.h"
#include "tnef.h"
#include "unpack_private.h"
#include "utf8.h"

#define TEXT_MAX (8u << 20)

enum unpack_form unpack_form(const char *name, const char *type, const unsigned char *head, size_t n)
{
	static const char *const mails[] = {"message/rfc822", "message/global", "message/rfc2822", "message/news"};
	size_t len = strlen(name);

	if (tnef_is(head, n))
		return UNPACK_TNEF;
	if (outlook_msg_is(head, n) && (ascii_ends(name, len, ".msg") || ascii_ends(name, len, ".oft") ||
	    ascii_is(type, strlen(type), "application/vnd.ms-outlook") || strchr(name, '.') == NULL))
		return UNPACK_MSG;
	if (pkcs7_is_signed(head, n) && (ascii_ends(name, len, ".p7m") || ascii_find(type, strlen(type), "pkcs7-mime") != NULL))
		return UNPACK_SIGNED;
	if (n == 0 || memchr(head, 0, n < 512 ? n : 512) != NULL)
		return UNPACK_NONE;
	for (size_t i = 0; i < ASCII_COUNT(mails); i++)
		if (ascii_is(type, strlen(type), mails[i]))
			return UNPACK_MAIL;
	/* Other kinds, delivery reports among them, get that name where they have none. */
	return (ascii_ends(name, len, ".eml") || ascii_ends(name, len, ".mht") || ascii_ends(name, len, ".mhtml")) &&
	    !ascii_starts(type, strlen(type), "message/") ? UNPACK_MAIL : UNPACK_NONE;
}

/* ---- names ---- */

static bool name_taken(const struct unpack_names *names, const char *name)
{
	for (size_t i = 0; i < names->n; i++)
		if (strcmp(names->list[i], name) == 0)
			return true;
	return false;
}

/* "a.log", "a (2).log", … */
static void number_name(char *out, size_t cap, const char *name, unsigned number)
{
	const char *dot = strrchr(name, '.');
	size_t stem = dot != NULL && dot != name ? (size_t)(dot - name) : strlen(name);

	snprintf(out, cap, "%.*s (%u)%s", (int)stem, name, number, name + stem);
}

void unpack_path(char out[ARCHIVE_PATH_MAX + 1], struct unpack_names *names, const char *name, const char *type)
{
	char bare[256], one[288];
	size_t used = strlen(names->prefix);
	char **list;

	inspect_name(bare, sizeof bare, name, type);
	snprintf(one, sizeof one, "%s", bare);
	for (unsigned i = 2; i < 1000 && name_taken(names, one); i++)
		number_name(one, sizeof one, bare, i);
	if (names->n == names->cap) {
		size_t cap = names->cap > 0 ? 2 * names->cap : 16;

		list = realloc(names->list, cap * sizeof *list);
		if (list != NULL) {
			names->list = list;
			names->cap = cap;
		}
	}
	if (names->n < names->cap && (names->list[names->n] = strdup(one)) != NULL)
		names->n++;
	used = used < ARCHIVE_PATH_MAX ? used : ARCHIVE_PATH_MAX;
	memcpy(out, names->prefix, used);
	snprintf(out + used, ARCHIVE_PATH_MAX + 1 - used, "%.*s", (int)utf8_cut(one, strlen(one), ARCHIVE_PATH_MAX - used), one);
}

void unpack_names_free(struct unpack_names *names)
{
	for (size_t i = 0; i < names->n; i++)
		free(names->list[i]);
	free(names->list);
}

/* ---- what is inside a member ---- */

/* Puts a prefix before the paths of an archive. */
struct prefixed {
	struct unpack_walk *walk;
	char path[ARCHIVE_PATH_MAX + 1];
	size_t used;
};

static bool prefixed_member(void *arg, const struct archive_member *m)
{
	struct prefixed *p = arg;
	struct archive_member copy = *m;
	size_t len = utf8_cut(m->path, strlen(m->path), ARCHIVE_PATH_MAX - p->used);

	memcpy(p->path + p->used, m->path, len);
	p->path[p->used + len] = '\0';
	copy.path = p->path;
	return p->walk->visitor->member(p->walk->visitor->arg, &copy);
}

static void prefixed_data(void *arg, const void *data, size_t n)
{
	struct prefixed *p = arg;

	p->walk->visitor->data(p->walk->visitor->arg, data, n);
}

static void prefixed_end(void *arg, int64_t size, unsigned problems)
{
	struct prefixed *p = arg;

	p->walk->visitor->end(p->walk->visitor->arg, size, problems);
}

static void walk_archive(struct unpack_walk *w, const char *path, const char *name, struct source *src)
{
	const struct archive_visitor visitor = {NULL, prefixed_member, prefixed_data, prefixed_end};
	struct archive_visitor v = visitor;
	struct prefixed p = {.walk = w};
	size_t n = strlen(path);

	if (w->only != NULL) {
		w->answer = archive_extract(src, name, w->only + n + 2, w->budget, w->sink, w->arg);
		w->stop = true;
		return;
	}
	if (n + 2 > ARCHIVE_PATH_MAX)
		return;
	memcpy(p.path, path, n);
	memcpy(p.path + n, "!/", 3);
	p.used = n + 2;
	v.arg = &p;
	w->problems |= archive_walk(src, name, w->budget, &v);
}

/* All of a source. False where it is too large, or cannot be read. */
static bool slurp(struct source *src, struct buf *b)
{
	const void *block;
	ssize_t n = src->seek != NULL ? src->seek(src, 0) : VG_ERR_SYSTEM;

	while (n >= 0 && (n = src->read(src, &block)) > 0)
		if (buf_add(b, block, (size_t)n) != VG_OK)
			return false;
	return n >= 0;
}

static void read_form(struct unpack_walk *w, enum unpack_form form, struct source *src, const char *prefix)
{
	struct buf b;

	buf_init(&b, UNPACK_MAX);
	if (w->depth >= UNPACK_NESTING) {
		w->problems |= ARCHIVE_NESTED_TOO_DEEP;
	} else if (!slurp(src, &b)) {
		w->problems |= ARCHIVE_TOO_LARGE;
	} else if (b.len > 0) {
		w->depth++;
		if (form == UNPACK_MAIL)
			unpack_mail(w, b.data, b.len, prefix);
		else if (form == UNPACK_SIGNED)
			unpack_signed(w, b.data, b.len, prefix);
		else
			unpack_mapi(w, form, b.data, b.len, prefix);
		w->depth--;
	}
	buf_free(&b);
}

/* ---- members ---- */

/* The member's place on the budget. */
static bool spend(struct unpack_walk *w, const char *path)
{
	size_t n = strlen(path);

	if (w->budget->members == 0 || w->budget->names < n) {
		w->problems |= ARCHIVE_TOO_LARGE;
		w->stop = true;
		return false;
	}
	w->budget->members--;
	w->budget->names -= n;
	return true;
}

/* Gives the content out; how many bytes it has. */
static uint64_t give(struct unpack_walk *w, struct source *src, bool wanted, unsigned *problems)
{
	ssize_t n = src->seek(src, 0);
	uint64_t size = 0;
	const void *block;

	while (n >= 0 && w->answer >= 0 && (n = src->read(src, &block)) > 0) {
		size += (uint64_t)n;
		if ((uint64_t)n > w->budget->output) {
			*problems |= ARCHIVE_TOO_LARGE;
			w->stop = true;
			break;
		}
		w->budget->output -= (uint64_t)n;
		if (w->only != NULL) {
			int answer = w->sink(w->arg, block, (size_t)n);

			if (answer != 0)
				w->answer = answer;
		} else if (wanted) {
			w->visitor->data(w->visitor->arg, block, (size_t)n);
		}
	}
	if (n < 0)
		*problems |= ARCHIVE_UNREADABLE;
	return size;
}

static size_t first_bytes(struct source *src, unsigned char head[ARCHIVE_HEAD])
{
	const void *block;
	ssize_t n = src->seek(src, 0);
	size_t len = 0;

	while (n >= 0 && len < ARCHIVE_HEAD && (n = src->read(src, &block)) > 0) {
		size_t k = (size_t)n < ARCHIVE_HEAD - len ? (size_t)n : ARCHIVE_HEAD - len;

		memcpy(head + len, block, k);
		len += k;
	}
	return len;
}

static void list_member(struct unpack_walk *w, const char *path, const char *name, struct source *src, bool archive,
    const unsigned char *head, size_t len)
{
	struct archive_member m = {.path = path, .name = name, .size = src->size, .archive = archive, .head = head, .head_len = len};
	unsigned problems = 0;
	bool wanted;
	uint64_t size;

	if (!spend(w, path))
		return;
	wanted = w->visitor->member(w->visitor->arg, &m) && !archive;
	size = give(w, src, wanted, &problems);
	w->visitor->end(w->visitor->arg, (int64_t)size, problems);
	w->problems |= problems;
}

/* Whether the wanted path is inside of path. */
static bool leads_on(const struct unpack_walk *w, const char *path)
{
	size_t n = strlen(path);

	return w->only == NULL || (strncmp(w->only, path, n) == 0 && strncmp(w->only + n, "!/", 2) == 0);
}

void unpack_member(struct unpack_walk *w, struct unpack_names *names, const char *name, const char *type, struct source *src)
{
	char path[ARCHIVE_PATH_MAX + 1], prefix[ARCHIVE_PATH_MAX + 4];
	unsigned char head[ARCHIVE_HEAD];
	size_t len;
	const char *bare;
	enum unpack_form form;
	unsigned problems = 0;
	bool archive;

	unpack_path(path, names, name, type);
	bare = path + strlen(names->prefix);
	if (w->stop)
		return;
	if (w->only != NULL && strcmp(w->only, path) == 0) {
		w->answer = 0;
		give(w, src, true, &problems);
		w->answer = w->answer == 0 && problems != 0 ? VG_ERR_LIMIT : w->answer;
		w->stop = true;
		return;
	}
	if (!leads_on(w, path))
		return;
	len = first_bytes(src, head);
	archive = archive_looks_like(bare, head, len);
	if (w->only == NULL)
		list_member(w, path, bare, src, archive, head, len);
	if (w->stop)
		return;
	form = unpack_form(bare, type, head, len);
	if (archive) {
		walk_archive(w, path, bare, src);
	} else if (form != UNPACK_NONE) {
		snprintf(prefix, sizeof prefix, "%s!/", path);
		read_form(w, form, src, prefix);
	}
}

/* ---- entrances ---- */

unsigned unpack_walk(struct source *src, enum unpack_form form, const char *prefix, struct archive_budget *budget,
    const struct archive_visitor *visitor)
{
	struct unpack_walk w = {.budget = budget, .visitor = visitor};

	read_form(&w, form, src, prefix);
	return w.problems;
}

int unpack_extract(struct source *src, enum unpack_form form, const char *path, struct archive_budget *budget,
    int (*sink)(void *arg, const void *p, size_t n), void *arg)
{
	struct unpack_walk w = {.budget = budget, .only = path, .sink = sink, .arg = arg, .answer = 1};

	read_form(&w, form, src, "");
	return w.answer != 1 ? w.answer : (w.problems & ARCHIVE_TOO_LARGE) != 0 ? VG_ERR_LIMIT : VG_ERR_NOTFOUND;
}

int unpack_text(struct buf *out, struct source *src, enum unpack_form form)
{
	struct buf b;
	int err = VG_ERR_LIMIT;

	buf_init(&b, UNPACK_MAX);
	if (slurp(src, &b))
		err = form == UNPACK_MAIL ? unpack_mail_text(out, b.data, b.len) :
		    form == UNPACK_SIGNED ? unpack_signed_text(out, b.data, b.len) : unpack_mapi_text(out, form, b.data, b.len);
	buf_free(&b);
	return err;
}
