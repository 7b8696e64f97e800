/*
 * gate_evidence.c - a decided case as JSON. Runs in the gate, once a mail.
 */
#include <jansson.h>

#include "gate_evidence.h"

#define FAULTS_SHOWN GATE_FAULTS_MAX
#define CANDIDATES_SHOWN 20u

static const char *pick(const char *const *names, size_t n, unsigned i)
{
	return i < n ? names[i] : "unknown";
}
#define PICK(names, i) pick(names, sizeof(names) / sizeof(names[0]), i)

const char *sender_class_name(unsigned cls)
{
	static const char *const names[] = {"unknown", "agent", "contact", "direct", "customer", "partner-domain"};

	return PICK(names, cls);
}

static const char *partner_status_name(unsigned status)
{
	static const char *const names[] = {"none", "active", "suspended", "expired"};

	return PICK(names, status);
}

static const char *proof_need_name(unsigned need)
{
	static const char *const names[] = {"any", "dkim", "signature"};

	return PICK(names, need);
}

static const char *ticket_status_name(unsigned status)
{
	static const char *const names[] = {"none", "open", "waiting-partner", "closed"};

	return PICK(names, status);
}

static const char *participant_role_name(unsigned role)
{
	static const char *const names[] = {"none", "contact", "observer", "customer", "agent", "holder"};

	return PICK(names, role);
}

static json_t *proofs(const struct gate_case *c)
{
	json_t *list = json_array();

	for (size_t i = 0; i < c->proofs.n; i++)
		json_array_append_new(list, json_string(auth_method_name(c->proofs.proofs[i].method)));
	return list;
}

/* spf, dkim and arc are ours to check later; dmarc is what a trusted relay said. */
static json_t *authentication(const struct gate_case *c)
{
	json_t *o = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:o, s:s, s:i, s:s}", "result", auth_result_name(c->auth.result),
	    "method", auth_method_name(c->auth.method), "spf", "none", "dkim", "none", "dmarc", c->authres.dmarc_result, "arc",
	    "none", "covers", c->auth.covers, "proofs", proofs(c), "evidence", c->authres.why, "ignored", (int)c->authres.ignored,
	    "need", proof_need_name(c->proofs.need));

	if (o != NULL && c->auth.too_weak)
		json_object_set_new(o, "too_weak", json_true());
	return o;
}

static json_t *registry(const struct gate_case *c)
{
	const struct facts_say *s = c->say;

	if (s == NULL)
		return json_null();
	return json_pack("{s:s, s:s?, s:s, s:s?}", "class", sender_class_name(s->cls), "partner", s->partner[0] ? s->partner : NULL,
	    "status", partner_status_name(s->partner_status), "holder", s->holder[0] ? s->holder : NULL);
}

static json_t *candidates(const struct gate_case *c)
{
	json_t *list = json_array();

	for (size_t i = 0; i < c->n_candidates && i < CANDIDATES_SHOWN; i++) {
		const struct facts_thread *t = &c->candidates[i];

		json_array_append_new(list, json_pack("{s:s, s:I, s:I, s:s, s:s, s:s}", "by",
		    match_kind_name(t->kind <= MATCH_SUBJECT ? (enum match_kind)t->kind : MATCH_NONE), "rank", (json_int_t)t->rank,
		    "ticket", (json_int_t)t->ticket, "status", ticket_status_name(t->status), "partner", t->partner, "role",
		    participant_role_name(t->role)));
	}
	return list;
}

/* What to look for again at a release. */
static json_t *ask(const struct gate_case *c)
{
	json_t *mids = json_array();

	for (size_t i = 0; i < c->facts->n_mids; i++)
		json_array_append_new(mids, json_string(c->facts->mids[i]));
	return json_pack("{s:o, s:I, s:I, s:I}", "mids", mids, "subject_number", (json_int_t)c->facts->subject_number,
	    "token_ticket", (json_int_t)c->rcpts->token_ticket, "token_participant", (json_int_t)c->rcpts->token_participant);
}

static json_t *thread(const struct gate_case *c)
{
	const struct thread_match *m = &c->match;
	json_t *foreign = json_array();
	json_t *o;

	for (size_t i = 0; i < m->n_foreign; i++)
		json_array_append_new(foreign, json_integer((json_int_t)m->foreign[i]));
	o = json_pack("{s:o, s:I, s:s, s:s, s:o, s:i}", "candidates", candidates(c), "chosen", (json_int_t)m->ticket.ticket, "by",
	    match_kind_name(m->kind), "why", m->why, "foreign", foreign, "forged_tags", (int)c->rcpts->forged);
	if (o != NULL && c->verdict.action == COMMIT_HOLD)
		json_object_set_new(o, "ask", ask(c));
	return o;
}

/* Every row that was looked at, and whether it held: only the last one did. */
static json_t *trace(const struct gate_case *c)
{
	json_t *list = json_array();

	for (unsigned i = 0; i <= c->verdict.row; i++)
		json_array_append_new(list, json_pack("[s, b]", verdict_row_name(i), i == c->verdict.row));
	return list;
}

static json_t *malformed(const struct gate_case *c)
{
	const struct gate_fault *from = &c->facts->from.fault;
	json_t *list = json_array();

	for (size_t i = 0; i < c->header->n_faults && i < FAULTS_SHOWN; i++)
		json_array_append_new(list, json_pack("{s:s, s:s}", "code", c->header->faults[i].code, "why", c->header->faults[i].why));
	if (from->code != NULL)
		json_array_append_new(list, json_pack("{s:s, s:s}", "code", from->code, "why", from->why));
	return list;
}

char *gate_evidence(const struct gate_case *c)
{
	json_t *o = json_object();
	char *text;

	json_object_set_new(o, "authentication", authentication(c));
	json_object_set_new(o, "registry", registry(c));
	json_object_set_new(o, "thread", thread(c));
	json_object_set_new(o, "trace", trace(c));
	json_object_set_new(o, "automatic", json_pack("{s:s, s:s}", "kind", automatic_name(c->facts->automatic), "why",
	    c->facts->automatic_why));
	json_object_set_new(o, "malformed", malformed(c));
	text = json_dumps(o, JSON_COMPACT);
	json_decref(o);
	return text;
}
