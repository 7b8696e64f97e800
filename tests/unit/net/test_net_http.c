/* test_net_http.c - forms, and answers of token end-points whole, in pieces, and wrong. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "err.h"
#include "net_http.h"

#define HEAD "HTTP/1.1 200 OK\r\nDate: today\r\n"

struct row {
	const char *text;
	bool ended;
	int rc;
	unsigned status;
	const char *body;
};

static const struct row rows[] = {
	{ HEAD "Content-Length: 5\r\n\r\nhello", false, VG_OK, 200, "hello" },
	{ HEAD "content-length:  5\r\n\r\nhello, more", false, VG_OK, 200, "hello" },
	{ HEAD "Content-Length: 6\r\n\r\nhello", false, VG_ERR_AGAIN, 200, NULL },
	{ HEAD "Content-Length: 6\r\n\r\nhello", true, VG_ERR_PROTO, 200, NULL },
	{ HEAD "Content-Length: 99999999999999999999999\r\n\r\nhello", false, VG_ERR_PROTO, 200, NULL },
	{ HEAD "\r\nhello", false, VG_ERR_AGAIN, 200, NULL },
	{ HEAD "\r\nhello", true, VG_OK, 200, "hello" },
	{ HEAD "Transfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3;x=y\r\nllo\r\n0\r\n\r\n", false, VG_OK, 200, "hello" },
	{ HEAD "Transfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n", false, VG_ERR_AGAIN, 200, NULL },
	{ HEAD "Transfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n", true, VG_ERR_PROTO, 200, NULL },
	{ HEAD "Transfer-Encoding: chunked\r\n\r\nx\r\nhe\r\n0\r\n", false, VG_ERR_PROTO, 200, NULL },
	{ HEAD "Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\nhe\r\n0\r\n", false, VG_ERR_PROTO, 200, NULL },
	{ "HTTP/1.0 401 Unauthorized\r\nX-Content-Length: 1\r\n\r\n{}", true, VG_OK, 401, "{}" },
	{ "HTTP/2 200\r\n\r\n", true, VG_ERR_PROTO, 0, NULL },
	{ "220 mail.example ESMTP\r\n\r\n", true, VG_ERR_PROTO, 0, NULL },
	{ "HTTP/1.1 2", false, VG_ERR_AGAIN, 0, NULL },
	{ "HTTP/1.1 2", true, VG_ERR_PROTO, 0, NULL },
};

static void
test_answers(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char text[512], *body = NULL;
		size_t n = 0, len = strlen(rows[i].text);
		unsigned status = 0;
		int rc;

		memcpy(text, rows[i].text, len + 1);
		rc = net_http_answer(text, len, rows[i].ended, &status, &body, &n);
		if (rc != rows[i].rc || status != rows[i].status)
			fail_msg("row %zu: %d, status %u", i, rc, status);
		if (rc == VG_OK) {
			assert_int_equal(n, strlen(rows[i].body));
			assert_memory_equal(body, rows[i].body, n);
		}
	}
}

/* Whole is whole, wherever the reads were cut: never VG_OK before the end. */
static void
test_cuts(void **state)
{
	static const char whole[] = HEAD "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n";

	(void)state;
	for (size_t len = 0; len < sizeof(whole) - 1; len++) {
		char text[sizeof(whole)] = "", *body;
		unsigned status = 0;
		size_t n;

		memcpy(text, whole, len);
		assert_int_equal(net_http_answer(text, len, false, &status, &body, &n), VG_ERR_AGAIN);
	}
}

static void
test_form(void **state)
{
	struct buf form;

	(void)state;
	buf_init(&form, 1000);
	assert_int_equal(net_http_field(&form, "grant_type", "refresh_token"), VG_OK);
	assert_int_equal(net_http_field(&form, "scope", "https://x.example/.default a&b=\xc3\xa9"), VG_OK);
	assert_string_equal(buf_str(&form), "grant_type=refresh_token&scope=https%3A%2F%2Fx.example%2F.default%20a%26b%3D%C3%A9");
	buf_free(&form);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_answers), cmocka_unit_test(test_cuts), cmocka_unit_test(test_form) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
