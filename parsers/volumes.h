/*
 * volumes.h - the volumes of one archive that a mail brings as several files: `logs.zip.001`, `logs.z01` with `logs.zip`,
 * `logs.part1.rar`, `logs.rar` with `logs.r00`. Joined as a source, never copied.
 */
#ifndef VG_VOLUMES_H
#define VG_VOLUMES_H

#include "mime.h"
#include "parse_input.h"
#include "source.h"

#define VOLUMES_MAX 64

struct volumes;

/* What the file number i of the mail is to the others. */
enum volumes_place {
	VOLUMES_NONE,   /* no volume, or others are missing */
	VOLUMES_LEADER, /* the file that stands for all of them */
	VOLUMES_MEMBER  /* one of the others */
};
enum volumes_place volumes_place_of(const struct mime *mime, size_t i);
/* Of the archive that file i is an incomplete part of: the names of those that are not in the mail; with `more` the next one, where only
 * the end can be missing. `, ` between, at most cap - 1 bytes. Empty where its name is no volume's. */
void volumes_missing(const struct mime *mime, size_t i, bool more, char *out, size_t cap);
/* Opens the archive that file i leads. src: seekable, valid until volumes_close; name: of the archive without what numbers its
 * volumes, at most cap - 1 bytes. VG_ERR_MEMORY; VG_ERR_LIMIT: more than VOLUMES_MAX or more bytes than are joined. */
int volumes_open(struct volumes **v, const struct mime *mime, struct parse_input *in, size_t i, struct source *src, char *name,
    size_t cap);
void volumes_close(struct volumes **v);

#endif
