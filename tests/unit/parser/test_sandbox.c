/*
 * test_sandbox.c - behind the parser's filter every mail of the corpus still parses, in any character set that a mail may
 * name: nothing is loaded late. Each case runs in a child, which the filter kills where a call is missing.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <dirent.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "charset.h"
#include "err.h"
#include "message.h"
#include "message_check.h"
#include "sandbox.h"

#define CORPUS "tests/corpus"
#define MAILS_MAX 1000

struct mail {
	char *bytes;
	size_t len;
};

static struct mail mails[MAILS_MAX];
static size_t n_mails;

static void keep(const char *bytes, size_t len)
{
	assert_true(n_mails < MAILS_MAX);
	mails[n_mails].bytes = malloc(len + 1);
	assert_non_null(mails[n_mails].bytes);
	memcpy(mails[n_mails].bytes, bytes, len);
	mails[n_mails++].len = len;
}

static void read_corpus(void)
{
	static char bytes[1u << 20];
	DIR *d = opendir(CORPUS);
	struct dirent *e;
	char path[512];
	FILE *f;

	assert_non_null(d);
	while ((e = readdir(d)) != NULL) {
		if (strstr(e->d_name, ".eml") == NULL)
			continue;
		snprintf(path, sizeof path, CORPUS "/%s", e->d_name);
		f = fopen(path, "rb");
		assert_non_null(f);
		keep(bytes, fread(bytes, 1, sizeof bytes, f));
		fclose(f);
	}
	closedir(d);
}

/* A mail that names one character set everywhere. */
static void add_charset(const char *name)
{
	char bytes[1024];
	int n = snprintf(bytes, sizeof bytes, "From: =?%s?Q?=E4a?= <a@b.example>\nSubject: =?%s?B?4eI=?= =?%s?Q?x?=\n"
	    "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain; charset=%s\n\n\xe4\xf6 text\n"
	    "--b\nContent-Type: text/html; charset=%s\n\n<p>\xe4\n--b\nContent-Type: image/png; name*=%s''%%E4.png\n\nx\n--b--\n",
	    name, name, name, name, name, name);

	assert_true(n > 0 && (size_t)n < sizeof bytes);
	keep(bytes, (size_t)n);
}

static int parse(const struct mail *m)
{
	struct parse_source src = {.data = m->bytes, .len = m->len, .fd = -1};
	char sender[ADDR_MAX + 1];
	struct buf json;
	int err;

	buf_init(&json, MESSAGE_JSON_MAX);
	err = message_parse(&src, NULL, &json, sender);
	buf_free(&json);
	return err;
}

/* 0 where all mails parsed behind the filter; 128 and the signal's number where it killed the child. */
static int run_behind_filter(void)
{
	const char *why;
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		int bad = message_warm(&why) != VG_OK || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
		    sandbox_enter(ROLE_PARSER) != VG_OK;

		for (size_t i = 0; !bad && i < n_mails; i++)
			if (parse(&mails[i]) != VG_OK)
				bad = 2;
		_exit(bad);
	}
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static void forget_mails(void)
{
	while (n_mails > 0)
		free(mails[--n_mails].bytes);
}

static void test_corpus(void **state)
{
	(void)state;
	read_corpus();
	assert_true(n_mails >= 25);
	assert_int_equal(run_behind_filter(), 0);
	forget_mails();
}

static void test_charsets(void **state)
{
	/* The last ones are known to the system, but not to us, or to nobody. */
	static const char *const others[] = {"utf-8", "IBM1047", "EUC-JISX0213", "ISO-2022-CN", "T.61", "IBM930", "JOHAB",
		"no-such-charset", "../../../../etc/passwd", "UTF-16//TRANSLIT", "ARMSCII-8", "l", "", "x*en"};
	const char *name;

	(void)state;
	for (size_t i = 0; (name = charset_name(i)) != NULL; i++)
		add_charset(name);
	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
		add_charset(others[i]);
	assert_int_equal(run_behind_filter(), 0);
	forget_mails();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_corpus),
		cmocka_unit_test(test_charsets),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
