/*
 * parse_worker.h - what processes that take hostile content apart for the queue do alike: one blocking job at a time, ended by
 * SIGALRM's default action where it hangs, and a fresh process once this one has grown.
 */
#ifndef VG_PARSE_WORKER_H
#define VG_PARSE_WORKER_H

#include "buf.h"
#include "message.h"
#include "role.h"

/* What a job comes to; done borrows from the rest. */
struct parse_answer {
	struct parse_done done;
	struct buf json;
	struct message_part_info info;
	char sender[ADDR_MAX + 1];
};

/* Runs one job over the message src. An enum vg_err is answered; VG_ERR_PROTO: the queue sent what no queue sends, and the
 * link is closed. */
typedef int parse_run(void *arg, const struct parse_job *job, const struct parse_source *src, struct ipc_msg *msg,
    struct parse_answer *out);

struct parse_worker {
	struct role_ctx *ctx;
	parse_run *run;
	void *arg;
	long job_seconds;
	unsigned jobs_max;   /* then a fresh process takes over: leaks and fragments end with it */
	size_t growth_max;   /* bytes of heap, likewise */
	enum metric_counter jobs_done;
	enum metric_histogram job_time;
	/* its own */
	struct ipc *queue;
	unsigned jobs;
	size_t heap;         /* when the first job came */
};

/* Everything is loaded: growth counts from here. */
void parse_worker_ready(struct parse_worker *w);
/* role_ops.on_peer: serves the queue, refuses others. Takes fd. */
void parse_worker_peer(struct parse_worker *w, enum role role, int fd);

#endif
