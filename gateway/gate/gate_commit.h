/*
 * gate_commit.h - the record of a decided mail for the queue: COMMIT from a case. Pure.
 */
#ifndef VG_GATE_COMMIT_H
#define VG_GATE_COMMIT_H

#include "gate_decide.h"

struct gate_commit {
	struct commit msg; /* borrows from the case and from here */
	char *evidence;
	struct buf prefix;
};

/* digest: 32 bytes, or empty. VG_ERR_MEMORY. gate_commit_free also after an error. */
int gate_commit_make(struct gate_commit *out, const struct gate_case *c, const struct blob *digest);
void gate_commit_free(struct gate_commit *c);

#endif
