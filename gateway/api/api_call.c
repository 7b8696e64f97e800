/*
 * api_call.c - requests as calls of the queue, and the queue's answers. The queue is trusted to be our own process, its
 * frames are checked all the same.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "api_private.h"
#include "err.h"
#include "log.h"
#include "spool.h"

#define TOKEN_CACHE_MS 10000

static enum MHD_Result add_query(void *arg, enum MHD_ValueKind kind, const char *key, const char *value)
{
	json_t *v = json_string(value != NULL ? value : "");

	(void)kind;
	if (v != NULL) /* bytes that are no UTF-8 are left out: no call takes such a value */
		json_object_set_new(arg, key, v);
	return MHD_YES;
}

/* The request body as JSON; NULL with the answer set when it is not. */
static json_t *parse_body(struct api_request *r)
{
	json_error_t err;
	json_t *v;

	if (r->body.len == 0)
		return json_null();
	v = json_loadb((const char *)r->body.data, r->body.len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &err);
	if (v == NULL)
		api_problem(r, MHD_HTTP_BAD_REQUEST, "Not JSON", "line %d, column %d: %s", err.line, err.column, err.text);
	return v;
}

/* An import names its format by Content-Type; small content travels inside the arguments. */
static json_t *upload_body(struct api_request *r)
{
	const char *type = MHD_lookup_connection_value(r->conn, MHD_HEADER_KIND, MHD_HTTP_HEADER_CONTENT_TYPE);
	const char *format = type != NULL && strncasecmp(type, "text/csv", 8) == 0 ? "csv" : "json";
	json_t *body = json_pack("{s:s}", "format", format), *text;

	if (r->upload != NULL || body == NULL)
		return body;
	text = json_stringn((const char *)r->body.data, r->body.len);
	if (text == NULL) {
		json_decref(body);
		api_problem(r, MHD_HTTP_BAD_REQUEST, "Not UTF-8", "the content is not UTF-8 text");
		return NULL;
	}
	json_object_set_new(body, "text", text);
	return body;
}

static char *build_args(struct api_request *r)
{
	json_t *query = json_object(), *body, *args = NULL;
	char *text = NULL;

	body = r->route->kind == API_UPLOAD ? upload_body(r) : r->upload != NULL ? json_null() : parse_body(r);
	if (query != NULL && body != NULL) {
		MHD_get_connection_values(r->conn, MHD_GET_ARGUMENT_KIND, add_query, query);
		args = json_pack("{s:O,s:O,s:O}", "params", r->params, "query", query, "body", body);
	}
	json_decref(query);
	json_decref(body);
	if (args != NULL)
		text = json_dumps(args, JSON_COMPACT);
	json_decref(args);
	if (text == NULL && r->status == 0)
		api_problem(r, MHD_HTTP_INTERNAL_SERVER_ERROR, "Internal error", "out of memory");
	return text;
}

static void queue_away(struct api_request *r)
{
	api_problem(r, MHD_HTTP_SERVICE_UNAVAILABLE, "Try again", "the store is restarting");
}

void api_call_send(struct api_request *r)
{
	struct api *api = r->listener->api;
	const char *key = MHD_lookup_connection_value(r->conn, MHD_HEADER_KIND, "Idempotency-Key");
	char *args = build_args(r);
	struct call call = { .op = r->route->op, .actor = r->actor };
	int rc;

	if (args == NULL)
		return;
	call.args = (struct blob){ (unsigned char *)args, strlen(args) };
	call.idempotency_key = key != NULL && strlen(key) <= 200 ? key : "";
	if (r->upload != NULL) {
		if (seal_finish(r->upload) != 0) {
			free(args);
			api_problem(r, MHD_HTTP_INSUFFICIENT_STORAGE, "No space", "the disk is full");
			return;
		}
		call.size = r->upload_size;
		call.key = (struct blob){ r->upload_key, SEAL_KEY };
	}
	rc = api->queue == NULL ? VG_ERR_CLOSED : ipc_send_fd(api->queue, IPC_CALL, r->id, &call, r->upload_fd, -1);
	free(args);
	if (rc != 0) {
		queue_away(r);
		return;
	}
	r->wait = WAIT_CALL;
}

void api_token_ask(struct api_request *r, const char *token)
{
	struct api *api = r->listener->api;
	json_t *args = json_pack("{s:{},s:{},s:{s:s}}", "params", "query", "body", "token", token);
	char *text = args != NULL ? json_dumps(args, JSON_COMPACT) : NULL;
	struct call call = { .op = "tokens.check", .actor = "api" };
	int rc = VG_ERR_CLOSED;

	json_decref(args);
	if (text == NULL) {
		api_problem(r, MHD_HTTP_UNAUTHORIZED, "Unauthorized", "this token is not known");
		return;
	}
	call.args = (struct blob){ (unsigned char *)text, strlen(text) };
	if (api->queue != NULL)
		rc = ipc_send(api->queue, IPC_CALL, r->id, &call);
	free(text);
	if (rc == 0)
		r->wait = WAIT_TOKEN;
	else
		queue_away(r);
}

static struct api_token *oldest_slot(struct api *api)
{
	struct api_token *best = &api->tokens[0];

	for (size_t i = 1; i < API_TOKENS; i++)
		if (api->tokens[i].expires < best->expires)
			best = &api->tokens[i];
	return best;
}

/* {"name":…,"scopes":[…]} */
static void token_said(struct api_request *r, const struct call_say *say)
{
	struct api *api = r->listener->api;
	json_t *o = json_loadb((const char *)say->body.data, say->body.len, 0, NULL);
	const char *name = json_string_value(json_object_get(o, "name"));
	unsigned scopes = api_scopes(json_object_get(o, "scopes"));

	if (say->status == MHD_HTTP_OK && name != NULL) {
		struct api_token *t = oldest_slot(api);

		memcpy(t->hash, r->token_hash, sizeof(t->hash));
		snprintf(t->name, sizeof(t->name), "%s", name);
		t->scopes = scopes;
		t->expires = evloop_now(api->ctx->loop) + TOKEN_CACHE_MS;
		snprintf(r->actor, sizeof(r->actor), "%s", name);
		r->authorised = (scopes & r->route->scope) != 0;
		if (!r->authorised)
			api_problem(r, MHD_HTTP_FORBIDDEN, "Forbidden", "this token lacks the scope that this path asks for");
	} else if (say->status >= 500) {
		queue_away(r);
	} else {
		api_problem(r, MHD_HTTP_UNAUTHORIZED, "Unauthorized", "this token is not known");
	}
	json_decref(o);
}

static void call_said(struct api_request *r, struct ipc_msg *msg, const struct call_say *say)
{
	const char *type = say->content_type[0] != '\0' ? say->content_type
	    : say->status >= 400			 ? "application/problem+json"
						 : "application/json";

	api_answer_text(r, say->status, say->status == MHD_HTTP_NO_CONTENT ? "" : type, (const char *)say->body.data,
	    say->body.len);
	snprintf(r->file_name, sizeof(r->file_name), "%s", say->file_name);
	r->answer_fd = ipc_take_fd(msg, 0);
	r->answer_size = say->size;
	if (say->key.len == SEAL_KEY)
		memcpy(r->answer_key, say->key.data, SEAL_KEY);
}

static void on_call_say(struct api *api, struct ipc_msg *msg)
{
	struct call_say say;
	struct api_request *r;

	if (ipc_decode(msg, &say) != 0 || say.status < 200 || say.status > 599)
		return;
	if ((r = api_find(api, msg->id, WAIT_CALL)) != NULL) {
		call_said(r, msg, &say);
		api_resume(r);
	} else if ((r = api_find(api, msg->id, WAIT_TOKEN)) != NULL) {
		token_said(r, &say);
		api_resume(r);
	}
}

static void on_spool_give(struct api *api, struct ipc_msg *msg)
{
	struct spool_give give;
	struct api_request *r = api_find(api, msg->id, WAIT_FILE);

	if (ipc_decode(msg, &give) != 0)
		return;
	if (r == NULL) { /* the client went away meanwhile */
		struct spool_drop drop = { .spool = give.spool };

		if (give.spool != 0)
			ipc_send(api->queue, IPC_SPOOL_DROP, msg->id, &drop);
		return;
	}
	api_file_given(r, &give, ipc_take_fd(msg, 0));
	api_resume(r);
}

void api_on_queue(struct ipc *ipc, struct ipc_msg *msg, void *arg)
{
	struct api *api = arg;

	(void)ipc;
	if (msg == NULL) {
		ipc_close(&api->queue);
		for (struct api_request *r = api->requests; r != NULL; r = r->next)
			if (r->wait == WAIT_CALL || r->wait == WAIT_TOKEN || r->wait == WAIT_FILE) {
				queue_away(r);
				api_resume(r);
			}
	} else if (msg->type == IPC_CALL_SAY) {
		on_call_say(api, msg);
	} else if (msg->type == IPC_SPOOL_GIVE) {
		on_spool_give(api, msg);
	}
	ev_defer(api->ctx->loop, &api->run, api->run.cb, api);
}
