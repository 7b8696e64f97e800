/*
 * store.h - the one front of the store: messages, tickets, participants, events, leases, held mail, audit,
 * in their own terms. store_sqlite*.c is the embedded back end; a second one answers the same functions.
 * A struct store belongs to one thread at a time. Functions that change anything run inside
 * store_begin … store_commit and leave the transaction to be rolled back when they fail.
 */
#ifndef VG_STORE_H
#define VG_STORE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "conf.h"
#include "id.h"
#include "ipc_messages.h"
#include "seal.h"

struct store;

/* Opens the store in folder DIR. writable: creates and migrates it; there is one such in the process. VG_ERR_VERSION
 * for data of a newer version, VG_ERR_STORE, VG_ERR_FULL, with *why. */
int store_open(struct store **out, const char *dir, bool writable, const char **why);
void store_close(struct store **s);

/* One durable transaction: when store_commit returns VG_OK everything is on disk. A failed one is rolled back. */
int store_begin(struct store *s);
int store_commit(struct store *s);
void store_rollback(struct store *s);
/* A part that can be undone alone. keep: its changes stay. */
int store_part_begin(struct store *s);
int store_part_end(struct store *s, bool keep);
/* Moves what is committed from the log to the main file, without waiting for readers; hard: waits and cuts the log.
 * *left: pages of the log not moved yet. */
int store_checkpoint(struct store *s, bool hard, int *left);
/* Pages in the log after the last commit on this connection. */
int store_log_pages(const struct store *s);
/* Blob files that nothing refers to any more since the last call, each name with a NUL behind it: to be removed after
 * the commit. A rollback empties the list. */
int store_take_gone(struct store *s, struct buf *out);

/* ---- accepting (COMMIT) ---- */

enum store_message_state {
	MSG_ACCEPTED = 1, /* 250 was said; not parsed yet */
	MSG_APPLIED,      /* part of its ticket */
	MSG_HELD,         /* waits for an operator */
	MSG_REFUSED       /* was held; rejected, deleted or expired: content gone, audit record kept */
};

struct store_body {
	const char *ulid;     /* id of the message to be */
	const char *envelope; /* JSON */
	const unsigned char *key; /* SEAL_WRAPPED bytes */
	const void *sealed;   /* NULL: in a blob file */
	size_t sealed_len;
	const char *blob;     /* file name, NULL: sealed */
};

struct store_accepted {
	int64_t id;             /* row of the new message, 0 for a duplicate or a refusal */
	char ulid[ULID_LEN + 1]; /* of the message, or of the first one for a duplicate */
	uint64_t ticket;
	bool duplicate;
	char reference[ULID_LEN + 1]; /* of the audit record, "" where none */
};

/* Stores what the gate decided: OPEN allots the ticket number, APPEND adds to one, HOLD and REFUSE leave an audit
 * record, REFUSE nothing else. expires_at: of a hold. VG_ERR_NOTFOUND: APPEND to a ticket that is not there. */
int store_accept(struct store *s, const struct commit *c, const struct store_body *body, int64_t now, int64_t expires_at,
    struct store_accepted *out);

/* ---- look-ups of the gate ---- */

/* The message with this content digest. VG_ERR_NOTFOUND. */
int store_duplicate(struct store *s, const void *digest, size_t len, char ulid[ULID_LEN + 1], uint64_t *ticket);
/* Is a message with this Message-ID stored? 1 yes, 0 no. */
int store_message_id_seen(struct store *s, const char *message_id);
/* V3: the DNS failed for this mail, now. Nothing is kept without a Message-ID: nobody could tell a second try. */
int store_defer(struct store *s, const char *sender, const char *message_id, int64_t now);
/* *at: when that happened first, 0: not in the last 7 days. */
int store_deferred_since(struct store *s, const char *sender, const char *message_id, int64_t now, int64_t *at);
/* Removes at most max of what no longer counts. */
int store_deferral_expire(struct store *s, int64_t now, unsigned max);
/* ---- mailboxes ---- */

/* What is known of these UIDs (4 bytes each, big-endian) of a mailbox: imap_item, appended to out, *n counts. */
int store_imap_known(struct store *s, const char *mailbox, uint32_t validity, const unsigned char *uids, size_t len,
    struct buf *out, uint32_t *n);
/* Keeps one. A mail that was moved stays so. */
int store_imap_note(struct store *s, const char *mailbox, uint32_t validity, const struct imap_item *item, int64_t now);
/* Removes at most max of those that left their mailbox long ago. */
int store_imap_expire(struct store *s, int64_t now, unsigned max);

/* The sender's place in a ticket as a thread fact: strings are borrowed until the next call on s.
 * VG_ERR_NOTFOUND: no such ticket. */
int store_thread(struct store *s, uint64_t ticket, const char *sender, struct facts_thread *out);
/* Is this a participant of the ticket who was not removed (else VG_ERR_NOTFOUND), and *own: the sender themselves? */
int store_participant_valid(struct store *s, uint64_t ticket, uint64_t participant, const char *sender, bool *own);

struct store_thread_hit {
	uint64_t ticket;
	bool ours;        /* a message that we sent */
	bool in_audience; /* its audience held the sender */
};
/* Messages on tickets that carry this Message-ID, those of the partner ("" none) first: their number, at most max. */
int store_by_message_id(struct store *s, const char *message_id, const char *partner, const char *sender,
    struct store_thread_hit *hits, unsigned max);

/* ---- parsing ---- */

struct store_pending {
	int64_t id;
	uint64_t ticket; /* 0 for a held message */
};
/* Messages to be parsed after row `after`, in order: their number. */
int store_unparsed(struct store *s, int64_t after, struct store_pending *out, unsigned max);

/* One message's row. Owns its strings. */
struct store_message {
	int64_t id;
	char ulid[ULID_LEN + 1];
	enum store_message_state state;
	bool parsed, quiet, reopen, released, message_id_seen, outgoing;
	enum commit_action action;
	uint64_t ticket, continues;
	int64_t outbox;      /* the outgoing mail on whose return path it came back, 0: none */
	unsigned visibility; /* enum people_visibility */
	enum sender_class cls;
	enum participant_role role;
	char *rule, *reason, *text, *partner, *holder, *route;
	char *sender, *sender_shown, *sender_name, *subject, *message_id, *automatic;
	uint64_t size;
	int64_t received_at, stored_at;
	unsigned char key[SEAL_WRAPPED];
	bool has_key;
	char *blob; /* NULL: in the store */
	char *facts, *envelope;
};
/* VG_ERR_NOTFOUND. store_message_free also after an error. */
int store_message(struct store *s, int64_t id, struct store_message *out);
int store_message_by_ulid(struct store *s, const char *ulid, struct store_message *out);
void store_message_free(struct store_message *m);
/* Sealed bytes kept in the store, appended to out; VG_ERR_NOTFOUND: in a blob file, or gone. */
int store_message_sealed(struct store *s, int64_t id, struct buf *out);
/* L2 wrote it here: its direction is out. */
int store_message_outgoing(struct store *s, int64_t id);
/* Header fields that stand before the message when it is read. */
int store_message_prefix(struct store *s, int64_t id, struct buf *out);
/* The gate's evidence of a message is this JSON from now on. */
int store_message_facts(struct store *s, int64_t id, const char *facts);
/* 1: some message refers to this blob file, 0: none. */
int store_blob_known(struct store *s, const char *name);

/* ---- tickets ---- */

enum store_sla_state { SLA_NONE, SLA_RUNNING, SLA_WARNED, SLA_BREACHED, SLA_MET };

struct store_participant {
	int64_t id;
	enum participant_role role;
	bool by_contact;
	char *address, *shown, *name, *added_by;
	int64_t added_at;
	int64_t message;
	char message_ulid[ULID_LEN + 1]; /* of that message; read only, "" where none */
};

struct store_ticket {
	uint64_t number, continues, merged_into;
	bool pending;
	char *partner, *holder, *route, *subject, *reference; /* partner, holder: "" where none */
	unsigned severity;
	enum ticket_status status;
	enum store_sla_state sla_state;
	int64_t first_response_due, opened_at, updated_at, closed_at;
	uint64_t seq;
	struct store_participant *participants;
	unsigned n_participants;
};
#define STORE_PARTICIPANTS_MAX 200

/* With those who take part now. VG_ERR_NOTFOUND. store_ticket_free also after an error. */
int store_ticket(struct store *s, uint64_t number, struct store_ticket *out);
void store_ticket_free(struct store_ticket *t);
/* Visible tickets whose first answer is due before `at`, of those whose clock runs or (warned) was warned of, the longest due first:
 * how many numbers. */
int store_clocks(struct store *s, int64_t at, bool warned, uint64_t *out, unsigned max);
/* Writes every field but the participants back. */
int store_ticket_save(struct store *s, const struct store_ticket *t);
/* Adds somebody; no error when they take part already (*added false). */
int store_participant_add(struct store *s, uint64_t ticket, const struct store_participant *p, bool *added);
/* Takes back whom a message brought in (it became held), at time now. */
int store_participants_undo(struct store *s, uint64_t ticket, int64_t message);
/* Is somebody who does not take part one who was removed, one who is asked for? */
int store_person(struct store *s, uint64_t ticket, const char *address, bool *removed, bool *asked);
/* Notes that an agent (by) asked for somebody at that time by that message; takes the note back. */
int store_person_ask(struct store *s, uint64_t ticket, const char *address, const char *by, int64_t at, int64_t message);
int store_person_unask(struct store *s, uint64_t ticket, const char *address);
/* Those asked for, at most STORE_PARTICIPANTS_MAX, as a JSON array of {address, asked_by, asked_at}. */
int store_persons_asked(struct store *s, uint64_t ticket, json_t **out);
/* Ends somebody's part at once, and a note that they are asked for (T7); *removed: they took part. */
int store_participant_remove(struct store *s, uint64_t ticket, const char *address, const char *by, int64_t at, bool *removed);
/* Notes that a ticket went into another one; *into: where a ticket's messages go now, itself where it did not. */
int store_ticket_merge(struct store *s, uint64_t from, uint64_t into);
int store_ticket_merged(struct store *s, uint64_t number, uint64_t *into);
/* The message belongs to this ticket from now on. */
int store_message_move(struct store *s, int64_t message, uint64_t ticket);
/* A mail that came back belongs to this ticket from now on, as one of somebody in that role. */
int store_message_place(struct store *s, int64_t message, uint64_t ticket, enum participant_role role);
/* Removes a ticket that never became visible. */
int store_ticket_drop(struct store *s, uint64_t number);

struct store_ticket_filter {
	const char *partner;    /* NULL: any */
	enum ticket_status status; /* TICKET_NONE: any */
	const char *query;      /* full text; NULL: none */
	uint64_t before;        /* numbers below this; 0: from the newest */
	unsigned max;
};
/* Numbers of visible tickets, newest first: how many were found. */
int store_tickets(struct store *s, const struct store_ticket_filter *f, uint64_t *out);
/* Rows of a ticket's messages after row `after`, in order: how many. */
int store_ticket_messages(struct store *s, uint64_t ticket, int64_t after, int64_t *out, unsigned max);

/* Notes that an error was seen on a ticket of owner (partner id, or ":" and a holder's); place: among the errors of its message. */
int store_error_seen(struct store *s, const char *owner, const char *fingerprint, uint64_t ticket, unsigned place);
struct store_related {
	uint64_t number;
	char fingerprint[33];
};
/* The errors seen on a ticket, the most significant first: how many. */
int store_errors_of(struct store *s, uint64_t ticket, struct store_related *out, unsigned max);
/* Tickets of anybody but the owner with this error, in no order: how many. Their numbers are for counting only (P9). */
int store_related_elsewhere(struct store *s, const char *owner, const char *fingerprint, uint64_t *out, unsigned max);
/* What was seen on one ticket counts for the other from now on. */
int store_errors_move(struct store *s, uint64_t from, uint64_t into);
/* Other visible tickets of the owner with this error, newest first: how many. */
int store_related(struct store *s, const char *owner, const char *fingerprint, uint64_t not_this,
    struct store_related *out, unsigned max);

/* ---- applying ---- */

/* Keeps the message object; *object: its row. */
int store_object_add(struct store *s, int64_t message, const char *json, size_t len, int64_t *object);
/* The newest object of a message, appended to out. VG_ERR_NOTFOUND: not parsed yet. */
int store_object(struct store *s, int64_t message, struct buf *out);
/* The message is parsed: its state and audience (JSON) from now on. */
/* What T9 made of a message: visibility, and its audience (JSON array of addresses) appended. VG_ERR_NOTFOUND. */
int store_message_audience(struct store *s, int64_t message, unsigned *visibility, struct buf *audience);
/* The same of the ticket's message with this Message-ID. */
int store_answered(struct store *s, uint64_t ticket, const char *message_id, unsigned *visibility, struct buf *audience);
/* Who in the ticket wrote the mail with this Message-ID: *agent that an agent did, *known that an agent did not, or that it is one of
 * our letters. Neither: nobody knows it. */
int store_message_id_of(struct store *s, uint64_t ticket, const char *message_id, bool *agent, bool *known);
int store_message_applied(struct store *s, const struct store_message *m, const char *audience);
int store_attachment_add(struct store *s, const unsigned char hash[32], int64_t message, const char *part);
/* Newest message with an attachment of this hash. VG_ERR_NOTFOUND. */
int store_attachment_by_hash(struct store *s, const unsigned char hash[32], int64_t *message, char part[16]);
/* The same among the messages of one ticket. */
int store_attachment_in_ticket(struct store *s, const unsigned char hash[32], uint64_t ticket, int64_t *message, char part[16]);
/* In how many other messages of that sender it is, at most max. */
int store_attachment_repeats(struct store *s, const unsigned char hash[32], const char *sender, int64_t message, unsigned max,
    unsigned *n);

/* A picture whose text is to be read. */
struct store_picture {
	int64_t message;
	char part[16];
	bool is_inline, in_signature;
	unsigned tries; /* begun */
};
/* No error when it is there. */
int store_picture_add(struct store *s, const struct store_picture *p);
/* Those without a result, oldest message first: how many. */
int store_pictures_waiting(struct store *s, struct store_picture *out, unsigned max);
/* Counts a try; *tries: with this one. VG_ERR_NOTFOUND: it does not wait (any more). */
int store_picture_begin(struct store *s, int64_t message, const char *part, unsigned *tries);
/* Keeps a result ("": none to be had). *last: no picture of the message waits any more. */
int store_picture_result(struct store *s, int64_t message, const char *part, const char *result, bool *last);
/* All results of a message, in the order of its attachments; result NULL: none to be had. A failing callback stops. */
typedef int store_picture_cb(void *arg, const struct store_picture *p, const char *result);
int store_pictures_results(struct store *s, int64_t message, store_picture_cb *cb, void *arg);
int store_pictures_clear(struct store *s, int64_t message);
/* Rows of mail that was received since then (Unix ms), held and refused ones too, after row `after`, in order: how many. */
int store_received(struct store *s, int64_t since, int64_t after, int64_t *out, unsigned max);
/* Message becomes held. */
int store_hold(struct store *s, int64_t message, const char *reason, int64_t now, int64_t expires_at);
/* Puts up to max objects that are not yet there into the full-text index: how many. Runs in the idle writer. */
int store_index_more(struct store *s, unsigned max);

/* ---- events ---- */

struct store_event {
	const char *ulid;
	uint64_t ticket;  /* 0: none */
	uint64_t seq;
	const char *kind; /* "ticket.opened" */
	const char *route;
	int64_t chain;    /* events of one chain are delivered in order */
	const char *head;
	size_t head_len;
	int64_t object;   /* 0: none */
	int64_t at;
};
/* Stores it and makes it deliverable to every consumer. */
int store_event_add(struct store *s, const struct store_event *e);

/* ---- leases; consumer 1 is the queue ---- */

#define CONSUMER_QUEUE 1

enum store_delivery_state { DELIVERY_BLOCKED, DELIVERY_READY, DELIVERY_LEASED, DELIVERY_DELAYED, DELIVERY_DEAD };
enum store_settle { SETTLE_OK, SETTLE_EXPIRED, SETTLE_UNKNOWN };

struct store_claim {
	int64_t consumer;
	unsigned max;
	int64_t now, lease_ms;
	unsigned attempts;         /* after so many an event is dead */
	const char *const *routes; /* n_routes 0: any */
	unsigned n_routes;
};
/* Leases ready events, oldest first, and appends `{"receipt":…,"event":{…}}` objects with commas between: how many. */
int store_claim(struct store *s, const struct store_claim *c, struct buf *out);
/* Ends leases and delays that are over: how many events became ready or dead. */
int store_expire_leases(struct store *s, int64_t now, unsigned attempts, unsigned *dead);
/* When the next lease or delay ends; 0: none is running. */
int store_next_due(struct store *s, int64_t *at);
int store_ack(struct store *s, const char *receipt, int64_t now, enum store_settle *out);
/* Back to the queue after delay_ms; dead when its attempts are used up (*dead). */
int store_nack(struct store *s, const char *receipt, int64_t now, int64_t delay_ms, unsigned attempts,
    enum store_settle *out, bool *dead);
/* The lease ends at now + lease_ms instead. */
int store_extend(struct store *s, const char *receipt, int64_t now, int64_t lease_ms, enum store_settle *out);
/* Dead events after row `after`: items appended with commas between; *last their last row. How many. */
int store_dead(struct store *s, int64_t consumer, int64_t after, unsigned max, struct buf *out, int64_t *last);
/* A dead event is delivered again. VG_ERR_NOTFOUND: not dead, or not there. */
int store_requeue(struct store *s, int64_t consumer, const char *ulid);

struct store_queue_stats {
	uint64_t depth, ready, leased, dead; /* depth: not acknowledged, the dead left out */
	int64_t oldest_at;                   /* 0: the queue is empty */
	uint64_t unparsed, held;
};
int store_queue_stats(struct store *s, int64_t consumer, struct store_queue_stats *out);

/* ---- held mail ---- */

struct store_held {
	int64_t message;
	char reason[64];
	int64_t held_at, expires_at;
};
/* After row `after`, of one reason only where it is not NULL: how many. */
int store_held_list(struct store *s, int64_t after, const char *reason, struct store_held *out, unsigned max);
int store_held(struct store *s, int64_t message, struct store_held *out);
/* Held messages whose time is over: how many. */
int store_held_expired(struct store *s, int64_t now, int64_t *out, unsigned max);
/* Ends a hold: the message becomes what m says (state, action, ticket, rule …); released ones are parsed again. A
 * pending ticket that nobody needs any more is dropped. how: counter, "released", "rejected", "deleted", "expired". */
int store_held_end(struct store *s, struct store_message *m, const char *how, int64_t now);

/* ---- audit, counters, tokens, repeated requests ---- */

struct store_audit {
	const char *actor, *what, *rule, *reason, *text, *sender, *sess, *peer, *message, *facts; /* NULL: "" */
	uint64_t ticket;
	int64_t at;
};
/* Writes a record; reference receives its id. */
int store_audit_add(struct store *s, const struct store_audit *a, char reference[ULID_LEN + 1]);
/* Records as JSON objects, newest first, before the reference `before` (NULL: from the newest), of one sender only where
 * sender is not NULL. */
int store_audit_list(struct store *s, const char *before, const char *sender, unsigned max, json_t **out);
/* VG_ERR_NOTFOUND. */
int store_audit_show(struct store *s, const char *reference, json_t **out);
/* Removes records older than `at`, at most max: how many. */
int store_audit_expire(struct store *s, int64_t at, unsigned max);

int store_count(struct store *s, const char *counter, int64_t n);
/* All counters as a JSON object. */
int store_counters(struct store *s, json_t **out);
/* Counts rows and compares with the counters: 1 they agree, 0 they do not (told on the log). Slow. */
int store_counters_check(struct store *s);

int store_token_add(struct store *s, const char *name, const unsigned char hash[32], const char *scopes, int64_t now);
int store_token_remove(struct store *s, const char *name);
int store_token_list(struct store *s, json_t **out);
/* VG_ERR_NOTFOUND. name and scopes: copied, 64 and 128 bytes. */
int store_token_check(struct store *s, const unsigned char hash[32], char name[64], char scopes[128]);

/* An answer already given to this key. Owns its strings. */
struct store_answer {
	unsigned char request[32];
	unsigned status; /* 0: still running */
	char *content_type;
	char *body;
	size_t body_len;
};
/* VG_ERR_NOTFOUND. */
int store_answer_get(struct store *s, const char *actor, const char *key, struct store_answer *out);
void store_answer_free(struct store_answer *a);
/* Notes a running request (status 0) or its answer. */
int store_answer_put(struct store *s, const char *actor, const char *key, const struct store_answer *a, int64_t now);
int store_answer_drop(struct store *s, const char *actor, const char *key);
int store_answer_expire(struct store *s, int64_t before);

/* Notes of the store about itself. Missing: VG_ERR_NOTFOUND. */
int store_note_get(struct store *s, const char *name, int64_t *value);
int store_note_set(struct store *s, const char *name, int64_t value);

#endif
