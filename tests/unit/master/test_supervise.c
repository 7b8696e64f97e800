/*
 * test_supervise.c - the whole supervisor over roles that only tell what they were given: start order, links,
 * restarts, reload, refusal to start, stop. The test program executes itself again in the roles, as vcspgated does.
 * What happens is read from the log; every wait is for a line, with a deadline.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <time.h>

#include "err.h"
#include "log.h"
#include "master.h"
#include "role.h"
#include "temp_dir.h"

/* ---- the roles ---- */

static int
tell_start(struct role_ctx *ctx)
{
	const char *fails = getenv("VCSPGATE_TEST_FAIL");

	if (fails && !strcmp(fails, role_name(ctx->role)))
		return EX_DATAERR;
	log_info("", "started", "parent=%d", (int)getppid());
	return 0;
}

static void
tell_peer(struct role_ctx *ctx, enum role role, uint32_t index, int fd)
{
	(void)ctx;
	log_info("", "peer", "with=%s/%u", role_name(role), index);
	if (fd < 0)
		_exit(EX_SOFTWARE);
}

static void
tell_listen(struct role_ctx *ctx, uint32_t listener, int fd)
{
	(void)fd;
	log_info("", "listens", "on=%s", ctx->conf->listens[listener].name);
}

static void
tell_secret(struct role_ctx *ctx, enum secret_kind kind, const unsigned char *data, size_t len)
{
	(void)ctx;
	(void)data;
	log_info("", "secret", "kind=%d len=%zu", (int)kind, len);
}

static void
tell_metrics(struct role_ctx *ctx, enum role role, uint32_t index, int fd)
{
	struct metrics *m = metrics_map(fd, 0);

	(void)ctx;
	log_info("", "page", "of=%s/%u mapped=%d", role_name(role), index, m != NULL);
	metrics_unmap(&m);
	close(fd);
}

static void
tell_conf(struct role_ctx *ctx, const struct conf *old)
{
	(void)old;
	log_info("", "configured", "hostname=%s listen=%s", ctx->conf->hostname, ctx->conf->listens[0].name);
}

static void
tell_stop(struct role_ctx *ctx)
{
	log_info("", "stopping", "%s", "");
	role_exit(ctx);
}

static int
be_role(const char *name, const char *index)
{
	static struct role_ops ops = { .start = tell_start, .on_peer = tell_peer, .on_listen = tell_listen,
		.on_secret = tell_secret, .on_metrics = tell_metrics, .on_conf = tell_conf, .on_stop = tell_stop };

	ops.role = (enum role)role_by_name(name);
	return role_run(&ops, (uint32_t)strtoul(index, NULL, 10));
}

/* ---- the daemon under test ---- */

struct daemon {
	struct temp_dir dir;
	char conf[128];
	pid_t pid;
	int log;
	char *text; /* the log so far */
	size_t len;
};

#define DEADLINE_MS 20000

static int64_t
now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static void
write_conf(struct daemon *d, const char *hostname, const char *socket_name, const char *more)
{
	char text[1024];

	snprintf(text, sizeof(text),
	    "hostname %s\nstate %s/state\nkey file %s/master.key\naddress intake support@support.example\n"
	    "listen lmtp unix:%s/run/%s\nlisten http unix:%s/run/http.sock\n%s",
	    hostname, d->dir.path, d->dir.path, d->dir.path, socket_name, d->dir.path, more);
	assert_int_equal(temp_dir_write(&d->dir, "conf", text, 0600), 0);
}

static void
ignore_error(const char *file, unsigned line, unsigned column, const char *why, void *arg)
{
	(void)arg;
	fprintf(stderr, "%s:%u:%u: %s\n", file, line, column, why);
}

static _Noreturn void
be_master(const struct daemon *d, int log_fd)
{
	struct loaded conf = { .fd = -1 };
	struct fault f = { 0 };

	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	dup2(log_fd, STDERR_FILENO);
	if (master_conf_load(d->conf, &conf, ignore_error, NULL) != VG_OK)
		_exit(EX_CONFIG);
	_exit(master_run(d->conf, &conf, false, &f));
}

static void
launch(struct daemon *d)
{
	int fd[2];

	assert_int_equal(pipe2(fd, O_CLOEXEC), 0);
	d->pid = fork();
	assert_true(d->pid >= 0);
	if (d->pid == 0)
		be_master(d, fd[1]);
	close(fd[1]);
	d->log = fd[0];
	d->len = 0;
	if (d->text)
		d->text[0] = '\0';
}

/* Reads more of the log; false at its end. */
static bool
read_log(struct daemon *d, int64_t until)
{
	struct pollfd p = { .fd = d->log, .events = POLLIN };
	int64_t left = until - now_ms();
	ssize_t n;

	if (left <= 0 || poll(&p, 1, (int)left) <= 0)
		fail_msg("nothing more in the log in time:\n%s", d->text ? d->text : "");
	d->text = realloc(d->text, d->len + 4097);
	assert_non_null(d->text);
	n = read(d->log, d->text + d->len, 4096);
	d->len += n > 0 ? (size_t)n : 0;
	d->text[d->len] = '\0';
	return n > 0;
}

/* Waits for a text behind offset *from and puts *from behind it. */
static void
await(struct daemon *d, size_t *from, const char *text)
{
	int64_t until = now_ms() + DEADLINE_MS;

	for (;;) {
		const char *hit = d->text && *from <= d->len ? strstr(d->text + *from, text) : NULL;

		if (hit) {
			*from = (size_t)(hit - d->text) + strlen(text);
			return;
		}
		if (!read_log(d, until))
			fail_msg("the log ended without \"%s\":\n%s", text, d->text);
	}
}

/* Until the supervisor says so and the last role has what it gets. Returns the offset behind all that. */
static size_t
launch_and_wait(struct daemon *d)
{
	size_t up = 0, page = 0;

	launch(d);
	await(d, &up, "event=up ");
	await(d, &page, "event=page of=smtp/0");
	return up > page ? up : page;
}

static void
expect(const struct daemon *d, const char *text)
{
	if (!strstr(d->text, text))
		fail_msg("no \"%s\" in:\n%s", text, d->text);
}

static int
reap(struct daemon *d)
{
	int64_t until = now_ms() + DEADLINE_MS;
	int status;

	while (read_log(d, until))
		;
	assert_int_equal(waitpid(d->pid, &status, 0), d->pid);
	d->pid = 0;
	close(d->log);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

/* Process id in the last line of a role, as in "gate[123]: event=started". */
static pid_t
pid_of(const struct daemon *d, const char *role)
{
	char mark[32];
	const char *s = d->text, *last = NULL;

	snprintf(mark, sizeof(mark), "%s[", role);
	while ((s = strstr(s, mark))) {
		last = s + strlen(mark);
		s = last;
	}
	assert_non_null(last);
	return (pid_t)atol(last);
}

/* Offset of a role's event. */
static size_t
place_of(const struct daemon *d, const char *role, const char *event)
{
	char line[96];

	snprintf(line, sizeof(line), "%s[%d]: %s", role, (int)pid_of(d, role), event);
	expect(d, line);
	return (size_t)(strstr(d->text, line) - d->text);
}

static int
setup(void **state)
{
	static struct daemon d;

	free(d.text);
	memset(&d, 0, sizeof(d));
	assert_int_equal(temp_dir_make(&d.dir), 0);
	snprintf(d.conf, sizeof(d.conf), "%s/conf", d.dir.path);
	write_conf(&d, "support.example", "lmtp.sock", "");
	unsetenv("VCSPGATE_TEST_FAIL");
	*state = &d;
	return 0;
}

static int
teardown(void **state)
{
	struct daemon *d = *state;

	if (d->pid > 0) {
		kill(d->pid, SIGKILL);
		waitpid(d->pid, NULL, 0);
	}
	free(d->text);
	d->text = NULL;
	temp_dir_remove(&d->dir);
	return 0;
}

static void
test_start_and_stop(void **state)
{
	static const char *const given[] = {
		"with=smtp/0", "with=gate/0", "with=queue/0", "with=api/0", "with=parser/0", "with=parser/1",
		"of=queue/0 mapped=1", "of=parser/1 mapped=1", "of=smtp/0 mapped=1", "secret kind=1 len=32", "secret kind=2 len=32",
	};
	static const char *const order[] = { "queue", "parser/0", "gate", "smtp" };
	struct daemon *d = *state;
	char path[128];
	struct stat st;

	launch_and_wait(d);
	kill(d->pid, SIGTERM);
	assert_int_equal(reap(d), 0);
	for (size_t i = 0; i < sizeof(given) / sizeof(given[0]); i++)
		expect(d, given[i]);
	/* started from the store outwards, stopped from the channels inwards */
	for (size_t i = 1; i < sizeof(order) / sizeof(order[0]); i++) {
		assert_true(place_of(d, order[i - 1], "event=started") < place_of(d, order[i], "event=started"));
		assert_true(place_of(d, order[i - 1], "event=stopping") > place_of(d, order[i], "event=stopping"));
	}
	expect(d, "event=stopped status=0");
	assert_null(strstr(d->text, "level=error"));
	snprintf(path, sizeof(path), "%s/run/lmtp.sock", d->dir.path);
	assert_true(stat(path, &st) < 0 && errno == ENOENT);
}

static void
test_dead_role_comes_back(void **state)
{
	struct daemon *d = *state;
	size_t at;
	pid_t old;

	at = launch_and_wait(d);
	old = pid_of(d, "gate");
	assert_int_equal(kill(old, SIGKILL), 0);
	await(d, &at, "event=role-died role=gate");
	await(d, &at, "signal=9");
	await(d, &at, "event=role-restart role=gate failures=1");
	/* all three peers have a new link, and so has the new gate */
	{
		size_t a = at, b = at, c = at, e = at;

		await(d, &a, "smtp[");
		await(d, &a, "with=gate/0");
		await(d, &b, "queue[");
		await(d, &b, "with=gate/0");
		await(d, &c, "api[");
		await(d, &c, "with=gate/0");
		await(d, &e, "event=secret kind=2");
		await(d, &e, "with=queue/0");
	}
	assert_int_not_equal(pid_of(d, "gate"), old);
	kill(d->pid, SIGINT);
	assert_int_equal(reap(d), 0);
}

static void
test_failed_start_ends_with_its_status(void **state)
{
	struct daemon *d = *state;

	setenv("VCSPGATE_TEST_FAIL", "queue", 1);
	launch(d);
	assert_int_equal(reap(d), EX_DATAERR);
	expect(d, "event=role-died role=queue");
	/* nobody was greeted before */
	assert_null(strstr(d->text, "event=listens"));
	assert_null(strstr(d->text, "event=up"));
}

static void
test_reload(void **state)
{
	struct daemon *d = *state;
	size_t at = launch_and_wait(d);

	write_conf(d, "support.example", "lmtp.sock", "nonsense here\n");
	kill(d->pid, SIGHUP);
	await(d, &at, "event=conf-error");
	await(d, &at, "conf:7:1");
	await(d, &at, "event=reload-refused");
	/* the name changes now; the listener does not, neither here nor in a role that starts later */
	write_conf(d, "new.example", "other.sock", "");
	kill(d->pid, SIGHUP);
	await(d, &at, "listen: changed, takes effect at a restart");
	await(d, &at, "event=reloaded");
	for (int i = 0; i < 6; i++) {
		await(d, &at, "event=configured hostname=new.example listen=unix:");
		await(d, &at, "/run/lmtp.sock");
	}
	kill(pid_of(d, "smtp"), SIGKILL);
	await(d, &at, "event=role-restart role=smtp");
	await(d, &at, "event=listens on=unix:");
	await(d, &at, "/run/lmtp.sock");
	kill(d->pid, SIGTERM);
	assert_int_equal(reap(d), 0);
}

/* Children do not outlive a supervisor that was killed: their log pipe ends. */
static void
test_killed_supervisor_leaves_nobody(void **state)
{
	struct daemon *d = *state;
	int64_t until = now_ms() + DEADLINE_MS;

	launch_and_wait(d);
	assert_int_equal(kill(d->pid, SIGKILL), 0);
	while (read_log(d, until))
		;
	assert_int_equal(waitpid(d->pid, NULL, 0), d->pid);
	d->pid = 0;
	close(d->log);
	/* and the next one finds nothing in its way */
	launch_and_wait(d);
	kill(d->pid, SIGTERM);
	assert_int_equal(reap(d), 0);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		T(test_start_and_stop),
		T(test_dead_role_comes_back),
		T(test_failed_start_ends_with_its_status),
		T(test_reload),
		T(test_killed_supervisor_leaves_nobody),
	};

	if (argc == 5 && !strcmp(argv[1], "--role"))
		_exit(be_role(argv[2], argv[4]));
	return cmocka_run_group_tests(tests, NULL, NULL);
}
