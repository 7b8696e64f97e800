/*
 * master.h - the supervisor's own things: private to gateway/master and its tests. It binds, starts, restarts and
 * stops processes; it reads no mail, and nothing from the network ever reaches it.
 */
#ifndef VG_MASTER_H
#define VG_MASTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#include "buf.h"
#include "conf.h"
#include "evloop.h"
#include "ipc.h"
#include "letter_texts.h"
#include "role_table.h"
#include "token.h"

/* Why we cannot start: what to print and the exit status (sysexits). */
struct fault {
	int code;
	char text[512];
};

/* Fills f; returns VG_ERR_SYSTEM, so that callers can `return fault_set(…)`. */
int fault_set(struct fault *f, int code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* ---- master_bind.c: what is served ---- */

struct listener {
	int fd;
	ino_t ino;             /* unix: which file is ours to remove; numbers are reused at once, */
	struct timespec ctime; /* so its time of change too */
};

/* Binds every listener of c: an array in the order of c->listens. EX_OSERR (71) where an address is taken or
 * refused, EX_CANTCREAT (73) where a socket's folder cannot be made, EX_CONFIG for an unknown group. */
int master_bind(const struct conf *c, struct listener **out, struct fault *f);
/* Closes them; removes the files of unix sockets that are still ours. */
void master_unbind(const struct conf *c, struct listener **listeners);

/* ---- master_state.c: where things are kept ---- */

struct state {
	int dir;       /* the state folder */
	int lock;      /* its lock, held as long as we live */
	bool has_store;
};

/* Every configured user exists (only asked of root). EX_CONFIG. */
int master_check_users(const struct conf *c, struct fault *f);
/* Opens the state folder, made with what belongs into it where absent, and locks it. EX_CANTCREAT, EX_TEMPFAIL (75)
 * when another daemon has it. */
int master_state_open(const struct conf *c, struct state *s, struct fault *f);
/* Writes, and removes, vcspgated.pid. */
int master_pid_write(const struct state *s, struct fault *f);
void master_pid_remove(const struct state *s);

/* ---- master_secrets.c: keys ---- */

#define MASTER_KEY 32

struct secrets {
	unsigned char wrap[MASTER_KEY];
	struct token_keys tokens;
	struct buf cert, key; /* PEM, empty without TLS */
	struct mailbox_secrets *mailboxes; /* of conf->imaps, in its order */
	size_t n_mailboxes;
	struct mailbox_secrets *smarthosts; /* of conf->smarthosts */
	size_t n_smarthosts;
	struct buf *dkim_keys;              /* of conf->dkims, PEM */
	size_t n_dkim_keys;
	struct template_file *templates;    /* the operator's */
	size_t n_templates;
};

struct template_file {
	char name[LETTER_FILE_MAX + 1]; /* "de/ack.txt" */
	struct buf text;
};

struct mailbox_secrets {
	struct buf ca;       /* PEM; empty: the system's authorities */
	struct buf password, client, refresh; /* first lines of their files; empty without */
};

/* Reads the key file, makes it where the store is empty too, and derives what the roles get. EX_CONFIG, EX_CANTCREAT. */
int master_key_load(const struct conf *c, bool has_store, struct secrets *s, struct fault *f);
/* Reads certificate and key and checks that they fit; nothing without `tls certificate`. EX_CONFIG; s unchanged then. */
int master_tls_load(const struct conf *c, struct secrets *s, struct fault *f);
/* Reads what the mailboxes need. EX_CONFIG; s unchanged then. */
int master_mailboxes_load(const struct conf *c, struct secrets *s, struct fault *f);
void master_mailboxes_wipe(struct secrets *s);
/* Authorities (ca NULL: none) and the password of one server (file NULL: none). EX_CONFIG. */
int master_login_load(const char *ca, const char *password_file, struct mailbox_secrets *out, struct fault *f);
/* The same for outgoing mail: smarthosts, and keys that sign. EX_CONFIG; s unchanged then. */
int master_outgoing_load(const struct conf *c, struct secrets *s, struct fault *f);
void master_outgoing_wipe(struct secrets *s);
/* To the role `deliver`: SECRET_CA and SECRET_PASSWORD for each smarthost in turn, empty where there is none, then SECRET_DKIM_KEY for
 * each key, an empty SECRET_TEMPLATE and one for each text of the operator's. */
void master_outgoing_send(const struct secrets *s, struct ipc *ipc);
/* The token keys alone, again: after a rotation. EX_CONFIG; s unchanged then. */
int master_tokens_reload(const struct conf *c, struct secrets *s, struct fault *f);
void master_secrets_wipe(struct secrets *s);
/* Sends the secrets of the role's row, for a mailbox its own; at a reload only those that may have changed. */
void master_secrets_send(const struct secrets *s, const struct role_row *row, uint32_t index, struct ipc *ipc, bool reload);
/* The content of a file, opened without waiting. what: for the fault. EX_CONFIG. */
int master_read_file(const char *what, const char *file, size_t max, struct buf *out, struct fault *f);
/* Makes a new name beside this file durable. 0, or -1 with errno. */
int master_sync_folder(const char *file);

/* ---- master_tokens.c: generations of the token key ---- */

#define TOKENS_KEPT 3u /* where --rotate-tokens names no number */

/* The keys of this generation and of those kept. EX_CONFIG. */
int master_tokens_derive(struct token_keys *out, const char *key_file, const unsigned char master[MASTER_KEY],
    struct fault *f);
/* Begins a new generation, of which keep (< TOKEN_KEYS_MAX) former ones stay valid, and prints it. EX_CONFIG, EX_CANTCREAT. */
int master_tokens_rotate(const char *key_file, unsigned keep, struct fault *f);

/* ---- master_conf.c ---- */

/* A configuration and its flattened text in a sealed memfd, for M_CONF. */
struct loaded {
	struct conf *conf;
	int fd;
};

int master_conf_load(const char *file, struct loaded *out, conf_error_cb *cb, void *arg);
void master_conf_drop(struct loaded *l);

/* ---- master_log.c: children's lines to syslog, in the background ---- */

struct logpipe;
struct logs;

/* copy: called with every line of level warning and above (start-up); NULL for none. */
struct logs *logs_new(struct evloop *loop, void (*copy)(const char *line, void *arg), void *arg);
void logs_copy_stop(struct logs *l);
/* A new pipe: returns its writing end (close-on-exec), -1 on failure. */
int logs_pipe(struct logs *l, bool nonblocking);
/* Reads what is left and frees. */
void logs_free(struct logs **l);
/* syslog(3) level of one line of log.h. */
int log_line_level(const char *line);

/* ---- master_daemon.c ---- */

/* Double fork. In the daemon returns the descriptor that daemon_report() takes; in the first process never returns:
 * it waits, prints what the daemon reported, and exits with its status. -1 on failure. */
int daemon_start(void);
void daemon_say(int fd, const char *line);
void daemon_report(int *fd, int code);
/* Tells systemd, where it asked (NOTIFY_SOCKET). */
void daemon_notify(const char *state);

/* ---- master_env.c: pure ---- */

/* The variables that children get: pointers into environ, NULL at the end; the array is the caller's. */
char **master_environment(char *const *environ_);

/* ---- processes ---- */

enum proc_state { PROC_DOWN, PROC_LOADING, PROC_STARTING, PROC_UP, PROC_STOPPING };

struct master;

struct proc {
	struct master *m;
	const struct role_row *row;
	uint32_t index;
	char title[32];
	enum proc_state state;
	pid_t pid;               /* 0: none */
	struct ipc *ipc;
	int metrics, metrics_ro; /* its counter page, kept over restarts */
	int64_t up_at;
	unsigned failures;
	struct token_run *token; /* its token-command, while that runs */
	struct ev_timer timer;   /* restart; or, where its link ended, the kill */
};

struct master {
	const char *conf_file;
	bool background;
	struct loaded boot, now; /* the configuration of the start, and of the last reload */
	struct state state;
	struct secrets secrets;
	struct listener *listeners;
	struct evloop *loop;
	struct logs *logs;
	int report;              /* to the process that waits for us to be up, or -1 */
	char **env;
	int null_fd;
	struct proc *procs;
	size_t n_procs;
	int start_tier;          /* tier being started, -1 when all are up */
	bool stopping;
	unsigned stop_tier;
	struct ev_timer deadline;
	int exit_code;
};

/* master_roles.c: one proc per process that the table and the configuration want. */
int master_procs_new(struct master *m, struct fault *f);
void master_procs_free(struct master *m);
struct proc *master_proc_by_pid(struct master *m, pid_t pid);

/* master_spawn.c: starts the process, hands everything over except M_START, links it with its living peers. */
int master_spawn(struct proc *p, ipc_cb *cb);

#define BACKOFF_FIRST_MS 100
#define BACKOFF_MAX_MS 30000
#define BACKOFF_RESET_MS 60000
#define REPLACE_MIN_MS 1000 /* one that lived shorter and ended with 0 counts as failed */

/* master_dial.c: answers M_DIAL by M_DIALED. VG_ERR_PROTO: it asked for something else than the resolver. */
int master_dial(const struct conf *c, struct ipc *ipc, const struct ipc_msg *msg);

/* master_token.c: runs the token-command of a mailbox, as its role's user; what it prints goes to the process as SECRET_TOKEN. One at
 * a time for each. */
void master_token(struct proc *p);
/* Ends one that runs. */
void master_token_end(struct proc *p);

/* master_supervise.c: pause before restart number `failures` (1 the first). Pure. */
int64_t master_backoff_ms(unsigned failures);
/* Did a process that was up for up_ms end in order to be replaced, with no pause and no failure counted? Pure. */
bool master_is_replacement(int status, int64_t up_ms);
/* What the daemon exits with when a role ended with this wait status before all were up: the role's own sysexit, else
 * EX_SOFTWARE. Pure. */
int master_start_code(int status);
/* Starts everything and runs until told to stop. Returns the exit status. */
int master_supervise(struct master *m);

/* master_run.c: the daemon from a checked configuration to its end. */
int master_run(const char *conf_file, struct loaded *conf, bool background, struct fault *f);

#endif
