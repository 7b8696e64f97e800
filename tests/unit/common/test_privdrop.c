/*
 * test_privdrop.c - the drop, tried in children: what is gone is gone, what cannot be done is named. Most of it needs
 * root; without, the rest runs.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "err.h"
#include "privdrop.h"

#define USER "nobody"

static char folder[64];

static int
setup(void **state)
{
	(void)state;
	snprintf(folder, sizeof(folder), "/tmp/vcspgate-test-XXXXXX");
	return mkdtemp(folder) && chmod(folder, 0755) == 0 ? 0 : -1;
}

static int
teardown(void **state)
{
	(void)state;
	return rmdir(folder);
}

/* Runs fn in a child; 0 when it found everything in order, else the number of its complaint. */
static int
in_child(int (*fn)(void))
{
	pid_t pid = fork();
	int status;

	if (pid == 0)
		_exit(fn());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static int
drop_all(void)
{
	struct privdrop p = { .user = USER, .chroot = folder, .nofile = 100, .nproc = 0 };
	struct passwd *pw = getpwnam(USER);
	struct rlimit nofile, nproc, core;
	struct stat st;
	gid_t groups[4];
	const char *why;

	if (privdrop(&p, &why) != VG_OK)
		return 1;
	if (getuid() != pw->pw_uid || geteuid() != pw->pw_uid || getgid() != pw->pw_gid)
		return 2;
	if (getgroups(4, groups) != 1 || groups[0] != pw->pw_gid)
		return 3;
	if (setuid(0) == 0 || seteuid(0) == 0 || setgid(0) == 0 || setgroups(0, NULL) == 0)
		return 4;
	if (stat("/etc/passwd", &st) == 0 || errno != ENOENT)
		return 5;
	getrlimit(RLIMIT_NOFILE, &nofile);
	getrlimit(RLIMIT_NPROC, &nproc);
	getrlimit(RLIMIT_CORE, &core);
	if (nofile.rlim_max != 100 || nofile.rlim_cur != 100 || nproc.rlim_max != 0 || core.rlim_max != 0)
		return 6;
	if (fork() >= 0)
		return 7;
	return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 ? 0 : 8;
}

static void
test_drop(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip();
	assert_int_equal(in_child(drop_all), 0);
}

/* Raising needs the privilege, so it must come before the ids go. 0: raised, or we lack the privilege ourselves. */
static int
raise_limit(void)
{
	struct rlimit low = { 64, 64 }, high = { 256, 256 }, now;
	struct privdrop p = { .user = USER, .nofile = 512, .nproc = UINT64_MAX };
	const char *why;

	setrlimit(RLIMIT_NOFILE, &low);
	if (setrlimit(RLIMIT_NOFILE, &high) < 0)
		return 0;
	if (privdrop(&p, &why) != VG_OK)
		return 1;
	getrlimit(RLIMIT_NOFILE, &now);
	return now.rlim_cur == 512 ? 0 : 2;
}

static void
test_limit_is_raised_as_root(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip();
	assert_int_equal(in_child(raise_limit), 0);
}

/* An ordinary user keeps the ids and the folder, and gets of a limit what there is. */
static int
ordinary_user(void)
{
	struct privdrop p = { .user = "no-such-user-here", .chroot = "/no/such/folder", .nofile = 4096, .nproc = UINT64_MAX };
	struct rlimit low = { 64, 64 }, now;
	struct stat st;
	const char *why;
	uid_t uid;

	if (geteuid() == 0 && (setgid(65534) < 0 || setuid(65534) < 0))
		return 1;
	uid = getuid();
	setrlimit(RLIMIT_NOFILE, &low);
	if (privdrop(&p, &why) != VG_OK)
		return 2;
	getrlimit(RLIMIT_NOFILE, &now);
	if (now.rlim_cur != 64 || getuid() != uid || stat("/etc/passwd", &st) < 0)
		return 3;
	return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 ? 0 : 4;
}

static void
test_ordinary_user(void **state)
{
	(void)state;
	assert_int_equal(in_child(ordinary_user), 0);
}

/* ---- refusals, each naming its step ---- */

static struct privdrop refused;
static const char *refused_step;

static int
expect_refusal(void)
{
	const char *why = "";

	if (privdrop(&refused, &why) != VG_ERR_SYSTEM)
		return 1;
	return strcmp(why, refused_step) ? 2 : 0;
}

static void
test_unknown_user(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip();
	refused = (struct privdrop){ .user = "no-such-user-here", .nproc = UINT64_MAX };
	refused_step = "user";
	assert_int_equal(in_child(expect_refusal), 0);
}

static void
test_bad_root_folders(void **state)
{
	char linked[80];

	(void)state;
	if (geteuid() != 0)
		skip();
	refused_step = "chroot";
	refused = (struct privdrop){ .user = USER, .chroot = "/no/such/folder", .nproc = UINT64_MAX };
	assert_int_equal(in_child(expect_refusal), 0);
	/* others may write there */
	refused.chroot = folder;
	chmod(folder, 0777);
	assert_int_equal(in_child(expect_refusal), 0);
	chmod(folder, 0755);
	/* it belongs to a third */
	assert_int_equal(chown(folder, 4242, 4242), 0);
	assert_int_equal(in_child(expect_refusal), 0);
	assert_int_equal(chown(folder, 0, 0), 0);
	/* a link, wherever it leads */
	snprintf(linked, sizeof(linked), "%s/link", folder);
	assert_int_equal(symlink("/", linked), 0);
	refused.chroot = linked;
	assert_int_equal(in_child(expect_refusal), 0);
	unlink(linked);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_drop),
		cmocka_unit_test(test_limit_is_raised_as_root),
		cmocka_unit_test(test_ordinary_user),
		cmocka_unit_test(test_unknown_user),
		cmocka_unit_test(test_bad_root_folders),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
