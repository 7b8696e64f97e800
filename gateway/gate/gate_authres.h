/*
 * gate_authres.h - Authentication-Results (RFC 8601) of a trusted relay, and what of it proves the author (POLICY,
 * authentication (c)). A field that does not fit the grammar proves nothing. Pure.
 */
#ifndef VG_GATE_AUTHRES_H
#define VG_GATE_AUTHRES_H

#include <stdbool.h>
#include <stddef.h>

#include "addr.h"
#include "gate_header.h"

#define AUTHRES_RESULTS_MAX 32u
#define AUTHRES_PROPS_MAX 16u
#define AUTHRES_STORE 8192u

struct authres_prop {
	const char *type, *name; /* lower case: "header", "from" */
	const char *value;       /* quotes removed */
};

struct authres_result {
	const char *method, *result; /* lower case: "dmarc", "pass" */
	const char *reason;          /* NULL without */
	struct authres_prop props[AUTHRES_PROPS_MAX];
	size_t n_props;
};

struct authres {
	const char *authserv_id;
	struct authres_result results[AUTHRES_RESULTS_MAX]; /* none for "none" */
	size_t n_results;
	char store[AUTHRES_STORE];
	size_t used;
};

/* For those whose field carries no authserv-id (Microsoft 365). */
#define AUTHRES_NO_ID "none"

/* Parses a field value, folding kept. VG_ERR_SYNTAX, VG_ERR_LIMIT with *why. */
int authres_parse(struct authres *out, const char *value, size_t len, const char **why);
/* The same for a field without authserv-id, which then is "": results from the start, `action=` among the properties. A
 * field with an id is a syntax error. */
int authres_parse_bare(struct authres *out, const char *value, size_t len, const char **why);

struct authres_proof {
	bool dmarc;          /* dmarc=pass, header.from is the author's domain */
	bool login;          /* auth=pass, smtp.auth is the author's address */
	const char *dmarc_result; /* as the relay said, "none" where it said nothing; one of a fixed set, static */
	const char *why;     /* what counted, or why nothing did; static */
	unsigned fields;     /* Authentication-Results fields in the header */
	unsigned ignored;    /* of these, that did not count */
};

/* Does a parsed field say dmarc=pass for exactly the author's domain, once? Sets dmarc, dmarc_result and why, unless it says
 * nothing of dmarc. */
void authres_judge_dmarc(struct authres_proof *out, const struct authres *a, const struct addr *author);
/* authserv_id: of the relay that the real peer belongs to or of the mailbox, NULL when it is none; AUTHRES_NO_ID: the field has
 * none. Only the topmost field counts. */
void authres_judge(struct authres_proof *out, const struct gate_header *h, const char *authserv_id, const struct addr *author);

#endif
