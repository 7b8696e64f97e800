/*
 * smtp_cmd.h - one command line to verb and arguments. Pure: no session, no I/O.
 */
#ifndef VG_SMTP_CMD_H
#define VG_SMTP_CMD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "addr.h"

/* Longest command line, CRLF left out. RFC 5321 4.5.3.1.4 asks for 512, extensions add to it. */
#define SMTP_LINE_MAX 2048u
/* Longest HELO argument and host name. */
#define SMTP_NAME_MAX 255u

enum smtp_verb {
	V_HELO, V_EHLO, V_LHLO, V_STARTTLS, V_AUTH, V_XCLIENT, V_XFORWARD,
	V_MAIL, V_RCPT, V_DATA, V_BDAT, V_RSET,
	V_NOOP, V_VRFY, V_EXPN, V_HELP, V_QUIT,
	V_FOREIGN, /* another protocol's client: GET, POST, CONNECT, PUT, OPTIONS */
	V_UNKNOWN,
	V_COUNT
};

/* A reply that says no. Static strings; why may be NULL. */
struct smtp_refusal {
	unsigned code;
	const char *enhanced;
	const char *text;
	const char *why;
};

struct smtp_cmd {
	enum smtp_verb verb;
	const char *args; /* behind the verb and its spaces; "" where none */
	size_t len;       /* without trailing spaces */
};

struct smtp_mail {
	struct addr from; /* normal "" for <> */
	uint64_t size;    /* 0: not said */
	bool utf8;
};

struct smtp_rcpt {
	struct addr to;
	bool postmaster; /* <postmaster> without a domain (RFC 5321 4.1.1.3); to is empty */
};

struct smtp_bdat {
	uint64_t size;
	bool last;
};

/* line is NUL-terminated, without CRLF. VG_ERR_SYNTAX: controls in it, or no verb at all. */
int smtp_cmd_parse(const char *line, size_t len, struct smtp_cmd *out);
const char *smtp_verb_name(enum smtp_verb verb);

/* Arguments of MAIL, RCPT (utf8: the transaction is SMTPUTF8), BDAT. VG_ERR_SYNTAX with *no filled. */
int smtp_mail_parse(const char *args, size_t len, struct smtp_mail *out, struct smtp_refusal *no);
int smtp_rcpt_parse(const char *args, size_t len, bool utf8, struct smtp_rcpt *out, struct smtp_refusal *no);
int smtp_bdat_parse(const char *args, size_t len, struct smtp_bdat *out, struct smtp_refusal *no);
/* Is this a name or an address literal that may stand in a trace field? */
bool smtp_name_ok(const char *s, size_t len);

#endif
