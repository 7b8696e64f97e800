/*
 * gate_evidence.c - a decided case as JSON. Runs in the gate, once a mail.
 */
#include <jansson.h>
#include <string.h>

#include "gate_evidence.h"
#include "gate_lookalike.h"

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

static json_t *proofs(const struct gate_sender *s)
{
	json_t *list = json_array();

	for (size_t i = 0; s != NULL && i < s->facts.n; i++)
		json_array_append_new(list, json_string(auth_method_name(s->facts.proofs[i].method)));
	return list;
}

static void set_text(json_t *o, const char *key, const char *text)
{
	if (text != NULL && text[0] != '\0')
		json_object_set_new(o, key, json_string(text));
}

/* The best result stands for all. */
static const char *dkim_word(const struct gate_sender *s)
{
	const struct dkim_signature *best = NULL;

	for (size_t i = 0; s != NULL && i < s->n_dkim; i++)
		if (best == NULL || (best->result != DKIM_PASS && (s->dkim[i].signature->result == DKIM_PASS || s->dkim[i].aligned)))
			best = s->dkim[i].signature;
	return dkim_result_name(best != NULL ? best->result : DKIM_NONE);
}

/* Ours where it could be found out, else what a trusted relay said. */
static const char *dmarc_word(const struct gate_sender *s)
{
	if (s == NULL)
		return "none";
	return strcmp(s->dmarc_result, "none") != 0 ? s->dmarc_result : s->authres.dmarc_result;
}

static json_t *spf_details(const struct gate_sender *s)
{
	json_t *o = json_object();

	set_text(o, "domain", s->spf_domain);
	if (s->spf == NULL) {
		set_text(o, "why", "not evaluated: the client that sent this is not known");
		return o;
	}
	/* Only of a pass it is looked at. */
	if (s->spf->result == SPF_PASS)
		json_object_set_new(o, "aligned", json_boolean(s->spf_aligned));
	set_text(o, "mechanism", s->spf->mechanism);
	set_text(o, "why", s->spf->why);
	return o;
}

static json_t *signatures(const struct gate_sender *s)
{
	json_t *list = json_array();

	for (size_t i = 0; i < s->n_dkim; i++) {
		const struct gate_sender_dkim *d = &s->dkim[i];
		json_t *o = json_pack("{s:s, s:s, s:s, s:s, s:b, s:b}", "result", dkim_result_name(d->signature->result), "domain",
		    d->signature->domain, "selector", d->signature->selector, "algorithm", d->signature->algorithm, "aligned", d->aligned,
		    "counts", d->proves);

		if (d->signature->bits > 0)
			json_object_set_new(o, "bits", json_integer(d->signature->bits));
		if (d->signature->testing)
			json_object_set_new(o, "testing", json_true());
		set_text(o, "why", d->why);
		json_array_append_new(list, o);
	}
	return list;
}

static json_t *policy(const struct gate_sender *s)
{
	json_t *o = json_object();

	if (s->dmarc != NULL && s->dmarc->found) {
		set_text(o, "policy", dmarc_policy_name(s->dmarc->policy));
		set_text(o, "published", dmarc_policy_name(s->dmarc->published));
		set_text(o, "record", s->dmarc->record_domain);
	}
	if (s->dmarc != NULL)
		set_text(o, "organisation", s->dmarc->org_domain);
	set_text(o, "why", s->dmarc != NULL ? s->dmarc_why : "not looked for");
	set_text(o, "relay", strcmp(s->authres.dmarc_result, "none") != 0 ? s->authres.dmarc_result : "");
	return o;
}

static json_t *chain(const struct gate_sender *s)
{
	json_t *o = json_object();

	if (s->arc != NULL) {
		json_object_set_new(o, "sets", json_integer(s->arc->n));
		set_text(o, "sealer", s->arc->sealer);
		set_text(o, "error", s->arc->why);
	}
	json_object_set_new(o, "counts", json_boolean(s->arc_trusted));
	set_text(o, "why", s->arc_why);
	return o;
}

static const char *signature_word(const struct verify_say *v)
{
	static const char *const names[] = {"none", "none", "valid", "invalid", "other", "unknown"};

	return v == NULL ? "none" : PICK(names, v->state);
}

static json_t *signature(const struct verify_say *v)
{
	json_t *o = json_pack("{s:s}", "result", signature_word(v));

	if (v == NULL)
		return o;
	set_text(o, "kind", v->kind);
	set_text(o, "fingerprint", v->fingerprint);
	set_text(o, "protected", v->protected);
	set_text(o, "why", v->why);
	return o;
}

/* How each method came out, beside the words that sender.authentication shows. */
static json_t *details(const struct gate_sender *s)
{
	json_t *o = json_pack("{s:o, s:o, s:o, s:o, s:o}", "spf", spf_details(s), "dkim", signatures(s), "dmarc", policy(s), "arc",
	    chain(s), "signature", signature(s->verify));

	if (o != NULL && s->dkim_ignored > 0)
		json_object_set_new(o, "dkim_ignored", json_integer(s->dkim_ignored));
	if (o != NULL && s->login[0] != '\0')
		json_object_set_new(o, "login", json_pack("{s:s, s:b}", "address", s->login, "matches", s->login_matches));
	if (o != NULL && s->certificate_matches)
		json_object_set_new(o, "certificate", json_true());
	return o;
}

static void set_flag(json_t *o, const char *key, bool on)
{
	if (on)
		json_object_set_new(o, key, json_true());
}

static json_t *authentication(const struct gate_case *c)
{
	const struct gate_sender *s = c->sender;
	json_t *o = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:o, s:s, s:i, s:s}", "result",
	    auth_result_name(c->auth.result), "method", auth_method_name(c->auth.method), "spf",
	    spf_result_name(s != NULL && s->spf != NULL ? s->spf->result : SPF_NONE), "dkim", dkim_word(s), "dmarc", dmarc_word(s),
	    "arc", arc_result_name(s != NULL && s->arc != NULL ? s->arc->result : ARC_NONE), "signature",
	    signature_word(s != NULL ? s->verify : NULL), "covers", c->auth.covers, "proofs", proofs(s), "evidence",
	    s != NULL ? s->authres.why : "not looked at", "ignored", s != NULL ? (int)s->authres.ignored : 0, "need",
	    proof_need_name(s != NULL ? s->facts.need : PROOF_ANY));

	if (o == NULL)
		return NULL;
	set_flag(o, "too_weak", c->auth.too_weak);
	set_flag(o, "dns_gave_up", c->auth.dns_gave_up);
	set_flag(o, "signature_invalid", c->auth.signature_invalid);
	if (s != NULL)
		json_object_set_new(o, "details", details(s));
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
	o = json_pack("{s:o, s:I, s:s, s:s, s:o, s:i, s:i}", "candidates", candidates(c), "chosen", (json_int_t)m->ticket.ticket,
	    "by", match_kind_name(m->kind), "why", m->why, "foreign", foreign, "forged_tags", (int)c->rcpts->forged, "forged_ids",
	    (int)c->facts->forged_ids);
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

/* suppress: which automatic answers the sender asked to be spared. rate: the fuse that it blew. */
static json_t *automatic_mail(const struct gate_case *c)
{
	const struct gate_facts *f = c->facts;
	json_t *suppress = json_array(), *o;

	for (unsigned i = 0; i < SUPPRESS_COUNT; i++)
		if (f->suppress >> i & 1)
			json_array_append_new(suppress, json_string(automatic_suppress_name(i)));
	o = json_pack("{s:s, s:s, s:o}", "kind", automatic_name(f->automatic), "why", f->automatic_why, "suppress", suppress);
	set_text(o, "rate", c->rate);
	return o;
}

/* Does the author's domain look like another one? */
static json_t *lookalike(const struct gate_case *c)
{
	const char *found = c->facts->from.fault.code == NULL ? gate_lookalike(addr_domain(&c->facts->from.addr)) : NULL;

	return found != NULL ? json_string(found) : json_null();
}

char *gate_evidence(const struct gate_case *c)
{
	json_t *o = json_object();
	char *text;

	json_object_set_new(o, "authentication", authentication(c));
	json_object_set_new(o, "registry", registry(c));
	json_object_set_new(o, "thread", thread(c));
	json_object_set_new(o, "trace", trace(c));
	json_object_set_new(o, "automatic", automatic_mail(c));
	json_object_set_new(o, "malformed", malformed(c));
	json_object_set_new(o, "lookalike", lookalike(c));
	text = json_dumps(o, JSON_COMPACT);
	json_decref(o);
	return text;
}
