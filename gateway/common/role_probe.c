/*
 * role_probe.c - one system call on request, to show that a role's filter holds. Only in debug builds; reached from
 * role_run() with what the administrator's environment says.
 */
#include "role_probe.h"

#ifdef VG_DEBUG

#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "log.h"
#include "role.h"

static int probe_nr = -1;

void
role_probe_prepare(enum role role)
{
	const char *want = getenv("VCSPGATE_TEST_PROBE"), *name = role_name(role);
	size_t n = strlen(name);

	if (want && !strncmp(want, name, n) && want[n] == ':')
		probe_nr = seccomp_syscall_resolve_name(want + n + 1);
}

/* The arguments fit openat and harm no other call. */
void
role_probe_run(void)
{
	long rc;

	if (probe_nr < 0)
		return;
	rc = syscall(probe_nr, AT_FDCWD, "/etc/passwd", O_RDONLY, 0, 0, 0);
	log_warn("", "probe", "syscall=%d result=%ld error=%s", probe_nr, rc, log_q(rc < 0 ? strerror(errno) : ""));
}

#else
typedef int role_probe_unused; /* an empty translation unit is not C */
#endif
