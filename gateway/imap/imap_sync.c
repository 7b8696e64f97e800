/*
 * imap_sync.c - the work on an open folder: what is new, what is due again, what still has to be moved; then waiting, by IDLE
 * (RFC 2177) or by time. One mail that cannot be read never stands before another: it is tried last, alone, and given up in the end.
 */
#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "id.h"
#include "imap.h"
#include "imap_batch.h"
#include "log.h"

#define SEARCH_BYTES (8u * 1024u * 1024u) /* a million mails; what is parsed takes many times that */
#define IDLE_BYTES (256u * 1024u)
#define MOVE_AT_ONCE 500u

struct items {
	struct imap_item *at;
	size_t n, cap;
};

struct sync {
	struct imap_conn *c;
	uint32_t next; /* UIDs from here on have not been looked at */
	struct items open; /* not settled: put off, or not to be moved now */
};

static int
put(struct items *list, const struct imap_item *item)
{
	if (list->n == list->cap) {
		size_t cap = list->cap ? list->cap * 2 : 64;
		struct imap_item *more = realloc(list->at, cap * sizeof(*more));

		if (!more)
			return VG_ERR_MEMORY;
		list->at = more;
		list->cap = cap;
	}
	list->at[list->n++] = *item;
	return VG_OK;
}

static void
drop(struct items *list)
{
	free(list->at);
	memset(list, 0, sizeof(*list));
}

static int
by_uid(const void *a, const void *b)
{
	const struct imap_item *x = a, *y = b;

	return x->uid < y->uid ? -1 : x->uid > y->uid;
}

/* What was tried least comes first: it may be none of it. */
static int
by_tries(const void *a, const void *b)
{
	const struct imap_item *x = a, *y = b;

	return x->tries != y->tries ? (x->tries < y->tries ? -1 : 1) : by_uid(a, b);
}

/* ---- what is there ---- */

static int
take_uids(struct sync *s, clist *found, struct items *out)
{
	uint32_t last = 0;
	size_t kept = 0;
	int rc = VG_OK;

	for (clistiter *i = found ? clist_begin(found) : NULL; rc == VG_OK && i; i = clist_next(i)) {
		struct imap_item item = { .uid = *(uint32_t *)clist_content(i) };

		/* "n:*" holds the last mail whatever n is (RFC 3501 6.4.8). */
		if (item.uid >= s->next)
			rc = put(out, &item);
	}
	if (out->n)
		qsort(out->at, out->n, sizeof(*out->at), by_uid);
	for (size_t i = 0; i < out->n; i++) {
		if (kept == 0 || out->at[i].uid != out->at[kept - 1].uid)
			out->at[kept++] = out->at[i];
	}
	out->n = kept;
	if (kept > 0)
		last = out->at[kept - 1].uid;
	if (last == UINT32_MAX)
		return VG_ERR_PROTO;
	if (last >= s->next)
		s->next = last + 1;
	return rc;
}

static int
search(struct sync *s, struct items *out)
{
	struct mailimap_set *set = mailimap_set_new_interval(s->next, 0);
	struct mailimap_search_key *key = set ? mailimap_search_key_new_uid(set) : NULL;
	clist *found = NULL;
	int rc;

	if (!key)
		return VG_ERR_MEMORY;
	imap_conn_limit(s->c, SEARCH_BYTES);
	rc = mailimap_uid_search(s->c->im, NULL, key, &found);
	mailimap_search_key_free(key);
	if (rc != MAILIMAP_NO_ERROR) {
		imap_conn_failed(s->c, "search", rc);
		return VG_ERR_CLOSED;
	}
	rc = take_uids(s, found, out);
	if (found)
		mailimap_search_result_free(found);
	return rc == VG_OK ? imap_conn_same(s->c) : rc;
}

static int
ask_ledger(struct sync *s, struct items *list)
{
	int rc = VG_OK;

	for (size_t i = 0; rc == VG_OK && i < list->n; i += IMAP_UIDS_MAX) {
		size_t n = list->n - i < IMAP_UIDS_MAX ? list->n - i : IMAP_UIDS_MAX;

		rc = imap_ledger_ask(s->c->m, s->c->validity, list->at + i, n);
	}
	return rc == VG_OK ? VG_OK : VG_ERR_AGAIN;
}

/* ---- what to do with it ---- */

struct plan {
	struct items again; /* under way when something broke: once more, one by one, before those that may answer them */
	struct items fresh, moves;
	struct items alone; /* broke it twice: when all others are done */
};

static int
given_up(struct sync *s, struct imap_item *item)
{
	item->state = IMAP_FAILED;
	item->next_at = 0;
	metrics_add(s->c->m->ctx->metrics, MT_IMAP_FAILED, 1);
	log_error(s->c->m->ids, "imap-failed", "uid=%u tries=%u error=\"no try came to an end\"", item->uid, item->tries);
	return imap_ledger_note(s->c->m, s->c->validity, item, 1) == VG_OK ? VG_OK : VG_ERR_AGAIN;
}

static int
plan_one(struct sync *s, struct plan *p, struct imap_item *item)
{
	bool due = item->next_at <= id_now_ms();
	int rc = VG_OK;

	if (item->state == IMAP_SEEN && item->tries >= IMAP_TRIES_MAX)
		rc = given_up(s, item);
	if (rc != VG_OK)
		return rc;
	switch (item->state) {
	case IMAP_NEW:
		return put(&p->fresh, item);
	case IMAP_LATER:
		return put(due ? &p->fresh : &s->open, item);
	case IMAP_SEEN:
		return put(!due ? &s->open : item->tries < 2 ? &p->again : &p->alone, item);
	case IMAP_COMMITTED:
	case IMAP_FAILED:
		if (!imap_target(s->c->m->conf, item))
			return VG_OK;
		return put(due ? &p->moves : &s->open, item);
	default:
		return VG_OK;
	}
}

/* For the alarm: it goes on. */
static void
alive(const struct sync *s)
{
	metrics_set(s->c->m->ctx->metrics, MT_IMAP_SUCCESS_AGE, (uint64_t)id_now_ms());
}

/* What a batch left is open unless nothing is to be done with it any more. */
static int
keep_open(struct sync *s, const struct imap_item *items, size_t n)
{
	int rc = VG_OK;

	for (size_t i = 0; rc == VG_OK && i < n; i++) {
		const struct imap_item *it = &items[i];

		if (it->state == IMAP_SEEN || it->state == IMAP_LATER || imap_target(s->c->m->conf, it))
			rc = put(&s->open, it);
	}
	return rc;
}

static int
fetch_in_batches(struct sync *s, struct items *list, size_t size)
{
	int rc = VG_OK;

	for (size_t i = 0; rc == VG_OK && i < list->n && !s->c->m->wait.stop; i += size) {
		size_t n = list->n - i < size ? list->n - i : size;

		rc = imap_batch(s->c, list->at + i, n);
		if (rc == VG_OK) {
			alive(s);
			rc = keep_open(s, list->at + i, n);
		}
	}
	return rc;
}

static int
move_all(struct sync *s, struct items *list)
{
	int rc = VG_OK;

	for (size_t i = 0; rc == VG_OK && i < list->n; i += MOVE_AT_ONCE) {
		size_t n = list->n - i < MOVE_AT_ONCE ? list->n - i : MOVE_AT_ONCE;

		rc = imap_move(s->c, list->at + i, n);
		if (imap_ledger_note(s->c->m, s->c->validity, list->at + i, n) != VG_OK && rc == VG_OK)
			rc = VG_ERR_AGAIN;
		if (rc == VG_OK)
			rc = keep_open(s, list->at + i, n);
	}
	return rc;
}

/* Open ones that are due come again, beside the new ones. */
static int
make_plan(struct sync *s, struct plan *p, struct items *fresh)
{
	struct items open = s->open;
	int rc = VG_OK;

	memset(&s->open, 0, sizeof(s->open));
	for (size_t i = 0; rc == VG_OK && i < open.n; i++)
		rc = plan_one(s, p, &open.at[i]);
	for (size_t i = 0; rc == VG_OK && i < fresh->n; i++)
		rc = plan_one(s, p, &fresh->at[i]);
	drop(&open);
	if (p->again.n)
		qsort(p->again.at, p->again.n, sizeof(*p->again.at), by_uid);
	if (p->fresh.n)
		qsort(p->fresh.at, p->fresh.n, sizeof(*p->fresh.at), by_uid);
	if (p->alone.n)
		qsort(p->alone.at, p->alone.n, sizeof(*p->alone.at), by_tries);
	if (p->moves.n)
		qsort(p->moves.at, p->moves.n, sizeof(*p->moves.at), by_uid);
	return rc;
}

static int
look(struct sync *s)
{
	struct items fresh = { 0 };
	struct plan p = { 0 };
	int rc = search(s, &fresh);

	if (rc == VG_OK)
		rc = ask_ledger(s, &fresh);
	if (rc == VG_OK)
		rc = make_plan(s, &p, &fresh);
	if (rc == VG_OK)
		rc = fetch_in_batches(s, &p.again, 1);
	if (rc == VG_OK)
		rc = fetch_in_batches(s, &p.fresh, IMAP_BATCH);
	if (rc == VG_OK)
		rc = move_all(s, &p.moves);
	if (rc == VG_OK)
		rc = fetch_in_batches(s, &p.alone, 1);
	drop(&fresh);
	drop(&p.again);
	drop(&p.fresh);
	drop(&p.alone);
	drop(&p.moves);
	return rc;
}

/* ---- waiting ---- */

static int64_t
pause_ms(const struct sync *s)
{
	int64_t poll = s->c->m->conf->poll_ms, due = poll, now = id_now_ms();

	for (size_t i = 0; i < s->open.n; i++) {
		int64_t left = s->open.at[i].next_at - now;

		if (left < due)
			due = left;
	}
	return imap_wait_ms(s->c->idle && s->c->m->conf->idle, poll, due);
}

static int
idle(struct sync *s, int64_t ms)
{
	struct imap_conn *c = s->c;
	int rc, waited;

	imap_conn_limit(c, IDLE_BYTES);
	rc = mailimap_idle(c->im);
	if (rc != MAILIMAP_NO_ERROR) {
		if (imap_conn_failed(c, "idle", rc) == VG_ERR_CLOSED)
			return VG_ERR_CLOSED;
		c->idle = false;
		return VG_OK;
	}
	waited = net_stream_mail(c->stream)->read_buffer_len > 0 ? 1 : net_stream_wait(c->stream, ms);
	if (waited < 0)
		return c->m->wait.stop ? VG_OK : imap_conn_failed(c, "idle", MAILIMAP_ERROR_STREAM);
	imap_conn_limit(c, IDLE_BYTES);
	rc = mailimap_idle_done(c->im);
	return rc == MAILIMAP_NO_ERROR ? VG_OK : imap_conn_failed(c, "idle", rc);
}

static int
wait_for_more(struct sync *s)
{
	const bool never = false;
	int64_t ms = pause_ms(s);
	int rc;

	if (s->c->idle && s->c->m->conf->idle)
		return idle(s, ms);
	rc = net_loop_until(&s->c->m->wait, &never, ms);
	return rc == VG_ERR_TIMEOUT || s->c->m->wait.stop ? VG_OK : rc;
}

int
imap_sync(struct imap_conn *c, bool *worked)
{
	struct sync s = { .c = c, .next = 1 };
	int rc = VG_OK;

	while (rc == VG_OK && !c->m->wait.stop) {
		rc = look(&s);
		if (rc == VG_OK) {
			*worked = true;
			alive(&s);
			rc = wait_for_more(&s);
		}
	}
	drop(&s.open);
	return rc;
}
