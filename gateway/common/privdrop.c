/*
 * privdrop.c - rlimits, groups, chroot, gid, uid, no_new_privs. Runs once in every child, still root where the
 * supervisor is root; called by role_run() only. Any failure ends the process.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdbool.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#include "err.h"
#include "privdrop.h"

/* Sets soft and hard limit. Without the privilege (an ordinary user, root of a container) a limit may only go down. */
static int
set_limit(int resource, uint64_t value)
{
	struct rlimit now, want = { .rlim_cur = (rlim_t)value, .rlim_max = (rlim_t)value };

	if (setrlimit(resource, &want) == 0)
		return VG_OK;
	if (errno != EPERM || getrlimit(resource, &now) < 0)
		return VG_ERR_SYSTEM;
	now.rlim_cur = now.rlim_max;
	return setrlimit(resource, &now) < 0 ? VG_ERR_SYSTEM : VG_OK;
}

static int
set_limits(const struct privdrop *p)
{
	if (set_limit(RLIMIT_CORE, 0) != VG_OK)
		return VG_ERR_SYSTEM;
#ifndef VG_SANITIZE
	/* ASan reserves terabytes of address space. */
	if (p->as_bytes && set_limit(RLIMIT_AS, p->as_bytes) != VG_OK)
		return VG_ERR_SYSTEM;
#endif
	if (p->nofile && set_limit(RLIMIT_NOFILE, p->nofile) != VG_OK)
		return VG_ERR_SYSTEM;
	if (p->nproc != UINT64_MAX && set_limit(RLIMIT_NPROC, p->nproc) != VG_OK)
		return VG_ERR_SYSTEM;
	return VG_OK;
}

/* A folder that another user could change would be no wall: it must belong to root or to us. */
static int
enter_root(const char *path, uid_t uid)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC), rc = VG_ERR_SYSTEM;

	if (fd < 0)
		return VG_ERR_SYSTEM;
	if (fstat(fd, &st) < 0)
		goto out;
	if ((st.st_uid != 0 && st.st_uid != uid) || (st.st_mode & 022)) {
		errno = EPERM;
		goto out;
	}
	if (fchdir(fd) == 0 && chroot(".") == 0 && chdir("/") == 0)
		rc = VG_OK;
out:
	close(fd);
	return rc;
}

/* True when every id is the new one and root cannot be had back. */
static bool
ids_are(uid_t uid, gid_t gid)
{
	uid_t ru, eu, su;
	gid_t rg, eg, sg;

	if (getresuid(&ru, &eu, &su) < 0 || getresgid(&rg, &eg, &sg) < 0)
		return false;
	if (ru != uid || eu != uid || su != uid || rg != gid || eg != gid || sg != gid)
		return false;
	return uid == 0 || (setuid(0) < 0 && seteuid(0) < 0);
}

int
privdrop(const struct privdrop *p, const char **why)
{
	bool root = geteuid() == 0;
	struct passwd *pw = NULL;
	uid_t uid = geteuid();
	gid_t gid = getegid();

	*why = "user";
	if (root && p->user) {
		errno = 0;
		if (!(pw = getpwnam(p->user))) {
			errno = errno ? errno : ENOENT;
			return VG_ERR_SYSTEM;
		}
		uid = pw->pw_uid;
		gid = pw->pw_gid;
	}
	*why = "setrlimit";
	if (set_limits(p) != VG_OK)
		return VG_ERR_SYSTEM;
	*why = "setgroups";
	if (pw && setgroups(1, &gid) < 0)
		return VG_ERR_SYSTEM;
	*why = "chroot";
	if (root && p->chroot && enter_root(p->chroot, uid) != VG_OK)
		return VG_ERR_SYSTEM;
	*why = "setresgid";
	if (pw && setresgid(gid, gid, gid) < 0)
		return VG_ERR_SYSTEM;
	*why = "setresuid";
	if (pw && setresuid(uid, uid, uid) < 0)
		return VG_ERR_SYSTEM;
	*why = "ids";
	if (pw && !ids_are(uid, gid)) {
		errno = EPERM;
		return VG_ERR_SYSTEM;
	}
	*why = "no_new_privs";
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return VG_ERR_SYSTEM;
	return VG_OK;
}
