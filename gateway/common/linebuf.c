/*
 * linebuf.c - buffered stream sockets with and without TLS. Faces the network: the peer may send anything, stop
 * reading, or vanish between any two bytes.
 * Reading is paused lazily: the descriptor leaves the poll set only when bytes really come while paused, so that a
 * dialogue that waits for the peer's next command costs no system call.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "buf.h"
#include "err.h"
#include "linebuf.h"

#define FINISH_MS 5000
#define LINGER_BYTES (1024u * 1024u)
#define OUT_KEEP 1024u

struct linebuf {
	struct evloop *loop;
	struct ev_io *io;
	int fd;
	struct tls *tls;
	linebuf_cb *cb;
	void *arg;
	const unsigned char *view; /* unread input: in own, or in the window of the process during a callback */
	size_t view_len;
	unsigned char *own;        /* input kept between callbacks */
	size_t own_cap;
	struct buf out;
	struct ev_timer timer;     /* bounds linebuf_finish */
	struct ev_defer again;     /* input waits inside TLS */
	struct ev_defer done;
	const char *why;
	size_t discarded;
	long end;                  /* how TLS input ended, told once the bytes before it are taken */
	unsigned events;
	unsigned depth;            /* callbacks running */
	bool paused, handshaking, blocked, ended, finishing, linger, dead;
};

/* Input arrives here first; one callback runs at a time. */
static unsigned char window[LINEBUF_WINDOW];

static void
watch(struct linebuf *lb, unsigned events)
{
	if (lb->events != events && ev_io_set(lb->io, events) == VG_OK)
		lb->events = events;
}

/* Calls the owner; false when it closed the stream: then lb is gone. */
static bool
tell(struct linebuf *lb, enum linebuf_event event)
{
	lb->depth++;
	lb->cb(lb, event, lb->arg);
	lb->depth--;
	if (!lb->dead)
		return true;
	if (lb->depth == 0)
		free(lb);
	return false;
}

static void
tell_failed(struct linebuf *lb, const char *why)
{
	lb->why = why;
	watch(lb, 0);
	tell(lb, LB_FAILED);
}

/* ---- output ---- */

static long
write_some(struct linebuf *lb)
{
	ssize_t n;

	if (lb->tls && !lb->handshaking)
		return tls_write(lb->tls, lb->out.data, lb->out.len);
	n = send(lb->fd, lb->out.data, lb->out.len, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (n >= 0)
		return n;
	return errno == EAGAIN || errno == EINTR || errno == ENOBUFS ? VG_ERR_AGAIN : VG_ERR_CLOSED;
}

int
linebuf_flush(struct linebuf *lb)
{
	while (lb->out.len > 0) {
		long n = write_some(lb);

		if (n == VG_ERR_AGAIN) {
			lb->blocked = true;
			watch(lb, lb->events | EV_WRITE);
			return VG_OK;
		}
		if (n < 0) {
			lb->why = "the peer is gone";
			return VG_ERR_CLOSED;
		}
		buf_consume(&lb->out, (size_t)n);
	}
	if (lb->out.cap > OUT_KEEP)
		buf_free(&lb->out);
	if (lb->events & EV_WRITE)
		watch(lb, lb->events & ~(unsigned)EV_WRITE);
	return VG_OK;
}

int
linebuf_write(struct linebuf *lb, const void *data, size_t n)
{
	return buf_add(&lb->out, data, n);
}

size_t
linebuf_backlog(const struct linebuf *lb)
{
	return lb->out.len;
}

/* ---- finishing ---- */

static void
finished(void *arg)
{
	tell(arg, LB_FINISHED);
}

static void
finish_now(struct linebuf *lb)
{
	watch(lb, 0);
	ev_timer_clear(lb->loop, &lb->timer);
	ev_defer(lb->loop, &lb->done, finished, lb);
}

/* All is written, or cannot be. */
static void
finish_written(struct linebuf *lb)
{
	if (lb->tls && !lb->handshaking)
		tls_bye(lb->tls);
	shutdown(lb->fd, SHUT_WR);
	if (lb->linger)
		watch(lb, EV_READ);
	else
		finish_now(lb);
}

static void
finish_step(struct linebuf *lb, unsigned events)
{
	ssize_t n;

	if (lb->out.len > 0) {
		if (linebuf_flush(lb) != VG_OK)
			finish_now(lb);
		else if (lb->out.len == 0)
			finish_written(lb);
		return;
	}
	if (!(events & (EV_READ | EV_HUP)))
		return;
	n = recv(lb->fd, window, sizeof(window), MSG_DONTWAIT);
	if (n > 0)
		lb->discarded += (size_t)n;
	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR) || lb->discarded > LINGER_BYTES)
		finish_now(lb);
}

static void
finish_timeout(void *arg)
{
	finish_now(arg);
}

void
linebuf_finish(struct linebuf *lb, bool linger)
{
	if (lb->finishing)
		return;
	lb->finishing = true;
	lb->linger = linger;
	ev_defer_cancel(lb->loop, &lb->again);
	if (linebuf_flush(lb) != VG_OK || ev_timer_set(lb->loop, &lb->timer, FINISH_MS, finish_timeout, lb) != VG_OK)
		finish_now(lb);
	else if (lb->out.len == 0)
		finish_written(lb);
	else
		watch(lb, EV_WRITE);
}

/* ---- input ---- */

const unsigned char *
linebuf_peek(struct linebuf *lb, size_t *n)
{
	*n = lb->view_len;
	return lb->view;
}

static void
drop_own(struct linebuf *lb)
{
	free(lb->own);
	lb->own = NULL;
	lb->own_cap = 0;
}

void
linebuf_take(struct linebuf *lb, size_t n)
{
	lb->view += n;
	lb->view_len -= n;
	if (lb->view_len == 0 && lb->own)
		drop_own(lb);
}

static bool
view_in_own(const struct linebuf *lb)
{
	return lb->own != NULL;
}

void
linebuf_take_secret(struct linebuf *lb, size_t n)
{
	unsigned char *base = view_in_own(lb) ? lb->own : window;

	if (n > lb->view_len)
		return;
	if (lb->view)
		explicit_bzero(base + (lb->view - base), n);
	linebuf_take(lb, n);
}

/* Keeps what the owner left in the window of the process. */
static bool
keep_rest(struct linebuf *lb)
{
	if (lb->view_len == 0 || view_in_own(lb))
		return true;
	lb->own = malloc(lb->view_len);
	if (!lb->own)
		return false;
	memcpy(lb->own, lb->view, lb->view_len);
	lb->own_cap = lb->view_len;
	lb->view = lb->own;
	return true;
}

/* Where to read to, and how much. Kept input moves to the front of a whole window of its own. */
static unsigned char *
read_room(struct linebuf *lb, size_t *room)
{
	unsigned char *p;

	if (!view_in_own(lb)) {
		lb->view = window;
		*room = sizeof(window);
		return window;
	}
	if (lb->view != lb->own)
		memmove(lb->own, lb->view, lb->view_len);
	lb->view = lb->own;
	if (lb->own_cap < LINEBUF_WINDOW) {
		p = realloc(lb->own, LINEBUF_WINDOW);
		if (!p)
			return NULL;
		lb->view = lb->own = p;
		lb->own_cap = LINEBUF_WINDOW;
	}
	*room = LINEBUF_WINDOW - lb->view_len;
	return lb->own + lb->view_len;
}

/* Bytes read, 0 at the end, VG_ERR_AGAIN, VG_ERR_CLOSED. One call for a plain socket, all that is there for TLS. */
static long
read_some(struct linebuf *lb, unsigned char *to, size_t room)
{
	size_t got = 0;
	long n;

	if (!lb->tls) {
		n = recv(lb->fd, to, room, MSG_DONTWAIT);
		if (n >= 0)
			return n;
		return errno == EAGAIN || errno == EINTR ? VG_ERR_AGAIN : VG_ERR_CLOSED;
	}
	if (lb->ended)
		return lb->end;
	while (got < room && (n = tls_read(lb->tls, to + got, room - got)) != VG_ERR_AGAIN) {
		if (n <= 0) {
			lb->ended = true;
			lb->end = n;
			break;
		}
		got += (size_t)n;
	}
	if (got > 0)
		return (long)got;
	return lb->ended ? lb->end : VG_ERR_AGAIN;
}

static void on_again(void *arg);

/* What waits inside TLS is announced by no poll. */
static void
again_later(struct linebuf *lb)
{
	if (!lb->tls || lb->handshaking || lb->paused || lb->finishing)
		return;
	if (lb->ended || tls_pending(lb->tls))
		ev_defer(lb->loop, &lb->again, on_again, lb);
}

static void
on_readable(struct linebuf *lb)
{
	unsigned char *to;
	size_t room = 0;
	long n;

	to = lb->paused ? NULL : read_room(lb, &room);
	if (!lb->paused && !to) {
		tell_failed(lb, "no memory");
		return;
	}
	if (room == 0) {
		/* Paused, or the owner takes nothing: not before linebuf_resume(). */
		watch(lb, lb->events & ~(unsigned)EV_READ);
		return;
	}
	n = read_some(lb, to, room);
	if (n == VG_ERR_AGAIN)
		return;
	if (n <= 0) {
		watch(lb, lb->events & ~(unsigned)EV_READ);
		if (n == 0)
			tell(lb, LB_EOF);
		else
			tell_failed(lb, lb->tls ? "TLS record error" : "connection lost");
		return;
	}
	lb->view_len += (size_t)n;
	if (!tell(lb, LB_INPUT))
		return;
	if (!keep_rest(lb)) {
		tell_failed(lb, "no memory");
		return;
	}
	again_later(lb);
}

static void
on_again(void *arg)
{
	on_readable(arg);
}

void
linebuf_pause(struct linebuf *lb)
{
	lb->paused = true;
}

void
linebuf_resume(struct linebuf *lb)
{
	if (lb->finishing)
		return;
	lb->paused = false;
	watch(lb, lb->events | EV_READ);
	again_later(lb);
}

/* ---- TLS ---- */

int
linebuf_starttls(struct linebuf *lb, struct tls_ctx *ctx, bool keep)
{
	lb->tls = tls_new(ctx, lb->fd, lb->view, keep ? lb->view_len : 0);
	if (!lb->tls)
		return VG_ERR_MEMORY;
	lb->view_len = 0;
	drop_own(lb);
	lb->handshaking = true;
	lb->paused = false;
	/* Writable at once: the first step runs even when the whole hello has been read already. */
	watch(lb, EV_READ | EV_WRITE);
	return VG_OK;
}

static void
handshake_step(struct linebuf *lb)
{
	const char *why = "TLS handshake failed";
	int rc;

	if (lb->out.len > 0) {
		if (linebuf_flush(lb) != VG_OK) {
			tell_failed(lb, "the peer is gone");
			return;
		}
		if (lb->out.len > 0)
			return;
	}
	rc = tls_handshake(lb->tls, &why);
	if (rc == VG_ERR_AGAIN) {
		watch(lb, tls_want(lb->tls) == TLS_WANT_WRITE ? EV_WRITE : EV_READ);
		return;
	}
	if (rc != VG_OK) {
		tell_failed(lb, why);
		return;
	}
	lb->handshaking = false;
	watch(lb, EV_READ);
	if (tell(lb, LB_TLS_UP))
		again_later(lb);
}

const char *
linebuf_tls(const struct linebuf *lb)
{
	return lb->tls && !lb->handshaking ? tls_describe(lb->tls) : NULL;
}

const char *
linebuf_certificate(const struct linebuf *lb)
{
	return linebuf_tls(lb) ? tls_certificate(lb->tls) : "";
}

const char *
linebuf_why(const struct linebuf *lb)
{
	return lb->why ? lb->why : "-";
}

/* ---- events ---- */

/* Output became possible; false when the stream is gone. */
static bool
on_writable(struct linebuf *lb)
{
	if (linebuf_flush(lb) != VG_OK) {
		tell_failed(lb, lb->why);
		return false;
	}
	if (lb->out.len > 0 || !lb->blocked)
		return true;
	lb->blocked = false;
	return tell(lb, LB_DRAINED);
}

static void
on_io(int fd, unsigned events, void *arg)
{
	struct linebuf *lb = arg;

	(void)fd;
	if (lb->finishing) {
		finish_step(lb, events);
		return;
	}
	if (lb->handshaking) {
		handshake_step(lb);
		return;
	}
	if ((events & EV_WRITE) && !on_writable(lb))
		return;
	if (!lb->finishing && !lb->handshaking && (events & EV_READ))
		on_readable(lb);
}

struct linebuf *
linebuf_open(struct evloop *loop, int fd, linebuf_cb *cb, void *arg)
{
	struct linebuf *lb = calloc(1, sizeof(*lb));

	if (!lb)
		return NULL;
	lb->io = ev_io_add(loop, fd, EV_READ, on_io, lb);
	if (!lb->io) {
		free(lb);
		return NULL;
	}
	lb->loop = loop;
	lb->fd = fd;
	lb->cb = cb;
	lb->arg = arg;
	lb->events = EV_READ;
	buf_init(&lb->out, LINEBUF_OUT_MAX);
	return lb;
}

void
linebuf_close(struct linebuf **plb)
{
	struct linebuf *lb = *plb;

	*plb = NULL;
	if (!lb)
		return;
	ev_io_del(&lb->io);
	ev_timer_clear(lb->loop, &lb->timer);
	ev_defer_cancel(lb->loop, &lb->again);
	ev_defer_cancel(lb->loop, &lb->done);
	tls_free(&lb->tls);
	close(lb->fd);
	buf_free(&lb->out);
	drop_own(lb);
	lb->view_len = 0;
	if (lb->depth > 0)
		lb->dead = true;
	else
		free(lb);
}
