/*
 * Leases, waiting claims and receipts, as the API asks the queue process for them.
 */
#include "queue_fixture.h"

/* ---- leases ---- */

static void
leases_end_and_events_die(void **state)
{
	struct queue_test *t = *state;
	struct commit c = commit_of(MAIL);
	json_t *items, *body;
	char args[128];

	commit(t, &c);
	WAIT_FOR(t, stat_of(t, "depth") == 1);
	for (int i = 1; i <= 3; i++) {
		items = claim(t, 1);
		assert_int_equal(json_integer_value(json_object_get(json_array_get(items, 0), "attempt")), i);
		body = settle(t, "queue.nack", json_array_get(items, 0), ",\"delay_seconds\":0");
		assert_string_equal(result_of(body), "ok");
		json_decref(body);
		body = settle(t, "queue.ack", json_array_get(items, 0), "");
		assert_string_equal(result_of(body), "expired");
		json_decref(body);
		json_decref(items);
		if (i == 3)
			break;
	}
	/* `queue attempts 3` */
	json_decref(claim(t, 0));
	assert_int_equal(stat_of(t, "dead"), 1);
	body = call(t, "queue.dead", "{\"query\":{}}", 200);
	snprintf(args, sizeof(args), "{\"params\":{\"event_id\":\"%s\"}}",
	    text(json_array_get(json_object_get(body, "items"), 0), "event_id", NULL));
	json_decref(body);
	json_decref(call(t, "queue.requeue", args, 200));
	json_decref(call(t, "queue.requeue", args, 404));
	items = claim(t, 1);
	json_decref(items);
}

static int
attempts_setup(void **state)
{
	struct queue_test *t = queue_test_new("queue attempts 3 lease 60s");

	*state = t;
	return start_queue(t);
}

static void
a_waiting_claim_gets_what_comes(void **state)
{
	struct queue_test *t = *state;
	struct commit c = commit_of(MAIL);
	struct commit_say say;
	json_t *body;

	call_key(t, "queue.claim", "{\"body\":{\"max\":1,\"wait_seconds\":30}}", "");
	say = commit(t, &c);
	assert_int_equal(say.err, 0);
	body = call_answer(t, 200);
	assert_int_equal(json_array_size(json_object_get(body, "items")), 1);
	json_decref(body);
	/* one that ends without any */
	body = call(t, "queue.claim", "{\"body\":{\"wait_seconds\":1}}", 200);
	assert_int_equal(json_array_size(json_object_get(body, "items")), 0);
	json_decref(body);
	json_decref(call(t, "queue.claim", "{\"body\":{\"max\":0}}", 422));
	json_decref(call(t, "queue.claim", "{\"body\":{\"routes\":\"vbr\"}}", 422));
}

static void
a_claim_of_another_route_gets_nothing(void **state)
{
	struct queue_test *t = *state;
	struct commit c = commit_of(MAIL);
	json_t *body;

	c.route = "special";
	commit(t, &c);
	WAIT_FOR(t, stat_of(t, "depth") == 1);
	body = call(t, "queue.claim", "{\"body\":{\"routes\":[\"vbr\",\"vbo\"]}}", 200);
	assert_int_equal(json_array_size(json_object_get(body, "items")), 0);
	json_decref(body);
	body = call(t, "queue.claim", "{\"body\":{\"routes\":[\"vbr\",\"special\"]}}", 200);
	assert_int_equal(json_array_size(json_object_get(body, "items")), 1);
	json_decref(body);
}

static void
forged_receipts_are_unknown(void **state)
{
	struct queue_test *t = *state;
	struct commit c = commit_of(MAIL);
	json_t *items, *body;
	char args[512], receipt[128];

	commit(t, &c);
	WAIT_FOR(t, stat_of(t, "depth") == 1);
	items = claim(t, 1);
	snprintf(receipt, sizeof(receipt), "%s", json_string_value(json_object_get(json_array_get(items, 0), "receipt")));
	receipt[40] = receipt[40] == 'A' ? 'B' : 'A';
	snprintf(args, sizeof(args), "{\"body\":{\"receipts\":[\"%s\"]}}", receipt);
	body = call(t, "queue.ack", args, 200);
	assert_string_equal(result_of(body), "unknown");
	json_decref(body);
	body = call(t, "queue.ack", "{\"body\":{\"receipts\":[\"\"]}}", 200);
	assert_string_equal(result_of(body), "unknown");
	json_decref(body);
	json_decref(call(t, "queue.ack", "{\"body\":{\"receipts\":[]}}", 422));
	json_decref(items);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(leases_end_and_events_die, attempts_setup, queue_teardown),
		cmocka_unit_test_setup_teardown(a_waiting_claim_gets_what_comes, queue_setup, queue_teardown),
		cmocka_unit_test_setup_teardown(a_claim_of_another_route_gets_nothing, queue_setup, queue_teardown),
		cmocka_unit_test_setup_teardown(forged_receipts_are_unknown, queue_setup, queue_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
