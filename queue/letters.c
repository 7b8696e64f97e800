/*
 * letters.c - which letters follow from a message. Called by the writer of the queue process. Pure.
 */
#include "letters.h"

#include <string.h>

static bool
is_contact(enum participant_role role)
{
	return role == PART_CONTACT || role == PART_HOLDER;
}

/* LETTER_ACK is the lowest; 0: none. */
static int
letter_for(const struct letters_message *m, const struct letters_person *p)
{
	bool sender = strcmp(p->address, m->sender) == 0, has = p->had && !m->by_us;

	if (p->role == PART_AGENT)
		return 0;
	if (sender)
		return m->opens && is_contact(p->role) ? LETTER_ACK : 0;
	if (!p->hears)
		return 0;
	if (m->role == PART_AGENT)
		return has ? 0 : LETTER_REPLY;
	/* Whoever is new has the mail from its To or Cc, and needs an address of their own to answer to. */
	if (p->joined)
		return LETTER_JOINED;
	return has ? 0 : LETTER_RELAY;
}

size_t
letters_plan(struct letter_to *out, const struct letters_message *m, const struct letters_person *people, size_t n)
{
	size_t k = 0;

	if (m->automatic || m->visibility == PEOPLE_INTERNAL)
		return 0;
	for (size_t i = 0; i < n && k < LETTERS_MAX; i++) {
		int kind = letter_for(m, &people[i]);

		if (kind > 0)
			out[k++] = (struct letter_to){ i, (enum letter_kind)kind };
	}
	return k;
}

bool
letters_contact_had(const struct letters_message *m, const struct letters_person *people, size_t n)
{
	bool had = is_contact(m->role);

	for (size_t i = 0; i < n && !had; i++)
		had = is_contact(people[i].role) && people[i].had && people[i].hears && !m->by_us;
	return had;
}
