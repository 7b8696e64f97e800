/*
 * gate_sender.c - from results to proofs. Runs in the gate, once or a few times a mail. Everything that a sender
 * can choose is compared here with the one From address; what is not sure proves nothing.
 */
#include <string.h>
#include <strings.h>

#include "err.h"
#include "gate_named.h"
#include "gate_sender.h"
#include "ip.h"

struct join {
	struct gate_sender *out;
	const struct gate_sender_input *in;
	const char *author;   /* domain */
	bool strict;          /* only equal names prove: several roles share the organisation, or an agent writes */
	bool pending;         /* an alignment waits for DNS */
	bool unsure;          /* DNS could not tell of an identifier that is, or may be, aligned */
	bool aligned_pass;    /* by the domain's own rules */
	bool aligned_invalid; /* a signature that is complete, aligned and wrong on the bytes as SMTP brought them */
};

/* ---- SPF's question ---- */

const char *gate_true_client(const struct conf *conf, const struct submit *s)
{
	unsigned char ip[16];
	unsigned bits;

	if (!ip_mapped(s->client, ip, &bits))
		return "";
	/* Not XCLIENT or PROXY, or they named another relay: who handed the mail over is not known. */
	return conf_relay_for(conf, s->client) != NULL ? "" : s->client;
}

bool gate_spf_input(struct spf_input *out, char domain[ADDR_DOMAIN_MAX + 1], const struct conf *conf,
    const struct submit *s)
{
	const char *at = strrchr(s->reverse_path, '@');
	const char *name = s->reverse_path[0] == '\0' ? s->helo : at != NULL ? at + 1 : "";

	*out = (struct spf_input){.ip = gate_true_client(conf, s), .domain = domain, .sender = s->reverse_path,
	    .helo = s->helo};
	domain[0] = '\0';
	return out->ip[0] != '\0' && addr_domain_normal(domain, name, strlen(name), NULL) == VG_OK;
}

/* ---- alignment ---- */

static bool must_be_strict(const struct gate_sender_input *in)
{
	const char *org = in->dmarc != NULL ? in->dmarc->org_domain : "";

	return in->say->cls == CLASS_AGENT || org[0] == '\0' || dns_name_labels(org) <= in->say->shared_labels;
}

/* As the domain publishes it; without a policy search only equal names are. */
static enum dmarc_alignment align(struct join *j, const char *identifier, bool strict)
{
	enum dmarc_alignment a;

	if (j->in->dmarc == NULL || j->in->dns == NULL)
		return identifier[0] != '\0' && strcmp(identifier, j->author) == 0 ? DMARC_ALIGNED : DMARC_NOT_ALIGNED;
	a = dmarc_align(j->in->dmarc, j->author, identifier, strict ? DMARC_STRICT : DMARC_RELAXED, j->in->dns);
	j->pending = j->pending || a == DMARC_PENDING;
	return a;
}

static bool may_align(enum dmarc_alignment a)
{
	return a == DMARC_ALIGNED || a == DMARC_UNKNOWN;
}

static bool binds(const struct join *j, const char *identifier)
{
	return !j->strict || strcmp(identifier, j->author) == 0;
}

/* ---- (c), (d), (h): nothing to look up ---- */

static bool has_certificate(const struct gate_sender_input *in)
{
	struct facts_credential c;
	size_t pos = 0;

	if (in->submit->certificate[0] == '\0')
		return false;
	while (wlist_next(&in->say->credentials, &pos, &wire_facts_credential, &c) == 1)
		if (c.kind == CREDENTIAL_CERTIFICATE && strcmp(c.fingerprint, in->submit->certificate) == 0)
			return true;
	return false;
}

/* A mailbox's provider has written its field when it took the mail; NULL where it is not to be believed. */
static const char *mailbox_authserv_id(const struct gate_sender_input *in)
{
	const struct submit *s = in->submit;

	return s->channel == CHANNEL_IMAP && s->listener < in->conf->n_imaps ? in->conf->imaps[s->listener].authserv_id : NULL;
}

/* Trust is in the real TCP peer alone: whom XCLIENT or PROXY name is a client of it. */
static void add_channel_proofs(struct join *j)
{
	const struct gate_sender_input *in = j->in;
	const struct conf_relay *relay = conf_relay_for(in->conf, in->submit->real_peer);
	struct gate_sender *o = j->out;

	authres_judge(&o->authres, in->header, relay != NULL ? relay->authserv_id : mailbox_authserv_id(in), in->author);
	o->login = in->submit->login;
	o->login_matches = o->login[0] != '\0' && strcmp(o->login, in->author->normal) == 0;
	o->certificate_matches = has_certificate(in);
	if (relay != NULL && relay->as_authenticated)
		auth_add(&o->facts, AUTH_RELAY, "*");
	if (o->authres.dmarc)
		auth_add(&o->facts, AUTH_RELAY_DMARC, "*");
	if (o->authres.login)
		auth_add(&o->facts, AUTH_RELAY_LOGIN, "*");
	if (o->login_matches)
		auth_add(&o->facts, AUTH_LOGIN, "*");
	if (o->certificate_matches)
		auth_add(&o->facts, AUTH_CERTIFICATE, "*");
}

/* ---- (e) ---- */

static void add_signature(struct join *j)
{
	const struct verify_say *v = j->in->verify;

	j->out->verify = v;
	if (v == NULL)
		return;
	j->out->facts.signature_invalid = v->state == SIGNATURE_INVALID;
	/* It will be known at the next try: worth a 451, where nothing else proves the sender. */
	j->unsure = j->unsure || v->state == SIGNATURE_UNKNOWN;
	if (v->state == SIGNATURE_VALID)
		auth_add(&j->out->facts, AUTH_SIGNATURE, v->protected);
}

/* ---- (b) ---- */

static void add_spf(struct join *j)
{
	const struct gate_sender_input *in = j->in;
	enum dmarc_alignment a;

	j->out->spf = in->spf;
	if (in->spf == NULL)
		return;
	j->out->spf_domain = in->spf_domain;
	if (in->spf->result != SPF_PASS && in->spf->result != SPF_TEMPERROR)
		return;
	a = align(j, in->spf_domain, in->dmarc != NULL && in->dmarc->record.aspf_strict);
	j->out->spf_aligned = a == DMARC_ALIGNED;
	if (in->spf->result == SPF_TEMPERROR || a == DMARC_UNKNOWN) {
		j->unsure = j->unsure || may_align(a);
		return;
	}
	if (a != DMARC_ALIGNED)
		return;
	j->aligned_pass = true;
	if (binds(j, in->spf_domain))
		auth_add(&j->out->facts, AUTH_SPF, "*");
}

/* ---- (a), (g) ---- */

static bool is_signer(const struct gate_sender_input *in, const char *domain)
{
	const char *signer;
	size_t pos = 0;

	while (domain[0] != '\0' && wlist_next_str(&in->say->signers, &pos, &signer) == 1)
		if (strcmp(signer, domain) == 0)
			return true;
	return false;
}

/* Why a signature that passed says nothing about this mail to us; NULL: it does. */
static const char *open_to_abuse(const struct gate_sender_input *in, size_t i)
{
	if (dkim_at(in->dkim, i)->partial)
		return "l= lets anybody add to the body";
	if (!dkim_covers(in->dkim, i, "From") || !dkim_covers(in->dkim, i, "Subject") || !dkim_covers(in->dkim, i, "To"))
		return "From, Subject or To is not covered";
	if (gate_named_ours(in->header, "To", in->conf))
		return NULL;
	if (dkim_covers(in->dkim, i, "Cc") && gate_named_ours(in->header, "Cc", in->conf))
		return NULL;
	return "neither the signed To nor a signed Cc names an address of ours";
}

static bool has_proof(const struct auth_facts *f, enum auth_method m)
{
	for (size_t i = 0; i < f->n; i++)
		if (f->proofs[i].method == m)
			return true;
	return false;
}

/* One of each kind is enough, and keeps the list short. */
static void add_once(struct join *j, enum auth_method m, const char *covers)
{
	if (!has_proof(&j->out->facts, m))
		auth_add(&j->out->facts, m, covers);
}

static void judge_pass(struct join *j, size_t i, struct gate_sender_dkim *d)
{
	const struct gate_sender_input *in = j->in;
	const char *domain = d->signature->domain;
	bool aligned = d->aligned && binds(j, domain), signer = is_signer(in, domain);

	j->aligned_pass = j->aligned_pass || d->aligned;
	if (!aligned && !signer) {
		d->why = d->aligned ? "only an equal domain would do here" : "not aligned with the From domain";
		return;
	}
	d->why = open_to_abuse(in, i);
	if (d->why != NULL)
		return;
	d->why = "";
	d->proves = true;
	if (aligned)
		add_once(j, AUTH_DKIM, dkim_covered(in->dkim, i));
	if (signer)
		add_once(j, AUTH_SIGNER, dkim_covered(in->dkim, i));
}

/* LMTP and IMAP bring bytes that another host may have changed behind the sender's last hop. */
static bool bytes_as_sent(const struct submit *s)
{
	return s->channel == CHANNEL_SMTP || s->channel == CHANNEL_INJECT;
}

static void judge_dkim(struct join *j, size_t i)
{
	const struct gate_sender_input *in = j->in;
	struct gate_sender_dkim *d = &j->out->dkim[i];
	const struct dkim_signature *s = dkim_at(in->dkim, i);
	enum dmarc_alignment a;

	*d = (struct gate_sender_dkim){.signature = s, .why = s->why};
	if (s->result != DKIM_PASS && s->result != DKIM_TEMPERROR && !s->invalid)
		return;
	a = align(j, s->domain, in->dmarc != NULL && in->dmarc->record.adkim_strict);
	d->aligned = a == DMARC_ALIGNED;
	if (s->result == DKIM_PASS)
		judge_pass(j, i, d);
	if ((s->result == DKIM_TEMPERROR && may_align(a)) || (s->result == DKIM_PASS && a == DMARC_UNKNOWN))
		j->unsure = true;
	if (s->invalid && d->aligned && bytes_as_sent(in->submit))
		j->aligned_invalid = true;
}

static void add_dkim(struct join *j)
{
	const struct dkim *dkim = j->in->dkim;

	if (dkim == NULL)
		return;
	j->out->dkim_ignored = dkim_ignored(dkim);
	for (size_t i = 0; i < dkim_count(dkim) && i < DKIM_SIGNATURES_MAX; i++) {
		judge_dkim(j, i);
		j->out->n_dkim = i + 1;
	}
}

/* ---- (f) ---- */

static bool is_sealer(const struct gate_sender_input *in, const char *domain)
{
	for (size_t i = 0; i < in->n_arc_sealers; i++)
		if (strcasecmp(in->arc_sealers[i], domain) == 0)
			return true;
	return false;
}

/* Why the chain proves nothing; NULL: it does. */
static const char *distrusted(const struct gate_sender_input *in)
{
	struct authres_proof p = {.why = "its results say nothing of dmarc"};
	struct authres a;
	const char *why;

	if (in->arc->result != ARC_PASS)
		return in->arc->result == ARC_NONE ? "no chain" : "the chain does not pass";
	if (!is_sealer(in, in->arc->sealer))
		return "the outermost sealer is not configured";
	if (in->arc->results == NULL || authres_parse(&a, in->arc->results, in->arc->results_len, &why) != VG_OK)
		return "its results are malformed";
	authres_judge_dmarc(&p, &a, in->author);
	return p.dmarc ? NULL : p.why;
}

/* What the sealer signed beside From is not known here, so no other field counts as covered. */
static void add_arc(struct join *j)
{
	j->out->arc = j->in->arc;
	if (j->in->arc == NULL)
		return;
	j->out->arc_why = distrusted(j->in);
	j->out->arc_trusted = j->out->arc_why == NULL;
	if (!j->out->arc_trusted)
		return;
	j->out->arc_why = "";
	auth_add(&j->out->facts, AUTH_ARC, "from");
}

/* ---- what the domain asks for ---- */

/* Could a pass have been seen here, had there been one? A relay or LMTP hides SPF, a missing check of signatures
 * them. */
static bool checkable(const struct join *j)
{
	return j->in->dkim != NULL && (j->in->spf != NULL || j->aligned_invalid);
}

static const char *dmarc_result(struct join *j)
{
	const struct dmarc *d = j->in->dmarc;

	if (d == NULL)
		return "none";
	j->out->dmarc_why = d->why;
	if (d->found && j->aligned_pass)
		return "pass";
	if (d->temperror || j->unsure)
		return "temperror";
	if (!d->found)
		return d->why[0] != '\0' ? "permerror" : "none";
	if (checkable(j))
		return "fail";
	j->out->dmarc_why = "nothing aligned passed, but SPF cannot be checked here";
	return "none";
}

static void add_policy(struct join *j)
{
	const struct dmarc *d = j->in->dmarc;
	struct auth_facts *f = &j->out->facts;

	j->out->dmarc = d;
	j->out->dmarc_result = dmarc_result(j);
	f->temperror = (d != NULL && d->temperror) || j->unsure;
	f->failed = d != NULL && d->found && d->policy != DMARC_POLICY_NONE && !j->aligned_pass && checkable(j);
}

/* ---- together ---- */

static struct join begin(struct gate_sender *out, const struct gate_sender_input *in)
{
	*out = (struct gate_sender){
	    .facts = {.need = (enum proof_need)in->say->proof, .give_up = in->give_up},
	    .spf_domain = "",
	    .dmarc_result = "none",
	    .dmarc_why = "",
	    .author_domain = addr_domain(in->author),
	    .arc_why = "not looked at",
	    .login = "",
	};
	return (struct join){.out = out, .in = in, .author = addr_domain(in->author), .strict = must_be_strict(in)};
}

/* auth_decide() takes the first proof that is strong enough, so those that cover every field come first. */
bool gate_sender_join(struct gate_sender *out, const struct gate_sender_input *in)
{
	struct join j = begin(out, in);

	add_channel_proofs(&j);
	add_spf(&j);
	add_dkim(&j);
	add_signature(&j);
	add_arc(&j);
	add_policy(&j);
	return !j.pending;
}

bool gate_sender_early(struct gate_sender *out, const struct gate_sender_input *in)
{
	struct join j = begin(out, in);
	struct auth auth;

	add_channel_proofs(&j);
	add_signature(&j);
	auth_decide(&auth, &out->facts);
	return auth.result == AUTH_AUTHENTICATED;
}
