/*
 * smtp_lmtp.c - where LMTP (RFC 2033) differs from SMTP: its own hello, and one reply per recipient behind the content.
 */
#include "smtp_session.h"

bool
smtp_lmtp_verb(struct smtp_session *s, enum smtp_verb verb)
{
	if (s->lmtp ? verb == V_HELO || verb == V_EHLO : verb == V_LHLO) {
		smtp_reply(s, 500, "5.5.1", "This is %s: say %s", s->lmtp ? "LMTP" : "SMTP",
		    s->lmtp ? "LHLO" : "EHLO");
		return false;
	}
	return true;
}

void
smtp_reply_final(struct smtp_session *s, unsigned code, const char *enhanced, const char *text)
{
	uint32_t n = s->lmtp && s->tx->n_rcpts > 1 ? s->tx->n_rcpts : 1;
	unsigned errors = s->errors;

	while (n-- > 0)
		smtp_reply(s, code, enhanced, "%s", text);
	/* A relay is not to blame for the mail of strangers; else a refused message is one error. */
	if (s->errors > errors)
		s->errors = errors + (conf_relay_for(s->smtp->ctx->conf, s->real_peer) ? 0 : 1);
}

const char *
smtp_protocol(const struct smtp_session *s, bool utf8)
{
	static const char *const lmtp[2][2] = { { "LMTP", "LMTPS" }, { "UTF8LMTP", "UTF8LMTPS" } };
	static const char *const smtp[2][2] = { { "ESMTP", "ESMTPS" }, { "UTF8SMTP", "UTF8SMTPS" } };
	bool tls = linebuf_tls(s->lb) != NULL;

	if (s->lmtp)
		return lmtp[utf8][tls];
	if (s->login[0] != '\0')
		return utf8 ? "UTF8SMTPSA" : "ESMTPSA";
	return s->esmtp ? smtp[utf8][tls] : "SMTP";
}
