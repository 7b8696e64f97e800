/*
 * ipc_rules.h - the permission table of ipc_messages.h as data, for ipc.c and its tests.
 */
#ifndef VG_IPC_RULES_H
#define VG_IPC_RULES_H

#include <stdbool.h>
#include <stdint.h>

#include "ipc_messages.h"

struct ipc_rule {
	const char *name;
	unsigned from, to; /* sets of roles */
	uint32_t max;      /* payload bytes */
	unsigned fds;      /* descriptors at most */
};

/* NULL for a number that is no type. */
const struct ipc_rule *ipc_rule(uint32_t type);
/* The fields of a type, NULL for one without (or no type). */
const struct wire_table *ipc_table(uint32_t type);
/* May `from` send this to `to`? */
bool ipc_rule_allows(const struct ipc_rule *rule, enum role from, enum role to);

#endif
