/*
 * smtp_cmd_starttls.c - STARTTLS (RFC 3207). What a client (or somebody in between) sent in the clear behind it must
 * never be taken for something said under TLS: such bytes are discarded and the session ends.
 */
#include "log.h"
#include "smtp_session.h"

void
smtp_do_starttls(struct smtp_session *s, const struct smtp_cmd *cmd)
{
	size_t n;

	if (cmd->len > 0) {
		smtp_reply(s, 501, "5.5.4", "STARTTLS takes no argument");
		return;
	}
	if (linebuf_tls(s->lb)) {
		smtp_reply(s, 503, "5.5.1", "TLS is up already");
		return;
	}
	if (!s->smtp->tls || s->tls == TLS_NONE) {
		smtp_reply(s, 502, "5.5.1", "STARTTLS is not offered");
		return;
	}
	linebuf_peek(s->lb, &n);
	if (n > 0) {
		log_warn(s->ids, "starttls-pipelined", "bytes=%zu", n);
		linebuf_take(s->lb, n);
		smtp_reply_close(s, true, 554, "5.5.1", "Nothing may be sent behind STARTTLS");
		return;
	}
	smtp_reply(s, 220, "2.0.0", "Go ahead");
	if (linebuf_starttls(s->lb, s->smtp->tls, false) != 0) {
		smtp_session_end(s, "no memory");
		return;
	}
	smtp_state_set(s, S_TLS);
}
