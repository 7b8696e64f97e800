/*
 * privdrop.h - the one place where a process gives up what it does not need, in a fixed order:
 * rlimits (raising one needs the privilege), groups, chroot, gid, uid, no_new_privs; then the sandbox.
 */
#ifndef VG_PRIVDROP_H
#define VG_PRIVDROP_H

#include <stddef.h>
#include <stdint.h>

struct privdrop {
	const char *user;   /* NULL or not root: keep the ids */
	const char *chroot; /* NULL, or not root: none. Must belong to root or to user and be writable by no other */
	uint64_t as_bytes;  /* RLIMIT_AS, 0 keeps (always kept under ASan) */
	uint64_t nofile;    /* RLIMIT_NOFILE, 0 keeps */
	uint64_t nproc;     /* RLIMIT_NPROC, UINT64_MAX keeps */
};

/* VG_ERR_SYSTEM with *why naming the step. Verifies that the old ids cannot be had back. A limit above the
 * hard limit is cut to it where the privilege to raise it is missing. */
int privdrop(const struct privdrop *p, const char **why);

#endif
