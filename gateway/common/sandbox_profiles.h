/*
 * sandbox_profiles.h - the profiles that sandbox.c loads: lists of system calls, some only with certain arguments.
 */
#ifndef VG_SANDBOX_PROFILES_H
#define VG_SANDBOX_PROFILES_H

#include <stddef.h>
#include <stdint.h>

#include "ipc_messages.h"

enum sandbox_check {
	CHECK_NONE,    /* whatever the arguments */
	CHECK_EQUAL,   /* argument arg is value */
	CHECK_WITHOUT, /* argument arg has none of the bits of value */
	CHECK_WITH,    /* argument arg has all bits of value */
	CHECK_OWN_PID, /* argument arg is our process id */
	CHECK_REFUSE   /* not allowed, but answered with EACCES: programs try it and go on without */
};

struct sandbox_rule {
	int nr; /* libseccomp's number, negative where the architecture lacks the call */
	enum sandbox_check check;
	unsigned arg;
	uint64_t value;
};

struct sandbox_group {
	const struct sandbox_rule *rules;
	size_t n;
};

#define SANDBOX_GROUPS 6

struct sandbox_profile {
	enum role role;
	struct sandbox_group groups[SANDBOX_GROUPS]; /* ends in n == 0 */
};

/* NULL for a role without profile. */
const struct sandbox_profile *sandbox_profile(enum role role);

#endif
