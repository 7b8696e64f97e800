/*
 * imap_links.c - questions to queue and gate. The main program asks and turns the loop until the answer is there; verdicts come
 * whenever they come. A link that ends answers everything that waits on it.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sodium.h>

#include "err.h"
#include "imap.h"
#include "log.h"

#define ANSWER_MS 60000

struct imap_question {
	uint64_t id;
	enum ipc_type answer;
	const struct ipc *link; /* over which it went */
	bool done;
	int rc;
	int (*take)(struct ipc_msg *msg, void *arg); /* while the frame lives */
	void *arg;
};

static void
answered(struct imap *m, struct ipc_msg *msg)
{
	struct imap_question *q = m->question;

	if (!q || q->done || q->id != msg->id || q->answer != msg->type)
		return;
	q->rc = q->take(msg, q->arg);
	q->done = true;
}

static void
lost(struct imap *m, const struct ipc *link)
{
	if (m->question && m->question->link == link && !m->question->done) {
		m->question->rc = VG_ERR_CLOSED;
		m->question->done = true;
	}
}

/* A place that nobody waits for any more. */
static void
stray_place(struct imap *m, struct ipc_msg *msg)
{
	struct spool_give give;

	if (m->question && !m->question->done && m->question->id == msg->id)
		return;
	if (ipc_decode(msg, &give) == VG_OK && give.err == 0)
		imap_spool_drop(m, give.spool);
}

static void
on_queue(struct ipc *ipc, struct ipc_msg *msg, void *arg)
{
	struct imap *m = arg;

	if (!msg) {
		log_warn(m->ids, "queue-lost", "in_flight=%zu", m->in_flight);
		lost(m, ipc);
		ipc_close(&m->queue);
		return;
	}
	if (msg->type == IPC_SPOOL_GIVE)
		stray_place(m, msg);
	answered(m, msg);
}

static void
gate_lost(struct imap *m, const struct ipc *ipc)
{
	lost(m, ipc);
	ipc_close(&m->gate);
	for (size_t i = 0; i < m->n_jobs; i++) {
		if (m->jobs[i].submit)
			imap_verdict(m, m->jobs[i].submit, NULL);
	}
}

static void
on_gate(struct ipc *ipc, struct ipc_msg *msg, void *arg)
{
	struct imap *m = arg;
	struct verdict_say v;

	if (!msg) {
		log_warn(m->ids, "gate-lost", "in_flight=%zu", m->in_flight);
		gate_lost(m, ipc);
	} else if (msg->type == IPC_VERDICT) {
		imap_verdict(m, msg->id, ipc_decode(msg, &v) == VG_OK ? &v : NULL);
	} else {
		answered(m, msg);
	}
}

void
imap_on_peer(struct role_ctx *ctx, enum role role, uint32_t index, int fd)
{
	struct imap *m = ctx->state;
	bool gate = role == ROLE_GATE;
	struct ipc **link = gate ? &m->gate : &m->queue;

	(void)index;
	if (*link && gate)
		gate_lost(m, *link);
	else if (*link) {
		lost(m, *link);
		ipc_close(link);
	}
	*link = ipc_open(ctx->loop, fd, ROLE_IMAP, role, gate ? on_gate : on_queue, m);
	if (!*link) {
		log_error(m->ids, "link-failed", "peer=%s", role_name(role));
		close(fd);
	}
}

bool
imap_linked(const struct imap *m)
{
	return m->gate && m->queue;
}

static int
ask(struct imap *m, struct ipc *link, enum ipc_type type, const void *obj, struct imap_question *q)
{
	int rc;

	if (!link)
		return VG_ERR_CLOSED;
	q->id = ++m->next_id;
	q->link = link;
	m->question = q;
	rc = ipc_send(link, type, q->id, obj);
	if (rc == VG_OK)
		rc = net_loop_until(&m->wait, &q->done, ANSWER_MS);
	m->question = NULL;
	return rc == VG_OK ? q->rc : rc;
}

/* ---- the ledger ---- */

struct ledger_answer {
	struct imap_item *items;
	size_t n;
};

static int
by_uid(const void *a, const void *b)
{
	const struct imap_item *x = a, *y = b;

	return x->uid < y->uid ? -1 : x->uid > y->uid;
}

static int
take_items(struct ipc_msg *msg, void *arg)
{
	struct ledger_answer *a = arg;
	struct imap_say say;
	struct imap_item item, *at;
	size_t pos = 0;
	int more, rc = ipc_decode(msg, &say);

	if (rc == VG_OK && say.err != 0)
		return -(int)(say.err & 0xff);
	while (rc == VG_OK && (more = wlist_next(&say.items, &pos, &wire_imap_item, &item)) != 0) {
		at = more < 0 ? NULL : bsearch(&item, a->items, a->n, sizeof(item), by_uid);
		if (at)
			*at = item;
		else
			rc = VG_ERR_PROTO;
	}
	return rc;
}

int
imap_ledger_ask(struct imap *m, uint32_t validity, struct imap_item *items, size_t n)
{
	static unsigned char uids[IMAP_UIDS_MAX * 4];
	struct ledger_answer a = { items, n };
	struct imap_question q = { .answer = IPC_IMAP_SAY, .take = take_items, .arg = &a };
	struct imap_ask msg = { .mailbox = m->ledger, .validity = validity, .uids = { uids, n * 4 } };

	if (n > IMAP_UIDS_MAX)
		return VG_ERR_LIMIT;
	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; k < 4; k++)
			uids[i * 4 + k] = (unsigned char)(items[i].uid >> (24 - 8 * k));
	}
	return ask(m, m->queue, IPC_IMAP_ASK, &msg, &q);
}

static int
take_noted(struct ipc_msg *msg, void *arg)
{
	struct imap_noted say;
	int rc = ipc_decode(msg, &say);

	(void)arg;
	return rc == VG_OK && say.err != 0 ? -(int)(say.err & 0xff) : rc;
}

int
imap_ledger_note(struct imap *m, uint32_t validity, const struct imap_item *items, size_t n)
{
	struct imap_question q = { .answer = IPC_IMAP_NOTED, .take = take_noted };
	struct imap_note msg = { .mailbox = m->ledger, .validity = validity };
	struct buf list;
	uint32_t count = 0;
	int rc = VG_OK;

	buf_init(&list, IPC_LARGE / 2);
	for (size_t i = 0; rc == VG_OK && i < n; i++) {
		if (items[i].state != IMAP_NEW)
			rc = wlist_add(&list, &count, &wire_imap_item, &items[i]);
	}
	msg.items = wlist_of(&list, count);
	if (rc == VG_OK && count > 0)
		rc = ask(m, m->queue, IPC_IMAP_NOTE, &msg, &q);
	buf_free(&list);
	return rc;
}

/* ---- places, recipients ---- */

struct place {
	struct spool_give *give;
	unsigned char *key;
	int fd;
};

static int
take_place(struct ipc_msg *msg, void *arg)
{
	struct place *p = arg;
	int rc = ipc_decode(msg, p->give);

	if (rc == VG_OK && p->give->err != 0)
		return -(int)(p->give->err & 0xff);
	if (rc != VG_OK || p->give->key.len != 32)
		return VG_ERR_PROTO;
	p->fd = ipc_take_fd(msg, 0);
	memcpy(p->key, p->give->key.data, 32);
	p->give->key = (struct blob){ p->key, 32 };
	if (p->fd >= 0)
		return VG_OK;
	return VG_ERR_SYSTEM;
}

int
imap_spool_ask(struct imap *m, struct spool_give *give, unsigned char key[32], int *fd)
{
	struct place p = { give, key, -1 };
	struct imap_question q = { .answer = IPC_SPOOL_GIVE, .take = take_place, .arg = &p };
	int rc = ask(m, m->queue, IPC_SPOOL_ASK, NULL, &q);

	*fd = p.fd;
	return rc;
}

void
imap_spool_drop(struct imap *m, uint64_t spool)
{
	const struct spool_drop drop = { .spool = spool };

	if (spool != 0 && m->queue)
		ipc_send(m->queue, IPC_SPOOL_DROP, 0, &drop);
}

static int
take_rcpt(struct ipc_msg *msg, void *arg)
{
	struct rcpt_say say;
	int rc = ipc_decode(msg, &say);

	*(bool *)arg = rc == VG_OK && say.ok == 1;
	return rc;
}

bool
imap_rcpt_ok(struct imap *m, const char *address)
{
	bool ok = false;
	struct imap_question q = { .answer = IPC_RCPT_SAY, .take = take_rcpt, .arg = &ok };
	const struct rcpt_ask msg = { .address = address };

	return ask(m, m->gate, IPC_RCPT_ASK, &msg, &q) == VG_OK && ok;
}
