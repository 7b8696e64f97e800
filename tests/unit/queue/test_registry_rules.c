/*
 * test_registry_rules.c - P7 and the rules of roles, tried through the C interface and by SQL on the database file itself, from a
 * connection that has none of our settings. Each case must be refused, and leave nothing behind.
 */
#include "registry_fixture.h"

/* ---- by SQL ---- */

#define ENTRY(role, owner, name, key) \
	"INSERT INTO entry (role, owner, name, key, shown) VALUES ('" role "', '" owner "', '" name "', '" key "', '" name "')"
#define CONTACT(name, key, admin, external) \
	"INSERT INTO entry (role, owner, name, key, case_admin, external) VALUES ('contact', 'acme-msp', '" name "', '" key "', " \
	admin ", " external ")"

static const struct {
	const char *sql;
	const char *text; /* part of the refusal */
} refused[] = {
	/* The same name in a second role. */
	{ ENTRY("customer", "acme-msp", "partner.example", "example.partner."), "(P7)" },
	{ ENTRY("customer", "other-msp", "partner.example", "example.partner."), "(P7)" },
	{ ENTRY("direct", "big-corp-inc", "partner.example", "example.partner."), "(P7)" },
	{ ENTRY("domain", "other-msp", "partner.example", "example.partner."), "(P7)" },
	{ ENTRY("domain", "acme-msp", "customer.example", "example.customer."), "(P7)" },
	{ ENTRY("domain", "acme-msp", "big.example", "example.big."), "(P7)" },
	{ ENTRY("customer", "acme-msp", "ann@partner.example", "example.partner.@ann"), "(P7)" },
	{ ENTRY("customer", "acme-msp", "joe@freelance.example", "example.freelance.@joe"), "(P7)" },
	{ ENTRY("customer", "acme-msp", "l2@vendor.example", "example.vendor.@l2"), "(P7)" },
	{ ENTRY("direct", "big-corp-inc", "l2@vendor.example", "example.vendor.@l2"), "(P7)" },
	{ ENTRY("agent", "", "ann@partner.example", "example.partner.@ann"), "(P7)" },
	{ ENTRY("agent", "", "bob@shared.example", "example.shared.@bob"), "(P7)" },
	{ CONTACT("bob@shared.example", "example.shared.@bob", "0", "1"), "(P7)" },
	{ CONTACT("l2@vendor.example", "example.vendor.@l2", "0", "1"), "(P7)" },
	/* An address inside a domain of another role. */
	{ ENTRY("customer", "acme-msp", "bob@partner.example", "example.partner.@bob"), "(P7)" },
	{ ENTRY("customer", "acme-msp", "bob@a.b.partner.example", "example.partner.b.a.@bob"), "(P7)" },
	{ ENTRY("direct", "big-corp-inc", "bob@partner.example", "example.partner.@bob"), "(P7)" },
	{ ENTRY("agent", "", "x@partner.example", "example.partner.@x"), "(P7)" },
	{ ENTRY("agent", "", "x@customer.example", "example.customer.@x"), "(P7)" },
	{ ENTRY("agent", "", "x@hq.big.example", "example.big.hq.@x"), "(P7)" },
	{ CONTACT("x@customer.example", "example.customer.@x", "0", "1"), "(P7)" },
	{ CONTACT("x@deep.customer.example", "example.customer.deep.@x", "0", "1"), "(P7)" },
	{ CONTACT("x@other.example", "example.other.@x", "0", "1"), "(P7)" },
	/* A domain inside one of another role. */
	{ ENTRY("customer", "acme-msp", "lab.partner.example", "example.partner.lab."), "(P7)" },
	{ ENTRY("domain", "acme-msp", "it.customer.example", "example.customer.it."), "(P7)" },
	{ ENTRY("domain", "other-msp", "sub.partner.example", "example.partner.sub."), "(P7)" },
	{ ENTRY("direct", "big-corp-inc", "x.y.partner.example", "example.partner.y.x."), "(P7)" },
	/* A domain around something of another role. */
	{ ENTRY("domain", "acme-msp", "shared.example", "example.shared."), "(P7)" },
	{ ENTRY("customer", "acme-msp", "vendor.example", "example.vendor."), "(P7)" },
	{ ENTRY("customer", "acme-msp", "freelance.example", "example.freelance."), "(P7)" },
	{ ENTRY("domain", "other-msp", "freelance.example", "example.freelance."), "(P7)" },
	{ ENTRY("domain", "acme-msp", "vendor.example", "example.vendor."), "(P7)" },
	{ ENTRY("direct", "big-corp-inc", "deep.example", "example.deep."), "(P7)" },
	{ ENTRY("domain", "other-msp", "deep.example", "example.deep."), "(P7)" },
	/* One direct contract for a name. */
	{ "INSERT INTO entry (role, owner, name, key) VALUES ('direct', 'second', 'big.example', 'example.big.')", "UNIQUE" },
	/* A lying key would hide from the look-ups above. */
	{ ENTRY("customer", "acme-msp", "bob@partner.example", "example.elsewhere.@bob"), "turned round" },
	{ ENTRY("customer", "acme-msp", "bob@partner.example", "example.partner.@eve"), "turned round" },
	{ ENTRY("customer", "acme-msp", "bob@partner.example", "partner.example.@bob"), "turned round" },
	{ ENTRY("customer", "acme-msp", "bob@partner.example", "example.partner."), "turned round" },
	{ ENTRY("customer", "acme-msp", "partner.example", "example.partner"), "turned round" },
	{ ENTRY("customer", "acme-msp", "partner.example", "partner.example"), "turned round" },
	{ ENTRY("customer", "acme-msp", "partner.example", ""), "turned round" },
	{ ENTRY("customer", "acme-msp", "partner.example", "example.partner.x."), "turned round" },
	{ ENTRY("customer", "acme-msp", "partner.example", "example.PARTNER."), "turned round" },
	{ ENTRY("customer", "acme-msp", "partner.example", "."), "turned round" },
	{ ENTRY("customer", "acme-msp", "a.partner.example", "example.partnera.."), "turned round" },
	/* Names not in normal form would not be found. */
	{ ENTRY("customer", "acme-msp", "New.example", "example.New."), "lower case" },
	{ ENTRY("customer", "acme-msp", "example", "example."), "two" },
	{ ENTRY("customer", "acme-msp", "new..example", "example..new."), "two" },
	{ ENTRY("customer", "acme-msp", ".new.example", "example.new.."), "two" },
	{ ENTRY("customer", "acme-msp", "new.example.", ".example.new."), "two" },
	{ ENTRY("customer", "acme-msp", "b\xc3\xbc" "cher.example", "example.b\xc3\xbc" "cher."), "two" },
	{ ENTRY("customer", "acme-msp", "a.b.c.d.e.f.g.h.i.new.example", "example.new.i.h.g.f.e.d.c.b.a."), "ten labels" },
	{ ENTRY("customer", "acme-msp", "Bob@new.example", "example.new.@Bob"), "normal form" },
	{ ENTRY("customer", "acme-msp", "j\xc3\xb6rg@new.example", "example.new.@j\xc3\xb6rg"), "normal form" },
	{ ENTRY("customer", "acme-msp", "bob @new.example", "example.new.@bob "), "normal form" },
	{ ENTRY("customer", "acme-msp", "bob@localhost", "localhost.@bob"), "normal form" },
	{ ENTRY("customer", "acme-msp", "a@b@new.example", "example.new.@a@b"), "normal form" },
	{ ENTRY("customer", "acme-msp", "@new.example", "example.new.@"), "normal form" },
	/* Free mail belongs to everybody. */
	{ ENTRY("customer", "acme-msp", "gmail.com", "com.gmail."), "free-mail" },
	{ ENTRY("domain", "acme-msp", "gmx.net", "net.gmx."), "free-mail" },
	{ ENTRY("direct", "big-corp-inc", "corp.outlook.com", "com.outlook.corp."), "free-mail" },
	{ "INSERT INTO signer (partner, domain) VALUES ('acme-msp', 'gmail.com')", "free-mail" },
	{ "INSERT INTO free_mail (domain) VALUES ('customer.example')", "registered" },
	{ "INSERT INTO free_mail (domain) VALUES ('desk.example')", "registered" },
	{ "UPDATE free_mail SET domain = 'customer.example' WHERE domain = 'gmail.com'", "removed and added" },
	/* External contacts and case administrators. */
	{ CONTACT("new@outside.example", "example.outside.@new", "0", "0"), "external" },
	{ CONTACT("new@notpartner.example", "example.notpartner.@new", "0", "0"), "external" },
	{ CONTACT("new@outside.example", "example.outside.@new", "1", "1"), "P7" },
	{ "UPDATE entry SET external = 0 WHERE name = 'joe@freelance.example'", "external" },
	{ "UPDATE entry SET case_admin = 1 WHERE name = 'joe@freelance.example'", "P7" },
	{ "UPDATE entry SET case_admin = 1, external = 0 WHERE name = 'joe@freelance.example'", "external" },
	{ "UPDATE entry SET external = 1 WHERE name = 'ann@partner.example'", "P7" },
	{ "UPDATE entry SET case_admin = 1 WHERE name = 'customer.example'", "P7" },
	{ "UPDATE entry SET case_admin = 1 WHERE name = 'bob@shared.example'", "P7" },
	{ "UPDATE entry SET case_admin = 1", "P7" },
	{ "INSERT INTO entry (role, owner, name, key, case_admin) VALUES ('customer', 'acme-msp', 'new.example', 'example.new.', 1)",
	  "P7" },
	{ "INSERT INTO entry (role, owner, name, key, case_admin) VALUES ('agent', '', 'new@new.example', 'example.new.@new', 1)", "P7" },
	{ "INSERT INTO entry (role, owner, name, key, external) VALUES ('customer', 'acme-msp', 'new.example', 'example.new.', 1)",
	  "belong to contacts" },
	{ "DELETE FROM entry WHERE name = 'partner.example'", "lie in this domain" },
	{ "DELETE FROM entry WHERE role = 'domain'", "lie in this domain" },
	/* Changing what an entry is. */
	{ "UPDATE entry SET role = 'contact' WHERE name = 'bob@shared.example'", "keeps" },
	{ "UPDATE entry SET owner = 'other-msp' WHERE name = 'ann@partner.example'", "keeps" },
	{ "UPDATE entry SET name = 'eve@partner.example' WHERE name = 'bob@shared.example'", "keeps" },
	{ "UPDATE entry SET key = 'example.partner.@bob' WHERE name = 'bob@shared.example'", "keeps" },
	{ "UPDATE entry SET id = 9999 WHERE name = 'bob@shared.example'", "keeps" },
	{ "UPDATE OR REPLACE entry SET role = 'customer' WHERE role = 'contact'", "keeps" },
	/* Owners. */
	{ ENTRY("customer", "nobody", "new.example", "example.new."), "no such partner" },
	{ ENTRY("contact", "nobody", "new@new.example", "example.new.@new"), "partner" },
	{ ENTRY("domain", "big-corp-inc", "new.example", "example.new."), "no such partner" },
	{ ENTRY("direct", "acme-msp", "new.example", "example.new."), "no such direct" },
	{ ENTRY("agent", "acme-msp", "new@new.example", "example.new.@new"), "contacts and agents" },
	{ ENTRY("agent", "", "new.example", "example.new."), "contacts and agents" },
	{ ENTRY("contact", "acme-msp", "x.partner.example", "example.partner.x."), "contacts and agents" },
	{ ENTRY("domain", "acme-msp", "x@partner.example", "example.partner.@x"), "contacts and agents" },
	{ ENTRY("operator", "acme-msp", "new.example", "example.new."), "CHECK" },
	{ "DELETE FROM partner WHERE id = 'acme-msp'", "hang on" },
	{ "DELETE FROM holder WHERE id = 'big-corp-inc'", "hang on" },
	{ "UPDATE partner SET id = 'acme-2' WHERE id = 'acme-msp'", "keeps" },
	{ "UPDATE holder SET id = 'acme-2' WHERE id = 'big-corp-inc'", "keeps" },
	{ "UPDATE partner SET status = 'gone' WHERE id = 'acme-msp'", "CHECK" },
	{ "INSERT INTO partner (id, name) VALUES ('Bad Id', 'x')", "partner id" },
	{ "INSERT INTO signer (partner, domain) VALUES ('nobody', 'desk.example')", "no such partner" },
	{ "UPDATE audit SET actor = 'somebody else'", "do not change" },
};

/* Every way in which a statement can be told to deal with conflicts. */
static const char *const ways[] = { "", " OR IGNORE", " OR REPLACE", " OR FAIL" };

static void
way_of(char out[1024], const char *sql, const char *way)
{
	size_t verb = strncmp(sql, "INSERT", 6) == 0 || strncmp(sql, "UPDATE", 6) == 0 ? 6 : 0;

	if (strncmp(sql + verb, " OR ", 4) == 0 || verb == 0)
		way = "";
	snprintf(out, 1024, "%.*s%s%s", (int)verb, sql, way, sql + verb);
}

static int
content_cb(void *arg, int n, char **values, char **names)
{
	struct buf *b = arg;

	(void)names;
	for (int i = 0; i < n; i++)
		buf_addf(b, "%s|", values[i] == NULL ? "NULL" : values[i]);
	return 0;
}

/* All that the rules are about, as text. */
static void
content(sqlite3 *h, struct buf *b)
{
	static const char *const queries[] = { "SELECT role, owner, name, key, case_admin, external FROM entry ORDER BY role, owner, key",
		"SELECT id, status FROM partner ORDER BY id", "SELECT id FROM holder ORDER BY id",
		"SELECT partner, domain FROM signer ORDER BY 1, 2", "SELECT domain FROM free_mail ORDER BY 1",
		"SELECT actor FROM audit ORDER BY id" };

	buf_init(b, 1 << 20);
	for (size_t i = 0; i < sizeof(queries) / sizeof(queries[0]); i++)
		assert_int_equal(sqlite3_exec(h, queries[i], content_cb, b, NULL), SQLITE_OK);
}

static sqlite3 *
plain_connection(struct fixture *f)
{
	char file[128];
	sqlite3 *h = NULL;

	snprintf(file, sizeof(file), "%s/registry.db", f->dir);
	assert_int_equal(sqlite3_open(file, &h), SQLITE_OK);
	assert_int_equal(sqlite3_exec(h, "PRAGMA foreign_keys=OFF; PRAGMA recursive_triggers=OFF", NULL, NULL, NULL), SQLITE_OK);
	return h;
}

static void
no_sql_breaks_a_rule(void **state)
{
	struct fixture *f = *state;
	sqlite3 *h;

	populate(f);
	add(f, REG_CONTACT, "{\"partner\":\"acme-msp\",\"address\":\"x@a.b.deep.example\",\"external\":true}");
	h = plain_connection(f);
	assert_int_equal(sqlite3_exec(h, "INSERT INTO holder (id, name) VALUES ('second', 'Second')", NULL, NULL, NULL), SQLITE_OK);
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		for (size_t w = 0; w < sizeof(ways) / sizeof(ways[0]); w++) {
			char sql[1024], *why = NULL;
			struct buf before, after;
			int rc;

			/* What UNIQUE and CHECK refuse, IGNORE passes over and REPLACE settles: only the state counts there. */
			way_of(sql, refused[i].sql, ways[w]);
			content(h, &before);
			rc = sqlite3_exec(h, sql, NULL, NULL, &why);
			content(h, &after);
			if (w == 0 && (rc == SQLITE_OK || strstr(why, refused[i].text) == NULL))
				print_error("%s\n  said %s\n", sql, why == NULL ? "yes" : why);
			if (w == 0) {
				assert_int_not_equal(rc, SQLITE_OK);
				assert_non_null(strstr(why, refused[i].text));
			}
			if (strcmp(refused[i].text, "UNIQUE") != 0 || strcmp(ways[w], " OR REPLACE") != 0) {
				if (strcmp(buf_str(&before), buf_str(&after)) != 0)
					print_error("%s changed something\n", sql);
				assert_string_equal(buf_str(&before), buf_str(&after));
			} else {
				/* The contract moves from one holder to the other: one holder still. */
				assert_int_equal(sqlite3_exec(h, "DELETE FROM entry WHERE owner = 'second'; INSERT INTO entry (role, owner, name, "
				    "key) VALUES ('direct', 'big-corp-inc', 'big.example', 'example.big.')", NULL, NULL, NULL), SQLITE_OK);
			}
			sqlite3_free(why);
			buf_free(&before);
			buf_free(&after);
		}
	}
	sqlite3_close(h);
}

/* REPLACE removes rows without their triggers: an entry must not vanish by another one taking its number. */
static void
no_row_takes_anothers_place(void **state)
{
	struct fixture *f = *state;
	struct buf before, after;
	sqlite3 *h;

	populate(f);
	h = plain_connection(f);
	content(h, &before);
	assert_int_not_equal(sqlite3_exec(h, "INSERT OR REPLACE INTO entry (id, role, owner, name, key) SELECT id, 'domain', 'other-msp', "
	    "'new.example', 'example.new.' FROM entry WHERE name = 'partner.example'", NULL, NULL, NULL), SQLITE_OK);
	content(h, &after);
	assert_string_equal(buf_str(&before), buf_str(&after));
	buf_free(&before);
	buf_free(&after);
	sqlite3_close(h);
}

/* ---- by the C interface ---- */

static const struct {
	enum reg_kind kind;
	const char *json;
	int err;
	const char *field;
	const char *text; /* part of it */
} faults[] = {
	{ REG_PARTNER, "{\"id\":\"new\",\"name\":\"New\",\"domains\":[\"customer.example\"]}", VG_ERR_DENIED, "domains",
	  "customer.example is a customer of acme-msp; a domain is either a partner's or a customer's (P7)" },
	{ REG_PARTNER, "{\"id\":\"new\",\"name\":\"New\",\"domains\":[\"shared.example\"]}", VG_ERR_DENIED, "domains",
	  "shared.example contains bob@shared.example, which is a customer of acme-msp" },
	{ REG_PARTNER, "{\"id\":\"new\",\"name\":\"New\",\"domains\":[\"lab.partner.example\"]}", VG_ERR_DENIED, "domains",
	  "lab.partner.example lies in partner.example, which is a domain of partner acme-msp; two partners share neither" },
	{ REG_PARTNER, "{\"id\":\"new\",\"name\":\"New\",\"domains\":[\"co.uk\"]}", VG_ERR_DENIED, "domains", "public suffix" },
	{ REG_PARTNER, "{\"id\":\"new\",\"name\":\"New\",\"domains\":[\"github.io\"]}", VG_ERR_DENIED, "domains", "public suffix" },
	{ REG_PARTNER, "{\"id\":\"new\",\"name\":\"New\",\"domains\":[\"com\"]}", VG_ERR_DENIED, "domains", "top-level" },
	{ REG_PARTNER, "{\"id\":\"new\",\"name\":\"New\",\"domains\":[\"GMail.com\"]}", VG_ERR_DENIED, "domains", "free-mail" },
	{ REG_PARTNER, "{\"id\":\"new\",\"name\":\"New\",\"signers\":[\"gmail.com\"]}", VG_ERR_DENIED, "signers", "free-mail" },
	{ REG_PARTNER, "{\"id\":\"new\",\"name\":\"New\",\"signers\":[\"co.uk\"]}", VG_ERR_DENIED, "signers", "public suffix" },
	{ REG_PARTNER, "{\"id\":\"new\",\"name\":\"New\",\"domains\":[\"a b.example\"]}", VG_ERR_SYNTAX, "domains", "not a domain" },
	{ REG_PARTNER, "{\"id\":\"new\",\"name\":\"New\",\"domains\":\"x.example\"}", VG_ERR_SYNTAX, "domains", "list" },
	{ REG_PARTNER, "{\"id\":\"new\",\"name\":\"New\",\"status\":\"gone\"}", VG_ERR_SYNTAX, "status",
	  "status is one of active, suspended, expired" },
	{ REG_PARTNER, "{\"id\":\"new\",\"name\":\"New\",\"proof\":\"spf\"}", VG_ERR_SYNTAX, "proof", "any, dkim, signature" },
	{ REG_PARTNER, "{\"id\":\"New One\",\"name\":\"New\"}", VG_ERR_SYNTAX, "id", "a-z 0-9" },
	{ REG_PARTNER, "{\"id\":\"new\"}", VG_ERR_SYNTAX, "name", "missing" },
	{ REG_PARTNER, "{\"name\":\"New\"}", VG_ERR_SYNTAX, "id", "missing" },
	{ REG_PARTNER, "{\"id\":\"new\",\"name\":\"a\\u0000b\"}", VG_ERR_SYNTAX, "name", "control" },
	{ REG_PARTNER, "{\"id\":\"new\",\"name\":\"a\\nb\"}", VG_ERR_SYNTAX, "name", "control" },
	{ REG_PARTNER, "{\"id\":\"new\",\"name\":\"New\",\"case_admin\":true}", VG_ERR_SYNTAX, "case_admin", "nothing of a partner" },
	{ REG_PARTNER, "{\"id\":\"new\",\"name\":\"New\",\"colour\":\"red\"}", VG_ERR_SYNTAX, "colour", "nothing of a partner" },
	{ REG_PARTNER, "{\"id\":\"new\",\"name\":\"New\",\"vcsp_id\":12345}", VG_ERR_SYNTAX, "vcsp_id", "text" },
	{ REG_PARTNER, "{\"id\":\"acme-msp\",\"name\":\"Again\"}", VG_ERR_EXISTS, "id", "there already" },
	{ REG_CONTACT, "{\"partner\":\"acme-msp\",\"address\":\"ann@other.example\",\"external\":true}", VG_ERR_DENIED, "address",
	  "lies in other.example, which is a domain of partner other-msp; two partners share neither" },
	{ REG_CONTACT, "{\"partner\":\"other-msp\",\"address\":\"joe@freelance.example\",\"external\":true}", VG_ERR_DENIED, "address",
	  "is a contact of partner acme-msp; two partners share neither" },
	{ REG_CONTACT, "{\"partner\":\"acme-msp\",\"address\":\"x@customer.example\",\"external\":true}", VG_ERR_DENIED, "address",
	  "lies in customer.example, which is a customer of acme-msp; an address is either an agent's, a partner's or a customer's (P7)" },
	{ REG_CONTACT, "{\"partner\":\"acme-msp\",\"address\":\"x@outside.example\"}", VG_ERR_DENIED, "external",
	  "x@outside.example lies outside the domains of partner acme-msp; say external" },
	{ REG_CONTACT, "{\"partner\":\"acme-msp\",\"address\":\"x@outside.example\",\"external\":true,\"case_admin\":true}",
	  VG_ERR_DENIED, "case_admin", "(P7)" },
	{ REG_CONTACT, "{\"partner\":\"nobody\",\"address\":\"x@outside.example\"}", VG_ERR_NOTFOUND, "partner",
	  "there is no partner nobody" },
	{ REG_CONTACT, "{\"partner\":\"acme-msp\",\"address\":\"j\xc3\xb6rg@partner.example\"}", VG_ERR_SYNTAX, "address", "ASCII" },
	{ REG_CONTACT, "{\"partner\":\"acme-msp\",\"address\":\"\\\"a b\\\"@partner.example\"}", VG_ERR_SYNTAX, "address", "quoted" },
	{ REG_CONTACT, "{\"partner\":\"acme-msp\",\"address\":\"ann\"}", VG_ERR_SYNTAX, "address", "not an address" },
	{ REG_CONTACT, "{\"partner\":\"acme-msp\",\"address\":\"ann@partner.example\\u0000\"}", VG_ERR_SYNTAX, "address", "not an address" },
	{ REG_CONTACT, "{\"partner\":\"acme-msp\",\"domain\":\"partner.example\"}", VG_ERR_SYNTAX, "domain", "nothing of a contact" },
	{ REG_CONTACT, "{\"partner\":\"acme-msp\",\"address\":\"x@partner.example\",\"case_admin\":\"yes\"}", VG_ERR_SYNTAX, "case_admin",
	  "true or false" },
	{ REG_CONTACT, "{\"address\":\"x@partner.example\"}", VG_ERR_SYNTAX, "partner", "missing" },
	{ REG_CUSTOMER, "{\"partner\":\"acme-msp\",\"domain\":\"new.example\",\"case_admin\":true}", VG_ERR_DENIED, "case_admin",
	  "a customer cannot be case administrator" },
	{ REG_CUSTOMER, "{\"partner\":\"acme-msp\",\"domain\":\"new.example\",\"case_admin\":false}", VG_ERR_DENIED, "case_admin", "(P7)" },
	{ REG_CUSTOMER, "{\"partner\":\"acme-msp\",\"address\":\"bob@partner.example\"}", VG_ERR_DENIED, "address", "(P7)" },
	{ REG_CUSTOMER, "{\"partner\":\"acme-msp\",\"address\":\"ann@partner.example\"}", VG_ERR_DENIED, "address",
	  "ann@partner.example is a contact of partner acme-msp" },
	{ REG_CUSTOMER, "{\"partner\":\"acme-msp\",\"domain\":\"partner.example\"}", VG_ERR_DENIED, "domain",
	  "partner.example is a domain of partner acme-msp" },
	{ REG_CUSTOMER, "{\"partner\":\"acme-msp\",\"domain\":\"vendor.example\"}", VG_ERR_DENIED, "domain",
	  "contains l2@vendor.example, which is an agent" },
	{ REG_CUSTOMER, "{\"partner\":\"acme-msp\",\"domain\":\"gmail.com\"}", VG_ERR_DENIED, "domain", "free-mail" },
	{ REG_CUSTOMER, "{\"partner\":\"acme-msp\",\"domain\":\"corp.gmail.com\"}", VG_ERR_DENIED, "domain", "free-mail" },
	{ REG_CUSTOMER, "{\"partner\":\"acme-msp\",\"domain\":\"x.example\",\"address\":\"a@x.example\"}", VG_ERR_SYNTAX, NULL,
	  "not both" },
	{ REG_CUSTOMER, "{\"partner\":\"acme-msp\"}", VG_ERR_SYNTAX, "domain", "needs a domain or an address" },
	{ REG_CUSTOMER, "{\"partner\":\"acme-msp\",\"domain\":\"CUSTOMER.example\"}", VG_ERR_EXISTS, "domain", "there already" },
	{ REG_DIRECT, "{\"name\":\"X\",\"domain\":\"partner.example\"}", VG_ERR_DENIED, "domain", "is a domain of partner acme-msp" },
	{ REG_DIRECT, "{\"name\":\"X\",\"address\":\"l2@vendor.example\"}", VG_ERR_DENIED, "address", "is an agent" },
	{ REG_DIRECT, "{\"id\":\"x\",\"name\":\"X\",\"domain\":\"big.example\"}", VG_ERR_DENIED, "domain",
	  "under the direct contract of big-corp-inc already" },
	{ REG_DIRECT, "{\"name\":\"X\"}", VG_ERR_SYNTAX, "domain", "needs a domain or an address" },
	{ REG_DIRECT, "{\"domain\":\"x.example\"}", VG_ERR_SYNTAX, "name", "missing" },
	{ REG_AGENT, "{\"address\":\"x@partner.example\"}", VG_ERR_DENIED, "address", "lies in partner.example" },
	{ REG_AGENT, "{\"address\":\"bob@shared.example\"}", VG_ERR_DENIED, "address", "is a customer of acme-msp" },
	{ REG_AGENT, "{\"address\":\"x@y.example\",\"case_admin\":true}", VG_ERR_SYNTAX, "case_admin", "nothing of an agent" },
	{ REG_AGENT, "[]", VG_ERR_SYNTAX, "", "JSON object" },
};

static void
every_fault_is_explained(void **state)
{
	struct fixture *f = *state;

	populate(f);
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		struct buf before, after;
		int err;

		content(db_handle(f->r->db), &before);
		err = put(f, faults[i].kind, REG_ADD, faults[i].json, NULL);
		content(db_handle(f->r->db), &after);
		if (err != faults[i].err || strstr(f->fault.text, faults[i].text) == NULL)
			print_error("%s\n  said %d %s\n", faults[i].json, err, f->fault.text);
		assert_int_equal(err, faults[i].err);
		assert_non_null(strstr(f->fault.text, faults[i].text));
		if (faults[i].field != NULL)
			assert_string_equal(f->fault.field, faults[i].field);
		assert_string_equal(buf_str(&before), buf_str(&after));
		buf_free(&before);
		buf_free(&after);
	}
}

/* ---- what is allowed ---- */

static const struct {
	enum reg_kind kind;
	const char *json;
} allowed[] = {
	{ REG_CUSTOMER, "{\"partner\":\"other-msp\",\"domain\":\"customer.example\"}" },
	{ REG_CUSTOMER, "{\"partner\":\"other-msp\",\"address\":\"bob@shared.example\"}" },
	{ REG_CUSTOMER, "{\"partner\":\"acme-msp\",\"domain\":\"sub.customer.example\"}" },
	{ REG_CUSTOMER, "{\"partner\":\"acme-msp\",\"address\":\"someone@gmail.com\"}" },
	{ REG_CUSTOMER, "{\"partner\":\"acme-msp\",\"domain\":\"shared.example\"}" },
	{ REG_CUSTOMER, "{\"partner\":\"acme-msp\",\"domain\":\"b\xc3\xbc" "cher.example\"}" },
	{ REG_CONTACT, "{\"partner\":\"acme-msp\",\"address\":\"freelancer@gmx.net\",\"external\":true}" },
	{ REG_CONTACT, "{\"partner\":\"acme-msp\",\"address\":\"eva@sub.msp.example\",\"case_admin\":true}" },
	{ REG_DIRECT, "{\"name\":\"Customer\",\"domain\":\"customer.example\"}" },
	{ REG_DIRECT, "{\"name\":\"Big Corp, Inc.\",\"address\":\"cto@elsewhere.example\"}" },
	{ REG_AGENT, "{\"address\":\"l3@vendor.example\"}" },
	{ REG_AGENT, "{\"address\":\"a!#$%&'*+-/=?^_`{|}~z@vendor.example\"}" },
	{ REG_PARTNER, "{\"id\":\"third\",\"name\":\"Third\",\"domains\":[\"third.example\",\"eu.third.example\"]}" },
	{ REG_PARTNER, "{\"id\":\"4\",\"name\":\"No domain yet\",\"region\":null}" },
};

static void
what_is_allowed(void **state)
{
	struct fixture *f = *state;
	struct registry_sender s;

	populate(f);
	for (size_t i = 0; i < sizeof(allowed) / sizeof(allowed[0]); i++)
		add(f, allowed[i].kind, allowed[i].json);
	assert_int_equal(registry_sender(f->r, "x@xn--bcher-kva.example", &s), VG_OK);
	assert_int_equal(s.cls, CLASS_CUSTOMER);
	/* The second entry of a holder of the same name is the same holder's. */
	assert_int_equal(registry_sender(f->r, "cto@elsewhere.example", &s), VG_OK);
	assert_string_equal(s.holder, "big-corp-inc");
}

static void
removing(void **state)
{
	struct fixture *f = *state;
	struct registry_sender s;
	int64_t n = -1;

	populate(f);
	assert_int_equal(reg_remove_partner(f->r, "acme-msp", false, &f->who, &f->fault), VG_ERR_DENIED);
	assert_string_equal(f->fault.text, "partner acme-msp has 2 contacts and 2 customers; with force they go too");
	assert_int_equal(reg_remove_partner(f->r, "nobody", true, &f->who, &f->fault), VG_ERR_NOTFOUND);
	add(f, REG_CUSTOMER, "{\"partner\":\"other-msp\",\"domain\":\"customer.example\"}");
	assert_int_equal(reg_remove_entry(f->r, REG_CUSTOMER, "customer.example", "", &f->who, &f->fault), VG_ERR_DENIED);
	assert_non_null(strstr(f->fault.text, "2 partners; say of which"));
	assert_int_equal(reg_remove_entry(f->r, REG_CUSTOMER, "Customer.Example", "other-msp", &f->who, &f->fault), VG_OK);
	assert_int_equal(reg_remove_entry(f->r, REG_CUSTOMER, "customer.example", "other-msp", &f->who, &f->fault), VG_ERR_NOTFOUND);
	assert_int_equal(reg_remove_entry(f->r, REG_AGENT, "ann@partner.example", "", &f->who, &f->fault), VG_ERR_NOTFOUND);
	assert_int_equal(reg_remove_partner(f->r, "acme-msp", true, &f->who, &f->fault), VG_OK);
	assert_int_equal(registry_sender(f->r, "ann@partner.example", &s), VG_OK);
	assert_int_equal(s.cls, CLASS_UNKNOWN);
	assert_int_equal(db_number(f->r->db, &n, "SELECT (SELECT count(*) FROM entry WHERE owner = 'acme-msp') + "
	    "(SELECT count(*) FROM signer)", ""), VG_OK);
	assert_int_equal(n, 0);
	/* What was a partner's can be a customer's now. */
	add(f, REG_CUSTOMER, "{\"partner\":\"other-msp\",\"domain\":\"partner.example\"}");
	add(f, REG_DIRECT, "{\"id\":\"big-corp-inc\",\"name\":\"Big Corp, Inc.\",\"address\":\"x@y.example\"}");
	assert_int_equal(reg_remove_direct(f->r, "x@y.example", &f->who, &f->fault), VG_OK);
	assert_int_equal(db_number(f->r->db, &n, "SELECT count(*) FROM holder", ""), VG_OK);
	assert_int_equal(n, 1);
	assert_int_equal(reg_remove_direct(f->r, "big.example", &f->who, &f->fault), VG_OK);
	assert_int_equal(db_number(f->r->db, &n, "SELECT count(*) FROM holder", ""), VG_OK);
	assert_int_equal(n, 0);
	assert_int_equal(reg_remove_direct(f->r, "big-corp-inc", &f->who, &f->fault), VG_ERR_NOTFOUND);
}

static void
changing(void **state)
{
	struct fixture *f = *state;
	struct registry_partner p;
	enum reg_change change;

	populate(f);
	/* A domain with a contact in it stays; another list of domains that covers the contact is fine. */
	assert_int_equal(put(f, REG_PARTNER, REG_SET, "{\"id\":\"acme-msp\",\"domains\":[\"msp.example\"]}", NULL), VG_ERR_DENIED);
	assert_string_equal(f->fault.field, "domains");
	assert_non_null(strstr(f->fault.text, "partner.example"));
	assert_int_equal(put(f, REG_PARTNER, REG_SET, "{\"id\":\"acme-msp\",\"domains\":[\"new.example\",\"partner.example\"],"
	    "\"status\":\"expired\",\"products\":[]}", &change), VG_OK);
	assert_int_equal(change, REG_UPDATED);
	assert_int_equal(registry_partner(f->r, "acme-msp", &p), VG_OK);
	assert_int_equal(p.status, PARTNER_EXPIRED);
	assert_int_equal(p.n_products, 0);
	assert_string_equal(p.vcsp_id, "12345");
	assert_int_equal(put(f, REG_PARTNER, REG_SET, "{\"id\":\"nobody\",\"status\":\"expired\"}", NULL), VG_ERR_NOTFOUND);
	/* A case administrator cannot become external, an external contact not case administrator. */
	assert_int_equal(put(f, REG_CONTACT, REG_SET, "{\"partner\":\"acme-msp\",\"address\":\"ann@partner.example\",\"external\":true}",
	    NULL), VG_ERR_DENIED);
	assert_int_equal(put(f, REG_CONTACT, REG_SET, "{\"partner\":\"acme-msp\",\"address\":\"joe@freelance.example\","
	    "\"case_admin\":true}", NULL), VG_ERR_DENIED);
	assert_int_equal(put(f, REG_CONTACT, REG_SET, "{\"partner\":\"acme-msp\",\"address\":\"joe@freelance.example\","
	    "\"external\":false}", NULL), VG_ERR_DENIED);
	assert_string_equal(f->fault.field, "external");
	/* Renaming a holder. */
	assert_int_equal(put(f, REG_DIRECT, REG_SET, "{\"id\":\"big-corp-inc\",\"name\":\"Big\"}", &change), VG_OK);
	assert_int_equal(change, REG_UPDATED);
	assert_int_equal(put(f, REG_DIRECT, REG_SET, "{\"id\":\"nobody\",\"name\":\"Big\"}", NULL), VG_ERR_NOTFOUND);
}

#define T(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(no_sql_breaks_a_rule),
		T(no_row_takes_anothers_place),
		T(every_fault_is_explained),
		T(what_is_allowed),
		T(removing),
		T(changing),
	};

	log_setup("test", LOG_LVL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
