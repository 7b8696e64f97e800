/*
 * people.h - who takes part in a ticket, who sees a message, to whom a copy may leave: POLICY T1-T10 as pure functions over
 * ticket, message and registry facts. No SQL, no sockets, no clock. Addresses are normal forms (addr.h) and borrowed.
 */
#ifndef VG_PEOPLE_H
#define VG_PEOPLE_H

#include <stdbool.h>
#include <stddef.h>

#include "ipc_messages.h"

/* What the registry says of an address now, seen from one ticket. */
struct people_class {
	enum sender_class cls;
	const char *partner;         /* contact, partner-domain: whose; "" else */
	const char *holder;          /* direct: whose; "" else */
	bool as_contact;             /* partner-domain that the partner lets act as contact */
	bool customer_here;          /* registered as customer of the ticket's partner */
	bool customer_elsewhere;     /* registered as customer of other partners */
	bool ours;                   /* one of our own addresses */
};

/* A row about somebody and a ticket; those who left and those who are only asked for have one too. */
struct people_member {
	const char *address;
	enum participant_role role;
	bool in;      /* takes part now */
	bool removed; /* T7: was removed; only `#customer add` brings them back */
	bool asked;   /* T1: an agent asked for them, no contact has confirmed */
};

struct people_ticket {
	const char *partner, *holder; /* "" where none */
	bool partner_active;
	const struct people_member *members;
	size_t n;
};

enum people_field { PEOPLE_TO = 1, PEOPLE_CC = 2 };

/* An address that stands on a message. */
struct people_named {
	const char *address;
	enum people_field field;
	struct people_class who;
};

enum people_visibility { PEOPLE_PUBLIC, PEOPLE_PARTNER, PEOPLE_INTERNAL };

/* A message that another one answers. */
struct people_answered {
	bool known;
	enum people_visibility visibility;
	const char *const *audience;
	size_t n;
};

struct people_message {
	const char *sender;
	enum participant_role role;   /* under which the sender writes */
	bool authenticated;           /* or released by an operator */
	bool automatic;               /* V5: brings nobody in, commands nothing */
	const char *covers;           /* header fields that the proof covers: "*", or names joined by ':' */
	const struct people_named *named;
	size_t n;
	bool note, open;              /* `#note`, `#public`, from somebody who may say so */
	struct people_answered answers;
};

/* Does the proof cover this header field (any case)? */
bool people_covers(const char *covers, const char *field);

enum people_cause {
	PEOPLE_FINE,
	PEOPLE_OTHER_PARTNER,   /* T2 */
	PEOPLE_OTHER_CUSTOMER,  /* T2: of other partners only */
	PEOPLE_AGENT,           /* T2 */
	PEOPLE_DIRECT,          /* T2: a direct holder without relation to the partner */
	PEOPLE_OURS,            /* T2 */
	PEOPLE_LIST,            /* T2 */
	PEOPLE_NO_REPLY,        /* T2 */
	PEOPLE_REMOVED,         /* T7: a Cc does not bring back */
	PEOPLE_NOT_COVERED,     /* T1: anybody could have added the field */
	PEOPLE_WITHOUT_US,      /* T1: none of our addresses stands in a covered To or Cc */
	PEOPLE_NOT_CONTACT,     /* T1: not by an authenticated contact of the partner */
	PEOPLE_INACTIVE,        /* T10: the partner, or what the registry now says of the address */
	PEOPLE_NO_PARTNER,      /* a ticket of a direct holder has no customers */
	PEOPLE_NOT_ASKED,       /* nothing to confirm */
	PEOPLE_NOT_THERE,       /* nobody to remove */
	PEOPLE_NOT_ALLOWED,     /* T6: the sender may not command this */
	PEOPLE_NOT_AUDIENCE,    /* T9 */
	PEOPLE_FULL,            /* the ticket has as many people as it can have */
	PEOPLE_CAUSES
};
/* The exact cause as a word, for the audit only (T2). */
const char *people_cause_word(enum people_cause cause);
/* The rule that a refusal cites. */
const char *people_cause_rule(enum people_cause cause);

enum people_what { PEOPLE_NOTHING, PEOPLE_JOIN, PEOPLE_ASK, PEOPLE_LEAVE, PEOPLE_REFUSE };
struct people_change {
	enum people_what what;
	enum participant_role role; /* JOIN */
	enum people_cause cause;    /* REFUSE; else PEOPLE_FINE */
	const char *rule;           /* "T1", "T2", "T7" */
};

/* What follows from an address standing in To or Cc of a message (T1, T2, T7). NOTHING: takes part already, is one of
 * ours, or the sender is one whose To and Cc bring in nobody (T6, automatic mail). An agent's bring in contacts only. */
struct people_change people_named(const struct people_ticket *t, const struct people_message *m,
    const struct people_named *who);

enum people_command { PEOPLE_ADD = 1, PEOPLE_CONFIRM, PEOPLE_REMOVE };
/* What follows from `#customer add|confirm|remove` (T1, T2, T6, T7). */
struct people_change people_command(const struct people_ticket *t, const struct people_message *m, enum people_command what,
    const char *address, const struct people_class *who);

/* T9: `#note` restricts; an agent's answer to a restricted message stays so unless `#public`. */
enum people_visibility people_visibility(const struct people_message *m);
/* T9: is this member in the audience of the message as it comes? Agents are not listed: they see everything (false). */
bool people_hears(const struct people_message *m, const struct people_member *who);
/* T4: a customer's message with no contact of the partner in To or Cc. */
bool people_dropped_partner(const struct people_ticket *t, const struct people_message *m);

/* A stored message: what T9 made of it. */
struct people_stored {
	enum people_visibility visibility;
	const char *const *audience;
	size_t n;
};
/* T5: may this member see the message, or its text quoted? */
bool people_may_see(const struct people_member *who, const struct people_stored *m);

enum people_send { PEOPLE_SEND, PEOPLE_WAIT, PEOPLE_NEVER };
/* T3, T10: may a copy leave now? now: the registry at this moment. contact_had: the smarthost took a copy of the same
 * message for a contact of the partner. WAIT: not before that. *cause for NEVER. */
enum people_send people_may_send(const struct people_ticket *t, const struct people_member *to, const struct people_stored *m,
    const struct people_class *now, bool contact_had, enum people_cause *cause);

#endif
