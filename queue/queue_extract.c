/*
 * queue_extract.c - attachments and archive members, taken out of the stored raw mail by a parser when somebody asks for
 * them. Main thread of the queue process. What the parser writes is sealed and only passed on, never read here.
 */
#include "content.h"
#include "queue.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "err.h"
#include "log.h"

void
queue_extract_add(struct extract *x)
{
	struct extract **at = &x->q->extracts;

	while (*at != NULL)
		at = &(*at)->next;
	x->next = NULL;
	*at = x;
	queue_parse_kick(x->q);
}

static int
send_extract(struct link *l, struct extract *x)
{
	struct parse_job job = { .what = (uint8_t)x->what, .part = x->part, .entry = x->entry != NULL ? x->entry : "",
		.out_key = { x->key, SEAL_KEY } };

	return queue_job_send(l, x->message, &job, x->fd);
}

bool
queue_extract_send(struct link *l)
{
	struct extract *x;
	int err;

	while ((x = l->q->extracts) != NULL) {
		l->q->extracts = x->next;
		x->tries++;
		if ((err = send_extract(l, x)) == VG_OK) {
			l->extract = x;
			return true;
		}
		x->done(x, err, NULL);
	}
	return false;
}

/* A dead worker costs one more try, on an empty file. */
void
queue_extract_done(struct link *l, const struct parse_done *result, int err)
{
	struct extract *x = l->extract;

	l->extract = NULL;
	if (err == VG_ERR_CLOSED && x->tries < 2 && ftruncate(x->fd, 0) == 0 && lseek(x->fd, 0, SEEK_SET) == 0) {
		x->next = l->q->extracts;
		l->q->extracts = x;
		return;
	}
	x->done(x, err, result);
}

void
queue_extract_stop(struct queue *q)
{
	struct extract *x;

	while ((x = q->extracts) != NULL) {
		q->extracts = x->next;
		x->done(x, VG_ERR_CLOSED, NULL);
	}
}
