/*
 * test_password_hint.c - passwords named in mails: found in several languages, not found in sentences about passwords, masked
 * where they stand and nowhere else.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "password_hint.h"

static const struct {
	const char *text, *first; /* first candidate, "" for none */
} rows[] = {
    {"password: veeam", "veeam"}, {"Password = Veeam2024!", "Veeam2024!"}, {"PW: abc123", "abc123"}, {"pwd veeam42", "veeam42"},
    {"The zip is encrypted (pw: backup).", "backup"}, {"The password is Veeam123.", "Veeam123"},
    {"the password for the archive is: topsecret", "topsecret"}, {"password to open the zip: abcde", "abcde"},
    {"Das Passwort lautet veeam", "veeam"}, {"Passwort ist Sommer2024, danke", "Sommer2024"}, {"Archivpasswort: geheim", "geheim"},
    {"ZIP-Kennwort: geheim", "geheim"}, {"Kennwort für das Archiv lautet: \"zwei Worte\"", "zwei Worte"},
    {"Le mot de passe est : s3cret", "s3cret"}, {"Mot de passe de l'archive : secret", "secret"}, {"mdp: abc", "abc"},
    {"La contraseña del zip es Madrid99", "Madrid99"}, {"Contraseña: madrid", "madrid"}, {"CONTRASEÑA: madrid", "madrid"},
    {"Clave: 1234", "1234"}, {"senha: abcd", "abcd"}, {"Wachtwoord is fiets12", "fiets12"}, {"Hasło: zamek", "zamek"},
    {"Hasło do archiwum: zamek", "zamek"}, {"Пароль: 12345", "12345"}, {"пароль на архив - zima2024", "zima2024"},
    {"Lösenord: hemligt", "hemligt"}, {"Adgangskode: hemmelig", "hemmelig"}, {"Passord: norge", "norge"}, {"Heslo: tajne", "tajne"},
    {"密码：veeam", "veeam"}, {"解压密码: veeam123。谢谢", "veeam123"}, {"パスワードは veeam です", "veeam"},
    {"パスワード：veeam", "veeam"}, {"Password - abc!", "abc!"}, {"Password:\n\n  veeam\n\nRegards", "veeam"},
    {"> > password: veeam", "veeam"}, {"Password: *veeam*", "veeam"}, {"password is 'veeam backup'", "veeam backup"},
    {"pass=abc", "abc"}, {"Password:\tveeam", "veeam"}, {"Passwort:\302\240veeam", "veeam"}, {"pass phrase", ""}, {"passphrase: veeam", "veeam"},
    {"Password: veeam\r\nRegards", "veeam"}, {"password:", ""}, {"password", ""}, {"", ""},
    {"The password is not accepted.", ""}, {"Password is incorrect", ""}, {"password expired", ""}, {"Password: https://vault.example/x", ""},
    {"We changed the password for the service account and it is worse now", ""}, {"password-protected zip", ""},
    {"Passwort per SMS", ""}, {"compass: north", ""}, {"bypass 42", ""}, {"The proxy spawned 5 tasks", ""},
    {"passing through: nothing", ""}, {"Passwort wird separat gesendet", ""}, {"password will be sent separately", ""},
    {"Password: in a second mail", ""}, {"Wrong password: the", ""},
    {"Passwort: siehe SMS", ""}, {"Password: sent by phone", ""}, {"Kennwort: kommt separat", ""}, {"Password: ********", ""},
    {"Password: [password removed]", ""}, {"Passwort (ZIP): veeam", "veeam"}, {"7z password -> veeam", "veeam"}, {"Zip pw veeam2024", "veeam2024"},
};

static void test_find(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct password_hints h = {.n = 0};
		const char *got;

		password_hints_find(&h, rows[i].text, strlen(rows[i].text));
		got = h.n > 0 ? h.list[0].text : "";
		if (strcmp(got, rows[i].first) != 0)
			fail_msg("%s: got \"%s\"", rows[i].text, got);
	}
}

/* Readings: with and without the sign at the end, and the rest of the line. */
static void test_readings(void **state)
{
	static const char text[] = "Password: abc.\nPW: my dog rex\npassword: abc\n";
	struct password_hints h = {.n = 0};

	(void)state;
	password_hints_find(&h, text, strlen(text));
	assert_int_equal(h.n, 3);
	assert_string_equal(h.list[0].text, "abc");
	assert_string_equal(h.list[1].text, "abc.");
	assert_string_equal(h.list[2].text, "my dog rex");
	assert_true(h.list[0].plain);
	assert_false(h.list[2].plain);
}

static void test_bounds(void **state)
{
	struct password_hints h = {.n = 0};
	char text[20000];
	size_t len = 0;

	(void)state;
	for (int i = 0; i < 500; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "password: a%dx\n", i);
	password_hints_find(&h, text, len);
	assert_int_equal(h.n, PASSWORD_HINTS_MAX);
	h.n = 0;
	memset(text, 'x', 1000);
	memcpy(text, "password: ", 10);
	text[1000] = '\0';
	password_hints_find(&h, text, strlen(text));
	assert_int_equal(h.n, 0);
	password_hints_find(&h, "password: a\0b", 13);
	for (size_t i = 0; i < h.n; i++)
		assert_true(strlen(h.list[i].text) > 0);
}

static void test_mask(void **state)
{
	static const struct {
		const char *text, *masked;
	} cases[] = {
	    {"Logs of veeam.\npassword: veeam.\nveeam again", "Logs of veeam.\npassword: [password removed].\nveeam again"},
	    {"> password: veeam\npw=\"veeam\" x", "> password: [password removed]\npw=\"[password removed]\" x"},
	    {"password: other\n", NULL},
	    {"no word", NULL},
	    {"", NULL},
	};
	struct password_hints h = {.n = 0};

	(void)state;
	password_hints_find(&h, "password: other\npassword: veeam", 31);
	assert_int_equal(h.n, 2);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *want = cases[i].masked != NULL ? cases[i].masked : cases[i].text;
		struct buf out;

		buf_init(&out, 1000);
		assert_int_equal(password_hints_mask(&h, 2, &out, cases[i].text, strlen(cases[i].text)), cases[i].masked != NULL);
		assert_string_equal(buf_str(&out), want);
		buf_free(&out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_find), cmocka_unit_test(test_readings), cmocka_unit_test(test_bounds),
	    cmocka_unit_test(test_mask)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
