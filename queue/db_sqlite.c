/*
 * db_sqlite.c - connections to store.db and registry.db. Runs in the queue process only, in the thread
 * that owns the connection. Trusts its callers' SQL; does not trust that the file is healthy or that there is space.
 */
#include "db_sqlite.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "err.h"
#include "log.h"

#define DB_SLOTS 512u /* power of two, well above the number of statements in the program */
#define DB_BUSY_MS 10000

struct db_slot {
	const char *sql;
	sqlite3_stmt *stmt;
};

struct db {
	sqlite3 *handle;
	bool writable;
	unsigned used;
	struct db_slot slots[DB_SLOTS];
};

static const char settings[] =
    "PRAGMA foreign_keys=ON;"
    "PRAGMA recursive_triggers=ON;"
    "PRAGMA synchronous=FULL;"
    "PRAGMA temp_store=MEMORY;"
    "PRAGMA cache_size=-8192;"
    "PRAGMA journal_size_limit=67108864;";

static int
map_error(sqlite3 *h, int rc)
{
	int sys = sqlite3_system_errno(h);

	switch (rc & 0xff) {
	case SQLITE_OK:
	case SQLITE_DONE:
	case SQLITE_ROW:
		return VG_OK;
	case SQLITE_FULL:
		return VG_ERR_FULL;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return VG_ERR_AGAIN;
	case SQLITE_NOMEM:
		return VG_ERR_MEMORY;
	case SQLITE_TOOBIG:
		return VG_ERR_LIMIT;
	case SQLITE_CONSTRAINT:
		return rc == SQLITE_CONSTRAINT_UNIQUE || rc == SQLITE_CONSTRAINT_PRIMARYKEY ||
		    rc == SQLITE_CONSTRAINT_ROWID ? VG_ERR_EXISTS : VG_ERR_DENIED;
	case SQLITE_IOERR:
	case SQLITE_CANTOPEN:
		return sys == ENOSPC || sys == EDQUOT ? VG_ERR_FULL : VG_ERR_STORE;
	default:
		return VG_ERR_STORE;
	}
}

int
db_error(struct db *d)
{
	int err = map_error(d->handle, sqlite3_extended_errcode(d->handle));

	return err == VG_OK ? VG_ERR_STORE : err;
}

const char *
db_error_text(struct db *d)
{
	return sqlite3_errmsg(d->handle);
}

/* What a caller cannot foresee goes to the log once, here; refused rows and locks are the caller's to tell. */
static int
failed(struct db *d, const char *what)
{
	int err = db_error(d);

	if (err == VG_ERR_STORE || err == VG_ERR_FULL || err == VG_ERR_MEMORY)
		log_error("", "database-error", "code=%d text=%s sql=%s", sqlite3_extended_errcode(d->handle),
		    log_q(sqlite3_errmsg(d->handle)), log_q(what));
	return err;
}

/* SQLite would make the file with the umask's mode; the journal files inherit the mode of the main file. One that is there is not
 * opened: closing it would drop the locks that other connections of this process hold on it (POSIX locks belong to the process),
 * and the next program that reads the database, a backup, would take the write-ahead log away under our hands. */
static int
make_file(const char *file)
{
	int fd = open(file, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	struct stat st;

	if (fd < 0 && errno == EEXIST)
		return lstat(file, &st) == 0 && S_ISREG(st.st_mode) ? VG_OK : VG_ERR_STORE;
	if (fd < 0)
		return errno == ENOSPC || errno == EDQUOT ? VG_ERR_FULL : VG_ERR_STORE;
	close(fd);
	return VG_OK;
}

static int
open_failed(struct db **d, int err, const char **why)
{
	if (why != NULL)
		*why = (*d)->handle != NULL ? sqlite3_errstr(sqlite3_extended_errcode((*d)->handle)) : "out of memory";
	db_close(d);
	return err;
}

static int
set_up(struct db *d)
{
	int on = 0;

	sqlite3_extended_result_codes(d->handle, 1);
	sqlite3_busy_timeout(d->handle, DB_BUSY_MS);
	sqlite3_db_config(d->handle, SQLITE_DBCONFIG_DEFENSIVE, 1, &on);
	sqlite3_db_config(d->handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, &on);
	/* Plans do not depend on the values bound; else each new value may prepare a cached statement again. */
	sqlite3_db_config(d->handle, SQLITE_DBCONFIG_ENABLE_QPSG, 1, &on);
	if (db_exec(d, settings) != VG_OK)
		return db_error(d);
	return db_exec(d, d->writable ? "PRAGMA journal_mode=WAL;" : "PRAGMA query_only=ON; SELECT 1 FROM sqlite_schema;");
}

int
db_open(struct db **out, const char *file, bool writable, const char **why)
{
	struct db *d = calloc(1, sizeof(*d));
	int err;

	*out = NULL;
	if (d == NULL) {
		if (why != NULL)
			*why = "out of memory";
		return VG_ERR_MEMORY;
	}
	d->writable = writable;
	if (writable && (err = make_file(file)) != VG_OK) {
		if (why != NULL)
			*why = err == VG_ERR_FULL ? "no space for the database file" : "the database file cannot be made";
		free(d);
		return err;
	}
	/* Read-only connections open the file for writing too: a WAL reader needs the shared memory file. */
	if (sqlite3_open_v2(file, &d->handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) !=
	    SQLITE_OK)
		return open_failed(&d, d->handle == NULL ? VG_ERR_MEMORY : db_error(d), why);
	if ((err = set_up(d)) != VG_OK)
		return open_failed(&d, err, why);
	*out = d;
	return VG_OK;
}

void
db_close(struct db **d)
{
	if (*d == NULL)
		return;
	for (unsigned i = 0; i < DB_SLOTS; i++)
		sqlite3_finalize((*d)->slots[i].stmt);
	sqlite3_close((*d)->handle);
	free(*d);
	*d = NULL;
}

sqlite3 *
db_handle(struct db *d)
{
	return d->handle;
}

/* ---- migrations ---- */

static int
pragma_number(struct db *d, const char *sql, int64_t *out)
{
	sqlite3_stmt *stmt = NULL;
	int rc = sqlite3_prepare_v2(d->handle, sql, -1, &stmt, NULL);

	if (rc == SQLITE_OK && (rc = sqlite3_step(stmt)) == SQLITE_ROW)
		*out = sqlite3_column_int64(stmt, 0);
	sqlite3_finalize(stmt);
	return rc == SQLITE_ROW ? VG_OK : failed(d, sql);
}

static int
migrate_step(struct db *d, const struct db_schema *s, unsigned step)
{
	char sql[128];
	int err;

	snprintf(sql, sizeof(sql), "PRAGMA application_id=%d; PRAGMA user_version=%u;", (int)s->app_id, step + 1);
	if ((err = db_exec(d, s->steps[step])) == VG_OK)
		err = db_exec(d, sql);
	return err;
}

/* One transaction for all missing steps: a crash leaves the old version whole, and two starters cannot both run them. */
static int
migrate_all(struct db *d, const struct db_schema *s, const char **why)
{
	int64_t version = 0;
	int err = db_begin(d);

	if (err == VG_OK)
		err = pragma_number(d, "PRAGMA user_version", &version);
	for (unsigned i = (unsigned)version; err == VG_OK && i < s->n; i++)
		err = migrate_step(d, s, i);
	if (err == VG_OK)
		err = db_commit(d);
	if (err != VG_OK) {
		*why = "the database could not be brought to this version";
		db_rollback(d);
	}
	return err;
}

int
db_migrate(struct db *d, const struct db_schema *s, const char **why)
{
	int64_t version = 0, app = 0, tables = 0;
	const char *unused;
	int err;

	if (why == NULL)
		why = &unused;
	*why = "the database cannot be read";
	if ((err = pragma_number(d, "PRAGMA user_version", &version)) != VG_OK ||
	    (err = pragma_number(d, "PRAGMA application_id", &app)) != VG_OK ||
	    (err = pragma_number(d, "SELECT count(*) FROM sqlite_schema", &tables)) != VG_OK)
		return err;
	if (app != s->app_id && (app != 0 || version != 0 || tables != 0)) {
		*why = "the database is of another program";
		return VG_ERR_STORE;
	}
	if (version < 0 || version > (int64_t)s->n) {
		*why = "the database is of a newer version of this program";
		return VG_ERR_VERSION;
	}
	if (version == (int64_t)s->n)
		return VG_OK;
	if (!d->writable) {
		*why = "the database is of an older version of this program";
		return VG_ERR_VERSION;
	}
	return migrate_all(d, s, why);
}

/* ---- statements ---- */

sqlite3_stmt *
db_stmt(struct db *d, const char *sql)
{
	unsigned i = (unsigned)(((uintptr_t)sql * 0x9e3779b97f4a7c15u) >> 40) & (DB_SLOTS - 1);
	sqlite3_stmt *stmt = NULL;

	while (d->slots[i].sql != NULL && d->slots[i].sql != sql)
		i = (i + 1) & (DB_SLOTS - 1);
	if (d->slots[i].sql == sql) {
		sqlite3_reset(d->slots[i].stmt);
		sqlite3_clear_bindings(d->slots[i].stmt);
		return d->slots[i].stmt;
	}
	if (d->used == DB_SLOTS - 1) {
		log_error("", "database-statements", "more than %u", d->used);
		return NULL;
	}
	if (sqlite3_prepare_v3(d->handle, sql, -1, SQLITE_PREPARE_PERSISTENT, &stmt, NULL) != SQLITE_OK) {
		failed(d, sql);
		return NULL;
	}
	d->slots[i] = (struct db_slot){ .sql = sql, .stmt = stmt };
	d->used++;
	return stmt;
}

static int
bind_one(sqlite3_stmt *stmt, int n, char type, va_list *ap)
{
	const char *text;
	const void *data;
	size_t len;

	switch (type) {
	case 'i':
		return sqlite3_bind_int64(stmt, n, va_arg(*ap, int64_t));
	case 't':
		text = va_arg(*ap, const char *);
		return sqlite3_bind_text(stmt, n, text, -1, SQLITE_STATIC);
	case 'b':
		data = va_arg(*ap, const void *);
		len = va_arg(*ap, size_t);
		/* A blob of no bytes is not NULL. */
		if (data != NULL && len == 0)
			return sqlite3_bind_zeroblob(stmt, n, 0);
		return sqlite3_bind_blob64(stmt, n, data, len, SQLITE_STATIC);
	default:
		return SQLITE_MISUSE;
	}
}

static sqlite3_stmt *
bound(struct db *d, const char *sql, const char *fmt, va_list *ap)
{
	sqlite3_stmt *stmt = db_stmt(d, sql);

	for (int n = 1; stmt != NULL && fmt[n - 1] != '\0'; n++) {
		if (bind_one(stmt, n, fmt[n - 1], ap) != SQLITE_OK) {
			failed(d, sql);
			return NULL;
		}
	}
	return stmt;
}

sqlite3_stmt *
db_query(struct db *d, const char *sql, const char *fmt, ...)
{
	sqlite3_stmt *stmt;
	va_list ap;

	va_start(ap, fmt);
	stmt = bound(d, sql, fmt, &ap);
	va_end(ap);
	return stmt;
}

int
db_step(struct db *d, sqlite3_stmt *stmt)
{
	int rc, err;

	if (stmt == NULL)
		return VG_ERR_STORE;
	rc = sqlite3_step(stmt);
	if (rc == SQLITE_ROW)
		return 1;
	err = rc == SQLITE_DONE ? VG_OK : failed(d, sqlite3_sql(stmt));
	/* The reset repeats the error on the connection, so its text can still be read. */
	sqlite3_reset(stmt);
	return err;
}

int
db_run(struct db *d, const char *sql, const char *fmt, ...)
{
	sqlite3_stmt *stmt;
	va_list ap;
	int err;

	va_start(ap, fmt);
	stmt = bound(d, sql, fmt, &ap);
	va_end(ap);
	do
		err = db_step(d, stmt);
	while (err == 1);
	return err;
}

int
db_number(struct db *d, int64_t *out, const char *sql, const char *fmt, ...)
{
	sqlite3_stmt *stmt;
	va_list ap;
	int err;

	va_start(ap, fmt);
	stmt = bound(d, sql, fmt, &ap);
	va_end(ap);
	if ((err = db_step(d, stmt)) != 1)
		return err == VG_OK ? VG_ERR_NOTFOUND : err;
	*out = sqlite3_column_int64(stmt, 0);
	sqlite3_reset(stmt);
	return VG_OK;
}

const char *
db_text(sqlite3_stmt *stmt, int column)
{
	const unsigned char *text = sqlite3_column_text(stmt, column);

	return text == NULL ? "" : (const char *)text;
}

void
db_copy(sqlite3_stmt *stmt, int column, char *out, size_t size)
{
	snprintf(out, size, "%s", db_text(stmt, column));
}

/* ---- transactions ---- */

int
db_exec(struct db *d, const char *sql)
{
	return sqlite3_exec(d->handle, sql, NULL, NULL, NULL) == SQLITE_OK ? VG_OK : failed(d, sql);
}

int
db_begin(struct db *d)
{
	return db_run(d, "BEGIN IMMEDIATE", "");
}

int
db_commit(struct db *d)
{
	int err = db_run(d, "COMMIT", "");

	if (err != VG_OK)
		db_rollback(d);
	return err;
}

void
db_rollback(struct db *d)
{
	if (!sqlite3_get_autocommit(d->handle))
		db_run(d, "ROLLBACK", "");
}
