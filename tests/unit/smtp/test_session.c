/*
 * test_session.c - whole dialogues over a socket pair, with a gate and a queue that answer as told.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "smtp_fake.h"

#define HELLO "EHLO client.example\r\n"
#define MAIL_RCPT "MAIL FROM:<ann@partner.example>\r\nRCPT TO:<support@support.example>\r\n"

/* Waits for a whole line and takes it out of what the client got. */
static void
next_line(struct fake *f, char *line, size_t size)
{
	char *end = NULL;
	size_t n;

	for (int i = 0; i < 300 && !end; i++) {
		end = f->got.len > 0 ? memmem(f->got.data, f->got.len, "\r\n", 2) : NULL;
		if (!end) {
			evloop_turn(f->ctx.loop, f->client_eof ? 0 : 10);
			fake_read(f);
		}
	}
	if (!end)
		fail_msg("no reply, eof=%d", f->client_eof);
	n = (size_t)(end - (char *)f->got.data);
	assert_true(n < size);
	memcpy(line, f->got.data, n);
	line[n] = '\0';
	buf_consume(&f->got, n + 2);
}

/* Each expected line, separated by '|', is the beginning of the next reply line. */
static void
expect(struct fake *f, const char *lines)
{
	char line[2048];

	while (*lines) {
		size_t n = strcspn(lines, "|");

		next_line(f, line, sizeof(line));
		if (strncmp(line, lines, n) != 0)
			fail_msg("expected %.*s, got %s", (int)n, lines, line);
		lines += n + (lines[n] == '|');
	}
}

static void
expect_nothing(struct fake *f)
{
	fake_settle(f);
	if (f->got.len > 0)
		fail_msg("unexpected: %s", buf_str(&f->got));
}

static void
expect_eof(struct fake *f)
{
	for (int i = 0; i < 300 && !f->client_eof; i++) {
		evloop_turn(f->ctx.loop, 10);
		fake_read(f);
	}
	assert_true(f->client_eof);
}

static void
say(struct fake *f, const char *text)
{
	fake_send(f, text, strlen(text));
}

/* Reads a multi-line reply to its end; returns whether a line was in it. */
static bool
reply_has(struct fake *f, const char *want)
{
	char line[2048];
	bool found = false;

	do {
		next_line(f, line, sizeof(line));
		found |= strcmp(line + 4, want) == 0;
	} while (line[3] == '-');
	return found;
}

static void
hello(struct fake *f)
{
	expect(f, "220 support.example ESMTP");
	say(f, HELLO);
	reply_has(f, "");
}

static struct fake *
begin(const char *peer)
{
	struct fake *f = fake_new(FAKE_CONF);

	fake_connect(f, peer);
	hello(f);
	return f;
}

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
	{ "greet", "", { 250, 250, 503, 502, 550, 550, 503, 503, 503, 503, 250, 250, 252, 502, 214, 421, 500 } },
	{ "ready", "HELO a\r\n", { 250, 250, 502, 502, 550, 550, 250, 503, 503, 503, 250, 250, 252, 502, 214, 421, 500 } },
	{ "mail", "HELO a\r\nMAIL FROM:<>\r\n",
	    { 250, 250, 503, 502, 503, 503, 503, 250, 503, 503, 250, 250, 252, 502, 214, 421, 500 } },
	{ "rcpt", "HELO a\r\nMAIL FROM:<>\r\nRCPT TO:<support@support.example>\r\n",
	    { 250, 250, 503, 502, 503, 503, 503, 250, 354, 250, 250, 250, 252, 502, 214, 421, 500 } },
	{ "chunk", "HELO a\r\nMAIL FROM:<>\r\nRCPT TO:<support@support.example>\r\nBDAT 2\r\n\r\n",
	    { 250, 250, 503, 502, 503, 503, 503, 503, 503, 250, 250, 250, 252, 502, 214, 421, 500 } },
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
