/*
 * db_sqlite.h - what store.db and registry.db share: a connection with our settings, versioned migrations,
 * a cache of prepared statements, binding, and SQLite's results as enum vg_err. A struct db belongs to one thread at a time.
 */
#ifndef VG_DB_SQLITE_H
#define VG_DB_SQLITE_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct db;

/* Opens FILE with WAL, foreign keys, a busy timeout and synchronous FULL. writable makes the file (mode 0600);
 * else it must exist and the connection refuses every change. VG_ERR_STORE, VG_ERR_FULL, VG_ERR_MEMORY, with *why. */
int db_open(struct db **out, const char *file, bool writable, const char **why);
void db_close(struct db **d);
/* For what the functions here do not cover (blob I/O, checkpoints, hooks). */
sqlite3 *db_handle(struct db *d);

struct db_schema {
	int32_t app_id;           /* PRAGMA application_id: another one is not our file */
	const char *const *steps; /* steps[i] leads from version i to i + 1 */
	unsigned n;
};
/* A writable connection runs the missing steps, each in one transaction, and notes the version in PRAGMA user_version; a
 * read-only one only compares. VG_ERR_VERSION: newer than n (or, read-only, older); VG_ERR_STORE. */
int db_migrate(struct db *d, const struct db_schema *schema, const char **why);

/* The prepared statement of sql, reset, without bindings. Kept by the address of sql: pass string literals (or other
 * text that lives as long as the program) only. NULL on failure, logged. */
sqlite3_stmt *db_stmt(struct db *d, const char *sql);
/* db_stmt with its parameters bound in order, one letter each: 't' const char * (NULL: NULL), 'i' int64_t,
 * 'b' const void * and size_t (NULL: NULL). Texts and blobs are not copied: they must live until the statement is done.
 * int arguments to 'i' must be cast to int64_t. NULL on failure. */
sqlite3_stmt *db_query(struct db *d, const char *sql, const char *fmt, ...);
/* 1 a row, 0 done (the statement is reset), or the error (reset too). */
int db_step(struct db *d, sqlite3_stmt *stmt);
/* Runs one statement to its end, rows are passed over. As db_query. */
int db_run(struct db *d, const char *sql, const char *fmt, ...);
/* The first column of the first row as a number into *out; VG_ERR_NOTFOUND when there is no row. As db_query. */
int db_number(struct db *d, int64_t *out, const char *sql, const char *fmt, ...);
/* Text of a column, never NULL ("" for NULL); valid until the next step. */
const char *db_text(sqlite3_stmt *stmt, int column);
/* Copies a text column into out, cut at size - 1 bytes. */
void db_copy(sqlite3_stmt *stmt, int column, char *out, size_t size);

/* Several statements without parameters ("BEGIN IMMEDIATE", a savepoint, pragmas). */
int db_exec(struct db *d, const char *sql);
int db_begin(struct db *d);
/* On failure the transaction is rolled back. */
int db_commit(struct db *d);
/* No error when none is open. */
void db_rollback(struct db *d);

/* The last failure as enum vg_err: VG_ERR_FULL (no space, quota), VG_ERR_AGAIN (locked), VG_ERR_EXISTS (UNIQUE, PRIMARY KEY),
 * VG_ERR_DENIED (CHECK, trigger, NOT NULL, foreign key), VG_ERR_MEMORY, else VG_ERR_STORE. */
int db_error(struct db *d);
/* Its text: for RAISE(ABORT, 'text') that text. Valid until the next call on d. */
const char *db_error_text(struct db *d);

#endif
