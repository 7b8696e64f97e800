/*
 * store_sqlite_suppressed.c - addresses that bounced for good, and copies that wait for somebody to be reached again (T3). Changes run
 * in the writer thread.
 */
#include "outbox.h"
#include "store_sqlite.h"

#include "err.h"

#define REVIVED_MAX 20   /* tries of one copy, beyond which a contact's other mail does not bring it back */
#define NOTICES_MAX 20000 /* newest rows that are looked at */
#define COLUMNS "s.address, o.ulid, s.report, o.ticket, s.reason, s.at"

int
store_is_suppressed(struct store *s, const char *address)
{
	int64_t one;
	int err = db_number(s->d, &one, "SELECT 1 FROM suppressed WHERE address = ?", "t", address);

	return err == VG_OK ? 1 : err == VG_ERR_NOTFOUND ? 0 : err;
}

int
store_suppress(struct store *s, const char *address, int64_t outbox, const char *report, const char *reason, int64_t now)
{
	return db_run(s->d, "INSERT OR REPLACE INTO suppressed(address, outbox, report, reason, at) VALUES (?, ?, ?, ?, ?)", "titti", address,
	    outbox, report, reason, now);
}

/* What failed for a contact, and customers wait for it. */
static int
revive(struct store *s, const char *address, int64_t now)
{
	return db_run(s->d, "UPDATE outbox SET state = 1, next_at = ?1, updated_at = ?1 WHERE recipient = ?2 AND state IN (2, 4) AND state = 4"
	    " AND role = ?3 AND attempts < ?4 AND EXISTS (SELECT 1 FROM outbox c WHERE c.message = outbox.message AND c.state = 2 AND c.hold = ?5)",
	    "itiii", now, address, (int64_t)PART_CONTACT, (int64_t)REVIVED_MAX, (int64_t)OUTBOX_FOR_CONTACT);
}

int
store_unsuppress(struct store *s, const char *address, int64_t now, bool *was)
{
	int err = db_run(s->d, "DELETE FROM suppressed WHERE address = ?", "t", address);

	*was = err == VG_OK && store_changes(s) > 0;
	if (err != VG_OK || !*was)
		return err;
	err = db_run(s->d, "UPDATE outbox SET state = 1, hold = 0, next_at = ?1, updated_at = ?1 WHERE recipient = ?2 AND state IN (2, 4)"
	    " AND state = 2 AND hold = ?3", "iti", now, address, (int64_t)OUTBOX_FOR_ADDRESS);
	return err == VG_OK ? revive(s, address, now) : err;
}

int
store_outbox_contact_has(struct store *s, int64_t message, const char *recipient, int64_t now)
{
	int err = db_run(s->d, "UPDATE outbox SET state = 1, hold = 0, next_at = ?1, updated_at = ?1 WHERE message = ?2 AND state = 2"
	    " AND hold = ?3", "iii", now, message, (int64_t)OUTBOX_FOR_CONTACT);

	return err == VG_OK ? revive(s, recipient, now) : err;
}

/* ---- lists ---- */

static void
read_row(sqlite3_stmt *row, struct outbox_suppressed *out)
{
	db_copy(row, 0, out->address, sizeof(out->address));
	db_copy(row, 1, out->outbox, sizeof(out->outbox));
	db_copy(row, 2, out->report, sizeof(out->report));
	out->ticket = (uint64_t)sqlite3_column_int64(row, 3);
	db_copy(row, 4, out->reason, sizeof(out->reason));
	out->at = sqlite3_column_int64(row, 5);
}

int
store_suppressed(struct store *s, const char *address, struct outbox_suppressed *out)
{
	sqlite3_stmt *row = db_query(s->d, "SELECT " COLUMNS " FROM suppressed s LEFT JOIN outbox o ON o.id = s.outbox WHERE s.address = ?", "t",
	    address);
	int err = db_step(s->d, row);

	if (err != 1)
		return err == VG_OK ? VG_ERR_NOTFOUND : err;
	read_row(row, out);
	sqlite3_reset(row);
	return VG_OK;
}

int
store_suppressed_list(struct store *s, const char *after, struct outbox_suppressed *out, unsigned max)
{
	sqlite3_stmt *row = db_query(s->d, "SELECT " COLUMNS " FROM suppressed s LEFT JOIN outbox o ON o.id = s.outbox WHERE s.address > ?"
	    " ORDER BY s.address LIMIT ?", "ti", after, (int64_t)max);
	unsigned n = 0;
	int err;

	while ((err = db_step(s->d, row)) == 1)
		if (n < max)
			read_row(row, &out[n++]);
	return err == VG_OK ? (int)n : err;
}

int
store_outbox_notices(struct store *s, int64_t since, void (*each)(void *arg, const char *recipient, int64_t at), void *arg)
{
	sqlite3_stmt *row = db_query(s->d, "SELECT recipient, updated_at FROM outbox WHERE id > (SELECT ifnull(max(id), 0) FROM outbox) - ?"
	    " AND kind IN (?, ?, ?, ?) AND (state = 3 OR attempts > 0) AND updated_at > ? ORDER BY updated_at", "iiiiii", (int64_t)NOTICES_MAX,
	    (int64_t)LETTER_ACK, (int64_t)LETTER_JOINED, (int64_t)LETTER_REMOVED,
	    (int64_t)LETTER_REFUSED, since);
	int err;

	while ((err = db_step(s->d, row)) == 1)
		each(arg, db_text(row, 0), sqlite3_column_int64(row, 1));
	return err;
}
