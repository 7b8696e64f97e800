/*
 * The store behind store.h: accepting, counting, leasing, holding; that the accept path looks up by index only; that a
 * full disk leaves nothing half-written.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "err.h"
#include "log.h"
#include "store_sqlite.h"

#define NOW 1764000000000

struct store_test {
	char dir[64];
	struct store *s;
	unsigned char digest[32];
	unsigned n;
};

static int
setup(void **state)
{
	struct store_test *t = calloc(1, sizeof(*t));
	const char *tmp = getenv("TMPDIR"), *why = "";

	assert_non_null(t);
	snprintf(t->dir, sizeof(t->dir), "%.40s/storeXXXXXX", tmp == NULL ? "/tmp" : tmp);
	assert_non_null(mkdtemp(t->dir));
	assert_int_equal(store_open(&t->s, t->dir, true, &why), VG_OK);
	*state = t;
	return 0;
}

static int
teardown(void **state)
{
	static const char *const names[] = { "store.db", "store.db-wal", "store.db-shm" };
	struct store_test *t = *state;
	char file[128];

	store_close(&t->s);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(file, sizeof(file), "%s/%s", t->dir, names[i]);
		unlink(file);
	}
	assert_int_equal(rmdir(t->dir), 0);
	free(t);
	return 0;
}

static struct commit
commit_new(struct store_test *t)
{
	struct commit c = { .action = COMMIT_OPEN, .rule = "V11", .reason = "", .text = "", .role = PART_CONTACT,
		.cls = CLASS_CONTACT, .partner = "acme", .holder = "", .route = "", .sender = "ann@partner.example",
		.sender_shown = "", .sender_name = "Ann", .message_id = "", .subject = "s", .automatic = "", .facts = "{}",
		.sess = "", .real_peer = "", .received_at = NOW, .size = 3 };

	t->n++;
	memcpy(t->digest, &t->n, sizeof(t->n));
	c.digest = (struct blob){ t->digest, 32 };
	return c;
}

static int
accept_one(struct store_test *t, const struct commit *c, struct store_accepted *out)
{
	static const unsigned char key[SEAL_WRAPPED] = { 1 };
	char ulid[ULID_LEN + 1];
	struct store_body b = { .ulid = ulid, .envelope = "{}", .key = key, .sealed = "xyz", .sealed_len = 3 };

	id_ulid(ulid, NOW);
	return store_accept(t->s, c, &b, NOW, NOW + 1000, out);
}

static struct store_accepted
accepted(struct store_test *t, const struct commit *c)
{
	struct store_accepted out;

	assert_int_equal(store_begin(t->s), VG_OK);
	assert_int_equal(accept_one(t, c, &out), VG_OK);
	assert_int_equal(store_commit(t->s), VG_OK);
	return out;
}

static int64_t
counter(struct store_test *t, const char *name)
{
	json_t *all;
	int64_t n;

	assert_int_equal(store_counters(t->s, &all), VG_OK);
	assert_non_null(json_object_get(all, name));
	n = json_integer_value(json_object_get(all, name));
	json_decref(all);
	return n;
}

static void
the_accept_path_never_scans(void **state)
{
	struct store_test *t = *state;

	for (const char *const *sql = store_accept_sql; *sql != NULL; sql++) {
		char *plan = sqlite3_mprintf("EXPLAIN QUERY PLAN %s", *sql);
		sqlite3_stmt *stmt;

		assert_int_equal(sqlite3_prepare_v2(db_handle(t->s->d), plan, -1, &stmt, NULL), SQLITE_OK);
		while (sqlite3_step(stmt) == SQLITE_ROW) {
			const char *step = (const char *)sqlite3_column_text(stmt, 3);

			if (strstr(step, "SCAN") != NULL || strstr(step, "TEMP B-TREE") != NULL)
				fail_msg("%s\n\t%s", *sql, step);
		}
		sqlite3_finalize(stmt);
		sqlite3_free(plan);
	}
}

static void
tickets_are_numbered_and_never_again(void **state)
{
	struct store_test *t = *state;
	struct commit c = commit_new(t);

	assert_int_equal(accepted(t, &c).ticket, 1001);
	assert_int_equal(store_begin(t->s), VG_OK);
	assert_int_equal(store_ticket_drop(t->s, 1001), VG_OK);
	assert_int_equal(store_commit(t->s), VG_OK);
	c = commit_new(t);
	assert_int_equal(accepted(t, &c).ticket, 1002);
}

static void
counters_agree_with_rows(void **state)
{
	struct store_test *t = *state;
	struct commit c = commit_new(t);
	struct store_accepted first = accepted(t, &c), again = accepted(t, &c);
	struct store_message m;

	assert_true(again.duplicate);
	assert_string_equal(again.ulid, first.ulid);
	c = commit_new(t);
	c.action = COMMIT_HOLD;
	c.reason = "dns";
	first = accepted(t, &c);
	assert_int_equal(first.ticket, 0);
	assert_int_equal(store_counters_check(t->s), 1);
	assert_int_equal(counter(t, "accepted"), 3);
	assert_int_equal(counter(t, "held"), 1);
	assert_int_equal(store_begin(t->s), VG_OK);
	assert_int_equal(store_message(t->s, first.id, &m), VG_OK);
	assert_int_equal(store_held_end(t->s, &m, "deleted", NOW), VG_OK);
	assert_int_equal(store_held_end(t->s, &m, "deleted", NOW), VG_ERR_NOTFOUND);
	store_rollback(t->s);
	assert_int_equal(store_begin(t->s), VG_OK);
	assert_int_equal(store_held_end(t->s, &m, "deleted", NOW), VG_OK);
	assert_int_equal(store_commit(t->s), VG_OK);
	store_message_free(&m);
	assert_int_equal(store_counters_check(t->s), 1);
	assert_int_equal(counter(t, "refused_after_queue"), 1);
	/* and can disagree */
	assert_int_equal(store_count(t->s, "queued", 1), VG_OK);
	assert_int_equal(store_counters_check(t->s), 0);
}

static void
a_full_disk_leaves_nothing_half_written(void **state)
{
	struct store_test *t = *state;
	struct commit c = commit_new(t);
	struct store_accepted out;
	char sql[64];
	int64_t pages;
	int err = VG_OK;

	accepted(t, &c);
	assert_int_equal(db_number(t->s->d, &pages, "PRAGMA page_count", ""), VG_OK);
	snprintf(sql, sizeof(sql), "PRAGMA max_page_count=%lld", (long long)pages + 1);
	assert_int_equal(db_exec(t->s->d, sql), VG_OK);
	assert_int_equal(store_begin(t->s), VG_OK);
	for (int i = 0; i < 1000 && err == VG_OK; i++) {
		c = commit_new(t);
		err = accept_one(t, &c, &out);
	}
	assert_int_equal(err, VG_ERR_FULL);
	store_rollback(t->s);
	assert_int_equal(counter(t, "accepted"), 1);
	assert_int_equal(store_counters_check(t->s), 1);
	/* room again: the same connection goes on */
	assert_int_equal(db_exec(t->s->d, "PRAGMA max_page_count=1000000"), VG_OK);
	c = commit_new(t);
	assert_int_equal(accepted(t, &c).ticket, 1002);
}

/* ---- events and leases ---- */

static void
add_event(struct store_test *t, int64_t chain, uint64_t seq, const char *route)
{
	char ulid[ULID_LEN + 1];
	struct store_event e = { .ulid = ulid, .ticket = chain > 0 ? (uint64_t)chain : 0, .seq = seq, .kind = "ticket.message",
		.route = route, .chain = chain, .head = "{\"n\":1", .head_len = 6, .at = NOW };

	id_ulid(ulid, NOW);
	assert_int_equal(store_begin(t->s), VG_OK);
	assert_int_equal(store_event_add(t->s, &e), VG_OK);
	assert_int_equal(store_commit(t->s), VG_OK);
}

/* Claims, and copies the receipts. */
static int
claim(struct store_test *t, int64_t now, unsigned max, char receipts[][80])
{
	struct store_claim c = { .consumer = CONSUMER_QUEUE, .max = max, .now = now, .lease_ms = 1000, .attempts = 2 };
	struct buf out;
	const char *p;
	unsigned dead;
	int n, i = 0;

	buf_init(&out, 1 << 20);
	assert_int_equal(store_begin(t->s), VG_OK);
	assert_true(store_expire_leases(t->s, now, 2, &dead) >= 0);
	n = store_claim(t->s, &c, &out);
	assert_int_equal(store_commit(t->s), VG_OK);
	for (p = buf_str(&out); receipts != NULL && (p = strstr(p, "\"receipt\":\"")) != NULL; i++)
		snprintf(receipts[i], 80, "%.*s", (int)strcspn(p + 11, "\""), p + 11), p += 11;
	buf_free(&out);
	return n;
}

static enum store_settle
ack(struct store_test *t, const char *receipt, int64_t now)
{
	enum store_settle out;

	assert_int_equal(store_begin(t->s), VG_OK);
	assert_int_equal(store_ack(t->s, receipt, now, &out), VG_OK);
	assert_int_equal(store_commit(t->s), VG_OK);
	return out;
}

static void
a_ticket_s_events_go_one_by_one(void **state)
{
	struct store_test *t = *state;
	char r[4][80];

	add_event(t, 1001, 1, "a");
	add_event(t, 1001, 2, "a");
	add_event(t, 1002, 1, "a");
	add_event(t, -7, 0, "a");
	add_event(t, -8, 0, "a");
	assert_int_equal(claim(t, NOW, 10, r), 4); /* 1001's first, 1002's, and two without a ticket */
	assert_int_equal(claim(t, NOW, 10, NULL), 0);
	assert_int_equal(ack(t, r[0], NOW), SETTLE_OK);
	assert_int_equal(ack(t, r[0], NOW), SETTLE_UNKNOWN);
	assert_int_equal(claim(t, NOW, 10, r), 1);
}

static void
leases_expire_and_the_dead_block_nobody(void **state)
{
	struct store_test *t = *state;
	char r[2][80], r2[2][80];
	struct store_queue_stats stats;
	int64_t due;

	add_event(t, 1001, 1, "a");
	add_event(t, 1001, 2, "a");
	assert_int_equal(claim(t, NOW, 10, r), 1);
	assert_int_equal(store_next_due(t->s, &due), VG_OK);
	assert_int_equal(due, NOW + 1000);
	assert_int_equal(ack(t, r[0], NOW + 1000), SETTLE_EXPIRED);
	assert_int_equal(claim(t, NOW + 1000, 10, r2), 1);
	assert_string_not_equal(r[0], r2[0]);
	assert_int_equal(ack(t, r[0], NOW + 1001), SETTLE_EXPIRED);
	/* two attempts: at the end of the second lease it is dead, and the next of its ticket comes */
	assert_int_equal(claim(t, NOW + 2000, 10, r), 1);
	assert_int_equal(ack(t, r2[0], NOW + 2000), SETTLE_EXPIRED);
	assert_int_equal(store_queue_stats(t->s, CONSUMER_QUEUE, &stats), VG_OK);
	assert_int_equal(stats.dead, 1);
	assert_int_equal(stats.depth, 1);
	assert_int_equal(stats.leased, 1);
	assert_int_equal(stats.oldest_at, NOW);
	assert_int_equal(ack(t, r[0], NOW + 2001), SETTLE_OK);
	assert_int_equal(store_queue_stats(t->s, CONSUMER_QUEUE, &stats), VG_OK);
	assert_int_equal(stats.depth, 0);
	assert_int_equal(stats.oldest_at, 0);
}

static void
delays_and_extensions_hold(void **state)
{
	struct store_test *t = *state;
	enum store_settle how;
	char r[1][80];
	bool dead;

	add_event(t, 1001, 1, "a");
	assert_int_equal(claim(t, NOW, 1, r), 1);
	assert_int_equal(store_begin(t->s), VG_OK);
	assert_int_equal(store_extend(t->s, r[0], NOW, 5000, &how), VG_OK);
	assert_int_equal(how, SETTLE_OK);
	assert_int_equal(store_commit(t->s), VG_OK);
	assert_int_equal(claim(t, NOW + 4999, 1, NULL), 0);
	assert_int_equal(store_begin(t->s), VG_OK);
	assert_int_equal(store_nack(t->s, r[0], NOW + 4999, 2000, 2, &how, &dead), VG_OK);
	assert_int_equal(how, SETTLE_OK);
	assert_false(dead);
	assert_int_equal(store_commit(t->s), VG_OK);
	assert_int_equal(claim(t, NOW + 6998, 1, NULL), 0);
	assert_int_equal(claim(t, NOW + 6999, 1, r), 1);
	assert_int_equal(store_begin(t->s), VG_OK);
	assert_int_equal(store_nack(t->s, r[0], NOW + 7000, 0, 2, &how, &dead), VG_OK);
	assert_true(dead);
	assert_int_equal(store_commit(t->s), VG_OK);
}

static void
routes_are_merged_in_order(void **state)
{
	struct store_test *t = *state;
	static const char *const routes[] = { "c", "a", "nobody" };
	struct store_claim c = { .consumer = CONSUMER_QUEUE, .max = 3, .now = NOW, .lease_ms = 1000, .attempts = 2,
		.routes = routes, .n_routes = 3 };
	struct store_queue_stats stats;
	struct buf out;

	add_event(t, 1, 1, "a");
	add_event(t, 2, 1, "b");
	add_event(t, 3, 1, "c");
	add_event(t, 4, 1, "a");
	add_event(t, 5, 1, "c");
	buf_init(&out, 1 << 20);
	assert_int_equal(store_begin(t->s), VG_OK);
	assert_int_equal(store_claim(t->s, &c, &out), 3);
	buf_reset(&out);
	assert_int_equal(store_claim(t->s, &c, &out), 1);
	assert_int_equal(store_claim(t->s, &c, &out), 0);
	assert_int_equal(store_commit(t->s), VG_OK);
	assert_int_equal(store_queue_stats(t->s, CONSUMER_QUEUE, &stats), VG_OK);
	assert_int_equal(stats.ready, 1); /* b's */
	buf_free(&out);
}

/* What an answer cannot hold stays unclaimed. */
static void
a_claim_fills_its_answer_and_no_more(void **state)
{
	struct store_test *t = *state;
	struct store_claim c = { .consumer = CONSUMER_QUEUE, .max = 100, .now = NOW, .lease_ms = 1000, .attempts = 2 };
	struct store_queue_stats stats;
	struct buf out;
	int n;

	for (int i = 1; i <= 20; i++)
		add_event(t, i, 1, "a");
	buf_init(&out, 1000);
	assert_int_equal(store_begin(t->s), VG_OK);
	n = store_claim(t->s, &c, &out);
	assert_int_equal(store_commit(t->s), VG_OK);
	assert_in_range(n, 2, 10);
	assert_int_equal(store_queue_stats(t->s, CONSUMER_QUEUE, &stats), VG_OK);
	assert_int_equal(stats.leased, n);
	assert_int_equal(stats.ready, 20 - n);
	buf_free(&out);
}

/* ---- threads ---- */

static void
one_s_own_tickets_are_not_hidden_by_others(void **state)
{
	struct store_test *t = *state;
	struct store_thread_hit hits[8];
	struct facts_thread thread;
	struct commit c;
	uint64_t own;
	bool mine;

	c = commit_new(t);
	c.message_id = "same@x.example";
	own = accepted(t, &c).ticket;
	for (int i = 0; i < 50; i++) {
		c = commit_new(t);
		c.partner = "other";
		c.sender = "eve@other.example";
		c.message_id = "same@x.example";
		accepted(t, &c);
	}
	assert_int_equal(store_by_message_id(t->s, "same@x.example", "acme", "ann@partner.example", hits, 8), 8);
	assert_int_equal(hits[0].ticket, own);
	assert_false(hits[0].ours);
	assert_int_equal(store_by_message_id(t->s, "none@x.example", "acme", "ann@partner.example", hits, 8), 0);
	assert_int_equal(store_thread(t->s, own, "ann@partner.example", &thread), VG_OK);
	assert_int_equal(thread.role, PART_CONTACT);
	assert_string_equal(thread.partner, "acme");
	assert_int_equal(store_thread(t->s, own, "eve@other.example", &thread), VG_OK);
	assert_int_equal(thread.role, PART_NONE);
	assert_int_equal(store_thread(t->s, 999999, "ann@partner.example", &thread), VG_ERR_NOTFOUND);
	assert_int_equal(store_participant_valid(t->s, own, 1, "ann@partner.example", &mine), VG_OK);
	assert_true(mine);
	assert_int_equal(store_participant_valid(t->s, own, 1, "eve@other.example", &mine), VG_OK);
	assert_false(mine);
	assert_int_equal(store_participant_valid(t->s, own + 1, 1, "ann@partner.example", &mine), VG_ERR_NOTFOUND);
	assert_int_equal(sqlite3_txn_state(db_handle(t->s->d), NULL), SQLITE_TXN_NONE);
}

static void
audit_is_listed_newest_first_and_expires(void **state)
{
	struct store_test *t = *state;
	struct store_audit a = { .actor = "x", .what = "y", .at = NOW };
	char reference[ULID_LEN + 1];
	json_t *list;

	assert_int_equal(store_begin(t->s), VG_OK);
	for (int i = 0; i < 5; i++) {
		a.at = NOW + i;
		a.sender = i % 2 == 0 ? "even@x.example" : "odd@x.example";
		assert_int_equal(store_audit_add(t->s, &a, reference), VG_OK);
	}
	assert_int_equal(store_commit(t->s), VG_OK);
	assert_int_equal(store_audit_list(t->s, NULL, NULL, 2, &list), VG_OK);
	assert_int_equal(json_array_size(list), 2);
	assert_string_equal(json_string_value(json_object_get(json_array_get(list, 0), "reference")), reference);
	json_decref(list);
	assert_int_equal(store_audit_list(t->s, reference, "even@x.example", 9, &list), VG_OK);
	assert_int_equal(json_array_size(list), 2);
	json_decref(list);
	assert_int_equal(store_audit_expire(t->s, NOW + 3, 100), 3);
	assert_int_equal(store_audit_show(t->s, reference, &list), VG_OK);
	json_decref(list);
	assert_int_equal(store_audit_show(t->s, "nothing", &list), VG_ERR_NOTFOUND);
}

/* V3: since when a mail could not be judged; one pause of a week, and it counts anew. */
static void
deferrals_keep_their_first_time(void **state)
{
	struct store_test *t = *state;
	const int64_t day = 24 * 3600 * INT64_C(1000);
	int64_t at;

	assert_int_equal(store_begin(t->s), VG_OK);
	assert_int_equal(store_deferred_since(t->s, "ann@x.example", "1@x", NOW + day, &at), VG_OK);
	assert_int_equal(at, 0);
	assert_int_equal(store_defer(t->s, "ann@x.example", "1@x", NOW), VG_OK);
	assert_int_equal(store_defer(t->s, "ann@x.example", "1@x", NOW + day), VG_OK);
	assert_int_equal(store_deferred_since(t->s, "ann@x.example", "1@x", NOW + day, &at), VG_OK);
	assert_int_equal(at, NOW);
	/* neither another sender's nor another mail; the two texts do not run together */
	assert_int_equal(store_deferred_since(t->s, "bob@x.example", "1@x", NOW + day, &at), VG_OK);
	assert_int_equal(at, 0);
	assert_int_equal(store_deferred_since(t->s, "ann@x.exampl", "e1@x", NOW + day, &at), VG_OK);
	assert_int_equal(at, 0);
	assert_int_equal(store_defer(t->s, "ann@x.example", "", NOW), VG_OK);
	assert_int_equal(store_deferred_since(t->s, "ann@x.example", "", NOW + day, &at), VG_OK);
	assert_int_equal(at, 0);
	assert_int_equal(store_defer(t->s, "ann@x.example", "1@x", NOW + 9 * day), VG_OK);
	assert_int_equal(store_deferred_since(t->s, "ann@x.example", "1@x", NOW + 9 * day, &at), VG_OK);
	assert_int_equal(at, NOW + 9 * day);
	/* over, also before it is removed */
	assert_int_equal(store_deferred_since(t->s, "ann@x.example", "1@x", NOW + 17 * day, &at), VG_OK);
	assert_int_equal(at, 0);
	assert_int_equal(store_deferral_expire(t->s, NOW + 17 * day, 10), VG_OK);
	assert_int_equal(store_deferred_since(t->s, "ann@x.example", "1@x", NOW + 9 * day, &at), VG_OK);
	assert_int_equal(at, 0);
	assert_int_equal(store_commit(t->s), VG_OK);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_accept_path_never_scans, setup, teardown),
		cmocka_unit_test_setup_teardown(tickets_are_numbered_and_never_again, setup, teardown),
		cmocka_unit_test_setup_teardown(counters_agree_with_rows, setup, teardown),
		cmocka_unit_test_setup_teardown(a_full_disk_leaves_nothing_half_written, setup, teardown),
		cmocka_unit_test_setup_teardown(a_ticket_s_events_go_one_by_one, setup, teardown),
		cmocka_unit_test_setup_teardown(leases_expire_and_the_dead_block_nobody, setup, teardown),
		cmocka_unit_test_setup_teardown(delays_and_extensions_hold, setup, teardown),
		cmocka_unit_test_setup_teardown(routes_are_merged_in_order, setup, teardown),
		cmocka_unit_test_setup_teardown(a_claim_fills_its_answer_and_no_more, setup, teardown),
		cmocka_unit_test_setup_teardown(one_s_own_tickets_are_not_hidden_by_others, setup, teardown),
		cmocka_unit_test_setup_teardown(deferrals_keep_their_first_time, setup, teardown),
		cmocka_unit_test_setup_teardown(audit_is_listed_newest_first_and_expires, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
