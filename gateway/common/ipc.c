/*
 * ipc.c - links between our processes: typed frames in both directions, checked against the permission table.
 * Every process. The peer is one of ours but may have been taken over: whatever it sends ends at most this
 * link.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <sodium.h>

#include "err.h"
#include "ipc.h"
#include "ipc_out.h"
#include "ipc_rules.h"
#include "log.h"
#include "role.h"

#define READ_FIRST (8u * 1024u)
#define READ_MOST (128u * 1024u)
/* An empty receive buffer larger than this is given back; it holds the largest inline message. */
#define KEEP_MAX (MSG_INLINE_MAX + 64u * 1024u)
/* Written at once when so much is queued, else at the end of the turn. */
#define FLUSH_NOW (64u * 1024u)
/* Descriptor sets that came and whose frame is not complete: the one that is being received and the next. */
#define FD_SETS 2

/* The descriptors of one sendmsg of the peer, that is of one frame. */
struct fd_set_in {
	int fd[IPC_MAX_FDS];
	int n;
	bool cut; /* our descriptor table was full: some are missing */
};

struct ipc {
	struct evloop *loop; /* NULL: blocking */
	struct ev_io *io;
	int fd;
	enum role self, peer;
	ipc_cb *cb;
	void *arg;
	struct buf in;
	size_t pos;   /* bytes of in already dispatched */
	size_t need;  /* what the frame at pos still wants */
	size_t block; /* how much to read at once */
	struct fd_set_in sets[FD_SETS];
	int n_sets;
	struct ipc_out out;
	struct ev_defer flush;
	bool blocked; /* the socket was full: waiting for EV_WRITE */
	bool gone;    /* nothing can be sent any more */
	bool ended;   /* blocking use: nothing is received any more */
	bool closed;  /* by its owner, during dispatch */
	bool dispatching;
};

static void on_event(int fd, unsigned events, void *arg);

static int
set_blocking(int fd, bool blocking)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0)
		return VG_ERR_SYSTEM;
	flags = blocking ? flags & ~O_NONBLOCK : flags | O_NONBLOCK;
	return fcntl(fd, F_SETFL, flags) < 0 ? VG_ERR_SYSTEM : VG_OK;
}

struct ipc *
ipc_open(struct evloop *loop, int fd, enum role self, enum role peer, ipc_cb *cb, void *arg)
{
	struct ipc *ipc = calloc(1, sizeof(*ipc));

	if (!ipc)
		return NULL;
	ipc->loop = loop;
	ipc->fd = fd;
	ipc->self = self;
	ipc->peer = peer;
	ipc->cb = cb;
	ipc->arg = arg;
	ipc->block = READ_FIRST;
	buf_init(&ipc->in, (size_t)IPC_HUGE + IPC_HEAD_LEN + READ_MOST);
	if (set_blocking(fd, !loop)) {
		free(ipc);
		return NULL;
	}
	if (loop && !(ipc->io = ev_io_add(loop, fd, EV_READ, on_event, ipc))) {
		free(ipc);
		return NULL;
	}
	return ipc;
}

static void
release(struct ipc *ipc)
{
	buf_free(&ipc->in);
	free(ipc);
}

static void
close_set(struct fd_set_in *set)
{
	while (set->n > 0)
		close(set->fd[--set->n]);
}

static void
drop_sets(struct ipc *ipc)
{
	while (ipc->n_sets > 0)
		close_set(&ipc->sets[--ipc->n_sets]);
}

void
ipc_close(struct ipc **ipcp)
{
	struct ipc *ipc = *ipcp;

	if (!ipc)
		return;
	*ipcp = NULL;
	/* What the socket takes at once; the rest goes with the link. */
	if (!ipc->gone && !ipc->blocked)
		ipc_out_flush(&ipc->out, ipc->fd);
	if (ipc->loop)
		ev_defer_cancel(ipc->loop, &ipc->flush);
	ev_io_del(&ipc->io);
	ipc_out_free(&ipc->out);
	drop_sets(ipc);
	close(ipc->fd);
	ipc->gone = ipc->closed = true;
	if (!ipc->dispatching)
		release(ipc);
}

/* ---- sending ---- */

/* No more can be sent. Reading ends by itself: what the peer sent before is still dispatched, then comes the
 * end. */
static void
give_up(struct ipc *ipc)
{
	ipc->gone = true;
	ipc->blocked = false;
	ipc_out_free(&ipc->out);
	shutdown(ipc->fd, SHUT_RDWR);
}

static int
flush(struct ipc *ipc)
{
	int rc = ipc_out_flush(&ipc->out, ipc->fd);

	if (rc == VG_ERR_CLOSED || (rc == VG_ERR_AGAIN && !ipc->io)) {
		give_up(ipc);
		return VG_ERR_CLOSED;
	}
	if (!ipc->io)
		return VG_OK;
	ipc->blocked = rc == VG_ERR_AGAIN;
	if (ev_io_set(ipc->io, EV_READ | (ipc->blocked ? EV_WRITE : 0))) {
		give_up(ipc);
		return VG_ERR_CLOSED;
	}
	return VG_OK;
}

static void
on_flush(void *arg)
{
	struct ipc *ipc = arg;

	if (!ipc->gone && !ipc->blocked)
		flush(ipc);
}

int
ipc_send_fd(struct ipc *ipc, enum ipc_type type, uint64_t id, const void *obj, int fd0, int fd1)
{
	const struct ipc_rule *rule = ipc_rule((uint32_t)type);
	const int fds[IPC_MAX_FDS] = { fd0, fd1 };
	int rc;

	if (ipc->gone)
		return VG_ERR_CLOSED;
	if (!rule || !ipc_rule_allows(rule, ipc->self, ipc->peer) ||
	    (unsigned)((fd0 >= 0) + (fd1 >= 0)) > rule->fds) {
		log_error("", "ipc.denied", "type=%s from=%s to=%s", ipc_type_name(type),
		    role_name(ipc->self), role_name(ipc->peer));
		return VG_ERR_DENIED;
	}
	rc = ipc_out_put(&ipc->out, type, id, ipc_table((uint32_t)type), obj, rule->max, fds);
	if (rc || ipc->blocked)
		return rc;
	if (!ipc->loop || ipc->out.bytes >= FLUSH_NOW)
		return flush(ipc);
	ev_defer(ipc->loop, &ipc->flush, on_flush, ipc);
	return VG_OK;
}

int
ipc_send(struct ipc *ipc, enum ipc_type type, uint64_t id, const void *obj)
{
	return ipc_send_fd(ipc, type, id, obj, -1, -1);
}

size_t
ipc_backlog(const struct ipc *ipc)
{
	return ipc->out.bytes;
}

bool
ipc_is_closed(const struct ipc *ipc)
{
	return ipc->gone;
}

/* ---- receiving ---- */

static int
broken(struct ipc *ipc, uint32_t type, const char *why)
{
	log_warn("", "ipc.broken", "peer=%s type=%s why=%s", role_name(ipc->peer),
	    ipc_type_name((enum ipc_type)type), log_q(why));
	return VG_ERR_PROTO;
}

/* Puts the descriptors that came with a read aside for the frame they belong to. */
static int
take_set(struct ipc *ipc, struct msghdr *msg)
{
	struct fd_set_in set = { .cut = (msg->msg_flags & MSG_CTRUNC) != 0 };

	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		set.n = (int)((c->cmsg_len - CMSG_LEN(0)) / sizeof(int));
		memcpy(set.fd, CMSG_DATA(c), (size_t)set.n * sizeof(int));
	}
	if (set.n == 0 && !set.cut)
		return VG_OK;
	if (ipc->n_sets == FD_SETS || (set.cut && set.n == IPC_MAX_FDS)) {
		close_set(&set);
		return broken(ipc, IPC_TYPE_COUNT, "too many descriptors");
	}
	ipc->sets[ipc->n_sets++] = set;
	return VG_OK;
}

/* One read: 1 something came, 0 the end, VG_ERR_AGAIN, VG_ERR_*. The kernel ends a read behind data that
 * carry descriptors, so at most one set comes with it. */
static int
read_some(struct ipc *ipc)
{
	union {
		char space[CMSG_SPACE(IPC_MAX_FDS * sizeof(int))];
		struct cmsghdr align;
	} control;
	struct iovec iov;
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control)
	};
	ssize_t n;
	int rc;

	buf_consume(&ipc->in, ipc->pos);
	ipc->pos = 0;
	rc = buf_reserve(&ipc->in, ipc->need > ipc->block ? ipc->need : ipc->block);
	if (rc)
		return rc;
	iov.iov_base = ipc->in.data + ipc->in.len;
	iov.iov_len = ipc->in.cap - ipc->in.len;
	do
		n = recvmsg(ipc->fd, &msg, MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return errno == EAGAIN ? VG_ERR_AGAIN : errno == ECONNRESET ? 0 : VG_ERR_SYSTEM;
	ipc->in.len += (size_t)n;
	if ((size_t)n == iov.iov_len && ipc->block < READ_MOST)
		ipc->block *= 2;
	rc = take_set(ipc, &msg);
	return rc ? rc : n > 0;
}

/* Hands the oldest set to the frame that says it carries `mask`. */
static int
match_fds(struct ipc *ipc, struct ipc_msg *msg, unsigned mask)
{
	struct fd_set_in *set = &ipc->sets[0];
	int want = __builtin_popcount(mask), used = 0;

	for (int i = 0; i < IPC_MAX_FDS; i++)
		msg->fd[i] = -1;
	if (mask == 0)
		return VG_OK;
	if (ipc->n_sets == 0 || set->n > want || (set->n < want && !set->cut))
		return VG_ERR_PROTO;
	for (int i = 0; i < IPC_MAX_FDS; i++) {
		if ((mask & 1u << i) && used < set->n)
			msg->fd[i] = set->fd[used++];
	}
	memmove(&ipc->sets[0], &ipc->sets[1], (FD_SETS - 1) * sizeof(ipc->sets[0]));
	ipc->n_sets--;
	return VG_OK;
}

/* The next whole frame at pos: 1, or 0 with ipc->need bytes wanting, or VG_ERR_PROTO. */
static int
next_frame(struct ipc *ipc, struct ipc_msg *msg)
{
	size_t left = ipc->in.len - ipc->pos;
	const struct ipc_rule *rule;
	struct ipc_head head;
	uint32_t type;

	ipc->need = 0;
	if (left == 0 && ipc->n_sets > 0)
		return broken(ipc, IPC_TYPE_COUNT, "descriptors without a frame");
	if (left < IPC_HEAD_LEN)
		return 0;
	memcpy(&head, ipc->in.data + ipc->pos, IPC_HEAD_LEN);
	type = IPC_HEAD_TYPE(head.type);
	rule = ipc_rule(type);
	if (!rule)
		return broken(ipc, type, "unknown type");
	if (!ipc_rule_allows(rule, ipc->peer, ipc->self))
		return broken(ipc, type, "not permitted");
	if (head.len > (ipc_table(type) ? rule->max : 0))
		return broken(ipc, type, "too long");
	if (IPC_HEAD_FDS(head.type) >> IPC_MAX_FDS ||
	    (unsigned)__builtin_popcount(IPC_HEAD_FDS(head.type)) > rule->fds)
		return broken(ipc, type, "descriptors not permitted");
	if (left - IPC_HEAD_LEN < head.len) {
		ipc->need = head.len + IPC_HEAD_LEN - left;
		return 0;
	}
	*msg = (struct ipc_msg){ .type = (enum ipc_type)type,
		.id = head.id,
		.len = head.len,
		.data = ipc->in.data + ipc->pos + IPC_HEAD_LEN };
	if (match_fds(ipc, msg, IPC_HEAD_FDS(head.type)))
		return broken(ipc, type, "wrong number of descriptors");
	ipc->pos += IPC_HEAD_LEN + head.len;
	return 1;
}

/* Tells the owner that the link ended. ipc may be freed when this returns. */
static void
end(struct ipc *ipc)
{
	if (!ipc->gone)
		give_up(ipc);
	ev_io_del(&ipc->io);
	drop_sets(ipc);
	ipc->cb(ipc, NULL, ipc->arg);
}

/* Dispatches all whole frames. 0, VG_ERR_PROTO, or VG_ERR_CLOSED when the owner closed ipc, which is then
 * freed. */
static int
dispatch(struct ipc *ipc)
{
	struct ipc_msg msg;
	int more;

	while ((more = next_frame(ipc, &msg)) == 1) {
		ipc->dispatching = true;
		ipc->cb(ipc, &msg, ipc->arg);
		ipc->dispatching = false;
		ipc_msg_done(&msg);
		if (msg.type == IPC_M_SECRET)
			sodium_memzero(ipc->in.data + ipc->pos - msg.len, msg.len);
		if (ipc->closed) {
			release(ipc);
			return VG_ERR_CLOSED;
		}
	}
	return more;
}

/* Gives a large buffer back once nothing stands in it. */
static void
shrink(struct ipc *ipc)
{
	if (ipc->pos < ipc->in.len)
		return;
	buf_reset(&ipc->in);
	ipc->pos = 0;
	if (ipc->in.cap > KEEP_MAX) {
		buf_free(&ipc->in);
		ipc->block = READ_FIRST;
	}
}

static void
on_readable(struct ipc *ipc)
{
	int rc = read_some(ipc);

	if (rc == VG_ERR_AGAIN)
		return;
	rc = rc == 1 ? dispatch(ipc) : VG_ERR_PROTO;
	if (rc == VG_ERR_CLOSED)
		return;
	if (rc)
		end(ipc);
	else
		shrink(ipc);
}

static void
on_event(int fd, unsigned events, void *arg)
{
	struct ipc *ipc = arg;

	(void)fd;
	if ((events & EV_WRITE) && ipc->blocked)
		flush(ipc);
	if (events & EV_READ)
		on_readable(ipc);
}

int
ipc_recv(struct ipc *ipc, struct ipc_msg *msg)
{
	int rc;

	if (ipc->ended)
		return 0;
	for (;;) {
		rc = next_frame(ipc, msg);
		if (rc)
			break;
		shrink(ipc);
		rc = read_some(ipc);
		if (rc <= 0)
			break;
	}
	if (rc <= 0) {
		ipc->ended = true;
		if (!ipc->gone)
			give_up(ipc);
	}
	return rc;
}

void
ipc_msg_done(struct ipc_msg *msg)
{
	for (int i = 0; i < IPC_MAX_FDS; i++) {
		if (msg->fd[i] >= 0)
			close(msg->fd[i]);
		msg->fd[i] = -1;
	}
}

int
ipc_take_fd(struct ipc_msg *msg, int i)
{
	int fd;

	if (i < 0 || i >= IPC_MAX_FDS)
		return -1;
	fd = msg->fd[i];
	msg->fd[i] = -1;
	return fd;
}

int
ipc_decode(const struct ipc_msg *msg, void *obj)
{
	const struct wire_table *table = ipc_table((uint32_t)msg->type);

	return table ? wire_get(table, msg->data, msg->len, obj) : VG_ERR_PROTO;
}

const char *
ipc_type_name(enum ipc_type type)
{
	const struct ipc_rule *rule = ipc_rule((uint32_t)type);

	return rule ? rule->name : "unknown";
}
