/* A peer that was taken over: any bytes, in two writes, with or without descriptors, on every link there may be. What
 * comes through decodes within bounds, and nothing it sent stays open. First byte: the link; second: descriptors. */
#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "err.h"
#include "ipc.h"
#include "ipc_rules.h"
#include "log.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const enum role links[][2] = { /* who sends, who receives */
	{ ROLE_GATE, ROLE_QUEUE }, { ROLE_QUEUE, ROLE_GATE }, { ROLE_SMTP, ROLE_GATE }, { ROLE_GATE, ROLE_SMTP },
	{ ROLE_SMTP, ROLE_QUEUE }, { ROLE_QUEUE, ROLE_SMTP }, { ROLE_PARSER, ROLE_QUEUE }, { ROLE_QUEUE, ROLE_PARSER },
	{ ROLE_API, ROLE_QUEUE }, { ROLE_QUEUE, ROLE_API }, { ROLE_API, ROLE_GATE }, { ROLE_MASTER, ROLE_SMTP },
	{ ROLE_SMTP, ROLE_MASTER },
};

static void
send_piece(int sock, const uint8_t *data, size_t n, int fds)
{
	static const int passed = 2; /* not the link itself: in flight it would keep it open */
	char control[CMSG_SPACE(3 * sizeof(int))] = { 0 };
	struct iovec iov = { .iov_base = (void *)(uintptr_t)data, .iov_len = n };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct cmsghdr *c = (struct cmsghdr *)(void *)control;

	if (n == 0)
		return;
	if (fds) {
		msg.msg_control = control;
		msg.msg_controllen = CMSG_SPACE((size_t)fds * sizeof(int));
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN((size_t)fds * sizeof(int));
		for (int i = 0; i < fds; i++)
			memcpy(CMSG_DATA(c) + (size_t)i * sizeof(int), &passed, sizeof(int));
	}
	if (sendmsg(sock, &msg, MSG_NOSIGNAL) != (ssize_t)n)
		abort();
}

static void
decode(const struct ipc_msg *msg)
{
	const struct wire_table *t = ipc_table((uint32_t)msg->type);
	uint64_t space[128];

	assert(msg->type < IPC_TYPE_COUNT && msg->len <= ipc_rule((uint32_t)msg->type)->max);
	if (!t) {
		assert(msg->len == 0 && ipc_decode(msg, space) == VG_ERR_PROTO);
		return;
	}
	assert(t->size <= sizeof(space));
	if (ipc_decode(msg, space))
		return;
	for (size_t i = 0; i < t->nfields; i++) {
		if (t->fields[i].type == W_str)
			assert(strlen(*(const char **)(void *)((char *)space + t->fields[i].offset)) < msg->len);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t half;
	struct ipc_msg msg;
	struct ipc *ipc;
	int sock[2], next;

	if (size < 3 || size > 100000)
		return 0;
	log_setup("fuzz", LOG_LVL_ERROR);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sock) < 0)
		abort();
	ipc = ipc_open(NULL, sock[0], links[data[0] % 13][1], links[data[0] % 13][0], NULL, NULL);
	assert(ipc);
	half = 3 + data[2] % (size - 2);
	send_piece(sock[1], data + 3, half - 3, data[1] & 3);
	send_piece(sock[1], data + half, size - half, data[1] >> 2 & 3);
	close(sock[1]);
	while (ipc_recv(ipc, &msg) == 1) {
		decode(&msg);
		if (data[1] & 0x80)
			close(ipc_take_fd(&msg, 0));
		ipc_msg_done(&msg);
	}
	ipc_close(&ipc);
	next = dup(2); /* the lowest free number: all that came with the frames is closed */
	assert(next <= sock[0]);
	close(next);
	return 0;
}
