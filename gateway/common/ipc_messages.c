/*
 * ipc_messages.c - the tables of ipc_messages.h as data: fields of each struct, permissions of each type.
 * Every process; constant.
 */
#include "ipc_rules.h"

/* WIRE_SELF names the struct whose offsets a field list takes, so each table sets it anew. */
#define WIRE_TABLE(NAME, FIELDS) \
	static const struct wire_field fields_##NAME[] = { FIELDS(WIRE_FIELD) }; \
	const struct wire_table wire_##NAME = { #NAME, sizeof(struct NAME), fields_##NAME, \
		sizeof(fields_##NAME) / sizeof(fields_##NAME[0]) };

#define WIRE_SELF m_secret
WIRE_TABLE(m_secret, M_SECRET_FIELDS)
#undef WIRE_SELF
#define WIRE_SELF m_metrics
WIRE_TABLE(m_metrics, M_METRICS_FIELDS)
#undef WIRE_SELF
#define WIRE_SELF m_listen
WIRE_TABLE(m_listen, M_LISTEN_FIELDS)
#undef WIRE_SELF
#define WIRE_SELF m_peer
WIRE_TABLE(m_peer, M_PEER_FIELDS)
#undef WIRE_SELF
#define WIRE_SELF m_dial
WIRE_TABLE(m_dial, M_DIAL_FIELDS)
#undef WIRE_SELF
#define WIRE_SELF m_dialed
WIRE_TABLE(m_dialed, M_DIALED_FIELDS)
#undef WIRE_SELF
#define WIRE_SELF spool_give
WIRE_TABLE(spool_give, SPOOL_GIVE_FIELDS)
#undef WIRE_SELF
#define WIRE_SELF spool_drop
WIRE_TABLE(spool_drop, SPOOL_DROP_FIELDS)
#undef WIRE_SELF
#define WIRE_SELF rcpt_ask
WIRE_TABLE(rcpt_ask, RCPT_ASK_FIELDS)
#undef WIRE_SELF
#define WIRE_SELF rcpt_say
WIRE_TABLE(rcpt_say, RCPT_SAY_FIELDS)
#undef WIRE_SELF
#define WIRE_SELF login_ask
WIRE_TABLE(login_ask, LOGIN_ASK_FIELDS)
#undef WIRE_SELF
#define WIRE_SELF login_say
WIRE_TABLE(login_say, LOGIN_SAY_FIELDS)
#undef WIRE_SELF
#define WIRE_SELF submit
WIRE_TABLE(submit, SUBMIT_FIELDS)
#undef WIRE_SELF
#define WIRE_SELF verdict_say
WIRE_TABLE(verdict_say, VERDICT_FIELDS)
#undef WIRE_SELF
#define WIRE_SELF imap_item
WIRE_TABLE(imap_item, IMAP_ITEM_FIELDS)
#undef WIRE_SELF
#define WIRE_SELF imap_ask
WIRE_TABLE(imap_ask, IMAP_ASK_FIELDS)
#undef WIRE_SELF
#define WIRE_SELF imap_say
WIRE_TABLE(imap_say, IMAP_SAY_FIELDS)
#undef WIRE_SELF
#define WIRE_SELF imap_note
WIRE_TABLE(imap_note, IMAP_NOTE_FIELDS)
#undef WIRE_SELF
#define WIRE_SELF imap_noted
WIRE_TABLE(imap_noted, IMAP_NOTED_FIELDS)
#undef WIRE_SELF
#define WIRE_SELF facts_ask
WIRE_TABLE(facts_ask, FACTS_ASK_FIELDS)
#undef WIRE_SELF
#define WIRE_SELF facts_credential
WIRE_TABLE(facts_credential, FACTS_CREDENTIAL_FIELDS)
#undef WIRE_SELF
#define WIRE_SELF facts_thread
WIRE_TABLE(facts_thread, FACTS_THREAD_FIELDS)
#undef WIRE_SELF
#define WIRE_SELF facts_say
WIRE_TABLE(facts_say, FACTS_SAY_FIELDS)
#undef WIRE_SELF
#define WIRE_SELF commit
WIRE_TABLE(commit, COMMIT_FIELDS)
#undef WIRE_SELF
#define WIRE_SELF commit_say
WIRE_TABLE(commit_say, COMMIT_SAY_FIELDS)
#undef WIRE_SELF
#define WIRE_SELF verify_ask
WIRE_TABLE(verify_ask, VERIFY_ASK_FIELDS)
#undef WIRE_SELF
#define WIRE_SELF verify_say
WIRE_TABLE(verify_say, VERIFY_SAY_FIELDS)
#undef WIRE_SELF
#define WIRE_SELF parse_job
WIRE_TABLE(parse_job, PARSE_JOB_FIELDS)
#undef WIRE_SELF
#define WIRE_SELF parse_done
WIRE_TABLE(parse_done, PARSE_DONE_FIELDS)
#undef WIRE_SELF
#define WIRE_SELF deliver_job
WIRE_TABLE(deliver_job, DELIVER_JOB_FIELDS)
#undef WIRE_SELF
#define WIRE_SELF deliver_done
WIRE_TABLE(deliver_done, DELIVER_DONE_FIELDS)
#undef WIRE_SELF
#define WIRE_SELF call
WIRE_TABLE(call, CALL_FIELDS)
#undef WIRE_SELF
#define WIRE_SELF call_say
WIRE_TABLE(call_say, CALL_SAY_FIELDS)
#undef WIRE_SELF

/* Types that stand not here have no fields. */
static const struct wire_table *const tables[IPC_TYPE_COUNT] = {
	[IPC_M_SECRET] = &wire_m_secret,
	[IPC_M_METRICS] = &wire_m_metrics,
	[IPC_M_LISTEN] = &wire_m_listen,
	[IPC_M_PEER] = &wire_m_peer,
	[IPC_M_DIAL] = &wire_m_dial,
	[IPC_M_DIALED] = &wire_m_dialed,
	[IPC_SPOOL_GIVE] = &wire_spool_give,
	[IPC_SPOOL_DROP] = &wire_spool_drop,
	[IPC_RCPT_ASK] = &wire_rcpt_ask,
	[IPC_RCPT_SAY] = &wire_rcpt_say,
	[IPC_LOGIN_ASK] = &wire_login_ask,
	[IPC_LOGIN_SAY] = &wire_login_say,
	[IPC_SUBMIT] = &wire_submit,
	[IPC_VERDICT] = &wire_verdict_say,
	[IPC_IMAP_ASK] = &wire_imap_ask,
	[IPC_IMAP_SAY] = &wire_imap_say,
	[IPC_IMAP_NOTE] = &wire_imap_note,
	[IPC_IMAP_NOTED] = &wire_imap_noted,
	[IPC_FACTS_ASK] = &wire_facts_ask,
	[IPC_FACTS_SAY] = &wire_facts_say,
	[IPC_VERIFY_ASK] = &wire_verify_ask,
	[IPC_VERIFY_SAY] = &wire_verify_say,
	[IPC_COMMIT] = &wire_commit,
	[IPC_COMMIT_SAY] = &wire_commit_say,
	[IPC_PARSE_JOB] = &wire_parse_job,
	[IPC_PARSE_DONE] = &wire_parse_done,
	[IPC_DELIVER_JOB] = &wire_deliver_job,
	[IPC_DELIVER_DONE] = &wire_deliver_done,
	[IPC_CALL] = &wire_call,
	[IPC_CALL_SAY] = &wire_call_say,
};

#define RULE(type, from, to, max, fds) [IPC_##type] = { #type, from, to, max, fds },
static const struct ipc_rule rules[IPC_TYPE_COUNT] = { IPC_TABLE(RULE) };

const struct ipc_rule *
ipc_rule(uint32_t type)
{
	return type < IPC_TYPE_COUNT ? &rules[type] : NULL;
}

const struct wire_table *
ipc_table(uint32_t type)
{
	return type < IPC_TYPE_COUNT ? tables[type] : NULL;
}

bool
ipc_rule_allows(const struct ipc_rule *rule, enum role from, enum role to)
{
	return (rule->from & 1u << from) && (rule->to & 1u << to);
}
