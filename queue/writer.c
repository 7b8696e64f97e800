/*
 * writer.c - group commit. The queue's writer thread, and beside it one that moves the log into the main file. Runs what
 * the main thread gave it; owns the writing connection.
 */
#include "writer.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "err.h"
#include "log.h"

#define BATCH_MAX 256u
#define INDEX_BATCH 16u        /* objects a full-text step; small, since nothing else is written meanwhile */
#define INDEX_IDLE_MS 20       /* the index follows when nobody has written for so long: senders wait for us, readers can wait */
#define STEP_US 200            /* while gathering: a step in which nobody came ends it */
#define STEPS_MAX 20u
#define PATIENT_STEPS 10u      /* as long do operations that nobody waits for look out for company */
#define CHECKPOINT_PAGES 4000  /* log that makes the other thread move it */
#define CHECKPOINT_REST 600    /* rest that the writer moves itself, so that the log can begin anew */

struct writer {
	struct task_home *home;
	struct writer_env env;
	struct store *checkpointer;
	struct blobs *blobs;
	struct metrics *metrics;
	pthread_t thread, checkpoint_thread;
	bool started, checkpoint_started;
	pthread_mutex_t lock;
	pthread_cond_t work, move;
	struct task_list waiting;
	size_t backlog;
	unsigned urgent;      /* of those waiting, with somebody waiting for them */
	unsigned last_urgent; /* in the batch before */
	bool stop, indexed, move_now;
	atomic_int left; /* pages the last run of the other thread left; -1: it has not run since */
};

/* ---- one batch ---- */

static double
seconds(const struct timespec *since)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)(now.tv_sec - since->tv_sec) + (double)(now.tv_nsec - since->tv_nsec) / 1e9;
}

/* The store itself is ill: no use in trying the others one by one. */
static bool
is_ill(int err)
{
	return err == VG_ERR_FULL || err == VG_ERR_STORE || err == VG_ERR_MEMORY;
}

static void
remove_gone(struct writer *w)
{
	struct buf gone;

	buf_init(&gone, 1 << 20);
	if (store_take_gone(w->env.store, &gone) == VG_OK)
		for (size_t at = 0; at < gone.len; at += strlen((char *)gone.data + at) + 1)
			blob_remove(w->blobs, (char *)gone.data + at);
	buf_free(&gone);
}

/* Runs all in one transaction. VG_OK: all are on disk. */
static int
commit_together(struct writer *w, struct task *first, unsigned n)
{
	struct timespec start;
	int err = store_begin(w->env.store);

	clock_gettime(CLOCK_MONOTONIC, &start);
	for (struct task *t = first; t != NULL && err == VG_OK; t = t->next) {
		t->err = VG_OK;
		t->run(t, &w->env);
		err = t->err;
	}
	if (err == VG_OK)
		err = store_commit(w->env.store);
	if (err != VG_OK) {
		store_rollback(w->env.store);
		metrics_add(w->metrics, MT_QUEUE_ERRORS, 1);
		return err;
	}
	remove_gone(w);
	metrics_add(w->metrics, MT_QUEUE_COMMITS, 1);
	metrics_add(w->metrics, MT_QUEUE_COMMIT_OPS, n);
	metrics_observe(w->metrics, MT_QUEUE_COMMIT, seconds(&start));
	return VG_OK;
}

/* One operation that fails must not fail its neighbours: then each has a transaction of its own. */
static void
commit_apart(struct writer *w, struct task *first)
{
	for (struct task *t = first, *next; t != NULL; t = next) {
		next = t->next;
		t->next = NULL;
		t->err = commit_together(w, t, 1);
		t->next = next;
	}
}

static void
run_batch(struct writer *w, struct task_list *batch, unsigned n)
{
	int err = commit_together(w, batch->head, n);

	if (err != VG_OK && !is_ill(err) && n > 1) {
		commit_apart(w, batch->head);
	} else {
		for (struct task *t = batch->head; t != NULL; t = t->next)
			t->err = err;
		if (err != VG_OK)
			log_error("", "commit-failed", "operations=%u error=%s", n, log_q(vg_strerror(err)));
	}
}

/* ---- the log and the index, beside the batches ---- */

static void
index_more(struct writer *w)
{
	int n, err = store_begin(w->env.store);

	n = err == VG_OK ? store_index_more(w->env.store, INDEX_BATCH) : err;
	err = n < 0 ? n : store_commit(w->env.store);
	if (err != VG_OK)
		store_rollback(w->env.store);
	w->indexed = err != VG_OK || n < (int)INDEX_BATCH;
}

/* The other thread moves most of the log while we go on; what came meanwhile is little, and moved here, so that the
 * next commit starts the log from its beginning. Without this a busy log would grow without end. */
static void
mind_log(struct writer *w)
{
	int left = atomic_load(&w->left);

	if (store_log_pages(w->env.store) < CHECKPOINT_PAGES)
		return;
	if (left >= 0 && left < CHECKPOINT_REST)
		store_checkpoint(w->env.store, false, NULL);
	atomic_store(&w->left, -1);
	pthread_mutex_lock(&w->lock);
	w->move_now = true;
	pthread_cond_signal(&w->move);
	pthread_mutex_unlock(&w->lock);
}

static void *
checkpoint_main(void *arg)
{
	struct writer *w = arg;
	int left;

	pthread_mutex_lock(&w->lock);
	while (!w->stop) {
		if (!w->move_now) {
			pthread_cond_wait(&w->move, &w->lock);
			continue;
		}
		pthread_mutex_unlock(&w->lock);
		if (store_checkpoint(w->checkpointer, false, &left) == VG_OK)
			atomic_store(&w->left, left);
		pthread_mutex_lock(&w->lock);
		w->move_now = false;
	}
	pthread_mutex_unlock(&w->lock);
	return NULL;
}

/* ---- the thread ---- */

/* Waits for work; false: none came for a while. */
static bool
wait_idle(struct writer *w)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += INDEX_IDLE_MS * 1000000L;
	if (until.tv_nsec >= 1000000000L) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000L;
	}
	return pthread_cond_timedwait(&w->work, &w->lock, &until) != ETIMEDOUT;
}

/* Waits until something is there, and looks after the full-text index meanwhile. Called and left with the lock. */
static void
wait_work(struct writer *w)
{
	bool idle = false;

	while (w->waiting.head == NULL && !w->stop) {
		if (w->indexed) {
			pthread_cond_wait(&w->work, &w->lock);
		} else if (!idle) {
			idle = !wait_idle(w);
		} else {
			pthread_mutex_unlock(&w->lock);
			index_more(w);
			pthread_mutex_lock(&w->lock);
		}
	}
}

/* Those whom the last commit answered are about to come again, one after the other: a commit that starts with the first of
 * them makes all others wait for two. So it waits for as many as there were, while they keep coming; a lone
 * sender never waits. Called and left with the lock. */
static void
wait_company(struct writer *w)
{
	static const struct timespec step = { .tv_nsec = STEP_US * 1000L };
	unsigned steps = 0, seen;

	do {
		seen = w->urgent;
		if (w->stop || w->backlog >= BATCH_MAX || (seen > 0 && seen >= w->last_urgent))
			break;
		pthread_mutex_unlock(&w->lock);
		nanosleep(&step, NULL);
		pthread_mutex_lock(&w->lock);
	} while (++steps < STEPS_MAX && (w->urgent > seen || (seen == 0 && steps < PATIENT_STEPS)));
}

/* Takes what waits. 0: nothing, and the thread should end. */
static unsigned
gather(struct writer *w, struct task_list *batch)
{
	struct task *t;
	unsigned n = 0;

	task_list_init(batch);
	pthread_mutex_lock(&w->lock);
	wait_work(w);
	wait_company(w);
	while (n < BATCH_MAX && (t = task_list_take(&w->waiting)) != NULL) {
		task_list_add(batch, t);
		n++;
	}
	w->last_urgent = w->urgent;
	w->urgent = 0; /* those left over are few and first in the next one */
	pthread_mutex_unlock(&w->lock);
	return n;
}

static void *
writer_main(void *arg)
{
	struct writer *w = arg;
	struct task_list batch;
	unsigned n;

	while ((n = gather(w, &batch)) > 0) {
		run_batch(w, &batch, n);
		pthread_mutex_lock(&w->lock);
		w->backlog -= n;
		pthread_mutex_unlock(&w->lock);
		task_home_post(w->home, &batch);
		w->indexed = false;
		mind_log(w);
	}
	return NULL;
}

struct writer *
writer_new(struct task_home *home, struct store *store, struct store *checkpointer, struct registry *registry,
    struct blobs *blobs, struct metrics *metrics)
{
	struct writer *w = calloc(1, sizeof(*w));
	pthread_condattr_t attr;

	if (w == NULL)
		return NULL;
	w->home = home;
	w->env = (struct writer_env){ store, registry };
	w->checkpointer = checkpointer;
	w->blobs = blobs;
	w->metrics = metrics;
	atomic_init(&w->left, -1);
	pthread_mutex_init(&w->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&w->work, &attr);
	pthread_condattr_destroy(&attr);
	pthread_cond_init(&w->move, NULL);
	task_list_init(&w->waiting);
	w->started = pthread_create(&w->thread, NULL, writer_main, w) == 0;
	w->checkpoint_started = pthread_create(&w->checkpoint_thread, NULL, checkpoint_main, w) == 0;
	if (!w->started || !w->checkpoint_started)
		writer_free(&w);
	return w;
}

static void
add(struct writer *w, struct task *t, bool urgent)
{
	pthread_mutex_lock(&w->lock);
	task_list_add(&w->waiting, t);
	w->backlog++;
	w->urgent += urgent;
	pthread_cond_signal(&w->work);
	pthread_mutex_unlock(&w->lock);
}

void
writer_add(struct writer *w, struct task *t)
{
	add(w, t, true);
}

void
writer_add_patient(struct writer *w, struct task *t)
{
	add(w, t, false);
}

size_t
writer_backlog(struct writer *w)
{
	size_t n;

	pthread_mutex_lock(&w->lock);
	n = w->backlog;
	pthread_mutex_unlock(&w->lock);
	return n;
}

void
writer_free(struct writer **w)
{
	struct writer *old = *w;

	if (old == NULL)
		return;
	pthread_mutex_lock(&old->lock);
	old->stop = true;
	pthread_cond_signal(&old->work);
	pthread_cond_signal(&old->move);
	pthread_mutex_unlock(&old->lock);
	if (old->started)
		pthread_join(old->thread, NULL);
	if (old->checkpoint_started)
		pthread_join(old->checkpoint_thread, NULL);
	store_close(&old->checkpointer);
	store_close(&old->env.store);
	registry_close(&old->env.registry);
	pthread_cond_destroy(&old->work);
	pthread_cond_destroy(&old->move);
	pthread_mutex_destroy(&old->lock);
	free(old);
	*w = NULL;
}
