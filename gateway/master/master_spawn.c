/*
 * master_spawn.c - one child: fork, execute ourselves in the role, hand over configuration, secrets, counter pages,
 * listeners and links. The child has no descriptor that stands not here, and no variable that master_env.c drops.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sysexits.h>
#include <unistd.h>

#include "err.h"
#include "log.h"
#include "master.h"
#include "role.h"

#define MASTER_FD 3

/* Runs in the child. log_fd: -1 keeps descriptor 2. */
static _Noreturn void
become(const struct proc *p, int sock, int log_fd, pid_t parent)
{
	char index[16];
	char self[] = "vcspgated", role_arg[] = "--role", index_arg[] = "--index", name[32];
	char *argv[] = { self, role_arg, name, index_arg, index, NULL };
	int null_fd = p->m->null_fd;
	sigset_t none;

	snprintf(name, sizeof(name), "%s", role_name(p->row->role));
	snprintf(index, sizeof(index), "%u", p->index);
	/* Out of the way of 0-3 first; the copies made below lose the close-on-exec flag. */
	sock = fcntl(sock, F_DUPFD_CLOEXEC, 10);
	null_fd = fcntl(null_fd, F_DUPFD_CLOEXEC, 10);
	if (log_fd >= 0)
		log_fd = fcntl(log_fd, F_DUPFD_CLOEXEC, 10);
	if (dup2(null_fd, 0) < 0 || dup2(null_fd, 1) < 0 || (log_fd >= 0 && dup2(log_fd, 2) < 0) ||
	    dup2(sock, MASTER_FD) < 0 || close_range(MASTER_FD + 1, ~0U, 0) < 0)
		_exit(EX_OSERR);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0 || getppid() != parent)
		_exit(EX_OSERR);
	execve("/proc/self/exe", argv, p->m->env);
	log_error("", "exec-failed", "role=%s error=%s", name, log_q(strerror(errno)));
	_exit(EX_OSERR);
}

static int
start_process(struct proc *p, ipc_cb *cb)
{
	struct master *m = p->m;
	pid_t parent = getpid();
	int sock[2], log_fd = -1;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sock) < 0)
		return VG_ERR_SYSTEM;
	if (m->logs && (log_fd = logs_pipe(m->logs, false)) < 0)
		goto fail;
	p->pid = fork();
	if (p->pid == 0)
		become(p, sock[1], log_fd, parent);
	if (p->pid < 0) {
		p->pid = 0;
		goto fail;
	}
	close(sock[1]);
	if (log_fd >= 0)
		close(log_fd);
	p->state = PROC_LOADING;
	p->ipc = ipc_open(m->loop, sock[0], ROLE_MASTER, p->row->role, cb, p);
	if (!p->ipc)
		close(sock[0]); /* the child sees it and ends; it is started again */
	return VG_OK;
fail:
	close(sock[0]);
	close(sock[1]);
	if (log_fd >= 0)
		close(log_fd);
	return VG_ERR_SYSTEM;
}

/* The configuration of the start first: what a reload cannot change must stay as it is in the others. */
static void
hand_conf(struct proc *p)
{
	ipc_send_fd(p->ipc, IPC_M_CONF, 0, NULL, p->m->boot.fd, -1);
	if (p->m->now.fd >= 0)
		ipc_send_fd(p->ipc, IPC_M_CONF, 0, NULL, p->m->now.fd, -1);
}

static void
hand_pages(struct proc *p)
{
	const struct m_metrics own = { .role = p->row->role, .index = p->index };

	ipc_send_fd(p->ipc, IPC_M_METRICS, 0, &own, p->metrics, -1);
	for (size_t i = 0; p->row->all_metrics && i < p->m->n_procs; i++) {
		const struct proc *other = &p->m->procs[i];
		const struct m_metrics page = { .role = other->row->role, .index = other->index };

		if (other != p)
			ipc_send_fd(p->ipc, IPC_M_METRICS, 0, &page, other->metrics_ro, -1);
	}
}

static void
hand_listeners(struct proc *p)
{
	const struct conf *c = p->m->boot.conf;

	for (size_t i = 0; i < c->n_listens; i++) {
		const struct m_listen l = { .listener = (uint32_t)i };

		if (p->row->listens & (1u << c->listens[i].proto))
			ipc_send_fd(p->ipc, IPC_M_LISTEN, 0, &l, p->m->listeners[i].fd, -1);
	}
}

static void
link_pair(struct proc *a, struct proc *b)
{
	const struct m_peer to_a = { .role = b->row->role, .index = b->index };
	const struct m_peer to_b = { .role = a->row->role, .index = a->index };
	int sock[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sock) < 0) {
		log_error("", "link-failed", "a=%s b=%s error=%s", a->title, b->title, log_q(strerror(errno)));
		return;
	}
	ipc_send_fd(a->ipc, IPC_M_PEER, 0, &to_a, sock[0], -1);
	ipc_send_fd(b->ipc, IPC_M_PEER, 0, &to_b, sock[1], -1);
	close(sock[0]);
	close(sock[1]);
}

/* One new pair with each living peer; a peer that starts later makes its own. */
static void
hand_links(struct proc *p)
{
	for (size_t i = 0; i < p->m->n_procs; i++) {
		struct proc *other = &p->m->procs[i];

		if (other != p && other->ipc && other->state != PROC_STOPPING &&
		    role_linked(p->row->role, other->row->role))
			link_pair(p, other);
	}
}

int
master_spawn(struct proc *p, ipc_cb *cb)
{
	int rc = start_process(p, cb);

	if (rc != VG_OK || !p->ipc)
		return rc;
	hand_conf(p);
	master_secrets_send(&p->m->secrets, p->row, p->index, p->ipc, false);
	hand_pages(p);
	hand_listeners(p);
	hand_links(p);
	return VG_OK;
}
