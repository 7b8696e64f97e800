/*
 * master_roles.c - the processes that the table of roles and the configuration ask for, with what they keep over
 * restarts: place, counter page, back-off.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "err.h"
#include "master.h"
#include "metrics.h"

/* A second, read-only way to the same page. */
static int
reopen_readonly(int fd)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return open(path, O_RDONLY | O_CLOEXEC);
}

static int
proc_init(struct proc *p, struct master *m, const struct role_row *row, uint32_t index)
{
	p->m = m;
	p->row = row;
	p->index = index;
	p->metrics_ro = -1;
	role_title(p->title, sizeof(p->title), row->role, index);
	p->metrics = metrics_create();
	if (p->metrics >= 0)
		p->metrics_ro = reopen_readonly(p->metrics);
	return p->metrics_ro < 0 ? VG_ERR_SYSTEM : VG_OK;
}

int
master_procs_new(struct master *m, struct fault *f)
{
	size_t n_rows, n = 0;
	const struct role_row *rows = role_rows(&n_rows);

	for (size_t i = 0; i < n_rows; i++)
		n += role_count(&rows[i], m->boot.conf);
	m->procs = calloc(n + 1, sizeof(*m->procs));
	for (size_t i = 0; m->procs && i < n_rows; i++) {
		for (uint32_t k = 0; k < role_count(&rows[i], m->boot.conf); k++) {
			if (proc_init(&m->procs[m->n_procs++], m, &rows[i], k) != VG_OK)
				return fault_set(f, EX_OSERR, "counter page: %s", strerror(errno));
		}
	}
	return m->procs ? VG_OK : fault_set(f, EX_OSERR, "processes: %s", strerror(errno));
}

void
master_procs_free(struct master *m)
{
	for (size_t i = 0; i < m->n_procs; i++) {
		struct proc *p = &m->procs[i];

		master_token_end(p);
		ipc_close(&p->ipc);
		if (p->metrics >= 0)
			close(p->metrics);
		if (p->metrics_ro >= 0)
			close(p->metrics_ro);
	}
	free(m->procs);
	m->procs = NULL;
	m->n_procs = 0;
}

struct proc *
master_proc_by_pid(struct master *m, pid_t pid)
{
	for (size_t i = 0; i < m->n_procs; i++) {
		if (m->procs[i].pid == pid)
			return &m->procs[i];
	}
	return NULL;
}
