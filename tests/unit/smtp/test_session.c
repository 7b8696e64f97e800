/*
 * test_session.c - whole dialogues over a socket pair, with a gate and a queue that answer as told: commands, data, links.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "smtp_dialogue.h"

static void
test_mail(void **state)
{
	struct fake *f = begin("198.51.100.9");

	(void)state;
	say(f, MAIL_RCPT);
	expect(f, "250 2.1.0|250 2.1.5");
	say(f, "DATA\r\n");
	expect(f, "354 ");
	say(f, "Subject: x\r\n\r\n..dot\r\nend\r\n.\r\n");
	expect(f, "250 2.0.0 queued as TEST");
	assert_int_equal(f->mail.n, 1);
	assert_string_equal(buf_str(&f->mail.bytes), "Subject: x\r\n\r\n.dot\r\nend\r\n");
	assert_int_equal(f->mail.size, f->mail.bytes.len);
	assert_string_equal(f->mail.from, "ann@partner.example");
	assert_string_equal(f->mail.real_peer, "198.51.100.9");
	assert_string_equal(f->mail.client, "198.51.100.9");
	assert_string_equal(f->mail.helo, "client.example");
	assert_string_equal(f->mail.protocol, "ESMTP");
	assert_string_equal(f->mail.rcpt[0], "support@support.example");
	say(f, "QUIT\r\n");
	expect(f, "221 2.0.0");
	expect_eof(f);
	fake_free(&f);
}

/* Everything at once, and every cut of it: the same replies. */
static void
test_pipelined_cuts(void **state)
{
	static const char all[] = HELLO MAIL_RCPT "RCPT TO:<x@other.example>\r\nDATA\r\nSubject: a\r\n\r\nb\r\n.\r\n"
	    "MAIL FROM:<>\r\nRCPT TO:<postmaster>\r\nBDAT 5\r\na: b\nBDAT 4 LAST\r\n\r\nx\r"
	    "NOOP\r\nQUIT\r\n";
	struct fake *f = fake_new(FAKE_CONF);

	(void)state;
	for (size_t cut = 1; cut < sizeof(all) - 1; cut++) {
		fake_connect(f, "198.51.100.9");
		fake_send(f, all, cut);
		fake_settle(f);
		fake_send(f, all + cut, sizeof(all) - 1 - cut);
		expect(f, "220 ");
		reply_has(f, "");
		expect(f, "250 2.1.0|250 2.1.5|550 5.7.1|354 |250 2.0.0|250 2.1.0|250 2.1.5|550 5.5.2|550 5.5.2|"
			  "250 2.0.0|221 ");
		expect_eof(f);
	}
	assert_int_equal(f->mail.n, sizeof(all) - 2);
	fake_free(&f);
}

static void
test_keywords(void **state)
{
	struct fake *f = begin("198.51.100.9");

	(void)state;
	say(f, HELLO);
	assert_true(reply_has(f, "SIZE 2097152"));
	say(f, HELLO);
	assert_true(reply_has(f, "CHUNKING"));
	say(f, HELLO);
	assert_false(reply_has(f, "STARTTLS"));
	say(f, HELLO);
	assert_false(reply_has(f, "XCLIENT NAME ADDR PORT PROTO HELO LOGIN DESTADDR DESTPORT"));
	say(f, "HELO x\r\nHELP\r\nVRFY a\r\nEXPN a\r\nNOOP\r\nRSET\r\nAUTH PLAIN\r\nNONSENSE\r\nLHLO a\r\nHELO\r\nEHLO a b\r\n");
	expect(f, "250 support.example|214 |252 2.0.0|502 5.5.1|250 |250 |502 5.5.1|500 5.5.1|500 5.5.1|501 5.5.4|501 5.5.4");
	fake_free(&f);
}

/* More replies than fit into what we let wait: none is lost, and no command is forgotten in the buffer. */
static void
test_flood(void **state)
{
	struct fake *f = begin("198.51.100.9");
	char *noops = malloc(30000u * 6);

	(void)state;
	assert_non_null(noops);
	for (size_t i = 0; i < 30000; i++)
		memcpy(noops + i * 6, "NOOP\r\n", 6);
	fake_send(f, noops, 30000u * 6);
	for (int i = 0; i < 1000 && f->got.len < 30000u * 14; i++) {
		evloop_turn(f->ctx.loop, 10);
		fake_read(f);
	}
	assert_int_equal(f->got.len, 30000u * 14);
	free(noops);
	fake_free(&f);
}

/* A reply longer than a line becomes several. */
static void
test_long_reply(void **state)
{
	static char text[1201];
	struct fake *f = begin("198.51.100.9");
	char line[1024];
	size_t n = 0;

	(void)state;
	for (size_t i = 0; i < 1200; i++)
		text[i] = i % 10 == 9 ? ' ' : 'x';
	f->text = text;
	say(f, MAIL_RCPT "DATA\r\n.\r\n");
	expect(f, "250 |250 |354 ");
	do {
		next_line(f, line, sizeof(line));
		assert_true(strlen(line) <= 510);
		assert_memory_equal(line, "250", 3);
		assert_memory_equal(line + 4, "2.0.0 ", 6);
		n++;
	} while (line[3] == '-');
	assert_int_equal(n, 3);
	fake_free(&f);
}

/* ---- order: every verb in every state ---- */

static const struct {
	const char *name, *way;
	unsigned codes[17];
} order[] = {
	/*                                      HELO EHLO STLS AUTH XCLI XFWD MAIL RCPT DATA BDAT RSET NOOP VRFY EXPN HELP GET  ??? */
	{ "greet", "", { 250, 250, 503, 503, 550, 550, 503, 503, 503, 503, 250, 250, 252, 502, 214, 421, 500 } },
	{ "ready", "HELO a\r\n", { 250, 250, 502, 502, 550, 550, 250, 503, 503, 503, 250, 250, 252, 502, 214, 421, 500 } },
	{ "mail", "HELO a\r\nMAIL FROM:<>\r\n",
	    { 250, 250, 503, 503, 503, 503, 503, 250, 503, 503, 250, 250, 252, 502, 214, 421, 500 } },
	{ "rcpt", "HELO a\r\nMAIL FROM:<>\r\nRCPT TO:<support@support.example>\r\n",
	    { 250, 250, 503, 503, 503, 503, 503, 250, 354, 250, 250, 250, 252, 502, 214, 421, 500 } },
	{ "chunk", "HELO a\r\nMAIL FROM:<>\r\nRCPT TO:<support@support.example>\r\nBDAT 2\r\n\r\n",
	    { 250, 250, 503, 503, 503, 503, 503, 503, 503, 250, 250, 250, 252, 502, 214, 421, 500 } },
};

static const char *const order_verbs[] = {
	"HELO a\r\n", "EHLO a\r\n", "STARTTLS\r\n", "AUTH PLAIN\r\n", "XCLIENT ADDR=192.0.2.1\r\n",
	"XFORWARD ADDR=192.0.2.1\r\n", "MAIL FROM:<>\r\n", "RCPT TO:<support@support.example>\r\n", "DATA\r\n",
	"BDAT 6\r\nQUIT\r\n", "RSET\r\n", "NOOP\r\n", "VRFY a\r\n", "EXPN a\r\n", "HELP\r\n", "GET / HTTP/1.1\r\n", "???\r\n",
};

static void
test_order(void **state)
{
	struct fake *f = fake_new(FAKE_CONF);
	char line[512];

	(void)state;
	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
		for (size_t v = 0; v < sizeof(order_verbs) / sizeof(order_verbs[0]); v++) {
			fake_connect(f, "198.51.100.9");
			say(f, order[i].way);
			fake_settle(f);
			buf_reset(&f->got);
			say(f, order_verbs[v]);
			next_line(f, line, sizeof(line));
			if ((unsigned)atoi(line) != order[i].codes[v])
				fail_msg("%s, %s: %s", order[i].name, order_verbs[v], line);
			/* The chunk's octets were never taken for a command. */
			fake_settle(f);
			if (strncmp(order_verbs[v], "BDAT", 4) == 0)
				assert_false(f->client_eof);
		}
	}
	fake_free(&f);
}

/* ---- line ends ---- */

static void
test_bare_newlines(void **state)
{
	static const char *const lines[] = { "NOOP\nNOOP\r\n", "NOOP\rNOOP\r\n", "NOOP\r\r\n", "\n", "NOOP\n" };
	static const char *const contents[] = { "a\n.\nMAIL FROM:<b@evil.example>\r\n.\r\n",
		"a\r.\rMAIL FROM:<b@evil.example>\r\n.\r\n", "a\n.\r\nMAIL FROM:<b@evil.example>\r\n.\r\n",
		"a\r\n.\nMAIL FROM:<b@evil.example>\r\n.\r\n", "a\r\n.\rMAIL FROM:<b@evil.example>\r\n.\r\n",
		"a\r\r\n.\r\n" };
	struct fake *f = fake_new(FAKE_CONF);

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		fake_connect(f, "198.51.100.9");
		hello(f);
		say(f, lines[i]);
		expect(f, "500 5.5.2");
		expect_eof(f);
	}
	for (size_t i = 0; i < sizeof(contents) / sizeof(contents[0]); i++) {
		fake_connect(f, "198.51.100.9");
		hello(f);
		say(f, MAIL_RCPT "DATA\r\n");
		expect(f, "250 |250 |354 ");
		say(f, contents[i]);
		expect(f, "550 5.5.2");
		say(f, "NOOP\r\n");
		expect(f, "250 2.0.0");
		expect_nothing(f);
	}
	assert_int_equal(f->mail.n, 0);
	fake_free(&f);
}

static void
test_long_lines(void **state)
{
	struct fake *f = begin("198.51.100.9");
	char *line = malloc(200000);

	(void)state;
	assert_non_null(line);
	memset(line, 'x', 200000);
	memcpy(line + SMTP_LINE_MAX, "\r\n", 2);
	fake_send(f, line, SMTP_LINE_MAX + 2);
	expect(f, "500 5.5.1");
	memset(line, 'x', 200000);
	memcpy(line + SMTP_LINE_MAX + 1, "\r\nNOOP\r\n", 8);
	fake_send(f, line, SMTP_LINE_MAX + 9);
	expect(f, "500 5.5.2 Line too long|250 2.0.0");
	/* body lines of any length pass */
	say(f, MAIL_RCPT "DATA\r\n");
	expect(f, "250 |250 |354 ");
	memset(line, 'x', 200000);
	memcpy(line, "a: b\r\n\r\n", 8);
	memcpy(line + 199995, "\r\n.\r\n", 5);
	fake_send(f, line, 200000);
	expect(f, "250 ");
	assert_int_equal(f->mail.size, 199997);
	/* an endless line ends the session */
	memset(line, 'x', 200000);
	fake_send(f, line, 200000);
	expect(f, "500 5.5.2");
	free(line);
	fake_free(&f);
}

/* ---- recipients ---- */

static void
test_recipients(void **state)
{
	struct fake *f = begin("198.51.100.9");

	(void)state;
	say(f, "MAIL FROM:<a@b.example>\r\nRCPT TO:<nobody@support.example>\r\nRCPT TO:<bounce+bad@support.example>\r\n"
	       "RCPT TO:<bounce+good@support.example>\r\nRCPT TO:<case+1.x@support.example>\r\nRCPT TO:<Abuse@Support.Example>\r\n"
	       "RCPT TO:<support@support.example>\r\n");
	expect(f, "250 |550 5.1.1|550 5.1.1|250 2.1.5|250 2.1.5|250 2.1.5|452 4.5.3");
	say(f, "RSET\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<PostMaster>\r\nRCPT TO:<\"support\"@support.example>\r\n"
	       "DATA\r\n.\r\n");
	expect(f, "250 |250 |250 2.1.5|250 2.1.5|354 |250 ");
	assert_int_equal(f->mail.n_rcpts, 2);
	assert_string_equal(f->mail.rcpt[0], "postmaster@support.example");
	assert_string_equal(f->mail.rcpt[1], "support@support.example");
	fake_free(&f);
}

/* ---- sizes, spool ---- */

static void
send_mb(struct fake *f, size_t n)
{
	static char line[1024];

	memset(line, 'x', sizeof(line));
	memcpy(line + sizeof(line) - 2, "\r\n", 2);
	for (size_t i = 0; i < n / sizeof(line); i++)
		fake_send(f, line, sizeof(line));
}

static void
test_sizes(void **state)
{
	struct fake *f = begin("198.51.100.9");

	(void)state;
	say(f, "MAIL FROM:<> SIZE=2097153\r\n");
	expect(f, "552 5.3.4 Message too large. Use https://upload.example/ instead.");
	say(f, "MAIL FROM:<> SIZE=99999999999999999999\r\n");
	expect(f, "552 5.3.4");
	say(f, MAIL_RCPT "DATA\r\n");
	expect(f, "250 |250 |354 ");
	say(f, "a: b\r\n\r\n");
	send_mb(f, 3u << 20);
	say(f, ".\r\n");
	expect(f, "552 5.3.4 Message too large. Use https://upload.example/ instead.");
	assert_int_not_equal(f->dropped, 0);
	/* header block */
	say(f, MAIL_RCPT "DATA\r\nA: ");
	expect(f, "250 |250 |354 ");
	send_mb(f, 300u << 10);
	say(f, "\r\n.\r\n");
	expect(f, "552 5.3.4 Header too large");
	/* by the size of a chunk alone */
	say(f, MAIL_RCPT "BDAT 2097153 LAST\r\n");
	expect(f, "250 |250 ");
	send_mb(f, 2u << 20);
	say(f, "x");
	expect(f, "552 5.3.4 Message too large. Use");
	assert_int_equal(f->mail.n, 0);
	fake_free(&f);
}

static void
test_spool(void **state)
{
	struct fake *f = begin("198.51.100.9");

	(void)state;
	say(f, MAIL_RCPT "DATA\r\n");
	expect(f, "250 |250 |354 ");
	say(f, "a: b\r\n\r\n");
	send_mb(f, 1u << 20);
	say(f, ".\r\n");
	expect(f, "250 2.0.0");
	assert_int_equal(f->mail.size, (1u << 20) + 8);
	assert_int_equal(f->mail.spool, 1);
	assert_true(f->mail.fd >= 0);
	assert_string_equal(buf_str(&f->mail.bytes), "a: b\r\n\r\n");
	/* committed: the queue owns it; refused: given back */
	fake_settle(f);
	assert_int_equal(f->dropped, 0);
	f->code = 550;
	f->enhanced = "5.7.1";
	say(f, MAIL_RCPT "BDAT 8\r\na: b\r\n\r\nBDAT 1048576 LAST\r\n");
	expect(f, "250 |250 |250 2.0.0 8 octets");
	send_mb(f, 1u << 20);
	expect(f, "550 5.7.1");
	fake_settle(f);
	assert_int_equal(f->dropped, 2);
	/* no space */
	f->queue_err = (unsigned)-VG_ERR_FULL;
	say(f, MAIL_RCPT "DATA\r\n");
	expect(f, "250 |250 |354 ");
	say(f, "a: b\r\n\r\n");
	send_mb(f, 1u << 20);
	say(f, ".\r\n");
	expect(f, "452 4.3.1");
	fake_free(&f);
}

static struct smtp_session *
only_session(struct fake *f)
{
	struct smtp *smtp = fake_smtp(f);

	for (uint32_t i = 0; i < smtp->n_slots; i++) {
		if (smtp->slots[i])
			return smtp->slots[i];
	}
	fail_msg("no session");
	return NULL;
}

/* Many small chunks while the queue keeps us waiting: input stays in the socket. */
static void
test_spool_waits(void **state)
{
	struct fake *f = begin("198.51.100.9");
	char line[256];

	(void)state;
	f->queue_silent = true;
	say(f, MAIL_RCPT "BDAT 8\r\na: b\r\n\r\n");
	expect(f, "250 |250 |250 ");
	for (int i = 0; i < 300; i++) {
		say(f, "BDAT 1024\r\n");
		send_mb(f, 1024);
		if (f->asked_spool)
			break;
	}
	assert_int_not_equal(f->asked_spool, 0);
	fake_settle(f);
	buf_reset(&f->got);
	say(f, "NOOP\r\n");
	expect_nothing(f);
	fake_give(f, f->asked_spool);
	do {
		next_line(f, line, sizeof(line));
		assert_true(strncmp(line, "250 2.0.0 ", 10) == 0);
	} while (strcmp(line + 10, "OK") != 0);
	say(f, "BDAT 0 LAST\r\n");
	expect(f, "250 2.0.0 queued");
	assert_int_equal(f->mail.spool, 1);
	/* a place for somebody who has left is given back */
	say(f, MAIL_RCPT "DATA\r\n");
	expect(f, "250 |250 |354 ");
	f->asked_spool = 0;
	say(f, "a: b\r\n\r\n");
	send_mb(f, 300u << 10);
	fake_settle(f);
	assert_int_not_equal(f->asked_spool, 0);
	assert_int_equal(only_session(f)->state, S_WAIT_SPOOL);
	smtp_session_end(only_session(f), "test");
	fake_give(f, f->asked_spool);
	fake_settle(f);
	assert_int_equal(f->dropped, f->next_spool);
	fake_free(&f);
}

/* ---- our own processes fail ---- */

static void
test_links(void **state)
{
	struct fake *f = begin("198.51.100.9");
	uint64_t old;

	(void)state;
	f->gate_silent = true;
	say(f, MAIL_RCPT "DATA\r\na: b\r\n\r\n.\r\nNOOP\r\n");
	expect(f, "250 |250 |354 ");
	expect_nothing(f);
	old = f->last_ask;
	ipc_close(&f->gate);
	expect(f, "451 4.3.0|250 2.0.0");
	say(f, MAIL_RCPT "RCPT TO:<bounce+good@support.example>\r\nDATA\r\na: b\r\n\r\n.\r\n");
	expect(f, "250 |250 |451 4.3.0|354 |451 4.3.0");
	fake_link(f, ROLE_GATE);
	say(f, MAIL_RCPT "DATA\r\na: b\r\n\r\n.\r\n");
	expect(f, "250 |250 |354 ");
	fake_settle(f);
	/* an answer to the question of long ago is not taken for this one's */
	fake_verdict(f, old);
	expect_nothing(f);
	fake_verdict(f, f->last_ask);
	expect(f, "250 2.0.0 queued");
	f->gate_silent = false;
	/* without a queue large mail waits for better times */
	ipc_close(&f->queue);
	fake_settle(f);
	say(f, MAIL_RCPT "DATA\r\n");
	expect(f, "250 |250 |354 ");
	say(f, "a: b\r\n\r\n");
	send_mb(f, 1u << 20);
	say(f, ".\r\n");
	expect(f, "451 4.3.0");
	fake_link(f, ROLE_QUEUE);
	/* and mail that lay in a place of a dead queue is refused */
	say(f, MAIL_RCPT "DATA\r\n");
	expect(f, "250 |250 |354 ");
	say(f, "a: b\r\n\r\n");
	send_mb(f, 1u << 20);
	fake_settle(f);
	ipc_close(&f->queue);
	fake_settle(f);
	say(f, ".\r\n");
	expect(f, "451 4.3.0");
	fake_free(&f);
}

static void
test_unsound_verdicts(void **state)
{
	static const struct {
		unsigned code;
		const char *enhanced, *text, *reply;
	} verdicts[] = {
		{ 250, "2.0.0", "evil\r\n250 2.0.0 second", "250 2.0.0 evil??250 2.0.0 second" },
		{ 250, "5.0.0", "x", "451 4.3.0" },
		{ 354, "3.0.0", "x", "451 4.3.0" },
		{ 0, "", "", "451 4.3.0" },
		{ 554, "5.4.6", "loop", "554 5.4.6 loop" },
		{ 452, "4.3.1", "full", "452 4.3.1 full" },
	};
	struct fake *f = begin("192.0.2.1");

	(void)state;
	for (size_t i = 0; i < sizeof(verdicts) / sizeof(verdicts[0]); i++) {
		f->code = verdicts[i].code;
		f->enhanced = verdicts[i].enhanced;
		f->text = verdicts[i].text;
		say(f, MAIL_RCPT "DATA\r\na: b\r\n\r\n.\r\n");
		expect(f, "250 |250 |354 ");
		expect(f, verdicts[i].reply);
		expect_nothing(f);
	}
	fake_free(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mail),
		cmocka_unit_test(test_pipelined_cuts),
		cmocka_unit_test(test_keywords),
		cmocka_unit_test(test_flood),
		cmocka_unit_test(test_long_reply),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_bare_newlines),
		cmocka_unit_test(test_long_lines),
		cmocka_unit_test(test_recipients),
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_spool),
		cmocka_unit_test(test_spool_waits),
		cmocka_unit_test(test_links),
		cmocka_unit_test(test_unsound_verdicts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
