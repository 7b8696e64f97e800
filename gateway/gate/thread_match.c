/*
 * thread_match.c - the order of POLICY: token, Message-IDs, subject number. Runs in the gate, and in the queue when held
 * mail is released. Message-IDs are chosen by senders and subjects are guessable, so neither reaches over a partner's
 * border: such a hit is only kept for the audit.
 */
#include <string.h>

#include "thread_match.h"

static const char *const names[] = {"none", "token", "our-message-id", "foreign-message-id", "subject-number"};

const char *match_kind_name(enum match_kind kind)
{
	return names[kind];
}

/* A candidate of the sender's own house, or one in which they take part. */
static bool is_own(const struct thread_facts *f, const struct facts_thread *c)
{
	if (f->cls == CLASS_AGENT || c->role != PART_NONE)
		return true;
	if (f->partner[0] != '\0' && strcmp(f->partner, c->partner) == 0)
		return true;
	return f->holder[0] != '\0' && strcmp(f->holder, c->holder) == 0;
}

static bool same_partner(const struct thread_facts *f, const struct facts_thread *c)
{
	return f->partner[0] != '\0' && strcmp(f->partner, c->partner) == 0;
}

/* May this candidate name a ticket for this sender at all? */
static bool may_name(const struct thread_facts *f, const struct facts_thread *c)
{
	switch ((enum match_kind)c->kind) {
	case MATCH_TOKEN:
	case MATCH_OUR_MESSAGE_ID:
		return true;
	case MATCH_FOREIGN_MESSAGE_ID:
		/* An agent is of no partner: only where they take part. */
		return c->role != PART_NONE || (f->cls != CLASS_AGENT && is_own(f, c));
	case MATCH_SUBJECT:
		if (f->cls == CLASS_AGENT)
			return true;
		return (f->cls == CLASS_CONTACT || f->as_contact) && same_partner(f, c);
	case MATCH_NONE:
		break;
	}
	return false;
}

static unsigned strength_of(const struct facts_thread *c)
{
	switch ((enum match_kind)c->kind) {
	case MATCH_TOKEN:
		return 1;
	case MATCH_OUR_MESSAGE_ID:
	case MATCH_FOREIGN_MESSAGE_ID:
		return 2;
	case MATCH_SUBJECT:
		return 3;
	case MATCH_NONE:
		break;
	}
	return 0;
}

/* Does a come before b? By strength, then by the place of the id in the mail, then what we sent before what others sent. */
static bool before(const struct facts_thread *a, const struct facts_thread *b)
{
	if (strength_of(a) != strength_of(b))
		return strength_of(a) < strength_of(b);
	if (a->rank != b->rank)
		return a->rank < b->rank;
	return a->kind < b->kind;
}

static void note_foreign(struct thread_match *out, uint64_t ticket)
{
	for (size_t i = 0; i < out->n_foreign; i++)
		if (out->foreign[i] == ticket)
			return;
	if (out->n_foreign < THREAD_FOREIGN_MAX)
		out->foreign[out->n_foreign++] = ticket;
}

static const char *reason(const struct thread_match *m)
{
	static const char *const own[] = {"nothing names a ticket", "a recipient carries a valid thread token",
	    "the mail answers a message that we sent", "the mail answers a message of the sender's own ticket",
	    "the subject names a ticket that the sender may name so"};

	if (m->ambiguous)
		return "valid tokens of different tickets";
	if (m->kind != MATCH_NONE && !m->own)
		return "only a ticket of others is named";
	return own[m->kind];
}

void thread_match(struct thread_match *out, const struct thread_facts *f)
{
	const struct facts_thread *best = NULL, *other = NULL;

	memset(out, 0, sizeof(*out));
	out->ticket.partner = out->ticket.holder = "";
	out->ambiguous = f->two_tokens;
	for (size_t i = 0; i < f->n; i++) {
		const struct facts_thread *c = &f->candidates[i];
		bool own = is_own(f, c);

		if (c->kind == MATCH_NONE || c->kind > MATCH_SUBJECT || c->ticket == 0)
			continue;
		if (!own)
			note_foreign(out, c->ticket);
		if (!may_name(f, c))
			continue;
		if (own && (best == NULL || before(c, best)))
			best = c;
		else if (!own && (other == NULL || before(c, other)))
			other = c;
	}
	/* A ticket that the sender may join goes before a stronger hint at one of others: the mail lands where it is
	 * meant, and nothing of the other is told. */
	out->own = best != NULL;
	if (best == NULL)
		best = other;
	if (best != NULL) {
		out->kind = (enum match_kind)best->kind;
		out->strength = strength_of(best);
		out->ticket = *best;
	}
	out->why = reason(out);
}
