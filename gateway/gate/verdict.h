/*
 * verdict.h - the table V0-V18 of POLICY as one pure function: who writes, how sure we are, which ticket is meant, what
 * the configuration says; out comes what is done and what is answered. Also linked into the queue (gate_release.h).
 */
#ifndef VG_VERDICT_H
#define VG_VERDICT_H

#include <stdbool.h>
#include <stdint.h>

#include "gate_auth.h"
#include "gate_automatic.h"
#include "ipc_messages.h"
#include "thread_match.h"

struct verdict_facts {
	/* the envelope */
	bool bounce_rcpt;          /* a recipient is a valid signed return path of ours */
	bool postmaster_only;      /* every recipient is postmaster@ or abuse@ */
	/* the header */
	const char *malformed;     /* code of a fault, NULL: well-formed */
	bool loop;                 /* our own mark, or our Received twice */
	bool hops;                 /* too many Received */
	enum automatic automatic;
	/* the sender */
	enum sender_class cls;
	enum partner_status partner_status;
	const char *partner, *holder; /* "" without */
	enum unlisted unlisted;
	enum unverified unverified;
	bool automatic_open;
	struct auth auth;
	/* the ticket */
	struct thread_match thread;
	int64_t now;               /* receipt, Unix milliseconds */
	/* the configuration */
	bool inactive_hold;
	const char *direct_refuse_url; /* NULL: open */
	int64_t reopen_ms;
};

#define VERDICT_TEXT_MAX 400

struct verdict {
	const char *rule;          /* "V11", or "postmaster", "ambiguous" (rules of POLICY below its table). Static */
	unsigned row;              /* its place in the table: rows before it were looked at and did not hold */
	enum outcome outcome;
	enum commit_action action; /* for OUT_TEMPFAIL COMMIT_DEFER: the time of the first one is kept */
	const char *reason;        /* of a hold, else "". Static */
	unsigned code;             /* of the answer */
	const char *enhanced;
	char text[VERDICT_TEXT_MAX + 1]; /* of a refusal, ASCII; "" else */
	bool quiet_after_queue;    /* a refusal that after-queue listeners answer 250 */
	uint64_t ticket;           /* COMMIT_APPEND */
	uint64_t related;          /* COMMIT_OPEN: the closed ticket that it continues */
	enum participant_role role; /* under which the sender writes */
	bool quiet, reopen;
	bool route_direct;         /* V16 */
};

void verdict_decide(const struct verdict_facts *f, struct verdict *v);
/* Name of a row of the table, NULL behind the last: for traces. */
const char *verdict_row_name(unsigned row);
const char *verdict_outcome_name(enum outcome o);

#endif
