/*
 * role_probe.h - for tests of the filters: VCSPGATE_TEST_PROBE=ROLE:SYSCALL makes that role issue one system call
 * right after it entered its filter. Debug builds only; nothing else has the code.
 */
#ifndef VG_ROLE_PROBE_H
#define VG_ROLE_PROBE_H

#include "ipc_messages.h"

#ifdef VG_DEBUG
/* Before the filter: reads the environment and resolves the call's number. */
void role_probe_prepare(enum role role);
/* Behind it: makes the call, and logs its result where the process lived on. */
void role_probe_run(void);
#else
static inline void
role_probe_prepare(enum role role)
{
	(void)role;
}
static inline void
role_probe_run(void)
{
}
#endif

#endif
