/*
 * bench_store.c - the store alone, without mail, network or parsers: how many commits with their applies, and claims with
 * their acknowledgements, one writer makes durable in a second. Usage: bench_store FOLDER [MAILS [BYTES [BATCH]]].
 */
#include <sodium.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "err.h"
#include "log.h"
#include "message_fallback.h"
#include "queue.h"

struct op {
	struct task task; /* first */
	struct commit c;
	char ulid[ULID_LEN + 1];
	unsigned char digest[32], key[SEAL_WRAPPED];
	char mid[64];
	struct buf sealed;
	struct store_accepted out;
	struct apply_input in;
	struct apply_result applied;
};

static struct conf *conf;
static struct evloop *loop;
static struct writer *writer;
static json_t *object;
static char *json, *plain;
static size_t size;
static unsigned total, sent, done, window;

static double
now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void
run_commit(struct task *t, void *arg)
{
	struct op *o = (struct op *)t;
	struct store_body b = { .ulid = o->ulid, .envelope = "{\"channel\":\"smtp\"}", .key = o->key, .sealed = o->sealed.data,
		.sealed_len = o->sealed.len };

	t->err = store_accept(((struct writer_env *)arg)->store, &o->c, &b, o->c.received_at, 0, &o->out);
}

static void
run_apply(struct task *t, void *arg)
{
	struct op *o = (struct op *)t;

	o->in = (struct apply_input){ .message = o->out.id, .object = object, .json = json, .json_len = strlen(json),
		.sender = "ann@partner.example", .conf = conf, .now = o->c.received_at };
	t->err = queue_apply(arg, &o->in, &o->applied);
}

static void next_op(void);

static void
applied(struct task *t)
{
	struct op *o = (struct op *)t;

	if (t->err != VG_OK)
		exit((fprintf(stderr, "apply: %s\n", vg_strerror(t->err)), 1));
	buf_free(&o->sealed);
	free(o);
	done++;
	if (sent < total)
		next_op();
	else if (done == total)
		evloop_stop(loop);
}

static void
committed(struct task *t)
{
	if (t->err != VG_OK)
		exit((fprintf(stderr, "commit: %s\n", vg_strerror(t->err)), 1));
	t->run = run_apply;
	t->done = applied;
	writer_add(writer, t);
}

static void
next_op(void)
{
	static const unsigned char wrap[SEAL_KEY] = { 1 };
	unsigned char key[SEAL_KEY];
	struct op *o = calloc(1, sizeof(*o));

	sent++;
	id_ulid(o->ulid, id_now_ms());
	randombytes_buf(o->digest, sizeof(o->digest));
	randombytes_buf(key, sizeof(key));
	snprintf(o->mid, sizeof(o->mid), "%u.%u@partner.example", randombytes_random(), sent);
	o->c = (struct commit){ .action = COMMIT_OPEN, .rule = "V11", .reason = "", .text = "", .role = PART_CONTACT,
		.cls = CLASS_CONTACT, .partner = "acme", .holder = "", .route = "", .sender = "ann@partner.example",
		.sender_shown = "ann@partner.example", .sender_name = "Ann Lee", .message_id = o->mid, .subject = "A subject",
		.automatic = "", .digest = { o->digest, 32 },
		.facts = "{\"authentication\":{\"result\":\"authenticated\",\"method\":\"relay\",\"spf\":\"none\",\"dkim\":\"none\"},"
		         "\"registry\":{\"class\":\"contact\",\"partner\":\"acme\",\"status\":\"active\"},\"thread\":{\"candidates\":[]}}",
		.prefix = { (const unsigned char *)"Received: from relay.example by support.example; date\r\n", 55 },
		.sess = "sess", .real_peer = "192.0.2.1", .received_at = id_now_ms(), .size = size };
	buf_init(&o->sealed, 2 * MSG_INLINE_MAX);
	seal_bytes(&o->sealed, key, plain, size);
	seal_wrap_key(o->key, key, wrap, o->ulid);
	o->task.run = run_commit;
	o->task.done = committed;
	writer_add(writer, &o->task);
}

static void
must(int err, const char *what)
{
	if (err == VG_OK)
		return;
	fprintf(stderr, "bench_store: %s: %s\n", what, vg_strerror(err));
	exit(1);
}

static void
make_object(void)
{
	struct message_facts f = { .message_id = "x@partner.example", .from_address = "ann@partner.example", .subject = "A subject",
		.date_ms = 1764000000000 };
	char *text = calloc(1, size + 1);
	json_t *errors;

	for (size_t i = 0; i < size; i++)
		text[i] = i % 60 == 59 ? '\n' : i % 7 == 6 ? ' ' : (char)('a' + randombytes_uniform(26));
	object = message_fallback(&f);
	json_object_set_new(json_object_get(object, "body"), "text", json_string(text));
	json_object_set_new(json_object_get(object, "body"), "full", json_string(text));
	errors = json_pack("[{s:s,s:s}]", "text", "Failed to open disk", "fingerprint", "00112233445566778899aabbccddeeff");
	json_object_set_new(object, "errors", errors);
	json = json_dumps(object, JSON_COMPACT);
	free(text);
}

static void
claim_all(struct store *s)
{
	struct store_claim c = { .consumer = CONSUMER_QUEUE, .max = 100, .lease_ms = 60000, .attempts = 10 };
	enum store_settle how;
	struct buf out;
	unsigned n = 0;
	double start = now();

	buf_init(&out, IPC_HUGE);
	for (int got = 1; got > 0;) {
		char *p;

		buf_reset(&out);
		c.now = id_now_ms();
		must(store_begin(s), "begin");
		got = store_claim(s, &c, &out);
		must(got < 0 ? got : VG_OK, "claim");
		must(store_commit(s), "commit");
		must(store_begin(s), "begin");
		p = (char *)(uintptr_t)buf_str(&out);
		while ((p = strstr(p, "{\"receipt\":\"")) != NULL) {
			char *receipt = p + 12;

			p = strchr(receipt, '"');
			*p = '\0';
			must(store_ack(s, receipt, c.now, &how), "ack");
			must(how == SETTLE_OK ? VG_OK : VG_ERR_NOTFOUND, "ack result");
			*p++ = '"';
			n++;
		}
		must(store_commit(s), "commit");
	}
	printf("claim+ack, 100 a time: %u events, %.0f a second\n", n, n / (now() - start));
	buf_free(&out);
}

int
main(int argc, char **argv)
{
	static const char text[] = "hostname h.example\nstate /tmp\nlisten smtp 127.0.0.1:2525\naddress intake s@h.example\n";
	struct store *writing, *checkpointer;
	struct registry *registry;
	struct blobs *blobs;
	struct task_home *home;
	double start, took;

	if (argc < 2)
		return fprintf(stderr, "usage: bench_store FOLDER [MAILS [BYTES [WINDOW]]]\n"), 64;
	log_setup("bench", LOG_LVL_ERROR);
	total = argc > 2 ? (unsigned)atoi(argv[2]) : 20000;
	size = argc > 3 ? (size_t)atoi(argv[3]) : 4096;
	window = argc > 4 ? (unsigned)atoi(argv[4]) : 20;
	must(sodium_init() < 0 ? VG_ERR_CRYPTO : VG_OK, "libsodium");
	must(conf_parse("bench", text, sizeof(text) - 1, &conf, NULL, NULL), "configuration");
	must(registry_open(&registry, argv[1], true, NULL), "registry");
	must(store_open(&writing, argv[1], true, NULL), "store");
	must(store_open(&checkpointer, argv[1], true, NULL), "store");
	must(blobs_open(&blobs, argv[1]), "blobs");
	loop = evloop_new();
	home = task_home_new(loop);
	plain = calloc(1, size);
	make_object();
	writer = writer_new(home, writing, checkpointer, registry, blobs, NULL);
	start = now();
	for (unsigned i = 0; i < window && sent < total; i++)
		next_op();
	must(evloop_run(loop), "loop");
	took = now() - start;
	printf("commit+apply, %u at a time, %zu bytes: %u mails, %.0f a second\n", window, size, total, total / took);
	writer_free(&writer);
	task_home_free(&home);
	must(store_open(&writing, argv[1], true, NULL), "store");
	claim_all(writing);
	store_close(&writing);
	return 0;
}
