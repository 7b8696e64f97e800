/*
 * master_token.c - runs the token-command of a mailbox: the process that logs in may start no programs. The command is the
 * operator's and runs without our privileges; what it prints is bounded, and handed on unread.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sysexits.h>
#include <unistd.h>

#include "err.h"
#include "log.h"
#include "master.h"
#include "privdrop.h"

#define TOKEN_TEXT_MAX 16384u
#define COMMAND_MS 30000
#define COMMAND_MEMORY (UINT64_C(1) << 30)
#define COMMAND_FILES 256u

struct token_run {
	struct proc *p;
	int out, pidfd; /* its output; a way to end it and nobody else */
	struct ev_io *io;
	struct ev_timer timer;
	struct buf text;
};

void
master_token_end(struct proc *p)
{
	struct token_run *t = p->token;

	p->token = NULL;
	if (!t)
		return;
	if (t->pidfd >= 0) {
		syscall(SYS_pidfd_send_signal, t->pidfd, SIGKILL, NULL, 0);
		close(t->pidfd);
	}
	ev_io_del(&t->io);
	ev_timer_clear(p->m->loop, &t->timer);
	if (t->out >= 0)
		close(t->out);
	buf_wipe(&t->text);
	free(t);
}

static void
hand_over(struct token_run *t, bool good)
{
	struct proc *p = t->p;
	const struct m_secret s = { .kind = SECRET_TOKEN, .data = { t->text.data, good ? t->text.len : 0 } };

	if (!good || !t->text.len)
		log_warn("", "token-command", "role=%s error=\"it printed nothing, too much, or took too long\"", p->title);
	if (p->ipc)
		ipc_send(p->ipc, IPC_M_SECRET, 0, &s);
	master_token_end(p);
}

static void
on_late(void *arg)
{
	hand_over(arg, false);
}

static void
on_text(int fd, unsigned events, void *arg)
{
	struct token_run *t = arg;
	char block[4096];
	ssize_t n = read(fd, block, sizeof(block));

	(void)events;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n > 0 && buf_add(&t->text, block, (size_t)n) == VG_OK)
		return;
	hand_over(t, n == 0);
}

/* Runs in the child. */
static _Noreturn void
become(const struct proc *p, const char *command, int out)
{
	struct privdrop d = { .user = role_user(p->row, p->m->boot.conf), .as_bytes = COMMAND_MEMORY, .nofile = COMMAND_FILES,
		.nproc = UINT64_MAX };
	char *name = strdup(command), *argv[] = { name, NULL };
	const char *why;
	sigset_t none;

	out = fcntl(out, F_DUPFD_CLOEXEC, 10);
	if (!name || dup2(p->m->null_fd, 0) < 0 || dup2(out, 1) < 0 || close_range(3, ~0U, 0) < 0)
		_exit(EX_OSERR);
	setsid();
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	if (chdir("/") < 0 || privdrop(&d, &why) != VG_OK)
		_exit(EX_OSERR);
	execve(command, argv, p->m->env);
	log_error("", "token-command", "file=%s error=%s", log_q(command), log_q(strerror(errno)));
	_exit(EX_OSERR);
}

static int
start(struct token_run *t, const char *command)
{
	int fd[2];
	pid_t pid;

	if (pipe2(fd, O_CLOEXEC | O_NONBLOCK) < 0)
		return VG_ERR_SYSTEM;
	t->out = fd[0];
	pid = fork();
	if (pid == 0) {
		fcntl(fd[1], F_SETFL, 0);
		become(t->p, command, fd[1]);
	}
	close(fd[1]);
	if (pid < 0)
		return VG_ERR_SYSTEM;
	t->pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	t->io = ev_io_add(t->p->m->loop, t->out, EV_READ, on_text, t);
	if (!t->io || ev_timer_set(t->p->m->loop, &t->timer, COMMAND_MS, on_late, t) != VG_OK)
		return VG_ERR_MEMORY;
	return VG_OK;
}

void
master_token(struct proc *p)
{
	const struct conf *c = p->m->boot.conf;
	const char *command = p->row->role == ROLE_IMAP && p->index < c->n_imaps ? c->imaps[p->index].token_command : NULL;
	struct token_run *t = p->token || !command ? NULL : calloc(1, sizeof(*t));

	if (!t)
		return;
	t->p = p;
	t->out = t->pidfd = -1;
	buf_init(&t->text, TOKEN_TEXT_MAX);
	p->token = t;
	if (start(t, command) != VG_OK)
		hand_over(t, false);
}
