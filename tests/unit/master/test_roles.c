/*
 * test_roles.c - the table of roles as security design: the links and nothing but the links, who gets which secret
 * and which listener; and the supervisor's pure functions.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <signal.h>
#include <string.h>
#include <sysexits.h>
#include <syslog.h>
#include <cmocka.h>

#include "master.h"
#include "role.h"
#include "role_table.h"
#include "sandbox_profiles.h"

static void
test_links_are_exactly_these(void **state)
{
	static const enum role edges[][2] = {
		{ ROLE_SMTP, ROLE_GATE }, { ROLE_SMTP, ROLE_QUEUE }, { ROLE_GATE, ROLE_QUEUE }, { ROLE_QUEUE, ROLE_PARSER }, { ROLE_QUEUE, ROLE_OCR },
		{ ROLE_QUEUE, ROLE_API }, { ROLE_API, ROLE_GATE }, { ROLE_GATE, ROLE_VERIFY },
		{ ROLE_IMAP, ROLE_GATE }, { ROLE_IMAP, ROLE_QUEUE }, { ROLE_DELIVER, ROLE_QUEUE },
	};

	(void)state;
	for (int a = 0; a < ROLE_COUNT; a++) {
		for (int b = 0; b < ROLE_COUNT; b++) {
			bool want = false;

			for (size_t i = 0; i < sizeof(edges) / sizeof(edges[0]); i++)
				want |= (edges[i][0] == (enum role)a && edges[i][1] == (enum role)b) ||
				    (edges[i][0] == (enum role)b && edges[i][1] == (enum role)a);
			if (role_linked((enum role)a, (enum role)b) != want)
				fail_msg("%s and %s: linked %d, must be %d", role_name((enum role)a), role_name((enum role)b),
				    !want, want);
		}
	}
}

static void
test_rows_name_each_other(void **state)
{
	size_t n;
	const struct role_row *rows = role_rows(&n);

	(void)state;
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(rows[i].peers & R(MASTER), 0);
		for (int b = 0; b < ROLE_COUNT; b++) {
			if (rows[i].peers & (1u << b))
				assert_true(role_linked(rows[i].role, (enum role)b));
		}
	}
}

static void
test_secrets_and_listeners(void **state)
{
	static const struct {
		enum role role;
		unsigned secrets, listens;
		enum role_root root;
		unsigned tier;
	} want[] = {
		{ ROLE_SMTP, ROLE_SECRET(TLS_CERT) | ROLE_SECRET(TLS_KEY), ROLE_LISTEN(SMTP) | ROLE_LISTEN(LMTP), ROOT_EMPTY, 0 },
		{ ROLE_API, ROLE_SECRET(TLS_CERT) | ROLE_SECRET(TLS_KEY), ROLE_LISTEN(HTTP), ROOT_EMPTY, 0 },
		{ ROLE_GATE, ROLE_SECRET(TOKEN_KEY), 0, ROOT_EMPTY, 1 },
		{ ROLE_PARSER, 0, 0, ROOT_EMPTY, 2 },
		{ ROLE_OCR, 0, 0, ROOT_EMPTY, 2 },
		{ ROLE_QUEUE, ROLE_SECRET(WRAP_KEY), 0, ROOT_STATE, 3 },
		{ ROLE_VERIFY, 0, 0, ROOT_OWN, 2 },
		{ ROLE_IMAP, ROLE_SECRET(CA) | ROLE_SECRET(PASSWORD) | ROLE_SECRET(CLIENT) | ROLE_SECRET(REFRESH), 0, ROOT_EMPTY, 0 },
		{ ROLE_DELIVER, ROLE_SECRET(TOKEN_KEY) | ROLE_SECRET(CA) | ROLE_SECRET(PASSWORD) | ROLE_SECRET(DKIM_KEY) |
		    ROLE_SECRET(TEMPLATE), 0, ROOT_EMPTY, 2 },
	};
	size_t n;

	(void)state;
	role_rows(&n);
	assert_int_equal(n, sizeof(want) / sizeof(want[0]));
	for (size_t i = 0; i < n; i++) {
		const struct role_row *row = role_row(want[i].role);

		assert_non_null(row);
		assert_int_equal(row->secrets, want[i].secrets);
		assert_int_equal(row->listens, want[i].listens);
		assert_int_equal(row->root, want[i].root);
		assert_int_equal(row->tier, want[i].tier);
		assert_int_equal(row->all_metrics, want[i].role == ROLE_API);
		assert_true(row->as_bytes > 0 && row->nofile > 0);
		/* Only the store has threads, and only verify processes of its own. */
		assert_int_equal(row->nproc, want[i].role == ROLE_QUEUE || want[i].role == ROLE_VERIFY ? UINT64_MAX : 0);
		assert_non_null(sandbox_profile(row->role));
	}
	assert_null(role_row(ROLE_MASTER));
}

static void
test_names(void **state)
{
	char title[32];

	(void)state;
	for (int i = 0; i < ROLE_COUNT; i++)
		assert_int_equal(role_by_name(role_name((enum role)i)), i);
	assert_int_equal(role_by_name("root"), -1);
	assert_int_equal(role_by_name(""), -1);
	assert_string_equal(role_name((enum role)99), "unknown");
	role_title(title, sizeof(title), ROLE_PARSER, 1);
	assert_string_equal(title, "parser/1");
	role_title(title, sizeof(title), ROLE_QUEUE, 0);
	assert_string_equal(title, "queue");
}

static void
test_counts_and_limits(void **state)
{
	char general[] = "vcspgate", own[] = "vcspgate-smtp";
	struct conf c = { .parsers = 5, .sessions = 10000, .user = general };

	(void)state;
	c.role_user[ROLE_SMTP] = own;
	assert_int_equal(role_count(role_row(ROLE_PARSER), &c), 5);
	assert_int_equal(role_count(role_row(ROLE_QUEUE), &c), 1);
	c.ocr_workers = 3;
	assert_int_equal(role_count(role_row(ROLE_OCR), &c), 0); /* off */
	c.ocr_languages = general;
	assert_int_equal(role_count(role_row(ROLE_OCR), &c), 3);
	assert_int_equal(role_count(role_row(ROLE_IMAP), &c), 0);
	c.n_imaps = 3;
	assert_int_equal(role_count(role_row(ROLE_IMAP), &c), 3);
	assert_string_equal(role_user(role_row(ROLE_SMTP), &c), "vcspgate-smtp");
	assert_string_equal(role_user(role_row(ROLE_GATE), &c), "vcspgate");
	/* A socket and a spooled message for each session. */
	assert_true(role_nofile(role_row(ROLE_SMTP), &c) > 2 * 10000);
	c.user = NULL;
	assert_null(role_user(role_row(ROLE_GATE), &c));
}

static void
test_backoff(void **state)
{
	static const int64_t want[] = { 100, 200, 400, 800, 1600, 3200, 6400, 12800, 25600, 30000, 30000 };

	(void)state;
	for (unsigned i = 0; i < sizeof(want) / sizeof(want[0]); i++)
		assert_int_equal(master_backoff_ms(i + 1), want[i]);
	assert_int_equal(master_backoff_ms(0), 100);
	assert_int_equal(master_backoff_ms(UINT32_MAX), 30000);
}

/* Wait statuses as Linux has them: exit status in the second byte, signal in the first. */
#define EXITED(code) ((code) << 8)

static void
test_ends_of_processes(void **state)
{
	(void)state;
	assert_true(master_is_replacement(EXITED(0), REPLACE_MIN_MS));
	assert_false(master_is_replacement(EXITED(0), REPLACE_MIN_MS - 1));
	assert_false(master_is_replacement(EXITED(1), 60000));
	assert_false(master_is_replacement(SIGKILL, 60000));
	assert_int_equal(master_start_code(EXITED(EX_DATAERR)), EX_DATAERR);
	assert_int_equal(master_start_code(EXITED(EX_CONFIG)), EX_CONFIG);
	assert_int_equal(master_start_code(EXITED(EX_OSERR)), EX_OSERR);
	assert_int_equal(master_start_code(EXITED(0)), EX_SOFTWARE);
	assert_int_equal(master_start_code(EXITED(1)), EX_SOFTWARE);
	assert_int_equal(master_start_code(EXITED(255)), EX_SOFTWARE);
	assert_int_equal(master_start_code(SIGSYS), EX_SOFTWARE);
}

static void
test_environment(void **state)
{
	char *const dirty[] = { (char[]){ "PATH=/bin" }, (char[]){ "TZ=UTC" }, (char[]){ "LANG=C.UTF-8" },
		(char[]){ "LD_LIBRARY_PATH=/evil" }, (char[]){ "LD_PRELOAD=/x.so" }, (char[]){ "TZDIR=/evil" },
		(char[]){ "ASAN_OPTIONS=a=1" }, (char[]){ "VCSPGATE_TEST_PROBE=smtp:socket" }, (char[]){ "VCSPGATE_SOCKET=/s" },
		(char[]){ "NOTIFY_SOCKET=/run/n" }, (char[]){ "LANGUAGE=de" }, (char[]){ "TZ" }, NULL };
	char **env = master_environment(dirty);

	(void)state;
	assert_non_null(env);
	assert_string_equal(env[0], "TZ=UTC");
	assert_string_equal(env[1], "LANG=C.UTF-8");
	assert_string_equal(env[2], "LD_PRELOAD=/x.so");
	assert_string_equal(env[3], "ASAN_OPTIONS=a=1");
	assert_string_equal(env[4], "VCSPGATE_TEST_PROBE=smtp:socket");
	assert_string_equal(env[5], "TZ");
	assert_null(env[6]);
	free(env);
}

static void
test_syslog_level(void **state)
{
	static const struct {
		const char *line;
		int level;
	} rows[] = {
		{ "smtp[1]: event=accepted size=1", LOG_INFO },
		{ "smtp[1]: level=error event=x", LOG_ERR },
		{ "smtp[1]: sess=a level=warn event=x", LOG_WARNING },
		{ "smtp[1]: level=debug event=x", LOG_DEBUG },
		/* what a peer said does not change the level */
		{ "smtp[1]: event=helo name=\"level=error event=x\"", LOG_INFO },
		{ "==12==ERROR: AddressSanitizer", LOG_WARNING },
		{ "event=x", LOG_INFO },
		{ "", LOG_WARNING },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(log_line_level(rows[i].line), rows[i].level);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_links_are_exactly_these),
		cmocka_unit_test(test_rows_name_each_other),
		cmocka_unit_test(test_secrets_and_listeners),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_counts_and_limits),
		cmocka_unit_test(test_backoff),
		cmocka_unit_test(test_ends_of_processes),
		cmocka_unit_test(test_environment),
		cmocka_unit_test(test_syslog_level),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
