/*
 * gate_decide.h - one mail's case: all facts together, and the verdict on them. Pure: what the queue knows is in `say`.
 */
#ifndef VG_GATE_DECIDE_H
#define VG_GATE_DECIDE_H

#include "conf.h"
#include "gate_facts.h"
#include "gate_rcpt.h"
#include "gate_sender.h"
#include "thread_match.h"
#include "verdict.h"

struct gate_case {
	/* in; borrowed */
	const struct conf *conf;
	const struct submit *submit;
	const struct gate_header *header;
	const struct gate_facts *facts;
	const struct gate_rcpts *rcpts;
	const struct facts_say *say; /* NULL where V0-V2 decide without it */
	const struct gate_sender *sender; /* of gate_sender_join() or gate_sender_early(); NULL together with say */
	/* out */
	struct auth auth;
	struct facts_thread candidates[THREAD_CANDIDATES_MAX]; /* they borrow from say */
	size_t n_candidates;
	struct thread_match match;
	struct verdict verdict;
	const char *rate; /* the fuse that made it a hold (gate_rate.h), NULL: none. Static */
};

/* Code of the first fault of header or sender, NULL where the identity is well-formed. */
const char *gate_case_malformed(const struct gate_case *c);
/* Do V0-V2 decide, whoever the sender is? Then the queue need not be asked. */
bool gate_case_is_plain(const struct gate_case *c);
/* Decides. VG_ERR_PROTO when say is not what a queue says. */
int gate_decide(struct gate_case *c);
/* The thread candidates of an answer; VG_ERR_PROTO when there are too many or one is odd. */
int gate_candidates(struct facts_thread *out, size_t *n, const struct facts_say *say);
/* Facts of the table that come from the queue and the configuration, alike at receipt and at release. */
void gate_sender_facts(struct verdict_facts *v, const struct facts_say *say, const struct conf *conf);
void gate_thread_facts(struct thread_facts *t, const struct facts_say *say);

#endif
