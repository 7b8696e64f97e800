/*
 * test_letters.c - who gets which letter because of a message, what it notes; what becomes of a copy after a try.
 */
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "err.h"
#include "letter_notes.h"
#include "letters.h"
#include "outbox_plan.h"

#define ANN "ann@partner.example"
#define JOE "joe@partner.example"
#define BOB "bob@customer.example"
#define LEE "lee@support.example"

#define P(a, r, ...) { .address = a, .role = r, .hears = true, __VA_ARGS__ }
enum { ACK = LETTER_ACK, RELAY = LETTER_RELAY, REPLY = LETTER_REPLY, JOINED = LETTER_JOINED };

static const struct {
	const char *what;
	struct letters_message m;
	struct letters_person people[4];
	int want[4]; /* letter for each, 0 none */
	bool contact_had;
} cases[] = {
	{ "a contact opens alone", { ANN, PART_CONTACT, .opens = true }, { P(ANN, PART_CONTACT, .joined = true) }, { ACK }, true },
	{ "a contact opens and brings people in", { ANN, PART_CONTACT, .opens = true },
	    { P(ANN, PART_CONTACT, .joined = true), P(BOB, PART_CUSTOMER, .joined = true, .had = true), P(JOE, PART_OBSERVER, .joined = true, .had = true) },
	    { ACK, JOINED, JOINED }, true },
	{ "a direct holder opens", { ANN, PART_HOLDER, .opens = true }, { P(ANN, PART_HOLDER, .joined = true) }, { ACK }, true },
	{ "a contact answers to all", { ANN, PART_CONTACT, .opens = false }, { P(ANN, PART_CONTACT), P(BOB, PART_CUSTOMER, .had = true), P(JOE, PART_CONTACT) },
	    { 0, 0, RELAY }, true },
	{ "a customer drops the partner", { BOB, PART_CUSTOMER, .opens = false }, { P(ANN, PART_CONTACT), P(BOB, PART_CUSTOMER), P(JOE, PART_CONTACT) },
	    { RELAY, 0, RELAY }, false },
	{ "a customer answers to one contact", { BOB, PART_CUSTOMER, .opens = false }, { P(ANN, PART_CONTACT, .had = true), P(BOB, PART_CUSTOMER), P(JOE, PART_CONTACT) },
	    { 0, 0, RELAY }, true },
	{ "whoever does not hear it gets nothing", { ANN, PART_CONTACT, .opens = false }, { P(ANN, PART_CONTACT), { .address = BOB, .role = PART_CUSTOMER } },
	    { 0, 0 }, true },
	{ "L2 answers by mail to the case", { LEE, PART_AGENT, .opens = false }, { P(ANN, PART_CONTACT), P(BOB, PART_CUSTOMER), P(LEE, PART_AGENT) },
	    { REPLY, REPLY, 0 }, false },
	{ "L2 answers with the contact in Cc", { LEE, PART_AGENT, .opens = false }, { P(ANN, PART_CONTACT, .had = true), P(BOB, PART_CUSTOMER) }, { 0, REPLY }, true },
	{ "L2 answers through the API: To and Cc are ours", { LEE, PART_AGENT, .by_us = true }, { P(ANN, PART_CONTACT, .had = true) }, { REPLY }, false },
	{ "L2 names somebody new", { LEE, PART_AGENT, .opens = false }, { P(JOE, PART_CONTACT, .joined = true) }, { REPLY }, false },
	{ "an internal note", { LEE, PART_AGENT, .visibility = PEOPLE_INTERNAL }, { P(ANN, PART_CONTACT), P(BOB, PART_CUSTOMER) }, { 0, 0 }, false },
	{ "an automatic answer", { ANN, PART_CONTACT, .automatic = true }, { P(ANN, PART_CONTACT), P(JOE, PART_CONTACT) }, { 0, 0 }, true },
	{ "an automatic opening", { ANN, PART_CONTACT, .opens = true, .automatic = true }, { P(ANN, PART_CONTACT) }, { 0 }, true },
};

static void
letters_go_to(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct letter_to out[LETTERS_MAX];
		int got[4] = { 0 };
		size_t n = 0, k;

		while (n < 4 && cases[i].people[n].address)
			n++;
		k = letters_plan(out, &cases[i].m, cases[i].people, n);
		for (size_t j = 0; j < k; j++) {
			assert_int_equal(got[out[j].person], 0);
			got[out[j].person] = (int)out[j].kind;
		}
		for (size_t j = 0; j < n; j++)
			if (got[j] != cases[i].want[j])
				fail_msg("%s: %s gets %d instead of %d", cases[i].what, cases[i].people[j].address, got[j], cases[i].want[j]);
		assert_int_equal(letters_contact_had(&cases[i].m, cases[i].people, n), cases[i].contact_had);
	}
}

#define GROUP "l2@desk.example"
#define BILLS "bills@desk.example"

static void
agents_are_told(void **state)
{
	static const struct letters_list lists[] = { { "any", GROUP, false }, { "billing", BILLS, false }, { "any", LEE, false },
		{ "default", GROUP, false } };
	static const struct letters_list named[] = { { "any", GROUP, true }, { "any", LEE, false } };
	static const struct {
		const char *what;
		struct letters_message m;
		const char *route;
		bool stands; /* the group in To or Cc */
		const char *want[3];
	} rows[] = {
		{ "a contact opens", { ANN, PART_CONTACT, .opens = true }, "default", false, { GROUP, LEE } },
		{ "the route decides", { ANN, PART_CONTACT, .opens = true }, "billing", false, { GROUP, BILLS, LEE } },
		{ "a customer writes", { BOB, PART_CUSTOMER, .opens = false }, "x", false, { GROUP, LEE } },
		{ "an agent's note, not to them", { LEE, PART_AGENT, .visibility = PEOPLE_INTERNAL }, "x", false, { GROUP } },
		{ "an agent who had the group in Cc", { LEE, PART_AGENT, .opens = false }, "x", true, { NULL } },
		{ "through the API nobody had it", { LEE, PART_AGENT, .by_us = true }, "x", true, { GROUP } },
		{ "a customer keeps nothing from L2", { BOB, PART_CUSTOMER, .opens = false }, "x", true, { GROUP, LEE } },
		{ "automatic mail that was let in", { ANN, PART_CONTACT, .opens = true, .automatic = true }, "x", false, { GROUP, LEE } },
		{ "an out-of-office", { ANN, PART_CONTACT, .automatic = true, .quiet = true }, "x", false, { NULL } },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct letters_list *all = rows[i].stands ? named : lists;
		size_t out[LETTERS_MAX], n = 0;
		size_t k = letters_agents(out, &rows[i].m, rows[i].route, all, rows[i].stands ? 2 : 4);

		while (n < 3 && rows[i].want[n] != NULL)
			n++;
		if (k != n)
			fail_msg("%s: %zu letters instead of %zu", rows[i].what, k, n);
		for (size_t j = 0; j < k; j++)
			assert_string_equal(all[out[j]].address, rows[i].want[j]);
	}
}

static void
an_agents_address_stays_here(void **state)
{
	static const struct {
		const char *in, *out;
	} rows[] = {
		{ "", "" },
		{ "Write to lee@support.example.", "Write to L2." },
		{ LEE, "L2" },
		{ "<LEE@Support.Example>, mailto:" LEE "\n", "<L2>, mailto:L2\n" },
		{ LEE " " LEE, "L2 L2" },
		/* other addresses */
		{ "s" LEE " x." LEE " a+" LEE, "s" LEE " x." LEE " a+" LEE },
		{ LEE ".org " LEE "s " LEE "-x", LEE ".org " LEE "s " LEE "-x" },
		{ "lee@support.exampl", "lee@support.exampl" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct buf b;

		buf_init(&b, 200);
		assert_int_equal(letters_hide(&b, rows[i].in, LEE, "L2"), VG_OK);
		assert_string_equal(buf_str(&b), rows[i].out);
		buf_free(&b);
	}
}

static void
commands_are_not_read_out(void **state)
{
	(void)state;
	assert_string_equal(letters_behind_commands("#note\n\n#severity 1\nText\n#close\n"), "Text\n#close\n");
	assert_string_equal(letters_behind_commands("#close"), "");
	assert_string_equal(letters_behind_commands("#1 of 2\n"), "#1 of 2\n");
	assert_string_equal(letters_behind_commands(""), "");
}

static void
a_try_that_failed_is_made_again(void **state)
{
	struct deliver_done later = { .outcome = DELIVERY_LATER, .code = 451, .enhanced = "4.7.1", .text = "greylisted" };
	struct outbox_row r = { .state = OUTBOX_QUEUED, .created_at = 1000 };
	int64_t now = 1000, last = 0;

	(void)state;
	for (unsigned i = 1; r.state == OUTBOX_QUEUED; i++) {
		outbox_settle(&r, &later, now, i * 2654435761u);
		assert_int_equal(r.attempts, i);
		assert_int_equal(r.code, 451);
		if (i <= 8)
			assert_true(r.next_at - now > last);
		last = r.next_at - now;
		assert_in_range(last, 48000, 4 * 3600 * 1000 * 6 / 5);
		now = r.next_at;
		assert_true(i < 100);
	}
	/* five days, and some forty tries */
	assert_int_equal(r.state, OUTBOX_FAILED);
	assert_true(now - 1000 >= OUTBOX_GIVE_UP_MS);
	assert_in_range(r.attempts, 30, 60);
}

/* It says nothing about the letter, which keeps its place; five days count all the same. */
static void
no_smarthost_was_there(void **state)
{
	struct deliver_done away = { .outcome = DELIVERY_AWAY, .code = 421, .text = "come back later" };
	struct outbox_row r = { .state = OUTBOX_QUEUED, .created_at = 1000, .next_at = 1000 };

	(void)state;
	outbox_settle(&r, &away, 5000, 7);
	assert_int_equal(r.state, OUTBOX_QUEUED);
	assert_int_equal(r.next_at, 1000);
	assert_int_equal(r.attempts, 1);
	assert_int_equal(r.code, 0);
	outbox_settle(&r, &away, 1000 + OUTBOX_GIVE_UP_MS - 1, 7);
	assert_int_equal(r.state, OUTBOX_QUEUED);
	outbox_settle(&r, &away, 1000 + OUTBOX_GIVE_UP_MS, 7);
	assert_int_equal(r.state, OUTBOX_FAILED);
}

static void
all_wait_for_the_smarthost(void **state)
{
	struct outbox_away a = { .failures = 0 };
	int64_t now = 1000, pause = 0;

	(void)state;
	assert_int_equal(outbox_away_allows(&a, now), UINT_MAX);
	for (unsigned i = 1; i <= 10; i++) {
		assert_true(outbox_away_note(&a, now, i * 2654435761u));
		/* others that were under way come back: no reason for a longer pause */
		assert_false(outbox_away_note(&a, now + 5, 3));
		assert_int_equal(a.failures, i);
		if (i <= 5)
			assert_true(a.until - now > pause);
		pause = a.until - now;
		assert_in_range(pause, 8000, 360000);
		assert_int_equal(outbox_away_allows(&a, a.until - 1), 0);
		assert_int_equal(outbox_away_allows(&a, a.until), 1);
		now = a.until;
	}
	assert_true(pause >= 240000);
}

static void
what_the_smarthost_says_is_final(void **state)
{
	static const struct {
		struct deliver_done done;
		enum outbox_state state;
		bool hard;
	} words[] = {
		{ { .outcome = DELIVERY_SENT, .code = 250, .enhanced = "2.0.0", .text = "ok" }, OUTBOX_SENT, false },
		{ { .outcome = DELIVERY_LATER, .code = 0, .enhanced = "", .text = "no connection" }, OUTBOX_QUEUED, false },
		{ { .outcome = DELIVERY_LATER, .code = 450, .enhanced = "5.1.1", .text = "odd" }, OUTBOX_QUEUED, false },
		{ { .outcome = DELIVERY_REFUSED, .code = 550, .enhanced = "5.1.1", .text = "no such user" }, OUTBOX_FAILED, true },
		{ { .outcome = DELIVERY_REFUSED, .code = 550, .enhanced = "5.1.10", .text = "null MX" }, OUTBOX_FAILED, true },
		{ { .outcome = DELIVERY_REFUSED, .code = 552, .enhanced = "5.2.2", .text = "mailbox full" }, OUTBOX_FAILED, false },
		{ { .outcome = DELIVERY_REFUSED, .code = 554, .enhanced = "5.7.1", .text = "spam" }, OUTBOX_FAILED, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		struct outbox_row r = { .state = OUTBOX_QUEUED, .created_at = 1000 };

		outbox_settle(&r, &words[i].done, 2000, 7);
		assert_int_equal(r.state, words[i].state);
		assert_string_equal(r.answer, words[i].done.text);
		assert_int_equal(words[i].done.outcome == DELIVERY_REFUSED && outbox_hard(words[i].done.enhanced), words[i].hard);
	}
}

#define ASK(name) "We cannot open \"" name "\": it is encrypted. Please send it again together with its password (a line \"Password: ...\"), or " \
	"without encryption."

static void
notes_are_for_people(void **state)
{
	static const struct {
		const char *problems, *attachments;
		const char *want[7];
	} notes[] = {
		{ "[]", "[]", { NULL } },
		{ "[{\"code\":\"participant.ignored\",\"detail\":\"one\"},{\"code\":\"mime.boundary-missing\",\"detail\":\"no\"},"
		  "{\"code\":\"command.unknown\",\"detail\":\"two\"}]", "[]", { "one", "two" } },
		{ "[{\"code\":\"archive.volume-missing\",\"detail\":\"send l.r00\"}]", "[]", { "send l.r00" } },
		{ "[{\"code\":\"command.unknown\",\"detail\":\"two\"}]",
		  "[{\"name\":\"logs.zip\",\"kind\":\"log-archive\",\"problems\":[\"truncated\",\"encrypted\"]},"
		  "{\"name\":\"open.zip\",\"kind\":\"log-archive\",\"problems\":[\"truncated\"]},"
		  "{\"name\":\"b.7z\",\"kind\":\"archive\",\"problems\":[\"encrypted\"]}]", { "two", ASK("logs.zip"), ASK("b.7z") } },
		{ "[]", "[{\"name\":\"mail.asc\",\"kind\":\"other\",\"problems\":[\"encrypted\"]},{\"kind\":\"archive\"}]", { NULL } },
		{ "[]", "[{\"name\":\"1\",\"kind\":\"archive\",\"problems\":[\"encrypted\"]},{\"name\":\"2\",\"kind\":\"archive\",\"problems\":[\"encrypted\"]},"
		  "{\"name\":\"3\",\"kind\":\"archive\",\"problems\":[\"encrypted\"]},{\"name\":\"4\",\"kind\":\"archive\",\"problems\":[\"encrypted\"]},"
		  "{\"name\":\"5\",\"kind\":\"archive\",\"problems\":[\"encrypted\"]},{\"name\":\"6\",\"kind\":\"archive\",\"problems\":[\"encrypted\"]}]",
		  { ASK("1"), ASK("2"), ASK("3"), ASK("4"), ASK("5") } },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(notes) / sizeof(notes[0]); i++) {
		json_t *problems = json_loads(notes[i].problems, 0, NULL), *attachments = json_loads(notes[i].attachments, 0, NULL);
		json_t *got = letter_notes(problems, attachments);
		size_t n = 0;

		for (; notes[i].want[n] != NULL; n++)
			assert_string_equal(json_string_value(json_array_get(got, n)), notes[i].want[n]);
		assert_int_equal(json_array_size(got), n);
		json_decref(got);
		json_decref(attachments);
		json_decref(problems);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(letters_go_to),
		cmocka_unit_test(notes_are_for_people),
		cmocka_unit_test(agents_are_told),
		cmocka_unit_test(an_agents_address_stays_here),
		cmocka_unit_test(commands_are_not_read_out),
		cmocka_unit_test(a_try_that_failed_is_made_again),
		cmocka_unit_test(no_smarthost_was_there), cmocka_unit_test(all_wait_for_the_smarthost),
		cmocka_unit_test(what_the_smarthost_says_is_final),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
