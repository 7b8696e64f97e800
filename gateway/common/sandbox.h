/*
 * sandbox.h - one seccomp profile per role, and Landlock for what may touch files without chroot.
 * A call outside the profile kills the process (production) or names the call on the log and then kills
 * it (debug builds, -DVG_DEBUG). Sanitizer builds add what their runtimes need.
 */
#ifndef VG_SANDBOX_H
#define VG_SANDBOX_H

#include "ipc_messages.h"

/* Enters the role's filter; no way back. dir: the one folder the role may touch (queue: state folder), NULL: no files
 * at all (Landlock where the kernel has it; its absence is logged, not an error). VG_ERR_SYSTEM. */
int sandbox_enter(enum role role, const char *dir);

#endif
