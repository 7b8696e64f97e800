/*
 * queue_ocr.c - sends pictures of applied messages to the role ocr and takes what it reads. Main thread of the queue process.
 * What waits stands in the store, each try is noted there before it begins: a picture that kills its reader, or all of us,
 * is given up after PICTURES_TRIES. No mail waits for any of it.
 */
#include "queue.h"

#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "log.h"
#include "pictures.h"

#define JOBS_MAX 16u            /* more readers are not configured */
#define RESULT_MAX (2u << 20)   /* bytes of JSON */
#define PAUSE_MS 1000           /* after the store failed */

/* A picture under way: its try is noted, it is read, its result is kept. */
struct ocr_job {
	struct task task; /* first */
	struct ocr_job *next;
	struct queue *q;
	uint64_t link;    /* serial of its reader */
	struct store_picture p;
	bool reading;     /* at the reader now */
	char *result;     /* NULL: given up */
	unsigned events;
};

struct ocr_state {
	struct queue *q;
	struct ocr_job *jobs;
	bool paused;
	struct ev_timer pause;
};

/* ---- the list ---- */

static struct ocr_job *
job_of(struct ocr_state *s, uint64_t link)
{
	struct ocr_job *j = s->jobs;

	while (j != NULL && j->link != link)
		j = j->next;
	return j;
}

static bool
under_way(const struct ocr_state *s, const struct store_picture *p)
{
	for (const struct ocr_job *j = s->jobs; j != NULL; j = j->next)
		if (j->p.message == p->message && strcmp(j->p.part, p->part) == 0)
			return true;
	return false;
}

/* What has no result in the store waits there, and comes again. */
static void
drop(struct ocr_state *s, struct ocr_job *job)
{
	struct ocr_job **at = &s->jobs;

	while (*at != job)
		at = &(*at)->next;
	*at = job->next;
	free(job->result);
	free(job);
}

static void
pause_over(void *arg)
{
	struct ocr_state *s = arg;

	s->paused = false;
	queue_ocr_kick(s->q);
}

static void
store_failed(struct ocr_state *s, struct ocr_job *job, int err)
{
	log_error("", "ocr-store", "row=%lld part=%s error=%s", (long long)job->p.message, job->p.part, log_q(vg_strerror(err)));
	drop(s, job);
	if (s->q->stopping)
		return;
	s->paused = true;
	ev_timer_set(s->q->ctx->loop, &s->pause, PAUSE_MS, pause_over, s);
}

/* ---- the end of one ---- */

static void
run_end(struct task *t, void *arg)
{
	struct ocr_job *j = (struct ocr_job *)t;

	t->err = pictures_done(arg, j->p.message, j->p.part, j->result, id_now_ms(), &j->events);
}

static void
ended(struct task *t)
{
	struct ocr_job *j = (struct ocr_job *)t;
	struct queue *q = j->q;
	unsigned events = j->events;

	queue_home(q);
	if (t->err != VG_OK) {
		store_failed(q->ocr, j, t->err);
		return;
	}
	metrics_add(q->ctx->metrics, MT_QUEUE_EVENTS, events);
	drop(q->ocr, j);
	if (events > 0)
		queue_wait_wake(q);
	queue_ocr_kick(q);
}

static void
end_job(struct ocr_job *j)
{
	j->reading = false;
	j->link = 0;
	j->task.run = run_end;
	j->task.done = ended;
	queue_write_patient(j->q, &j->task);
}

/* The reader died or could not; another try, or none. */
static void
failed(struct ocr_job *j, const char *why, bool for_good)
{
	metrics_add(j->q->ctx->metrics, MT_OCR_FAILED, 1);
	log_warn("", "ocr-failed", "row=%lld part=%s try=%u why=%s", (long long)j->p.message, j->p.part, j->p.tries, log_q(why));
	if (for_good || j->p.tries >= PICTURES_TRIES)
		end_job(j);
	else
		drop(j->q->ocr, j);
}

/* ---- the beginning of one ---- */

static void
run_begin(struct task *t, void *arg)
{
	struct ocr_job *j = (struct ocr_job *)t;

	t->err = store_picture_begin(((struct writer_env *)arg)->store, j->p.message, j->p.part, &j->p.tries);
}

static void
begun(struct task *t)
{
	struct ocr_job *j = (struct ocr_job *)t;
	struct queue *q = j->q;
	struct link *l = queue_link(q, j->link);
	struct parse_job job = { .what = PARSE_OCR, .part = j->p.part, .entry = "", .is_inline = j->p.is_inline,
		.in_signature = j->p.in_signature };
	int err = t->err;

	queue_home(q);
	if (err != VG_OK && err != VG_ERR_NOTFOUND) {
		store_failed(q->ocr, j, err);
	} else if (err == VG_ERR_NOTFOUND || q->stopping || l == NULL) {
		drop(q->ocr, j);
	} else if (j->p.tries > PICTURES_TRIES) { /* the last try ended with us */
		failed(j, "tried too often", true);
	} else if ((err = queue_job_send(l, j->p.message, &job, -1)) == VG_OK) {
		j->reading = true;
	} else {
		failed(j, vg_strerror(err), err != VG_ERR_CLOSED);
	}
}

static void
begin(struct ocr_state *s, struct link *l, const struct store_picture *p)
{
	struct ocr_job *j = calloc(1, sizeof(*j));

	if (j == NULL)
		return;
	j->q = s->q;
	j->link = l->serial;
	j->p = *p;
	j->next = s->jobs;
	s->jobs = j;
	j->task.run = run_begin;
	j->task.done = begun;
	queue_write_patient(s->q, &j->task);
}

void
queue_ocr_kick(struct queue *q)
{
	struct store_picture waiting[JOBS_MAX * 2];
	struct ocr_state *s = q->ocr;
	int n = -1, next = 0;

	for (struct link *l = q->links; l != NULL && !s->paused && !q->stopping; l = l->next) {
		if (l->role != ROLE_OCR || ipc_is_closed(l->ipc) || job_of(s, l->serial) != NULL)
			continue;
		if (n < 0)
			n = store_pictures_waiting(q->store, waiting, JOBS_MAX * 2);
		while (next < n && under_way(s, &waiting[next]))
			next++;
		if (next >= n)
			return;
		begin(s, l, &waiting[next++]);
	}
}

/* ---- answers ---- */

void
queue_ocr_done(struct link *l, struct ipc_msg *msg)
{
	struct ocr_job *j = job_of(l->q->ocr, l->serial);
	struct queue *q = l->q;
	struct parse_done done;

	if (ipc_decode(msg, &done) != VG_OK)
		return;
	if (j == NULL || !j->reading || msg->id != (uint64_t)j->p.message) {
		log_warn("", "ocr-stray", "reader=%u", l->index);
		return;
	}
	j->reading = false;
	j->link = 0;
	if (done.err != 0)
		failed(j, vg_strerror(-(int)(done.err & 0xff)), done.err == (uint32_t)-VG_ERR_NOTFOUND);
	else if (done.json.len == 0 || done.json.len > RESULT_MAX || (j->result = strndup((const char *)done.json.data, done.json.len)) == NULL)
		failed(j, "no result", false);
	else
		end_job(j);
	queue_ocr_kick(q);
}

void
queue_ocr_lost(struct link *l)
{
	struct ocr_job *j = job_of(l->q->ocr, l->serial);

	if (j == NULL)
		return;
	j->link = 0;
	if (j->reading && l->q->stopping)
		drop(l->q->ocr, j);
	else if (j->reading)
		failed(j, "the reader ended", false);
	if (!l->q->stopping)
		queue_ocr_kick(l->q);
}

/* ---- life ---- */

int
queue_ocr_start(struct queue *q)
{
	if ((q->ocr = calloc(1, sizeof(*q->ocr))) == NULL)
		return VG_ERR_MEMORY;
	q->ocr->q = q;
	return VG_OK;
}

/* Nothing is in the threads any more. */
void
queue_ocr_stop(struct queue *q)
{
	if (q->ocr == NULL)
		return;
	ev_timer_clear(q->ctx->loop, &q->ocr->pause);
	while (q->ocr->jobs != NULL)
		drop(q->ocr, q->ocr->jobs);
	free(q->ocr);
	q->ocr = NULL;
}
