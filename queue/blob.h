/*
 * blob.h - the folder of large messages, one sealed file each: blobs/01KAX/01KAXZ…, named by a ULID of their making.
 *
 * A file has its final name from the start, instead of O_TMPFILE and a link at commit: to link a nameless file one needs
 * /proc, which the chroot has not, or CAP_DAC_READ_SEARCH, which we gave up. Nothing refers to a file before the commit
 * that names it; one that no commit ever named is found and removed at the next start. In return nothing but the
 * commit itself is left to do in the writer: file and folder are synced before, in other threads.
 * The folder is the time of making (some hours), so that only the youngest few need a look at the start.
 */
#ifndef VG_BLOB_H
#define VG_BLOB_H

#include <stdbool.h>
#include <stdint.h>

#include "id.h"

struct blobs;

/* Opens (makes) DIR/blobs. VG_ERR_SYSTEM, VG_ERR_FULL, VG_ERR_MEMORY. */
int blobs_open(struct blobs **out, const char *dir);
void blobs_close(struct blobs **b);

/* All below may be called from any thread. */

/* A new empty file for reading and writing; the caller owns *fd. VG_ERR_FULL, VG_ERR_SYSTEM. */
int blob_create(struct blobs *b, char name[ULID_LEN + 1], int *fd);
/* Makes content and name durable. */
int blob_sync(struct blobs *b, const char *name, int fd);
/* Opens for reading: the descriptor, or VG_ERR_NOTFOUND, VG_ERR_SYSTEM. */
int blob_open(struct blobs *b, const char *name);
void blob_remove(struct blobs *b, const char *name);
/* Removes files that known() denies (0; anything else keeps them) in folders changed since `since` (Unix milliseconds): how many.
 * Before anything is created. */
int blobs_sweep(struct blobs *b, int64_t since, int (*known)(void *arg, const char *name), void *arg);
/* A new file without a name, for an answer on its way: the caller owns *fd. */
int blob_scratch(struct blobs *b, int *fd);

#endif
