/*
 * volume_name.h - which volume of a split archive a file is by its name: `logs.zip.001`, `logs.part1.rar`, `logs.z01` and `logs.zip`,
 * `logs.rar` and `logs.r00`. The one place that knows how they are numbered. Pure.
 */
#ifndef VG_VOLUME_NAME_H
#define VG_VOLUME_NAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum volume_scheme {
	VOLUMES_UNNAMED,
	VOLUMES_NUMBERED, /* X.zip.001, X.zip.002, … */
	VOLUMES_PARTS,    /* X.part1.rar, X.part2.rar, … */
	VOLUMES_ZIP,      /* X.z01, …, X.zip last; X.zip alone is none */
	VOLUMES_RAR       /* X.rar, X.r00, …; X.rar alone is none */
};

struct volume_name {
	enum volume_scheme scheme;
	size_t stem;     /* bytes of the name that all volumes have in common */
	unsigned index;  /* from 0 in reading order; VOLUME_LAST: behind all others */
	unsigned digits; /* of its number as it is written, 0 for none */
};
#define VOLUME_LAST UINT32_MAX

void volume_name_read(struct volume_name *v, const char *name);
/* A name that only a volume has: no plain `X.zip`, `X.rar`. */
bool volume_name_is_telling(const struct volume_name *v);
/* Whether two names are volumes of one archive; ASCII letters are equal in either case. */
bool volume_name_same(const struct volume_name *a, const char *name_a, const struct volume_name *b, const char *name_b);
/* Writes what the volume with that index would be called beside one that is called name. */
void volume_name_write(char *out, size_t cap, const struct volume_name *v, const char *name, unsigned index);

#endif
