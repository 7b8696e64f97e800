/*
 * linebuf.h - a non-blocking stream socket, plain or TLS, as a window of input bytes and a queue of output bytes,
 * with events. Owns the descriptor. An idle stream holds no buffer: input is read into one window of the process, and
 * only what the owner leaves there is kept.
 */
#ifndef VG_LINEBUF_H
#define VG_LINEBUF_H

#include <stdbool.h>
#include <stddef.h>

#include "evloop.h"
#include "tls.h"

/* Most input bytes held for one stream. */
#define LINEBUF_WINDOW (32u * 1024u)
/* Most output bytes held for one stream. */
#define LINEBUF_OUT_MAX (4u * 1024u * 1024u)

struct linebuf;

enum linebuf_event {
	LB_INPUT,    /* there are new bytes to peek at */
	LB_TLS_UP,   /* the handshake is done */
	LB_DRAINED,  /* output that had to wait has all been written */
	LB_EOF,      /* the peer sends no more; what was peeked at stays */
	LB_FAILED,   /* the stream is broken: linebuf_why() */
	LB_FINISHED  /* linebuf_finish() is through: close it now */
};

/* May call any function on its linebuf, linebuf_close() included. */
typedef void linebuf_cb(struct linebuf *lb, enum linebuf_event event, void *arg);

/* Takes fd over (non-blocking). NULL on failure: fd stays the caller's. */
struct linebuf *linebuf_open(struct evloop *loop, int fd, linebuf_cb *cb, void *arg);
/* Closes the descriptor at once; sets the pointer to NULL. NULL is fine. */
void linebuf_close(struct linebuf **lb);

/* The input that waits, *n bytes; valid until the callback returns or linebuf_take(). */
const unsigned char *linebuf_peek(struct linebuf *lb, size_t *n);
void linebuf_take(struct linebuf *lb, size_t n);
/* Stops and restarts reading. While paused there is no LB_INPUT and no LB_EOF; after resuming, bytes that were held
 * back are not announced again. */
void linebuf_pause(struct linebuf *lb);
void linebuf_resume(struct linebuf *lb);

/* Queues bytes; nothing is written before linebuf_flush(). VG_ERR_LIMIT, VG_ERR_MEMORY. */
int linebuf_write(struct linebuf *lb, const void *data, size_t n);
/* Writes what can be written now; the rest follows by itself. VG_ERR_CLOSED when the peer is gone. */
int linebuf_flush(struct linebuf *lb);
/* Output bytes that wait. */
size_t linebuf_backlog(const struct linebuf *lb);

/* Writes the queued output in the clear, then shakes hands as the server. Unread input is forgotten, or (keep, for
 * implicit TLS behind a PROXY header) taken as the beginning of the TLS stream. VG_ERR_MEMORY. */
int linebuf_starttls(struct linebuf *lb, struct tls_ctx *ctx, bool keep);
/* NULL unless TLS is up. */
const char *linebuf_tls(const struct linebuf *lb);
/* tls_certificate() of the stream, "" without TLS. */
const char *linebuf_certificate(const struct linebuf *lb);
/* linebuf_take() of a secret: its bytes are wiped. */
void linebuf_take_secret(struct linebuf *lb, size_t n);
const char *linebuf_why(const struct linebuf *lb);

/* Reads no more, writes what is queued, says goodbye, then LB_FINISHED, after 5 seconds at the latest. linger: let the peer
 * read our last words though it is still sending, as closing at once would reset the connection. */
void linebuf_finish(struct linebuf *lb, bool linger);

#endif
