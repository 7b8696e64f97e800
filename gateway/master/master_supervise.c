/*
 * master_supervise.c - starts the roles from the store outwards, restarts the dead ones, reloads, and stops them from
 * the channels inwards, so that what is acknowledged is finished. Hears M_UP, M_DIAL and exit statuses from its children.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "err.h"
#include "log.h"
#include "master.h"
#include "role.h"

/* A child that closed its link and did not end is killed after this time. */
#define LINGER_MS 1000

/* What each tier has for its end, 10 seconds in all; most go to the channels, which wait for slow clients. */
static const int64_t stop_ms[] = { 5000, 1500, 1000, 2500 };
_Static_assert(sizeof(stop_ms) / sizeof(stop_ms[0]) == ROLE_TIERS, "every tier has its time");

static void advance_start(struct master *m);
static void advance_stop(struct master *m);
static void spawn(struct proc *p);

int64_t
master_backoff_ms(unsigned failures)
{
	int64_t ms = BACKOFF_FIRST_MS;

	while (failures-- > 1 && ms < BACKOFF_MAX_MS)
		ms *= 2;
	return ms < BACKOFF_MAX_MS ? ms : BACKOFF_MAX_MS;
}

/* A worker that is worn out (parser) ends itself in good order; one that does so at once is broken. */
bool
master_is_replacement(int status, int64_t up_ms)
{
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 && up_ms >= REPLACE_MIN_MS;
}

static void
kill_all(struct master *m)
{
	for (size_t i = 0; i < m->n_procs; i++) {
		if (m->procs[i].pid)
			kill(m->procs[i].pid, SIGKILL);
	}
}

/* A slow client must not cost the store its orderly end: only the tier that is late is killed. */
static void
on_deadline(void *arg)
{
	struct master *m = arg;

	for (size_t i = 0; i < m->n_procs; i++) {
		struct proc *p = &m->procs[i];

		if (p->row->tier > m->stop_tier || !p->pid)
			continue;
		log_warn("", "stop-late", "role=%s pid=%d action=kill", p->title, (int)p->pid);
		kill(p->pid, SIGKILL);
	}
}

static void
begin_stop(struct master *m, int code)
{
	if (m->stopping)
		return;
	m->stopping = true;
	m->exit_code = code;
	for (size_t i = 0; i < m->n_procs; i++) {
		if (!m->procs[i].pid)
			ev_timer_clear(m->loop, &m->procs[i].timer);
	}
	ev_timer_set(m->loop, &m->deadline, stop_ms[0], on_deadline, m);
	advance_stop(m);
}

/* Tells the tier to stop; true when none of it is left. */
static bool
tier_gone(struct master *m, unsigned tier)
{
	bool gone = true;

	for (size_t i = 0; i < m->n_procs; i++) {
		struct proc *p = &m->procs[i];

		if (p->row->tier != tier || !p->pid)
			continue;
		gone = false;
		if (p->state == PROC_STOPPING)
			continue;
		p->state = PROC_STOPPING;
		if (!p->ipc || ipc_send(p->ipc, IPC_M_STOP, 0, NULL) != VG_OK)
			kill(p->pid, SIGKILL);
	}
	return gone;
}

static void
advance_stop(struct master *m)
{
	while (m->stop_tier < ROLE_TIERS && tier_gone(m, m->stop_tier)) {
		if (++m->stop_tier < ROLE_TIERS)
			ev_timer_set(m->loop, &m->deadline, stop_ms[m->stop_tier], on_deadline, m);
	}
	if (m->stop_tier == ROLE_TIERS)
		evloop_stop(m->loop);
}

static void
all_up(struct master *m)
{
	log_info("", "up", "pid=%d processes=%zu listeners=%zu", (int)getpid(), m->n_procs, m->boot.conf->n_listens);
	if (m->logs)
		logs_copy_stop(m->logs);
	daemon_report(&m->report, EX_OK);
	daemon_notify("READY=1");
}

/* Starts the current tier's processes; true when all of it are up. */
static bool
tier_up(struct master *m)
{
	bool up = true;

	for (size_t i = 0; i < m->n_procs; i++) {
		struct proc *p = &m->procs[i];

		if (p->row->tier != (unsigned)m->start_tier || p->state == PROC_UP)
			continue;
		up = false;
		if (p->state != PROC_LOADING || !p->ipc)
			continue;
		p->state = PROC_STARTING;
		ipc_send(p->ipc, IPC_M_START, 0, NULL);
	}
	return up;
}

static void
advance_start(struct master *m)
{
	if (m->start_tier < 0 || m->stopping)
		return;
	while (m->start_tier >= 0 && tier_up(m))
		m->start_tier--;
	if (m->start_tier < 0)
		all_up(m);
}

static void
on_linger(void *arg)
{
	struct proc *p = arg;

	if (p->pid)
		kill(p->pid, SIGKILL);
}

/* The resolver of the last reload, where there was one. */
static void
on_dial(struct proc *p, const struct ipc_msg *msg)
{
	const struct loaded *l = p->m->now.conf ? &p->m->now : &p->m->boot;

	if (master_dial(l->conf, p->ipc, msg) != VG_OK)
		log_warn("", "dial-odd", "role=%s", p->title);
}

static void
on_child(struct ipc *ipc, struct ipc_msg *msg, void *arg)
{
	struct proc *p = arg;

	(void)ipc;
	if (!msg) {
		ipc_close(&p->ipc);
		ev_timer_set(p->m->loop, &p->timer, LINGER_MS, on_linger, p);
		return;
	}
	if (msg->type == IPC_M_DIAL) {
		on_dial(p, msg);
		return;
	}
	if (msg->type == IPC_M_TOKEN) {
		master_token(p);
		return;
	}
	if (msg->type != IPC_M_UP || p->state != PROC_STARTING)
		return;
	p->state = PROC_UP;
	p->up_at = evloop_now(p->m->loop);
	log_debug("", "role-up", "role=%s pid=%d", p->title, (int)p->pid);
	advance_start(p->m);
}

static void
on_restart(void *arg)
{
	struct proc *p = arg;

	log_info("", "role-restart", "role=%s failures=%u", p->title, p->failures);
	spawn(p);
	if (p->ipc) {
		p->state = PROC_STARTING;
		ipc_send(p->ipc, IPC_M_START, 0, NULL);
	}
}

/* replaced: it asked for that by ending in good order; no failure, no pause. */
static void
plan_restart(struct proc *p, bool replaced)
{
	int64_t now = evloop_now(p->m->loop);

	if (p->up_at && now - p->up_at >= BACKOFF_RESET_MS)
		p->failures = 0;
	if (!replaced)
		p->failures++;
	p->up_at = 0;
	ev_timer_set(p->m->loop, &p->timer, replaced ? 0 : master_backoff_ms(p->failures), on_restart, p);
}

static void
log_exit(const struct proc *p, int status)
{
	int sig = WIFSIGNALED(status) ? WTERMSIG(status) : 0;

	if (sig)
		log_error("", "role-died", "role=%s pid=%d signal=%d reason=%s", p->title, (int)p->pid, sig,
		    sig == SIGSYS ? "seccomp" : log_q(strsignal(sig)));
	else
		log_error("", "role-died", "role=%s pid=%d status=%d", p->title, (int)p->pid, WEXITSTATUS(status));
}

int
master_start_code(int status)
{
	int code = WIFEXITED(status) ? WEXITSTATUS(status) : EX_SOFTWARE;

	return code > EX__BASE && code <= EX__MAX ? code : EX_SOFTWARE;
}

static void
on_exit_of(struct proc *p, int status)
{
	struct master *m = p->m;
	bool replaced = p->state == PROC_UP && master_is_replacement(status, evloop_now(m->loop) - p->up_at);

	if (!replaced && !(p->state == PROC_STOPPING && status == 0))
		log_exit(p, status);
	p->pid = 0;
	p->state = PROC_DOWN;
	ipc_close(&p->ipc);
	ev_timer_clear(m->loop, &p->timer);
	if (m->stopping)
		advance_stop(m);
	else if (m->start_tier >= 0)
		begin_stop(m, master_start_code(status));
	else
		plan_restart(p, replaced);
}

static void
spawn(struct proc *p)
{
	if (master_spawn(p, on_child) == VG_OK)
		return;
	log_error("", "spawn-failed", "role=%s error=%s", p->title, log_q(strerror(errno)));
	if (p->m->start_tier >= 0)
		begin_stop(p->m, EX_OSERR);
	else
		plan_restart(p, false);
}

/* ---- signals ---- */

static void
on_sigchld(void *arg)
{
	struct master *m = arg;
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		struct proc *p = master_proc_by_pid(m, pid);

		if (p)
			on_exit_of(p, status);
	}
}

static void
on_sigterm(void *arg)
{
	struct master *m = arg;

	if (m->stopping)
		return;
	log_info("", "stop", "reason=signal");
	daemon_notify("STOPPING=1");
	begin_stop(m, EX_OK);
}

/* Somebody at the terminal who asks twice does not want to wait. SIGTERM comes twice from some tools by itself. */
static void
on_sigint(void *arg)
{
	struct master *m = arg;

	if (m->stopping)
		kill_all(m);
	else
		on_sigterm(m);
}

static void
log_conf_error(const char *file, unsigned line, unsigned column, const char *why, void *arg)
{
	char text[512];

	(void)arg;
	snprintf(text, sizeof(text), "%s:%u:%u: %s", file, line, column, why);
	log_error("", "conf-error", "error=%s", log_q(text));
}

static void
log_conf_warning(const char *file, unsigned line, unsigned column, const char *why, void *arg)
{
	(void)line;
	(void)column;
	(void)arg;
	log_warn("", "conf-warning", "what=%s warning=%s", log_q(file), log_q(why));
}

static void
apply_reload(struct master *m, struct loaded *fresh)
{
	conf_needs_restart(m->boot.conf, fresh->conf, log_conf_warning, NULL);
	conf_warnings(fresh->conf, log_conf_warning, NULL);
	master_conf_drop(&m->now);
	m->now = *fresh;
	for (size_t i = 0; i < m->n_procs; i++) {
		struct proc *p = &m->procs[i];

		if (!p->ipc)
			continue;
		/* First the keys: the new configuration may name what needs them. */
		master_secrets_send(&m->secrets, p->row, p->index, p->ipc, true);
		ipc_send_fd(p->ipc, IPC_M_CONF, 0, NULL, m->now.fd, -1);
	}
	log_info("", "reloaded", "file=%s", log_q(m->conf_file));
}

static void
on_reload(void *arg)
{
	struct master *m = arg;
	struct loaded fresh = { .fd = -1 };
	struct fault f = { 0 };

	if (m->stopping)
		return;
	if (master_conf_load(m->conf_file, &fresh, log_conf_error, NULL) != VG_OK) {
		log_error("", "reload-refused", "file=%s error=\"nothing is changed\"", log_q(m->conf_file));
		return;
	}
	if (master_tls_load(fresh.conf, &m->secrets, &f) != VG_OK) {
		log_error("", "reload-refused", "file=%s error=%s", log_q(m->conf_file), log_q(f.text));
		master_conf_drop(&fresh);
		return;
	}
	/* Of the file we started with: another one takes effect at the next start. */
	if (master_tokens_reload(m->boot.conf, &m->secrets, &f) != VG_OK)
		log_error("", "token-keys", "error=%s", log_q(f.text));
	if (master_outgoing_load(m->boot.conf, &m->secrets, &f) != VG_OK)
		log_error("", "outgoing-secrets", "error=%s", log_q(f.text));
	if (master_mailboxes_load(m->boot.conf, &m->secrets, &f) != VG_OK)
		log_error("", "mailbox-secrets", "error=%s", log_q(f.text));
	apply_reload(m, &fresh);
}

static int
watch_signals(struct master *m)
{
	if (ev_signal(m->loop, SIGCHLD, on_sigchld, m) != VG_OK || ev_signal(m->loop, SIGTERM, on_sigterm, m) != VG_OK ||
	    ev_signal(m->loop, SIGINT, on_sigint, m) != VG_OK || ev_signal(m->loop, SIGHUP, on_reload, m) != VG_OK)
		return VG_ERR_SYSTEM;
	signal(SIGPIPE, SIG_IGN);
	return VG_OK;
}

int
master_supervise(struct master *m)
{
	if (watch_signals(m) != VG_OK) {
		log_error("", "start-failed", "step=signals error=%s", log_q(strerror(errno)));
		return EX_OSERR;
	}
	conf_warnings(m->boot.conf, log_conf_warning, NULL);
	m->start_tier = (int)ROLE_TIERS - 1;
	for (size_t i = 0; i < m->n_procs && !m->stopping; i++)
		spawn(&m->procs[i]);
	advance_start(m);
	if (evloop_run(m->loop) != VG_OK) {
		log_error("", "loop-failed", "error=%s", log_q(strerror(errno)));
		m->exit_code = EX_OSERR;
		kill_all(m);
	}
	ev_timer_clear(m->loop, &m->deadline);
	log_info("", "stopped", "status=%d", m->exit_code);
	return m->exit_code;
}
