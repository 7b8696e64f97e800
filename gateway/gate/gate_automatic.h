/*
 * gate_automatic.h - was this written by a program (POLICY V0, V2, V5, V6)? One pure function over the header: every
 * instance of a field counts, letter case and comments never do.
 */
#ifndef VG_GATE_AUTOMATIC_H
#define VG_GATE_AUTOMATIC_H

#include <stdbool.h>

#include "gate_header.h"

enum automatic {
	AUTOMATIC_NONE,
	AUTOMATIC_BULK,      /* lists, Precedence: bulk: only our acknowledgement is left out */
	AUTOMATIC_GENERATED,
	AUTOMATIC_REPLY,
	AUTOMATIC_BOUNCE,    /* DSN, MDN, and what looks like one */
	AUTOMATIC_LOOP
};

struct automatic_facts {
	const struct gate_header *header;
	const char *subject; /* decoded */
	const char *sender;  /* normal form or "" */
	bool null_path;      /* the envelope's return path is known, and is <> */
	bool loop;           /* our own valid mark */
};

/* The strongest kind that something in the mail proves; *why: the evidence, static. */
enum automatic automatic_decide(const struct automatic_facts *f, const char **why);
/* "" for none, "auto-reply", … as CONTRACT has it. Static. */
const char *automatic_name(enum automatic kind);
/* The inverse; AUTOMATIC_NONE for anything else. */
enum automatic automatic_by_name(const char *name);

#endif
