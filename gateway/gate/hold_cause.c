/*
 * hold_cause.c - the causes of a hold as data.
 */
#include <string.h>

#include "hold_cause.h"

#define LET_IN (HOLD_RELEASE | HOLD_DELETE)
#define LET_IN_OR_TELL (LET_IN | HOLD_REJECT)

const struct hold_cause hold_causes[] = {
	{"unverified-sender", "Nothing proves that the mail comes from the sender it names.",
	    "Ask the sender by telephone, or compare the evidence; release only if you are sure who wrote it.", LET_IN},
	{"dns", "The sender could not be verified, because DNS gave no answer for the whole waiting time.",
	    "Try `explain` now: if DNS answers again and the proof holds, release it.", LET_IN},
	{"signature-invalid", "It carries a signature by a registered key, and that signature is wrong.",
	    "The mail was changed on its way, or the key has expired: ask the sender before you release it.", LET_IN},
	{"automatic", "A machine wrote it (vacation answer, notice, bounce), and no ticket of the sender's is meant.",
	    "Delete it, unless it reports a case; a contact whose machine opens cases is set with --automatic open.",
	    LET_IN_OR_TELL},
	{"agent-without-ticket", "One of our agents wrote it, and it names no ticket.",
	    "Agents answer tickets; ask the agent to send it again as a reply, with the ticket's number in the subject.",
	    LET_IN_OR_TELL},
	{"membership-inactive", "The sender's partner is suspended or has expired.",
	    "Set the partner active and release it, or reject it with a text.", LET_IN_OR_TELL},
	{"unlisted-contact", "The sender is in a partner's domain, but is none of its listed contacts.",
	    "Release it as a contact this once, or register the sender as a contact.",
	    LET_IN_OR_TELL | HOLD_AS_CONTACT | HOLD_REGISTER},
	{"ambiguous-thread", "It was sent to the addresses of two different tickets.",
	    "Read it and decide which ticket it belongs to; a release goes by its header alone.", LET_IN_OR_TELL},
	{"postmaster", "It was sent to postmaster or abuse and to no other address of ours.",
	    "Read it: somebody may be telling us of a fault. It opens no ticket by itself.", LET_IN_OR_TELL},
	{"return-path", "It came back on the return path of an outgoing mail that the store does not know.",
	    "Look whether an address of a participant has failed; then delete it.", HOLD_DELETE},
	{"identity-disagreement", "Two careful readers of its header find two different senders.",
	    "This is how forgeries are made: look at the raw mail before you release it.", LET_IN},
	{"rate", "The sender sent more mail in a short time than is allowed.",
	    "Look whether a loop or a machine is at work; release what is real.", LET_IN_OR_TELL},
	{NULL, NULL, NULL, 0},
};

const struct hold_cause *hold_cause_find(const char *reason)
{
	static const struct hold_cause unknown = {"unknown", "It is held for a cause that this version does not know.",
	    "Look at the evidence.", LET_IN};

	for (const struct hold_cause *c = hold_causes; c->code != NULL; c++)
		if (strcmp(c->code, reason) == 0)
			return c;
	return &unknown;
}

const char *hold_action_name(unsigned actions, size_t i)
{
	static const char *const names[] = {"release", "release-as-contact", "register", "reject", "delete"};

	for (size_t k = 0; k < sizeof(names) / sizeof(names[0]); k++)
		if ((actions & 1u << k) != 0 && i-- == 0)
			return names[k];
	return NULL;
}
