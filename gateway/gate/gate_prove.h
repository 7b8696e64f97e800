/*
 * gate_prove.h - the proof of one mail's sender under way: body hashes, DKIM, ARC, SPF and DMARC, each as far as the DNS has
 * answered. Many at once; a mail whose names are answered late or never delays only itself.
 */
#ifndef VG_GATE_PROVE_H
#define VG_GATE_PROVE_H

#include "gate_dns.h"
#include "gate_sender.h"
#include "role.h"

struct gate_prove;

/* All borrowed until gate_prove_free(), but for the configuration: a reload may replace that at any time. */
struct gate_prove_input {
	const struct role_ctx *ctx;
	struct gate_dns *dns;
	const struct addr *author;
	const struct gate_header *header;
	const struct submit *submit;
	const struct facts_say *say;
	const struct verify_say *verify; /* NULL: not asked */
	int fd;           /* of a spooled message, -1 */
};

/* err: VG_OK, or why nothing can be said now (memory, a body that cannot be read). */
typedef void gate_prove_cb(int err, void *arg);

/* Starts; done is called once, from a later turn of the loop. VG_ERR_*: it is not. */
int gate_prove_start(struct gate_prove **out, const struct gate_prove_input *in, gate_prove_cb *done, void *arg);
/* After done(VG_OK): what was found. Borrows from the proof. */
const struct gate_sender *gate_prove_result(const struct gate_prove *p);
/* Ends it; done is not called any more. NULL is fine. */
void gate_prove_free(struct gate_prove **p);

#endif
