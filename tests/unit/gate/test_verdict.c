/*
 * verdict.h and thread_match.h as tables in words: a mail's facts on the left, the verdict on the right. Every row of
 * POLICY's table, and the order of the rows.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "verdict.h"

#define DAY INT64_C(86400000)
#define WORDS 500
#define NOW (100 * DAY)

/* ---- words to facts ---- */

struct word {
	const char *word;
	void (*set)(struct verdict_facts *f, int value);
	int value;
};

static void set_class(struct verdict_facts *f, int v)
{
	f->cls = (enum sender_class)v;
	f->partner = v == CLASS_CONTACT || v == CLASS_PARTNER_DOMAIN ? "p1" : "";
	f->holder = v == CLASS_DIRECT ? "h1" : "";
}

static void set_status(struct verdict_facts *f, int v) { f->partner_status = (enum partner_status)v; }
static void set_auth(struct verdict_facts *f, int v) { f->auth.result = (enum auth_result)v; }
static void set_gave_up(struct verdict_facts *f, int v) { (void)v; f->auth.dns_gave_up = true; }
static void set_wrong_signature(struct verdict_facts *f, int v) { (void)v; f->auth.signature_invalid = true; }
static void set_automatic(struct verdict_facts *f, int v) { f->automatic = (enum automatic)v; }
static void set_malformed(struct verdict_facts *f, int v) { (void)v; f->malformed = "from.group"; }
static void set_loop(struct verdict_facts *f, int v) { if (v) f->loop = true; else f->hops = true; }
static void set_return_path(struct verdict_facts *f, int v) { (void)v; f->bounce_rcpt = true; }
static void set_postmaster(struct verdict_facts *f, int v) { (void)v; f->postmaster_only = true; }
static void set_two_tokens(struct verdict_facts *f, int v) { (void)v; f->thread.ambiguous = true; }

static void set_match(struct verdict_facts *f, int v)
{
	f->thread.kind = (enum match_kind)v;
	f->thread.strength = v == MATCH_TOKEN ? 1 : v == MATCH_SUBJECT ? 3 : 2;
	f->thread.ticket.ticket = 42;
	f->thread.ticket.status = TICKET_OPEN;
	if (f->thread.ticket.partner[0] == '\0' && f->thread.ticket.holder[0] == '\0')
		f->thread.ticket.partner = "p1";
}

static void set_ticket_of(struct verdict_facts *f, int v)
{
	f->thread.ticket.partner = v == 1 ? "p1" : v == 2 ? "p2" : "";
	f->thread.ticket.holder = v == 3 ? "h1" : v == 4 ? "h2" : "";
}

static void set_role(struct verdict_facts *f, int v) { f->thread.ticket.role = (uint8_t)v; }
static void set_audience(struct verdict_facts *f, int v) { (void)v; f->thread.ticket.in_audience = 1; }
static void set_by_contact(struct verdict_facts *f, int v) { (void)v; f->thread.ticket.by_contact = 1; }

static void set_closed(struct verdict_facts *f, int days)
{
	f->thread.ticket.status = TICKET_CLOSED;
	f->thread.ticket.closed_at = NOW - days * DAY;
}

static void set_unlisted(struct verdict_facts *f, int v) { f->unlisted = (enum unlisted)v; }
static void set_unverified(struct verdict_facts *f, int v) { f->unverified = (enum unverified)v; }
static void set_automatic_open(struct verdict_facts *f, int v) { (void)v; f->automatic_open = true; }
static void set_inactive_hold(struct verdict_facts *f, int v) { (void)v; f->inactive_hold = true; }
static void set_portal(struct verdict_facts *f, int v) { (void)v; f->direct_refuse_url = "https://portal.example/"; }

static const struct word words[] = {
	{"agent", set_class, CLASS_AGENT}, {"contact", set_class, CLASS_CONTACT}, {"direct", set_class, CLASS_DIRECT},
	{"customer", set_class, CLASS_CUSTOMER}, {"partner-domain", set_class, CLASS_PARTNER_DOMAIN},
	{"unknown", set_class, CLASS_UNKNOWN}, {"active", set_status, PARTNER_ACTIVE}, {"suspended", set_status, PARTNER_SUSPENDED},
	{"expired", set_status, PARTNER_EXPIRED}, {"unauth", set_auth, AUTH_UNAUTHENTICATED}, {"auth", set_auth, AUTH_AUTHENTICATED},
	{"temperror", set_auth, AUTH_TEMPERROR}, {"failed", set_auth, AUTH_FAILED}, {"operator", set_auth, AUTH_OPERATOR},
	{"gave-up", set_gave_up, 0}, {"wrong-signature", set_wrong_signature, 0}, {"bulk", set_automatic, AUTOMATIC_BULK}, {"generated", set_automatic, AUTOMATIC_GENERATED},
	{"reply", set_automatic, AUTOMATIC_REPLY}, {"bounce", set_automatic, AUTOMATIC_BOUNCE}, {"malformed", set_malformed, 0},
	{"loop", set_loop, 1}, {"hops", set_loop, 0}, {"return-path", set_return_path, 0}, {"postmaster", set_postmaster, 0},
	{"two-tokens", set_two_tokens, 0}, {"token", set_match, MATCH_TOKEN}, {"ours", set_match, MATCH_OUR_MESSAGE_ID},
	{"theirs", set_match, MATCH_FOREIGN_MESSAGE_ID}, {"subject", set_match, MATCH_SUBJECT}, {"of-p1", set_ticket_of, 1},
	{"of-p2", set_ticket_of, 2}, {"of-h1", set_ticket_of, 3}, {"of-h2", set_ticket_of, 4}, {"as-contact", set_role, PART_CONTACT},
	{"as-observer", set_role, PART_OBSERVER}, {"as-customer", set_role, PART_CUSTOMER}, {"as-agent", set_role, PART_AGENT},
	{"as-holder", set_role, PART_HOLDER}, {"audience", set_audience, 0}, {"by-contact", set_by_contact, 0},
	{"closed", set_closed, 13}, {"closed-long", set_closed, 15}, {"accept-unlisted", set_unlisted, UNLISTED_ACCEPT},
	{"reject-unlisted", set_unlisted, UNLISTED_REJECT}, {"reject-unverified", set_unverified, UNVERIFIED_REJECT},
	{"automatic-open", set_automatic_open, 0}, {"inactive-hold", set_inactive_hold, 0}, {"portal", set_portal, 0},
};

static void apply(struct verdict_facts *f, const char *text)
{
	while (*text != '\0') {
		size_t n = strcspn(text, " "), i;

		for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
			if (strlen(words[i].word) == n && memcmp(words[i].word, text, n) == 0)
				break;
		if (i == sizeof(words) / sizeof(words[0]))
			fail_msg("no such word: %s", text);
		words[i].set(f, words[i].value);
		text += n + (text[n] == ' ');
	}
}

static void decide(struct verdict *v, const char *base, const char *more)
{
	struct verdict_facts f = {.partner = "", .holder = "", .now = NOW, .reopen_ms = 14 * DAY};

	f.thread.ticket.partner = f.thread.ticket.holder = "";
	f.auth.covers = "";
	apply(&f, base);
	apply(&f, more);
	verdict_decide(&f, v);
}

/* ---- the verdict in words ---- */

static void describe(char out[WORDS], const struct verdict *v)
{
	static const char *const roles[] = {"none", "contact", "observer", "customer", "agent", "holder"};
	const char *quiet = v->quiet ? " quiet" : "";

	switch (v->action) {
	case COMMIT_OPEN:
		snprintf(out, WORDS, "%s open %s%s%s", v->rule, roles[v->role], v->related ? " related" : "", v->route_direct ? " direct" : "");
		return;
	case COMMIT_APPEND:
		snprintf(out, WORDS, "%s append %s%s%s", v->rule, roles[v->role], v->reopen ? " reopen" : "", quiet);
		return;
	case COMMIT_HOLD:
		snprintf(out, WORDS, "%s hold %s%s", v->rule, v->reason, quiet);
		return;
	case COMMIT_RETURN:
		snprintf(out, WORDS, "%s return%s", v->rule, quiet);
		return;
	case COMMIT_REFUSE:
	case COMMIT_DEFER:
		snprintf(out, WORDS, "%s %u %s %s", v->rule, v->code, v->enhanced, v->text);
		return;
	}
	snprintf(out, WORDS, "%s nothing", v->rule);
}

#define PROVIDER "550 5.7.1 cases are opened through your service provider"
#define NOT_ACCEPTED "550 5.7.1 not accepted; cases are opened through your service provider"
#define INACTIVE "550 5.7.1 programme membership is not active"

static const struct {
	const char *facts, *verdict;
} rows[] = {
	{"return-path unknown", "V0 return quiet"},
	{"return-path contact active auth bounce", "V0 return quiet"},
	{"malformed", "V1 550 5.6.0 the message header is malformed: from.group"},
	{"loop contact active auth", "V2 554 5.4.6 mail loop"},
	{"hops contact active auth", "V2 554 5.4.6 mail loop: too many hops"},
	{"temperror contact active", "V3 451 4.7.0 the sender cannot be verified now, try again later"},
	{"temperror unknown", "V3 451 4.7.0 the sender cannot be verified now, try again later"},
	{"failed contact active", "V4 550 5.7.26 the sender's domain does not authorise this message"},
	{"failed agent token", "V4 550 5.7.26 the sender's domain does not authorise this message"},
	{"postmaster unknown", "postmaster hold postmaster"},
	{"postmaster customer auth", "postmaster hold postmaster"},
	{"two-tokens token contact active auth", "ambiguous hold ambiguous-thread"},
	{"two-tokens token customer auth as-customer", "ambiguous hold ambiguous-thread"},
	{"two-tokens token unknown", "V18 " NOT_ACCEPTED},
	/* V5: automatic mail of a participant */
	{"contact active auth reply token as-contact", "V5 append contact quiet"},
	{"contact active auth generated ours as-contact", "V5 append contact quiet"},
	{"contact active auth bounce ours as-contact", "V5 append contact quiet"},
	{"customer auth reply theirs as-customer", "V5 append customer quiet"},
	{"agent auth reply token as-agent", "V5 append agent quiet"},
	{"contact active auth reply token as-contact closed", "V5 append contact quiet"},
	{"contact active auth reply subject as-contact", "V6 hold automatic"},
	{"contact active auth reply token", "V6 hold automatic"},
	{"contact suspended auth reply token as-contact", "V9 " INACTIVE},
	{"contact active unauth reply token as-contact", "V12 hold unverified-sender"},
	/* V6: automatic mail that would open something */
	{"contact active auth generated", "V6 hold automatic"},
	{"partner-domain active auth reply", "V6 hold automatic"},
	{"agent auth reply", "V6 hold automatic"},
	{"direct auth bounce", "V6 hold automatic"},
	{"contact active auth generated automatic-open", "V11 open contact"},
	{"partner-domain active auth generated automatic-open", "V6 hold automatic"},
	{"contact active auth bulk", "V11 open contact"},
	{"customer auth reply", "V17 " PROVIDER},
	/* V7, V8: agents */
	{"agent auth token", "V7 append agent"},
	{"agent auth subject of-p2 closed-long", "V7 append agent"},
	{"agent auth", "V8 hold agent-without-ticket"},
	{"agent unauth token", "V8 hold unverified-sender"},
	/* V9: membership */
	{"contact suspended auth", "V9 " INACTIVE},
	{"partner-domain expired auth", "V9 " INACTIVE},
	{"contact suspended auth token", "V9 " INACTIVE},
	{"contact expired auth inactive-hold", "V9 hold membership-inactive"},
	{"contact suspended unauth", "V18 " NOT_ACCEPTED},
	/* V10, V11: contacts */
	{"contact active auth token as-contact", "V10 append contact"},
	{"contact active auth ours", "V10 append contact"},
	{"contact active auth subject", "V10 append contact"},
	{"contact active auth token closed", "V10 append contact reopen"},
	{"contact active auth token closed-long", "V10 open contact related"},
	{"contact active auth", "V11 open contact"},
	{"contact active auth token of-p2", "V11 open contact"},
	{"contact active auth token of-h1", "V11 open contact"},
	/* V12: not proven */
	{"contact active unauth", "V12 hold unverified-sender"},
	{"contact active unauth token", "V12 hold unverified-sender"},
	{"contact active unauth reject-unverified", "V12 " NOT_ACCEPTED},
	{"direct unauth", "V12 hold unverified-sender"},
	{"contact active unauth gave-up", "V12 hold dns"},
	{"contact active unauth gave-up wrong-signature", "V12 hold dns"},
	{"contact active unauth wrong-signature", "V12 hold signature-invalid"},
	{"contact active unauth reject-unverified gave-up", "V12 hold dns"},
	{"contact active unauth reject-unverified wrong-signature", "V12 hold signature-invalid"},
	{"contact active auth wrong-signature", "V11 open contact"},
	{"direct unauth gave-up", "V12 hold dns"},
	{"agent unauth token gave-up", "V8 hold dns"},
	{"agent unauth wrong-signature", "V8 hold signature-invalid"},
	{"agent auth wrong-signature", "V8 hold agent-without-ticket"},
	{"customer unauth token as-customer audience gave-up", "V14 hold dns"},
	{"customer unauth gave-up", "V18 " NOT_ACCEPTED},
	{"direct unauth reject-unverified", "V12 hold unverified-sender"},
	/* V13: observers */
	{"partner-domain active auth ours as-observer by-contact", "V13 append observer"},
	{"partner-domain active auth token as-observer by-contact closed", "V13 append observer"},
	{"partner-domain active auth ours as-observer", "V15 hold unlisted-contact"},
	{"partner-domain active auth ours of-p2 as-observer by-contact", "V15 hold unlisted-contact"},
	/* V14: customers who take part */
	{"customer auth token as-customer", "V14 append customer"},
	{"unknown auth token as-customer", "V14 append customer"},
	{"direct auth token as-customer", "V14 append customer"},
	{"contact active auth token of-p2 as-customer", "V14 append customer"},
	{"customer auth ours as-customer audience", "V14 append customer"},
	{"customer auth theirs as-customer audience", "V14 append customer"},
	{"customer auth token as-customer closed", "V14 append customer"},
	{"customer auth ours as-customer", "V17 " PROVIDER},
	{"customer auth subject as-customer audience", "V17 " PROVIDER},
	{"customer auth token", "V17 " PROVIDER},
	{"customer unauth token as-customer audience", "V14 hold unverified-sender"},
	{"unknown unauth token as-customer audience", "V14 hold unverified-sender"},
	{"customer unauth token as-customer", "V18 " NOT_ACCEPTED},
	{"customer unauth ours as-customer audience", "V18 " NOT_ACCEPTED},
	/* V15: colleagues who are no contacts */
	{"partner-domain active auth", "V15 hold unlisted-contact"},
	{"partner-domain active auth token", "V15 hold unlisted-contact"},
	{"partner-domain active auth accept-unlisted", "V15 open contact"},
	{"partner-domain active auth accept-unlisted subject", "V15 append contact"},
	{"partner-domain active auth accept-unlisted token closed-long", "V15 open contact related"},
	{"partner-domain active auth reject-unlisted", "V15 550 5.7.1 cases are opened by your company's listed contacts"},
	/* V16: direct contracts */
	{"direct auth", "V16 open holder direct"},
	{"direct auth token of-h1 as-holder", "V16 append holder"},
	{"direct auth ours of-h1 closed", "V16 append holder reopen"},
	{"direct auth ours of-h1 closed-long", "V16 open holder related direct"},
	{"direct auth token of-h2", "V16 open holder direct"},
	{"direct auth token of-p1", "V16 open holder direct"},
	{"direct auth portal", "V16 550 5.7.1 cases are opened at https://portal.example/"},
	{"direct auth portal token of-h1", "V16 append holder"},
	{"direct auth portal token of-h1 closed-long", "V16 550 5.7.1 cases are opened at https://portal.example/"},
	/* V17, V18 */
	{"customer auth", "V17 " PROVIDER},
	{"customer unauth", "V18 " NOT_ACCEPTED},
	{"unknown auth", "V18 " NOT_ACCEPTED},
	{"unknown unauth", "V18 " NOT_ACCEPTED},
	{"partner-domain active unauth", "V18 " NOT_ACCEPTED},
	{"partner-domain suspended unauth", "V18 " NOT_ACCEPTED},
	/* released by an operator */
	{"contact active operator", "V11 open contact"},
	{"contact active operator token", "V10 append contact"},
	{"contact active operator postmaster", "V11 open contact"},
	{"contact active operator two-tokens token", "V10 append contact"},
	{"contact active operator generated", "V11 open contact"},
	{"contact active operator reply token as-contact", "V5 append contact quiet"},
	{"partner-domain active operator", "V15 open contact"},
	{"partner-domain active operator reject-unlisted", "V15 550 5.7.1 cases are opened by your company's listed contacts"},
	{"contact suspended operator", "V9 " INACTIVE},
	{"contact suspended operator inactive-hold", "V11 open contact"},
	{"direct operator", "V16 open holder direct"},
	{"customer operator token as-customer", "V14 append customer"},
	{"customer operator", "V17 " PROVIDER},
	{"unknown operator", "V18 " NOT_ACCEPTED},
	{"agent operator", "V8 hold agent-without-ticket"},
	{"agent operator token", "V7 append agent"},
};

static void every_row(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct verdict v;
		char got[WORDS];

		decide(&v, rows[i].facts, "");
		describe(got, &v);
		if (strcmp(got, rows[i].verdict) != 0)
			fail_msg("'%s'\n  gave     %s\n  wanted   %s", rows[i].facts, got, rows[i].verdict);
	}
}

/* The later row holds for the facts; with the change the earlier one does too, and wins. */
static const struct {
	const char *facts, *later, *change, *earlier;
} orders[] = {
	{"malformed", "V1", "return-path", "V0"},
	{"loop", "V2", "malformed", "V1"},
	{"temperror", "V3", "loop", "V2"},
	{"failed", "V4", "temperror", "V3"}, /* one result only: the order is auth_decide()'s */
	{"postmaster", "postmaster", "failed", "V4"},
	{"contact active auth two-tokens token", "ambiguous", "postmaster", "postmaster"},
	{"contact active auth reply token as-contact", "V5", "two-tokens", "ambiguous"},
	{"contact active auth reply token", "V6", "as-contact", "V5"},
	{"agent auth token", "V7", "reply", "V6"},
	{"agent auth", "V8", "token", "V7"},
	{"contact suspended auth", "V9", "agent", "V8"}, /* one class only */
	{"contact active auth token", "V10", "suspended", "V9"},
	{"contact active auth", "V11", "ours", "V10"},
	{"contact active unauth", "V12", "auth", "V11"},
	{"partner-domain active auth ours as-observer by-contact", "V13", "direct unauth", "V12"},
	{"customer auth token as-customer", "V14", "partner-domain active as-observer by-contact", "V13"},
	{"partner-domain active auth", "V15", "customer token as-customer", "V14"},
	{"direct auth", "V16", "partner-domain active", "V15"},
	{"customer auth", "V17", "direct", "V16"},
	{"unknown auth", "V18", "customer", "V17"},
	/* rows that are not neighbours, but where both hold */
	{"contact active auth ours", "V10", "temperror", "V3"},
	{"contact active auth ours as-contact", "V10", "reply", "V5"},
	{"contact active auth", "V11", "generated", "V6"},
	{"contact suspended auth", "V9", "reply ours as-contact active", "V5"},
	{"direct auth", "V16", "token as-customer", "V14"},
	{"customer auth", "V17", "token as-customer", "V14"},
	{"unknown", "V18", "malformed return-path loop hops postmaster", "V0"},
};

static void order_of_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(orders) / sizeof(orders[0]); i++) {
		struct verdict v;

		decide(&v, orders[i].facts, "");
		if (strcmp(v.rule, orders[i].later) != 0)
			fail_msg("'%s' gave %s, not %s", orders[i].facts, v.rule, orders[i].later);
		decide(&v, orders[i].facts, orders[i].change);
		if (strcmp(v.rule, orders[i].earlier) != 0)
			fail_msg("'%s %s' gave %s, not %s", orders[i].facts, orders[i].change, v.rule, orders[i].earlier);
	}
	/* Every pair of neighbours stands above. */
	for (unsigned r = 0; verdict_row_name(r + 1) != NULL; r++)
		assert_true(strcmp(orders[r].earlier, verdict_row_name(r)) == 0 && strcmp(orders[r].later, verdict_row_name(r + 1)) == 0);
}

/* Any mixture of words: one verdict, complete, and the answers that must not differ do not (P9). */
static void any_mixture(void **state)
{
	unsigned seed = 1;

	(void)state;
	for (int i = 0; i < 200000; i++) {
		struct verdict_facts f = {.partner = "", .holder = "", .now = NOW, .reopen_ms = 14 * DAY};
		struct verdict v;

		f.thread.ticket.partner = f.thread.ticket.holder = "";
		f.auth.covers = "";
		for (int k = 0; k < 9; k++) {
			const struct word *w;

			seed = seed * 1103515245u + 12345u;
			w = &words[(seed >> 16) % (sizeof(words) / sizeof(words[0]))];
			w->set(&f, w->value);
		}
		verdict_decide(&f, &v);
		assert_string_equal(v.rule, verdict_row_name(v.row));
		assert_true(v.outcome >= OUT_ACCEPTED && v.outcome <= OUT_TEMPFAIL);
		assert_true((v.action == COMMIT_HOLD) == (v.reason[0] != '\0'));
		assert_true((v.action == COMMIT_DEFER) == (v.code == 451));
		assert_true((v.action == COMMIT_REFUSE || v.action == COMMIT_DEFER) == (v.text[0] != '\0'));
		assert_true((v.action == COMMIT_REFUSE || v.action == COMMIT_DEFER) == (v.code >= 400));
		assert_true(v.action != COMMIT_APPEND || v.ticket == 42);
		/* What came back on a return path is that and nothing else, whoever writes. */
		assert_true((v.action == COMMIT_RETURN) == f.bounce_rcpt);
		if (v.action == COMMIT_RETURN)
			continue;
		/* Nobody who is not proven opens or continues anything. */
		if (v.outcome == OUT_ACCEPTED)
			assert_true(f.auth.result == AUTH_AUTHENTICATED || f.auth.result == AUTH_OPERATOR);
		/* No customer opens, reopens or joins a ticket of which they are not part. */
		if (f.cls == CLASS_CUSTOMER && v.outcome == OUT_ACCEPTED)
			assert_true(v.action == COMMIT_APPEND && !v.reopen && f.thread.ticket.role != PART_NONE);
	}
}

static void thread_order(void **state)
{
	static const struct facts_thread c[] = {
		{.kind = MATCH_SUBJECT, .ticket = 1, .partner = "p1", .holder = ""},                 /* 0 */
		{.kind = MATCH_FOREIGN_MESSAGE_ID, .rank = 0, .ticket = 2, .partner = "p1", .holder = ""}, /* 1 */
		{.kind = MATCH_OUR_MESSAGE_ID, .rank = 1, .ticket = 3, .partner = "p1", .holder = ""},     /* 2 */
		{.kind = MATCH_OUR_MESSAGE_ID, .rank = 0, .ticket = 4, .partner = "p1", .holder = ""},     /* 3 */
		{.kind = MATCH_TOKEN, .ticket = 5, .partner = "p1", .holder = ""},                   /* 4 */
		{.kind = MATCH_TOKEN, .ticket = 6, .partner = "p2", .holder = ""},                   /* 5 */
		{.kind = MATCH_FOREIGN_MESSAGE_ID, .ticket = 7, .partner = "p2", .holder = ""},      /* 6 */
		{.kind = MATCH_SUBJECT, .ticket = 8, .partner = "p2", .holder = ""},                 /* 7 */
		{.kind = MATCH_FOREIGN_MESSAGE_ID, .ticket = 9, .partner = "p2", .holder = "", .role = PART_CUSTOMER}, /* 8 */
		{.kind = MATCH_OUR_MESSAGE_ID, .ticket = 10, .partner = "", .holder = "h1"},         /* 9 */
		{.kind = MATCH_OUR_MESSAGE_ID, .ticket = 11, .partner = "p2", .holder = ""},         /* 10 */
	};
	static const struct {
		enum sender_class cls;
		const char *partner, *holder;
		const char *use; /* candidates as characters from '0' on, 'a' is 10 */
		uint64_t ticket;
		unsigned strength;
		bool own;
		size_t foreign;
	} cases[] = {
		{CLASS_CONTACT, "p1", "", "", 0, 0, false, 0},
		{CLASS_CONTACT, "p1", "", "0", 1, 3, true, 0},
		{CLASS_CONTACT, "p1", "", "01", 2, 2, true, 0},
		{CLASS_CONTACT, "p1", "", "012", 2, 2, true, 0},   /* the nearer id goes first */
		{CLASS_CONTACT, "p1", "", "0123", 4, 2, true, 0},  /* of one id, what we sent */
		{CLASS_CONTACT, "p1", "", "01234", 5, 1, true, 0},
		{CLASS_CONTACT, "p1", "", "5", 6, 1, false, 1},    /* meant, but not theirs: V11 */
		{CLASS_CONTACT, "p1", "", "05", 1, 3, true, 1},
		{CLASS_CONTACT, "p1", "", "6", 0, 0, false, 1},    /* a foreign Message-ID names nothing */
		{CLASS_CONTACT, "p1", "", "a", 11, 2, false, 1},
		{CLASS_CONTACT, "p1", "", "7", 0, 0, false, 1},
		{CLASS_PARTNER_DOMAIN, "p1", "", "0", 0, 0, false, 0},
		{CLASS_CUSTOMER, "", "", "0", 0, 0, false, 1},
		{CLASS_CUSTOMER, "", "", "16", 0, 0, false, 2},
		{CLASS_CUSTOMER, "", "", "168", 9, 2, true, 2},
		{CLASS_UNKNOWN, "", "", "5", 6, 1, false, 1},
		{CLASS_AGENT, "", "", "7", 8, 3, true, 0},
		{CLASS_AGENT, "", "", "6", 0, 0, false, 0},
		{CLASS_AGENT, "", "", "8", 9, 2, true, 0},
		{CLASS_DIRECT, "", "h1", "9a", 10, 2, true, 1},
		{CLASS_DIRECT, "", "h2", "9", 10, 2, false, 1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct facts_thread list[16];
		struct thread_facts f = {.candidates = list, .cls = cases[i].cls, .partner = cases[i].partner, .holder = cases[i].holder};
		struct thread_match m;

		for (const char *p = cases[i].use; *p != '\0'; p++)
			list[f.n++] = c[*p == 'a' ? 10 : *p - '0'];
		thread_match(&m, &f);
		if (m.ticket.ticket != cases[i].ticket || m.strength != cases[i].strength || m.own != cases[i].own ||
		    m.n_foreign != cases[i].foreign)
			fail_msg("case %zu: ticket %d strength %u own %d foreign %zu", i, (int)m.ticket.ticket, m.strength, m.own, m.n_foreign);
	}
}

static void as_contact_may_use_the_subject(void **state)
{
	struct facts_thread c = {.kind = MATCH_SUBJECT, .ticket = 1, .partner = "p1", .holder = ""};
	struct thread_facts f = {.candidates = &c, .n = 1, .cls = CLASS_PARTNER_DOMAIN, .partner = "p1", .holder = "", .as_contact = true};
	struct thread_match m;

	(void)state;
	thread_match(&m, &f);
	assert_int_equal(m.ticket.ticket, 1);
	f.two_tokens = true;
	thread_match(&m, &f);
	assert_true(m.ambiguous);
	c.kind = 77; /* nothing that is known */
	thread_match(&m, &f);
	assert_int_equal(m.kind, MATCH_NONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_row), cmocka_unit_test(order_of_rows), cmocka_unit_test(any_mixture), cmocka_unit_test(thread_order),
		cmocka_unit_test(as_contact_may_use_the_subject),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
