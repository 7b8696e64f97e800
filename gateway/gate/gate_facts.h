/*
 * gate_facts.h - everything that the header of one mail says and the gate needs, read once. Pure but for the token keys.
 */
#ifndef VG_GATE_FACTS_H
#define VG_GATE_FACTS_H

#include <stdbool.h>
#include <stdint.h>

#include "gate_automatic.h"
#include "gate_from.h"
#include "gate_header.h"
#include "token.h"

#define GATE_MIDS_MAX 100u
#define GATE_MID_MAX 512u    /* longer Message-IDs name nothing */
#define GATE_SUBJECT_MAX 998u
#define GATE_HOPS_MAX 50u

struct gate_facts {
	struct gate_from from;
	char message_id[GATE_MID_MAX + 1]; /* without <>; "" without a well-formed one */
	char *mids[GATE_MIDS_MAX];         /* In-Reply-To, then References from the last to the first; no id twice */
	size_t n_mids;
	unsigned forged_ids;               /* ids of our own form that we never minted: they match nothing and are audited */
	char subject[GATE_SUBJECT_MAX + 1]; /* decoded, one line */
	uint64_t subject_number;           /* [#NUMBER], 0 where none or several different ones */
	enum automatic automatic;
	const char *automatic_why;
	unsigned suppress;                 /* SUPPRESS_* bits: which answers the sender asked to be spared */
	unsigned hops;                     /* Received fields */
	unsigned our_hops;                 /* those that we wrote */
	bool loop_mark;                    /* X-Vcspgate-Loop with a valid MAC */
	char *store;                       /* memory of mids */
};

struct gate_facts_input {
	const struct gate_header *header;
	const char *hostname;         /* ours: marks our Received fields */
	const struct token_keys *keys;
	bool smtputf8;
	bool null_path;               /* see automatic_facts */
};

/* VG_OK, VG_ERR_MEMORY. gate_facts_free also after an error. */
int gate_facts_read(struct gate_facts *f, const struct gate_facts_input *in);
void gate_facts_free(struct gate_facts *f);
/* [#NUMBER] in a subject. */
uint64_t gate_subject_number(const char *subject);

#endif
