/*
 * test_tls.c - STARTTLS, implicit TLS, listeners that demand it, and a certificate that is replaced while serving.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tls_dialogue.h"

static void
test_starttls(void **state)
{
	struct dialogue d;

	(void)state;
	begin(&d, TLS_REQUIRED, "198.51.100.9");
	assert_begins(talk(&d, "STARTTLS\r\n"), "503 5.5.1");
	assert_non_null(strstr(talk(&d, "EHLO before.example\r\n"), "250-STARTTLS\r\n"));
	assert_begins(talk(&d, "MAIL FROM:<>\r\n"), "530 5.7.0 Must issue STARTTLS first");
	assert_begins(talk(&d, "STARTTLS now\r\n"), "501 5.5.4");
	assert_begins(talk(&d, "STARTTLS\r\n"), "220 2.0.0");
	shake(&d);
	/* nothing of before is known any more */
	assert_begins(talk(&d, "MAIL FROM:<>\r\n"), "503 5.5.1");
	assert_null(strstr(talk(&d, "EHLO after.example\r\n"), "STARTTLS"));
	assert_begins(talk(&d, "STARTTLS\r\n"), "503 5.5.1");
	assert_begins(talk(&d, "MAIL FROM:<>\r\nRCPT TO:<support@support.example>\r\nDATA\r\n"), "250 2.1.0");
	assert_begins(talk(&d, "a: b\r\n\r\nc\r\n.\r\n"), "250 2.0.0 queued");
	assert_string_equal(d.f->mail.protocol, "ESMTPS");
	assert_string_equal(d.f->mail.helo, "after.example");
	assert_begins(d.f->mail.tls, "TLS1.3 TLS_");
	assert_begins(talk(&d, "QUIT\r\n"), "221 ");
	end(&d);
}

static void
test_pipelined_behind(void **state)
{
	struct dialogue d;

	(void)state;
	begin(&d, TLS_OPTIONAL, "198.51.100.9");
	talk(&d, "EHLO a\r\n");
	assert_begins(talk(&d, "STARTTLS\r\nMAIL FROM:<evil@example>\r\n"), "554 5.5.1");
	assert_null(strstr(d.got, "250"));
	assert_true(d.f->client_eof);
	end(&d);
}

static void
test_not_offered(void **state)
{
	struct dialogue d;

	(void)state;
	begin(&d, TLS_NONE, "198.51.100.9");
	assert_null(strstr(talk(&d, "EHLO a\r\n"), "STARTTLS"));
	assert_begins(talk(&d, "STARTTLS\r\n"), "502 5.5.1");
	assert_begins(talk(&d, "MAIL FROM:<>\r\n"), "250 2.1.0");
	end(&d);
}

static void
test_implicit(void **state)
{
	struct dialogue d;

	(void)state;
	begin(&d, TLS_IMPLICIT, "198.51.100.9");
	assert_int_equal(d.f->got.len, 0); /* nothing in the clear */
	shake(&d);
	assert_begins(talk(&d, ""), "220 support.example");
	assert_null(strstr(talk(&d, "EHLO a\r\n"), "STARTTLS"));
	assert_begins(talk(&d, "MAIL FROM:<>\r\n"), "250 2.1.0");
	end(&d);
	/* in the clear to an implicit listener: closed without a word */
	begin(&d, TLS_IMPLICIT, "198.51.100.9");
	assert_string_equal(strstr(talk(&d, "EHLO a\r\n"), "250") ? "answered" : "", "");
	assert_true(d.f->client_eof);
	end(&d);
}

/* The PROXY header comes in the clear, and the client's hello may follow in the same packet. */
static void
test_implicit_behind_proxy(void **state)
{
	static const char header[] = "PROXY TCP4 203.0.113.7 192.0.2.1 1234 465\r\n";
	struct conf_net net = { .prefix = 0 };
	struct dialogue d;

	(void)state;
	begin(&d, TLS_IMPLICIT, "192.0.2.1");
	d.f->listener.proxy_from = &net;
	d.f->listener.n_proxy_from = 1;
	fake_connect(d.f, "192.0.2.1");
	assert_int_equal(send(d.f->client, header, sizeof(header) - 1, 0), sizeof(header) - 1);
	shake(&d);
	assert_begins(talk(&d, ""), "220 support.example");
	talk(&d, "EHLO a\r\nMAIL FROM:<>\r\nRCPT TO:<postmaster>\r\nDATA\r\n.\r\n");
	assert_string_equal(d.f->mail.client, "203.0.113.7");
	assert_string_equal(d.f->mail.real_peer, "192.0.2.1");
	end(&d);
}

static void
test_reload(void **state)
{
	struct dialogue d;
	struct tls_ctx *old;

	(void)state;
	begin(&d, TLS_OPTIONAL, "198.51.100.9");
	talk(&d, "EHLO a\r\n");
	assert_begins(talk(&d, "STARTTLS\r\n"), "220 ");
	shake(&d);
	old = fake_smtp(d.f)->tls;
	give_certificate(d.f);
	assert_ptr_not_equal(fake_smtp(d.f)->tls, old);
	assert_non_null(strstr(talk(&d, "EHLO a\r\n"), "250")); /* on the old one */
	/* a bad pair changes nothing */
	old = fake_smtp(d.f)->tls;
	smtp_role.on_secret(&d.f->ctx, SECRET_TLS_CERT, (const unsigned char *)"x", 1);
	smtp_role.on_secret(&d.f->ctx, SECRET_TLS_KEY, (const unsigned char *)"y", 1);
	assert_ptr_equal(fake_smtp(d.f)->tls, old);
	end(&d);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_starttls),
		cmocka_unit_test(test_pipelined_behind),
		cmocka_unit_test(test_not_offered),
		cmocka_unit_test(test_implicit),
		cmocka_unit_test(test_implicit_behind_proxy),
		cmocka_unit_test(test_reload),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
