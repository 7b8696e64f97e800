/*
 * master_log.c - in the background every child's descriptor 2 is a pipe that ends here and goes to syslog. The lines
 * are not trusted: bounded, without control bytes, and each child has a pipe of its own, so none can flood or forge
 * within another's line.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "master.h"

#define LINE_MAX_BYTES 2048
/* Reads of one pipe per turn: a child that writes without end must not starve the supervisor. */
#define READS_PER_TURN 8

struct logpipe {
	struct logs *logs;
	struct logpipe *next;
	int fd;
	struct ev_io *io;
	char line[LINE_MAX_BYTES + 1];
	size_t n;
};

struct logs {
	struct evloop *loop;
	void (*copy)(const char *line, void *arg);
	void *arg;
	struct logpipe *pipes;
};

int
log_line_level(const char *line)
{
	static const struct {
		const char *mark;
		int level;
	} levels[] = { { "level=error event=", LOG_ERR }, { "level=warn event=", LOG_WARNING },
		{ "level=debug event=", LOG_DEBUG } };
	const char *event = strstr(line, "event=");

	if (!event)
		return LOG_WARNING; /* not by log.h: a library's or sanitizer's complaint */
	/* The mark stands right before the first event=; what comes behind may be a peer's words. */
	for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++) {
		size_t before = strlen(levels[i].mark) - strlen("event=");

		if ((size_t)(event - line) >= before && !strncmp(event - before, levels[i].mark, before))
			return levels[i].level;
	}
	return LOG_INFO;
}

static void
put_line(struct logpipe *p)
{
	struct logs *l = p->logs;
	int level;

	if (!p->n)
		return;
	p->line[p->n] = '\0';
	p->n = 0;
	level = log_line_level(p->line);
	syslog(level, "%s", p->line);
	if (l->copy && level <= LOG_WARNING)
		l->copy(p->line, l->arg);
}

static void
take_bytes(struct logpipe *p, const char *data, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)data[i];

		if (c == '\n')
			put_line(p);
		else if (p->n < LINE_MAX_BYTES)
			p->line[p->n++] = c < 0x20 || c >= 0x7f ? '?' : (char)c;
	}
}

static void
close_pipe(struct logpipe *p)
{
	struct logpipe **at = &p->logs->pipes;

	put_line(p);
	while (*at != p)
		at = &(*at)->next;
	*at = p->next;
	ev_io_del(&p->io);
	close(p->fd);
	free(p);
}

/* False when the writers are gone. */
static bool
read_pipe(struct logpipe *p)
{
	char data[4096];

	for (int i = 0; i < READS_PER_TURN; i++) {
		ssize_t n = read(p->fd, data, sizeof(data));

		if (n < 0)
			return errno == EAGAIN || errno == EINTR;
		if (n == 0)
			return false;
		take_bytes(p, data, (size_t)n);
	}
	return true;
}

static void
on_pipe(int fd, unsigned events, void *arg)
{
	(void)fd;
	(void)events;
	if (!read_pipe(arg))
		close_pipe(arg);
}

struct logs *
logs_new(struct evloop *loop, void (*copy)(const char *line, void *arg), void *arg)
{
	struct logs *l = calloc(1, sizeof(*l));

	if (!l)
		return NULL;
	l->loop = loop;
	l->copy = copy;
	l->arg = arg;
	openlog("vcspgated", LOG_PID | LOG_NDELAY, LOG_MAIL);
	return l;
}

void
logs_copy_stop(struct logs *l)
{
	l->copy = NULL;
}

int
logs_pipe(struct logs *l, bool nonblocking)
{
	struct logpipe *p = calloc(1, sizeof(*p));
	int fd[2];

	if (!p)
		return -1;
	if (pipe2(fd, O_CLOEXEC) < 0) {
		free(p);
		return -1;
	}
	p->logs = l;
	p->fd = fd[0];
	if (fcntl(fd[0], F_SETFL, O_NONBLOCK) < 0 || (nonblocking && fcntl(fd[1], F_SETFL, O_NONBLOCK) < 0) ||
	    !(p->io = ev_io_add(l->loop, fd[0], EV_READ, on_pipe, p))) {
		close(fd[0]);
		close(fd[1]);
		free(p);
		return -1;
	}
	p->next = l->pipes;
	l->pipes = p;
	return fd[1];
}

void
logs_free(struct logs **lp)
{
	struct logs *l = *lp;

	if (!l)
		return;
	while (l->pipes) {
		read_pipe(l->pipes);
		close_pipe(l->pipes);
	}
	free(l);
	*lp = NULL;
}
