/*
 * conf.h - the configuration as the processes see it: one typed struct, filled from one typed table
 * (conf_table.c) that also holds defaults, ranges, reload behaviour and the manual's text.
 */
#ifndef VG_CONF_H
#define VG_CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

#include "buf.h"
#include "ipc_messages.h"
#include "product_row.h"

enum conf_address_kind { ADDRESS_INTAKE, ADDRESS_CASE, ADDRESS_BOUNCE, ADDRESS_POSTMASTER };

struct conf_address {
	enum conf_address_kind kind;
	char *address; /* normal form */
	char *route;   /* intake only, NULL without */
};

/* A network: 16 address bytes (IPv4 mapped), prefix length 0-128; or every local socket. */
struct conf_net {
	bool is_unix;
	unsigned char addr[16];
	unsigned prefix;
};

enum conf_proto { LISTEN_SMTP, LISTEN_LMTP, LISTEN_HTTP };
enum conf_tls { TLS_NONE, TLS_OPTIONAL, TLS_REQUIRED, TLS_IMPLICIT };

struct conf_listen {
	enum conf_proto proto;
	char *name;                  /* as written: "127.0.0.1:8025", "unix:/run/…" */
	struct sockaddr_storage addr;
	socklen_t addr_len;
	char *unix_path;             /* NULL for TCP */
	mode_t mode;                 /* unix: default 0660 */
	char *group;                 /* unix: NULL leaves it */
	enum conf_tls tls;
	bool after_queue;            /* LMTP: true unless before-queue */
	bool auth;                   /* smtp: SMTP AUTH is offered once TLS is up */
	struct conf_net *proxy_from; /* PROXY protocol expected from these networks */
	size_t n_proxy_from;
};

struct conf_relay {
	struct conf_net net;
	char *authserv_id;           /* NULL without */
	bool as_authenticated;
};

/* Where outgoing mail goes; the first that answers. */
struct conf_smarthost {
	char *host;
	unsigned port;
	enum conf_tls tls;           /* none, optional or required (STARTTLS) */
	char *ca;                    /* file of authorities in PEM; NULL: the system's */
	char *user;                  /* NULL: no AUTH */
	char *password_file;
	int64_t timeout_ms;          /* one silence of its; twice as much behind the end of a mail */
};

enum conf_auth { AUTH_BY_LOGIN, AUTH_BY_PLAIN, AUTH_BY_XOAUTH2 };

/* Where access tokens come from (RFC 6749). */
struct conf_url {
	char *host, *path; /* path: with its slash and query */
	unsigned port;
	bool tls;
};

/* A mailbox that is fetched over IMAP; one process each. */
struct conf_imap {
	char *name;                  /* for logs */
	char *host;                  /* a name (lower-case A-label) or an address: what the certificate must be for */
	unsigned port;
	enum conf_tls tls;           /* none, required (STARTTLS) or implicit */
	char *ca;                    /* file of authorities in PEM; NULL: the system's */
	char *user;
	int auth;                    /* enum conf_auth */
	char *password_file;         /* NULL with xoauth2 */
	struct conf_url token;       /* xoauth2: where from, */
	char *token_command;         /* or what prints one; NULL without */
	char *client, *secret_file, *refresh_file, *scope; /* NULL without; no refresh file: client credentials */
	char *folder;
	char *processed, *rejected, *failed; /* where mail goes then; NULL: it stays */
	char *intake;                /* the recipient of mail that names none of ours; normal form */
	char *authserv_id;           /* whose Authentication-Results is believed; "none": one that carries no id; NULL: nobody's */
	int64_t poll_ms;             /* a look at least this often, also with IDLE */
	int64_t timeout_ms;          /* one command */
	bool idle;
};

/* A key that signs our mail. */
#define CONF_DKIMS_MAX 4u
struct conf_dkim {
	char *domain, *selector;
	char *key_file;              /* PEM */
};

/* Whom of L2 mail tells of tickets; route "any": of every one. */
#define CONF_NOTIFIES_MAX 100u
struct conf_notify {
	char *route;
	char *address;               /* normal form: a group's or one agent's */
};

struct conf_sla {
	unsigned severity;           /* 1-4 */
	int64_t first_response_ms;
	int64_t warn_ms;
};

struct conf {
	char *hostname;
	char *state;
	char *user;                         /* NULL: stay who we are */
	char *role_user[ROLE_COUNT];        /* NULL: user */
	char *key_file;

	struct conf_address *addresses;     /* in configuration order */
	size_t n_addresses;
	struct conf_listen *listens;
	size_t n_listens;
	struct conf_relay *relays;
	size_t n_relays;

	struct conf_smarthost *smarthosts;  /* none: nothing is sent */
	size_t n_smarthosts;
	struct conf_dkim *dkims;
	size_t n_dkims;
	char *support_name;                 /* who our mail is from */
	char *templates;                    /* folder with texts of letters that replace ours; NULL: none */
	struct conf_notify *notifies;
	size_t n_notifies;
	bool agents_shown;                  /* participants may see the addresses of agents */
	char *agents_link;                  /* the ticket's number behind it; NULL: none */
	struct conf_imap *imaps;
	size_t n_imaps;

	struct sockaddr_storage resolver;   /* the DNS server that proofs ask */
	socklen_t resolver_len;
	int64_t resolver_timeout_ms;        /* one query, all attempts */
	char **arc_sealers;                 /* whose ARC chains are believed: lower-case A-labels */
	size_t n_arc_sealers;
	int64_t dns_give_up_ms;             /* a sender is deferred this long while the DNS fails */
	unsigned dkim_min_bits;             /* RSA keys of DKIM below this prove nothing */

	char *tls_certificate;              /* file names; NULL without */
	char *tls_key;

	unsigned severity_default;
	struct conf_sla *slas;
	size_t n_slas;

	uint64_t message_size;
	uint64_t letter_files;              /* bytes of attachments that a letter carries */
	unsigned sessions, sessions_per_peer;
	unsigned recipients;                /* per message */
	unsigned commands, errors;          /* per session */
	unsigned parsers;                   /* worker processes */
	unsigned deliveries;                /* of the role deliver, a connection each */
	char *ocr_languages;                /* tesseract's names with '+' between; NULL: pictures are not read */
	int64_t ocr_time_ms;                /* for the pictures of one attachment */
	uint64_t ocr_pixels;                /* a picture with more is not decoded */
	unsigned ocr_workers;
	int64_t timeout_command_ms;         /* one command line */
	int64_t timeout_data_ms;            /* between two blocks of a body */
	uint64_t data_rate_min;             /* bytes a second a body must average after its first minute */
	char *upload_text;                  /* said with 552; "" without */

	int64_t hold_expire_ms;
	bool hold_notice;                   /* a contact hears that a mail in their name is held */
	char *hold_digest;                  /* who hears daily of what is held; normal form; NULL: nobody */
	int64_t hold_digest_ms;
	int64_t reopen_ms;
	bool inactive_hold;                 /* membership inactive hold */
	char *direct_refuse_url;            /* NULL: open */
	unsigned queue_attempts;
	int64_t queue_lease_ms;
	int64_t audit_expire_ms;

	struct product_row *products;       /* the operator's own, in order */
	size_t n_products;
};

/* One complaint: "FILE:LINE:COLUMN: WHY". */
typedef void conf_error_cb(const char *file, unsigned line, unsigned column, const char *why, void *arg);

/* Reads FILE with its includes, reports every error by cb (at most 100), returns 0 and a complete configuration or
 * VG_ERR_CONFIG (VG_ERR_SYSTEM when FILE cannot be opened; cb was told). Semantic checks included
 * (missing hostname, a route that nobody uses is fine, double addresses, TLS asked without certificate, …). */
int conf_load(const char *file, struct conf **out, conf_error_cb *cb, void *arg);
/* The same from memory (tests, and roles reading what the supervisor flattened). name stands for FILE; includes are refused. */
int conf_parse(const char *name, const char *text, size_t len, struct conf **out, conf_error_cb *cb, void *arg);
/* Warnings that -n prints ("as authenticated believes every sender from …"). */
void conf_warnings(const struct conf *c, conf_error_cb *cb, void *arg);
/* The configuration text with includes inlined, for conf_parse in the roles: what the loaded file said, byte for byte in meaning. */
int conf_flatten(const char *file, struct buf *out);
/* Names in the new configuration what a reload cannot apply (listeners, state, user, key file, hostname is fine), one cb call each;
 * returns how many. */
unsigned conf_needs_restart(const struct conf *old, const struct conf *new, conf_error_cb *cb, void *arg);
/* Exchanges between old and new exactly what conf_needs_restart names, so that a new configuration in a running
 * process keeps what the process was started with. */
void conf_keep(struct conf *old, struct conf *new);
void conf_free(struct conf **c);

/* Is peer ("192.0.2.1", "2001:db8::1", "unix") inside the network? */
bool conf_net_contains(const struct conf_net *net, const char *peer);
/* First trust relay that holds the peer, or NULL. */
const struct conf_relay *conf_relay_for(const struct conf *c, const char *peer);
/* The first address of a kind, normal form, or NULL. */
const char *conf_address(const struct conf *c, enum conf_address_kind kind);
/* First-response table row for a severity, or NULL. */
const struct conf_sla *conf_sla_for(const struct conf *c, unsigned severity);

enum conf_rcpt { RCPT_NOT_OURS, RCPT_NO_SUCH, RCPT_INTAKE, RCPT_CASE, RCPT_BOUNCE, RCPT_POSTMASTER };
/* What a recipient (normal form) is to us: RCPT_NO_SUCH for another local part in one of our domains, RCPT_NOT_OURS for any
 * other domain (relaying). case+X@ and bounce+X@ count; postmaster@ and abuse@ of every domain of ours are RCPT_POSTMASTER, also
 * without a directive. *which: index into addresses (SIZE_MAX where none); *ext: text behind '+' or NULL. */
enum conf_rcpt conf_rcpt(const struct conf *c, const char *normal, size_t *which, const char **ext);

/* The parser's table printed as the mdoc body of vcspgate.conf.5 (DIRECTIVES), used by the test that page and table agree. */
int conf_manual(struct buf *out);

#endif
