/*
 * queue_imap.c - IMAP_ASK and IMAP_NOTE: what is known of the mails of a mailbox. Main thread of the queue process; the notes
 * are written by the writer, several in one transaction with the mails themselves.
 */
#include "queue.h"

#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "log.h"

#define MAILBOX_MAX 1024u

struct noting {
	struct task task; /* first */
	struct queue *q;
	uint64_t link, id;
	unsigned char *frame; /* owned; note points into it */
	struct imap_note note;
	int64_t now;
};

void
queue_imap_ask(struct link *l, struct ipc_msg *msg)
{
	struct imap_ask ask;
	struct imap_say say = { 0 };
	struct buf items;
	uint32_t n = 0;
	int err = ipc_decode(msg, &ask);

	buf_init(&items, IPC_LARGE / 2);
	if (err == VG_OK && (ask.uids.len > IMAP_UIDS_MAX * 4 || strlen(ask.mailbox) > MAILBOX_MAX))
		err = VG_ERR_PROTO;
	if (err == VG_OK)
		err = store_imap_known(l->q->store, ask.mailbox, ask.validity, ask.uids.data, ask.uids.len, &items, &n);
	if (err != VG_OK)
		log_error("", "imap-ask", "error=%s", log_q(vg_strerror(err)));
	say.err = (uint32_t)-err;
	say.items = wlist_of(&items, err == VG_OK ? n : 0);
	ipc_send(l->ipc, IPC_IMAP_SAY, msg->id, &say);
	buf_free(&items);
}

static bool
item_sound(const struct imap_item *i)
{
	return i->uid > 0 && i->state >= IMAP_SEEN && i->state <= IMAP_MOVED && i->outcome <= OUT_DUPLICATE;
}

static void
run_note(struct task *t, void *arg)
{
	struct noting *op = (struct noting *)t;
	struct writer_env *env = arg;
	struct imap_item item;
	size_t pos = 0;
	int more;

	t->err = VG_OK;
	while (t->err == VG_OK && (more = wlist_next(&op->note.items, &pos, &wire_imap_item, &item)) != 0) {
		t->err = more < 0 ? more : item_sound(&item) ? VG_OK : VG_ERR_PROTO;
		if (t->err == VG_OK)
			t->err = store_imap_note(env->store, op->note.mailbox, op->note.validity, &item, op->now);
	}
}

static void
say_noted(struct queue *q, uint64_t link, uint64_t id, int err)
{
	const struct imap_noted say = { .err = (uint32_t)-err };

	if (err != VG_OK)
		log_error("", "imap-note", "error=%s", log_q(vg_strerror(err)));
	queue_answer(q, link, IPC_IMAP_NOTED, id, &say);
}

static void
noted(struct task *t)
{
	struct noting *op = (struct noting *)t;

	queue_home(op->q);
	say_noted(op->q, op->link, op->id, t->err);
	free(op->frame);
	free(op);
}

void
queue_imap_note(struct link *l, struct ipc_msg *msg)
{
	struct noting *op = l->q->stopping ? NULL : calloc(1, sizeof(*op));
	int err = op ? VG_OK : VG_ERR_AGAIN;

	if (op && !(op->frame = malloc(msg->len + 1)))
		err = VG_ERR_MEMORY;
	if (err == VG_OK) {
		memcpy(op->frame, msg->data, msg->len);
		err = wire_get(&wire_imap_note, op->frame, msg->len, &op->note);
	}
	if (err == VG_OK && strlen(op->note.mailbox) > MAILBOX_MAX)
		err = VG_ERR_PROTO;
	if (err != VG_OK) {
		say_noted(l->q, l->serial, msg->id, err);
		free(op ? op->frame : NULL);
		free(op);
		return;
	}
	op->q = l->q;
	op->link = l->serial;
	op->id = msg->id;
	op->now = id_now_ms();
	op->task.run = run_note;
	op->task.done = noted;
	queue_write(l->q, &op->task);
}
