/*
 * smtp_cmd_misc.c - the short commands, XCLIENT and XFORWARD.
 */
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "smtp_session.h"

static void
do_rset(struct smtp_session *s)
{
	smtp_tx_end(s);
	smtp_reply(s, 250, "2.0.0", "OK");
}

void
smtp_do_misc(struct smtp_session *s, const struct smtp_cmd *cmd)
{
	switch (cmd->verb) {
	case V_RSET:
		do_rset(s);
		return;
	case V_NOOP:
		smtp_reply(s, 250, "2.0.0", "OK");
		return;
	case V_VRFY:
		smtp_reply(s, 252, "2.0.0", "Send the mail and see");
		return;
	case V_HELP:
		smtp_reply(s, 214, "2.0.0", "RFC 5321");
		return;
	case V_QUIT:
		smtp_reply_close(s, false, 221, "2.0.0", "Goodbye");
		return;
	case V_EXPN:
		smtp_reply(s, 502, "5.5.1", "%s is not offered", smtp_verb_name(cmd->verb));
		return;
	case V_FOREIGN:
		/* A browser made to talk to us: what follows was written by somebody else than its user. */
		smtp_reply_close(s, true, 421, "4.7.0", "This is no web server");
		return;
	default:
		smtp_reply(s, 500, "5.5.1", "Command not recognised");
	}
}

/* Judged on the real peer. Behind PROXY that peer is the proxy, through which anybody may speak. */
bool
smtp_xclient_allowed(const struct smtp_session *s)
{
	return !s->proxied && conf_relay_for(s->smtp->ctx->conf, s->real_peer) != NULL;
}

static void
apply_xclient(struct smtp_session *s, const struct smtp_xclient *x)
{
	if (x->given & XC_ADDR)
		memcpy(s->client, x->addr, sizeof(s->client));
	if (x->given & XC_NAME)
		memcpy(s->client_name, x->name, sizeof(s->client_name));
	if (x->given & XC_HELO) {
		memcpy(s->helo, x->helo, sizeof(s->helo));
		s->helo_fixed = x->helo[0] != '\0';
	}
	log_info(s->ids, "xclient", "client=%s name=%s helo=%s", log_q(s->client), log_q(s->client_name),
	    log_q(s->helo));
	smtp_tx_end(s);
	s->esmtp = false;
	s->relayed = true;
	s->login[0] = '\0';
	smtp_session_greet(s);
}

/* Several XFORWARD lines add up; a transaction's end forgets them. */
static void
apply_xforward(struct smtp_session *s, const struct smtp_xclient *x)
{
	if (!s->forward)
		s->forward = calloc(1, sizeof(*s->forward));
	if (!s->forward) {
		smtp_reply(s, 451, "4.3.0", "No memory, try again later");
		return;
	}
	if (x->given & XC_ADDR)
		memcpy(s->forward->addr, x->addr, sizeof(x->addr));
	if (x->given & XC_NAME)
		memcpy(s->forward->name, x->name, sizeof(x->name));
	if (x->given & XC_HELO)
		memcpy(s->forward->helo, x->helo, sizeof(x->helo));
	s->forward->given |= x->given;
	smtp_reply(s, 250, "2.0.0", "OK");
}

void
smtp_do_xclient(struct smtp_session *s, const struct smtp_cmd *cmd)
{
	struct smtp_xclient x;
	struct smtp_refusal no;

	if (!smtp_xclient_allowed(s))
		smtp_reply(s, 550, "5.7.0", "Not allowed");
	else if (smtp_xclient_parse(cmd->verb == V_XFORWARD, cmd->args, cmd->len, &x, &no) != 0)
		smtp_reply_refusal(s, &no);
	else if (cmd->verb == V_XCLIENT)
		apply_xclient(s, &x);
	else
		apply_xforward(s, &x);
}
