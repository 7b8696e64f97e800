/*
 * archive_reader.h - private to the archive module: one libarchive reader over a source. Counts every byte
 * in and out against the message's budget and turns libarchive's answers into problem bits.
 */
#ifndef VG_ARCHIVE_READER_H
#define VG_ARCHIVE_READER_H

#include <stdbool.h>
#include <stdint.h>

#include "archive_walk.h"

struct archive;
struct archive_entry;

struct archive_reader {
	struct archive *a;
	struct source *src;            /* borrowed */
	struct archive_budget *budget; /* borrowed */
	uint64_t in;                   /* bytes read from src */
	uint64_t out;                  /* bytes decompressed */
	uint64_t pos;                  /* offset in src */
	bool single;                   /* compressed: may be a lone file without an archive in it */
	bool lone;                     /* compressed, and known to be no archive inside */
	bool wanted_more;              /* the source had nothing left when it was last asked */
	bool cut;                      /* shorter than its first header says */
	bool zip;                      /* begins like a zip */
	bool streaming;                /* read in order: the source cannot seek, or a zip's directory is unusable */
	const char *passphrase;        /* what opens its members, borrowed; NULL: none */
	bool opened;                   /* a format was recognised */
	bool begun;                    /* a member was seen */
	unsigned problems;
	bool dead;                     /* nothing more can be read */
};

/* Opens src (rewound), with the one of the budget's passwords that fits. VG_ERR_SYNTAX: no archive that we open; r->problems
 * says why. */
int archive_reader_open(struct archive_reader *r, struct source *src, struct archive_budget *budget);
/* The same for a source that cannot seek and begins with head[0..n) (which it gives again): all forms but 7z. */
int archive_reader_open_stream(struct archive_reader *r, struct source *src, struct archive_budget *budget, const void *head,
    size_t n);
void archive_reader_close(struct archive_reader *r);
/* 1: *entry is the next member, 0: end (look at r->problems). */
int archive_reader_next(struct archive_reader *r, struct archive_entry **entry);
/* 1: *data, *n is the next piece of the member's content (n may be 0), 0: its end, negative: broken off, *problem says why. */
int archive_reader_data(struct archive_reader *r, const void **data, size_t *n, unsigned *problem);
/* Whether the rest of a member can be passed over without decompressing it. */
bool archive_reader_skips(const struct archive_reader *r);

#endif
