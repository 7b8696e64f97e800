/*
 * writer.h - the one thread that changes the store: gathers whatever waits, of every kind, into one durable transaction, and
 * only then lets the results go home. While one fsync runs the next batch gathers.
 */
#ifndef VG_WRITER_H
#define VG_WRITER_H

#include <stddef.h>

#include "blob.h"
#include "metrics.h"
#include "registry.h"
#include "store.h"
#include "task.h"

/* What run() gets. */
struct writer_env {
	struct store *store;
	struct registry *registry; /* read-only */
};

struct writer;

/* Takes over store (the writing connection), checkpointer (another one) and registry. blobs is borrowed. NULL on no memory. */
struct writer *writer_new(struct task_home *home, struct store *store, struct store *checkpointer,
    struct registry *registry, struct blobs *blobs, struct metrics *metrics);
/* Adds an operation. Its run() gets a struct writer_env, inside the transaction, and returns its result in t->err:
 * VG_OK: commit what it did, together with the others; what it refuses of its own stands in its own object, and then
 * it has changed nothing. Anything else undoes it. run() may be called again after an undone transaction of several operations.
 * done() sees VG_OK only when all of it is on disk; VG_ERR_FULL, VG_ERR_STORE: nothing was kept. */
void writer_add(struct writer *w, struct task *t);
/* The same for one that nobody waits for: it may be kept some milliseconds, to share a commit. */
void writer_add_patient(struct writer *w, struct task *t);
/* Operations that wait or run. */
size_t writer_backlog(struct writer *w);
/* Finishes what waits and closes all it took over. */
void writer_free(struct writer **w);

#endif
