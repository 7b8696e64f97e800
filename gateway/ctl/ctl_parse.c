/*
 * ctl_parse.c - the parsers alone. The file's bytes are hostile; the process is the operator's own, without sandbox, so
 * that it can be debugged and measured: do not run it as root on strangers' mail.
 */
#include "ctl_parse.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "body.h"
#include "ctl_run.h"
#include "err.h"
#include "logs_json.h"
#include "message.h"

#define FILES_MAX 1000
#define INPUT_MAX (1024u * 1024u * 1024u)
#define JSON_MAX (256u * 1024u * 1024u)

void ctl_parse_help(FILE *f)
{
	fputs("usage: vcspgate parse [--now RFC3339] [FILE|-]\n"
	      "       vcspgate parse --logs FILE...\n"
	      "       vcspgate parse --text [FILE|-]\n"
	      "Prints the message object of a mail; with --logs the errors of log files or bundles; with --text the\n"
	      "body object of UTF-8 text. No daemon, no store, no policy.\n",
	    f);
}

static int read_input(const char *name, struct buf *out)
{
	int fd = strcmp(name, "-") == 0 ? 0 : open(name, O_RDONLY | O_CLOEXEC);
	int rc;

	if (fd < 0)
		return ctl_fail(EX_NOINPUT, name, "%s", strerror(errno));
	rc = buf_read(out, fd);
	if (rc == VG_ERR_SYSTEM)
		rc = ctl_fail(EX_IOERR, name, "%s", strerror(errno));
	else if (rc != 0)
		rc = ctl_fail(EX_DATAERR, name, "%s", vg_strerror(rc));
	if (fd > 0)
		close(fd);
	return rc;
}

static int print_bytes(const void *data, size_t n)
{
	if (fwrite(data, 1, n, stdout) != n || fputc('\n', stdout) == EOF || fflush(stdout) != 0)
		return ctl_fail(EX_IOERR, "standard output", "%s", strerror(errno));
	return 0;
}

static int print_json(json_t *v)
{
	char *text = v != NULL ? json_dumps(v, JSON_COMPACT) : NULL;
	int rc = text != NULL ? print_bytes(text, strlen(text)) : ctl_fail(EX_OSERR, "parse", "out of memory");

	free(text);
	json_decref(v);
	return rc;
}

static int parse_mail(const char *name, int64_t now)
{
	struct parse_limits limits = { .now_ms = now };
	char sender[ADDR_MAX + 1];
	struct parse_source src = { .fd = -1 };
	struct buf in, json;
	int rc;

	buf_init(&in, INPUT_MAX);
	buf_init(&json, JSON_MAX);
	rc = read_input(name, &in);
	if (rc == 0 && in.len == 0)
		rc = ctl_fail(EX_DATAERR, name, "empty input");
	if (rc == 0) {
		src.data = in.data;
		src.len = in.len;
		rc = message_parse(&src, &limits, &json, sender);
		rc = rc == 0 ? print_bytes(json.data, json.len) : ctl_fail(EX_SOFTWARE, name, "%s", vg_strerror(rc));
	}
	buf_free(&in);
	buf_free(&json);
	return rc;
}

static int parse_text(const char *name)
{
	struct buf in;
	int rc;

	buf_init(&in, INPUT_MAX);
	rc = read_input(name, &in);
	if (rc == 0)
		rc = print_json(body_json((const char *)in.data, in.len, "plain"));
	buf_free(&in);
	return rc;
}

static int parse_logs(int n, char **names)
{
	struct logs_file *files;
	struct source *sources;
	int rc = 0, opened = 0;

	if (n == 0)
		return ctl_fail(EX_USAGE, "parse --logs", "FILE is missing");
	if (n > FILES_MAX)
		return ctl_fail(EX_USAGE, "parse --logs", "at most %d files", FILES_MAX);
	files = calloc((size_t)n, sizeof(*files));
	sources = calloc((size_t)n, sizeof(*sources));
	if (files == NULL || sources == NULL)
		rc = ctl_fail(EX_OSERR, "parse", "out of memory");
	for (int i = 0; rc == 0 && i < n; i++) {
		int fd = open(names[i], O_RDONLY | O_CLOEXEC);

		if (fd < 0) {
			rc = ctl_fail(EX_NOINPUT, names[i], "%s", strerror(errno));
		} else if (source_fd(&sources[i], fd) != 0) {
			close(fd);
			rc = ctl_fail(EX_OSERR, names[i], "unreadable");
		} else {
			files[i] = (struct logs_file){ names[i], &sources[i] };
			opened++;
		}
	}
	if (rc == 0)
		rc = print_json(logs_parse(files, (size_t)n));
	for (int i = 0; i < opened; i++) {
		int fd = sources[i].fd;

		source_close(&sources[i]);
		close(fd);
	}
	free(files);
	free(sources);
	return rc;
}

/* RFC 3339 in UTC ("2026-11-24T02:31:00Z") as Unix milliseconds; -1 when it is not. */
static int64_t parse_now(const char *s)
{
	struct tm tm = { 0 };
	const char *end = strptime(s, "%Y-%m-%dT%H:%M:%S", &tm);
	time_t t;

	if (end == NULL || strcmp(end, "Z") != 0 || (t = timegm(&tm)) < 0)
		return -1;
	return (int64_t)t * 1000;
}

int ctl_parse(int argc, char **argv)
{
	const char *why = NULL;
	int64_t now = -1;

	if (argc > 0 && strcmp(argv[0], "--help") == 0) {
		ctl_parse_help(stdout);
		return 0;
	}
	if (message_warm(&why) != 0)
		return ctl_fail(EX_OSERR, "parse", "%s", why);
	if (argc > 0 && strcmp(argv[0], "--logs") == 0)
		return parse_logs(argc - 1, argv + 1);
	if (argc > 0 && strcmp(argv[0], "--text") == 0 && argc <= 2)
		return parse_text(argc == 2 ? argv[1] : "-");
	if (argc > 0 && strcmp(argv[0], "--now") == 0) {
		now = argc > 1 ? parse_now(argv[1]) : -1;
		if (now < 0)
			return ctl_fail(EX_USAGE, "parse", "--now takes a time like 2026-11-24T02:31:00Z");
		argc -= 2;
		argv += 2;
	}
	if (argc > 1 || (argc == 1 && argv[0][0] == '-' && argv[0][1] != '\0'))
		return ctl_fail(EX_USAGE, "parse", "unexpected argument \"%s\" (see vcspgate parse --help)", argv[argc - 1]);
	return parse_mail(argc == 1 ? argv[0] : "-", now);
}
