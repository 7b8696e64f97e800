/*
 * ipc_out.c - the out queue of a link (ipc.c is the only caller). Our own messages; the socket may be full or
 * gone.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "err.h"
#include "ipc_out.h"

/* A segment takes further frames until it holds so much. */
#define SEGMENT_FULL (64u * 1024u)
/* An emptied segment larger than this is not kept. */
#define SPARE_MAX (512u * 1024u)

struct ipc_segment {
	struct ipc_segment *next;
	struct buf data;
	size_t done;         /* bytes written */
	int fd[IPC_MAX_FDS]; /* owned; first n_fd used */
	int n_fd;
};

static struct ipc_segment *
segment_new(struct ipc_out *out)
{
	struct ipc_segment *s = out->spare;

	if (s) {
		out->spare = NULL;
		return s;
	}
	s = calloc(1, sizeof(*s));
	if (s)
		buf_init(&s->data, (size_t)IPC_HUGE + SEGMENT_FULL + IPC_HEAD_LEN);
	return s;
}

static void
close_fds(struct ipc_segment *s)
{
	while (s->n_fd > 0)
		close(s->fd[--s->n_fd]);
}

static void
segment_free(struct ipc_segment *s)
{
	if (!s)
		return;
	close_fds(s);
	buf_free(&s->data);
	free(s);
}

static void
segment_retire(struct ipc_out *out, struct ipc_segment *s)
{
	close_fds(s);
	if (out->spare || s->data.cap > SPARE_MAX) {
		segment_free(s);
		return;
	}
	buf_reset(&s->data);
	s->done = 0;
	s->next = NULL;
	out->spare = s;
}

/* Duplicates the given descriptors into s: the mask of those there are, or -1. */
static int
dup_fds(struct ipc_segment *s, const int fds[IPC_MAX_FDS])
{
	int mask = 0;

	for (int i = 0; i < IPC_MAX_FDS; i++) {
		if (fds[i] < 0)
			continue;
		s->fd[s->n_fd] = fcntl(fds[i], F_DUPFD_CLOEXEC, 0);
		if (s->fd[s->n_fd] < 0)
			return -1;
		s->n_fd++;
		mask |= 1 << i;
	}
	return mask;
}

static int
encode(
    struct buf *b, uint32_t word, uint64_t id, const struct wire_table *table, const void *obj, uint32_t max)
{
	struct ipc_head head = { .type = word, .id = id };
	size_t start = b->len, payload = 0;
	int rc = buf_add(b, &head, sizeof(head));

	if (!rc && table && obj) {
		rc = wire_put(b, table, obj);
		payload = b->len - start - sizeof(head);
		if (!rc && payload > max)
			rc = VG_ERR_LIMIT;
	}
	if (rc) {
		b->len = start;
		return rc;
	}
	head.len = (uint32_t)payload;
	memcpy(b->data + start, &head, sizeof(head));
	return VG_OK;
}

static int
encode_with_fds(struct ipc_segment *s, enum ipc_type type, uint64_t id, const struct wire_table *table,
    const void *obj, uint32_t max, const int fds[IPC_MAX_FDS])
{
	int mask = dup_fds(s, fds);

	if (mask < 0)
		return VG_ERR_SYSTEM;
	return encode(&s->data, (uint32_t)type | (uint32_t)mask << 16, id, table, obj, max);
}

int
ipc_out_put(struct ipc_out *out, enum ipc_type type, uint64_t id, const struct wire_table *table,
    const void *obj, uint32_t max, const int fds[IPC_MAX_FDS])
{
	struct ipc_segment *s = out->tail;
	size_t before;
	int rc;

	if (fds[0] < 0 && fds[1] < 0 && s && s->n_fd == 0 && s->data.len < SEGMENT_FULL) {
		before = s->data.len;
		rc = encode(&s->data, (uint32_t)type, id, table, obj, max);
		if (!rc)
			out->bytes += s->data.len - before;
		return rc;
	}
	s = segment_new(out);
	if (!s)
		return VG_ERR_MEMORY;
	rc = encode_with_fds(s, type, id, table, obj, max, fds);
	if (rc) {
		segment_retire(out, s);
		return rc;
	}
	if (out->tail)
		out->tail->next = s;
	else
		out->head = s;
	out->tail = s;
	out->bytes += s->data.len;
	return VG_OK;
}

/* One sendmsg of a segment's rest. The descriptors leave with its first byte. */
static ssize_t
write_segment(struct ipc_segment *s, int sock)
{
	union {
		char space[CMSG_SPACE(IPC_MAX_FDS * sizeof(int))];
		struct cmsghdr align;
	} control;
	struct iovec iov = { .iov_base = s->data.data + s->done, .iov_len = s->data.len - s->done };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	ssize_t n;

	if (s->n_fd > 0) {
		struct cmsghdr *c = &control.align;
		size_t bytes = (size_t)s->n_fd * sizeof(int);
		memset(&control, 0, sizeof(control));
		msg.msg_control = &control;
		msg.msg_controllen = CMSG_SPACE(bytes);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(bytes);
		memcpy(CMSG_DATA(c), s->fd, bytes);
	}
	do
		n = sendmsg(sock, &msg, MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	if (n > 0)
		close_fds(s);
	return n;
}

int
ipc_out_flush(struct ipc_out *out, int sock)
{
	while (out->head) {
		struct ipc_segment *s = out->head;
		ssize_t n = write_segment(s, sock);
		if (n < 0)
			return errno == EAGAIN ? VG_ERR_AGAIN : VG_ERR_CLOSED;
		s->done += (size_t)n;
		out->bytes -= (size_t)n;
		if (s->done < s->data.len)
			continue;
		out->head = s->next;
		if (!out->head)
			out->tail = NULL;
		segment_retire(out, s);
	}
	return VG_OK;
}

void
ipc_out_free(struct ipc_out *out)
{
	while (out->head) {
		struct ipc_segment *s = out->head;
		out->head = s->next;
		segment_free(s);
	}
	segment_free(out->spare);
	*out = (struct ipc_out){ 0 };
}
