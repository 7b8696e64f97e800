/*
 * test_parser.c - the worker at the end of a socket pair: jobs inline and by sealed descriptor, extraction, and a queue
 * that talks nonsense.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "err.h"
#include "message_check.h"
#include "role.h"
#include "seal.h"

static const char mail[] = "From: Ann <ANN@partner.example>\r\nSubject: hello\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
    "--b\r\n\r\ntext\r\n--b\r\nContent-Type: application/octet-stream; name=a.bin\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    "AAECAwQ=\r\n--b--\r\n";

struct world {
	struct role_ctx ctx;
	struct ipc *queue;
	struct ipc_msg msg; /* last answer, NULL type 0 where none */
	struct parse_done done;
	bool ended;
};

static void on_answer(struct ipc *ipc, struct ipc_msg *msg, void *arg)
{
	struct world *w = arg;

	(void)ipc;
	w->ended = true;
	if (msg == NULL)
		return;
	assert_int_equal(msg->type, IPC_PARSE_DONE);
	assert_int_equal(ipc_decode(msg, &w->done), VG_OK);
	w->msg = *msg;
	if (w->done.json.len > 0) { /* borrowed: judged here */
		const char *why;
		json_t *m = message_check(w->done.json.data, w->done.json.len, &why);

		assert_non_null(m);
		assert_string_equal(json_string_value(json_object_get(m, "subject")), "hello");
		json_decref(m);
	}
	if (w->done.err == 0 && w->done.json.len > 0)
		assert_string_equal(w->done.sender, "ann@partner.example");
	else if (w->done.err == 0)
		assert_string_equal(w->done.content_type, "application/octet-stream");
}

static int set_up(void **state)
{
	static struct conf conf; /* no products of our own */
	static struct world w;
	int fd[2];

	memset(&w, 0, sizeof w);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
	w.ctx.role = ROLE_PARSER;
	w.ctx.conf = &conf;
	w.ctx.loop = evloop_new();
	assert_int_equal(parser_role.prepare(&w.ctx), 0);
	parser_role.on_peer(&w.ctx, ROLE_QUEUE, 0, fd[0]);
	w.queue = ipc_open(w.ctx.loop, fd[1], ROLE_QUEUE, ROLE_PARSER, on_answer, &w);
	assert_non_null(w.queue);
	*state = &w;
	return 0;
}

static int tear_down(void **state)
{
	struct world *w = *state;

	ipc_close(&w->queue);
	for (int i = 0; i < 3; i++)
		evloop_turn(w->ctx.loop, 0); /* the worker sees the end and closes */
	evloop_free(&w->ctx.loop);
	free(w->ctx.state);
	return 0;
}

static void run(struct world *w)
{
	w->ended = false;
	for (int i = 0; i < 1000 && !w->ended; i++)
		evloop_turn(w->ctx.loop, 1000);
	assert_true(w->ended);
}

static int sealed_file(const unsigned char *key)
{
	FILE *f = tmpfile();
	struct seal_writer *s;
	int fd;

	assert_non_null(f);
	fd = dup(fileno(f));
	fclose(f);
	if (key != NULL) {
		s = seal_writer_new(fd, key);
		assert_int_equal(seal_write(s, mail, sizeof mail - 1), VG_OK);
		assert_int_equal(seal_finish(s), VG_OK);
		seal_writer_free(&s);
	}
	return fd;
}

static void test_inline(void **state)
{
	struct world *w = *state;
	struct parse_job job = {.what = PARSE_MESSAGE, .bytes = {(const unsigned char *)mail, sizeof mail - 1}};

	for (uint64_t id = 7; id < 10; id++) {
		assert_int_equal(ipc_send(w->queue, IPC_PARSE_JOB, id, &job), VG_OK);
		run(w);
		assert_int_equal(w->msg.id, id);
		assert_int_equal(w->done.err, 0);
		assert_true(w->done.json.len > 0);
	}
}

static void test_sealed(void **state)
{
	struct world *w = *state;
	unsigned char key[SEAL_KEY] = {1}, wrong[SEAL_KEY] = {2};
	struct parse_job job = {.what = PARSE_MESSAGE, .size = sizeof mail - 1, .key = {key, SEAL_KEY}};
	int fd = sealed_file(key);

	assert_int_equal(ipc_send_fd(w->queue, IPC_PARSE_JOB, 1, &job, fd, -1), VG_OK);
	run(w);
	assert_int_equal(w->done.err, 0);
	job.key.data = wrong;
	assert_int_equal(ipc_send_fd(w->queue, IPC_PARSE_JOB, 2, &job, fd, -1), VG_OK);
	run(w);
	assert_int_equal(w->done.err, -VG_ERR_CRYPTO);
	close(fd);
}

static void test_empty(void **state)
{
	struct world *w = *state;
	struct parse_job job = {.what = PARSE_MESSAGE};

	assert_int_equal(ipc_send(w->queue, IPC_PARSE_JOB, 1, &job), VG_OK);
	run(w);
	assert_int_equal(w->done.err, -VG_ERR_SYNTAX);
}

static void test_extract(void **state)
{
	struct world *w = *state;
	unsigned char key[SEAL_KEY] = {3}, out_key[SEAL_KEY] = {4}, out[16];
	struct parse_job job = {.what = PARSE_EXTRACT, .size = sizeof mail - 1, .key = {key, SEAL_KEY}, .part = "a1",
		.out_key = {out_key, SEAL_KEY}};
	int in = sealed_file(key), to = sealed_file(NULL);
	struct seal_reader *r;

	assert_int_equal(ipc_send_fd(w->queue, IPC_PARSE_JOB, 5, &job, in, to), VG_OK);
	run(w);
	assert_int_equal(w->done.err, 0);
	assert_int_equal(w->done.size, 5);
	assert_int_equal(seal_reader_new(to, out_key, &r), VG_OK);
	assert_int_equal(seal_read(r, 0, out, sizeof out), 5);
	assert_memory_equal(out, "\0\1\2\3\4", 5);
	seal_reader_free(&r);
	job.part = "a2";
	assert_int_equal(ipc_send_fd(w->queue, IPC_PARSE_JOB, 6, &job, in, to), VG_OK);
	run(w);
	assert_int_equal(w->done.err, -VG_ERR_NOTFOUND);
	close(in);
	close(to);
}

/* No queue sends these: the link ends, the worker stays. */
static void test_nonsense(void **state)
{
	struct world *w = *state;
	struct parse_job job = {.what = 9, .bytes = {(const unsigned char *)mail, sizeof mail - 1}};

	w->done.err = 77;
	assert_int_equal(ipc_send(w->queue, IPC_PARSE_JOB, 1, &job), VG_OK);
	run(w);
	assert_int_equal(w->done.err, 77); /* no answer, only the end */
}

static void test_key_without_descriptor(void **state)
{
	struct world *w = *state;
	unsigned char key[SEAL_KEY] = {1};
	struct parse_job job = {.what = PARSE_MESSAGE, .key = {key, SEAL_KEY}};

	w->done.err = 77;
	assert_int_equal(ipc_send(w->queue, IPC_PARSE_JOB, 1, &job), VG_OK);
	run(w);
	assert_int_equal(w->done.err, 77);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_inline, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_sealed, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_empty, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_extract, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_nonsense, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_key_without_descriptor, set_up, tear_down),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
