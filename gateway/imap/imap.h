/*
 * imap.h - inside of the role `imap`: one process, one mailbox. For gateway/imap only.
 */
#ifndef VG_IMAP_H
#define VG_IMAP_H

#include <stdbool.h>
#include <stdint.h>

#include <libetpan/libetpan.h>

#include "imap_backoff.h"
#include "imap_token.h"
#include "net_loop.h"
#include "role.h"

#define IMAP_IN_FLIGHT 48u   /* mails at the gate at the same time */
#define IMAP_BATCH 200u      /* mails between two notes in the ledger; what a crash fetches again, one by one */
#define IMAP_TRIES_MAX 5u    /* without a verdict; then the mail is given up */
#define IMAP_PIECE (256u * 1024u)
#define IMAP_SILENT_MS 30000 /* a silence inside a command */

struct imap_question;
struct imap_job;

struct imap {
	struct role_ctx *ctx;
	struct net_loop wait;
	struct ipc *gate, *queue;
	const struct conf_imap *conf; /* stays as it was at the start, also over a reload */
	char ledger[1024];            /* the mailbox in the ledger */
	char ids[80];                 /* for the log */
	struct net_trust *system_trust, *trust; /* the second one by `ca` */
	char *password;               /* NULL: none came */
	size_t password_len;
	struct imap_token token;
	bool token_came;              /* what the supervisor ran has printed one, or failed */
	bool fresh;                   /* secrets came: what was refused may be tried again */
	uint64_t next_id;
	struct imap_question *question; /* to the queue or the gate, the one that is waited for */
	struct imap_job *jobs;          /* of the batch under way */
	size_t n_jobs, in_flight;
	bool settled;                   /* a verdict came since this was reset */
	bool progress;                  /* a mail was settled over this connection */
};

/* ---- imap_conn.c: one connection ---- */

struct imap_conn {
	struct imap *m;
	struct net_stream *stream;
	mailimap *im;
	uint32_t validity;      /* UIDVALIDITY of the folder */
	bool move, uidplus, idle;
	bool sasl_ir;           /* RFC 4959 */
	bool old_token;         /* it was good for another connection */
	bool excused;           /* the last failure was no fault of the mail that was asked for */
	enum imap_trouble trouble;
	const char *step;       /* what failed */
	char why[256];
};

/* Connects, proves the server, logs in, selects the folder. VG_OK; else the connection is unusable and trouble, step and why say
 * what happened. imap_conn_close also after that. */
int imap_conn_open(struct imap_conn *c, struct imap *m);
void imap_conn_close(struct imap_conn *c);
/* The last command failed since somebody else took mails away (RFC 5530, EXPUNGEISSUED), and we know now which: it may be said again. */
bool imap_conn_again(struct imap_conn *c);
/* Begins one exchange: time and bytes count from here. */
void imap_conn_limit(struct imap_conn *c, uint64_t bytes_max);
/* Notes why a command failed (rc: libetpan's) and classifies it. Returns VG_ERR_DENIED where the server said NO and the
 * connection is good, else VG_ERR_CLOSED. */
int imap_conn_failed(struct imap_conn *c, const char *step, int rc);
/* The folder is still the one whose UIDs we know; else VG_ERR_CLOSED, and the connection is not to be used. */
int imap_conn_same(struct imap_conn *c);
/* The last response's code: "OVERQUOTA", "" without. */
const char *imap_conn_code(const struct imap_conn *c);

/* ---- imap_links.c: the other processes ---- */

void imap_on_peer(struct role_ctx *ctx, enum role role, uint32_t index, int fd);
/* Both links are there. */
bool imap_linked(const struct imap *m);
/* Asks the ledger: what is known of n UIDs, sets the items of the same order. VG_ERR_CLOSED and others: it cannot tell. */
int imap_ledger_ask(struct imap *m, uint32_t validity, struct imap_item *items, size_t n);
/* Keeps them, durably. */
int imap_ledger_note(struct imap *m, uint32_t validity, const struct imap_item *items, size_t n);
/* A place for a large message: sets *give (its key copied to key) and *fd. */
int imap_spool_ask(struct imap *m, struct spool_give *give, unsigned char key[32], int *fd);
void imap_spool_drop(struct imap *m, uint64_t spool);
/* RCPT_ASK; false also when the gate is gone. */
bool imap_rcpt_ok(struct imap *m, const char *address);

/* ---- imap_batch.c ---- */

/* Turns the loop until at most `left` mails are at the gate. Those that it forgets are put off. */
int imap_await(struct imap *m, size_t left);

/* ---- imap_fetch.c: one mail to the gate ---- */

struct imap_job {
	struct imap_item item;
	bool gone;            /* it was removed from the folder meanwhile */
	uint32_t size;        /* RFC822.SIZE */
	int64_t received_at;  /* INTERNALDATE */
	uint64_t submit;      /* id of the SUBMIT whose verdict is awaited; 0: none */
	uint64_t message;     /* imap_ids.h */
	uint64_t spool;       /* to be given back unless the mail was kept */
	char sess[11];
};

/* Fetches the mail in pieces and submits it. VG_OK: a verdict will come, or the job is settled (gone, given up). VG_ERR_CLOSED:
 * the connection is broken. Others: it cannot be taken now. */
int imap_fetch(struct imap_conn *c, struct imap_job *j);
/* Later, by itself: it is no fault of the mail. Its tries begin anew. */
void imap_put_off(struct imap_item *i, uint32_t random);
/* A verdict came, or none will (NULL). */
void imap_verdict(struct imap *m, uint64_t id, const struct verdict_say *v);
/* Sizes and dates of the jobs of the batch; those that the server does not know are gone. */
int imap_fetch_meta(struct imap_conn *c, struct imap_job *jobs, size_t n);

/* ---- imap_move.c ---- */

/* Where mail of this item goes; NULL: it stays. Pure. */
const char *imap_target(const struct conf_imap *m, const struct imap_item *item);
/* Moves what of the jobs is settled to its folder and sets those items to IMAP_MOVED. Failures are logged; VG_ERR_CLOSED: the
 * connection is broken. */
int imap_move(struct imap_conn *c, struct imap_item *items, size_t n);

/* ---- imap_sync.c ---- */

/* Works until the connection breaks (VG_ERR_CLOSED), queue or gate fail (VG_ERR_AGAIN), or we are told to stop (VG_OK). *worked: it got as far as a
 * whole look at the folder. */
int imap_sync(struct imap_conn *c, bool *worked);

#endif
