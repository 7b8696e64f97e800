/*
 * queue_calls.c - runs what the API asks for in the thread that owns what it touches, and sends the answer. Main thread of the
 * queue process. The API has checked token and scope; names and arguments are checked here and in the calls.
 */
#include "queue.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "err.h"
#include "log.h"

#define CALLS_MAX 1024u /* under way at a time */
#define KEY_MAX 255u

struct calling {
	struct task task; /* first */
	struct queue *q;
	uint64_t link, id;
	const struct call_def *def;
	json_t *args;
	char *actor, *key; /* key NULL: none */
	unsigned char request[32]; /* hash of operation and arguments */
	int body_fd;
	unsigned char body_key[SEAL_KEY];
	uint64_t body_size;
	struct call_result res;
	bool replayed;
	const struct call_preparation *prep; /* NULL: none */
	void *prepared;
	struct call_wanted wanted;
	bool kept;       /* what was prepared stands in the store */
};

/* ---- answers ---- */

static void
result_free(struct call_result *res)
{
	json_decref(res->body);
	free(res->text);
	if (res->fd >= 0)
		close(res->fd);
	memset(res, 0, sizeof(*res));
	res->fd = -1;
}

static void
result_reset(struct call_result *res)
{
	result_free(res);
	res->status = 200;
}

/* Makes text of the JSON body, once. */
static int
render(struct call_result *res)
{
	if (res->content_type == NULL)
		res->content_type = res->status >= 400 ? "application/problem+json" : "application/json";
	if (res->body == NULL || res->text != NULL)
		return VG_OK;
	if ((res->text = json_dumps(res->body, JSON_COMPACT)) == NULL)
		return VG_ERR_MEMORY;
	res->text_len = strlen(res->text);
	return VG_OK;
}

void
queue_call_say(struct queue *q, uint64_t link, uint64_t id, struct call_result *res)
{
	struct link *l = queue_link(q, link);
	int err = render(res);
	struct call_say say = { .status = res->status, .content_type = res->content_type, .file_name = res->file_name,
		.body = { (const unsigned char *)res->text, res->text_len }, .size = res->size };

	if (res->fd >= 0)
		say.key = (struct blob){ res->key, SEAL_KEY };
	if (err == VG_OK && l != NULL)
		err = ipc_send_fd(l->ipc, IPC_CALL_SAY, id, &say, res->fd, -1);
	if (err == VG_ERR_LIMIT || err == VG_ERR_MEMORY) {
		result_reset(res);
		call_problem(res, 500, "answer too large", NULL, "the answer is too large; ask for less at a time");
		if (render(res) == VG_OK && l != NULL) {
			say = (struct call_say){ .status = res->status, .content_type = res->content_type, .file_name = "",
				.body = { (const unsigned char *)res->text, res->text_len } };
			ipc_send(l->ipc, IPC_CALL_SAY, id, &say);
		}
	}
	result_free(res);
}

static void
calling_free(struct calling *c)
{
	if (c->prepared != NULL)
		c->prep->free(c->prepared, c->kept);
	if (c->wanted.fd >= 0)
		close(c->wanted.fd);
	sodium_memzero(c->wanted.key, sizeof(c->wanted.key));
	result_free(&c->res);
	json_decref(c->args);
	free(c->actor);
	free(c->key);
	if (c->body_fd >= 0)
		close(c->body_fd);
	sodium_memzero(c->body_key, sizeof(c->body_key));
	free(c);
}

static void
store_problem(struct call_result *res, int err)
{
	result_reset(res);
	call_problem(res, err == VG_ERR_FULL ? 507 : 503, "store not available", NULL, "%s", vg_strerror(err));
}

/* Events settled for good. */
static void
count_acks(struct calling *c)
{
	json_t *one;
	size_t i;

	json_array_foreach(json_object_get(c->res.body, "items"), i, one)
	{
		const char *how = json_string_value(json_object_get(one, "result"));

		if (how != NULL && strcmp(how, "ok") == 0)
			metrics_add(c->q->ctx->metrics, MT_QUEUE_ACKED, 1);
	}
}

/* The message that a call made or let go; NULL: none. */
static const char *
to_be_parsed(struct calling *c)
{
	if (strcmp(c->def->op, "held.release") == 0)
		return call_param(c->args, "id");
	return strcmp(c->def->op, "tickets.reply") == 0 ? json_string_value(json_object_get(c->res.body, "id")) : NULL;
}

static void
call_home(struct task *t)
{
	struct calling *c = (struct calling *)t;
	struct queue *q = c->q;
	bool done = t->err == VG_OK && c->res.status < 400 && !c->replayed, wrote = c->def->kind == CALL_WRITE && done;
	struct store_message m;
	const char *id;

	queue_home(q);
	c->kept = wrote;
	if (t->err != VG_OK)
		store_problem(&c->res, t->err);
	if (wrote && (id = to_be_parsed(c)) != NULL && store_message_by_ulid(q->store, id, &m) == VG_OK) {
		if (!m.parsed && m.outgoing)
			queue_parse_add(q, m.id, m.ticket, NULL, NULL, 0, m.received_at, false);
		else if (!m.parsed)
			queue_parse_again(q, m.id, m.ticket);
		store_message_free(&m);
	}
	if (wrote && (strcmp(c->def->op, "queue.nack") == 0 || strcmp(c->def->op, "queue.extend") == 0))
		queue_wait_sweep(q);
	if (wrote && strcmp(c->def->op, "queue.ack") == 0)
		count_acks(c);
	if (wrote && strcmp(c->def->op, "outbox.retry") == 0)
		queue_deliver_retry(q);
	else if (wrote && (strncmp(c->def->op, "outbox.", 7) == 0 || strncmp(c->def->op, "suppressed.", 11) == 0 ||
	    strcmp(c->def->op, "tickets.remove-participant") == 0))
		queue_deliver_kick(q);
	if (done && (strcmp(c->def->op, "contacts.add") == 0 || strcmp(c->def->op, "registry.import") == 0))
		queue_keep_kick(q);
	queue_call_say(q, c->link, c->id, &c->res);
	calling_free(c);
	if (wrote && !q->stopping)
		queue_wait_wake(q);
}

/* ---- in the threads ---- */

static void
fill_env(struct calling *c, struct call_env *env)
{
	result_reset(&c->res);
	env->blobs = c->q->blobs;
	env->wrap_key = c->q->wrap_key;
	env->actor = c->actor;
	env->now_ms = id_now_ms();
	env->body_fd = c->body_fd;
	env->body_key = c->body_key;
	env->body_size = c->body_size;
	env->prepared = c->prepared;
}

static void
run_fn(struct calling *c, struct call_env *env)
{
	fill_env(c, env);
	c->def->fn(env, c->args, &c->res);
}

static void
run_read(struct task *t, void *arg)
{
	struct calling *c = (struct calling *)t;
	struct call_env env = *(struct call_env *)arg;

	pthread_rwlock_rdlock(&c->q->conf_lock);
	env.conf = c->q->conf;
	run_fn(c, &env);
	pthread_rwlock_unlock(&c->q->conf_lock);
	render(&c->res);
	t->err = VG_OK;
}

/* A long import must not make a reload wait, so that these calls see no configuration. */
static void
run_registry(struct task *t, void *arg)
{
	struct calling *c = (struct calling *)t;
	struct call_env env = *(struct call_env *)arg;

	run_fn(c, &env);
	render(&c->res);
	t->err = VG_OK;
}

/* Was this key seen? True: res answers. */
static bool
replay(struct calling *c, struct store *s, int *err)
{
	struct store_answer a = { .status = 0 };
	bool seen = false;

	*err = c->key != NULL ? store_answer_get(s, c->actor, c->key, &a) : VG_ERR_NOTFOUND;
	if (*err == VG_OK) {
		seen = c->replayed = true;
		result_reset(&c->res);
		if (sodium_memcmp(a.request, c->request, sizeof(a.request)) != 0) {
			call_problem(&c->res, 422, "idempotency key reused", NULL,
			    "this Idempotency-Key was used for another request");
		} else if (a.status == 0) {
			call_problem(&c->res, 409, "request still running", NULL, "the first request with this key has not ended");
		} else {
			c->res.status = a.status;
			c->res.content_type = a.status >= 400 ? NULL : "application/json";
			c->res.text = a.body;
			c->res.text_len = a.body_len;
			a.body = NULL;
		}
	} else if (*err == VG_ERR_NOTFOUND) {
		*err = VG_OK;
	}
	store_answer_free(&a);
	return seen;
}

static int
remember(struct calling *c, struct store *s, unsigned status)
{
	struct store_answer a = { .status = status, .body = c->res.text, .body_len = c->res.text_len };

	if (c->key == NULL)
		return VG_OK;
	memcpy(a.request, c->request, sizeof(a.request));
	return store_answer_put(s, c->actor, c->key, &a, id_now_ms());
}

/* A call that failed because of the store undoes the whole transaction; one that refused undoes only itself. The queue's
 * own calls write nothing before they refuse, and are many: they need no part. */
static int
write_in_part(struct calling *c, struct call_env *env)
{
	bool part = strncmp(c->def->op, "queue.", 6) != 0;
	int err = part ? store_part_begin(env->store) : VG_OK;

	if (err != VG_OK)
		return err;
	run_fn(c, env);
	if (c->res.status >= 500)
		return c->res.status == 507 ? VG_ERR_FULL : VG_ERR_STORE;
	if (part && (err = store_part_end(env->store, c->res.status < 400)) != VG_OK)
		return err;
	if ((err = render(&c->res)) != VG_OK)
		return err;
	return remember(c, env->store, c->res.status);
}

static void
run_write(struct task *t, void *arg)
{
	struct calling *c = (struct calling *)t;
	struct writer_env *w = arg;
	struct call_env env = { .store = w->store, .registry = w->registry };

	c->replayed = false;
	if (replay(c, w->store, &t->err) || t->err != VG_OK)
		return;
	pthread_rwlock_rdlock(&c->q->conf_lock);
	env.conf = c->q->conf;
	t->err = write_in_part(c, &env);
	pthread_rwlock_unlock(&c->q->conf_lock);
}

/* ---- calls that are prepared in a reader's thread ---- */

struct fetching {
	struct extract x; /* first */
	struct calling *c;
};

/* A body in a file belongs to the request that a key stands for. */
static int
bind_body(struct calling *c)
{
	unsigned char block[16384];
	crypto_generichash_state h;
	struct seal_reader *r;
	uint64_t at = 0;
	long n = 0;
	int err;

	if (c->key == NULL || c->body_fd < 0)
		return VG_OK;
	if ((err = seal_reader_new(c->body_fd, c->body_key, &r)) != VG_OK)
		return err;
	crypto_generichash_init(&h, c->q->wrap_key, sizeof(c->q->wrap_key), sizeof(c->request));
	crypto_generichash_update(&h, c->request, sizeof(c->request));
	for (; (n = seal_read(r, at, block, sizeof(block))) > 0; at += (uint64_t)n)
		crypto_generichash_update(&h, block, (size_t)n);
	crypto_generichash_final(&h, c->request, sizeof(c->request));
	seal_reader_free(&r);
	return n < 0 ? (int)n : VG_OK;
}

static void
run_prepare(struct task *t, void *arg)
{
	struct calling *c = (struct calling *)t;
	struct call_env env = *(struct call_env *)arg;

	pthread_rwlock_rdlock(&c->q->conf_lock);
	env.conf = c->q->conf;
	fill_env(c, &env);
	t->err = c->prepared == NULL ? bind_body(c) : VG_OK;
	if (t->err == VG_OK)
		t->err = c->prep->prepare(&env, c->args, &c->prepared, &c->wanted, &c->res);
	pthread_rwlock_unlock(&c->q->conf_lock);
}

static void
fetched(struct extract *x, int err, const struct parse_done *result)
{
	struct fetching *f = (struct fetching *)x;
	struct calling *c = f->c;
	struct queue *q = x->q;

	(void)result;
	c->wanted.fd = err == VG_OK ? x->fd : -1;
	memcpy(c->wanted.key, x->key, SEAL_KEY);
	if (err != VG_OK)
		close(x->fd);
	free(f);
	if (q->stopping) {
		c->task.err = VG_ERR_CLOSED;
		q->under_way++; /* call_home counts once more */
		call_home(&c->task);
	} else {
		queue_pool(q, q->readers, &c->task);
	}
}

/* A parser takes out what the call wants. */
static int
fetch(struct calling *c)
{
	struct fetching *f = calloc(1, sizeof(*f));
	int err;

	if (f == NULL)
		return VG_ERR_MEMORY;
	f->c = c;
	f->x = (struct extract){ .q = c->q, .message = c->wanted.message, .what = PARSE_EXTRACT, .done = fetched };
	memcpy(f->x.part, c->wanted.part, sizeof(f->x.part));
	randombytes_buf(f->x.key, SEAL_KEY);
	if ((err = blob_scratch(c->q->blobs, &f->x.fd)) != VG_OK) {
		free(f);
		return err;
	}
	queue_extract_add(&f->x);
	return VG_OK;
}

static void
prepare_home(struct task *t)
{
	struct calling *c = (struct calling *)t;

	if (t->err == VG_ERR_AGAIN && !c->q->stopping && (t->err = fetch(c)) == VG_OK) {
		queue_home(c->q);
	} else if (t->err != VG_OK || c->res.status >= 400) {
		call_home(t);
	} else {
		queue_home(c->q);
		t->run = run_write;
		t->done = call_home;
		queue_write(c->q, t);
	}
}

/* ---- calls of the registry with a key: the key is noted in the store before, the answer after ---- */

static void
run_forget(struct task *t, void *arg)
{
	struct calling *c = (struct calling *)t;
	struct store *s = ((struct writer_env *)arg)->store;

	t->err = c->res.status < 500 ? remember(c, s, c->res.status) : store_answer_drop(s, c->actor, c->key);
}

static void
registry_home(struct task *t)
{
	struct calling *c = (struct calling *)t;

	queue_home(c->q);
	if (c->key == NULL || t->err != VG_OK) {
		c->q->under_way++; /* call_home counts once more */
		call_home(t);
		return;
	}
	t->run = run_forget;
	t->done = call_home;
	queue_write(c->q, t);
}

static void
run_reserve(struct task *t, void *arg)
{
	struct calling *c = (struct calling *)t;
	struct store *s = ((struct writer_env *)arg)->store;

	c->replayed = false;
	if (replay(c, s, &t->err) || t->err != VG_OK)
		return;
	result_reset(&c->res);
	t->err = remember(c, s, 0);
}

static void
reserved(struct task *t)
{
	struct calling *c = (struct calling *)t;

	if (t->err != VG_OK || c->replayed) {
		call_home(t);
		return;
	}
	queue_home(c->q);
	t->run = run_registry;
	t->done = registry_home;
	queue_pool(c->q, c->q->registrars, t);
}

/* ---- finding and starting ---- */

static const struct call_def *
find(const char *op)
{
	static const struct call_def *const tables[] = { calls_store, calls_registry };

	for (unsigned i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
		for (const struct call_def *d = tables[i]; d->op != NULL; d++)
			if (strcmp(d->op, op) == 0)
				return d;
	return NULL;
}

static void
dispatch(struct calling *c)
{
	struct task *t = &c->task;

	t->done = call_home;
	switch (c->def->kind) {
	case CALL_READ:
		t->run = run_read;
		queue_pool(c->q, c->q->readers, t);
		break;
	case CALL_WRITE:
		t->run = c->prep != NULL ? run_prepare : run_write;
		t->done = c->prep != NULL ? prepare_home : call_home;
		if (c->prep != NULL)
			queue_pool(c->q, c->q->readers, t);
		else
			queue_write(c->q, t);
		break;
	case CALL_REGISTRY:
		t->run = c->key != NULL ? run_reserve : run_registry;
		t->done = c->key != NULL ? reserved : registry_home;
		if (c->key != NULL)
			queue_write(c->q, t);
		else
			queue_pool(c->q, c->q->registrars, t);
		break;
	}
}

static struct calling *
calling_new(struct link *l, struct ipc_msg *msg, const struct call *call, json_t *args, const struct call_def *def)
{
	struct calling *c = calloc(1, sizeof(*c));
	crypto_generichash_state h;

	if (c == NULL)
		return NULL;
	c->q = l->q;
	c->link = l->serial;
	c->id = msg->id;
	c->def = def;
	c->prep = call_preparation_find(def->op);
	c->wanted.fd = -1;
	c->args = json_incref(args);
	c->res.fd = -1;
	c->body_fd = ipc_take_fd(msg, 0);
	c->body_size = call->size;
	if (call->key.len == SEAL_KEY)
		memcpy(c->body_key, call->key.data, SEAL_KEY);
	c->actor = strdup(call->actor);
	c->key = *call->idempotency_key != '\0' ? strdup(call->idempotency_key) : NULL;
	/* Keyed: arguments may hold a password, which nobody with the file alone shall guess by this hash. */
	crypto_generichash_init(&h, l->q->wrap_key, sizeof(l->q->wrap_key), sizeof(c->request));
	crypto_generichash_update(&h, (const unsigned char *)call->op, strlen(call->op) + 1);
	crypto_generichash_update(&h, call->args.data, call->args.len);
	crypto_generichash_final(&h, c->request, sizeof(c->request));
	if (c->actor == NULL || (*call->idempotency_key != '\0' && c->key == NULL)) {
		calling_free(c);
		return NULL;
	}
	return c;
}

static void
refuse(struct link *l, uint64_t id, unsigned status, const char *title, const char *detail)
{
	struct call_result res = { .fd = -1 };

	call_problem(&res, status, title, NULL, "%s", detail);
	queue_call_say(l->q, l->serial, id, &res);
}

static void
start_call(struct link *l, struct ipc_msg *msg, const struct call *call, json_t *args)
{
	const struct call_def *def;
	struct calling *c;

	if (strlen(call->idempotency_key) > KEY_MAX) {
		refuse(l, msg->id, 400, "invalid key", "an Idempotency-Key has at most 255 bytes");
	} else if (l->q->stopping || l->q->under_way >= CALLS_MAX + QUEUE_OPERATIONS_MAX) {
		refuse(l, msg->id, 503, "too busy", "try again later");
	} else if (strcmp(call->op, "queue.claim") == 0) {
		queue_wait_claim(l, msg->id, args);
	} else if (queue_attach(l, msg->id, call->op, args)) {
		return;
	} else if ((def = find(call->op)) == NULL) {
		refuse(l, msg->id, 404, "not found", "there is no such operation");
	} else if ((c = calling_new(l, msg, call, args, def)) == NULL) {
		refuse(l, msg->id, 503, "too busy", "out of memory");
	} else {
		dispatch(c);
	}
}

void
queue_call(struct link *l, struct ipc_msg *msg)
{
	struct call call;
	json_t *args;

	if (ipc_decode(msg, &call) != VG_OK)
		return;
	args = json_loadb((const char *)call.args.data, call.args.len, JSON_REJECT_DUPLICATES, NULL);
	if (!json_is_object(args))
		refuse(l, msg->id, 400, "invalid arguments", "the arguments are no JSON object");
	else
		start_call(l, msg, &call, args);
	json_decref(args);
}
