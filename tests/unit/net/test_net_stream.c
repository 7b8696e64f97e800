/* test_net_stream.c - the connection against servers that answer, lie, stall, flood and cut. */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <netinet/in.h>
#include <libetpan/mailstream.h>

#include "common/tls_fake.h"
#include "err.h"
#include "net_loop.h"
#include "net_stream.h"

enum deed { HANG_UP, ECHO, TRICKLE, FLOOD, MUTE, TLS, CLEAR_THEN_TLS };

struct server {
	enum deed deed;
	int listener;
	struct sockaddr_in addr;
	pthread_t thread;
	const struct tls_pem *pem;
};

static struct tls_pem pem, other_pem;

static void
serve_tls(int fd, const struct tls_pem *own)
{
	gnutls_certificate_credentials_t cred;
	gnutls_session_t s;
	char byte;

	tls_fake_ok(gnutls_certificate_allocate_credentials(&cred));
	tls_fake_ok(gnutls_certificate_set_x509_key_mem(cred, &own->cert, &own->key, GNUTLS_X509_FMT_PEM));
	tls_fake_ok(gnutls_init(&s, GNUTLS_SERVER | GNUTLS_NO_SIGNAL));
	tls_fake_ok(gnutls_set_default_priority(s));
	tls_fake_ok(gnutls_credentials_set(s, GNUTLS_CRD_CERTIFICATE, cred));
	gnutls_transport_set_int(s, fd);
	gnutls_handshake_set_timeout(s, 5000);
	if (gnutls_handshake(s) >= 0 && gnutls_record_recv(s, &byte, 1) == 1)
		gnutls_record_send(s, &byte, 1);
	gnutls_deinit(s);
	gnutls_certificate_free_credentials(cred);
}

static void
act(const struct server *sv, int fd)
{
	static const char flood[4096];
	char byte;

	switch (sv->deed) {
	case HANG_UP:
		break;
	case ECHO:
		while (read(fd, &byte, 1) == 1 && write(fd, &byte, 1) == 1)
			continue;
		break;
	case TRICKLE:
		while (send(fd, "x", 1, MSG_NOSIGNAL) == 1)
			usleep(20000);
		break;
	case FLOOD:
		while (send(fd, flood, sizeof(flood), MSG_NOSIGNAL) > 0)
			continue;
		break;
	case MUTE:
		while (read(fd, &byte, 1) == 1)
			continue;
		break;
	case CLEAR_THEN_TLS:
		send(fd, "a1 OK begin\r\n* injected\r\n", 25, MSG_NOSIGNAL);
		serve_tls(fd, sv->pem);
		break;
	case TLS:
		serve_tls(fd, sv->pem);
		break;
	}
}

static void *
serve(void *arg)
{
	struct server *sv = arg;
	int fd = accept(sv->listener, NULL, NULL);

	if (fd >= 0) {
		act(sv, fd);
		close(fd);
	}
	return NULL;
}

static void
server_start(struct server *sv, enum deed deed)
{
	socklen_t len = sizeof(sv->addr);

	memset(sv, 0, sizeof(*sv));
	sv->deed = deed;
	sv->pem = &pem;
	sv->addr.sin_family = AF_INET;
	sv->addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	sv->listener = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(bind(sv->listener, (struct sockaddr *)&sv->addr, len), 0);
	assert_int_equal(listen(sv->listener, 1), 0);
	assert_int_equal(getsockname(sv->listener, (struct sockaddr *)&sv->addr, &len), 0);
	assert_int_equal(pthread_create(&sv->thread, NULL, serve, sv), 0);
}

static void
server_end(struct server *sv, struct net_stream **s)
{
	net_stream_free(s);
	pthread_join(sv->thread, NULL);
	close(sv->listener);
}

static struct net_stream *
dial(struct server *sv, enum deed deed, int64_t total_ms, int64_t idle_ms, uint64_t bytes)
{
	struct net_limits l = { total_ms, idle_ms, bytes };
	struct net_stream *s = net_stream_new(NULL, NULL);

	server_start(sv, deed);
	net_stream_limit(s, &l);
	assert_int_equal(net_stream_connect(s, (struct sockaddr *)&sv->addr, sizeof(sv->addr)), VG_OK);
	return s;
}

static int64_t
now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static ssize_t
read_on(struct net_stream *s)
{
	char block[1024];
	ssize_t got;

	do {
		got = net_stream_read(s, block, sizeof(block));
	} while (got > 0);
	return got;
}

static void
test_nobody_there(void **state)
{
	struct sockaddr_in addr = { .sin_family = AF_INET, .sin_port = htons(1), .sin_addr = { htonl(INADDR_LOOPBACK) } };
	struct net_limits l = { 1000, 1000, 10 };
	struct net_stream *s = net_stream_new(NULL, NULL);

	(void)state;
	net_stream_limit(s, &l);
	assert_int_equal(net_stream_connect(s, (struct sockaddr *)&addr, sizeof(addr)), VG_ERR_SYSTEM);
	assert_string_equal(net_stream_why(s), strerror(ECONNREFUSED));
	assert_int_equal(net_stream_write(s, "x", 1), VG_ERR_SYSTEM);
	net_stream_free(&s);
}

static void
test_bytes_and_their_end(void **state)
{
	struct server sv;
	struct net_stream *s = dial(&sv, ECHO, 5000, 5000, 100);
	char got[8] = "";

	(void)state;
	assert_int_equal(net_stream_wait(s, 30), 0);
	assert_int_equal(net_stream_write(s, "a", 1), VG_OK);
	assert_int_equal(net_stream_wait(s, 5000), 1);
	assert_int_equal(net_stream_read(s, got, sizeof(got)), 1);
	assert_string_equal(got, "a");
	server_end(&sv, &s);
	s = dial(&sv, HANG_UP, 5000, 5000, 100);
	assert_int_equal(net_stream_read(s, got, sizeof(got)), VG_ERR_CLOSED);
	assert_string_equal(net_stream_why(s), "the server hung up");
	server_end(&sv, &s);
}

static void
test_bounds(void **state)
{
	static const struct {
		enum deed deed;
		int64_t total, idle;
		int err;
		const char *why;
	} rows[] = {
		{ TRICKLE, 200, 5000, VG_ERR_TIMEOUT, "took too long" },
		{ MUTE, 5000, 100, VG_ERR_TIMEOUT, "silent for too long" },
		{ MUTE, 100, 5000, VG_ERR_TIMEOUT, "took too long" },
		{ FLOOD, 10000, 5000, VG_ERR_LIMIT, "the server sent too much" },
		{ FLOOD, 0, 5000, VG_ERR_TIMEOUT, "took too long" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct server sv;
		struct net_stream *s = dial(&sv, rows[i].deed, rows[i].total + 50, rows[i].idle, 100000);
		struct net_limits l = { rows[i].total, rows[i].idle, 100000 };
		int64_t began = now_ms();

		net_stream_limit(s, &l);
		assert_int_equal(read_on(s), rows[i].err);
		assert_string_equal(net_stream_why(s), rows[i].why);
		assert_in_range(now_ms() - began, 0, 2000);
		server_end(&sv, &s);
	}
}

static void
test_certificates(void **state)
{
	const struct {
		const struct tls_pem *trusted;
		const char *host;
		int err;
		const char *why;
	} rows[] = {
		{ &pem, "support.example", VG_OK, "" },
		{ &pem, "mail.example", VG_ERR_CRYPTO, "certificate: the name does not match" },
		{ &pem, "127.0.0.1", VG_ERR_CRYPTO, "certificate: the name does not match" },
		{ &other_pem, "support.example", VG_ERR_CRYPTO, "certificate: not by a trusted issuer" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct server sv;
		struct net_stream *s = dial(&sv, TLS, 5000, 5000, 100000);
		struct net_trust *trust = NULL;
		const char *why = "";
		char got = 0;

		assert_int_equal(net_trust_new(&trust, rows[i].trusted->cert.data, rows[i].trusted->cert.size, &why), VG_OK);
		assert_int_equal(net_stream_tls(s, trust, rows[i].host), rows[i].err);
		net_trust_unref(&trust);
		assert_string_equal(net_stream_why(s), rows[i].why);
		assert_int_equal(net_stream_write(s, "z", 1), rows[i].err);
		if (rows[i].err == VG_OK) {
			assert_int_equal(net_stream_read(s, &got, 1), 1);
			assert_int_equal(got, 'z');
			assert_memory_equal(net_stream_tls_text(s), "TLS1.3 ", 7);
		}
		server_end(&sv, &s);
	}
}

static void
test_trust_without_authority(void **state)
{
	struct net_trust *trust = NULL;
	const char *why = NULL;

	(void)state;
	assert_int_equal(net_trust_new(&trust, "nothing", 7, &why), VG_ERR_CRYPTO);
	assert_non_null(why);
	assert_null(trust);
}

/* What came in clear before the handshake must never be read as if it had come behind it. */
static void
test_injection(void **state)
{
	struct server sv;
	struct net_stream *s = dial(&sv, CLEAR_THEN_TLS, 5000, 5000, 100000);
	struct net_trust *trust = NULL;
	const char *why;
	char line[13];

	(void)state;
	assert_int_equal(net_trust_new(&trust, pem.cert.data, pem.cert.size, &why), VG_OK);
	assert_int_equal(mailstream_read(net_stream_mail(s), line, sizeof(line)), sizeof(line));
	assert_int_equal(net_stream_tls(s, trust, "support.example"), VG_ERR_PROTO);
	assert_int_equal(net_stream_read(s, line, 1), VG_ERR_PROTO);
	server_end(&sv, &s);
	s = dial(&sv, CLEAR_THEN_TLS, 5000, 5000, 100000);
	assert_int_equal(net_stream_tls(s, trust, "support.example"), VG_ERR_CRYPTO);
	server_end(&sv, &s);
	net_trust_unref(&trust);
}

static void
test_mailstream_ends(void **state)
{
	struct server sv;
	struct net_stream *s = dial(&sv, HANG_UP, 5000, 5000, 100);
	char got[8];

	(void)state;
	assert_int_equal(mailstream_read(net_stream_mail(s), got, sizeof(got)), -1);
	mailstream_close(net_stream_mail(s));
	assert_int_equal(net_stream_error(s), VG_ERR_CLOSED);
	server_end(&sv, &s);
}

static void
say_stop(void *arg)
{
	((struct net_loop *)arg)->stop = true;
}

/* The same over an event loop, which goes on turning; a stop ends the wait. */
static void
test_loop(void **state)
{
	struct net_loop l = { .loop = evloop_new() };
	struct net_limits limits = { 5000, 5000, 100 };
	struct net_stream *s = net_stream_new(net_loop_wait, &l);
	struct ev_timer timer = { 0 };
	struct server sv;
	char got;

	(void)state;
	server_start(&sv, ECHO);
	net_stream_limit(s, &limits);
	assert_int_equal(net_stream_connect(s, (struct sockaddr *)&sv.addr, sizeof(sv.addr)), VG_OK);
	assert_int_equal(net_stream_write(s, "q", 1), VG_OK);
	assert_int_equal(net_stream_read(s, &got, 1), 1);
	assert_int_equal(net_stream_wait(s, 20), 0);
	ev_timer_set(l.loop, &timer, 20, say_stop, &l);
	assert_int_equal(net_stream_read(s, &got, 1), VG_ERR_CLOSED);
	assert_string_equal(net_stream_why(s), "stopped");
	server_end(&sv, &s);
	evloop_free(&l.loop);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nobody_there), cmocka_unit_test(test_bytes_and_their_end), cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_certificates), cmocka_unit_test(test_trust_without_authority),
		cmocka_unit_test(test_injection), cmocka_unit_test(test_mailstream_ends), cmocka_unit_test(test_loop),
	};
	int rc;

	tls_fake_pem(&pem);
	tls_fake_pem(&other_pem);
	rc = cmocka_run_group_tests(tests, NULL, NULL);
	tls_fake_pem_free(&pem);
	tls_fake_pem_free(&other_pem);
	return rc;
}
