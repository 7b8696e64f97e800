/*
 * parser_main.c - the role `parser`: one blocking job at a time from the queue, bytes in, message object out. Everything
 * it reads is hostile; it holds no key but that of the message in hand, meets nobody but the queue, and may die at any
 * time: the queue tries once more and then does without. A job that hangs is ended by SIGALRM's default action.
 */
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "err.h"
#include "log.h"
#include "message.h"
#include "message_check.h"
#include "products.h"
#include "role.h"
#include "seal.h"

#define JOB_SECONDS 30
#define JOBS_MAX 5000                 /* then a fresh process takes over: leaks and fragments end with it */
#define GROWTH_MAX (200u * 1024u * 1024u)

struct parser {
	struct role_ctx *ctx;
	struct ipc *queue;
	unsigned jobs;
	size_t heap; /* when the first job came */
};

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

/* ---- jobs ---- */

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

static int run_message(const struct parse_job *job, const struct parse_source *src, struct buf *json, struct parse_done *done,
    char sender[ADDR_MAX + 1])
{
	struct parse_limits limits = {.now_ms = job->received_at, .bounce = job->bounce != 0};
	int err = message_parse(src, &limits, json, sender);

	if (err == VG_OK)
		done->json = (struct blob){json->data, json->len};
	done->sender = sender;
	return err;
}

static int seal_out(void *arg, const void *data, size_t n)
{
	return seal_write(arg, data, n);
}

static int run_extract(const struct parse_job *job, const struct parse_source *src, struct ipc_msg *msg,
    struct parse_done *done, struct message_part_info *info)
{
	struct seal_writer *w;
	int err;

	if (job->out_key.len != SEAL_KEY || msg->fd[1] < 0)
		return VG_ERR_PROTO;
	w = seal_writer_new(msg->fd[1], job->out_key.data);
	if (w == NULL)
		return VG_ERR_MEMORY;
	err = message_extract(src, job->part, job->entry, seal_out, w, info);
	if (err == VG_OK)
		err = seal_finish(w);
	done->size = seal_written(w);
	done->content_type = info->content_type;
	seal_writer_free(&w);
	return err;
}

/* Runs a job and answers it. VG_ERR_PROTO: the queue sent what no queue sends. */
static int run_job(struct parser *p, struct ipc_msg *msg)
{
	struct parse_done done = {.sender = "", .content_type = ""};
	struct message_part_info info;
	char sender[ADDR_MAX + 1] = "";
	struct parse_source src;
	struct parse_job job;
	struct buf json;
	int err = ipc_decode(msg, &job);

	if (err != VG_OK || (err = job_source(&job, msg, &src)) != VG_OK)
		return err;
	buf_init(&json, MESSAGE_JSON_MAX);
	err = job.what == PARSE_MESSAGE ? run_message(&job, &src, &json, &done, sender) :
	    job.what == PARSE_EXTRACT ? run_extract(&job, &src, msg, &done, &info) : VG_ERR_PROTO;
	if (err != VG_ERR_PROTO) {
		done.err = (uint32_t)-err;
		ipc_send(p->queue, IPC_PARSE_DONE, msg->id, &done);
	}
	if (err != VG_OK)
		log_warn("", "parse-failed", "row=%llu error=%s", (unsigned long long)msg->id, vg_strerror(err));
	buf_free(&json);
	return err == VG_ERR_PROTO ? err : VG_OK;
}

static bool worn_out(const struct parser *p)
{
	return p->jobs >= JOBS_MAX || heap_size() > p->heap + GROWTH_MAX;
}

static void on_queue(struct ipc *ipc, struct ipc_msg *msg, void *arg)
{
	struct parser *p = arg;
	struct timespec start;
	int err = VG_ERR_CLOSED;

	(void)ipc;
	if (msg != NULL && msg->type == IPC_PARSE_JOB) {
		clock_gettime(CLOCK_MONOTONIC, &start);
		set_alarm(JOB_SECONDS);
		err = run_job(p, msg);
		set_alarm(0);
		p->jobs++;
		metrics_add(p->ctx->metrics, MT_PARSER_JOBS, 1);
		metrics_observe(p->ctx->metrics, MT_PARSER_PARSE, seconds_since(&start));
	}
	if (err != VG_OK) {
		ipc_close(&p->queue); /* a new queue brings a new link */
	} else if (worn_out(p) && ipc_backlog(p->queue) == 0) { /* the answer must be out */
		log_info("", "parser-replaced", "jobs=%u heap=%zu", p->jobs, heap_size());
		role_exit(p->ctx);
	}
}

/* ---- the role ---- */

static int prepare(struct role_ctx *ctx)
{
	struct parser *p = calloc(1, sizeof *p);
	const char *why = "out of memory";

	if (p == NULL || message_warm(&why) != VG_OK || products_use(ctx->conf->products, ctx->conf->n_products) != VG_OK) {
		log_error("", "parser-failed", "error=%s", log_q(why));
		free(p);
		return EX_OSERR;
	}
	p->ctx = ctx;
	p->heap = heap_size();
	ctx->state = p;
	return 0;
}

static void on_peer(struct role_ctx *ctx, enum role role, uint32_t index, int fd)
{
	struct parser *p = ctx->state;

	(void)index;
	if (role != ROLE_QUEUE) {
		close(fd);
		return;
	}
	ipc_close(&p->queue);
	p->queue = ipc_open(ctx->loop, fd, ROLE_PARSER, ROLE_QUEUE, on_queue, p);
	if (p->queue == NULL)
		close(fd);
}

const struct role_ops parser_role = {
	.role = ROLE_PARSER,
	.prepare = prepare,
	.on_peer = on_peer,
};
