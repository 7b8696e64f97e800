/*
 * store_sqlite_imap.c - the ledger of mailboxes: which mail of which UID is how far. The writer notes, any connection looks up.
 */
#include "store_sqlite.h"

#include "err.h"

#define MOVED_KEEP_MS (INT64_C(30) * 24 * 3600 * 1000)

static uint32_t
uid_at(const unsigned char *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static int
look_up(struct store *s, const char *mailbox, uint32_t validity, uint32_t uid, struct imap_item *item)
{
	sqlite3_stmt *stmt = db_query(s->d,
	    "SELECT state, outcome, tries, delays, next_at FROM imap_mail WHERE mailbox = ? AND validity = ? AND uid = ?", "tii",
	    mailbox, (int64_t)validity, (int64_t)uid);
	int rc = db_step(s->d, stmt);

	if (rc != 1)
		return rc;
	*item = (struct imap_item){ .uid = uid, .state = (uint8_t)sqlite3_column_int(stmt, 0),
		.outcome = (uint8_t)sqlite3_column_int(stmt, 1), .tries = (uint32_t)sqlite3_column_int64(stmt, 2),
		.delays = (uint32_t)sqlite3_column_int64(stmt, 3), .next_at = sqlite3_column_int64(stmt, 4) };
	sqlite3_reset(stmt);
	return 1;
}

int
store_imap_known(struct store *s, const char *mailbox, uint32_t validity, const unsigned char *uids, size_t len,
    struct buf *out, uint32_t *n)
{
	struct imap_item item;
	int rc = VG_OK;

	for (size_t i = 0; rc == VG_OK && i + 4 <= len; i += 4) {
		rc = look_up(s, mailbox, validity, uid_at(uids + i), &item);
		if (rc == 1)
			rc = wlist_add(out, n, &wire_imap_item, &item);
	}
	return rc;
}

int
store_imap_note(struct store *s, const char *mailbox, uint32_t validity, const struct imap_item *item, int64_t now)
{
	return db_run(s->d,
	    "INSERT INTO imap_mail(mailbox, validity, uid, state, outcome, tries, delays, next_at, at)"
	    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT(mailbox, validity, uid) DO UPDATE SET state = excluded.state,"
	    " outcome = excluded.outcome, tries = excluded.tries, delays = excluded.delays, next_at = excluded.next_at,"
	    " at = excluded.at WHERE state <> 5",
	    "tiiiiiiii", mailbox, (int64_t)validity, (int64_t)item->uid, (int64_t)item->state, (int64_t)item->outcome,
	    (int64_t)item->tries, (int64_t)item->delays, item->next_at, now);
}

int
store_imap_expire(struct store *s, int64_t now, unsigned max)
{
	sqlite3_stmt *stmt = db_query(s->d, "SELECT mailbox, validity, uid FROM imap_mail WHERE state = 5 AND at < ? LIMIT ?", "ii",
	    now - MOVED_KEEP_MS, (int64_t)max);
	int rc = db_step(s->d, stmt);

	sqlite3_reset(stmt);
	if (rc != 1)
		return rc;
	return db_run(s->d, "DELETE FROM imap_mail WHERE (mailbox, validity, uid) IN (SELECT mailbox, validity, uid FROM imap_mail"
	    " WHERE state = 5 AND at < ? LIMIT ?)", "ii", now - MOVED_KEEP_MS, (int64_t)max);
}
