/*
 * store_sqlite.h - inside of the SQLite back end, for store_sqlite*.c only.
 */
#ifndef VG_STORE_SQLITE_H
#define VG_STORE_SQLITE_H

#include "db_sqlite.h"
#include "store.h"

#define STORE_RECEIPT_KEY 32

struct store {
	struct db *d;
	unsigned char receipt_key[STORE_RECEIPT_KEY]; /* makes receipts unguessable */
	char thread_partner[65], thread_holder[65];   /* lent by store_thread */
	int log_pages;                                /* told by the last commit */
	struct buf gone;                              /* blob files to remove, NUL behind each */
};

/* Statements between a sender's end of data and our 250: each must be an index look-up, which a test asks the query
 * planner. Named texts, since statements are cached by their address. */
#define STORE_ACCEPT_SQL(X) \
	X(by_digest, "SELECT ulid, ticket FROM message WHERE digest = ?") \
	X(seen, "SELECT 1 FROM message WHERE message_id = ? LIMIT 1") \
	X(hits_of_partner, "SELECT id, ticket, direction, audience FROM message" \
	    " WHERE message_id = ? AND partner = ? AND ticket > 0 AND state IN (1, 2) LIMIT ?") \
	X(hits, "SELECT id, ticket, direction, audience FROM message" \
	    " WHERE message_id = ? AND ticket > 0 AND state IN (1, 2) LIMIT ?") \
	X(merged, "SELECT merged_into FROM ticket WHERE number = ?") \
	X(thread, "SELECT status, partner, holder, closed_at FROM ticket WHERE number = ?") \
	X(thread_role, "SELECT role, by_contact FROM participant WHERE ticket = ? AND address = ? AND removed_at IS NULL") \
	X(participant_valid, "SELECT address FROM participant WHERE id = ? AND ticket = ? AND removed_at IS NULL") \
	X(ticket_open, "INSERT INTO ticket(partner, holder, subject, opened_at, updated_at, continues) VALUES (?, ?, ?, ?, ?, ?)") \
	X(participant_join, "INSERT INTO participant(ticket, address, shown, name, role, by_contact, added_by, added_at, message)" \
	    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING") \
	X(message_add, "INSERT INTO message(ulid, state, action, ticket, rule, reason, text, cls, role, quiet, reopen," \
	    " continues, partner, holder, route, sender, sender_shown, sender_name, subject, message_id, message_id_seen," \
	    " automatic, digest, size, key, blob, received_at, stored_at, outbox)" \
	    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)") \
	X(body_add, "INSERT INTO message_body(message, facts, envelope, prefix, sealed) VALUES (?, ?, ?, ?, ?)") \
	X(held_add, "INSERT INTO held(message, reason, held_at, expires_at) VALUES (?, ?, ?, ?)") \
	X(audit_add, "INSERT INTO audit(ulid, at, actor, what, rule, reason, text, sender, sess, peer, message, ticket, facts)" \
	    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)") \
	X(deferred, "SELECT first_at FROM deferral WHERE key = ? AND last_at >= ?") \
	X(defer, "INSERT INTO deferral(key, first_at, last_at) VALUES (?1, ?2, ?2) ON CONFLICT(key) DO UPDATE SET" \
	    " first_at = iif(last_at < ?3, excluded.first_at, first_at), last_at = excluded.last_at") \
	X(count, "UPDATE counter SET value = value + ? WHERE name = ?")

#define STORE_SQL_DECLARE(name, text) extern const char sql_##name[];
STORE_ACCEPT_SQL(STORE_SQL_DECLARE)

/* Their texts, NULL at the end, for the test. */
extern const char *const store_accept_sql[];

/* Row id of the last insert. */
int64_t store_last_id(struct store *s);
/* Rows changed by the last statement. */
int store_changes(struct store *s);
/* Rows of two texts and a time as JSON objects with these names. VG_ERR_MEMORY, or the statement's error. */
int store_rows_json(struct store *s, sqlite3_stmt *stmt, const char *const names[3], json_t **out);
/* The numbers of the first column, at most max: how many, or an error. */
int store_ids(struct store *s, sqlite3_stmt *stmt, int64_t *out, unsigned max);
/* The text, NULL where it is "". */
const char *store_null(const char *s);
/* A copy of a text column; NULL on no memory. */
char *store_dup(sqlite3_stmt *stmt, int column);

#endif
