/*
 * gate_prove.c - runs the evaluators of gateway/proof over one mail until none misses a name. Runs in the gate; the mail and
 * the DNS are hostile. Every evaluator starts over when answers came, so what is kept between two rounds is the set of
 * answers alone.
 */
#include <stdlib.h>
#include <time.h>

#include "err.h"
#include "gate_body.h"
#include "gate_prove.h"

/* Each round adds a question, or is the last. */
#define ROUNDS_MAX (DNS_QUESTIONS_MAX + 1u)

struct gate_prove {
	struct gate_prove_input in;
	gate_prove_cb *done;
	void *arg;
	struct body_hashes *bodies;
	struct dkim *dkim;
	struct arc *arc;
	struct dns_set *names;
	struct gate_body *body;
	struct gate_dns_run *run;
	struct ev_timer next;
	unsigned rounds;
	struct spf spf;
	char spf_domain[ADDR_DOMAIN_MAX + 1];
	bool has_spf;
	struct dmarc dmarc;
	struct gate_sender sender;
};

static void finish(struct gate_prove *p, int err)
{
	p->done(err, p->arg); /* may free p */
}

static bool gives_up(const struct gate_prove *p)
{
	int64_t since = p->in.say->deferred_since;

	return since > 0 && p->in.submit->received_at - since >= p->in.ctx->conf->dns_give_up_ms;
}

/* SPF where the true client is known. Asked anew each round: its question borrows from the configuration. */
static bool check_spf(struct gate_prove *p)
{
	struct spf_input q;

	p->has_spf = gate_spf_input(&q, p->spf_domain, p->in.ctx->conf, p->in.submit);
	return !p->has_spf || spf_check(&p->spf, &q, p->names);
}

static bool join(struct gate_prove *p)
{
	const struct conf *conf = p->in.ctx->conf;
	struct gate_sender_input in = {
	    .conf = conf,
	    .arc_sealers = (const char *const *)conf->arc_sealers,
	    .n_arc_sealers = conf->n_arc_sealers,
	    .author = p->in.author,
	    .header = p->in.header,
	    .submit = p->in.submit,
	    .say = p->in.say,
	    .dkim = p->dkim,
	    .arc = arc_chain(p->arc),
	    .spf = p->has_spf ? &p->spf : NULL,
	    .spf_domain = p->spf_domain,
	    .dmarc = &p->dmarc,
	    .verify = p->in.verify,
	    .dns = p->names,
	    .give_up = gives_up(p),
	};

	return gate_sender_join(&p->sender, &in);
}

/* All that can be asked is asked in one round, so that a mail waits for the slowest name and not for their sum. */
static bool evaluate(struct gate_prove *p)
{
	bool dkim = dkim_check(p->dkim, p->names);
	bool arc = arc_check(p->arc, p->names);
	bool spf = check_spf(p);
	bool dmarc = dmarc_discover(&p->dmarc, addr_domain(p->in.author), p->names);

	return dkim && arc && spf && dmarc && join(p);
}

static void step(void *arg);

static void on_names(void *arg)
{
	struct gate_prove *p = arg;

	p->run = NULL;
	step(p);
}

static void step(void *arg)
{
	struct gate_prove *p = arg;
	int rc;

	if (evaluate(p)) {
		finish(p, VG_OK);
		return;
	}
	rc = ++p->rounds < ROUNDS_MAX ? gate_dns_start(&p->run, p->in.dns, p->names, on_names, p) : VG_ERR_LIMIT;
	if (rc != VG_OK)
		finish(p, rc);
}

/* From a later turn, so that the owner never loses the proof while it starts it. */
static void on_body(int err, void *arg)
{
	struct gate_prove *p = arg;

	if (err == VG_OK)
		err = ev_timer_set(p->in.ctx->loop, &p->next, 0, step, p);
	if (err != VG_OK)
		finish(p, err);
}

static int read_body(struct gate_prove *p)
{
	struct gate_body_input in = {
	    .loop = p->in.ctx->loop, .submit = p->in.submit, .header_len = p->in.header->length, .fd = p->in.fd, .bodies = p->bodies,
	};

	if (!body_hashes_wanted(p->bodies))
		return ev_timer_set(p->in.ctx->loop, &p->next, 0, step, p);
	return gate_body_start(&p->body, &in, on_body, p);
}

int gate_prove_start(struct gate_prove **out, const struct gate_prove_input *in, gate_prove_cb *done, void *arg)
{
	struct dkim_options o = {.rsa_min_bits = in->ctx->conf->dkim_min_bits, .now = (int64_t)time(NULL)};
	struct gate_prove *p = *out = calloc(1, sizeof(*p));
	int rc = VG_ERR_MEMORY;

	if (p == NULL)
		return rc;
	p->in = *in;
	p->done = done;
	p->arg = arg;
	p->names = dns_set_new();
	p->bodies = body_hashes_new();
	if (p->bodies != NULL && (p->dkim = dkim_new(in->header, &o, p->bodies)) != NULL)
		p->arc = arc_new(in->header, &o, p->bodies);
	if (p->names != NULL && p->arc != NULL)
		rc = read_body(p);
	if (rc != VG_OK)
		gate_prove_free(out);
	return rc;
}

const struct gate_sender *gate_prove_result(const struct gate_prove *p)
{
	return &p->sender;
}

void gate_prove_free(struct gate_prove **pp)
{
	struct gate_prove *p = *pp;

	*pp = NULL;
	if (p == NULL)
		return;
	ev_timer_clear(p->in.ctx->loop, &p->next);
	gate_dns_cancel(&p->run);
	gate_body_free(&p->body);
	dkim_free(&p->dkim);
	arc_free(&p->arc);
	body_hashes_free(&p->bodies);
	dns_set_free(&p->names);
	free(p);
}
