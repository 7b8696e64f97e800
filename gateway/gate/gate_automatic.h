/*
 * gate_automatic.h - automatic mail (POLICY V0, V2, V5, V6) by the strict header and the two facts that only the gate has:
 * the envelope's return path and our own mark. Without them the parsers come to the same kind (automatic.h).
 */
#ifndef VG_GATE_AUTOMATIC_H
#define VG_GATE_AUTOMATIC_H

#include "automatic.h"
#include "gate_header.h"

struct automatic_facts {
	const struct gate_header *header;
	const char *subject; /* decoded */
	const char *sender;  /* normal form or "" */
	bool null_path;      /* the envelope's return path is known, and is <> */
	bool loop;           /* our own valid mark */
};

/* automatic_classify over the header. */
void automatic_decide(struct automatic_result *out, const struct automatic_facts *f);

#endif
