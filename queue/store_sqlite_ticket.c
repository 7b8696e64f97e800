/*
 * store_sqlite_ticket.c - tickets, who takes part in them, which errors they share. Changes run in the
 * writer thread, reads on any connection of the queue process.
 */
#include "store_sqlite.h"

#include <stdlib.h>
#include <string.h>

#include "err.h"

/* ---- look-ups of the gate ---- */

int
store_thread(struct store *s, uint64_t ticket, const char *sender, struct facts_thread *out)
{
	sqlite3_stmt *stmt;
	int err = store_ticket_merged(s, ticket, &ticket);

	if (err != VG_OK)
		return err;
	stmt = db_query(s->d, sql_thread_role, "it", (int64_t)ticket, sender);
	if ((err = db_step(s->d, stmt)) < 0)
		return err;
	out->role = err == 1 ? (uint8_t)sqlite3_column_int(stmt, 0) : PART_NONE;
	out->by_contact = err == 1 && sqlite3_column_int(stmt, 1) != 0;
	if (err == 1)
		sqlite3_reset(stmt);
	stmt = db_query(s->d, sql_thread, "i", (int64_t)ticket);
	if ((err = db_step(s->d, stmt)) != 1)
		return err == VG_OK ? VG_ERR_NOTFOUND : err;
	out->ticket = ticket;
	out->status = (uint8_t)sqlite3_column_int(stmt, 0);
	db_copy(stmt, 1, s->thread_partner, sizeof(s->thread_partner));
	db_copy(stmt, 2, s->thread_holder, sizeof(s->thread_holder));
	out->partner = s->thread_partner;
	out->holder = s->thread_holder;
	out->closed_at = sqlite3_column_int64(stmt, 3);
	sqlite3_reset(stmt); /* an open statement would keep this connection at an old state of the store */
	return VG_OK;
}

int
store_participant_valid(struct store *s, uint64_t ticket, uint64_t participant, const char *sender, bool *own)
{
	sqlite3_stmt *stmt = db_query(s->d, sql_participant_valid, "ii", (int64_t)participant, (int64_t)ticket);
	int err = db_step(s->d, stmt);

	if (err != 1)
		return err == VG_OK ? VG_ERR_NOTFOUND : err;
	*own = strcmp(db_text(stmt, 0), sender) == 0;
	sqlite3_reset(stmt);
	return VG_OK;
}

/* ---- whole tickets ---- */

static int
read_participant(sqlite3_stmt *stmt, struct store_participant *p)
{
	p->id = sqlite3_column_int64(stmt, 0);
	p->role = (enum participant_role)sqlite3_column_int(stmt, 1);
	p->by_contact = sqlite3_column_int(stmt, 2) != 0;
	p->added_at = sqlite3_column_int64(stmt, 3);
	p->message = sqlite3_column_int64(stmt, 4);
	p->address = store_dup(stmt, 5);
	db_copy(stmt, 9, p->message_ulid, sizeof(p->message_ulid));
	p->shown = store_dup(stmt, 6);
	p->name = store_dup(stmt, 7);
	p->added_by = store_dup(stmt, 8);
	return p->address != NULL && p->shown != NULL && p->name != NULL && p->added_by != NULL ? VG_OK : VG_ERR_MEMORY;
}

static int
by_id(const void *a, const void *b)
{
	int64_t x = ((const struct store_participant *)a)->id, y = ((const struct store_participant *)b)->id;

	return (x > y) - (x < y);
}

/* In the order of their coming; sorted here, since the index has them by address and a sorter costs more than they are. */
static int
read_participants(struct store *s, struct store_ticket *t)
{
	sqlite3_stmt *stmt = db_query(s->d, "SELECT p.id, p.role, p.by_contact, p.added_at, p.message, p.address, p.shown, p.name,"
	    " p.added_by, m.ulid FROM participant p LEFT JOIN message m ON m.id = p.message"
	    " WHERE p.ticket = ? AND p.removed_at IS NULL LIMIT ?", "ii", (int64_t)t->number,
	    (int64_t)STORE_PARTICIPANTS_MAX);
	unsigned cap = 0;
	int err;

	while ((err = db_step(s->d, stmt)) == 1) {
		if (t->n_participants == cap) {
			struct store_participant *more = realloc(t->participants, (cap + 8) * sizeof(*more));

			if (more == NULL) {
				sqlite3_reset(stmt);
				return VG_ERR_MEMORY;
			}
			memset(more + cap, 0, 8 * sizeof(*more));
			t->participants = more;
			cap += 8;
		}
		if ((err = read_participant(stmt, &t->participants[t->n_participants++])) != VG_OK) {
			sqlite3_reset(stmt);
			return err;
		}
	}
	if (t->n_participants > 1)
		qsort(t->participants, t->n_participants, sizeof(*t->participants), by_id);
	return err;
}

static int
read_row(struct store *s, uint64_t number, struct store_ticket *t)
{
	sqlite3_stmt *stmt = db_query(s->d, "SELECT number, continues, pending, severity, status, sla_state,"
	    " first_response_due, opened_at, updated_at, closed_at, seq, partner, holder, route, subject, reference, merged_into"
	    " FROM ticket WHERE number = ?", "i", (int64_t)number);
	char **text[] = { &t->partner, &t->holder, &t->route, &t->subject, &t->reference };
	int err = db_step(s->d, stmt);

	if (err != 1)
		return err == VG_OK ? VG_ERR_NOTFOUND : err;
	t->number = (uint64_t)sqlite3_column_int64(stmt, 0);
	t->continues = (uint64_t)sqlite3_column_int64(stmt, 1);
	t->pending = sqlite3_column_int(stmt, 2) != 0;
	t->severity = (unsigned)sqlite3_column_int(stmt, 3);
	t->status = (enum ticket_status)sqlite3_column_int(stmt, 4);
	t->sla_state = (enum store_sla_state)sqlite3_column_int(stmt, 5);
	t->first_response_due = sqlite3_column_int64(stmt, 6);
	t->opened_at = sqlite3_column_int64(stmt, 7);
	t->updated_at = sqlite3_column_int64(stmt, 8);
	t->closed_at = sqlite3_column_int64(stmt, 9);
	t->seq = (uint64_t)sqlite3_column_int64(stmt, 10);
	t->merged_into = (uint64_t)sqlite3_column_int64(stmt, 16);
	err = VG_OK;
	for (unsigned i = 0; i < sizeof(text) / sizeof(text[0]); i++)
		if ((*text[i] = store_dup(stmt, 11 + (int)i)) == NULL)
			err = VG_ERR_MEMORY;
	sqlite3_reset(stmt);
	return err;
}

int
store_ticket(struct store *s, uint64_t number, struct store_ticket *out)
{
	int err;

	memset(out, 0, sizeof(*out));
	err = read_row(s, number, out);
	return err != VG_OK ? err : read_participants(s, out);
}

void
store_ticket_free(struct store_ticket *t)
{
	for (unsigned i = 0; i < t->n_participants; i++) {
		free(t->participants[i].address);
		free(t->participants[i].shown);
		free(t->participants[i].name);
		free(t->participants[i].added_by);
	}
	free(t->participants);
	free(t->partner);
	free(t->holder);
	free(t->route);
	free(t->subject);
	free(t->reference);
	memset(t, 0, sizeof(*t));
}

int
store_ticket_save(struct store *s, const struct store_ticket *t)
{
	return db_run(s->d, "UPDATE ticket SET pending = ?, route = ?, severity = ?, status = ?, subject = ?, reference = ?,"
	    " sla_state = ?, first_response_due = ?, opened_at = ?, updated_at = ?, closed_at = ?, continues = ?, seq = ?"
	    " WHERE number = ?", "itiittiiiiiiii", (int64_t)t->pending, t->route, (int64_t)t->severity, (int64_t)t->status,
	    t->subject, t->reference, (int64_t)t->sla_state, t->first_response_due, t->opened_at, t->updated_at,
	    t->closed_at, (int64_t)t->continues, (int64_t)t->seq, (int64_t)t->number);
}

int
store_ticket_drop(struct store *s, uint64_t number)
{
	int err = db_run(s->d, "DELETE FROM ticket WHERE number = ? AND pending = 1", "i", (int64_t)number);

	/* One that never was visible has no participants who left. */
	if (err == VG_OK && store_changes(s) == 1)
		err = db_run(s->d, "DELETE FROM participant WHERE ticket = ? AND removed_at IS NULL", "i", (int64_t)number);
	return err;
}

int
store_participant_add(struct store *s, uint64_t ticket, const struct store_participant *p, bool *added)
{
	int err = db_run(s->d, sql_participant_join, "ittti" "itii", (int64_t)ticket, p->address, p->shown, p->name,
	    (int64_t)p->role, (int64_t)p->by_contact, p->added_by, p->added_at, p->message);

	*added = err == VG_OK && store_changes(s) == 1;
	return err;
}

int
store_participants_undo(struct store *s, uint64_t ticket, int64_t message)
{
	return db_run(s->d, "DELETE FROM participant WHERE ticket = ? AND removed_at IS NULL AND message = ?", "ii", (int64_t)ticket, message);
}

/* ---- lists ---- */

/* One statement for each combination: every list walks an index from its newest entry. */
static sqlite3_stmt *
list_statement(struct store *s, const struct store_ticket_filter *f, int64_t before)
{
	bool by_partner = f->partner != NULL, by_status = f->status != TICKET_NONE;

	if (by_partner && by_status)
		return db_query(s->d, "SELECT number FROM ticket WHERE pending = 0 AND partner = ? AND +status = ? AND number < ?"
		    " ORDER BY number DESC LIMIT ?", "tiii", f->partner, (int64_t)f->status, before, (int64_t)f->max);
	if (by_partner)
		return db_query(s->d, "SELECT number FROM ticket WHERE pending = 0 AND partner = ? AND number < ?"
		    " ORDER BY number DESC LIMIT ?", "tii", f->partner, before, (int64_t)f->max);
	if (by_status)
		return db_query(s->d, "SELECT number FROM ticket WHERE pending = 0 AND status = ? AND number < ?"
		    " ORDER BY number DESC LIMIT ?", "iii", (int64_t)f->status, before, (int64_t)f->max);
	return db_query(s->d, "SELECT number FROM ticket WHERE pending = 0 AND number < ? ORDER BY number DESC LIMIT ?", "ii",
	    before, (int64_t)f->max);
}

/* The words of a query as FTS5 phrases, so that nothing in it is read as an operator. */
static int
search_phrases(struct buf *out, const char *query)
{
	int err = VG_OK;

	for (const char *p = query; *p != '\0' && err == VG_OK;) {
		size_t n = strcspn(p, " \t\r\n");

		if (n > 0)
			err = buf_adds(out, "\"");
		for (size_t i = 0; i < n && err == VG_OK; i++)
			err = p[i] == '"' ? buf_adds(out, "\"\"") : buf_add(out, p + i, 1);
		if (n > 0 && err == VG_OK)
			err = buf_adds(out, "\" ");
		p += n + (p[n] != '\0');
	}
	return err;
}

static sqlite3_stmt *
search_statement(struct store *s, const struct store_ticket_filter *f, int64_t before, const char *phrases)
{
	return db_query(s->d, "SELECT DISTINCT t.number FROM search x JOIN message_object o ON o.id = x.rowid"
	    " JOIN message m ON m.id = o.message JOIN ticket t ON t.number = m.ticket"
	    " WHERE search MATCH ?1 AND t.pending = 0 AND m.state = 2 AND t.number < ?2"
	    " AND (?3 IS NULL OR t.partner = ?3) AND (?4 = 0 OR t.status = ?4) ORDER BY t.number DESC LIMIT ?5", "titii",
	    phrases, before, f->partner, (int64_t)f->status, (int64_t)f->max);
}

int
store_tickets(struct store *s, const struct store_ticket_filter *f, uint64_t *out)
{
	int64_t before = f->before > 0 && f->before < INT64_MAX ? (int64_t)f->before : INT64_MAX;
	struct buf phrases;
	unsigned n = 0;
	int err = VG_OK;

	buf_init(&phrases, 4096);
	if (f->query != NULL)
		err = search_phrases(&phrases, f->query);
	/* Nothing but blanks finds nothing. */
	if (err == VG_OK && (f->query == NULL || phrases.len > 0)) {
		sqlite3_stmt *stmt = f->query != NULL ? search_statement(s, f, before, buf_str(&phrases))
		    : list_statement(s, f, before);

		while ((err = db_step(s->d, stmt)) == 1)
			if (n < f->max)
				out[n++] = (uint64_t)sqlite3_column_int64(stmt, 0);
	}
	buf_free(&phrases);
	return err == VG_OK ? (int)n : err;
}

int
store_ticket_messages(struct store *s, uint64_t ticket, int64_t after, int64_t *out, unsigned max)
{
	sqlite3_stmt *stmt = db_query(s->d, "SELECT id FROM message WHERE ticket = ? AND ticket > 0 AND id > ? AND state = 2"
	    " ORDER BY id LIMIT ?", "iii", (int64_t)ticket, after, (int64_t)max);

	return store_ids(s, stmt, out, max);
}

/* ---- errors in common ---- */

int
store_error_seen(struct store *s, const char *owner, const char *fingerprint, uint64_t ticket, unsigned place)
{
	return db_run(s->d, "INSERT OR IGNORE INTO error_seen(owner, fingerprint, ticket, place) VALUES (?, ?, ?, ?)", "ttii", owner,
	    fingerprint, (int64_t)ticket, (int64_t)place);
}

static int
read_related(struct store *s, sqlite3_stmt *stmt, struct store_related *out, unsigned max)
{
	unsigned n = 0;
	int err;

	while ((err = db_step(s->d, stmt)) == 1) {
		if (n == max)
			continue;
		out[n].number = (uint64_t)sqlite3_column_int64(stmt, 0);
		db_copy(stmt, 1, out[n++].fingerprint, sizeof(out[0].fingerprint));
	}
	return err == VG_OK ? (int)n : err;
}

int
store_errors_of(struct store *s, uint64_t ticket, struct store_related *out, unsigned max)
{
	return read_related(s, db_query(s->d, "SELECT ticket, fingerprint FROM error_seen WHERE ticket = ?"
	    " ORDER BY place, fingerprint LIMIT ?", "ii", (int64_t)ticket, (int64_t)max), out, max);
}

int
store_related(struct store *s, const char *owner, const char *fingerprint, uint64_t not_this,
    struct store_related *out, unsigned max)
{
	return read_related(s, db_query(s->d, "SELECT ticket, fingerprint FROM error_seen WHERE owner = ? AND fingerprint = ?"
	    " AND ticket <> ? ORDER BY ticket DESC LIMIT ?", "ttii", owner, fingerprint, (int64_t)not_this, (int64_t)max), out, max);
}

int
store_related_elsewhere(struct store *s, const char *owner, const char *fingerprint, uint64_t *out, unsigned max)
{
	/* Two ranges of one index: however many tickets the owner has, none of them is walked over. */
	static const char *const sides[] = {
	    "SELECT ticket FROM error_seen WHERE fingerprint = ? AND owner < ? LIMIT ?",
	    "SELECT ticket FROM error_seen WHERE fingerprint = ? AND owner > ? LIMIT ?"};
	unsigned n = 0;
	int err = VG_OK;

	for (unsigned i = 0; i < 2 && err == VG_OK; i++) {
		sqlite3_stmt *stmt = db_query(s->d, sides[i], "tti", fingerprint, owner, (int64_t)(max - n));

		while ((err = db_step(s->d, stmt)) == 1)
			if (n < max)
				out[n++] = (uint64_t)sqlite3_column_int64(stmt, 0);
	}
	return err == VG_OK ? (int)n : err;
}

int
store_errors_move(struct store *s, uint64_t from, uint64_t into)
{
	int err = db_run(s->d, "INSERT OR IGNORE INTO error_seen(owner, fingerprint, ticket, place)"
	    " SELECT owner, fingerprint, ?, place FROM error_seen WHERE ticket = ?", "ii", (int64_t)into, (int64_t)from);

	return err == VG_OK ? db_run(s->d, "DELETE FROM error_seen WHERE ticket = ?", "i", (int64_t)from) : err;
}

int
store_clocks(struct store *s, int64_t at, bool warned, uint64_t *out, unsigned max)
{
	sqlite3_stmt *stmt = db_query(s->d, "SELECT number FROM ticket WHERE pending = 0 AND sla_state IN (1, 2) AND sla_state <= ? AND status <> 3"
	    " AND first_response_due < ? AND first_response_due > 0 ORDER BY first_response_due LIMIT ?", "iii",
	    (int64_t)(warned ? SLA_WARNED : SLA_RUNNING), at, (int64_t)max);
	unsigned n = 0;
	int err;

	while ((err = db_step(s->d, stmt)) == 1)
		if (n < max)
			out[n++] = (uint64_t)sqlite3_column_int64(stmt, 0);
	return err == VG_OK ? (int)n : err;
}
