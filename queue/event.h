/*
 * event.h - the JSON that the backend gets: events, tickets, our additions to the message object, exactly as
 * CONTRACT "Ticket events" has them. Pure: structs in, text out.
 */
#ifndef VG_EVENT_H
#define VG_EVENT_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "registry.h"
#include "store.h"

#define EVENT_RELATED_MAX 5

/* Whose ticket it is. partner NULL: none; holder "" : none. */
struct event_owner {
	const struct registry_partner *partner;
	const char *holder;      /* id */
	const char *holder_name;
};

struct event_ticket {
	const struct store_ticket *ticket;
	struct event_owner owner;
	const struct store_related *related;
	unsigned n_related;
	unsigned elsewhere; /* tickets of others with an error of this one; says no more (P9) */
};

/* Appends a JSON string; bytes that are not UTF-8 become U+FFFD. NULL: null. */
int event_string(struct buf *out, const char *s);
/* Appends the `ticket` object. */
int event_ticket(struct buf *out, const struct event_ticket *t);

struct event {
	const char *ulid, *kind;
	uint64_t seq;                /* 0 without a ticket */
	int64_t at;
	const char *const *changed;  /* names, NULL at the end; NULL: none */
	const struct event_ticket *ticket; /* NULL: null */
};
/* Appends the event up to its `message`, without the closing brace (struct store_event head). */
int event_head(struct buf *out, const struct event *e);

/* Appends the parser's object with our members added: id, raw_url, direction, visibility, audience, sender, verdict.
 * json is one object that message_check() passed. VG_ERR_SYNTAX when it is none. audience: JSON. */
int event_message(struct buf *out, const char *json, size_t len, const struct store_message *m, const char *audience);

/* Takes these members out of a whole message object again: what is left is the parser's. */
void event_message_strip(json_t *object);

/* CONTRACT's words. */
const char *event_role_word(enum participant_role role);
const char *event_class_word(enum sender_class cls);
const char *event_status_word(enum ticket_status status);
const char *event_sla_word(enum store_sla_state state);
/* The status of a word; TICKET_NONE for any other. */
enum ticket_status event_status(const char *word);

#endif
