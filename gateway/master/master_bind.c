/*
 * master_bind.c - makes the listening sockets, as root for low ports, before anything else runs. The children get
 * them by descriptor. Input: the administrator's configuration only.
 */
#include <errno.h>
#include <grp.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sysexits.h>
#include <unistd.h>

#include "err.h"
#include "master.h"

/* A supervisor that was killed leaves children that are just dying and still hold the sockets: we have its lock already,
 * so an address in use is tried again for a second in all. */
#define PATIENCE_STEPS 20
#define PATIENCE_STEP_NS 50000000L

/* Does anybody answer at this socket? A full queue counts. */
static bool
answered(const struct conf_listen *l)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	bool yes;

	if (fd < 0)
		return true;
	yes = connect(fd, (const struct sockaddr *)&l->addr, l->addr_len) == 0 || errno == EAGAIN || errno == EINPROGRESS;
	close(fd);
	return yes;
}

/* The folder of the socket, last part only: a missing /run is not ours to make. */
static int
make_folder(const struct conf_listen *l, struct fault *f)
{
	char dir[sizeof(struct sockaddr_un)];
	char *slash;

	snprintf(dir, sizeof(dir), "%s", l->unix_path);
	slash = strrchr(dir, '/');
	if (!slash || slash == dir)
		return VG_OK;
	*slash = '\0';
	if (mkdir(dir, 0755) == 0 || errno == EEXIST)
		return VG_OK;
	return fault_set(f, EX_CANTCREAT, "listen %s: folder %s: %s", l->name, dir, strerror(errno));
}

/* VG_ERR_EXISTS when the address is in use, for another try. */
static int
bind_fault(struct fault *f, const struct conf_listen *l, int error)
{
	int rc = fault_set(f, EX_OSERR, "listen %s: %s", l->name, strerror(error));

	return error == EADDRINUSE ? VG_ERR_EXISTS : rc;
}

static int
clear_path(const struct conf_listen *l, struct fault *f)
{
	struct stat st;

	if (lstat(l->unix_path, &st) < 0)
		return errno == ENOENT ? VG_OK
		                       : fault_set(f, EX_OSERR, "listen %s: %s", l->name, strerror(errno));
	if (!S_ISSOCK(st.st_mode))
		return fault_set(f, EX_OSERR, "listen %s: there is a file that is no socket", l->name);
	if (answered(l))
		return bind_fault(f, l, EADDRINUSE);
	if (unlink(l->unix_path) < 0)
		return fault_set(f, EX_OSERR, "listen %s: cannot remove the stale socket: %s", l->name, strerror(errno));
	return VG_OK;
}

static int
set_access(const struct conf_listen *l, struct listener *out, struct fault *f)
{
	struct group *gr;
	struct stat st;

	if (l->group) {
		if (!(gr = getgrnam(l->group)))
			return fault_set(f, EX_CONFIG, "listen %s: group %s: no such group", l->name, l->group);
		if (lchown(l->unix_path, (uid_t)-1, gr->gr_gid) < 0)
			return fault_set(f, EX_OSERR, "listen %s: group %s: %s", l->name, l->group, strerror(errno));
	}
	if (chmod(l->unix_path, l->mode) < 0 || lstat(l->unix_path, &st) < 0)
		return fault_set(f, EX_OSERR, "listen %s: mode: %s", l->name, strerror(errno));
	out->ino = st.st_ino;
	out->ctime = st.st_ctim;
	return VG_OK;
}

static int
bind_socket(const struct conf_listen *l, int fd)
{
	int on = 1, rc;
	mode_t mask;

	if (l->addr.ss_family == AF_UNIX) {
		/* Nobody may connect before mode and group are set. */
		mask = umask(0177);
		rc = bind(fd, (const struct sockaddr *)&l->addr, l->addr_len);
		umask(mask);
		return rc;
	}
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0)
		return -1;
	if (l->addr.ss_family == AF_INET6 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)) < 0)
		return -1;
	return bind(fd, (const struct sockaddr *)&l->addr, l->addr_len);
}

static int
bind_once(const struct conf_listen *l, struct listener *out, struct fault *f)
{
	int rc = l->unix_path ? clear_path(l, f) : VG_OK;

	if (rc != VG_OK)
		return rc;
	out->fd = socket(l->addr.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (out->fd < 0 || bind_socket(l, out->fd) < 0 || listen(out->fd, SOMAXCONN) < 0) {
		rc = bind_fault(f, l, errno);
		if (out->fd >= 0)
			close(out->fd);
		out->fd = -1;
		return rc;
	}
	return l->unix_path ? set_access(l, out, f) : VG_OK;
}

static int
bind_one(const struct conf_listen *l, struct listener *out, unsigned *patience, struct fault *f)
{
	const struct timespec step = { .tv_nsec = PATIENCE_STEP_NS };
	int rc;

	if (l->unix_path && make_folder(l, f) != VG_OK)
		return VG_ERR_SYSTEM;
	while ((rc = bind_once(l, out, f)) == VG_ERR_EXISTS && *patience) {
		(*patience)--;
		nanosleep(&step, NULL);
	}
	return rc == VG_OK ? VG_OK : VG_ERR_SYSTEM;
}

int
master_bind(const struct conf *c, struct listener **out, struct fault *f)
{
	struct listener *all = calloc(c->n_listens + 1, sizeof(*all));
	unsigned patience = PATIENCE_STEPS;

	if (!all)
		return fault_set(f, EX_OSERR, "listen: %s", strerror(errno));
	for (size_t i = 0; i < c->n_listens; i++)
		all[i].fd = -1;
	for (size_t i = 0; i < c->n_listens; i++) {
		if (bind_one(&c->listens[i], &all[i], &patience, f) != VG_OK) {
			master_unbind(c, &all);
			return VG_ERR_SYSTEM;
		}
	}
	*out = all;
	return VG_OK;
}

/* Another daemon may have put its own socket there. */
static bool
still_ours(const char *path, const struct listener *l)
{
	struct stat st;

	return l->ino && lstat(path, &st) == 0 && st.st_ino == l->ino && st.st_ctim.tv_sec == l->ctime.tv_sec &&
	    st.st_ctim.tv_nsec == l->ctime.tv_nsec;
}

void
master_unbind(const struct conf *c, struct listener **listeners)
{
	struct listener *all = *listeners;

	if (!all)
		return;
	for (size_t i = 0; i < c->n_listens; i++) {
		const char *path = c->listens[i].unix_path;

		if (all[i].fd >= 0)
			close(all[i].fd);
		if (path && still_ours(path, &all[i]))
			unlink(path);
	}
	free(all);
	*listeners = NULL;
}
