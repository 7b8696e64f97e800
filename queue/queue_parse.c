/*
 * queue_parse.c - sends accepted messages to the parsers and takes what they make of them. Main thread of the queue process.
 * A parser's answer is hostile until message_check() passed it; a parser that dies costs its message one more try,
 * then a fallback object. Messages of one ticket go one after the other, so that they are applied in order.
 */
#include "content.h"
#include "queue.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "err.h"
#include "log.h"
#include "message_check.h"
#include "message_fallback.h"
#include "parse_window.h"

#define CACHE_MAX (32u << 20)     /* bytes of them kept in memory, so that they need not be read back */
#define APPLY_BYTES_MAX (64u << 20)
#define CHECK_HERE_MAX (16u << 10) /* bytes of a result that is checked in the loop */
#define TRIES 2u
#define PAUSE_MS 1000             /* after the store failed */

struct parse_state {
	struct queue *q;
	struct parse_window w;
	int64_t last_id; /* newest one seen */
	bool behind;     /* the store has more */
	bool paused;
	size_t applying; /* bytes */
	struct ev_timer pause;
};

struct applying {
	struct task task; /* first */
	struct queue *q;
	struct pending *p;
	json_t *object;
	char *json;
	struct apply_input in;
	struct apply_result out;
	const char *why; /* what the check found; static */
	char sender[321];
};

/* ---- what comes in ---- */

static void
refill(struct parse_state *s)
{
	struct store_pending found[256];
	int n = 256;

	while (s->behind && s->w.n < WINDOW_MAX && n == 256) {
		n = store_unparsed(s->q->store, s->last_id, found, 256);
		if (n < 256)
			s->behind = n < 0;
		for (int i = 0; i < n; i++) {
			struct pending *p = calloc(1, sizeof(*p));

			if (p == NULL) {
				s->behind = true;
				return;
			}
			p->id = s->last_id = found[i].id;
			p->ticket = found[i].ticket;
			window_add(&s->w, p);
		}
	}
}

void
queue_parse_add(struct queue *q, int64_t id, uint64_t ticket, unsigned char **frame, const unsigned char *plain,
    size_t len, int64_t received_at, bool bounce)
{
	struct parse_state *s = q->parse;
	struct pending *p;

	if (id <= s->last_id) /* read from the store meanwhile */
		return;
	if (s->behind || s->w.n >= WINDOW_MAX || (p = calloc(1, sizeof(*p))) == NULL) {
		s->behind = true;
		queue_parse_kick(q);
		return;
	}
	p->id = s->last_id = id;
	p->ticket = ticket;
	p->received_at = received_at;
	p->bounce = bounce;
	if (len > 0 && s->w.cached + len <= CACHE_MAX) {
		p->frame = *frame;
		p->plain = plain;
		p->len = len;
		*frame = NULL;
		s->w.cached += len;
	}
	window_add(&s->w, p);
	queue_parse_kick(q);
}

void
queue_parse_again(struct queue *q, int64_t id, uint64_t ticket)
{
	struct pending *p;

	if (id > q->parse->last_id || (p = calloc(1, sizeof(*p))) == NULL)
		return; /* the window has not come to it yet; or the next start finds it */
	p->id = id;
	p->ticket = ticket;
	window_add(&q->parse->w, p);
	queue_parse_kick(q);
}

/* ---- applying ---- */

static void
pause_over(void *arg)
{
	struct parse_state *s = arg;

	s->paused = false;
	queue_parse_kick(s->q);
}

static void
run_apply(struct task *t, void *arg)
{
	struct applying *a = (struct applying *)t;

	pthread_rwlock_rdlock(&a->q->conf_lock);
	a->in.conf = a->q->conf;
	a->in.now = id_now_ms();
	t->err = queue_apply(arg, &a->in, &a->out);
	pthread_rwlock_unlock(&a->q->conf_lock);
}

static void
apply_failed(struct parse_state *s, struct pending *p, int err)
{
	if (err == VG_ERR_FULL || err == VG_ERR_STORE || err == VG_ERR_AGAIN || err == VG_ERR_MEMORY) {
		/* The message is safe in the store; what was made of it is made again when the store is well. */
		s->paused = true;
		ev_timer_set(s->q->ctx->loop, &s->pause, PAUSE_MS, pause_over, s);
		window_again(&s->w, p);
		return;
	}
	log_error("", "apply-failed", "row=%lld fallback=%d error=%s", (long long)p->id, p->fallback,
	    log_q(vg_strerror(err)));
	if (p->fallback) { /* it stays unparsed in the store, for the next start */
		window_finish(&s->w, p);
		return;
	}
	p->fallback = true;
	window_again(&s->w, p);
}

static void
applying_free(struct parse_state *s, struct applying *a)
{
	s->applying -= a->in.json_len;
	json_decref(a->object);
	free(a->json);
	free(a);
}

static void
applied(struct task *t)
{
	struct applying *a = (struct applying *)t;
	struct queue *q = a->q;
	struct parse_state *s = q->parse;
	int err = t->err;

	queue_home(q);
	if (err == VG_OK) {
		metrics_add(q->ctx->metrics, MT_QUEUE_APPLIED, 1);
		metrics_add(q->ctx->metrics, MT_QUEUE_EVENTS, a->out.events);
		metrics_observe(q->ctx->metrics, MT_QUEUE_READY, (double)(a->in.now - a->out.received_at) / 1000.0);
		window_finish(&s->w, a->p);
		queue_wait_wake(q);
		/* a notice of a removal is no letter of the message */
		queue_deliver_kick(q);
		if (a->out.pictures > 0)
			queue_ocr_kick(q);
	} else {
		apply_failed(s, a->p, err);
	}
	applying_free(s, a);
	queue_parse_kick(q);
}

/* What a parser made of p, on its way into the store: takes json over. NULL on no memory. */
static struct applying *
applying_new(struct parse_state *s, struct pending *p, char *json, size_t len, const char *sender)
{
	struct applying *a = calloc(1, sizeof(*a));

	if (a == NULL) {
		free(json);
		return NULL;
	}
	strncpy(a->sender, sender, sizeof(a->sender) - 1);
	a->q = s->q;
	a->p = p;
	a->json = json;
	a->in = (struct apply_input){ .message = p->id, .json = json, .json_len = len, .sender = a->sender };
	s->applying += len;
	return a;
}

/* To the writer; object was checked, or is our own. */
static void
apply(struct applying *a, json_t *object)
{
	a->object = object;
	a->in.object = object;
	a->task.run = run_apply;
	a->task.done = applied;
	queue_write_patient(a->q, &a->task);
}

static int
apply_fallback(struct parse_state *s, struct pending *p)
{
	struct store_message m;
	struct message_facts f;
	struct applying *a;
	json_t *object = NULL;
	char *json = NULL;
	int err = store_message(s->q->store, p->id, &m);

	if (err == VG_OK) {
		f = (struct message_facts){ .message_id = m.message_id, .from_name = m.sender_name, .from_address = m.sender,
			.subject = m.subject, .date_ms = m.received_at, .automatic = m.automatic,
			.detail = "the message could not be taken apart; its raw form is complete" };
		object = message_fallback(&f);
		json = object != NULL ? json_dumps(object, JSON_COMPACT) : NULL;
		err = json == NULL ? VG_ERR_MEMORY : VG_OK;
	}
	store_message_free(&m);
	if (err == VG_OK && (a = applying_new(s, p, json, strlen(json), "")) == NULL)
		err = VG_ERR_MEMORY;
	if (err != VG_OK) {
		json_decref(object);
		return err;
	}
	log_warn("", "parse-fallback", "row=%lld", (long long)p->id);
	apply(a, object);
	return VG_OK;
}

/* ---- jobs ---- */

int
queue_job_send(struct link *l, int64_t message, struct parse_job *job, int out_fd)
{
	unsigned char key[SEAL_KEY];
	struct store_message m;
	struct buf plain;
	int fd = -1, err = store_message(l->q->store, message, &m);

	buf_init(&plain, MSG_INLINE_MAX);
	if (err == VG_OK)
		err = content_open(l->q->store, l->q->blobs, l->q->wrap_key, &m, &fd, key, &plain);
	if (err == VG_OK) {
		job->received_at = m.received_at;
		job->bounce = strcmp(m.automatic, "bounce") == 0;
		job->size = m.size;
		if (fd >= 0)
			job->key = (struct blob){ key, SEAL_KEY };
		job->bytes = (struct blob){ plain.data, plain.len };
		err = ipc_send_fd(l->ipc, IPC_PARSE_JOB, (uint64_t)message, job, fd, out_fd);
	}
	if (fd >= 0)
		close(fd);
	buf_free(&plain);
	store_message_free(&m);
	return err;
}

static int
send_job(struct link *l, struct pending *p)
{
	struct parse_job job = { .what = PARSE_MESSAGE, .part = "", .entry = "", .received_at = p->received_at,
		.bounce = p->bounce,
		.size = p->len, .bytes = { p->plain, p->len } };

	return p->frame != NULL ? ipc_send(l->ipc, IPC_PARSE_JOB, (uint64_t)p->id, &job) : queue_job_send(l, p->id, &job, -1);
}

/* Work for one free parser. False: there is none. */
static bool
serve(struct parse_state *s, struct link *l)
{
	struct pending *p = s->w.ready;
	int err;

	if (queue_extract_send(l))
		return true;
	if (p == NULL || s->paused || s->applying > APPLY_BYTES_MAX || s->q->stopping)
		return false;
	window_take(&s->w);
	p->tries++;
	if ((err = send_job(l, p)) == VG_OK) {
		l->job = p;
		return true;
	}
	log_error("", "parse-job", "row=%lld error=%s", (long long)p->id, log_q(vg_strerror(err)));
	/* A link that just broke is no fault of the message. */
	p->fallback = err != VG_ERR_CLOSED;
	window_again(&s->w, p);
	return false;
}

/* What no parser shall see needs none. */
static bool
serve_fallback(struct parse_state *s)
{
	struct pending *p = s->w.ready;
	int err;

	if (p == NULL || !p->fallback || s->paused || s->q->stopping)
		return false;
	window_take(&s->w);
	if ((err = apply_fallback(s, p)) != VG_OK)
		apply_failed(s, p, err);
	return true;
}

void
queue_parse_kick(struct queue *q)
{
	struct parse_state *s = q->parse;

	if (s->behind && s->w.n < WINDOW_MAX / 2)
		refill(s);
	while (serve_fallback(s))
		continue;
	for (struct link *l = q->links; l != NULL; l = l->next) {
		if (l->role != ROLE_PARSER || l->job != NULL || l->extract != NULL || ipc_is_closed(l->ipc))
			continue;
		serve(s, l);
		while (serve_fallback(s))
			continue;
	}
}

/* ---- answers ---- */

static void
failed(struct parse_state *s, struct pending *p, const char *why)
{
	metrics_add(s->q->ctx->metrics, MT_PARSER_FAILED, 1);
	log_warn("", "parse-failed", "row=%lld try=%u why=%s", (long long)p->id, p->tries, log_q(why));
	p->fallback = p->tries >= TRIES;
	window_again(&s->w, p);
}

/* In a reader's thread, or here. */
static void
run_check(struct task *t, void *arg)
{
	struct applying *a = (struct applying *)t;

	(void)arg;
	a->object = message_check(a->json, a->in.json_len, &a->why);
	t->err = a->object != NULL ? VG_OK : VG_ERR_PROTO;
}

static void
checked(struct applying *a)
{
	struct parse_state *s = a->q->parse;
	struct pending *p = a->p;
	const char *why = a->why;

	if (a->task.err == VG_OK) {
		apply(a, a->object);
		return;
	}
	applying_free(s, a);
	failed(s, p, why);
}

static void
checked_by_thread(struct task *t)
{
	struct applying *a = (struct applying *)t;
	struct queue *q = a->q;

	checked(a);
	queue_home(q);
	queue_parse_kick(q);
}

/* A large result is checked by another thread: senders' look-ups and commits wait for this one. */
static void
take_result(struct parse_state *s, struct pending *p, const struct parse_done *done)
{
	struct applying *a = NULL;
	char *json;

	if (done->err != 0) {
		failed(s, p, vg_strerror(-(int)(done->err & 0xff)));
		return;
	}
	if (strlen(done->sender) > 320) {
		failed(s, p, "sender too long");
		return;
	}
	if ((json = malloc(done->json.len + 1)) != NULL) {
		memcpy(json, done->json.data, done->json.len);
		json[done->json.len] = '\0';
		a = applying_new(s, p, json, done->json.len, done->sender);
	}
	if (a == NULL) {
		apply_failed(s, p, VG_ERR_MEMORY);
		return;
	}
	a->why = "the check was ended";
	a->task.run = run_check;
	a->task.done = checked_by_thread;
	if (done->json.len > CHECK_HERE_MAX) {
		queue_pool(s->q, s->q->readers, &a->task);
	} else {
		run_check(&a->task, NULL);
		checked(a);
	}
}

void
queue_parse_done(struct link *l, struct ipc_msg *msg)
{
	struct parse_state *s = l->q->parse;
	struct pending *p = l->job;
	struct parse_done done;

	if (ipc_decode(msg, &done) != VG_OK)
		return;
	if (l->extract != NULL) {
		queue_extract_done(l, &done, done.err == 0 ? VG_OK : -(int)(done.err & 0xff));
	} else if (p != NULL && msg->id == (uint64_t)p->id) {
		l->job = NULL;
		take_result(s, p, &done);
	} else {
		log_warn("", "parse-stray", "parser=%u", l->index);
	}
	queue_parse_kick(l->q);
}

void
queue_parse_lost(struct link *l)
{
	struct pending *p = l->job;

	l->job = NULL;
	if (l->extract != NULL)
		queue_extract_done(l, NULL, VG_ERR_CLOSED);
	if (p != NULL && !l->q->stopping)
		failed(l->q->parse, p, "the worker ended");
	else if (p != NULL)
		window_finish(&l->q->parse->w, p);
}

/* ---- life ---- */

int
queue_parse_start(struct queue *q)
{
	struct parse_state *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return VG_ERR_MEMORY;
	s->q = q;
	window_init(&s->w);
	s->behind = true;
	q->parse = s;
	return VG_OK;
}

void
queue_parse_stop(struct queue *q)
{
	struct parse_state *s = q->parse;
	struct pending *p;

	if (s == NULL)
		return;
	ev_timer_clear(q->ctx->loop, &s->pause);
	while ((p = window_take(&s->w)) != NULL)
		window_finish(&s->w, p); /* brings its followers to the front */
	free(s);
	q->parse = NULL;
}
