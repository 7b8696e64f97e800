/*
 * smtp_state.h - the order rules of the dialogue as data: which verb may be said in which state. Pure but for
 * the setter.
 */
#ifndef VG_SMTP_STATE_H
#define VG_SMTP_STATE_H

#include "smtp_cmd.h"

struct smtp_session;

enum smtp_state {
	S_PROXY,        /* waiting for the PROXY header */
	S_TLS,          /* shaking hands */
	S_GREET,        /* greeted, no HELO yet (or not since STARTTLS, XCLIENT) */
	S_READY,        /* HELO said, no transaction */
	S_MAIL,         /* sender accepted, no recipient yet */
	S_RCPT,         /* at least one recipient accepted */
	S_CHUNK,        /* between two BDAT chunks */
	S_AUTH,         /* reading the client's next line of an AUTH exchange */
	S_DATA,         /* reading content behind DATA */
	S_CHUNK_DATA,   /* reading the octets of a chunk */
	S_WAIT_LOGIN,   /* the queue checks a password */
	S_WAIT_RCPT,    /* the gate is asked about a recipient */
	S_WAIT_SPOOL,   /* the queue is asked for a place */
	S_WAIT_VERDICT, /* the gate decides */
	S_CLOSING,      /* last words are on their way out */
	S_COUNT
};

enum smtp_rule {
	RULE_NEVER = 0, /* no command is read in this state */
	RULE_RUN,
	RULE_HELO_FIRST,
	RULE_MAIL_FIRST,
	RULE_RCPT_FIRST,
	RULE_NESTED,
	RULE_IN_MAIL,
	RULE_IN_BDAT,
	RULE_COUNT
};

enum smtp_rule smtp_rule(enum smtp_state state, enum smtp_verb verb);
/* What a rule other than NEVER and RUN answers. */
const struct smtp_refusal *smtp_rule_refusal(enum smtp_rule rule);
const char *smtp_state_name(enum smtp_state state);
/* Are commands read in this state? */
bool smtp_state_reads_commands(enum smtp_state state);
/* Is another process being waited for? */
bool smtp_state_waits(enum smtp_state state);

/* The one setter. */
void smtp_state_set(struct smtp_session *s, enum smtp_state state);

#endif
