/*
 * role.h - what every child process does alike: receive its hand-over from the supervisor, drop
 * privileges, enter its filter, serve its peers, reload, stop. A role is a struct role_ops.
 */
#ifndef VG_ROLE_H
#define VG_ROLE_H

#include <stdint.h>

#include "conf.h"
#include "evloop.h"
#include "ipc.h"
#include "metrics.h"

struct role_ctx {
	enum role role;
	uint32_t index;          /* 0 but for parser, ocr and imap */
	struct evloop *loop;
	struct conf *conf;       /* current configuration; replaced on reload */
	const char *state_dir;   /* the state folder as this process finds it from start() on: "/" in the
	                            queue's chroot, else conf->state; also the queue's working folder */
	struct ipc *master;
	struct metrics *metrics; /* own counter page */
	void *state;             /* the role's own */
};

/* All may be NULL. Non-zero from prepare or start ends the process with EX_OSERR or the given sysexit. */
struct role_ops {
	enum role role;
	/* Still privileged, single-threaded, not chrooted: load what needs files outside the state folder. */
	int (*prepare)(struct role_ctx *ctx);
	/* Privileges dropped, chroot and Landlock done (no files but the queue's state folder), no filter yet: open the
	 * store, start threads. What needs other files was opened or loaded by prepare. */
	int (*start)(struct role_ctx *ctx);
	/* A peer's socket (at start, and again whenever that peer was restarted). The role owns fd. */
	void (*on_peer)(struct role_ctx *ctx, enum role role, uint32_t index, int fd);
	void (*on_listen)(struct role_ctx *ctx, uint32_t listener, int fd);
	/* Before start for the first set, later on reload. data is wiped after the call. */
	void (*on_secret)(struct role_ctx *ctx, enum secret_kind kind, const unsigned char *data, size_t len);
	/* Another process's counter page (api only). The role owns fd. */
	void (*on_metrics)(struct role_ctx *ctx, enum role role, uint32_t index, int fd);
	/* ctx->conf is the new one already; old is freed after the call: keep nothing of it. */
	void (*on_conf)(struct role_ctx *ctx, const struct conf *old);
	/* role_dial()'s answer: the role owns fd; -1: it could not be made. */
	void (*on_dialed)(struct role_ctx *ctx, uint64_t id, enum dial what, int fd);
	/* The role's own main program in place of evloop_run(): it turns ctx->loop itself, and returns when on_stop() has been
	 * called. For roles that wait for one thing after the other (net_loop.h). */
	int (*run)(struct role_ctx *ctx);
	/* Asked to stop: finish and call role_exit() when done. NULL: exit at once. */
	void (*on_stop)(struct role_ctx *ctx);
};

/* Runs the role with the supervisor's socket on descriptor 3. Returns the exit status. */
int role_run(const struct role_ops *ops, uint32_t index);
/* Asks the supervisor for a socket; on_dialed hears of it with the same id. VG_ERR_CLOSED. */
int role_dial(struct role_ctx *ctx, enum dial what, uint64_t id);
/* Ends the loop of role_run with status 0. */
void role_exit(struct role_ctx *ctx);

/* "smtp"; never NULL. Both stand in role_table.c. */
const char *role_name(enum role role);
/* -1 for an unknown name. */
int role_by_name(const char *name);

extern const struct role_ops smtp_role, gate_role, parser_role, ocr_role, queue_role, api_role, verify_role, imap_role, deliver_role;

#endif
