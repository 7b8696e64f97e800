/*
 * queue_spool.c - files for large messages on their way in. A channel asks for one and seals into it; the gate's COMMIT names
 * it; until then it belongs to the channel's link and goes with it. Main thread of the queue process.
 */
#include "queue.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "err.h"
#include "log.h"

#define SPOOLED_PER_LINK 8192u

static unsigned
count(struct queue *q, uint64_t link)
{
	unsigned n = 0;

	for (struct spooled *s = q->spooled; s != NULL; s = s->next)
		n += s->link == link;
	return n;
}

static int
make(struct link *l, struct spooled **out)
{
	struct spooled *s = calloc(1, sizeof(*s));
	int err;

	if (s == NULL)
		return VG_ERR_MEMORY;
	s->fd = -1;
	err = count(l->q, l->serial) < SPOOLED_PER_LINK ? blob_create(l->q->blobs, s->name, &s->fd) : VG_ERR_LIMIT;
	if (err != VG_OK) {
		free(s);
		return err;
	}
	randombytes_buf(s->key, sizeof(s->key));
	s->number = ++l->q->next_spool;
	s->link = l->serial;
	s->next = l->q->spooled;
	l->q->spooled = s;
	*out = s;
	return VG_OK;
}

void
queue_spool_ask(struct link *l, struct ipc_msg *msg)
{
	struct spool_give give = { 0 };
	struct spooled *s = NULL;
	int err = make(l, &s);

	if (err != VG_OK) {
		log_error("", "spool-failed", "error=%s", log_q(vg_strerror(err)));
		give.err = (uint32_t)-err;
		ipc_send(l->ipc, IPC_SPOOL_GIVE, msg->id, &give);
		return;
	}
	give.spool = s->number;
	give.key = (struct blob){ s->key, sizeof(s->key) };
	if (ipc_send_fd(l->ipc, IPC_SPOOL_GIVE, msg->id, &give, s->fd, -1) != VG_OK) {
		l->q->spooled = s->next;
		queue_spool_free(l->q, &s, false);
	}
}

void
queue_spool_free(struct queue *q, struct spooled **s, bool keep)
{
	if (*s == NULL)
		return;
	close((*s)->fd);
	if (!keep)
		blob_remove(q->blobs, (*s)->name);
	sodium_memzero(*s, sizeof(**s));
	free(*s);
	*s = NULL;
}

void
queue_spool_drop(struct link *l, struct ipc_msg *msg)
{
	struct spool_drop drop;

	if (ipc_decode(msg, &drop) != VG_OK)
		return;
	for (struct spooled **at = &l->q->spooled; *at != NULL; at = &(*at)->next) {
		struct spooled *s = *at;

		if (s->number == drop.spool && s->link == l->serial) {
			*at = s->next;
			queue_spool_free(l->q, &s, false);
			return;
		}
	}
}

void
queue_spool_forget(struct queue *q, uint64_t link)
{
	struct spooled **at = &q->spooled;

	while (*at != NULL) {
		struct spooled *s = *at;

		if (s->link != link) {
			at = &s->next;
			continue;
		}
		*at = s->next;
		queue_spool_free(q, &s, false);
	}
}

struct spooled *
queue_spool_take(struct queue *q, uint64_t number, const struct blob *key)
{
	for (struct spooled **at = &q->spooled; *at != NULL; at = &(*at)->next) {
		struct spooled *s = *at;

		if (s->number != number)
			continue;
		if (key->len != SEAL_KEY || sodium_memcmp(key->data, s->key, SEAL_KEY) != 0)
			return NULL;
		*at = s->next;
		s->next = NULL;
		return s;
	}
	return NULL;
}
