/*
 * ctl_table.c - the commands as data.
 */
#include "ctl_table.h"

#include <string.h>

#define OPT_LIMIT { "limit", IN_QUERY, NULL, false, "N", "at most N rows" }
#define OPT_CURSOR { "cursor", IN_QUERY, NULL, false, "CURSOR", "go on where a list ended (\"next\")" }
#define OPT_PARTNER_FILTER { "partner", IN_QUERY, NULL, false, "ID", "of this partner only" }
#define OPT_FORCE { "force", IN_QUERY_FLAG, NULL, false, NULL, "also with all that hangs on it" }
#define OPT_NAME(req) { "name", IN_BODY, NULL, req, "NAME", "display name" }
#define PARTNER_OPTIONS(req) \
	{ "name", IN_BODY, NULL, req, "NAME", "display name" }, \
	{ "vcsp-id", IN_BODY, NULL, false, "ID", "the programme's number" }, \
	{ "domain", IN_BODY_LIST, "domains", false, "DOMAIN", "a mail domain of theirs; repeatable" }, \
	{ "status", IN_BODY, NULL, false, "active|suspended|expired", "membership" }, \
	{ "product", IN_BODY_LIST, "products", false, "ID", "product of the portfolio; repeatable" }, \
	{ "region", IN_BODY, NULL, false, "REGION", "for the backend" }, \
	{ "language", IN_BODY, NULL, false, "TAG", "language of what we send" }, \
	{ "unlisted", IN_BODY, NULL, false, "hold|accept|reject", "people of their domains who are no contacts" }, \
	{ "unverified", IN_BODY, NULL, false, "hold|reject", "contacts' mail without proof of its sender" }, \
	{ "proof", IN_BODY, NULL, false, "any|dkim|signature", "the proof that is asked for" }, \
	{ "signer", IN_BODY_LIST, "signers", false, "DOMAIN", "domain that signs for them; repeatable" }
#define CONTACT_OPTIONS \
	{ "case-admin", IN_BODY_FLAG, NULL, false, NULL, "record as case administrator" }, \
	{ "automatic", IN_BODY, NULL, false, "hold|open", "automatic mail of this address" }, \
	{ "external", IN_BODY_FLAG, NULL, false, NULL, "address outside the partner's domains" }
#define CREDENTIAL_OPTIONS \
	{ "password-file", IN_BODY_FILE, "password", false, "FILE|-", "password for SMTP AUTH, 12 characters or more" }, \
	{ "certificate", IN_BODY_FILE, NULL, false, "FILE", "TLS client certificate, PEM" }, \
	{ "key", IN_BODY_FILE, NULL, false, "FILE", "armored OpenPGP public key or S/MIME certificate, for signatures" }, \
	{ "credential-label", IN_BODY, NULL, false, "TEXT", "a note beside what is added" }, \
	{ "remove-credential", IN_BODY, NULL, false, "FINGERPRINT|password", "no longer valid" }
#define WHERE_OPTIONS \
	{ "domain", IN_BODY, NULL, false, "DOMAIN", "a whole domain, or" }, \
	{ "address", IN_BODY, NULL, false, "ADDRESS", "one address" }
#define SHOW(group, path, what) \
	{ group, "show", "GET", path "/{}", OPERAND_PATH, what, PRINT_ONE, NULL, "show one", { { 0 } } }
#define REMOVE(group, path, what) \
	{ group, "remove", "DELETE", path "/{}", OPERAND_PATH, what, PRINT_NONE, NULL, "remove one", { OPT_FORCE, OPT_PARTNER_FILTER } }

const struct ctl_command ctl_commands[] = {
	{ "partner", "add", "POST", "/v1/partners", OPERAND_NONE, NULL, PRINT_ONE, NULL, "register a partner",
	  { { "id", IN_BODY, NULL, true, "ID", "short name, for example acme-msp" }, PARTNER_OPTIONS(true) } },
	{ "partner", "set", "PATCH", "/v1/partners/{}", OPERAND_PATH, "ID", PRINT_ONE, NULL, "change a partner",
	  { PARTNER_OPTIONS(false) } },
	{ "partner", "list", "GET", "/v1/partners", OPERAND_NONE, NULL, PRINT_LIST, "id name status vcsp_id region",
	  "list partners", { { "q", IN_QUERY, NULL, false, "TEXT", "whose id or name begins so" }, OPT_LIMIT, OPT_CURSOR } },
	SHOW("partner", "/v1/partners", "ID"),
	REMOVE("partner", "/v1/partners", "ID"),
	{ "contact", "add", "POST", "/v1/contacts", OPERAND_NONE, NULL, PRINT_ONE, NULL, "register a partner's contact",
	  { { "partner", IN_BODY, NULL, true, "ID", "the partner" },
	    { "address", IN_BODY, NULL, true, "ADDRESS", "mail address" }, OPT_NAME(false), CONTACT_OPTIONS } },
	{ "contact", "set", "PATCH", "/v1/contacts/{}", OPERAND_PATH, "ADDRESS", PRINT_ONE, NULL, "change a contact",
	  { OPT_NAME(false), CONTACT_OPTIONS, CREDENTIAL_OPTIONS } },
	{ "contact", "list", "GET", "/v1/contacts", OPERAND_NONE, NULL, PRINT_LIST, "address name partner case_admin",
	  "list contacts", { OPT_PARTNER_FILTER, OPT_LIMIT, OPT_CURSOR } },
	SHOW("contact", "/v1/contacts", "ADDRESS"),
	REMOVE("contact", "/v1/contacts", "ADDRESS"),
	{ "customer", "add", "POST", "/v1/customers", OPERAND_NONE, NULL, PRINT_ONE, NULL, "register a partner's customer",
	  { { "partner", IN_BODY, NULL, true, "ID", "the partner" }, WHERE_OPTIONS, OPT_NAME(false) } },
	{ "customer", "set", "PATCH", "/v1/customers/{}", OPERAND_PATH, "ADDRESS|DOMAIN", PRINT_ONE, NULL, "change a customer",
	  { OPT_NAME(false), OPT_PARTNER_FILTER } },
	{ "customer", "list", "GET", "/v1/customers", OPERAND_NONE, NULL, PRINT_LIST, "partner domain address name",
	  "list customers", { OPT_PARTNER_FILTER, OPT_LIMIT, OPT_CURSOR } },
	SHOW("customer", "/v1/customers", "ADDRESS|DOMAIN"),
	REMOVE("customer", "/v1/customers", "ADDRESS|DOMAIN"),
	{ "direct", "add", "POST", "/v1/direct", OPERAND_NONE, NULL, PRINT_ONE, NULL, "register a direct-contract holder",
	  { { "id", IN_BODY, NULL, false, "ID", "short name; made from the name where absent" }, OPT_NAME(true), WHERE_OPTIONS } },
	{ "direct", "set", "PATCH", "/v1/direct/{}", OPERAND_PATH, "ID|ADDRESS", PRINT_ONE, NULL,
	  "change a holder, or what proves an address of theirs", { OPT_NAME(false), CREDENTIAL_OPTIONS } },
	{ "direct", "list", "GET", "/v1/direct", OPERAND_NONE, NULL, PRINT_LIST, "id name domain address", "list holders",
	  { OPT_LIMIT, OPT_CURSOR } },
	SHOW("direct", "/v1/direct", "ID"),
	REMOVE("direct", "/v1/direct", "ID"),
	{ "agent", "add", "POST", "/v1/agents", OPERAND_NONE, NULL, PRINT_ONE, NULL, "register a support engineer",
	  { { "address", IN_BODY, NULL, true, "ADDRESS", "mail address" }, OPT_NAME(true) } },
	{ "agent", "set", "PATCH", "/v1/agents/{}", OPERAND_PATH, "ADDRESS", PRINT_ONE, NULL, "change an agent",
	  { OPT_NAME(false), CREDENTIAL_OPTIONS } },
	{ "agent", "list", "GET", "/v1/agents", OPERAND_NONE, NULL, PRINT_LIST, "address name", "list agents",
	  { OPT_LIMIT, OPT_CURSOR } },
	SHOW("agent", "/v1/agents", "ADDRESS"),
	REMOVE("agent", "/v1/agents", "ADDRESS"),
	{ "registry", "import", "POST", "/v1/registry/import", OPERAND_FILE, "FILE", PRINT_ONE, NULL,
	  "read CSV (FILE.csv) or JSON, all or nothing, every bad line named", { { 0 } } },
	{ "registry", "export", "GET", "/v1/registry/export", OPERAND_NONE, NULL, PRINT_RAW, NULL, "print the registry",
	  { { "format", IN_QUERY, NULL, false, "csv|json", "json without it" } } },
	{ "ticket", "list", "GET", "/v1/tickets", OPERAND_NONE, NULL, PRINT_LIST, "number status severity route partner.id subject",
	  "list tickets",
	  { OPT_PARTNER_FILTER, { "status", IN_QUERY, NULL, false, "open|waiting-partner|closed", "in this state only" },
	    { "q", IN_QUERY, NULL, false, "WORDS", "full-text search in subject, text and errors" }, OPT_LIMIT, OPT_CURSOR } },
	{ "ticket", "show", "GET", "/v1/tickets/{}", OPERAND_PATH, "NUMBER", PRINT_ONE, NULL, "show one ticket", { { 0 } } },
	{ "ticket", "messages", "GET", "/v1/tickets/{}/messages", OPERAND_PATH, "NUMBER", PRINT_LIST,
	  "id direction visibility sender.class subject", "list a ticket's messages", { OPT_LIMIT, OPT_CURSOR } },
	{ "ticket", "export", "GET", "/v1/tickets/{}/messages", OPERAND_PATH, "NUMBER", PRINT_LINES, NULL,
	  "print all of a ticket's messages, a line of JSON each", { { 0 } } },
	{ "ticket", "set", "PATCH", "/v1/tickets/{}", OPERAND_PATH, "NUMBER", PRINT_ONE, NULL, "change a ticket",
	  { { "severity", IN_BODY_INT, NULL, false, "1-4", "" }, { "status", IN_BODY, NULL, false, "open|waiting-partner|closed", "" },
	    { "route", IN_BODY, NULL, false, "ROUTE", "" } } },
	{ "ticket", "remove-participant", "DELETE", "/v1/tickets/{}/participants/{}", OPERAND_PATH_TWO, "NUMBER ADDRESS",
	  PRINT_ONE, NULL, "take a customer or observer out; nothing reaches them from now on", { { 0 } } },
	{ "ticket", "merge", "POST", "/v1/tickets/{}/merge", OPERAND_PATH_INTO, "NUMBER INTO", PRINT_ONE, NULL,
	  "close a ticket and send what answers it to another one of the same partner", { { 0 } } },
	{ "message", "raw", "GET", "/v1/messages/{}/raw", OPERAND_PATH, "ID", PRINT_RAW, NULL, "print a mail as received",
	  { { 0 } } },
	{ "held", "list", "GET", "/v1/held", OPERAND_NONE, NULL, PRINT_LIST,
	  "id reason sender subject received_at expires_at cause.text",
	  "list held mail", { { "reason", IN_QUERY, NULL, false, "REASON", "with this cause only" }, OPT_LIMIT, OPT_CURSOR } },
	{ "held", "show", "GET", "/v1/held/{}", OPERAND_PATH, "ID", PRINT_CASE, NULL, "cause, evidence and preview", { { 0 } } },
	{ "held", "release", "POST", "/v1/held/{}/release", OPERAND_PATH, "ID", PRINT_ONE, NULL,
	  "run the rules again as verified by you",
	  { { "as", IN_BODY, NULL, false, "contact", "as a contact this once, whatever the partner set for unlisted people" },
	    { "register", IN_BODY_FLAG, NULL, false, NULL, "make the sender a contact first" },
	    { "partner", IN_BODY, NULL, false, "ID", "with --register: of this partner; else of the one whose domain it is" },
	    { "external", IN_BODY_FLAG, NULL, false, NULL, "with --register: the address is outside the partner's domains" } } },
	{ "held", "reject", "POST", "/v1/held/{}/reject", OPERAND_PATH, "ID", PRINT_ONE, NULL, "refuse it with a text",
	  { { "text", IN_BODY, NULL, true, "TEXT", "the reason" } } },
	{ "held", "delete", "DELETE", "/v1/held/{}", OPERAND_PATH, "ID", PRINT_NONE, NULL, "delete it; an audit record stays",
	  { { 0 } } },
	{ "ticket", "reply", "POST", "/v1/tickets/{}/messages", OPERAND_PATH, "NUMBER", PRINT_ONE, NULL,
	  "write to a ticket as an agent: mail to its participants",
	  { { "from", IN_BODY, NULL, true, "ADDRESS", "the agent" }, { "text", IN_BODY, NULL, true, "TEXT", "what is said" },
	    { "visibility", IN_BODY, NULL, false, "public|internal", "internal stays among agents" } } },
	{ "outbox", "list", "GET", "/v1/outbox", OPERAND_NONE, NULL, PRINT_LIST, "id state kind ticket recipient attempts answer",
	  "list outgoing mail, newest first",
	  { { "state", IN_QUERY, NULL, false, "queued|held|sent|failed|cancelled", "in this state only" },
	    { "ticket", IN_QUERY, NULL, false, "NUMBER", "of this ticket only" }, OPT_LIMIT, OPT_CURSOR } },
	{ "outbox", "retry", "POST", "/v1/outbox/{}/retry", OPERAND_PATH, "ID", PRINT_ONE, NULL, "try it again now", { { 0 } } },
	{ "outbox", "hold", "POST", "/v1/outbox/{}/hold", OPERAND_PATH, "ID", PRINT_ONE, NULL, "keep it back", { { 0 } } },
	{ "outbox", "release", "POST", "/v1/outbox/{}/release", OPERAND_PATH, "ID", PRINT_ONE, NULL,
	  "let it go; an address that bounced counts as good again", { { 0 } } },
	{ "outbox", "cancel", "POST", "/v1/outbox/{}/cancel", OPERAND_PATH, "ID", PRINT_ONE, NULL, "never send it", { { 0 } } },
	{ "suppressed", "list", "GET", "/v1/suppressed", OPERAND_NONE, NULL, PRINT_LIST, "address since ticket outgoing reason",
	  "list addresses that bounced for good: no mail leaves for them", { OPT_LIMIT, OPT_CURSOR } },
	{ "suppressed", "show", "GET", "/v1/suppressed/{}", OPERAND_PATH, "ADDRESS", PRINT_ONE, NULL,
	  "since when, why, by which bounce", { { 0 } } },
	{ "suppressed", "lift", "DELETE", "/v1/suppressed/{}", OPERAND_PATH, "ADDRESS", PRINT_NONE, NULL,
	  "the address is good again: what was held for it goes", { { 0 } } },
	{ "queue", "stats", "GET", "/v1/queue/stats", OPERAND_NONE, NULL, PRINT_ONE, NULL, "depth, ages, accounting", { { 0 } } },
	{ "queue", "claim", "POST", "/v1/queue/claim", OPERAND_NONE, NULL, PRINT_RAW, NULL, "lease events",
	  { { "max", IN_BODY_INT, NULL, false, "N", "at most N (1)" },
	    { "lease", IN_BODY_INT, "lease_seconds", false, "SECONDS", "lease time" },
	    { "wait", IN_BODY_INT, "wait_seconds", false, "SECONDS", "wait so long when there are none" },
	    { "route", IN_BODY_LIST, "routes", false, "ROUTE", "of these routes only; repeatable" } } },
	{ "queue", "ack", "POST", "/v1/queue/ack", OPERAND_RECEIPTS, "RECEIPT...", PRINT_RAW, NULL, "done with these", { { 0 } } },
	{ "queue", "nack", "POST", "/v1/queue/nack", OPERAND_RECEIPTS, "RECEIPT...", PRINT_RAW, NULL, "give these back",
	  { { "delay", IN_BODY_INT, "delay_seconds", false, "SECONDS", "not before" } } },
	{ "queue", "extend", "POST", "/v1/queue/extend", OPERAND_RECEIPTS, "RECEIPT...", PRINT_RAW, NULL, "prolong the lease",
	  { { "lease", IN_BODY_INT, "lease_seconds", false, "SECONDS", "from now" } } },
	{ "queue", "dead", "GET", "/v1/queue/dead", OPERAND_NONE, NULL, PRINT_LIST, "event_id event ticket attempts at",
	  "list the dead letters", { OPT_LIMIT, OPT_CURSOR } },
	{ "queue", "requeue", "POST", "/v1/queue/dead/{}/requeue", OPERAND_PATH, "EVENT", PRINT_NONE, NULL,
	  "bring a dead letter back", { { 0 } } },
	{ "audit", NULL, "GET", "/v1/audit", OPERAND_NONE, NULL, PRINT_LIST, "reference at what rule sender reason", "list audit records",
	  { { "reference", IN_QUERY, NULL, false, "REFERENCE", "the one that a refusal named" },
	    { "sender", IN_QUERY, NULL, false, "ADDRESS", "of this sender only" }, OPT_LIMIT, OPT_CURSOR } },
	{ "token", "add", "POST", "/v1/tokens", OPERAND_NONE, NULL, PRINT_ONE, NULL, "make a bearer token, shown once",
	  { OPT_NAME(true), { "scope", IN_BODY_LIST, "scopes", true, "queue|tickets|registry|admin", "repeatable" } } },
	{ "token", "list", "GET", "/v1/tokens", OPERAND_NONE, NULL, PRINT_LIST, "name scopes created_at", "list tokens", { { 0 } } },
	{ "token", "remove", "DELETE", "/v1/tokens/{}", OPERAND_PATH, "NAME", PRINT_NONE, NULL, "revoke a token", { { 0 } } },
	{ "inject", NULL, "POST", "/v1/inject", OPERAND_FILE, "[FILE]", PRINT_RAW, NULL,
	  "one mail through the whole gate, as if received; standard input without FILE",
	  { { "from", IN_QUERY, NULL, false, "ENVELOPE", "reverse-path" },
	    { "to", IN_QUERY_LIST, NULL, false, "RCPT", "recipient; repeatable; the first intake address without it" },
	    { "peer", IN_QUERY, NULL, false, "IP", "the client's address" },
	    { "helo", IN_QUERY, NULL, false, "NAME", "the client's greeting" } } },
	{ "explain", NULL, "POST", "/v1/explain", OPERAND_FILE, "[ID|REFERENCE|FILE]", PRINT_CASE, NULL,
	  "why a stored mail was treated so; or what would become of one, without effect; standard input without operand",
	  { { "from", IN_QUERY, NULL, false, "ENVELOPE", "reverse-path" },
	    { "to", IN_QUERY_LIST, NULL, false, "RCPT", "recipient; repeatable; the first intake address without it" },
	    { "peer", IN_QUERY, NULL, false, "IP", "the client's address" },
	    { "helo", IN_QUERY, NULL, false, "NAME", "the client's greeting" } } },
	{ "replay", NULL, "GET", "/v1/messages", OPERAND_NONE, NULL, PRINT_NONE, NULL,
	  "run stored mail through today's rules, without effect, and show what would come out otherwise",
	  { { "since", IN_BODY, NULL, false, "TIME", "received since then: 24h, 7d, 2026-11-24" },
	    { "limit", IN_BODY_INT, NULL, false, "N", "at most N mails (100)" } } },
};

const size_t ctl_n_commands = sizeof(ctl_commands) / sizeof(ctl_commands[0]);

ctl_hook *ctl_hook_of(const struct ctl_command *cmd)
{
	static const struct {
		const char *group, *verb;
		ctl_hook *hook;
	} hooks[] = { { "held", "release", ctl_register_first }, { "explain", "", ctl_explain_stored }, { "replay", "", ctl_replay } };

	for (size_t i = 0; i < sizeof(hooks) / sizeof(hooks[0]); i++)
		if (strcmp(hooks[i].group, cmd->group) == 0 && strcmp(hooks[i].verb, cmd->verb != NULL ? cmd->verb : "") == 0)
			return hooks[i].hook;
	return NULL;
}
