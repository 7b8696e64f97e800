/*
 * test_registry_import.c - imports are all or nothing, name every bad line, take rows in any order; what is exported imports as
 * the same. In every format.
 */
#include "registry_fixture.h"

static int
import(struct fixture *f, enum reg_format format, const char *text, bool dry_run, struct reg_import *done)
{
	struct reg_source source = { .text = text, .size = strlen(text) };

	return reg_import(f->r, &source, format, dry_run, &f->who, done);
}

static int64_t
number(struct fixture *f, const char *sql)
{
	sqlite3_stmt *stmt = NULL;
	int64_t n;

	assert_int_equal(sqlite3_prepare_v2(db_handle(f->r->db), sql, -1, &stmt, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
	n = sqlite3_column_int64(stmt, 0);
	sqlite3_finalize(stmt);
	return n;
}

/* Contacts before their partner, columns in an order of their own, a spreadsheet's separator and byte-order mark. */
static const char sheet[] =
    "\xef\xbb\xbf" "Address;Kind;Partner;Name;Domain;Case_Admin;External;Products;Automatic;status\r\n"
    "Ann@partner.example;contact;acme-msp;Ann Lee;;yes;;;;\r\n"
    "joe@gmx.net;contact;acme-msp;\"Joe; \"\"J\"\"\";;no;TRUE;;open;\r\n"
    ";partner;acme-msp;Acme MSP;\"partner.example msp.example; x.example\";;;vbr vbo;;suspended\r\n"
    "\r\n"
    ";Customer;acme-msp;Customer;customer.example;;;;;\r\n"
    "bob@shared.example;customer;acme-msp;;;;;;;\r\n"
    ";direct;;Big Corp;big.example;;;;;\r\n"
    ";direct;held;Held Corp;held.example;;;;;\r\n"
    "l2@vendor.example;agent;;L2;;;;;;";

static void
spreadsheet(void **state)
{
	struct fixture *f = *state;
	struct registry_partner p;
	struct registry_sender s;
	struct reg_import done;

	assert_int_equal(import(f, REG_ANY, sheet, false, &done), VG_OK);
	assert_int_equal(done.rows, 8);
	assert_int_equal(done.added, 8);
	json_decref(done.list);
	assert_int_equal(registry_partner(f->r, "acme-msp", &p), VG_OK);
	assert_int_equal(p.n_products, 2);
	assert_int_equal(p.status, PARTNER_SUSPENDED);
	assert_int_equal(registry_sender(f->r, "ann@partner.example", &s), VG_OK);
	assert_true(s.case_admin);
	assert_int_equal(registry_sender(f->r, "joe@gmx.net", &s), VG_OK);
	assert_true(s.automatic_open);
	assert_string_equal(s.name, "Joe; \"J\"");
	assert_int_equal(registry_sender(f->r, "x@sub.x.example", &s), VG_OK);
	assert_int_equal(s.cls, CLASS_PARTNER_DOMAIN);
	assert_int_equal(registry_sender(f->r, "a@held.example", &s), VG_OK);
	assert_string_equal(s.holder, "held");
	assert_int_equal(number(f, "SELECT count(*) FROM audit"), 8);
	/* Again: nothing changes, no record is written. */
	assert_int_equal(import(f, REG_CSV, sheet, false, &done), VG_OK);
	assert_int_equal(done.unchanged, 8);
	json_decref(done.list);
	assert_int_equal(number(f, "SELECT count(*) FROM audit"), 8);
	/* An empty cell says nothing, a differing one changes. */
	assert_int_equal(import(f, REG_CSV, "kind,partner,status,region\npartner,acme-msp,,emea\n", false, &done), VG_OK);
	assert_int_equal(done.updated, 1);
	json_decref(done.list);
	assert_int_equal(registry_partner(f->r, "acme-msp", &p), VG_OK);
	assert_int_equal(p.status, PARTNER_SUSPENDED);
	assert_string_equal(p.region, "emea");
	assert_string_equal(p.name, "Acme MSP");
}

/* Each bad line, in the order of the file, with its field; nothing is kept. */
static const struct {
	const char *text;
	struct {
		unsigned line;
		const char *field, *detail;
	} faults[12];
} bad[] = {
	{ "kind,partner,name,address,domain,case_admin\n"
	  "contact,acme-msp,,not an address,,\n"
	  "partner,acme-msp,Acme,,partner.example,\n"
	  "contact,nobody,,ann@partner.example,,\n"
	  "contact,acme-msp,,\"a\"x@partner.example,,\n"
	  "customer,acme-msp,,,partner.example,\n"
	  "customer,acme-msp,,,gmail.com,\n"
	  "customer,acme-msp,,,customer.example,yes\n"
	  "stranger,acme-msp,,,,\n"
	  "contact,acme-msp,,fine@partner.example,,\n"
	  "contact,acme-msp,,x@partner.example,,maybe\n"
	  "contact,acme-msp,,\xff@partner.example,,\n"
	  "contact,acme-msp,,y@partner.example,,no,more\n",
	  { { 2, "address", "not an address" }, { 4, "partner", "there is no partner nobody" }, { 5, "", "closing quote" },
	    { 6, "domain", "is a domain of partner acme-msp" }, { 7, "domain", "free-mail" },
	    { 8, "case_admin", "a customer cannot be case administrator" }, { 9, "kind", "kind is one of" },
	    { 11, "case_admin", "true or false" }, { 12, "address", "UTF-8" }, { 13, "", "more cells" } } },
	{ "kind,partner,name,colour\npartner,a,A,red\n", { { 1, "colour", "no such column" } } },
	{ "kind,partner,partner\n", { { 1, "partner", "twice" } } },
	{ "partner,name\na,A\n", { { 1, "kind", "kind must be among them" } } },
	{ "kind,partner,colour\n", { { 1, "colour", "no such column" } } },
	/* What belongs to a refused partner is not counted as wrong again, but its own faults are. */
	{ "kind,partner,name,address,domain\n"
	  "partner,Bad Id,A,,a.example\n"
	  "partner,b,B,,com\n"
	  "contact,b,,ann@b.example,\n"
	  "contact,b,,no address,\n"
	  "contact,Bad Id,,ann@a.example,\n",
	  { { 2, "id", "a-z" }, { 3, "domains", "top-level" }, { 5, "address", "not an address" }, { 6, "partner", "a-z" } } },
	/* Two rows of one file against each other. */
	{ "kind,partner,name,domain\npartner,a,A,a.example\npartner,b,B,a.example\npartner,c,C,x.a.example\n",
	  { { 3, "domains", "is a domain of partner a" }, { 4, "domains", "lies in a.example" } } },
	{ "kind,address\nagent,a@b.example\n\n\ncustomer,\"x\n", { { 5, "", "without end" } } },
	{ "{\"kind\":\"agent\",\"address\":\"a@b.example\"}\n{\"kind\":\"agent\",\n\n[1]\n{\"kind\":\"agent\",\"address\":\"x\"}\n"
	  "{\"address\":\"a@b.example\"}\n{\"kind\":\"agent\",\"address\":\"c@b.example\",\"address\":\"d@b.example\"}",
	  { { 2, "", "" }, { 4, "", "JSON object" }, { 5, "address", "not an address" }, { 6, "kind", "kind is one of" },
	    { 7, "", "duplicate" } } },
	{ "{\"agents\":[{\"address\":\"a@b.example\"},\n{\"address\":\"x\"},\n{\"adress\":\"x@y.example\"}],\n"
	  "\"partners\":[\n{\"id\":\"a\"}\n]}",
	  { { 2, "address", "not an address" }, { 3, "adress", "nothing of an agent" }, { 5, "name", "missing" } } },
	{ "{\"agents\":[{\"address\":\"a@b.example\"}],\n\"agent\":[]}", { { 2, "", "malformed here" } } },
	{ "{\"agents\":[{\"address\":\"a@b.example\"}]\n} {}", { { 2, "", "malformed here" } } },
	{ "{\"agents\":[{\"address\":\"a@b.example\"},]}", { { 1, "", "malformed here" } } },
	{ "{\"agents\":[{\"address\":\n\"a@b.example\"", { { 2, "", "breaks off" } } },
	{ "{\"agents\":[{\"address\":\n\"a@b.example\"\n}}", { { 3, "", "malformed" } } },
	{ "{\"agents\":[{\"address\":}]}", { { 1, "", "" } } },
	{ "{\"agents\":{}}", { { 1, "", "malformed" } } },
	{ "[\n{\"kind\":\"agent\",\"address\":\"a@b.example\"},{\"address\":\"c@b.example\"}]", { { 2, "kind", "kind is one of" } } },
	{ "[1]", { { 1, "", "malformed" } } },
	{ "{", { { 1, "", "breaks off" } } },
};

static void
bad_lines_are_named(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct reg_import done;
		size_t n = 0;

		assert_int_equal(import(f, REG_ANY, bad[i].text, false, &done), VG_ERR_DENIED);
		while (n < 12 && bad[i].faults[n].line != 0) {
			json_t *one = json_array_get(done.list, n);
			const char *detail = json_string_value(json_object_get(one, "detail"));

			if (one == NULL || json_integer_value(json_object_get(one, "line")) != bad[i].faults[n].line ||
			    strstr(detail, bad[i].faults[n].detail) == NULL)
				print_error("%s\n  fault %zu: %s\n", bad[i].text, n, one == NULL ? "none" : json_dumps(one, 0));
			assert_non_null(one);
			assert_int_equal(json_integer_value(json_object_get(one, "line")), bad[i].faults[n].line);
			assert_string_equal(json_string_value(json_object_get(one, "field")), bad[i].faults[n].field);
			assert_non_null(strstr(detail, bad[i].faults[n].detail));
			n++;
		}
		assert_int_equal(json_array_size(done.list), n);
		assert_int_equal(done.faults, n);
		assert_int_equal(number(f, "SELECT (SELECT count(*) FROM entry) + (SELECT count(*) FROM partner) + "
		    "(SELECT count(*) FROM audit)"), 0);
		json_decref(done.list);
	}
}

static void
many_faults(void **state)
{
	struct fixture *f = *state;
	struct reg_import done;
	struct buf b;

	buf_init(&b, 1 << 20);
	buf_adds(&b, "kind,address\n");
	for (int i = 0; i < 1500; i++)
		buf_addf(&b, "agent,wrong %d\n", i);
	assert_int_equal(import(f, REG_CSV, buf_str(&b), false, &done), VG_ERR_DENIED);
	assert_int_equal(done.faults, 1500);
	assert_int_equal(json_array_size(done.list), REG_FAULTS_MAX);
	json_decref(done.list);
	buf_free(&b);
}

static void
dry_run(void **state)
{
	struct fixture *f = *state;
	struct reg_import done;

	assert_int_equal(import(f, REG_CSV, sheet, true, &done), VG_OK);
	assert_int_equal(done.added, 8);
	json_decref(done.list);
	assert_int_equal(number(f, "SELECT (SELECT count(*) FROM entry) + (SELECT count(*) FROM audit)"), 0);
}

static void
empty(void **state)
{
	struct fixture *f = *state;
	static const char *const texts[] = { "", "\n\n", "kind,name\n", "{}", "[]", "{\"agents\":[]}", " \n{ \"agents\" : [ ] , \"direct\":[]}\n" };

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct reg_import done;

		assert_int_equal(import(f, REG_ANY, texts[i], false, &done), VG_OK);
		assert_int_equal(done.rows, 0);
		json_decref(done.list);
	}
}

static void
long_lines(void **state)
{
	struct fixture *f = *state;
	struct reg_import done;
	struct buf b;

	/* A line that has no end in sight is passed over, the next one is read; so is an object. */
	buf_init(&b, 4u << 20);
	buf_adds(&b, "{\"kind\":\"agent\",\"address\":\"a@b.example\"}\n{\"kind\":\"agent\",\"name\":\"");
	for (int i = 0; i < 700000; i++)
		buf_add(&b, "x", 1);
	buf_adds(&b, "\"}\n{\"kind\":\"agent\",\"address\":\"wrong\"}\n");
	assert_int_equal(import(f, REG_ANY, buf_str(&b), false, &done), VG_ERR_DENIED);
	assert_int_equal(done.faults, 2);
	assert_int_equal(json_integer_value(json_object_get(json_array_get(done.list, 0), "line")), 2);
	assert_int_equal(json_integer_value(json_object_get(json_array_get(done.list, 1), "line")), 3);
	json_decref(done.list);
	buf_reset(&b);
	buf_adds(&b, "[{\"kind\":\"agent\",\"name\":\"");
	for (int i = 0; i < 700000; i++)
		buf_add(&b, "x", 1);
	buf_adds(&b, "\"},\n{\"kind\":\"agent\",\"address\":\"wrong\"}]");
	assert_int_equal(import(f, REG_ANY, buf_str(&b), false, &done), VG_ERR_DENIED);
	assert_int_equal(done.faults, 2);
	assert_int_equal(json_integer_value(json_object_get(json_array_get(done.list, 1), "line")), 2);
	json_decref(done.list);
	buf_free(&b);
}

/* ---- export ---- */

static int
to_buf(void *arg, const void *data, size_t n)
{
	return buf_add(arg, data, n);
}

static void
export(struct fixture *f, enum reg_format format, struct buf *b)
{
	buf_init(b, 1 << 20);
	assert_int_equal(reg_export(f->r, format, to_buf, b), VG_OK);
}

static void
exported_is_imported(void **state)
{
	struct fixture *f = *state;
	static const enum reg_format formats[] = { REG_CSV, REG_JSON, REG_JSON_LINES };

	populate(f);
	add(f, REG_CUSTOMER, "{\"partner\":\"other-msp\",\"domain\":\"customer.example\",\"name\":\"Say \\\"hi\\\", \xc3\xa9\"}");
	add(f, REG_DIRECT, "{\"name\":\"Customer\",\"domain\":\"customer.example\"}");
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		struct fixture *other = NULL;
		struct reg_import done;
		struct buf first, again;

		export(f, formats[i], &first);
		assert_int_equal(import(f, REG_ANY, buf_str(&first), false, &done), VG_OK);
		assert_int_equal(done.unchanged, 10);
		assert_int_equal(done.rows, 10);
		json_decref(done.list);
		fixture_setup((void **)&other);
		assert_int_equal(import(other, REG_ANY, buf_str(&first), false, &done), VG_OK);
		assert_int_equal(done.added, 10);
		json_decref(done.list);
		export(other, formats[i], &again);
		assert_string_equal(buf_str(&first), buf_str(&again));
		buf_free(&first);
		buf_free(&again);
		fixture_teardown((void **)&other);
	}
}

static void
export_of_nothing(void **state)
{
	struct fixture *f = *state;
	struct buf b;

	export(f, REG_JSON, &b);
	assert_string_equal(buf_str(&b), "{\"partners\":[],\n\"contacts\":[],\n\"customers\":[],\n\"direct\":[],\n\"agents\":[]}\n");
	buf_free(&b);
	export(f, REG_JSON_LINES, &b);
	assert_string_equal(buf_str(&b), "");
	buf_free(&b);
	export(f, REG_CSV, &b);
	assert_string_equal(buf_str(&b), "kind,id,partner,name,address,domain,vcsp_id,status,products,region,language,unlisted,unverified,"
	    "proof,signers,case_admin,automatic,external\r\n");
	buf_free(&b);
}

static int
fails(void *arg, const void *data, size_t n)
{
	(void)arg;
	(void)data;
	(void)n;
	return VG_ERR_FULL;
}

static void
export_to_a_full_disk(void **state)
{
	struct fixture *f = *state;

	populate(f);
	assert_int_equal(reg_export(f->r, REG_CSV, fails, NULL), VG_ERR_FULL);
	/* The connection is free again. */
	add(f, REG_AGENT, "{\"address\":\"l4@vendor.example\"}");
}

#define T(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(spreadsheet),
		T(bad_lines_are_named),
		T(many_faults),
		T(dry_run),
		T(empty),
		T(long_lines),
		T(exported_is_imported),
		T(export_of_nothing),
		T(export_to_a_full_disk),
	};

	log_setup("test", LOG_LVL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
