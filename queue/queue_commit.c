/*
 * queue_commit.c - COMMIT: what the gate decided becomes one durable operation, and the answer leaves only after it. Main
 * thread of the queue process: checks, seals, hands over. The gate is believed in what it decides, not in its lengths.
 */
#include "event.h"
#include "queue.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "err.h"
#include "log.h"
#include "refusal.h"
#include "utf8.h"

struct committing {
	struct task task; /* first */
	struct queue *q;
	uint64_t link, id;
	unsigned char *frame; /* owned; c points into it */
	size_t frame_len;
	struct commit c;
	struct spooled *spooled; /* owned */
	char ulid[ULID_LEN + 1];
	unsigned char key[SEAL_WRAPPED];
	struct buf sealed;
	struct buf envelope;
	int64_t now, expires_at;
	struct store_accepted out;
	bool told;   /* the sender of a refused mail: a notice is queued */
	int refused; /* enum vg_err: it cannot be stored, the store is well */
};

/* ---- checks ---- */

static bool
text_ok(const char *s, size_t max)
{
	size_t n = strnlen(s, max + 1);

	return n <= max && utf8_valid(s, n);
}

static bool
strings_ok(const struct commit *c)
{
	return text_ok(c->rule, 16) && text_ok(c->reason, 64) && text_ok(c->text, 1024) && text_ok(c->partner, 64) &&
	    text_ok(c->holder, 64) && text_ok(c->route, 64) && text_ok(c->sender, 320) && text_ok(c->sender_shown, 320) &&
	    text_ok(c->sender_name, 998) && text_ok(c->message_id, 998) && text_ok(c->subject, 998) &&
	    text_ok(c->automatic, 32) && text_ok(c->facts, 256 * 1024);
}

/* Only a record is kept. */
static bool
has_no_message(const struct commit *c)
{
	return c->action == COMMIT_REFUSE || c->action == COMMIT_DEFER;
}

static bool
numbers_ok(const struct commit *c)
{
	if (c->action < COMMIT_OPEN || c->action > COMMIT_RETURN || c->cls > CLASS_PARTNER_DOMAIN || c->role > PART_HOLDER)
		return false;
	if (c->digest.len != 0 && c->digest.len != 32)
		return false;
	if (has_no_message(c))
		return true;
	if (c->action == COMMIT_APPEND && (c->ticket == 0 || c->ticket > INT64_MAX))
		return false;
	if (c->action == COMMIT_RETURN && (c->outgoing == 0 || c->outgoing > INT64_MAX))
		return false;
	return c->related <= INT64_MAX && (c->spool != 0 ? c->size > 0 && c->size <= INT64_MAX
	    : c->size == c->bytes.len && c->size > 0 && c->size <= MSG_INLINE_MAX);
}

/* ---- in the threads ---- */

static void
run_commit(struct task *t, void *arg)
{
	struct committing *op = (struct committing *)t;
	struct writer_env *env = arg;
	struct store_body body = { .ulid = op->ulid, .envelope = buf_str(&op->envelope), .key = op->key, .sealed = op->sealed.data,
		.sealed_len = op->sealed.len, .blob = op->spooled != NULL ? op->spooled->name : NULL };

	op->refused = VG_OK;
	t->err = store_accept(env->store, &op->c, &body, op->now, op->expires_at, &op->out);
	if (t->err == VG_ERR_NOTFOUND) { /* told before anything was written */
		op->refused = t->err;
		t->err = VG_OK;
	} else if (t->err == VG_OK && op->c.action == COMMIT_REFUSE) {
		pthread_rwlock_rdlock(&op->q->conf_lock);
		t->err = refusal_tell(env->store, env->registry, op->q->conf, &op->c, op->out.reference, op->now, &op->told);
		pthread_rwlock_unlock(&op->q->conf_lock);
	}
}

static void
run_sync(struct task *t, void *arg)
{
	struct committing *op = (struct committing *)t;

	(void)arg;
	t->err = blob_sync(op->q->blobs, op->spooled->name, op->spooled->fd);
}

/* ---- back in the loop ---- */

static void
operation_free(struct committing *op)
{
	op->q->commit_bytes -= op->frame_len;
	queue_spool_free(op->q, &op->spooled, op->out.id != 0);
	buf_free(&op->sealed);
	buf_free(&op->envelope);
	free(op->frame);
	sodium_memzero(op->key, sizeof(op->key));
	free(op);
}

static void
answer(struct committing *op, int err)
{
	struct commit_say say = { .err = (uint32_t)-err, .message_id = "", .reference = "" };

	if (err == VG_OK) {
		say.message_id = op->out.ulid;
		say.ticket = op->out.ticket;
		say.duplicate = op->out.duplicate;
		say.reference = op->out.reference;
	}
	queue_answer(op->q, op->link, IPC_COMMIT_SAY, op->id, &say);
}

static void
committed(struct task *t)
{
	struct committing *op = (struct committing *)t;
	struct queue *q = op->q;
	int err = t->err != VG_OK ? t->err : op->refused;

	queue_home(q);
	if (err != VG_OK)
		memset(&op->out, 0, sizeof(op->out));
	answer(op, err);
	if (op->told)
		queue_deliver_kick(q);
	if (err != VG_OK)
		log_warn("", "commit-refused", "sess=%s error=%s", log_q(op->c.sess), log_q(vg_strerror(err)));
	else if (op->out.id != 0)
		queue_parse_add(q, op->out.id, op->c.action == COMMIT_HOLD ? 0 : op->out.ticket, &op->frame, op->c.bytes.data,
		    op->spooled != NULL ? 0 : op->c.bytes.len, op->c.received_at, strcmp(op->c.automatic, "bounce") == 0);
	operation_free(op);
}

static void
synced(struct task *t)
{
	struct committing *op = (struct committing *)t;

	queue_home(op->q);
	if (t->err != VG_OK) {
		log_error("", "blob-sync", "sess=%s error=%s", log_q(op->c.sess), log_q(vg_strerror(t->err)));
		answer(op, t->err);
		operation_free(op);
		return;
	}
	t->run = run_commit;
	t->done = committed;
	queue_write(op->q, t);
}

/* ---- preparing ---- */

/* What of the envelope is kept with the mail; recipients are bounded by the channel. */
static int
envelope_json(const struct commit *c, struct buf *out)
{
	static const char *const channels[] = { "", "smtp", "lmtp", "imap", "inject" };
	const char *const members[][2] = { { "channel", channels[c->channel <= CHANNEL_INJECT ? c->channel : 0] },
		{ "session", c->sess }, { "peer", c->real_peer }, { "client", c->client }, { "helo", c->helo }, { "tls", c->tls },
		{ "login", c->login }, { "reverse_path", c->reverse_path } };
	const char *rcpt;
	size_t pos = 0;
	int err = VG_OK;

	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]) && err == VG_OK; i++) {
		err = buf_addf(out, "%s\"%s\":", i == 0 ? "{" : ",", members[i][0]);
		if (err == VG_OK)
			err = event_string(out, members[i][1]);
	}
	if (err == VG_OK)
		err = buf_adds(out, ",\"recipients\":[");
	for (bool first = true; err == VG_OK && wlist_next_str(&c->rcpts, &pos, &rcpt) == 1; first = false) {
		err = buf_adds(out, first ? "" : ",");
		if (err == VG_OK)
			err = event_string(out, rcpt);
	}
	return err == VG_OK ? buf_adds(out, "]}") : err;
}

/* The file must hold what the gate saw: its plain size follows from its length. */
static int
check_spooled(const struct committing *op)
{
	struct seal_reader *r;
	int err = seal_reader_new(op->spooled->fd, op->spooled->key, &r);

	if (err != VG_OK)
		return err;
	err = seal_size(r) == op->c.size ? VG_OK : VG_ERR_PROTO;
	seal_reader_free(&r);
	return err;
}

static int
seal_message(struct committing *op)
{
	unsigned char key[SEAL_KEY];
	int err;

	if (op->c.spool != 0) {
		if ((op->spooled = queue_spool_take(op->q, op->c.spool, &op->c.key)) == NULL)
			return VG_ERR_NOTFOUND;
		if ((err = check_spooled(op)) != VG_OK)
			return err;
		return seal_wrap_key(op->key, op->spooled->key, op->q->wrap_key, op->ulid);
	}
	randombytes_buf(key, sizeof(key));
	err = seal_bytes(&op->sealed, key, op->c.bytes.data, op->c.bytes.len);
	if (err == VG_OK)
		err = seal_wrap_key(op->key, key, op->q->wrap_key, op->ulid);
	sodium_memzero(key, sizeof(key));
	return err;
}

static int
prepare(struct committing *op)
{
	int err;

	if (!numbers_ok(&op->c) || !strings_ok(&op->c))
		return VG_ERR_PROTO;
	op->now = id_now_ms();
	op->expires_at = op->now + op->q->ctx->conf->hold_expire_ms;
	if (has_no_message(&op->c))
		return VG_OK;
	id_ulid(op->ulid, op->now);
	err = envelope_json(&op->c, &op->envelope);
	return err == VG_OK ? seal_message(op) : err;
}

static struct committing *
operation_new(struct link *l, const struct ipc_msg *msg)
{
	struct committing *op = calloc(1, sizeof(*op));

	if (op == NULL || (op->frame = malloc(msg->len + 1)) == NULL) {
		free(op);
		return NULL;
	}
	memcpy(op->frame, msg->data, msg->len);
	op->frame_len = msg->len;
	op->q = l->q;
	op->link = l->serial;
	op->id = msg->id;
	buf_init(&op->sealed, 2 * MSG_INLINE_MAX);
	buf_init(&op->envelope, IPC_LARGE);
	l->q->commit_bytes += op->frame_len;
	return op;
}

void
queue_commit(struct link *l, struct ipc_msg *msg)
{
	struct queue *q = l->q;
	struct committing *op;
	int err;

	if (q->stopping || writer_backlog(q->writer) >= QUEUE_OPERATIONS_MAX || q->commit_bytes > QUEUE_COMMIT_BYTES_MAX ||
	    (op = operation_new(l, msg)) == NULL) {
		struct commit_say busy = { .err = -VG_ERR_AGAIN, .message_id = "", .reference = "" };

		ipc_send(l->ipc, IPC_COMMIT_SAY, msg->id, &busy);
		return;
	}
	if ((err = wire_get(&wire_commit, op->frame, op->frame_len, &op->c)) != VG_OK || (err = prepare(op)) != VG_OK) {
		log_error("", "commit-refused", "error=%s", log_q(vg_strerror(err)));
		answer(op, err);
		operation_free(op);
		return;
	}
	op->task.run = op->spooled != NULL ? run_sync : run_commit;
	op->task.done = op->spooled != NULL ? synced : committed;
	if (op->spooled != NULL)
		queue_pool(q, q->syncers, &op->task);
	else
		queue_write(q, &op->task);
}
