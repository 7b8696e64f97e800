/*
 * queue_login.c - LOGIN_ASK: is this the password of that address (POLICY "authentication", (d))? Main thread of the queue
 * process; Argon2id runs in two threads of its own, 64 MiB each. Names and passwords come from strangers: what is known and
 * what is not takes the same time, and guessing is slowed down per name and per peer.
 */
#include "queue.h"

#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "addr.h"
#include "err.h"
#include "id.h"
#include "ip.h"
#include "log.h"
#include "login_limit.h"

#define THREADS 2u
#define WAITING_MAX 32u
/* Five wrong ones in ten minutes. */
#define BURST 5u
#define EVERY_MS 120000
/* Audit records of bursts of wrong logins, of all peers together. */
#define AUDIT_BURST 60u
#define AUDIT_EVERY_MS 10000
#define PASSWORD_MAX 512u
#define PEER_MAX 64u

/* Of a password that nobody has, with the same costs as all others. */
static const char nobody[REGISTRY_HASH] = "$argon2id$v=19$m=65536,t=2,p=1$bm9ib2R5aGFzdGhpcw$"
    "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE";

struct login_state {
	struct task_pool *pool;
	struct login_limit *limit, *audits;
	unsigned waiting;
};

struct login {
	struct task task;
	struct queue *q;
	uint64_t link, id;
	char user[ADDR_MAX + 1];      /* normal form, "" for no address */
	char by_user[ADDR_MAX + 3], by_peer[PEER_MAX + 3]; /* names of buckets */
	char peer[PEER_MAX];
	char hash[REGISTRY_HASH];
	bool known, right, unsure, first;
	size_t len;
	char password[PASSWORD_MAX];
};

/* ---- an audit record ---- */

struct login_audit {
	struct task task;
	struct queue *q;
	char user[ADDR_MAX + 1], peer[PEER_MAX];
};

static void
run_audit(struct task *t, void *arg)
{
	struct login_audit *a = (struct login_audit *)t;
	struct store_audit record = { .actor = "login", .what = "login.wrong", .sender = a->user, .peer = a->peer, .at = id_now_ms() };
	char reference[ULID_LEN + 1];

	t->err = store_audit_add(((struct writer_env *)arg)->store, &record, reference);
}

static void
done_audit(struct task *t)
{
	struct login_audit *a = (struct login_audit *)t;

	queue_home(a->q);
	free(a);
}

static void
audit_wrong(struct login *x)
{
	struct login_audit *a;
	bool first;

	if (!x->first || !login_limit_take(x->q->login->audits, "", evloop_now(x->q->ctx->loop), &first) ||
	    (a = calloc(1, sizeof(*a))) == NULL)
		return;
	a->task.run = run_audit;
	a->task.done = done_audit;
	a->q = x->q;
	memcpy(a->user, x->user, sizeof(a->user));
	memcpy(a->peer, x->peer, sizeof(a->peer));
	queue_write_patient(x->q, &a->task);
}

/* ---- one login ---- */

static void
run_login(struct task *t, void *arg)
{
	struct login *x = (struct login *)t;

	(void)arg;
	errno = 0;
	x->right = crypto_pwhash_str_verify(x->known ? x->hash : nobody, x->password, x->len) == 0 && x->known;
	x->unsure = !x->right && errno == ENOMEM;
	sodium_memzero(x->password, sizeof(x->password));
}

static void
say(struct queue *q, uint64_t link, uint64_t id, enum login_outcome outcome, const char *address)
{
	struct login_say s = { .outcome = (uint8_t)outcome, .address = address };

	queue_answer(q, link, IPC_LOGIN_SAY, id, &s);
}

static void
give_back(struct login *x)
{
	login_limit_return(x->q->login->limit, x->by_user);
	login_limit_return(x->q->login->limit, x->by_peer);
}

static void
done_login(struct task *t)
{
	struct login *x = (struct login *)t;
	struct queue *q = x->q;

	queue_home(q);
	q->login->waiting--;
	if (t->err != VG_OK || x->unsure) {
		give_back(x);
		say(q, x->link, x->id, LOGIN_LATER, "");
	} else if (x->right) {
		give_back(x);
		log_info("", "login", "outcome=right address=%s peer=%s", log_q(x->user), log_q(x->peer));
		say(q, x->link, x->id, LOGIN_OK, x->user);
	} else {
		log_info("", "login", "outcome=wrong address=%s peer=%s", log_q(x->user), log_q(x->peer));
		audit_wrong(x);
		say(q, x->link, x->id, LOGIN_WRONG, "");
	}
	sodium_memzero(x, sizeof(*x));
	free(x);
}

/* Neighbours in a /64 are one peer: whoever has one such address has all of them. */
static void
name_peer(struct login *x, const char *peer)
{
	unsigned char ip[16];
	unsigned bits;

	snprintf(x->peer, sizeof(x->peer), "%s", peer);
	x->by_peer[0] = 'p';
	if (ip_mapped(peer, ip, &bits) && bits == 128)
		sodium_bin2hex(x->by_peer + 1, sizeof(x->by_peer) - 1, ip, 8);
	else
		snprintf(x->by_peer + 1, sizeof(x->by_peer) - 1, "%s", x->peer);
}

static bool
may_try(struct login *x)
{
	struct login_limit *limit = x->q->login->limit;
	int64_t now = evloop_now(x->q->ctx->loop);
	bool first;

	if (!login_limit_take(limit, x->by_peer, now, &x->first))
		return false;
	if (login_limit_take(limit, x->by_user, now, &first))
		return true;
	login_limit_return(limit, x->by_peer);
	return false;
}

/* Fills x from the question. VG_ERR_AGAIN: not now. */
static int
prepare(struct login *x, const struct login_ask *ask)
{
	struct addr user;
	const char *why;
	int err;

	if (addr_parse(&user, ask->user, strlen(ask->user), 0, &why) == VG_OK)
		memcpy(x->user, user.normal, sizeof(x->user));
	snprintf(x->by_user, sizeof(x->by_user), "u%s", x->user);
	name_peer(x, ask->peer);
	if (x->q->stopping || x->q->login->waiting >= WAITING_MAX || !may_try(x))
		return VG_ERR_AGAIN;
	err = registry_password(x->q->registry, x->user, x->hash);
	if (err != VG_OK && err != VG_ERR_NOTFOUND) {
		give_back(x);
		return VG_ERR_AGAIN;
	}
	/* What is longer than any password is nobody's. */
	x->known = err == VG_OK && ask->password.len <= sizeof(x->password);
	x->len = ask->password.len <= sizeof(x->password) ? ask->password.len : 0;
	if (x->len > 0)
		memcpy(x->password, ask->password.data, x->len);
	return VG_OK;
}

void
queue_login(struct link *l, struct ipc_msg *msg)
{
	struct queue *q = l->q;
	struct login *x = calloc(1, sizeof(*x));
	struct login_ask ask;

	if (x == NULL || ipc_decode(msg, &ask) != VG_OK) {
		free(x);
		say(q, l->serial, msg->id, LOGIN_LATER, "");
		return;
	}
	x->task.run = run_login;
	x->task.done = done_login;
	x->q = q;
	x->link = l->serial;
	x->id = msg->id;
	if (prepare(x, &ask) != VG_OK) {
		log_info("", "login", "outcome=later address=%s peer=%s", log_q(x->user), log_q(x->peer));
		say(q, l->serial, msg->id, LOGIN_LATER, "");
		free(x);
		return;
	}
	q->login->waiting++;
	queue_pool(q, q->login->pool, &x->task);
}

int
queue_login_start(struct queue *q)
{
	q->login = calloc(1, sizeof(*q->login));
	if (q->login == NULL)
		return VG_ERR_MEMORY;
	q->login->limit = login_limit_new(BURST, EVERY_MS);
	q->login->audits = login_limit_new(AUDIT_BURST, AUDIT_EVERY_MS);
	q->login->pool = task_pool_new(q->home, THREADS, NULL);
	return q->login->limit != NULL && q->login->audits != NULL && q->login->pool != NULL ? VG_OK : VG_ERR_MEMORY;
}

void
queue_login_stop(struct queue *q)
{
	if (q->login != NULL)
		task_pool_free(&q->login->pool);
}

void
queue_login_end(struct queue *q)
{
	if (q->login == NULL)
		return;
	login_limit_free(&q->login->limit);
	login_limit_free(&q->login->audits);
	free(q->login);
	q->login = NULL;
}
