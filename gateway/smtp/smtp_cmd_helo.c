/*
 * smtp_cmd_helo.c - HELO, EHLO, LHLO: who speaks, and what we offer. DSN and BINARYMIME are not offered: the first
 * would make us owe success reports, the other comes when there is something behind it.
 */
#include <string.h>

#include "smtp_session.h"

static void
offer(struct smtp_session *s)
{
	const struct conf *c = s->smtp->ctx->conf;

	smtp_reply_line(s, 250, false, "%s", c->hostname);
	smtp_reply_line(s, 250, false, "PIPELINING");
	smtp_reply_line(s, 250, false, "SIZE %llu", (unsigned long long)c->message_size);
	if (s->smtp->tls && (s->tls == TLS_OPTIONAL || s->tls == TLS_REQUIRED) && !linebuf_tls(s->lb))
		smtp_reply_line(s, 250, false, "STARTTLS");
	if (smtp_auth_offered(s))
		smtp_reply_line(s, 250, false, "AUTH PLAIN LOGIN");
	if (smtp_xclient_allowed(s)) {
		smtp_reply_line(s, 250, false, "XCLIENT NAME ADDR PORT PROTO HELO LOGIN DESTADDR DESTPORT");
		smtp_reply_line(s, 250, false, "XFORWARD NAME ADDR PORT PROTO HELO IDENT SOURCE");
	}
	smtp_reply_line(s, 250, false, "ENHANCEDSTATUSCODES");
	smtp_reply_line(s, 250, false, "8BITMIME");
	smtp_reply_line(s, 250, false, "SMTPUTF8");
	smtp_reply_line(s, 250, true, "CHUNKING");
}

void
smtp_do_helo(struct smtp_session *s, const struct smtp_cmd *cmd)
{
	if (!smtp_name_ok(cmd->args, cmd->len)) {
		smtp_reply(s, 501, "5.5.4", "Syntax: %s name", smtp_verb_name(cmd->verb));
		return;
	}
	/* RFC 5321 4.1.4: a second hello is a reset. */
	smtp_tx_end(s);
	smtp_state_set(s, S_READY);
	s->esmtp = cmd->verb != V_HELO;
	if (!s->helo_fixed) {
		memcpy(s->helo, cmd->args, cmd->len);
		s->helo[cmd->len] = '\0';
	}
	if (s->esmtp)
		offer(s);
	else
		smtp_reply_line(s, 250, true, "%s", s->smtp->ctx->conf->hostname);
}
