/*
 * archive_help.h - makes archives in memory for tests, honest and hostile ones, with libarchive's writer.
 */
#ifndef VG_TEST_ARCHIVE_HELP_H
#define VG_TEST_ARCHIVE_HELP_H

#include <archive.h>
#include <archive_entry.h>
#include <stdlib.h>
#include <string.h>

#define HELP_ARCHIVE_MAX ((size_t)64 << 20)

struct help_archive {
	struct archive *a;
	char *data; /* to free */
	size_t len;
};

/* format: "zip", "7zip", "ustar", "pax", "raw"; filter: "none", "gzip", "bzip2", "xz", "zstd"; options may be NULL. */
static inline void help_open(struct help_archive *h, const char *format, const char *filter, const char *options)
{
	h->a = archive_write_new();
	h->data = malloc(HELP_ARCHIVE_MAX);
	h->len = 0;
	if (archive_write_set_format_by_name(h->a, format) != ARCHIVE_OK)
		abort();
	if (strcmp(filter, "none") != 0 && archive_write_add_filter_by_name(h->a, filter) != ARCHIVE_OK)
		abort();
	if (options != NULL && (archive_write_set_options(h->a, options) != ARCHIVE_OK ||
	    archive_write_set_passphrase(h->a, "secret") != ARCHIVE_OK))
		abort();
	archive_write_set_bytes_per_block(h->a, 512);
	archive_write_set_bytes_in_last_block(h->a, 1);
	if (archive_write_open_memory(h->a, h->data, HELP_ARCHIVE_MAX, &h->len) != ARCHIVE_OK)
		abort();
}

static inline void help_add_type(struct help_archive *h, const char *path, const void *data, size_t len, unsigned type, const char *link)
{
	struct archive_entry *e = archive_entry_new();

	archive_entry_set_pathname(e, path);
	archive_entry_set_filetype(e, type);
	archive_entry_set_perm(e, 0644);
	if (link != NULL)
		archive_entry_set_symlink(e, link);
	archive_entry_set_size(e, (la_int64_t)len);
	if (archive_write_header(h->a, e) != ARCHIVE_OK)
		abort();
	if (len > 0)
		archive_write_data(h->a, data, len);
	archive_entry_free(e);
}

static inline void help_add(struct help_archive *h, const char *path, const void *data, size_t len)
{
	help_add_type(h, path, data, len, AE_IFREG, NULL);
}

static inline void help_close(struct help_archive *h)
{
	archive_write_close(h->a);
	archive_write_free(h->a);
}

#endif
