/*
 * store_sqlite_message.c - messages: accepting them, finding them again, what the parser made of them. Accepting
 * and marking run in the writer thread, look-ups on any connection of the queue process.
 */
#include "store_sqlite.h"

#include <stdlib.h>
#include <string.h>

#include "err.h"

static const char *
shown(const struct commit *c)
{
	return *c->sender_shown != '\0' ? c->sender_shown : c->sender;
}

static int
accept_audit(struct store *s, const struct commit *c, const char *what, const char *message, uint64_t ticket,
    int64_t now, struct store_accepted *out)
{
	struct store_audit a = {
		.actor = "gate", .what = what, .rule = c->rule, .reason = c->reason, .text = c->text, .sender = c->sender,
		.sess = c->sess, .peer = c->real_peer, .message = message, .facts = c->facts, .ticket = ticket, .at = now
	};

	return store_audit_add(s, &a, out->reference);
}

/* A refusal after 250 was said counts as accepted mail (after-queue channels). */
static int
refuse(struct store *s, const struct commit *c, int64_t now, struct store_accepted *out)
{
	int err = accept_audit(s, c, "mail.refused", "", 0, now, out);

	if (err == VG_OK && c->after_queue)
		err = store_count(s, "accepted", 1);
	if (err == VG_OK)
		err = store_count(s, c->after_queue ? "refused_after_queue" : "refused_in_dialogue", 1);
	return err;
}

/* The ticket that the message belongs to from now on; 0 for a held one. */
static int
place(struct store *s, const struct commit *c, int64_t now, uint64_t *ticket)
{
	int64_t there;
	int err;

	*ticket = 0;
	if (c->action == COMMIT_OPEN) {
		err = db_run(s->d, sql_ticket_open, "tttiii", store_null(c->partner), store_null(c->holder), c->subject,
		    c->received_at, now, (int64_t)c->related);
		*ticket = (uint64_t)store_last_id(s);
		return err;
	}
	if (c->action != COMMIT_APPEND)
		return VG_OK;
	err = db_number(s->d, &there, sql_thread, "i", (int64_t)c->ticket);
	if (err == VG_OK)
		*ticket = c->ticket;
	return err;
}

static int
insert(struct store *s, const struct commit *c, const struct store_body *b, uint64_t ticket, int64_t now, int64_t *id)
{
	int state = c->action == COMMIT_HOLD ? MSG_HELD : MSG_ACCEPTED;
	int err = db_run(s->d, sql_message_add, "tiiitttiiiiitttttttt" "itb" "ib" "tiii", b->ulid, (int64_t)state,
	    (int64_t)c->action, (int64_t)ticket, c->rule, c->reason, c->text, (int64_t)c->cls, (int64_t)c->role,
	    (int64_t)c->quiet, (int64_t)c->reopen, (int64_t)c->related, store_null(c->partner), store_null(c->holder),
	    c->route, c->sender, shown(c), c->sender_name, c->subject, store_null(c->message_id),
	    (int64_t)c->message_id_seen, c->automatic, c->digest.len > 0 ? (const void *)c->digest.data : NULL,
	    c->digest.len, (int64_t)c->size, (const void *)b->key, (size_t)SEAL_WRAPPED, b->blob, c->received_at, now,
	    (int64_t)c->outgoing);

	*id = store_last_id(s);
	if (err == VG_OK)
		err = db_run(s->d, sql_body_add, "ittbb", *id, *c->facts != '\0' ? c->facts : "{}", b->envelope,
		    c->prefix.len > 0 ? (const void *)c->prefix.data : "", c->prefix.len, b->sealed, b->sealed_len);
	return err;
}

/* Contacts, agents and holders join by writing. Customers and observers were put there; were they taken out since the gate
 * asked, this must not bring them back (T7). */
static int
join(struct store *s, const struct commit *c, uint64_t ticket, int64_t id, int64_t now)
{
	if (ticket == 0 || c->role == PART_NONE || c->role == PART_CUSTOMER || c->role == PART_OBSERVER)
		return VG_OK;
	return db_run(s->d, sql_participant_join, "ittti" "itii", (int64_t)ticket, c->sender, shown(c), c->sender_name,
	    (int64_t)c->role, (int64_t)0, c->sender, now, id);
}

int
store_accept(struct store *s, const struct commit *c, const struct store_body *b, int64_t now, int64_t expires_at,
    struct store_accepted *out)
{
	int err;

	memset(out, 0, sizeof(*out));
	if (c->action == COMMIT_DEFER)
		return store_defer(s, c->sender, c->message_id, now);
	if (c->action == COMMIT_REFUSE)
		return refuse(s, c, now, out);
	err = c->digest.len == 0 ? VG_ERR_NOTFOUND
	    : store_duplicate(s, c->digest.data, c->digest.len, out->ulid, &out->ticket);
	if (err != VG_ERR_NOTFOUND) {
		out->duplicate = err == VG_OK;
		return err != VG_OK || (err = store_count(s, "duplicates", 1)) != VG_OK ? err : store_count(s, "accepted", 1);
	}
	memcpy(out->ulid, b->ulid, ULID_LEN + 1);
	if ((err = place(s, c, now, &out->ticket)) != VG_OK ||
	    (err = insert(s, c, b, out->ticket, now, &out->id)) != VG_OK ||
	    (err = join(s, c, out->ticket, out->id, now)) != VG_OK)
		return err;
	if (c->action == COMMIT_HOLD) {
		if ((err = accept_audit(s, c, "mail.held", b->ulid, c->ticket, now, out)) != VG_OK ||
		    (err = db_run(s->d, sql_held_add, "itii", out->id, c->reason, now, expires_at)) != VG_OK)
			return err;
	}
	if ((err = store_count(s, "accepted", 1)) != VG_OK)
		return err;
	return store_count(s, c->action == COMMIT_HOLD ? "held" : "queued", 1);
}

/* ---- look-ups of the gate ---- */

int
store_duplicate(struct store *s, const void *digest, size_t len, char ulid[ULID_LEN + 1], uint64_t *ticket)
{
	sqlite3_stmt *stmt = db_query(s->d, sql_by_digest, "b", digest, len);
	int err = db_step(s->d, stmt);

	if (err != 1)
		return err == VG_OK ? VG_ERR_NOTFOUND : err;
	db_copy(stmt, 0, ulid, ULID_LEN + 1);
	*ticket = (uint64_t)sqlite3_column_int64(stmt, 1);
	sqlite3_reset(stmt);
	return VG_OK;
}

int
store_message_id_seen(struct store *s, const char *message_id)
{
	int64_t one;
	int err = db_number(s->d, &one, sql_seen, "t", message_id);

	return err == VG_OK ? 1 : err == VG_ERR_NOTFOUND ? 0 : err;
}

/* audience is our own JSON array of normal addresses: a quoted match is exact, since they hold no quotes unescaped. */
static bool
audience_holds(const char *audience, const char *sender)
{
	size_t n = strlen(sender);

	for (const char *p = audience; n > 0 && (p = strstr(p, sender)) != NULL; p += n)
		if (p > audience && p[-1] == '"' && p[n] == '"')
			return true;
	return false;
}

static int
collect_hits(struct store *s, sqlite3_stmt *stmt, const char *sender, struct store_thread_hit *hits, unsigned *n,
    unsigned max)
{
	int err;

	while ((err = db_step(s->d, stmt)) == 1) {
		uint64_t ticket = (uint64_t)sqlite3_column_int64(stmt, 1);
		unsigned i = 0;

		while (i < *n && hits[i].ticket != ticket)
			i++;
		if (i == *n && *n < max)
			hits[(*n)++] = (struct store_thread_hit){ .ticket = ticket };
		if (i < *n) {
			hits[i].ours |= sqlite3_column_int(stmt, 2) == 1;
			hits[i].in_audience |= audience_holds(db_text(stmt, 3), sender);
		}
	}
	return err;
}

/* The partner's own are asked for first and apart: others who send the same Message-ID often cannot hide them. */
int
store_by_message_id(struct store *s, const char *message_id, const char *partner, const char *sender,
    struct store_thread_hit *hits, unsigned max)
{
	unsigned n = 0;
	int err = VG_OK;

	if (*partner != '\0')
		err = collect_hits(s, db_query(s->d, sql_hits_of_partner, "tti", message_id, partner, (int64_t)max), sender,
		    hits, &n, max);
	if (err == VG_OK && n < max)
		err = collect_hits(s, db_query(s->d, sql_hits, "ti", message_id, (int64_t)max), sender, hits, &n, max);
	/* A letter that we sent: it was for its recipient alone. */
	if (err == VG_OK && n < max)
		err = collect_hits(s, db_query(s->d, "SELECT id, ticket, 1, json_array(recipient) FROM outbox WHERE message_id = ?"
		    " AND ticket > 0 ORDER BY id DESC LIMIT ?", "ti", message_id, (int64_t)max), sender, hits, &n, max);
	return err == VG_OK ? (int)n : err;
}

/* ---- reading messages ---- */

int
store_unparsed(struct store *s, int64_t after, struct store_pending *out, unsigned max)
{
	sqlite3_stmt *stmt = db_query(s->d, "SELECT id, CASE state WHEN 1 THEN ticket ELSE 0 END FROM message"
	    " WHERE parsed = 0 AND id > ? ORDER BY id LIMIT ?", "ii", after, (int64_t)max);
	unsigned n = 0;
	int err;

	while ((err = db_step(s->d, stmt)) == 1)
		if (n < max)
			out[n++] = (struct store_pending){ sqlite3_column_int64(stmt, 0), (uint64_t)sqlite3_column_int64(stmt, 1) };
	return err == VG_OK ? (int)n : err;
}

#define MESSAGE_COLUMNS \
	"SELECT m.id, m.ulid, m.state, m.parsed, m.quiet, m.reopen, m.message_id_seen, m.direction, m.action, m.ticket," \
	" m.continues, m.cls, m.role, m.size, m.received_at, m.stored_at, m.key, m.blob, m.rule, m.reason, m.text, m.partner," \
	" m.holder, m.route, m.sender, m.sender_shown, m.sender_name, m.subject, m.message_id, m.automatic, b.facts, b.envelope," \
	" m.released, m.visibility, m.outbox" \
	" FROM message m LEFT JOIN message_body b ON b.message = m.id WHERE "

static int
read_message(struct store *s, sqlite3_stmt *stmt, struct store_message *out)
{
	char **text[] = { &out->rule, &out->reason, &out->text, &out->partner, &out->holder, &out->route, &out->sender,
		&out->sender_shown, &out->sender_name, &out->subject, &out->message_id, &out->automatic, &out->facts,
		&out->envelope };
	int err = db_step(s->d, stmt);

	memset(out, 0, sizeof(*out));
	if (err != 1)
		return err == VG_OK ? VG_ERR_NOTFOUND : err;
	out->id = sqlite3_column_int64(stmt, 0);
	db_copy(stmt, 1, out->ulid, sizeof(out->ulid));
	out->state = (enum store_message_state)sqlite3_column_int(stmt, 2);
	out->parsed = sqlite3_column_int(stmt, 3) != 0;
	out->quiet = sqlite3_column_int(stmt, 4) != 0;
	out->reopen = sqlite3_column_int(stmt, 5) != 0;
	out->message_id_seen = sqlite3_column_int(stmt, 6) != 0;
	out->outgoing = sqlite3_column_int(stmt, 7) == 1;
	out->action = (enum commit_action)sqlite3_column_int(stmt, 8);
	out->ticket = (uint64_t)sqlite3_column_int64(stmt, 9);
	out->continues = (uint64_t)sqlite3_column_int64(stmt, 10);
	out->cls = (enum sender_class)sqlite3_column_int(stmt, 11);
	out->role = (enum participant_role)sqlite3_column_int(stmt, 12);
	out->size = (uint64_t)sqlite3_column_int64(stmt, 13);
	out->received_at = sqlite3_column_int64(stmt, 14);
	out->stored_at = sqlite3_column_int64(stmt, 15);
	out->has_key = sqlite3_column_bytes(stmt, 16) == SEAL_WRAPPED;
	if (out->has_key)
		memcpy(out->key, sqlite3_column_blob(stmt, 16), SEAL_WRAPPED);
	out->released = sqlite3_column_int(stmt, 32) != 0;
	out->visibility = (unsigned)sqlite3_column_int(stmt, 33);
	out->outbox = sqlite3_column_int64(stmt, 34);
	err = VG_OK;
	if (sqlite3_column_type(stmt, 17) != SQLITE_NULL && (out->blob = store_dup(stmt, 17)) == NULL)
		err = VG_ERR_MEMORY;
	for (unsigned i = 0; i < sizeof(text) / sizeof(text[0]); i++)
		if ((*text[i] = store_dup(stmt, 18 + (int)i)) == NULL)
			err = VG_ERR_MEMORY;
	sqlite3_reset(stmt);
	return err;
}

int
store_message(struct store *s, int64_t id, struct store_message *out)
{
	return read_message(s, db_query(s->d, MESSAGE_COLUMNS "m.id = ?", "i", id), out);
}

int
store_message_by_ulid(struct store *s, const char *ulid, struct store_message *out)
{
	return read_message(s, db_query(s->d, MESSAGE_COLUMNS "m.ulid = ?", "t", ulid), out);
}

void
store_message_free(struct store_message *m)
{
	char *text[] = { m->rule, m->reason, m->text, m->partner, m->holder, m->route, m->sender, m->sender_shown,
		m->sender_name, m->subject, m->message_id, m->automatic, m->facts, m->envelope, m->blob };

	for (unsigned i = 0; i < sizeof(text) / sizeof(text[0]); i++)
		free(text[i]);
	memset(m, 0, sizeof(*m));
}

/* Appends the one blob or text column of the one row. */
static int
column_to(struct store *s, sqlite3_stmt *stmt, struct buf *out)
{
	int err = db_step(s->d, stmt);

	if (err != 1)
		return err == VG_OK ? VG_ERR_NOTFOUND : err;
	err = sqlite3_column_type(stmt, 0) == SQLITE_NULL ? VG_ERR_NOTFOUND
	    : buf_add(out, sqlite3_column_blob(stmt, 0), (size_t)sqlite3_column_bytes(stmt, 0));
	sqlite3_reset(stmt);
	return err;
}

int
store_message_sealed(struct store *s, int64_t id, struct buf *out)
{
	return column_to(s, db_query(s->d, "SELECT sealed FROM message_body WHERE message = ?", "i", id), out);
}

int
store_message_prefix(struct store *s, int64_t id, struct buf *out)
{
	return column_to(s, db_query(s->d, "SELECT prefix FROM message_body WHERE message = ?", "i", id), out);
}

int
store_message_facts(struct store *s, int64_t id, const char *facts)
{
	return db_run(s->d, "UPDATE message_body SET facts = ? WHERE message = ?", "ti", facts, id);
}

int
store_blob_known(struct store *s, const char *name)
{
	int64_t one;
	int err = db_number(s->d, &one, "SELECT 1 FROM message WHERE blob = ?", "t", name);

	return err == VG_OK ? 1 : err == VG_ERR_NOTFOUND ? 0 : err;
}

/* ---- what the parser made of it ---- */

int
store_object_add(struct store *s, int64_t message, const char *json, size_t len, int64_t *object)
{
	sqlite3_stmt *stmt = db_query(s->d, "INSERT INTO message_object(message, json) VALUES (?, ?)", "i", message);
	int err;

	if (stmt == NULL || sqlite3_bind_text64(stmt, 2, json, len, SQLITE_STATIC, SQLITE_UTF8) != SQLITE_OK)
		return VG_ERR_STORE;
	err = db_step(s->d, stmt);
	*object = store_last_id(s);
	return err;
}

int
store_object(struct store *s, int64_t message, struct buf *out)
{
	return column_to(s, db_query(s->d, "SELECT json FROM message_object WHERE message = ? ORDER BY id DESC LIMIT 1", "i",
	    message), out);
}

int
store_message_applied(struct store *s, const struct store_message *m, const char *audience)
{
	return db_run(s->d, "UPDATE message SET parsed = 1, state = ?, visibility = ?, audience = ? WHERE id = ?", "iiti",
	    (int64_t)m->state, (int64_t)m->visibility, audience, m->id);
}

int
store_attachment_add(struct store *s, const unsigned char hash[32], int64_t message, const char *part)
{
	return db_run(s->d, "INSERT OR IGNORE INTO attachment(hash, message, part) VALUES (?, ?, ?)", "bit",
	    (const void *)hash, (size_t)32, message, part);
}

static int
attachment_found(struct store *s, sqlite3_stmt *stmt, int64_t *message, char part[16])
{
	int err = db_step(s->d, stmt);

	if (err != 1)
		return err == VG_OK ? VG_ERR_NOTFOUND : err;
	*message = sqlite3_column_int64(stmt, 0);
	db_copy(stmt, 1, part, 16);
	sqlite3_reset(stmt);
	return VG_OK;
}

int
store_attachment_by_hash(struct store *s, const unsigned char hash[32], int64_t *message, char part[16])
{
	return attachment_found(s, db_query(s->d, "SELECT message, part FROM attachment WHERE hash = ? ORDER BY message DESC LIMIT 1", "b",
	    (const void *)hash, (size_t)32), message, part);
}

int
store_attachment_in_ticket(struct store *s, const unsigned char hash[32], uint64_t ticket, int64_t *message, char part[16])
{
	return attachment_found(s, db_query(s->d, "SELECT a.message, a.part FROM attachment a JOIN message m ON m.id = a.message "
	    "WHERE a.hash = ? AND m.ticket = ? ORDER BY a.message DESC LIMIT 1", "bi", (const void *)hash, (size_t)32, (int64_t)ticket),
	    message, part);
}

int
store_message_outgoing(struct store *s, int64_t id)
{
	return db_run(s->d, "UPDATE message SET direction = 1 WHERE id = ?", "i", id);
}
