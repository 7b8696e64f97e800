/* test_remote.c - the `imap` lines: values, defaults, and what is wrong with them, with line and column. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "conf.h"
#include "err.h"

#define BASE "hostname support.example\naddress intake support@support.example\naddress intake vbr@support.example\nlisten smtp 127.0.0.1:2525\n"
#define LOGIN " user u password file /etc/p"
#define TOKEN " user u auth xoauth2 token https://login.example/t/token?x=1 client c"

static void
hear(const char *file, unsigned line, unsigned column, const char *why, void *arg)
{
	char *text = arg;

	(void)file;
	if (text[0] == '\0')
		snprintf(text, 400, "%u:%u: %s", line, column, why);
}

static struct conf *
parse(const char *line, char why[400])
{
	char text[2000];
	struct conf *c = NULL;

	why[0] = '\0';
	snprintf(text, sizeof(text), BASE "%s\n", line);
	if (conf_parse("f", text, strlen(text), &c, hear, why) != VG_OK)
		assert_null(c);
	return c;
}

static struct conf *
good(const char *line)
{
	char why[400];
	struct conf *c = parse(line, why);

	if (c == NULL)
		fail_msg("%s: %s", line, why);
	return c;
}

static void
test_defaults(void **state)
{
	struct conf *c = good("imap box Mail.Example:993" LOGIN);
	const struct conf_imap *m = c->imaps;

	(void)state;
	assert_int_equal(c->n_imaps, 1);
	assert_string_equal(m->host, "mail.example");
	assert_true(m->port == 993 && m->tls == TLS_IMPLICIT && m->auth == AUTH_BY_LOGIN && m->idle);
	assert_true(m->poll_ms == 60000 && m->timeout_ms == 60000);
	assert_string_equal(m->folder, "INBOX");
	assert_string_equal(m->intake, "support@support.example");
	assert_true(!m->processed && !m->rejected && !m->failed && !m->ca && !m->authserv_id);
	conf_free(&c);
}

static void
test_everything(void **state)
{
	struct conf *c = good("imap a [2001:db8::1]:143 tls required ca /etc/ca user \"a b\" password file /etc/p auth plain"
	    " folder \"Eing\xc3\xa4nge\" processed P rejected R failed F intake VBR@support.example authserv-id mx.example timeout 5s"
	    " poll 2m idle off\nimap b localhost:143 tls none" TOKEN " secret file /s refresh file /r scope \"x y\"");
	const struct conf_imap *m = c->imaps;

	(void)state;
	assert_int_equal(c->n_imaps, 2);
	assert_string_equal(m->host, "2001:db8::1");
	assert_true(m->tls == TLS_REQUIRED && m->auth == AUTH_BY_PLAIN && !m->idle && m->poll_ms == 120000 && m->timeout_ms == 5000);
	assert_string_equal(m->user, "a b");
	assert_string_equal(m->folder, "Eing\xc3\xa4nge");
	assert_string_equal(m->intake, "vbr@support.example");
	assert_string_equal(m->authserv_id, "mx.example");
	m++;
	assert_true(m->auth == AUTH_BY_XOAUTH2 && m->tls == TLS_NONE && m->token.tls && m->token.port == 443);
	assert_string_equal(m->token.host, "login.example");
	assert_string_equal(m->token.path, "/t/token?x=1");
	assert_string_equal(m->refresh_file, "/r");
	assert_string_equal(m->scope, "x y");
	conf_free(&c);
}

static void
test_complaints(void **state)
{
	static const struct {
		const char *line, *why;
	} rows[] = {
		{ "imap", "5:5: NAME missing" },
		{ "imap box", "5:9: HOST:PORT missing" },
		{ "imap box mail.example" LOGIN, "5:10: a port from 1 to 65535" },
		{ "imap box ::1:993" LOGIN, "5:10: an IPv6 address stands in brackets" },
		{ "imap box mail..example:993" LOGIN, "5:10: " },
		{ "imap box mail.example:993 password file /p", "\"user USER\" missing" },
		{ "imap box mail.example:993 user u", "5:6: \"password file FILE\" missing" },
		{ "imap box mail.example:993 user u password /p", "5:43: \"password\" must be followed by \"file\"" },
		{ "imap box mail.example:993 user u password file p", "5:48: an absolute file name" },
		{ "imap box mail.example:993 tls optional" LOGIN, "5:31: one of none|required|implicit" },
		{ "imap box mail.example:993 tls none" LOGIN, "5:6: tls none is for a server on this machine only" },
		{ "imap box 127.0.0.1:993 tls none ca /c" LOGIN, "5:6: ca needs tls" },
		{ "imap box mail.example:993 poll 30m" LOGIN, "5:32: value out of range" },
		{ "imap box mail.example:993 folder \"a\tb\"" LOGIN, "5:34: control characters" },
		{ "imap box mail.example:993 folder \"\"" LOGIN, "5:34: UTF-8 text is expected" },
		{ "imap box mail.example:993 processed INBOX" LOGIN, "5:6: mail cannot be moved into the folder" },
		{ "imap box mail.example:993 intake case@support.example" LOGIN, "intake case@support.example is no" },
		{ "imap box mail.example:993" LOGIN "\nimap box mail.example:993" LOGIN, "6:6: a mailbox of this name" },
		{ "imap box mail.example:993" LOGIN "\nimap two mail.example:993 poll 1s" LOGIN, "6:6: this folder is fetched already" },
		{ "imap box mail.example:993" TOKEN, "5:6: auth xoauth2 needs a refresh file or a secret file" },
		{ "imap box mail.example:993" TOKEN " refresh file /r password file /p", "5:6: auth xoauth2 needs token and client, and has no" },
		{ "imap box mail.example:993 user u auth xoauth2 token-command /c client c", "5:6: token-command needs auth xoauth2, and" },
		{ "imap box mail.example:993 token-command /c" LOGIN, "5:6: token-command needs auth xoauth2" },
		{ "imap box mail.example:993 tls none user u auth xoauth2 token-command /c", "5:6: tls none is for a server" },
		{ "imap box mail.example:993 client c" LOGIN, "5:6: token, client, secret, refresh and scope need auth" },
		{ "imap box mail.example:993 user u auth xoauth2 token http://login.example/t client c", "5:53: http:// is for a server" },
		{ "imap box mail.example:993 user u auth xoauth2 token ftp://login.example/t client c", "5:53: a URL is expected" },
		{ "imap box mail.example:993 user u auth xoauth2 token https://a@login.example/t client c", "5:53: a URL has no" },
		{ "imap box mail.example:993 user u auth xoauth2 token https://login.example client c", "5:53: a URL is expected" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char why[400];
		struct conf *c = parse(rows[i].line, why);

		if (c != NULL || strstr(why, rows[i].why) == NULL)
			fail_msg("%s\nsaid: %s\nnot: %s", rows[i].line, why, rows[i].why);
	}
}

static void
ignore(const char *file, unsigned line, unsigned column, const char *why, void *arg)
{
	(void)file, (void)line, (void)column, (void)why, (void)arg;
}

static void
test_reload(void **state)
{
	static const char *const lines[] = { "imap box mail.example:993" LOGIN, "imap box mail.example:994" LOGIN,
		"imap box mail.example:993 idle off" LOGIN, "imap box mail.example:993" TOKEN " secret file /s",
		"imap box mail.example:993" TOKEN " secret file /t",
		"imap box mail.example:993 user u auth xoauth2 token-command /c", "" };
	size_t n = sizeof(lines) / sizeof(lines[0]);

	(void)state;
	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; k < n; k++) {
			struct conf *a = good(lines[i]), *b = good(lines[k]);

			assert_int_equal(conf_needs_restart(a, b, ignore, NULL), i != k);
			conf_free(&a);
			conf_free(&b);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_defaults), cmocka_unit_test(test_everything),
		cmocka_unit_test(test_complaints), cmocka_unit_test(test_reload) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
