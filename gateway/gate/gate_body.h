/*
 * gate_body.h - the body of a mail on its way into the hashes that its signatures ask for: an inline one at once, a spooled
 * one in slices, so that other mails go on between them.
 */
#ifndef VG_GATE_BODY_H
#define VG_GATE_BODY_H

#include "body_hash.h"
#include "evloop.h"
#include "ipc_messages.h"

struct gate_body;

/* err: VG_OK, or why the body cannot be read now. */
typedef void gate_body_cb(int err, void *arg);

struct gate_body_input {
	struct evloop *loop;
	const struct submit *submit; /* outlives the reading */
	size_t header_len;           /* of the header block without its empty line */
	int fd;                      /* of a spooled message, borrowed; -1 */
	struct body_hashes *bodies;
};

/* Starts; done is called once, from a later turn of the loop for a spooled body, else before this returns. VG_ERR_MEMORY,
 * VG_ERR_CRYPTO: done is not called. *out is NULL when nothing is left to do. */
int gate_body_start(struct gate_body **out, const struct gate_body_input *in, gate_body_cb *done, void *arg);
/* Stops; done is not called any more. NULL is fine. */
void gate_body_free(struct gate_body **b);

#endif
