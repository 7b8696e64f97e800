/*
 * POLICY T1-T10 in tables: one line a case, the cause named.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "people.h"

/* Rows of the tables below leave out what is false. */
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"

#define CONTACT { .cls = CLASS_CONTACT, .partner = "a", .holder = "" }
#define PERSON { .cls = CLASS_PARTNER_DOMAIN, .partner = "a", .holder = "" }
#define LISTED { .cls = CLASS_CUSTOMER, .partner = "", .holder = "", .customer_here = true }
#define STRANGER { .cls = CLASS_UNKNOWN, .partner = "", .holder = "" }
#define US { .cls = CLASS_UNKNOWN, .partner = "", .holder = "", .ours = true }

static const struct people_member members[] = {
	{ "ann@a.example", PART_CONTACT, .in = true },
	{ "bob@cust.example", PART_CUSTOMER, .in = true },
	{ "old@cust.example", PART_CUSTOMER, .removed = true },
	{ "asked@cust.example", PART_CUSTOMER, .asked = true },
	{ "cem@a.example", PART_OBSERVER, .in = true },
	{ "rob@vendor.example", PART_AGENT, .in = true },
	{ "again@cust.example", PART_CUSTOMER, .removed = true, .asked = true },
};
static const struct people_ticket ticket = { .partner = "a", .holder = "", .partner_active = true, .members = members,
	.n = sizeof(members) / sizeof(members[0]) };

static void
fields_are_covered_by_whole_names(void **state)
{
	(void)state;
	assert_true(people_covers("*", "cc"));
	assert_true(people_covers("from:To:subject", "to"));
	assert_true(people_covers("cc", "Cc"));
	assert_false(people_covers("from:subject", "to"));
	assert_false(people_covers("from:reply-to", "to"));
	assert_false(people_covers("tox", "to"));
	assert_false(people_covers("", "to"));
	assert_false(people_covers("all", "to"));
}

struct named_case {
	const char *address;
	struct people_class who;
	enum participant_role sender;
	const char *covers;
	enum people_what what;
	enum participant_role role;
	enum people_cause cause;
	bool without_us, unproved, automatic, suspended;
};

static void
who_is_brought_in_by_to_and_cc(void **state)
{
	static const struct named_case cases[] = {
		{ "new@cust.example", LISTED, PART_CONTACT, "*", PEOPLE_JOIN, PART_CUSTOMER, PEOPLE_FINE },
		{ "ned@new.example", STRANGER, PART_CONTACT, "from:to:cc", PEOPLE_JOIN, PART_CUSTOMER, PEOPLE_FINE },
		{ "asked@cust.example", LISTED, PART_CONTACT, "*", PEOPLE_JOIN, PART_CUSTOMER, PEOPLE_FINE },
		{ "bob@cust.example", LISTED, PART_CONTACT, "*", PEOPLE_NOTHING, PART_NONE, PEOPLE_FINE },
		{ "ben@a.example", CONTACT, PART_CONTACT, "", PEOPLE_JOIN, PART_CONTACT, PEOPLE_FINE },
		{ "dan@a.example", PERSON, PART_CONTACT, "*", PEOPLE_JOIN, PART_OBSERVER, PEOPLE_FINE },
		{ "dan@a.example", { CLASS_PARTNER_DOMAIN, "a", "", .as_contact = true }, PART_CONTACT, "*", PEOPLE_JOIN, PART_CONTACT },
		{ "case@support.example", US, PART_CONTACT, "*", PEOPLE_NOTHING, PART_NONE, PEOPLE_FINE },
		/* T1: by whom, and how */
		{ "new@cust.example", LISTED, PART_CONTACT, "from:to", PEOPLE_REFUSE, PART_NONE, PEOPLE_NOT_COVERED },
		{ "new@cust.example", LISTED, PART_CONTACT, "from:cc", PEOPLE_REFUSE, PART_NONE, PEOPLE_WITHOUT_US },
		{ "new@cust.example", LISTED, PART_CONTACT, "*", PEOPLE_REFUSE, PART_NONE, PEOPLE_WITHOUT_US, .without_us = true },
		{ "new@cust.example", LISTED, PART_CONTACT, "*", PEOPLE_NOTHING, PART_NONE, PEOPLE_FINE, .unproved = true },
		{ "new@cust.example", LISTED, PART_CONTACT, "*", PEOPLE_NOTHING, PART_NONE, PEOPLE_FINE, .automatic = true },
		{ "new@cust.example", LISTED, PART_AGENT, "*", PEOPLE_REFUSE, PART_NONE, PEOPLE_NOT_CONTACT },
		{ "dan@a.example", PERSON, PART_AGENT, "*", PEOPLE_REFUSE, PART_NONE, PEOPLE_NOT_CONTACT },
		{ "new@cust.example", LISTED, PART_CONTACT, "*", PEOPLE_REFUSE, PART_NONE, PEOPLE_INACTIVE, .suspended = true },
		{ "new@cust.example", LISTED, PART_CUSTOMER, "*", PEOPLE_NOTHING, PART_NONE, PEOPLE_FINE },
		{ "ben@a.example", CONTACT, PART_CUSTOMER, "*", PEOPLE_NOTHING, PART_NONE, PEOPLE_FINE },
		{ "new@cust.example", LISTED, PART_OBSERVER, "*", PEOPLE_NOTHING, PART_NONE, PEOPLE_FINE },
		/* T2 */
		{ "joe@b.example", { CLASS_CONTACT, "b", "" }, PART_CONTACT, "*", PEOPLE_REFUSE, PART_NONE, PEOPLE_OTHER_PARTNER },
		{ "kim@b.example", { CLASS_PARTNER_DOMAIN, "b", "" }, PART_CONTACT, "*", PEOPLE_REFUSE, PART_NONE, PEOPLE_OTHER_PARTNER },
		{ "lea@other.example", { CLASS_CUSTOMER, "", "", .customer_elsewhere = true }, PART_CONTACT, "*", PEOPLE_REFUSE,
		    PART_NONE, PEOPLE_OTHER_CUSTOMER },
		{ "max@both.example", { CLASS_CUSTOMER, "", "", .customer_here = true, .customer_elsewhere = true }, PART_CONTACT, "*",
		    PEOPLE_JOIN, PART_CUSTOMER, PEOPLE_FINE },
		{ "rob2@vendor.example", { CLASS_AGENT, "", "" }, PART_CONTACT, "*", PEOPLE_REFUSE, PART_NONE, PEOPLE_AGENT },
		{ "pia@direct.example", { CLASS_DIRECT, "", "h" }, PART_CONTACT, "*", PEOPLE_REFUSE, PART_NONE, PEOPLE_DIRECT },
		{ "quin@direct.example", { CLASS_DIRECT, "", "h", .customer_here = true }, PART_CONTACT, "*", PEOPLE_JOIN, PART_CUSTOMER,
		    PEOPLE_FINE },
		{ "noreply@cust.example", LISTED, PART_CONTACT, "*", PEOPLE_REFUSE, PART_NONE, PEOPLE_NO_REPLY },
		{ "do-not-reply+x@cust.example", LISTED, PART_CONTACT, "*", PEOPLE_REFUSE, PART_NONE, PEOPLE_NO_REPLY },
		{ "mailer-daemon@cust.example", LISTED, PART_CONTACT, "*", PEOPLE_REFUSE, PART_NONE, PEOPLE_NO_REPLY },
		{ "noreplyton@cust.example", LISTED, PART_CONTACT, "*", PEOPLE_JOIN, PART_CUSTOMER, PEOPLE_FINE },
		{ "admins-list@cust.example", LISTED, PART_CONTACT, "*", PEOPLE_REFUSE, PART_NONE, PEOPLE_LIST },
		{ "owner-x@cust.example", LISTED, PART_CONTACT, "*", PEOPLE_REFUSE, PART_NONE, PEOPLE_LIST },
		{ "x@lists.cust.example", LISTED, PART_CONTACT, "*", PEOPLE_REFUSE, PART_NONE, PEOPLE_LIST },
		{ "listing@cust.example", LISTED, PART_CONTACT, "*", PEOPLE_JOIN, PART_CUSTOMER, PEOPLE_FINE },
		/* T7 */
		{ "old@cust.example", LISTED, PART_CONTACT, "*", PEOPLE_REFUSE, PART_NONE, PEOPLE_REMOVED },
		{ "again@cust.example", LISTED, PART_CONTACT, "*", PEOPLE_REFUSE, PART_NONE, PEOPLE_REMOVED },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct named_case *c = &cases[i];
		struct people_named named[2] = { { c->address, PEOPLE_CC, c->who }, { "case@support.example", PEOPLE_TO, US } };
		struct people_message m = { .sender = "ann@a.example", .role = c->sender, .authenticated = !c->unproved,
			.automatic = c->automatic, .covers = c->covers, .named = named, .n = c->without_us ? 1 : 2 };
		struct people_ticket t = ticket;
		struct people_change got;

		t.partner_active = !c->suspended;
		got = people_named(&t, &m, &named[0]);
		if (got.what != c->what || got.cause != c->cause || (got.what == PEOPLE_JOIN && got.role != c->role))
			fail_msg("case %zu, %s: %d %s", i, c->address, got.what, people_cause_word(got.cause));
	}
}

static void
direct_tickets_have_no_customers(void **state)
{
	struct people_named named[2] = { { "new@cust.example", PEOPLE_CC, LISTED }, { "case@support.example", PEOPLE_TO, US } };
	struct people_message m = { .sender = "x@direct.example", .role = PART_CONTACT, .authenticated = true, .covers = "*",
		.named = named, .n = 2 };
	struct people_ticket t = { .partner = "", .holder = "h" };

	(void)state;
	assert_int_equal(people_named(&t, &m, &named[0]).cause, PEOPLE_NO_PARTNER);
}

static void
commands_about_customers(void **state)
{
	static const struct {
		const char *address;
		struct people_class who;
		enum participant_role sender;
		enum people_command command;
		enum people_what what;
		enum people_cause cause;
		bool unproved;
	} cases[] = {
		{ "new@cust.example", LISTED, PART_CONTACT, PEOPLE_ADD, PEOPLE_JOIN, PEOPLE_FINE, false },
		{ "old@cust.example", LISTED, PART_CONTACT, PEOPLE_ADD, PEOPLE_JOIN, PEOPLE_FINE, false },
		{ "new@cust.example", LISTED, PART_AGENT, PEOPLE_ADD, PEOPLE_ASK, PEOPLE_FINE, false },
		{ "old@cust.example", LISTED, PART_AGENT, PEOPLE_ADD, PEOPLE_ASK, PEOPLE_FINE, false },
		{ "asked@cust.example", LISTED, PART_AGENT, PEOPLE_ADD, PEOPLE_NOTHING, PEOPLE_FINE, false },
		{ "asked@cust.example", LISTED, PART_CONTACT, PEOPLE_CONFIRM, PEOPLE_JOIN, PEOPLE_FINE, false },
		{ "again@cust.example", LISTED, PART_CONTACT, PEOPLE_CONFIRM, PEOPLE_JOIN, PEOPLE_FINE, false },
		{ "asked@cust.example", LISTED, PART_AGENT, PEOPLE_CONFIRM, PEOPLE_REFUSE, PEOPLE_NOT_CONTACT, false },
		{ "new@cust.example", LISTED, PART_CONTACT, PEOPLE_CONFIRM, PEOPLE_REFUSE, PEOPLE_NOT_ASKED, false },
		{ "bob@cust.example", LISTED, PART_CONTACT, PEOPLE_REMOVE, PEOPLE_LEAVE, PEOPLE_FINE, false },
		{ "bob@cust.example", LISTED, PART_AGENT, PEOPLE_REMOVE, PEOPLE_LEAVE, PEOPLE_FINE, false },
		{ "asked@cust.example", LISTED, PART_CONTACT, PEOPLE_REMOVE, PEOPLE_LEAVE, PEOPLE_FINE, false },
		{ "cem@a.example", PERSON, PART_CONTACT, PEOPLE_REMOVE, PEOPLE_LEAVE, PEOPLE_FINE, false },
		{ "ann@a.example", CONTACT, PART_CONTACT, PEOPLE_REMOVE, PEOPLE_REFUSE, PEOPLE_NOT_THERE, false },
		{ "nobody@cust.example", LISTED, PART_CONTACT, PEOPLE_REMOVE, PEOPLE_REFUSE, PEOPLE_NOT_THERE, false },
		{ "joe@b.example", { .cls = CLASS_CONTACT, .partner = "b", .holder = "" }, PART_CONTACT, PEOPLE_ADD, PEOPLE_REFUSE,
		    PEOPLE_OTHER_PARTNER, false },
		{ "case@support.example", US, PART_CONTACT, PEOPLE_ADD, PEOPLE_REFUSE, PEOPLE_OURS, false },
		/* T6, and whoever proved nothing */
		{ "new@cust.example", LISTED, PART_CUSTOMER, PEOPLE_ADD, PEOPLE_REFUSE, PEOPLE_NOT_ALLOWED, false },
		{ "bob@cust.example", LISTED, PART_CUSTOMER, PEOPLE_REMOVE, PEOPLE_REFUSE, PEOPLE_NOT_ALLOWED, false },
		{ "new@cust.example", LISTED, PART_OBSERVER, PEOPLE_ADD, PEOPLE_REFUSE, PEOPLE_NOT_ALLOWED, false },
		{ "new@cust.example", LISTED, PART_CONTACT, PEOPLE_ADD, PEOPLE_REFUSE, PEOPLE_NOT_ALLOWED, true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct people_message m = { .sender = "s", .role = cases[i].sender, .authenticated = !cases[i].unproved, .covers = "*" };
		struct people_change got = people_command(&ticket, &m, cases[i].command, cases[i].address, &cases[i].who);

		if (got.what != cases[i].what || got.cause != cases[i].cause)
			fail_msg("case %zu, %s: %d %s", i, cases[i].address, got.what, people_cause_word(got.cause));
	}
}

static const char *const held_bob[] = { "ann@a.example", "bob@cust.example" };
static const char *const held_ann[] = { "ann@a.example" };

/* hears: one letter a member who is listed: a ann, b bob, c cem. */
static void
audience_and_visibility(void **state)
{
	static const struct {
		enum participant_role sender;
		const char *from, *named;
		bool note, open;
		struct people_answered answers;
		enum people_visibility visibility;
		const char *hears;
	} cases[] = {
		{ PART_CONTACT, "ann@a.example", "bob@cust.example", false, false, { .known = false }, PEOPLE_PUBLIC, "abc" },
		{ PART_CONTACT, "ann@a.example", "", false, false, { .known = false }, PEOPLE_PUBLIC, "ac" },
		{ PART_CONTACT, "ann@a.example", "bob@cust.example", true, false, { .known = false }, PEOPLE_PARTNER, "a" },
		{ PART_CONTACT, "ann@a.example", "bob@cust.example", true, true, { .known = false }, PEOPLE_PARTNER, "a" },
		/* a contact's answer reaches a customer only by To or Cc */
		{ PART_CONTACT, "ann@a.example", "", false, false, { true, PEOPLE_PUBLIC, held_bob, 2 }, PEOPLE_PUBLIC, "ac" },
		{ PART_CUSTOMER, "bob@cust.example", "", false, false, { .known = false }, PEOPLE_PUBLIC, "abc" },
		{ PART_CUSTOMER, "new@cust.example", "bob@cust.example", false, false, { .known = false }, PEOPLE_PUBLIC, "ac" },
		{ PART_CUSTOMER, "new@cust.example", "", true, false, { .known = false }, PEOPLE_PUBLIC, "ac" },
		{ PART_AGENT, "rob@vendor.example", "", false, false, { true, PEOPLE_PUBLIC, held_bob, 2 }, PEOPLE_PUBLIC, "abc" },
		{ PART_AGENT, "rob@vendor.example", "", false, false, { true, PEOPLE_PUBLIC, held_ann, 1 }, PEOPLE_PUBLIC, "ac" },
		{ PART_AGENT, "rob@vendor.example", "bob@cust.example", false, false, { true, PEOPLE_PUBLIC, held_ann, 1 },
		    PEOPLE_PUBLIC, "abc" },
		{ PART_AGENT, "rob@vendor.example", "", false, false, { .known = false }, PEOPLE_PUBLIC, "ac" },
		{ PART_AGENT, "rob@vendor.example", "bob@cust.example", true, false, { true, PEOPLE_PUBLIC, held_bob, 2 },
		    PEOPLE_INTERNAL, "" },
		{ PART_AGENT, "rob@vendor.example", "bob@cust.example", false, false, { true, PEOPLE_INTERNAL, NULL, 0 },
		    PEOPLE_INTERNAL, "" },
		{ PART_AGENT, "rob@vendor.example", "", false, true, { true, PEOPLE_INTERNAL, NULL, 0 }, PEOPLE_PUBLIC, "ac" },
		{ PART_AGENT, "rob@vendor.example", "bob@cust.example", false, false, { true, PEOPLE_PARTNER, held_ann, 1 },
		    PEOPLE_PARTNER, "a" },
		{ PART_OBSERVER, "cem@a.example", "bob@cust.example", false, false, { .known = false }, PEOPLE_PUBLIC, "ac" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct people_named named = { cases[i].named, PEOPLE_CC, LISTED };
		struct people_message m = { .sender = cases[i].from, .role = cases[i].sender, .authenticated = true, .covers = "from:cc",
			.named = &named, .n = *cases[i].named != '\0', .note = cases[i].note, .open = cases[i].open, .answers = cases[i].answers };
		char hears[8] = "";

		assert_int_equal(people_visibility(&m), cases[i].visibility);
		for (size_t k = 0; k < ticket.n; k++)
			if (people_hears(&m, &members[k]))
				strncat(hears, members[k].address, 1);
		if (strlen(hears) != strlen(cases[i].hears) || strspn(hears, cases[i].hears) != strlen(hears))
			fail_msg("case %zu: heard by %s", i, hears);
		m.covers = "from:to";
		if (cases[i].sender == PART_CONTACT)
			assert_false(people_hears(&m, &members[1]));
	}
}

static void
a_customer_who_dropped_the_partner_is_noted(void **state)
{
	struct people_named named[2] = { { "case@support.example", PEOPLE_TO, US }, { "ben@a.example", PEOPLE_CC, CONTACT } };
	struct people_message m = { .sender = "bob@cust.example", .role = PART_CUSTOMER, .authenticated = true, .covers = "*",
		.named = named, .n = 2 };

	(void)state;
	assert_false(people_dropped_partner(&ticket, &m));
	m.n = 1;
	assert_true(people_dropped_partner(&ticket, &m));
	m.role = PART_CONTACT;
	assert_false(people_dropped_partner(&ticket, &m));
}

static void
what_a_reader_may_see(void **state)
{
	static const struct {
		enum people_visibility visibility;
		bool with_bob;
		const char *seen; /* a ann, b bob, r rob */
	} cases[] = { { PEOPLE_PUBLIC, true, "abr" }, { PEOPLE_PUBLIC, false, "ar" }, { PEOPLE_PARTNER, true, "ar" },
		{ PEOPLE_INTERNAL, true, "r" } };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct people_stored m = { cases[i].visibility, held_bob, cases[i].with_bob ? 2 : 1 };

		for (size_t k = 0; k < ticket.n; k++)
			assert_int_equal(people_may_see(&members[k], &m),
			    members[k].in && strchr(cases[i].seen, members[k].address[0]) != NULL);
	}
}

static void
when_a_copy_may_leave(void **state)
{
	static const struct {
		size_t to;
		struct people_class now;
		bool contact_had, suspended;
		enum people_send send;
		enum people_cause cause;
	} cases[] = {
		{ 0, CONTACT, false, false, PEOPLE_SEND, PEOPLE_FINE },
		{ 1, LISTED, false, false, PEOPLE_WAIT, PEOPLE_FINE },
		{ 1, LISTED, true, false, PEOPLE_SEND, PEOPLE_FINE },
		{ 1, LISTED, true, true, PEOPLE_NEVER, PEOPLE_INACTIVE },
		{ 0, CONTACT, false, true, PEOPLE_NEVER, PEOPLE_INACTIVE },
		{ 0, STRANGER, false, false, PEOPLE_NEVER, PEOPLE_INACTIVE },
		{ 0, { .cls = CLASS_CONTACT, .partner = "b", .holder = "" }, false, false, PEOPLE_NEVER, PEOPLE_INACTIVE },
		{ 1, { .cls = CLASS_CONTACT, .partner = "b", .holder = "" }, true, false, PEOPLE_NEVER, PEOPLE_OTHER_PARTNER },
		{ 1, { .cls = CLASS_AGENT, .partner = "", .holder = "" }, true, false, PEOPLE_NEVER, PEOPLE_AGENT },
		{ 1, { .cls = CLASS_CUSTOMER, .partner = "", .holder = "", .customer_elsewhere = true }, true, false, PEOPLE_NEVER,
		    PEOPLE_OTHER_CUSTOMER },
		{ 2, LISTED, true, false, PEOPLE_NEVER, PEOPLE_REMOVED },
		{ 3, LISTED, true, false, PEOPLE_NEVER, PEOPLE_NOT_THERE },
		{ 4, PERSON, true, false, PEOPLE_NEVER, PEOPLE_NOT_AUDIENCE },
		{ 5, { .cls = CLASS_AGENT, .partner = "", .holder = "" }, false, true, PEOPLE_SEND, PEOPLE_FINE },
		{ 5, STRANGER, false, false, PEOPLE_NEVER, PEOPLE_INACTIVE },
	};
	struct people_stored m = { PEOPLE_PUBLIC, held_bob, 2 };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct people_ticket t = ticket;
		enum people_cause cause;
		enum people_send got;

		t.partner_active = !cases[i].suspended;
		got = people_may_send(&t, &members[cases[i].to], &m, &cases[i].now, cases[i].contact_had, &cause);
		if (got != cases[i].send || cause != cases[i].cause)
			fail_msg("case %zu: %d %s", i, got, people_cause_word(cause));
	}
	m.visibility = PEOPLE_PARTNER;
	{
		struct people_class now = LISTED;
		enum people_cause cause;

		assert_int_equal(people_may_send(&ticket, &members[1], &m, &now, true, &cause), PEOPLE_NEVER);
		assert_int_equal(cause, PEOPLE_NOT_AUDIENCE);
	}
}

static void
every_cause_has_word_and_rule(void **state)
{
	(void)state;
	for (int i = PEOPLE_FINE + 1; i < PEOPLE_CAUSES; i++) {
		assert_true(*people_cause_word((enum people_cause)i) != '\0');
		assert_int_equal(*people_cause_rule((enum people_cause)i), 'T');
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fields_are_covered_by_whole_names),
		cmocka_unit_test(who_is_brought_in_by_to_and_cc),
		cmocka_unit_test(direct_tickets_have_no_customers),
		cmocka_unit_test(commands_about_customers),
		cmocka_unit_test(audience_and_visibility),
		cmocka_unit_test(a_customer_who_dropped_the_partner_is_noted),
		cmocka_unit_test(what_a_reader_may_see),
		cmocka_unit_test(when_a_copy_may_leave),
		cmocka_unit_test(every_cause_has_word_and_rule),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
