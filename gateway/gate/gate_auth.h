/*
 * gate_auth.h - is it really them (POLICY, authentication)? Every method adds its proof to the facts; one pure function
 * decides. gate_sender.h finds the proofs.
 */
#ifndef VG_GATE_AUTH_H
#define VG_GATE_AUTH_H

#include <stdbool.h>
#include <stddef.h>

#include "ipc_messages.h"

enum auth_result { AUTH_UNAUTHENTICATED, AUTH_AUTHENTICATED, AUTH_TEMPERROR, AUTH_FAILED, AUTH_OPERATOR };

/* By the letters of POLICY. */
enum auth_method {
	AUTH_NONE,
	AUTH_DKIM,          /* (a) DMARC-aligned DKIM */
	AUTH_SPF,           /* (b) DMARC-aligned SPF */
	AUTH_RELAY_DMARC,   /* (c) a trusted relay's dmarc=pass */
	AUTH_RELAY_LOGIN,   /* (c) a trusted relay's auth=pass */
	AUTH_LOGIN,         /* (d) SMTP AUTH */
	AUTH_CERTIFICATE,   /* (d) TLS client certificate */
	AUTH_SIGNATURE,     /* (e) OpenPGP or S/MIME over the body */
	AUTH_ARC,           /* (f) */
	AUTH_SIGNER,        /* (g) DKIM of the partner's registered signer */
	AUTH_RELAY,         /* (h) a listener or relay that authenticates every sender */
	AUTH_BY_OPERATOR,   /* release of held mail */
	AUTH_METHODS
};

#define AUTH_PROOFS_MAX 16u

struct auth_proof {
	enum auth_method method;
	const char *covers; /* header fields that it covers: "*" for all as received, else names joined by ':' */
};

struct auth_facts {
	struct auth_proof proofs[AUTH_PROOFS_MAX]; /* those that hold, for the one From address */
	size_t n;
	bool temperror;       /* DNS could not answer for the author's domain or an aligned identifier */
	bool give_up;         /* and has not for so long (4 hours) that waiting has ended */
	bool signature_invalid; /* one by a registered key is wrong */
	bool failed;          /* the domain's policy demands it and nothing aligned passed */
	enum proof_need need; /* of the author's partner */
};

struct auth {
	enum auth_result result;
	enum auth_method method; /* that decided, AUTH_NONE without */
	const char *covers;      /* "" without */
	bool too_weak;           /* a proof held, but the partner demands a stronger one */
	bool dns_gave_up;        /* unauthenticated, only because DNS never answered: held, reason `dns` */
	bool signature_invalid;  /* alone: held, reason `signature-invalid`; beside a proof: a flag */
};

/* Adds a proof; silently full at AUTH_PROOFS_MAX. */
void auth_add(struct auth_facts *f, enum auth_method method, const char *covers);
/* The first that holds of authenticated, temperror, failed, unauthenticated. */
void auth_decide(struct auth *out, const struct auth_facts *f);
/* Released by an operator: stands for a proof of everything. */
void auth_by_operator(struct auth *out);

const char *auth_result_name(enum auth_result r);
const char *auth_method_name(enum auth_method m);

#endif
