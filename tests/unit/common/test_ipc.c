/* ipc.h: permissions in every pair of roles, descriptors with their frames, hostile peers, full sockets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "err.h"
#include "ipc.h"
#include "ipc_out.h"
#include "ipc_rules.h"
#include "log.h"

static int sock[2];
static unsigned open_before;

static unsigned
count_fds(void)
{
	DIR *d = opendir("/proc/self/fd");
	unsigned n = 0;

	assert_non_null(d);
	while (readdir(d))
		n++;
	closedir(d);
	return n;
}

static int
setup(void **state)
{
	(void)state;
	open_before = count_fds();
	return socketpair(AF_UNIX, SOCK_STREAM, 0, sock);
}

/* Every test ends with as many descriptors as it began with: nothing that a peer sent may stay open. */
static int
teardown(void **state)
{
	(void)state;
	return count_fds() == open_before ? 0 : -1;
}

static struct ipc *
blocking(int side, enum role self, enum role peer)
{
	struct ipc *ipc = ipc_open(NULL, sock[side], self, peer, NULL, NULL);

	assert_non_null(ipc);
	return ipc;
}

/* Writes raw bytes with n_fds copies of `fd` in one sendmsg, as a peer that was taken over could. */
static void
raw_send(int side, const void *data, size_t n, int fd, unsigned n_fds)
{
	char control[CMSG_SPACE(8 * sizeof(int))] = { 0 };
	struct iovec iov = { .iov_base = (void *)(uintptr_t)data, .iov_len = n };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };

	if (n_fds) {
		struct cmsghdr *c = (struct cmsghdr *)(void *)control;
		msg.msg_control = control;
		msg.msg_controllen = CMSG_SPACE(n_fds * sizeof(int));
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(n_fds * sizeof(int));
		for (unsigned i = 0; i < n_fds; i++)
			memcpy(CMSG_DATA(c) + i * sizeof(int), &fd, sizeof(int));
	}
	assert_int_equal(sendmsg(sock[side], &msg, MSG_NOSIGNAL), n);
}

static struct ipc_head
head(uint32_t word, uint32_t len)
{
	return (struct ipc_head){ .type = word, .len = len, .id = 5 };
}

/* ---- permissions ---- */

static void
test_sender_is_checked(void **state)
{
	int log = dup(2), null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	struct ipc *ipc, *other;

	(void)state;
	dup2(null, 2); /* two thousand denials */
	for (uint32_t type = 0; type < IPC_TYPE_COUNT; type++) {
		for (unsigned from = 0; from < ROLE_COUNT; from++) {
			for (unsigned to = 0; to < ROLE_COUNT; to++) {
				const struct ipc_rule *rule = ipc_rule(type);
				bool may = (rule->from >> from & 1) && (rule->to >> to & 1);
				int two[2];
				assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, two), 0);
				ipc = ipc_open(NULL, two[0], (enum role)from, (enum role)to, NULL, NULL);
				assert_int_equal(ipc_send(ipc, (enum ipc_type)type, 1, NULL), may ? VG_OK : VG_ERR_DENIED);
				ipc_close(&ipc);
				close(two[1]);
			}
		}
	}
	dup2(log, 2);
	close(log);
	close(null);
	ipc = blocking(0, ROLE_GATE, ROLE_QUEUE);
	other = blocking(1, ROLE_QUEUE, ROLE_GATE);
	assert_int_equal(ipc_send(ipc, IPC_TYPE_COUNT, 1, NULL), VG_ERR_DENIED);
	assert_int_equal(ipc_send_fd(ipc, IPC_FACTS_ASK, 1, NULL, 0, -1), VG_ERR_DENIED); /* carries none */
	ipc_close(&ipc);
	ipc_close(&other);
}

static void
test_receiver_checks_every_pair(void **state)
{
	struct ipc_msg msg;
	unsigned accepted = 0;

	(void)state;
	for (uint32_t type = 0; type < IPC_TYPE_COUNT + 2; type++) {
		for (unsigned from = 0; from < ROLE_COUNT; from++) {
			for (unsigned to = 0; to < ROLE_COUNT; to++) {
				const struct ipc_rule *rule = ipc_rule(type);
				bool may = rule && (rule->from >> from & 1) && (rule->to >> to & 1);
				struct ipc_head h = head(type, 0);
				int two[2];
				struct ipc *ipc;
				assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, two), 0);
				ipc = ipc_open(NULL, two[0], (enum role)to, (enum role)from, NULL, NULL);
				assert_int_equal(write(two[1], &h, sizeof(h)), sizeof(h));
				close(two[1]);
				assert_int_equal(ipc_recv(ipc, &msg), may ? 1 : VG_ERR_PROTO);
				accepted += may;
				ipc_close(&ipc);
			}
		}
	}
	assert_true(accepted > IPC_TYPE_COUNT && accepted < IPC_TYPE_COUNT * ROLE_COUNT);
	close(sock[0]);
	close(sock[1]);
}

static void
test_no_parser_meets_the_gate(void **state)
{
	(void)state;
	for (uint32_t type = 0; type < IPC_TYPE_COUNT; type++) {
		for (unsigned r = 0; r < ROLE_COUNT; r++) {
			if (r == ROLE_MASTER || r == ROLE_QUEUE)
				continue;
			assert_false(ipc_rule_allows(ipc_rule(type), ROLE_PARSER, (enum role)r));
			assert_false(ipc_rule_allows(ipc_rule(type), (enum role)r, ROLE_PARSER));
			assert_false(ipc_rule_allows(ipc_rule(type), ROLE_OCR, (enum role)r));
			assert_false(ipc_rule_allows(ipc_rule(type), (enum role)r, ROLE_OCR));
		}
	}
	close(sock[0]);
	close(sock[1]);
}

/* ---- hostile frames ---- */

/* What the queue makes of one raw write by the api. */
static int
receive_raw(const void *data, size_t n, int fd, unsigned n_fds)
{
	struct ipc *ipc = blocking(0, ROLE_QUEUE, ROLE_API);
	struct ipc_msg msg;
	int rc;

	raw_send(1, data, n, fd, n_fds);
	close(sock[1]);
	while ((rc = ipc_recv(ipc, &msg)) == 1)
		ipc_msg_done(&msg);
	assert_true(ipc_is_closed(ipc));
	ipc_close(&ipc);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, sock), 0);
	return rc;
}

static void
test_hostile_frames(void **state)
{
	const struct {
		const char *what;
		uint32_t word, len;
		unsigned n_fds;
		int rc;
	} cases[] = {
		{ "right", IPC_CALL_CANCEL, 0, 0, 0 },
		{ "right, one descriptor", IPC_CALL | 1u << 16, 0, 1, 0 },
		{ "right, told as the second", IPC_CALL | 2u << 16, 0, 1, 0 },
		{ "no such type", IPC_TYPE_COUNT, 0, 0, VG_ERR_PROTO },
		{ "no such type", 0xffff, 0, 0, VG_ERR_PROTO },
		{ "one byte too long", IPC_SPOOL_DROP, IPC_SMALL + 1, 0, VG_ERR_PROTO },
		{ "longest number", IPC_CALL, UINT32_MAX, 0, VG_ERR_PROTO },
		{ "payload where there are no fields", IPC_CALL_CANCEL, 1, 0, VG_ERR_PROTO },
		{ "descriptor announced and not sent", IPC_CALL | 1u << 16, 0, 0, VG_ERR_PROTO },
		{ "descriptor sent and not announced", IPC_CALL, 0, 1, VG_ERR_PROTO },
		{ "two sent, one announced", IPC_CALL | 1u << 16, 0, 2, VG_ERR_PROTO },
		{ "two where one is allowed", IPC_CALL | 3u << 16, 0, 2, VG_ERR_PROTO },
		{ "three sent", IPC_CALL | 1u << 16, 0, 3, VG_ERR_PROTO },
		{ "eight sent", IPC_CALL | 1u << 16, 0, 8, VG_ERR_PROTO },
		{ "a third announced", IPC_CALL | 4u << 16, 0, 1, VG_ERR_PROTO },
		{ "on a type that has none", IPC_SPOOL_ASK | 1u << 16, 0, 1, VG_ERR_PROTO },
		{ "end within a frame", IPC_CALL, 100, 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct ipc_head h = head(cases[i].word, cases[i].len);
		int rc = receive_raw(&h, sizeof(h), sock[0], cases[i].n_fds);
		if (rc != cases[i].rc)
			fail_msg("%s: %d", cases[i].what, rc);
	}
	close(sock[0]);
	close(sock[1]);
}

static void
test_descriptors_without_frames(void **state)
{
	struct ipc *ipc = blocking(0, ROLE_QUEUE, ROLE_API);
	struct ipc_head h = head(IPC_CALL | 1u << 16, 0);
	struct ipc_msg msg;

	(void)state;
	/* the header in pieces, each with a descriptor */
	for (unsigned i = 0; i < 4; i++)
		raw_send(1, (const char *)&h + i, 1, sock[1], 1);
	assert_int_equal(ipc_recv(ipc, &msg), VG_ERR_PROTO);
	assert_int_equal(ipc_recv(ipc, &msg), 0); /* nothing is believed any more */
	ipc_close(&ipc);
	close(sock[1]);
}

static void
test_byte_by_byte(void **state)
{
	struct ipc *in = blocking(0, ROLE_QUEUE, ROLE_API);
	struct buf payload, frame;
	struct call call = { .op = "tickets.list", .actor = "local" }, got;
	struct ipc_head h;
	struct ipc_msg msg;

	(void)state;
	buf_init(&payload, 1000);
	buf_init(&frame, 2000);
	wire_put(&payload, &wire_call, &call);
	h = head(IPC_CALL | 1u << 16, (uint32_t)payload.len);
	buf_add(&frame, &h, sizeof(h));
	buf_add(&frame, payload.data, payload.len);
	for (size_t i = 0; i < frame.len; i++)
		raw_send(1, frame.data + i, 1, sock[1], i == 0);
	assert_int_equal(ipc_recv(in, &msg), 1);
	assert_int_equal(ipc_decode(&msg, &got), VG_OK);
	assert_string_equal(got.op, "tickets.list");
	assert_int_equal(fcntl(msg.fd[0], F_GETFD), FD_CLOEXEC);
	assert_int_equal(msg.fd[1], -1);
	assert_int_equal(ipc_take_fd(&msg, 7), -1);
	ipc_msg_done(&msg);
	buf_free(&payload);
	buf_free(&frame);
	ipc_close(&in);
	close(sock[1]);
}

/* ---- two loops' ends ---- */

static struct evloop *loop;
static struct ipc *gate, *queue;
static uint64_t next_in, n_fds_in;
static bool gate_ended, queue_ended;

static void
open_pair(ipc_cb *on_gate, ipc_cb *on_queue)
{
	loop = evloop_new();
	gate = ipc_open(loop, sock[0], ROLE_SMTP, ROLE_GATE, on_gate, NULL);
	queue = ipc_open(loop, sock[1], ROLE_GATE, ROLE_SMTP, on_queue, NULL);
	assert_non_null(gate);
	assert_non_null(queue);
	next_in = n_fds_in = 0;
	gate_ended = queue_ended = false;
}

static void
close_pair(void)
{
	ipc_close(&gate);
	ipc_close(&queue);
	evloop_free(&loop);
}

static void
on_gate_end(struct ipc *ipc, struct ipc_msg *msg, void *arg)
{
	(void)arg;
	assert_ptr_equal(ipc, gate);
	assert_null(msg);
	gate_ended = true;
	ipc_close(&gate);
}

/* A descriptor whose content is the number of its message. */
static int
numbered_fd(uint64_t n)
{
	int fd = memfd_create("n", MFD_CLOEXEC);

	assert_int_equal(write(fd, &n, sizeof(n)), sizeof(n));
	return fd;
}

static void
on_numbered(struct ipc *ipc, struct ipc_msg *msg, void *arg)
{
	struct submit s;
	uint64_t n;

	(void)ipc;
	(void)arg;
	assert_non_null(msg);
	assert_true(msg->id == next_in);
	next_in++;
	assert_int_equal(ipc_decode(msg, &s), VG_OK);
	assert_true(s.size == msg->id);
	assert_int_equal(s.bytes.len, s.spool);
	assert_int_equal(msg->fd[0] >= 0, s.after_queue);
	assert_int_equal(msg->fd[1], -1);
	if (msg->fd[0] >= 0) {
		assert_int_equal(pread(msg->fd[0], &n, sizeof(n), 0), sizeof(n));
		assert_true(n == msg->id);
		if (n % 2) /* taken, or left to be closed */
			close(ipc_take_fd(msg, 0));
		n_fds_in++;
	}
}

static unsigned
draw(unsigned *seed)
{
	*seed = *seed * 1103515245 + 12345;
	return *seed >> 16 & 0x7fff;
}

static void
test_descriptors_stay_with_their_frames(void **state)
{
	static unsigned char big[MSG_INLINE_MAX];
	unsigned seed = 7;
	uint64_t n_fds_out = 0, n = 0;
	int small = 4096;

	(void)state;
	open_pair(on_gate_end, on_numbered);
	setsockopt(sock[0], SOL_SOCKET, SO_SNDBUF, &small, sizeof(small));
	for (; n < 3000; n++) {
		bool with = draw(&seed) % 3 == 0;
		size_t size = draw(&seed) % 50 ? draw(&seed) % 200 : draw(&seed) % 8 * (MSG_INLINE_MAX / 8);
		struct submit s = { .size = n, .spool = size, .after_queue = with, .bytes = { .data = big, .len = size } };
		int fd = with ? numbered_fd(n) : -1;
		assert_int_equal(ipc_send_fd(gate, IPC_SUBMIT, n, &s, fd, -1), VG_OK);
		if (with)
			close(fd);
		n_fds_out += with;
		if (draw(&seed) % 20 == 0)
			evloop_turn(loop, 0);
	}
	assert_true(ipc_backlog(gate) > 0);
	while (next_in < n)
		assert_int_equal(evloop_turn(loop, -1), VG_OK);
	assert_int_equal(ipc_backlog(gate), 0);
	assert_int_equal(n_fds_in, n_fds_out);
	close_pair();
}

static void
on_close_own(struct ipc *ipc, struct ipc_msg *msg, void *arg)
{
	unsigned char first = msg->data[0];

	(void)ipc;
	(void)arg;
	next_in++;
	ipc_close(&queue);
	assert_int_equal(msg->data[0], first); /* still there until we return */
}

static void
test_callback_closes_its_link(void **state)
{
	struct rcpt_ask ask = { .address = "case+1.x@support.example" };

	(void)state;
	open_pair(on_gate_end, on_close_own);
	for (uint64_t i = 0; i < 10; i++)
		ipc_send(gate, IPC_RCPT_ASK, i, &ask);
	while (!gate_ended)
		evloop_turn(loop, -1);
	assert_int_equal(next_in, 1);
	assert_null(queue);
	close_pair();
}

static void
on_reply_twice(struct ipc *ipc, struct ipc_msg *msg, void *arg)
{
	(void)arg;
	if (!msg) {
		queue_ended = true;
		ipc_close(&queue);
		return;
	}
	next_in++;
	assert_int_equal(ipc_send(ipc, IPC_RCPT_SAY, msg->id, &(struct rcpt_say){ .ok = 1 }), VG_OK);
}

static void
test_what_came_before_the_end_is_told(void **state)
{
	struct rcpt_ask ask = { .address = "x@support.example" };

	(void)state;
	open_pair(on_gate_end, on_reply_twice);
	for (uint64_t i = 0; i < 100; i++)
		ipc_send(gate, IPC_RCPT_ASK, i, &ask);
	ipc_close(&gate); /* flushes what the socket takes */
	while (!queue_ended)
		evloop_turn(loop, -1);
	assert_int_equal(next_in, 100);
	close_pair();
}

static void
test_send_to_a_dead_peer(void **state)
{
	struct rcpt_ask ask = { .address = "x@support.example" };

	(void)state;
	open_pair(on_gate_end, on_reply_twice);
	ipc_close(&queue);
	assert_int_equal(ipc_send(gate, IPC_RCPT_ASK, 1, &ask), VG_OK); /* queued for the end of the turn */
	while (!gate_ended)
		evloop_turn(loop, -1);
	close_pair();
}

static void
test_link_ends_once_for_both_on_a_bad_frame(void **state)
{
	struct ipc_head h = head(IPC_VERDICT, 0); /* only a gate may */

	(void)state;
	open_pair(on_gate_end, on_reply_twice);
	raw_send(0, &h, sizeof(h), -1, 0);
	while (!gate_ended || !queue_ended)
		evloop_turn(loop, -1);
	assert_int_equal(next_in, 0);
	close_pair();
}

static void
test_maximum_of_the_type(void **state)
{
	struct ipc *ipc = blocking(0, ROLE_SMTP, ROLE_GATE);
	struct ipc_msg msg;
	char *long_text = malloc(IPC_SMALL + 1);
	struct ipc *in = blocking(1, ROLE_GATE, ROLE_SMTP);

	(void)state;
	memset(long_text, 'a', IPC_SMALL);
	long_text[IPC_SMALL] = '\0';
	assert_int_equal(ipc_send(ipc, IPC_RCPT_ASK, 1, &(struct rcpt_ask){ .address = long_text }), VG_ERR_LIMIT);
	long_text[IPC_SMALL - 5] = '\0'; /* with length and NUL exactly the maximum */
	assert_int_equal(ipc_send(ipc, IPC_RCPT_ASK, 2, &(struct rcpt_ask){ .address = long_text }), VG_OK);
	assert_int_equal(ipc_recv(in, &msg), 1);
	assert_true(msg.id == 2);
	assert_int_equal(msg.len, IPC_SMALL);
	free(long_text);
	ipc_close(&ipc);
	assert_int_equal(ipc_recv(in, &msg), 0);
	assert_int_equal(ipc_recv(in, &msg), 0);
	assert_int_equal(ipc_send(in, IPC_RCPT_SAY, 2, NULL), VG_ERR_CLOSED);
	ipc_close(&in);
}

static void
test_full_descriptor_table(void **state)
{
	struct ipc *out = blocking(0, ROLE_API, ROLE_QUEUE), *in = blocking(1, ROLE_QUEUE, ROLE_API);
	struct rlimit old, none;
	struct ipc_msg msg;

	(void)state;
	getrlimit(RLIMIT_NOFILE, &old);
	assert_int_equal(ipc_send_fd(out, IPC_CALL, 1, NULL, sock[0], -1), VG_OK);
	assert_int_equal(ipc_send_fd(out, IPC_CALL, 2, NULL, sock[0], -1), VG_OK);
	none = old;
	none.rlim_cur = 3;
	setrlimit(RLIMIT_NOFILE, &none);
	assert_int_equal(ipc_recv(in, &msg), 1); /* comes without its descriptor, and the link lives on */
	setrlimit(RLIMIT_NOFILE, &old);
	assert_true(msg.id == 1);
	assert_int_equal(msg.fd[0], -1);
	ipc_msg_done(&msg);
	assert_int_equal(ipc_recv(in, &msg), 1);
	assert_true(msg.fd[0] >= 0);
	ipc_msg_done(&msg);
	ipc_close(&out);
	ipc_close(&in);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_sender_is_checked),
		TEST(test_receiver_checks_every_pair),
		TEST(test_no_parser_meets_the_gate),
		TEST(test_hostile_frames),
		TEST(test_descriptors_without_frames),
		TEST(test_byte_by_byte),
		TEST(test_descriptors_stay_with_their_frames),
		TEST(test_callback_closes_its_link),
		TEST(test_what_came_before_the_end_is_told),
		TEST(test_send_to_a_dead_peer),
		TEST(test_link_ends_once_for_both_on_a_bad_frame),
		TEST(test_maximum_of_the_type),
		TEST(test_full_descriptor_table),
	};

	log_setup("test", LOG_LVL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
