/*
 * vcspgate.c - the command-line tool: finds the command, runs it.
 */
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "ctl_parse.h"
#include "ctl_run.h"

#define DEFAULT_SOCKET "/run/vcspgate/http.sock"

static void usage(FILE *f)
{
	fputs("usage: vcspgate [-s SOCKET] COMMAND ...\n", f);
	fputs("  parse              the parsers alone: print a mail's message object\n", f);
	ctl_help(f, NULL);
	fputs("Every command takes --help. The daemon's socket: -s, else VCSPGATE_SOCKET, else " DEFAULT_SOCKET ".\n", f);
}

static const struct ctl_command *find(int argc, char **argv, int *used)
{
	for (size_t i = 0; i < ctl_n_commands; i++) {
		const struct ctl_command *c = &ctl_commands[i];

		if (strcmp(c->group, argv[0]) != 0)
			continue;
		*used = c->verb != NULL ? 2 : 1;
		if (c->verb == NULL || (argc > 1 && strcmp(c->verb, argv[1]) == 0))
			return c;
	}
	return NULL;
}

static int is_group(const char *word)
{
	for (size_t i = 0; i < ctl_n_commands; i++)
		if (strcmp(ctl_commands[i].group, word) == 0)
			return 1;
	return 0;
}

static int no_command(int argc, char **argv)
{
	if (!is_group(argv[0]))
		return ctl_fail(EX_USAGE, argv[0], "no such command (see vcspgate --help)");
	if (argc > 1 && strcmp(argv[1], "--help") == 0) {
		printf("usage: vcspgate %s VERB ...\n", argv[0]);
		ctl_help(stdout, argv[0]);
		return 0;
	}
	if (argc > 1)
		return ctl_fail(EX_USAGE, argv[0], "no such verb \"%s\" (see vcspgate %s --help)", argv[1], argv[0]);
	return ctl_fail(EX_USAGE, argv[0], "a verb is missing (see vcspgate %s --help)", argv[0]);
}

int main(int argc, char **argv)
{
	const char *socket = getenv("VCSPGATE_SOCKET");
	const struct ctl_command *cmd;
	int used = 0;

	argc--;
	argv++;
	if (argc >= 2 && strcmp(argv[0], "-s") == 0) {
		socket = argv[1];
		argc -= 2;
		argv += 2;
	}
	if (argc == 0) {
		usage(stderr);
		return EX_USAGE;
	}
	if (strcmp(argv[0], "--help") == 0 || strcmp(argv[0], "help") == 0) {
		usage(stdout);
		return 0;
	}
	if (strcmp(argv[0], "parse") == 0)
		return ctl_parse(argc - 1, argv + 1);
	cmd = find(argc, argv, &used);
	if (cmd == NULL)
		return no_command(argc, argv);
	curl_global_init(CURL_GLOBAL_DEFAULT);
	return ctl_run(cmd, socket != NULL && socket[0] != '\0' ? socket : DEFAULT_SOCKET, argc - used, argv + used);
}
