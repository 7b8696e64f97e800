/*
 * queue_main.c - the role `queue`: the only process that touches store, registry and blobs. Opens them, starts the threads, and
 * passes what the peers say to its module. The gate is believed in its decisions, a channel in nothing but its own spool
 * files, a parser in nothing at all.
 */
#include "queue.h"
#include "queue_clock.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "err.h"
#include "log.h"
#include "products.h"

#define READERS 2u
#define SYNCERS 2u
#define SWEEP_BACK_MS (24 * 3600 * 1000) /* folder times and our note may differ by a clock that was set */

static struct queue *
queue_of(struct role_ctx *ctx)
{
	if (ctx->state == NULL && (ctx->state = calloc(1, sizeof(struct queue))) == NULL)
		abort(); /* at the start of a process that needs all of it */
	((struct queue *)ctx->state)->ctx = ctx;
	return ctx->state;
}

/* ---- peers ---- */

struct link *
queue_link(struct queue *q, uint64_t serial)
{
	struct link *l = q->links;

	while (l != NULL && l->serial != serial)
		l = l->next;
	return l;
}

void
queue_answer(struct queue *q, uint64_t serial, enum ipc_type type, uint64_t id, const void *obj)
{
	struct link *l = queue_link(q, serial);

	if (l != NULL)
		ipc_send(l->ipc, type, id, obj);
}

static void
link_end(struct link *l)
{
	struct queue *q = l->q;

	for (struct link **at = &q->links; *at != NULL; at = &(*at)->next) {
		if (*at == l) {
			*at = l->next;
			break;
		}
	}
	ipc_close(&l->ipc);
	queue_spool_forget(q, l->serial);
	if (l->role == ROLE_PARSER)
		queue_parse_lost(l);
	queue_deliver_lost(l);
	if (l->role == ROLE_OCR)
		queue_ocr_lost(l);
	free(l);
	if (!q->stopping)
		queue_parse_kick(q);
}

static void
on_message(struct ipc *ipc, struct ipc_msg *msg, void *arg)
{
	struct link *l = arg;

	(void)ipc;
	if (msg == NULL) {
		link_end(l);
		return;
	}
	switch (msg->type) {
	case IPC_COMMIT:
		queue_commit(l, msg);
		break;
	case IPC_FACTS_ASK:
		queue_facts(l, msg);
		break;
	case IPC_LOGIN_ASK:
		queue_login(l, msg);
		break;
	case IPC_IMAP_ASK:
		queue_imap_ask(l, msg);
		break;
	case IPC_IMAP_NOTE:
		queue_imap_note(l, msg);
		break;
	case IPC_SPOOL_ASK:
		queue_spool_ask(l, msg);
		break;
	case IPC_SPOOL_DROP:
		queue_spool_drop(l, msg);
		break;
	case IPC_PARSE_DONE:
		if (l->role == ROLE_OCR)
			queue_ocr_done(l, msg);
		else
			queue_parse_done(l, msg);
		break;
	case IPC_DELIVER_DONE:
		queue_deliver_done(l, msg);
		break;
	case IPC_CALL:
		queue_call(l, msg);
		break;
	case IPC_CALL_CANCEL:
		queue_wait_cancel(l, msg->id);
		break;
	default:
		log_warn("", "stray-message", "type=%s", ipc_type_name(msg->type));
	}
}

static void
on_peer(struct role_ctx *ctx, enum role role, uint32_t index, int fd)
{
	struct queue *q = queue_of(ctx);
	struct link *l = calloc(1, sizeof(*l));

	if (l == NULL || (l->ipc = ipc_open(ctx->loop, fd, ROLE_QUEUE, role, on_message, l)) == NULL) {
		free(l);
		close(fd);
		return;
	}
	l->q = q;
	l->role = role;
	l->index = index;
	l->serial = ++q->next_serial;
	l->next = q->links;
	q->links = l;
	if (role == ROLE_PARSER)
		queue_parse_kick(q);
	if (role == ROLE_DELIVER)
		queue_deliver_joined(q);
	if (role == ROLE_OCR)
		queue_ocr_kick(q);
}

/* ---- work for the threads ---- */

void
queue_write(struct queue *q, struct task *t)
{
	q->under_way++;
	writer_add(q->writer, t);
}

void
queue_write_patient(struct queue *q, struct task *t)
{
	q->under_way++;
	writer_add_patient(q->writer, t);
}

void
queue_pool(struct queue *q, struct task_pool *pool, struct task *t)
{
	q->under_way++;
	task_pool_add(pool, t);
}

static void end(void *arg);

void
queue_home(struct queue *q)
{
	if (--q->under_way == 0 && q->stopping)
		ev_defer(q->ctx->loop, &q->end, end, q);
}

/* ---- opening ---- */

static int
exit_code(int err)
{
	return err == VG_ERR_VERSION ? EX_DATAERR : err == VG_ERR_FULL || err == VG_ERR_STORE ? EX_IOERR
	    : err == VG_ERR_MEMORY ? EX_OSERR : EX_CANTCREAT;
}

static int
opening_failed(const char *what, int err, const char *why)
{
	log_error("", "open-failed", "what=%s error=%s", what, log_q(why != NULL ? why : vg_strerror(err)));
	return exit_code(err);
}

static int
open_store(struct queue *q, bool writable, struct store **out)
{
	const char *why = NULL;
	int err = store_open(out, q->ctx->state_dir, writable, &why);

	return err == VG_OK ? 0 : opening_failed("store.db", err, why);
}

static int
open_registry(struct queue *q, bool writable, struct registry **out)
{
	const char *why = NULL;
	int err = registry_open(out, q->ctx->state_dir, writable, &why);

	return err == VG_OK ? 0 : opening_failed("registry.db", err, why);
}

static int
blob_known(void *arg, const char *name)
{
	return store_blob_known(arg, name);
}

/* Files that a crash left: made after the last start, and no commit names them. */
static int
open_blobs(struct queue *q, struct store *writing)
{
	int64_t since = 0, now = id_now_ms();
	int n, err = blobs_open(&q->blobs, q->ctx->state_dir);

	if (err != VG_OK)
		return opening_failed("blobs", err, NULL);
	store_note_get(writing, "blobs_swept_at", &since);
	n = blobs_sweep(q->blobs, since - SWEEP_BACK_MS, blob_known, writing);
	if (n > 0)
		log_info("", "blobs-swept", "removed=%d", n);
	err = store_begin(writing);
	if (err == VG_OK)
		err = store_note_set(writing, "blobs_swept_at", now);
	if (err == VG_OK)
		err = store_commit(writing);
	if (err != VG_OK) {
		store_rollback(writing);
		return opening_failed("store.db", err, NULL);
	}
	return 0;
}

static int
start_writer(struct queue *q)
{
	struct store *writing = NULL, *checkpointer = NULL;
	struct registry *registry = NULL;
	int rc = open_store(q, true, &writing);

	if (rc == 0)
		rc = open_store(q, true, &checkpointer);
	if (rc == 0)
		rc = open_registry(q, false, &registry);
	if (rc == 0)
		rc = open_blobs(q, writing);
	if (rc == 0)
		q->writer = writer_new(q->home, writing, checkpointer, registry, q->blobs, q->ctx->metrics);
	if (rc != 0 || q->writer == NULL) {
		store_close(&writing);
		store_close(&checkpointer);
		registry_close(&registry);
	}
	return rc != 0 ? rc : q->writer != NULL ? 0 : EX_OSERR;
}

static int
start_pools(struct queue *q)
{
	void *readers[READERS], *registrars[1];
	int rc = 0;

	q->reader_env = calloc(READERS, sizeof(*q->reader_env));
	if (q->reader_env == NULL)
		return EX_OSERR;
	for (unsigned i = 0; i < READERS && rc == 0; i++) {
		readers[i] = &q->reader_env[i];
		if ((rc = open_store(q, false, &q->reader_env[i].store)) == 0)
			rc = open_registry(q, false, &q->reader_env[i].registry);
	}
	registrars[0] = q->registry_env;
	if (rc != 0)
		return rc;
	q->readers = task_pool_new(q->home, READERS, readers);
	q->registrars = task_pool_new(q->home, 1, registrars);
	q->syncers = task_pool_new(q->home, SYNCERS, NULL);
	return q->readers != NULL && q->registrars != NULL && q->syncers != NULL ? 0 : EX_OSERR;
}

static int
start_all(struct queue *q)
{
	int rc;

	q->registry_env = calloc(1, sizeof(*q->registry_env));
	if (q->registry_env == NULL || (q->home = task_home_new(q->ctx->loop)) == NULL)
		return EX_OSERR;
	/* The writing connections come first: they make the files that the others read. */
	if ((rc = open_registry(q, true, &q->registry_env->registry)) != 0 || (rc = start_writer(q)) != 0 ||
	    (rc = open_store(q, false, &q->store)) != 0 || (rc = open_registry(q, false, &q->registry)) != 0)
		return rc;
	return start_pools(q);
}

static int
start(struct role_ctx *ctx)
{
	struct queue *q = queue_of(ctx);
	int rc;

	if (!q->has_key) {
		log_error("", "open-failed", "what=key error=\"no key to wrap message keys with\"");
		return EX_CONFIG;
	}
	pthread_rwlock_init(&q->conf_lock, NULL);
	q->conf = ctx->conf;
	if (products_use(ctx->conf->products, ctx->conf->n_products) != VG_OK)
		return EX_OSERR;
	if ((rc = start_all(q)) == 0 && (queue_parse_start(q) != VG_OK || queue_ocr_start(q) != VG_OK ||
	    queue_wait_start(q) != VG_OK ||
	    queue_keep_start(q) != VG_OK || queue_login_start(q) != VG_OK ||
	    queue_deliver_start(q) != VG_OK || queue_files_start(q) != VG_OK || queue_clock_start(q) != VG_OK))
		rc = EX_OSERR;
	return rc;
}

static void
on_secret(struct role_ctx *ctx, enum secret_kind kind, const unsigned char *data, size_t len)
{
	struct queue *q = queue_of(ctx);

	if (kind != SECRET_WRAP_KEY || len != SEAL_KEY)
		return;
	memcpy(q->wrap_key, data, SEAL_KEY);
	q->has_key = true;
}

static void
on_conf(struct role_ctx *ctx, const struct conf *old)
{
	struct queue *q = queue_of(ctx);

	(void)old;
	/* Waits until no thread looks at the old one. */
	pthread_rwlock_wrlock(&q->conf_lock);
	q->conf = ctx->conf;
	pthread_rwlock_unlock(&q->conf_lock);
}

/* ---- the end ---- */

static void
close_all(struct queue *q)
{
	queue_login_stop(q);
	task_pool_free(&q->syncers);
	task_pool_free(&q->readers);
	task_pool_free(&q->registrars);
	writer_free(&q->writer);
	task_home_free(&q->home);
	queue_login_end(q);
	queue_keep_stop(q);
	queue_deliver_stop(q);
	queue_files_stop(q);
	queue_clock_stop(q);
	queue_wait_stop(q);
	while (q->links != NULL)
		link_end(q->links);
	queue_extract_stop(q);
	queue_parse_stop(q);
	queue_ocr_stop(q);
	for (unsigned i = 0; i < READERS && q->reader_env != NULL; i++) {
		store_close(&q->reader_env[i].store);
		registry_close(&q->reader_env[i].registry);
	}
	if (q->registry_env != NULL)
		registry_close(&q->registry_env->registry);
	free(q->reader_env);
	free(q->registry_env);
	registry_close(&q->registry);
	store_close(&q->store);
	blobs_close(&q->blobs);
	pthread_rwlock_destroy(&q->conf_lock);
	sodium_memzero(q->wrap_key, sizeof(q->wrap_key));
}

static void
end(void *arg)
{
	struct queue *q = arg;
	struct role_ctx *ctx = q->ctx;

	if (q->under_way > 0) /* something came in between; its end calls again */
		return;
	close_all(q);
	free(q);
	ctx->state = NULL;
	role_exit(ctx);
}

/* What was given to the threads comes home first: a mail on its way to the disk gets its answer. */
static void
on_stop(struct role_ctx *ctx)
{
	struct queue *q = queue_of(ctx);

	if (q->stopping)
		return;
	q->stopping = true;
	queue_wait_close(q);
	if (q->under_way == 0)
		ev_defer(ctx->loop, &q->end, end, q);
}

const struct role_ops queue_role = {
	.role = ROLE_QUEUE,
	.start = start,
	.on_peer = on_peer,
	.on_secret = on_secret,
	.on_conf = on_conf,
	.on_stop = on_stop,
};
