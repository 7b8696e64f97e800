/*
 * store_sqlite_lease.c - who has which event for how long. Only unsettled events have a row here, and every step
 * is an index look-up: the cost does not grow with what was acknowledged before. Runs in the writer thread.
 */
#include "store_sqlite.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "err.h"

#define CLAIM_MAX 1000u

struct lease_row {
	int64_t consumer, chain, event, lease;
	unsigned attempts;
};

/* ---- receipts: consumer, chain, event and lease number under a keyed hash, nothing to store or look up ---- */

#define RECEIPT_BODY 32u
#define RECEIPT_MAC 16u
#define RECEIPT_TEXT sodium_base64_ENCODED_LEN(RECEIPT_BODY + RECEIPT_MAC, sodium_base64_VARIANT_URLSAFE_NO_PADDING)

static void
put_number(unsigned char *to, int64_t n)
{
	for (int i = 7; i >= 0; i--, n = (int64_t)((uint64_t)n >> 8))
		to[i] = (unsigned char)n;
}

static int64_t
get_number(const unsigned char *from)
{
	uint64_t n = 0;

	for (int i = 0; i < 8; i++)
		n = n << 8 | from[i];
	return (int64_t)n;
}

static void
receipt_write(const struct store *s, const struct lease_row *r, char out[RECEIPT_TEXT])
{
	unsigned char raw[RECEIPT_BODY + RECEIPT_MAC];

	put_number(raw, r->consumer);
	put_number(raw + 8, r->chain);
	put_number(raw + 16, r->event);
	put_number(raw + 24, r->lease);
	crypto_generichash(raw + RECEIPT_BODY, RECEIPT_MAC, raw, RECEIPT_BODY, s->receipt_key, STORE_RECEIPT_KEY);
	sodium_bin2base64(out, RECEIPT_TEXT, raw, sizeof(raw), sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

static bool
receipt_read(const struct store *s, const char *text, struct lease_row *r)
{
	unsigned char raw[RECEIPT_BODY + RECEIPT_MAC], mac[RECEIPT_MAC];
	const char *end;
	size_t len;

	if (sodium_base642bin(raw, sizeof(raw), text, strlen(text), NULL, &len, &end,
	    sodium_base64_VARIANT_URLSAFE_NO_PADDING) != 0 || len != sizeof(raw) || *end != '\0')
		return false;
	crypto_generichash(mac, RECEIPT_MAC, raw, RECEIPT_BODY, s->receipt_key, STORE_RECEIPT_KEY);
	if (sodium_memcmp(mac, raw + RECEIPT_BODY, RECEIPT_MAC) != 0)
		return false;
	*r = (struct lease_row){ get_number(raw), get_number(raw + 8), get_number(raw + 16), get_number(raw + 24), 0 };
	return true;
}

/* ---- state changes ---- */

/* Lets the next of a chain go when nothing of it is under way. */
static int
release_next(struct store *s, const struct lease_row *r)
{
	int64_t next;
	int err = db_number(s->d, &next, "SELECT 1 FROM delivery WHERE consumer = ? AND chain = ? AND state IN (1, 2, 3) LIMIT 1",
	    "ii", r->consumer, r->chain);

	if (err != VG_ERR_NOTFOUND)
		return err;
	err = db_number(s->d, &next, "SELECT event FROM delivery WHERE consumer = ? AND chain = ? AND state = 0"
	    " ORDER BY event LIMIT 1", "ii", r->consumer, r->chain);
	if (err != VG_OK)
		return err == VG_ERR_NOTFOUND ? VG_OK : err;
	return db_run(s->d, "UPDATE delivery SET state = 1, due_at = 0 WHERE consumer = ? AND chain = ? AND event = ?", "iii",
	    r->consumer, r->chain, next);
}

static int
set_state(struct store *s, const struct lease_row *r, enum store_delivery_state state, int64_t due_at)
{
	return db_run(s->d, "UPDATE delivery SET state = ?, due_at = ? WHERE consumer = ? AND chain = ? AND event = ?", "iiiii",
	    (int64_t)state, due_at, r->consumer, r->chain, r->event);
}

static int
bury(struct store *s, const struct lease_row *r, int64_t now)
{
	int err = set_state(s, r, DELIVERY_DEAD, now);

	return err != VG_OK ? err : release_next(s, r);
}

int
store_expire_leases(struct store *s, int64_t now, unsigned attempts, unsigned *dead)
{
	struct lease_row due[256];
	unsigned n = 0, total = 0;
	int err;

	*dead = 0;
	do {
		sqlite3_stmt *stmt = db_query(s->d, "SELECT consumer, chain, event, attempts, state FROM delivery"
		    " WHERE state IN (2, 3) AND due_at <= ? ORDER BY due_at LIMIT 256", "i", now);

		for (n = 0; (err = db_step(s->d, stmt)) == 1; n++)
			due[n] = (struct lease_row){ sqlite3_column_int64(stmt, 0), sqlite3_column_int64(stmt, 1),
				sqlite3_column_int64(stmt, 2), sqlite3_column_int(stmt, 4),
				(unsigned)sqlite3_column_int(stmt, 3) };
		for (unsigned i = 0; i < n && err == VG_OK; i++) {
			/* .lease holds the old state here: only a lease that ran out counts as a failed attempt. */
			bool over = due[i].lease == DELIVERY_LEASED && due[i].attempts >= attempts;

			err = over ? bury(s, &due[i], now) : set_state(s, &due[i], DELIVERY_READY, 0);
			*dead += over;
		}
		total += n;
	} while (err == VG_OK && n == 256);
	return err == VG_OK ? (int)total : err;
}

int
store_next_due(struct store *s, int64_t *at)
{
	int err = db_number(s->d, at, "SELECT due_at FROM delivery WHERE state IN (2, 3) ORDER BY due_at LIMIT 1", "");

	if (err == VG_ERR_NOTFOUND)
		*at = 0;
	return err == VG_ERR_NOTFOUND ? VG_OK : err;
}

/* ---- claiming ---- */

static int
add_ready(struct store *s, sqlite3_stmt *stmt, int64_t consumer, struct lease_row *rows, unsigned *n, unsigned max)
{
	int err;

	while ((err = db_step(s->d, stmt)) == 1) {
		struct lease_row r = { consumer, sqlite3_column_int64(stmt, 0), sqlite3_column_int64(stmt, 1),
			sqlite3_column_int64(stmt, 2), (unsigned)sqlite3_column_int(stmt, 3) };
		unsigned at = *n < max ? (*n)++ : max;

		/* Kept sorted by event: several routes are merged into the oldest `max` of all. */
		while (at > 0 && rows[at - 1].event > r.event) {
			if (at < max)
				rows[at] = rows[at - 1];
			at--;
		}
		if (at < max)
			rows[at] = r;
	}
	return err;
}

static int
find_ready(struct store *s, const struct store_claim *c, struct lease_row *rows, unsigned max, unsigned *n)
{
	int err = VG_OK;

	if (c->n_routes == 0)
		return add_ready(s, db_query(s->d, "SELECT chain, event, lease, attempts FROM delivery INDEXED BY delivery_ready"
		    " WHERE consumer = ? AND state = 1 ORDER BY event LIMIT ?", "ii", c->consumer, (int64_t)max), c->consumer,
		    rows, n, max);
	for (unsigned i = 0; i < c->n_routes && err == VG_OK; i++)
		err = add_ready(s, db_query(s->d, "SELECT chain, event, lease, attempts FROM delivery"
		    " INDEXED BY delivery_ready_by_route WHERE consumer = ? AND route = ? AND state = 1 ORDER BY event LIMIT ?",
		    "iti", c->consumer, c->routes[i], (int64_t)max), c->consumer, rows, n, max);
	return err;
}

/* The event as every consumer gets it: head, then the message object where there is one. */
static int
append_event(struct store *s, int64_t event, struct buf *out)
{
	sqlite3_stmt *stmt = db_query(s->d, "SELECT e.head, o.json FROM event e LEFT JOIN message_object o ON o.id = e.object"
	    " WHERE e.id = ?", "i", event);
	int err = db_step(s->d, stmt);

	if (err != 1)
		return err == VG_OK ? VG_ERR_NOTFOUND : err;
	err = buf_add(out, sqlite3_column_text(stmt, 0), (size_t)sqlite3_column_bytes(stmt, 0));
	if (err == VG_OK && (err = buf_adds(out, ",\"message\":")) == VG_OK) {
		if (sqlite3_column_type(stmt, 1) == SQLITE_NULL)
			err = buf_adds(out, "null");
		else
			err = buf_add(out, sqlite3_column_text(stmt, 1), (size_t)sqlite3_column_bytes(stmt, 1));
	}
	sqlite3_reset(stmt);
	return err != VG_OK ? err : buf_adds(out, "}");
}

static int
lease_one(struct store *s, const struct store_claim *c, struct lease_row *r, bool first, struct buf *out)
{
	char receipt[RECEIPT_TEXT], until[32];
	int err;

	r->lease++;
	r->attempts++;
	receipt_write(s, r, receipt);
	id_rfc3339(until, c->now + c->lease_ms, 1);
	if ((err = buf_addf(out, "%s{\"receipt\":\"%s\",\"lease_expires_at\":\"%s\",\"attempt\":%u,\"event\":", first ? "" : ",",
	    receipt, until, r->attempts)) != VG_OK ||
	    (err = append_event(s, r->event, out)) != VG_OK || (err = buf_adds(out, "}")) != VG_OK)
		return err;
	return db_run(s->d, "UPDATE delivery SET state = 2, due_at = ?, attempts = ?, lease = ?"
	    " WHERE consumer = ? AND chain = ? AND event = ?", "iiiiii", c->now + c->lease_ms, (int64_t)r->attempts, r->lease,
	    r->consumer, r->chain, r->event);
}

int
store_claim(struct store *s, const struct store_claim *c, struct buf *out)
{
	struct lease_row rows[CLAIM_MAX];
	unsigned max = c->max < CLAIM_MAX ? c->max : CLAIM_MAX, n = 0, done = 0;
	size_t before = 0;
	int err = find_ready(s, c, rows, max, &n);

	for (; done < n && err == VG_OK; done++) {
		before = out->len;
		/* What does not fit into one answer stays for the next claim. */
		err = lease_one(s, c, &rows[done], done == 0, out);
		if (err == VG_ERR_LIMIT && done > 0) {
			out->len = before;
			return (int)done;
		}
	}
	return err == VG_OK ? (int)done : err;
}

/* ---- settling ---- */

/* Finds the leased row of a receipt; r is complete when *out is SETTLE_OK. */
static int
leased(struct store *s, const char *receipt, int64_t now, struct lease_row *r, enum store_settle *out)
{
	sqlite3_stmt *stmt;
	int err;

	*out = SETTLE_UNKNOWN;
	if (!receipt_read(s, receipt, r))
		return VG_OK;
	stmt = db_query(s->d, "SELECT state, lease, due_at, attempts FROM delivery WHERE consumer = ? AND chain = ? AND event = ?",
	    "iii", r->consumer, r->chain, r->event);
	if ((err = db_step(s->d, stmt)) != 1)
		return err;
	*out = sqlite3_column_int(stmt, 0) == DELIVERY_LEASED && sqlite3_column_int64(stmt, 1) == r->lease &&
	    sqlite3_column_int64(stmt, 2) > now ? SETTLE_OK : SETTLE_EXPIRED;
	r->attempts = (unsigned)sqlite3_column_int(stmt, 3);
	sqlite3_reset(stmt);
	return VG_OK;
}

int
store_ack(struct store *s, const char *receipt, int64_t now, enum store_settle *out)
{
	struct lease_row r;
	int err = leased(s, receipt, now, &r, out);

	if (err != VG_OK || *out != SETTLE_OK)
		return err;
	if ((err = db_run(s->d, "DELETE FROM delivery WHERE consumer = ? AND chain = ? AND event = ?", "iii", r.consumer, r.chain,
	    r.event)) != VG_OK)
		return err;
	return release_next(s, &r);
}

int
store_nack(struct store *s, const char *receipt, int64_t now, int64_t delay_ms, unsigned attempts,
    enum store_settle *out, bool *dead)
{
	struct lease_row r;
	int err = leased(s, receipt, now, &r, out);

	*dead = false;
	if (err != VG_OK || *out != SETTLE_OK)
		return err;
	if (r.attempts >= attempts) {
		*dead = true;
		return bury(s, &r, now);
	}
	return delay_ms > 0 ? set_state(s, &r, DELIVERY_DELAYED, now + delay_ms) : set_state(s, &r, DELIVERY_READY, 0);
}

int
store_extend(struct store *s, const char *receipt, int64_t now, int64_t lease_ms, enum store_settle *out)
{
	struct lease_row r;
	int err = leased(s, receipt, now, &r, out);

	return err != VG_OK || *out != SETTLE_OK ? err : set_state(s, &r, DELIVERY_LEASED, now + lease_ms);
}

/* ---- the dead, and figures ---- */

static int
append_dead(struct store *s, sqlite3_stmt *stmt, bool first, struct buf *out)
{
	char at[32];
	int err;

	id_rfc3339(at, sqlite3_column_int64(stmt, 2), 1);
	err = buf_addf(out, "%s{\"event_id\":\"%s\",\"event\":\"%s\",\"ticket\":", first ? "" : ",", db_text(stmt, 3),
	    db_text(stmt, 4));
	if (err == VG_OK)
		err = sqlite3_column_int64(stmt, 5) > 0 ? buf_addf(out, "%lld", (long long)sqlite3_column_int64(stmt, 5))
		    : buf_adds(out, "null");
	if (err == VG_OK)
		err = buf_addf(out, ",\"attempts\":%d,\"at\":\"%s\",\"content\":", sqlite3_column_int(stmt, 1), at);
	if (err == VG_OK)
		err = append_event(s, sqlite3_column_int64(stmt, 0), out);
	return err == VG_OK ? buf_adds(out, "}") : err;
}

int
store_dead(struct store *s, int64_t consumer, int64_t after, unsigned max, struct buf *out, int64_t *last)
{
	sqlite3_stmt *stmt = db_query(s->d, "SELECT d.event, d.attempts, d.due_at, e.ulid, e.kind, e.ticket FROM delivery d"
	    " INDEXED BY delivery_dead JOIN event e ON e.id = d.event WHERE d.consumer = ? AND d.state = 4 AND d.event > ?"
	    " ORDER BY d.event LIMIT ?", "iii", consumer, after, (int64_t)max);
	unsigned n = 0;
	int err;

	while ((err = db_step(s->d, stmt)) == 1) {
		size_t before = out->len;

		err = append_dead(s, stmt, n == 0, out);
		if (err == VG_ERR_LIMIT && n > 0) {
			out->len = before; /* the rest of the list is the next page */
			sqlite3_reset(stmt);
			return (int)n;
		}
		if (err != VG_OK) {
			sqlite3_reset(stmt);
			return err;
		}
		*last = sqlite3_column_int64(stmt, 0);
		n++;
	}
	return err == VG_OK ? (int)n : err;
}

int
store_requeue(struct store *s, int64_t consumer, const char *ulid)
{
	struct lease_row r = { .consumer = consumer };
	sqlite3_stmt *stmt = db_query(s->d, "SELECT d.chain, d.event FROM event e JOIN delivery d"
	    " ON d.consumer = ? AND d.event = e.id AND d.chain IN (e.ticket, (SELECT -message FROM message_object WHERE id = e.object))"
	    " WHERE e.ulid = ? AND d.state = 4", "it", consumer, ulid);
	int err = db_step(s->d, stmt);

	if (err != 1)
		return err == VG_OK ? VG_ERR_NOTFOUND : err;
	r.chain = sqlite3_column_int64(stmt, 0);
	r.event = sqlite3_column_int64(stmt, 1);
	sqlite3_reset(stmt);
	if ((err = db_run(s->d, "UPDATE delivery SET state = 0, attempts = 0, due_at = 0 WHERE consumer = ? AND chain = ? AND event = ?",
	    "iii", r.consumer, r.chain, r.event)) != VG_OK)
		return err;
	return release_next(s, &r);
}

int
store_queue_stats(struct store *s, int64_t consumer, struct store_queue_stats *out)
{
	int64_t n[6] = { 0 };
	int err;

	memset(out, 0, sizeof(*out));
	if ((err = db_number(s->d, &n[0], "SELECT count(*) FROM delivery WHERE consumer = ?", "i", consumer)) != VG_OK ||
	    (err = db_number(s->d, &n[1], "SELECT count(*) FROM delivery INDEXED BY delivery_ready WHERE consumer = ? AND state = 1",
	        "i", consumer)) != VG_OK ||
	    (err = db_number(s->d, &n[2], "SELECT count(*) FROM delivery INDEXED BY delivery_due"
	        " WHERE state IN (2, 3) AND state = 2 AND consumer = ?", "i", consumer)) != VG_OK ||
	    (err = db_number(s->d, &n[3], "SELECT count(*) FROM delivery INDEXED BY delivery_dead WHERE consumer = ? AND state = 4",
	        "i", consumer)) != VG_OK ||
	    (err = db_number(s->d, &n[4], "SELECT count(*) FROM message WHERE parsed = 0", "")) != VG_OK ||
	    (err = db_number(s->d, &n[5], "SELECT count(*) FROM held", "")) != VG_OK)
		return err;
	out->depth = (uint64_t)(n[0] - n[3]);
	out->ready = (uint64_t)n[1];
	out->leased = (uint64_t)n[2];
	out->dead = (uint64_t)n[3];
	out->unparsed = (uint64_t)n[4];
	out->held = (uint64_t)n[5];
	/* The oldest one is ready, leased or delayed, never blocked: a blocked one has an older in front. */
	err = db_number(s->d, &out->oldest_at, "SELECT created_at FROM event WHERE id = (SELECT min(m) FROM"
	    " (SELECT min(event) AS m FROM delivery INDEXED BY delivery_ready WHERE consumer = ?1 AND state = 1"
	    " UNION ALL SELECT min(event) FROM delivery INDEXED BY delivery_due WHERE state IN (2, 3) AND consumer = ?1))", "i",
	    consumer);
	return err == VG_ERR_NOTFOUND ? VG_OK : err;
}
