/* The role `gate` between a channel and a queue that are played here: every mail is answered once, whoever goes away. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#include "digest.h"
#include "err.h"
#include "gate_submit.h"
#include "log.h"
#include "role.h"
#include "token.h"

static const char conf_text[] =
    "hostname support.example\n"
    "state /tmp/none\n"
    "address intake support@support.example\n"
    "address bounce bounce@support.example\n"
    "listen smtp 127.0.0.1:2525 tls none\n"
    "trust relay 198.51.100.7/32 as authenticated\n";

static const char mail[] = "From: Ann Lee <ann@partner.example>\r\nTo: support@support.example\r\nSubject: Backup [#5]\r\n"
    "Message-ID: <1@partner.example>\r\n\r\nHello\r\n";

#define ANSWERS_MAX 16
#define DIALS_MAX 32

struct fixture {
	struct role_ctx ctx;
	char room[16384]; /* role_exit() reaches behind ctx, where role_run() keeps its own */
	struct ipc *queue, *channel, *master;
	struct ev_io *names[DIALS_MAX]; /* the far ends of the resolver's sockets */
	int name_fds[DIALS_MAX];
	size_t dials;
	bool mute_names;
	/* what the queue says */
	struct facts_say facts;
	struct commit_say done;
	bool mute_facts, mute_commit;
	bool lose_queue; /* at the next COMMIT */
	/* what it was told */
	unsigned asks, commits;
	struct commit commit;
	char rule[16], text[400], facts_json[8192], prefix[2048], sender[200], reason[64];
	uint64_t subject_number;
	/* what the channel was answered */
	unsigned answers;
	struct verdict_say answer;
	uint64_t session;
	char reply[512], reply_rule[16];
	int rcpt_ok;
	bool channel_ended;
};

static void copy(char *to, size_t cap, const char *from)
{
	snprintf(to, cap, "%s", from);
}

static void note_commit(struct fixture *f, const struct ipc_msg *msg)
{
	assert_int_equal(ipc_decode(msg, &f->commit), VG_OK);
	f->commits++;
	copy(f->rule, sizeof(f->rule), f->commit.rule);
	copy(f->text, sizeof(f->text), f->commit.text);
	copy(f->reason, sizeof(f->reason), f->commit.reason);
	copy(f->sender, sizeof(f->sender), f->commit.sender);
	copy(f->facts_json, sizeof(f->facts_json), f->commit.facts);
	snprintf(f->prefix, sizeof(f->prefix), "%.*s", (int)f->commit.prefix.len,
	    f->commit.prefix.len ? (const char *)f->commit.prefix.data : "");
}

static void on_queue(struct ipc *ipc, struct ipc_msg *msg, void *arg)
{
	struct fixture *f = arg;
	struct facts_ask ask;

	if (msg == NULL) {
		ipc_close(&f->queue);
		return;
	}
	if (msg->type == IPC_FACTS_ASK) {
		assert_int_equal(ipc_decode(msg, &ask), VG_OK);
		f->asks++;
		f->subject_number = ask.subject_number;
		if (!f->mute_facts)
			ipc_send(ipc, IPC_FACTS_SAY, msg->id, &f->facts);
		return;
	}
	assert_int_equal(msg->type, IPC_COMMIT);
	note_commit(f, msg);
	if (f->lose_queue)
		ipc_close(&f->queue);
	else if (!f->mute_commit)
		ipc_send(ipc, IPC_COMMIT_SAY, msg->id, &f->done);
}

static void on_channel(struct ipc *ipc, struct ipc_msg *msg, void *arg)
{
	struct fixture *f = arg;
	struct rcpt_say rcpt;

	(void)ipc;
	if (msg == NULL) {
		f->channel_ended = true;
		ipc_close(&f->channel);
		return;
	}
	f->answers++;
	f->session = msg->id;
	if (msg->type == IPC_RCPT_SAY) {
		assert_int_equal(ipc_decode(msg, &rcpt), VG_OK);
		f->rcpt_ok = rcpt.ok;
		return;
	}
	assert_int_equal(ipc_decode(msg, &f->answer), VG_OK);
	copy(f->reply, sizeof(f->reply), f->answer.text);
	copy(f->reply_rule, sizeof(f->reply_rule), f->answer.rule);
}

static void complain(const char *file, unsigned line, unsigned column, const char *why, void *arg)
{
	(void)arg;
	print_message("%s:%u:%u: %s\n", file, line, column, why);
}

static struct ipc *connect_as(struct fixture *f, enum role role, ipc_cb *cb)
{
	int fd[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd), 0);
	gate_role.on_peer(&f->ctx, role, 0, fd[0]);
	return ipc_open(f->ctx.loop, fd[1], role, ROLE_GATE, cb, f);
}

/* A resolver that knows no name: the query comes back with QR and NXDOMAIN. */
static void on_query(int fd, unsigned events, void *arg)
{
	const struct fixture *f = arg;
	unsigned char query[1500];
	ssize_t n = read(fd, query, sizeof(query));

	(void)events;
	if (n < 12 || f->mute_names)
		return;
	query[2] |= 0x80;
	query[3] = (unsigned char)((query[3] & 0xf0) | 3);
	assert_int_equal(write(fd, query, (size_t)n), n);
}

/* The supervisor, which opens the sockets to the resolver. */
static void on_master(struct ipc *ipc, struct ipc_msg *msg, void *arg)
{
	struct fixture *f = arg;
	struct m_dial ask;
	int fd[2];

	(void)ipc;
	if (msg == NULL)
		return;
	assert_int_equal(ipc_decode(msg, &ask), VG_OK);
	assert_int_equal(ask.what, DIAL_RESOLVER_UDP);
	assert_true(f->dials < DIALS_MAX);
	assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fd), 0);
	f->name_fds[f->dials] = fd[1];
	f->names[f->dials++] = ev_io_add(f->ctx.loop, fd[1], EV_READ, on_query, f);
	gate_role.on_dialed(&f->ctx, msg->id, (enum dial)ask.what, fd[0]);
}

static void connect_master(struct fixture *f)
{
	int fd[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd), 0);
	f->ctx.master = ipc_open(f->ctx.loop, fd[0], ROLE_GATE, ROLE_MASTER, on_master, f);
	f->master = ipc_open(f->ctx.loop, fd[1], ROLE_MASTER, ROLE_GATE, on_master, f);
}

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	static const unsigned char key[TOKEN_KEY] = "a test key of thirty-two bytes!";

	log_setup("gate", LOG_LVL_ERROR);
	f->ctx.role = ROLE_GATE;
	f->ctx.loop = evloop_new();
	assert_int_equal(conf_parse("test", conf_text, sizeof(conf_text) - 1, &f->ctx.conf, complain, NULL), VG_OK);
	assert_int_equal(gate_role.prepare(&f->ctx), 0);
	connect_master(f);
	assert_int_equal(gate_role.start(&f->ctx), 0);
	gate_role.on_secret(&f->ctx, SECRET_TOKEN_KEY, key, sizeof(key));
	f->queue = connect_as(f, ROLE_QUEUE, on_queue);
	f->channel = connect_as(f, ROLE_SMTP, on_channel);
	f->facts = (struct facts_say){.cls = CLASS_CONTACT, .partner = "p1", .partner_status = PARTNER_ACTIVE, .holder = "",
	    .sender_name = "", .duplicate_of = ""};
	f->done = (struct commit_say){.message_id = "01J0", .ticket = 1234, .reference = "01JREF"};
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	ipc_close(&f->queue);
	ipc_close(&f->channel);
	for (size_t i = 0; i < f->dials; i++) {
		ev_io_del(&f->names[i]);
		close(f->name_fds[i]);
	}
	for (int i = 0; i < 10; i++)
		evloop_turn(f->ctx.loop, 0);
	gate_dns_free(&((struct gate *)f->ctx.state)->dns);
	ipc_close(&f->ctx.master);
	ipc_close(&f->master);
	free(f->ctx.state);
	evloop_free(&f->ctx.loop);
	conf_free(&f->ctx.conf);
	free(f);
	return 0;
}

/* Turns the loop until cond holds; what does not come in two seconds does not come. */
#define UNTIL(f, cond) \
	do { \
		time_t end = time(NULL) + 2; \
		while (!(cond) && time(NULL) < end) \
			evloop_turn((f)->ctx.loop, 50); \
		assert_true(cond); \
	} while (0)

static struct submit a_mail(const char *text, const char *peer, struct buf *rcpts)
{
	static const unsigned char zero[DIGEST_LEN];
	uint32_t n = 0;
	struct submit s = {.channel = CHANNEL_SMTP, .sess = "abc", .real_peer = peer, .client = "", .client_name = "", .helo = "x",
	    .protocol = "ESMTP", .tls = "", .login = "", .reverse_path = "ann@partner.example", .received_at = 1000,
	    .size = strlen(text), .digest = {zero, sizeof(zero)}, .bytes = {(const unsigned char *)text, strlen(text)}};

	buf_init(rcpts, 1000);
	assert_int_equal(wlist_add_str(rcpts, &n, "support@support.example"), VG_OK);
	s.rcpts = wlist_of(rcpts, n);
	return s;
}

static void submit(struct fixture *f, uint64_t session, const char *text, const char *peer, bool after_queue)
{
	struct buf rcpts;
	struct submit s = a_mail(text, peer, &rcpts);

	s.after_queue = after_queue;
	assert_int_equal(ipc_send(f->channel, IPC_SUBMIT, session, &s), VG_OK);
	buf_free(&rcpts);
}

#define RELAY "198.51.100.7"

static void a_contact_opens(void **state)
{
	struct fixture *f = *state;

	submit(f, 7, mail, RELAY, false);
	UNTIL(f, f->answers == 1);
	assert_int_equal(f->session, 7);
	assert_int_equal(f->answer.code, 250);
	assert_int_equal(f->answer.outcome, OUT_ACCEPTED);
	assert_string_equal(f->reply, "accepted as 01J0, case 1234");
	assert_int_equal(f->subject_number, 5);
	assert_string_equal(f->rule, "V11");
	assert_string_equal(f->sender, "ann@partner.example");
	assert_int_equal(f->commit.action, COMMIT_OPEN);
	assert_int_equal(f->commit.digest.len, DIGEST_LEN);
	assert_non_null(strstr(f->prefix, "by support.example (vcspgate) with ESMTP id abc"));
	assert_non_null(strstr(f->facts_json, "\"result\":\"authenticated\""));
}

/* A resolver that says nothing delays the mail by its time-out; the first time is noted. */
static void a_silent_resolver_delays(void **state)
{
	struct fixture *f = *state;

	f->mute_names = true;
	f->ctx.conf->resolver_timeout_ms = 200;
	gate_role.on_conf(&f->ctx, f->ctx.conf);
	submit(f, 1, mail, "203.0.113.1", false);
	submit(f, 2, mail, RELAY, false);
	UNTIL(f, f->answers == 1);
	assert_int_equal(f->session, 2);
	assert_int_equal(f->answer.code, 250);
	UNTIL(f, f->answers == 2);
	assert_int_equal(f->answer.code, 451);
	assert_string_equal(f->answer.enhanced, "4.7.0");
	assert_int_equal(f->commit.action, COMMIT_DEFER);
	/* and when that has lasted too long an operator looks at it; mails of this test are received at 1000 */
	f->facts.deferred_since = 1;
	f->ctx.conf->dns_give_up_ms = 1000;
	submit(f, 4, mail, "203.0.113.1", false);
	UNTIL(f, f->answers == 3);
	assert_int_equal(f->answer.code, 451);
	f->ctx.conf->dns_give_up_ms = 999;
	submit(f, 3, mail, "203.0.113.1", false);
	UNTIL(f, f->answers == 4);
	assert_int_equal(f->answer.outcome, OUT_HELD);
	assert_string_equal(f->reason, "dns");
}

static void an_unproven_contact_is_held(void **state)
{
	struct fixture *f = *state;

	submit(f, 1, mail, "203.0.113.1", false);
	UNTIL(f, f->answers == 1);
	assert_int_equal(f->answer.outcome, OUT_HELD);
	assert_string_equal(f->reason, "unverified-sender");
	assert_non_null(strstr(f->facts_json, "\"ask\":"));
}

/* Mail by programs that may open tickets: what is too much waits for an operator, people's mail is not counted. */
static void too_much_automatic_mail_is_held(void **state)
{
	static const char machine[] = "From: ann@partner.example\r\nSubject: Job failed\r\nAuto-Submitted: auto-generated\r\n\r\nx\r\n";
	struct fixture *f = *state;

	f->facts.automatic_open = 1;
	for (unsigned i = 1; i <= 12; i++) {
		submit(f, i, machine, RELAY, false);
		UNTIL(f, f->answers == i);
		assert_string_equal(f->rule, "V11");
		assert_int_equal(f->answer.code, 250);
		assert_int_equal(f->answer.outcome, i <= 10 ? OUT_ACCEPTED : OUT_HELD);
		assert_int_equal(f->commit.action, i <= 10 ? COMMIT_OPEN : COMMIT_HOLD);
		assert_string_equal(f->reason, i <= 10 ? "" : "rate");
		assert_true((strstr(f->facts_json, "\"rate\":\"sender\"") != NULL) == (i > 10));
	}
	assert_non_null(strstr(f->facts_json, "\"ask\":"));
	submit(f, 13, mail, RELAY, false);
	UNTIL(f, f->answers == 13);
	assert_int_equal(f->answer.outcome, OUT_ACCEPTED);
}

static void a_refusal_names_its_record(void **state)
{
	struct fixture *f = *state;

	f->facts = (struct facts_say){.cls = CLASS_CUSTOMER, .partner = "", .holder = "", .sender_name = "", .duplicate_of = ""};
	submit(f, 1, mail, RELAY, false);
	UNTIL(f, f->answers == 1);
	assert_int_equal(f->answer.code, 550);
	assert_string_equal(f->reply, "cases are opened through your service provider (reference 01JREF)");
	assert_int_equal(f->commit.action, COMMIT_REFUSE);
	assert_int_equal(f->commit.bytes.len, 0);
	assert_int_equal(f->commit.after_queue, 0);
	submit(f, 2, mail, RELAY, true);
	UNTIL(f, f->answers == 2);
	assert_int_equal(f->answer.code, 250);
	assert_int_equal(f->answer.outcome, OUT_REJECTED);
	assert_int_equal(f->commit.after_queue, 1);
}

/* Without its audit record no 5xx leaves. */
static void a_refusal_that_cannot_be_stored_is_a_delay(void **state)
{
	struct fixture *f = *state;

	f->facts = (struct facts_say){.partner = "", .holder = "", .sender_name = "", .duplicate_of = ""};
	f->done.err = (uint32_t)-VG_ERR_FULL;
	submit(f, 1, mail, RELAY, false);
	UNTIL(f, f->answers == 1);
	assert_int_equal(f->answer.code, 452);
	f->done.err = (uint32_t)-VG_ERR_STORE;
	submit(f, 2, mail, RELAY, false);
	UNTIL(f, f->answers == 2);
	assert_int_equal(f->answer.code, 451);
	f->facts.err = (uint32_t)-VG_ERR_STORE;
	submit(f, 3, mail, RELAY, false);
	UNTIL(f, f->answers == 3);
	assert_int_equal(f->answer.code, 451);
	assert_int_equal(f->commits, 2);
}

static void malformed_mail_asks_nobody(void **state)
{
	struct fixture *f = *state;

	submit(f, 1, "From: a@x.example, b@x.example\r\n\r\n", RELAY, false);
	UNTIL(f, f->answers == 1);
	assert_int_equal(f->answer.code, 550);
	assert_string_equal(f->reply_rule, "V1");
	assert_string_equal(f->reply, "the message header is malformed: from.several-addresses (reference 01JREF)");
	assert_int_equal(f->asks, 0);
	assert_int_equal(f->commits, 1);
}

static void duplicates(void **state)
{
	struct fixture *f = *state;

	f->done.duplicate = 1;
	submit(f, 1, mail, RELAY, false);
	UNTIL(f, f->answers == 1);
	assert_int_equal(f->answer.outcome, OUT_DUPLICATE);
	assert_int_equal(f->answer.ticket, 1234);
}

/* Two equal alarms without Message-ID and Date are two mails. */
static void nothing_to_tell_copies_by(void **state)
{
	struct fixture *f = *state;

	submit(f, 1, "From: ann@partner.example\r\n\r\n", RELAY, false);
	UNTIL(f, f->answers == 1);
	assert_int_equal(f->commit.digest.len, 0);
}

static void many_at_once(void **state)
{
	struct fixture *f = *state;

	for (unsigned i = 1; i <= 300; i++)
		submit(f, i, mail, RELAY, false);
	UNTIL(f, f->answers == 300);
	assert_int_equal(f->commits, 300);
}

/* At most 4,096 are in flight. */
static void too_many_at_once(void **state)
{
	struct fixture *f = *state;

	f->mute_facts = true;
	for (unsigned i = 1; i <= 4097; i++) {
		submit(f, i, "From: ann@partner.example\r\n\r\n", RELAY, false);
		if (i % 100 == 0)
			UNTIL(f, f->asks == i);
	}
	UNTIL(f, f->answers == 1);
	assert_int_equal(f->answer.code, 451);
	assert_int_equal(f->session, 4097);
	ipc_close(&f->queue);
	UNTIL(f, f->answers == 4097);
	assert_int_equal(f->answer.code, 451);
}

static void the_queue_goes_away(void **state)
{
	struct fixture *f = *state;

	f->lose_queue = true;
	submit(f, 1, mail, RELAY, false);
	UNTIL(f, f->answers == 1);
	assert_int_equal(f->answer.code, 451);
	assert_int_equal(f->answer.outcome, OUT_TEMPFAIL);
	submit(f, 2, mail, RELAY, false);
	UNTIL(f, f->answers == 2);
	assert_int_equal(f->answer.code, 451);
	f->lose_queue = false;
	f->queue = connect_as(f, ROLE_QUEUE, on_queue);
	submit(f, 3, mail, RELAY, false);
	UNTIL(f, f->answers == 3);
	assert_int_equal(f->answer.code, 250);
}

/* A mail whose channel died is finished all the same: its sender was told nothing and comes again. */
static void the_channel_goes_away(void **state)
{
	struct fixture *f = *state;

	f->mute_commit = true;
	submit(f, 1, mail, RELAY, false);
	UNTIL(f, f->commits == 1);
	ipc_close(&f->channel);
	f->channel = connect_as(f, ROLE_SMTP, on_channel);
	f->mute_commit = false;
	submit(f, 2, mail, RELAY, false);
	UNTIL(f, f->answers == 1);
	assert_int_equal(f->session, 2);
	assert_int_equal(f->commits, 2);
}

static void nonsense_ends_the_link_only(void **state)
{
	struct fixture *f = *state;
	struct buf rcpts;
	struct submit s = a_mail(mail, RELAY, &rcpts);

	s.channel = 77;
	assert_int_equal(ipc_send(f->channel, IPC_SUBMIT, 1, &s), VG_OK);
	buf_free(&rcpts);
	UNTIL(f, f->channel_ended);
	f->channel = connect_as(f, ROLE_API, on_channel);
	submit(f, 2, mail, RELAY, false);
	UNTIL(f, f->answers == 1);
	assert_int_equal(f->answer.code, 250);
}

static void answers_nobody_waits_for(void **state)
{
	struct fixture *f = *state;

	ipc_send(f->queue, IPC_COMMIT_SAY, 12345, &f->done);
	ipc_send(f->queue, IPC_FACTS_SAY, 99999999, &f->facts);
	submit(f, 1, mail, RELAY, false);
	UNTIL(f, f->answers == 1);
	assert_int_equal(f->answer.code, 250);
}

static void return_paths_need_a_tag(void **state)
{
	struct fixture *f = *state;
	struct rcpt_ask a = {.address = "bounce+0abc@support.example"};

	ipc_send(f->channel, IPC_RCPT_ASK, 9, &a);
	UNTIL(f, f->answers == 1 && f->commits == 1);
	assert_int_equal(f->session, 9);
	assert_int_equal(f->rcpt_ok, 0);
	assert_string_equal(f->rule, "V0");
	a.address = "support@support.example";
	ipc_send(f->channel, IPC_RCPT_ASK, 10, &a);
	UNTIL(f, f->answers == 2);
	assert_int_equal(f->rcpt_ok, 1);
	assert_int_equal(f->commits, 1);
}

static void stop_waits_for_mails_in_flight(void **state)
{
	struct fixture *f = *state;

	f->mute_commit = true;
	submit(f, 1, mail, RELAY, false);
	UNTIL(f, f->commits == 1);
	gate_role.on_stop(&f->ctx);
	submit(f, 2, mail, RELAY, false);
	UNTIL(f, f->answers == 1);
	assert_int_equal(f->session, 2);
	assert_int_equal(f->answer.code, 451);
	ipc_close(&f->queue);
	assert_int_equal(evloop_run(f->ctx.loop), VG_OK); /* ends by role_exit() */
	evloop_turn(f->ctx.loop, 0);
	assert_int_equal(f->answers, 2);
	assert_int_equal(f->session, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_contact_opens), TEST(a_silent_resolver_delays), TEST(an_unproven_contact_is_held),
		TEST(too_much_automatic_mail_is_held), TEST(a_refusal_names_its_record),
		TEST(a_refusal_that_cannot_be_stored_is_a_delay), TEST(malformed_mail_asks_nobody), TEST(duplicates),
		TEST(nothing_to_tell_copies_by), TEST(many_at_once), TEST(too_many_at_once), TEST(the_queue_goes_away),
		TEST(the_channel_goes_away), TEST(nonsense_ends_the_link_only), TEST(answers_nobody_waits_for),
		TEST(return_paths_need_a_tag), TEST(stop_waits_for_mails_in_flight),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
