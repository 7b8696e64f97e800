/*
 * queue_people.h - what a message means for the people of its ticket: looks up what people.h and commands.h decide over,
 * and writes what they decided. For queue_apply.c, in the writer's transaction.
 */
#ifndef VG_QUEUE_PEOPLE_H
#define VG_QUEUE_PEOPLE_H

#include <jansson.h>

#include "commands.h"
#include "queue.h"
#include "ticket.h"

struct queue_people {
	/* in */
	struct writer_env *env;
	const struct apply_input *in;
	const struct store_message *m;
	struct ticket_view *v;         /* participants are read anew where they changed */
	/* out */
	struct command_plan plan;
	enum people_visibility visibility;
	struct buf audience;           /* JSON array of addresses; owned */
	json_t *problems;              /* for the message object; owned, may be empty */
	unsigned left;                 /* people who were removed */
	bool trusted;                  /* authenticated and not automatic: fields and commands count */
};

/* What the registry says of an address (normal form) now, seen from a ticket of this partner ("" none). *cls borrows from
 * *who. */
int queue_people_class(struct registry *r, const struct conf *conf, const char *partner, const char *normal,
    struct registry_sender *who, struct people_class *cls);
/* T3, T10: may a copy of the message (row id) leave for this address (normal form) now? Asks ticket, message and registry
 * anew: to be called at the moment the copy is handed over. contact_had: the smarthost took one for a contact of the
 * partner. *cause: for the audit. VG_ERR_NOTFOUND: no such ticket or message. */
int queue_people_may_send(struct store *s, struct registry *r, const struct conf *conf, uint64_t ticket, int64_t message,
    const char *address, bool contact_had, enum people_send *out, enum people_cause *cause);
/* May a letter to agents about the ticket leave for this address (normal form) now: is it still told of the ticket's route, and is it
 * nobody's whom the registry has as anything but an agent? *cause for NEVER. VG_ERR_NOTFOUND: no such ticket. */
int queue_people_may_tell(struct store *s, struct registry *r, const struct conf *conf, uint64_t ticket, const char *address,
    enum people_send *out, enum people_cause *cause);
/* The same of a letter about held mail (LETTER_ALARM, LETTER_HELD), which belongs to no ticket: the list still stands, or the address is
 * still that of a contact of an active partner or of a direct holder. */
int queue_people_may_hear(struct registry *r, const struct conf *conf, enum letter_kind kind, const char *address, enum people_send *out,
    enum people_cause *cause);
/* Is this one of the addresses that L2 mail goes to by configuration? */
bool queue_people_is_list(const struct conf *conf, const char *normal);
/* Brings people in and out and finds out who hears the message. Writes an audit record for every change and for
 * everybody who was not taken up. queue_people_free also after an error. */
int queue_people(struct queue_people *p);
void queue_people_free(struct queue_people *p);

#endif
