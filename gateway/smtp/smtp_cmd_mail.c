/*
 * smtp_cmd_mail.c - MAIL: opens a transaction.
 */
#include <string.h>

#include "smtp_session.h"

void
smtp_do_mail(struct smtp_session *s, const struct smtp_cmd *cmd)
{
	const struct conf *c = s->smtp->ctx->conf;
	struct smtp_mail mail;
	struct smtp_refusal no;

	if (s->tls == TLS_REQUIRED && !linebuf_tls(s->lb)) {
		smtp_reply(s, 530, "5.7.0", "Must issue STARTTLS first");
		return;
	}
	if (smtp_mail_parse(cmd->args, cmd->len, &mail, &no) != 0) {
		smtp_reply_refusal(s, &no);
		return;
	}
	if (mail.size > c->message_size) {
		smtp_reply(s, 552, "5.3.4", "Message too large%s%s", c->upload_text[0] ? ". " : "", c->upload_text);
		return;
	}
	if (!smtp_tx_new(s)) {
		smtp_reply(s, 451, "4.3.0", "No memory, try again later");
		return;
	}
	memcpy(s->tx->from, mail.from.shown, sizeof(s->tx->from));
	s->tx->utf8 = mail.utf8;
	smtp_state_set(s, S_MAIL);
	smtp_reply(s, 250, "2.1.0", "Sender OK");
}
