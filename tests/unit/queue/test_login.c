/*
 * test_login.c - passwords of SMTP AUTH as the role smtp asks for them: right, wrong, unknown, too many; and the buckets alone.
 */
#include "login_limit.h"
#include "queue_fixture.h"

#define ANN "ann@partner.example"
#define RIGHT "correct horse 1"

static void
give_password(struct queue_test *t)
{
	char hash[crypto_pwhash_STRBYTES];
	struct registry *r = NULL;
	const char *why;

	assert_int_equal(registry_open(&r, t->dir, true, &why), VG_OK);
	assert_int_equal(crypto_pwhash_str(hash, RIGHT, strlen(RIGHT), crypto_pwhash_OPSLIMIT_INTERACTIVE,
	    crypto_pwhash_MEMLIMIT_INTERACTIVE), 0);
	assert_int_equal(db_run(r->db, "INSERT INTO credential (entry, kind, data, added_at) SELECT id, 'password', ?2, 0 FROM entry "
	    "WHERE name = ?1", "tt", ANN, hash), VG_OK);
	registry_close(&r);
}

static void
ask(struct queue_test *t, const char *user, const char *password, const char *peer)
{
	struct login_ask a = { .user = user, .password = { (const unsigned char *)password, strlen(password) }, .peer = peer };

	assert_int_equal(ipc_send(t->smtp.ipc, IPC_LOGIN_ASK, ++t->next_id, &a), VG_OK);
}

/* The next answer, whose address is given exactly when the outcome is right. */
static unsigned
outcome(struct queue_test *t)
{
	struct answer *a = next_answer(t, &t->smtp);
	struct login_say s;

	assert_int_equal(a->type, IPC_LOGIN_SAY);
	assert_int_equal(wire_get(&wire_login_say, a->data, a->len, &s), VG_OK);
	assert_string_equal(s.address, s.outcome == LOGIN_OK ? ANN : "");
	return s.outcome;
}

static unsigned
try(struct queue_test *t, const char *user, const char *password, const char *peer)
{
	ask(t, user, password, peer);
	return outcome(t);
}

static const struct {
	const char *user, *password;
	unsigned outcome;
} tries[] = {
	{ ANN, RIGHT, LOGIN_OK },
	{ "Ann@PARTNER.example", RIGHT, LOGIN_OK },
	{ ANN, "correct horse 2", LOGIN_WRONG },
	{ ANN, "", LOGIN_WRONG },
	{ "zoe@partner.example", RIGHT, LOGIN_WRONG },
	{ "bob@shared.example", RIGHT, LOGIN_WRONG },
	{ "ann", RIGHT, LOGIN_WRONG },
	{ "", "", LOGIN_WRONG },
};

static void
outcomes(void **state)
{
	struct queue_test *t = *state;

	give_password(t);
	for (size_t i = 0; i < sizeof(tries) / sizeof(tries[0]); i++) {
		char peer[32];

		snprintf(peer, sizeof(peer), "192.0.2.%zu", i);
		if (try(t, tries[i].user, tries[i].password, peer) != tries[i].outcome)
			fail_msg("%s %s", tries[i].user, tries[i].password);
	}
}

static int64_t
audits(struct queue_test *t)
{
	json_t *list = NULL;
	int64_t n = 0;
	size_t i;
	json_t *one;

	assert_int_equal(store_audit_list(queue_now(t)->store, NULL, NULL, 100, &list), VG_OK);
	json_array_foreach(list, i, one)
		n += strcmp(json_string_value(json_object_get(one, "what")), "login.wrong") == 0;
	json_decref(list);
	return n;
}

/* Five wrong ones; then not even the right one, from this peer or for this name. Right ones cost nothing. */
static void
limits(void **state)
{
	struct queue_test *t = *state;
	char peer[32];

	give_password(t);
	for (unsigned i = 0; i < 8; i++)
		assert_int_equal(try(t, ANN, RIGHT, "198.51.100.1"), LOGIN_OK);
	assert_int_equal(audits(t), 0);
	for (unsigned i = 0; i < 5; i++)
		assert_int_equal(try(t, "zoe@partner.example", "guess", "2001:db8::1"), LOGIN_WRONG);
	/* The peer is tired of: also its neighbours, also with other names. */
	assert_int_equal(try(t, ANN, RIGHT, "2001:db8::1"), LOGIN_LATER);
	assert_int_equal(try(t, ANN, RIGHT, "2001:db8::2:3"), LOGIN_LATER);
	assert_int_equal(try(t, ANN, RIGHT, "2001:db8:0:1::1"), LOGIN_OK);
	/* One name, many peers. */
	for (unsigned i = 0; i < 5; i++) {
		snprintf(peer, sizeof(peer), "198.51.100.%u", 10 + i);
		assert_int_equal(try(t, ANN, "guess", peer), LOGIN_WRONG);
	}
	assert_int_equal(try(t, ANN, RIGHT, "198.51.100.99"), LOGIN_LATER);
	/* The first of each peer's burst is on record. */
	WAIT_FOR(t, audits(t) == 6);
}

/* Many at once: the tokens are gone before the first is answered. */
static void
at_once(void **state)
{
	struct queue_test *t = *state;
	unsigned later = 0;

	for (unsigned i = 0; i < 20; i++)
		ask(t, ANN, "guess", "198.51.100.1");
	for (unsigned i = 0; i < 20; i++)
		later += outcome(t) == LOGIN_LATER;
	assert_int_equal(later, 15);
	/* Stopping while some are under way. */
	for (unsigned i = 0; i < 4; i++)
		ask(t, "zoe@partner.example", "guess", "198.51.100.2");
}

/* What the gate is told about a sender: the keys, never the password. */
static void
facts(void **state)
{
	struct queue_test *t = *state;
	struct facts_ask ask = { .sender = ANN, .author_domain = "partner.example", .message_id = "" };
	struct registry *r = NULL;
	struct facts_credential c;
	struct facts_say f;
	const char *why, *signer;
	size_t pos = 0;
	struct answer *a;

	give_password(t);
	assert_int_equal(registry_open(&r, t->dir, true, &why), VG_OK);
	assert_int_equal(db_run(r->db, "INSERT INTO credential (entry, kind, fingerprint, data, added_at) SELECT id, 'openpgp', "
	    "'0123456789abcdef0123456789abcdef01234567', 'KEY', 0 FROM entry WHERE name = ?1", "t", ANN), VG_OK);
	registry_close(&r);
	assert_int_equal(ipc_send(t->gate.ipc, IPC_FACTS_ASK, ++t->next_id, &ask), VG_OK);
	a = next_answer(t, &t->gate);
	assert_int_equal(wire_get(&wire_facts_say, a->data, a->len, &f), VG_OK);
	assert_int_equal(f.err, 0);
	assert_int_equal(f.shared_labels, 0);
	assert_int_equal(f.credentials.n, 1);
	assert_int_equal(wlist_next(&f.credentials, &pos, &wire_facts_credential, &c), 1);
	assert_int_equal(c.kind, CREDENTIAL_OPENPGP);
	assert_int_equal(c.data.len, 3);
	assert_null(memmem(a->data, a->len, "argon2", 6));
	pos = 0;
	assert_int_equal(wlist_next_str(&f.signers, &pos, &signer), 1);
	assert_string_equal(signer, "desk.example");
	/* A customer has none of it. */
	ask.author_domain = "customer.example";
	ask.sender = "bob@customer.example";
	assert_int_equal(ipc_send(t->gate.ipc, IPC_FACTS_ASK, ++t->next_id, &ask), VG_OK);
	a = next_answer(t, &t->gate);
	assert_int_equal(wire_get(&wire_facts_say, a->data, a->len, &f), VG_OK);
	assert_int_equal(f.signers.n + f.credentials.n + f.shared_labels, 0);
}

static void
buckets(void **state)
{
	struct login_limit *l = login_limit_new(3, 1000);
	bool first;
	char name[32];

	(void)state;
	assert_non_null(l);
	assert_true(login_limit_take(l, "a", 50, &first));
	assert_true(first);
	assert_true(login_limit_take(l, "a", 51, &first));
	assert_false(first);
	assert_true(login_limit_take(l, "a", 52, &first));
	assert_false(login_limit_take(l, "a", 53, &first));
	assert_true(login_limit_take(l, "b", 53, &first));
	assert_false(login_limit_take(l, "a", 1049, &first));
	assert_true(login_limit_take(l, "a", 1050, &first));
	assert_false(login_limit_take(l, "a", 1051, &first));
	login_limit_return(l, "a");
	assert_true(login_limit_take(l, "a", 1052, &first));
	assert_true(login_limit_take(l, "a", 100000, &first));
	assert_true(first);
	/* Many names fill the table; one that is used up outlives those that were tried once. */
	for (unsigned i = 0; i < 3; i++)
		login_limit_take(l, "tired", 100000, &first);
	for (unsigned i = 0; i < 2000; i++) {
		snprintf(name, sizeof(name), "n%u", i);
		assert_true(login_limit_take(l, name, 100000, &first));
	}
	assert_false(login_limit_take(l, "tired", 100000, &first));
	login_limit_free(&l);
	assert_null(l);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(outcomes, queue_setup, queue_teardown),
		cmocka_unit_test_setup_teardown(limits, queue_setup, queue_teardown),
		cmocka_unit_test_setup_teardown(at_once, queue_setup, queue_teardown),
		cmocka_unit_test_setup_teardown(facts, queue_setup, queue_teardown),
		cmocka_unit_test(buckets),
	};

	log_setup("test", LOG_LVL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
