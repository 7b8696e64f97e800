/*
 * archive_path.h - names of archive members as they may be shown. Pure.
 */
#ifndef VG_ARCHIVE_PATH_H
#define VG_ARCHIVE_PATH_H

#include <stdbool.h>
#include <stddef.h>

struct archive_entry;

/* The name of an entry, whatever form libarchive holds it in, as clean UTF-8 with `/`; "unnamed" where it has none.
 * False where it is a trick: absolute, a drive, `..`, controls. Returns through out (NUL-terminated). */
bool archive_path_of(char *out, size_t cap, struct archive_entry *entry);
/* The same for raw bytes. */
bool archive_path_clean(char *out, size_t cap, const char *raw, size_t len);
/* Name of the one file in a compressed file that is no archive: the name without that extension. */
void archive_path_single(char *out, size_t cap, const char *archive_name);

#endif
