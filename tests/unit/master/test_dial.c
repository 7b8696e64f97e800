/* Sockets for the gate: to the configured resolver by UDP and TCP, and to nothing else. */
#include <arpa/inet.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>

#include "err.h"
#include "ipc.h"
#include "ipc_rules.h"
#include "master.h"

struct world {
	struct conf *conf;
	struct ipc *master, *gate;
	int resolver;
};

static int
resolver_socket(int type, unsigned *port)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(a);
	int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	if (type == SOCK_STREAM)
		assert_int_equal(listen(fd, 1), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &len), 0);
	*port = ntohs(a.sin_port);
	return fd;
}

static void
complain(const char *file, unsigned line, unsigned column, const char *why, void *arg)
{
	(void)arg;
	print_message("%s:%u:%u: %s\n", file, line, column, why);
}

static void
set_up(struct world *w, int type)
{
	char text[300];
	unsigned port;
	int fd[2];

	w->resolver = resolver_socket(type, &port);
	snprintf(text, sizeof(text), "hostname support.example\nstate /tmp/none\naddress intake support@support.example\n"
	    "listen smtp 127.0.0.1:2525 tls none\nresolver 127.0.0.1:%u timeout 1s\n", port);
	assert_int_equal(conf_parse("test", text, strlen(text), &w->conf, complain, NULL), VG_OK);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd), 0);
	w->master = ipc_open(NULL, fd[0], ROLE_MASTER, ROLE_GATE, NULL, NULL);
	w->gate = ipc_open(NULL, fd[1], ROLE_GATE, ROLE_MASTER, NULL, NULL);
}

static void
tear_down(struct world *w)
{
	ipc_close(&w->master);
	ipc_close(&w->gate);
	conf_free(&w->conf);
	close(w->resolver);
}

/* Asks as the gate does: what the supervisor made of it, and the socket. */
static int
dial(struct world *w, uint32_t what, int *fd)
{
	struct m_dial ask = { .what = what };
	struct m_dialed say;
	struct ipc_msg msg;
	int rc;

	*fd = -1;
	assert_int_equal(ipc_send(w->gate, IPC_M_DIAL, 7, &ask), VG_OK);
	assert_int_equal(ipc_recv(w->master, &msg), 1);
	rc = master_dial(w->conf, w->master, &msg);
	ipc_msg_done(&msg);
	if (rc != VG_OK)
		return rc;
	assert_int_equal(ipc_recv(w->gate, &msg), 1);
	assert_int_equal(msg.type, IPC_M_DIALED);
	assert_int_equal(msg.id, 7);
	assert_int_equal(ipc_decode(&msg, &say), VG_OK);
	assert_int_equal(say.what, what);
	assert_int_equal(say.err == 0, msg.fd[0] >= 0);
	*fd = ipc_take_fd(&msg, 0);
	ipc_msg_done(&msg);
	return VG_OK;
}

static void
udp_leads_to_the_resolver(void **state)
{
	struct world w;
	char got[8] = "";
	int fd;

	(void)state;
	set_up(&w, SOCK_DGRAM);
	assert_int_equal(dial(&w, DIAL_RESOLVER_UDP, &fd), VG_OK);
	assert_true(fd >= 0);
	assert_int_equal(send(fd, "query", 5, 0), 5);
	assert_int_equal(recv(w.resolver, got, sizeof(got), 0), 5);
	assert_string_equal(got, "query");
	close(fd);
	tear_down(&w);
}

static void
tcp_leads_to_the_resolver(void **state)
{
	struct world w;
	int fd, accepted;
	struct pollfd p = { .events = POLLOUT };

	(void)state;
	set_up(&w, SOCK_STREAM);
	assert_int_equal(dial(&w, DIAL_RESOLVER_TCP, &fd), VG_OK);
	accepted = accept(w.resolver, NULL, NULL);
	assert_true(accepted >= 0);
	p.fd = fd;
	assert_int_equal(poll(&p, 1, 2000), 1);
	assert_int_equal(p.revents, POLLOUT);
	close(accepted);
	close(fd);
	tear_down(&w);
}

static void
nothing_else_can_be_dialled(void **state)
{
	struct world w;
	int fd;

	(void)state;
	set_up(&w, SOCK_DGRAM);
	assert_int_equal(dial(&w, 0, &fd), VG_ERR_PROTO);
	assert_int_equal(dial(&w, DIAL_RESOLVER_TCP + 1, &fd), VG_ERR_PROTO);
	assert_int_equal(fd, -1);
	/* and by nobody but the gate */
	assert_false(ipc_rule_allows(ipc_rule(IPC_M_DIAL), ROLE_PARSER, ROLE_MASTER));
	assert_false(ipc_rule_allows(ipc_rule(IPC_M_DIAL), ROLE_SMTP, ROLE_MASTER));
	assert_true(ipc_rule_allows(ipc_rule(IPC_M_DIAL), ROLE_GATE, ROLE_MASTER));
	tear_down(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(udp_leads_to_the_resolver),
		cmocka_unit_test(tcp_leads_to_the_resolver),
		cmocka_unit_test(nothing_else_can_be_dialled),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
