/*
 * test_registry.c - classes of senders, partners, versions of the file, the audit.
 */
#include "registry_fixture.h"

static const struct {
	const char *address;
	enum sender_class cls;
	const char *owner;
	enum partner_status status;
} senders[] = {
	{ "ann@partner.example", CLASS_CONTACT, "acme-msp", PARTNER_ACTIVE },
	{ "ann+tag@partner.example", CLASS_PARTNER_DOMAIN, "acme-msp", PARTNER_ACTIVE },
	{ "zoe@partner.example", CLASS_PARTNER_DOMAIN, "acme-msp", PARTNER_ACTIVE },
	{ "zoe@msp.example", CLASS_PARTNER_DOMAIN, "acme-msp", PARTNER_ACTIVE },
	{ "zoe@deep.er.partner.example", CLASS_PARTNER_DOMAIN, "acme-msp", PARTNER_ACTIVE },
	{ "zoe@a.b.c.d.e.f.g.h.i.j.k.l.m.partner.example", CLASS_PARTNER_DOMAIN, "acme-msp", PARTNER_ACTIVE },
	{ "zoe@notpartner.example", CLASS_UNKNOWN, "", PARTNER_NONE },
	{ "zoe@partner.example.evil.example", CLASS_UNKNOWN, "", PARTNER_NONE },
	{ "zoe@example", CLASS_UNKNOWN, "", PARTNER_NONE },
	{ "joe@freelance.example", CLASS_CONTACT, "acme-msp", PARTNER_ACTIVE },
	{ "jim@freelance.example", CLASS_UNKNOWN, "", PARTNER_NONE },
	{ "zoe@other.example", CLASS_PARTNER_DOMAIN, "other-msp", PARTNER_SUSPENDED },
	{ "bob@customer.example", CLASS_CUSTOMER, "", PARTNER_NONE },
	{ "bob@sub.customer.example", CLASS_CUSTOMER, "", PARTNER_NONE },
	{ "bob@shared.example", CLASS_CUSTOMER, "", PARTNER_NONE },
	{ "eve@shared.example", CLASS_UNKNOWN, "", PARTNER_NONE },
	{ "cio@big.example", CLASS_DIRECT, "big-corp-inc", PARTNER_NONE },
	{ "l2@vendor.example", CLASS_AGENT, "", PARTNER_NONE },
	{ "l3@vendor.example", CLASS_UNKNOWN, "", PARTNER_NONE },
	{ "no-address", CLASS_UNKNOWN, "", PARTNER_NONE },
	{ "", CLASS_UNKNOWN, "", PARTNER_NONE },
};

static void
classes(void **state)
{
	struct fixture *f = *state;
	struct registry_sender s;

	populate(f);
	for (size_t i = 0; i < sizeof(senders) / sizeof(senders[0]); i++) {
		assert_int_equal(registry_sender(f->r, senders[i].address, &s), VG_OK);
		if (s.cls != senders[i].cls)
			print_error("%s\n", senders[i].address);
		assert_int_equal(s.cls, senders[i].cls);
		assert_string_equal(s.cls == CLASS_DIRECT ? s.holder : s.partner, senders[i].owner);
		assert_int_equal(s.status, senders[i].status);
	}
}

static void
facts_of_a_sender(void **state)
{
	struct fixture *f = *state;
	struct registry_sender s;

	populate(f);
	assert_int_equal(registry_sender(f->r, "ann@partner.example", &s), VG_OK);
	assert_true(s.case_admin);
	assert_false(s.automatic_open);
	assert_string_equal(s.name, "Ann Lee");
	assert_int_equal(s.unlisted, UNLISTED_ACCEPT);
	assert_int_equal(s.unverified, UNVERIFIED_REJECT);
	assert_int_equal(s.proof, PROOF_DKIM);
	assert_int_equal(registry_sender(f->r, "joe@freelance.example", &s), VG_OK);
	assert_true(s.automatic_open);
	assert_false(s.case_admin);
	assert_int_equal(registry_sender(f->r, "x@big.example", &s), VG_OK);
	assert_string_equal(s.name, "Big Corp, Inc.");
}

static void
most_specific_entry_decides(void **state)
{
	struct fixture *f = *state;
	struct registry_sender s;

	populate(f);
	/* A direct contract on part of a customer, and the other way round. */
	add(f, REG_DIRECT, "{\"id\":\"sub\",\"name\":\"Sub\",\"domain\":\"hq.customer.example\"}");
	add(f, REG_DIRECT, "{\"id\":\"one\",\"name\":\"One\",\"address\":\"cto@customer.example\"}");
	add(f, REG_CUSTOMER, "{\"partner\":\"other-msp\",\"address\":\"intern@big.example\"}");
	assert_int_equal(registry_sender(f->r, "a@x.hq.customer.example", &s), VG_OK);
	assert_int_equal(s.cls, CLASS_DIRECT);
	assert_string_equal(s.holder, "sub");
	assert_int_equal(registry_sender(f->r, "cto@customer.example", &s), VG_OK);
	assert_string_equal(s.holder, "one");
	assert_int_equal(registry_sender(f->r, "cfo@customer.example", &s), VG_OK);
	assert_int_equal(s.cls, CLASS_CUSTOMER);
	assert_int_equal(registry_sender(f->r, "intern@big.example", &s), VG_OK);
	assert_int_equal(s.cls, CLASS_CUSTOMER);
	/* Both at once: the contract counts. */
	add(f, REG_CUSTOMER, "{\"partner\":\"acme-msp\",\"domain\":\"big.example\"}");
	add(f, REG_CUSTOMER, "{\"partner\":\"other-msp\",\"domain\":\"big.example\"}");
	assert_int_equal(registry_sender(f->r, "x@big.example", &s), VG_OK);
	assert_int_equal(s.cls, CLASS_DIRECT);
}

static void
partner(void **state)
{
	struct fixture *f = *state;
	struct registry_partner p;
	char name[256];

	populate(f);
	assert_int_equal(registry_partner(f->r, "acme-msp", &p), VG_OK);
	assert_string_equal(p.name, "Acme MSP");
	assert_string_equal(p.vcsp_id, "12345");
	assert_string_equal(p.region, "emea");
	assert_int_equal(p.n_products, 2);
	assert_string_equal(p.products[0], "vbr");
	assert_string_equal(p.products[1], "vbo");
	assert_int_equal(p.status, PARTNER_ACTIVE);
	assert_int_equal(registry_partner(f->r, "nobody", &p), VG_ERR_NOTFOUND);
	assert_int_equal(registry_holder_name(f->r, "big-corp-inc", name), VG_OK);
	assert_string_equal(name, "Big Corp, Inc.");
	assert_int_equal(registry_holder_name(f->r, "acme-msp", name), VG_ERR_NOTFOUND);
}

static void
read_only_sees_changes_and_makes_none(void **state)
{
	struct fixture *f = *state;
	struct registry *reader = NULL;
	struct registry_sender s;
	const char *why = "";

	assert_int_equal(registry_open(&reader, f->dir, false, &why), VG_OK);
	assert_int_equal(registry_sender(reader, "ann@partner.example", &s), VG_OK);
	assert_int_equal(s.cls, CLASS_UNKNOWN);
	populate(f);
	assert_int_equal(registry_sender(reader, "ann@partner.example", &s), VG_OK);
	assert_int_equal(s.cls, CLASS_CONTACT);
	assert_int_not_equal(db_exec(reader->db, "DELETE FROM entry"), VG_OK);
	registry_close(&reader);
}

static void
versions(void **state)
{
	struct fixture *f = *state;
	struct registry *r = NULL;
	const char *why = "";

	assert_int_equal(db_exec(f->r->db, "PRAGMA user_version=99"), VG_OK);
	assert_int_equal(registry_open(&r, f->dir, true, &why), VG_ERR_VERSION);
	assert_null(r);
	assert_int_equal(registry_open(&r, f->dir, false, &why), VG_ERR_VERSION);
	assert_int_equal(db_exec(f->r->db, "PRAGMA user_version=0"), VG_OK);
	assert_int_equal(registry_open(&r, f->dir, false, &why), VG_ERR_VERSION);
	assert_int_equal(db_exec(f->r->db, "PRAGMA application_id=1"), VG_OK);
	assert_int_equal(registry_open(&r, f->dir, true, &why), VG_ERR_STORE);
	assert_string_equal(why, "the database is of another program");
	assert_int_equal(registry_open(&r, "/nonexistent/state", true, &why), VG_ERR_STORE);
}

static void
no_database(void **state)
{
	struct fixture *f = *state;
	struct registry *r = NULL;
	const char *why = "";
	char file[128];
	FILE *fp;

	fixture_remove(f);
	assert_int_equal(mkdir(f->dir, 0700), 0);
	assert_int_equal(registry_open(&r, f->dir, false, &why), VG_ERR_STORE);
	snprintf(file, sizeof(file), "%s/registry.db", f->dir);
	fp = fopen(file, "w");
	assert_non_null(fp);
	fputs("this is not a database, and long enough that nobody takes it for an empty one", fp);
	fclose(fp);
	assert_int_equal(registry_open(&r, f->dir, true, &why), VG_ERR_STORE);
}

/* Audit: one record a change, none for no change, with what was before and after. */
static void
audit(void **state)
{
	struct fixture *f = *state;
	enum reg_change change;
	json_t *list = NULL, *one;
	const char *first;

	populate(f);
	assert_int_equal(put(f, REG_CONTACT, REG_PUT, "{\"partner\":\"acme-msp\",\"address\":\"ann@partner.example\","
	    "\"name\":\"Ann Li\"}", &change), VG_OK);
	assert_int_equal(change, REG_UPDATED);
	assert_int_equal(put(f, REG_AGENT, REG_PUT, "{\"address\":\"l2@vendor.example\"}", &change), VG_OK);
	assert_int_equal(change, REG_UNCHANGED);
	assert_int_equal(registry_audit_list(f->r, NULL, 100, &list), VG_OK);
	assert_int_equal(json_array_size(list), 9);
	one = json_array_get(list, 0);
	assert_string_equal(json_string_value(json_object_get(one, "what")), "contact.update");
	assert_string_equal(json_string_value(json_object_get(one, "actor")), "test");
	one = json_object_get(one, "facts");
	assert_string_equal(json_string_value(json_object_get(json_object_get(one, "before"), "name")), "Ann Lee");
	assert_string_equal(json_string_value(json_object_get(json_object_get(one, "after"), "name")), "Ann Li");
	first = json_string_value(json_object_get(json_array_get(list, 7), "reference"));
	json_decref(list);
	assert_int_equal(registry_audit_list(f->r, NULL, 3, &list), VG_OK);
	assert_int_equal(json_array_size(list), 3);
	first = json_string_value(json_object_get(json_array_get(list, 2), "reference"));
	{
		json_t *next = NULL;

		assert_int_equal(registry_audit_list(f->r, first, 100, &next), VG_OK);
		assert_int_equal(json_array_size(next), 6);
		json_decref(next);
	}
	json_decref(list);
	/* A refused change leaves no record. */
	assert_int_equal(put(f, REG_CUSTOMER, REG_ADD, "{\"partner\":\"acme-msp\",\"domain\":\"partner.example\"}", NULL),
	    VG_ERR_DENIED);
	assert_int_equal(registry_audit_list(f->r, NULL, 100, &list), VG_OK);
	assert_int_equal(json_array_size(list), 9);
	json_decref(list);
}

#define T(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(classes),
		T(facts_of_a_sender),
		T(most_specific_entry_decides),
		T(partner),
		T(read_only_sees_changes_and_makes_none),
		T(versions),
		T(no_database),
		T(audit),
	};

	log_setup("test", LOG_LVL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
