/*
 * sandbox.c - loads a role's profile into the kernel and walls off the file system. Runs once in every child, after
 * privdrop(); called by role_run() only. What comes later from the network meets what is left.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "err.h"
#include "log.h"
#include "role.h"
#include "sandbox.h"
#include "sandbox_profiles.h"

/* ---- files ---- */

#ifndef LANDLOCK_ACCESS_FS_REFER
#define LANDLOCK_ACCESS_FS_REFER (1ULL << 13)
#endif
#ifndef LANDLOCK_ACCESS_FS_TRUNCATE
#define LANDLOCK_ACCESS_FS_TRUNCATE (1ULL << 14)
#endif
#ifndef LANDLOCK_ACCESS_FS_IOCTL_DEV
#define LANDLOCK_ACCESS_FS_IOCTL_DEV (1ULL << 15)
#endif

/* Every right on files that the kernel's version of Landlock knows. */
static uint64_t
landlock_rights(long abi)
{
	uint64_t all = LANDLOCK_ACCESS_FS_REFER - 1;

	if (abi >= 2)
		all |= LANDLOCK_ACCESS_FS_REFER;
	if (abi >= 3)
		all |= LANDLOCK_ACCESS_FS_TRUNCATE;
	if (abi >= 5)
		all |= LANDLOCK_ACCESS_FS_IOCTL_DEV;
	return all;
}

/* What the store does beneath its folder: no devices, sockets, links by name, or programs. */
static uint64_t
store_rights(uint64_t all)
{
	return all & (LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR |
	    LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_DIR |
	    LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_REFER | LANDLOCK_ACCESS_FS_TRUNCATE);
}

static int
landlock_allow(int ruleset, const char *path, uint64_t rights)
{
	struct landlock_path_beneath_attr beneath = { .allowed_access = rights };
	int rc = VG_OK;

	beneath.parent_fd = open(path, O_PATH | O_CLOEXEC);
	if (beneath.parent_fd < 0)
		return VG_ERR_SYSTEM;
	if (syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &beneath, 0) < 0)
		rc = VG_ERR_SYSTEM;
	close(beneath.parent_fd);
	return rc;
}

/* What gpg needs to run: itself, its libraries, nowhere to write to. Folders that a system lacks are passed over. */
static int
landlock_programs(int ruleset)
{
	static const char *const folders[] = { "/usr", "/lib", "/lib64", "/bin" };
	static const char *const files[] = { "/etc/ld.so.cache", "/dev/null", "/dev/urandom" };
	const uint64_t read = LANDLOCK_ACCESS_FS_READ_FILE;
	int rc = VG_OK;

	for (size_t i = 0; rc == VG_OK && i < sizeof(folders) / sizeof(folders[0]); i++) {
		if (access(folders[i], F_OK) == 0)
			rc = landlock_allow(ruleset, folders[i], read | LANDLOCK_ACCESS_FS_READ_DIR | LANDLOCK_ACCESS_FS_EXECUTE);
	}
	for (size_t i = 0; rc == VG_OK && i < sizeof(files) / sizeof(files[0]); i++) {
		if (access(files[i], F_OK) == 0)
			rc = landlock_allow(ruleset, files[i], read | LANDLOCK_ACCESS_FS_WRITE_FILE);
	}
	return rc;
}

int
sandbox_files(const char *dir, bool programs)
{
	struct landlock_ruleset_attr attr = { 0 };
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
	int fd, rc = VG_OK;

	if (abi < 1) {
		log_info("", "landlock-missing", "error=%s", log_q(strerror(errno)));
		return VG_OK;
	}
	attr.handled_access_fs = landlock_rights(abi);
	fd = (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof(attr), 0);
	if (fd < 0)
		return VG_ERR_SYSTEM;
	if (dir)
		rc = landlock_allow(fd, dir, store_rights(attr.handled_access_fs));
	if (rc == VG_OK && programs)
		rc = landlock_programs(fd);
	if (rc == VG_OK &&
	    (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || syscall(SYS_landlock_restrict_self, fd, 0) < 0))
		rc = VG_ERR_SYSTEM;
	close(fd);
	return rc;
}

/* ---- system calls ---- */

#ifdef VG_DEBUG

#define DENIED_ACTION SCMP_ACT_TRAP
#define NAMES_MAX 1024

/* Resolved before the filter: the handler may not allocate. */
static char denied_name[NAMES_MAX][28];
static char denied_role[16];

static size_t
put_text(char *out, size_t n, size_t max, const char *s)
{
	while (*s && n < max)
		out[n++] = *s++;
	return n;
}

static size_t
put_number(char *out, size_t n, size_t max, unsigned v)
{
	char digits[12];
	size_t k = 0;

	do {
		digits[k++] = (char)('0' + v % 10);
		v /= 10;
	} while (v);
	while (k && n < max)
		out[n++] = digits[--k];
	return n;
}

/* Names the call and lets the signal kill: SA_RESETHAND has put the default back. */
static void
on_sigsys(int signo, siginfo_t *info, void *context)
{
	char line[160];
	size_t max = sizeof(line) - 1, n = 0;
	unsigned nr = (unsigned)info->si_syscall;

	(void)context;
	n = put_text(line, n, max, denied_role);
	n = put_text(line, n, max, ": event=sandbox denied system call ");
	n = put_text(line, n, max, nr < NAMES_MAX && denied_name[nr][0] ? denied_name[nr] : "unknown");
	n = put_text(line, n, max, " (");
	n = put_number(line, n, max, nr);
	n = put_text(line, n, max, ")");
	line[n++] = '\n';
	if (write(STDERR_FILENO, line, n) < 0)
		n = 0;
	syscall(SYS_tgkill, getpid(), gettid(), signo);
	_exit(128 + signo);
}

static int
prepare_denial(enum role role)
{
	struct sigaction sa = { .sa_sigaction = on_sigsys, .sa_flags = SA_SIGINFO | SA_RESETHAND | SA_NODEFER };

	snprintf(denied_role, sizeof(denied_role), "%s", role_name(role));
	for (int nr = 0; nr < NAMES_MAX; nr++) {
		char *name = seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, nr);
		if (name)
			snprintf(denied_name[nr], sizeof(denied_name[nr]), "%s", name);
		free(name);
	}
	sigemptyset(&sa.sa_mask);
	return sigaction(SIGSYS, &sa, NULL) < 0 ? VG_ERR_SYSTEM : VG_OK;
}

#else

#define DENIED_ACTION SCMP_ACT_KILL_PROCESS

static int
prepare_denial(enum role role)
{
	(void)role;
	return VG_OK;
}

#endif

static int
add_rule(scmp_filter_ctx ctx, const struct sandbox_rule *r)
{
	struct scmp_arg_cmp cmp = { .arg = r->arg, .op = SCMP_CMP_EQ, .datum_a = r->value };

	switch (r->check) {
	case CHECK_NONE:
		return seccomp_rule_add_array(ctx, SCMP_ACT_ALLOW, r->nr, 0, NULL);
	case CHECK_REFUSE:
		return seccomp_rule_add_array(ctx, SCMP_ACT_ERRNO(EACCES), r->nr, 0, NULL);
	case CHECK_EQUAL:
		break;
	case CHECK_OWN_PID:
		cmp.datum_a = (scmp_datum_t)getpid();
		break;
	case CHECK_WITHOUT:
	case CHECK_WITH:
		cmp.op = SCMP_CMP_MASKED_EQ;
		cmp.datum_b = r->check == CHECK_WITH ? r->value : 0;
		break;
	}
	return seccomp_rule_add_array(ctx, SCMP_ACT_ALLOW, r->nr, 1, &cmp);
}

/* Pseudo numbers of calls that this architecture lacks are passed over by libseccomp itself. */
static int
add_profile(scmp_filter_ctx ctx, const struct sandbox_profile *p)
{
	for (size_t g = 0; g < SANDBOX_GROUPS && p->groups[g].n; g++) {
		for (size_t i = 0; i < p->groups[g].n; i++) {
			int rc = add_rule(ctx, &p->groups[g].rules[i]);
			/* One profile may name a call twice: first narrowly in base, then freely. */
			if (rc < 0 && rc != -EEXIST)
				return rc;
		}
	}
	return 0;
}

int
sandbox_enter(enum role role)
{
	const struct sandbox_profile *p = sandbox_profile(role);
	scmp_filter_ctx ctx;
	int rc;

	if (!p)
		return VG_ERR_NOTFOUND;
	if (prepare_denial(role) != VG_OK || !(ctx = seccomp_init(DENIED_ACTION)))
		return VG_ERR_SYSTEM;
	/* All threads at once; a foreign architecture's calls kill; a balanced tree keeps the filter short to walk. */
	rc = seccomp_attr_set(ctx, SCMP_FLTATR_CTL_TSYNC, 1);
	if (rc == 0)
		rc = seccomp_attr_set(ctx, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
	if (rc == 0)
		rc = seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	if (rc == 0)
		rc = add_profile(ctx, p);
	if (rc == 0)
		rc = seccomp_load(ctx);
	seccomp_release(ctx);
	if (rc < 0) {
		errno = -rc;
		return VG_ERR_SYSTEM;
	}
	return VG_OK;
}
