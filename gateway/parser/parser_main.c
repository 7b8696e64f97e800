/*
 * parser_main.c - the role `parser`: bytes in, message object out (parse_worker.h). Everything it reads is hostile; it holds
 * no key but that of the message in hand, and meets nobody but the queue.
 */
#include <stdlib.h>
#include <sysexits.h>

#include "err.h"
#include "log.h"
#include "parse_worker.h"
#include "products.h"
#include "seal.h"

#define JOB_SECONDS 30
#define JOBS_MAX 5000
#define GROWTH_MAX (200u * 1024u * 1024u)

static int run_message(const struct parse_job *job, const struct parse_source *src, struct parse_answer *out)
{
	struct parse_limits limits = {.now_ms = job->received_at, .bounce = job->bounce != 0};

	out->done.sender = out->sender;
	return message_parse(src, &limits, &out->json, out->sender);
}

static int seal_out(void *arg, const void *data, size_t n)
{
	return seal_write(arg, data, n);
}

/* One attachment, or those of a letter. */
static int run_extract(const struct parse_job *job, const struct parse_source *src, struct ipc_msg *msg, struct parse_answer *out)
{
	struct seal_writer *w;
	int err;

	if (job->out_key.len != SEAL_KEY || msg->fd[1] < 0)
		return VG_ERR_PROTO;
	w = seal_writer_new(msg->fd[1], job->out_key.data);
	if (w == NULL)
		return VG_ERR_MEMORY;
	if (job->what == PARSE_FILES)
		err = message_files(src, job->entry, seal_out, w, &out->json);
	else
		err = message_extract(src, job->part, job->entry, seal_out, w, &out->info);
	if (err == VG_OK)
		err = seal_finish(w);
	out->done.size = seal_written(w);
	out->done.content_type = out->info.content_type;
	seal_writer_free(&w);
	return err;
}

static int run(void *arg, const struct parse_job *job, const struct parse_source *src, struct ipc_msg *msg,
    struct parse_answer *out)
{
	(void)arg;
	return job->what == PARSE_MESSAGE ? run_message(job, src, out) :
	    job->what == PARSE_EXTRACT || job->what == PARSE_FILES ? run_extract(job, src, msg, out) : VG_ERR_PROTO;
}

/* ---- the role ---- */

static int prepare(struct role_ctx *ctx)
{
	struct parse_worker *w = calloc(1, sizeof *w);
	const char *why = "out of memory";

	if (w == NULL || message_warm(&why) != VG_OK || products_use(ctx->conf->products, ctx->conf->n_products) != VG_OK) {
		log_error("", "parser-failed", "error=%s", log_q(why));
		free(w);
		return EX_OSERR;
	}
	*w = (struct parse_worker){.ctx = ctx, .run = run, .job_seconds = JOB_SECONDS, .jobs_max = JOBS_MAX, .growth_max = GROWTH_MAX,
		.jobs_done = MT_PARSER_JOBS, .job_time = MT_PARSER_PARSE};
	parse_worker_ready(w);
	ctx->state = w;
	return 0;
}

static void on_peer(struct role_ctx *ctx, enum role role, uint32_t index, int fd)
{
	(void)index;
	parse_worker_peer(ctx->state, role, fd);
}

const struct role_ops parser_role = {
	.role = ROLE_PARSER,
	.prepare = prepare,
	.on_peer = on_peer,
};
