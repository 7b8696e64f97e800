/*
 * smtp_tx.c - one mail transaction: its content on the way into a spool, its submission to the gate, the verdict on its
 * way back. Content is hostile; the gate's and the queue's answers come over links whose frames are checked already.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "err.h"
#include "id.h"
#include "log.h"
#include "smtp_session.h"

#define TEXT_LATER "Temporary failure, try again later"

struct smtp_tx *
smtp_tx_new(struct smtp_session *s)
{
	struct smtp_tx *tx = calloc(1, sizeof(*tx));

	if (!tx)
		return NULL;
	buf_init(&tx->rcpts, (size_t)s->smtp->ctx->conf->recipients * (ADDR_MAX + 16));
	dot_init(&tx->dot);
	s->tx = tx;
	return tx;
}

/* The queue forgets a number that it does not know (any more): giving back once too often does no harm. */
static void
give_back(struct smtp_session *s)
{
	struct spool_drop drop = { .spool = s->tx->spool_number };

	if (drop.spool == 0)
		return;
	s->tx->spool_number = 0;
	if (s->smtp->queue && ipc_send(s->smtp->queue, IPC_SPOOL_DROP, 0, &drop) != VG_OK)
		log_warn(s->ids, "spool-drop-failed", "spool=%llu", (unsigned long long)drop.spool);
}

static void
free_spool(struct smtp_tx *tx)
{
	if (tx->spool && tx->spool_number == 0)
		tx->spool_number = spool_number(tx->spool);
	spool_free(&tx->spool);
}

void
smtp_tx_end(struct smtp_session *s)
{
	struct smtp_tx *tx = s->tx;

	s->ask = 0;
	free(s->forward);
	s->forward = NULL;
	if (tx) {
		free_spool(tx);
		give_back(s);
		buf_free(&tx->rcpts);
		free(tx);
		s->tx = NULL;
	}
	if (s->state != S_CLOSING && s->state != S_GREET)
		smtp_state_set(s, S_READY);
}

void
smtp_tx_fail(struct smtp_session *s, unsigned code, const char *enhanced, const char *text)
{
	struct smtp_tx *tx = s->tx;

	if (tx->fail.code)
		return;
	tx->fail = (struct smtp_refusal){ .code = code, .enhanced = enhanced, .text = text };
	free_spool(tx);
	give_back(s);
}

void
smtp_tx_too_large(struct smtp_session *s)
{
	s->tx->too_large = true;
	smtp_tx_fail(s, 552, "5.3.4", "Message too large");
}

/* Where larger files go is said with every 552 for size. */
void
smtp_tx_fail_text(const struct smtp_session *s, char *out, size_t size)
{
	const char *upload = s->tx->too_large ? s->smtp->ctx->conf->upload_text : "";

	snprintf(out, size, "%s%s%s", s->tx->fail.text, upload[0] ? ". " : "", upload);
}

void
smtp_tx_feed(void *session, const void *data, size_t n)
{
	struct smtp_session *s = session;
	struct smtp_tx *tx = s->tx;

	tx->bytes += n;
	if (tx->fail.code || tx->dot.bare) {
		s->swallowed += n;
		return;
	}
	switch (spool_feed(tx->spool, data, n)) {
	case VG_OK:
		return;
	case VG_ERR_LIMIT:
		if (tx->bytes > s->smtp->ctx->conf->message_size)
			smtp_tx_too_large(s);
		else
			smtp_tx_fail(s, 552, "5.3.4", "Header too large");
		return;
	case VG_ERR_FULL:
		smtp_tx_fail(s, 452, "4.3.1", "No space, try again later");
		return;
	default:
		log_error(s->ids, "spool-failed", "size=%llu", (unsigned long long)tx->bytes);
		smtp_tx_fail(s, 451, "4.3.0", TEXT_LATER);
	}
}

void
smtp_tx_place(struct smtp_session *s)
{
	struct smtp *smtp = s->smtp;

	if (!s->tx->spool || spool_state(s->tx->spool) != SPOOL_WANTS_FILE)
		return;
	s->ask = smtp_ask_id(smtp, s);
	if (!smtp->queue || ipc_send(smtp->queue, IPC_SPOOL_ASK, s->ask, NULL) != VG_OK) {
		s->ask = 0;
		smtp_tx_fail(s, 451, "4.3.0", TEXT_LATER);
		return;
	}
	s->resume = s->state;
	smtp_timer_pause(s);
	smtp_state_set(s, S_WAIT_SPOOL);
}

/* fd is -1 when the queue could not give one. */
void
smtp_tx_placed(struct smtp_session *s, const struct spool_give *give, int fd)
{
	int err = -(int)give->err;

	s->ask = 0;
	smtp_timer_resume(s);
	smtp_state_set(s, s->resume);
	if (give->err == 0 && fd >= 0) {
		s->tx->spool_number = give->spool;
		err = spool_give(s->tx->spool, give, fd);
	} else if (fd >= 0) {
		close(fd);
	}
	if (err == VG_ERR_FULL)
		smtp_tx_fail(s, 452, "4.3.1", "No space, try again later");
	else if (err != VG_OK || fd < 0)
		smtp_tx_fail(s, 451, "4.3.0", TEXT_LATER);
	if (s->tx->ended)
		smtp_tx_submit(s);
}

/* ---- end of content ---- */

static void
log_message(struct smtp_session *s, unsigned code, const struct verdict_say *v)
{
	struct smtp_tx *tx = s->tx;
	int64_t ms = evloop_now(s->smtp->ctx->loop) - tx->ended_at;

	log_info(s->ids, "message",
	    "from=%s rcpts=%u size=%llu code=%u rule=%s reason=%s msg=%s ticket=%llu ref=%s ms=%lld", log_q(tx->from),
	    tx->n_rcpts, (unsigned long long)tx->bytes, code, v && v->rule[0] ? v->rule : "-",
	    v && v->reason[0] ? v->reason : "-", v && v->message_id[0] ? v->message_id : "-",
	    v ? (unsigned long long)v->ticket : 0ull, v && v->reference[0] ? v->reference : "-", (long long)ms);
	metrics_observe(s->smtp->ctx->metrics, MT_SMTP_DATA, (double)ms / 1000.0);
}

/* Answers the message, and is ready for the next one. */
static void
conclude(struct smtp_session *s, unsigned code, const char *enhanced, const char *text, const struct verdict_say *v)
{
	smtp_reply_final(s, code, enhanced, text);
	log_message(s, code, v);
	if (code < 400) {
		s->messages++;
		s->swallowed = 0;
	} else {
		s->refused++;
	}
	smtp_tx_end(s);
}

/* Who the client is: what the relay or proxy says about this mail, else the session. */
static void
fill_client(const struct smtp_session *s, struct submit *m)
{
	const struct smtp_xclient *x = s->forward;

	m->real_peer = s->real_peer;
	m->client = x && (x->given & XC_ADDR) ? x->addr : s->client;
	m->client_name = x && (x->given & XC_NAME) ? x->name : s->client_name;
	m->helo = x && (x->given & XC_HELO) ? x->helo : s->helo;
}

static int
send_submit(struct smtp_session *s)
{
	struct smtp_tx *tx = s->tx;
	const char *tls = linebuf_tls(s->lb);
	struct submit m = {
		.channel = s->lmtp ? CHANNEL_LMTP : CHANNEL_SMTP,
		.listener = s->listener,
		.sess = s->ids + 5,
		.protocol = smtp_protocol(s, tx->utf8),
		.tls = tls ? tls : "",
		.login = s->login,
		/* Behind a relay the certificate is the relay's. */
		.certificate = s->relayed || s->forward ? "" : linebuf_certificate(s->lb),
		.reverse_path = tx->from,
		.rcpts = wlist_of(&tx->rcpts, tx->n_rcpts),
		.smtputf8 = tx->utf8,
		.after_queue = s->after_queue,
		.received_at = id_now_ms(),
	};
	int rc;

	if (!s->smtp->gate)
		return VG_ERR_CLOSED;
	fill_client(s, &m);
	rc = spool_finish(tx->spool, &m);
	if (rc != VG_OK)
		return rc;
	s->ask = smtp_ask_id(s->smtp, s);
	return ipc_send_fd(s->smtp->gate, IPC_SUBMIT, s->ask, &m, spool_fd(tx->spool), -1);
}

void
smtp_tx_submit(struct smtp_session *s)
{
	struct smtp_tx *tx = s->tx;
	int rc;

	if (!tx->ended)
		tx->ended_at = evloop_now(s->smtp->ctx->loop);
	tx->ended = true;
	metrics_set(s->smtp->ctx->metrics, MT_SMTP_BUFFERED, spool_buffered());
	if (tx->dot.bare) {
		metrics_add(s->smtp->ctx->metrics, MT_SMTP_BARE_NEWLINE, 1);
		conclude(s, 550, "5.5.2", "Bare CR or LF in the message", NULL);
		return;
	}
	if (!tx->fail.code)
		smtp_tx_place(s);
	if (s->state == S_WAIT_SPOOL)
		return;
	if (tx->fail.code) {
		char text[SMTP_TEXT_MAX];

		smtp_tx_fail_text(s, text, sizeof(text));
		conclude(s, tx->fail.code, tx->fail.enhanced, text, NULL);
		return;
	}
	metrics_add(s->smtp->ctx->metrics, MT_SMTP_BYTES, tx->bytes);
	rc = send_submit(s);
	if (rc != VG_OK) {
		log_warn(s->ids, "submit-failed", "why=%s", log_q(vg_strerror(rc)));
		conclude(s, rc == VG_ERR_FULL ? 452 : 451, rc == VG_ERR_FULL ? "4.3.1" : "4.3.0", TEXT_LATER, NULL);
		return;
	}
	/* The frame has its own copy, or its own descriptor, by now. */
	free_spool(tx);
	smtp_state_set(s, S_WAIT_VERDICT);
}

/* A reply that a client could misread must not leave us, whatever the gate says. */
static bool
verdict_sound(const struct verdict_say *v)
{
	static const unsigned good[] = { 250, 451, 452, 550, 552, 554 };
	unsigned class = v->code / 100;

	if (v->enhanced[0] == '\0' || (unsigned)(v->enhanced[0] - '0') != class)
		return false;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		if (good[i] == v->code)
			return true;
	}
	return false;
}

void
smtp_tx_verdict(struct smtp_session *s, const struct verdict_say *v)
{
	s->ask = 0;
	if (!verdict_sound(v)) {
		log_error(s->ids, "verdict-unsound", "code=%u enhanced=%s", v->code, log_q(v->enhanced));
		smtp_tx_no_verdict(s, "unsound verdict");
		return;
	}
	/* What was committed is the queue's; anything else is ours to give back. */
	if (v->outcome == OUT_ACCEPTED || v->outcome == OUT_HELD)
		s->tx->spool_number = 0;
	conclude(s, v->code, v->enhanced, v->text, v);
}

void
smtp_tx_no_verdict(struct smtp_session *s, const char *why)
{
	log_warn(s->ids, "no-verdict", "why=%s", log_q(why));
	conclude(s, 451, "4.3.0", TEXT_LATER, NULL);
}
