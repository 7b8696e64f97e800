/*
 * test_linebuf.c - streams in the clear and under TLS: an echo server against clients that trickle, flood, stop reading,
 * vanish and lie.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/tls_fake.h"
#include "err.h"
#include "linebuf.h"

struct echo {
	struct evloop *loop;
	struct linebuf *lb;
	int client;
	size_t hold;      /* bytes to leave in the buffer */
	size_t received;
	bool eof, failed, finished, tls_up, close_on_input, pause_on_input;
};

static void
on_input(struct echo *e)
{
	const unsigned char *p;
	size_t n;

	p = linebuf_peek(e->lb, &n);
	e->received += n > e->hold ? n - e->hold : 0;
	if (n > e->hold) {
		assert_int_equal(linebuf_write(e->lb, p, n - e->hold), VG_OK);
		linebuf_take(e->lb, n - e->hold);
	}
	if (e->close_on_input)
		linebuf_close(&e->lb);
	else if (e->pause_on_input)
		linebuf_pause(e->lb);
	else
		linebuf_flush(e->lb);
}

static void
on_event(struct linebuf *lb, enum linebuf_event event, void *arg)
{
	struct echo *e = arg;

	(void)lb;
	if (event == LB_INPUT)
		on_input(e);
	e->eof |= event == LB_EOF;
	e->failed |= event == LB_FAILED;
	e->finished |= event == LB_FINISHED;
	e->tls_up |= event == LB_TLS_UP;
	if (event == LB_FINISHED || event == LB_FAILED)
		linebuf_close(&e->lb);
}

static void
echo_open(struct echo *e)
{
	int sv[2];

	memset(e, 0, sizeof(*e));
	e->loop = evloop_new();
	assert_non_null(e->loop);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, sv), 0);
	e->lb = linebuf_open(e->loop, sv[0], on_event, e);
	assert_non_null(e->lb);
	e->client = sv[1];
}

static void
echo_close(struct echo *e)
{
	linebuf_close(&e->lb);
	if (e->client >= 0)
		close(e->client);
	evloop_free(&e->loop);
}

static void
turn(struct echo *e)
{
	assert_int_equal(evloop_turn(e->loop, 0), VG_OK);
}

static void
test_echo(void **state)
{
	struct echo e;
	char got[16];

	(void)state;
	echo_open(&e);
	assert_int_equal(send(e.client, "hello", 5, 0), 5);
	turn(&e);
	assert_int_equal(recv(e.client, got, sizeof(got), 0), 5);
	/* what is left in the buffer is there again, in front of what comes next */
	e.hold = 3;
	assert_int_equal(send(e.client, "abcd", 4, 0), 4);
	turn(&e);
	assert_int_equal(send(e.client, "ef", 2, 0), 2);
	turn(&e);
	assert_int_equal(recv(e.client, got, sizeof(got), 0), 3);
	assert_memory_equal(got, "abc", 3);
	shutdown(e.client, SHUT_WR);
	turn(&e);
	assert_true(e.eof);
	echo_close(&e);
}

/* A client that does not read: output waits, then goes on by itself. */
static void
test_slow_reader(void **state)
{
	struct echo e;
	static char data[LINEBUF_WINDOW];
	size_t sent = 0, got = 0;
	ssize_t n;

	(void)state;
	echo_open(&e);
	for (int i = 0; i < 64; i++) {
		n = send(e.client, data, sizeof(data), MSG_DONTWAIT);
		sent += n > 0 ? (size_t)n : 0;
		turn(&e);
	}
	assert_true(linebuf_backlog(e.lb) > 0);
	for (int i = 0; i < 2000 && got < sent; i++) {
		n = recv(e.client, data, sizeof(data), MSG_DONTWAIT);
		got += n > 0 ? (size_t)n : 0;
		turn(&e);
	}
	assert_int_equal(got, sent);
	assert_int_equal(linebuf_backlog(e.lb), 0);
	echo_close(&e);
}

/* The window is bounded when nothing is taken, and paused streams read nothing. */
static void
test_window(void **state)
{
	struct echo e;
	static char data[LINEBUF_WINDOW * 2];
	size_t n;

	(void)state;
	echo_open(&e);
	e.hold = SIZE_MAX;
	assert_true(send(e.client, data, sizeof(data), MSG_DONTWAIT) > 0);
	for (int i = 0; i < 20; i++)
		turn(&e);
	linebuf_peek(e.lb, &n);
	assert_int_equal(n, LINEBUF_WINDOW);
	linebuf_take(e.lb, n);
	e.hold = 0;
	linebuf_pause(e.lb);
	for (int i = 0; i < 5; i++)
		turn(&e);
	linebuf_peek(e.lb, &n);
	assert_int_equal(n, 0);
	linebuf_resume(e.lb);
	for (int i = 0; i < 5; i++)
		turn(&e);
	assert_true(e.received > 0);
	echo_close(&e);
}

static void
test_close_in_callback(void **state)
{
	struct echo e;

	(void)state;
	echo_open(&e);
	e.close_on_input = true;
	assert_int_equal(send(e.client, "x", 1, 0), 1);
	turn(&e);
	assert_null(e.lb);
	echo_close(&e);
}

/* The last words reach a client that is still sending, and its bytes are not answered. */
static void
test_finish_lingers(void **state)
{
	struct echo e;
	char got[64];

	(void)state;
	echo_open(&e);
	linebuf_write(e.lb, "bye", 3);
	assert_int_equal(send(e.client, "more", 4, 0), 4);
	linebuf_finish(e.lb, true);
	for (int i = 0; i < 5; i++)
		turn(&e);
	assert_false(e.finished);
	assert_int_equal(recv(e.client, got, sizeof(got), 0), 3);
	assert_int_equal(recv(e.client, got, sizeof(got), 0), 0);
	assert_int_equal(e.received, 0);
	shutdown(e.client, SHUT_WR);
	for (int i = 0; i < 5; i++)
		turn(&e);
	assert_true(e.finished);
	echo_close(&e);
}

static void
test_client_gone(void **state)
{
	struct echo e;

	(void)state;
	echo_open(&e);
	close(e.client);
	e.client = -1;
	turn(&e);
	assert_true(e.eof);
	linebuf_write(e.lb, "x", 1);
	assert_int_equal(linebuf_flush(e.lb), VG_ERR_CLOSED);
	echo_close(&e);
}

/* ---- TLS ---- */

static struct tls_ctx *
server_ctx(void)
{
	struct tls_ctx *ctx;
	struct tls_pem pem;
	const char *why;

	tls_fake_pem(&pem);
	assert_int_equal(tls_ctx_new(&ctx, pem.cert.data, pem.cert.size, pem.key.data, pem.key.size, &why), VG_OK);
	tls_fake_pem_free(&pem);
	return ctx;
}

static int
shake(struct echo *e, struct tls_client *c)
{
	int rc = GNUTLS_E_AGAIN;

	for (int i = 0; i < 200 && rc == GNUTLS_E_AGAIN; i++) {
		rc = gnutls_handshake(c->session);
		turn(e);
	}
	turn(e);
	return rc;
}

static void
test_tls_echo(void **state)
{
	static unsigned char data[200000], got[200000];
	struct tls_ctx *ctx = server_ctx();
	struct tls_client c;
	struct echo e;
	size_t sent = 0, n = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (unsigned char)(i * 7);
	echo_open(&e);
	assert_int_equal(linebuf_starttls(e.lb, ctx, false), VG_OK);
	tls_ctx_unref(&ctx); /* the session holds its own */
	assert_null(linebuf_tls(e.lb));
	tls_client_new(&c, e.client, NULL);
	assert_int_equal(shake(&e, &c), 0);
	assert_true(e.tls_up);
	assert_memory_equal(linebuf_tls(e.lb), "TLS1.", 5);
	for (int i = 0; i < 5000 && n < sizeof(got); i++) {
		ssize_t k = sent < sizeof(data) ? gnutls_record_send(c.session, data + sent, sizeof(data) - sent) : 0;

		sent += k > 0 ? (size_t)k : 0;
		turn(&e);
		k = gnutls_record_recv(c.session, got + n, sizeof(got) - n);
		n += k > 0 ? (size_t)k : 0;
	}
	assert_int_equal(n, sizeof(got));
	assert_memory_equal(got, data, sizeof(got));
	gnutls_bye(c.session, GNUTLS_SHUT_WR);
	for (int i = 0; i < 5; i++)
		turn(&e);
	assert_true(e.eof);
	tls_client_free(&c);
	echo_close(&e);
}

/* Bytes that were read before TLS began are its beginning, or are forgotten. */
static void
test_tls_early(void **state)
{
	struct tls_ctx *ctx = server_ctx();
	struct tls_client c;
	struct echo e;

	(void)state;
	for (int keep = 0; keep < 2; keep++) {
		echo_open(&e);
		e.hold = SIZE_MAX;
		tls_client_new(&c, e.client, NULL);
		assert_int_equal(gnutls_handshake(c.session), GNUTLS_E_AGAIN);
		turn(&e);
		assert_int_equal(linebuf_starttls(e.lb, ctx, keep), VG_OK);
		assert_int_equal(shake(&e, &c), keep ? 0 : GNUTLS_E_AGAIN);
		assert_int_equal(e.tls_up, keep);
		tls_client_free(&c);
		echo_close(&e);
	}
	tls_ctx_unref(&ctx);
}

static void
test_tls_refused(void **state)
{
	static const char *const clients[] = { "NORMAL:-VERS-ALL:+VERS-TLS1.1", "NORMAL:-VERS-ALL:+VERS-TLS1.0" };
	struct tls_ctx *ctx = server_ctx();
	struct tls_client c;
	struct echo e;

	(void)state;
	for (size_t i = 0; i < sizeof(clients) / sizeof(clients[0]); i++) {
		echo_open(&e);
		assert_int_equal(linebuf_starttls(e.lb, ctx, false), VG_OK);
		tls_client_new(&c, e.client, clients[i]);
		assert_true(shake(&e, &c) < 0);
		assert_true(e.failed);
		assert_false(e.tls_up);
		tls_client_free(&c);
		echo_close(&e);
	}
	/* no TLS at all */
	echo_open(&e);
	assert_int_equal(linebuf_starttls(e.lb, ctx, false), VG_OK);
	assert_true(send(e.client, "EHLO client.example\r\n", 21, 0) > 0);
	for (int i = 0; i < 5; i++)
		turn(&e);
	assert_true(e.failed);
	assert_int_equal(e.received, 0);
	echo_close(&e);
	/* gone in the middle */
	echo_open(&e);
	assert_int_equal(linebuf_starttls(e.lb, ctx, false), VG_OK);
	shutdown(e.client, SHUT_WR);
	for (int i = 0; i < 5; i++)
		turn(&e);
	assert_true(e.failed);
	echo_close(&e);
	tls_ctx_unref(&ctx);
}

static void
test_tls_versions(void **state)
{
	static const char *const clients[] = { "NORMAL:-VERS-ALL:+VERS-TLS1.2", "NORMAL:-VERS-ALL:+VERS-TLS1.3" };
	static const char *const names[] = { "TLS1.2 ", "TLS1.3 " };
	struct tls_ctx *ctx = server_ctx();
	struct tls_client c;
	struct echo e;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		echo_open(&e);
		assert_int_equal(linebuf_starttls(e.lb, ctx, false), VG_OK);
		tls_client_new(&c, e.client, clients[i]);
		assert_int_equal(shake(&e, &c), 0);
		assert_memory_equal(linebuf_tls(e.lb), names[i], 7);
		tls_client_free(&c);
		echo_close(&e);
	}
	tls_ctx_unref(&ctx);
}

static void
test_tls_bad_pair(void **state)
{
	struct tls_ctx *ctx;
	struct tls_pem a, b;
	const char *why = NULL;

	(void)state;
	tls_fake_pem(&a);
	tls_fake_pem(&b);
	assert_int_equal(tls_ctx_new(&ctx, a.cert.data, a.cert.size, b.key.data, b.key.size, &why), VG_ERR_CRYPTO);
	assert_null(ctx);
	assert_non_null(why);
	assert_int_equal(tls_ctx_new(&ctx, "x", 1, a.key.data, a.key.size, &why), VG_ERR_CRYPTO);
	assert_int_equal(tls_ctx_new(&ctx, a.cert.data, a.cert.size, "", 0, &why), VG_ERR_CRYPTO);
	tls_fake_pem_free(&a);
	tls_fake_pem_free(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_echo),
		cmocka_unit_test(test_slow_reader),
		cmocka_unit_test(test_window),
		cmocka_unit_test(test_close_in_callback),
		cmocka_unit_test(test_finish_lingers),
		cmocka_unit_test(test_client_gone),
		cmocka_unit_test(test_tls_echo),
		cmocka_unit_test(test_tls_early),
		cmocka_unit_test(test_tls_refused),
		cmocka_unit_test(test_tls_versions),
		cmocka_unit_test(test_tls_bad_pair),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
