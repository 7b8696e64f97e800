/*
 * smtp_cmd_data.c - the content: DATA (RFC 5321) and BDAT (RFC 3030). Both end in one spool by way of one sink; line ends
 * and end of data are dot.c's alone. Refused content is read to its end and thrown away, up to a bound.
 */
#include "err.h"
#include "log.h"
#include "smtp_session.h"

/* A client that goes on sending what was refused is cut off after this many times the largest message. */
#define SWALLOW_TIMES 2u
#define SWALLOW_LEAST (1024u * 1024u)

static bool
begin_content(struct smtp_session *s)
{
	const struct conf *c = s->smtp->ctx->conf;
	struct smtp_tx *tx = s->tx;

	if (tx->spool || tx->fail.code)
		return true;
	tx->started = evloop_now(s->smtp->ctx->loop);
	tx->spool = spool_new(c->message_size, MSG_HEAD_MAX);
	return tx->spool != NULL;
}

void
smtp_do_data(struct smtp_session *s, const struct smtp_cmd *cmd)
{
	if (cmd->len > 0) {
		smtp_reply(s, 501, "5.5.4", "DATA takes no argument");
		return;
	}
	if (!begin_content(s)) {
		smtp_reply(s, 451, "4.3.0", "No memory, try again later");
		return;
	}
	smtp_reply(s, 354, "", "End data with <CR><LF>.<CR><LF>");
	smtp_state_set(s, S_DATA);
}

/* ---- BDAT ---- */

static void
read_chunk(struct smtp_session *s, const struct smtp_bdat *bdat, const struct smtp_refusal *no)
{
	s->chunk = (struct smtp_chunk){ .left = bdat->size, .size = bdat->size, .last = bdat->last, .back = s->state };
	if (no)
		s->chunk.no = *no;
	smtp_state_set(s, S_CHUNK_DATA);
}

/* Without a size nobody knows where the next command begins. */
static bool
parse_bdat(struct smtp_session *s, const struct smtp_cmd *cmd, struct smtp_bdat *bdat)
{
	struct smtp_refusal no;

	if (smtp_bdat_parse(cmd->args, cmd->len, bdat, &no) == 0)
		return true;
	smtp_reply_close(s, true, no.code, no.enhanced, no.text);
	return false;
}

static uint64_t
least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

void
smtp_do_bdat(struct smtp_session *s, const struct smtp_cmd *cmd)
{
	static const struct smtp_refusal later = { 451, "4.3.0", "No memory, try again later", NULL };
	struct smtp_bdat bdat;

	if (!parse_bdat(s, cmd, &bdat))
		return;
	read_chunk(s, &bdat, begin_content(s) ? NULL : &later);
	/* Nothing is stored of a chunk whose size alone is too much. */
	if (bdat.size > s->smtp->ctx->conf->message_size - least(s->tx->bytes, s->smtp->ctx->conf->message_size))
		smtp_tx_too_large(s);
}

void
smtp_bdat_refused(struct smtp_session *s, const struct smtp_cmd *cmd, const struct smtp_refusal *no)
{
	struct smtp_bdat bdat;

	if (parse_bdat(s, cmd, &bdat))
		read_chunk(s, &bdat, no);
}

static void
chunk_done(struct smtp_session *s)
{
	struct smtp_tx *tx = s->tx;
	char text[SMTP_TEXT_MAX];

	if (s->chunk.no.code) {
		smtp_state_set(s, s->chunk.back);
		smtp_reply_refusal(s, &s->chunk.no);
		return;
	}
	if (s->chunk.last) {
		dot_chunk_end(&tx->dot);
		smtp_tx_submit(s);
		return;
	}
	smtp_state_set(s, S_CHUNK);
	if (tx->fail.code) {
		smtp_tx_fail_text(s, text, sizeof(text));
		smtp_reply(s, tx->fail.code, tx->fail.enhanced, "%s", text);
	} else if (tx->dot.bare) {
		smtp_reply(s, 550, "5.5.2", "Bare CR or LF in the message");
	} else {
		smtp_reply(s, 250, "2.0.0", "%llu octets received", (unsigned long long)s->chunk.size);
	}
}

static bool
chunk_step(struct smtp_session *s, const unsigned char *p, size_t n)
{
	if (n > s->chunk.left)
		n = (size_t)s->chunk.left;
	if (s->chunk.no.code) {
		s->swallowed += n;
	} else if (n > 0) {
		dot_chunk(&s->tx->dot, p, n);
		smtp_tx_feed(s, p, n);
	}
	linebuf_take(s->lb, n);
	s->chunk.left -= n;
	/* Before the chunk's reply: many small chunks must not grow in memory. */
	if (!s->chunk.no.code)
		smtp_tx_place(s);
	if (s->state == S_CHUNK_DATA && s->chunk.left == 0)
		chunk_done(s);
	return true;
}

/* ---- both ---- */

static bool
data_step(struct smtp_session *s, const unsigned char *p, size_t n)
{
	bool end;

	linebuf_take(s->lb, dot_data(&s->tx->dot, p, n, smtp_tx_feed, s, &end));
	if (end)
		smtp_tx_submit(s);
	else
		smtp_tx_place(s);
	return true;
}

static bool
swallowed_enough(const struct smtp_session *s)
{
	return s->swallowed > SWALLOW_LEAST + SWALLOW_TIMES * s->smtp->ctx->conf->message_size;
}

bool
smtp_data_step(struct smtp_session *s)
{
	const unsigned char *p;
	size_t n;

	p = linebuf_peek(s->lb, &n);
	if (s->state == S_CHUNK_DATA && s->chunk.left == 0) {
		chunk_done(s);
		return true;
	}
	if (n == 0)
		return false;
	if (smtp_choked(s->smtp)) {
		s->choked = true;
		smtp_timer_pause(s);
		return false;
	}
	s->progress = true;
	if (swallowed_enough(s)) {
		smtp_reply_close(s, false, 552, "5.3.4", "Too much data");
		return false;
	}
	return s->state == S_DATA ? data_step(s, p, n) : chunk_step(s, p, n);
}
