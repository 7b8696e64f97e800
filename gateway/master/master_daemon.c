/*
 * master_daemon.c - into the background, with an answer: the process that the administrator started waits until all
 * roles are up, or prints why not and exits with the right status.
 */
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "master.h"

/* The report: text for standard error, then a NUL and the exit status as one byte. */
static _Noreturn void
wait_for_report(int fd)
{
	bool ended = false;
	int code = EX_SOFTWARE;
	unsigned char c;
	ssize_t n;

	while ((n = read(fd, &c, 1)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			break;
		if (ended)
			code = c;
		else if (c == '\0')
			ended = true;
		else
			fputc(c, stderr);
	}
	if (!ended)
		fprintf(stderr, "vcspgated: start: the daemon died before it was up\n");
	fflush(stderr);
	_exit(code);
}

/* Terminal and working folder are let go; descriptor 2 is taken over later by the log's pipe. */
static int
detach(void)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null < 0 || chdir("/") < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0)
		return -1;
	if (null > 2)
		close(null);
	umask(027);
	return 0;
}

int
daemon_start(void)
{
	int fd[2];
	pid_t pid;

	if (pipe2(fd, O_CLOEXEC) < 0 || (pid = fork()) < 0)
		return -1;
	if (pid > 0) {
		close(fd[1]);
		while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
			;
		wait_for_report(fd[0]);
	}
	close(fd[0]);
	if (setsid() < 0)
		_exit(EX_OSERR);
	if ((pid = fork()) != 0)
		_exit(pid < 0 ? EX_OSERR : EX_OK);
	return detach() < 0 ? -1 : fd[1];
}

void
daemon_say(int fd, const char *line)
{
	char text[2100];
	int n = snprintf(text, sizeof(text), "%s\n", line);

	if (fd < 0 || n < 0)
		return;
	if (write(fd, text, (size_t)n < sizeof(text) ? (size_t)n : sizeof(text) - 1) < 0)
		return; /* nobody waits any more */
}

void
daemon_report(int *fd, int code)
{
	unsigned char end[2] = { 0, (unsigned char)code };

	if (*fd < 0)
		return;
	if (write(*fd, end, sizeof(end)) < 0)
		end[1] = 0; /* nobody waits any more */
	close(*fd);
	*fd = -1;
}

void
daemon_notify(const char *state)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	size_t n = path ? strlen(path) : 0;
	int fd;

	if (n < 2 || n >= sizeof(un.sun_path) || (path[0] != '/' && path[0] != '@'))
		return;
	memcpy(un.sun_path, path, n);
	if (un.sun_path[0] == '@')
		un.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	/* A service manager that does not listen is not our failure. */
	(void)!sendto(fd, state, strlen(state), MSG_NOSIGNAL, (struct sockaddr *)&un,
	    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n));
	close(fd);
}
