/*
 * smtp_cmd_auth.c - AUTH (RFC 4954) with PLAIN (RFC 4616) and LOGIN, under TLS only. The queue checks the password; what is
 * proved is an address, which the gate compares with the author's. Passwords are wiped as soon as they are on their way.
 */
#include <string.h>
#include <strings.h>

#include "err.h"
#include "log.h"
#include "smtp_sasl.h"
#include "smtp_session.h"

bool
smtp_auth_offered(const struct smtp_session *s)
{
	return s->auth && linebuf_tls(s->lb) && s->login[0] == '\0';
}

static void
finish(struct smtp_session *s)
{
	explicit_bzero(&s->exchange, sizeof(s->exchange));
	smtp_state_set(s, S_READY);
}

static void
refuse(struct smtp_session *s, unsigned code, const char *enhanced, const char *text)
{
	finish(s);
	smtp_reply(s, code, enhanced, "%s", text);
}

static void
wrong(struct smtp_session *s)
{
	refuse(s, 535, "5.7.8", "Authentication credentials invalid");
}

/* ---- the question ---- */

static void
ask_queue(struct smtp_session *s, const char *user, const unsigned char *password, size_t len)
{
	struct login_ask ask = { .user = user, .password = { password, len }, .peer = s->client };

	smtp_state_set(s, S_WAIT_LOGIN);
	s->ask = smtp_ask_id(s->smtp, s);
	if (!s->smtp->queue || ipc_send(s->smtp->queue, IPC_LOGIN_ASK, s->ask, &ask) != VG_OK)
		smtp_auth_answer(s, NULL);
}

void
smtp_auth_answer(struct smtp_session *s, const struct login_say *say)
{
	s->ask = 0;
	if (say && say->outcome == LOGIN_OK && say->address[0] != '\0' && strlen(say->address) < sizeof(s->login)) {
		finish(s);
		memcpy(s->login, say->address, strlen(say->address) + 1);
		log_info(s->ids, "login", "address=%s", log_q(s->login));
		smtp_reply(s, 235, "2.7.0", "Authentication succeeded");
	} else if (say && say->outcome == LOGIN_WRONG) {
		wrong(s);
	} else {
		refuse(s, 454, "4.7.0", "Temporary authentication failure, try again later");
	}
	smtp_session_patience(s);
}

/* ---- what the client says ---- */

static void
plain(struct smtp_session *s, const unsigned char *data, size_t len)
{
	struct sasl_plain p;
	int err = sasl_plain(&p, data, len);

	if (err == VG_OK)
		ask_queue(s, p.user, p.password, p.n);
	else if (err == VG_ERR_DENIED)
		wrong(s);
	else
		refuse(s, 501, "5.5.2", "Malformed credentials");
}

/* LOGIN asks for the name, then for the password. */
static void
login(struct smtp_session *s, const unsigned char *data, size_t len)
{
	struct smtp_auth *x = &s->exchange;
	char user[sizeof(x->user)];

	if (!x->has_user) {
		/* What is no address is nobody's; the queue says so, as late as with any other. */
		x->has_user = true;
		if (len < sizeof(x->user) && !memchr(data, '\0', len))
			memcpy(x->user, data, len);
		smtp_state_set(s, S_AUTH);
		smtp_reply_line(s, 334, true, "UGFzc3dvcmQ6"); /* "Password:" */
		return;
	}
	memcpy(user, x->user, sizeof(user));
	ask_queue(s, user, data, len);
}

static void
response(struct smtp_session *s, const char *text, size_t len)
{
	unsigned char data[SASL_MAX];
	size_t n;

	if (sasl_decode(data, &n, text, len) != VG_OK)
		refuse(s, 501, "5.5.2", "Not base64");
	else if (s->exchange.login)
		login(s, data, n);
	else
		plain(s, data, n);
	explicit_bzero(data, sizeof(data));
}

void
smtp_auth_line(struct smtp_session *s, const char *line, size_t len, bool too_long)
{
	if (++s->commands > s->smtp->ctx->conf->commands) {
		smtp_reply_close(s, true, 421, "4.7.0", "Too many commands");
		return;
	}
	if (too_long)
		refuse(s, 500, "5.5.6", "Line too long");
	else if (len == 1 && line[0] == '*')
		refuse(s, 501, "5.7.0", "Cancelled");
	else
		response(s, line, len);
	smtp_session_patience(s);
}

/* ---- the command ---- */

/* Says why AUTH cannot be now; false: it can. */
static bool
not_now(struct smtp_session *s)
{
	if (!s->auth)
		smtp_reply(s, 502, "5.5.1", "AUTH is not offered");
	else if (!linebuf_tls(s->lb))
		smtp_reply(s, 538, "5.7.11", "Encryption required: STARTTLS first");
	else if (s->login[0] != '\0')
		smtp_reply(s, 503, "5.5.1", "Authenticated already");
	else if (!s->esmtp)
		smtp_reply(s, 503, "5.5.1", "Say EHLO first");
	else
		return false;
	return true;
}

void
smtp_do_auth(struct smtp_session *s, const struct smtp_cmd *cmd)
{
	size_t word = 0, at;

	if (not_now(s))
		return;
	while (word < cmd->len && cmd->args[word] != ' ')
		word++;
	for (at = word; at < cmd->len && cmd->args[at] == ' '; at++)
		continue;
	memset(&s->exchange, 0, sizeof(s->exchange));
	s->exchange.login = word == 5 && strncasecmp(cmd->args, "LOGIN", 5) == 0;
	if (!s->exchange.login && (word != 5 || strncasecmp(cmd->args, "PLAIN", 5) != 0)) {
		smtp_reply(s, word > 0 ? 504 : 501, "5.5.4", word > 0 ? "Mechanism not supported" : "Syntax: AUTH mechanism");
		return;
	}
	if (at < cmd->len) {
		/* RFC 4954 4: "=" is an initial response of no bytes. */
		bool empty = cmd->len - at == 1 && cmd->args[at] == '=';

		response(s, cmd->args + at, empty ? 0 : cmd->len - at);
		return;
	}
	smtp_state_set(s, S_AUTH);
	smtp_reply_line(s, 334, true, "%s", s->exchange.login ? "VXNlcm5hbWU6" : ""); /* "Username:" */
}
