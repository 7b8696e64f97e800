/*
 * gate_sender.h - is it really them (POLICY, authentication): everything that was found out about the sender of one
 * mail, joined into the proofs (a)-(h) for auth_decide(). Pure; the evaluators' results come in, and a dns_set for
 * alignment.
 */
#ifndef VG_GATE_SENDER_H
#define VG_GATE_SENDER_H

#include "addr.h"
#include "arc.h"
#include "conf.h"
#include "dkim.h"
#include "dmarc.h"
#include "gate_auth.h"
#include "gate_authres.h"
#include "gate_header.h"
#include "ipc_messages.h"
#include "spf.h"

/* All borrowed. The evaluators' results are NULL while or where they were not made; they count only when complete. */
struct gate_sender_input {
	const struct conf *conf;               /* which addresses are ours, relays */
	const char *const *arc_sealers;        /* configured, lower-case A-labels */
	size_t n_arc_sealers;
	const struct addr *author;             /* the one From address */
	const struct gate_header *header;
	const struct submit *submit;
	const struct facts_say *say;           /* class, signers, credentials, shared_labels, need */
	const struct dkim *dkim;
	const struct arc_chain *arc;
	const struct spf *spf;                 /* only of a known true client (gate_spf_input()) */
	const char *spf_domain;                /* that it was checked for */
	const struct dmarc *dmarc;             /* of the author's domain */
	const struct verify_say *verify;
	struct dns_set *dns;                   /* NULL together with dmarc */
	bool give_up;                          /* DNS failed for this sender and Message-ID longer than `dns give-up` */
};

struct gate_sender_dkim {
	const struct dkim_signature *signature; /* borrowed from dkim */
	bool aligned;                           /* as the domain publishes it */
	bool proves;                            /* counted for (a) or (g) */
	const char *why;                        /* not: in one clause; "" else. Static, or borrowed from dkim */
};

/* What was found, for the evidence and our Authentication-Results field. Borrows from the input. */
struct gate_sender {
	struct auth_facts facts;      /* for auth_decide(); `covers` borrow from dkim and verify */
	struct authres_proof authres; /* of a trusted relay */
	const struct spf *spf;        /* NULL: not evaluated */
	const char *spf_domain;       /* "" without */
	bool spf_aligned;
	struct gate_sender_dkim dkim[DKIM_SIGNATURES_MAX];
	size_t n_dkim;
	unsigned dkim_ignored;
	const struct dmarc *dmarc;    /* NULL: not looked for */
	const char *dmarc_result;     /* "pass", "fail", "none", "temperror", "permerror"; static */
	const char *dmarc_why;        /* "" without */
	const char *author_domain;
	const struct arc_chain *arc;  /* NULL: not looked at */
	bool arc_trusted;             /* (f) holds */
	const char *arc_why;          /* why not; static */
	const char *login;            /* that the channel proved (SMTP AUTH), "" without */
	bool login_matches, certificate_matches;
	const struct verify_say *verify; /* NULL: not asked */
};

/* Address of the host that handed the mail to us or to our relay, when that is known for sure: submit->client,
 * but not a trust relay's own address, and not a Unix socket's. "" else: SPF is then `none` (POLICY). */
const char *gate_true_client(const struct conf *conf, const struct submit *s);
/* Fills the question for spf_check(): the reverse-path's domain, or HELO's name for <> (RFC 7208 2.4). domain:
 * room for it. False where SPF cannot be evaluated: no true client, or no domain. */
bool gate_spf_input(struct spf_input *out, char domain[ADDR_DOMAIN_MAX + 1], const struct conf *conf,
    const struct submit *s);
/* Joins everything. False while names for an alignment are missing in in->dns: answer them and call again. */
bool gate_sender_join(struct gate_sender *out, const struct gate_sender_input *in);
/* The same from what needs neither DNS nor keys nor the body: (c), (d), (h), and (e) when verify is there. True
 * when that already suffices for what the partner demands: `authenticated` stands then, whatever the rest would
 * say. */
bool gate_sender_early(struct gate_sender *out, const struct gate_sender_input *in);

#endif
