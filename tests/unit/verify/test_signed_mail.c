/*
 * test_signed_mail.c - what counts as signed as a whole, and which bytes are signed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <gmime/gmime.h>

#include "err.h"
#include "signed_mail.h"

#define HEAD "From: ann@partner.example\r\nSubject: down\r\n"
#define SIGNED "Content-Type: multipart/signed; micalg=pgp-sha512; protocol=\"application/pgp-signature\"; boundary=\"b\"\r\n\r\n"
#define TEXT "Content-Type: text/plain\r\n\r\nAll jobs fail.\r\n"
#define SIG "Content-Type: application/pgp-signature; name=signature.asc\r\n\r\nARMOR\r\n"
#define MAIL(body) HEAD SIGNED body
#define SMIME(protocol) "Content-Type: multipart/signed; protocol=" protocol "; boundary=b\r\n\r\n"

static const struct {
	const char *mail;
	enum signed_kind kind;
	const char *content;   /* or the reason */
	const char *signature;
} cases[] = {
	{MAIL("--b\r\n" TEXT "\r\n--b\r\n" SIG "\r\n--b--\r\n"), SIGNED_OPENPGP, TEXT, "ARMOR\r\n"},
	{MAIL("--b\r\n" TEXT "\r\n--b\r\n" SIG "--b--"), SIGNED_OPENPGP, TEXT, "ARMOR"},
	/* clients write a line for readers without MIME; white space behind a delimiter is none of it */
	{MAIL("This is an OpenPGP/MIME signed message (RFC 4880 and 3156)\r\n--b  \r\n" TEXT "\r\n--b\t\r\n" SIG "--b-- \r\n"),
	    SIGNED_OPENPGP, TEXT, "ARMOR"},
	{MAIL("--b\r\n" TEXT "\r\n--b\r\nContent-Type: application/pgp-signature\r\nContent-Transfer-Encoding: base64\r\n\r\nQVJN\r\nT1I=\r\n--b--"),
	    SIGNED_OPENPGP, TEXT, "ARMOR"},
	{HEAD SMIME("\"application/pkcs7-signature\"") "--b\r\n" TEXT "\r\n--b\r\nContent-Type: application/pkcs7-signature\r\n"
	    "Content-Transfer-Encoding: base64\r\n\r\nQUJD\r\n--b--\r\n", SIGNED_SMIME, TEXT, "ABC"},
	{HEAD SMIME("application/x-pkcs7-signature") "--b\r\n" TEXT "\r\n--b\r\nContent-Type: application/x-pkcs7-signature\r\n"
	    "Content-Transfer-Encoding: base64\r\n\r\nQUJD\r\n--b--\r\n", SIGNED_SMIME, TEXT, "ABC"},
	{HEAD "Content-Type: application/pkcs7-mime; smime-type=signed-data\r\nContent-Transfer-Encoding: base64\r\n\r\nQUJD\r\n",
	    SIGNED_SMIME_OPAQUE, NULL, "ABC"},
	{HEAD "Content-Type: application/pkcs7-mime; smime-type=enveloped-data\r\nContent-Transfer-Encoding: base64\r\n\r\nQUJD\r\n",
	    SIGNED_NOT, "it is not signed as a whole", NULL},
	/* an inner boundary that begins like the outer one does not end the part */
	{MAIL("--b\r\nContent-Type: multipart/mixed; boundary=bb\r\n\r\n--bb\r\n\r\nx\r\n--bb--\r\n\r\n--b\r\n" SIG "--b--\r\n"), SIGNED_OPENPGP,
	    "Content-Type: multipart/mixed; boundary=bb\r\n\r\n--bb\r\n\r\nx\r\n--bb--\r\n", "ARMOR"},

	/* what a list, a gateway or a forger adds */
	{MAIL("--b\r\n" TEXT "\r\n--b\r\n" SIG "\r\n--b\r\n" TEXT "\r\n--b--\r\n"), SIGNED_NOT, "it has more than two parts", NULL},
	{MAIL("--b\r\n" TEXT "\r\n--b\r\n" SIG "\r\n--b--\r\n\r\n--b\r\n" TEXT "--b--\r\n"), SIGNED_NOT,
	    "a delimiter stands behind the closing one", NULL},
	{MAIL("--b\r\n" TEXT "\r\n--b--\r\n"), SIGNED_NOT, "it has fewer than two parts", NULL},
	{MAIL("--b\r\n" TEXT "\r\n--b\r\n" SIG), SIGNED_NOT, "its closing delimiter is missing", NULL},
	{MAIL(""), SIGNED_NOT, "its closing delimiter is missing", NULL},
	{MAIL("--b--\r\n"), SIGNED_NOT, "it has fewer than two parts", NULL},
	{MAIL("--b\r\n" TEXT "\r\n--b\r\n" TEXT "\r\n--b--\r\n"), SIGNED_NOT, "there is no signature in it", NULL},
	{MAIL("--b\r\n" TEXT "\r\n--b\r\nContent-Type: application/pgp-signature\r\nContent-Transfer-Encoding: x-none\r\n\r\nARMOR\r\n--b--\r\n"),
	    SIGNED_NOT, "the signature's encoding is unknown", NULL},
	{MAIL("--b\r\n" TEXT "\r\n--b\r\nContent-Type: application/pgp-signature\r\n\r\n\r\n--b--\r\n"), SIGNED_NOT, "there is no signature in it", NULL},
	{HEAD "Content-Type: text/plain\r\n" SIGNED "--b\r\n" TEXT "\r\n--b\r\n" SIG "--b--\r\n", SIGNED_NOT, "several Content-Type fields", NULL},
	{HEAD "Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n" SIGNED "--b\r\n" TEXT "\r\n--b\r\n" SIG "--b--\r\n--x--\r\n", SIGNED_NOT,
	    "it is not signed as a whole", NULL},
	{HEAD "Content-Type: multipart/signed; protocol=\"application/pgp-signature\"\r\n\r\n--b\r\n" TEXT "\r\n--b\r\n" SIG "--b--\r\n", SIGNED_NOT,
	    "it has no boundary", NULL},
	{HEAD "Content-Type: multipart/signed; boundary=b\r\n\r\n--b\r\n" TEXT "\r\n--b\r\n" SIG "--b--\r\n", SIGNED_NOT, "it is not signed as a whole", NULL},
	/* the inline form covers what stands between its lines, and nobody knows what readers show beside it */
	{HEAD "\r\n-----BEGIN PGP SIGNED MESSAGE-----\r\n\r\nx\r\n-----BEGIN PGP SIGNATURE-----\r\n", SIGNED_NOT, "it is not signed", NULL},
	{"", SIGNED_NOT, "it is not signed", NULL},
};

static void test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct signed_mail m;

		assert_int_equal(signed_mail_read(&m, cases[i].mail, strlen(cases[i].mail)), VG_OK);
		if (m.kind != cases[i].kind)
			fail_msg("case %zu: kind %d, why \"%s\"", i, m.kind, m.why);
		if (m.kind == SIGNED_NOT) {
			assert_string_equal(m.why, cases[i].content);
		} else {
			assert_string_equal(buf_str(&m.signature), cases[i].signature);
			if (cases[i].content != NULL) {
				assert_int_equal(m.content_len, strlen(cases[i].content));
				assert_memory_equal(m.content, cases[i].content, m.content_len);
			}
		}
		signed_mail_free(&m);
	}
}

/* Every cut of a mail, in memory of exactly its size: nothing is read behind it. */
static void test_cut(void **state)
{
	const char *mail = cases[3].mail;

	(void)state;
	for (size_t n = 0; n <= strlen(mail); n++) {
		char *cut = malloc(n + 1);
		struct signed_mail m;

		assert_non_null(cut);
		memcpy(cut + 1, mail, n);
		assert_int_equal(signed_mail_read(&m, cut + 1, n), VG_OK);
		assert_true(m.kind == SIGNED_NOT || n >= strlen(mail) - 2);
		signed_mail_free(&m);
		free(cut);
	}
}

static const struct {
	const char *outer, *inner, *want;
} fields[] = {
	{"Subject: down\r\nFrom: ann@partner.example\r\n\r\n",
	    "Content-Type: text/plain; hp=\"clear\"\r\nSubject: down\r\nFrom:  ann@partner.example \r\n\r\n", "from:subject"},
	{"Subject: a\r\n very long one\r\n\r\n", "Content-Type: text/plain; protected-headers=\"v1\"\r\nSubject: a very long one\r\n\r\n", "subject"},
	{"Subject: other\r\nTo: x@y.example\r\n\r\n", "Content-Type: text/plain; hp=clear\r\nSubject: down\r\nTo: x@y.example\r\n\r\n", "to"},
	{"Subject: down\r\nSubject: up\r\n\r\n", "Content-Type: text/plain; hp=clear\r\nSubject: down\r\n\r\n", ""},
	/* fields of a part that does not say what they are */
	{"Subject: down\r\n\r\n", "Content-Type: text/plain\r\nSubject: down\r\n\r\n", ""},
	{"X-Spam: no\r\n\r\n", "Content-Type: text/plain; hp=clear\r\nX-Spam: no\r\n\r\n", ""},
	{"Subject: down\r\n\r\n", "", ""},
};

static void test_protected(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
		struct buf out;

		buf_init(&out, 200);
		assert_int_equal(signed_mail_protected(&out, fields[i].outer, strlen(fields[i].outer), fields[i].inner, strlen(fields[i].inner)),
		    VG_OK);
		assert_string_equal(buf_str(&out), fields[i].want);
		buf_free(&out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_cases),
	    cmocka_unit_test(test_cut),
	    cmocka_unit_test(test_protected),
	};

	g_mime_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
