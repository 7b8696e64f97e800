/*
 * deliver_main.c - the role `deliver`: letters from the queue become mails and go to a smarthost, one after the other; several
 * processes make several connections. Its main program waits for the network; the loop that it turns meanwhile serves the link to the queue. No files; sockets out, to the
 * resolver and the smarthosts.
 */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "err.h"
#include "letter.h"
#include "log.h"
#include "net_loop.h"
#include "role.h"
#include "smarthost.h"

#define WAITING_MAX 16u
#define REST_MS 5000
#define SLOW_MS 10000 /* a letter that takes longer lets those behind it go to other processes */

struct waiting {
	uint64_t id;
	unsigned char *frame; /* copy of the DELIVER_JOB */
	size_t len;
	int fd;               /* its files, -1 without */
};

struct deliver {
	struct role_ctx *ctx;
	struct net_loop wait;
	struct ipc *queue;            /* NULL while it is down */
	struct token_keys keys;
	struct smarthost *smarthost;
	struct smarthost_peer *peers; /* of conf->smarthosts, in order */
	struct net_trust *system_trust;
	char **passwords;
	size_t n_ca, n_passwords, n_keys; /* secrets that came; they come in order, and again on a reload */
	struct dkim_signer *signers[LETTER_SIGNERS_MAX];
	struct letter_texts *texts;   /* the operator's */
	struct waiting waiting[WAITING_MAX];
	size_t n_waiting;
	bool have;                    /* something waits, or the queue is gone */
	uint64_t busy;                /* the letter under way; 0: none */
	uint64_t owed;                /* a letter whose word the queue did not get */
	struct smarthost_word owed_word;
	char owed_id[TOKEN_MESSAGE_ID_MAX + 1];
	struct ev_timer slow;
};

/* ---- what stands in files ---- */

static void take_ca(struct deliver *d, const unsigned char *data, size_t len)
{
	const struct conf *c = d->ctx->conf;
	struct smarthost_peer *p = &d->peers[d->n_ca++ % c->n_smarthosts];
	struct net_trust *fresh = NULL;
	const char *why = "";

	if (len == 0)
		return;
	if (net_trust_new(&fresh, data, len, &why) != VG_OK) {
		log_error("", "smarthost-trust", "file=%s error=%s", log_q(p->conf->ca), log_q(why));
		return;
	}
	if (p->trust != d->system_trust)
		net_trust_unref(&p->trust);
	p->trust = fresh;
}

static void take_password(struct deliver *d, const unsigned char *data, size_t len)
{
	size_t i = d->n_passwords++ % d->ctx->conf->n_smarthosts;
	char *fresh = len > 0 ? malloc(len + 1) : NULL;

	if (fresh != NULL) {
		memcpy(fresh, data, len);
		fresh[len] = '\0';
	}
	if (d->passwords[i] != NULL)
		sodium_memzero(d->passwords[i], strlen(d->passwords[i]));
	free(d->passwords[i]);
	d->peers[i].password = d->passwords[i] = fresh;
}

static void take_key(struct deliver *d, const unsigned char *data, size_t len)
{
	const struct conf *c = d->ctx->conf;
	size_t i = c->n_dkims > 0 ? d->n_keys++ % c->n_dkims : LETTER_SIGNERS_MAX;
	struct dkim_signer *fresh;
	const char *why;

	if (i >= LETTER_SIGNERS_MAX)
		return;
	if (dkim_signer_new(&fresh, c->dkims[i].domain, c->dkims[i].selector, data, len, &why) != VG_OK) {
		log_error("", "dkim-key", "file=%s error=%s", log_q(c->dkims[i].key_file), log_q(why));
		return;
	}
	dkim_signer_free(&d->signers[i]);
	d->signers[i] = fresh;
}

/* Its name, NUL, the text; nothing at all: what came before is of no use any more. */
static void take_template(struct deliver *d, const unsigned char *data, size_t len)
{
	const unsigned char *end = len > 0 ? memchr(data, '\0', len) : NULL;
	int rc = VG_ERR_MEMORY;

	if (len == 0)
		letter_texts_free(&d->texts);
	if (end == NULL)
		return;
	if (d->texts == NULL)
		d->texts = letter_texts_new();
	if (d->texts != NULL)
		rc = letter_texts_put(d->texts, (const char *)data, (const char *)end + 1, len - (size_t)(end - data) - 1);
	if (rc != VG_OK)
		log_error("", "letter-text", "name=%s error=%s", log_q((const char *)data), log_q(vg_strerror(rc)));
}

static void on_secret(struct role_ctx *ctx, enum secret_kind kind, const unsigned char *data, size_t len)
{
	struct deliver *d = ctx->state;

	if (kind == SECRET_TOKEN_KEY && !token_keys_read(&d->keys, data, len))
		log_error("", "token-keys", "bytes=%zu error=\"kept the former ones\"", len);
	else if (kind == SECRET_CA)
		take_ca(d, data, len);
	else if (kind == SECRET_PASSWORD)
		take_password(d, data, len);
	else if (kind == SECRET_DKIM_KEY)
		take_key(d, data, len);
	else if (kind == SECRET_TEMPLATE)
		take_template(d, data, len);
}

static int prepare(struct role_ctx *ctx)
{
	const struct conf *c = ctx->conf;
	struct deliver *d = calloc(1, sizeof *d);
	const char *why = "";

	if (d == NULL || c->n_smarthosts == 0)
		return EX_OSERR;
	ctx->state = d;
	d->ctx = ctx;
	d->wait.loop = ctx->loop;
	d->peers = calloc(c->n_smarthosts, sizeof *d->peers);
	d->passwords = calloc(c->n_smarthosts, sizeof *d->passwords);
	d->smarthost = smarthost_new(net_loop_wait, &d->wait, c->n_smarthosts);
	if (d->peers == NULL || d->passwords == NULL || d->smarthost == NULL)
		return EX_OSERR;
	/* Files that can be read now only. */
	if (net_trust_new(&d->system_trust, NULL, 0, &why) != VG_OK)
		log_warn("", "smarthost-trust", "error=%s", log_q(why));
	for (size_t i = 0; i < c->n_smarthosts; i++)
		d->peers[i] = (struct smarthost_peer){.conf = &c->smarthosts[i], .trust = d->system_trust};
	letter_warm();
	return 0;
}

/* ---- the queue ---- */

static int take(struct deliver *d, struct ipc_msg *msg)
{
	struct waiting *w = &d->waiting[d->n_waiting];
	struct deliver_job job;

	if (msg->type != IPC_DELIVER_JOB || ipc_decode(msg, &job) != VG_OK || d->n_waiting == WAITING_MAX)
		return VG_ERR_PROTO;
	/* A queue that started anew does not know what we are at: the word will do for its letter too. */
	if (msg->id == d->busy)
		return VG_OK;
	if ((w->frame = malloc(msg->len + 1)) == NULL)
		return VG_ERR_MEMORY;
	memcpy(w->frame, msg->data, msg->len);
	w->len = msg->len;
	w->id = msg->id;
	w->fd = ipc_take_fd(msg, 0);
	d->n_waiting++;
	d->have = true;
	return VG_OK;
}

static void waiting_free(struct waiting *w)
{
	free(w->frame);
	if (w->fd >= 0)
		close(w->fd);
}

/* What waits is the queue's to hand out again. */
static void forget(struct deliver *d)
{
	while (d->n_waiting > 0)
		waiting_free(&d->waiting[--d->n_waiting]);
}

static void on_queue(struct ipc *ipc, struct ipc_msg *msg, void *arg)
{
	struct deliver *d = arg;

	(void)ipc;
	if (msg != NULL && take(d, msg) == VG_OK)
		return;
	ipc_close(&d->queue); /* a new queue brings a new link */
	forget(d);
}

static void answer(struct deliver *d, uint64_t id, const char *message_id, const struct smarthost_word *word)
{
	struct deliver_done done = {.outcome = (uint8_t)word->outcome, .code = word->code, .enhanced = word->enhanced, .text = word->text,
	    .message_id = message_id, .smarthost = word->host};

	if (d->queue != NULL && ipc_send(d->queue, IPC_DELIVER_DONE, id, &done) == VG_OK)
		return;
	if (word->outcome != DELIVERY_SENT)
		return;
	d->owed = id;
	d->owed_word = *word;
	snprintf(d->owed_id, sizeof d->owed_id, "%s", message_id);
}

static void on_peer(struct role_ctx *ctx, enum role role, uint32_t index, int fd)
{
	struct deliver *d = ctx->state;

	(void)index;
	ipc_close(&d->queue);
	forget(d);
	d->queue = role == ROLE_QUEUE ? ipc_open(ctx->loop, fd, ROLE_DELIVER, ROLE_QUEUE, on_queue, d) : NULL;
	if (d->queue == NULL)
		close(fd);
	else if (d->owed != 0) {
		answer(d, d->owed, d->owed_id, &d->owed_word);
		d->owed = 0;
	}
}

static void on_stop(struct role_ctx *ctx)
{
	struct deliver *d = ctx->state;

	d->wait.stop = true;
	role_exit(ctx);
}

/* ---- letters ---- */

static struct letter_sender sender(const struct deliver *d)
{
	const struct conf *c = d->ctx->conf;
	struct letter_sender s = {.hostname = c->hostname, .case_address = conf_address(c, ADDRESS_CASE),
	    .bounce_address = conf_address(c, ADDRESS_BOUNCE), .support = c->support_name, .keys = &d->keys,
	    .texts = d->texts};

	for (size_t i = 0; i < LETTER_SIGNERS_MAX; i++)
		if (d->signers[i] != NULL)
			s.signers[s.n_signers++] = d->signers[i];
	return s;
}

static void send_once(struct deliver *d, const struct deliver_job *job, int fd, uint64_t id, struct letter_mail *mail,
    struct smarthost_word *word)
{
	const struct conf *c = d->ctx->conf;
	struct letter_sender from = sender(d);
	const char *why;
	int rc = letter_make(mail, &from, job, fd, id, (int64_t)time(NULL), &why);

	if (rc == VG_OK) {
		smarthost_send(d->smarthost, c, d->peers, c->n_smarthosts, mail, word);
		return;
	}
	*word = (struct smarthost_word){.outcome = rc == VG_ERR_SYNTAX ? DELIVERY_REFUSED : DELIVERY_LATER};
	snprintf(word->text, sizeof word->text, "not composed: %s", rc == VG_ERR_SYNTAX ? why : vg_strerror(rc));
}

/* Its size, or a file in it (RFC 3463: 5.2.3, 5.3.4; 5.6, 5.7 of filters), which is no reason to lose what was written. */
static bool without_files_perhaps(const struct smarthost_word *w)
{
	return w->outcome == DELIVERY_REFUSED && (w->code == 552 || w->code == 554 || strcmp(w->enhanced, "5.3.4") == 0 ||
	    strcmp(w->enhanced, "5.2.3") == 0 || strncmp(w->enhanced, "5.6.", 4) == 0 || strncmp(w->enhanced, "5.7.", 4) == 0);
}

static void send_mail(struct deliver *d, const struct deliver_job *job, int fd, uint64_t id, struct letter_mail *mail,
    struct smarthost_word *word)
{
	send_once(d, job, fd, id, mail, word);
	if (!mail->streams || !without_files_perhaps(word) || d->wait.stop)
		return;
	log_info("", "letter-without-files", "out=%llu code=%u text=%s", (unsigned long long)id, word->code, log_q(word->text));
	letter_free(mail);
	send_once(d, job, -1, id, mail, word);
}

/* Those behind it are answered without a try. */
static void hand_back(struct deliver *d, const struct smarthost_word *word)
{
	for (size_t i = 0; i < d->n_waiting && d->queue != NULL; i++)
		answer(d, d->waiting[i].id, "", word);
	forget(d);
}

static void on_slow(void *arg)
{
	hand_back(arg, &(struct smarthost_word){.outcome = DELIVERY_UNTRIED});
}

/* The first that waits. It may take minutes, in which others come, or the queue goes. */
static void one_letter(struct deliver *d)
{
	struct waiting w = d->waiting[0];
	struct letter_mail mail = {.message_id = ""};
	struct smarthost_word word;
	struct deliver_job job;

	memmove(d->waiting, d->waiting + 1, --d->n_waiting * sizeof d->waiting[0]);
	d->busy = w.id;
	ev_timer_set(d->ctx->loop, &d->slow, SLOW_MS, on_slow, d);
	if (wire_get(&wire_deliver_job, w.frame, w.len, &job) == VG_OK) {
		send_mail(d, &job, w.fd, w.id, &mail, &word);
		/* Told to stop in the middle: the queue tries again, but not what the smarthost took. */
		if (!d->wait.stop || word.outcome == DELIVERY_SENT)
			answer(d, w.id, mail.message_id, &word);
		if (word.outcome == DELIVERY_AWAY)
			hand_back(d, &word);
		letter_free(&mail);
	}
	ev_timer_clear(d->ctx->loop, &d->slow);
	d->busy = 0;
	waiting_free(&w);
}

static int run(struct role_ctx *ctx)
{
	struct deliver *d = ctx->state;

	while (!d->wait.stop) {
		d->have = d->n_waiting > 0;
		net_loop_until(&d->wait, &d->have, REST_MS);
		if (d->n_waiting > 0 && !d->wait.stop)
			one_letter(d);
		smarthost_rest(d->smarthost);
	}
	return VG_OK;
}

const struct role_ops deliver_role = {
    .role = ROLE_DELIVER,
    .prepare = prepare,
    .on_secret = on_secret,
    .on_peer = on_peer,
    .run = run,
    .on_stop = on_stop,
};
