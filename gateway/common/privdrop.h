/*
 * privdrop.h - the one place where a process gives up what it does not need, in a fixed order:
 * groups, chroot, gid, uid, no_new_privs, rlimits; then sandbox_enter().
 */
#ifndef VG_PRIVDROP_H
#define VG_PRIVDROP_H

#include <stddef.h>
#include <stdint.h>

struct privdrop {
	const char *user;   /* NULL or not root: keep the ids */
	const char *chroot; /* NULL, or not root: none */
	uint64_t as_bytes;  /* RLIMIT_AS, 0 keeps (always kept under ASan) */
	uint64_t nofile;    /* RLIMIT_NOFILE, 0 keeps */
	uint64_t nproc;     /* RLIMIT_NPROC, UINT64_MAX keeps */
};

/* VG_ERR_SYSTEM with *why naming the step. Verifies that the old ids cannot be had back. */
int privdrop(const struct privdrop *p, const char **why);

#endif
