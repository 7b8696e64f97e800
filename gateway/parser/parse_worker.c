/*
 * parse_worker.c - the frame of the roles parser and ocr: jobs from the queue, answers to it. It meets nobody else, and may
 * die at any time: the queue tries again and then does without.
 */
#include "parse_worker.h"

#include <malloc.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "err.h"
#include "log.h"
#include "message_check.h"
#include "seal.h"

static size_t heap_size(void)
{
	struct mallinfo2 m = mallinfo2();

	return m.arena + m.hblkhd;
}

static void set_alarm(long seconds)
{
	struct itimerval t = {.it_value = {.tv_sec = seconds}};

	setitimer(ITIMER_REAL, &t, NULL);
}

static double seconds_since(const struct timespec *start)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)(now.tv_sec - start->tv_sec) + (double)(now.tv_nsec - start->tv_nsec) / 1e9;
}

static int job_source(const struct parse_job *job, struct ipc_msg *msg, struct parse_source *src)
{
	memset(src, 0, sizeof *src);
	src->fd = -1;
	if (job->key.len == 0) {
		src->data = job->bytes.data;
		src->len = job->bytes.len;
		return VG_OK;
	}
	if (job->key.len != SEAL_KEY || msg->fd[0] < 0)
		return VG_ERR_PROTO;
	src->fd = msg->fd[0];
	src->key = job->key.data;
	return VG_OK;
}

/* Runs a job and answers it. */
static int run_job(struct parse_worker *w, struct ipc_msg *msg)
{
	struct parse_answer out = {.done = {.sender = "", .content_type = ""}};
	struct parse_source src;
	struct parse_job job;
	int err = ipc_decode(msg, &job);

	if (err != VG_OK || (err = job_source(&job, msg, &src)) != VG_OK)
		return err;
	buf_init(&out.json, MESSAGE_JSON_MAX);
	err = w->run(w->arg, &job, &src, msg, &out);
	if (err == VG_OK && out.json.len > 0)
		out.done.json = (struct blob){out.json.data, out.json.len};
	if (err != VG_ERR_PROTO) {
		out.done.err = (uint32_t)-err;
		ipc_send(w->queue, IPC_PARSE_DONE, msg->id, &out.done);
	}
	if (err != VG_OK)
		log_warn("", "parse-failed", "row=%llu error=%s", (unsigned long long)msg->id, vg_strerror(err));
	buf_free(&out.json);
	return err == VG_ERR_PROTO ? err : VG_OK;
}

static bool worn_out(const struct parse_worker *w)
{
	return w->jobs >= w->jobs_max || heap_size() > w->heap + w->growth_max;
}

static void on_queue(struct ipc *ipc, struct ipc_msg *msg, void *arg)
{
	struct parse_worker *w = arg;
	struct timespec start;
	int err = VG_ERR_CLOSED;

	(void)ipc;
	if (msg != NULL && msg->type == IPC_PARSE_JOB) {
		clock_gettime(CLOCK_MONOTONIC, &start);
		set_alarm(w->job_seconds);
		err = run_job(w, msg);
		set_alarm(0);
		w->jobs++;
		metrics_add(w->ctx->metrics, w->jobs_done, 1);
		metrics_observe(w->ctx->metrics, w->job_time, seconds_since(&start));
	}
	if (err != VG_OK) {
		ipc_close(&w->queue); /* a new queue brings a new link */
	} else if (worn_out(w) && ipc_backlog(w->queue) == 0) { /* the answer must be out */
		log_info("", "parser-replaced", "jobs=%u heap=%zu", w->jobs, heap_size());
		role_exit(w->ctx);
	}
}

void parse_worker_ready(struct parse_worker *w)
{
	w->heap = heap_size();
}

void parse_worker_peer(struct parse_worker *w, enum role role, int fd)
{
	if (role != ROLE_QUEUE) {
		close(fd);
		return;
	}
	ipc_close(&w->queue);
	w->queue = ipc_open(w->ctx->loop, fd, w->ctx->role, ROLE_QUEUE, on_queue, w);
	if (w->queue == NULL)
		close(fd);
}
