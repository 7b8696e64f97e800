/*
 * ctl_run.c - commands of the table as requests. Arguments are the operator's own; answers are the daemon's.
 */
#include "ctl_run.h"

#include <errno.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "ctl_case.h"
#include "ctl_hook.h"
#include "ctl_http.h"
#include "ctl_print.h"
#include "err.h"

#define FILE_TEXT_MAX 65536u
#define ANSWER_MAX (512u * 1024u * 1024u)

struct run {
	const struct ctl_command *cmd;
	json_t *body;
	struct buf query;
	const char *operand, *second;
	bool json, had[CTL_OPTIONS_MAX], any_body;
};

int ctl_fail(int code, const char *what, const char *fmt, ...)
{
	va_list ap;

	fprintf(stderr, "vcspgate: %s: ", what);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	return code;
}

int ctl_exit_of(long status)
{
	switch (status) {
	case 400: case 413: case 415: case 422:
		return EX_DATAERR;
	case 401: case 403: case 409:
		return EX_NOPERM;
	case 404: case 405:
		return EX_NOINPUT;
	case 429: case 503: case 507:
		return EX_TEMPFAIL;
	default:
		return status < 400 ? 0 : EX_SOFTWARE;
	}
}

static const char *name_of(const struct ctl_command *cmd, char out[64])
{
	snprintf(out, 64, "%s%s%s", cmd->group, cmd->verb != NULL ? " " : "", cmd->verb != NULL ? cmd->verb : "");
	return out;
}

void ctl_help_command(FILE *f, const struct ctl_command *cmd)
{
	char name[64];

	fprintf(f, "usage: vcspgate %s%s%s [options]\n%s\n", name_of(cmd, name), cmd->operand_name != NULL ? " " : "",
	    cmd->operand_name != NULL ? cmd->operand_name : "", cmd->help);
	for (const struct ctl_option *o = cmd->options; o < cmd->options + CTL_OPTIONS_MAX && o->name != NULL; o++)
		fprintf(f, "  --%s%s%s%s  %s\n", o->name, o->value != NULL ? " " : "", o->value != NULL ? o->value : "",
		    o->required ? " (required)" : "", o->help);
	fputs("  --json  the answer as JSON\n", f);
}

void ctl_help(FILE *f, const char *group)
{
	char name[64];

	for (size_t i = 0; i < ctl_n_commands; i++)
		if (group == NULL || strcmp(group, ctl_commands[i].group) == 0)
			fprintf(f, "  %-18s %s\n", name_of(&ctl_commands[i], name), ctl_commands[i].help);
}

static void json_key(const struct ctl_option *o, char out[64])
{
	snprintf(out, 64, "%s", o->key != NULL ? o->key : o->name);
	for (char *c = out; o->key == NULL && *c != '\0'; c++)
		if (*c == '-')
			*c = '_';
}

static int add_query(struct run *r, const char *key, const char *value)
{
	int rc = buf_addf(&r->query, "%c%s=", r->query.len == 0 ? '?' : '&', key);

	return rc == 0 ? ctl_escape(&r->query, value) : rc;
}

static int add_to_list(json_t *body, const char *key, const char *value)
{
	json_t *list = json_object_get(body, key);

	if (list == NULL) {
		list = json_array();
		if (json_object_set_new(body, key, list) != 0)
			return VG_ERR_MEMORY;
	}
	return json_array_append_new(list, json_string(value)) == 0 ? 0 : VG_ERR_SYNTAX;
}

static int add_int(json_t *body, const char *key, const char *value)
{
	char *end;
	long long v;

	errno = 0;
	v = strtoll(value, &end, 10);
	if (*value == '\0' || *end != '\0' || errno != 0)
		return VG_ERR_SYNTAX;
	return json_object_set_new(body, key, json_integer(v)) == 0 ? 0 : VG_ERR_MEMORY;
}

/* Text of a file without its last line end. Positive sysexits code, with the error said. */
static int add_file(json_t *body, const char *key, const char *name)
{
	bool standard = strcmp(name, "-") == 0;
	FILE *f = standard ? stdin : fopen(name, "rb");
	char text[FILE_TEXT_MAX + 2];
	json_t *value;
	size_t n;

	if (f == NULL)
		return ctl_fail(EX_NOINPUT, name, "%s", strerror(errno));
	n = fread(text, 1, sizeof(text), f);
	if (!standard)
		fclose(f);
	if (n > FILE_TEXT_MAX)
		return ctl_fail(EX_DATAERR, name, "more than %u bytes", FILE_TEXT_MAX);
	if (n > 0 && text[n - 1] == '\n')
		n--;
	if (n > 0 && text[n - 1] == '\r')
		n--;
	value = json_stringn(text, n);
	explicit_bzero(text, sizeof(text));
	if (value == NULL)
		return ctl_fail(EX_DATAERR, name, "it is no UTF-8 text");
	return json_object_set_new(body, key, value) == 0 ? 0 : ctl_fail(EX_OSERR, name, "out of memory");
}

static int add_option(struct run *r, const struct ctl_option *o, const char *value)
{
	char key[64];

	json_key(o, key);
	r->any_body |= o->where <= IN_BODY_INT;
	switch (o->where) {
	case IN_BODY:
		return json_object_set_new(r->body, key, json_string(value)) == 0 ? 0 : VG_ERR_SYNTAX;
	case IN_BODY_LIST:
		return add_to_list(r->body, key, value);
	case IN_BODY_FLAG:
		return json_object_set_new(r->body, key, json_true()) == 0 ? 0 : VG_ERR_MEMORY;
	case IN_BODY_FILE:
		return add_file(r->body, key, value);
	case IN_BODY_INT:
		return add_int(r->body, key, value);
	case IN_QUERY:
	case IN_QUERY_LIST:
		return add_query(r, key, value);
	case IN_QUERY_FLAG:
		return add_query(r, key, "true");
	}
	return VG_ERR_CONFIG;
}

static bool repeatable(const struct ctl_option *o)
{
	return o->where == IN_BODY_LIST || o->where == IN_QUERY_LIST;
}

/* One --option [VALUE] or --option=VALUE. Returns how many arguments it took, or, with the error said, -1 or a negative
 * sysexits code. */
static int take_option(struct run *r, int argc, char **argv)
{
	const char *name = argv[0] + 2, *eq = strchr(name, '=');
	size_t len = eq != NULL ? (size_t)(eq - name) : strlen(name);
	char cmd[64];

	name_of(r->cmd, cmd);
	if (strcmp(name, "json") == 0) {
		r->json = true;
		return 1;
	}
	for (unsigned i = 0; i < CTL_OPTIONS_MAX && r->cmd->options[i].name != NULL; i++) {
		const struct ctl_option *o = &r->cmd->options[i];
		const char *value = eq != NULL ? eq + 1 : NULL;
		int used = 1, rc;

		if (strlen(o->name) != len || memcmp(o->name, name, len) != 0)
			continue;
		if (r->had[i] && !repeatable(o))
			return ctl_fail(-1, cmd, "--%s is given twice", o->name);
		r->had[i] = true;
		if ((o->value == NULL) != (value == NULL) && o->value == NULL)
			return ctl_fail(-1, cmd, "--%s takes no value", o->name);
		if (o->value != NULL && value == NULL) {
			if (argc < 2)
				return ctl_fail(-1, cmd, "--%s needs %s", o->name, o->value);
			value = argv[1];
			used = 2;
		}
		if ((rc = add_option(r, o, value)) > 0)
			return -rc;
		if (rc < 0)
			return ctl_fail(-1, cmd, "--%s: bad value", o->name);
		return used;
	}
	return ctl_fail(-1, cmd, "unknown option %s (see --help)", argv[0]);
}

static bool takes_two(const struct ctl_command *cmd)
{
	return cmd->operand == OPERAND_PATH_TWO || cmd->operand == OPERAND_PATH_INTO;
}

static int take_into(struct run *r, const char *cmd, const char *word)
{
	r->any_body = true;
	return add_int(r->body, "into", word) == 0 ? 0 : ctl_fail(-1, cmd, "\"%s\" is no number", word);
}

static int take_operand(struct run *r, const char *word)
{
	char cmd[64];

	name_of(r->cmd, cmd);
	if (r->cmd->operand == OPERAND_RECEIPTS) {
		r->any_body = true;
		r->operand = word;
		return add_to_list(r->body, "receipts", word) == 0 ? 0 : ctl_fail(-1, cmd, "bad receipt");
	}
	if (r->operand != NULL && r->second == NULL && takes_two(r->cmd)) {
		r->second = word;
		return r->cmd->operand == OPERAND_PATH_INTO ? take_into(r, cmd, word) : 0;
	}
	if (r->cmd->operand == OPERAND_NONE || r->operand != NULL)
		return ctl_fail(-1, cmd, "unexpected argument \"%s\"", word);
	r->operand = word;
	return 0;
}

static int take_arguments(struct run *r, int argc, char **argv)
{
	char cmd[64];

	name_of(r->cmd, cmd);
	while (argc > 0) {
		int used = 1;

		if (strncmp(argv[0], "--", 2) == 0 && argv[0][2] != '\0')
			used = take_option(r, argc, argv);
		else if (take_operand(r, argv[0]) != 0)
			used = -1;
		if (used < 0)
			return used == -1 ? EX_USAGE : -used;
		argc -= used;
		argv += used;
	}
	for (unsigned i = 0; i < CTL_OPTIONS_MAX && r->cmd->options[i].name != NULL; i++)
		if (r->cmd->options[i].required && !r->had[i])
			return ctl_fail(EX_USAGE, cmd, "--%s %s is missing", r->cmd->options[i].name, r->cmd->options[i].value);
	if (((r->operand == NULL && r->cmd->operand != OPERAND_NONE) || (r->second == NULL && takes_two(r->cmd))) &&
	    r->cmd->operand_name[0] != '[')
		return ctl_fail(EX_USAGE, cmd, "%s is missing", r->cmd->operand_name);
	return 0;
}

static int build_path(struct run *r, struct buf *path)
{
	const char *const words[] = {r->operand, r->second};
	const char *rest = r->cmd->path, *slot;
	int rc = 0;

	for (size_t i = 0; i < 2 && rc == 0 && (slot = strstr(rest, "{}")) != NULL; i++) {
		if ((rc = buf_add(path, rest, (size_t)(slot - rest))) == 0)
			rc = ctl_escape(path, words[i]);
		rest = slot + 2;
	}
	if (rc == 0)
		rc = buf_adds(path, rest);
	return rc == 0 ? buf_add(path, r->query.data, r->query.len) : rc;
}

/* Opens FILE, "-" or nothing (standard input). */
static FILE *open_operand(const struct run *r)
{
	return r->operand == NULL || strcmp(r->operand, "-") == 0 ? stdin : fopen(r->operand, "rb");
}

static const char *file_type(const struct run *r)
{
	size_t n = r->operand != NULL ? strlen(r->operand) : 0;

	if (strcmp(r->cmd->group, "inject") == 0 || strcmp(r->cmd->group, "explain") == 0)
		return "message/rfc822";
	return n > 4 && strcasecmp(r->operand + n - 4, ".csv") == 0 ? "text/csv" : "application/json";
}

/* Every complaint of an import on a line of its own: FILE:LINE: WHY. */
static void print_errors(const struct run *r, const json_t *answer)
{
	json_t *errors = json_object_get(answer, "errors"), *e;
	size_t i;

	json_array_foreach(errors, i, e) {
		fprintf(stderr, "%s:%lld: ", r->operand != NULL ? r->operand : "-",
		    (long long)json_integer_value(json_object_get(e, "line")));
		if (json_is_string(json_object_get(e, "field")))
			fprintf(stderr, "%s: ", json_string_value(json_object_get(e, "field")));
		ctl_print_problem(stderr, e);
		fputc('\n', stderr);
	}
}

static int refused(const struct run *r, long status, const json_t *answer)
{
	char cmd[64];

	fprintf(stderr, "vcspgate: %s: ", name_of(r->cmd, cmd));
	ctl_print_problem(stderr, answer);
	fputc('\n', stderr);
	print_errors(r, answer);
	/* An MTA's pipe would bounce the mail on a permanent code for our own fault. */
	if (strcmp(r->cmd->group, "inject") == 0 && status >= 500)
		return EX_TEMPFAIL;
	return ctl_exit_of(status);
}

/* Exit code of a verdict: 0 taken, 77 refused, 75 later. */
static int inject_exit(const json_t *answer)
{
	const char *outcome = json_string_value(json_object_get(answer, "outcome"));

	if (outcome == NULL || strcmp(outcome, "tempfail") == 0)
		return EX_TEMPFAIL;
	return strcmp(outcome, "rejected") == 0 ? EX_NOPERM : 0;
}

static void print_lines(const json_t *answer)
{
	const json_t *items = json_object_get(answer, "items");

	for (size_t i = 0; i < json_array_size(items); i++) {
		char *line = json_dumps(json_array_get(items, i), JSON_COMPACT);

		puts(line != NULL ? line : "");
		free(line);
	}
}

/* Sets the query to the page behind this one. False: there is none. */
static bool next_page(struct run *r, const json_t *answer)
{
	const char *next = json_string_value(json_object_get(answer, "next"));

	if (r->cmd->print != PRINT_LINES || next == NULL)
		return false;
	buf_reset(&r->query);
	return add_query(r, "limit", "200") == 0 && add_query(r, "cursor", next) == 0;
}

static int show(const struct run *r, const json_t *answer, struct buf *text)
{
	if (r->cmd->print == PRINT_LINES) {
		print_lines(answer);
	} else if (r->json || r->cmd->print == PRINT_RAW || answer == NULL) {
		if (text->len > 0 && (r->cmd->print != PRINT_NONE || r->json))
			fwrite(text->data, 1, text->len, stdout);
		if (text->len > 0 && text->data[text->len - 1] != '\n')
			fputc('\n', stdout);
	} else if (r->cmd->print == PRINT_LIST) {
		ctl_print_list(stdout, answer, r->cmd->columns);
	} else if (r->cmd->print == PRINT_CASE) {
		ctl_print_case(stdout, answer);
	} else if (r->cmd->print == PRINT_ONE) {
		ctl_print_record(stdout, answer);
	}
	if (fflush(stdout) != 0)
		return ctl_fail(EX_IOERR, "standard output", "%s", strerror(errno));
	return strcmp(r->cmd->group, "inject") == 0 ? inject_exit(answer) : 0;
}

static bool streams(const struct run *r)
{
	return r->cmd->print == PRINT_RAW && strcmp(r->cmd->method, "GET") == 0;
}

/* One request; *more: another page is to be asked for. */
static int exchange(struct run *r, const char *socket, struct ctl_body *body, bool *more)
{
	struct buf path, text;
	const char *why = NULL;
	json_t *answer = NULL;
	long status = 0;
	int rc;

	buf_init(&path, 65536);
	buf_init(&text, ANSWER_MAX);
	rc = build_path(r, &path);
	if (rc == 0)
		status = ctl_http(socket, r->cmd->method, buf_str(&path), body, &text, streams(r) ? stdout : NULL, &why);
	if (rc != 0) {
		rc = ctl_fail(EX_USAGE, "arguments", "%s", vg_strerror(rc));
	} else if (status == 0) {
		rc = ctl_fail(strcmp(r->cmd->group, "inject") == 0 ? EX_TEMPFAIL : EX_UNAVAILABLE, socket,
		    "daemon not reachable: %s", why);
	} else {
		answer = text.len > 0 ? json_loadb((const char *)text.data, text.len, 0, NULL) : NULL;
		rc = status >= 400 ? refused(r, status, answer) : show(r, answer, &text);
		*more = rc == 0 && next_page(r, answer);
	}
	json_decref(answer);
	buf_free(&path);
	buf_free(&text);
	return rc;
}

static int run_hook(struct run *r, const char *socket)
{
	const struct ctl_hooked h = { .socket = socket, .operand = r->operand, .body = r->body, .json = r->json };
	ctl_hook *hook = ctl_hook_of(r->cmd);

	return hook != NULL ? hook(&h) : CTL_GO_ON;
}

static int send_it(struct run *r, const char *socket)
{
	struct ctl_body body = { .content_type = "application/json", .progress = strcmp(r->cmd->group, "registry") == 0 };
	char *text = NULL;
	bool more;
	int rc;

	if (r->cmd->operand == OPERAND_FILE) {
		body.file = open_operand(r);
		body.content_type = file_type(r);
		if (body.file == NULL)
			return ctl_fail(EX_NOINPUT, r->operand, "%s", strerror(errno));
	} else if (strcmp(r->cmd->method, "GET") != 0 && strcmp(r->cmd->method, "DELETE") != 0) {
		body.text = text = json_dumps(r->body, JSON_COMPACT);
		if (text == NULL)
			return ctl_fail(EX_OSERR, "arguments", "out of memory");
		body.len = strlen(text);
	}
	do {
		more = false;
		rc = exchange(r, socket, body.file != NULL || body.text != NULL ? &body : NULL, &more);
	} while (more);
	if (body.file != NULL && body.file != stdin)
		fclose(body.file);
	free(text);
	return rc;
}

int ctl_run(const struct ctl_command *cmd, const char *socket, int argc, char **argv)
{
	struct run r = { .cmd = cmd, .body = json_object() };
	int rc;

	for (int i = 0; i < argc; i++)
		if (strcmp(argv[i], "--help") == 0) {
			json_decref(r.body);
			ctl_help_command(stdout, cmd);
			return 0;
		}
	if (r.body == NULL)
		return ctl_fail(EX_OSERR, "arguments", "out of memory");
	buf_init(&r.query, 60000);
	rc = take_arguments(&r, argc, argv);
	if (rc == 0 && (rc = run_hook(&r, socket)) == CTL_GO_ON)
		rc = send_it(&r, socket);
	json_decref(r.body);
	buf_free(&r.query);
	return rc;
}
