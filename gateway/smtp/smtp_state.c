/*
 * smtp_state.c - the table state x verb and the one place where a session's state changes. Waiting for another process
 * is a state in which no command is read: what a client pipelines meanwhile stays where it is.
 */
#include "log.h"
#include "smtp_session.h"
#include "smtp_state.h"

/* Said at any time between commands. STARTTLS, AUTH and XCLIENT find out for themselves what applies. */
#define ANY_TIME \
	[V_RSET] = RULE_RUN, [V_NOOP] = RULE_RUN, [V_VRFY] = RULE_RUN, [V_EXPN] = RULE_RUN, [V_HELP] = RULE_RUN, \
	[V_QUIT] = RULE_RUN, [V_FOREIGN] = RULE_RUN, [V_UNKNOWN] = RULE_RUN
#define HELLO(rule) [V_HELO] = rule, [V_EHLO] = rule, [V_LHLO] = rule
/* RFC 4954 4: no AUTH within a transaction. */
#define PEER(starttls, x) [V_STARTTLS] = starttls, [V_AUTH] = starttls, [V_XCLIENT] = x, [V_XFORWARD] = x
#define MAIL(mail, rcpt, data, bdat) [V_MAIL] = mail, [V_RCPT] = rcpt, [V_DATA] = data, [V_BDAT] = bdat

static const unsigned char rules[S_COUNT][V_COUNT] = {
	[S_GREET] = { ANY_TIME, HELLO(RULE_RUN), PEER(RULE_HELO_FIRST, RULE_RUN),
	    MAIL(RULE_HELO_FIRST, RULE_HELO_FIRST, RULE_HELO_FIRST, RULE_HELO_FIRST) },
	[S_READY] = { ANY_TIME, HELLO(RULE_RUN), PEER(RULE_RUN, RULE_RUN),
	    MAIL(RULE_RUN, RULE_MAIL_FIRST, RULE_MAIL_FIRST, RULE_MAIL_FIRST) },
	[S_MAIL] = { ANY_TIME, HELLO(RULE_RUN), PEER(RULE_IN_MAIL, RULE_IN_MAIL),
	    MAIL(RULE_NESTED, RULE_RUN, RULE_RCPT_FIRST, RULE_RCPT_FIRST) },
	[S_RCPT] = { ANY_TIME, HELLO(RULE_RUN), PEER(RULE_IN_MAIL, RULE_IN_MAIL),
	    MAIL(RULE_NESTED, RULE_RUN, RULE_RUN, RULE_RUN) },
	[S_CHUNK] = { ANY_TIME, HELLO(RULE_RUN), PEER(RULE_IN_MAIL, RULE_IN_MAIL),
	    MAIL(RULE_NESTED, RULE_IN_BDAT, RULE_IN_BDAT, RULE_RUN) },
};

static const struct smtp_refusal refusals[RULE_COUNT] = {
	[RULE_HELO_FIRST] = { 503, "5.5.1", "Say hello first", NULL },
	[RULE_MAIL_FIRST] = { 503, "5.5.1", "MAIL first", NULL },
	[RULE_RCPT_FIRST] = { 503, "5.5.1", "No valid recipients", NULL },
	[RULE_NESTED] = { 503, "5.5.1", "Sender already given", NULL },
	[RULE_IN_MAIL] = { 503, "5.5.1", "Not within a mail transaction", NULL },
	[RULE_IN_BDAT] = { 503, "5.5.1", "Not between BDAT chunks", NULL },
};

static const char *const names[S_COUNT] = {
	[S_PROXY] = "proxy", [S_TLS] = "tls", [S_GREET] = "greet", [S_READY] = "ready", [S_MAIL] = "mail",
	[S_RCPT] = "rcpt", [S_CHUNK] = "chunk", [S_AUTH] = "auth", [S_DATA] = "data",
	[S_CHUNK_DATA] = "chunk-data", [S_WAIT_LOGIN] = "wait-login",
	[S_WAIT_RCPT] = "wait-rcpt", [S_WAIT_SPOOL] = "wait-spool", [S_WAIT_VERDICT] = "wait-verdict",
	[S_CLOSING] = "closing",
};

enum smtp_rule
smtp_rule(enum smtp_state state, enum smtp_verb verb)
{
	return (enum smtp_rule)rules[state][verb];
}

const struct smtp_refusal *
smtp_rule_refusal(enum smtp_rule rule)
{
	return &refusals[rule];
}

const char *
smtp_state_name(enum smtp_state state)
{
	return names[state];
}

bool
smtp_state_reads_commands(enum smtp_state state)
{
	return rules[state][V_QUIT] == RULE_RUN;
}

bool
smtp_state_waits(enum smtp_state state)
{
	return state == S_WAIT_LOGIN || state == S_WAIT_RCPT || state == S_WAIT_SPOOL || state == S_WAIT_VERDICT;
}

void
smtp_state_set(struct smtp_session *s, enum smtp_state state)
{
	if (s->state == state)
		return;
	log_debug(s->ids, "state", "from=%s to=%s", names[s->state], names[state]);
	s->state = state;
}
