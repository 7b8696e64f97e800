/*
 * smtp_fake.h - the smtp role in one process with its tests: real loop, links and sessions; a client on a socket pair,
 * and a gate and a queue that answer as the test says. role_exit() is the test's own.
 */
#ifndef VG_SMTP_FAKE_H
#define VG_SMTP_FAKE_H

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "conf.h"
#include "err.h"
#include "log.h"
#include "smtp_session.h"

#define FAKE_BASE \
	"hostname support.example\nstate /tmp\nkey file /tmp/none\naddress intake support@support.example\n" \
	"address case case@support.example\naddress bounce bounce@support.example\n" \
	"listen smtp 127.0.0.1:2525 tls none\ntrust relay 192.0.2.0/28 authserv-id mx.example\n" \
	"limit message-size 2M\nlimit recipients 3\nlimit errors 12\n" \
	"upload text \"Use https://upload.example/ instead.\"\n"
#define FAKE_CONF FAKE_BASE "limit sessions 100 per-peer 3\n"

/* What the fake gate saw last. */
struct fake_mail {
	unsigned n;
	char sess[16], from[400], client[64], real_peer[64], client_name[300], helo[300], protocol[16], tls[100];
	char login[400], certificate[80];
	char rcpt[4][400];
	uint32_t n_rcpts;
	uint64_t size, spool;
	unsigned char utf8, after_queue, channel;
	struct buf bytes;
	int fd;
};

struct fake {
	struct role_ctx ctx;
	struct smtp_listener listener;
	struct ipc *gate, *queue; /* the fakes' ends */
	int client;               /* the client's end, -1 none */
	struct buf got;           /* what the client read and the test has not taken */
	bool client_eof, exited;
	/* how the fakes answer */
	bool gate_silent, queue_silent;
	unsigned login;           /* outcome of logins, 0: by password "right horse" */
	unsigned logins;          /* asked for */
	char login_user[400], login_peer[64];
	unsigned code;            /* of verdicts */
	const char *enhanced, *text;
	unsigned queue_err;
	uint64_t next_spool, dropped, asked_spool, last_ask;
	struct fake_mail mail;
};

static struct fake *fake_now;

void
role_exit(struct role_ctx *ctx)
{
	(void)ctx;
	fake_now->exited = true;
}

static inline void
fake_die(const char *what)
{
	fprintf(stderr, "fake: %s: %s\n", what, strerror(errno));
	abort();
}

static inline void
fake_conf_error(const char *file, unsigned line, unsigned column, const char *why, void *arg)
{
	(void)arg;
	fprintf(stderr, "%s:%u:%u: %s\n", file, line, column, why);
}

static inline void
fake_take_submit(struct fake *f, struct ipc_msg *msg)
{
	struct fake_mail *m = &f->mail;
	struct submit sub;
	const char *rcpt;
	size_t pos = 0;

	if (ipc_decode(msg, &sub) != VG_OK)
		fake_die("submit");
	m->n++;
	snprintf(m->sess, sizeof(m->sess), "%s", sub.sess);
	snprintf(m->from, sizeof(m->from), "%s", sub.reverse_path);
	snprintf(m->client, sizeof(m->client), "%s", sub.client);
	snprintf(m->real_peer, sizeof(m->real_peer), "%s", sub.real_peer);
	snprintf(m->client_name, sizeof(m->client_name), "%s", sub.client_name);
	snprintf(m->helo, sizeof(m->helo), "%s", sub.helo);
	snprintf(m->protocol, sizeof(m->protocol), "%s", sub.protocol);
	snprintf(m->tls, sizeof(m->tls), "%s", sub.tls);
	snprintf(m->login, sizeof(m->login), "%s", sub.login);
	snprintf(m->certificate, sizeof(m->certificate), "%s", sub.certificate);
	m->n_rcpts = sub.rcpts.n;
	for (unsigned i = 0; i < 4 && wlist_next_str(&sub.rcpts, &pos, &rcpt) == 1; i++)
		snprintf(m->rcpt[i], sizeof(m->rcpt[i]), "%s", rcpt);
	m->size = sub.size;
	m->spool = sub.spool;
	m->utf8 = sub.smtputf8;
	m->after_queue = sub.after_queue;
	m->channel = sub.channel;
	buf_reset(&m->bytes);
	buf_add(&m->bytes, sub.bytes.data, sub.bytes.len);
	if (m->fd >= 0)
		close(m->fd);
	m->fd = ipc_take_fd(msg, 0);
}

static inline void
fake_verdict(struct fake *f, uint64_t id)
{
	struct verdict_say v = { .outcome = f->code == 250 ? OUT_ACCEPTED : OUT_REJECTED, .code = f->code,
		.enhanced = f->enhanced, .text = f->text, .rule = "V11", .reason = "", .message_id = "",
		.reference = "" };

	ipc_send(f->gate, IPC_VERDICT, id, &v);
}

static inline void
fake_on_gate(struct ipc *ipc, struct ipc_msg *msg, void *arg)
{
	struct fake *f = arg;
	struct rcpt_ask ask;
	struct rcpt_say say;

	(void)ipc;
	if (!msg) {
		ipc_close(&f->gate);
		return;
	}
	f->last_ask = msg->id;
	if (msg->type == IPC_SUBMIT) {
		fake_take_submit(f, msg);
		if (!f->gate_silent)
			fake_verdict(f, msg->id);
	} else if (msg->type == IPC_RCPT_ASK && ipc_decode(msg, &ask) == VG_OK && !f->gate_silent) {
		say.ok = strstr(ask.address, "good") != NULL;
		ipc_send(f->gate, IPC_RCPT_SAY, msg->id, &say);
	}
}

static inline void
fake_give(struct fake *f, uint64_t id)
{
	static const unsigned char key[32] = { 7 };
	struct spool_give give = { .err = f->queue_err, .spool = f->queue_err ? 0 : ++f->next_spool,
		.key = { key, sizeof(key) } };
	int fd = f->queue_err ? -1 : memfd_create("spool", MFD_CLOEXEC);

	ipc_send_fd(f->queue, IPC_SPOOL_GIVE, id, &give, fd, -1);
	if (fd >= 0)
		close(fd);
}

static inline void
fake_login(struct fake *f, struct ipc_msg *msg)
{
	struct login_ask ask;
	struct login_say say = { .address = "" };

	if (ipc_decode(msg, &ask) != VG_OK)
		fake_die("login");
	f->logins++;
	f->asked_spool = msg->id;
	snprintf(f->login_user, sizeof(f->login_user), "%s", ask.user);
	snprintf(f->login_peer, sizeof(f->login_peer), "%s", ask.peer);
	say.outcome = f->login ? f->login : ask.password.len == 11 && memcmp(ask.password.data, "right horse", 11) == 0
	    ? LOGIN_OK : LOGIN_WRONG;
	if (say.outcome == LOGIN_OK)
		say.address = "ann@partner.example";
	if (!f->queue_silent)
		ipc_send(f->queue, IPC_LOGIN_SAY, msg->id, &say);
}

static inline void
fake_on_queue(struct ipc *ipc, struct ipc_msg *msg, void *arg)
{
	struct fake *f = arg;
	struct spool_drop drop;

	(void)ipc;
	if (!msg) {
		ipc_close(&f->queue);
		return;
	}
	if (msg->type == IPC_LOGIN_ASK) {
		fake_login(f, msg);
	} else if (msg->type == IPC_SPOOL_ASK) {
		f->asked_spool = msg->id;
		if (!f->queue_silent)
			fake_give(f, msg->id);
	} else if (msg->type == IPC_SPOOL_DROP && ipc_decode(msg, &drop) == VG_OK) {
		f->dropped = drop.spool;
	}
}

static inline void
fake_link(struct fake *f, enum role role)
{
	int sv[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sv) < 0)
		fake_die("socketpair");
	smtp_role.on_peer(&f->ctx, role, 0, sv[0]);
	if (role == ROLE_GATE)
		f->gate = ipc_open(f->ctx.loop, sv[1], ROLE_GATE, ROLE_SMTP, fake_on_gate, f);
	else
		f->queue = ipc_open(f->ctx.loop, sv[1], ROLE_QUEUE, ROLE_SMTP, fake_on_queue, f);
}

static inline struct fake *
fake_new(const char *conf)
{
	struct fake *f = calloc(1, sizeof(*f));

	if (!f)
		fake_die("calloc");
	fake_now = f;
	log_setup("smtp-test", getenv("FAKE_LOG") ? LOG_LVL_DEBUG : LOG_LVL_ERROR);
	f->client = f->mail.fd = -1;
	f->code = 250;
	f->enhanced = "2.0.0";
	f->text = "queued as TEST";
	buf_init(&f->got, 1u << 24);
	buf_init(&f->mail.bytes, 1u << 24);
	f->ctx.role = ROLE_SMTP;
	f->ctx.loop = evloop_new();
	if (!f->ctx.loop || conf_parse("test", conf, strlen(conf), &f->ctx.conf, fake_conf_error, NULL) != VG_OK)
		fake_die("conf");
	if (smtp_role.prepare(&f->ctx) != 0)
		fake_die("prepare");
	f->listener = (struct smtp_listener){ .smtp = f->ctx.state, .name = strdup("test"), .tls = TLS_NONE };
	fake_link(f, ROLE_GATE);
	fake_link(f, ROLE_QUEUE);
	return f;
}

static inline struct smtp *
fake_smtp(struct fake *f)
{
	return f->ctx.state;
}

static inline int
fake_open(struct fake *f, const char *peer)
{
	int sv[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, sv) < 0)
		fake_die("socketpair");
	smtp_session_start(fake_smtp(f), &f->listener, sv[0], peer);
	return sv[1];
}

static inline void
fake_close_client(struct fake *f)
{
	if (f->client >= 0)
		close(f->client);
	f->client = -1;
	f->client_eof = false;
	buf_reset(&f->got);
}

/* A new client in place of the last. */
static inline void
fake_connect(struct fake *f, const char *peer)
{
	fake_close_client(f);
	f->client = fake_open(f, peer);
}

/* Everything the client can read now. */
static inline void
fake_read(struct fake *f)
{
	char data[4096];
	ssize_t n;

	while (f->client >= 0 && (n = recv(f->client, data, sizeof(data), MSG_DONTWAIT)) >= 0) {
		if (n == 0) {
			f->client_eof = true;
			return;
		}
		buf_add(&f->got, data, (size_t)n);
	}
}

/* Turns the loop until nothing is left to do. */
static inline void
fake_settle(struct fake *f)
{
	for (int i = 0; i < 12; i++)
		evloop_turn(f->ctx.loop, 0);
	fake_read(f);
}

static inline void
fake_send(struct fake *f, const void *data, size_t n)
{
	const char *p = data;

	while (n > 0) {
		ssize_t put = send(f->client, p, n, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (put < 0 && errno != EAGAIN)
			return; /* the session is closed: the test will see */
		if (put > 0) {
			p += put;
			n -= (size_t)put;
		}
		evloop_turn(f->ctx.loop, 0);
		fake_read(f);
	}
}

static inline void
fake_free(struct fake **pf)
{
	struct fake *f = *pf;
	struct smtp *smtp = f->ctx.state;

	fake_close_client(f);
	for (uint32_t i = 0; i < smtp->n_slots; i++) {
		if (smtp->slots[i])
			smtp_session_end(smtp->slots[i], "test is over");
	}
	fake_settle(f);
	ipc_close(&f->gate);
	ipc_close(&f->queue);
	ipc_close(&smtp->gate);
	ipc_close(&smtp->queue);
	smtp_listen_close(smtp);
	smtp_peers_free(&smtp->peers);
	tls_ctx_unref(&smtp->tls);
	buf_free(&smtp->cert);
	buf_free(&smtp->key);
	free(smtp->slots);
	free(smtp->free_slots);
	ev_timer_clear(f->ctx.loop, &smtp->stop_timer);
	free(smtp);
	buf_free(&f->got);
	buf_free(&f->mail.bytes);
	if (f->mail.fd >= 0)
		close(f->mail.fd);
	free(f->listener.name);
	conf_free(&f->ctx.conf);
	evloop_free(&f->ctx.loop);
	free(f);
	*pf = NULL;
}

#endif
