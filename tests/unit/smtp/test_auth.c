/*
 * test_auth.c - AUTH: when it is offered, what it takes, what it answers, what the gate is told; TLS client certificates.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <gnutls/crypto.h>
#include <sodium.h>

#include "tls_dialogue.h"

#define RIGHT "AGFubkBwYXJ0bmVyLmV4YW1wbGUAcmlnaHQgaG9yc2U=" /* NUL ann@partner.example NUL right horse */
#define USER "YW5uQHBhcnRuZXIuZXhhbXBsZQ=="
#define PASSWORD "cmlnaHQgaG9yc2U="
#define MAIL "MAIL FROM:<> AUTH=<>\r\nRCPT TO:<support@support.example>\r\nDATA\r\n"

/* EHLO said under TLS, on a listener that offers AUTH. */
static void
begin_auth(struct dialogue *d, bool starttls)
{
	begin(d, TLS_OPTIONAL, "198.51.100.9");
	d->f->listener.auth = true;
	fake_connect(d->f, "198.51.100.9");
	fake_settle(d->f);
	if (!starttls)
		return;
	talk(d, "EHLO a\r\n");
	assert_begins(talk(d, "STARTTLS\r\n"), "220 ");
	shake(d);
	assert_non_null(strstr(talk(d, "EHLO a\r\n"), "250-AUTH PLAIN LOGIN\r\n"));
}

static const struct {
	const char *say, *want; /* replies; want: the beginning */
	const char *then, *end; /* a second line, or NULL */
	unsigned logins;        /* questions to the queue */
} rows[] = {
	{ "AUTH PLAIN " RIGHT, "235 2.7.0", NULL, NULL, 1 },
	{ "auth plain " RIGHT, "235 2.7.0", NULL, NULL, 1 },
	{ "AUTH PLAIN", "334 \r\n", RIGHT, "235 2.7.0", 1 },
	{ "AUTH PLAIN", "334 \r\n", "*", "501 5.7.0", 0 },
	{ "AUTH PLAIN", "334 \r\n", "", "501 5.5.2", 0 },
	{ "AUTH PLAIN =", "501 5.5.2", NULL, NULL, 0 },
	{ "AUTH PLAIN AGFubkBwYXJ0bmVyLmV4YW1wbGUAd3JvbmcgaG9yc2U=", "535 5.7.8", NULL, NULL, 1 },   /* wrong password */
	{ "AUTH PLAIN YW5uQHBhcnRuZXIuZXhhbXBsZQBhbm5AcGFydG5lci5leGFtcGxlAHJpZ2h0IGhvcnNl", "235 2.7.0", NULL, NULL, 1 },   /* authzid equal */
	{ "AUTH PLAIN am9lQHBhcnRuZXIuZXhhbXBsZQBhbm5AcGFydG5lci5leGFtcGxlAHJpZ2h0IGhvcnNl", "535 5.7.8", NULL, NULL, 0 },   /* for somebody else */
	{ "AUTH PLAIN YW5uQHBhcnRuZXIuZXhhbXBsZQByaWdodCBob3JzZQ==", "501 5.5.2", NULL, NULL, 0 },   /* one NUL */
	{ "AUTH PLAIN AGFubkBwYXJ0bmVyLmV4YW1wbGUAcmlnaHQgaG9yc2UA", "501 5.5.2", NULL, NULL, 0 },   /* three NULs */
	{ "AUTH PLAIN !!!!", "501 5.5.2", NULL, NULL, 0 },
	{ "AUTH PLAIN AGFubg", "501 5.5.2", NULL, NULL, 0 },    /* without padding */
	{ "AUTH PLAIN AGFubh==", "501 5.5.2", NULL, NULL, 0 },  /* bits behind the end */
	{ "AUTH PLAIN " RIGHT " x", "501 5.5.2", NULL, NULL, 0 },
	{ "AUTH LOGIN " USER, "334 UGFzc3dvcmQ6\r\n", PASSWORD, "235 2.7.0", 1 },
	{ "AUTH LOGIN " USER, "334 UGFzc3dvcmQ6\r\n", "*", "501 5.7.0", 0 },
	{ "AUTH LOGIN =", "334 UGFzc3dvcmQ6\r\n", USER, "535 5.7.8", 1 },
	{ "AUTH LOGIN", "334 VXNlcm5hbWU6\r\n", USER, "334 UGFzc3dvcmQ6\r\n", 0 },
	{ "AUTH", "501 5.5.4", NULL, NULL, 0 },
	{ "AUTH CRAM-MD5", "504 5.5.4", NULL, NULL, 0 },
	{ "AUTH PLAINER " RIGHT, "504 5.5.4", NULL, NULL, 0 },
};

static const char *
line(struct dialogue *d, const char *text)
{
	char buf[4096];

	snprintf(buf, sizeof(buf), "%s\r\n", text);
	return talk(d, buf);
}

static void
test_exchanges(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct dialogue d;
		const char *got;

		begin_auth(&d, true);
		got = line(&d, rows[i].say);
		if (strncmp(got, rows[i].want, strlen(rows[i].want)) != 0)
			fail_msg("%s: %s", rows[i].say, got);
		if (rows[i].then) {
			got = line(&d, rows[i].then);
			if (strncmp(got, rows[i].end, strlen(rows[i].end)) != 0)
				fail_msg("%s, %s: %s", rows[i].say, rows[i].then, got);
		}
		assert_int_equal(d.f->logins, rows[i].logins);
		end(&d);
	}
}

/* Neither offered nor taken in the clear, nor where the listener does not say auth. */
static void
test_not_in_clear(void **state)
{
	struct dialogue d;

	(void)state;
	begin_auth(&d, false);
	assert_null(strstr(talk(&d, "EHLO a\r\n"), "AUTH"));
	assert_begins(line(&d, "AUTH PLAIN " RIGHT), "538 5.7.11");
	assert_begins(line(&d, "AUTH LOGIN"), "538 5.7.11");
	assert_int_equal(d.f->logins, 0);
	end(&d);
	begin(&d, TLS_OPTIONAL, "198.51.100.9");
	talk(&d, "EHLO a\r\n");
	talk(&d, "STARTTLS\r\n");
	shake(&d);
	assert_null(strstr(talk(&d, "EHLO a\r\n"), "AUTH"));
	assert_begins(line(&d, "AUTH PLAIN " RIGHT), "502 5.5.1");
	end(&d);
}

static void
test_mail(void **state)
{
	struct dialogue d;

	(void)state;
	begin_auth(&d, true);
	assert_begins(line(&d, "AUTH PLAIN " RIGHT), "235 2.7.0");
	assert_string_equal(d.f->login_user, "ann@partner.example");
	assert_string_equal(d.f->login_peer, "198.51.100.9");
	assert_begins(line(&d, "AUTH PLAIN " RIGHT), "503 5.5.1");
	assert_null(strstr(talk(&d, "EHLO a\r\n"), "AUTH"));
	assert_begins(talk(&d, MAIL), "250 2.1.0");
	assert_begins(talk(&d, "a: b\r\n\r\nc\r\n.\r\n"), "250 2.0.0 queued");
	assert_string_equal(d.f->mail.login, "ann@partner.example");
	assert_string_equal(d.f->mail.protocol, "ESMTPSA");
	assert_string_equal(d.f->mail.certificate, "");
	/* A second mail of the session, and none within one. */
	assert_begins(talk(&d, "MAIL FROM:<>\r\nAUTH PLAIN\r\n"), "250 2.1.0");
	assert_non_null(strstr(d.got, "503 5.5.1"));
	end(&d);
	/* Not authenticated: no login, no A. */
	begin_auth(&d, true);
	assert_begins(line(&d, "AUTH LOGIN"), "334 ");
	assert_begins(line(&d, "*"), "501 5.7.0");
	assert_begins(talk(&d, MAIL), "250 2.1.0");
	assert_begins(talk(&d, "a: b\r\n\r\nc\r\n.\r\n"), "250 2.0.0 queued");
	assert_string_equal(d.f->mail.login, "");
	assert_string_equal(d.f->mail.protocol, "ESMTPS");
	end(&d);
}

static void
test_later(void **state)
{
	struct login_say late = { .outcome = LOGIN_OK, .address = "ann@partner.example" };
	struct dialogue d;

	(void)state;
	begin_auth(&d, true);
	d.f->login = LOGIN_LATER;
	assert_begins(line(&d, "AUTH PLAIN " RIGHT), "454 4.7.0");
	/* What is said while we wait is answered afterwards. */
	d.f->login = LOGIN_OK;
	d.f->queue_silent = true;
	assert_begins(line(&d, "AUTH PLAIN " RIGHT "\r\nNOOP"), "");
	ipc_send(d.f->queue, IPC_LOGIN_SAY, d.f->asked_spool, &late);
	assert_begins(talk(&d, ""), "235 2.7.0 Authentication succeeded\r\n250 2.0.0");
	end(&d);
	/* The queue goes away. */
	begin_auth(&d, true);
	d.f->queue_silent = true;
	assert_begins(line(&d, "AUTH PLAIN " RIGHT), "");
	ipc_close(&d.f->queue);
	assert_begins(talk(&d, ""), "454 4.7.0");
	assert_begins(line(&d, "AUTH PLAIN " RIGHT), "454 4.7.0");
	end(&d);
}

static void
test_long_line(void **state)
{
	struct dialogue d;
	char text[SMTP_LINE_MAX + 100];

	(void)state;
	begin_auth(&d, true);
	line(&d, "AUTH PLAIN");
	memset(text, 'A', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	assert_begins(line(&d, text), "500 5.5.6");
	assert_begins(line(&d, "AUTH PLAIN " RIGHT), "235 2.7.0");
	assert_int_equal(d.f->logins, 1);
	end(&d);
}

/* Guessing within one session ends like any other errors. */
static void
test_guessing(void **state)
{
	struct dialogue d;
	unsigned n = 0;

	(void)state;
	begin_auth(&d, true);
	while (strncmp(line(&d, "AUTH LOGIN " USER), "334", 3) == 0 && strstr(line(&d, "d3Jvbmc="), "421 ") == NULL && n < 50)
		n++;
	assert_true(n < 12);
	end(&d);
}

static void
fingerprint(const struct tls_pem *pem, char hex[65])
{
	unsigned char sha256[32];
	gnutls_datum_t der;

	tls_fake_ok(gnutls_pem_base64_decode2("CERTIFICATE", &pem->cert, &der));
	tls_fake_ok(gnutls_hash_fast(GNUTLS_DIG_SHA256, der.data, der.size, sha256));
	sodium_bin2hex(hex, 65, sha256, sizeof(sha256));
	gnutls_free(der.data);
}

/* Asked for on every listener with TLS; the one of a relay is not the client's. */
static void
test_certificate(void **state)
{
	static const char *const peers[] = { "198.51.100.9", "192.0.2.1" };
	struct tls_pem pem;
	struct dialogue d;
	char hex[65];

	(void)state;
	tls_fake_pem(&pem);
	fingerprint(&pem, hex);
	for (size_t relay = 0; relay < 2; relay++) {
		begin(&d, TLS_IMPLICIT, peers[relay]);
		d.own = &pem;
		shake(&d);
		talk(&d, relay ? "EHLO a\r\nXCLIENT ADDR=203.0.113.5\r\nEHLO a\r\n" : "EHLO a\r\n");
		assert_begins(talk(&d, MAIL), "250 2.1.0");
		assert_begins(talk(&d, "a: b\r\n\r\nc\r\n.\r\n"), "250 2.0.0 queued");
		assert_string_equal(d.f->mail.certificate, relay ? "" : hex);
		assert_string_equal(d.f->mail.protocol, "ESMTPS");
		end(&d);
	}
	tls_fake_pem_free(&pem);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_exchanges),
		cmocka_unit_test(test_not_in_clear),
		cmocka_unit_test(test_mail),
		cmocka_unit_test(test_later),
		cmocka_unit_test(test_long_line),
		cmocka_unit_test(test_guessing),
		cmocka_unit_test(test_certificate),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
