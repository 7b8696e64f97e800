/*
 * volumes.c - parser worker; files of hostile mails. Which files are volumes of one archive, and those as one source. Called by
 * message_parts.c.
 */
#include "volumes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ascii.h"
#include "err.h"
#include "inspect.h"
#include "message_parts.h"
#include "volume_name.h"

#define NAME_MAX_BYTES 256
#define NAMED_MAX 5u /* missing volumes that are named */
#define LOOK_MAX 500 /* files of a mail that are looked at */

/* A file of the mail by its name. */
struct named {
	char text[NAME_MAX_BYTES];
	struct volume_name v;
};

struct volumes {
	bool is_rar, pad;                    /* pad: zeros are to follow the last one */
	size_t n, at;                        /* volumes; the one that is read */
	uint64_t start[VOLUMES_MAX + 1];     /* offset of each, and the end */
	struct message_file file[VOLUMES_MAX];
};

static void name_of(struct named *v, const struct mime_leaf *leaf)
{
	inspect_name(v->text, sizeof v->text, leaf->name != NULL ? leaf->name : "", "");
	volume_name_read(&v->v, v->text);
}

static bool belongs(const struct named *a, const struct named *b)
{
	return volume_name_same(&a->v, a->text, &b->v, b->text);
}

/* The files of file i's archive in reading order; how many, 0 where one is missing, is there twice, or it is one alone. */
static size_t gather(const struct mime *mime, size_t i, size_t order[VOLUMES_MAX], struct named *own)
{
	size_t n = 0, last = SIZE_MAX, most = mime->n_files < LOOK_MAX ? mime->n_files : LOOK_MAX;
	struct named other;

	name_of(own, &mime->files[i]);
	if (own->v.scheme == VOLUMES_UNNAMED || i >= most)
		return 0;
	for (size_t k = 0; k < VOLUMES_MAX; k++)
		order[k] = SIZE_MAX;
	for (size_t k = 0; k < most; k++) {
		name_of(&other, &mime->files[k]);
		if (!belongs(own, &other))
			continue;
		if (other.v.index == VOLUME_LAST && last == SIZE_MAX)
			last = k;
		else if (other.v.index < VOLUMES_MAX && order[other.v.index] == SIZE_MAX)
			order[other.v.index] = k;
		else
			return 0;
		n++;
	}
	if (last != SIZE_MAX && n <= VOLUMES_MAX)
		order[n - 1] = order[n - 1] == SIZE_MAX ? last : SIZE_MAX;
	for (size_t k = 0; k < n; k++)
		if (n > VOLUMES_MAX || order[k] == SIZE_MAX)
			return 0;
	return n < 2 || (own->v.scheme == VOLUMES_ZIP && last == SIZE_MAX) ? 0 : n;
}

/* The one that people think of: the first, or the .zip. */
static size_t leader(const struct named *own, const size_t *order, size_t n)
{
	return own->v.scheme == VOLUMES_ZIP ? order[n - 1] : order[0];
}

enum volumes_place volumes_place_of(const struct mime *mime, size_t i)
{
	size_t order[VOLUMES_MAX], n;
	struct named own;

	if (mime->n_files < 2 || (n = gather(mime, i, order, &own)) == 0)
		return VOLUMES_NONE;
	return leader(&own, order, n) == i ? VOLUMES_LEADER : VOLUMES_MEMBER;
}

/* ---- what is missing ---- */

/* Adds a name to the list; false where it is full. */
static bool add_name(char *out, size_t cap, const struct named *own, unsigned index)
{
	char name[NAME_MAX_BYTES + 16];
	size_t used = strlen(out);

	volume_name_write(name, sizeof name, &own->v, own->text, index);
	if (used + strlen(name) + 8 > cap)
		return false;
	snprintf(out + used, cap - used, "%s%s", used > 0 ? ", " : "", name);
	return true;
}

void volumes_missing(const struct mime *mime, size_t i, bool more, char *out, size_t cap)
{
	bool there[VOLUMES_MAX] = {false}, last = false;
	size_t most = mime->n_files < LOOK_MAX ? mime->n_files : LOOK_MAX;
	unsigned end = 0, found = 0;
	struct named own, other;

	out[0] = '\0';
	name_of(&own, &mime->files[i]);
	if (own.v.scheme == VOLUMES_UNNAMED)
		return;
	for (size_t k = 0; k < most; k++) {
		name_of(&other, &mime->files[k]);
		if (!belongs(&own, &other))
			continue;
		last = last || other.v.index == VOLUME_LAST;
		if (other.v.index >= VOLUMES_MAX)
			continue;
		there[other.v.index] = true;
		end = other.v.index + 1 > end ? other.v.index + 1 : end;
	}
	for (unsigned k = 0; k < end && found < NAMED_MAX; k++)
		found += !there[k] && add_name(out, cap, &own, k);
	if (own.v.scheme == VOLUMES_ZIP && !last)
		add_name(out, cap, &own, VOLUME_LAST);
	else if (found == 0 && more && end < VOLUMES_MAX)
		add_name(out, cap, &own, end);
}

/* ---- the source ---- */

/* libarchive looks for the head of a RAR 5 volume in 512 bytes at a time, and finds none in a last volume that is shorter. */
static const unsigned char padding[512];

static bool is_rar(const struct named *own)
{
	return own->v.scheme == VOLUMES_PARTS || own->v.scheme == VOLUMES_RAR;
}

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
	if (!v->pad)
		return 0;
	v->pad = false;
	*block = padding;
	return sizeof padding;
}

static int volumes_seek(struct source *s, uint64_t offset)
{
	struct volumes *v = s->arg;

	if (offset > v->start[v->n])
		return VG_ERR_SYSTEM;
	s->pos = offset;
	v->pad = v->is_rar;
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
	struct named own;
	int err;

	*out = calloc(1, sizeof **out);
	if (*out == NULL)
		return VG_ERR_MEMORY;
	if ((n = gather(mime, i, order, &own)) == 0)
		return VG_ERR_LIMIT;
	err = open_all(*out, mime, in, order, n);
	(*out)->is_rar = (*out)->pad = is_rar(&own);
	*src = (struct source){.read = volumes_read, .seek = volumes_seek, .size = (int64_t)(*out)->start[n], .fd = -1, .arg = *out};
	/* X.zip.001 is an X.zip; of the others the leader's name says it. */
	ascii_copy(name, cap, own.text, own.v.scheme == VOLUMES_NUMBERED ? own.v.stem : strlen(own.text));
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
