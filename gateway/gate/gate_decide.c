/*
 * gate_decide.c - joins header, envelope, relay and registry facts and runs the table. Runs in the gate; the shared parts
 * also in the queue at a release. Pure.
 */
#include "err.h"
#include "gate_decide.h"

const char *gate_case_malformed(const struct gate_case *c)
{
	return c->header->n_faults > 0 ? c->header->faults[0].code : c->facts->from.fault.code;
}

static bool too_many_hops(const struct gate_facts *f)
{
	return f->hops > GATE_HOPS_MAX;
}

static bool loops(const struct gate_facts *f)
{
	return f->loop_mark || f->our_hops >= 2;
}

bool gate_case_is_plain(const struct gate_case *c)
{
	return c->rcpts->bounce || gate_case_malformed(c) != NULL || too_many_hops(c->facts) || loops(c->facts);
}

int gate_candidates(struct facts_thread *out, size_t *n, const struct facts_say *say)
{
	size_t pos = 0;
	int rc;

	*n = 0;
	if (say->threads.n > THREAD_CANDIDATES_MAX)
		return VG_ERR_PROTO;
	while ((rc = wlist_next(&say->threads, &pos, &wire_facts_thread, &out[*n])) == 1)
		++*n;
	return rc;
}

void gate_thread_facts(struct thread_facts *t, const struct facts_say *say)
{
	t->cls = (enum sender_class)say->cls;
	t->partner = say->partner;
	t->holder = say->holder;
	t->as_contact = say->cls == CLASS_PARTNER_DOMAIN && say->unlisted == UNLISTED_ACCEPT;
}

void gate_sender_facts(struct verdict_facts *v, const struct facts_say *say, const struct conf *conf)
{
	v->cls = (enum sender_class)say->cls;
	v->partner_status = (enum partner_status)say->partner_status;
	v->partner = say->partner;
	v->holder = say->holder;
	v->unlisted = (enum unlisted)say->unlisted;
	v->unverified = (enum unverified)say->unverified;
	v->automatic_open = say->automatic_open != 0;
	v->inactive_hold = conf->inactive_hold;
	v->direct_refuse_url = conf->direct_refuse_url;
	v->reopen_ms = conf->reopen_ms;
}

int gate_decide(struct gate_case *c)
{
	struct verdict_facts v = {
	    .bounce_rcpt = c->rcpts->bounce,
	    .postmaster_only = c->rcpts->postmaster_only,
	    .malformed = gate_case_malformed(c),
	    .loop = loops(c->facts),
	    .hops = too_many_hops(c->facts),
	    .automatic = c->facts->automatic,
	    .partner = "",
	    .holder = "",
	    .now = c->submit->received_at,
	};

	c->n_candidates = 0;
	c->auth = (struct auth){.covers = ""};
	c->match = (struct thread_match){.ticket = {.partner = "", .holder = ""}, .why = "not looked at"};
	if (c->say != NULL) {
		struct thread_facts t = {.two_tokens = c->rcpts->two_tokens};

		if (gate_candidates(c->candidates, &c->n_candidates, c->say) != VG_OK)
			return VG_ERR_PROTO;
		t.candidates = c->candidates;
		t.n = c->n_candidates;
		gate_thread_facts(&t, c->say);
		auth_decide(&c->auth, &c->sender->facts);
		thread_match(&c->match, &t);
		gate_sender_facts(&v, c->say, c->conf);
	}
	v.auth = c->auth;
	v.thread = c->match;
	verdict_decide(&v, &c->verdict);
	return VG_OK;
}
