/*
 * buf.h - a bounded, growing byte buffer. Never grows past `max`; never shares memory.
 */
#ifndef VG_BUF_H
#define VG_BUF_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

struct buf {
	unsigned char *data; /* owned; NULL while empty and never grown */
	size_t len;          /* bytes in use */
	size_t cap;          /* bytes allocated */
	size_t max;          /* bound for len */
};

/* Starts an empty buffer of at most max bytes; allocates nothing. */
void buf_init(struct buf *b, size_t max);
/* Frees the memory; the buffer is empty and usable again. */
void buf_free(struct buf *b);
/* Frees the memory after wiping it (keys, passwords). */
void buf_wipe(struct buf *b);
/* Makes room for n more bytes. VG_ERR_LIMIT past max, VG_ERR_MEMORY. */
int buf_reserve(struct buf *b, size_t n);
/* Appends n bytes; all or nothing. VG_ERR_LIMIT, VG_ERR_MEMORY. */
int buf_add(struct buf *b, const void *data, size_t n);
/* Appends a NUL-terminated string without its NUL. */
int buf_adds(struct buf *b, const char *s);
/* Appends formatted text; all or nothing. */
int buf_addf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
int buf_vaddf(struct buf *b, const char *fmt, va_list ap) __attribute__((format(printf, 2, 0)));
/* Appends what fd still holds, to its end. VG_ERR_SYSTEM (errno), VG_ERR_LIMIT, VG_ERR_MEMORY. */
int buf_read(struct buf *b, int fd);
/* Drops the first n bytes (n <= len). */
void buf_consume(struct buf *b, size_t n);
/* Empties the buffer, keeping its memory. */
void buf_reset(struct buf *b);
/* The content as a C string: a NUL is kept behind len. "" when nothing was ever added or on no memory. */
const char *buf_str(struct buf *b);
/* Hands the memory (NUL-terminated) to the caller, who frees it with free(); the buffer is empty then.
 * NULL on no memory. */
char *buf_take(struct buf *b, size_t *len);

#endif
