/*
 * store_sqlite.c - the embedded store: one store.db, a writing connection in the writer thread, reading ones
 * beside it. Runs in the queue process only. Trusts its callers; not the disk.
 */
#include "store_sqlite.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "err.h"

#define STORE_APP_ID 0x56475354 /* "VGST" */
#define WRITER_CACHE "PRAGMA cache_size=-32768;"

#define STORE_SQL_DEFINE(name, text) const char sql_##name[] = text;
STORE_ACCEPT_SQL(STORE_SQL_DEFINE)
#define STORE_SQL_LIST(name, text) sql_##name,
const char *const store_accept_sql[] = { STORE_ACCEPT_SQL(STORE_SQL_LIST) NULL };

static const char step_1[] =
#include "queue/schema/0001-store.sql.inc"
    ;

static const char step_2[] =
#include "queue/schema/0002-gate.sql.inc"
    ;

static const char step_3[] =
#include "queue/schema/0003-people.sql.inc"
    ;

static const char step_4[] =
#include "queue/schema/0004-related.sql.inc"
    ;

static const char step_5[] =
#include "queue/schema/0005-outbox.sql.inc"
    ;

static const char step_6[] =
#include "queue/schema/0006-ocr.sql.inc"
    ;

static const char step_7[] =
#include "queue/schema/0007-imap.sql.inc"
    ;

static const char step_8[] =
#include "queue/schema/0008-clock.sql.inc"
    ;

static const char step_9[] =
#include "queue/schema/0009-returned.sql.inc"
    ;

static const char step_10[] =
#include "queue/schema/0010-held-copies.sql.inc"
    ;

static const char step_11[] =
#include "queue/schema/0011-refused.sql.inc"
    ;

static const char step_12[] =
#include "queue/schema/0012-outbox-order.sql.inc"
    ;

static const char *const steps[] = { step_1, step_2, step_3, step_4, step_5, step_6, step_7, step_8, step_9,
	step_10, step_11, step_12 };
static const struct db_schema schema = { STORE_APP_ID, steps, sizeof(steps) / sizeof(steps[0]) };

/* The key lives in the store: whoever can read it can read the events as well. */
static int
receipt_key(struct store *s, bool writable)
{
	sqlite3_stmt *stmt = db_query(s->d, "SELECT value FROM meta WHERE name = 'receipt_key'", "");
	int err = db_step(s->d, stmt);

	if (err == 1) {
		err = sqlite3_column_bytes(stmt, 0) == STORE_RECEIPT_KEY ? VG_OK : VG_ERR_STORE;
		if (err == VG_OK)
			memcpy(s->receipt_key, sqlite3_column_blob(stmt, 0), STORE_RECEIPT_KEY);
		sqlite3_reset(stmt);
		return err;
	}
	if (err != VG_OK || !writable)
		return err;
	randombytes_buf(s->receipt_key, STORE_RECEIPT_KEY);
	return db_run(s->d, "INSERT INTO meta(name, value) VALUES ('receipt_key', ?)", "b", (const void *)s->receipt_key,
	    (size_t)STORE_RECEIPT_KEY);
}

static int
on_commit(void *arg, sqlite3 *h, const char *name, int pages)
{
	struct store *s = arg;

	(void)h;
	(void)name;
	s->log_pages = pages;
	return SQLITE_OK;
}

/* The writer moves the log to the main file itself, at moments of its own choice (store_checkpoint). */
static int
set_up(struct store *s, bool writable, const char **why)
{
	int err = db_migrate(s->d, &schema, why);

	if (err != VG_OK)
		return err;
	*why = "the store cannot be read";
	if (writable) {
		/* The hook also replaces SQLite's own automatic checkpoint. */
		sqlite3_wal_hook(db_handle(s->d), on_commit, s);
		if ((err = db_exec(s->d, WRITER_CACHE)) != VG_OK)
			return err;
	}
	return receipt_key(s, writable);
}

int
store_open(struct store **out, const char *dir, bool writable, const char **why)
{
	struct store *s = calloc(1, sizeof(*s));
	char file[4096];
	const char *unused;
	int err;

	*out = NULL;
	if (why == NULL)
		why = &unused;
	*why = "out of memory";
	if (s == NULL || sodium_init() < 0) {
		free(s);
		return VG_ERR_MEMORY;
	}
	buf_init(&s->gone, 1 << 20);
	if ((size_t)snprintf(file, sizeof(file), "%s/store.db", dir) >= sizeof(file)) {
		*why = "the name of the state folder is too long";
		free(s);
		return VG_ERR_LIMIT;
	}
	if ((err = db_open(&s->d, file, writable, why)) == VG_OK)
		err = set_up(s, writable, why);
	if (err != VG_OK)
		store_close(&s);
	*out = s;
	return err;
}

void
store_close(struct store **s)
{
	if (*s == NULL)
		return;
	db_close(&(*s)->d);
	buf_free(&(*s)->gone);
	sodium_memzero((*s)->receipt_key, STORE_RECEIPT_KEY);
	free(*s);
	*s = NULL;
}

int
store_begin(struct store *s)
{
	return db_begin(s->d);
}

int
store_commit(struct store *s)
{
	/* A full disk may have ended the transaction already: then there is nothing to commit and nothing was kept. */
	if (sqlite3_get_autocommit(db_handle(s->d)))
		return VG_ERR_STORE;
	return db_commit(s->d);
}

void
store_rollback(struct store *s)
{
	db_rollback(s->d);
	buf_reset(&s->gone);
}

int
store_part_begin(struct store *s)
{
	return db_run(s->d, "SAVEPOINT part", "");
}

int
store_part_end(struct store *s, bool keep)
{
	int err = keep ? VG_OK : db_run(s->d, "ROLLBACK TO part", "");

	return err != VG_OK ? err : db_run(s->d, "RELEASE part", "");
}

int
store_checkpoint(struct store *s, bool hard, int *left)
{
	int in_log = 0, moved = 0;
	int rc = sqlite3_wal_checkpoint_v2(db_handle(s->d), NULL,
	    hard ? SQLITE_CHECKPOINT_TRUNCATE : SQLITE_CHECKPOINT_PASSIVE, &in_log, &moved);

	if (left != NULL)
		*left = in_log > moved ? in_log - moved : 0;
	return rc == SQLITE_OK ? VG_OK : rc == SQLITE_BUSY ? VG_ERR_AGAIN : db_error(s->d);
}

int
store_log_pages(const struct store *s)
{
	return s->log_pages;
}

int
store_take_gone(struct store *s, struct buf *out)
{
	int err = s->gone.len == 0 ? VG_OK : buf_add(out, s->gone.data, s->gone.len);

	buf_reset(&s->gone);
	return err;
}

/* ---- small helpers of the back end ---- */

int64_t
store_last_id(struct store *s)
{
	return sqlite3_last_insert_rowid(db_handle(s->d));
}

int
store_changes(struct store *s)
{
	return sqlite3_changes(db_handle(s->d));
}

const char *
store_null(const char *s)
{
	return s == NULL || *s == '\0' ? NULL : s;
}

char *
store_dup(sqlite3_stmt *stmt, int column)
{
	return strdup(db_text(stmt, column));
}

/* ---- notes and counters ---- */

int
store_note_get(struct store *s, const char *name, int64_t *value)
{
	return db_number(s->d, value, "SELECT value FROM meta WHERE name = ?", "t", name);
}

int
store_note_set(struct store *s, const char *name, int64_t value)
{
	return db_run(s->d, "INSERT OR REPLACE INTO meta(name, value) VALUES (?, ?)", "ti", name, value);
}

int
store_count(struct store *s, const char *counter, int64_t n)
{
	return db_run(s->d, sql_count, "it", n, counter);
}

int
store_rows_json(struct store *s, sqlite3_stmt *stmt, const char *const names[3], json_t **out)
{
	char at[32];
	int err;

	if ((*out = json_array()) == NULL)
		return VG_ERR_MEMORY;
	while ((err = db_step(s->d, stmt)) == 1) {
		id_rfc3339(at, sqlite3_column_int64(stmt, 2), 0);
		json_array_append_new(*out, json_pack("{s:s,s:s,s:s}", names[0], db_text(stmt, 0), names[1], db_text(stmt, 1),
		    names[2], at));
	}
	return err;
}

int
store_ids(struct store *s, sqlite3_stmt *stmt, int64_t *out, unsigned max)
{
	unsigned n = 0;
	int err;

	while ((err = db_step(s->d, stmt)) == 1)
		if (n < max)
			out[n++] = sqlite3_column_int64(stmt, 0);
	return err == VG_OK ? (int)n : err;
}
