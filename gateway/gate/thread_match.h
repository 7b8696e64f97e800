/*
 * thread_match.h - which ticket is meant (POLICY, thread match). From what the store knows of the ids in a mail and from
 * who writes, to at most one ticket. A match gives no right: the verdict table does. Pure; also linked into the queue.
 */
#ifndef VG_THREAD_MATCH_H
#define VG_THREAD_MATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ipc_messages.h"

/* At most one per id asked for and kind, a token and a subject number. */
#define THREAD_CANDIDATES_MAX 512u
#define THREAD_FOREIGN_MAX 8u

struct thread_facts {
	const struct facts_thread *candidates;
	size_t n;
	enum sender_class cls;
	const char *partner; /* of the sender, "" without */
	const char *holder;
	bool as_contact;     /* partner-domain that is accepted as contact */
	bool two_tokens;     /* valid tokens of different tickets stand among the recipients */
};

struct thread_match {
	enum match_kind kind;     /* MATCH_NONE: no ticket is meant */
	unsigned strength;        /* (1) token, (2) Message-ID, (3) subject number; 0 for none */
	bool own;                 /* of the sender's partner or holder, or the sender takes part; always for agents */
	bool ambiguous;           /* two_tokens */
	struct facts_thread ticket;
	uint64_t foreign[THREAD_FOREIGN_MAX]; /* tickets that were named and must not be told of: for the audit */
	size_t n_foreign;
	const char *why;          /* static */
};

void thread_match(struct thread_match *out, const struct thread_facts *f);
const char *match_kind_name(enum match_kind kind);

#endif
