/*
 * test_sandbox.c - each role's filter and the wall around files, tried by processes that are lost afterwards: what
 * must kill kills, what is needed works, threads that were there before are held too.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "err.h"
#include "role.h"
#include "sandbox.h"
#include "sandbox_profiles.h"

static const enum role roles[] = { ROLE_SMTP, ROLE_GATE, ROLE_PARSER, ROLE_OCR, ROLE_QUEUE, ROLE_API, ROLE_IMAP };
#define N_ROLES (sizeof(roles) / sizeof(roles[0]))

/* A role's process that is in its filter and waits; `go` lets it run its probe. */
struct probe {
	pid_t pid;
	int go, is_in;
};

typedef void probe_fn(enum role role);

static void
silence(void)
{
	int fd = open("/dev/null", O_WRONLY);

	dup2(fd, STDERR_FILENO);
	close(fd);
}

static struct probe
start(enum role role, probe_fn *before, probe_fn *after)
{
	struct probe p;
	int go[2], in[2];
	char c = 'x';

	assert_int_equal(pipe(go), 0);
	assert_int_equal(pipe(in), 0);
	p.pid = fork();
	assert_true(p.pid >= 0);
	if (p.pid == 0) {
		silence();
		if (before)
			before(role);
		if (sandbox_enter(role) != VG_OK || write(in[1], &c, 1) != 1 || read(go[0], &c, 1) != 1)
			_exit(99);
		after(role);
		_exit(0);
	}
	close(go[0]);
	close(in[1]);
	p.go = go[1];
	p.is_in = in[0];
	assert_int_equal(read(p.is_in, &c, 1), 1);
	return p;
}

static int
finish(struct probe *p)
{
	int status;

	assert_int_equal(write(p->go, "x", 1), 1);
	close(p->go);
	close(p->is_in);
	assert_int_equal(waitpid(p->pid, &status, 0), p->pid);
	return status;
}

static int
run(enum role role, probe_fn *before, probe_fn *after)
{
	struct probe p = start(role, before, after);

	return finish(&p);
}

static int
seccomp_mode(pid_t pid)
{
	char path[64], line[256];
	int mode = -1;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	f = fopen(path, "r");
	assert_non_null(f);
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "Seccomp: %d", &mode) == 1)
			break;
	}
	fclose(f);
	return mode;
}

static void
do_nothing(enum role role)
{
	(void)role;
}

static void
test_every_role_has_a_filter(void **state)
{
	(void)state;
	assert_int_equal(seccomp_mode(getpid()), 0);
	for (size_t i = 0; i < N_ROLES; i++) {
		struct probe p = start(roles[i], NULL, do_nothing);

		assert_int_equal(seccomp_mode(p.pid), 2);
		assert_int_equal(finish(&p), 0);
	}
	assert_int_equal(sandbox_enter(ROLE_MASTER), VG_ERR_NOTFOUND);
}

/* ---- what kills ---- */

static long denied_nr;
static long denied_arg[4];

static void
do_denied(enum role role)
{
	(void)role;
	syscall(denied_nr, denied_arg[0], denied_arg[1], denied_arg[2], denied_arg[3], 0, 0);
}

static void
expect_killed(enum role role, const char *what)
{
	int status = run(role, NULL, do_denied);

	if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGSYS)
		fail_msg("%s: %s was let through (status %x)", role_name(role), what, (unsigned)status);
}

static void
test_denied_in_every_role(void **state)
{
	static const struct {
		const char *name;
		long nr;
		long arg[4];
	} rows[] = {
		{ "socket", SYS_socket, { 2, 1, 0, 0 } }, /* the first two: not in the roles that go out */
		{ "connect", SYS_connect, { 0, 0, 0, 0 } },
		{ "socket AF_UNIX", SYS_socket, { 1, 1, 0, 0 } },
		{ "socket AF_NETLINK", SYS_socket, { 16, 3, 0, 0 } },
		{ "bind", SYS_bind, { 0, 0, 0, 0 } },
		{ "execve", SYS_execve, { 0, 0, 0, 0 } },
		{ "execveat", SYS_execveat, { 0, 0, 0, 0 } },
		{ "clone", SYS_clone, { SIGCHLD, 0, 0, 0 } },
		{ "clone3", SYS_clone3, { 0, 0, 0, 0 } },
		{ "ptrace", SYS_ptrace, { 0, 0, 0, 0 } },
		{ "kill", SYS_kill, { 1, 0, 0, 0 } },
		{ "tgkill of another", SYS_tgkill, { 1, 1, 0, 0 } },
		{ "chroot", SYS_chroot, { 0, 0, 0, 0 } },
		{ "mount", SYS_mount, { 0, 0, 0, 0 } },
		{ "setuid", SYS_setuid, { 0, 0, 0, 0 } },
		{ "bpf", SYS_bpf, { 0, 0, 0, 0 } },
		{ "io_uring_setup", SYS_io_uring_setup, { 0, 0, 0, 0 } },
		{ "userfaultfd", SYS_userfaultfd, { 0, 0, 0, 0 } },
		{ "fcntl F_SETOWN", SYS_fcntl, { 0, F_SETOWN, 1, 0 } },
		{ "prlimit64 of a new limit", SYS_prlimit64, { 0, 7, 1, 0 } },
#ifndef VG_SANITIZE
		{ "mmap PROT_EXEC", SYS_mmap, { 0, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS } },
		{ "mprotect PROT_EXEC", SYS_mprotect, { 0, 0, PROT_EXEC, 0 } },
		{ "ioctl", SYS_ioctl, { 0, 0, 0, 0 } },
#endif
		{ "no system call", 5000, { 0, 0, 0, 0 } },
	};

	(void)state;
	for (size_t r = 0; r < N_ROLES; r++) {
		for (size_t i = roles[r] == ROLE_IMAP ? 2 : 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
			denied_nr = rows[i].nr;
			memcpy(denied_arg, rows[i].arg, sizeof(denied_arg));
			expect_killed(roles[r], rows[i].name);
		}
	}
}

#ifndef VG_SANITIZE
static void
test_files_only_for_the_queue(void **state)
{
	(void)state;
	for (size_t r = 0; r < N_ROLES; r++) {
		denied_nr = SYS_openat;
		memset(denied_arg, 0, sizeof(denied_arg));
		if (roles[r] == ROLE_QUEUE)
			assert_int_equal(run(roles[r], NULL, do_denied), 0);
		else
			expect_killed(roles[r], "openat");
		denied_nr = SYS_unlinkat;
		if (roles[r] != ROLE_QUEUE)
			expect_killed(roles[r], "unlinkat");
		denied_nr = SYS_accept4;
		if (roles[r] == ROLE_SMTP || roles[r] == ROLE_API)
			assert_int_equal(run(roles[r], NULL, do_denied), 0);
		else
			expect_killed(roles[r], "accept4");
	}
}
#endif

/* ---- what works ---- */

static int fds[2], event_fd;

static void
open_things(enum role role)
{
	(void)role;
	if (pipe(fds) < 0 || (event_fd = eventfd(0, 0)) < 0)
		_exit(98);
}

static int
compare(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

static void
do_ordinary(enum role role)
{
	static int numbers[4096];
	uint64_t one = 1;
	struct stat st;
	char c = 'x', *big = malloc(4u << 20);
	int copy = fcntl(fds[1], F_DUPFD_CLOEXEC, 20);

	(void)role;
	memset(big, 1, 4u << 20);
	big = realloc(big, 8u << 20);
	if (!big || copy < 0)
		_exit(1);
	free(big);
	for (size_t i = 0; i < 4096; i++)
		numbers[i] = (int)(4096 - i);
	qsort(numbers, 4096, sizeof(numbers[0]), compare);
	if (write(copy, &c, 1) != 1 || read(fds[0], &c, 1) != 1 || write(event_fd, &one, sizeof(one)) != sizeof(one))
		_exit(2);
	if (fstat(fds[0], &st) < 0 || fcntl(fds[0], F_SETFL, O_NONBLOCK) < 0 || sysconf(_SC_OPEN_MAX) < 0)
		_exit(3);
	if (read(fds[0], &c, 1) >= 0 || errno != EAGAIN)
		_exit(4);
	usleep(1);
	close(copy);
}

static void
test_ordinary_work(void **state)
{
	(void)state;
	for (size_t r = 0; r < N_ROLES; r++)
		assert_int_equal(run(roles[r], open_things, do_ordinary), 0);
}

/* A bug of ours ends as an abort, not as a filter's kill: the log tells them apart. */
static void
do_abort(enum role role)
{
	(void)role;
	abort();
}

static void
test_abort_is_an_abort(void **state)
{
	(void)state;
	for (size_t r = 0; r < N_ROLES; r++) {
		int status = run(roles[r], NULL, do_abort);

		assert_true(WIFSIGNALED(status));
		assert_int_equal(WTERMSIG(status), SIGABRT);
	}
}

/* ---- threads ---- */

static int thread_go[2];

static void *
thread_main(void *arg)
{
	char c;

	(void)arg;
	if (read(thread_go[0], &c, 1) == 1)
		syscall(SYS_socket, 2, 1, 0);
	_exit(50); /* the filter did not hold this thread */
}

static void
start_thread(enum role role)
{
	pthread_t t;

	(void)role;
	if (pipe(thread_go) < 0 || pthread_create(&t, NULL, thread_main, NULL) != 0)
		_exit(98);
}

static void
do_wake_thread(enum role role)
{
	(void)role;
	if (write(thread_go[1], "x", 1) != 1)
		_exit(51);
	for (;;)
		poll(NULL, 0, -1); /* the thread ends us */
}

static void
test_threads_are_held(void **state)
{
	int status = run(ROLE_QUEUE, start_thread, do_wake_thread);

	(void)state;
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGSYS);
}

/* ---- Landlock ---- */

static int
landlocked(int (*fn)(const char *dir), const char *dir)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		silence();
		_exit(fn(dir));
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static bool
has_landlock(void)
{
	return syscall(SYS_landlock_create_ruleset, NULL, 0, 1) >= 1;
}

static int
no_files(const char *dir)
{
	char path[256];
	int kept = open("/etc/passwd", O_RDONLY);
	char c;

	snprintf(path, sizeof(path), "%s/file", dir);
	if (sandbox_files(NULL, false) != VG_OK)
		return 1;
	if (open("/etc/passwd", O_RDONLY) >= 0 || errno != EACCES)
		return 2;
	if (open(path, O_WRONLY | O_CREAT, 0600) >= 0 || open("/", O_RDONLY | O_DIRECTORY) >= 0)
		return 3;
	return read(kept, &c, 1) == 1 ? 0 : 4; /* what was open stays open */
}

static int
one_folder(const char *dir)
{
	char a[256], b[256], sub[256], fifo[256];
	int fd;

	snprintf(a, sizeof(a), "%s/a", dir);
	snprintf(b, sizeof(b), "%s/sub/b", dir);
	snprintf(sub, sizeof(sub), "%s/sub", dir);
	snprintf(fifo, sizeof(fifo), "%s/fifo", dir);
	if (sandbox_files(dir, false) != VG_OK)
		return 1;
	if ((fd = open(a, O_RDWR | O_CREAT, 0600)) < 0 || write(fd, "x", 1) != 1 || ftruncate(fd, 0) < 0)
		return 2;
	if (mkdir(sub, 0700) < 0)
		return 3;
	if (rename(a, b) < 0 || unlink(b) < 0)
		return 4;
	if (open("/etc/passwd", O_RDONLY) >= 0 || errno != EACCES)
		return 5;
	if (mkfifo(fifo, 0600) == 0 || errno != EACCES)
		return 6;
	if (open("/tmp/vcspgate-test-outside", O_WRONLY | O_CREAT, 0600) >= 0)
		return 7;
	return 0;
}

static void
test_landlock(void **state)
{
	char dir[] = "/tmp/vcspgate-test-XXXXXX", sub[64];

	(void)state;
	if (!has_landlock())
		skip();
	assert_non_null(mkdtemp(dir));
	assert_int_equal(landlocked(no_files, dir), 0);
	assert_int_equal(landlocked(one_folder, dir), 0);
	snprintf(sub, sizeof(sub), "%s/sub", dir);
	rmdir(sub);
	assert_int_equal(rmdir(dir), 0);
}

static int
missing_folder(const char *dir)
{
	return sandbox_files(dir, false) == VG_ERR_SYSTEM ? 0 : 1;
}

static void
test_landlock_missing_folder(void **state)
{
	(void)state;
	if (!has_landlock())
		skip();
	assert_int_equal(landlocked(missing_folder, "/no/such/folder"), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_role_has_a_filter),
		cmocka_unit_test(test_denied_in_every_role),
#ifndef VG_SANITIZE
		cmocka_unit_test(test_files_only_for_the_queue),
#endif
		cmocka_unit_test(test_ordinary_work),
		cmocka_unit_test(test_abort_is_an_abort),
		cmocka_unit_test(test_threads_are_held),
		cmocka_unit_test(test_landlock),
		cmocka_unit_test(test_landlock_missing_folder),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
