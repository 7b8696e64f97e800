/*
 * ctl_ask.c - see ctl_ask.h.
 */
#include "ctl_ask.h"

#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "ctl_print.h"
#include "ctl_run.h"

#define ANSWER_MAX (64u * 1024u * 1024u)

long ctl_ask(const char *socket, const char *method, const char *path, const struct ctl_body *body, json_t **answer,
    FILE *to_file)
{
	const char *why = "";
	struct buf text;
	long status;

	*answer = NULL;
	buf_init(&text, ANSWER_MAX);
	status = ctl_http(socket, method, path, body, &text, to_file, &why);
	if (status == 0)
		ctl_fail(0, socket, "daemon not reachable: %s", why);
	else if (text.len > 0)
		*answer = json_loadb((const char *)text.data, text.len, 0, NULL);
	buf_free(&text);
	return status;
}

long ctl_ask_json(const char *socket, const char *method, const char *path, const json_t *body, json_t **answer)
{
	struct ctl_body b = { .content_type = "application/json" };
	char *text = json_dumps(body, JSON_COMPACT);
	long status;

	*answer = NULL;
	if (text == NULL)
		return ctl_fail(0, path, "out of memory");
	b.text = text;
	b.len = strlen(text);
	status = ctl_ask(socket, method, path, &b, answer, NULL);
	free(text);
	return status;
}

int ctl_refused(const char *what, long status, const json_t *answer)
{
	if (status == 0)
		return EX_UNAVAILABLE;
	fprintf(stderr, "vcspgate: %s: ", what);
	ctl_print_problem(stderr, answer);
	fputc('\n', stderr);
	return ctl_exit_of(status);
}
