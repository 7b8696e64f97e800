/*
 * store_sqlite_people.c - who left a ticket, who is asked for, what audience a message had, tickets that went into another
 * one. Changes run in the writer thread, reads on any connection of the queue process.
 */
#include "store_sqlite.h"

#include <string.h>

#include "err.h"

#define MERGES_MAX 16u /* tickets in a row that went into the next one */

static int
there(struct store *s, const char *sql, uint64_t ticket, const char *address, bool *yes)
{
	int64_t one;
	int err = db_number(s->d, &one, sql, "it", (int64_t)ticket, address);

	*yes = err == VG_OK;
	return err == VG_ERR_NOTFOUND ? VG_OK : err;
}

int
store_person(struct store *s, uint64_t ticket, const char *address, bool *removed, bool *asked)
{
	int err = there(s, "SELECT 1 FROM participant WHERE ticket = ? AND address = ? AND removed_at IS NOT NULL LIMIT 1", ticket,
	    address, removed);

	return err != VG_OK ? err : there(s, "SELECT 1 FROM participant_asked WHERE ticket = ? AND address = ?", ticket, address,
	    asked);
}

int
store_person_ask(struct store *s, uint64_t ticket, const char *address, const char *by, int64_t at, int64_t message)
{
	return db_run(s->d, "INSERT OR REPLACE INTO participant_asked(ticket, address, asked_by, asked_at, message)"
	    " VALUES (?, ?, ?, ?, ?)", "ittii", (int64_t)ticket, address, by, at, message);
}

int
store_person_unask(struct store *s, uint64_t ticket, const char *address)
{
	return db_run(s->d, "DELETE FROM participant_asked WHERE ticket = ? AND address = ?", "it", (int64_t)ticket, address);
}

int
store_persons_asked(struct store *s, uint64_t ticket, json_t **out)
{
	sqlite3_stmt *stmt = db_query(s->d, "SELECT address, asked_by, asked_at FROM participant_asked WHERE ticket = ? LIMIT ?", "ii",
	    (int64_t)ticket, (int64_t)STORE_PARTICIPANTS_MAX);	static const char *const names[] = { "address", "asked_by", "asked_at" };

	return store_rows_json(s, stmt, names, out);
}

int
store_participant_remove(struct store *s, uint64_t ticket, const char *address, const char *by, int64_t at, bool *removed)
{
	int err = db_run(s->d, "UPDATE participant SET removed_at = ?, removed_by = ? WHERE ticket = ? AND address = ?"
	    " AND removed_at IS NULL", "itit", at, by, (int64_t)ticket, address);

	*removed = err == VG_OK && store_changes(s) > 0;
	return err == VG_OK ? store_person_unask(s, ticket, address) : err;
}

static int
audience_of(struct store *s, sqlite3_stmt *stmt, unsigned *visibility, struct buf *audience)
{
	int err = db_step(s->d, stmt);

	if (err != 1)
		return err == VG_OK ? VG_ERR_NOTFOUND : err;
	*visibility = (unsigned)sqlite3_column_int(stmt, 0);
	err = buf_adds(audience, db_text(stmt, 1));
	sqlite3_reset(stmt);
	return err;
}

int
store_message_audience(struct store *s, int64_t message, unsigned *visibility, struct buf *audience)
{
	return audience_of(s, db_query(s->d, "SELECT visibility, audience FROM message WHERE id = ? AND state = 2", "i", message),
	    visibility, audience);
}

int
store_answered(struct store *s, uint64_t ticket, const char *message_id, unsigned *visibility, struct buf *audience)
{
	/* Its own Message-ID, or that of a letter that carried it. They are the senders' choice: of several the most restricted counts. */
	return audience_of(s, db_query(s->d, "SELECT visibility, audience FROM message WHERE (message_id = ?1 OR id IN"
	    " (SELECT message FROM outbox WHERE message_id = ?1)) AND ticket = ?2 AND state = 2"
	    " ORDER BY visibility DESC, length(audience) LIMIT 1", "ti", message_id, (int64_t)ticket), visibility, audience);
}

int
store_message_id_of(struct store *s, uint64_t ticket, const char *message_id, bool *agent, bool *known)
{
	int64_t by_agent = 0, by_others = 0;
	int err = db_number(s->d, &by_agent, "SELECT count(*) FROM message WHERE message_id = ? AND ticket = ? AND role = ?", "tii",
	    message_id, (int64_t)ticket, (int64_t)PART_AGENT);

	if (err == VG_OK)
		err = db_number(s->d, &by_others, "SELECT (SELECT count(*) FROM message WHERE message_id = ?1 AND ticket = ?2) +"
		    " (SELECT count(*) FROM outbox WHERE message_id = ?1 AND ticket = ?2)", "ti", message_id, (int64_t)ticket);
	*agent = by_agent > 0;
	*known = by_others > by_agent;
	return err;
}

int
store_ticket_merge(struct store *s, uint64_t from, uint64_t into)
{
	return db_run(s->d, "UPDATE ticket SET merged_into = ? WHERE number = ?", "ii", (int64_t)into, (int64_t)from);
}

int
store_ticket_merged(struct store *s, uint64_t number, uint64_t *into)
{
	int64_t next = (int64_t)number;
	int err = VG_OK;

	*into = number;
	for (unsigned i = 0; i < MERGES_MAX && next != 0 && err == VG_OK; i++) {
		*into = (uint64_t)next;
		err = db_number(s->d, &next, sql_merged, "i", next);
	}
	return err;
}

int
store_message_place(struct store *s, int64_t message, uint64_t ticket, enum participant_role role)
{
	return db_run(s->d, "UPDATE message SET ticket = ?, role = ? WHERE id = ?", "iii", (int64_t)ticket, (int64_t)role, message);
}

int
store_message_move(struct store *s, int64_t message, uint64_t ticket)
{
	return db_run(s->d, "UPDATE message SET ticket = ? WHERE id = ?", "ii", (int64_t)ticket, message);
}
