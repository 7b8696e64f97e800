/*
 * api_inject.c - POST /v1/inject: one mail through the whole gate, as if received. The body is the mail, the envelope
 * stands in the query: from, to (repeatable), peer, helo. POST /v1/explain: the same without effect, with the evidence;
 * there a stored mail's receipt may stand in the query too: real_peer, channel, login, received (Unix milliseconds).
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "addr.h"
#include "api_private.h"
#include "err.h"
#include "hold_cause.h"
#include "id.h"
#include "spool.h"

#define RCPTS_MAX 1000

struct envelope {
	struct api_request *r;
	struct buf rcpts;
	uint32_t n;
	bool bad;
};

static enum MHD_Result add_rcpt(void *arg, enum MHD_ValueKind kind, const char *key, const char *value)
{
	struct envelope *e = arg;
	const char *why = "", *ext;
	struct addr a;
	size_t which;

	(void)kind;
	if (strcmp(key, "to") != 0 || e->bad)
		return MHD_YES;
	if (value == NULL || addr_parse(&a, value, strlen(value), 0, &why) != 0) {
		api_problem(e->r, MHD_HTTP_UNPROCESSABLE_CONTENT, "Bad recipient", "to: %s", why);
		e->bad = true;
		return MHD_YES;
	}
	switch (conf_rcpt(e->r->listener->api->ctx->conf, a.normal, &which, &ext)) {
	case RCPT_NOT_OURS:
	case RCPT_NO_SUCH:
		api_problem(e->r, MHD_HTTP_UNPROCESSABLE_CONTENT, "Bad recipient", "to: %s is no address of ours", a.normal);
		e->bad = true;
		return MHD_YES;
	default:
		break;
	}
	if (e->n >= RCPTS_MAX || wlist_add_str(&e->rcpts, &e->n, a.normal) != 0)
		e->bad = true;
	return MHD_YES;
}

static const char *query(struct api_request *r, const char *name)
{
	const char *v = MHD_lookup_connection_value(r->conn, MHD_GET_ARGUMENT_KIND, name);

	return v != NULL ? v : "";
}

/* Without `to`, the first intake address. */
static void default_rcpt(struct envelope *e)
{
	const struct conf *c = e->r->listener->api->ctx->conf;

	for (size_t i = 0; i < c->n_addresses && e->n == 0; i++)
		if (c->addresses[i].kind == ADDRESS_INTAKE)
			wlist_add_str(&e->rcpts, &e->n, c->addresses[i].address);
}

static bool reverse_path(struct api_request *r, struct addr *from)
{
	const char *s = query(r, "from"), *why = "";

	memset(from, 0, sizeof(*from));
	if (s[0] == '\0' || strcmp(s, "<>") == 0)
		return true;
	if (addr_parse(from, s, strlen(s), ADDR_QUOTED | ADDR_LITERAL | ADDR_UTF8, &why) == 0)
		return true;
	api_problem(r, MHD_HTTP_UNPROCESSABLE_CONTENT, "Bad reverse-path", "from: %s", why);
	return false;
}

static bool explains(const struct api_request *r)
{
	return strcmp(r->route->op, "explain") == 0;
}

static bool when(struct api_request *r, int64_t *at)
{
	const char *text = query(r, "received");
	char *end;

	*at = id_now_ms();
	if (text[0] == '\0')
		return true;
	errno = 0;
	*at = strtoll(text, &end, 10);
	if (errno == 0 && *end == '\0' && *at > 0)
		return true;
	api_problem(r, MHD_HTTP_UNPROCESSABLE_CONTENT, "Bad time", "received: Unix milliseconds are wanted");
	return false;
}

/* How it came in the first place: words that have no effect may be believed. */
static bool as_received(struct api_request *r, struct submit *s)
{
	static const char *const channels[] = { [CHANNEL_SMTP] = "smtp", [CHANNEL_LMTP] = "lmtp", [CHANNEL_IMAP] = "imap",
		[CHANNEL_INJECT] = "inject" };
	const char *channel = query(r, "channel"), *peer = query(r, "real_peer");

	s->dry_run = 1;
	s->login = query(r, "login");
	if (peer[0] != '\0')
		s->real_peer = peer;
	for (uint8_t i = CHANNEL_SMTP; i <= CHANNEL_INJECT; i++)
		if (strcmp(channel, channels[i]) == 0)
			s->channel = i;
	return when(r, &s->received_at);
}

static void send_submission(struct api_request *r, struct envelope *e, const struct addr *from)
{
	struct api *api = r->listener->api;
	char sess[11];
	struct submit s = { .channel = CHANNEL_INJECT, .listener = UINT32_MAX, .sess = sess, .real_peer = "unix",
		.client = query(r, "peer"), .helo = query(r, "helo"), .protocol = "inject",
		.reverse_path = from->normal, .received_at = id_now_ms() };

	id_session(sess);
	s.rcpts = wlist_of(&e->rcpts, e->n);
	if (explains(r) && !as_received(r, &s))
		return;
	if (spool_finish(r->spool, &s) != 0)
		api_problem(r, MHD_HTTP_INSUFFICIENT_STORAGE, "No space", "the mail could not be stored");
	else if (api->gate == NULL || ipc_send_fd(api->gate, IPC_SUBMIT, r->id, &s, spool_fd(r->spool), -1) != 0)
		api_problem(r, MHD_HTTP_SERVICE_UNAVAILABLE, "Try again", "the gate is restarting");
	else
		r->wait = WAIT_VERDICT;
	if (r->wait == WAIT_VERDICT && !explains(r))
		spool_free(&r->spool); /* the queue has it now; a mail that is only explained is given back at the end */
}

void api_inject_send(struct api_request *r)
{
	struct envelope e = { .r = r };
	struct addr from;

	if (r->spool == NULL) {
		api_problem(r, MHD_HTTP_UNPROCESSABLE_CONTENT, "Empty", "there is no mail in the request");
		return;
	}
	buf_init(&e.rcpts, IPC_SMALL);
	MHD_get_connection_values(r->conn, MHD_GET_ARGUMENT_KIND, add_rcpt, &e);
	default_rcpt(&e);
	if (!e.bad && reverse_path(r, &from))
		send_submission(r, &e, &from);
	else if (r->status == 0)
		api_problem(r, MHD_HTTP_UNPROCESSABLE_CONTENT, "Bad envelope", "too many recipients");
	buf_free(&e.rcpts);
}

static const char *outcome_name(unsigned outcome)
{
	static const char *const names[] = { [OUT_ACCEPTED] = "accepted", [OUT_HELD] = "held", [OUT_REJECTED] = "rejected",
		[OUT_TEMPFAIL] = "tempfail", [OUT_DUPLICATE] = "duplicate" };

	return outcome < sizeof(names) / sizeof(names[0]) && names[outcome] != NULL ? names[outcome] : "unknown";
}

/* Why it would be held; null where it would not. */
static json_t *cause_json(const char *reason)
{
	const struct hold_cause *c = hold_cause_find(reason);

	return reason[0] == '\0' ? json_null()
				 : json_pack("{s:s,s:s,s:s}", "code", c->code, "text", c->text, "advice", c->advice);
}

static void verdict_said(struct api_request *r, const struct verdict_say *v)
{
	json_t *o = json_pack("{s:s,s:i,s:s,s:s,s:s,s:s?,s:s?,s:I,s:s?}", "outcome", outcome_name(v->outcome), "code",
	    (int)v->code, "enhanced", v->enhanced, "text", v->text, "rule", v->rule, "reason",
	    v->reason[0] != '\0' ? v->reason : NULL, "message", v->message_id[0] != '\0' ? v->message_id : NULL, "ticket",
	    (json_int_t)v->ticket, "reference", v->reference[0] != '\0' ? v->reference : NULL);
	char *text;

	if (o != NULL && v->ticket == 0)
		json_object_set_new(o, "ticket", json_null());
	if (o != NULL && explains(r)) {
		json_t *facts = v->facts[0] != '\0' ? json_loads(v->facts, 0, NULL) : NULL;

		json_object_set_new(o, "evidence", facts != NULL ? facts : json_null());
		json_object_set_new(o, "cause", cause_json(v->reason));
	}
	text = o != NULL ? json_dumps(o, JSON_COMPACT) : NULL;
	json_decref(o);
	if (text == NULL)
		api_problem(r, MHD_HTTP_INTERNAL_SERVER_ERROR, "Internal error", "out of memory");
	else
		api_answer_text(r, MHD_HTTP_OK, "application/json", text, strlen(text));
	free(text);
}

void api_on_gate(struct ipc *ipc, struct ipc_msg *msg, void *arg)
{
	struct api *api = arg;
	struct api_request *r;
	struct verdict_say v;

	(void)ipc;
	if (msg == NULL) {
		ipc_close(&api->gate);
		for (r = api->requests; r != NULL; r = r->next)
			if (r->wait == WAIT_VERDICT) {
				api_problem(r, MHD_HTTP_SERVICE_UNAVAILABLE, "Try again", "the gate is restarting");
				api_resume(r);
			}
	} else if (msg->type == IPC_VERDICT && (r = api_find(api, msg->id, WAIT_VERDICT)) != NULL) {
		if (ipc_decode(msg, &v) == 0)
			verdict_said(r, &v);
		else
			api_problem(r, MHD_HTTP_INTERNAL_SERVER_ERROR, "Internal error", "bad verdict");
		api_resume(r);
	}
	ev_defer(api->ctx->loop, &api->run, api->run.cb, api);
}
