/*
 * queue.h - inside of the queue process's main thread, for queue_*.c only. Everything here belongs to the loop.
 */
#ifndef VG_QUEUE_H
#define VG_QUEUE_H

#include <pthread.h>
#include <stdbool.h>

#include "blob.h"
#include "call.h"
#include "outbox.h"
#include "registry.h"
#include "role.h"
#include "store.h"
#include "task.h"
#include "writer.h"

#define QUEUE_OPERATIONS_MAX 4096u       /* waiting for the writer; beyond it mail is answered 451 */
#define QUEUE_COMMIT_BYTES_MAX (64u << 20) /* of them, message bytes in memory */

struct queue;
struct pending;

/* A peer process. */
struct link {
	struct link *next;
	struct queue *q;
	struct ipc *ipc;
	enum role role;
	uint32_t index;
	uint64_t serial;     /* names it in work under way: never used twice */
	struct pending *job; /* parser: what it works on */
	struct extract *extract; /* or the attachment it takes out */
};

/* An incoming large message: a file handed to a channel, until it is committed or dropped. */
struct spooled {
	struct spooled *next;
	uint64_t number;
	uint64_t link;       /* serial of the channel */
	char name[ULID_LEN + 1];
	unsigned char key[SEAL_KEY];
	int fd;
};

struct queue {
	struct role_ctx *ctx;
	unsigned char wrap_key[SEAL_KEY];
	bool has_key, stopping;

	struct store *store;       /* read-only, the loop's own */
	struct registry *registry; /* read-only, the loop's own */
	struct blobs *blobs;
	struct task_home *home;
	struct writer *writer;
	struct task_pool *readers, *registrars, *syncers;
	struct call_env *reader_env, *registry_env;
	/* Threads look at the configuration under the read lock: it is freed after a reload. */
	pthread_rwlock_t conf_lock;
	const struct conf *conf;

	struct link *links;
	uint64_t next_serial;
	struct spooled *spooled;
	uint64_t next_spool;
	size_t commit_bytes;       /* message bytes on their way to the writer */
	unsigned under_way;        /* tasks given to threads, not home yet */

	struct parse_state *parse; /* queue_parse.c */
	struct wait_state *wait;   /* queue_wait.c */
	struct ocr_state *ocr;     /* queue_ocr.c */
	struct extract *extracts;  /* queue_extract.c: waiting, few */
	struct keep_state *keep;   /* queue_keep.c */
	struct login_state *login; /* queue_login.c */
	struct deliver_state *deliver; /* queue_deliver.c */
	struct files_state *files; /* queue_files.c */
	struct clock_state *clock; /* queue_clock.c */
	struct ev_defer end;
};

/* NULL when that process is gone or was replaced. */
struct link *queue_link(struct queue *q, uint64_t serial);
/* Answers on a link that may be gone by now. */
void queue_answer(struct queue *q, uint64_t serial, enum ipc_type type, uint64_t id, const void *obj);
/* Gives work to a thread; done() must call queue_home() first. */
void queue_write(struct queue *q, struct task *t);
/* The same for what nobody waits for. */
void queue_write_patient(struct queue *q, struct task *t);
void queue_pool(struct queue *q, struct task_pool *pool, struct task *t);
void queue_home(struct queue *q);

/* queue_facts.c: FACTS_ASK */
void queue_facts(struct link *l, struct ipc_msg *msg);
/* queue_login.c: LOGIN_ASK */
void queue_login(struct link *l, struct ipc_msg *msg);
int queue_login_start(struct queue *q);
/* Ends its threads; then, when nothing comes home any more, the rest. */
void queue_login_stop(struct queue *q);
void queue_login_end(struct queue *q);
/* queue_spool.c: SPOOL_ASK, SPOOL_DROP; a channel that ended; taking one out for a commit (NULL: not there, wrong key) */
void queue_spool_ask(struct link *l, struct ipc_msg *msg);
void queue_spool_drop(struct link *l, struct ipc_msg *msg);
void queue_spool_forget(struct queue *q, uint64_t link);
struct spooled *queue_spool_take(struct queue *q, uint64_t number, const struct blob *key);
/* Closes it; keep: the file stays. */
void queue_spool_free(struct queue *q, struct spooled **s, bool keep);
/* queue_imap.c: IMAP_ASK, IMAP_NOTE: the ledger of mailboxes */
void queue_imap_ask(struct link *l, struct ipc_msg *msg);
void queue_imap_note(struct link *l, struct ipc_msg *msg);
/* queue_commit.c: COMMIT */
void queue_commit(struct link *l, struct ipc_msg *msg);

/* queue_parse.c: messages on their way through the parsers */
int queue_parse_start(struct queue *q);
void queue_parse_stop(struct queue *q);
/* A message was committed. plain, len: its bytes, borrowed from *frame, which is taken over (set to NULL) when they
 * are kept for the parser; len 0: they are in the store. */
void queue_parse_add(struct queue *q, int64_t id, uint64_t ticket, unsigned char **frame, const unsigned char *plain,
    size_t len, int64_t received_at, bool bounce);
/* A held message was released: it is parsed again. */
void queue_parse_again(struct queue *q, int64_t id, uint64_t ticket);
void queue_parse_done(struct link *l, struct ipc_msg *msg);
/* A parser started, or is free again. */
void queue_parse_kick(struct queue *q);
void queue_parse_lost(struct link *l);
/* Sends a job over a stored message to a parser: fills in its bytes, or its descriptor and key. out_fd: for an extract. */
int queue_job_send(struct link *l, int64_t message, struct parse_job *job, int out_fd);
/* queue_extract.c: attachments taken out of the raw mail by a parser */
struct extract {
	struct extract *next;
	struct queue *q;
	int64_t message;
	enum parse_what what;     /* PARSE_EXTRACT or PARSE_FILES */
	char part[16];
	char *entry;              /* archive member, or NULL; PARSE_FILES: the ids */
	int fd;                   /* where it is written to; owned */
	unsigned char key[SEAL_KEY];
	unsigned tries;
	void (*done)(struct extract *x, int err, const struct parse_done *result);
};
void queue_extract_add(struct extract *x);
/* The next one for a free parser; false: none. */
bool queue_extract_send(struct link *l);
void queue_extract_done(struct link *l, const struct parse_done *result, int err);
void queue_extract_stop(struct queue *q);

/* queue_ocr.c: pictures on their way through the role ocr */
int queue_ocr_start(struct queue *q);
void queue_ocr_stop(struct queue *q);
/* Pictures may wait; or a reader may be free. */
void queue_ocr_kick(struct queue *q);
void queue_ocr_done(struct link *l, struct ipc_msg *msg);
void queue_ocr_lost(struct link *l);

/* queue_apply.c: what follows from a parsed message */
struct apply_result {
	int64_t received_at;
	unsigned events;
	unsigned pictures; /* that wait for their text now */
};
struct apply_input {
	int64_t message;
	const json_t *object;  /* checked */
	const char *json;      /* its text */
	size_t json_len;
	const char *sender;    /* that the MIME parser found, "" none */
	const struct conf *conf;
	int64_t now;
};
/* In the writer's transaction. Does nothing for a message already applied. */
int queue_apply(struct writer_env *env, const struct apply_input *in, struct apply_result *out);

/* queue_deliver.c: outgoing mail on its way to the role deliver */
int queue_deliver_start(struct queue *q);
void queue_deliver_stop(struct queue *q);
/* Something may be due: it was queued, its time came, a copy that it waits for went out, the role started. */
void queue_deliver_kick(struct queue *q);
/* A process of the role is there. */
void queue_deliver_joined(struct queue *q);
/* An operator wants a try now, also if the smarthosts were away a moment ago. */
void queue_deliver_retry(struct queue *q);
/* queue_deliver_done.c */
void queue_deliver_done(struct link *l, struct ipc_msg *msg);
/* The role went away: what it had is tried again. */
void queue_deliver_lost(struct link *l);

/* queue_files.c: the files of letters, taken out once for all copies of a message */
int queue_files_start(struct queue *q);
void queue_files_stop(struct queue *q);
/* What goes along with a copy into the job, and its descriptor (borrowed, valid until the loop's next turn; -1: none).
 * VG_ERR_AGAIN: it is being taken out, queue_deliver_kick() follows. VG_ERR_FULL, VG_ERR_MEMORY: try later. */
int queue_files_get(struct queue *q, const struct outbox_row *r, struct deliver_job *job, int *fd);
/* Lets go of what no copy asked for in a while. */
void queue_files_expire(struct queue *q);

/* queue_calls.c: CALL */
void queue_call(struct link *l, struct ipc_msg *msg);
/* Answers a call and empties res. */
void queue_call_say(struct queue *q, uint64_t link, uint64_t id, struct call_result *res);
/* queue_attach.c: messages.attachment, messages.entry, blobs.get; false: op is none of these */
bool queue_attach(struct link *l, uint64_t id, const char *op, json_t *args);

/* queue_wait.c: claims that wait for events, ends of leases */
int queue_wait_start(struct queue *q);
/* Answers all that wait; then nothing waits any more. */
void queue_wait_close(struct queue *q);
void queue_wait_stop(struct queue *q);
/* queue.claim: args as call.h has them. */
void queue_wait_claim(struct link *l, uint64_t id, json_t *args);
void queue_wait_cancel(struct link *l, uint64_t id);
/* Leases or delays may end at other times now. */
void queue_wait_sweep(struct queue *q);
/* Events may be ready. */
void queue_wait_wake(struct queue *q);

/* queue_keep.c: what time brings: expiry of holds, audit records and answers; gauges */
int queue_keep_start(struct queue *q);
void queue_keep_stop(struct queue *q);
/* The registry has changed: looks at once. */
void queue_keep_kick(struct queue *q);

#endif
