/*
 * store_sqlite_picture.c - pictures whose text is to be read. The writer changes, any connection of the queue process looks up.
 */
#include "store_sqlite.h"

#include <string.h>

#include "err.h"

int
store_picture_add(struct store *s, const struct store_picture *p)
{
	return db_run(s->d, "INSERT INTO ocr(message, part, is_inline, in_signature) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING", "itii",
	    p->message, p->part, (int64_t)p->is_inline, (int64_t)p->in_signature);
}

static void
read_picture(sqlite3_stmt *stmt, struct store_picture *p)
{
	*p = (struct store_picture){ .message = sqlite3_column_int64(stmt, 0), .is_inline = sqlite3_column_int(stmt, 2) != 0,
		.in_signature = sqlite3_column_int(stmt, 3) != 0, .tries = (unsigned)sqlite3_column_int(stmt, 4) };
	db_copy(stmt, 1, p->part, sizeof(p->part));
}

int
store_pictures_waiting(struct store *s, struct store_picture *out, unsigned max)
{
	sqlite3_stmt *stmt = db_query(s->d, "SELECT message, part, is_inline, in_signature, tries FROM ocr WHERE result IS NULL"
	    " ORDER BY message, part LIMIT ?", "i", (int64_t)max);
	unsigned n = 0;
	int err;

	while ((err = db_step(s->d, stmt)) == 1)
		if (n < max)
			read_picture(stmt, &out[n++]);
	return err == VG_OK ? (int)n : err;
}

int
store_picture_begin(struct store *s, int64_t message, const char *part, unsigned *tries)
{
	int64_t n = 0;
	int err = db_run(s->d, "UPDATE ocr SET tries = tries + 1 WHERE message = ? AND part = ? AND result IS NULL", "it", message,
	    part);

	if (err == VG_OK)
		err = db_number(s->d, &n, "SELECT tries FROM ocr WHERE message = ? AND part = ? AND result IS NULL", "it", message, part);
	*tries = (unsigned)n;
	return err;
}

int
store_picture_result(struct store *s, int64_t message, const char *part, const char *result, bool *last)
{
	int64_t waiting;
	int err = db_run(s->d, "UPDATE ocr SET result = ? WHERE message = ? AND part = ? AND result IS NULL", "tit", result, message,
	    part);

	*last = false;
	if (err == VG_OK && store_changes(s) == 0)
		return VG_OK;
	if (err == VG_OK)
		err = db_number(s->d, &waiting, "SELECT count(*) FROM ocr WHERE message = ? AND result IS NULL", "i", message);
	*last = err == VG_OK && waiting == 0;
	return err;
}

int
store_pictures_results(struct store *s, int64_t message, store_picture_cb *cb, void *arg)
{
	sqlite3_stmt *stmt = db_query(s->d, "SELECT message, part, is_inline, in_signature, tries, result FROM ocr WHERE message = ?"
	    " ORDER BY length(part), part", "i", message);
	struct store_picture p;
	int err;

	while ((err = db_step(s->d, stmt)) == 1) {
		const char *result = db_text(stmt, 5);

		read_picture(stmt, &p);
		if ((err = cb(arg, &p, *result != '\0' ? result : NULL)) != VG_OK) {
			sqlite3_reset(stmt);
			return err;
		}
	}
	return err;
}

int
store_pictures_clear(struct store *s, int64_t message)
{
	return db_run(s->d, "DELETE FROM ocr WHERE message = ?", "i", message);
}

int
store_attachment_repeats(struct store *s, const unsigned char hash[32], const char *sender, int64_t message, unsigned max,
    unsigned *n)
{
	int64_t count = 0;
	int err = db_number(s->d, &count, "SELECT count(*) FROM (SELECT DISTINCT a.message FROM attachment a JOIN message m"
	    " ON m.id = a.message WHERE a.hash = ?1 AND a.message <> ?2 AND m.sender = ?3 LIMIT ?4)", "biti", (const void *)hash,
	    (size_t)32, message, sender, (int64_t)max);

	*n = (unsigned)count;
	return err;
}
