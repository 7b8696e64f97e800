/*
 * archive_form.h - what a file is by its first bytes and what its name promises: archive forms, volumes of split
 * archives, names that lie. Pure.
 */
#ifndef VG_ARCHIVE_FORM_H
#define VG_ARCHIVE_FORM_H

#include <stdbool.h>
#include <stddef.h>

enum archive_volume {
	VOLUME_WHOLE, /* no part of a split archive, by its name */
	VOLUME_FIRST, /* the first part: what it holds can be listed */
	VOLUME_LATER  /* `.z01`, `.zip.002`, `.part2.rar`, `.r00`: nothing to be read without the first */
};

/* Whether the bytes begin like something archive_walk opens. `name` helps for formats without a magic (tar). */
bool archive_looks_like(const char *name, const unsigned char *head, size_t n);
/* Whether a name of so many bytes ends like an archive's. */
bool archive_form_is_promised(const char *name, size_t len);
/* Which volume of a split archive a file calls itself; a RAR also by its own header. */
enum archive_volume archive_volume_of(const char *name, const unsigned char *head, size_t n);
/* Whether the last bytes of a RAR, 20 are enough, say that another volume follows. False for all else. */
bool archive_rar_goes_on(const unsigned char *tail, size_t n);
/* What name and first bytes (4 KiB are plenty; all of a shorter file) say against each other, as ARCHIVE_* bits: SPLIT,
 * WRONG_EXTENSION, TRUNCATED (an archive of no bytes), UNREADABLE (called an archive, is nothing we know). */
unsigned archive_form_problems(const char *name, const unsigned char *head, size_t n);

#endif
