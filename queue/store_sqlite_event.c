/*
 * store_sqlite_event.c - events: stored once, made deliverable to every consumer; and the full-text index that
 * follows behind them. Runs in the writer thread.
 */
#include "store_sqlite.h"

#include <string.h>

#include "err.h"

#define CONSUMERS_MAX 64u

/* Behind an unsettled event of its chain it waits; the dead block nobody. */
static int
deliver_to(struct store *s, const struct store_event *e, int64_t event, int64_t consumer)
{
	int64_t before;
	int err = db_number(s->d, &before, "SELECT 1 FROM delivery WHERE consumer = ? AND chain = ? AND state < 4 LIMIT 1", "ii",
	    consumer, e->chain);

	if (err != VG_OK && err != VG_ERR_NOTFOUND)
		return err;
	return db_run(s->d, "INSERT INTO delivery(consumer, chain, event, state, route) VALUES (?, ?, ?, ?, ?)", "iiiit", consumer,
	    e->chain, event, (int64_t)(err == VG_OK ? DELIVERY_BLOCKED : DELIVERY_READY), e->route);
}

static int
deliver(struct store *s, const struct store_event *e, int64_t event)
{
	sqlite3_stmt *stmt = db_query(s->d, "SELECT id FROM consumer ORDER BY id", "");
	int64_t consumers[CONSUMERS_MAX];
	unsigned n = 0;
	int err;

	while ((err = db_step(s->d, stmt)) == 1)
		if (n < CONSUMERS_MAX)
			consumers[n++] = sqlite3_column_int64(stmt, 0);
	for (unsigned i = 0; i < n && err == VG_OK; i++)
		err = deliver_to(s, e, event, consumers[i]);
	return err;
}

int
store_event_add(struct store *s, const struct store_event *e)
{
	sqlite3_stmt *stmt = db_query(s->d, "INSERT INTO event(ulid, ticket, seq, kind, head, object, created_at)"
	    " VALUES (?1, ?2, ?3, ?4, ?5, NULLIF(?6, 0), ?7)", "tiit", e->ulid, (int64_t)e->ticket, (int64_t)e->seq, e->kind);
	int err;

	if (stmt == NULL || sqlite3_bind_text64(stmt, 5, e->head, e->head_len, SQLITE_STATIC, SQLITE_UTF8) != SQLITE_OK ||
	    sqlite3_bind_int64(stmt, 6, e->object) != SQLITE_OK || sqlite3_bind_int64(stmt, 7, e->at) != SQLITE_OK)
		return VG_ERR_STORE;
	if ((err = db_step(s->d, stmt)) != VG_OK)
		return err;
	return deliver(s, e, store_last_id(s));
}

/* ---- full text ---- */

static void
append_text(struct buf *out, json_t *value)
{
	if (json_is_string(value)) {
		buf_add(out, json_string_value(value), json_string_length(value));
		buf_adds(out, "\n");
	}
}

static int
index_object(struct store *s, int64_t id, const char *text, size_t len)
{
	json_t *o = json_loadb(text, len, 0, NULL), *error;
	struct buf body, errors;
	size_t i;
	int err;

	buf_init(&body, 1 << 20);
	buf_init(&errors, 1 << 20);
	append_text(&body, json_object_get(json_object_get(o, "body"), "text"));
	json_array_foreach(json_object_get(o, "attachments"), i, error)
		append_text(&body, json_object_get(error, "text"));
	json_array_foreach(json_object_get(o, "errors"), i, error)
	{
		append_text(&errors, json_object_get(error, "text"));
		append_text(&errors, json_object_get(error, "code"));
		append_text(&errors, json_object_get(error, "exception"));
	}
	err = db_run(s->d, "INSERT INTO search(rowid, subject, body, errors) VALUES (?, ?, ?, ?)", "ittt", id,
	    json_string_value(json_object_get(o, "subject")), buf_str(&body), buf_str(&errors));
	buf_free(&body);
	buf_free(&errors);
	json_decref(o);
	return err;
}

int
store_index_more(struct store *s, unsigned max)
{
	sqlite3_stmt *stmt;
	int64_t upto = 0, last;
	unsigned n = 0;
	int err = store_note_get(s, "indexed_upto", &upto);

	if (err != VG_OK && err != VG_ERR_NOTFOUND)
		return err;
	last = upto;
	/* Held mail is no part of a ticket: its words are searched for only after a release, which parses it again. */
	stmt = db_query(s->d, "SELECT o.id, o.json FROM message_object o JOIN message m ON m.id = o.message"
	    " WHERE o.id > ? AND m.state = 2 ORDER BY o.id LIMIT ?", "ii", upto, (int64_t)max);
	while ((err = db_step(s->d, stmt)) == 1) {
		last = sqlite3_column_int64(stmt, 0);
		err = index_object(s, last, (const char *)sqlite3_column_text(stmt, 1), (size_t)sqlite3_column_bytes(stmt, 1));
		if (err != VG_OK) {
			sqlite3_reset(stmt);
			return err;
		}
		n++;
	}
	if (err == VG_OK && last > upto)
		err = store_note_set(s, "indexed_upto", last);
	return err == VG_OK ? (int)n : err;
}
