/*
 * Pictures on their way through the role ocr, which the test plays: what is sent, what becomes of answers good and hostile, of
 * readers that die, and of a gateway that stops in between.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "pictures.h"
#include "queue_fixture.h"

#define HASH_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define PICTURE(id, name, kind, disposition) \
	"{\"id\":\"" id "\",\"name\":\"" name "\",\"content_type\":\"image/png\",\"detected_type\":\"image/png\",\"size\":9,\"blake2b\":\"" \
	HASH_A "\",\"disposition\":\"" disposition "\",\"kind\":\"" kind "\",\"entries\":[],\"problems\":[]}"
#define BUNDLE(id, kind, member) \
	"{\"id\":\"" id "\",\"name\":\"b.zip\",\"content_type\":\"application/zip\",\"detected_type\":\"application/zip\",\"size\":9," \
	"\"blake2b\":\"" HASH_A "\",\"disposition\":\"attachment\",\"kind\":\"" kind "\",\"entries\":[{\"path\":\"x\",\"size\":9,\"kind\":\"" \
	member "\"}],\"problems\":[]}"
#define ONE "[" PICTURE("a1", "error.png", "screenshot", "attachment") "]"
#define ERROR(text) \
	"{\"text\":\"" text "\",\"code\":null,\"exception\":null,\"component\":null,\"count\":1,\"first_at\":null,\"last_at\":null," \
	"\"fingerprint\":\"0123456789abcdef0123456789abcdef\",\"severity\":\"error\",\"source\":{\"kind\":\"screenshot\",\"attachment\":\"a1\"}}"
#define GOOD "{\"text\":\"Failed to read\\n\",\"errors\":[" ERROR("Failed to read") "],\"problems\":[],\"cut\":false}"

/* The other side of the role ocr. */
struct reader {
	struct ipc *ipc;
	bool dies, ended;
	const char *say; /* NULL: silent */
	uint32_t err;
	unsigned jobs;
	char part[16];
	bool in_signature, is_inline;
};

static struct reader reader;

static void
on_job(struct ipc *ipc, struct ipc_msg *msg, void *arg)
{
	struct reader *r = arg;
	struct parse_job job;
	struct parse_done done = { .sender = "", .content_type = "", .err = r->err };

	(void)ipc;
	if (msg == NULL || r->dies) {
		r->jobs += msg != NULL;
		r->ended = true;
		ipc_close(&r->ipc);
		return;
	}
	assert_int_equal(msg->type, IPC_PARSE_JOB);
	assert_int_equal(ipc_decode(msg, &job), VG_OK);
	assert_int_equal(job.what, PARSE_OCR);
	assert_true(job.bytes.len > 0);
	snprintf(r->part, sizeof(r->part), "%s", job.part);
	r->in_signature = job.in_signature != 0;
	r->is_inline = job.is_inline != 0;
	r->jobs++;
	if (r->say == NULL)
		return;
	done.json = (struct blob){ (const unsigned char *)r->say, strlen(r->say) };
	assert_int_equal(ipc_send(r->ipc, IPC_PARSE_DONE, msg->id, &done), VG_OK);
}

static void
connect_reader(struct queue_test *t)
{
	int fds[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	reader.ended = false;
	reader.ipc = ipc_open(t->ctx.loop, fds[0], ROLE_OCR, ROLE_QUEUE, on_job, &reader);
	assert_non_null(reader.ipc);
	queue_role.on_peer(&t->ctx, ROLE_OCR, 0, fds[1]);
}

static int
setup(void **state)
{
	struct queue_test *t = queue_test_new("ocr languages eng");

	*state = t;
	memset(&reader, 0, sizeof(reader));
	return start_queue(t);
}

static int
teardown(void **state)
{
	ipc_close(&reader.ipc);
	return queue_teardown(state);
}

static struct commit_say
open_with(struct queue_test *t, const char *attachments)
{
	struct commit c = commit_of(MAIL);
	struct commit_say say;

	t->attachments = attachments;
	say = commit(t, &c);
	assert_int_equal(say.err, 0);
	WAIT_FOR(t, stat_of(t, "unparsed") == 0);
	settle_down(t);
	return say;
}

static unsigned
waiting(struct queue_test *t)
{
	struct store_picture p[8];
	int n = store_pictures_waiting(queue_now(t)->store, p, 8);

	assert_true(n >= 0);
	return (unsigned)n;
}

/* The last of n events: `ticket.updated`. */
static json_t *
updated(struct queue_test *t, size_t n)
{
	json_t *items, *event;

	WAIT_FOR(t, waiting(t) == 0);
	settle_down(t);
	/* One ticket's events come one after the other. */
	for (size_t i = 1; i < n; i++) {
		items = claim(t, 1);
		json_decref(settle(t, "queue.ack", json_array_get(items, 0), ""));
		json_decref(items);
	}
	items = claim(t, 1);
	event = json_incref(json_object_get(json_array_get(items, 0), "event"));
	json_decref(settle(t, "queue.ack", json_array_get(items, 0), ""));
	json_decref(items);
	return event;
}

static json_t *
attachment(json_t *event, size_t i)
{
	return json_array_get(json_object_get(json_object_get(event, "message"), "attachments"), i);
}

static const char *
problem(json_t *event)
{
	return text(json_array_get(json_object_get(json_object_get(event, "message"), "problems"), 0), "code", NULL);
}

static void
text_follows_the_ticket(void **state)
{
	struct queue_test *t = *state;
	json_t *e;

	open_with(t, ONE);
	assert_int_equal(waiting(t), 1); /* no reader yet: nothing is lost, nothing waits for it */
	reader.say = GOOD;
	connect_reader(t);
	e = updated(t, 2);
	assert_string_equal(text(e, "event", NULL), "ticket.updated");
	assert_string_equal(text(attachment(e, 0), "text", NULL), "Failed to read\n");
	assert_string_equal(text(json_array_get(json_object_get(json_object_get(e, "message"), "errors"), 0), "text", NULL), "Failed to read");
	json_decref(e);
	assert_int_equal(reader.jobs, 1);
	assert_string_equal(reader.part, "a1");
}

static void
nothing_read_says_nothing(void **state)
{
	struct queue_test *t = *state;

	reader.say = "{\"text\":\"\",\"errors\":[],\"problems\":[],\"cut\":false,\"skipped\":\"logo\"}";
	connect_reader(t);
	open_with(t, ONE);
	WAIT_FOR(t, waiting(t) == 0);
	settle_down(t);
	json_decref(claim(t, 1)); /* the opening */
	assert_int_equal(stat_of(t, "depth"), 1);
}

/* Whatever a reader says that was taken over: the message stays whole, and the failure is told. */
static void
lies_are_refused(void **state)
{
	static const char *const lies[] = { "no JSON", "{\"errors\":[{\"text\":5}]}", "{\"errors\":[" ERROR("x\\u0007y") "]}",
		"{\"problems\":[\"no such word\"]}", "{\"text\":\"bell \\u0007\"}", "{\"errors\":[[],{}]}" };
	struct queue_test *t = *state;
	json_t *e;

	connect_reader(t);
	for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
		reader.say = lies[i];
		open_with(t, ONE);
		e = updated(t, 2);
		if (strcmp(problem(e), "ocr.failed") != 0)
			fail_msg("%s: %s", lies[i], json_dumps(e, 0));
		assert_int_equal(json_array_size(json_object_get(json_object_get(e, "message"), "errors")), 0);
		assert_null(json_object_get(attachment(e, 0), "text"));
		json_decref(e);
	}
}

static void
pictures_of_a_message_are_told_together(void **state)
{
	struct queue_test *t = *state;
	json_t *e;

	connect_reader(t);
	open_with(t, "[" PICTURE("a1", "one.png", "screenshot", "attachment") "," PICTURE("a2", "two.docx", "document", "attachment") ","
	    PICTURE("a3", "three.pdf", "document", "attachment") "]");
	WAIT_FOR(t, reader.jobs == 1);
	assert_int_equal(waiting(t), 2);
	/* the reader that says nothing goes away; the next one reads both, and they are told of together */
	ipc_close(&reader.ipc);
	reader.say = GOOD;
	connect_reader(t);
	WAIT_FOR(t, reader.jobs >= 2);
	e = updated(t, 2);
	assert_string_equal(text(attachment(e, 0), "text", NULL), "Failed to read\n");
	assert_string_equal(text(attachment(e, 1), "text", NULL), "Failed to read\n");
	assert_null(json_object_get(attachment(e, 2), "text"));
	json_decref(e);
}

static void
pictures_in_archives_are_read(void **state)
{
	struct queue_test *t = *state;

	connect_reader(t);
	open_with(t, "[" BUNDLE("a1", "log-archive", "screenshot") "," BUNDLE("a2", "archive", "log") ","
	    BUNDLE("a3", "message", "screenshot") "]");
	WAIT_FOR(t, reader.jobs == 1);
	assert_int_equal(waiting(t), 1);
}

static void
a_killer_is_given_up(void **state)
{
	struct queue_test *t = *state;
	json_t *e;

	open_with(t, ONE);
	reader.dies = true;
	for (unsigned i = 1; i <= PICTURES_TRIES; i++) {
		assert_int_equal(waiting(t), 1);
		connect_reader(t);
		WAIT_FOR(t, reader.ended);
		settle_down(t);
		assert_int_equal(reader.jobs, i);
	}
	e = updated(t, 2);
	assert_string_equal(problem(e), "ocr.failed");
	json_decref(e);
}

/* Tries are counted before they begin: what kills the whole gateway is given up as well. */
static void
tries_survive_a_restart(void **state)
{
	struct queue_test *t = *state;
	json_t *e;

	open_with(t, ONE);
	for (unsigned i = 1; i <= PICTURES_TRIES; i++) {
		connect_reader(t);
		WAIT_FOR(t, reader.jobs == i);
		ipc_close(&reader.ipc);
		stop_queue(t);
		assert_int_equal(start_queue(t), 0);
	}
	reader.say = GOOD;
	connect_reader(t);
	e = updated(t, 2);
	assert_string_equal(problem(e), "ocr.failed");
	assert_int_equal(reader.jobs, PICTURES_TRIES);
	json_decref(e);
}

/* Signature pictures come with every mail of a sender, in line. */
static void
what_comes_with_every_mail_is_left_out(void **state)
{
	struct queue_test *t = *state;

	reader.say = "{\"text\":\"\",\"errors\":[],\"problems\":[],\"cut\":false}";
	connect_reader(t);
	for (unsigned i = 1; i <= 5; i++) {
		open_with(t, "[" PICTURE("a1", "image001.png", "screenshot", "inline") "]");
		WAIT_FOR(t, waiting(t) == 0);
		settle_down(t);
		assert_int_equal(reader.jobs, i < 4 ? i : 3);
		assert_true(reader.is_inline);
	}
}

static void
other_kinds_are_not_read(void **state)
{
	struct queue_test *t = *state;

	open_with(t, "[" PICTURE("a1", "logo.png", "signature", "inline") "," PICTURE("a2", "job.log", "log", "attachment") "," PICTURE("a3",
	    "docx", "document", "attachment") "]");
	assert_int_equal(waiting(t), 0);
}

static void
held_mail_is_not_read(void **state)
{
	struct queue_test *t = *state;
	struct commit c = commit_of(MAIL);

	c.action = COMMIT_HOLD;
	c.outcome = OUT_HELD;
	c.reason = "unverified-sender";
	c.rule = "V12";
	t->attachments = ONE;
	commit(t, &c);
	WAIT_FOR(t, stat_of(t, "unparsed") == 0);
	settle_down(t);
	assert_int_equal(waiting(t), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(text_follows_the_ticket, setup, teardown),
		cmocka_unit_test_setup_teardown(nothing_read_says_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(lies_are_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(pictures_of_a_message_are_told_together, setup, teardown),
		cmocka_unit_test_setup_teardown(pictures_in_archives_are_read, setup, teardown),
		cmocka_unit_test_setup_teardown(a_killer_is_given_up, setup, teardown),
		cmocka_unit_test_setup_teardown(tries_survive_a_restart, setup, teardown),
		cmocka_unit_test_setup_teardown(what_comes_with_every_mail_is_left_out, setup, teardown),
		cmocka_unit_test_setup_teardown(other_kinds_are_not_read, setup, teardown),
		cmocka_unit_test_setup_teardown(held_mail_is_not_read, setup, teardown),
	};

	return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
