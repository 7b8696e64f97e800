/*
 * imap_batch.c - a crash must neither lose nor double a mail: "under way" is in the ledger before a mail is fetched, the verdict
 * after its commit, and only then it moves. What a crash leaves under way comes again, alone, and the gate knows what it has.
 */
#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "id.h"
#include "imap_batch.h"
#include "log.h"

#define VERDICT_MS 300000

int
imap_await(struct imap *m, size_t left)
{
	int rc = VG_OK;

	while (rc == VG_OK && m->in_flight > left) {
		m->settled = false;
		rc = net_loop_until(&m->wait, &m->settled, VERDICT_MS);
	}
	if (rc != VG_ERR_TIMEOUT)
		return rc;
	log_error(m->ids, "imap-no-verdict", "mails=%zu", m->in_flight);
	for (size_t i = 0; i < m->n_jobs; i++) {
		if (m->jobs[i].submit)
			imap_verdict(m, m->jobs[i].submit, NULL);
	}
	return VG_OK;
}

static void
unbegin(struct imap_item *i)
{
	if (i->tries > 0)
		i->tries--;
	i->state = i->tries > 0 ? IMAP_SEEN : IMAP_LATER;
}

/* A failure of ours, or one that came before this mail's turn: it does not count against the mail. */
static void
put_back(struct imap_job *jobs, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (!jobs[i].gone)
			unbegin(&jobs[i].item);
	}
}

static int
fetch_jobs(struct imap_conn *c, struct imap_job *jobs, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		int rc = jobs[i].gone ? VG_OK : imap_await(c->m, IMAP_IN_FLIGHT - 1);

		if (rc == VG_OK && !jobs[i].gone)
			rc = imap_fetch(c, &jobs[i]);
		if ((rc == VG_ERR_DENIED || rc == VG_ERR_CLOSED) && c->excused) { /* enough for now, says the server */
			imap_put_off(&jobs[i].item, jobs[i].item.uid);
			put_back(jobs + i + 1, n - i - 1);
			return VG_ERR_CLOSED;
		} else if (rc == VG_ERR_DENIED) { /* the server does not give out this one */
			log_warn(c->m->ids, "imap-fetch", "uid=%u tries=%u error=%s", jobs[i].item.uid, jobs[i].item.tries,
			    log_q(c->why));
			jobs[i].item.next_at = id_now_ms() + imap_delay_ms(jobs[i].item.tries, jobs[i].item.uid);
		} else if (rc == VG_ERR_CLOSED || rc == VG_ERR_PROTO) {
			put_back(jobs + i + 1, n - i - 1);
			return VG_ERR_CLOSED;
		} else if (rc != VG_OK) {
			log_warn(c->m->ids, "imap-submit", "uid=%u error=%s", jobs[i].item.uid, log_q(vg_strerror(rc)));
			put_back(jobs + i, n - i);
			return VG_ERR_AGAIN;
		}
	}
	return VG_OK;
}

static void
begin(struct imap_job *jobs, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		jobs[i].item.state = IMAP_SEEN;
		jobs[i].item.tries++;
	}
}

static void
items_of(struct imap_item *items, const struct imap_job *jobs, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		items[i] = jobs[i].item;
		if (!jobs[i].gone)
			continue;
		/* Taken away by somebody else. Seen twice before it is believed: some servers know for a moment less than they have. */
		if (items[i].delays == 0)
			imap_put_off(&items[i], items[i].uid);
		else
			items[i].state = IMAP_MOVED;
	}
}

static int
note(struct imap_conn *c, struct imap_item *items, const struct imap_job *jobs, size_t n)
{
	items_of(items, jobs, n);
	return imap_ledger_note(c->m, c->validity, items, n) == VG_OK ? VG_OK : VG_ERR_AGAIN;
}

static int
move_and_note(struct imap_conn *c, struct imap_item *items, size_t n)
{
	int rc = imap_move(c, items, n);

	if (imap_ledger_note(c->m, c->validity, items, n) != VG_OK && rc == VG_OK)
		rc = VG_ERR_AGAIN;
	return rc;
}

static int
run(struct imap_conn *c, struct imap_job *jobs, struct imap_item *items, size_t n)
{
	int rc, noted;

	/* Before anything is asked about them: what a server dies of may be in its answer already. */
	begin(jobs, n);
	rc = note(c, items, jobs, n);
	if (rc == VG_OK)
		rc = imap_fetch_meta(c, jobs, n);
	if (rc == VG_ERR_CLOSED && c->excused) {
		/* Of one that is asked for alone nobody can tell: it comes later than the others. */
		if (n == 1)
			imap_put_off(&jobs[0].item, jobs[0].item.uid);
		else
			put_back(jobs, n);
		note(c, items, jobs, n);
	}
	if (rc != VG_OK)
		return rc;
	c->m->jobs = jobs;
	c->m->n_jobs = n;
	c->m->in_flight = 0;
	rc = fetch_jobs(c, jobs, n);
	if (imap_await(c->m, 0) != VG_OK)
		rc = VG_ERR_AGAIN; /* told to stop: the ledger says "under way", which is true */
	c->m->n_jobs = 0;
	noted = note(c, items, jobs, n);
	if (noted != VG_OK)
		return noted;
	return rc == VG_OK ? move_and_note(c, items, n) : rc;
}

int
imap_batch(struct imap_conn *c, struct imap_item *items, size_t n)
{
	static struct imap_job jobs[IMAP_BATCH];

	memset(jobs, 0, sizeof(jobs));
	for (size_t i = 0; i < n; i++)
		jobs[i].item = items[i];
	return run(c, jobs, items, n);
}
