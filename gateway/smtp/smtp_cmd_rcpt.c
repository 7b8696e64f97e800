/*
 * smtp_cmd_rcpt.c - RCPT: is it one of ours? Nothing is ever relayed. A signed return path is asked of the gate, which
 * holds the key.
 */
#include <stdio.h>
#include <string.h>

#include "err.h"
#include "log.h"
#include "smtp_session.h"

static void
accept_rcpt(struct smtp_session *s, const char *address)
{
	struct smtp_tx *tx = s->tx;

	if (wlist_add_str(&tx->rcpts, &tx->n_rcpts, address) != VG_OK) {
		smtp_reply(s, 451, "4.3.0", "No memory, try again later");
		smtp_state_set(s, tx->n_rcpts > 0 ? S_RCPT : S_MAIL);
		return;
	}
	smtp_state_set(s, S_RCPT);
	smtp_reply(s, 250, "2.1.5", "Recipient OK");
}

static void
ask_gate(struct smtp_session *s, const struct addr *to)
{
	struct smtp *smtp = s->smtp;
	struct rcpt_ask ask = { .address = to->normal };

	memcpy(s->tx->asked, to->normal, sizeof(s->tx->asked));
	s->ask = smtp_ask_id(smtp, s);
	smtp_state_set(s, S_WAIT_RCPT);
	if (!smtp->gate || ipc_send(smtp->gate, IPC_RCPT_ASK, s->ask, &ask) != VG_OK)
		smtp_rcpt_no_answer(s);
}

static void
back_from_asking(struct smtp_session *s)
{
	s->ask = 0;
	smtp_state_set(s, s->tx->n_rcpts > 0 ? S_RCPT : S_MAIL);
}

void
smtp_rcpt_answer(struct smtp_session *s, bool ok)
{
	back_from_asking(s);
	if (ok)
		accept_rcpt(s, s->tx->asked);
	else
		smtp_reply(s, 550, "5.1.1", "No such mailbox here");
}

void
smtp_rcpt_no_answer(struct smtp_session *s)
{
	back_from_asking(s);
	smtp_reply(s, 451, "4.3.0", "Temporary failure, try again later");
}

/* <postmaster> alone means the one of our first domain. */
static bool
own_postmaster(const struct conf *c, struct addr *to)
{
	const char *at = c->n_addresses > 0 ? strchr(c->addresses[0].address, '@') : NULL;
	char text[ADDR_MAX + 1];
	const char *why;
	int n;

	if (!at)
		return false;
	n = snprintf(text, sizeof(text), "postmaster%s", at);
	return n > 0 && (size_t)n < sizeof(text) && addr_parse(to, text, (size_t)n, 0, &why) == VG_OK;
}

/* The spelling handed on: as given, but a needlessly quoted local part in its plain form. */
static const char *
spelling(const struct addr *to)
{
	return to->shown[0] == '"' ? to->normal : to->shown;
}

void
smtp_do_rcpt(struct smtp_session *s, const struct smtp_cmd *cmd)
{
	const struct conf *c = s->smtp->ctx->conf;
	struct smtp_refusal no;
	struct smtp_rcpt rcpt;
	const char *ext;
	size_t which;

	if (smtp_rcpt_parse(cmd->args, cmd->len, s->tx->utf8, &rcpt, &no) != 0) {
		smtp_reply_refusal(s, &no);
		return;
	}
	if (s->tx->n_rcpts >= c->recipients) {
		smtp_reply(s, 452, "4.5.3", "Too many recipients");
		return;
	}
	if (rcpt.postmaster && !own_postmaster(c, &rcpt.to)) {
		smtp_reply(s, 550, "5.1.1", "No such mailbox here");
		return;
	}
	switch (conf_rcpt(c, rcpt.to.normal, &which, &ext)) {
	case RCPT_NOT_OURS:
		metrics_add(s->smtp->ctx->metrics, MT_SMTP_RELAY_DENIED, 1);
		log_info(s->ids, "relay-denied", "from=%s to=%s", log_q(s->tx->from), log_q(rcpt.to.normal));
		smtp_reply(s, 550, "5.7.1", "Relaying denied");
		return;
	case RCPT_NO_SUCH:
		smtp_reply(s, 550, "5.1.1", "No such mailbox here");
		return;
	case RCPT_BOUNCE:
		ask_gate(s, &rcpt.to);
		return;
	case RCPT_INTAKE:
	case RCPT_CASE:
	case RCPT_POSTMASTER:
		break;
	}
	accept_rcpt(s, spelling(&rcpt.to));
}
