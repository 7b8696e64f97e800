/*
 * verify_main.c - the role `verify`: takes questions from the gate and gives each to a worker process of its own, which may
 * die of what it reads. No network: neither workers nor the gpg that they run can make a socket. Every question has a folder
 * of its own, removed with it.
 */
#include <fcntl.h>
#include <ftw.h>
#include <gmime/gmime.h>
#include <gpgme.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "err.h"
#include "log.h"
#include "role.h"
#include "seal.h"
#include "verify_job.h"

#define WORKERS_MAX 4u
#define WAITING_MAX 64u       /* further ones are told to come again */
#define JOB_SECONDS 20u
#define JOB_CPU_SECONDS 10u   /* of the worker, and of each gpg */
#define SAY_MAX 4096u         /* fits into a pipe: a worker never waits for us */

struct job {
	struct job *next;
	uint64_t id;
	unsigned char *frame; /* copy of the VERIFY_ASK */
	size_t len;
	int fd;               /* of a spooled message, -1 */
	pid_t pid;            /* 0 while it waits */
	int pipe;             /* the worker's answer */
	char home[PATH_MAX];
};

struct verify {
	struct role_ctx *ctx;
	struct ipc *gate;     /* NULL while it is down */
	struct job *jobs;     /* in order of coming */
	unsigned waiting, running;
	uint64_t serial;
};

/* ---- folders ---- */

static int remove_one(const char *path, const struct stat *st, int what, struct FTW *f)
{
	(void)st;
	(void)what;
	return f->level == 0 ? 0 : remove(path);
}

/* Everything below dir, links not followed. */
static void sweep(const char *dir)
{
	if (nftw(dir, remove_one, 8, FTW_DEPTH | FTW_PHYS) != 0)
		log_warn("", "verify-folder", "path=%s error=\"cannot be emptied\"", log_q(dir));
}

/* "" where none can be made: S/MIME needs none. */
static void make_home(struct verify *v, struct job *j)
{
	int n = snprintf(j->home, sizeof j->home, "%s/job-%llu", v->ctx->state_dir, (unsigned long long)++v->serial);

	if (n <= 0 || (size_t)n >= sizeof j->home || mkdir(j->home, 0700) != 0)
		j->home[0] = '\0';
}

/* ---- a worker ---- */

static void limit(void)
{
	struct rlimit cpu = {.rlim_cur = JOB_CPU_SECONDS, .rlim_max = JOB_CPU_SECONDS};
	sigset_t none;

	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	setrlimit(RLIMIT_CPU, &cpu);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	alarm(JOB_SECONDS);
}

/* Only the answer's pipe (3) and the message (4) stay open: the links to our other processes are not a worker's. */
static void keep_two(int *out, int *fd)
{
	int message = *fd >= 0 ? fcntl(*fd, F_DUPFD_CLOEXEC, 10) : -1, answer = fcntl(*out, F_DUPFD_CLOEXEC, 10);

	if (dup2(answer, 3) < 0 || (message >= 0 && dup2(message, 4) < 0))
		_exit(EX_OSERR);
	close_range(message >= 0 ? 5 : 4, ~0u, 0);
	*out = 3;
	*fd = message >= 0 ? 4 : -1;
	fcntl(3, F_SETFD, FD_CLOEXEC);
	fcntl(4, F_SETFD, FD_CLOEXEC);
}

static _Noreturn void work(const struct job *j, int out)
{
	struct verify_ask ask;
	struct buf say;
	int fd = j->fd, rc;

	limit();
	keep_two(&out, &fd);
	buf_init(&say, SAY_MAX);
	rc = wire_get(&wire_verify_ask, j->frame, j->len, &ask);
	if (rc == VG_OK)
		rc = verify_job(&say, &ask, fd, j->home);
	if (rc == VG_OK && write(out, say.data, say.len) != (ssize_t)say.len)
		rc = VG_ERR_SYSTEM;
	_exit(-rc); /* no more than a byte, 0 for VG_OK */
}

static int start_worker(struct verify *v, struct job *j)
{
	int ends[2];

	make_home(v, j);
	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0)
		return VG_ERR_SYSTEM;
	j->pid = fork();
	if (j->pid == 0)
		work(j, ends[1]);
	close(ends[1]);
	j->pipe = ends[0];
	if (j->pid < 0) {
		j->pid = 0;
		return VG_ERR_SYSTEM;
	}
	v->running++;
	return VG_OK;
}

/* ---- answers ---- */

static void job_free(struct verify *v, struct job *j)
{
	struct job **at = &v->jobs;

	while (*at != j)
		at = &(*at)->next;
	*at = j->next;
	if (j->fd >= 0)
		close(j->fd);
	if (j->pipe >= 0)
		close(j->pipe);
	if (j->home[0] != '\0') {
		sweep(j->home);
		rmdir(j->home);
	}
	free(j->frame);
	free(j);
}

static void answer(struct verify *v, uint64_t id, enum signature_state state, const char *why)
{
	struct verify_say say = {.state = (uint8_t)state, .kind = "", .fingerprint = "", .why = why, .protected = ""};

	if (v->gate != NULL)
		ipc_send(v->gate, IPC_VERIFY_SAY, id, &say);
}

/* The worker's own words; false where there are none that can be read. */
static bool pass_on(struct verify *v, const struct job *j)
{
	struct verify_say say;
	struct buf bytes;
	bool ok;

	buf_init(&bytes, SAY_MAX);
	ok = buf_reserve(&bytes, SAY_MAX) == VG_OK;
	if (ok) {
		ssize_t n = read(j->pipe, bytes.data, SAY_MAX);

		ok = n > 0 && wire_get(&wire_verify_say, bytes.data, (size_t)n, &say) == VG_OK;
	}
	if (ok && v->gate != NULL)
		ipc_send(v->gate, IPC_VERIFY_SAY, j->id, &say);
	buf_free(&bytes);
	return ok;
}

/* A crash is the mail's doing and will come again; a lack of time or memory will pass. */
static void answer_job(struct verify *v, const struct job *j, int status)
{
	bool ours = WIFEXITED(status) || WTERMSIG(status) == SIGALRM || WTERMSIG(status) == SIGKILL;

	if (WIFEXITED(status) && WEXITSTATUS(status) == 0 && pass_on(v, j))
		return;
	log_warn("", "verify-failed", "job=%llu exit=%d signal=%d", (unsigned long long)j->id,
	    WIFEXITED(status) ? WEXITSTATUS(status) : 0, WIFSIGNALED(status) ? WTERMSIG(status) : 0);
	if (WIFEXITED(status) && WEXITSTATUS(status) == -VG_ERR_LIMIT)
		answer(v, j->id, SIGNATURE_NONE, "the mail is too large to be checked");
	else if (ours)
		answer(v, j->id, SIGNATURE_UNKNOWN, "it could not be checked now");
	else
		answer(v, j->id, SIGNATURE_NONE, "it cannot be read");
}

static void start_waiting(struct verify *v)
{
	struct job *j, *next;

	for (j = v->jobs; j != NULL && v->running < WORKERS_MAX; j = next) {
		next = j->next;
		if (j->pid != 0)
			continue;
		v->waiting--;
		if (start_worker(v, j) != VG_OK) {
			log_warn("", "verify-failed", "job=%llu error=\"no worker\"", (unsigned long long)j->id);
			answer(v, j->id, SIGNATURE_UNKNOWN, "it could not be checked now");
			job_free(v, j);
		}
	}
}

static void on_child(void *arg)
{
	struct verify *v = arg;
	struct job *j, *next;
	int status;

	for (j = v->jobs; j != NULL; j = next) {
		next = j->next;
		if (j->pid == 0 || waitpid(j->pid, &status, WNOHANG) != j->pid)
			continue;
		v->running--;
		answer_job(v, j, status);
		job_free(v, j);
	}
	start_waiting(v);
}

/* ---- questions ---- */

static int take(struct verify *v, struct ipc_msg *msg)
{
	struct verify_ask ask;
	struct job *j, **end = &v->jobs;

	if (msg->type != IPC_VERIFY_ASK || ipc_decode(msg, &ask) != VG_OK)
		return VG_ERR_PROTO;
	if (v->waiting == WAITING_MAX || (j = calloc(1, sizeof *j)) == NULL) {
		answer(v, msg->id, SIGNATURE_UNKNOWN, "too many signatures wait to be checked");
		return VG_OK;
	}
	j->id = msg->id;
	j->pipe = -1;
	j->fd = ipc_take_fd(msg, 0);
	while (*end != NULL)
		end = &(*end)->next;
	*end = j;
	if ((j->frame = malloc(msg->len + 1)) == NULL) {
		answer(v, msg->id, SIGNATURE_UNKNOWN, "it could not be checked now");
		job_free(v, j);
		return VG_OK;
	}
	memcpy(j->frame, msg->data, msg->len);
	j->len = msg->len;
	v->waiting++;
	start_waiting(v);
	return VG_OK;
}

static void on_gate(struct ipc *ipc, struct ipc_msg *msg, void *arg)
{
	struct verify *v = arg;

	(void)ipc;
	if (msg == NULL || take(v, msg) != VG_OK)
		ipc_close(&v->gate); /* a new gate brings a new link */
}

/* ---- the role ---- */

static int prepare(struct role_ctx *ctx)
{
	struct verify *v = calloc(1, sizeof *v);

	if (v == NULL)
		return EX_OSERR;
	v->ctx = ctx;
	ctx->state = v;
	g_mime_init();
	return 0;
}

/* gpgme asks gpg for its version once; workers inherit the answer. */
static int start(struct role_ctx *ctx)
{
	gpgme_error_t e;

	if (access(ctx->state_dir, W_OK | X_OK) != 0) {
		log_error("", "verify-folder", "path=%s error=\"this role's user cannot write there, or not reach it: no OpenPGP\"",
		    log_q(ctx->state_dir));
	} else {
		sweep(ctx->state_dir);
	}
	gpgme_check_version(NULL);
	if ((e = gpgme_engine_check_version(GPGME_PROTOCOL_OpenPGP)) != 0)
		log_warn("", "gpg-missing", "error=%s", log_q(gpgme_strerror(e)));
	return ev_signal(ctx->loop, SIGCHLD, on_child, ctx->state) == VG_OK ? 0 : EX_OSERR;
}

static void on_peer(struct role_ctx *ctx, enum role role, uint32_t index, int fd)
{
	struct verify *v = ctx->state;

	(void)index;
	ipc_close(&v->gate);
	v->gate = role == ROLE_GATE ? ipc_open(ctx->loop, fd, ROLE_VERIFY, ROLE_GATE, on_gate, v) : NULL;
	if (v->gate == NULL)
		close(fd);
}

const struct role_ops verify_role = {
    .role = ROLE_VERIFY,
    .prepare = prepare,
    .start = start,
    .on_peer = on_peer,
};
