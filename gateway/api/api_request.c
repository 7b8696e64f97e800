/*
 * api_request.c - one HTTP request from its first line to its answer: route, token, body, wait, answer. The client is
 * hostile; libmicrohttpd reads the protocol, in this one thread.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sodium.h>

#include "api_private.h"
#include "err.h"
#include "id.h"
#include "log.h"
#include "spool.h"

static struct api_request *request_new(struct api_listener *l, struct MHD_Connection *conn)
{
	struct api_request *r = calloc(1, sizeof(*r));
	struct api *api = l->api;

	if (r == NULL)
		return NULL;
	r->params = json_object();
	if (r->params == NULL) {
		free(r);
		return NULL;
	}
	r->listener = l;
	r->conn = conn;
	r->id = ++api->next_id;
	r->upload_fd = r->answer_fd = -1;
	r->started = id_now_ms();
	buf_init(&r->body, API_BODY_MAX);
	buf_init(&r->answer, IPC_HUGE);
	r->next = api->requests;
	if (r->next != NULL)
		r->next->prev = r;
	api->requests = r;
	metrics_add(api->ctx->metrics, MT_API_REQUESTS, 1);
	return r;
}

static void drop_uploads(struct api_request *r)
{
	struct spool_drop drop = { .spool = r->spool != NULL ? spool_number(r->spool) : r->upload_number };

	if (drop.spool != 0 && r->listener->api->queue != NULL)
		ipc_send(r->listener->api->queue, IPC_SPOOL_DROP, r->id, &drop);
	spool_free(&r->spool);
	seal_writer_free(&r->upload);
	if (r->upload_fd >= 0)
		close(r->upload_fd);
	sodium_memzero(r->upload_key, sizeof(r->upload_key));
}

static void request_free(struct api_request *r)
{
	struct api *api = r->listener->api;

	if (r->wait == WAIT_CALL && api->queue != NULL)
		ipc_send(api->queue, IPC_CALL_CANCEL, r->id, NULL);
	drop_uploads(r);
	if (r->answer_fd >= 0)
		close(r->answer_fd);
	sodium_memzero(r->answer_key, sizeof(r->answer_key));
	buf_free(&r->body);
	buf_free(&r->answer);
	json_decref(r->params);
	if (r->next != NULL)
		r->next->prev = r->prev;
	if (r->prev != NULL)
		r->prev->next = r->next;
	else
		api->requests = r->next;
	free(r);
}

void api_completed(void *arg, struct MHD_Connection *conn, void **slot, enum MHD_RequestTerminationCode code)
{
	struct api_request *r = *slot;

	(void)arg;
	(void)conn;
	(void)code;
	if (r == NULL)
		return;
	if (r->route == NULL || strcmp(r->route->op, "queue.claim") != 0)
		metrics_observe(r->listener->api->ctx->metrics, MT_API_REQUEST, (double)(id_now_ms() - r->started) / 1000.0);
	*slot = NULL;
	request_free(r);
}

struct api_request *api_find(struct api *api, uint64_t id, enum api_wait wait)
{
	for (struct api_request *r = api->requests; r != NULL; r = r->next)
		if (r->id == id && r->wait == wait)
			return r;
	return NULL;
}

static void suspend(struct api_request *r)
{
	r->suspended = true;
	MHD_suspend_connection(r->conn);
}

void api_resume(struct api_request *r)
{
	r->wait = WAIT_NOTHING;
	if (!r->suspended)
		return;
	r->suspended = false;
	MHD_resume_connection(r->conn);
}

static struct api_token *cached_token(struct api *api, const unsigned char hash[32])
{
	for (size_t i = 0; i < API_TOKENS; i++) {
		struct api_token *t = &api->tokens[i];

		if (t->expires > evloop_now(api->ctx->loop) && sodium_memcmp(t->hash, hash, 32) == 0)
			return t;
	}
	return NULL;
}

static void authorise_by(struct api_request *r, const struct api_token *t)
{
	memcpy(r->actor, t->name, strlen(t->name) + 1);
	if ((t->scopes & r->route->scope) != 0)
		r->authorised = true;
	else
		api_problem(r, MHD_HTTP_FORBIDDEN, "Forbidden", "this token does not have the scope that %s asks for",
		    r->route->path);
}

/* Decides, answers 401 or 403, or starts to ask the queue about the token. */
static void authorise(struct api_request *r)
{
	const char *h = MHD_lookup_connection_value(r->conn, MHD_HEADER_KIND, MHD_HTTP_HEADER_AUTHORIZATION);
	const struct api_token *t;

	if (r->listener->local || r->route->scope == SCOPE_NONE) {
		memcpy(r->actor, "local", 6);
		r->authorised = true;
		return;
	}
	if (h == NULL || strncasecmp(h, "Bearer ", 7) != 0 || strlen(h) > 300) {
		api_problem(r, MHD_HTTP_UNAUTHORIZED, "Unauthorized", "a bearer token is needed");
		return;
	}
	h += 7 + strspn(h + 7, " ");
	crypto_generichash(r->token_hash, 32, (const unsigned char *)h, strlen(h), NULL, 0);
	t = cached_token(r->listener->api, r->token_hash);
	if (t != NULL)
		authorise_by(r, t);
	else
		api_token_ask(r, h);
}

static void begin(struct api_request *r, const char *method, const char *url)
{
	r->route = api_route_find(method, url, r->params, r->allow);
	if (r->route == NULL && r->allow[0] != '\0') {
		api_problem(r, MHD_HTTP_METHOD_NOT_ALLOWED, "Method not allowed", "this path takes %s", r->allow);
	} else if (r->route == NULL) {
		api_problem(r, MHD_HTTP_NOT_FOUND, "Not found", "there is no such path");
	} else {
		r->allow[0] = '\0';
		authorise(r);
	}
}

static void answer_metrics(struct api_request *r)
{
	struct api *api = r->listener->api;

	buf_reset(&r->answer);
	r->status = metrics_print(&r->answer, api->pages, api->n_pages) == 0 ? MHD_HTTP_OK : MHD_HTTP_INTERNAL_SERVER_ERROR;
	memcpy(r->content_type, "text/plain; version=0.0.4", 26);
}

static const char openapi[] =
#include "conf/schema/openapi.json.inc"
    ;

/* The whole request is here. */
static void act(struct api_request *r)
{
	switch (r->route->kind) {
	case API_HEALTH:
		api_answer_text(r, MHD_HTTP_OK, "application/json", "{\"status\":\"ok\"}", 15);
		break;
	case API_METRICS:
		answer_metrics(r);
		break;
	case API_SPEC:
		api_answer_text(r, MHD_HTTP_OK, "application/json", openapi, sizeof(openapi) - 1);
		break;
	case API_INJECT:
		api_inject_send(r);
		break;
	case API_CALL:
	case API_UPLOAD:
	case API_LARGE:
		api_call_send(r);
		break;
	}
}

enum MHD_Result api_handle(void *arg, struct MHD_Connection *conn, const char *url, const char *method,
    const char *version, const char *data, size_t *size, void **slot)
{
	struct api_listener *l = arg;
	struct api_request *r = *slot;

	(void)version;
	if (r == NULL) {
		r = request_new(l, conn);
		if (r == NULL)
			return MHD_NO;
		*slot = r;
		begin(r, method, url);
	} else if (*size > 0) {
		/* A body behind an answer that is set already is read and dropped: the client may not look before. */
		if (r->status == 0 && r->authorised)
			api_body_feed(r, data, *size);
		*size = 0;
	} else if (r->status == 0 && r->authorised && !r->ended) {
		r->ended = true;
		act(r);
	} else if (r->status != 0) {
		return api_send(r);
	}
	if (r->wait != WAIT_NOTHING)
		suspend(r);
	else if (r->ended && r->status != 0)
		return api_send(r);
	return MHD_YES;
}
