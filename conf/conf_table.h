/*
 * conf_table.h - the typed table behind the configuration (conf_table.c) and the tables of its arguments.
 * Private to conf/.
 */
#ifndef VG_CONF_TABLE_H
#define VG_CONF_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum conf_type {
	CT_NONE,        /* end of the list */
	CT_CONST,       /* no word: stores min as an int */
	CT_CONST_BOOL,  /* no word: stores min as a bool */
	CT_FLAG,        /* the keyword alone: stores min as a bool */
	CT_LITERAL,     /* the keyword and the word in choices: stores true */
	CT_UINT,        /* unsigned in [min, max] */
	CT_SIZE,        /* uint64_t in [min, max] */
	CT_DURATION,    /* int64_t milliseconds in [min, max] */
	CT_CHOICE,      /* int: index of the word in choices, parts separated by '|' */
	CT_CHOICE_BOOL, /* bool: the same with two choices */
	CT_HOST, CT_NAME, CT_ADDRESS,
	CT_PATH,        /* absolute file name */
	CT_TEXT,        /* printable ASCII, at most max bytes */
	CT_LABEL,       /* printable UTF-8, at most max bytes */
	CT_CLEAR,       /* no word: sets a string to NULL */
	CT_NET,         /* struct conf_net */
	CT_LISTEN,      /* the whole struct conf_listen (offset 0) */
	CT_MODE,
	CT_RESOLVER,    /* struct sockaddr_storage with its length: struct conf's resolver */
	CT_ROLE,        /* int: enum role by name */
	CT_SMARTHOST,   /* smtp://HOST:PORT: struct conf_smarthost's host and port */
	CT_ENDPOINT,    /* HOST:PORT of a server: struct conf_imap's host and port */
	CT_UTF8,        /* UTF-8 without controls, at most max bytes */
	CT_URL,         /* struct conf_url */
	CT_FILE,        /* the word `file` and an absolute file name */
	CT_PROXY_NET    /* `from NET`, repeatable: appended to a struct conf_listen's proxy_from */
};

struct conf_arg {
	enum conf_type type;
	size_t offset;
	const char *keyword; /* NULL: by position */
	const char *name;    /* placeholder in messages and in the manual */
	bool required;
	uint64_t min, max;
	const char *choices;
};

/* What a directive's offsets refer to. */
enum conf_target { CTARGET_CONF, CTARGET_ADDRESS, CTARGET_LISTEN, CTARGET_RELAY, CTARGET_SLA, CTARGET_SEALER, CTARGET_ROLE_USER, CTARGET_IMAP, CTARGET_SMARTHOST,
	CTARGET_DKIM, CTARGET_NOTIFY,
	CTARGET_PRODUCT };

/* `user role ROLE NAME` before it is filed. */
struct conf_role_user {
	int role;
	char *user;
};

#define CONF_ARGS_MAX 24

struct conf_directive {
	const char *words[2];     /* the directive's own words; the second may be NULL */
	enum conf_target target;  /* CTARGET_CONF: may be given once; others: repeatable */
	struct conf_arg args[CONF_ARGS_MAX];
	const char *fallback;     /* the arguments used where the directive is absent, NULL: none */
	bool restart;             /* a reload does not apply it */
	const char *doc;          /* mdoc text */
};

extern const struct conf_directive conf_directives[];
extern const size_t conf_n_directives;

#endif
