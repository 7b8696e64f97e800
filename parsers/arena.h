/*
 * arena.h - one region of memory for everything that lives as long as one message; freed at once.
 */
#ifndef VG_ARENA_H
#define VG_ARENA_H

#include <stddef.h>

struct arena;

/* NULL on no memory. */
struct arena *arena_new(void);
void arena_free(struct arena **a);
/* Zeroed, aligned for any object; NULL on no memory. */
void *arena_alloc(struct arena *a, size_t n);
/* Copies n bytes and a NUL; NULL on no memory. */
char *arena_strndup(struct arena *a, const char *s, size_t n);
char *arena_strdup(struct arena *a, const char *s);

#endif
