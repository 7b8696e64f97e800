/*
 * test_faces.c - whole dialogues: LMTP, XCLIENT, PROXY, limits, time-outs, the end.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "smtp_dialogue.h"

/* ---- LMTP ---- */

static void
test_lmtp(void **state)
{
	struct fake *f = fake_new(FAKE_CONF);

	(void)state;
	f->listener.lmtp = f->listener.after_queue = true;
	fake_connect(f, "unix");
	expect(f, "220 support.example LMTP");
	say(f, "EHLO a\r\nHELO a\r\n");
	expect(f, "500 5.5.1|500 5.5.1");
	say(f, "LHLO a\r\n");
	assert_true(reply_has(f, "PIPELINING"));
	say(f, "MAIL FROM:<>\r\nRCPT TO:<support@support.example>\r\nRCPT TO:<x@y.example>\r\nRCPT TO:<case@support.example>\r\n"
	       "DATA\r\na: b\r\n\r\n.\r\n");
	expect(f, "250 |250 |550 5.7.1|250 |354 |250 2.0.0|250 2.0.0");
	expect_nothing(f);
	assert_int_equal(f->mail.channel, CHANNEL_LMTP);
	assert_int_equal(f->mail.after_queue, 1);
	assert_string_equal(f->mail.protocol, "LMTP");
	assert_string_equal(f->mail.real_peer, "unix");
	say(f, "MAIL FROM:<>\r\nRCPT TO:<support@support.example>\r\nRCPT TO:<case@support.example>\r\nBDAT 2\r\n\r\nBDAT 3 LAST\r\na\nb");
	expect(f, "250 |250 |250 |250 2.0.0 2 octets|550 5.5.2|550 5.5.2");
	expect_nothing(f);
	fake_free(&f);
}

/* ---- who the client is ---- */

static void
test_xclient(void **state)
{
	struct fake *f = begin("192.0.2.1");

	(void)state;
	say(f, "XCLIENT NAME=mx.partner.example ADDR=203.0.113.7 HELO=mx.partner.example LOGIN=root\r\n");
	expect(f, "220 support.example");
	say(f, "MAIL FROM:<>\r\n");
	expect(f, "503 5.5.1");
	say(f, "EHLO relay.example\r\n");
	reply_has(f, "");
	say(f, MAIL_RCPT "DATA\r\n.\r\n");
	expect(f, "250 |250 |354 |250 ");
	assert_string_equal(f->mail.real_peer, "192.0.2.1");
	assert_string_equal(f->mail.client, "203.0.113.7");
	assert_string_equal(f->mail.client_name, "mx.partner.example");
	assert_string_equal(f->mail.helo, "mx.partner.example");
	say(f, "XFORWARD ADDR=203.0.113.8\r\nXFORWARD HELO=other.example\r\n" MAIL_RCPT "DATA\r\n.\r\n" MAIL_RCPT "DATA\r\n.\r\n");
	expect(f, "250 |250 |250 |250 |354 |250 ");
	fake_settle(f);
	expect(f, "250 |250 |354 |250 ");
	assert_string_equal(f->mail.client, "203.0.113.7");
	say(f, "XFORWARD ADDR=203.0.113.8 HELO=other.example NAME=[UNAVAILABLE]\r\n" MAIL_RCPT "DATA\r\n.\r\n");
	expect(f, "250 |250 |250 |354 |250 ");
	assert_string_equal(f->mail.client, "203.0.113.8");
	assert_string_equal(f->mail.client_name, "");
	assert_string_equal(f->mail.helo, "other.example");
	assert_string_equal(f->mail.real_peer, "192.0.2.1");
	fake_free(&f);
}

static void
test_proxy(void **state)
{
	struct conf_net net = { .addr = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 0 }, .prefix = 120 };
	struct fake *f = fake_new(FAKE_CONF);

	(void)state;
	f->listener.proxy_from = &net;
	f->listener.n_proxy_from = 1;
	fake_connect(f, "192.0.2.1");
	expect_nothing(f);
	say(f, "PROXY TCP4 203.0.113.7 192.0.2.1 1234 25\r\n" HELLO);
	expect(f, "220 ");
	/* whoever speaks through a proxy is not the relay that the proxy's address may be */
	assert_false(reply_has(f, "XCLIENT NAME ADDR PORT PROTO HELO LOGIN DESTADDR DESTPORT"));
	say(f, MAIL_RCPT "DATA\r\n.\r\n");
	expect(f, "250 |250 |354 |250 ");
	assert_string_equal(f->mail.real_peer, "192.0.2.1");
	assert_string_equal(f->mail.client, "203.0.113.7");
	fake_connect(f, "192.0.2.1");
	say(f, "EHLO no-header.example\r\n");
	expect_eof(f);
	fake_connect(f, "198.51.100.9");
	expect_eof(f);
	fake_free(&f);
}

static void
test_limits(void **state)
{
	struct fake *f = fake_new(FAKE_CONF);
	int other[3];

	(void)state;
	for (int i = 0; i < 3; i++)
		other[i] = fake_open(f, "2001:db8::1");
	fake_connect(f, "2001:db8::2"); /* the same /64 */
	expect(f, "421 4.7.0");
	expect_eof(f);
	fake_connect(f, "2001:db8:0:1::2");
	expect(f, "220 ");
	close(other[0]);
	fake_settle(f);
	fake_connect(f, "2001:db8::2");
	hello(f);
	for (int i = 0; i < 11; i++)
		say(f, "RCPT TO:<a>\r\n");
	for (int i = 0; i < 11; i++)
		expect(f, "503 5.5.1");
	say(f, "NOOP\r\nNONSENSE\r\nNOOP\r\n");
	expect(f, "250 |500 5.5.1|421 4.7.0");
	expect_eof(f);
	close(other[1]);
	close(other[2]);
	fake_free(&f);
}

/* ---- time ---- */

static void
test_timeouts(void **state)
{
	struct fake *f = fake_new(FAKE_CONF "timeout command 1s\ntimeout data 1s rate 256\n");
	int64_t start;

	(void)state;
	fake_connect(f, "198.51.100.9");
	hello(f);
	/* bytes that trickle in do not stretch it */
	start = evloop_now(f->ctx.loop);
	while (f->got.len == 0 && evloop_now(f->ctx.loop) - start < 3000) {
		say(f, "N");
		evloop_turn(f->ctx.loop, 50);
	}
	expect(f, "421 4.4.2");
	assert_in_range((uintmax_t)(evloop_now(f->ctx.loop) - start), 900, 2000);
	fake_connect(f, "198.51.100.9");
	hello(f);
	say(f, MAIL_RCPT "DATA\r\nhalf");
	expect(f, "250 |250 |354 |421 4.4.2");
	expect_eof(f);
	assert_int_equal(f->mail.n, 0);
	fake_free(&f);
}

static void
test_stop(void **state)
{
	struct fake *f = begin("198.51.100.9");
	int idle = fake_open(f, "198.51.100.10");
	char text[256];
	ssize_t n;

	(void)state;
	f->gate_silent = true;
	say(f, MAIL_RCPT "DATA\r\na: b\r\n\r\n.\r\n");
	expect(f, "250 |250 |354 ");
	fake_settle(f);
	smtp_role.on_stop(&f->ctx);
	fake_settle(f);
	n = recv(idle, text, sizeof(text) - 1, MSG_DONTWAIT);
	assert_true(n > 0);
	text[n] = '\0';
	assert_non_null(strstr(text, "421 4.3.2"));
	assert_false(f->exited);
	fake_verdict(f, f->last_ask);
	expect(f, "250 2.0.0|421 4.3.2");
	expect_eof(f);
	fake_settle(f);
	assert_true(f->exited);
	close(idle);
	fake_free(&f);
}

/* A client that sends everything and closes its half still gets its replies. */
static void
test_half_close(void **state)
{
	struct fake *f = fake_new(FAKE_CONF);

	(void)state;
	fake_connect(f, "198.51.100.9");
	say(f, HELLO MAIL_RCPT "DATA\r\na: b\r\n\r\n.\r\n");
	shutdown(f->client, SHUT_WR);
	expect(f, "220 ");
	reply_has(f, "");
	expect(f, "250 |250 |354 |250 2.0.0");
	expect_eof(f);
	fake_free(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lmtp),
		cmocka_unit_test(test_xclient),
		cmocka_unit_test(test_proxy),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_timeouts),
		cmocka_unit_test(test_stop),
		cmocka_unit_test(test_half_close),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
