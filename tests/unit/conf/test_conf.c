/*
 * test_conf.c - the configuration: values as tables, every kind of complaint with its place, defaults, includes,
 * recipients, and that the manual page says what the table says.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "conf.h"
#include "conf_lex.h"
#include "conf_value.h"
#include "err.h"

#define BASE \
	"hostname support.example\naddress intake support@support.example\nlisten smtp 127.0.0.1:2525\n"

struct said {
	unsigned n;
	char text[8192];
};

static void hear(const char *file, unsigned line, unsigned column, const char *why, void *arg)
{
	struct said *s = arg;
	size_t len = strlen(s->text);

	s->n++;
	snprintf(s->text + len, sizeof(s->text) - len, "%s:%u:%u: %s\n", file, line, column, why);
}

static int parse(const char *text, struct conf **c, struct said *s)
{
	memset(s, 0, sizeof(*s));
	*c = NULL;
	return conf_parse("f", text, strlen(text), c, hear, s);
}

static struct conf *good(const char *text)
{
	struct conf *c;
	struct said s;
	int rc = parse(text, &c, &s);

	if (rc != 0)
		print_error("%s", s.text);
	assert_int_equal(rc, 0);
	return c;
}

static void assert_resolver(const struct conf *c, int family, const char *host, unsigned port)
{
	const struct sockaddr_in *in = (const struct sockaddr_in *)&c->resolver;
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)&c->resolver;
	bool v4 = family == AF_INET;
	char text[INET6_ADDRSTRLEN];

	assert_int_equal(c->resolver.ss_family, family);
	assert_int_equal(c->resolver_len, v4 ? sizeof(*in) : sizeof(*in6));
	assert_non_null(inet_ntop(family, v4 ? (const void *)&in->sin_addr : &in6->sin6_addr, text, sizeof(text)));
	assert_string_equal(text, host);
	assert_int_equal(ntohs(v4 ? in->sin_port : in6->sin6_port), port);
}

static void test_defaults(void **state)
{
	struct conf *c = good(BASE);

	(void)state;
	assert_string_equal(c->state, "/var/lib/vcspgate");
	assert_int_equal(c->message_size, 50u << 20);
	assert_int_equal(c->sessions, 1000);
	assert_int_equal(c->sessions_per_peer, 50);
	assert_int_equal(c->hold_expire_ms, INT64_C(30) * 86400000);
	assert_int_equal(c->reopen_ms, INT64_C(14) * 86400000);
	assert_int_equal(c->queue_attempts, 10);
	assert_int_equal(c->queue_lease_ms, 60000);
	assert_int_equal(c->severity_default, 3);
	assert_false(c->inactive_hold);
	assert_null(c->direct_refuse_url);
	assert_string_equal(c->upload_text, "");
	assert_int_equal(conf_sla_for(c, 1)->first_response_ms, 3600000);
	assert_int_equal(c->data_rate_min, 256);
	assert_resolver(c, AF_INET, "127.0.0.1", 53);
	assert_int_equal(c->resolver_timeout_ms, 5000);
	assert_int_equal(c->n_arc_sealers, 0);
	assert_int_equal(c->dns_give_up_ms, INT64_C(4) * 3600000);
	assert_int_equal(c->dkim_min_bits, 1024);
	conf_free(&c);
	assert_null(c);
}

static void test_given_values(void **state)
{
	struct conf *c = good(BASE
	    "limit sessions 60\nqueue lease 90s\nsla severity 2 first-response 2h\n"
	    "address intake m365@support.example route m365\ndirect refuse \"https://portal.example/\"\n"
	    "listen lmtp unix:/run/x/lmtp.sock mode 0600 group mail before-queue\n"
	    "listen lmtp 127.0.0.1:24\nlisten http 127.0.0.1:8025 tls none\n"
	    "listen smtp [::1]:25 after-queue proxy-protocol from 10.0.0.0/8 proxy-protocol from 2001:db8::/32\n"
	    "trust relay 192.0.2.0/24 authserv-id MX.support.example\ntrust relay unix as authenticated\n"
	    "membership inactive hold\nupload text \"Send to \\\"https://up.example/\\\"\" # said with 552\n"
	    "user role smtp vcspgate-smtp\nresolver [2001:db8::53]:5353\n"
	    "arc sealer Lists.example\narc sealer m\303\274ller.example\ndns give-up 90m\ndkim min-bits 2048\n");

	(void)state;
	assert_int_equal(c->sessions, 60);
	assert_int_equal(c->sessions_per_peer, 50);
	assert_int_equal(c->queue_attempts, 10);
	assert_int_equal(c->queue_lease_ms, 90000);
	assert_int_equal(conf_sla_for(c, 2)->warn_ms, 5400000);
	assert_int_equal(conf_sla_for(c, 4)->first_response_ms, 86400000);
	assert_string_equal(c->addresses[1].route, "m365");
	assert_string_equal(c->direct_refuse_url, "https://portal.example/");
	assert_int_equal(c->listens[1].mode, 0600);
	assert_false(c->listens[1].after_queue);
	assert_true(c->listens[2].after_queue);
	assert_int_equal(c->listens[3].tls, TLS_NONE);
	assert_true(c->listens[4].after_queue);
	assert_int_equal(c->listens[4].n_proxy_from, 2);
	assert_string_equal(c->relays[0].authserv_id, "mx.support.example");
	assert_true(c->relays[1].as_authenticated);
	assert_true(c->inactive_hold);
	assert_string_equal(c->upload_text, "Send to \"https://up.example/\"");
	assert_string_equal(c->role_user[ROLE_SMTP], "vcspgate-smtp");
	assert_resolver(c, AF_INET6, "2001:db8::53", 5353);
	assert_int_equal(c->resolver_timeout_ms, 5000);
	assert_int_equal(c->n_arc_sealers, 2);
	assert_string_equal(c->arc_sealers[0], "lists.example");
	assert_string_equal(c->arc_sealers[1], "xn--mller-kva.example");
	assert_int_equal(c->dns_give_up_ms, 5400000);
	assert_int_equal(c->dkim_min_bits, 2048);
	conf_free(&c);
}

static const struct {
	const char *text, *says;
} complaints[] = {
	{ BASE "frobnicate yes\n", "f:4:1: unknown directive \"frobnicate\"" },
	{ BASE "limit size 5\n", "f:4:7: \"limit size\" is not a directive" },
	{ BASE "limit\n", "f:4:6: \"limit\" needs more words" },
	{ BASE "limit message-size\n", "f:4:19: SIZE missing" },
	{ BASE "limit message-size 5X\n", "f:4:20: a size is digits with an optional K, M or G" },
	{ BASE "limit message-size 1\n", "f:4:20: value out of range" },
	{ BASE "reopen 5\n", "f:4:8: a duration needs a unit" },
	{ BASE "reopen 99999999999999999999d\n", "f:4:8: number too large" },
	{ BASE "hostname b.example\n", "f:4:1: given twice: first in line 1" },
	{ BASE "direct open\ndirect refuse x\n", "f:5:1: given twice: first in line 4" },
	{ BASE "address case case+x@support.example\n", "f:4:14: our own addresses carry no '+'" },
	{ BASE "address case not-an-address\n", "f:4:14: " },
	{ BASE "address case support@support.example\n", "address support@support.example is given twice" },
	{ BASE "listen smtp 127.0.0.1\n", "f:4:13: a port from 1 to 65535" },
	{ BASE "listen smtp ::1:25\n", "f:4:13: an IPv6 address stands in brackets" },
	{ BASE "listen smtp 127.0.0.1:99999\n", "f:4:13: a port from 1 to 65535" },
	{ BASE "listen smtp 127.0.0.1:26 tls maybe\n", "f:4:30: one of none|optional|required|implicit is expected" },
	{ BASE "listen http 127.0.0.1:26 tls optional\n", "one of none|implicit is expected" },
	{ BASE "listen smtp 127.0.0.1:26 tls optional\n", "there is no \"tls certificate\"" },
	{ BASE "listen http 127.0.0.1:26\n", "(or say \"tls none\")" },
	{ BASE "listen smtp 127.0.0.1:26 tls none tls none\n", "f:4:35: \"tls\" given twice" },
	{ BASE "listen smtp 127.0.0.1:26 auth\n", "auth needs tls optional, required or implicit" },
	{ BASE "listen lmtp unix:/tmp/l.sock auth\n", "auth" },
	{ BASE "listen smtp 127.0.0.1:26 proxy-protocol 10.0.0.0/8\n", "must be followed by \"from\"" },
	{ BASE "listen smtp 127.0.0.1:2525\n", "listen 127.0.0.1:2525 is given twice" },
	{ BASE "trust relay 192.0.2.1/24 authserv-id a.example\n", "address has bits beyond its prefix length" },
	{ BASE "trust relay 192.0.2.1\n", "say what is believed" },
	{ BASE "trust relay 192.0.2.1 as friend\n", "f:4:26: \"as\" must be followed by \"authenticated\"" },
	{ BASE "tls certificate /a\n", "\"key FILE\" missing" },
	{ BASE "tls certificate a key /b\n", "f:4:17: an absolute file name is expected" },
	{ BASE "resolver\n", "f:4:9: ADDRESS:PORT missing" },
	{ BASE "resolver 127.0.0.1\n", "f:4:10: a port from 1 to 65535" },
	{ BASE "resolver dns.example:53\n", "f:4:10: not an IP address with a port" },
	{ BASE "resolver unix:/run/dns\n", "f:4:10: a port from 1 to 65535" },
	{ BASE "resolver ::1:53\n", "f:4:10: an IPv6 address stands in brackets" },
	{ BASE "resolver 127.0.0.1:53 timeout 2m\n", "f:4:31: value out of range" },
	{ BASE "resolver 127.0.0.1:53\nresolver [::1]:53\n", "f:5:1: given twice: first in line 4" },
	{ BASE "arc sealer\n", "f:4:11: DOMAIN missing" },
	{ BASE "arc sealer a..example\n", "f:4:12: " },
	{ BASE "arc sealer a.example\narc sealer A.example\n", "arc sealer a.example is given twice" },
	{ BASE "dns give-up 1s\n", "f:4:13: value out of range" },
	{ BASE "dkim min-bits 512\n", "f:4:15: number out of range" },
	{ BASE "dkim min-bits 8192\n", "f:4:15: number out of range" },
	{ BASE "ocr languages eng+\n", "ocr languages: names of letters" },
	{ BASE "ocr languages ../eng\n", "ocr languages: names of letters" },
	{ BASE "ocr languages\n", "f:4:14: LANGUAGES missing" },
	{ BASE "limit ocr workers 17\n", "f:4:19: number out of range" },
	{ BASE "sla severity 7 first-response 1h\n", "f:4:14: number out of range" },
	{ BASE "sla severity 1 first-response 1h warn 2h\n", "warn comes after first-response" },
	{ BASE "user role king x\n", "f:4:11: not a role" },
	{ BASE "user role smtp x\nuser role smtp y\n", "f:5:11: a user for this role was given already" },
	{ BASE "upload text \"open\n", "f:4:13: closing quote missing" },
	{ BASE "upload text a\"b\n", "f:4:13: a quote may only begin a word" },
	{ BASE "upload text \"a\"b\n", "f:4:13: a blank must follow the closing quote" },
	{ BASE "upload text \"gr\303\266\303\237er\"\n", "printable ASCII only" },
	{ BASE "upload \001\n", "f:4:8: control character" },
	{ BASE "include other.conf\n", "f:4:1: unknown directive \"include\"" },
	{ "address intake a@b.example\nlisten smtp 127.0.0.1:25\n", "\"hostname\" is missing" },
	{ "hostname a.example\nlisten smtp 127.0.0.1:25\n", "no \"address intake\"" },
	{ "hostname a.example\naddress intake a@b.example\n", "no \"listen\"" },
};

static void test_complaints(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(complaints) / sizeof(complaints[0]); i++) {
		struct conf *c;
		struct said s;

		assert_int_equal(parse(complaints[i].text, &c, &s), VG_ERR_CONFIG);
		assert_null(c);
		if (strstr(s.text, complaints[i].says) == NULL)
			fail_msg("row %zu: expected \"%s\", heard \"%s\"", i, complaints[i].says, s.text);
	}
}

static void test_every_error_is_named(void **state)
{
	struct conf *c;
	struct said s;

	(void)state;
	assert_int_equal(parse(BASE "x\ny\nreopen 1\n", &c, &s), VG_ERR_CONFIG);
	assert_int_equal(s.n, 3);
}

static void write_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static void test_include(void **state)
{
	char dir[] = "/tmp/vcspgate-conf-XXXXXX", main_file[64], sub[64], loop[64];
	struct said s = { 0 };
	struct conf *c = NULL;
	struct buf flat;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(main_file, sizeof(main_file), "%s/main", dir);
	snprintf(sub, sizeof(sub), "%s/sub", dir);
	snprintf(loop, sizeof(loop), "%s/loop", dir);
	write_file(main_file, BASE "include sub\nreopen 3d\n");
	write_file(sub, "# a part\nseverity default 2\n");
	assert_int_equal(conf_load(main_file, &c, hear, &s), 0);
	assert_int_equal(c->severity_default, 2);
	assert_int_equal(c->reopen_ms, INT64_C(3) * 86400000);
	conf_free(&c);

	buf_init(&flat, 65536);
	assert_int_equal(conf_flatten(main_file, &flat), 0);
	c = good(buf_str(&flat));
	assert_int_equal(c->severity_default, 2);
	conf_free(&c);
	buf_free(&flat);

	/* The error names the included file; a line behind the include keeps its own number. */
	write_file(sub, "\nseverity default 9\n");
	write_file(main_file, BASE "include sub\nreopen x\n");
	assert_int_equal(conf_load(main_file, &c, hear, &s), VG_ERR_CONFIG);
	assert_non_null(strstr(s.text, "/sub:2:18: number out of range"));
	assert_non_null(strstr(s.text, "/main:5:8: a number is expected"));

	memset(&s, 0, sizeof(s));
	write_file(loop, "include loop\n");
	assert_int_not_equal(conf_load(loop, &c, hear, &s), 0);
	assert_non_null(strstr(s.text, "nested too deeply"));

	memset(&s, 0, sizeof(s));
	write_file(loop, "include absent\n");
	assert_int_not_equal(conf_load(loop, &c, hear, &s), 0);
	assert_non_null(strstr(s.text, "/loop:1:9: "));
	assert_non_null(strstr(s.text, "/absent: No such file"));
	unlink(main_file);
	unlink(sub);
	unlink(loop);
	rmdir(dir);
}

static void test_nets(void **state)
{
	static const struct {
		const char *net, *peer;
		bool in;
	} rows[] = {
		{ "192.0.2.0/24", "192.0.2.255", true }, { "192.0.2.0/24", "192.0.3.0", false },
		{ "192.0.2.128/25", "192.0.2.127", false }, { "0.0.0.0/0", "203.0.113.9", true },
		{ "0.0.0.0/0", "2001:db8::1", false }, { "2001:db8::/33", "2001:db8:7fff::1", true },
		{ "2001:db8::/33", "2001:db8:8000::1", false }, { "192.0.2.1", "192.0.2.1", true },
		{ "192.0.2.1", "::ffff:192.0.2.1", true }, { "::/0", "unix", false }, { "unix", "unix", true },
		{ "unix", "127.0.0.1", false }, { "192.0.2.0/24", "rubbish", false },
	};
	struct conf_net net;
	const char *why;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(conf_value_net(rows[i].net, &net, &why), 0);
		if (conf_net_contains(&net, rows[i].peer) != rows[i].in)
			fail_msg("%s in %s", rows[i].peer, rows[i].net);
	}
	assert_int_not_equal(conf_value_net("192.0.2.0/33", &net, &why), 0);
	assert_int_not_equal(conf_value_net("host.example", &net, &why), 0);
}

static void test_rcpt(void **state)
{
	static const struct {
		const char *rcpt;
		enum conf_rcpt kind;
	} rows[] = {
		{ "support@support.example", RCPT_INTAKE }, { "support+x@support.example", RCPT_NO_SUCH },
		{ "case@support.example", RCPT_CASE }, { "case+12.abc@support.example", RCPT_CASE },
		{ "bounce+abc@bounces.example", RCPT_BOUNCE }, { "bounce+abc@support.example", RCPT_NO_SUCH },
		{ "postmaster@support.example", RCPT_POSTMASTER }, { "abuse@bounces.example", RCPT_POSTMASTER },
		{ "head@support.example", RCPT_POSTMASTER }, { "nobody@support.example", RCPT_NO_SUCH },
		{ "postmaster@other.example", RCPT_NOT_OURS }, { "support@sub.support.example", RCPT_NOT_OURS },
	};
	struct conf *c = good(BASE "address case case@support.example\naddress bounce bounce@bounces.example\n"
				   "address postmaster head@support.example\n");
	const char *ext;
	size_t which;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (conf_rcpt(c, rows[i].rcpt, &which, &ext) != rows[i].kind)
			fail_msg("%s", rows[i].rcpt);
	assert_int_equal(conf_rcpt(c, "case+12.abc@support.example", &which, &ext), RCPT_CASE);
	assert_int_equal(which, 1);
	assert_memory_equal(ext, "12.abc@", 7);
	conf_free(&c);
}

static void test_reload(void **state)
{
	struct conf *a = good(BASE), *b = good(BASE "reopen 1d\n"), *o = good(BASE "ocr languages eng+deu\nlimit ocr time 5s\n"), *d = good(BASE "limit parsers 3\nlisten smtp [::1]:25\n"),
		    *e = good(BASE "resolver [::1]:53\narc sealer a.example\ndns give-up 1h\ndkim min-bits 2048\n");
	struct said s = { 0 };

	(void)state;
	assert_int_equal(conf_needs_restart(a, b, hear, &s), 0);
	assert_int_equal(conf_needs_restart(a, d, hear, &s), 2);
	assert_int_equal(conf_needs_restart(a, e, hear, &s), 0);
	assert_null(a->ocr_languages);
	assert_true(a->ocr_time_ms == 10000 && a->ocr_pixels == 9 << 20 && a->ocr_workers == 1);
	assert_string_equal(o->ocr_languages, "eng+deu");
	assert_int_equal(conf_needs_restart(a, o, hear, &s), 2);
	conf_keep(a, o);
	assert_null(o->ocr_languages);
	conf_free(&o);
	conf_keep(a, e);
	assert_resolver(e, AF_INET6, "::1", 53);
	assert_int_equal(e->n_arc_sealers, 1);
	conf_free(&a);
	conf_free(&b);
	conf_free(&d);
	conf_free(&e);
}

static void test_manual_page_agrees(void **state)
{
	static char page[200000];
	FILE *f = fopen("conf/vcspgate.conf.5", "r");
	struct buf m;
	size_t n;

	(void)state;
	assert_non_null(f);
	n = fread(page, 1, sizeof(page) - 1, f);
	page[n] = '\0';
	fclose(f);
	buf_init(&m, sizeof(page));
	assert_int_equal(conf_manual(&m), 0);
	assert_true(m.len > 1000);
	assert_non_null(strstr(page, buf_str(&m)));
	buf_free(&m);
}

static void test_sample_is_good(void **state)
{
	struct said s = { 0 };
	struct conf *c = NULL;

	(void)state;
	if (conf_load("conf/vcspgate.conf", &c, hear, &s) != 0)
		fail_msg("%s", s.text);
	conf_free(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults), cmocka_unit_test(test_given_values), cmocka_unit_test(test_complaints),
		cmocka_unit_test(test_every_error_is_named), cmocka_unit_test(test_include), cmocka_unit_test(test_nets),
		cmocka_unit_test(test_rcpt), cmocka_unit_test(test_reload), cmocka_unit_test(test_manual_page_agrees),
		cmocka_unit_test(test_sample_is_good),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
