/*
 * test_listen.c - accepting: limits, no descriptors left, local sockets, a stop. Loopback and a free port.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <sys/resource.h>

#include "smtp_fake.h"

#define TWO_SESSIONS FAKE_BASE "limit sessions 2 per-peer 1\n"

static int
listen_tcp(struct sockaddr_in *sa)
{
	socklen_t len = sizeof(*sa);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	*sa = (struct sockaddr_in){ .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)sa, sizeof(*sa)), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)sa, &len), 0);
	assert_int_equal(listen(fd, 16), 0);
	return fd;
}

/* Connects to the listener; from is the last byte of 127.0.0.x. */
static int
dial(const struct sockaddr_in *to, unsigned from)
{
	struct sockaddr_in sa = { .sin_family = AF_INET, .sin_addr = { htonl(0x7f000000u + from) } };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&sa, sizeof(sa)), 0);
	assert_int_equal(connect(fd, (const struct sockaddr *)to, sizeof(*to)), 0);
	return fd;
}

/* First bytes that the server says, or "" at a close. */
static const char *
greeting(struct fake *f, int fd)
{
	static char text[512];
	ssize_t n = -1;

	for (int i = 0; i < 300 && n < 0; i++) {
		evloop_turn(f->ctx.loop, 10);
		n = recv(fd, text, sizeof(text) - 1, MSG_DONTWAIT);
	}
	assert_true(n >= 0);
	text[n] = '\0';
	return text;
}

static void
test_limits(void **state)
{
	struct fake *f = fake_new(TWO_SESSIONS);
	struct sockaddr_in sa;
	int a, b, c;

	(void)state;
	smtp_role.on_listen(&f->ctx, 0, listen_tcp(&sa));
	a = dial(&sa, 1);
	assert_memory_equal(greeting(f, a), "220 ", 4);
	b = dial(&sa, 1);
	assert_memory_equal(greeting(f, b), "421 4.7.0", 9);
	close(b);
	for (int i = 0; i < 300 && fake_smtp(f)->n_open > 1; i++)
		evloop_turn(f->ctx.loop, 10);
	b = dial(&sa, 2);
	assert_memory_equal(greeting(f, b), "220 ", 4);
	c = dial(&sa, 3);
	assert_memory_equal(greeting(f, c), "421 4.3.2", 9);
	close(a);
	close(b);
	close(c);
	fake_free(&f);
}

static void
test_no_descriptors(void **state)
{
	struct fake *f = fake_new(FAKE_CONF);
	struct rlimit old, none;
	struct sockaddr_in sa;
	int a;

	(void)state;
	smtp_role.on_listen(&f->ctx, 0, listen_tcp(&sa));
	a = dial(&sa, 1);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
	none = old;
	none.rlim_cur = (rlim_t)a + 1; /* every number below is in use */
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	log_setup("test", LOG_LVL_ERROR);
	for (int i = 0; i < 5; i++)
		evloop_turn(f->ctx.loop, 0);
	assert_int_equal(fake_smtp(f)->n_open, 0);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
	assert_memory_equal(greeting(f, a), "220 ", 4);
	close(a);
	fake_free(&f);
}

static void
test_stop_closes(void **state)
{
	struct fake *f = fake_new(FAKE_CONF);
	struct sockaddr_in sa;
	int a, fd = listen_tcp(&sa);

	(void)state;
	smtp_role.on_listen(&f->ctx, 0, fd);
	a = dial(&sa, 1);
	assert_memory_equal(greeting(f, a), "220 ", 4);
	smtp_role.on_stop(&f->ctx);
	assert_memory_equal(greeting(f, a), "421 4.3.2", 9);
	for (int i = 0; i < 300 && !f->exited; i++)
		evloop_turn(f->ctx.loop, 10);
	assert_true(f->exited);
	assert_null(fake_smtp(f)->listeners);
	close(a);
	fake_free(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_no_descriptors),
		cmocka_unit_test(test_stop_closes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
