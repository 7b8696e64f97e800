/*
 * queue_fixture.h - the role `queue` in a folder of its own, on one loop with the test, which plays gate, parser and api.
 */
#ifndef QUEUE_FIXTURE_H
#define QUEUE_FIXTURE_H

#include <dirent.h>
#include <fcntl.h>
#include <sodium.h>
#include <sys/socket.h>

#include "message_fallback.h"
#include "queue.h"
#include "registry_fixture.h"
#include "store_sqlite.h"

#define ANSWERS 4096
#define TURNS_MS 20000

/* What the queue said to one peer, in order. */
struct answer {
	enum ipc_type type;
	uint64_t id;
	unsigned char *data;
	size_t len;
	int fd;
};

enum parser_mood { PARSER_GOOD, PARSER_DIES, PARSER_LIES, PARSER_FAILS, PARSER_OTHER_SENDER, PARSER_SILENT };

struct peer {
	struct ipc *ipc;
	struct queue_test *t;
	struct answer answers[ANSWERS];
	unsigned n, read;
	bool ended;
	/* a parser */
	enum parser_mood mood;
	unsigned jobs;
	uint64_t last_job;
};

struct queue_test {
	char dir[64];
	struct role_ctx ctx;
	struct peer gate, api, smtp, parser;
	bool stopped;
	uint64_t next_id;
	const char *fields; /* JSON object of the next messages' fields, NULL: {} */
	const char *to, *cc; /* JSON arrays, NULL: [] */
	const char *commands; /* JSON array */
	const char *in_reply_to; /* JSON array */
	const char *text;   /* body.text */
	const char *sender; /* that the parser finds, NULL: ann */
	const char *errors; /* JSON array */
	const char *attachments; /* JSON array */
	const char *conf;   /* more directives */
};

static struct queue_test *exit_test;

/* Instead of role.c's: there is no process around us. */
void
role_exit(struct role_ctx *ctx)
{
	(void)ctx;
	exit_test->stopped = true;
}

static inline void
conf_error(const char *file, unsigned line, unsigned column, const char *why, void *arg)
{
	(void)arg;
	print_error("%s:%u:%u: %s\n", file, line, column, why);
}

static inline void
load_conf(struct queue_test *t)
{
	char text[1024];

	snprintf(text, sizeof(text), "hostname support.example\nstate %s\nlisten smtp 127.0.0.1:2525\naddress intake support@support.example\n%s\n", t->dir,
	    t->conf != NULL ? t->conf : "");
	assert_int_equal(conf_parse("test", text, strlen(text), &t->ctx.conf, conf_error, NULL), VG_OK);
}

/* ---- the test's side of the links ---- */

static inline char *
message_json(struct queue_test *t, struct ipc_msg *msg)
{
	struct message_facts f = { .message_id = "x@partner.example", .from_address = "ann@partner.example",
		.subject = "From the parser", .date_ms = 1764000000000, .problem = "test.made", .detail = "" };
	json_t *o = message_fallback(&f);
	char *text;

	(void)msg;
	assert_non_null(o);
	json_array_clear(json_object_get(o, "problems"));
	if (t->fields != NULL)
		json_object_set_new(o, "fields", json_loads(t->fields, 0, NULL));
	if (t->to != NULL)
		json_object_set_new(o, "to", json_loads(t->to, 0, NULL));
	if (t->commands != NULL)
		json_object_set_new(o, "commands", json_loads(t->commands, 0, NULL));
	if (t->in_reply_to != NULL)
		json_object_set_new(o, "in_reply_to", json_loads(t->in_reply_to, 0, NULL));
	if (t->text != NULL)
		json_object_set_new(json_object_get(o, "body"), "text", json_string(t->text));
	if (t->cc != NULL)
		json_object_set_new(o, "cc", json_loads(t->cc, 0, NULL));
	if (t->errors != NULL)
		json_object_set_new(o, "errors", json_loads(t->errors, 0, NULL));
	if (t->attachments != NULL)
		json_object_set_new(o, "attachments", json_loads(t->attachments, 0, NULL));
	text = json_dumps(o, JSON_COMPACT);
	json_decref(o);
	return text;
}

static inline void
parser_answer(struct peer *p, struct ipc_msg *msg)
{
	struct parse_job job;
	struct parse_done done = { .sender = "ann@partner.example", .content_type = "" };
	char *json = NULL;

	assert_int_equal(ipc_decode(msg, &job), VG_OK);
	p->jobs++;
	p->last_job = msg->id;
	if (p->mood == PARSER_SILENT)
		return;
	if (p->t->sender != NULL)
		done.sender = p->t->sender;
	if (p->mood == PARSER_FAILS)
		done.err = -VG_ERR_SYNTAX;
	if (p->mood == PARSER_OTHER_SENDER)
		done.sender = "eve@stranger.example";
	if (job.what == PARSE_EXTRACT) {
		struct seal_writer *w = seal_writer_new(msg->fd[1], job.out_key.data);

		assert_non_null(w);
		assert_int_equal(seal_write(w, "the part", 8), VG_OK);
		assert_int_equal(seal_finish(w), VG_OK);
		seal_writer_free(&w);
		done.size = 8;
		done.content_type = "text/plain";
	} else {
		json = p->mood == PARSER_LIES ? strdup("{\"schema\":\"nonsense\"}") : message_json(p->t, msg);
		done.json = (struct blob){ (unsigned char *)json, strlen(json) };
	}
	assert_int_equal(ipc_send(p->ipc, IPC_PARSE_DONE, msg->id, &done), VG_OK);
	free(json);
}

static inline void
on_answer(struct ipc *ipc, struct ipc_msg *msg, void *arg)
{
	struct peer *p = arg;
	struct answer *a;

	if (msg == NULL) {
		p->ended = true;
		ipc_close(&p->ipc);
		return;
	}
	if (msg->type == IPC_PARSE_JOB) {
		if (p->mood == PARSER_DIES) {
			p->jobs++;
			ipc_close(&p->ipc);
			p->ended = true;
			return;
		}
		parser_answer(p, msg);
		return;
	}
	(void)ipc;
	assert_true(p->n < ANSWERS);
	a = &p->answers[p->n++];
	*a = (struct answer){ msg->type, msg->id, malloc(msg->len + 1), msg->len, ipc_take_fd(msg, 0) };
	memcpy(a->data, msg->data, msg->len);
}

static inline void
connect_peer(struct queue_test *t, struct peer *p, enum role role)
{
	int fds[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	p->t = t;
	p->ended = false;
	p->ipc = ipc_open(t->ctx.loop, fds[0], role, ROLE_QUEUE, on_answer, p);
	assert_non_null(p->ipc);
	queue_role.on_peer(&t->ctx, role, 0, fds[1]);
}

/* Turns the loop until the condition holds. */
#define WAIT_FOR(t, condition) \
	do { \
		int64_t wait_end = id_now_ms() + TURNS_MS; \
		while (!(condition)) { \
			if (id_now_ms() > wait_end) \
				fail_msg("waited in vain for %s", #condition); \
			evloop_turn((t)->ctx.loop, 50); \
		} \
	} while (0)

/* ---- life ---- */

static inline int
start_queue(struct queue_test *t)
{
	static const unsigned char key[SEAL_KEY] = { 1, 2, 3 };
	int rc;

	exit_test = t;
	t->stopped = false;
	t->ctx = (struct role_ctx){ .role = ROLE_QUEUE, .loop = evloop_new(), .state_dir = t->dir };
	assert_non_null(t->ctx.loop);
	load_conf(t);
	queue_role.on_secret(&t->ctx, SECRET_WRAP_KEY, key, sizeof(key));
	if ((rc = queue_role.start(&t->ctx)) != 0)
		return rc;
	connect_peer(t, &t->gate, ROLE_GATE);
	connect_peer(t, &t->api, ROLE_API);
	connect_peer(t, &t->smtp, ROLE_SMTP);
	connect_peer(t, &t->parser, ROLE_PARSER);
	return 0;
}

static inline void
forget_answers(struct peer *p)
{
	for (unsigned i = 0; i < p->n; i++) {
		free(p->answers[i].data);
		if (p->answers[i].fd >= 0)
			close(p->answers[i].fd);
	}
	p->n = p->read = 0;
}

static inline struct queue *
queue_now(struct queue_test *t)
{
	return t->ctx.state;
}

static inline void
stop_queue(struct queue_test *t)
{
	struct peer *peers[] = { &t->gate, &t->api, &t->smtp, &t->parser };

	/* A statement left open would have kept the loop's connection at an old state of the store. */
	if (queue_now(t)->store != NULL)
		assert_int_equal(sqlite3_txn_state(db_handle(queue_now(t)->store->d), NULL), SQLITE_TXN_NONE);
	queue_role.on_stop(&t->ctx);
	WAIT_FOR(t, t->stopped);
	for (unsigned i = 0; i < 4; i++) {
		if (peers[i]->ipc != NULL)
			ipc_close(&peers[i]->ipc);
		forget_answers(peers[i]);
	}
	evloop_free(&t->ctx.loop);
	conf_free(&t->ctx.conf);
}

static inline void
remove_folder(const char *path)
{
	DIR *d = opendir(path);
	struct dirent *e;
	char name[512];

	while (d != NULL && (e = readdir(d)) != NULL) {
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		snprintf(name, sizeof(name), "%.200s/%.255s", path, e->d_name);
		if (unlink(name) < 0)
			remove_folder(name);
	}
	if (d != NULL)
		closedir(d);
	rmdir(path);
}

static inline struct queue_test *
queue_test_new(const char *conf)
{
	struct queue_test *t = calloc(1, sizeof(*t));
	struct fixture f = { .who = { .actor = "test", .now_ms = 1764000000000 } };
	const char *tmp = getenv("TMPDIR"), *why = "";

	assert_non_null(t);
	t->conf = conf;
	snprintf(t->dir, sizeof(t->dir), "%.40s/queueXXXXXX", tmp == NULL ? "/tmp" : tmp);
	assert_non_null(mkdtemp(t->dir));
	assert_int_equal(registry_open(&f.r, t->dir, true, &why), VG_OK);
	populate(&f);
	registry_close(&f.r);
	return t;
}

static inline int
queue_setup(void **state)
{
	struct queue_test *t = queue_test_new(NULL);

	*state = t;
	return start_queue(t);
}

static inline int
queue_teardown(void **state)
{
	struct queue_test *t = *state;

	if (t->ctx.loop != NULL)
		stop_queue(t);
	remove_folder(t->dir);
	free(t);
	return 0;
}

/* ---- talking ---- */

static inline struct answer *
next_answer(struct queue_test *t, struct peer *p)
{
	WAIT_FOR(t, p->read < p->n);
	return &p->answers[p->read++];
}

/* A COMMIT as the gate makes it; change what the case is about. */
static inline struct commit
commit_of(const char *text)
{
	static unsigned char digest[32];
	struct commit c = { .action = COMMIT_OPEN, .rule = "V11", .reason = "", .text = "", .outcome = OUT_ACCEPTED,
		.role = PART_CONTACT, .cls = CLASS_CONTACT, .partner = "acme-msp", .holder = "", .route = "",
		.sender = "ann@partner.example", .sender_shown = "Ann@partner.example", .sender_name = "Ann Lee",
		.message_id = "", .subject = "From the gate", .automatic = "",
		.facts = "{\"authentication\":{\"result\":\"authenticated\",\"method\":\"relay\",\"covers\":\"*\"}}", .channel = CHANNEL_SMTP,
		.sess = "sess", .real_peer = "192.0.2.1", .client = "192.0.2.1", .helo = "h", .tls = "", .login = "",
		.reverse_path = "ann@partner.example", .received_at = id_now_ms(),
		.prefix = { (const unsigned char *)"Received: x\r\n", 13 } };

	randombytes_buf(digest, sizeof(digest));
	c.digest = (struct blob){ digest, sizeof(digest) };
	c.bytes = (struct blob){ (const unsigned char *)text, strlen(text) };
	c.size = c.bytes.len;
	return c;
}

#define MAIL "From: ann@partner.example\r\nSubject: x\r\n\r\nbody\r\n"

static inline struct commit_say
commit(struct queue_test *t, const struct commit *c)
{
	struct commit_say say;
	struct answer *a;

	assert_int_equal(ipc_send(t->gate.ipc, IPC_COMMIT, ++t->next_id, c), VG_OK);
	a = next_answer(t, &t->gate);
	assert_int_equal(a->type, IPC_COMMIT_SAY);
	assert_int_equal(a->id, t->next_id);
	assert_int_equal(wire_get(&wire_commit_say, a->data, a->len, &say), VG_OK);
	return say;
}

/* Sends a call; answer by call_answer(). */
static inline uint64_t
call_key(struct queue_test *t, const char *op, const char *args, const char *key)
{
	struct call call = { .op = op, .actor = "tester", .idempotency_key = key,
		.args = { (const unsigned char *)args, strlen(args) } };

	if (t->api.read == t->api.n) /* a test that waits asks many times */
		forget_answers(&t->api);
	assert_int_equal(ipc_send(t->api.ipc, IPC_CALL, ++t->next_id, &call), VG_OK);
	return t->next_id;
}

static inline json_t *
call_answer(struct queue_test *t, unsigned status)
{
	struct answer *a = next_answer(t, &t->api);
	struct call_say say;
	json_t *body;

	assert_int_equal(a->type, IPC_CALL_SAY);
	assert_int_equal(wire_get(&wire_call_say, a->data, a->len, &say), VG_OK);
	if (say.status != status)
		print_error("status %u: %.*s\n", say.status, (int)say.body.len, (const char *)say.body.data);
	assert_int_equal(say.status, status);
	body = json_loadb((const char *)say.body.data, say.body.len, 0, NULL);
	return body;
}

static inline json_t *
call(struct queue_test *t, const char *op, const char *args, unsigned status)
{
	call_key(t, op, args, "");
	return call_answer(t, status);
}

/* Claims exactly n events: the items. */
static inline json_t *
claim(struct queue_test *t, size_t n)
{
	json_t *body = call(t, "queue.claim", "{\"body\":{\"max\":100,\"wait_seconds\":0}}", 200), *items;

	items = json_incref(json_object_get(body, "items"));
	json_decref(body);
	if (json_array_size(items) != n)
		print_error("%s\n", json_dumps(items, JSON_INDENT(1)));
	assert_int_equal(json_array_size(items), n);
	return items;
}

static inline json_t *
settle(struct queue_test *t, const char *op, json_t *item, const char *more)
{
	char args[512];

	snprintf(args, sizeof(args), "{\"body\":{\"receipts\":[\"%s\"]%s}}",
	    json_string_value(json_object_get(item, "receipt")), more);
	return call(t, op, args, 200);
}

static inline const char *
result_of(json_t *body)
{
	return json_string_value(json_object_get(json_array_get(json_object_get(body, "items"), 0), "result"));
}

/* Nothing is with the threads any more. */
static inline void
settle_down(struct queue_test *t)
{
	WAIT_FOR(t, queue_now(t)->under_way == 0);
}

static inline int64_t
stat_of(struct queue_test *t, const char *name)
{
	json_t *body = call(t, "queue.stats", "{}", 200), *v = json_object_get(body, name);
	int64_t n;

	if (v == NULL)
		v = json_object_get(json_object_get(body, "accounting"), name);
	assert_non_null(v);
	n = json_integer_value(v);
	json_decref(body);
	return n;
}

static inline const char *
text(json_t *o, const char *a, const char *b)
{
	const char *s = json_string_value(b == NULL ? json_object_get(o, a) : json_object_get(json_object_get(o, a), b));

	return s == NULL ? "(none)" : s;
}

static inline json_t *
event_of(json_t *items, size_t i)
{
	return json_object_get(json_array_get(items, i), "event");
}

/* A number that only the database itself can tell. */
static inline int64_t
rows_of(struct queue_test *t, const char *sql)
{
	char file[128];
	sqlite3_stmt *stmt;
	sqlite3 *h;
	int64_t n;

	snprintf(file, sizeof(file), "%s/store.db", t->dir);
	assert_int_equal(sqlite3_open_v2(file, &h, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(h, sql, -1, &stmt, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
	n = sqlite3_column_int64(stmt, 0);
	sqlite3_finalize(stmt);
	sqlite3_close(h);
	return n;
}

#endif
