/*
 * What the backend reads: events and tickets as JSON whatever the texts hold; and where a ticket goes (P3).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "err.h"
#include "event.h"
#include "route.h"

static json_t *
parsed(struct buf *b)
{
	json_error_t error;
	json_t *o = json_loadb((char *)b->data, b->len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);

	if (o == NULL)
		print_error("%s at %d of %.*s\n", error.text, error.position, (int)b->len, (char *)b->data);
	assert_non_null(o);
	buf_free(b);
	return o;
}

static void
every_string_is_json(void **state)
{
	static const struct {
		const char *in, *out;
	} cases[] = { { "", "" }, { "plain", "plain" }, { "a\"b\\c/", "a\"b\\c/" }, { "tab\tnl\ncr\r\x01\x7f", "tab\tnl\ncr\r\x01\x7f" },
		{ "gr\xc3\xbc\xc3\x9f", "gr\xc3\xbc\xc3\x9f" }, { "\xf0\x9f\x92\xbe!", "\xf0\x9f\x92\xbe!" },
		{ "bad\xff" "x", "bad\xef\xbf\xbdx" }, { "cut\xe2\x82", "cut\xef\xbf\xbd\xef\xbf\xbd" },
		{ "\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd" } };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct buf b;
		json_t *o;

		buf_init(&b, 1000);
		assert_int_equal(event_string(&b, cases[i].in), VG_OK);
		o = parsed(&b);
		assert_string_equal(json_string_value(o), cases[i].out);
		json_decref(o);
	}
}

static char ann[] = "ann@partner.example", ann_name[] = "Ann \"A\" Lee", bob[] = "bob@customer.example", l2[] = "l2@vendor.example";
static char nothing[] = "", acme[] = "acme", vbr[] = "vbr", subject[] = "S", rule[] = "V11";

static struct store_participant people[] = {
	{ .role = PART_CONTACT, .address = ann, .name = ann_name, .added_by = ann, .added_at = 1764000000000 },
	{ .role = PART_CUSTOMER, .address = bob, .name = nothing, .added_by = ann, .added_at = 1 },
	{ .role = PART_AGENT, .address = l2, .name = nothing, .added_by = l2, .added_at = 1 },
};

static struct store_ticket
a_ticket(void)
{
	return (struct store_ticket){ .number = 1234, .partner = acme, .holder = nothing, .route = vbr, .subject = subject,
		.reference = nothing, .severity = 2, .status = TICKET_OPEN, .sla_state = SLA_RUNNING,
		.first_response_due = 1764003600000, .opened_at = 1764000000000, .participants = people, .n_participants = 3 };
}

static void
an_event_has_the_contract_s_shape(void **state)
{
	struct registry_partner partner = { .id = "acme", .name = "Acme", .vcsp_id = "1", .region = "emea" };
	struct store_ticket t = a_ticket();
	struct store_related related = { .number = 1101, .fingerprint = "00" };
	struct event_ticket view = { .ticket = &t, .owner = { &partner, "", "" }, .related = &related, .n_related = 1 };
	static const char *const changed[] = { "severity", "status", NULL };
	struct event e = { .ulid = "01ARZ3NDEKTSV4RRFFQ69G5FAV", .kind = "ticket.updated", .seq = 17, .at = 1764000000123,
		.changed = changed, .ticket = &view };
	struct buf b;
	json_t *o, *ticket;

	(void)state;
	buf_init(&b, 10000);
	assert_int_equal(event_head(&b, &e), VG_OK);
	assert_int_equal(buf_adds(&b, ",\"message\":null}"), VG_OK);
	o = parsed(&b);
	assert_string_equal(json_string_value(json_object_get(o, "schema")), "vcspgate/event/1");
	assert_int_equal(json_array_size(json_object_get(o, "changed")), 2);
	ticket = json_object_get(o, "ticket");
	assert_string_equal(json_string_value(json_object_get(json_object_get(ticket, "partner"), "vcsp_id")), "1");
	assert_true(json_is_null(json_object_get(ticket, "holder")));
	assert_true(json_is_null(json_object_get(ticket, "reference")));
	assert_string_equal(json_string_value(json_object_get(json_object_get(ticket, "sla"), "state")), "running");
	assert_string_equal(json_string_value(json_object_get(json_array_get(json_object_get(ticket, "participants"), 0), "name")),
	    "Ann \"A\" Lee");
	json_decref(o);
	/* a direct holder's */
	view.owner = (struct event_owner){ NULL, "big-corp", "Big Corp" };
	assert_int_equal(event_ticket(&b, &view), VG_OK);
	o = parsed(&b);
	assert_true(json_is_null(json_object_get(o, "partner")));
	assert_string_equal(json_string_value(json_object_get(json_object_get(o, "holder"), "id")), "big-corp");
	json_decref(o);
	/* and a bound is kept */
	buf_init(&b, 100);
	assert_int_equal(event_head(&b, &e), VG_ERR_LIMIT);
	buf_free(&b);
}

static void
the_message_is_the_parser_s_and_ours(void **state)
{
	char facts[] = "{\"authentication\":{\"result\":\"authenticated\"},\"trace\":[]}", broken[] = "broken";
	static char odd[][80] = { "{\"authentication\":{\"a\":{\"b\":\"}\\\"{\"},\"c\":[1,2]},\"trace\":[]}",
		"{\"authentication\":{\"a\":\"open", "{\"authentication\":{}}", "{\"trace\":[],\"authentication\":null}", "{}" };
	struct store_message m = { .ulid = "01ARZ3NDEKTSV4RRFFQ69G5FAV", .cls = CLASS_CONTACT, .role = PART_CONTACT,
		.sender = ann, .rule = rule, .reason = nothing, .text = nothing, .facts = facts };
	struct buf b;
	json_t *o;

	(void)state;
	buf_init(&b, 10000);
	assert_int_equal(event_message(&b, "{\"subject\":\"x\"}\n ", 17, &m, "[]"), VG_OK);
	o = parsed(&b);
	assert_string_equal(json_string_value(json_object_get(o, "subject")), "x");
	assert_string_equal(json_string_value(json_object_get(json_object_get(o, "verdict"), "rule")), "V11");
	assert_string_equal(json_string_value(json_object_get(
	    json_object_get(json_object_get(o, "sender"), "authentication"), "result")), "authenticated");
	json_decref(o);
	/* whatever the gate's text looks like, the event stays JSON */
	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		m.facts = odd[i];
		assert_int_equal(event_message(&b, "{\"subject\":\"x\"}", 15, &m, "[]"), VG_OK);
		o = parsed(&b);
		assert_string_equal(json_string_value(json_object_get(json_object_get(json_object_get(json_object_get(o, "sender"),
		    "authentication"), "a"), "b")) == NULL ? "none" : "some", i == 0 ? "some" : "none");
		json_decref(o);
	}
	m.facts = broken;
	assert_int_equal(event_message(&b, "{\"subject\":\"x\"}", 15, &m, "[]"), VG_OK);
	json_decref(parsed(&b));
	assert_int_equal(event_message(&b, "[1]", 3, &m, "[]"), VG_ERR_SYNTAX);
	assert_int_equal(event_message(&b, "", 0, &m, "[]"), VG_ERR_SYNTAX);
}

static void
routes_follow_p3(void **state)
{
	static const struct registry_partner two = { .products = { "vbr", "vbo" }, .n_products = 2 };
	static const struct registry_partner one = { .products = { "vbr" }, .n_products = 1 };
	static const struct registry_partner none = { .n_products = 0 };
	static const struct registry_partner own = { .products = { "House Product", "vbr" }, .n_products = 2 };
	static const struct {
		const char *intake, *product;
		const struct registry_partner *partner;
		const char *route;
		bool outside;
	} cases[] = {
		{ "", "Veeam Backup & Replication", &two, "vbr", false },
		{ "urgent", "Veeam Backup & Replication", &two, "urgent", false },
		{ "urgent", "Veeam ONE", &two, "urgent", true },
		{ "", "VBR", &two, "vbr", false },
		{ "", "Veeam ONE", &two, "default", true },
		{ "", "Veeam ONE", &one, "vbr", true },
		{ "", NULL, &one, "vbr", false },
		{ "", "", &two, "default", false },
		{ NULL, NULL, &none, "default", false },
		{ "", "Veeam ONE", &none, "default", false },
		{ "", "house product", &own, "House Product", false },
		{ "", "Veeam Backup & Replication", NULL, "direct", false },
		{ "urgent", NULL, NULL, "urgent", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		bool outside;

		assert_string_equal(route_choose(cases[i].intake, cases[i].product, cases[i].partner, &outside), cases[i].route);
		assert_int_equal(outside, cases[i].outside);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_string_is_json),
		cmocka_unit_test(an_event_has_the_contract_s_shape),
		cmocka_unit_test(the_message_is_the_parser_s_and_ours),
		cmocka_unit_test(routes_follow_p3),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
