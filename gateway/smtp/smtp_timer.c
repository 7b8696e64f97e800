/*
 * smtp_timer.c - time-outs that a slow sender cannot stretch. A command is due a fixed time after our last reply, however
 * many bytes of it trickle in; content must keep coming, and must average a rate after its first minute.
 */
#include "err.h"
#include "log.h"
#include "smtp_session.h"

/* PROXY header, TLS handshake. */
#define SETUP_MS 30000
/* Answers of our own processes. RFC 5321 4.5.3.2.6: clients wait ten minutes for the reply behind the content. */
#define ASK_MS 60000
#define VERDICT_MS 300000
#define RATE_GRACE_MS 60000

static int64_t
now(const struct smtp_session *s)
{
	return evloop_now(s->smtp->ctx->loop);
}

/* When the content received so far falls below the rate, if nothing more comes. */
static int64_t
rate_left(const struct smtp_session *s)
{
	uint64_t rate = s->smtp->ctx->conf->data_rate_min;
	int64_t allowed = RATE_GRACE_MS, left;

	if (rate == 0)
		return INT64_MAX;
	if (s->tx->bytes / rate > RATE_GRACE_MS / 1000)
		allowed = (int64_t)(s->tx->bytes / rate) * 1000;
	left = s->tx->started + allowed - now(s);
	return left > 0 ? left : 0;
}

static int64_t
least(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static void
on_timeout(void *arg)
{
	struct smtp_session *s = arg;

	switch (s->state) {
	case S_WAIT_LOGIN:
		smtp_auth_answer(s, NULL);
		break;
	case S_WAIT_RCPT:
		smtp_rcpt_no_answer(s);
		break;
	case S_WAIT_SPOOL:
		smtp_tx_placed(s, &(struct spool_give){ .err = -VG_ERR_TIMEOUT }, -1);
		break;
	case S_WAIT_VERDICT:
		smtp_tx_no_verdict(s, "the gate did not answer");
		break;
	case S_PROXY:
	case S_TLS:
		metrics_add(s->smtp->ctx->metrics, MT_SMTP_TIMEOUT, 1);
		smtp_session_end(s, "time-out");
		return;
	default:
		metrics_add(s->smtp->ctx->metrics, MT_SMTP_TIMEOUT, 1);
		smtp_reply_close(s, true, 421, "4.4.2", "Time-out, closing connection");
		break;
	}
	smtp_session_run(s);
}

void
smtp_timer_arm(struct smtp_session *s)
{
	const struct conf *c = s->smtp->ctx->conf;
	int64_t ms = c->timeout_command_ms;

	switch (s->state) {
	case S_CLOSING:
		ev_timer_clear(s->smtp->ctx->loop, &s->timer);
		return;
	case S_PROXY:
	case S_TLS:
		ms = least(ms, SETUP_MS);
		break;
	case S_WAIT_LOGIN:
	case S_WAIT_RCPT:
	case S_WAIT_SPOOL:
		ms = ASK_MS;
		break;
	case S_WAIT_VERDICT:
		ms = VERDICT_MS;
		break;
	case S_DATA:
	case S_CHUNK_DATA:
		ms = s->choked ? VERDICT_MS : c->timeout_data_ms;
		break;
	default:
		break;
	}
	if (s->tx && s->tx->started && !s->paused_at && !smtp_state_waits(s->state))
		ms = least(ms, rate_left(s));
	if (ev_timer_set(s->smtp->ctx->loop, &s->timer, ms, on_timeout, s) != VG_OK)
		smtp_session_end(s, "no memory");
}

void
smtp_timer_pause(struct smtp_session *s)
{
	if (!s->paused_at)
		s->paused_at = now(s);
}

void
smtp_timer_resume(struct smtp_session *s)
{
	if (s->paused_at && s->tx)
		s->tx->started += now(s) - s->paused_at;
	s->paused_at = 0;
}
