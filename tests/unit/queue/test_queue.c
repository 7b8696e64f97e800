/*
 * The way of a mail through the queue process: commit, parse, apply, claim, settle; and what may go wrong on it.
 */
#include "queue_fixture.h"

static void
one_mail_becomes_one_claimed_event(void **state)
{
	struct queue_test *t = *state;
	struct commit c = commit_of(MAIL);
	struct commit_say say;
	json_t *items, *e, *m, *ticket, *body;

	t->fields = "{\"product\":\"Veeam Backup & Replication\",\"severity\":2,\"reference\":\"ACME-77\"}";
	t->cc = "[{\"name\":\"Cem\",\"address\":\"cem@partner.example\"},{\"name\":\"Bob\",\"address\":\"bob@customer.example\"},"
	        "{\"name\":\"Joe\",\"address\":\"joe@freelance.example\"}]";
	t->to = "[{\"name\":\"\",\"address\":\"support@support.example\"}]";
	c.message_id = "first@partner.example";
	say = commit(t, &c);
	assert_int_equal(say.err, 0);
	assert_int_equal(say.ticket, 1001);
	assert_int_equal(strlen(say.message_id), ULID_LEN);
	WAIT_FOR(t, stat_of(t, "depth") == 1);
	items = claim(t, 1);
	e = event_of(items, 0);
	assert_string_equal(text(e, "event", NULL), "ticket.opened");
	assert_int_equal(json_integer_value(json_object_get(e, "seq")), 1);
	ticket = json_object_get(e, "ticket");
	assert_string_equal(text(ticket, "route", NULL), "vbr");
	assert_string_equal(text(ticket, "reference", NULL), "ACME-77");
	assert_string_equal(text(ticket, "subject", NULL), "From the parser");
	assert_string_equal(text(ticket, "partner", "vcsp_id"), "12345");
	assert_int_equal(json_integer_value(json_object_get(ticket, "severity")), 2);
	assert_string_equal(text(ticket, "sla", "state"), "running");
	/* ann, cem of the same domain, the customer, joe the listed contact */
	assert_int_equal(json_array_size(json_object_get(ticket, "participants")), 4);
	m = json_object_get(e, "message");
	assert_string_equal(text(m, "schema", NULL), "vcspgate/message/1");
	assert_string_equal(text(m, "id", NULL), say.message_id);
	assert_string_equal(text(m, "sender", "class"), "contact");
	assert_string_equal(text(m, "verdict", "rule"), "V11");
	assert_string_equal(text(json_object_get(m, "sender"), "authentication", "result"), "authenticated");
	assert_int_equal(json_array_size(json_object_get(m, "audience")), 4);
	/* leased: gone for others; acknowledged: gone */
	json_decref(claim(t, 0));
	body = settle(t, "queue.ack", json_array_get(items, 0), "");
	assert_string_equal(result_of(body), "ok");
	json_decref(body);
	body = settle(t, "queue.ack", json_array_get(items, 0), "");
	assert_string_equal(result_of(body), "unknown");
	json_decref(body);
	assert_int_equal(stat_of(t, "depth"), 0);
	json_decref(items);
}

static void
the_same_mail_is_stored_once(void **state)
{
	struct queue_test *t = *state;
	struct commit c = commit_of(MAIL);
	struct commit_say first = commit(t, &c), second = commit(t, &c);

	assert_int_equal(second.err, 0);
	assert_true(second.duplicate);
	assert_string_equal(first.message_id, second.message_id);
	assert_int_equal(first.ticket, second.ticket);
	assert_int_equal(stat_of(t, "duplicates"), 1);
	assert_int_equal(stat_of(t, "accepted"), 2);
	assert_int_equal(stat_of(t, "queued"), 1);
}

static void
a_reply_comes_after_its_ticket(void **state)
{
	struct queue_test *t = *state;
	struct commit c = commit_of(MAIL);
	uint64_t ticket = commit(t, &c).ticket;
	json_t *items;

	c = commit_of(MAIL);
	c.action = COMMIT_APPEND;
	c.rule = "V10";
	c.ticket = ticket;
	c.sender = c.sender_shown = "joe@freelance.example";
	assert_int_equal(commit(t, &c).err, 0);
	t->parser.mood = PARSER_GOOD;
	WAIT_FOR(t, stat_of(t, "unparsed") == 0);
	/* the parser always says ann: joe's is held for it */
	items = claim(t, 2);
	assert_string_equal(text(event_of(items, 0), "event", NULL), "ticket.opened");
	assert_string_equal(text(event_of(items, 1), "event", NULL), "mail.held");
	json_decref(items);

	c = commit_of(MAIL);
	c.action = COMMIT_APPEND;
	c.ticket = ticket;
	assert_int_equal(commit(t, &c).err, 0);
	WAIT_FOR(t, stat_of(t, "unparsed") == 0);
	/* behind the leased first event of its ticket */
	json_decref(claim(t, 0));
}

static void
append_to_nothing_is_refused(void **state)
{
	struct queue_test *t = *state;
	struct commit c = commit_of(MAIL);

	c.action = COMMIT_APPEND;
	c.ticket = 4711;
	assert_int_equal(commit(t, &c).err, -VG_ERR_NOTFOUND);
	assert_int_equal(stat_of(t, "accepted"), 0);
}

static void
odd_commits_are_refused(void **state)
{
	struct queue_test *t = *state;
	struct commit c = commit_of(MAIL);

	c.size++;
	assert_int_equal(commit(t, &c).err, -VG_ERR_PROTO);
	c = commit_of(MAIL);
	c.action = 9;
	assert_int_equal(commit(t, &c).err, -VG_ERR_PROTO);
	c = commit_of(MAIL);
	c.subject = "\xff\xfe";
	assert_int_equal(commit(t, &c).err, -VG_ERR_PROTO);
	c = commit_of(MAIL);
	c.digest.len = 5;
	assert_int_equal(commit(t, &c).err, -VG_ERR_PROTO);
	c = commit_of(MAIL);
	c.spool = 77;
	assert_int_equal(commit(t, &c).err, -VG_ERR_NOTFOUND);
	assert_int_equal(stat_of(t, "accepted"), 0);
}

static void
a_refusal_leaves_an_audit_record_only(void **state)
{
	struct queue_test *t = *state;
	struct commit c = commit_of(MAIL);
	struct commit_say say;
	char args[128];
	json_t *body;

	c.action = COMMIT_REFUSE;
	c.rule = "V18";
	c.bytes.len = 0;
	c.size = 100;
	say = commit(t, &c);
	assert_int_equal(say.err, 0);
	assert_int_equal(strlen(say.reference), ULID_LEN);
	snprintf(args, sizeof(args), "{\"params\":{\"reference\":\"%s\"}}", say.reference);
	body = call(t, "audit.show", args, 200);
	assert_string_equal(text(body, "rule", NULL), "V18");
	assert_string_equal(text(body, "peer", NULL), "192.0.2.1");
	json_decref(body);
	c.after_queue = 1;
	assert_int_equal(commit(t, &c).err, 0);
	assert_int_equal(stat_of(t, "accepted"), 1);
	assert_int_equal(stat_of(t, "refused_after_queue"), 1);
	assert_int_equal(stat_of(t, "depth"), 0);
}

static void
a_dead_parser_costs_one_try(void **state)
{
	struct queue_test *t = *state;
	struct commit c = commit_of(MAIL);
	json_t *items;

	t->parser.mood = PARSER_DIES;
	commit(t, &c);
	WAIT_FOR(t, t->parser.ended);
	assert_int_equal(t->parser.jobs, 1);
	t->parser.mood = PARSER_GOOD;
	connect_peer(t, &t->parser, ROLE_PARSER);
	WAIT_FOR(t, stat_of(t, "depth") == 1);
	items = claim(t, 1);
	assert_string_equal(text(event_of(items, 0), "message", "subject"), "From the parser");
	json_decref(items);
}

static void
falls_back(struct queue_test *t, enum parser_mood mood)
{
	struct commit c = commit_of(MAIL);
	json_t *items, *problems;
	unsigned before = t->parser.jobs;

	t->parser.mood = mood;
	commit(t, &c);
	WAIT_FOR(t, stat_of(t, "depth") == 1);
	assert_int_equal(t->parser.jobs - before, 2);
	items = claim(t, 1);
	assert_string_equal(text(event_of(items, 0), "ticket", "subject"), "From the gate");
	problems = json_object_get(json_object_get(event_of(items, 0), "message"), "problems");
	assert_string_equal(text(json_array_get(problems, 0), "code", NULL), "parser.failed");
	json_decref(settle(t, "queue.ack", json_array_get(items, 0), ""));
	json_decref(items);
}

static void
a_failing_or_lying_parser_leaves_a_ticket(void **state)
{
	falls_back(*state, PARSER_FAILS);
	falls_back(*state, PARSER_LIES);
}

static void
another_sender_is_held_and_can_be_released(void **state)
{
	struct queue_test *t = *state;
	struct commit c = commit_of(MAIL);
	struct commit_say say;
	char args[128];
	json_t *items, *body;

	t->parser.mood = PARSER_OTHER_SENDER;
	say = commit(t, &c);
	WAIT_FOR(t, stat_of(t, "held") == 1 && stat_of(t, "unparsed") == 0);
	items = claim(t, 1);
	assert_string_equal(text(event_of(items, 0), "event", NULL), "mail.held");
	assert_true(json_is_null(json_object_get(event_of(items, 0), "ticket")));
	json_decref(items);
	snprintf(args, sizeof(args), "{\"params\":{\"n\":\"%llu\"}}", (unsigned long long)say.ticket);
	json_decref(call(t, "tickets.show", args, 404));
	snprintf(args, sizeof(args), "{\"params\":{\"id\":\"%s\"}}", say.message_id);
	body = call(t, "held.show", args, 200);
	assert_string_equal(text(body, "reason", NULL), "identity-disagreement");
	json_decref(body);
	body = call(t, "held.release", args, 200);
	assert_int_equal(json_integer_value(json_object_get(body, "ticket")), say.ticket);
	json_decref(body);
	WAIT_FOR(t, stat_of(t, "unparsed") == 0);
	items = claim(t, 1);
	assert_string_equal(text(event_of(items, 0), "event", NULL), "ticket.opened");
	assert_string_equal(text(json_object_get(json_object_get(event_of(items, 0), "message"), "sender"), "authentication",
	    "result"), "operator");
	json_decref(items);
	assert_int_equal(stat_of(t, "held"), 0);
	assert_int_equal(stat_of(t, "queued"), 1);
}

static void
a_held_mail_is_deleted_with_its_content(void **state)
{
	struct queue_test *t = *state;
	struct commit c = commit_of(MAIL);
	struct commit_say say;
	char args[128];

	c.action = COMMIT_HOLD;
	c.rule = "V12";
	c.reason = "unverified-sender";
	c.facts = "{\"authentication\":{\"result\":\"unauthenticated\"}}";
	say = commit(t, &c);
	assert_int_equal(strlen(say.reference), ULID_LEN);
	WAIT_FOR(t, stat_of(t, "unparsed") == 0);
	snprintf(args, sizeof(args), "{\"params\":{\"id\":\"%s\"},\"body\":{\"text\":\"no\"}}", say.message_id);
	json_decref(call(t, "held.reject", args, 409)); /* nobody proved to be the sender */
	json_decref(call(t, "messages.raw", args, 200));
	assert_int_equal(rows_of(t, "SELECT count(*) FROM message_object"), 1);
	assert_int_equal(stat_of(t, "depth"), 1);
	json_decref(call(t, "held.delete", args, 204));
	json_decref(call(t, "messages.raw", args, 404));
	/* neither a preview nor an event keeps its words */
	assert_int_equal(rows_of(t, "SELECT count(*) FROM message_object"), 0);
	assert_int_equal(stat_of(t, "depth"), 0);
	json_decref(call(t, "held.delete", args, 404));
	assert_int_equal(stat_of(t, "accepted"), 1);
	assert_int_equal(stat_of(t, "refused_after_queue"), 1);
	/* the same mail again is judged again */
	assert_false(commit(t, &c).duplicate);
}

/* ---- large mail, attachments ---- */

static void
a_large_mail_goes_by_descriptor(void **state)
{
	struct queue_test *t = *state;
	struct commit c = commit_of(MAIL);
	struct spool_give give;
	struct answer *a;
	struct seal_writer *w;
	struct commit_say say;
	struct call_say raw;
	unsigned char key[SEAL_KEY];
	char args[128], block[1000];

	memset(block, 'x', sizeof(block));
	assert_int_equal(ipc_send(t->smtp.ipc, IPC_SPOOL_ASK, 5, NULL), VG_OK);
	a = next_answer(t, &t->smtp);
	assert_int_equal(wire_get(&wire_spool_give, a->data, a->len, &give), VG_OK);
	assert_int_equal(give.err, 0);
	memcpy(key, give.key.data, SEAL_KEY);
	w = seal_writer_new(a->fd, key);
	for (int i = 0; i < 1000; i++)
		assert_int_equal(seal_write(w, block, sizeof(block)), VG_OK);
	assert_int_equal(seal_finish(w), VG_OK);
	seal_writer_free(&w);
	c.spool = give.spool;
	c.key = (struct blob){ key, SEAL_KEY };
	c.size = 1000000;
	say = commit(t, &c);
	assert_int_equal(say.err, 0);
	WAIT_FOR(t, stat_of(t, "depth") == 1);
	snprintf(args, sizeof(args), "{\"params\":{\"id\":\"%s\",\"a\":\"a1\"}}", say.message_id);
	call_key(t, "messages.raw", args, "");
	a = next_answer(t, &t->api);
	assert_int_equal(wire_get(&wire_call_say, a->data, a->len, &raw), VG_OK);
	assert_int_equal(raw.status, 200);
	assert_int_equal(raw.size, 1000000);
	assert_true(a->fd >= 0);
	assert_int_equal(raw.body.len, 13); /* what stands before it */
	/* the same by the parser */
	call_key(t, "messages.attachment", args, "");
	a = next_answer(t, &t->api);
	assert_int_equal(wire_get(&wire_call_say, a->data, a->len, &raw), VG_OK);
	assert_int_equal(raw.status, 200);
	assert_int_equal(raw.size, 8);
	assert_string_equal(raw.content_type, "text/plain");
	assert_true(a->fd >= 0);
	/* a second commit of the same file, and one with a wrong key, find nothing */
	assert_int_equal(commit(t, &c).duplicate, 0);
}

static void
unused_files_go_with_their_channel(void **state)
{
	struct queue_test *t = *state;
	struct answer *a;

	for (int i = 0; i < 3; i++)
		assert_int_equal(ipc_send(t->smtp.ipc, IPC_SPOOL_ASK, 5, NULL), VG_OK);
	for (int i = 0; i < 3; i++)
		a = next_answer(t, &t->smtp);
	assert_non_null(a);
	assert_non_null(queue_now(t)->spooled);
	ipc_close(&t->smtp.ipc);
	WAIT_FOR(t, queue_now(t)->spooled == NULL);
}

/* ---- repeated requests ---- */

static void
a_repeated_request_is_done_once(void **state)
{
	struct queue_test *t = *state;
	static const char args[] = "{\"body\":{\"name\":\"backend\",\"scopes\":[\"queue\"]}}";
	json_t *first, *again;

	call_key(t, "tokens.add", args, "k1");
	first = call_answer(t, 201);
	call_key(t, "tokens.add", args, "k1");
	again = call_answer(t, 201);
	assert_true(json_equal(first, again));
	call_key(t, "tokens.add", "{\"body\":{\"name\":\"other\",\"scopes\":[\"queue\"]}}", "k1");
	json_decref(call_answer(t, 422));
	json_decref(call(t, "tokens.add", args, 409));
	json_decref(first);
	json_decref(again);
}

/* ---- tickets ---- */

static void
a_change_makes_an_event(void **state)
{
	struct queue_test *t = *state;
	struct commit c = commit_of(MAIL);
	char args[160];
	json_t *items, *body;
	uint64_t n = commit(t, &c).ticket;

	WAIT_FOR(t, stat_of(t, "depth") == 1);
	json_decref(settle(t, "queue.ack", json_array_get(items = claim(t, 1), 0), ""));
	json_decref(items);
	snprintf(args, sizeof(args), "{\"params\":{\"n\":\"%llu\"},\"body\":{\"severity\":1,\"status\":\"closed\"}}", (unsigned long long)n);
	body = call(t, "tickets.update", args, 200);
	assert_string_equal(text(body, "status", NULL), "closed");
	json_decref(body);
	items = claim(t, 1);
	assert_string_equal(text(event_of(items, 0), "event", NULL), "ticket.closed");
	assert_int_equal(json_array_size(json_object_get(event_of(items, 0), "changed")), 2);
	json_decref(items);
	snprintf(args, sizeof(args), "{\"params\":{\"n\":\"%llu\"},\"body\":{\"severity\":9}}", (unsigned long long)n);
	json_decref(call(t, "tickets.update", args, 422));
	body = call(t, "tickets.list", "{\"query\":{\"status\":\"closed\",\"partner\":\"acme-msp\"}}", 200);
	assert_int_equal(json_array_size(json_object_get(body, "items")), 1);
	json_decref(body);
	/* a contact writes: it opens again */
	c = commit_of(MAIL);
	c.action = COMMIT_APPEND;
	c.ticket = n;
	c.reopen = 1;
	commit(t, &c);
	WAIT_FOR(t, stat_of(t, "unparsed") == 0);
	snprintf(args, sizeof(args), "{\"params\":{\"n\":\"%llu\"}}", (unsigned long long)n);
	body = call(t, "tickets.show", args, 200);
	assert_string_equal(text(body, "status", NULL), "open");
	json_decref(body);
	body = call(t, "tickets.messages", args, 200);
	assert_int_equal(json_array_size(json_object_get(body, "items")), 2);
	json_decref(body);
}

static void
words_find_tickets(void **state)
{
	struct queue_test *t = *state;
	struct commit c = commit_of(MAIL);
	json_t *body;
	size_t n = 0;

	t->errors = "[{\"text\":\"Failed to open the quokka disk\",\"code\":null,\"exception\":null,\"component\":null,\"count\":1,"
	            "\"first_at\":null,\"last_at\":null,\"fingerprint\":\"00112233445566778899aabbccddeeff\",\"severity\":\"error\","
	            "\"source\":{\"kind\":\"body\",\"attachment\":null,\"path\":null,\"line\":null}}]";
	commit(t, &c);
	WAIT_FOR(t, stat_of(t, "depth") == 1);
	c = commit_of(MAIL);
	commit(t, &c);
	WAIT_FOR(t, stat_of(t, "depth") == 2);
	body = claim(t, 2);
	/* the second one has the first one's error */
	assert_int_equal(json_array_size(json_object_get(json_object_get(event_of(body, 1), "ticket"), "related")), 1);
	json_decref(body);
	while (n < 2) {
		body = call(t, "tickets.list", "{\"query\":{\"q\":\"quokka disk\"}}", 200);
		n = json_array_size(json_object_get(body, "items"));
		json_decref(body);
	}
	body = call(t, "tickets.list", "{\"query\":{\"q\":\"quokka OR \\\"zebra\"}}", 200);
	assert_int_equal(json_array_size(json_object_get(body, "items")), 0);
	json_decref(body);
}

/* ---- facts ---- */

static void
facts_know_sender_and_threads(void **state)
{
	struct queue_test *t = *state;
	struct commit c = commit_of(MAIL);
	struct facts_ask ask = { .sender = "ann@partner.example", .message_id = "new@partner.example" };
	struct facts_say say;
	struct facts_thread thread;
	struct answer *a;
	struct buf mids;
	uint32_t n = 0;
	size_t pos = 0;
	uint64_t ticket;

	c.message_id = "thread.1@partner.example";
	ticket = commit(t, &c).ticket;
	buf_init(&mids, 1000);
	wlist_add_str(&mids, &n, "unknown@partner.example");
	wlist_add_str(&mids, &n, "thread.1@partner.example");
	ask.mids = wlist_of(&mids, n);
	ask.subject_number = ticket;
	assert_int_equal(ipc_send(t->gate.ipc, IPC_FACTS_ASK, 9, &ask), VG_OK);
	a = next_answer(t, &t->gate);
	assert_int_equal(wire_get(&wire_facts_say, a->data, a->len, &say), VG_OK);
	assert_int_equal(say.err, 0);
	assert_int_equal(say.cls, CLASS_CONTACT);
	assert_string_equal(say.partner, "acme-msp");
	assert_int_equal(say.threads.n, 2);
	assert_int_equal(wlist_next(&say.threads, &pos, &wire_facts_thread, &thread), 1);
	assert_int_equal(thread.kind, MATCH_FOREIGN_MESSAGE_ID);
	assert_int_equal(thread.rank, 1);
	assert_int_equal(thread.ticket, ticket);
	assert_int_equal(thread.role, PART_CONTACT);
	assert_int_equal(wlist_next(&say.threads, &pos, &wire_facts_thread, &thread), 1);
	assert_int_equal(thread.kind, MATCH_SUBJECT);
	buf_free(&mids);
	/* the same mail again */
	ask.digest = c.digest;
	ask.mids = (struct wlist){ 0 };
	ask.message_id = "thread.1@partner.example";
	assert_int_equal(ipc_send(t->gate.ipc, IPC_FACTS_ASK, 10, &ask), VG_OK);
	a = next_answer(t, &t->gate);
	assert_int_equal(wire_get(&wire_facts_say, a->data, a->len, &say), VG_OK);
	assert_int_equal(say.duplicate_ticket, ticket);
}

/* ---- starts and stops ---- */

/* Asks the queue for facts of a message; its deferred_since. */
static int64_t
deferred_since(struct queue_test *t, const char *sender, const char *message_id)
{
	struct facts_ask ask = { .sender = sender, .author_domain = "partner.example", .message_id = message_id };
	struct facts_say say;
	struct answer *a;

	assert_int_equal(ipc_send(t->gate.ipc, IPC_FACTS_ASK, ++t->next_id, &ask), VG_OK);
	a = next_answer(t, &t->gate);
	assert_int_equal(wire_get(&wire_facts_say, a->data, a->len, &say), VG_OK);
	assert_int_equal(say.err, 0);
	return say.deferred_since;
}

/* POLICY V3: the first temporary failure of a sender and Message-ID counts, not the last; and it outlives the process. */
static void
a_deferral_is_remembered_from_its_first_time(void **state)
{
	struct queue_test *t = *state;
	struct commit c = commit_of(MAIL);
	int64_t before = id_now_ms(), first;

	assert_int_equal(deferred_since(t, c.sender, "slow@partner.example"), 0);
	c.action = COMMIT_DEFER;
	c.outcome = OUT_TEMPFAIL;
	c.rule = "V3";
	c.text = "the sender's DNS does not answer";
	c.message_id = "slow@partner.example";
	assert_int_equal(commit(t, &c).err, 0);
	first = deferred_since(t, c.sender, c.message_id);
	assert_in_range(first, before, id_now_ms());
	assert_int_equal(commit(t, &c).err, 0);
	stop_queue(t);
	assert_int_equal(start_queue(t), 0);
	assert_int_equal(deferred_since(t, c.sender, c.message_id), first);
	assert_int_equal(deferred_since(t, "joe@partner.example", c.message_id), 0);
	assert_int_equal(deferred_since(t, c.sender, "other@partner.example"), 0);
	/* nothing was accepted by it */
	assert_int_equal(stat_of(t, "accepted"), 0);
}

static void
a_restart_finds_what_was_not_parsed(void **state)
{
	struct queue_test *t = *state;
	json_t *items;

	t->parser.mood = PARSER_SILENT;
	for (int i = 0; i < 5; i++) {
		struct commit c = commit_of(MAIL);

		assert_int_equal(commit(t, &c).err, 0);
	}
	stop_queue(t);
	t->parser.mood = PARSER_GOOD;
	assert_int_equal(start_queue(t), 0);
	WAIT_FOR(t, stat_of(t, "depth") == 5);
	items = claim(t, 5);
	json_decref(items);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(one_mail_becomes_one_claimed_event, queue_setup, queue_teardown),
		cmocka_unit_test_setup_teardown(the_same_mail_is_stored_once, queue_setup, queue_teardown),
		cmocka_unit_test_setup_teardown(a_reply_comes_after_its_ticket, queue_setup, queue_teardown),
		cmocka_unit_test_setup_teardown(append_to_nothing_is_refused, queue_setup, queue_teardown),
		cmocka_unit_test_setup_teardown(odd_commits_are_refused, queue_setup, queue_teardown),
		cmocka_unit_test_setup_teardown(a_refusal_leaves_an_audit_record_only, queue_setup, queue_teardown),
		cmocka_unit_test_setup_teardown(a_dead_parser_costs_one_try, queue_setup, queue_teardown),
		cmocka_unit_test_setup_teardown(a_failing_or_lying_parser_leaves_a_ticket, queue_setup, queue_teardown),
		cmocka_unit_test_setup_teardown(another_sender_is_held_and_can_be_released, queue_setup, queue_teardown),
		cmocka_unit_test_setup_teardown(a_held_mail_is_deleted_with_its_content, queue_setup, queue_teardown),
		cmocka_unit_test_setup_teardown(a_large_mail_goes_by_descriptor, queue_setup, queue_teardown),
		cmocka_unit_test_setup_teardown(unused_files_go_with_their_channel, queue_setup, queue_teardown),
		cmocka_unit_test_setup_teardown(a_repeated_request_is_done_once, queue_setup, queue_teardown),
		cmocka_unit_test_setup_teardown(a_change_makes_an_event, queue_setup, queue_teardown),
		cmocka_unit_test_setup_teardown(words_find_tickets, queue_setup, queue_teardown),
		cmocka_unit_test_setup_teardown(facts_know_sender_and_threads, queue_setup, queue_teardown),
		cmocka_unit_test_setup_teardown(a_deferral_is_remembered_from_its_first_time, queue_setup, queue_teardown),
		cmocka_unit_test_setup_teardown(a_restart_finds_what_was_not_parsed, queue_setup, queue_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
