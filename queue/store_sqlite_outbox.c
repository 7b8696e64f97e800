/*
 * store_sqlite_outbox.c - outgoing mail. Changes run in the writer thread.
 */
#include "outbox.h"
#include "store_sqlite.h"

#include <stdlib.h>
#include <string.h>

#include "err.h"

/* Stands in an index's condition. */
_Static_assert(LETTER_REFUSED == 8, "kind of outbox_refused");

#define COLUMNS "id, ulid, ticket, message, kind, recipient, shown, name, role, participant, contact_had, letter, state, attempts," \
	" next_at, created_at, updated_at, code, answer, message_id, hold"

const char *
outbox_state_word(enum outbox_state state)
{
	static const char *const words[] = { "unknown", "queued", "held", "sent", "failed", "cancelled" };

	return words[(unsigned)state < sizeof(words) / sizeof(words[0]) ? state : 0];
}

int
store_outbox_add(struct store *s, const struct outbox_row *r, int64_t now)
{
	char ulid[ULID_LEN + 1];
	int held = store_is_suppressed(s, r->recipient);

	if (held < 0)
		return held;
	id_ulid(ulid, now);
	return db_run(s->d, "INSERT INTO outbox(ulid, ticket, message, kind, recipient, shown, name, role, participant, contact_had,"
	    " letter, state, next_at, created_at, updated_at, answer, hold) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
	    "tiiitttiiitiiiiti", ulid, (int64_t)r->ticket, r->message, (int64_t)r->kind, r->recipient, r->shown, r->name, (int64_t)r->role,
	    r->participant, (int64_t)r->contact_had, r->letter, (int64_t)(held ? OUTBOX_HELD : OUTBOX_QUEUED), now, now, now,
	    held ? "the address bounced before" : "", (int64_t)(held ? OUTBOX_FOR_ADDRESS : OUTBOX_BY_HAND));
}

static char *
copy(sqlite3_stmt *stmt, int column, bool *ok)
{
	char *s = strdup(db_text(stmt, column));

	*ok &= s != NULL;
	return s;
}

static bool
read_row(sqlite3_stmt *stmt, struct outbox_row *r)
{
	bool ok = true;

	memset(r, 0, sizeof(*r));
	r->id = sqlite3_column_int64(stmt, 0);
	db_copy(stmt, 1, r->ulid, sizeof(r->ulid));
	r->ticket = (uint64_t)sqlite3_column_int64(stmt, 2);
	r->message = sqlite3_column_int64(stmt, 3);
	r->kind = (enum letter_kind)sqlite3_column_int(stmt, 4);
	r->recipient = copy(stmt, 5, &ok);
	r->shown = copy(stmt, 6, &ok);
	r->name = copy(stmt, 7, &ok);
	r->role = (enum participant_role)sqlite3_column_int(stmt, 8);
	r->participant = sqlite3_column_int64(stmt, 9);
	r->contact_had = sqlite3_column_int(stmt, 10) != 0;
	r->letter = copy(stmt, 11, &ok);
	r->state = (enum outbox_state)sqlite3_column_int(stmt, 12);
	r->attempts = (unsigned)sqlite3_column_int(stmt, 13);
	r->next_at = sqlite3_column_int64(stmt, 14);
	r->created_at = sqlite3_column_int64(stmt, 15);
	r->updated_at = sqlite3_column_int64(stmt, 16);
	r->code = (unsigned)sqlite3_column_int(stmt, 17);
	r->answer = copy(stmt, 18, &ok);
	r->message_id = copy(stmt, 19, &ok);
	r->hold = (enum outbox_hold)sqlite3_column_int(stmt, 20);
	return ok;
}

void
store_outbox_free(struct outbox_row *r)
{
	free(r->recipient);
	free(r->shown);
	free(r->name);
	free(r->letter);
	free(r->answer);
	free(r->message_id);
	memset(r, 0, sizeof(*r));
}

static int
read_rows(struct store *s, sqlite3_stmt *stmt, struct outbox_row *out, unsigned max)
{
	unsigned n = 0;
	bool ok = true;
	int err;

	while ((err = db_step(s->d, stmt)) == 1)
		if (ok && n < max)
			ok = read_row(stmt, &out[n++]);
	if (err == VG_OK && ok)
		return (int)n;
	while (n > 0)
		store_outbox_free(&out[--n]);
	return err != VG_OK ? err : VG_ERR_MEMORY;
}

/* An earlier letter goes first, unless the smarthost puts just that one off again and again, or we do since it is one of too many
 * notices (acknowledgement, joined, removed). */
#define BEFORE "SELECT 1 FROM outbox e WHERE e.state = 1 AND e.ticket = o.ticket AND e.recipient = o.recipient AND e.id < o.id" \
	" AND NOT (e.code BETWEEN 400 AND 499 AND e.attempts >= 4) AND NOT (e.kind IN (1, 4, 5) AND e.attempts = 0 AND e.next_at > ?1)"

int
store_outbox_due(struct store *s, int64_t now, int64_t *ids, unsigned max)
{
	sqlite3_stmt *stmt = db_query(s->d, "SELECT o.id FROM outbox o WHERE o.state = 1 AND o.next_at <= ?1 AND NOT EXISTS (" BEFORE ")"
	    " ORDER BY o.next_at, o.role, o.id LIMIT ?2", "ii", now, (int64_t)max);
	unsigned n = 0;
	int err;

	while ((err = db_step(s->d, stmt)) == 1)
		if (n < max)
			ids[n++] = sqlite3_column_int64(stmt, 0);
	return err == VG_OK ? (int)n : err;
}

int
store_outbox_next(struct store *s, int64_t now, int64_t *at)
{
	int err = db_number(s->d, at, "SELECT next_at FROM outbox WHERE state = 1 AND next_at > ? ORDER BY next_at LIMIT 1", "i", now);

	if (err == VG_ERR_NOTFOUND)
		*at = 0;
	return err == VG_ERR_NOTFOUND ? VG_OK : err;
}

static int
one_row(struct store *s, sqlite3_stmt *stmt, struct outbox_row *out)
{
	int n;

	memset(out, 0, sizeof(*out));
	n = read_rows(s, stmt, out, 1);
	return n < 0 ? n : n == 0 ? VG_ERR_NOTFOUND : VG_OK;
}

int
store_outbox_row(struct store *s, int64_t id, struct outbox_row *out)
{
	return one_row(s, db_query(s->d, "SELECT " COLUMNS " FROM outbox WHERE id = ?", "i", id), out);
}

int
store_outbox_by_ulid(struct store *s, const char *ulid, struct outbox_row *out)
{
	return one_row(s, db_query(s->d, "SELECT " COLUMNS " FROM outbox WHERE ulid = ?", "t", ulid), out);
}

int
store_outbox_save(struct store *s, const struct outbox_row *r, int64_t now)
{
	return db_run(s->d, "UPDATE outbox SET state = ?, attempts = ?, next_at = ?, code = ?, answer = ?, message_id = ?,"
	    " updated_at = ?, hold = ? WHERE id = ?", "iiiittiii", (int64_t)r->state, (int64_t)r->attempts, r->next_at, (int64_t)r->code, r->answer,
	    r->message_id != NULL && *r->message_id != '\0' ? r->message_id : NULL, now,
	    (int64_t)(r->state == OUTBOX_HELD ? r->hold : OUTBOX_BY_HAND), r->id);
}

int
store_outbox_contact_had(struct store *s, int64_t message)
{
	int64_t one;
	int err = db_number(s->d, &one, "SELECT 1 FROM outbox WHERE message = ? AND role = ? AND state = 3 LIMIT 1", "ii", message,
	    (int64_t)PART_CONTACT);

	return err == VG_OK ? 1 : err == VG_ERR_NOTFOUND ? 0 : err;
}

int
store_outbox_contact_waits(struct store *s, uint64_t ticket, int64_t message)
{
	int64_t one;
	int err = db_number(s->d, &one, "SELECT 1 FROM outbox WHERE ticket = ? AND message = ? AND role = ? AND state = 1 LIMIT 1", "iii",
	    (int64_t)ticket, message, (int64_t)PART_CONTACT);

	return err == VG_OK ? 1 : err == VG_ERR_NOTFOUND ? 0 : err;
}

int
store_outbox_stuck(struct store *s, struct outbox_row *out, unsigned max)
{
	return read_rows(s, db_query(s->d, "SELECT " COLUMNS " FROM outbox WHERE state = 2 AND hold = ?1 AND NOT EXISTS (SELECT 1 FROM outbox c"
	    " WHERE c.ticket = outbox.ticket AND c.message = outbox.message AND c.role = ?2 AND (c.state IN (1, 3) OR (c.state = 2 AND"
	    " c.hold = 0))) GROUP BY message ORDER BY message LIMIT ?3", "iii", (int64_t)OUTBOX_FOR_CONTACT, (int64_t)PART_CONTACT,
	    (int64_t)max), out, max);
}

int
store_outbox_knows(struct store *s, int64_t message, const char *recipient)
{
	int64_t one;
	int err = db_number(s->d, &one, "SELECT 1 FROM outbox WHERE ticket = (SELECT ticket FROM message WHERE id = ?1) AND message = ?1"
	    " AND recipient = ?2 LIMIT 1", "it", message, recipient);

	return err == VG_OK ? 1 : err == VG_ERR_NOTFOUND ? 0 : err;
}

int
store_outbox_refused(struct store *s, const char *recipient, int64_t since)
{
	int64_t one;
	int err = db_number(s->d, &one, "SELECT 1 FROM outbox WHERE kind = 8 AND recipient = ? AND created_at > ? LIMIT 1", "ti", recipient, since);

	return err == VG_OK ? 1 : err == VG_ERR_NOTFOUND ? 0 : err;
}

int
store_outbox_wake(struct store *s, uint64_t ticket, int64_t message, int64_t now)
{
	return db_run(s->d, "UPDATE outbox SET next_at = ? WHERE ticket = ? AND message = ? AND role <> ? AND state = 1 AND attempts = 0"
	    " AND next_at > ?", "iiiii", now, (int64_t)ticket, message, (int64_t)PART_CONTACT, now);
}

int
store_outbox_cancel(struct store *s, uint64_t ticket, const char *recipient, const char *why, int64_t now)
{
	return db_run(s->d, "UPDATE outbox SET state = 5, answer = ?, updated_at = ? WHERE ticket = ? AND recipient = ? AND kind <> ?"
	    " AND state IN (1, 2)", "tiiti", why, now, (int64_t)ticket, recipient, (int64_t)LETTER_REMOVED);
}

int
store_outbox_last_id(struct store *s, uint64_t ticket, const char *recipient, struct buf *out)
{
	sqlite3_stmt *stmt = db_query(s->d, "SELECT message_id FROM outbox WHERE ticket = ? AND recipient = ? AND state = 3"
	    " AND message_id IS NOT NULL ORDER BY id DESC LIMIT 1", "it", (int64_t)ticket, recipient);
	int err = db_step(s->d, stmt);

	if (err != 1)
		return err;
	err = buf_adds(out, db_text(stmt, 0));
	sqlite3_reset(stmt);
	return err;
}

int
store_outbox_list(struct store *s, int64_t before, enum outbox_state state, uint64_t ticket, struct outbox_row *out, unsigned max)
{
	return read_rows(s, db_query(s->d, "SELECT " COLUMNS " FROM outbox WHERE (?1 = 0 OR id < ?1) AND (?2 = 0 OR state = ?2)"
	    " AND (?3 = 0 OR ticket = ?3) ORDER BY id DESC LIMIT ?4", "iiii", before, (int64_t)state, (int64_t)ticket, (int64_t)max), out, max);
}
