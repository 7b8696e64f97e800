/*
 * gate_from.h - the one author of a mail: exactly one mailbox in exactly one From field, in a form that nobody can
 * read otherwise (POLICY V1). Pure.
 */
#ifndef VG_GATE_FROM_H
#define VG_GATE_FROM_H

#include <stdbool.h>

#include "addr.h"
#include "gate_header.h"

#define GATE_NAME_MAX 255

struct gate_from {
	struct addr addr;
	char name[GATE_NAME_MAX + 1]; /* display name, decoded, one line of UTF-8; "" without */
	struct gate_fault fault;      /* code NULL: the sender is well-formed */
};

/* Reads the From field of h. smtputf8: the local part may stand outside ASCII. VG_OK with out->fault set or not;
 * VG_ERR_MEMORY. */
int gate_from_read(struct gate_from *out, const struct gate_header *h, bool smtputf8);
/* One mailbox from an unfolded field value. */
int gate_from_parse(struct gate_from *out, const char *s, size_t len, bool smtputf8);

#endif
