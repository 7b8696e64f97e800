/*
 * api_main.c - entry of the role api: HTTP listeners on our loop, links to queue and gate, reload, stop. Holds no
 * database and opens no file.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sysexits.h>
#include <unistd.h>

#include <gnutls/gnutls.h>
#include <sodium.h>

#include "api_private.h"
#include "err.h"
#include "log.h"

#define CONNECTIONS_MAX 1000
#define IDLE_SECONDS 120u

/* Lets every daemon do what it can, then sets the clock by the earliest of its time-outs. */
static void run_daemons(void *arg)
{
	struct api *api = arg;
	unsigned long long ms, next = 1000;

	for (size_t i = 0; i < api->n_listeners; i++) {
		if (MHD_run(api->listeners[i].daemon) != MHD_YES)
			log_warn("", "http-run-failed", "listener=%u", api->listeners[i].index);
		if (MHD_get_timeout(api->listeners[i].daemon, &ms) == MHD_YES && ms < next)
			next = ms;
	}
	if (next == 0)
		ev_defer(api->ctx->loop, &api->run, run_daemons, api);
	else
		ev_timer_set(api->ctx->loop, &api->tick, (int64_t)next, run_daemons, api);
}

static void on_daemon(int fd, unsigned events, void *arg)
{
	(void)fd;
	(void)events;
	run_daemons(arg);
}

__attribute__((format(printf, 2, 0))) static void http_log(void *arg, const char *fmt, va_list ap)
{
	char text[300];

	(void)arg;
	vsnprintf(text, sizeof(text), fmt, ap);
	text[strcspn(text, "\r\n")] = '\0';
	log_warn("", "http", "text=%s", log_q(text));
}

/* Paths are decoded by the route table, part by part: %2F inside a parameter is no separator. */
static size_t keep_escapes(void *arg, struct MHD_Connection *conn, char *s)
{
	(void)arg;
	(void)conn;
	return strlen(s);
}

static struct MHD_Daemon *start_daemon(struct api_listener *l, const struct conf_listen *conf)
{
	unsigned flags = MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG;
	struct MHD_OptionItem tls[] = { { MHD_OPTION_HTTPS_MEM_CERT, 0, l->api->tls_cert },
		{ MHD_OPTION_HTTPS_MEM_KEY, 0, l->api->tls_key },
		{ MHD_OPTION_HTTPS_PRIORITIES, 0, (void *)(uintptr_t)"NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2" },
		{ MHD_OPTION_END, 0, NULL } };
	struct MHD_OptionItem none[] = { { MHD_OPTION_END, 0, NULL } };

	if (conf->tls != TLS_NONE)
		flags |= MHD_USE_TLS;
	return MHD_start_daemon(flags, 0, NULL, NULL, api_handle, l, MHD_OPTION_EXTERNAL_LOGGER, http_log,
	    NULL, MHD_OPTION_LISTEN_SOCKET, l->fd, MHD_OPTION_NOTIFY_COMPLETED, api_completed, l,
	    MHD_OPTION_UNESCAPE_CALLBACK, keep_escapes, NULL, MHD_OPTION_CONNECTION_LIMIT, CONNECTIONS_MAX,
	    MHD_OPTION_CONNECTION_TIMEOUT, IDLE_SECONDS, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)65536, MHD_OPTION_ARRAY,
	    conf->tls != TLS_NONE ? tls : none, MHD_OPTION_END);
}

static void api_listen(struct role_ctx *ctx, uint32_t index, int fd)
{
	struct api *api = ctx->state;
	const struct conf_listen *conf = &ctx->conf->listens[index];
	const union MHD_DaemonInfo *info;
	struct api_listener *l;

	if (api->n_listeners == API_LISTENERS) {
		log_error("", "too-many-listeners", "max=%d", API_LISTENERS);
		close(fd);
		return;
	}
	l = &api->listeners[api->n_listeners];
	*l = (struct api_listener){ .api = api, .fd = fd, .index = index, .local = conf->unix_path != NULL };
	l->daemon = start_daemon(l, conf);
	info = l->daemon != NULL ? MHD_get_daemon_info(l->daemon, MHD_DAEMON_INFO_EPOLL_FD) : NULL;
	if (info == NULL) {
		log_error("", "http-start-failed", "listener=%s", log_q(conf->name));
		return;
	}
	l->io = ev_io_add(ctx->loop, info->epoll_fd, EV_READ, on_daemon, api);
	api->n_listeners++;
	run_daemons(api);
	log_info("", "listening", "listener=%s", log_q(conf->name));
}

static void api_peer(struct role_ctx *ctx, enum role role, uint32_t index, int fd)
{
	struct api *api = ctx->state;
	struct ipc **link = role == ROLE_QUEUE ? &api->queue : &api->gate;

	(void)index;
	if (role != ROLE_QUEUE && role != ROLE_GATE) {
		close(fd);
		return;
	}
	if (*link != NULL) { /* the old end is dead, its end of file not read yet */
		if (role == ROLE_QUEUE)
			api_on_queue(*link, NULL, api);
		else
			api_on_gate(*link, NULL, api);
	}
	*link = ipc_open(ctx->loop, fd, ROLE_API, role, role == ROLE_QUEUE ? api_on_queue : api_on_gate, api);
	if (*link == NULL)
		close(fd);
}

/* Made by whatever comes first: secrets and counter pages come before the start. NULL on no memory. */
static struct api *api_of(struct role_ctx *ctx)
{
	struct api *api = ctx->state;

	if (api == NULL && (api = calloc(1, sizeof(*api))) != NULL) {
		api->ctx = ctx;
		api->run.cb = run_daemons;
		api->run.arg = api;
		ctx->state = api;
	}
	return api;
}

static void api_secret(struct role_ctx *ctx, enum secret_kind kind, const unsigned char *data, size_t len)
{
	struct api *api = api_of(ctx);
	char **slot, *copy;

	if (api == NULL)
		return;
	slot = kind == SECRET_TLS_CERT ? &api->tls_cert : kind == SECRET_TLS_KEY ? &api->tls_key : NULL;
	if (slot == NULL || (copy = strndup((const char *)data, len)) == NULL)
		return;
	if (*slot != NULL)
		sodium_memzero(*slot, strlen(*slot));
	free(*slot);
	*slot = copy;
	if (api->n_listeners > 0)
		log_info("", "tls-kept", "why=%s", log_q("HTTPS listeners take a new certificate at a restart"));
}

static void api_metrics(struct role_ctx *ctx, enum role role, uint32_t index, int fd)
{
	struct api *api = api_of(ctx);
	struct metrics *m = api != NULL ? metrics_map(fd, 0) : NULL;

	close(fd);
	for (unsigned i = 0; m != NULL && i < api->n_pages; i++)
		if (api->page_role[i] == role && api->page_index[i] == index) {
			metrics_unmap(&api->pages[i]);
			api->pages[i] = m;
			return;
		}
	if (m == NULL || api->n_pages == API_PAGES) {
		metrics_unmap(&m);
		return;
	}
	api->page_role[api->n_pages] = role;
	api->page_index[api->n_pages] = index;
	api->pages[api->n_pages++] = m;
}

static int api_prepare(struct role_ctx *ctx)
{
	(void)ctx;
	if (sodium_init() < 0 || gnutls_global_init() != 0)
		return EX_SOFTWARE;
	json_object_seed(0);
	return 0;
}

static int api_start(struct role_ctx *ctx)
{
	return api_of(ctx) != NULL ? 0 : EX_OSERR;
}

static void end_all(void *arg)
{
	struct api *api = arg;

	for (size_t i = 0; i < api->n_listeners; i++) {
		ev_io_del(&api->listeners[i].io);
		MHD_stop_daemon(api->listeners[i].daemon);
	}
	ev_timer_clear(api->ctx->loop, &api->tick);
	api->n_listeners = 0;
	role_exit(api->ctx);
}

static void api_stop(struct role_ctx *ctx)
{
	struct api *api = ctx->state;

	for (struct api_request *r = api->requests; r != NULL; r = r->next)
		if (r->suspended) {
			api_problem(r, MHD_HTTP_SERVICE_UNAVAILABLE, "Try again", "the gateway is stopping");
			api_resume(r);
		}
	run_daemons(api);
	ev_timer_set(ctx->loop, &api->end, 50, end_all, api);
}

const struct role_ops api_role = {
	.role = ROLE_API,
	.prepare = api_prepare,
	.start = api_start,
	.on_peer = api_peer,
	.on_listen = api_listen,
	.on_secret = api_secret,
	.on_metrics = api_metrics,
	.on_stop = api_stop,
};
