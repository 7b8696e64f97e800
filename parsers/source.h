/*
 * source.h - where bytes come from: memory, a descriptor, or whatever the caller wraps. One pull interface
 * for hashing, log scanning and libarchive.
 */
#ifndef VG_SOURCE_H
#define VG_SOURCE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct source {
	/* Gives the next block, valid until the next call: its length, 0 at the end, negative on an error. */
	ssize_t (*read)(struct source *s, const void **block);
	/* Moves to an absolute offset, 0 or negative. NULL: no seeking (7z needs it; zip is better with it). */
	int (*seek)(struct source *s, uint64_t offset);
	int64_t size; /* all bytes, -1: unknown */
	/* State of the ready-made sources; a caller's own source may use them as it likes. */
	const unsigned char *data;
	uint64_t pos;
	int fd;
	unsigned char *block; /* owned by a descriptor source */
	void *arg;
};

/* Bytes in memory, borrowed. */
void source_memory(struct source *s, const void *data, size_t n);
/* A descriptor, borrowed, read from offset 0 with pread where it is a regular file, else with read and without
 * seek. VG_ERR_MEMORY, VG_ERR_SYSTEM. */
int source_fd(struct source *s, int fd);
/* Frees what source_fd allocated; harmless on the others. */
void source_close(struct source *s);

#endif
