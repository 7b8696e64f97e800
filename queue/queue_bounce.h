/*
 * queue_bounce.h - a mail that came back on a signed return path, recorded on its outgoing mail (POLICY V0); and what follows when
 * a copy has failed, however that became known. The writer's thread, inside its transaction.
 */
#ifndef VG_QUEUE_BOUNCE_H
#define VG_QUEUE_BOUNCE_H

#include "outbox.h"
#include "queue.h"
#include "ticket.h"

struct delivery_failure {
	const char *actor, *text; /* who says so, and what */
	const char *message;      /* id of the report, "" without one */
	bool hard;                /* the address is suppressed */
	int64_t now;
};
/* Audit, suppression, a letter to agents, and for a contact or holder the event `delivery.failed`; saves the ticket then. */
int queue_bounce_failed(struct writer_env *env, const struct conf *conf, const struct outbox_row *r, struct ticket_view *v, const struct delivery_failure *f);

enum bounce_next {
	BOUNCE_RECORDED, /* it belongs to no ticket */
	BOUNCE_APPEND,   /* m->ticket and m->role say where: quietly */
	BOUNCE_UNKNOWN   /* there is no such outgoing mail (any more) */
};
/* Reads the parsed message m and records what it says; *events: those written are added. */
int queue_bounce(struct writer_env *env, const struct apply_input *in, struct store_message *m, enum bounce_next *next, unsigned *events);

#endif
