/*
 * test_ocr.c - the worker at the end of a socket pair: real pictures, logos, damaged ones and bombs; then the same behind its
 * filter, without threads and files. tests/corpus/ocr-make.py made the pictures.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <jansson.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "err.h"
#include "log.h"
#include "ocr_job.h"
#include "role.h"
#include "sandbox.h"

struct picture {
	const char *file, *type;
	size_t cut;          /* only so many bytes of it; 0: all */
	unsigned is_inline;
	const char *error;   /* part of its first error; NULL: none */
	const char *text;    /* part of its text; NULL: none */
	const char *problem, *skipped;
};

static const struct picture pictures[] = {
	{"ocr-veeam.png", "image/png", 0, 1, "Failed to connect to guest agent. Errors: 'Cannot connect to the host's administrative share.",
	    "Veeam Backup and Replication\nFailed to connect", NULL, NULL},
	{"ocr-veeam-q40.jpg", "image/jpeg", 0, 0, "The network path was not found. Code: 53", "Veeam Backup", NULL, NULL},
	{"ocr-windows.png", "image/png", 0, 0, "Error 1053: The service did not respond to the start or control request",
	    "Windows could not start the Veeam Backup Service service on Local Computer.", NULL, NULL},
	{"ocr-windows.gif", "image/gif", 0, 0, "Error 1053:", "Services", NULL, NULL},
	{"ocr-windows.bmp", "image/bmp", 0, 0, "Error 1053:", "Services", NULL, NULL},
	{"ocr-dark.png", "image/png", 0, 0, "access is denied (0x80070005)", "The repository server", NULL, NULL},
	{"ocr-german.png", "image/png", 0, 0, "konnte nicht gestartet werden. Zugriff verweigert", "Fehler\n", NULL, NULL},
	{"ocr-console.png", "image/png", 0, 0, "Failed to connect to Veeam Backup & Replication server: No connection could be made",
	    "At line:1", NULL, NULL},
	{"ocr-session.png", "image/png", 0, 0, "Processing sql01 Error: Failed to connect to guest agent.", "Job finished with error", NULL,
	    NULL},
	{"ocr-desktop.png", "image/png", 0, 0, "Unable to open the backup file. Error: The process cannot access the file",
	    "Veeam Backup and Replication", NULL, NULL},
	{"ocr-toast.png", "image/png", 0, 0, "Unable to perform application-aware processing because VSS writers are in failed state.",
	    "Veeam Agent", NULL, NULL},
	{"ocr-linux.png", "image/png", 0, 0, "Failed to create snapshot: Operation not permitted", "veeamconfig session log", NULL, NULL},
	{"ocr-small.png", "image/png", 0, 0, "The network path was not found. Code: 53", "Veeam Backup", NULL, NULL},
	{"ocr-info.png", "image/png", 0, 0, NULL, "The configuration was saved successfully.", NULL, NULL},
	{"ocr-report.docx", "application/octet-stream", 0, 0, "Failed to connect to guest agent.", "Error 1053", NULL, NULL},
	{"ocr-pictures.tgz", "application/gzip", 0, 0, "The network path was not found. Code: 53", "Veeam Backup", NULL, NULL},
	{"ocr-logo.png", "image/png", 0, 1, NULL, NULL, NULL, "logo"},
	/* A cut picture gives what the decoder gives; the head alone is none. */
	{"ocr-veeam.png", "image/png", 60, 0, NULL, NULL, "unreadable", NULL},
	{"ocr-veeam-q40.jpg", "image/jpeg", 300, 0, NULL, NULL, "unreadable", NULL},
	{"ocr-windows.gif", "image/gif", 900, 0, NULL, NULL, "unreadable", NULL},
	{"ocr-report.docx", "application/octet-stream", 3000, 0, NULL, NULL, "truncated", NULL},
	{"ocr-make.py", "image/png", 0, 0, NULL, NULL, "unreadable", NULL},
};
#define N_PICTURES (sizeof pictures / sizeof pictures[0])

static char mail[200000];

/* A mail with the file as its only attachment: its length. */
static size_t wrap(const char *name, const char *type, const void *bytes, size_t n)
{
	static char base64[150000];

	assert_true(n < 100000);
	sodium_bin2base64(base64, sizeof base64, bytes, n, sodium_base64_VARIANT_ORIGINAL);
	return (size_t)snprintf(mail, sizeof mail, "From: a@b.example\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n"
	    "\r\n--b\r\n\r\ntext\r\n--b\r\nContent-Type: %s; name=\"%s\"\r\nContent-Disposition: attachment\r\n"
	    "Content-Transfer-Encoding: base64\r\n\r\n%s\r\n--b--\r\n", type, name, base64);
}

static size_t wrap_file(const struct picture *p)
{
	static unsigned char bytes[100000];
	char path[200];
	size_t n;
	FILE *f;

	snprintf(path, sizeof path, "tests/corpus/%s", p->file);
	f = fopen(path, "rb");
	assert_non_null(f);
	n = fread(bytes, 1, sizeof bytes, f);
	fclose(f);
	return wrap(p->file, p->type, bytes, p->cut > 0 ? p->cut : n);
}

static const char *first(json_t *o, const char *list, const char *member)
{
	json_t *item = json_array_get(json_object_get(o, list), 0);

	return json_string_value(member != NULL ? json_object_get(item, member) : item);
}

static bool holds(const char *what, const char *got, const char *want)
{
	bool good = want == NULL ? got == NULL || got[0] == '\0' : got != NULL && strstr(got, want) != NULL;

	if (!good)
		print_message("%s: '%s', must hold '%s'\n", what, got != NULL ? got : "(none)", want != NULL ? want : "(none)");
	return good;
}

static bool fits(const struct picture *p, const void *json, size_t len)
{
	json_t *o = json_loadb(json, len, 0, NULL);
	bool good = o != NULL && holds("error", first(o, "errors", "text"), p->error) &&
	    holds("text", json_string_value(json_object_get(o, "text")), p->text) &&
	    holds("problem", first(o, "problems", NULL), p->problem) &&
	    holds("skipped", json_string_value(json_object_get(o, "skipped")), p->skipped);

	if (p->error != NULL && good) {
		json_t *source = json_object_get(json_array_get(json_object_get(o, "errors"), 0), "source");

		good = holds("kind", json_string_value(json_object_get(source, "kind")), "screenshot") &&
		    holds("attachment", json_string_value(json_object_get(source, "attachment")), "a1") &&
		    holds("path", json_string_value(json_object_get(source, "path")), strstr(p->file, "docx") != NULL ? "word/media/image1.png" :
		        strstr(p->file, "tgz") != NULL ? "case/screen.png" : NULL);
	}
	json_decref(o);
	return good;
}

/* ---- the role ---- */

static struct conf conf = {.ocr_languages = NULL, .ocr_pixels = 9 << 20, .ocr_time_ms = 20000};

struct world {
	struct role_ctx ctx;
	struct ipc *queue;
	const struct picture *want;
	bool ended, lost, fitted;
	uint32_t err;
};

static void on_answer(struct ipc *ipc, struct ipc_msg *msg, void *arg)
{
	struct world *w = arg;
	struct parse_done done;

	(void)ipc;
	w->ended = true;
	w->lost = msg == NULL;
	if (msg == NULL)
		return;
	assert_int_equal(ipc_decode(msg, &done), VG_OK);
	w->err = done.err;
	w->fitted = done.err == 0 && w->want != NULL && fits(w->want, done.json.data, done.json.len);
}

static int set_up(void **state)
{
	static struct world w;
	static char eng[] = "eng";
	int fd[2];

	if (w.ctx.loop != NULL) { /* loaded once for all tests */
		*state = &w;
		return 0;
	}
	conf.ocr_languages = eng;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
	w.ctx.role = ROLE_OCR;
	w.ctx.conf = &conf;
	w.ctx.loop = evloop_new();
	assert_int_equal(ocr_role.prepare(&w.ctx), 0);
	ocr_role.on_peer(&w.ctx, ROLE_QUEUE, 0, fd[0]);
	w.queue = ipc_open(w.ctx.loop, fd[1], ROLE_QUEUE, ROLE_OCR, on_answer, &w);
	assert_non_null(w.queue);
	*state = &w;
	return 0;
}

static void run(struct world *w, size_t len, const char *part, const struct picture *want)
{
	struct parse_job job = {.what = PARSE_OCR, .part = part, .entry = "", .bytes = {(unsigned char *)mail, len},
		.is_inline = want != NULL && want->is_inline};

	w->ended = w->fitted = false;
	w->want = want;
	assert_int_equal(ipc_send(w->queue, IPC_PARSE_JOB, 1, &job), VG_OK);
	for (int i = 0; i < 1000 && !w->ended; i++)
		evloop_turn(w->ctx.loop, 1000);
	assert_true(w->ended);
}

static void test_pictures(void **state)
{
	struct world *w = *state;

	for (size_t i = 0; i < N_PICTURES; i++) {
		run(w, wrap_file(&pictures[i]), "a1", &pictures[i]);
		if (!w->fitted)
			fail_msg("%s (%zu): err %u", pictures[i].file, i, w->err);
	}
}

static void test_no_attachment(void **state)
{
	struct world *w = *state;

	run(w, wrap_file(&pictures[0]), "a2", NULL);
	assert_int_equal(w->err, -VG_ERR_NOTFOUND);
}

/* A head that promises 20,000 x 20,000 pixels: refused before any decoder, whatever follows. */
static void test_bombs(void **state)
{
	static const struct picture too_large = {"", "", 0, 0, NULL, NULL, "too-large", NULL};
	static const unsigned char png[] = "\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x4e\x20\0\0\x4e\x20\x08\2\0\0\0";
	static const unsigned char gif[] = "GIF89a\4\0\3\0\0\0\0\x2c\0\0\0\0\x20\x4e\x20\x4e\0\2\1x\0\x3b";
	static const unsigned char jpeg[] = "\xff\xd8\xff\xc0\0\x11\x08\x4e\x20\x4e\x20\3\1\x22\0\2\x11\1\3\x11\1";
	struct world *w = *state;

	run(w, wrap("bomb.png", "image/png", png, sizeof png - 1), "a1", &too_large);
	assert_true(w->fitted);
	run(w, wrap("bomb.gif", "image/gif", gif, sizeof gif - 1), "a1", &too_large);
	assert_true(w->fitted);
	run(w, wrap("bomb.jpg", "image/jpeg", jpeg, sizeof jpeg - 1), "a1", &too_large);
	assert_true(w->fitted);
}

/* The time is over before it began: no text, told as such; and the next picture is read. */
static void test_time(void **state)
{
	struct world *w = *state;
	static const struct picture cut = {"", "", 0, 0, NULL, NULL, NULL, NULL};

	conf.ocr_time_ms = 1;
	run(w, wrap_file(&pictures[8]), "a1", &cut);
	assert_int_equal(w->err, 0);
	conf.ocr_time_ms = 20000;
	run(w, wrap_file(&pictures[0]), "a1", &pictures[0]);
	assert_true(w->fitted);
}

/* ---- behind the filter ---- */

static char *mails[N_PICTURES];

static int read_all(struct ocr_engine *e)
{
	struct ocr_limits limits = {9 << 20, 20000};
	struct buf json;
	int bad = 0;

	buf_init(&json, 1 << 20);
	for (size_t i = 0; i < N_PICTURES && bad == 0; i++) {
		struct parse_source src = {.data = mails[i], .len = strlen(mails[i]), .fd = -1};
		struct parse_job job = {.what = PARSE_OCR, .part = "a1", .is_inline = pictures[i].is_inline != 0};

		buf_reset(&json);
		if (ocr_job(e, &limits, &src, &job, &json) != VG_OK || !fits(&pictures[i], json.data, json.len))
			bad = 10 + (int)i;
	}
	buf_free(&json);
	return bad;
}

static void test_sandbox(void **state)
{
	pid_t pid;
	int status;

	(void)state;
	for (size_t i = 0; i < N_PICTURES; i++) /* no file is opened later */
		mails[i] = wrap_file(&pictures[i]) > 0 ? strdup(mail) : NULL;
	if ((pid = fork()) < 0)
		fail();
	if (pid == 0) {
		struct rlimit none = {0, 0};
		struct ocr_engine *e;
		const char *why;
		int bad = message_warm(&why) != VG_OK || ocr_engine_open(&e, "eng", &why) != VG_OK ||
		    setrlimit(RLIMIT_NPROC, &none) != 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
		    sandbox_enter(ROLE_OCR) != VG_OK;

		_exit(bad ? 1 : read_all(e));
	}
	for (size_t i = 0; i < N_PICTURES; i++)
		free(mails[i]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status), 0);
}

static void test_languages(void **state)
{
	struct ocr_engine *e;
	const char *why = NULL;

	(void)state;
	assert_int_equal(ocr_engine_open(&e, "eng+xyz", &why), VG_ERR_SYSTEM);
	assert_null(e);
	assert_non_null(why);
}

/* A queue that asks a reader of pictures to parse mail is none. */
static void test_stray_job(void **state)
{
	struct world *w = *state;
	struct parse_job job = {.what = PARSE_MESSAGE, .part = "", .entry = "", .bytes = {(const unsigned char *)"From: a\n\nb", 10}};

	w->ended = false;
	assert_int_equal(ipc_send(w->queue, IPC_PARSE_JOB, 1, &job), VG_OK);
	for (int i = 0; i < 1000 && !w->ended; i++)
		evloop_turn(w->ctx.loop, 1000);
	assert_true(w->lost);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sandbox), /* first: it forks */
		cmocka_unit_test(test_languages),
		cmocka_unit_test_setup(test_pictures, set_up),
		cmocka_unit_test_setup(test_no_attachment, set_up),
		cmocka_unit_test_setup(test_bombs, set_up),
		cmocka_unit_test_setup(test_time, set_up),
		cmocka_unit_test_setup(test_stray_job, set_up),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
