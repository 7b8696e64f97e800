/*
 * test_registry_credential.c - passwords, certificates and keys: what is taken, what is refused, what shows, what an export
 * carries. The keys were made by gpg and openssl, which also said the fingerprints.
 */
#include <sodium.h>

#include "call.h"
#include "pgp_key.h"
#include "registry_credential.h"
#include "registry_fixture.h"

static const char pgp[] =
	"-----BEGIN PGP PUBLIC KEY BLOCK-----\n"
	"\n"
	"mDMEawV7/hYJKwYBBAHaRw8BAQdA/YNDWNgjp6ib9StK+kfA2hbwBLx5xfzumEJA\n"
	"SR8JP/60HUFubiBMZWUgPGFubkBwYXJ0bmVyLmV4YW1wbGU+iJAEExYIADgWIQSv\n"
	"mK8jeOK6iajTHpKlJTfmWSL3TwUCawV7/gIbAwULCQgHAgYVCgkICwIEFgIDAQIe\n"
	"AQIXgAAKCRClJTfmWSL3T0v5AQD5lCTkow39Rz2mu96INPQ/BjwQHtDqbCnN3UAJ\n"
	"j8zfKwD/UmkyNE/9zmdhGOWlSlp3HFr68+TPMWvMbQkRMuEsfA8=\n"
	"=myD9\n"
	"-----END PGP PUBLIC KEY BLOCK-----\n";

static const char pem[] =
	"-----BEGIN CERTIFICATE-----\n"
	"MIIBMjCB5aADAgECAhQ19Lcr/nPa/FNZtt+y9ZqR7d2FbjAFBgMrZXAwDjEMMAoG\n"
	"A1UEAwwDYW5uMCAXDTI2MTEyNDExNTg1NFoYDzIxMjYxMDMxMTE1ODU0WjAOMQww\n"
	"CgYDVQQDDANhbm4wKjAFBgMrZXADIQAA88UexG65lv1B6cEn19ju4JKLbJjzuZ6O\n"
	"lpwqpzJmM6NTMFEwHQYDVR0OBBYEFCpB0DFYteqYgNbTy7eY314PXKFmMB8GA1Ud\n"
	"IwQYMBaAFCpB0DFYteqYgNbTy7eY314PXKFmMA8GA1UdEwEB/wQFMAMBAf8wBQYD\n"
	"K2VwA0EAuxX3VGj72EYkoI7mCk2MmI61I+RolFKF+C/Ht1n1Ytk3vFGpK3JoWU+X\n"
	"hXtnuDmzAfjpT+URhff/RLjZG59mCA==\n"
	"-----END CERTIFICATE-----\n";

static const char two_keys[] =
	"-----BEGIN PGP PUBLIC KEY BLOCK-----\n"
	"\n"
	"mDMEawV7/hYJKwYBBAHaRw8BAQdA/YNDWNgjp6ib9StK+kfA2hbwBLx5xfzumEJA\n"
	"SR8JP/60HUFubiBMZWUgPGFubkBwYXJ0bmVyLmV4YW1wbGU+iJAEExYIADgWIQSv\n"
	"mK8jeOK6iajTHpKlJTfmWSL3TwUCawV7/gIbAwULCQgHAgYVCgkICwIEFgIDAQIe\n"
	"AQIXgAAKCRClJTfmWSL3T0v5AQD5lCTkow39Rz2mu96INPQ/BjwQHtDqbCnN3UAJ\n"
	"j8zfKwD/UmkyNE/9zmdhGOWlSlp3HFr68+TPMWvMbQkRMuEsfA+YMwRrBXv+Fgkr\n"
	"BgEEAdpHDwEBB0CV30pOJ9dj5hMindVrYQt4vt84NWUGgOZmWrMOk0PhKLQZQm9i\n"
	"IDxib2JAcGFydG5lci5leGFtcGxlPoiQBBMWCAA4FiEEbvv4wqy5fPvG46vcTQH0\n"
	"UUAJOp8FAmsFe/4CGwMFCwkIBwIGFQoJCAsCBBYCAwECHgECF4AACgkQTQH0UUAJ\n"
	"Op+8lwEA1Tx+k2o7KPGBVpx3CRMns/iBfc/iI+W6KlhQJ7rJJWoA/jTfo8i7SpOx\n"
	"T2tH2NNpQoGRbigHHWgpNLAt30NR9X4O\n"
	"=VJ6N\n"
	"-----END PGP PUBLIC KEY BLOCK-----\n";

#define PGP_FPR "af98af2378e2ba89a8d31e92a52537e65922f74f"
#define PEM_FPR "c994e41c80145d965e540c2c9858449d634405902899ed1589f7b150ecc77a40"
#define PRIVATE "-----BEGIN PRIVATE " "KEY-----\nAAAA\n-----END PRIVATE " "KEY-----\n"

static unsigned
call(struct fixture *f, const char *op, const char *id, json_t *body, char *text, size_t size)
{
	json_t *args = json_pack("{s{ss} so*}", "params", "id", id, "body", body);
	struct call_env env = { .registry = f->r, .actor = "token-1", .now_ms = 1764000000000, .body_fd = -1 };
	struct call_result res = { .status = 200, .fd = -1 };
	const struct call_def *d = calls_registry;
	char *dump;

	while (strcmp(d->op, op) != 0)
		d++;
	d->fn(&env, args, &res);
	dump = res.body == NULL ? NULL : json_dumps(res.body, JSON_SORT_KEYS);
	snprintf(text, size, "%s", dump == NULL ? "" : dump);
	free(dump);
	json_decref(res.body);
	json_decref(args);
	return res.status;
}

static const struct {
	const char *id, *member, *value;
	unsigned status;
	const char *has;
} changes[] = {
	{ "ann@partner.example", "password", "elevenchars", 409, "at least 12 characters" },
	{ "ann@partner.example", "password", "with\tcontrol chars", 422, "no controls" },
	{ "ann@partner.example", "password", "a long enough one", 200, "\"kind\": \"password\"" },
	{ "ann@partner.example", "password", "and another later", 200, "\"kind\": \"password\"" },
	{ "ann@partner.example", "certificate", pem, 200, "\"fingerprint\": \"" PEM_FPR "\"" },
	{ "ann@partner.example", "certificate", pem, 200, PEM_FPR },
	{ "ann@partner.example", "key", pem, 200, "\"kind\": \"smime\"" },
	{ "ann@partner.example", "key", pgp, 200, "\"fingerprint\": \"" PGP_FPR "\"" },
	{ "joe@freelance.example", "key", pgp, 409, "belongs to another address" },
	{ "joe@freelance.example", "certificate", pem, 409, "belongs to another address" },
	{ "ann@partner.example", "key", two_keys, 422, "several keys" },
	{ "ann@partner.example", "key", "no key at all", 422, "no armored OpenPGP public key" },
	{ "ann@partner.example", "certificate", "no certificate", 422, "no PEM certificate" },
	{ "ann@partner.example", "certificate", PRIVATE, 409, "private key" },
	{ "ann@partner.example", "remove_credential", "00000000000000000000000000000000", 404, "no such credential" },
	{ "ann@partner.example", "remove_credential", "AF98 AF23 78E2 BA89 A8D3  1E92 A525 37E6 5922 F74F", 200, "smime" },
	{ "joe@freelance.example", "key", pgp, 200, PGP_FPR },
	{ "joe@freelance.example", "remove_credential", "password", 404, "no such credential" },
};

static void
one_after_the_other(void **state)
{
	struct fixture *f = *state;
	char text[8192];

	populate(f);
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		unsigned status = call(f, "contacts.update", changes[i].id, json_pack("{ss}", changes[i].member, changes[i].value), text,
		    sizeof(text));

		if (status != changes[i].status || strstr(text, changes[i].has) == NULL)
			print_error("%zu: %u %s\n", i, status, text);
		assert_int_equal(status, changes[i].status);
		assert_non_null(strstr(text, changes[i].has));
		assert_null(strstr(text, "argon2"));
	}
	assert_int_equal(call(f, "contacts.show", "ann@partner.example", NULL, text, sizeof(text)), 200);
	assert_non_null(strstr(text, "\"kind\": \"password\""));
	assert_null(strstr(text, "argon2"));
	assert_null(strstr(text, PGP_FPR));
}

static void
password_is_a_hash(void **state)
{
	struct fixture *f = *state;
	char text[4096], hash[REGISTRY_HASH];
	json_t *list = NULL;
	char *audit;

	populate(f);
	assert_int_equal(call(f, "contacts.update", "ann@partner.example", json_pack("{ss}", "password", "correct horse 1"), text,
	    sizeof(text)), 200);
	assert_int_equal(registry_password(f->r, "ann@partner.example", hash), VG_OK);
	assert_int_equal(strncmp(hash, "$argon2id$v=19$m=65536,t=2,p=1$", 31), 0);
	assert_int_equal(crypto_pwhash_str_verify(hash, "correct horse 1", 15), 0);
	assert_int_equal(registry_audit_list(f->r, NULL, 3, &list), VG_OK);
	audit = json_dumps(list, 0);
	assert_non_null(strstr(audit, "credential.add"));
	assert_null(strstr(audit, "correct horse"));
	assert_null(strstr(audit, "argon2"));
	free(audit);
	json_decref(list);
}

static void
agents_and_direct(void **state)
{
	struct fixture *f = *state;
	char text[4096];

	populate(f);
	add(f, REG_DIRECT, "{\"id\":\"big-corp-inc\",\"name\":\"Big Corp, Inc.\",\"address\":\"cio@corp.test\"}");
	assert_int_equal(call(f, "agents.update", "l2@vendor.example", json_pack("{ss}", "key", pgp), text, sizeof(text)), 200);
	assert_int_equal(call(f, "direct.update", "cio@corp.test", json_pack("{ss ss}", "certificate", pem, "credential_label", "laptop"),
	    text, sizeof(text)), 200);
	assert_int_equal(call(f, "direct.show", "big-corp-inc", NULL, text, sizeof(text)), 200);
	assert_non_null(strstr(text, "\"address\": \"cio@corp.test\", \"fingerprint\": \"" PEM_FPR));
	assert_non_null(strstr(text, "\"label\": \"laptop\""));
	/* A whole domain has no credentials, and customers have none at all. */
	assert_int_equal(call(f, "direct.update", "big-corp-inc", json_pack("{ss}", "key", pem), text, sizeof(text)), 409);
	assert_int_equal(call(f, "customers.update", "bob@shared.example", json_pack("{ss}", "password", "a long enough one"), text,
	    sizeof(text)), 422);
}

static int
take(void *arg, const void *data, size_t n)
{
	return buf_add(arg, data, n);
}

static void
exported(void **state)
{
	static const enum reg_format formats[] = { REG_JSON, REG_JSON_LINES };
	struct fixture *f = *state;
	char text[4096];

	populate(f);
	call(f, "contacts.update", "ann@partner.example", json_pack("{ss ss ss}", "password", "a long enough one", "certificate", pem,
	    "key", pgp), text, sizeof(text));
	for (size_t i = 0; i < 2; i++) {
		struct reg_source s = { .text = NULL };
		struct reg_import im;
		struct buf b;

		buf_init(&b, 1 << 20);
		assert_int_equal(reg_export(f->r, formats[i], take, &b), VG_OK);
		assert_null(strstr(buf_str(&b), "argon2"));
		s.text = buf_str(&b);
		s.size = b.len;
		assert_int_equal(db_run(f->r->db, "DELETE FROM credential WHERE kind <> 'password'", ""), VG_OK);
		assert_int_equal(reg_import(f->r, &s, formats[i], false, &f->who, &im), VG_OK);
		assert_int_equal(im.updated, 1);
		json_decref(im.list);
		assert_int_equal(reg_import(f->r, &s, formats[i], false, &f->who, &im), VG_OK);
		assert_int_equal(im.updated, 0);
		json_decref(im.list);
		buf_free(&b);
		call(f, "contacts.show", "ann@partner.example", NULL, text, sizeof(text));
		assert_non_null(strstr(text, PGP_FPR));
		assert_non_null(strstr(text, PEM_FPR));
		assert_non_null(strstr(text, "\"kind\": \"password\""));
	}
}

#define ARMOR(base64) "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n" base64 "\n-----END PGP PUBLIC KEY BLOCK-----\n"
static const struct {
	const char *text, *why;
} bad_keys[] = {
	{ "", "no armored" },
	{ "-----BEGIN PGP PUBLIC KEY BLOCK-----\n", "no armored" },
	{ "-----BEGIN PGP PUBLIC KEY BLOCK-----\nAAAA\n-----END PGP PUBLIC KEY BLOCK-----\n", "no empty line" },
	{ "-----BEGIN PGP PUBLIC KEY BLOCK---------END PGP PUBLIC KEY BLOCK-----", "no armored" }, /* dashes shared */
	{ ARMOR(""), "damaged" },
	{ ARMOR("A"), "damaged" },
	{ ARMOR("AAAA"), "malformed" },
	{ ARMOR("lAMEAAA="), "secret" },      /* a secret key packet */
	{ ARMOR("mAMDAAA="), "version" },       /* version 3 */
	{ ARMOR("mAEEmAEE"), "several" },
	{ ARMOR("tAFh"), "not begin" },         /* a user id alone */
	{ ARMOR("mP8E"), "malformed" },         /* a length beyond the end */
	{ ARMOR("xuAE"), "malformed" },         /* a partial length */
	{ ARMOR("mAEE") "more", "behind" },
};

static void
key_texts(void **state)
{
	char hex[PGP_FINGERPRINT + 1];
	const char *why;

	(void)state;
	for (size_t i = 0; i < sizeof(bad_keys) / sizeof(bad_keys[0]); i++) {
		why = "";
		assert_int_equal(pgp_fingerprint(bad_keys[i].text, strlen(bad_keys[i].text), hex, &why), VG_ERR_SYNTAX);
		if (strstr(why, bad_keys[i].why) == NULL)
			print_error("%zu: %s\n", i, why);
		assert_non_null(strstr(why, bad_keys[i].why));
	}
	assert_int_equal(pgp_fingerprint(pgp, strlen(pgp), hex, &why), VG_OK);
	assert_string_equal(hex, PGP_FPR);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(one_after_the_other, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(password_is_a_hash, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(agents_and_direct, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(exported, fixture_setup, fixture_teardown),
		cmocka_unit_test(key_texts),
	};

	log_setup("test", LOG_LVL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
