/*
 * role.c - the frame of every child process: takes the hand-over from the supervisor on descriptor 3, drops
 * privileges, enters the sandbox, serves, reloads, stops. Trusts the supervisor; meets no other process itself.
 */
#include <errno.h>
#include <jansson.h>
#include <limits.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "err.h"
#include "log.h"
#include "privdrop.h"
#include "role.h"
#include "role_probe.h"
#include "role_table.h"
#include "sandbox.h"

#define MASTER_FD 3
#define CONF_MAX (16u * 1024u * 1024u)
#define PENDING_MAX 1024u

/* Something handed over before the role serves. */
struct pending {
	enum ipc_type type;
	uint32_t role, index; /* of the peer or page; index: of the listener */
	int fd;
};

struct pending_secret {
	enum secret_kind kind;
	unsigned char *data;
	size_t len;
};

#define SECRETS_MAX 64

struct run {
	struct role_ctx ctx; /* first: role_exit() finds the rest behind it */
	const struct role_ops *ops;
	pid_t parent;
	bool go, up, done;
	struct pending *pending;
	size_t n_pending;
	struct pending_secret secrets[SECRETS_MAX];
	size_t n_secrets;
	char root[PATH_MAX + sizeof("/" ROLE_VERIFY_DIR)]; /* the folder it is chrooted or confined to */
};

static _Noreturn void
die(int status, const char *event, const char *what, const char *why)
{
	log_error("", event, "what=%s error=%s", what, log_q(why));
	_exit(status);
}

/* ---- configuration ---- */

static void
on_conf_error(const char *file, unsigned line, unsigned column, const char *why, void *arg)
{
	(void)arg;
	log_error("", "conf-error", "file=%s line=%u column=%u error=%s", log_q(file), line, column, log_q(why));
}

/* By pread: the descriptor's position is shared with the other processes. */
static int
read_conf(int fd, struct buf *text)
{
	for (;;) {
		ssize_t n;

		if (buf_reserve(text, 65536) != VG_OK)
			return VG_ERR_LIMIT;
		n = pread(fd, text->data + text->len, 65536, (off_t)text->len);
		if (n == 0)
			return VG_OK;
		if (n < 0 && errno != EINTR)
			return VG_ERR_SYSTEM;
		if (n > 0)
			text->len += (size_t)n;
	}
}

static int
take_conf(struct run *r, int fd)
{
	struct conf *fresh = NULL, *old = r->ctx.conf;
	struct buf text;
	int rc;

	buf_init(&text, CONF_MAX);
	rc = read_conf(fd, &text);
	if (rc == VG_OK)
		rc = conf_parse("conf", (const char *)text.data, text.len, &fresh, on_conf_error, NULL);
	buf_free(&text);
	if (rc != VG_OK)
		return rc;
	r->ctx.conf = fresh;
	if (!old)
		return VG_OK;
	conf_keep(old, fresh);
	if (r->up && r->ops->on_conf)
		r->ops->on_conf(&r->ctx, old);
	conf_free(&old);
	return VG_OK;
}

/* ---- what is handed over ---- */

static void
give(struct run *r, const struct pending *p)
{
	const struct role_ops *ops = r->ops;

	if (p->type == IPC_M_PEER && ops->on_peer)
		ops->on_peer(&r->ctx, (enum role)p->role, p->index, p->fd);
	else if (p->type == IPC_M_LISTEN && ops->on_listen)
		ops->on_listen(&r->ctx, p->index, p->fd);
	else if (p->type == IPC_M_METRICS && ops->on_metrics)
		ops->on_metrics(&r->ctx, (enum role)p->role, p->index, p->fd);
	else
		close(p->fd);
}

static int
give_or_keep(struct run *r, const struct pending *p)
{
	struct pending *more;

	if (r->up) {
		give(r, p);
		return VG_OK;
	}
	if (r->n_pending == PENDING_MAX)
		return VG_ERR_LIMIT;
	more = realloc(r->pending, (r->n_pending + 1) * sizeof(*more));
	if (!more)
		return VG_ERR_MEMORY;
	r->pending = more;
	more[r->n_pending++] = *p;
	return VG_OK;
}

static int
take_metrics(struct run *r, const struct pending *p)
{
	if (p->role != r->ctx.role || p->index != r->ctx.index || r->ctx.metrics)
		return give_or_keep(r, p);
	r->ctx.metrics = metrics_map(p->fd, 1);
	close(p->fd);
	return r->ctx.metrics ? VG_OK : VG_ERR_SYSTEM;
}

static int
take_secret(struct run *r, const struct m_secret *m)
{
	struct pending_secret *s = &r->secrets[r->n_secrets];

	if (r->up) {
		if (r->ops->on_secret)
			r->ops->on_secret(&r->ctx, (enum secret_kind)m->kind, m->data.data, m->data.len);
		return VG_OK;
	}
	if (r->n_secrets == SECRETS_MAX)
		return VG_ERR_LIMIT;
	if (!(s->data = malloc(m->data.len + 1)))
		return VG_ERR_MEMORY;
	memcpy(s->data, m->data.data, m->data.len);
	s->data[m->data.len] = '\0';
	s->kind = (enum secret_kind)m->kind;
	s->len = m->data.len;
	r->n_secrets++;
	return VG_OK;
}

static void
give_secrets(struct run *r)
{
	for (size_t i = 0; i < r->n_secrets; i++) {
		struct pending_secret *s = &r->secrets[i];

		if (r->ops->on_secret)
			r->ops->on_secret(&r->ctx, s->kind, s->data, s->len);
		sodium_memzero(s->data, s->len);
		free(s->data);
	}
	r->n_secrets = 0;
}

static void
stop(struct run *r)
{
	if (!r->up)
		_exit(EX_OK);
	if (r->ops->on_stop)
		r->ops->on_stop(&r->ctx);
	else
		role_exit(&r->ctx);
}

static int
take_fd(struct run *r, struct ipc_msg *msg)
{
	struct pending p = { .type = msg->type };
	struct m_peer peer;
	struct m_listen listen;
	struct m_metrics page;
	int rc;

	if (msg->type == IPC_M_PEER && (rc = ipc_decode(msg, &peer)) == VG_OK) {
		p.role = peer.role;
		p.index = peer.index;
	} else if (msg->type == IPC_M_LISTEN && (rc = ipc_decode(msg, &listen)) == VG_OK) {
		p.index = listen.listener;
	} else if (msg->type == IPC_M_METRICS && (rc = ipc_decode(msg, &page)) == VG_OK) {
		p.role = page.role;
		p.index = page.index;
	} else {
		return VG_ERR_PROTO;
	}
	if ((p.fd = ipc_take_fd(msg, 0)) < 0)
		return VG_ERR_PROTO;
	rc = p.type == IPC_M_METRICS ? take_metrics(r, &p) : give_or_keep(r, &p);
	if (rc != VG_OK)
		close(p.fd);
	return rc;
}

static int
take_dialed(struct run *r, struct ipc_msg *msg)
{
	struct m_dialed say;

	if (ipc_decode(msg, &say) != VG_OK || !r->ops->on_dialed)
		return VG_ERR_PROTO;
	r->ops->on_dialed(&r->ctx, msg->id, (enum dial)say.what, say.err ? -1 : ipc_take_fd(msg, 0));
	return VG_OK;
}

int
role_dial(struct role_ctx *ctx, enum dial what, uint64_t id)
{
	struct m_dial ask = { .what = what };

	return ipc_send(ctx->master, IPC_M_DIAL, id, &ask);
}

static int
take(struct run *r, struct ipc_msg *msg)
{
	struct m_secret secret;
	int rc;

	switch (msg->type) {
	case IPC_M_CONF:
		return take_conf(r, msg->fd[0]);
	case IPC_M_SECRET:
		rc = ipc_decode(msg, &secret);
		return rc == VG_OK ? take_secret(r, &secret) : rc;
	case IPC_M_METRICS:
	case IPC_M_LISTEN:
	case IPC_M_PEER:
		return take_fd(r, msg);
	case IPC_M_DIALED:
		return take_dialed(r, msg);
	case IPC_M_START:
		r->go = true;
		return VG_OK;
	case IPC_M_STOP:
		stop(r);
		return VG_OK;
	default:
		return VG_ERR_PROTO;
	}
}

/* Without a supervisor there is nobody to serve for: the service starts again as a whole. */
static void
on_master(struct ipc *ipc, struct ipc_msg *msg, void *arg)
{
	struct run *r = arg;
	int rc;

	(void)ipc;
	if (!msg)
		_exit(EX_OK);
	rc = take(r, msg);
	if (rc != VG_OK && !r->up)
		die(rc == VG_ERR_CONFIG ? EX_CONFIG : EX_OSERR, "handover-failed", ipc_type_name(msg->type), vg_strerror(rc));
	if (rc != VG_OK)
		log_error("", "handover-failed", "what=%s error=%s", ipc_type_name(msg->type), log_q(vg_strerror(rc)));
}

/* ---- the start ---- */

static void
check_hook(int rc, const char *what)
{
	if (rc == 0)
		return;
	log_error("", "start-failed", "step=%s", what);
	_exit(rc >= EX__BASE && rc <= EX__MAX ? rc : EX_OSERR);
}

static void
check_nofile(uint64_t wanted)
{
	struct rlimit now;

	if (getrlimit(RLIMIT_NOFILE, &now) == 0 && now.rlim_cur < wanted)
		log_warn("", "few-descriptors", "limit=%llu wanted=%llu", (unsigned long long)now.rlim_cur,
		    (unsigned long long)wanted);
}

static void
drop(struct run *r, const struct role_row *row)
{
	struct privdrop p = { .user = role_user(row, r->ctx.conf), .as_bytes = row->as_bytes,
		.nofile = role_nofile(row, r->ctx.conf), .nproc = row->nproc };
	bool state = row->root == ROOT_STATE, own = row->root == ROOT_OWN, chrooted = geteuid() == 0;
	const char *why;

	/* The folder may be named by a link; what privdrop() opens may not. */
	if (!realpath(r->ctx.conf->state, r->root))
		die(EX_OSERR, "privdrop-failed", "state", strerror(errno));
	if (own)
		memcpy(r->root + strlen(r->root), "/" ROLE_VERIFY_DIR, sizeof("/" ROLE_VERIFY_DIR));
	else if (!state)
		memcpy(r->root + strlen(r->root), "/" ROLE_EMPTY_DIR, sizeof("/" ROLE_EMPTY_DIR));
	p.chroot = own ? NULL : r->root;
	if (privdrop(&p, &why) != VG_OK)
		die(EX_OSERR, "privdrop-failed", why, strerror(errno));
	check_nofile(p.nofile);
	r->ctx.state_dir = own ? r->root : chrooted ? "/" : r->ctx.conf->state;
	if (state && chdir(r->ctx.state_dir) < 0)
		die(EX_OSERR, "privdrop-failed", "chdir", strerror(errno));
#ifndef VG_DEBUG
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#endif
	/* The change of ids has cleared it. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0 || getppid() != r->parent)
		_exit(EX_OSERR);
	/* Its own folder may lie where its user cannot come to; then it does without, and says so. */
	if (sandbox_files(state || own ? r->ctx.state_dir : NULL, own) != VG_OK && (!own || sandbox_files(NULL, own) != VG_OK))
		die(EX_OSERR, "sandbox-failed", "landlock", strerror(errno));
}

/* What libraries open at their first use, and could not behind the filter. */
static void
warm(void)
{
	time_t now = time(NULL);
	struct tm tm;

	/* Without TZ, mktime() and strftime() look at /etc/localtime again at every call. */
	setenv("TZ", ":/etc/localtime", 0);
	tzset();
	localtime_r(&now, &tm);
	/* jansson would read its hash seed from /dev/urandom; 0 asks for that. */
	json_object_seed(randombytes_random() | 1u);
}

static void
begin(struct run *r)
{
	const struct role_row *row = role_row(r->ctx.role);

	if (!row || !r->ctx.conf)
		die(EX_SOFTWARE, "handover-failed", "start", "no configuration");
	warm();
	if (r->ops->prepare)
		check_hook(r->ops->prepare(&r->ctx), "prepare");
	drop(r, row);
	give_secrets(r);
	if (r->ops->start)
		check_hook(r->ops->start(&r->ctx), "start");
	role_probe_prepare(r->ctx.role);
	if (sandbox_enter(r->ctx.role) != VG_OK)
		die(EX_OSERR, "sandbox-failed", "seccomp", strerror(errno));
	role_probe_run();
	r->up = true;
	ipc_send(r->ctx.master, IPC_M_UP, 0, NULL);
	for (size_t i = 0; i < r->n_pending; i++)
		give(r, &r->pending[i]);
	free(r->pending);
	r->pending = NULL;
	r->n_pending = 0;
}

/* The supervisor decides when a child ends; a terminal's signals reach the whole group. */
static void
ignore_signals(void)
{
	static const int ignored[] = { SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGPIPE, SIGUSR1, SIGUSR2, SIGTSTP };

	for (size_t i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++)
		signal(ignored[i], SIG_IGN);
}

int
role_run(const struct role_ops *ops, uint32_t index)
{
	static struct run r;
	char name[32];

	role_title(name, sizeof(name), ops->role, index);
	log_setup(name, getenv("VCSPGATE_TEST_DEBUG") ? LOG_LVL_DEBUG : LOG_LVL_INFO);
	ignore_signals();
	if (sodium_init() < 0)
		die(EX_SOFTWARE, "start-failed", "libsodium", "cannot start");
	r.ops = ops;
	r.parent = getppid();
	r.ctx.role = ops->role;
	r.ctx.index = index;
	r.ctx.loop = evloop_new();
	if (r.ctx.loop)
		r.ctx.master = ipc_open(r.ctx.loop, MASTER_FD, ops->role, ROLE_MASTER, on_master, &r);
	if (!r.ctx.master)
		die(EX_OSERR, "start-failed", "loop", strerror(errno));
	while (!r.go) {
		if (evloop_turn(r.ctx.loop, -1) != VG_OK)
			die(EX_OSERR, "start-failed", "loop", strerror(errno));
	}
	begin(&r);
	if (!r.done && (ops->run ? ops->run(&r.ctx) : evloop_run(r.ctx.loop)) != VG_OK)
		die(EX_OSERR, "loop-failed", "epoll", strerror(errno));
	return EX_OK;
}

void
role_exit(struct role_ctx *ctx)
{
	struct run *r = (struct run *)ctx;

	r->done = true;
	evloop_stop(ctx->loop);
}
