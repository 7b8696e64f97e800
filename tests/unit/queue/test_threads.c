/*
 * Three-way threads through the queue process: who is brought in and out, who hears what, what is told and audited.
 */
#include "queue_fixture.h"

#include "facts.h"
#include "queue_people.h"

#define US "[{\"name\":\"\",\"address\":\"support@support.example\"}]"
#define BOB "[{\"name\":\"Bob\",\"address\":\"bob@customer.example\"}]"

static void
quiet(struct queue_test *t)
{
	t->to = US;
	t->fields = t->cc = t->commands = t->in_reply_to = t->text = NULL;
}

static uint64_t
opened(struct queue_test *t, const char *cc)
{
	struct commit c = commit_of(MAIL);
	uint64_t ticket;

	quiet(t);
	t->cc = cc;
	t->sender = NULL;
	c.message_id = "opening@partner.example";
	ticket = commit(t, &c).ticket;
	WAIT_FOR(t, stat_of(t, "unparsed") == 0);
	quiet(t);
	return ticket;
}

/* Somebody's message on the ticket: its object as the backend gets it. */
static json_t *
writes(struct queue_test *t, uint64_t ticket, enum participant_role role, const char *sender, const char *message_id)
{
	struct commit c = commit_of(MAIL);
	json_t *body, *items, *last;
	char args[128];

	c.action = COMMIT_APPEND;
	c.rule = "V10";
	c.ticket = ticket;
	c.role = (uint8_t)role;
	c.cls = role == PART_AGENT ? CLASS_AGENT : role == PART_CUSTOMER ? CLASS_CUSTOMER : CLASS_CONTACT;
	c.partner = role == PART_CONTACT ? "acme-msp" : "";
	c.sender = c.sender_shown = sender;
	c.message_id = message_id;
	t->sender = sender;
	assert_int_equal(commit(t, &c).err, 0);
	WAIT_FOR(t, stat_of(t, "unparsed") == 0);
	quiet(t);
	snprintf(args, sizeof(args), "{\"params\":{\"n\":\"%llu\"},\"query\":{\"limit\":\"200\"}}", (unsigned long long)ticket);
	body = call(t, "tickets.messages", args, 200);
	items = json_object_get(body, "items");
	last = json_incref(json_array_get(items, json_array_size(items) - 1));
	json_decref(body);
	return last;
}

static bool
hears(json_t *message, const char *address)
{
	json_t *one;
	size_t i;

	json_array_foreach(json_object_get(message, "audience"), i, one)
		if (strcmp(json_string_value(one), address) == 0)
			return true;
	return false;
}

static bool
has_problem(json_t *message, const char *code)
{
	json_t *one;
	size_t i;

	json_array_foreach(json_object_get(message, "problems"), i, one)
		if (strcmp(text(one, "code", NULL), code) == 0)
			return true;
	return false;
}

static json_t *
ticket_of(struct queue_test *t, uint64_t ticket)
{
	char args[64];

	snprintf(args, sizeof(args), "{\"params\":{\"n\":\"%llu\"}}", (unsigned long long)ticket);
	return call(t, "tickets.show", args, 200);
}

static bool
takes_part(struct queue_test *t, uint64_t ticket, const char *address, const char *role)
{
	json_t *o = ticket_of(t, ticket), *one;
	bool found = false;
	size_t i;

	json_array_foreach(json_object_get(o, "participants"), i, one)
		found |= strcmp(text(one, "address", NULL), address) == 0 && strcmp(text(one, "role", NULL), role) == 0;
	json_decref(o);
	return found;
}

static void
a_removed_customer_comes_back_by_command_only(void **state)
{
	struct queue_test *t = *state;
	uint64_t n = opened(t, BOB);
	json_t *m;

	assert_true(takes_part(t, n, "bob@customer.example", "customer"));
	m = ticket_of(t, n); /* T8: also by which message */
	assert_int_equal(strlen(text(json_array_get(json_object_get(m, "participants"), 1), "added_with", NULL)), ULID_LEN);
	json_decref(m);
	assert_int_equal(rows_of(t, "SELECT count(*) FROM audit WHERE what = 'participant.added' AND rule = 'T1'"
	    " AND text = 'bob@customer.example' AND sender = 'ann@partner.example'"), 1);
	t->commands = "[{\"name\":\"customer.remove\",\"argument\":\"bob@customer.example\"}]";
	m = writes(t, n, PART_AGENT, "l2@vendor.example", "");
	assert_false(hears(m, "bob@customer.example"));
	json_decref(m);
	assert_false(takes_part(t, n, "bob@customer.example", "customer"));
	assert_int_equal(rows_of(t, "SELECT count(*) FROM participant WHERE removed_by = 'l2@vendor.example' AND removed_at > 0"), 1);
	assert_int_equal(rows_of(t, "SELECT count(*) FROM event WHERE kind = 'participant.removed'"), 1);
	/* T7: neither a mail of theirs that the gate had let in nor a Cc brings back */
	json_decref(writes(t, n, PART_CUSTOMER, "bob@customer.example", ""));
	assert_false(takes_part(t, n, "bob@customer.example", "customer"));
	t->cc = BOB;
	m = writes(t, n, PART_CONTACT, "ann@partner.example", "");
	assert_true(has_problem(m, "participant.not-added"));
	assert_false(hears(m, "bob@customer.example"));
	json_decref(m);
	assert_int_equal(rows_of(t, "SELECT count(*) FROM audit WHERE what = 'participant.refused' AND rule = 'T7' AND reason = 'removed'"), 1);
	t->commands = "[{\"name\":\"customer.add\",\"argument\":\"Bob@Customer.example\"}]";
	json_decref(writes(t, n, PART_CONTACT, "ann@partner.example", ""));
	assert_true(takes_part(t, n, "bob@customer.example", "customer"));
}

static void
an_agent_asks_and_a_contact_confirms(void **state)
{
	struct queue_test *t = *state;
	uint64_t n = opened(t, NULL);
	json_t *m;

	t->commands = "[{\"name\":\"customer.confirm\",\"argument\":\"bob@customer.example\"}]";
	m = writes(t, n, PART_CONTACT, "ann@partner.example", "");
	assert_true(has_problem(m, "command.refused"));
	json_decref(m);
	t->commands = "[{\"name\":\"customer.add\",\"argument\":\"bob@customer.example\"}]";
	m = writes(t, n, PART_AGENT, "l2@vendor.example", "");
	assert_true(has_problem(m, "participant.asked"));
	json_decref(m);
	assert_false(takes_part(t, n, "bob@customer.example", "customer"));
	m = ticket_of(t, n);
	assert_string_equal(text(json_array_get(json_object_get(m, "asked"), 0), "address", NULL), "bob@customer.example");
	json_decref(m);
	assert_int_equal(rows_of(t, "SELECT count(*) FROM participant_asked WHERE asked_by = 'l2@vendor.example'"), 1);
	t->commands = "[{\"name\":\"customer.confirm\",\"argument\":\"bob@customer.example\"}]";
	json_decref(writes(t, n, PART_CONTACT, "ann@partner.example", ""));
	assert_true(takes_part(t, n, "bob@customer.example", "customer"));
	assert_int_equal(rows_of(t, "SELECT count(*) FROM participant_asked"), 0);
}

static void
nobody_comes_by_an_uncovered_field_or_from_elsewhere(void **state)
{
	static const char *const others[] = { "[{\"name\":\"\",\"address\":\"kim@other.example\"}]",
		"[{\"name\":\"\",\"address\":\"x@big.example\"}]", "[{\"name\":\"\",\"address\":\"l2@vendor.example\"}]",
		"[{\"name\":\"\",\"address\":\"noreply@customer.example\"}]" };
	struct queue_test *t = *state;
	uint64_t n = opened(t, NULL);
	json_t *m;

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		t->cc = others[i];
		m = writes(t, n, PART_CONTACT, "ann@partner.example", "");
		assert_true(has_problem(m, "participant.not-added"));
		json_decref(m);
	}
	assert_int_equal(rows_of(t, "SELECT count(DISTINCT reason) FROM audit WHERE what = 'participant.refused' AND rule = 'T2'"), 4);
	/* our being in Bcc brings nobody in */
	t->to = "[]";
	t->cc = BOB;
	json_decref(writes(t, n, PART_CONTACT, "ann@partner.example", ""));
	assert_int_equal(rows_of(t, "SELECT count(*) FROM audit WHERE reason = 'without-us' AND rule = 'T1'"), 1);
	assert_int_equal(rows_of(t, "SELECT count(*) FROM participant WHERE role IN (2, 3)"), 0);
}

static void
many_addresses_are_cut_and_told(void **state)
{
	struct queue_test *t = *state;
	uint64_t n = opened(t, NULL);
	json_t *list = json_array(), *m;
	char *cc, address[64];

	for (unsigned i = 0; i < 120; i++) {
		snprintf(address, sizeof(address), "p%u@customer.example", i);
		json_array_append_new(list, json_pack("{s:s,s:s}", "name", "", "address", address));
	}
	t->cc = cc = json_dumps(list, JSON_COMPACT);
	m = writes(t, n, PART_CONTACT, "ann@partner.example", "");
	assert_true(has_problem(m, "participant.too-many"));
	assert_true(hears(m, "p48@customer.example") && !hears(m, "p49@customer.example")); /* one place is ours */
	json_decref(m);
	/* the same again: the first ones take part, nobody else comes; then the ticket's own bound */
	t->cc = cc;
	json_decref(writes(t, n, PART_CONTACT, "ann@partner.example", ""));
	for (unsigned i = 0; i < 60; i++)
		json_array_remove(list, 0);
	free(cc);
	t->cc = cc = json_dumps(list, JSON_COMPACT);
	json_decref(writes(t, n, PART_CONTACT, "ann@partner.example", ""));
	json_array_clear(list);
	json_array_append_new(list, json_pack("{s:s,s:s}", "name", "", "address", "late1@customer.example"));
	json_array_append_new(list, json_pack("{s:s,s:s}", "name", "", "address", "late2@customer.example"));
	free(cc);
	t->cc = cc = json_dumps(list, JSON_COMPACT);
	m = writes(t, n, PART_CONTACT, "ann@partner.example", "");
	assert_true(has_problem(m, "participant.not-added"));
	assert_true(hears(m, "late1@customer.example") && !hears(m, "late2@customer.example"));
	json_decref(m);
	assert_int_equal(rows_of(t, "SELECT count(*) FROM audit WHERE reason = 'full'"), 1);
	assert_int_equal(rows_of(t, "SELECT count(*) FROM participant"), 100);
	json_decref(list);
	free(cc);
}

static void
notes_and_answers_stay_where_they_belong(void **state)
{
	struct queue_test *t = *state;
	uint64_t n = opened(t, BOB);
	json_t *m;

	t->cc = BOB;
	t->commands = "[{\"name\":\"note\",\"argument\":\"\"}]";
	m = writes(t, n, PART_CONTACT, "ann@partner.example", "note@partner.example");
	assert_string_equal(text(m, "visibility", NULL), "partner");
	assert_true(hears(m, "ann@partner.example") && !hears(m, "bob@customer.example"));
	json_decref(m);
	/* the agent's answer to it stays with the partner, to the opening it reaches the customer */
	t->in_reply_to = "[\"note@partner.example\"]";
	m = writes(t, n, PART_AGENT, "l2@vendor.example", "");
	assert_string_equal(text(m, "visibility", NULL), "partner");
	assert_false(hears(m, "bob@customer.example"));
	json_decref(m);
	t->in_reply_to = "[\"opening@partner.example\"]";
	m = writes(t, n, PART_AGENT, "l2@vendor.example", "");
	assert_string_equal(text(m, "visibility", NULL), "public");
	assert_true(hears(m, "bob@customer.example"));
	json_decref(m);
	t->commands = "[{\"name\":\"note\",\"argument\":\"\"}]";
	m = writes(t, n, PART_AGENT, "l2@vendor.example", "");
	assert_string_equal(text(m, "visibility", NULL), "internal");
	assert_int_equal(json_array_size(json_object_get(m, "audience")), 0);
	json_decref(m);
	/* without the customer in To or Cc a contact's words are not for them */
	m = writes(t, n, PART_CONTACT, "ann@partner.example", "");
	assert_false(hears(m, "bob@customer.example"));
	json_decref(m);
	assert_int_equal(rows_of(t, "SELECT count(*) FROM message WHERE visibility = 1"), 2);
	assert_int_equal(rows_of(t, "SELECT count(*) FROM message WHERE visibility = 2"), 1);
}

static void
fields_of_later_mails_count(void **state)
{
	struct queue_test *t = *state;
	uint64_t n = opened(t, NULL);
	json_t *o;

	t->fields = "{\"severity\":2,\"reference\":\"ACME-9\"}";
	json_decref(writes(t, n, PART_CONTACT, "ann@partner.example", ""));
	o = ticket_of(t, n);
	assert_int_equal(json_integer_value(json_object_get(o, "severity")), 2);
	assert_string_equal(text(o, "reference", NULL), "ACME-9");
	json_decref(o);
	assert_int_equal(rows_of(t, "SELECT count(*) FROM event WHERE head LIKE '%\"changed\":[\"severity\",\"reference\"]%'"), 1);
	t->fields = "{\"severity\":3,\"reference\":\"L2-1\"}";
	json_decref(writes(t, n, PART_AGENT, "l2@vendor.example", ""));
	o = ticket_of(t, n);
	assert_int_equal(json_integer_value(json_object_get(o, "severity")), 3);
	assert_string_equal(text(o, "reference", NULL), "ACME-9");
	json_decref(o);
}

static void
contacts_command_and_customers_do_not(void **state)
{
	static const char all[] = "[{\"name\":\"severity\",\"argument\":\"1\"},{\"name\":\"close\",\"argument\":\"\"},"
	    "{\"name\":\"customer.add\",\"argument\":\"eve@customer.example\"}]";
	struct queue_test *t = *state;
	uint64_t n = opened(t, BOB);
	json_t *m, *o;

	t->commands = all;
	t->fields = "{\"severity\":1,\"reference\":\"EVIL-1\"}";
	t->cc = "[{\"name\":\"\",\"address\":\"eve@customer.example\"}]";
	m = writes(t, n, PART_CUSTOMER, "bob@customer.example", "");
	assert_true(has_problem(m, "thread.partner-dropped")); /* T4 */
	assert_false(has_problem(m, "command.refused"));
	assert_true(hears(m, "bob@customer.example") && hears(m, "ann@partner.example") && !hears(m, "eve@customer.example"));
	json_decref(m);
	o = ticket_of(t, n);
	assert_int_equal(json_integer_value(json_object_get(o, "severity")), 3);
	assert_string_equal(text(o, "status", NULL), "open");
	assert_string_equal(text(o, "reference", NULL), "(none)");
	json_decref(o);
	assert_false(takes_part(t, n, "eve@customer.example", "customer"));

	t->commands = all;
	t->text = "#escalate\n#case-admin eve@customer.example\n";
	m = writes(t, n, PART_CONTACT, "ann@partner.example", "");
	assert_true(has_problem(m, "command.unknown") && has_problem(m, "command.case-admin"));
	json_decref(m);
	o = ticket_of(t, n);
	assert_int_equal(json_integer_value(json_object_get(o, "severity")), 1);
	assert_string_equal(text(o, "status", NULL), "closed");
	json_decref(o);
	assert_true(takes_part(t, n, "eve@customer.example", "customer"));
	assert_int_equal(rows_of(t, "SELECT count(*) FROM event WHERE kind = 'ticket.closed'"), 1);
	/* a customer's message does not reopen it, the partner is told */
	m = writes(t, n, PART_CUSTOMER, "bob@customer.example", "");
	assert_true(has_problem(m, "thread.closed"));
	json_decref(m);
	o = ticket_of(t, n);
	assert_string_equal(text(o, "status", NULL), "closed");
	json_decref(o);
}

/* What the gate is told of a sender whose mail answers this Message-ID. */
static struct facts_thread
thread_of(struct queue_test *t, const char *sender, const char *message_id, bool *found)
{
	struct facts_ask ask = { .sender = sender, .author_domain = strchr(sender, '@') + 1, .message_id = "" };
	struct facts_thread out = { .ticket = 0 };
	struct facts f;
	size_t pos = 0;
	uint32_t n = 0;
	struct buf mids;

	settle_down(t);
	buf_init(&mids, 1000);
	assert_int_equal(wlist_add_str(&mids, &n, message_id), VG_OK);
	ask.mids = wlist_of(&mids, n);
	assert_int_equal(facts_find(&f, queue_now(t)->store, queue_now(t)->registry, &ask), VG_OK);
	*found = wlist_next(&f.say.threads, &pos, &wire_facts_thread, &out) == 1;
	out.partner = out.holder = "";
	facts_free(&f);
	buf_free(&mids);
	return out;
}

static void
the_gate_hears_of_audiences(void **state)
{
	struct queue_test *t = *state;
	uint64_t n = opened(t, BOB);
	struct facts_thread got;
	bool found;

	t->commands = "[{\"name\":\"note\",\"argument\":\"\"}]";
	json_decref(writes(t, n, PART_CONTACT, "ann@partner.example", "note@partner.example"));
	got = thread_of(t, "bob@customer.example", "opening@partner.example", &found);
	assert_true(found && got.in_audience && got.role == PART_CUSTOMER);
	got = thread_of(t, "bob@customer.example", "note@partner.example", &found);
	assert_true(found && !got.in_audience);
	got = thread_of(t, "ann@partner.example", "note@partner.example", &found);
	assert_true(found && got.in_audience && got.role == PART_CONTACT);
}

static void
an_operator_removes_and_merges(void **state)
{
	struct queue_test *t = *state;
	uint64_t first = opened(t, BOB), second;
	struct commit c = commit_of(MAIL);
	struct facts_thread got;
	char args[256];
	json_t *o;
	bool found;

	second = commit(t, &c).ticket;
	WAIT_FOR(t, stat_of(t, "unparsed") == 0);
	snprintf(args, sizeof(args), "{\"params\":{\"n\":\"%llu\",\"address\":\"ann@partner.example\"}}", (unsigned long long)first);
	json_decref(call(t, "tickets.remove-participant", args, 409));
	snprintf(args, sizeof(args), "{\"params\":{\"n\":\"%llu\",\"address\":\"Bob@customer.example\"}}", (unsigned long long)first);
	json_decref(call(t, "tickets.remove-participant", args, 200));
	json_decref(call(t, "tickets.remove-participant", args, 404));
	assert_false(takes_part(t, first, "bob@customer.example", "customer"));
	assert_int_equal(rows_of(t, "SELECT count(*) FROM participant WHERE removed_by = 'tester'"), 1);
	assert_int_equal(rows_of(t, "SELECT count(*) FROM event WHERE kind = 'participant.removed'"), 1);

	snprintf(args, sizeof(args), "{\"params\":{\"n\":\"%llu\"},\"body\":{\"into\":%llu}}", (unsigned long long)first,
	    (unsigned long long)first);
	json_decref(call(t, "tickets.merge", args, 409));
	snprintf(args, sizeof(args), "{\"params\":{\"n\":\"%llu\"},\"body\":{\"into\":9999}}", (unsigned long long)first);
	json_decref(call(t, "tickets.merge", args, 422));
	snprintf(args, sizeof(args), "{\"params\":{\"n\":\"%llu\"},\"body\":{\"into\":%llu}}", (unsigned long long)first,
	    (unsigned long long)second);
	o = call(t, "tickets.merge", args, 200);
	assert_int_equal(json_integer_value(json_object_get(o, "merged_into")), second);
	assert_string_equal(text(o, "status", NULL), "closed");
	json_decref(o);
	json_decref(call(t, "tickets.merge", args, 409));
	/* an answer to the old one goes to the new one */
	got = thread_of(t, "ann@partner.example", "opening@partner.example", &found);
	assert_true(found);
	assert_int_equal(got.ticket, second);
	/* also one that the gate had sent to the old one just before; a customer's stays behind */
	json_decref(writes(t, first, PART_CUSTOMER, "bob@customer.example", ""));
	assert_int_equal(rows_of(t, "SELECT count(*) FROM message WHERE sender = 'bob@customer.example' AND ticket = 1001"), 1);
	o = writes(t, first, PART_CONTACT, "joe@freelance.example", "late@partner.example");
	json_decref(o);
	assert_int_equal(rows_of(t, "SELECT count(*) FROM message WHERE message_id = 'late@partner.example' AND ticket = 1002"), 1);
	assert_true(takes_part(t, second, "joe@freelance.example", "contact"));
	t->sender = NULL;
	/* and a direct holder's ticket goes nowhere */
	c = commit_of(MAIL);
	c.partner = "";
	c.holder = "big-corp-inc";
	c.role = PART_HOLDER;
	c.cls = CLASS_DIRECT;
	snprintf(args, sizeof(args), "{\"params\":{\"n\":\"%llu\"},\"body\":{\"into\":%llu}}", (unsigned long long)second,
	    (unsigned long long)commit(t, &c).ticket);
	WAIT_FOR(t, stat_of(t, "unparsed") == 0);
	json_decref(call(t, "tickets.merge", args, 409));
}

static void
copies_leave_by_the_registry_of_the_moment(void **state)
{
	struct queue_test *t = *state;
	uint64_t n = opened(t, BOB);
	struct queue *q = queue_now(t);
	enum people_cause cause;
	enum people_send send;
	struct fixture f = { .who = { .actor = "test", .now_ms = 1764000000000 } };
	const char *why;
	int64_t id = rows_of(t, "SELECT max(id) FROM message");

	settle_down(t);
#define ASK(address, had) \
	assert_int_equal(queue_people_may_send(q->store, q->registry, t->ctx.conf, n, id, address, had, &send, &cause), VG_OK)
	ASK("ann@partner.example", false);
	assert_int_equal(send, PEOPLE_SEND);
	ASK("bob@customer.example", false);
	assert_int_equal(send, PEOPLE_WAIT);
	ASK("bob@customer.example", true);
	assert_int_equal(send, PEOPLE_SEND);
	ASK("eve@customer.example", true);
	assert_int_equal(send, PEOPLE_NEVER);
	assert_int_equal(cause, PEOPLE_NOT_THERE);
	/* a suspension counts at once */
	assert_int_equal(registry_open(&f.r, t->dir, true, &why), VG_OK);
	assert_int_equal(put(&f, REG_PARTNER, REG_SET, "{\"id\":\"acme-msp\",\"status\":\"suspended\"}", NULL), VG_OK);
	registry_close(&f.r);
	ASK("bob@customer.example", true);
	assert_int_equal(send, PEOPLE_NEVER);
	assert_int_equal(cause, PEOPLE_INACTIVE);
	ASK("ann@partner.example", true);
	assert_int_equal(send, PEOPLE_NEVER);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_removed_customer_comes_back_by_command_only, queue_setup, queue_teardown),
		cmocka_unit_test_setup_teardown(an_agent_asks_and_a_contact_confirms, queue_setup, queue_teardown),
		cmocka_unit_test_setup_teardown(nobody_comes_by_an_uncovered_field_or_from_elsewhere, queue_setup, queue_teardown),
		cmocka_unit_test_setup_teardown(many_addresses_are_cut_and_told, queue_setup, queue_teardown),
		cmocka_unit_test_setup_teardown(notes_and_answers_stay_where_they_belong, queue_setup, queue_teardown),
		cmocka_unit_test_setup_teardown(fields_of_later_mails_count, queue_setup, queue_teardown),
		cmocka_unit_test_setup_teardown(contacts_command_and_customers_do_not, queue_setup, queue_teardown),
		cmocka_unit_test_setup_teardown(the_gate_hears_of_audiences, queue_setup, queue_teardown),
		cmocka_unit_test_setup_teardown(copies_leave_by_the_registry_of_the_moment, queue_setup, queue_teardown),
		cmocka_unit_test_setup_teardown(an_operator_removes_and_merges, queue_setup, queue_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
