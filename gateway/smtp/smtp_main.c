/*
 * smtp_main.c - the process that faces the internet: unprivileged, without files, linked to the gate (who decides) and to
 * the queue (only for places to put large mail). Holds the sessions and hands them the answers of both.
 */
#include <stdlib.h>
#include <sysexits.h>
#include <unistd.h>

#include <sodium.h>

#include "err.h"
#include "log.h"
#include "smtp_session.h"

/* Submissions waiting in the link to the gate, in bytes, above which no content is read, and below which it is again. */
#define CHOKE_BYTES (8u * 1024u * 1024u)
#define UNCHOKE_BYTES (4u * 1024u * 1024u)
#define CHOKE_LOOK_MS 20
/* How long a verdict may take when we have been asked to stop. */
#define STOP_MS 10000
/* A correlation number is a running number and, in its low bits, the slot. */
#define SLOT_BITS 20
#define SLOTS_MAX (1u << SLOT_BITS)

static struct smtp *
state(struct role_ctx *ctx)
{
	return ctx->state;
}

/* ---- sessions ---- */

uint64_t
smtp_ask_id(struct smtp *smtp, struct smtp_session *s)
{
	return ++smtp->next_ask << SLOT_BITS | s->slot;
}

/* The session that still waits for this answer, in this state; NULL when nobody does. */
static struct smtp_session *
asker(struct smtp *smtp, uint64_t id, enum smtp_state waiting)
{
	uint64_t slot = id & (SLOTS_MAX - 1);
	struct smtp_session *s = slot < smtp->n_slots ? smtp->slots[slot] : NULL;

	return s && s->ask == id && id != 0 && s->state == waiting ? s : NULL;
}

static int
slots_grow(struct smtp *smtp)
{
	uint32_t n = smtp->n_slots ? smtp->n_slots * 2 : 64;
	struct smtp_session **slots;
	uint32_t *spare;

	if (n > SLOTS_MAX)
		return VG_ERR_LIMIT;
	slots = realloc(smtp->slots, n * sizeof(*slots));
	if (!slots)
		return VG_ERR_MEMORY;
	smtp->slots = slots;
	spare = realloc(smtp->free_slots, n * sizeof(*spare));
	if (!spare)
		return VG_ERR_MEMORY;
	smtp->free_slots = spare;
	for (uint32_t i = n; i > smtp->n_slots; i--) {
		slots[i - 1] = NULL;
		spare[smtp->n_free++] = i - 1;
	}
	smtp->n_slots = n;
	return VG_OK;
}

int
smtp_slot_take(struct smtp *smtp, struct smtp_session *s)
{
	if (smtp->n_free == 0 && slots_grow(smtp) != VG_OK)
		return VG_ERR_MEMORY;
	s->slot = smtp->free_slots[--smtp->n_free];
	smtp->slots[s->slot] = s;
	metrics_set(smtp->ctx->metrics, MT_SMTP_OPEN, ++smtp->n_open);
	return VG_OK;
}

void
smtp_slot_drop(struct smtp *smtp, struct smtp_session *s)
{
	smtp->slots[s->slot] = NULL;
	smtp->free_slots[smtp->n_free++] = s->slot;
	metrics_set(smtp->ctx->metrics, MT_SMTP_OPEN, --smtp->n_open);
	if (smtp->stopping && smtp->n_open == 0)
		role_exit(smtp->ctx);
}

static void
each_session(struct smtp *smtp, void (*tell)(struct smtp_session *s))
{
	for (uint32_t i = 0; i < smtp->n_slots; i++) {
		if (smtp->slots[i])
			tell(smtp->slots[i]);
	}
}

/* ---- back-pressure ---- */

static void choke_look(void *arg);

static bool
look_soon(struct smtp *smtp)
{
	smtp->choke_set = ev_timer_set(smtp->ctx->loop, &smtp->choke_timer, CHOKE_LOOK_MS, choke_look, smtp) == VG_OK;
	return smtp->choke_set;
}

/* Looks again until the backlog is low, and not only while it is high: sessions wait for this alone. */
static void
choke_look(void *arg)
{
	struct smtp *smtp = arg;

	smtp->choke_set = false;
	if (!smtp->gate || ipc_backlog(smtp->gate) <= UNCHOKE_BYTES || !look_soon(smtp))
		each_session(smtp, smtp_session_unchoke);
}

bool
smtp_choked(struct smtp *smtp)
{
	if (smtp->choke_set)
		return true;
	if (!smtp->gate || ipc_backlog(smtp->gate) <= CHOKE_BYTES)
		return false;
	log_debug("", "choked", "backlog=%zu", ipc_backlog(smtp->gate));
	return look_soon(smtp);
}

/* ---- links ---- */

static void
on_verdict(struct smtp *smtp, struct ipc_msg *msg)
{
	struct smtp_session *s = asker(smtp, msg->id, S_WAIT_VERDICT);
	struct verdict_say v;

	if (!s) {
		log_debug("", "verdict-late", "id=%llu", (unsigned long long)msg->id);
		return;
	}
	if (ipc_decode(msg, &v) == VG_OK)
		smtp_tx_verdict(s, &v);
	else
		smtp_tx_no_verdict(s, "undecodable verdict");
	smtp_session_run(s);
}

static void
on_rcpt_say(struct smtp *smtp, struct ipc_msg *msg)
{
	struct smtp_session *s = asker(smtp, msg->id, S_WAIT_RCPT);
	struct rcpt_say say;

	if (!s)
		return;
	if (ipc_decode(msg, &say) == VG_OK)
		smtp_rcpt_answer(s, say.ok == 1);
	else
		smtp_rcpt_no_answer(s);
	smtp_session_run(s);
}

static void
on_gate(struct ipc *ipc, struct ipc_msg *msg, void *arg)
{
	struct smtp *smtp = arg;

	(void)ipc;
	if (!msg) {
		log_warn("", "gate-lost", "sessions=%u", smtp->n_open);
		ipc_close(&smtp->gate);
		each_session(smtp, smtp_session_gate_lost);
	} else if (msg->type == IPC_VERDICT) {
		on_verdict(smtp, msg);
	} else if (msg->type == IPC_RCPT_SAY) {
		on_rcpt_say(smtp, msg);
	}
}

/* Nobody waits for this place any more. */
static void
return_place(struct smtp *smtp, const struct spool_give *give)
{
	struct spool_drop drop = { .spool = give->spool };

	if (give->err == 0 && ipc_send(smtp->queue, IPC_SPOOL_DROP, 0, &drop) != VG_OK)
		log_warn("", "spool-drop-failed", "spool=%llu", (unsigned long long)give->spool);
}

static void
on_spool_give(struct smtp *smtp, struct ipc_msg *msg)
{
	struct smtp_session *s = asker(smtp, msg->id, S_WAIT_SPOOL);
	struct spool_give give;

	if (ipc_decode(msg, &give) != VG_OK)
		give = (struct spool_give){ .err = -VG_ERR_PROTO };
	if (!s) {
		return_place(smtp, &give);
		return;
	}
	smtp_tx_placed(s, &give, ipc_take_fd(msg, 0));
	smtp_session_run(s);
}

static void
on_login_say(struct smtp *smtp, struct ipc_msg *msg)
{
	struct smtp_session *s = asker(smtp, msg->id, S_WAIT_LOGIN);
	struct login_say say;

	if (!s)
		return;
	smtp_auth_answer(s, ipc_decode(msg, &say) == VG_OK ? &say : NULL);
	smtp_session_run(s);
}

static void
on_queue(struct ipc *ipc, struct ipc_msg *msg, void *arg)
{
	struct smtp *smtp = arg;

	(void)ipc;
	if (!msg) {
		log_warn("", "queue-lost", "sessions=%u", smtp->n_open);
		ipc_close(&smtp->queue);
		each_session(smtp, smtp_session_queue_lost);
	} else if (msg->type == IPC_SPOOL_GIVE) {
		on_spool_give(smtp, msg);
	} else if (msg->type == IPC_LOGIN_SAY) {
		on_login_say(smtp, msg);
	}
}

static void
smtp_on_peer(struct role_ctx *ctx, enum role role, uint32_t index, int fd)
{
	struct smtp *smtp = state(ctx);
	bool gate = role == ROLE_GATE;
	struct ipc **link = gate ? &smtp->gate : &smtp->queue;

	(void)index;
	if (*link) {
		/* The supervisor was faster than the end of the old link. */
		ipc_close(link);
		each_session(smtp, gate ? smtp_session_gate_lost : smtp_session_queue_lost);
	}
	*link = ipc_open(ctx->loop, fd, ROLE_SMTP, role, gate ? on_gate : on_queue, smtp);
	if (!*link) {
		log_error("", "link-failed", "peer=%s", role_name(role));
		close(fd);
	}
}

/* ---- the role ---- */

static int
smtp_prepare(struct role_ctx *ctx)
{
	struct smtp *smtp = calloc(1, sizeof(*smtp));

	if (!smtp || sodium_init() < 0) {
		free(smtp);
		return EX_OSERR;
	}
	smtp->ctx = ctx;
	buf_init(&smtp->cert, IPC_LARGE);
	buf_init(&smtp->key, IPC_LARGE);
	smtp->peers = smtp_peers_new();
	if (!smtp->peers) {
		free(smtp);
		return EX_OSERR;
	}
	ctx->state = smtp;
	return 0;
}

static void
smtp_on_listen(struct role_ctx *ctx, uint32_t listener, int fd)
{
	smtp_listen_add(state(ctx), listener, fd);
}

/* Certificate and key come one after the other; the pair is tried when both are new. */
static void
smtp_on_secret(struct role_ctx *ctx, enum secret_kind kind, const unsigned char *data, size_t len)
{
	struct smtp *smtp = state(ctx);
	struct buf *half = kind == SECRET_TLS_CERT ? &smtp->cert : &smtp->key;
	struct tls_ctx *tls;
	const char *why;

	if (kind != SECRET_TLS_CERT && kind != SECRET_TLS_KEY)
		return;
	buf_wipe(half);
	if (len == 0 || buf_add(half, data, len) != VG_OK || smtp->cert.len == 0 || smtp->key.len == 0)
		return;
	if (tls_ctx_new(&tls, smtp->cert.data, smtp->cert.len, smtp->key.data, smtp->key.len, &why) == VG_OK) {
		tls_ctx_unref(&smtp->tls);
		smtp->tls = tls;
		log_info("", "certificate", "state=loaded");
	} else {
		log_error("", "certificate", "state=%s why=%s", smtp->tls ? "kept" : "none", log_q(why));
	}
	buf_wipe(&smtp->cert);
	buf_wipe(&smtp->key);
}

static void
stop_timeout(void *arg)
{
	struct smtp *smtp = arg;

	log_warn("", "stop-late", "sessions=%u", smtp->n_open);
	role_exit(smtp->ctx);
}

static void
smtp_on_stop(struct role_ctx *ctx)
{
	struct smtp *smtp = state(ctx);

	if (smtp->stopping)
		return;
	smtp->stopping = true;
	smtp_listen_close(smtp);
	each_session(smtp, smtp_session_stop);
	if (smtp->n_open == 0 || ev_timer_set(ctx->loop, &smtp->stop_timer, STOP_MS, stop_timeout, smtp) != VG_OK)
		role_exit(ctx);
}

const struct role_ops smtp_role = {
	.role = ROLE_SMTP,
	.prepare = smtp_prepare,
	.on_peer = smtp_on_peer,
	.on_listen = smtp_on_listen,
	.on_secret = smtp_on_secret,
	.on_stop = smtp_on_stop,
};
