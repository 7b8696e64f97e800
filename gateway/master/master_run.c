/*
 * master_run.c - the daemon's life in order: everything that can fail with a clear error comes first, in the
 * foreground; then the background; then the roles.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "err.h"
#include "log.h"
#include "master.h"

extern char **environ;

int
fault_set(struct fault *f, int code, const char *fmt, ...)
{
	va_list ap;

	f->code = code;
	va_start(ap, fmt);
	vsnprintf(f->text, sizeof(f->text), fmt, ap);
	va_end(ap);
	return VG_ERR_SYSTEM;
}

/* Folder, keys, sockets: with the administrator's rights and terminal. */
static int
acquire(struct master *m, struct fault *f)
{
	const struct conf *c = m->boot.conf;

	if (master_check_users(c, f) != VG_OK || master_state_open(c, &m->state, f) != VG_OK ||
	    master_key_load(c, m->state.has_store, &m->secrets, f) != VG_OK ||
	    master_tls_load(c, &m->secrets, f) != VG_OK || master_mailboxes_load(c, &m->secrets, f) != VG_OK ||
	    master_outgoing_load(c, &m->secrets, f) != VG_OK)
		return VG_ERR_SYSTEM;
	return master_bind(c, &m->listeners, f);
}

static void
copy_line(const char *line, void *arg)
{
	struct master *m = arg;

	daemon_say(m->report, line);
}

/* From here on descriptor 2 is a pipe to ourselves and syslog the reader. */
static int
go_background(struct master *m, struct fault *f)
{
	int fd;

	if ((m->report = daemon_start()) < 0)
		return fault_set(f, EX_OSERR, "background: %s", strerror(errno));
	log_setup("master", LOG_LVL_INFO);
	if (master_pid_write(&m->state, f) != VG_OK)
		return VG_ERR_SYSTEM;
	m->loop = evloop_new();
	m->logs = m->loop ? logs_new(m->loop, copy_line, m) : NULL;
	fd = m->logs ? logs_pipe(m->logs, true) : -1;
	if (fd < 0 || dup2(fd, STDERR_FILENO) < 0)
		return fault_set(f, EX_OSERR, "log: %s", strerror(errno));
	close(fd);
	return VG_OK;
}

static int
go_foreground(struct master *m, struct fault *f)
{
	m->loop = evloop_new();
	return m->loop ? VG_OK : fault_set(f, EX_OSERR, "loop: %s", strerror(errno));
}

static int
prepare(struct master *m, struct fault *f)
{
	m->env = master_environment(environ);
	m->null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (!m->env || m->null_fd < 0)
		return fault_set(f, EX_OSERR, "start: %s", strerror(errno));
	return master_procs_new(m, f);
}

static void
release(struct master *m)
{
	master_unbind(m->boot.conf, &m->listeners);
	master_secrets_wipe(&m->secrets);
	master_procs_free(m);
	if (m->background && m->state.dir >= 0)
		master_pid_remove(&m->state);
	daemon_report(&m->report, m->exit_code);
	logs_free(&m->logs);
	evloop_free(&m->loop);
	free(m->env);
	master_conf_drop(&m->now);
	master_conf_drop(&m->boot);
}

int
master_run(const char *conf_file, struct loaded *conf, bool background, struct fault *f)
{
	static struct master m = { .now = { .fd = -1 }, .state = { .dir = -1, .lock = -1 }, .report = -1, .null_fd = -1 };
	static char file[PATH_MAX];
	int rc;

	/* The background leaves this folder, and a reload reads the file again. */
	m.conf_file = realpath(conf_file, file) ? file : conf_file;
	m.background = background;
	m.boot = *conf;
	log_setup("master", LOG_LVL_INFO);
	if (sodium_init() < 0)
		return fault_set(f, EX_SOFTWARE, "libsodium: cannot start");
	rc = acquire(&m, f);
	if (rc == VG_OK)
		rc = background ? go_background(&m, f) : go_foreground(&m, f);
	if (rc == VG_OK)
		rc = prepare(&m, f);
	if (rc != VG_OK) {
		char line[sizeof(f->text) + 16];

		m.exit_code = f->code;
		snprintf(line, sizeof(line), "vcspgated: %s", f->text);
		daemon_say(m.report, line);
		if (m.report < 0)
			fprintf(stderr, "%s\n", line);
	} else {
		m.exit_code = master_supervise(&m);
	}
	rc = m.exit_code;
	release(&m);
	return rc;
}
