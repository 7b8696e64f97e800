/*
 * net_stream.c - a client's connection: socket, GnuTLS, deadlines, byte cap. Runs in the roles that go out; what comes back is
 * hostile: it may be endless, slow, cut, or not from whom we meant.
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "err.h"
#include "net_stream_priv.h"

/* A peer that is gone without a word is known after two minutes, also while we wait for hours. */
#define ALIVE_S 60
#define ALIVE_AGAIN_S 20
#define ALIVE_TIMES 3

static int64_t
clock_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static int
wait_by_poll(int fd, unsigned events, int64_t ms, void *arg)
{
	struct pollfd p = { .fd = fd };
	int rc;

	(void)arg;
	p.events = (short)((events & NET_READ ? POLLIN : 0) | (events & NET_WRITE ? POLLOUT : 0));
	do {
		rc = poll(&p, 1, ms > INT32_MAX ? INT32_MAX : (int)ms);
	} while (rc < 0 && errno == EINTR);
	return rc != 0;
}

struct net_stream *
net_stream_new(net_wait_cb *wait, void *arg)
{
	struct net_stream *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->fd = -1;
	s->wait = wait ? wait : wait_by_poll;
	s->wait_arg = arg;
	return s;
}

int
net_stream_fail(struct net_stream *s, int err, const char *why)
{
	if (s->err == VG_OK) {
		s->err = err;
		s->why = why;
	}
	return err;
}

void
net_stream_hang_up(struct net_stream *s)
{
	net_tls_end(s);
	if (s->fd >= 0)
		close(s->fd);
	s->fd = -1;
}

void
net_stream_free(struct net_stream **ps)
{
	struct net_stream *s = *ps;

	*ps = NULL;
	if (!s)
		return;
	net_mail_end(s);
	net_stream_hang_up(s);
	net_trust_unref(&s->trust);
	free(s);
}

void
net_stream_limit(struct net_stream *s, const struct net_limits *l)
{
	s->limits = *l;
	s->deadline = clock_ms() + l->total_ms;
	s->received = 0;
}

int
net_stream_await(struct net_stream *s, unsigned events)
{
	int64_t left = s->deadline - clock_ms();
	int rc;

	if (left <= 0)
		return net_stream_fail(s, VG_ERR_TIMEOUT, "took too long");
	rc = s->wait(s->fd, events, left < s->limits.idle_ms ? left : s->limits.idle_ms, s->wait_arg);
	if (rc == 0)
		return net_stream_fail(s, VG_ERR_TIMEOUT, left < s->limits.idle_ms ? "took too long" : "silent for too long");
	return rc < 0 ? net_stream_fail(s, VG_ERR_CLOSED, "stopped") : VG_OK;
}

/* ---- connecting ---- */

static int
finish_connect(struct net_stream *s)
{
	socklen_t len = sizeof(int);
	int error = 0, rc;

	if (errno != EINPROGRESS)
		return net_stream_fail(s, VG_ERR_SYSTEM, strerror(errno));
	rc = net_stream_await(s, NET_WRITE);
	if (rc != VG_OK)
		return rc;
	if (getsockopt(s->fd, SOL_SOCKET, SO_ERROR, &error, &len) < 0)
		error = errno;
	return error ? net_stream_fail(s, VG_ERR_SYSTEM, strerror(error)) : VG_OK;
}

static void
set_options(int fd)
{
	static const struct {
		int level, name, value;
	} rows[] = {
		{ IPPROTO_TCP, TCP_NODELAY, 1 }, { SOL_SOCKET, SO_KEEPALIVE, 1 }, { IPPROTO_TCP, TCP_KEEPIDLE, ALIVE_S },
		{ IPPROTO_TCP, TCP_KEEPINTVL, ALIVE_AGAIN_S }, { IPPROTO_TCP, TCP_KEEPCNT, ALIVE_TIMES },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		setsockopt(fd, rows[i].level, rows[i].name, &rows[i].value, sizeof(rows[i].value));
}

int
net_stream_connect(struct net_stream *s, const struct sockaddr *addr, socklen_t len)
{
	int rc = VG_OK;

	net_stream_hang_up(s);
	s->err = VG_OK;
	s->fd = socket(addr->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (s->fd < 0)
		return net_stream_fail(s, VG_ERR_SYSTEM, strerror(errno));
	set_options(s->fd);
	if (connect(s->fd, addr, len) < 0)
		rc = finish_connect(s);
	if (rc != VG_OK)
		net_stream_hang_up(s);
	return rc;
}

/* ---- bytes ---- */

/* Both: bytes, or VG_ERR_AGAIN with what to wait for, or an error; 0 at the end of the stream. */
static ssize_t
plain_read(struct net_stream *s, void *out, size_t n, unsigned *want)
{
	ssize_t got;

	do {
		got = recv(s->fd, out, n, 0);
	} while (got < 0 && errno == EINTR);
	*want = NET_READ;
	if (got >= 0)
		return got;
	return errno == EAGAIN || errno == EWOULDBLOCK ? VG_ERR_AGAIN : net_stream_fail(s, VG_ERR_SYSTEM, strerror(errno));
}

static ssize_t
plain_write(struct net_stream *s, const void *data, size_t n, unsigned *want)
{
	ssize_t put;

	do {
		put = send(s->fd, data, n, MSG_NOSIGNAL);
	} while (put < 0 && errno == EINTR);
	*want = NET_WRITE;
	if (put >= 0)
		return put;
	return errno == EAGAIN || errno == EWOULDBLOCK ? VG_ERR_AGAIN : net_stream_fail(s, VG_ERR_SYSTEM, strerror(errno));
}

static int
usable(struct net_stream *s)
{
	if (s->err != VG_OK)
		return s->err;
	return s->fd < 0 ? net_stream_fail(s, VG_ERR_CLOSED, "not connected") : VG_OK;
}

static void
keep_tail(struct net_stream *s, const char *data, size_t n)
{
	size_t left;

	if (n > NET_TAIL) {
		data += n - NET_TAIL;
		n = NET_TAIL;
	}
	left = s->tail_len + n > NET_TAIL ? NET_TAIL - n : s->tail_len;
	memmove(s->tail, s->tail + s->tail_len - left, left);
	memcpy(s->tail + left, data, n);
	s->tail_len = left + n;
}

const char *
net_stream_last_line(struct net_stream *s)
{
	size_t end = s->tail_len, start;

	while (end > 0 && (s->tail[end - 1] == '\n' || s->tail[end - 1] == '\r'))
		end--;
	for (start = end; start > 0 && s->tail[start - 1] != '\n'; start--)
		continue;
	s->tail[end] = '\0';
	return s->tail + start;
}

ssize_t
net_stream_read(struct net_stream *s, void *out, size_t n)
{
	ssize_t got = usable(s);
	unsigned want = NET_READ;

	if (got != VG_OK)
		return got;
	for (;;) {
		/* A server that never pauses must meet the deadline too. */
		if (clock_ms() >= s->deadline)
			return net_stream_fail(s, VG_ERR_TIMEOUT, "took too long");
		got = s->tls ? net_tls_read(s, out, n, &want) : plain_read(s, out, n, &want);
		if (got != VG_ERR_AGAIN)
			break;
		got = net_stream_await(s, want);
		if (got != VG_OK)
			return got;
	}
	if (got == 0)
		return net_stream_fail(s, VG_ERR_CLOSED, "the server hung up");
	if (got > 0 && (s->received += (uint64_t)got) > s->limits.bytes_max)
		return net_stream_fail(s, VG_ERR_LIMIT, "the server sent too much");
	if (got > 0)
		keep_tail(s, out, (size_t)got);
	return got;
}

int
net_stream_write(struct net_stream *s, const void *data, size_t n)
{
	const unsigned char *p = data;
	unsigned want = NET_WRITE;
	int rc = usable(s);

	while (rc == VG_OK && n > 0) {
		ssize_t put = s->tls ? net_tls_write(s, p, n, &want) : plain_write(s, p, n, &want);

		if (put == VG_ERR_AGAIN) {
			rc = net_stream_await(s, want);
		} else if (put < 0) {
			rc = (int)put;
		} else {
			p += put;
			n -= (size_t)put;
		}
	}
	return rc;
}

int
net_stream_wait(struct net_stream *s, int64_t ms)
{
	int rc = usable(s);

	if (rc != VG_OK)
		return rc;
	if (s->tls && net_tls_pending(s))
		return 1;
	rc = s->wait(s->fd, NET_READ, ms, s->wait_arg);
	return rc < 0 ? net_stream_fail(s, VG_ERR_CLOSED, "stopped") : rc;
}

int
net_stream_error(const struct net_stream *s)
{
	return s->err;
}

const char *
net_stream_why(const struct net_stream *s)
{
	return s->err == VG_OK ? "" : s->why;
}

const char *
net_stream_tls_text(const struct net_stream *s)
{
	return s->tls_text;
}

uint64_t
net_stream_received(const struct net_stream *s)
{
	return s->received;
}
