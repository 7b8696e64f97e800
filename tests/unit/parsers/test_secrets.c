/*
 * Secrets in texts: what is one, with exactly its bytes; what only looks like one; the masked text.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ascii.h"
#include "err.h"
#include "secrets_places.h"

#define B64 "q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJA"
#define JWT "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJlLW9mLW91cnM"
/* Put together here, so that nobody's scanner takes the source for a leak. */
#define PEM "-----BEGIN RSA PRIVATE" " KEY-----"
#define PEM_END "-----END RSA PRIVATE" " KEY-----"
#define AWS_ID "AK" "IAIOSFODNN7EXAMPLX"
#define GH "gh" "p_0123456789abcdefghijABCDEFGHIJ0123456"

static const struct {
	const char *text, *secret; /* the first one's bytes; NULL: none */
	enum secrets_kind kind;
} rows[] = {
    /* said with a colon */
    {"Password: veeam", "veeam", SECRETS_PASSWORD}, {"password:Hunter2!", "Hunter2!", SECRETS_PASSWORD},
    {"user: admin, password: secret", "secret", SECRETS_PASSWORD}, {"Username: a\nPassword: S3cret.\nHost: b", "S3cret", SECRETS_PASSWORD},
    {"The zip password: Veeam2024 (as always)", "Veeam2024", SECRETS_PASSWORD}, {"Passwort: \"mein geheimes\"", "mein geheimes", SECRETS_PASSWORD},
    {"Kennwort : Sommer2024", "Sommer2024", SECRETS_PASSWORD}, {"mot de passe : azerty123", "azerty123", SECRETS_PASSWORD},
    {"Contrase\xC3\xB1" "a: toro", "toro", SECRETS_PASSWORD}, {"Has\xC5\x82o: kot1", "kot1", SECRETS_PASSWORD},
    {"\xD0\x9F\xD0\xB0\xD1\x80\xD0\xBE\xD0\xBB\xD1\x8C: qwe123", "qwe123", SECRETS_PASSWORD},
    {"\xE5\xAF\x86\xE7\xA0\x81\xEF\xBC\x9A" "abc123", "abc123", SECRETS_PASSWORD},
    {"Root password (case sensitive): Abc", "Abc", SECRETS_PASSWORD}, {"*Password*: x1y2", "x1y2", SECRETS_PASSWORD},
    {"the passphrase: correct-horse", NULL, 0}, {"passphrase: horsebattery", "horsebattery", SECRETS_PASSWORD},
    /* in code, options, connection strings, JSON, XML */
    {"password=foo;x", "foo", SECRETS_PASSWORD}, {"Server=a;User Id=sa;Password=p@ss,w0rd;Encrypt=yes", "p@ss,w0rd", SECRETS_PASSWORD},
    {"Data Source=x;Pwd=abc", "abc", SECRETS_PASSWORD}, {"DB_PASSWORD=letmein", "letmein", SECRETS_PASSWORD}, {"dbPassword = 'x y z'", "x y z", SECRETS_PASSWORD},
    {"?user=a&pass=b1c2&x=1", "b1c2", SECRETS_PASSWORD}, {"{\"password\": \"a,b\"}", "a,b", SECRETS_PASSWORD}, {"{\\\"password\\\":\\\"abc\\\"}", "abc", SECRETS_PASSWORD},
    {"<password>abc</password>", "abc", SECRETS_PASSWORD}, {"<add key=\"x\" password=\"q\xC3\xA4q\"/>", "q\xC3\xA4q", SECRETS_PASSWORD},
    {"tool --password hunter --user x", "hunter", SECRETS_PASSWORD}, {"tool --password=hunter2", "hunter2", SECRETS_PASSWORD},
    {"Connect-VBRServer -User a -Password Xy12 -Server b", "Xy12", SECRETS_PASSWORD},
    {"ConvertTo-SecureString \"P4ss\" -AsPlainText", "P4ss", SECRETS_PASSWORD}, {"ConvertTo-SecureString -String 'P4ss' -Force", "P4ss", SECRETS_PASSWORD},
    {"https://bob:s3cr3t@host.example/x", "s3cr3t", SECRETS_PASSWORD}, {"smb://h.example/x:y@z", NULL, 0},
    /* said in a sentence */
    {"the password is Hunter2", "Hunter2", SECRETS_PASSWORD}, {"Das Passwort lautet: Sommer24!", "Sommer24!", SECRETS_PASSWORD},
    {"password is \"veeam\"", "veeam", SECRETS_PASSWORD}, {"le mot de passe est Az3rty", "Az3rty", SECRETS_PASSWORD},
    {"I changed the password to Neu#2024.", "Neu#2024", SECRETS_PASSWORD},
    {"pw: Test1234", "Test1234", SECRETS_PASSWORD}, {"PW ist Test1234!", "Test1234!", SECRETS_PASSWORD}, {"Passcode: 9xK2p1", "9xK2p1", SECRETS_PASSWORD},
    {"User: root / Passw0rd!", "Passw0rd!", SECRETS_PASSWORD}, {"Zugangsdaten: admin/Winter2024!", "Winter2024!", SECRETS_PASSWORD},
    {"The password for the archive is: Veeam123!", "Veeam123!", SECRETS_PASSWORD}, {"Passwort Sommer24!", "Sommer24!", SECRETS_PASSWORD},
    {"curl -u admin:Secret99 https://x.example/", "Secret99", SECRETS_PASSWORD}, {"<add key=\"DbPassword\" value=\"abc\"/>", "abc", SECRETS_PASSWORD},
    {"JSESSIONID=0123456789ABCDEF", "0123456789ABCDEF", SECRETS_TOKEN}, {"X-RestSvcSessionId: " B64, B64, SECRETS_TOKEN},
    /* none */
    {"pass to gcry_md_hash2", NULL, 0}, {"$passwd = verify_cb($verify);", NULL, 0}, {"if base-passwd don't", NULL, 0}, {"password: don't accept", NULL, 0},
    {"call update-passwd Run1 now", NULL, 0}, {"decrypt without a password is GNUTLS_E_FAILED", NULL, 0}, {"password to UCS2.", NULL, 0},
    {"docker run -u 1000:1000 x", NULL, 0}, {"user: DOMAIN/user01", NULL, 0}, {"User: a / b", NULL, 0}, {"see password KB1234", NULL, 0},
    {"Job session id: 3f2504e0-4f89-11d3-9a0c-0305e82c3301", NULL, 0}, {"The password fails, see: https://a.example/Kb1", NULL, 0},
    {"password and port: 9392", NULL, 0}, {"<add key=\"Port\" value=\"abc\"/>", NULL, 0}, {"Server: a / B1c2d3!", NULL, 0},
    {"Password: ****", NULL, 0}, {"Password: xxxxxx", NULL, 0}, {"password=<hidden>", NULL, 0}, {"password=[redacted]", NULL, 0},
    {"password: \xE2\x80\xA2\xE2\x80\xA2\xE2\x80\xA2", NULL, 0}, {"password=${DB_PASS}", NULL, 0}, {"password=$DB_PASS", NULL, 0}, {"password=%PASS%", NULL, 0},
    {"password=%s", NULL, 0}, {"password=null", NULL, 0}, {"password=", NULL, 0}, {"Password: \nnext", NULL, 0}, {"\"password\": \"\"", NULL, 0},
    {"password is incorrect", NULL, 0}, {"The password is not valid.", NULL, 0}, {"I forgot my password", NULL, 0}, {"forgot my password: please help", NULL, 0},
    {"Password: required", NULL, 0}, {"Password: see other mail", NULL, 0}, {"Passwort: folgt separat", NULL, 0}, {"password: Access is denied", NULL, 0},
    {"Invalid password: the user cannot log on", NULL, 0}, {"Wrong user name or password (1326)", NULL, 0}, {"bad password: 0x8009000B", NULL, 0},
    {"Reset password: https://portal.example/reset", NULL, 0}, {"Password expires: 2024-01-01", NULL, 0}, {"Password policy: strong", NULL, 0},
    {"password to access the share", NULL, 0}, {"[password removed]", NULL, 0}, {"password: [password removed]", NULL, 0}, {"password protected", NULL, 0},
    {"compass: north", NULL, 0}, {"Bypass: enabled12", NULL, 0}, {"pass: 3 of 4", NULL, 0}, {"password > 12 characters", NULL, 0},
    {"namespace::password::value", NULL, 0}, {"if (password == stored1)", NULL, 0}, {"-----BEGIN CERTIFICATE-----\nMIIB\n", NULL, 0},
    /* tokens and keys */
    {"token: expired", NULL, 0}, {"token=" B64, B64, SECRETS_TOKEN}, {"CancellationToken: none", NULL, 0}, {"access_token\": \"" B64 "\"", B64, SECRETS_TOKEN},
    {"Authorization: Bearer " B64, B64, SECRETS_TOKEN}, {"Authorization: Basic dXNlcjpwYXNzMQ==", "dXNlcjpwYXNzMQ==", SECRETS_TOKEN},
    {"bearer of bad news", NULL, 0}, {"Basic authentication", NULL, 0}, {"x " JWT " y", JWT, SECRETS_TOKEN}, {"eyJust a word.", NULL, 0},
    {"DefaultEndpointsProtocol=https;AccountName=a;AccountKey=" B64 "==;x", B64 "==", SECRETS_KEY}, {"key " AWS_ID " used", AWS_ID, SECRETS_KEY},
    {"aws_secret_access_key = " B64, B64, SECRETS_KEY}, {"SharedAccessSignature=sv2020" B64, "sv2020" B64, SECRETS_TOKEN},
    {"?sv=2020&sig=" B64 "%3D&se=1", B64 "%3D", SECRETS_TOKEN}, {"pushed with " GH, GH, SECRETS_TOKEN}, {"client secret: " B64, B64, SECRETS_KEY},
    {"secret: do not tell", NULL, 0}, {"encryption key: lost", NULL, 0}, {"AKIA is a prefix", NULL, 0},
    {"x\n" PEM "\nMIIB\nAAAA\n" PEM_END "\ny", "\nMIIB\nAAAA\n", SECRETS_PRIVATE_KEY}, {PEM "\nMIIB", "\nMIIB", SECRETS_PRIVATE_KEY},
    {"key ABCDE-12345-FGHIJ-67890-KLMNO ok", "ABCDE-12345-FGHIJ-67890-KLMNO", SECRETS_LICENCE}, {"ABCDE-12345-FGHIJ-67890-KLMNO-PQRST", NULL, 0},
    {"12345-12345-12345-12345-12345", NULL, 0}, {"3f2504e0-4f89-11d3-9a0c-0305e82c3301", NULL, 0},
    {"License key: 1A2B3C4D5E6F7G8H", "1A2B3C4D5E6F7G8H", SECRETS_LICENCE}, {"license key: expired", NULL, 0},
    {"", NULL, 0}, {":", NULL, 0}, {"=", NULL, 0}, {"password", NULL, 0}, {"password:", NULL, 0}, {"--password", NULL, 0}, {"://", NULL, 0},
};

static void test_rows(void **state)
{
	unsigned wrong = 0;

	(void)state;
	for (size_t i = 0; i < ASCII_COUNT(rows); i++) {
		size_t len = strlen(rows[i].text);
		char *exact = malloc(len > 0 ? len : 1);
		struct secrets_span span = {0, 0, SECRETS_KINDS};
		bool found;

		memcpy(exact, rows[i].text, len);
		found = secrets_next(exact, len, 0, &span);
		if (found != (rows[i].secret != NULL) || (found && (span.len != strlen(rows[i].secret) ||
		    memcmp(exact + span.at, rows[i].secret, span.len) != 0 || span.kind != rows[i].kind))) {
			print_error("%s: %.*s (%s)\n", rows[i].text, found ? (int)span.len : 1, found ? exact + span.at : "-", secrets_kind_name(span.kind));
			wrong++;
		}
		free(exact);
	}
	assert_int_equal(wrong, 0);
}

static void test_mask(void **state)
{
	static const struct {
		const char *text, *masked;
		unsigned n;
	} cases[] = {
	    {"nothing here", "nothing here", 0}, {"", "", 0},
	    {"a\nPassword: veeam\ntoken=" B64 "\nend", "a\nPassword: [password removed]\ntoken=[token removed]\nend", 2},
	    {"pwd='a b' pwd='c d'", "pwd='[password removed]' pwd='[password removed]'", 2},
	    {PEM "\nMIIB\n" PEM_END "\n", PEM "[private key removed]" PEM_END "\n", 1},
	};
	struct buf out, again;
	unsigned n;

	(void)state;
	for (size_t i = 0; i < ASCII_COUNT(cases); i++) {
		buf_init(&out, 10000);
		buf_init(&again, 10000);
		assert_int_equal(secrets_mask(&out, cases[i].text, strlen(cases[i].text), &n), VG_OK);
		assert_string_equal(buf_str(&out), cases[i].masked);
		assert_int_equal(n, cases[i].n);
		/* masked once is masked for good */
		assert_int_equal(secrets_mask(&again, buf_str(&out), out.len, &n), VG_OK);
		assert_int_equal(n, 0);
		buf_free(&out);
		buf_free(&again);
	}
	buf_init(&out, 10);
	assert_int_equal(secrets_mask(&out, "password=abcdef and more", 24, NULL), VG_ERR_LIMIT);
	buf_free(&out);
}

static void test_places(void **state)
{
	static const char log[] = "[07.07.2021 16:43:02] <01> Info Start\nargs: --password=Xy12 --token " B64 "\nconn Password=Xy12;\n"
	    "Password=a1b2\nPassword=a1b2\nPassword=a1b2\n";
	struct secrets_places p = {.n = 0};
	char said[1000];
	size_t n;

	(void)state;
	assert_int_equal(secrets_places_say(&p, said, sizeof(said)), 0);
	secrets_places_line(&p, "the subject", "password: veeam", 15, 0);
	secrets_places_line(&p, "the subject", "nothing", 7, 0);
	secrets_places_text(&p, "a1 Job.log", log, sizeof(log) - 1);
	secrets_places_line(&p, "a2", "AccountKey=" B64, 11 + sizeof(B64) - 1, 77);
	secrets_places_line(&p, "a2", "AccountKey=" B64 " AccountKey=" B64, 23 + 2 * (sizeof(B64) - 1), 78);
	n = secrets_places_say(&p, said, sizeof(said));
	assert_int_equal(n, strlen(said));
	assert_string_equal(said, "password in the subject; password in a1 Job.log line 2, 3, 4, 5 and 1 more; key in a2 line 77, 78");
	/* said within a bound, and for any number of texts */
	assert_true(secrets_places_say(&p, said, 30) < 30);
	for (unsigned i = 0; i < 100; i++) {
		snprintf(said, sizeof(said), "a%u", i);
		secrets_places_line(&p, said, "pwd=abc", 7, i + 1);
	}
	assert_int_equal(p.n, SECRETS_PLACES_MAX);
	secrets_places_say(&p, said, sizeof(said));
	assert_true(strlen(said) > 300);
}

/* Nothing that logs hold passes the glance unseen. */
static void test_glance(void **state)
{
	static const char *const seen[] = {"user=a Password=b", "x password: b", "db_PASSWORD=x", "Kennwort: x", "the passphrase", "Bearer abc", "client_secret=",
	    "AccountKey=abc", "-----BEGIN RSA PRIVATE" " KEY-----", JWT, "accessToken=", "a token", "?sig=x", "<pwd=\"x\""};
	static const char *const passed[] = {"", "a", "swo", "a line of exactly nineteen bytes and more", "[07.07.2021 16:43:02] <01> Info [JobSession] Job ended: id=3f25", "pass", "to", "ken"};

	(void)state;
	for (size_t i = 0; i < ASCII_COUNT(seen); i++)
		if (!secrets_glance(seen[i], strlen(seen[i])))
			fail_msg("%s", seen[i]);
	for (size_t i = 0; i < ASCII_COUNT(passed); i++)
		if (secrets_glance(passed[i], strlen(passed[i])) != (i == 2))
			fail_msg("%s", passed[i]);
}

/* Any repetition stays linear and in bounds. */
static void test_hostile(void **state)
{
	static const char *const units[] = {"password=", "password:", "p:", "=", "-", "-----BEGIN PRIVATE" " KEY-----", "eyJ", "eyJaaaaaaaa.", "x://", "a:b@",
	    "\"", "password=\"", "A", "ABCDE-", "bearer ", "(", "password (", "\xEF\xBC\x9A", "\xff", "password is ", "&", "&a"};
	size_t len = 200000;
	char *text = malloc(len);
	struct secrets_span span;

	(void)state;
	for (size_t u = 0; u < ASCII_COUNT(units); u++) {
		size_t n = strlen(units[u]), from = 0;

		for (size_t i = 0; i < len; i++)
			text[i] = units[u][i % n];
		while (secrets_next(text, len, from, &span)) {
			assert_true(span.at >= from && span.len > 0 && span.at + span.len <= len);
			from = span.at + span.len;
		}
	}
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_rows), cmocka_unit_test(test_mask), cmocka_unit_test(test_places), cmocka_unit_test(test_glance),
	    cmocka_unit_test(test_hostile)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
