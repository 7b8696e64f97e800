/*
 * store_sqlite_audit.c - audit records, the counters of the accounting invariant, API tokens and the answers kept
 * for repeated requests. Changes run in the writer thread.
 */
#include "store_sqlite.h"

#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "log.h"

static const char *
text(const char *s)
{
	return s == NULL ? "" : s;
}

int
store_audit_add(struct store *s, const struct store_audit *a, char reference[ULID_LEN + 1])
{
	id_ulid(reference, a->at);
	return db_run(s->d, sql_audit_add, "tittttttttt" "it", reference, a->at, text(a->actor), text(a->what), text(a->rule),
	    text(a->reason), text(a->text), text(a->sender), text(a->sess), text(a->peer), text(a->message),
	    (int64_t)a->ticket, a->facts == NULL || *a->facts == '\0' ? "{}" : a->facts);
}

#define AUDIT_COLUMNS \
	"SELECT ulid, at, actor, what, rule, reason, text, sender, sess, peer, message, ticket, facts FROM audit WHERE "

/* The shape that registry records share. */
static json_t *
audit_json(sqlite3_stmt *stmt)
{
	char at[32];
	json_t *facts = json_loads(db_text(stmt, 12), 0, NULL);

	id_rfc3339(at, sqlite3_column_int64(stmt, 1), 1);
	return json_pack("{s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:I,s:o}", "reference", db_text(stmt, 0), "at", at,
	    "actor", db_text(stmt, 2), "what", db_text(stmt, 3), "rule", db_text(stmt, 4), "reason", db_text(stmt, 5),
	    "text", db_text(stmt, 6), "sender", db_text(stmt, 7), "session", db_text(stmt, 8), "peer", db_text(stmt, 9),
	    "message", db_text(stmt, 10), "ticket", (json_int_t)sqlite3_column_int64(stmt, 11), "facts",
	    facts != NULL ? facts : json_object());
}

int
store_audit_list(struct store *s, const char *before, const char *sender, unsigned max, json_t **out)
{
	sqlite3_stmt *stmt = db_query(s->d, AUDIT_COLUMNS "ulid < ?1 AND (?2 IS NULL OR sender = ?2) ORDER BY ulid DESC LIMIT ?3",
	    "tti", before != NULL ? before : "~", sender, (int64_t)max);
	int err = VG_ERR_MEMORY;

	if ((*out = json_array()) == NULL)
		return err;
	while ((err = db_step(s->d, stmt)) == 1)
		json_array_append_new(*out, audit_json(stmt));
	return err;
}

int
store_audit_show(struct store *s, const char *reference, json_t **out)
{
	sqlite3_stmt *stmt = db_query(s->d, AUDIT_COLUMNS "ulid = ?", "t", reference);
	int err = db_step(s->d, stmt);

	*out = NULL;
	if (err != 1)
		return err == VG_OK ? VG_ERR_NOTFOUND : err;
	*out = audit_json(stmt);
	sqlite3_reset(stmt);
	return *out != NULL ? VG_OK : VG_ERR_MEMORY;
}

/* Records are written in the order of their time, so the oldest rows are the oldest records. */
int
store_audit_expire(struct store *s, int64_t at, unsigned max)
{
	int err = db_run(s->d, "DELETE FROM audit WHERE id IN (SELECT id FROM (SELECT id, at FROM audit ORDER BY id LIMIT ?)"
	    " WHERE at < ?)", "ii", (int64_t)max, at);

	return err == VG_OK ? store_changes(s) : err;
}

/* ---- counters ---- */

int
store_counters(struct store *s, json_t **out)
{
	sqlite3_stmt *stmt = db_query(s->d, "SELECT name, value FROM counter ORDER BY name", "");
	int err;

	if ((*out = json_object()) == NULL)
		return VG_ERR_MEMORY;
	while ((err = db_step(s->d, stmt)) == 1)
		json_object_set_new(*out, db_text(stmt, 0), json_integer(sqlite3_column_int64(stmt, 1)));
	return err;
}

static int
counter_is(struct store *s, const char *name, const char *sql, bool *agree)
{
	int64_t counted = 0, rows = 0;
	int err = db_number(s->d, &counted, "SELECT value FROM counter WHERE name = ?", "t", name);

	if (err == VG_OK)
		err = db_number(s->d, &rows, sql, "");
	if (err == VG_OK && counted != rows) {
		*agree = false;
		log_error("", "accounting", "counter=%s value=%lld rows=%lld", name, (long long)counted, (long long)rows);
	}
	return err;
}

int
store_counters_check(struct store *s)
{
	bool agree = true;
	/* Every stored message is queued, held, or was held and refused; counting an index is quicker than the states. */
	int err = counter_is(s, "queued", "SELECT (SELECT count(*) FROM message) - (SELECT sum(value) FROM counter"
	    " WHERE name IN ('held', 'rejected', 'deleted', 'expired'))", &agree);

	if (err == VG_OK)
		err = counter_is(s, "held", "SELECT count(*) FROM held", &agree);
	if (err == VG_OK)
		err = counter_is(s, "accepted", "SELECT sum(value) FROM counter"
		    " WHERE name IN ('queued', 'held', 'refused_after_queue', 'duplicates')", &agree);
	return err == VG_OK ? agree : err;
}

/* ---- API tokens ---- */

int
store_token_add(struct store *s, const char *name, const unsigned char hash[32], const char *scopes, int64_t now)
{
	return db_run(s->d, "INSERT INTO token(name, hash, scopes, created_at) VALUES (?, ?, ?, ?)", "tbti", name,
	    (const void *)hash, (size_t)32, scopes, now);
}

int
store_token_remove(struct store *s, const char *name)
{
	int err = db_run(s->d, "DELETE FROM token WHERE name = ?", "t", name);

	return err == VG_OK && store_changes(s) == 0 ? VG_ERR_NOTFOUND : err;
}

int
store_token_list(struct store *s, json_t **out)
{
	sqlite3_stmt *stmt = db_query(s->d, "SELECT name, scopes, created_at FROM token ORDER BY name", "");	static const char *const names[] = { "name", "scopes", "created_at" };

	return store_rows_json(s, stmt, names, out);
}

int
store_token_check(struct store *s, const unsigned char hash[32], char name[64], char scopes[128])
{
	sqlite3_stmt *stmt = db_query(s->d, "SELECT name, scopes FROM token WHERE hash = ?", "b", (const void *)hash,
	    (size_t)32);
	int err = db_step(s->d, stmt);

	if (err != 1)
		return err == VG_OK ? VG_ERR_NOTFOUND : err;
	db_copy(stmt, 0, name, 64);
	db_copy(stmt, 1, scopes, 128);
	sqlite3_reset(stmt);
	return VG_OK;
}

/* ---- answers to repeated requests ---- */

int
store_answer_get(struct store *s, const char *actor, const char *key, struct store_answer *out)
{
	sqlite3_stmt *stmt = db_query(s->d, "SELECT request, status, content_type, body FROM idempotency"
	    " WHERE actor = ? AND key = ?", "tt", actor, key);
	int err = db_step(s->d, stmt);

	memset(out, 0, sizeof(*out));
	if (err != 1)
		return err == VG_OK ? VG_ERR_NOTFOUND : err;
	err = VG_OK;
	if (sqlite3_column_bytes(stmt, 0) == 32)
		memcpy(out->request, sqlite3_column_blob(stmt, 0), 32);
	out->status = (unsigned)sqlite3_column_int(stmt, 1);
	out->body_len = (size_t)sqlite3_column_bytes(stmt, 3);
	out->content_type = store_dup(stmt, 2);
	out->body = malloc(out->body_len + 1);
	if (out->content_type == NULL || out->body == NULL)
		err = VG_ERR_MEMORY;
	else if (out->body_len > 0)
		memcpy(out->body, sqlite3_column_blob(stmt, 3), out->body_len);
	sqlite3_reset(stmt);
	return err;
}

void
store_answer_free(struct store_answer *a)
{
	free(a->content_type);
	free(a->body);
	memset(a, 0, sizeof(*a));
}

int
store_answer_put(struct store *s, const char *actor, const char *key, const struct store_answer *a, int64_t now)
{
	return db_run(s->d, "INSERT OR REPLACE INTO idempotency(actor, key, request, status, content_type, body, at)"
	    " VALUES (?, ?, ?, ?, ?, ?, ?)", "ttbitbi", actor, key, (const void *)a->request, (size_t)32, (int64_t)a->status,
	    text(a->content_type), (const void *)a->body, a->body_len, now);
}

int
store_answer_drop(struct store *s, const char *actor, const char *key)
{
	return db_run(s->d, "DELETE FROM idempotency WHERE actor = ? AND key = ?", "tt", actor, key);
}

int
store_answer_expire(struct store *s, int64_t before)
{
	return db_run(s->d, "DELETE FROM idempotency WHERE at < ?", "i", before);
}
