/*
 * hold_cause.h - why mail is held, in words for the operator who has to decide (POLICY "Held mail"). Pure, static data;
 * linked into the gate and the queue.
 */
#ifndef VG_HOLD_CAUSE_H
#define VG_HOLD_CAUSE_H

#include <stddef.h>

/* What an operator can do; a set. */
enum hold_action {
	HOLD_RELEASE = 1u << 0,    /* run the table again, the operator standing for the sender */
	HOLD_AS_CONTACT = 1u << 1, /* the same, an unlisted colleague counting as a contact this once */
	HOLD_REGISTER = 1u << 2,   /* make the sender a contact, then release */
	HOLD_REJECT = 1u << 3,     /* refuse with a text: only where the sender is authenticated */
	HOLD_DELETE = 1u << 4
};

struct hold_cause {
	const char *code;   /* stable: the reason of a hold */
	const char *text;   /* what happened, one line */
	const char *advice; /* what to look at before deciding, one line */
	unsigned actions;   /* of enum hold_action */
};

/* Ends with code NULL. */
extern const struct hold_cause hold_causes[];

/* The cause of a hold's reason; one that says so for a reason that is not in the table (of a newer version). Never NULL. */
const struct hold_cause *hold_cause_find(const char *reason);
/* Word of the i-th action of a set ("release", "release-as-contact", "register", "reject", "delete"); NULL behind the last. */
const char *hold_action_name(unsigned actions, size_t i);

#endif
