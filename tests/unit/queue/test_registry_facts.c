/*
 * test_registry_facts.c - what a sender's proofs are weighed with: signers, credentials, domains shared by several families.
 */
#include "registry_fixture.h"

static const char fp_a[] = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
static const char fp_b[] = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";

static int
insert(struct fixture *f, const char *address, const char *kind, const char *fingerprint, const char *data)
{
	return db_run(f->r->db, "INSERT INTO credential (entry, kind, fingerprint, data, added_at) "
	    "SELECT id, ?2, ?3, ?4, 0 FROM entry WHERE name = ?1", "tttt", address, kind, fingerprint, data);
}

static void
rules(void **state)
{
	struct fixture *f = *state;
	int64_t n = -1;

	populate(f);
	assert_int_equal(insert(f, "ann@partner.example", "certificate", fp_a, ""), VG_OK);
	/* The same certificate may sign and log in for one address, and for one only. */
	assert_int_equal(insert(f, "ann@partner.example", "smime", fp_a, "PEM"), VG_OK);
	assert_int_equal(insert(f, "joe@freelance.example", "smime", fp_a, "PEM"), VG_ERR_EXISTS);
	assert_int_equal(insert(f, "joe@freelance.example", "openpgp", fp_a, "PEM"), VG_ERR_DENIED);
	/* Two passwords, a plain one, one with a customer or a domain. */
	assert_int_equal(insert(f, "ann@partner.example", "password", "", "$argon2id$x"), VG_OK);
	assert_int_equal(insert(f, "ann@partner.example", "password", "", "$argon2id$y"), VG_ERR_EXISTS);
	assert_int_equal(insert(f, "l2@vendor.example", "password", "", "secret"), VG_ERR_DENIED);
	assert_int_equal(insert(f, "bob@shared.example", "password", "", "$argon2id$x"), VG_ERR_DENIED);
	assert_int_equal(insert(f, "partner.example", "openpgp", fp_b, "KEY"), VG_ERR_DENIED);
	assert_int_equal(insert(f, "l2@vendor.example", "openpgp", "ABCDEF", "KEY"), VG_ERR_DENIED);
	assert_int_equal(db_run(f->r->db, "DELETE FROM entry WHERE name = 'ann@partner.example'", ""), VG_OK);
	assert_int_equal(db_number(f->r->db, &n, "SELECT count(*) FROM credential", ""), VG_OK);
	assert_int_equal(n, 0);
	assert_int_equal(insert(f, "joe@freelance.example", "openpgp", fp_a, "KEY"), VG_OK);
}

static void
lists(void **state)
{
	struct fixture *f = *state;
	struct buf b;
	struct facts_credential c;
	struct wlist l;
	char hash[REGISTRY_HASH];
	const char *s;
	size_t pos = 0;
	uint32_t n = 9;

	populate(f);
	insert(f, "ann@partner.example", "password", "", "$argon2id$hash");
	insert(f, "ann@partner.example", "certificate", fp_a, "");
	insert(f, "ann@partner.example", "openpgp", fp_b, "KEY");
	buf_init(&b, 65536);
	assert_int_equal(registry_credentials(f->r, "ann@partner.example", &b, &n), VG_OK);
	assert_int_equal(n, 2);
	l = wlist_of(&b, n);
	assert_int_equal(wlist_next(&l, &pos, &wire_facts_credential, &c), 1);
	assert_int_equal(c.kind, CREDENTIAL_CERTIFICATE);
	assert_string_equal(c.fingerprint, fp_a);
	assert_int_equal(c.data.len, 0);
	assert_int_equal(wlist_next(&l, &pos, &wire_facts_credential, &c), 1);
	assert_int_equal(c.kind, CREDENTIAL_OPENPGP);
	assert_memory_equal(c.data.data, "KEY", 3);
	buf_reset(&b);
	assert_int_equal(registry_credentials(f->r, "zoe@partner.example", &b, &n), VG_OK);
	assert_int_equal(n, 0);
	assert_int_equal(registry_signers(f->r, "acme-msp", &b, &n), VG_OK);
	assert_int_equal(n, 1);
	l = wlist_of(&b, n);
	pos = 0;
	assert_int_equal(wlist_next_str(&l, &pos, &s), 1);
	assert_string_equal(s, "desk.example");
	assert_int_equal(registry_password(f->r, "ann@partner.example", hash), VG_OK);
	assert_string_equal(hash, "$argon2id$hash");
	assert_int_equal(registry_password(f->r, "joe@freelance.example", hash), VG_ERR_NOTFOUND);
	buf_free(&b);
}

static const struct {
	const char *domain;
	unsigned labels;
} shared[] = {
	{ "partner.example", 0 },   /* one partner, whatever lies in it */
	{ "a.partner.example", 0 },
	{ "group.test", 2 },        /* a partner and a customer */
	{ "msp.group.test", 2 },
	{ "x.msp.group.test", 2 },
	{ "deep.cust.group.test", 2 },
	{ "two.test", 2 },          /* two partners' contacts in one free domain */
	{ "host.test", 2 },         /* many addresses of one partner, an agent behind them */
	{ "clients.test", 0 },      /* customers of two partners are one family */
	{ "unknown.test", 0 },
	{ "test", 0 },
	{ "", 0 },
};

static void
shared_labels(void **state)
{
	struct fixture *f = *state;
	unsigned labels;

	populate(f);
	add(f, REG_PARTNER, "{\"id\":\"grp\",\"name\":\"G\",\"domains\":[\"msp.group.test\",\"pp.host.test\"]}");
	add(f, REG_CONTACT, "{\"partner\":\"grp\",\"address\":\"a@msp.group.test\"}");
	add(f, REG_CUSTOMER, "{\"partner\":\"acme-msp\",\"domain\":\"cust.group.test\"}");
	add(f, REG_CONTACT, "{\"partner\":\"grp\",\"address\":\"a@two.test\",\"external\":true}");
	add(f, REG_CONTACT, "{\"partner\":\"acme-msp\",\"address\":\"b@two.test\",\"external\":true}");
	add(f, REG_CUSTOMER, "{\"partner\":\"acme-msp\",\"address\":\"a@clients.test\"}");
	add(f, REG_CUSTOMER, "{\"partner\":\"other-msp\",\"address\":\"b@clients.test\"}");
	for (unsigned i = 0; i < 80; i++) {
		char json[128];

		snprintf(json, sizeof(json), "{\"partner\":\"grp\",\"address\":\"a%u@pp.host.test\"}", i);
		add(f, REG_CONTACT, json);
	}
	assert_int_equal(registry_shared_labels(f->r, "host.test", &labels), VG_OK);
	assert_int_equal(labels, 0);
	add(f, REG_AGENT, "{\"address\":\"z@zz.host.test\",\"name\":\"Z\"}");
	for (size_t i = 0; i < sizeof(shared) / sizeof(shared[0]); i++) {
		assert_int_equal(registry_shared_labels(f->r, shared[i].domain, &labels), VG_OK);
		if (labels != shared[i].labels)
			print_error("%s: %u\n", shared[i].domain, labels);
		assert_int_equal(labels, shared[i].labels);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(rules, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(lists, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(shared_labels, fixture_setup, fixture_teardown),
	};

	log_setup("test", LOG_LVL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
