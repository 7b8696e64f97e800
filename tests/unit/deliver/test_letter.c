/*
 * test_letter.c - letters as mails: headers, texts, signatures that our own verifier passes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <sodium.h>

#include "dkim.h"
#include "err.h"
#include "letter.h"
#include "template.h"

#define NOW 1764000000

static struct token_keys keys = {.n = 1, .key = {"0123456789abcdef0123456789abcdef"}};

static const char letter[] = "{\"ticket\":{\"number\":1234,\"subject\":\"Job fails\",\"reference\":\"ACME-7\",\"status\":\"open\",\"severity\":2,"
    "\"route\":\"vbr\",\"first_response_due\":\"2026-11-24T04:00:00Z\"},\"subject\":\"Job fails\",\"from_name\":\"Ann Lee\",\"automatic\":%s,"
    "\"in_reply_to\":\"a.1@partner.example\",\"references\":[\"a.0@partner.example\",\"bad id>\\r\\nX: y\",\"a.1@partner.example\"],"
    "\"text\":\"It fails.\\n.\\npassword: geheim99\\nA line of <b>.\",\"dropped\":false,\"by\":\"Ann Lee\",\"partner\":\"ACME MSP\","
    "\"understood\":[{\"name\":\"product\",\"value\":\"Veeam Backup & Replication\"}],\"missing\":[\"logs\",\"version\"],\"notes\":[\"joe@x.example was not taken up\","
    "\"send it again with its password (a line \\\"Password: ...\\\"), or without\"],"
    "\"people\":[{\"name\":\"Bob\",\"address\":\"bob@customer.example\",\"role\":\"customer\"}],\"errors\":[\"Error: no space\"],"
    "\"attachments\":[{\"name\":\"a.zip\",\"size\":12}]}";

struct made {
	struct letter_mail m;
	struct letter_sender from;
	struct gate_header h;
	char json[4000];
};

static void make(struct made *x, enum letter_kind kind, const char *name, struct dkim_signer *const *signers, size_t n)
{
	struct deliver_job job = {.kind = (uint8_t)kind, .ticket = 1234, .participant = 7, .recipient = "Bob@Customer.Example", .name = name};
	const char *why;

	snprintf(x->json, sizeof x->json, letter, kind == LETTER_ACK || kind == LETTER_JOINED ? "true" : "false");
	job.letter = (struct blob){(const unsigned char *)x->json, strlen(x->json)};
	x->from = (struct letter_sender){.hostname = "mx.support.example", .case_address = "case@support.example",
	    .bounce_address = "bounce@support.example", .support = "Example Support", .keys = &keys, .n_signers = n};
	for (size_t i = 0; i < n; i++)
		x->from.signers[i] = signers[i];
	assert_int_equal(letter_make(&x->m, &x->from, &job, -1, 99, NOW, &why), VG_OK);
	memset(&x->h, 0, sizeof x->h);
	assert_int_equal(gate_header_read(&x->h, (const char *)x->m.bytes.data, x->m.bytes.len), VG_OK);
	assert_int_equal(x->h.n_faults, 0);
}

static void drop(struct made *x)
{
	gate_header_free(&x->h);
	letter_free(&x->m);
}

static const char *field(struct made *x, const char *name, struct buf *out)
{
	size_t pos = 0;

	buf_reset(out);
	assert_int_equal(gate_header_count(&x->h, name), 1);
	assert_int_equal(gate_field_unfold(out, gate_header_next(&x->h, name, &pos)), VG_OK);
	/* folded at a tab */
	for (char *s = (char *)(uintptr_t)buf_str(out); *s != '\0'; s++)
		if (*s == '\t')
			*s = ' ';
	return buf_str(out);
}

static void test_headers(void **state)
{
	struct made x;
	struct buf v;
	struct token t;

	(void)state;
	buf_init(&v, 4000);
	make(&x, LETTER_RELAY, "Bob \xc3\x84lg\r\nBcc: x@y.example", NULL, 0);
	assert_string_equal(x.m.recipient, "bob@customer.example");
	assert_memory_equal(x.m.reverse_path, "bounce+", 7);
	*strchr(x.m.reverse_path, '@') = '\0';
	assert_int_equal(token_check(&t, TOKEN_BOUNCE, x.m.reverse_path + 7, &keys), VG_OK);
	assert_int_equal(t.number, 99);
	assert_memory_equal(field(&x, "From", &v), "Ann Lee via Example Support <case+1234.", 39);
	*strchr((char *)v.data + 39, '@') = '\0';
	assert_int_equal(token_check(&t, TOKEN_CASE, (char *)v.data + 34, &keys), VG_OK);
	assert_int_equal(t.participant, 7);
	assert_int_equal(gate_header_count(&x.h, "Bcc"), 0);
	assert_string_equal(field(&x, "Subject", &v), "[#1234] [ACME-7] Job fails");
	assert_string_equal(field(&x, "References", &v), "<a.0@partner.example> <a.1@partner.example>");
	assert_string_equal(field(&x, "In-Reply-To", &v), "<a.1@partner.example>");
	assert_int_equal(token_message_check(&t, buf_str(&v), 0, "x", &keys), VG_ERR_SYNTAX);
	field(&x, "Message-ID", &v);
	assert_int_equal(token_message_check(&t, buf_str(&v) + 1, v.len - 2, "mx.support.example", &keys), VG_OK);
	assert_int_equal(gate_header_count(&x.h, "Auto-Submitted"), 0);
	assert_int_equal(token_check(&t, TOKEN_LOOP, field(&x, "X-Vcspgate-Loop", &v), &keys), VG_OK);
	buf_free(&v);
	drop(&x);
	make(&x, LETTER_ACK, "Bob", NULL, 0);
	buf_init(&v, 4000);
	assert_string_equal(field(&x, "Auto-Submitted", &v), "auto-replied");
	assert_memory_equal(field(&x, "From", &v), "Example Support <case+", 22);
	buf_free(&v);
	drop(&x);
}

/* Whatever stands in it: 7 bits, no line over 998, CRLF only (RFC 5322 2.1.1; libetpan sends no 8BITMIME). */
static void test_bytes(void **state)
{
	(void)state;
	for (int kind = LETTER_ACK; kind < LETTER_KINDS; kind++) {
		struct made x;
		size_t line = 0;

		make(&x, (enum letter_kind)kind, "Bob", NULL, 0);
		for (size_t i = 0; i < x.m.bytes.len; i++) {
			unsigned char c = x.m.bytes.data[i];

			assert_true(c < 0x80 && c != 0);
			if (c == '\n')
				assert_int_equal(x.m.bytes.data[i - 1], '\r');
			line = c == '\n' ? 0 : line + 1;
			assert_true(line < 998);
		}
		assert_null(strstr(buf_str(&x.m.bytes), "geheim99"));
		if (kind == LETTER_RELAY)
			assert_non_null(strstr(buf_str(&x.m.bytes), "A line of &lt;b&gt;.<br>"));
		drop(&x);
	}
}

static void test_acknowledgement_says_it_all(void **state)
{
	static const char *const says[] = {"case #1234: Job fails", "ACME-7", "by 2026-11-24 04:00 UTC", "Product: Veeam Backup & Replication",
	    "Error: no space", "the log files", "its version", "joe@x.example was not taken up", "(a line \"Password: ...\"), or without", "Bob <bob@customer.example> (customer)"};
	struct made x;

	(void)state;
	make(&x, LETTER_ACK, "Bob", NULL, 0);
	for (size_t i = 0; i < sizeof says / sizeof says[0]; i++)
		if (strstr(buf_str(&x.m.bytes), says[i]) == NULL)
			fail_msg("\"%s\" is missing in\n%s", says[i], buf_str(&x.m.bytes));
	drop(&x);
}

static void test_templates_are_sound(void **state)
{
	(void)state;
	for (int kind = LETTER_ACK; kind < LETTER_KINDS; kind++) {
		const char *text = letter_template((unsigned)kind, ""), *why;
		unsigned line;

		assert_true(strlen(text) > 10);
		if (template_check(text, strlen(text), letter_values, &line, &why) != VG_OK)
			fail_msg("kind %d, line %u: %s", kind, line, why);
	}
}

/* ---- signatures ---- */

static char *pem_of(gnutls_pk_algorithm_t algorithm, unsigned bits, char *record, size_t n)
{
	gnutls_x509_privkey_t key;
	gnutls_privkey_t private;
	gnutls_pubkey_t public;
	gnutls_datum_t pem, der, x;
	char base64[2000], *copy;

	gnutls_x509_privkey_init(&key);
	assert_true(gnutls_x509_privkey_generate(key, algorithm, bits, 0) >= 0);
	assert_true(gnutls_x509_privkey_export2_pkcs8(key, GNUTLS_X509_FMT_PEM, NULL, GNUTLS_PKCS_PLAIN, &pem) >= 0);
	gnutls_privkey_init(&private);
	gnutls_pubkey_init(&public);
	gnutls_privkey_import_x509(private, key, 0);
	gnutls_pubkey_import_privkey(public, private, 0, 0);
	if (algorithm == GNUTLS_PK_RSA) {
		assert_true(gnutls_pubkey_export2(public, GNUTLS_X509_FMT_DER, &der) >= 0);
	} else {
		assert_true(gnutls_pubkey_export_ecc_raw(public, NULL, &der, &x) >= 0);
		gnutls_free(x.data);
	}
	sodium_bin2base64(base64, sizeof base64, der.data, der.size, sodium_base64_VARIANT_ORIGINAL);
	snprintf(record, n, "v=DKIM1; k=%s; p=%s", algorithm == GNUTLS_PK_RSA ? "rsa" : "ed25519", base64);
	copy = strdup((char *)pem.data);
	gnutls_free(pem.data);
	gnutls_free(der.data);
	gnutls_pubkey_deinit(public);
	gnutls_privkey_deinit(private);
	gnutls_x509_privkey_deinit(key);
	return copy;
}

static int gather(void *arg, const void *data, size_t n)
{
	return buf_add(arg, data, n);
}

static void verify(struct made *x, const char *const records[2], const char *spoil, enum dkim_result want)
{
	struct dkim_options o = {.rsa_min_bits = 1024, .now = NOW};
	struct body_hashes *bodies = body_hashes_new();
	struct dkim *d = dkim_new(&x->h, &o, bodies);
	struct dns_set *dns = dns_set_new();
	size_t skip = x->h.length + 2;
	struct dns_question q;
	struct buf all;

	buf_init(&all, 1 << 24);
	assert_int_equal(letter_write(&x->m, gather, &all), VG_OK);
	assert_int_equal(x->m.size, all.len);
	assert_int_equal(body_hashes_feed(bodies, all.data + skip, all.len - skip), VG_OK);
	buf_free(&all);
	if (spoil != NULL)
		body_hashes_feed(bodies, spoil, strlen(spoil));
	assert_int_equal(body_hashes_end(bodies), VG_OK);
	while (!dkim_check(d, dns))
		while (dns_set_next(dns, &q)) {
			const char *text = records[strncmp(q.name, "ed.", 3) == 0];
			struct dns_record r = {.data = (const unsigned char *)text, .len = strlen(text)};

			dns_set_answer(dns, q.id, DNS_FOUND, &r, 1);
		}
	assert_int_equal(dkim_count(d), 2);
	for (size_t i = 0; i < 2; i++) {
		if (dkim_at(d, i)->result != want)
			fail_msg("%s: %s", dkim_at(d, i)->algorithm, dkim_at(d, i)->why);
		assert_true(dkim_covers(d, i, "From") && dkim_covers(d, i, "Reply-To") && dkim_covers(d, i, "Subject"));
	}
	dkim_free(&d);
	body_hashes_free(&bodies);
	dns_set_free(&dns);
}

static void test_signatures_verify(void **state)
{
	char rsa[2100], ed[2100];
	const char *const records[2] = {rsa, ed};
	char *pem[2] = {pem_of(GNUTLS_PK_RSA, 2048, rsa, sizeof rsa), pem_of(GNUTLS_PK_EDDSA_ED25519, 256, ed, sizeof ed)};
	struct dkim_signer *signers[2], *none;
	const char *why;
	struct made x;

	(void)state;
	assert_int_equal(dkim_signer_new(&signers[0], "support.example", "rsa", pem[0], strlen(pem[0]), &why), VG_OK);
	assert_int_equal(dkim_signer_new(&signers[1], "support.example", "ed", pem[1], strlen(pem[1]), &why), VG_OK);
	assert_int_equal(dkim_signer_new(&none, "support.example", "x", "rubbish", 7, &why), VG_ERR_SYNTAX);
	assert_null(none);
	make(&x, LETTER_RELAY, "Bob \xc3\x84lg", signers, 2);
	verify(&x, records, NULL, DKIM_PASS);
	verify(&x, records, "more", DKIM_FAIL);
	drop(&x);
	for (size_t i = 0; i < 2; i++) {
		dkim_signer_free(&signers[i]);
		free(pem[i]);
	}
}

/* ---- files ---- */

#define LARGE (300u * 1024u)
#define FILES "[{\"id\":\"a1\",\"size\":6,\"state\":\"whole\"},{\"id\":\"a2\",\"size\":307200,\"state\":\"masked\"}," \
	"{\"id\":\"a3\",\"size\":0,\"state\":\"withheld\"},{\"id\":\"a4\",\"size\":0,\"state\":\"inner\"}]"

static const unsigned char seal_key[SEAL_KEY] = "a key";

/* "\0\1.\r\n\xff" and LARGE times 'x'. */
static int sealed_files(void)
{
	FILE *f = tmpfile();
	struct seal_writer *w;
	int fd;

	assert_non_null(f);
	fd = dup(fileno(f));
	fclose(f);
	w = seal_writer_new(fd, seal_key);
	assert_int_equal(seal_write(w, "\0\1.\r\n\xff", 6), VG_OK);
	for (unsigned i = 0; i < LARGE; i++)
		assert_int_equal(seal_write(w, "x", 1), VG_OK);
	assert_int_equal(seal_finish(w), VG_OK);
	seal_writer_free(&w);
	return fd;
}

/* A relay with its attachments and what came of them; the mail stands in x->m and all. */
static void make_with(struct made *x, const char *list, int fd, struct dkim_signer *const *signers, size_t n, struct buf *all)
{
	struct deliver_job job = {.kind = LETTER_RELAY, .ticket = 1234, .recipient = "bob@customer.example", .name = "Bob",
	    .files = {(const unsigned char *)list, strlen(list)}, .key = {seal_key, SEAL_KEY}};
	const char *why;
	char *at;

	memset(x, 0, sizeof *x);
	snprintf(x->json, sizeof x->json, letter, "false");
	at = strstr(x->json, "\"attachments\":");
	snprintf(at, sizeof x->json - (size_t)(at - x->json), "%s", "\"attachments\":[{\"id\":\"a1\",\"name\":\"\xc3\x84.\xe2\x82\xac \\\"q\\\".bin\",\"size\":6,\"type\":\"application/x-y\"},"
	    "{\"id\":\"a2\",\"name\":\"password=geheim99 x.log\",\"size\":9,\"type\":\"message/rfc822\"},{\"id\":\"a3\",\"name\":\"s.zip\",\"size\":7,\"type\":\"a/b\"},"
	    "{\"id\":\"a4\",\"name\":\"in.log\",\"size\":8,\"type\":\"a/b\"},{\"name\":\"big.iso\",\"size\":99,\"large\":true}]}");
	job.letter = (struct blob){(const unsigned char *)x->json, strlen(x->json)};
	x->from = (struct letter_sender){.hostname = "mx.support.example", .case_address = "case@support.example",
	    .bounce_address = "bounce@support.example", .support = "Example Support", .keys = &keys, .n_signers = n};
	for (size_t i = 0; i < n; i++)
		x->from.signers[i] = signers[i];
	assert_int_equal(letter_make(&x->m, &x->from, &job, fd, 99, NOW, &why), VG_OK);
	buf_init(all, 1 << 24);
	assert_int_equal(letter_write(&x->m, gather, all), VG_OK);
	assert_int_equal(gate_header_read(&x->h, buf_str(all), all->len), VG_OK);
}

static bool holds(struct buf *all, const char *s)
{
	return strstr(buf_str(all), s) != NULL;
}

static void test_files_go_along(void **state)
{
	int fd = sealed_files();
	struct buf all;
	struct made x;

	(void)state;
	make_with(&x, FILES, fd, NULL, 0, &all);
	assert_true(x.m.streams && x.m.bytes.len == 0 && x.m.size == all.len);
	assert_true(holds(&all, "Content-Type: multipart/mixed;") && holds(&all, "\r\nAAEuDQr/\r\n"));
	assert_true(holds(&all, "filename*=UTF-8''%C3%84.%E2%82%AC%20%22q%22.bin") && holds(&all, "Content-Type: application/x-y;"));
	/* a message's type cannot be coded; its name is masked, too */
	assert_true(holds(&all, "Content-Type: text/plain; charset=utf-8") && !holds(&all, "geheim99") && !holds(&all, "message/rfc822"));
	assert_true(holds(&all, "s.zip (7 bytes)") && holds(&all, "big.iso (99 bytes, too large for this mail)") && !holds(&all, "in.log"));
	assert_true(holds(&all, "taken out of these copies"));
	for (size_t i = 0, line = 0; i < all.len; i++) {
		assert_true(all.data[i] < 0x80 && (all.data[i] != '\n' || all.data[i - 1] == '\r'));
		line = all.data[i] == '\n' ? 0 : line + 1;
		assert_true(line < 998);
	}
	buf_free(&all);
	drop(&x);
	/* refused by its size, it goes without */
	make_with(&x, FILES, -1, NULL, 0, &all);
	assert_true(!x.m.streams && !holds(&all, "multipart/mixed") && holds(&all, "s.zip (7 bytes)") && holds(&all, "in.log (8 bytes)"));
	buf_free(&all);
	drop(&x);
	close(fd);
}

/* What a parser says of its files is no more than what is there. */
static void test_lying_lists(void **state)
{
	static const char *const lists[] = {"", "no JSON", "{}", "[1,null,{}]", "[{\"id\":\"a1\",\"size\":-1,\"state\":\"whole\"}]",
	    "[{\"id\":\"a1\",\"size\":307207,\"state\":\"whole\"}]", "[{\"id\":\"a9\",\"size\":307206},{\"id\":\"a1\",\"size\":1,\"state\":\"whole\"}]",
	    "[{\"id\":\"a9\",\"size\":9223372036854775807},{\"id\":\"a1\",\"size\":9223372036854775807,\"state\":\"whole\"}]",
	    "[{\"id\":\"a1\",\"size\":1,\"state\":\"unheard\"}]"};
	int fd = sealed_files();

	(void)state;
	for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
		struct buf all;
		struct made x;

		make_with(&x, lists[i], fd, NULL, 0, &all);
		if (x.m.streams || !holds(&all, "big.iso"))
			fail_msg("%s", lists[i]);
		buf_free(&all);
		drop(&x);
	}
	close(fd);
}

static void test_a_damaged_file_fails_the_mail(void **state)
{
	struct deliver_job job = {.kind = LETTER_RELAY, .ticket = 1, .recipient = "bob@customer.example", .name = ""};
	int fd = sealed_files();
	struct letter_mail m;
	const char *why;
	struct made x;
	struct buf all;

	(void)state;
	make_with(&x, FILES, fd, NULL, 0, &all);
	assert_int_equal(pwrite(fd, "!", 1, SEAL_HEAD + 70000), 1);
	buf_reset(&all);
	assert_int_not_equal(letter_write(&x.m, gather, &all), VG_OK);
	job.letter = (struct blob){(const unsigned char *)x.json, strlen(x.json)};
	job.files = (struct blob){(const unsigned char *)FILES, strlen(FILES)};
	job.key = (struct blob){seal_key, SEAL_KEY};
	assert_int_not_equal(letter_make(&m, &x.from, &job, fd, 9, NOW, &why), VG_OK);
	letter_free(&m);
	buf_free(&all);
	drop(&x);
	close(fd);
}

static void test_files_are_signed(void **state)
{
	char rsa[2100], ed[2100];
	const char *const records[2] = {rsa, ed};
	char *pem[2] = {pem_of(GNUTLS_PK_RSA, 2048, rsa, sizeof rsa), pem_of(GNUTLS_PK_EDDSA_ED25519, 256, ed, sizeof ed)};
	struct dkim_signer *signers[2];
	int fd = sealed_files();
	const char *why;
	struct buf all;
	struct made x;

	(void)state;
	assert_int_equal(dkim_signer_new(&signers[0], "support.example", "rsa", pem[0], strlen(pem[0]), &why), VG_OK);
	assert_int_equal(dkim_signer_new(&signers[1], "support.example", "ed", pem[1], strlen(pem[1]), &why), VG_OK);
	make_with(&x, FILES, fd, signers, 2, &all);
	verify(&x, records, NULL, DKIM_PASS);
	verify(&x, records, "more", DKIM_FAIL);
	buf_free(&all);
	drop(&x);
	close(fd);
	for (size_t i = 0; i < 2; i++) {
		dkim_signer_free(&signers[i]);
		free(pem[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_headers),
	    cmocka_unit_test(test_bytes),
	    cmocka_unit_test(test_acknowledgement_says_it_all),
	    cmocka_unit_test(test_templates_are_sound),
	    cmocka_unit_test(test_signatures_verify),
	    cmocka_unit_test(test_files_go_along),
	    cmocka_unit_test(test_lying_lists),
	    cmocka_unit_test(test_a_damaged_file_fails_the_mail),
	    cmocka_unit_test(test_files_are_signed),
	};

	if (sodium_init() < 0)
		return 1;
	letter_warm();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
