/*
 * gate_main.c - the role `gate`: links to channels and queue, the resolver, recipients' tags, reload and stop. It meets the
 * network only through the bytes that channels hand over and through the resolver. The decisions are in files of their own;
 * gate_submit.c moves mails.
 */
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "charset.h"
#include "err.h"
#include "gate_rcpt.h"
#include "gate_submit.h"
#include "id.h"
#include "log.h"

static int prepare(struct role_ctx *ctx)
{
	struct gate *g = calloc(1, sizeof(*g));

	if (g == NULL)
		return EX_OSERR;
	g->ctx = ctx;
	ctx->state = g;
	/* Converters are files: none can be opened after this. */
	charset_warm();
	return 0;
}

/* ---- the DNS ---- */

/* Sockets come from the supervisor, and lead to the resolver only. */
static int dial(void *arg, bool tcp, uint64_t id)
{
	return role_dial(arg, tcp ? DIAL_RESOLVER_TCP : DIAL_RESOLVER_UDP, id);
}

static int start(struct role_ctx *ctx)
{
	struct gate_dns_ops ops = {.dial = dial, .arg = ctx};
	struct gate *g = ctx->state;

	g->dns = gate_dns_new(ctx->loop, &ops, ctx->conf->resolver_timeout_ms);
	return g->dns == NULL ? EX_OSERR : 0;
}

static void on_dialed(struct role_ctx *ctx, uint64_t id, enum dial what, int fd)
{
	struct gate *g = ctx->state;

	gate_dns_dialed(g->dns, id, what == DIAL_RESOLVER_TCP, fd);
}

static void on_conf(struct role_ctx *ctx, const struct conf *old)
{
	struct gate *g = ctx->state;

	gate_dns_timeout(g->dns, ctx->conf->resolver_timeout_ms);
	if (old->resolver_len != ctx->conf->resolver_len || memcmp(&old->resolver, &ctx->conf->resolver, old->resolver_len) != 0)
		gate_dns_reset(g->dns);
}

static void on_secret(struct role_ctx *ctx, enum secret_kind kind, const unsigned char *data, size_t len)
{
	struct gate *g = ctx->state;

	/* Again after a rotation and a reload. */
	if (kind == SECRET_TOKEN_KEY && !token_keys_read(&g->keys, data, len))
		log_error("", "token-keys", "bytes=%zu error=\"kept the former ones\"", len);
}

/* ---- recipients ---- */

/* A bad return-path tag leaves an audit record (V0), for which nobody waits. */
static void audit_forged(struct gate *g, const struct gate_channel *ch, const char *address)
{
	struct buf list;
	uint32_t n = 0;
	struct commit c = {
	    .action = COMMIT_REFUSE, .rule = "V0", .text = "bad return-path tag", .outcome = OUT_REJECTED, .facts = "{}",
	    .channel = ch->role == ROLE_API ? CHANNEL_INJECT : ch->role == ROLE_IMAP ? CHANNEL_IMAP : CHANNEL_SMTP, .received_at = id_now_ms(),
	};

	log_info("", "rcpt-refused", "rule=V0 reason=bad-return-path-tag rcpt=%s", log_q(address));
	if (g->queue == NULL)
		return;
	buf_init(&list, IPC_SMALL / 2);
	if (wlist_add_str(&list, &n, address) == VG_OK) {
		c.rcpts = wlist_of(&list, n);
		ipc_send(g->queue, IPC_COMMIT, 0, &c);
	}
	buf_free(&list);
}

static int on_rcpt(struct gate *g, struct gate_channel *ch, const struct ipc_msg *msg)
{
	struct rcpt_ask a;
	struct rcpt_say say;
	bool forged;

	if (ipc_decode(msg, &a) != VG_OK)
		return VG_ERR_PROTO;
	say.ok = gate_rcpt_ok(g->ctx->conf, gate_key(g), a.address, &forged);
	if (forged)
		audit_forged(g, ch, a.address);
	ipc_send(ch->ipc, IPC_RCPT_SAY, msg->id, &say);
	return VG_OK;
}

/* ---- channels ---- */

static void channel_close(struct gate_channel *ch)
{
	struct gate *g = ch->gate;
	struct gate_channel **at = &g->channels;

	while (*at != ch)
		at = &(*at)->next;
	*at = ch->next;
	gate_submit_channel_lost(g, ch);
	ipc_close(&ch->ipc);
	free(ch);
}

static void on_channel(struct ipc *ipc, struct ipc_msg *msg, void *arg)
{
	struct gate_channel *ch = arg;
	int rc = VG_ERR_CLOSED;

	(void)ipc;
	if (msg != NULL && msg->type == IPC_SUBMIT)
		rc = gate_submit_take(ch->gate, ch, msg);
	else if (msg != NULL && msg->type == IPC_RCPT_ASK)
		rc = on_rcpt(ch->gate, ch, msg);
	if (rc == VG_OK)
		return;
	log_warn("", "link-ended", "role=%s error=%s", role_name(ch->role), log_q(vg_strerror(rc)));
	channel_close(ch);
}

static void channel_open(struct gate *g, enum role role, uint32_t index, int fd)
{
	struct gate_channel *ch = calloc(1, sizeof(*ch));

	if (ch != NULL)
		ch->ipc = ipc_open(g->ctx->loop, fd, ROLE_GATE, role, on_channel, ch);
	if (ch == NULL || ch->ipc == NULL) {
		log_error("", "link-failed", "role=%s", role_name(role));
		free(ch);
		close(fd);
		return;
	}
	ch->gate = g;
	ch->role = role;
	ch->index = index;
	ch->next = g->channels;
	g->channels = ch;
}

/* ---- the queue ---- */

static void queue_lost(struct gate *g)
{
	ipc_close(&g->queue);
	gate_submit_queue_lost(g);
}

static void on_queue(struct ipc *ipc, struct ipc_msg *msg, void *arg)
{
	struct gate *g = arg;
	int rc = VG_ERR_CLOSED;

	(void)ipc;
	if (msg != NULL && msg->type == IPC_FACTS_SAY)
		rc = gate_submit_facts(g, msg);
	else if (msg != NULL && msg->type == IPC_COMMIT_SAY)
		rc = gate_submit_done(g, msg);
	if (rc == VG_OK)
		return;
	log_warn("", "link-ended", "role=queue in_flight=%zu error=%s", g->n_txns, log_q(vg_strerror(rc)));
	queue_lost(g);
}

/* ---- signatures ---- */

static void verify_lost(struct gate *g)
{
	ipc_close(&g->verify);
	gate_submit_verify_lost(g);
}

static void on_verify(struct ipc *ipc, struct ipc_msg *msg, void *arg)
{
	struct gate *g = arg;

	(void)ipc;
	if (msg != NULL && msg->type == IPC_VERIFY_SAY && gate_submit_verified(g, msg) == VG_OK)
		return;
	log_warn("", "link-ended", "role=verify");
	verify_lost(g);
}

static void on_verify_peer(struct gate *g, int fd)
{
	if (g->verify != NULL)
		verify_lost(g);
	g->verify = ipc_open(g->ctx->loop, fd, ROLE_GATE, ROLE_VERIFY, on_verify, g);
	if (g->verify == NULL) {
		log_error("", "link-failed", "role=verify");
		close(fd);
	}
}

/* ---- peers and the end ---- */

static void on_peer(struct role_ctx *ctx, enum role role, uint32_t index, int fd)
{
	struct gate *g = ctx->state;

	if (role == ROLE_VERIFY) {
		on_verify_peer(g, fd);
		return;
	}
	if (role != ROLE_QUEUE) {
		channel_open(g, role, index, fd);
		return;
	}
	if (g->queue != NULL)
		queue_lost(g);
	g->queue = ipc_open(ctx->loop, fd, ROLE_GATE, ROLE_QUEUE, on_queue, g);
	if (g->queue == NULL) {
		log_error("", "link-failed", "role=queue");
		close(fd);
	}
}

/* What is in flight is finished; nothing new is taken. */
static void on_stop(struct role_ctx *ctx)
{
	struct gate *g = ctx->state;

	g->stopping = true;
	if (g->n_txns == 0)
		role_exit(ctx);
}

const struct role_ops gate_role = {
    .role = ROLE_GATE,
    .prepare = prepare,
    .start = start,
    .on_dialed = on_dialed,
    .on_conf = on_conf,
    .on_peer = on_peer,
    .on_secret = on_secret,
    .on_stop = on_stop,
};
