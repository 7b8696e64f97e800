/*
 * arc.h - the Authenticated Received Chain (RFC 8617): validated as a whole, reported always, believed only for sealers
 * that the operator configured (POLICY (f)). Stands on the same parts as dkim.h.
 */
#ifndef VG_ARC_H
#define VG_ARC_H

#include "dkim.h"

#define ARC_SETS_MAX 50u /* RFC 8617 5.1.1 */

enum arc_result { ARC_NONE, ARC_PASS, ARC_FAIL, ARC_TEMPERROR };

struct arc_chain {
	enum arc_result result;
	unsigned n;                     /* sets */
	char sealer[DNS_NAME_MAX + 1];  /* d= of the outermost ARC-Seal, lower case */
	const char *results;            /* value of the outermost ARC-Authentication-Results behind "i=N;", folding kept, for authres_parse(); borrowed */
	size_t results_len;
	char why[120];
};

struct arc;

struct arc *arc_new(const struct gate_header *h, const struct dkim_options *o, struct body_hashes *bodies);
void arc_free(struct arc **a);
/* After body_hashes_end(): false while keys are missing. Checked: the structure of all sets, the newest message signature,
 * every seal. */
bool arc_check(struct arc *a, struct dns_set *dns);
const struct arc_chain *arc_chain(const struct arc *a);
const char *arc_result_name(enum arc_result r);

#endif
