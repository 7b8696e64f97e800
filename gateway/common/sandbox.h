/*
 * sandbox.h - what a role can still ask of the kernel: Landlock for files, one seccomp profile per role
 * (sandbox_profiles.c). A call outside the profile kills the process (production), or names the call on the log and
 * then kills it (debug builds, -DVG_DEBUG). Sanitizer builds add what their runtimes need. No way back.
 */
#ifndef VG_SANDBOX_H
#define VG_SANDBOX_H

#include <stdbool.h>

#include "ipc_messages.h"

/* Files: none at all, or (dir not NULL) only what lies beneath dir. Before the process starts threads, which inherit it;
 * descriptors that are open stay usable. programs: those of the system may be read and run too. Where the kernel lacks Landlock this is logged, not an error. VG_ERR_SYSTEM. */
int sandbox_files(const char *dir, bool programs);
/* Enters the role's filter, with all threads of the process. VG_ERR_NOTFOUND for a role without profile, VG_ERR_SYSTEM. */
int sandbox_enter(enum role role);

#endif
