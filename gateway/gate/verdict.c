/*
 * verdict.c - the verdict table. Runs in the gate, and in the queue when an operator releases held mail. No I/O, no
 * state; one row is a condition and an action, the first row that holds wins.
 *
 * With authentication `operator` (a release) the rows that only ask for an operator's eye (postmaster, ambiguous, V6, V9
 * where it holds, V15 where it holds) are passed over; rows that refuse stay, and so does V8: an agent's mail that names no
 * ticket has no place to go.
 */
#include <stdio.h>
#include <string.h>

#include "verdict.h"

/* ---- every refusal's answer ---- */

enum refusal {
	REFUSE_MALFORMED, REFUSE_LOOP, REFUSE_HOPS, REFUSE_TEMPERROR, REFUSE_FAILED, REFUSE_INACTIVE, REFUSE_UNLISTED,
	REFUSE_DIRECT, REFUSE_CUSTOMER, REFUSE_OTHER
};

static const struct {
	unsigned code;
	const char *enhanced, *text;
	bool quiet_after_queue;
} refusals[] = {
	[REFUSE_MALFORMED] = {550, "5.6.0", "the message header is malformed", true},
	[REFUSE_LOOP] = {554, "5.4.6", "mail loop", false},
	[REFUSE_HOPS] = {554, "5.4.6", "mail loop: too many hops", false},
	[REFUSE_TEMPERROR] = {451, "4.7.0", "the sender cannot be verified now, try again later", false},
	[REFUSE_FAILED] = {550, "5.7.26", "the sender's domain does not authorise this message", true},
	[REFUSE_INACTIVE] = {550, "5.7.1", "programme membership is not active", false},
	[REFUSE_UNLISTED] = {550, "5.7.1", "cases are opened by your company's listed contacts", false},
	[REFUSE_DIRECT] = {550, "5.7.1", "cases are opened at ", false},
	[REFUSE_CUSTOMER] = {550, "5.7.1", "cases are opened through your service provider", true},
	[REFUSE_OTHER] = {550, "5.7.1", "not accepted; cases are opened through your service provider", true},
};

static void refuse(struct verdict *v, enum refusal r, const char *more)
{
	v->outcome = r == REFUSE_TEMPERROR ? OUT_TEMPFAIL : OUT_REJECTED;
	v->action = r == REFUSE_TEMPERROR ? COMMIT_DEFER : COMMIT_REFUSE;
	v->code = refusals[r].code;
	v->enhanced = refusals[r].enhanced;
	v->quiet_after_queue = refusals[r].quiet_after_queue;
	snprintf(v->text, sizeof(v->text), "%s%s", refusals[r].text, more);
}

static void hold(struct verdict *v, const char *reason)
{
	v->outcome = OUT_HELD;
	v->action = COMMIT_HOLD;
	v->reason = reason;
}

/* Why an unproven mail of somebody known waits: our DNS, a wrong signature, or nothing to go by. */
static const char *unverified_reason(const struct verdict_facts *f)
{
	if (f->auth.dns_gave_up)
		return "dns";
	return f->auth.signature_invalid ? "signature-invalid" : "unverified-sender";
}

static void open_ticket(struct verdict *v, enum participant_role role, uint64_t related)
{
	v->outcome = OUT_ACCEPTED;
	v->action = COMMIT_OPEN;
	v->role = role;
	v->related = related;
}

static void append(const struct verdict_facts *f, struct verdict *v, enum participant_role role)
{
	v->outcome = OUT_ACCEPTED;
	v->action = COMMIT_APPEND;
	v->ticket = f->thread.ticket.ticket;
	v->role = role;
}

/* ---- what the rows ask ---- */

static bool released(const struct verdict_facts *f)
{
	return f->auth.result == AUTH_OPERATOR;
}

static bool authentic(const struct verdict_facts *f)
{
	return f->auth.result == AUTH_AUTHENTICATED || released(f);
}

static bool active(const struct verdict_facts *f)
{
	return f->partner_status == PARTNER_ACTIVE;
}

static bool of_partner(const struct verdict_facts *f)
{
	return f->cls == CLASS_CONTACT || f->cls == CLASS_PARTNER_DOMAIN;
}

/* Kinds that answer or report, a bounce that came to another address than its return path included: none of them may
 * open a ticket. */
static bool automatic(const struct verdict_facts *f)
{
	return f->automatic >= AUTOMATIC_GENERATED;
}

static bool same(const char *a, const char *b)
{
	return a[0] != '\0' && strcmp(a, b) == 0;
}

static bool own_partner_ticket(const struct verdict_facts *f)
{
	return f->thread.kind != MATCH_NONE && same(f->partner, f->thread.ticket.partner);
}

static bool own_holder_ticket(const struct verdict_facts *f)
{
	return f->thread.kind != MATCH_NONE && same(f->holder, f->thread.ticket.holder);
}

/* (1) a token, or (2) a message of ours or of theirs. */
static bool matched_firmly(const struct verdict_facts *f)
{
	return f->thread.strength == 1 || f->thread.strength == 2;
}

/* V14: the customer takes part in exactly the ticket that a token names, or that an answer to a message they got names. */
static bool customer_there(const struct verdict_facts *f)
{
	const struct facts_thread *t = &f->thread.ticket;

	return t->role == PART_CUSTOMER && (f->thread.strength == 1 || (f->thread.strength == 2 && t->in_audience));
}

/* A contact, or the holder of a direct contract, continues a ticket; one closed for long is continued by a new one. */
static void continue_ticket(const struct verdict_facts *f, struct verdict *v, enum participant_role role)
{
	const struct facts_thread *t = &f->thread.ticket;

	if (t->status == TICKET_CLOSED && f->now - t->closed_at > f->reopen_ms) {
		open_ticket(v, role, t->ticket);
		return;
	}
	append(f, v, role);
	v->reopen = t->status == TICKET_CLOSED;
}

/* ---- the rows: is_* the condition, do_* the action ---- */

static bool is_v0(const struct verdict_facts *f)
{
	return f->bounce_rcpt;
}

/* What it says is read and recorded on the outgoing mail by the queue (V0). */
static void do_v0(const struct verdict_facts *f, struct verdict *v)
{
	(void)f;
	v->outcome = OUT_ACCEPTED;
	v->action = COMMIT_RETURN;
	v->quiet = true;
}

static bool is_v1(const struct verdict_facts *f)
{
	return f->malformed != NULL;
}

static void do_v1(const struct verdict_facts *f, struct verdict *v)
{
	char more[64];

	snprintf(more, sizeof(more), ": %s", f->malformed);
	refuse(v, REFUSE_MALFORMED, more);
}

static bool is_v2(const struct verdict_facts *f)
{
	return f->loop || f->hops;
}

static void do_v2(const struct verdict_facts *f, struct verdict *v)
{
	refuse(v, f->loop ? REFUSE_LOOP : REFUSE_HOPS, "");
}

static bool is_v3(const struct verdict_facts *f)
{
	return f->auth.result == AUTH_TEMPERROR;
}

static void do_v3(const struct verdict_facts *f, struct verdict *v)
{
	(void)f;
	refuse(v, REFUSE_TEMPERROR, "");
}

static bool is_v4(const struct verdict_facts *f)
{
	return f->auth.result == AUTH_FAILED;
}

static void do_v4(const struct verdict_facts *f, struct verdict *v)
{
	(void)f;
	refuse(v, REFUSE_FAILED, "");
}

static bool is_postmaster(const struct verdict_facts *f)
{
	return f->postmaster_only && !released(f);
}

static void do_postmaster(const struct verdict_facts *f, struct verdict *v)
{
	(void)f;
	hold(v, "postmaster");
}

/* Only for authenticated senders: others learn nothing of a token's worth. */
static bool is_ambiguous(const struct verdict_facts *f)
{
	return f->thread.ambiguous && f->auth.result == AUTH_AUTHENTICATED;
}

static void do_ambiguous(const struct verdict_facts *f, struct verdict *v)
{
	(void)f;
	hold(v, "ambiguous-thread");
}

/* A customer, agent or holder has no partner whose status could forbid it. */
static bool is_v5(const struct verdict_facts *f)
{
	return automatic(f) && authentic(f) && matched_firmly(f) && f->thread.ticket.role != PART_NONE &&
	    (active(f) || f->partner_status == PARTNER_NONE);
}

static void do_v5(const struct verdict_facts *f, struct verdict *v)
{
	append(f, v, (enum participant_role)f->thread.ticket.role);
	v->quiet = true;
}

static bool is_v6(const struct verdict_facts *f)
{
	if (!automatic(f) || !authentic(f) || released(f))
		return false;
	if (f->cls == CLASS_AGENT || f->cls == CLASS_DIRECT)
		return true;
	return of_partner(f) && active(f) && !(f->cls == CLASS_CONTACT && f->automatic_open);
}

static void do_v6(const struct verdict_facts *f, struct verdict *v)
{
	(void)f;
	hold(v, "automatic");
}

static bool is_v7(const struct verdict_facts *f)
{
	return f->cls == CLASS_AGENT && authentic(f) && f->thread.kind != MATCH_NONE;
}

static void do_v7(const struct verdict_facts *f, struct verdict *v)
{
	append(f, v, PART_AGENT);
}

static bool is_v8(const struct verdict_facts *f)
{
	return f->cls == CLASS_AGENT;
}

static void do_v8(const struct verdict_facts *f, struct verdict *v)
{
	hold(v, authentic(f) ? "agent-without-ticket" : unverified_reason(f));
}

static bool is_v9(const struct verdict_facts *f)
{
	return of_partner(f) && !active(f) && authentic(f) && !(f->inactive_hold && released(f));
}

static void do_v9(const struct verdict_facts *f, struct verdict *v)
{
	if (f->inactive_hold)
		hold(v, "membership-inactive");
	else
		refuse(v, REFUSE_INACTIVE, "");
}

static bool is_v10(const struct verdict_facts *f)
{
	return f->cls == CLASS_CONTACT && authentic(f) && own_partner_ticket(f);
}

static void do_v10(const struct verdict_facts *f, struct verdict *v)
{
	continue_ticket(f, v, PART_CONTACT);
}

/* A ticket of another partner in which this contact takes part as a customer is V14's. */
static bool is_v11(const struct verdict_facts *f)
{
	return f->cls == CLASS_CONTACT && authentic(f) && !customer_there(f);
}

static void do_v11(const struct verdict_facts *f, struct verdict *v)
{
	(void)f;
	open_ticket(v, PART_CONTACT, 0);
}

static bool is_v12(const struct verdict_facts *f)
{
	return !authentic(f) && ((f->cls == CLASS_CONTACT && active(f)) || f->cls == CLASS_DIRECT);
}

static void do_v12(const struct verdict_facts *f, struct verdict *v)
{
	/* The same answer as V18: a forger must not learn that the address is registered. What DNS or a registered key leaves
	 * open is for an operator's eye, whatever the partner chose. */
	if (f->cls == CLASS_CONTACT && f->unverified == UNVERIFIED_REJECT && !f->auth.dns_gave_up && !f->auth.signature_invalid)
		refuse(v, REFUSE_OTHER, "");
	else
		hold(v, unverified_reason(f));
}

static bool is_v13(const struct verdict_facts *f)
{
	const struct facts_thread *t = &f->thread.ticket;

	return f->cls == CLASS_PARTNER_DOMAIN && authentic(f) && own_partner_ticket(f) && t->role == PART_OBSERVER && t->by_contact;
}

static void do_v13(const struct verdict_facts *f, struct verdict *v)
{
	append(f, v, PART_OBSERVER);
}

/* Of partner people only a contact of another partner: an own ticket was V10's. */
static bool is_v14(const struct verdict_facts *f)
{
	if (f->cls == CLASS_PARTNER_DOMAIN || !customer_there(f))
		return false;
	/* For a token, in_audience says that it is the sender's own. */
	return authentic(f) || (f->thread.kind == MATCH_TOKEN && f->thread.ticket.in_audience);
}

static void do_v14(const struct verdict_facts *f, struct verdict *v)
{
	if (authentic(f))
		append(f, v, PART_CUSTOMER);
	else
		hold(v, unverified_reason(f));
}

static bool is_v15(const struct verdict_facts *f)
{
	return f->cls == CLASS_PARTNER_DOMAIN && authentic(f);
}

static void do_v15(const struct verdict_facts *f, struct verdict *v)
{
	if (f->unlisted == UNLISTED_REJECT)
		refuse(v, REFUSE_UNLISTED, "");
	else if (f->unlisted == UNLISTED_HOLD && !released(f))
		hold(v, "unlisted-contact");
	else if (own_partner_ticket(f))
		continue_ticket(f, v, PART_CONTACT);
	else
		open_ticket(v, PART_CONTACT, 0);
}

static bool is_v16(const struct verdict_facts *f)
{
	return f->cls == CLASS_DIRECT && authentic(f);
}

static void do_v16(const struct verdict_facts *f, struct verdict *v)
{
	if (own_holder_ticket(f))
		continue_ticket(f, v, PART_HOLDER);
	else
		open_ticket(v, PART_HOLDER, 0);
	if (v->action != COMMIT_OPEN)
		return;
	if (f->direct_refuse_url != NULL) {
		v->role = PART_NONE;
		v->related = 0;
		refuse(v, REFUSE_DIRECT, f->direct_refuse_url);
	} else {
		v->route_direct = true;
	}
}

static bool is_v17(const struct verdict_facts *f)
{
	return f->cls == CLASS_CUSTOMER && authentic(f);
}

static void do_v17(const struct verdict_facts *f, struct verdict *v)
{
	(void)f;
	refuse(v, REFUSE_CUSTOMER, "");
}

static bool is_v18(const struct verdict_facts *f)
{
	(void)f;
	return true;
}

static void do_v18(const struct verdict_facts *f, struct verdict *v)
{
	(void)f;
	refuse(v, REFUSE_OTHER, "");
}

static const struct {
	const char *name;
	bool (*holds)(const struct verdict_facts *f);
	void (*act)(const struct verdict_facts *f, struct verdict *v);
} rows[] = {
	{"V0", is_v0, do_v0},
	{"V1", is_v1, do_v1},
	{"V2", is_v2, do_v2},
	{"V3", is_v3, do_v3},
	{"V4", is_v4, do_v4},
	{"postmaster", is_postmaster, do_postmaster},
	{"ambiguous", is_ambiguous, do_ambiguous},
	{"V5", is_v5, do_v5},
	{"V6", is_v6, do_v6},
	{"V7", is_v7, do_v7},
	{"V8", is_v8, do_v8},
	{"V9", is_v9, do_v9},
	{"V10", is_v10, do_v10},
	{"V11", is_v11, do_v11},
	{"V12", is_v12, do_v12},
	{"V13", is_v13, do_v13},
	{"V14", is_v14, do_v14},
	{"V15", is_v15, do_v15},
	{"V16", is_v16, do_v16},
	{"V17", is_v17, do_v17},
	{"V18", is_v18, do_v18},
};
#define ROWS (sizeof(rows) / sizeof(rows[0]))

const char *verdict_row_name(unsigned row)
{
	return row < ROWS ? rows[row].name : NULL;
}

const char *verdict_outcome_name(enum outcome o)
{
	static const char *const names[] = {"none", "accepted", "held", "rejected", "tempfail", "duplicate"};

	return names[o];
}

void verdict_decide(const struct verdict_facts *f, struct verdict *v)
{
	memset(v, 0, sizeof(*v));
	v->code = 250;
	v->enhanced = "2.0.0";
	v->reason = "";
	while (!rows[v->row].holds(f)) /* the last row always does */
		v->row++;
	v->rule = rows[v->row].name;
	rows[v->row].act(f, v);
}
