/* test_net_resolve.c - names to addresses: what needs nobody, a resolver that answers, truncates, lies, or is not there. */
#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "err.h"
#include "net_resolve.h"

struct resolver {
	int udp, tcp;
	bool truncate, lie, refuse, stop;
	pthread_t thread;
};

/* The question with 192.0.2.7 for A, nothing for AAAA. */
static size_t
make_answer(const struct resolver *r, unsigned char *msg, size_t len, bool tcp)
{
	size_t q = 12;
	unsigned type;

	while (msg[q])
		q += msg[q] + 1u;
	q += 5;
	type = msg[q - 3];
	msg[2] = 0x81;
	msg[3] = r->refuse ? 0x85 : 0x80;
	memset(msg + 6, 0, 6);
	if (r->lie)
		msg[0] ^= 1;
	if (r->truncate && !tcp) {
		msg[2] |= 2;
		return q;
	}
	if (type == 1 && !r->refuse) {
		static const unsigned char rr[] = { 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 7 };

		msg[7] = 1;
		memcpy(msg + q, rr, sizeof(rr));
		q += sizeof(rr);
	}
	(void)len;
	return q;
}

static void
serve_tcp(struct resolver *r)
{
	int fd = accept(r->tcp, NULL, NULL);
	unsigned char msg[600];
	ssize_t n = read(fd, msg, sizeof(msg) - 20);
	size_t len;

	if (n > 2) {
		len = make_answer(r, msg + 2, (size_t)n - 2, true);
		msg[0] = (unsigned char)(len >> 8);
		msg[1] = (unsigned char)len;
		if (write(fd, msg, len + 2) < 0)
			len = 0;
	}
	close(fd);
}

static void *
serve(void *arg)
{
	struct resolver *r = arg;

	while (!r->stop) {
		struct pollfd p[2] = { { .fd = r->udp, .events = POLLIN }, { .fd = r->tcp, .events = POLLIN } };
		unsigned char msg[600];
		struct sockaddr_in from;
		socklen_t size = sizeof(from);
		ssize_t n;

		if (poll(p, 2, 20) <= 0)
			continue;
		if (p[1].revents) {
			serve_tcp(r);
			continue;
		}
		n = recvfrom(r->udp, msg, sizeof(msg) - 20, 0, (struct sockaddr *)&from, &size);
		if (n > 12)
			sendto(r->udp, msg, make_answer(r, msg, (size_t)n, false), 0, (struct sockaddr *)&from, size);
	}
	return NULL;
}

static void
start(struct resolver *r, struct conf *c)
{
	struct sockaddr_in *in = (struct sockaddr_in *)&c->resolver;
	socklen_t len = sizeof(*in);
	int rc;

	memset(c, 0, sizeof(*c));
	in->sin_family = AF_INET;
	in->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	c->resolver_len = len;
	c->resolver_timeout_ms = 600;
	/* the same port for both */
	do {
		in->sin_port = 0;
		r->udp = socket(AF_INET, SOCK_DGRAM, 0);
		r->tcp = socket(AF_INET, SOCK_STREAM, 0);
		assert_int_equal(bind(r->udp, (struct sockaddr *)in, len), 0);
		assert_int_equal(getsockname(r->udp, (struct sockaddr *)in, &len), 0);
		rc = bind(r->tcp, (struct sockaddr *)in, len);
		if (rc != 0) {
			close(r->udp);
			close(r->tcp);
		}
	} while (rc != 0);
	assert_int_equal(listen(r->tcp, 4), 0);
	assert_int_equal(pthread_create(&r->thread, NULL, serve, r), 0);
}

static void
end(struct resolver *r)
{
	r->stop = true;
	pthread_join(r->thread, NULL);
	close(r->udp);
	close(r->tcp);
}

static int
wait_poll(int fd, unsigned events, int64_t ms, void *arg)
{
	struct pollfd p = { .fd = fd, .events = events & NET_READ ? POLLIN : POLLOUT };

	(void)arg;
	return poll(&p, 1, (int)ms) != 0;
}

static void
test_asks_nobody(void **state)
{
	static const struct {
		const char *host;
		size_t n;
		int family;
	} rows[] = { { "192.0.2.1", 1, AF_INET }, { "2001:db8::1", 1, AF_INET6 }, { "localhost", 2, AF_INET } };
	struct net_address a[NET_ADDRESSES_MAX];
	struct conf c = { 0 };
	const char *why;
	size_t n;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(net_resolve(&c, rows[i].host, 993, wait_poll, NULL, a, &n, &why), VG_OK);
		assert_int_equal(n, rows[i].n);
		assert_int_equal(a[0].addr.ss_family, rows[i].family);
		assert_int_equal(((struct sockaddr_in *)&a[0].addr)->sin_port, htons(993));
	}
}

static void
test_asks(void **state)
{
	static const struct {
		bool truncate, lie, refuse;
		int rc;
	} rows[] = { { false, false, false, VG_OK }, { true, false, false, VG_OK }, { false, true, false, VG_ERR_AGAIN },
		{ false, false, true, VG_ERR_AGAIN } };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct resolver r = { .truncate = rows[i].truncate, .lie = rows[i].lie, .refuse = rows[i].refuse };
		struct net_address a[NET_ADDRESSES_MAX];
		const char *why = "";
		struct conf c;
		char text[64];
		size_t n;

		start(&r, &c);
		assert_int_equal(net_resolve(&c, "mail.example", 143, wait_poll, NULL, a, &n, &why), rows[i].rc);
		end(&r);
		if (rows[i].rc != VG_OK) {
			assert_string_equal(why, "the DNS cannot tell its address");
			continue;
		}
		assert_int_equal(n, 1);
		inet_ntop(AF_INET, &((struct sockaddr_in *)&a[0].addr)->sin_addr, text, sizeof(text));
		assert_string_equal(text, "192.0.2.7");
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_asks_nobody), cmocka_unit_test(test_asks) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
