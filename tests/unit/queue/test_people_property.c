/*
 * T1-T10 as properties: seeded random mails, commands, removals, suspensions and moves in the registry by contacts, agents,
 * customers and strangers. What must hold is said here from the raw history, in other words than people.c has it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "commands.h"
#include "people.h"

/* ---- the world: who is who in truth ---- */

enum truth { A_CONTACT, A_DOMAIN, A_CUSTOMER, B_CONTACT, B_DOMAIN, B_CUSTOMER, AB_CUSTOMER, STRANGER, HOLDER,
	HOLDER_OF_A, AGENT, OURS, MACHINE };

static const struct {
	const char *address;
	enum truth truth;
} start[] = {
	{ "ann@a.example", A_CONTACT }, { "ben@a.example", A_CONTACT }, { "cem@a.example", A_DOMAIN },
	{ "bob@cust.example", A_CUSTOMER }, { "eva@cust.example", A_CUSTOMER }, { "joe@b.example", B_CONTACT },
	{ "kim@b.example", B_DOMAIN }, { "lea@other.example", B_CUSTOMER }, { "max@both.example", AB_CUSTOMER },
	{ "ned@new.example", STRANGER }, { "ola@new.example", STRANGER }, { "pia@direct.example", HOLDER },
	{ "quin@direct.example", HOLDER_OF_A }, { "rob@vendor.example", AGENT }, { "sue@vendor.example", AGENT },
	{ "case@support.example", OURS }, { "users-list@cust.example", MACHINE }, { "noreply@cust.example", MACHINE },
};
#define PEOPLE (sizeof(start) / sizeof(start[0]))
#define MESSAGES 64u
#define NOBODY PEOPLE

struct sent {
	unsigned from;
	enum participant_role role;
	bool proved, automatic, note, open;
	bool to[PEOPLE], cc[PEOPLE], to_covered, cc_covered;
	unsigned answers; /* MESSAGES: none */
	/* what the implementation made of it */
	struct people_stored stored;
	const char *audience[PEOPLE];
	/* what must be */
	bool restricted, heard[PEOPLE];
	bool contact_had; /* the smarthost took a contact's copy */
};

struct world {
	uint64_t random;
	enum truth truth[PEOPLE];
	bool active;
	struct people_member members[PEOPLE];
	struct sent m[MESSAGES];
	unsigned n;
	unsigned severity;
	bool closed;
	/* history: is somebody there by right? */
	bool invited[PEOPLE], gone[PEOPLE], wanted[PEOPLE];
	unsigned copies, joins, removals, customer_copies;
};

static unsigned
dice(struct world *w, unsigned n)
{
	w->random ^= w->random << 13;
	w->random ^= w->random >> 7;
	w->random ^= w->random << 17;
	return (unsigned)(w->random >> 20) % n;
}

static struct people_class
registry(const struct world *w, unsigned i)
{
	static const enum sender_class classes[] = { [A_CONTACT] = CLASS_CONTACT, [A_DOMAIN] = CLASS_PARTNER_DOMAIN,
		[A_CUSTOMER] = CLASS_CUSTOMER, [B_CONTACT] = CLASS_CONTACT, [B_DOMAIN] = CLASS_PARTNER_DOMAIN,
		[B_CUSTOMER] = CLASS_CUSTOMER, [AB_CUSTOMER] = CLASS_CUSTOMER, [STRANGER] = CLASS_UNKNOWN, [HOLDER] = CLASS_DIRECT,
		[HOLDER_OF_A] = CLASS_DIRECT, [AGENT] = CLASS_AGENT, [OURS] = CLASS_UNKNOWN, [MACHINE] = CLASS_UNKNOWN };
	enum truth t = w->truth[i];

	return (struct people_class){ .cls = classes[t],
		.partner = t == A_CONTACT || t == A_DOMAIN ? "a" : t == B_CONTACT || t == B_DOMAIN ? "b" : "",
		.holder = t == HOLDER || t == HOLDER_OF_A ? "h" : "",
		.customer_here = t == A_CUSTOMER || t == AB_CUSTOMER || t == HOLDER_OF_A,
		.customer_elsewhere = t == B_CUSTOMER || t == AB_CUSTOMER, .ours = t == OURS };
}

static struct people_ticket
ticket(const struct world *w)
{
	return (struct people_ticket){ .partner = "a", .holder = "", .partner_active = w->active, .members = w->members,
		.n = PEOPLE };
}

/* ---- what must hold, in other words ---- */

/* Of another partner's world, ours, or no person: may never take part. */
static bool
must_stay_out(enum truth t)
{
	return t == B_CONTACT || t == B_DOMAIN || t == B_CUSTOMER || t == HOLDER || t == OURS || t == MACHINE;
}

static void
check_members(const struct world *w)
{
	for (unsigned i = 0; i < PEOPLE; i++) {
		const struct people_member *p = &w->members[i];

		if (!p->in)
			continue;
		if (p->role == PART_CUSTOMER || p->role == PART_OBSERVER)
			assert_true(w->invited[i]);
		/* rights never grow: whoever was no contact or agent when they came is none now */
		if (p->role == PART_AGENT)
			assert_int_equal(start[i].truth, AGENT);
		if (p->role == PART_CONTACT)
			assert_int_equal(start[i].truth, A_CONTACT);
		if (p->role == PART_OBSERVER)
			assert_int_equal(start[i].truth, A_DOMAIN);
	}
}

/* Nobody sees what their audience did not hold. */
static void
check_sight(const struct world *w)
{
	for (unsigned k = 0; k < w->n; k++)
		for (unsigned i = 0; i < PEOPLE; i++) {
			const struct sent *m = &w->m[k];
			const struct people_member *p = &w->members[i];

			if (!people_may_see(p, &m->stored))
				continue;
			assert_true(p->in);
			if (p->role == PART_CUSTOMER)
				assert_true(m->heard[i] && !m->restricted);
			if (p->role == PART_OBSERVER)
				assert_false(m->restricted);
			if (p->role == PART_CONTACT)
				assert_int_not_equal(m->stored.visibility, PEOPLE_INTERNAL);
		}
}

/* What follows from the mail for the history: who was invited, by the letter of T1 and T7. */
static void
note_history(struct world *w, const struct sent *m)
{
	bool us = false;

	if (m->role != PART_CONTACT || !m->proved || m->automatic || !w->active)
		return;
	for (unsigned i = 0; i < PEOPLE; i++)
		us |= w->truth[i] == OURS && ((m->to[i] && m->to_covered) || (m->cc[i] && m->cc_covered));
	for (unsigned i = 0; i < PEOPLE && us; i++)
		if (((m->to[i] && m->to_covered) || (m->cc[i] && m->cc_covered)) && !w->gone[i])
			w->invited[i] = true;
}

/* T9 by the letter. */
static void
note_heard(const struct world *w, struct sent *m)
{
	const struct sent *before = m->answers < MESSAGES ? &w->m[m->answers] : NULL;
	bool side = m->role == PART_CONTACT || m->role == PART_AGENT;

	m->restricted = (side && m->note) || (m->role == PART_AGENT && before != NULL && before->restricted && !m->open);
	for (unsigned i = 0; i < PEOPLE; i++) {
		bool named = (m->to[i] && m->to_covered) || (m->cc[i] && m->cc_covered);

		m->heard[i] = m->from == i || (side && m->proved && named) ||
		    (m->role == PART_AGENT && before != NULL && before->heard[i]);
	}
}

static void
check_copy(const struct world *w, const struct sent *m, unsigned to)
{
	enum participant_role role = w->members[to].role;

	assert_true(w->members[to].in);
	assert_false(must_stay_out(w->truth[to]));
	if (role == PART_CUSTOMER) {
		assert_true(m->contact_had); /* T3 */
		assert_true(m->heard[to] && !m->restricted);
		assert_true(w->invited[to]);
	}
	if (role != PART_AGENT)
		assert_true(w->active); /* T10 */
	if (role == PART_CONTACT)
		assert_int_equal(w->truth[to], A_CONTACT);
	if (role == PART_AGENT)
		assert_int_equal(w->truth[to], AGENT);
}

/* ---- the system: what the queue does with the answers ---- */

static void
apply(struct world *w, unsigned who, struct people_change c)
{
	struct people_member *p = &w->members[who];

	switch (c.what) {
	case PEOPLE_JOIN:
		assert_false(must_stay_out(w->truth[who]));
		p->in = true;
		p->role = c.role;
		p->removed = p->asked = false;
		w->joins++;
		break;
	case PEOPLE_ASK:
		p->asked = true;
		break;
	case PEOPLE_LEAVE:
		p->removed |= p->in;
		p->in = p->asked = false;
		w->removals++;
		break;
	default:
		break;
	}
}

static unsigned
lists(const struct world *w, const struct sent *m, struct people_named *out)
{
	unsigned n = 0;

	for (unsigned i = 0; i < PEOPLE; i++) {
		if (m->to[i])
			out[n++] = (struct people_named){ w->members[i].address, PEOPLE_TO, registry(w, i) };
		if (m->cc[i])
			out[n++] = (struct people_named){ w->members[i].address, PEOPLE_CC, registry(w, i) };
	}
	return n;
}

static unsigned
who_is(const struct world *w, const char *address)
{
	unsigned i = 0;

	while (i < PEOPLE && strcmp(w->members[i].address, address) != 0)
		i++;
	assert_true(i < PEOPLE);
	return i;
}

static void
command(struct world *w, const struct people_message *view, const struct sent *m)
{
	static const char *const names[] = { "customer.add", "customer.confirm", "customer.remove", "severity", "close" };
	unsigned what = dice(w, 5), who = dice(w, PEOPLE);
	bool by_contact = m->role == PART_CONTACT && m->proved && !m->automatic;
	bool by_agent = m->role == PART_AGENT && m->proved && !m->automatic;
	json_t *list = json_pack("[{s:s,s:s}]", "name", names[what], "argument",
	    what < 3 ? w->members[who].address : what == 3 ? "1" : "");
	static struct command_plan plan;

	commands_plan(&plan, list, "", m->role, m->proved && !m->automatic);
	json_decref(list);
	if (what == 0 && by_agent)
		w->wanted[who] = true;
	if ((what == 0 && by_contact) || (what == 1 && by_contact && w->wanted[who])) {
		w->invited[who] = true;
		w->gone[who] = w->wanted[who] = false;
	}
	if (plan.n_customers > 0) {
		struct people_ticket t = ticket(w);
		struct people_class c = registry(w, who);
		struct people_change change = people_command(&t, view, plan.customers[0].what, plan.customers[0].address, &c);

		if (change.what == PEOPLE_LEAVE) {
			w->gone[who] |= w->members[who].in;
			w->invited[who] = w->wanted[who] = false;
		}
		apply(w, who, change);
	}
	/* T7: the removal of a customer by a contact or an agent always works */
	if (what == 2 && (by_contact || by_agent) && w->members[who].role == PART_CUSTOMER)
		assert_false(w->members[who].in);
	if (plan.severity > 0 || plan.close)
		assert_true(by_contact || by_agent);
	w->severity = plan.severity > 0 ? plan.severity : w->severity;
	w->closed |= plan.close;
}

/* The smarthost takes copies in any order, some of them. */
static void
send_copies(struct world *w, struct sent *m)
{
	struct people_ticket t = ticket(w);

	for (unsigned tries = 0; tries < 12; tries++) {
		unsigned to = dice(w, PEOPLE);
		struct people_class now = registry(w, to);
		enum people_cause cause;

		if (people_may_send(&t, &w->members[to], &m->stored, &now, m->contact_had, &cause) != PEOPLE_SEND || dice(w, 8) == 0)
			continue;
		check_copy(w, m, to);
		w->copies++;
		w->customer_copies += w->members[to].role == PART_CUSTOMER;
		if (w->members[to].role == PART_CONTACT)
			m->contact_had = true;
	}
}

/* Under which role the gate lets somebody write; PART_NONE: refused or held. */
static enum participant_role
role_of(const struct world *w, unsigned i)
{
	switch (w->truth[i]) {
	case A_CONTACT:
		return w->active ? PART_CONTACT : PART_NONE;
	case AGENT:
		return PART_AGENT;
	case OURS:
	case MACHINE:
		return PART_NONE;
	case A_DOMAIN:
		return w->active && w->members[i].in ? w->members[i].role : PART_NONE;
	default:
		return w->members[i].in && w->members[i].role == PART_CUSTOMER ? PART_CUSTOMER : PART_NONE;
	}
}

static void
draw_mail(struct world *w, struct sent *m)
{
	m->proved = dice(w, 10) > 0;
	m->automatic = dice(w, 12) == 0;
	m->note = dice(w, 6) == 0;
	m->open = dice(w, 8) == 0;
	m->to_covered = dice(w, 4) > 0;
	m->cc_covered = dice(w, 4) > 0;
	m->answers = w->n > 0 && dice(w, 3) > 0 ? dice(w, w->n) : MESSAGES;
	for (unsigned i = 0; i < PEOPLE; i++) {
		unsigned odds = w->truth[i] == OURS ? 2 : 7;

		m->to[i] = dice(w, odds) == 0;
		m->cc[i] = dice(w, odds) == 0;
	}
}

static const char *
covers_of(const struct sent *m)
{
	return m->to_covered ? m->cc_covered ? "from:to:Cc" : "from:To" : m->cc_covered ? "from:cc:subject" : "from:subject";
}

static void
mail(struct world *w)
{
	struct people_named named[2 * PEOPLE];
	struct sent *m = &w->m[w->n];
	struct people_member before[PEOPLE];
	unsigned severity = w->severity;
	bool closed = w->closed;
	struct people_ticket t = ticket(w);
	struct people_message view;

	memset(m, 0, sizeof(*m));
	m->from = dice(w, PEOPLE);
	if ((m->role = role_of(w, m->from)) == PART_NONE)
		return;
	draw_mail(w, m);
	memcpy(before, w->members, sizeof(before));
	view = (struct people_message){ .sender = w->members[m->from].address, .role = m->role, .authenticated = m->proved,
		.automatic = m->automatic, .covers = covers_of(m), .named = named, .n = lists(w, m, named), .note = m->note,
		.open = m->open };
	if (m->answers < MESSAGES)
		view.answers = (struct people_answered){ true, w->m[m->answers].stored.visibility, w->m[m->answers].audience,
			w->m[m->answers].stored.n };
	note_history(w, m);
	if (!w->members[m->from].in && m->role != PART_CUSTOMER)
		apply(w, m->from, (struct people_change){ .what = PEOPLE_JOIN, .role = m->role });
	for (unsigned i = 0; i < view.n; i++)
		apply(w, who_is(w, named[i].address), people_named(&t, &view, &named[i]));
	if (dice(w, 2) == 0)
		command(w, &view, m);
	note_heard(w, m);
	m->stored = (struct people_stored){ .visibility = people_visibility(&view), .audience = m->audience };
	for (unsigned i = 0; i < PEOPLE; i++)
		if (people_hears(&view, &w->members[i]))
			m->audience[m->stored.n++] = w->members[i].address;
	w->n++;
	/* T6: whoever is no contact and no agent changes nothing at all */
	if (m->role == PART_CUSTOMER || m->role == PART_OBSERVER) {
		assert_memory_equal(before, w->members, sizeof(before));
		assert_int_equal(severity, w->severity);
		assert_int_equal(closed, w->closed);
	}
	send_copies(w, m);
}

/* The registry changes under way: a contact leaves, a customer goes to another partner, a membership is suspended. */
static void
move(struct world *w)
{
	unsigned who = dice(w, PEOPLE);

	if (dice(w, 3) == 0) {
		w->active = !w->active;
		return;
	}
	if (start[who].truth == A_CONTACT)
		w->truth[who] = w->truth[who] == A_CONTACT ? STRANGER : A_CONTACT;
	else if (start[who].truth == A_CUSTOMER || start[who].truth == STRANGER)
		w->truth[who] = w->truth[who] == start[who].truth ? (dice(w, 2) ? B_CUSTOMER : B_CONTACT) : start[who].truth;
}

static void
world_new(struct world *w, uint64_t seed)
{
	memset(w, 0, sizeof(*w));
	w->random = seed * 0x9e3779b97f4a7c15u + 1;
	w->active = true;
	w->severity = 3;
	for (unsigned i = 0; i < PEOPLE; i++) {
		w->truth[i] = start[i].truth;
		w->members[i] = (struct people_member){ .address = start[i].address, .role = PART_NONE };
	}
	apply(w, 0, (struct people_change){ .what = PEOPLE_JOIN, .role = PART_CONTACT });
}

static void
run(struct world *w, uint64_t seed)
{
	world_new(w, seed);
	for (unsigned step = 0; step < 120 && w->n < MESSAGES; step++) {
		if (dice(w, 10) == 0)
			move(w);
		else
			mail(w);
		if (w->n > 0)
			send_copies(w, &w->m[dice(w, w->n)]);
		check_members(w);
		check_sight(w);
	}
}

static void
no_sequence_breaks_the_rules(void **state)
{
	static const uint64_t fixed[] = { 1, 7, 1964, 20261124, 0xfeedbeef };
	static struct world w;
	unsigned copies = 0, joins = 0, removals = 0, customers = 0;

	(void)state;
	for (unsigned i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++)
		run(&w, fixed[i]);
	for (uint64_t seed = 100; seed < 3100; seed++) {
		run(&w, seed);
		copies += w.copies;
		joins += w.joins;
		removals += w.removals;
		customers += w.customer_copies;
	}
	/* the generator must have tried all of it */
	print_message("copies %u, joins %u, removals %u, customers' copies %u\n", copies, joins, removals, customers);
	assert_true(copies > 10000 && joins > 5000 && removals > 300 && customers > 1000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(no_sequence_breaks_the_rules) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
