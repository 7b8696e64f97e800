/*
 * gate_body.c - feeds a body to its hashes. Runs in the gate; the bytes are hostile, the descriptor comes from a channel that
 * may have been taken over: every chunk is checked by its seal, and no more than the stated size is read.
 */
#include <stdlib.h>

#include "err.h"
#include "gate_body.h"
#include "seal.h"

#define SLICE (4u * SEAL_CHUNK) /* bytes a turn of the loop: some 0.3 ms */

struct gate_body {
	struct gate_body_input in;
	gate_body_cb *done;
	void *arg;
	struct seal_reader *reader;
	struct ev_timer next;
	uint64_t at;
	unsigned char slice[SLICE];
};

static int feed_inline(const struct gate_body_input *in)
{
	const struct blob *bytes = &in->submit->bytes;
	size_t skip = in->header_len + 2;
	int rc = VG_OK;

	if (bytes->len > skip)
		rc = body_hashes_feed(in->bodies, bytes->data + skip, bytes->len - skip);
	return rc == VG_OK ? body_hashes_end(in->bodies) : rc;
}

static void finish(struct gate_body *b, int err)
{
	ev_timer_clear(b->in.loop, &b->next);
	b->done(err, b->arg); /* may free b */
}

static void step(void *arg)
{
	struct gate_body *b = arg;
	uint64_t size = b->in.submit->size;
	size_t want = size - b->at < SLICE ? (size_t)(size - b->at) : SLICE;
	long n = want > 0 ? seal_read(b->reader, b->at, b->slice, want) : 0;
	int rc = VG_OK;

	if (n < 0 || (n == 0 && want > 0)) {
		finish(b, n < 0 ? (int)n : VG_ERR_PROTO);
		return;
	}
	b->at += (uint64_t)n;
	rc = body_hashes_feed(b->in.bodies, b->slice, (size_t)n);
	if (rc == VG_OK && b->at < size)
		rc = ev_timer_set(b->in.loop, &b->next, 0, step, b);
	else if (rc == VG_OK)
		rc = body_hashes_end(b->in.bodies);
	if (rc != VG_OK || b->at >= size)
		finish(b, rc);
}

static int start_spooled(struct gate_body *b)
{
	const struct submit *s = b->in.submit;
	int rc;

	if (s->key.len != SEAL_KEY)
		return VG_ERR_PROTO;
	if ((rc = seal_reader_new(b->in.fd, s->key.data, &b->reader)) != VG_OK)
		return rc;
	b->at = b->in.header_len + 2 < s->size ? b->in.header_len + 2 : s->size;
	return ev_timer_set(b->in.loop, &b->next, 0, step, b);
}

int gate_body_start(struct gate_body **out, const struct gate_body_input *in, gate_body_cb *done, void *arg)
{
	struct gate_body *b;
	int rc;

	*out = NULL;
	if (in->submit->spool == 0) {
		if ((rc = feed_inline(in)) == VG_OK)
			done(VG_OK, arg);
		return rc;
	}
	if ((b = calloc(1, sizeof(*b))) == NULL)
		return VG_ERR_MEMORY;
	b->in = *in;
	b->done = done;
	b->arg = arg;
	*out = b;
	if ((rc = start_spooled(b)) != VG_OK)
		gate_body_free(out);
	return rc;
}

void gate_body_free(struct gate_body **bp)
{
	struct gate_body *b = *bp;

	*bp = NULL;
	if (b == NULL)
		return;
	ev_timer_clear(b->in.loop, &b->next);
	seal_reader_free(&b->reader);
	free(b);
}
