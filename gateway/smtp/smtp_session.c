/*
 * smtp_session.c - one client from connect to close: events become commands, commands become replies. Everything that
 * arrives is hostile; a session can ruin itself, nothing else. Replies of a pipelined batch leave in one write.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "err.h"
#include "id.h"
#include "log.h"
#include "smtp_proxy.h"
#include "smtp_session.h"

/* A client that reads no replies gets no further commands worked off. */
#define REPLIES_WAITING (64u * 1024u)
/* How much of one endless line is read before we give up. */
#define LONG_LINE_MAX (64u * 1024u)

typedef void handler(struct smtp_session *s, const struct smtp_cmd *cmd);

static handler *const handlers[V_COUNT] = {
	[V_HELO] = smtp_do_helo, [V_EHLO] = smtp_do_helo, [V_LHLO] = smtp_do_helo, [V_STARTTLS] = smtp_do_starttls,
	[V_AUTH] = smtp_do_auth, [V_XCLIENT] = smtp_do_xclient, [V_XFORWARD] = smtp_do_xclient,
	[V_MAIL] = smtp_do_mail, [V_RCPT] = smtp_do_rcpt, [V_DATA] = smtp_do_data, [V_BDAT] = smtp_do_bdat,
	[V_RSET] = smtp_do_misc, [V_NOOP] = smtp_do_misc, [V_VRFY] = smtp_do_misc, [V_EXPN] = smtp_do_misc,
	[V_HELP] = smtp_do_misc, [V_QUIT] = smtp_do_misc, [V_FOREIGN] = smtp_do_misc, [V_UNKNOWN] = smtp_do_misc,
};

/* ---- commands ---- */

static void
bare_newline(struct smtp_session *s)
{
	metrics_add(s->smtp->ctx->metrics, MT_SMTP_BARE_NEWLINE, 1);
	smtp_reply_close(s, true, 500, "5.5.2", "Bare CR or LF in a command");
}

static void
dispatch(struct smtp_session *s, const struct smtp_cmd *cmd)
{
	enum smtp_rule rule = smtp_rule(s->state, cmd->verb);

	if (rule == RULE_RUN && smtp_lmtp_verb(s, cmd->verb))
		handlers[cmd->verb](s, cmd);
	else if (rule != RULE_RUN && cmd->verb == V_BDAT)
		smtp_bdat_refused(s, cmd, smtp_rule_refusal(rule));
	else if (rule != RULE_RUN)
		smtp_reply_refusal(s, smtp_rule_refusal(rule));
}

void
smtp_session_patience(struct smtp_session *s)
{
	if (!s->gone && s->errors >= s->smtp->ctx->conf->errors && smtp_state_reads_commands(s->state))
		smtp_reply_close(s, true, 421, "4.7.0", "Too many errors");
}

/* line: a copy that a handler may use while the input buffer changes. */
static void
execute(struct smtp_session *s, const char *line, size_t len)
{
	const struct conf *c = s->smtp->ctx->conf;
	struct smtp_cmd cmd;

	if (++s->commands > c->commands) {
		smtp_reply_close(s, true, 421, "4.7.0", "Too many commands");
		return;
	}
	if (smtp_cmd_parse(line, len, &cmd) != VG_OK)
		smtp_reply(s, 500, "5.5.2", "Bad command line");
	else
		dispatch(s, &cmd);
	smtp_session_patience(s);
}

/* Passes over the rest of a line that is too long. */
static bool
discard_line(struct smtp_session *s, const unsigned char *p, size_t n)
{
	size_t len;
	int rc = dot_line(p, n, &len);

	if (rc < 0) {
		bare_newline(s);
		return false;
	}
	if (rc > 0) {
		linebuf_take(s->lb, len + 2);
		s->discarding = false;
		if (s->state == S_AUTH)
			smtp_auth_line(s, "", 0, true);
		else
			smtp_reply(s, 500, "5.5.2", "Line too long");
		return true;
	}
	/* A CR at the end may be half of the line's end. */
	len = p[n - 1] == '\r' ? n - 1 : n;
	linebuf_take(s->lb, len);
	s->swallowed += len;
	if (s->swallowed > LONG_LINE_MAX)
		smtp_reply_close(s, true, 500, "5.5.2", "Line too long");
	return false;
}

/* AUTH and its lines carry passwords: neither buffer keeps them. */
static void
work_off(struct smtp_session *s, char *line, size_t len)
{
	if (s->state != S_AUTH && strncasecmp(line, "AUTH", 4) != 0) {
		linebuf_take(s->lb, len + 2);
		execute(s, line, len);
		return;
	}
	linebuf_take_secret(s->lb, len + 2);
	if (s->state == S_AUTH)
		smtp_auth_line(s, line, len, false);
	else
		execute(s, line, len);
	explicit_bzero(line, len);
}

static bool
command_step(struct smtp_session *s)
{
	static char line[SMTP_LINE_MAX + 1]; /* one command is worked off at a time */
	const unsigned char *p;
	size_t n, len;
	int rc;

	p = linebuf_peek(s->lb, &n);
	if (n == 0)
		return false;
	if (s->discarding)
		return discard_line(s, p, n);
	rc = dot_line(p, n < SMTP_LINE_MAX + 2 ? n : SMTP_LINE_MAX + 2, &len);
	if (rc < 0) {
		bare_newline(s);
		return false;
	}
	if (rc == 0) {
		if (n < SMTP_LINE_MAX + 2)
			return false;
		s->discarding = true;
		s->swallowed = 0;
		return true;
	}
	memcpy(line, p, len);
	line[len] = '\0';
	work_off(s, line, len);
	return true;
}

/* ---- before the dialogue ---- */

static void
greet(struct smtp_session *s)
{
	smtp_state_set(s, S_GREET);
	smtp_reply(s, 220, "", "%s %s vcspgate", s->smtp->ctx->conf->hostname, s->lmtp ? "LMTP" : "ESMTP");
}

void
smtp_session_greet(struct smtp_session *s)
{
	if (s->tls != TLS_IMPLICIT || linebuf_tls(s->lb)) {
		greet(s);
		return;
	}
	if (!s->smtp->tls || linebuf_starttls(s->lb, s->smtp->tls, true) != VG_OK) {
		smtp_session_end(s, "no certificate");
		return;
	}
	smtp_state_set(s, S_TLS);
}

/* Sessions behind a proxy are counted by the client that it names. */
static bool
count_client(struct smtp_session *s)
{
	memcpy(s->counted_as, s->client, sizeof(s->counted_as));
	s->counted = smtp_peers_enter(s->smtp->peers, s->client, s->smtp->ctx->conf->sessions_per_peer);
	return s->counted;
}

static bool
proxy_step(struct smtp_session *s)
{
	struct smtp_proxy proxy;
	const unsigned char *p;
	const char *why = "-";
	size_t n, used = 0;
	int rc;

	p = linebuf_peek(s->lb, &n);
	rc = smtp_proxy_parse(p, n, &proxy, &used, &why);
	if (rc == 0)
		return false;
	if (rc < 0) {
		smtp_session_end(s, why);
		return false;
	}
	linebuf_take(s->lb, used);
	s->proxied = proxy.kind != PROXY_LOCAL;
	if (s->proxied)
		memcpy(s->client, proxy.client, sizeof(s->client));
	log_info(s->ids, "proxied", "client=%s", log_q(s->client));
	if (s->proxied && !count_client(s)) {
		metrics_add(s->smtp->ctx->metrics, MT_SMTP_REFUSED_BUSY, 1);
		smtp_reply_close(s, true, 421, "4.7.0", "Too many sessions from your address");
		return false;
	}
	smtp_session_greet(s);
	return true;
}

/* ---- the engine ---- */

static bool
step(struct smtp_session *s)
{
	switch (s->state) {
	case S_PROXY:
		return proxy_step(s);
	case S_DATA:
	case S_CHUNK_DATA:
		return smtp_data_step(s);
	case S_GREET:
	case S_READY:
	case S_MAIL:
	case S_RCPT:
	case S_CHUNK:
	case S_AUTH:
		return command_step(s);
	default:
		return false;
	}
}

/* Sends what was answered, and reads on only where there is use for it. */
static bool
settle(struct smtp_session *s)
{
	if (linebuf_flush(s->lb) != VG_OK) {
		smtp_session_end(s, linebuf_why(s->lb));
		return false;
	}
	if (smtp_state_waits(s->state) || s->choked || linebuf_backlog(s->lb) >= REPLIES_WAITING)
		linebuf_pause(s->lb);
	else
		linebuf_resume(s->lb);
	return true;
}

/* Works until there is nothing more to do, or the client is owed too much. */
static void
work(struct smtp_session *s)
{
	while (!s->gone && step(s)) {
		if (s->gone || linebuf_backlog(s->lb) < REPLIES_WAITING)
			continue;
		if (linebuf_flush(s->lb) != VG_OK)
			smtp_session_end(s, linebuf_why(s->lb));
		else if (linebuf_backlog(s->lb) >= REPLIES_WAITING)
			return;
	}
}

void
smtp_session_run(struct smtp_session *s)
{
	enum smtp_state before = s->state;

	if (s->gone)
		return;
	if (linebuf_backlog(s->lb) < REPLIES_WAITING)
		work(s);
	if (s->gone)
		return;
	if (s->smtp->stopping && (smtp_state_reads_commands(s->state) || s->state == S_AUTH))
		smtp_reply_close(s, true, 421, "4.3.2", "Shutting down");
	if (s->state == S_CLOSING) {
		linebuf_finish(s->lb, s->linger && !s->smtp->stopping);
		ev_timer_clear(s->smtp->ctx->loop, &s->timer);
		return;
	}
	/* A handshake reads and writes for itself. */
	if (s->state != S_TLS && !settle(s))
		return;
	if (s->progress || s->state != before)
		smtp_timer_arm(s);
	s->progress = false;
}

static void
bury(void *arg)
{
	free(arg);
}

void
smtp_session_end(struct smtp_session *s, const char *why)
{
	if (s->gone)
		return;
	s->gone = true;
	log_info(s->ids, "close", "state=%s why=%s messages=%u refused=%u commands=%u errors=%u",
	    smtp_state_name(s->state), log_q(why), s->messages, s->refused, s->commands, s->errors);
	smtp_tx_end(s);
	explicit_bzero(&s->exchange, sizeof(s->exchange));
	ev_timer_clear(s->smtp->ctx->loop, &s->timer);
	linebuf_close(&s->lb);
	if (s->counted)
		smtp_peers_leave(s->smtp->peers, s->counted_as);
	smtp_slot_drop(s->smtp, s);
	ev_defer(s->smtp->ctx->loop, &s->bury, bury, s);
}

static void
tls_up(struct smtp_session *s)
{
	log_info(s->ids, "tls", "cipher=%s", log_q(linebuf_tls(s->lb)));
	if (s->tls == TLS_IMPLICIT) {
		greet(s);
		return;
	}
	/* RFC 3207 4.2: whatever was said before is forgotten, and the client says hello again. */
	smtp_state_set(s, S_GREET);
	smtp_tx_end(s);
	s->esmtp = false;
	s->login[0] = '\0';
	if (!s->helo_fixed)
		s->helo[0] = '\0';
	s->progress = true;
}

static void
failed(struct smtp_session *s)
{
	if (s->state == S_TLS)
		metrics_add(s->smtp->ctx->metrics, MT_SMTP_TLS_FAILED, 1);
	smtp_session_end(s, linebuf_why(s->lb));
}

/* It may still read what we owe it. */
static void
client_closed(struct smtp_session *s)
{
	if (linebuf_backlog(s->lb) == 0) {
		smtp_session_end(s, "client closed");
		return;
	}
	smtp_state_set(s, S_CLOSING);
	smtp_session_run(s);
}

static void
on_event(struct linebuf *lb, enum linebuf_event event, void *arg)
{
	struct smtp_session *s = arg;

	(void)lb;
	switch (event) {
	case LB_TLS_UP:
		tls_up(s);
		smtp_session_run(s);
		return;
	case LB_INPUT:
	case LB_DRAINED:
		smtp_session_run(s);
		return;
	case LB_EOF:
		client_closed(s);
		return;
	case LB_FAILED:
		failed(s);
		return;
	case LB_FINISHED:
		smtp_session_end(s, "done");
		return;
	}
}

/* ---- start ---- */

static bool
is_proxy(const struct smtp_listener *l, const char *peer)
{
	for (size_t i = 0; i < l->n_proxy_from; i++) {
		if (conf_net_contains(&l->proxy_from[i], peer))
			return true;
	}
	return false;
}

static struct smtp_session *
new_session(struct smtp *smtp, const struct smtp_listener *l, const char *peer)
{
	struct smtp_session *s = calloc(1, sizeof(*s));
	char id[11];

	if (!s)
		return NULL;
	id_session(id);
	memcpy(s->ids, "sess=", 5);
	memcpy(s->ids + 5, id, sizeof(id));
	s->smtp = smtp;
	s->state = S_GREET;
	s->listener = l->index;
	s->lmtp = l->lmtp;
	s->after_queue = l->after_queue;
	s->tls = l->tls;
	s->auth = l->auth && !l->lmtp;
	strncpy(s->real_peer, peer, sizeof(s->real_peer) - 1);
	memcpy(s->client, s->real_peer, sizeof(s->client));
	return s;
}

/* The first thing that happens on a connection. */
static void
open_session(struct smtp_session *s, const struct smtp_listener *l)
{
	log_info(s->ids, "connect", "peer=%s listener=%s", s->real_peer, log_q(l->name));
	if (l->n_proxy_from > 0 && !is_proxy(l, s->real_peer)) {
		log_warn(s->ids, "not-a-proxy", "peer=%s", s->real_peer);
		smtp_session_end(s, "not a configured proxy");
		return;
	}
	if (l->n_proxy_from > 0) {
		smtp_state_set(s, S_PROXY);
	} else if (!count_client(s)) {
		metrics_add(s->smtp->ctx->metrics, MT_SMTP_REFUSED_BUSY, 1);
		if (l->tls == TLS_IMPLICIT)
			smtp_session_end(s, "too many sessions");
		else
			smtp_reply_close(s, true, 421, "4.7.0", "Too many sessions from your address");
	} else {
		smtp_session_greet(s);
	}
	s->progress = true;
	smtp_session_run(s);
}

int
smtp_session_start(struct smtp *smtp, const struct smtp_listener *l, int fd, const char *peer)
{
	struct smtp_session *s = new_session(smtp, l, peer);

	if (s)
		s->lb = linebuf_open(smtp->ctx->loop, fd, on_event, s);
	if (!s || !s->lb) {
		free(s);
		close(fd);
		return VG_ERR_MEMORY;
	}
	if (smtp_slot_take(smtp, s) != VG_OK) {
		linebuf_close(&s->lb);
		free(s);
		return VG_ERR_MEMORY;
	}
	open_session(s, l);
	return VG_OK;
}

/* ---- told by the process ---- */

void
smtp_session_stop(struct smtp_session *s)
{
	if (s->state == S_CLOSING || s->state == S_WAIT_VERDICT)
		return;
	if (s->state == S_PROXY || s->state == S_TLS) {
		smtp_session_end(s, "shutting down");
		return;
	}
	smtp_reply_close(s, false, 421, "4.3.2", "Shutting down");
	smtp_session_run(s);
}

void
smtp_session_gate_lost(struct smtp_session *s)
{
	if (s->state == S_WAIT_VERDICT)
		smtp_tx_no_verdict(s, "the gate went away");
	else if (s->state == S_WAIT_RCPT)
		smtp_rcpt_no_answer(s);
	else
		return;
	smtp_session_run(s);
}

void
smtp_session_queue_lost(struct smtp_session *s)
{
	if (s->state == S_WAIT_LOGIN) {
		smtp_auth_answer(s, NULL);
		smtp_session_run(s);
		return;
	}
	/* What lies in a descriptor of the old queue can no longer be committed. */
	if (s->tx && s->tx->spool && spool_number(s->tx->spool) != 0)
		smtp_tx_fail(s, 451, "4.3.0", "Temporary failure, try again later");
	/* Its numbers mean nothing to the next one, or something else. */
	if (s->tx)
		s->tx->spool_number = 0;
	if (s->state != S_WAIT_SPOOL)
		return;
	smtp_tx_placed(s, &(struct spool_give){ .err = -VG_ERR_CLOSED }, -1);
	smtp_session_run(s);
}

void
smtp_session_unchoke(struct smtp_session *s)
{
	if (!s->choked)
		return;
	s->choked = false;
	smtp_timer_resume(s);
	smtp_session_run(s);
}
