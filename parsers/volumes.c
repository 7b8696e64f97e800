/*
 * volumes.c - parser worker; files of hostile mails. Which files are volumes of one archive, and those as one source. Called by
 * message_parts.c.
 */
#include "volumes.h"

#include <stdlib.h>
#include <string.h>

#include "ascii.h"
#include "err.h"
#include "inspect.h"
#include "message_parts.h"

#define NAME_MAX_BYTES 256
#define LOOK_MAX 500 /* files of a mail that are looked at */

enum scheme {
	SCHEME_NONE,
	SCHEME_NUMBER, /* X.zip.001, X.zip.002, … */
	SCHEME_PART,   /* X.part1.rar, X.part2.rar, … */
	SCHEME_ZIP,    /* X.z01, …, X.zip last */
	SCHEME_RAR     /* X.rar, X.r00, … */
};

struct volume_name {
	char text[NAME_MAX_BYTES];
	size_t stem; /* bytes of it that all volumes have in common */
	enum scheme scheme;
	unsigned index; /* from 0 in reading order; LAST: behind all others */
};
#define LAST UINT32_MAX

struct volumes {
	size_t n, at;                        /* volumes; the one that is read */
	uint64_t start[VOLUMES_MAX + 1];     /* offset of each, and the end */
	struct message_file file[VOLUMES_MAX];
};

/* The digits that end s[0..len): their value, *from where they begin. False where there are none or too many. */
static bool number_at_end(const char *s, size_t len, unsigned *value, size_t *from)
{
	*from = len;
	*value = 0;
	while (*from > 0 && ascii_digit(s[*from - 1]))
		(*from)--;
	if (*from == len || len - *from > 4)
		return false;
	for (size_t i = *from; i < len; i++)
		*value = *value * 10 + (unsigned)(s[i] - '0');
	return true;
}

static void set(struct volume_name *v, enum scheme scheme, size_t stem, unsigned index)
{
	v->scheme = scheme;
	v->stem = stem;
	v->index = index;
}

static void classify(struct volume_name *v)
{
	static const char *const archives[] = {".zip", ".7z", ".tar", ".gz", ".tgz", ".rar", ".xz", ".bz2", ".zst"};
	size_t len = strlen(v->text), from;
	unsigned n;

	set(v, SCHEME_NONE, 0, 0);
	if (len > 4 && ascii_ends(v->text, len, ".zip")) {
		set(v, SCHEME_ZIP, len - 4, LAST);
	} else if (len > 4 && ascii_ends(v->text, len, ".rar")) {
		set(v, SCHEME_RAR, len - 4, 0);
		if (number_at_end(v->text, len - 4, &n, &from) && n > 0 && from > 5 && ascii_ends(v->text, from, ".part"))
			set(v, SCHEME_PART, from - 5, n - 1);
	} else if (number_at_end(v->text, len, &n, &from) && from > 1) {
		char letter = ascii_fold(v->text[from - 1]);

		if (len - from == 3 && letter == '.' && n > 0) {
			for (size_t i = 0; i < ASCII_COUNT(archives); i++)
				if (ascii_ends(v->text, from - 1, archives[i]))
					set(v, SCHEME_NUMBER, from - 1, n - 1);
		} else if (len - from == 2 && from > 2 && v->text[from - 2] == '.' && letter == 'z' && n > 0) {
			set(v, SCHEME_ZIP, from - 2, n - 1);
		} else if (len - from == 2 && from > 2 && v->text[from - 2] == '.' && letter == 'r') {
			set(v, SCHEME_RAR, from - 2, n + 1);
		}
	}
}

static void name_of(struct volume_name *v, const struct mime_leaf *leaf)
{
	inspect_name(v->text, sizeof v->text, leaf->name != NULL ? leaf->name : "", "");
	classify(v);
}

static bool belongs(const struct volume_name *a, const struct volume_name *b)
{
	if (a->scheme != b->scheme || a->stem != b->stem)
		return false;
	for (size_t i = 0; i < a->stem; i++)
		if (ascii_fold(a->text[i]) != ascii_fold(b->text[i]))
			return false;
	return true;
}

/* The files of file i's archive in reading order; how many, 0 where one is missing, is there twice, or it is one alone. */
static size_t gather(const struct mime *mime, size_t i, size_t order[VOLUMES_MAX], struct volume_name *own)
{
	size_t n = 0, last = SIZE_MAX, most = mime->n_files < LOOK_MAX ? mime->n_files : LOOK_MAX;
	struct volume_name other;

	name_of(own, &mime->files[i]);
	if (own->scheme == SCHEME_NONE || i >= most)
		return 0;
	for (size_t k = 0; k < VOLUMES_MAX; k++)
		order[k] = SIZE_MAX;
	for (size_t k = 0; k < most; k++) {
		name_of(&other, &mime->files[k]);
		if (!belongs(own, &other))
			continue;
		if (other.index == LAST && last == SIZE_MAX)
			last = k;
		else if (other.index < VOLUMES_MAX && order[other.index] == SIZE_MAX)
			order[other.index] = k;
		else
			return 0;
		n++;
	}
	if (last != SIZE_MAX && n <= VOLUMES_MAX)
		order[n - 1] = order[n - 1] == SIZE_MAX ? last : SIZE_MAX;
	for (size_t k = 0; k < n; k++)
		if (n > VOLUMES_MAX || order[k] == SIZE_MAX)
			return 0;
	return n < 2 || (own->scheme == SCHEME_ZIP && last == SIZE_MAX) ? 0 : n;
}

/* The one that people think of: the first, or the .zip. */
static size_t leader(const struct volume_name *own, const size_t *order, size_t n)
{
	return own->scheme == SCHEME_ZIP ? order[n - 1] : order[0];
}

enum volumes_place volumes_place_of(const struct mime *mime, size_t i)
{
	size_t order[VOLUMES_MAX], n;
	struct volume_name own;

	if (mime->n_files < 2 || (n = gather(mime, i, order, &own)) == 0)
		return VOLUMES_NONE;
	return leader(&own, order, n) == i ? VOLUMES_LEADER : VOLUMES_MEMBER;
}

/* ---- the source ---- */

static ssize_t volumes_read(struct source *s, const void **block)
{
	struct volumes *v = s->arg;

	while (v->at < v->n) {
		ssize_t n = v->file[v->at].src.read(&v->file[v->at].src, block);

		if (n != 0) {
			s->pos += n > 0 ? (uint64_t)n : 0;
			return n;
		}
		if (++v->at < v->n && v->file[v->at].src.seek(&v->file[v->at].src, 0) < 0)
			return VG_ERR_SYSTEM;
	}
	return 0;
}

static int volumes_seek(struct source *s, uint64_t offset)
{
	struct volumes *v = s->arg;

	if (offset > v->start[v->n])
		return VG_ERR_SYSTEM;
	s->pos = offset;
	for (v->at = 0; v->at + 1 < v->n && offset >= v->start[v->at + 1]; v->at++)
		;
	return v->file[v->at].src.seek(&v->file[v->at].src, offset - v->start[v->at]);
}

static int open_all(struct volumes *v, const struct mime *mime, struct parse_input *in, const size_t *order, size_t n)
{
	int err = VG_OK;

	for (size_t k = 0; k < n && err == VG_OK; k++) {
		struct message_file *f = &v->file[k];

		v->n = k + 1;
		err = message_file_open(f, in, &mime->files[order[k]]);
		if (err == VG_OK && (f->src.size < 0 || v->start[k] + (uint64_t)f->src.size > MIME_CONTENT_MEMORY))
			err = VG_ERR_LIMIT;
		else if (err == VG_OK)
			v->start[k + 1] = v->start[k] + (uint64_t)f->src.size;
	}
	return err;
}

int volumes_open(struct volumes **out, const struct mime *mime, struct parse_input *in, size_t i, struct source *src, char *name,
    size_t cap)
{
	size_t order[VOLUMES_MAX], n;
	struct volume_name own;
	int err;

	*out = calloc(1, sizeof **out);
	if (*out == NULL)
		return VG_ERR_MEMORY;
	if ((n = gather(mime, i, order, &own)) == 0)
		return VG_ERR_LIMIT;
	err = open_all(*out, mime, in, order, n);
	*src = (struct source){.read = volumes_read, .seek = volumes_seek, .size = (int64_t)(*out)->start[n], .fd = -1, .arg = *out};
	/* X.zip.001 is an X.zip; of the others the leader's name says it. */
	ascii_copy(name, cap, own.text, own.scheme == SCHEME_NUMBER ? own.stem : strlen(own.text));
	return err;
}

void volumes_close(struct volumes **v)
{
	if (*v == NULL)
		return;
	for (size_t k = 0; k < (*v)->n; k++)
		message_file_close(&(*v)->file[k]);
	free(*v);
	*v = NULL;
}
