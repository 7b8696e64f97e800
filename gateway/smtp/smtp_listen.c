/*
 * smtp_listen.c - accepts connections on sockets that the supervisor bound, within the limits of sessions.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "log.h"
#include "smtp_session.h"

#define ACCEPTS_A_TURN 64
/* Out of descriptors or memory: somebody has to end first. */
#define ACCEPT_PAUSE_MS 100

static void
listen_events(struct smtp *smtp, unsigned events)
{
	for (struct smtp_listener *l = smtp->listeners; l; l = l->next)
		ev_io_set(l->io, events);
}

static void
accept_again(void *arg)
{
	listen_events(arg, EV_READ);
}

static void
accept_pause(struct smtp *smtp, int error)
{
	log_warn("", "accept-paused", "why=%s", log_q(strerror(error)));
	listen_events(smtp, 0);
	if (ev_timer_set(smtp->ctx->loop, &smtp->accept_timer, ACCEPT_PAUSE_MS, accept_again, smtp) != 0)
		listen_events(smtp, EV_READ);
}

/* Address as text; IPv4 in IPv6 as IPv4. */
static void
peer_text(char out[INET6_ADDRSTRLEN], const struct sockaddr_storage *sa)
{
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
	char text[INET6_ADDRSTRLEN];

	memcpy(&in, sa, sizeof(in));
	memcpy(&in6, sa, sizeof(in6));
	memcpy(out, "unix", 5);
	if (sa->ss_family == AF_INET)
		inet_ntop(AF_INET, &in.sin_addr, out, INET6_ADDRSTRLEN);
	else if (sa->ss_family == AF_INET6 && inet_ntop(AF_INET6, &in6.sin6_addr, text, sizeof(text)))
		smtp_ip_normal(out, text);
}

static void
refuse_busy(struct smtp *smtp, const struct smtp_listener *l, int fd)
{
	static const char text[] = "421 4.3.2 Too many sessions, try again later\r\n";

	metrics_add(smtp->ctx->metrics, MT_SMTP_REFUSED_BUSY, 1);
	if (l->tls != TLS_IMPLICIT && send(fd, text, sizeof(text) - 1, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		log_debug("", "busy-unsaid", "listener=%s", l->name);
	close(fd);
}

static void
accepted(const struct smtp_listener *l, int fd, const struct sockaddr_storage *sa)
{
	struct smtp *smtp = l->smtp;
	char peer[INET6_ADDRSTRLEN];
	int on = 1;

	peer_text(peer, sa);
	if (sa->ss_family != AF_UNIX)
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (smtp->n_open >= smtp->ctx->conf->sessions) {
		refuse_busy(smtp, l, fd);
		return;
	}
	metrics_add(smtp->ctx->metrics, MT_SMTP_SESSIONS, 1);
	if (smtp_session_start(smtp, l, fd, peer) != 0)
		log_error("", "session-failed", "peer=%s", peer);
}

static void
on_listener(int fd, unsigned events, void *arg)
{
	struct smtp_listener *l = arg;

	(void)events;
	for (int i = 0; i < ACCEPTS_A_TURN; i++) {
		struct sockaddr_storage sa = { .ss_family = AF_UNIX };
		socklen_t len = sizeof(sa);
		int client = accept4(fd, (struct sockaddr *)&sa, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (client >= 0) {
			accepted(l, client, &sa);
			continue;
		}
		if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
			accept_pause(l->smtp, errno);
		if (errno != EINTR && errno != ECONNABORTED)
			return;
	}
}

static void
listener_free(struct smtp_listener *l)
{
	ev_io_del(&l->io);
	if (l->fd >= 0)
		close(l->fd);
	free(l->name);
	free(l->proxy_from);
	free(l);
}

static struct smtp_listener *
listener_new(struct smtp *smtp, uint32_t index, int fd)
{
	const struct conf_listen *c = &smtp->ctx->conf->listens[index];
	struct smtp_listener *l = calloc(1, sizeof(*l));

	if (!l)
		return NULL;
	l->smtp = smtp;
	l->index = index;
	l->fd = -1;
	l->lmtp = c->proto == LISTEN_LMTP;
	l->after_queue = c->after_queue;
	l->auth = c->auth;
	l->tls = c->tls;
	l->n_proxy_from = c->n_proxy_from;
	l->name = strdup(c->name);
	l->proxy_from = calloc(c->n_proxy_from + 1, sizeof(*l->proxy_from));
	l->io = ev_io_add(smtp->ctx->loop, fd, EV_READ, on_listener, l);
	if (!l->name || !l->proxy_from || !l->io) {
		listener_free(l);
		return NULL;
	}
	if (c->n_proxy_from > 0)
		memcpy(l->proxy_from, c->proxy_from, c->n_proxy_from * sizeof(*l->proxy_from));
	l->fd = fd;
	return l;
}

void
smtp_listen_add(struct smtp *smtp, uint32_t index, int fd)
{
	struct smtp_listener *l = NULL;

	if (index < smtp->ctx->conf->n_listens && !smtp->stopping)
		l = listener_new(smtp, index, fd);
	if (!l) {
		log_error("", "listen-failed", "listener=%u", index);
		close(fd);
		return;
	}
	l->next = smtp->listeners;
	smtp->listeners = l;
	log_info("", "listening", "listener=%s protocol=%s", l->name, l->lmtp ? "lmtp" : "smtp");
}

void
smtp_listen_close(struct smtp *smtp)
{
	struct smtp_listener *l = smtp->listeners, *next;

	smtp->listeners = NULL;
	ev_timer_clear(smtp->ctx->loop, &smtp->accept_timer);
	for (; l; l = next) {
		next = l->next;
		listener_free(l);
	}
}
