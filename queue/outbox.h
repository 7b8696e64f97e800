/*
 * outbox.h - the store's part of outgoing mail: one row for each copy. Changes run in the writer thread.
 */
#ifndef VG_OUTBOX_H
#define VG_OUTBOX_H

#include "addr.h"
#include "store.h"

enum outbox_state { OUTBOX_QUEUED = 1, OUTBOX_HELD, OUTBOX_SENT, OUTBOX_FAILED, OUTBOX_CANCELLED };
/* "queued" … */
const char *outbox_state_word(enum outbox_state state);

/* Why a copy is held. */
enum outbox_hold {
	OUTBOX_BY_HAND,      /* an operator said so */
	OUTBOX_FOR_ADDRESS,  /* the address is suppressed */
	OUTBOX_FOR_CONTACT   /* no contact of the partner has the message (T3) */
};

/* Strings are owned when read, borrowed when added. */
struct outbox_row {
	int64_t id;
	char ulid[ULID_LEN + 1];
	uint64_t ticket;
	int64_t message;
	enum letter_kind kind;
	char *recipient, *shown, *name; /* normal form; as written; display name */
	enum participant_role role;
	int64_t participant;
	bool contact_had;
	char *letter;
	enum outbox_state state;
	enum outbox_hold hold; /* while it is held */
	unsigned attempts;
	int64_t next_at, created_at, updated_at;
	unsigned code;
	char *answer, *message_id; /* "" where none */
};

/* Queues a copy: ulid, state and times are set here. An address that is suppressed gets a row all the same, held. */
int store_outbox_add(struct store *s, const struct outbox_row *r, int64_t now);
/* Copies to be tried now, the longest due first, contacts before others of the same message: how many. A letter waits while an
 * earlier one of its ticket to the same recipient is queued, unless the smarthost has put that one off four times (4xx), or
 * it is a notice that we put off. */
int store_outbox_due(struct store *s, int64_t now, int64_t *ids, unsigned max);
/* When another copy becomes due after now; 0: none. */
int store_outbox_next(struct store *s, int64_t now, int64_t *at);
/* VG_ERR_NOTFOUND. */
int store_outbox_row(struct store *s, int64_t id, struct outbox_row *out);
int store_outbox_by_ulid(struct store *s, const char *ulid, struct outbox_row *out);
void store_outbox_free(struct outbox_row *r);
/* State, hold, attempts, next_at, code, answer, message_id of the row from now on. */
int store_outbox_save(struct store *s, const struct outbox_row *r, int64_t now);
/* Did the smarthost take a copy of the message for a contact? 1 yes, 0 no. */
int store_outbox_contact_had(struct store *s, int64_t message);
/* Is a copy of the ticket's message for a contact still queued? 1 yes, 0 no. */
int store_outbox_contact_waits(struct store *s, uint64_t ticket, int64_t message);
/* What waits for a contact's copy of the message (T3) is due now. */
int store_outbox_wake(struct store *s, uint64_t ticket, int64_t message, int64_t now);
/* Cancels what is queued or held for one recipient of a ticket, but notices of removal. */
int store_outbox_cancel(struct store *s, uint64_t ticket, const char *recipient, const char *why, int64_t now);
/* Message-ID of the last letter that left for a recipient of a ticket, appended; nothing: none did. */
int store_outbox_last_id(struct store *s, uint64_t ticket, const char *recipient, struct buf *out);
/* Rows before the row id `before` (0: from the newest), of one state (0: any) and ticket (0: any): how many. */
int store_outbox_list(struct store *s, int64_t before, enum outbox_state state, uint64_t ticket, struct outbox_row *out, unsigned max);
/* A contact has a copy of the message: customers' copies of it that were held go (T3), and what failed for this contact while
 * customers wait for it is tried again, since the address takes mail. */
int store_outbox_contact_has(struct store *s, int64_t message, const char *recipient, int64_t now);
/* Messages of which customers' copies are held by T3, while no copy for a contact is queued, oldest first: how many. */
int store_outbox_stuck(struct store *s, struct outbox_row *out, unsigned max);
/* Was there ever a copy of the message for the address, whatever became of it? 1 yes, 0 no. */
int store_outbox_knows(struct store *s, int64_t message, const char *recipient);
/* Was the address told of a refusal since then? 1 yes, 0 no. */
int store_outbox_refused(struct store *s, const char *recipient, int64_t since);
/* Who got notices since a time, oldest first: calls each with the address and when. Bounded. */
int store_outbox_notices(struct store *s, int64_t since, void (*each)(void *arg, const char *recipient, int64_t at), void *arg);

/* ---- addresses that bounced for good ---- */

struct outbox_suppressed {
	char address[ADDR_MAX + 1], outbox[ULID_LEN + 1], report[ULID_LEN + 1];
	uint64_t ticket;
	char reason[512];
	int64_t at;
};
/* No copy leaves for the address any more, until it is lifted. report: id of the message that said so, "" without. */
int store_suppress(struct store *s, const char *address, int64_t outbox, const char *report, const char *reason, int64_t now);
/* VG_OK also where it is not; *was: it was. What was held for it goes, and what failed for a contact while customers wait for it (T3). */
int store_unsuppress(struct store *s, const char *address, int64_t now, bool *was);
/* 1 yes, 0 no. */
int store_is_suppressed(struct store *s, const char *address);
/* One address (VG_ERR_NOTFOUND), or those behind `after` in their order: how many. */
int store_suppressed(struct store *s, const char *address, struct outbox_suppressed *out);
int store_suppressed_list(struct store *s, const char *after, struct outbox_suppressed *out, unsigned max);

#endif
