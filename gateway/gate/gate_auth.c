/*
 * gate_auth.c - from proofs to a result. Runs in the gate, and in the queue when held mail is released. Pure.
 */
#include "gate_auth.h"

/* What a method satisfies of a partner's demand: a signature is more than DKIM, DKIM more than any. */
static const struct {
	const char *name;
	enum proof_need strength;
} methods[AUTH_METHODS] = {
	[AUTH_NONE] = {"none", PROOF_ANY},
	[AUTH_DKIM] = {"dkim", PROOF_DKIM},
	[AUTH_SPF] = {"spf", PROOF_ANY},
	[AUTH_RELAY_DMARC] = {"relay-dmarc", PROOF_ANY},
	[AUTH_RELAY_LOGIN] = {"relay-login", PROOF_ANY},
	[AUTH_LOGIN] = {"login", PROOF_ANY},
	[AUTH_CERTIFICATE] = {"certificate", PROOF_ANY},
	[AUTH_SIGNATURE] = {"signature", PROOF_SIGNATURE},
	[AUTH_ARC] = {"arc", PROOF_ANY},
	[AUTH_SIGNER] = {"signer", PROOF_DKIM},
	[AUTH_RELAY] = {"relay", PROOF_ANY},
	[AUTH_BY_OPERATOR] = {"operator", PROOF_SIGNATURE},
};

static const char *const results[] = {
	[AUTH_UNAUTHENTICATED] = "unauthenticated",
	[AUTH_AUTHENTICATED] = "authenticated",
	[AUTH_TEMPERROR] = "temperror",
	[AUTH_FAILED] = "failed",
	[AUTH_OPERATOR] = "operator",
};

const char *auth_result_name(enum auth_result r)
{
	return results[r];
}

const char *auth_method_name(enum auth_method m)
{
	return methods[m].name;
}

void auth_add(struct auth_facts *f, enum auth_method method, const char *covers)
{
	if (f->n < AUTH_PROOFS_MAX)
		f->proofs[f->n++] = (struct auth_proof){method, covers};
}

void auth_decide(struct auth *out, const struct auth_facts *f)
{
	*out = (struct auth){.result = AUTH_UNAUTHENTICATED, .method = AUTH_NONE, .covers = "", .signature_invalid = f->signature_invalid};
	for (size_t i = 0; i < f->n; i++) {
		if (methods[f->proofs[i].method].strength < f->need) {
			out->too_weak = true;
			continue;
		}
		out->result = AUTH_AUTHENTICATED;
		out->method = f->proofs[i].method;
		out->covers = f->proofs[i].covers;
		out->too_weak = false;
		return;
	}
	if (f->temperror && f->give_up)
		out->dns_gave_up = true;
	else if (f->temperror)
		out->result = AUTH_TEMPERROR;
	else if (f->failed)
		out->result = AUTH_FAILED;
}

void auth_by_operator(struct auth *out)
{
	*out = (struct auth){.result = AUTH_OPERATOR, .method = AUTH_BY_OPERATOR, .covers = "*"};
}
