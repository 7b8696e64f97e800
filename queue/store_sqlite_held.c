/*
 * store_sqlite_held.c - mail that waits for an operator. Changes run in the writer thread.
 */
#include "store_sqlite.h"

#include <string.h>

#include "err.h"

int
store_hold(struct store *s, int64_t message, const char *reason, int64_t now, int64_t expires_at)
{
	int err = db_run(s->d, sql_held_add, "itii", message, reason, now, expires_at);

	if (err == VG_OK)
		err = db_run(s->d, "UPDATE message SET state = 3, reason = ? WHERE id = ?", "ti", reason, message);
	if (err == VG_OK)
		err = store_count(s, "queued", -1);
	return err == VG_OK ? store_count(s, "held", 1) : err;
}

int
store_received(struct store *s, int64_t since, int64_t after, int64_t *out, unsigned max)
{
	sqlite3_stmt *stmt = db_query(s->d, "SELECT id FROM message WHERE id > ? AND received_at >= ? AND direction = 0"
	    " ORDER BY id LIMIT ?", "iii", after, since, (int64_t)max);

	return store_ids(s, stmt, out, max);
}

static void
read_held(sqlite3_stmt *stmt, struct store_held *h)
{
	h->message = sqlite3_column_int64(stmt, 0);
	db_copy(stmt, 1, h->reason, sizeof(h->reason));
	h->held_at = sqlite3_column_int64(stmt, 2);
	h->expires_at = sqlite3_column_int64(stmt, 3);
}

int
store_held_list(struct store *s, int64_t after, const char *reason, struct store_held *out, unsigned max)
{
	sqlite3_stmt *stmt = db_query(s->d, "SELECT message, reason, held_at, expires_at FROM held WHERE message > ?1"
	    " AND (?2 IS NULL OR reason = ?2) ORDER BY message LIMIT ?3", "iti", after, reason, (int64_t)max);
	unsigned n = 0;
	int err;

	while ((err = db_step(s->d, stmt)) == 1)
		if (n < max)
			read_held(stmt, &out[n++]);
	return err == VG_OK ? (int)n : err;
}

int
store_held(struct store *s, int64_t message, struct store_held *out)
{
	sqlite3_stmt *stmt = db_query(s->d, "SELECT message, reason, held_at, expires_at FROM held WHERE message = ?", "i",
	    message);
	int err = db_step(s->d, stmt);

	if (err != 1)
		return err == VG_OK ? VG_ERR_NOTFOUND : err;
	read_held(stmt, out);
	sqlite3_reset(stmt);
	return VG_OK;
}

int
store_held_expired(struct store *s, int64_t now, int64_t *out, unsigned max)
{
	sqlite3_stmt *stmt = db_query(s->d, "SELECT message FROM held WHERE expires_at <= ? ORDER BY expires_at LIMIT ?", "ii",
	    now, (int64_t)max);

	return store_ids(s, stmt, out, max);
}

/* What was made of it for the preview, and the event that would still tell the backend. */
static int
forget_preview(struct store *s, int64_t id)
{
	int err = db_run(s->d, "DELETE FROM delivery WHERE consumer IN (SELECT id FROM consumer) AND chain = ?", "i", -id);

	return err == VG_OK ? db_run(s->d, "DELETE FROM message_object WHERE message = ?", "i", id) : err;
}

/* A refused message loses its key, with it its content, and its digest: the same mail may come again and is judged anew. */
static int
forget(struct store *s, struct store_message *m)
{
	int err = db_run(s->d, "UPDATE message SET state = 4, parsed = 1, key = NULL, blob = NULL, digest = NULL, ticket = 0,"
	    " subject = '' WHERE id = ?", "i", m->id);

	if (err == VG_OK)
		err = db_run(s->d, "DELETE FROM message_body WHERE message = ?", "i", m->id);
	if (err == VG_OK)
		err = db_run(s->d, "DELETE FROM attachment WHERE message = ?", "i", m->id);
	if (err == VG_OK)
		err = forget_preview(s, m->id);
	if (err == VG_OK && m->action == COMMIT_OPEN && m->ticket > 0)
		err = store_ticket_drop(s, m->ticket);
	if (err == VG_OK && m->blob != NULL)
		err = buf_add(&s->gone, m->blob, strlen(m->blob) + 1);
	return err == VG_OK ? store_count(s, "refused_after_queue", 1) : err;
}

static int
release(struct store *s, struct store_message *m)
{
	int err = db_run(s->d, "UPDATE message SET state = 1, parsed = 0, released = 1, action = ?, ticket = ?, continues = ?, reopen = ?,"
	    " rule = ?, reason = '', text = ?, cls = ?, role = ?, partner = ?, holder = ?, route = ? WHERE id = ?", "iiiittiittti",
	    (int64_t)m->action, (int64_t)m->ticket, (int64_t)m->continues, (int64_t)m->reopen, m->rule, m->text,
	    (int64_t)m->cls, (int64_t)m->role, store_null(m->partner), store_null(m->holder), m->route, m->id);

	m->state = MSG_ACCEPTED;
	m->parsed = false;
	return err == VG_OK ? store_count(s, "queued", 1) : err;
}

/* The ticket of a message that opens one, where none was allotted yet, and its sender's place in it. */
static int
place_released(struct store *s, struct store_message *m, int64_t now)
{
	struct store_participant p = { .role = m->role, .address = m->sender, .shown = m->sender_shown,
		.name = m->sender_name, .added_by = m->sender, .added_at = now, .message = m->id };
	bool added;
	int err = VG_OK;

	if (m->action == COMMIT_OPEN && m->ticket == 0) {
		err = db_run(s->d, sql_ticket_open, "tttiii", store_null(m->partner), store_null(m->holder), m->subject,
		    m->received_at, now, (int64_t)m->continues);
		m->ticket = (uint64_t)store_last_id(s);
	}
	if (err == VG_OK && m->role != PART_NONE)
		err = store_participant_add(s, m->ticket, &p, &added);
	return err;
}

int
store_held_end(struct store *s, struct store_message *m, const char *how, int64_t now)
{
	int err = db_run(s->d, "DELETE FROM held WHERE message = ?", "i", m->id);

	if (err == VG_OK && store_changes(s) != 1)
		return VG_ERR_NOTFOUND;
	if (err == VG_OK)
		err = store_count(s, "held", -1);
	if (err == VG_OK)
		err = store_count(s, how, 1);
	if (err != VG_OK || strcmp(how, "released") != 0)
		return err != VG_OK ? err : forget(s, m);
	if ((err = place_released(s, m, now)) == VG_OK)
		err = release(s, m);
	return err;
}
