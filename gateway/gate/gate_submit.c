/*
 * gate_submit.c - the gate's transactions. Runs in the gate; the mail's bytes are hostile, the frames come from processes
 * that may have been taken over. Nothing waits in here: a mail stays in a slot until the queue's next answer.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "err.h"
#include "gate_commit.h"
#include "gate_digest.h"
#include "gate_evidence.h"
#include "gate_prove.h"
#include "gate_rate.h"
#include "gate_reply.h"
#include "gate_submit.h"
#include "gate_verify.h"
#include "id.h"
#include "log.h"

/* Longer than a worker of `verify` may take, jobs before it included. */
#define VERIFY_MS 60000

/* What is needed until the COMMIT is sent. */
struct gate_work {
	unsigned char *frame; /* copy of the SUBMIT; submit borrows from it */
	size_t frame_len;
	struct submit submit;
	struct gate_header header;
	struct gate_facts facts;
	struct gate_rcpts rcpts;
	int fd;               /* of a spooled message, -1 */
	unsigned char *say_frame; /* copy of the FACTS_SAY; say borrows from it */
	struct facts_say say;
	unsigned char *verify_frame; /* copy of the VERIFY_SAY; verify borrows from it */
	struct verify_say verify;
	bool verify_asked, verify_waits;
	struct ev_timer verify_timer;
	struct gate_sender early; /* what needs no DNS proves; borrows from all above, as prove does */
	struct gate_prove *prove; /* NULL where that suffices */
	const struct gate_sender *sender; /* of one of the two */
	unsigned char digest[DIGEST_LEN];
	bool has_digest;
};

struct gate_txn {
	struct gate *gate;
	uint64_t id;                 /* serial and slot: an answer to a former one finds nothing */
	size_t slot;
	struct gate_channel *channel; /* NULL when it went away */
	uint64_t session;
	double started;
	char ids[40];                /* for the log */
	bool after_queue;
	struct gate_work *work;      /* NULL once committed */
	bool committed;
	struct verdict verdict;
	enum sender_class cls;
	enum auth_result auth;
};

#define SLOT(id) ((size_t)((id) & (GATE_TXNS_MAX - 1)))

const struct token_keys *gate_key(const struct gate *g)
{
	return &g->keys;
}

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* ---- slots ---- */

static void work_free(struct gate *g, struct gate_work **workp)
{
	struct gate_work *w = *workp;

	if (w == NULL)
		return;
	*workp = NULL;
	g->bytes -= w->frame_len;
	ev_timer_clear(g->ctx->loop, &w->verify_timer);
	gate_prove_free(&w->prove);
	free(w->verify_frame);
	free(w->say_frame);
	if (w->fd >= 0)
		close(w->fd);
	gate_facts_free(&w->facts);
	gate_header_free(&w->header);
	free(w->frame);
	free(w);
}

static void txn_free(struct gate *g, struct gate_txn *t)
{
	g->txns[t->slot] = NULL;
	g->hint = t->slot;
	g->n_txns--;
	work_free(g, &t->work);
	free(t);
	if (g->stopping && g->n_txns == 0)
		role_exit(g->ctx);
}

static struct gate_txn *txn_new(struct gate *g)
{
	struct gate_txn *t;
	size_t slot = g->hint;

	if (g->n_txns == GATE_TXNS_MAX || (t = calloc(1, sizeof(*t))) == NULL)
		return NULL;
	while (g->txns[slot] != NULL)
		slot = (slot + 1) & (GATE_TXNS_MAX - 1);
	t->gate = g;
	t->slot = slot;
	/* 0 is no mail's id: it belongs to records that nobody waits for. */
	t->id = ++g->serial * GATE_TXNS_MAX + slot;
	g->txns[slot] = t;
	g->hint = (slot + 1) & (GATE_TXNS_MAX - 1);
	g->n_txns++;
	return t;
}

static struct gate_txn *txn_find(const struct gate *g, uint64_t id, bool committed)
{
	struct gate_txn *t = g->txns[SLOT(id)];

	return t != NULL && t->id == id && t->committed == committed ? t : NULL;
}

/* ---- answers ---- */

static void count(struct gate *g, const struct gate_reply *r)
{
	static const enum metric_counter by_outcome[] = {
	    [OUT_ACCEPTED] = MT_GATE_ACCEPTED, [OUT_HELD] = MT_GATE_HELD, [OUT_REJECTED] = MT_GATE_REJECTED,
	    [OUT_TEMPFAIL] = MT_GATE_TEMPFAILED, [OUT_DUPLICATE] = MT_GATE_DUPLICATE,
	};

	metrics_add(g->ctx->metrics, r->refused_after_queue ? MT_GATE_REFUSED_AFTER : by_outcome[r->say.outcome], 1);
}

/* Tells the channel and the log, and forgets the mail. */
static void finish(struct gate *g, struct gate_txn *t, const struct gate_reply *r)
{
	const struct verdict_say *s = &r->say;

	log_info(t->ids, "verdict", "msg=%s rule=%s outcome=%s code=%u reason=%s cls=%s auth=%s ticket=%" PRIu64 " ref=%s",
	    s->message_id[0] ? s->message_id : "-", s->rule[0] ? s->rule : "-", verdict_outcome_name((enum outcome)s->outcome),
	    s->code, s->reason[0] ? s->reason : "-", sender_class_name(t->cls), auth_result_name(t->auth), s->ticket,
	    s->reference[0] ? s->reference : "-");
	count(g, r);
	metrics_observe(g->ctx->metrics, MT_GATE_DECIDE, seconds() - t->started);
	if (t->channel != NULL && ipc_send(t->channel->ipc, IPC_VERDICT, t->session, s) != VG_OK)
		log_warn(t->ids, "verdict-lost", "role=%s", role_name(t->channel->role));
	txn_free(g, t);
}

static void finish_later(struct gate *g, struct gate_txn *t, int err)
{
	struct gate_reply r;

	gate_reply_later(&r, err);
	finish(g, t, &r);
}

/* ---- a mail comes ---- */

static int read_mail(struct gate *g, struct gate_work *w)
{
	const struct submit *s = &w->submit;
	struct gate_facts_input in = {
	    .header = &w->header,
	    .hostname = g->ctx->conf->hostname,
	    .keys = gate_key(g),
	    .smtputf8 = s->smtputf8 != 0,
	    .null_path = s->reverse_path[0] == '\0' && (s->channel == CHANNEL_SMTP || s->channel == CHANNEL_LMTP),
	};
	int rc = gate_header_read(&w->header, (const char *)s->bytes.data, s->bytes.len);

	if (rc != VG_OK || (rc = gate_facts_read(&w->facts, &in)) != VG_OK)
		return rc;
	w->has_digest = gate_digest(w->digest, &w->header, &s->digest);
	return VG_OK;
}

static struct blob digest_of(const struct gate_work *w)
{
	return w->has_digest ? (struct blob){w->digest, DIGEST_LEN} : (struct blob){0};
}

static int ask(struct gate *g, const struct gate_txn *t)
{
	const struct gate_work *w = t->work;
	struct facts_ask a = {
	    .sender = w->facts.from.addr.normal,
	    .author_domain = addr_domain(&w->facts.from.addr),
	    .subject_number = w->facts.subject_number,
	    .token_ticket = w->rcpts.token_ticket,
	    .token_participant = w->rcpts.token_participant,
	    .message_id = w->facts.message_id,
	    .digest = digest_of(w),
	};
	struct buf mids;
	uint32_t n = 0;
	int rc = VG_OK;

	buf_init(&mids, IPC_SMALL);
	for (size_t i = 0; i < w->facts.n_mids && rc == VG_OK; i++)
		rc = wlist_add_str(&mids, &n, w->facts.mids[i]);
	a.mids = wlist_of(&mids, n);
	if (rc == VG_OK)
		rc = ipc_send(g->queue, IPC_FACTS_ASK, t->id, &a);
	buf_free(&mids);
	return rc;
}

/* A dry run: the verdict with its evidence, and nothing kept. */
static int finish_dry(struct gate *g, struct gate_txn *t, const struct gate_case *c)
{
	char *facts = gate_evidence(c);
	struct gate_reply r;

	if (facts == NULL)
		return VG_ERR_MEMORY;
	gate_reply_verdict(&r, &t->verdict, NULL, t->after_queue);
	r.say.outcome = (uint8_t)t->verdict.outcome;
	r.say.ticket = t->verdict.ticket;
	r.say.facts = facts;
	finish(g, t, &r);
	free(facts);
	return VG_OK;
}

/* Decides and commits; say NULL where V0-V2 decide. */
static int decide(struct gate *g, struct gate_txn *t, const struct facts_say *say)
{
	struct gate_work *w = t->work;
	struct blob digest = digest_of(w);
	struct gate_case c = {
	    .conf = g->ctx->conf, .submit = &w->submit, .header = &w->header, .facts = &w->facts, .rcpts = &w->rcpts, .say = say,
	    .sender = w->sender,
	};
	struct gate_commit commit;
	int rc = gate_decide(&c);

	if (rc != VG_OK)
		return rc;
	gate_rate(&c, &g->fuses, id_now_ms());
	if (c.rate != NULL)
		log_warn(t->ids, "rate", "fuse=%s sender=%s ticket=%" PRIu64, c.rate, log_q(w->facts.from.addr.normal),
		    c.match.ticket.ticket);
	t->verdict = c.verdict;
	t->auth = c.auth.result;
	t->cls = say != NULL ? (enum sender_class)say->cls : CLASS_UNKNOWN;
	if (w->submit.dry_run)
		return finish_dry(g, t, &c);
	rc = gate_commit_make(&commit, &c, &digest);
	if (rc == VG_OK)
		rc = ipc_send(g->queue, IPC_COMMIT, t->id, &commit.msg);
	gate_commit_free(&commit);
	if (rc != VG_OK)
		return rc;
	t->committed = true;
	work_free(g, &t->work);
	return VG_OK;
}

/* Decides after the facts and what could be proved; later for whatever stands in the way. */
static void settle(struct gate *g, struct gate_txn *t, int rc)
{
	/* Again: routes borrow from the configuration, which may have been reloaded since. */
	if (rc == VG_OK) {
		gate_rcpts_read(&t->work->rcpts, g->ctx->conf, gate_key(g), &t->work->submit.rcpts);
		rc = decide(g, t, &t->work->say);
	}
	if (rc != VG_OK)
		finish_later(g, t, rc == VG_ERR_LIMIT ? VG_ERR_MEMORY : rc);
}

static void on_proved(int err, void *arg)
{
	struct gate_txn *t = arg;

	t->work->sender = gate_prove_result(t->work->prove);
	settle(t->gate, t, err);
}

/* A login, a certificate or a relay may prove the sender already: then nothing waits for the DNS. */
static bool proved_early(const struct gate *g, struct gate_work *w)
{
	struct gate_sender_input in = {
	    .conf = g->ctx->conf, .author = &w->facts.from.addr, .header = &w->header, .submit = &w->submit, .say = &w->say,
	    .verify = w->verify_asked ? &w->verify : NULL,
	};

	w->sender = &w->early;
	return gate_sender_early(&w->early, &in);
}

static int prove(struct gate *g, struct gate_txn *t)
{
	struct gate_work *w = t->work;
	struct gate_prove_input in = {
	    .ctx = g->ctx, .dns = g->dns, .author = &w->facts.from.addr, .header = &w->header, .submit = &w->submit,
	    .say = &w->say, .verify = w->verify_asked ? &w->verify : NULL, .fd = w->fd,
	};

	return gate_prove_start(&w->prove, &in, on_proved, t);
}

static void go_on(struct gate *g, struct gate_txn *t)
{
	int rc = VG_OK;

	if (!proved_early(g, t->work) && (rc = prove(g, t)) == VG_OK)
		return;
	settle(g, t, rc);
}

/* ---- signatures over the whole body ---- */

static void unverified(struct gate_txn *t)
{
	struct gate_work *w = t->work;

	ev_timer_clear(t->gate->ctx->loop, &w->verify_timer);
	w->verify_waits = false;
	w->verify = (struct verify_say){
	    .state = SIGNATURE_UNKNOWN, .kind = "", .fingerprint = "", .why = "it could not be checked now", .protected = "",
	};
	go_on(t->gate, t);
}

static void on_verify_late(void *arg)
{
	struct gate_txn *t = arg;

	log_warn(t->ids, "verify-late", "ms=%d", VERIFY_MS);
	unverified(t);
}

static void verify(struct gate *g, struct gate_txn *t)
{
	struct gate_work *w = t->work;
	int rc = gate_verify_ask(g->verify, t->id, &w->submit, w->facts.from.addr.normal, &w->say, w->fd);

	w->verify_asked = true;
	if (rc == VG_OK)
		rc = ev_timer_set(g->ctx->loop, &w->verify_timer, VERIFY_MS, on_verify_late, t);
	w->verify_waits = rc == VG_OK;
	if (rc != VG_OK)
		unverified(t);
}

static int begin(struct gate *g, struct gate_txn *t)
{
	struct gate_work *w = t->work;
	struct gate_case c = {.header = &w->header, .facts = &w->facts, .rcpts = &w->rcpts};
	int rc;

	if (g->queue == NULL || g->stopping)
		return VG_ERR_CLOSED;
	if ((rc = read_mail(g, w)) != VG_OK)
		return rc;
	gate_rcpts_read(&w->rcpts, g->ctx->conf, gate_key(g), &w->submit.rcpts);
	return gate_case_is_plain(&c) ? decide(g, t, NULL) : ask(g, t);
}

/* A copy of the frame with the SUBMIT decoded in it. VG_ERR_PROTO when it is none. */
static int work_new(struct gate *g, struct ipc_msg *msg, struct gate_work **out)
{
	struct gate_work *w = calloc(1, sizeof(*w));
	int rc;

	*out = w;
	if (w == NULL)
		return VG_ERR_MEMORY;
	w->fd = ipc_take_fd(msg, 0);
	if ((w->frame = malloc(msg->len + 1)) == NULL)
		return VG_ERR_MEMORY;
	memcpy(w->frame, msg->data, msg->len);
	w->frame_len = msg->len;
	g->bytes += msg->len;
	rc = wire_get(&wire_submit, w->frame, w->frame_len, &w->submit);
	if (rc != VG_OK)
		return rc;
	if (w->submit.channel < CHANNEL_SMTP || w->submit.channel > CHANNEL_INJECT || w->submit.digest.len != DIGEST_LEN ||
	    w->submit.rcpts.n == 0)
		return VG_ERR_PROTO;
	return VG_OK;
}

static void answer_busy(struct gate *g, const struct gate_channel *ch, uint64_t session)
{
	struct gate_reply r;

	gate_reply_later(&r, VG_ERR_LIMIT);
	count(g, &r);
	log_warn("", "busy", "in_flight=%zu bytes=%zu", g->n_txns, g->bytes);
	ipc_send(ch->ipc, IPC_VERDICT, session, &r.say);
}

int gate_submit_take(struct gate *g, struct gate_channel *ch, struct ipc_msg *msg)
{
	struct gate_txn *t = g->bytes + msg->len > GATE_BYTES_MAX ? NULL : txn_new(g);
	int rc;

	if (t == NULL) {
		answer_busy(g, ch, msg->id);
		return VG_OK;
	}
	t->channel = ch;
	t->session = msg->id;
	t->started = seconds();
	rc = work_new(g, msg, &t->work);
	if (rc == VG_ERR_PROTO) {
		txn_free(g, t);
		return rc;
	}
	if (rc == VG_OK) {
		t->after_queue = t->work->submit.after_queue != 0;
		snprintf(t->ids, sizeof(t->ids), "sess=%s", t->work->submit.sess);
		rc = begin(g, t);
	}
	if (rc != VG_OK)
		finish_later(g, t, rc == VG_ERR_LIMIT ? VG_ERR_MEMORY : rc);
	return VG_OK;
}

/* ---- the queue answers ---- */

/* The answer outlives its frame. */
static int keep_facts(struct gate_work *w, const struct ipc_msg *msg)
{
	if ((w->say_frame = malloc(msg->len + 1)) == NULL)
		return VG_ERR_MEMORY;
	memcpy(w->say_frame, msg->data, msg->len);
	return wire_get(&wire_facts_say, w->say_frame, msg->len, &w->say);
}

int gate_submit_facts(struct gate *g, const struct ipc_msg *msg)
{
	struct gate_txn *t = txn_find(g, msg->id, false);
	int rc;

	if (t == NULL) {
		struct facts_say say;

		return ipc_decode(msg, &say) == VG_OK ? VG_OK : VG_ERR_PROTO;
	}
	if (t->work->say_frame != NULL)
		return VG_ERR_PROTO;
	if ((rc = keep_facts(t->work, msg)) == VG_ERR_PROTO)
		return rc;
	if (rc == VG_OK && t->work->say.err != 0) {
		finish_later(g, t, -(int)(t->work->say.err & 0xff));
		return VG_OK;
	}
	if (rc != VG_OK)
		settle(g, t, rc);
	else if (gate_verify_wanted(&t->work->header, &t->work->say))
		verify(g, t);
	else
		go_on(g, t);
	return VG_OK;
}

int gate_submit_verified(struct gate *g, const struct ipc_msg *msg)
{
	struct gate_txn *t = txn_find(g, msg->id, false);
	struct gate_work *w = t != NULL ? t->work : NULL;
	struct verify_say say;

	if (w == NULL || !w->verify_waits)
		return ipc_decode(msg, &say) == VG_OK ? VG_OK : VG_ERR_PROTO;
	if ((w->verify_frame = malloc(msg->len + 1)) == NULL) {
		unverified(t);
		return VG_OK;
	}
	memcpy(w->verify_frame, msg->data, msg->len);
	if (wire_get(&wire_verify_say, w->verify_frame, msg->len, &w->verify) != VG_OK)
		return VG_ERR_PROTO;
	w->verify_waits = false;
	ev_timer_clear(g->ctx->loop, &w->verify_timer);
	go_on(g, t);
	return VG_OK;
}

int gate_submit_done(struct gate *g, const struct ipc_msg *msg)
{
	struct gate_txn *t = txn_find(g, msg->id, true);
	struct commit_say say;
	struct gate_reply r;

	if (ipc_decode(msg, &say) != VG_OK)
		return VG_ERR_PROTO;
	if (t == NULL)
		return VG_OK;
	/* A deferral that could not be noted is one all the same. */
	if (say.err != 0 && t->verdict.action != COMMIT_DEFER) {
		finish_later(g, t, say.err == (uint32_t)-VG_ERR_FULL ? VG_ERR_FULL : VG_ERR_STORE);
		return VG_OK;
	}
	gate_reply_verdict(&r, &t->verdict, &say, t->after_queue);
	finish(g, t, &r);
	return VG_OK;
}

/* ---- links end ---- */

void gate_submit_queue_lost(struct gate *g)
{
	for (size_t i = 0; i < GATE_TXNS_MAX && g->n_txns > 0; i++)
		if (g->txns[i] != NULL)
			finish_later(g, g->txns[i], VG_ERR_CLOSED);
}

void gate_submit_verify_lost(struct gate *g)
{
	for (size_t i = 0; i < GATE_TXNS_MAX && g->n_txns > 0; i++)
		if (g->txns[i] != NULL && g->txns[i]->work != NULL && g->txns[i]->work->verify_waits)
			unverified(g->txns[i]);
}

void gate_submit_channel_lost(struct gate *g, const struct gate_channel *ch)
{
	for (size_t i = 0; i < GATE_TXNS_MAX; i++)
		if (g->txns[i] != NULL && g->txns[i]->channel == ch)
			g->txns[i]->channel = NULL;
}
