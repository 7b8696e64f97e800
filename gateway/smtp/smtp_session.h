/*
 * smtp_session.h - one client: its dialogue, its transaction, and the functions that the files of gateway/smtp share.
 * A handler reads one command and answers it with smtp_reply(), or leaves the session in a waiting state.
 */
#ifndef VG_SMTP_SESSION_H
#define VG_SMTP_SESSION_H

#include <netinet/in.h>

#include "dot.h"
#include "linebuf.h"
#include "smtp.h"
#include "smtp_cmd.h"
#include "smtp_state.h"
#include "smtp_xclient.h"
#include "spool.h"

/* An AUTH exchange; wiped when it ends. */
struct smtp_auth {
	bool login;                 /* LOGIN; else PLAIN */
	char user[ADDR_MAX + 1];    /* LOGIN: said, the password is asked for; "" before */
	bool has_user;
};

/* From MAIL to its reply. */
struct smtp_tx {
	char from[ADDR_MAX + 1];    /* shown form, "" for <> */
	bool utf8;
	bool ended;                 /* all content is here */
	bool too_large;             /* fail is for size */
	struct buf rcpts;           /* wire list of accepted recipients */
	uint32_t n_rcpts;
	char asked[ADDR_MAX + 1];   /* recipient that the gate is asked about */
	struct spool *spool;
	uint64_t spool_number;      /* to give back */
	struct dot dot;
	uint64_t bytes;             /* of content, refused bytes included */
	int64_t started, ended_at;  /* of content; monotonic */
	struct smtp_refusal fail;   /* code 0: none; content is swallowed then */
};

/* The chunk being read. */
struct smtp_chunk {
	uint64_t left;
	uint64_t size;
	bool last;
	struct smtp_refusal no; /* code 0: it belongs to the transaction */
	enum smtp_state back;   /* where a refused one returns to */
};

struct smtp_session {
	struct smtp *smtp;
	struct linebuf *lb;
	enum smtp_state state;
	enum smtp_state resume;     /* behind S_WAIT_SPOOL */
	uint32_t slot;
	uint64_t ask;               /* open question, 0 none */
	char ids[16];               /* "sess=…" */
	uint32_t listener;
	bool lmtp, after_queue;
	enum conf_tls tls;
	bool proxied;               /* client came by PROXY */
	bool esmtp;
	bool counted;               /* in smtp->peers, under client */
	bool discarding;            /* within a line that is too long */
	bool linger;                /* the peer may still be sending when we close */
	bool choked, progress, gone;
	char real_peer[INET6_ADDRSTRLEN];
	char client[INET6_ADDRSTRLEN];
	char counted_as[INET6_ADDRSTRLEN];
	char client_name[SMTP_NAME_MAX + 1];
	char helo[SMTP_NAME_MAX + 1];
	bool helo_fixed;            /* XCLIENT said it */
	bool auth;                  /* the listener offers AUTH, once TLS is up */
	bool relayed;               /* XCLIENT: the client is not who speaks TLS with us */
	struct smtp_auth exchange;
	char login[ADDR_MAX + 1];   /* address that the client proved by AUTH, normal form; "" */
	struct smtp_xclient *forward; /* XFORWARD, for the next transaction */
	struct smtp_tx *tx;
	struct smtp_chunk chunk;
	uint64_t swallowed;         /* bytes read for nothing */
	int64_t paused_at;          /* content reading stands still since, 0: it does not */
	unsigned commands, errors, messages, refused;
	struct ev_timer timer;
	struct ev_defer bury;
};

/* ---- smtp_session.c ---- */

/* Takes fd over. VG_ERR_MEMORY, VG_ERR_SYSTEM: fd is closed. */
int smtp_session_start(struct smtp *smtp, const struct smtp_listener *l, int fd, const char *peer);
/* Works off what can be worked off: input, replies, the next timer. Call after every event from outside. */
void smtp_session_run(struct smtp_session *s);
/* Ends at once, without a word. The session stays readable until the end of the turn (gone is set). */
void smtp_session_end(struct smtp_session *s, const char *why);
/* Leaves S_PROXY or S_TLS: next the handshake of an implicit TLS listener, or the greeting. */
void smtp_session_greet(struct smtp_session *s);
/* The supervisor wants us to stop: idle sessions hear 421. */
void smtp_session_stop(struct smtp_session *s);
/* The gate (or queue) link is gone, its answers will not come. */
void smtp_session_gate_lost(struct smtp_session *s);
void smtp_session_queue_lost(struct smtp_session *s);
/* Ends a session between commands that made too many errors. */
void smtp_session_patience(struct smtp_session *s);
/* Reading content may go on. */
void smtp_session_unchoke(struct smtp_session *s);

/* ---- smtp_timer.c ---- */

/* Sets the time-out that the session's state asks for. */
void smtp_timer_arm(struct smtp_session *s);
/* Content reading stands still through no fault of the client's, or goes on. */
void smtp_timer_pause(struct smtp_session *s);
void smtp_timer_resume(struct smtp_session *s);

/* ---- smtp_reply.c ---- */

/* Longest text of one reply. */
#define SMTP_TEXT_MAX 2000u

/* One reply; enhanced "" leaves it out. Long texts become several lines; controls and 8-bit bytes become '?'.
 * Codes of 500 and above count as errors and are logged. */
void smtp_reply(struct smtp_session *s, unsigned code, const char *enhanced, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
void smtp_reply_refusal(struct smtp_session *s, const struct smtp_refusal *no);
/* One line of a reply of several: "250-KEYWORD" or, last, "250 KEYWORD". */
void smtp_reply_line(struct smtp_session *s, unsigned code, bool last, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
/* A last reply, then the connection closes; linger where the peer may still be sending. */
void smtp_reply_close(struct smtp_session *s, bool linger, unsigned code, const char *enhanced, const char *text);

/* ---- smtp_lmtp.c ---- */

/* Does the verb belong to this protocol? Answers 500 itself where not. */
bool smtp_lmtp_verb(struct smtp_session *s, enum smtp_verb verb);
/* The reply to a message: one, or with LMTP one per recipient (RFC 2033 4.2). */
void smtp_reply_final(struct smtp_session *s, unsigned code, const char *enhanced, const char *text);
/* "ESMTPS", "UTF8LMTP", … (RFC 3848, RFC 6531) for trace fields. */
const char *smtp_protocol(const struct smtp_session *s, bool utf8);

/* ---- smtp_tx.c ---- */

/* Begins a transaction. NULL on no memory. */
struct smtp_tx *smtp_tx_new(struct smtp_session *s);
/* Ends it, gives back its spool, returns to S_READY (S_GREET before any HELO). */
void smtp_tx_end(struct smtp_session *s);
/* Content is refused from here on and swallowed. The first reason stays. */
void smtp_tx_fail(struct smtp_session *s, unsigned code, const char *enhanced, const char *text);
/* The same for a message past the size limit. */
void smtp_tx_too_large(struct smtp_session *s);
/* What to say about tx->fail. */
void smtp_tx_fail_text(const struct smtp_session *s, char *out, size_t size);
/* One more piece of content; a dot_sink. */
void smtp_tx_feed(void *session, const void *data, size_t n);
/* Does the spool need a place on disk? Asks the queue for it (S_WAIT_SPOOL). */
void smtp_tx_place(struct smtp_session *s);
void smtp_tx_placed(struct smtp_session *s, const struct spool_give *give, int fd);
/* All content is here: hands it to the gate (S_WAIT_VERDICT), or answers at once. */
void smtp_tx_submit(struct smtp_session *s);
void smtp_tx_verdict(struct smtp_session *s, const struct verdict_say *v);
/* No verdict will come. */
void smtp_tx_no_verdict(struct smtp_session *s, const char *why);

/* ---- handlers: smtp_cmd_*.c ---- */

void smtp_do_helo(struct smtp_session *s, const struct smtp_cmd *cmd);
void smtp_do_starttls(struct smtp_session *s, const struct smtp_cmd *cmd);
void smtp_do_xclient(struct smtp_session *s, const struct smtp_cmd *cmd);
void smtp_do_mail(struct smtp_session *s, const struct smtp_cmd *cmd);
void smtp_do_rcpt(struct smtp_session *s, const struct smtp_cmd *cmd);
void smtp_do_data(struct smtp_session *s, const struct smtp_cmd *cmd);
void smtp_do_bdat(struct smtp_session *s, const struct smtp_cmd *cmd);
void smtp_do_auth(struct smtp_session *s, const struct smtp_cmd *cmd);
void smtp_do_misc(struct smtp_session *s, const struct smtp_cmd *cmd);

/* May this client say AUTH now? TLS is up, and it has not said it yet. */
bool smtp_auth_offered(const struct smtp_session *s);
/* A line of the exchange (S_AUTH). too_long: it was passed over. */
void smtp_auth_line(struct smtp_session *s, const char *line, size_t len, bool too_long);
/* The queue's answer; NULL: none will come. */
void smtp_auth_answer(struct smtp_session *s, const struct login_say *say);

/* The gate's answer about tx->asked. */
void smtp_rcpt_answer(struct smtp_session *s, bool ok);
void smtp_rcpt_no_answer(struct smtp_session *s);
/* Reads content in S_DATA and S_CHUNK_DATA; true while there may be more to do. */
bool smtp_data_step(struct smtp_session *s);
/* A chunk that the table refuses: its octets are swallowed, then the refusal is said. */
void smtp_bdat_refused(struct smtp_session *s, const struct smtp_cmd *cmd, const struct smtp_refusal *no);
/* May this session say XCLIENT and XFORWARD? */
bool smtp_xclient_allowed(const struct smtp_session *s);

#endif
