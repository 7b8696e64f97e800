/*
 * main.c - vcspgated: options, -n, and the two things this program is: the supervisor, or (executed again by it with
 * --role) one of its roles.
 */
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "err.h"
#include "master.h"
#include "role.h"

#define DEFAULT_CONF "/etc/vcspgate/vcspgate.conf"

static const struct role_ops *const roles[] = { &smtp_role, &gate_role, &parser_role, &ocr_role, &queue_role, &api_role,
	&verify_role, &imap_role, &deliver_role };

struct options {
	bool check, foreground, rotate;
	unsigned keep; /* rotate: former token keys that stay valid */
	const char *file;
	const char *role;
	unsigned index;
};

static const char usage_text[] = "usage: vcspgated [-n] [-d] [-c FILE] [--rotate-tokens[=KEEP]]\n";

static void
help(void)
{
	printf("%s"
	       "  -n       check the configuration and exit\n"
	       "  -d       stay in the foreground, log to standard error\n"
	       "  -c FILE  configuration (default " DEFAULT_CONF ")\n"
	       "  --rotate-tokens[=KEEP]\n"
	       "           begin a new token key, keep KEEP former ones valid (default %u), and exit\n"
	       "  --help   this text\n"
	       "SIGHUP reloads the configuration, SIGTERM stops. See vcspgated(8), vcspgate.conf(5).\n",
	    usage_text, TOKENS_KEPT);
}

static _Noreturn void
usage(const char *what, const char *why)
{
	if (what)
		fprintf(stderr, "vcspgated: %s: %s\n", what, why);
	fputs(usage_text, stderr);
	exit(EX_USAGE);
}

static unsigned
number_of(const char *option, const char *s, unsigned max)
{
	char *end;
	unsigned long v = strtoul(s, &end, 10);

	if (*s < '0' || *s > '9' || *end || v > max)
		usage(option, "not a number, or too large");
	return (unsigned)v;
}

static struct options
parse_options(int argc, char **argv)
{
	static const struct option longs[] = { { "help", no_argument, NULL, 'h' }, { "role", required_argument, NULL, 'R' },
		{ "index", required_argument, NULL, 'I' },
		{ "rotate-tokens", optional_argument, NULL, 'T' }, { NULL, 0, NULL, 0 } };
	struct options o = { .file = DEFAULT_CONF };
	int c;

	while ((c = getopt_long(argc, argv, "ndc:", longs, NULL)) != -1) {
		switch (c) {
		case 'n':
			o.check = true;
			break;
		case 'd':
			o.foreground = true;
			break;
		case 'c':
			o.file = optarg;
			break;
		case 'h':
			help();
			exit(EX_OK);
		case 'R':
			o.role = optarg;
			break;
		case 'I':
			o.index = number_of("--index", optarg, 4096);
			break;
		case 'T':
			o.rotate = true;
			o.keep = optarg ? number_of("--rotate-tokens", optarg, TOKEN_KEYS_MAX - 1) : TOKENS_KEPT;
			break;
		default:
			usage(NULL, NULL); /* getopt said why */
		}
	}
	if (optind < argc)
		usage(argv[optind], "unexpected argument");
	return o;
}

/* No atexit code behind the filter. */
static _Noreturn void
run_role(const struct options *o)
{
	int role = role_by_name(o->role);

	for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++) {
		if ((int)roles[i]->role == role)
			_exit(role_run(roles[i], o->index));
	}
	usage(o->role, "not a role");
}

static void
print_conf_error(const char *file, unsigned line, unsigned column, const char *why, void *arg)
{
	(void)arg;
	if (line)
		fprintf(stderr, "%s:%u:%u: %s\n", file, line, column, why);
	else
		fprintf(stderr, "vcspgated: %s: %s\n", file, why);
}

/* What a start would find wrong beyond the file itself, without touching anything. */
static int
check_only(struct loaded *conf)
{
	struct secrets s = { 0 };
	struct fault f = { 0 };
	int rc;

	conf_warnings(conf->conf, print_conf_error, NULL);
	rc = master_check_users(conf->conf, &f);
	if (rc == VG_OK)
		rc = master_tls_load(conf->conf, &s, &f);
	if (rc == VG_OK)
		rc = master_mailboxes_load(conf->conf, &s, &f);
	if (rc == VG_OK)
		rc = master_outgoing_load(conf->conf, &s, &f);
	master_secrets_wipe(&s);
	master_conf_drop(conf);
	if (rc != VG_OK) {
		fprintf(stderr, "vcspgated: %s\n", f.text);
		return f.code;
	}
	puts("configuration OK");
	return EX_OK;
}

static int
rotate_only(struct loaded *conf, unsigned keep)
{
	struct fault f = { 0 };
	int rc = master_tokens_rotate(conf->conf->key_file, keep, &f);

	master_conf_drop(conf);
	if (rc != VG_OK)
		fprintf(stderr, "vcspgated: %s\n", f.text);
	return rc == VG_OK ? EX_OK : f.code;
}

int
main(int argc, char **argv)
{
	struct options o = parse_options(argc, argv);
	struct loaded conf = { .fd = -1 };
	struct fault f = { 0 };

	if (o.role)
		run_role(&o);
	/* What the caller left open would stay open in the background for ever. */
	if (!o.check && !o.rotate && !o.foreground)
		close_range(STDERR_FILENO + 1, ~0U, 0);
	if (master_conf_load(o.file, &conf, print_conf_error, NULL) != VG_OK)
		return EX_CONFIG;
	if (o.check)
		return check_only(&conf);
	if (o.rotate)
		return rotate_only(&conf, o.keep);
	return master_run(o.file, &conf, !o.foreground, &f);
}
