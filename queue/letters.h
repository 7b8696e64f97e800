/*
 * letters.h - who gets which letter because of a message (T3-T5, T9 decide about the copies, this about the rest). Pure.
 */
#ifndef VG_LETTERS_H
#define VG_LETTERS_H

#include <stdbool.h>
#include <stddef.h>

#include "buf.h"
#include "ipc_messages.h"
#include "people.h"

#define LETTERS_MAX 256u

struct letters_person {
	const char *address;        /* normal form */
	enum participant_role role;
	bool joined;                /* by this very message */
	bool hears;                 /* is in its audience */
	bool had;                   /* stood in its To or Cc: has it already */
};

struct letters_message {
	const char *sender;         /* normal form */
	enum participant_role role; /* under which they write */
	bool opens;                 /* the ticket */
	bool automatic;             /* or quiet: no participant is told of it */
	bool quiet;                 /* nobody at all is */
	enum people_visibility visibility;
	bool by_us;                 /* L2 wrote it through the API: nobody has it already */
};

struct letter_to {
	size_t person;              /* index */
	enum letter_kind kind;
};

/* Fills out (LETTERS_MAX): how many. An acknowledgement goes to the opener only; a copy to everybody else who hears the
 * message and does not have it, nobody gets two letters for one message. Agents are not among persons: they get what they
 * are told of by their own list. */
size_t letters_plan(struct letter_to *out, const struct letters_message *m, const struct letters_person *people, size_t n);
/* An address of L2 that is told of the tickets of a route. */
struct letters_list {
	const char *route;          /* "any": of all */
	const char *address;        /* normal form */
	bool had;                   /* stood in the message's To or Cc */
};
/* Does the list take tickets of this route? */
bool letters_takes(const struct letters_list *list, const char *route);
/* Which lists get a letter to agents about a message in a ticket of this route: out (LETTERS_MAX indices), how many. Each address
 * once, not its own messages, nothing of quiet mail. What an agent's mail says of its To and Cc is believed; nobody else keeps
 * a message from L2 by naming it there. */
size_t letters_agents(size_t *out, const struct letters_message *m, const char *route, const struct letters_list *lists, size_t n);
/* The text with every mention of the address (normal form or as written; letter case aside) replaced: an agent's own one leaves in
 * none of their words. VG_ERR_LIMIT, VG_ERR_MEMORY. */
int letters_hide(struct buf *out, const char *text, const char *address, const char *instead);
/* The text behind the command lines at its start, which are not for its readers. */
const char *letters_behind_commands(const char *text);
/* Does a contact of the partner have the message without a letter: as its writer, or in To or Cc (T3)? */
bool letters_contact_had(const struct letters_message *m, const struct letters_person *people, size_t n);

#endif
