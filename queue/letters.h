/*
 * letters.h - who gets which letter because of a message (T3-T5, T9 decide about the copies, this about the rest). Pure.
 */
#ifndef VG_LETTERS_H
#define VG_LETTERS_H

#include <stdbool.h>
#include <stddef.h>

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
	bool automatic;             /* or quiet: nobody is told of it */
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
/* Does a contact of the partner have the message without a letter: as its writer, or in To or Cc (T3)? */
bool letters_contact_had(const struct letters_message *m, const struct letters_person *people, size_t n);

#endif
