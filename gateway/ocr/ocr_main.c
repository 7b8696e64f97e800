/*
 * ocr_main.c - the role `ocr`: an attachment of a stored mail in, the text of its pictures out (parse_worker.h). Hostile
 * pictures meet large libraries here, so it has a process of its own, knows the queue only, and is ended by a timer.
 */
#include <stdlib.h>
#include <sysexits.h>
#include <unistd.h>

#include "err.h"
#include "log.h"
#include "ocr_job.h"
#include "parse_worker.h"

#define GRACE_SECONDS 10 /* for taking the attachment out and decoding it */
#define JOBS_MAX 2000
#define GROWTH_MAX (300u * 1024u * 1024u)

struct ocr {
	struct parse_worker worker; /* first */
	struct ocr_engine *engine;  /* NULL: it could not be loaded */
};

static int run(void *arg, const struct parse_job *job, const struct parse_source *src, struct ipc_msg *msg,
    struct parse_answer *out)
{
	struct ocr *o = arg;
	const struct conf *c = o->worker.ctx->conf;
	struct ocr_limits limits = {c->ocr_pixels, c->ocr_time_ms};

	(void)msg;
	return job->what == PARSE_OCR ? ocr_job(o->engine, &limits, src, job, &out->json) : VG_ERR_PROTO;
}

static int prepare(struct role_ctx *ctx)
{
	struct ocr *o = calloc(1, sizeof *o);
	const char *why = "out of memory";

	if (o == NULL || message_warm(&why) != VG_OK) {
		log_error("", "ocr-failed", "error=%s", log_q(why));
		free(o);
		return EX_OSERR;
	}
	/* Mail goes on without it: pictures wait until it can be loaded. */
	if (ocr_engine_open(&o->engine, ctx->conf->ocr_languages, &why) != VG_OK)
		log_error("", "ocr-unavailable", "languages=%s error=%s", log_q(ctx->conf->ocr_languages), log_q(why));
	o->worker = (struct parse_worker){.ctx = ctx, .run = run, .arg = o,
		.job_seconds = (long)(ctx->conf->ocr_time_ms / 1000) + GRACE_SECONDS, .jobs_max = JOBS_MAX, .growth_max = GROWTH_MAX,
		.jobs_done = MT_OCR_JOBS, .job_time = MT_OCR_READ};
	parse_worker_ready(&o->worker);
	ctx->state = o;
	return 0;
}

static void on_peer(struct role_ctx *ctx, enum role role, uint32_t index, int fd)
{
	struct ocr *o = ctx->state;

	(void)index;
	if (o->engine == NULL)
		close(fd); /* no link, no jobs */
	else
		parse_worker_peer(&o->worker, role, fd);
}

const struct role_ops ocr_role = {
	.role = ROLE_OCR,
	.prepare = prepare,
	.on_peer = on_peer,
};
