/*
 * gate_dns_net.c - the exchange with the resolver: a pool of UDP sockets, TCP for answers that were cut off. Runs in the gate.
 * Whatever goes wrong with a socket is not an answer: the query is sent again, and only its time ends it.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "err.h"
#include "gate_dns_priv.h"

#define READS 64 /* datagrams a turn of the loop */
#define SILENT_USES (DNS_UDP_USES / 10)

static void tcp_next(struct gate_dns *d);

void gate_dns_net_init(struct gate_dns *d)
{
	TAILQ_INIT(&d->wait_udp);
	TAILQ_INIT(&d->wait_tcp);
	for (size_t i = 0; i < DNS_TCP_MAX; i++)
		d->tcp[i] = (struct tcp){.dns = d, .fd = -1};
}

static void enqueue(struct query *q, enum dns_queue where)
{
	struct gate_dns *d = q->dns;

	if (q->queued != QUEUE_NONE)
		return;
	q->queued = where;
	if (where == QUEUE_UDP)
		TAILQ_INSERT_TAIL(&d->wait_udp, q, queue);
	else
		TAILQ_INSERT_TAIL(&d->wait_tcp, q, queue);
}

static void dequeue(struct query *q)
{
	if (q->queued == QUEUE_UDP)
		TAILQ_REMOVE(&q->dns->wait_udp, q, queue);
	else if (q->queued == QUEUE_TCP)
		TAILQ_REMOVE(&q->dns->wait_tcp, q, queue);
	q->queued = QUEUE_NONE;
}

static void udp_close(struct udp *u)
{
	if (u->slot->now == u)
		u->slot->now = NULL;
	if (u->slot->old == u)
		u->slot->old = NULL;
	ev_io_del(&u->io);
	close(u->fd);
	free(u);
}

static void udp_put(struct udp *u)
{
	if (--u->busy == 0 && u->slot->old == u)
		udp_close(u);
}

static struct query *udp_find(struct udp *u, uint16_t id)
{
	struct query *q;

	LIST_FOREACH(q, &u->ids[id % DNS_ID_BUCKETS], same_id)
		if (q->id == id)
			return q;
	return NULL;
}

static void udp_take(struct udp *u, const unsigned char *msg, size_t len)
{
	struct query *q = len >= 2 ? udp_find(u, (uint16_t)(msg[0] << 8 | msg[1])) : NULL;
	struct gate_dns_reply reply;

	if (q == NULL || !gate_dns_msg_answers(q->bytes, q->len, msg, len))
		return;
	if (gate_dns_msg_truncated(msg)) {
		gate_dns_net_release(q);
		q->want_tcp = true;
		gate_dns_net_send(q);
		return;
	}
	gate_dns_msg_read(q->type, msg, len, &reply);
	gate_dns_finish(q, &reply);
}

static void udp_event(int fd, unsigned events, void *arg)
{
	struct udp *u = arg;

	(void)events;
	u->busy++; /* its last query may end here */
	for (int i = 0; i < READS; i++) {
		ssize_t n = recv(fd, u->dns->in, sizeof(u->dns->in), MSG_DONTWAIT);

		if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			break;
		if (n > 0) /* an error is what ICMP said, which anybody may send */
			udp_take(u, u->dns->in, (size_t)n);
	}
	udp_put(u);
}

static struct udp *udp_open(struct udp_slot *s, struct gate_dns *d, int fd)
{
	struct udp *u = calloc(1, sizeof(*u));

	if (u == NULL)
		return NULL;
	*u = (struct udp){.dns = d, .slot = s, .fd = fd};
	if ((u->io = ev_io_add(d->loop, fd, EV_READ, udp_event, u)) == NULL) {
		free(u);
		return NULL;
	}
	return u;
}

static void udp_dial(struct gate_dns *d, struct udp_slot *s)
{
	int64_t now = evloop_now(d->loop);

	if (s->now != NULL || now < s->dial_due)
		return;
	s->dial = ++d->last_dial;
	s->dial_due = now + d->timeout;
	if (d->ops.dial(d->ops.arg, false, s->dial) != VG_OK) {
		s->dial = 0;
		s->dial_due = now + d->timeout / 4; /* before the first time a query is sent again */
	}
}

/* A socket at random among those there are; those not there are asked for. */
static struct udp *udp_pick(struct gate_dns *d)
{
	uint32_t first = randombytes_uniform(DNS_UDP_SOCKETS);
	struct udp *found = NULL;

	for (uint32_t i = 0; i < DNS_UDP_SOCKETS; i++) {
		struct udp_slot *s = &d->udp[(first + i) % DNS_UDP_SOCKETS];

		if (s->now != NULL && s->now->uses >= DNS_UDP_USES && s->old == NULL) {
			s->old = s->now;
			s->now = NULL;
			s->dial_due = 0;
			if (s->old->busy == 0)
				udp_close(s->old);
		}
		udp_dial(d, s);
		if (found == NULL)
			found = s->now;
	}
	return found;
}

static void udp_assign(struct query *q, struct udp *u)
{
	do {
		q->id = (uint16_t)randombytes_uniform(UINT16_MAX + 1u);
	} while (udp_find(u, q->id) != NULL); /* ends: DNS_IN_FLIGHT is a third of all ids */
	gate_dns_msg_id(q->bytes, q->id);
	LIST_INSERT_HEAD(&u->ids[q->id % DNS_ID_BUCKETS], q, same_id);
	q->udp = u;
	u->busy++;
}

static void udp_send(struct query *q)
{
	struct udp *u = q->udp;

	if (u == NULL) {
		if ((u = udp_pick(q->dns)) == NULL) {
			enqueue(q, QUEUE_UDP);
			return;
		}
		dequeue(q);
		udp_assign(q, u);
	}
	u->uses++;
	/* the first error may be the one an earlier datagram met */
	if (send(u->fd, q->bytes, q->len, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 && errno == ECONNREFUSED)
		(void)!send(u->fd, q->bytes, q->len, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static void udp_dialed(struct gate_dns *d, struct udp_slot *s, int fd)
{
	struct query_queue waiting = TAILQ_HEAD_INITIALIZER(waiting);
	struct query *q;

	s->dial = 0;
	if (fd >= 0 && (s->now = udp_open(s, d, fd)) == NULL)
		close(fd);
	if (s->now == NULL) {
		s->dial_due = evloop_now(d->loop) + d->timeout / 4;
		return;
	}
	s->dial_due = 0;
	/* from a list of its own: who finds no socket even now goes back into the queue */
	TAILQ_CONCAT(&waiting, &d->wait_udp, queue);
	while ((q = TAILQ_FIRST(&waiting)) != NULL) {
		TAILQ_REMOVE(&waiting, q, queue);
		q->queued = QUEUE_NONE;
		udp_send(q);
	}
}

static void tcp_clear(struct tcp *t)
{
	ev_io_del(&t->io);
	if (t->fd >= 0)
		close(t->fd);
	free(t->in);
	if (t->query != NULL)
		t->query->tcp = NULL;
	*t = (struct tcp){.dns = t->dns, .fd = -1};
}

static void tcp_fail(struct tcp *t)
{
	struct gate_dns *d = t->dns;

	tcp_clear(t); /* the query waits for its next sending, or its end */
	tcp_next(d);
}

static struct tcp *tcp_free_slot(struct gate_dns *d)
{
	for (size_t i = 0; i < DNS_TCP_MAX; i++)
		if (d->tcp[i].query == NULL)
			return &d->tcp[i];
	return NULL;
}

static void tcp_send(struct query *q)
{
	struct gate_dns *d = q->dns;
	struct tcp *t;

	if (q->tcp != NULL)
		return;
	if ((t = tcp_free_slot(d)) == NULL) {
		enqueue(q, QUEUE_TCP);
		return;
	}
	dequeue(q);
	t->query = q;
	q->tcp = t;
	q->id = (uint16_t)randombytes_uniform(UINT16_MAX + 1u);
	gate_dns_msg_id(q->bytes, q->id);
	t->dial = ++d->last_dial;
	if (d->ops.dial(d->ops.arg, true, t->dial) != VG_OK)
		tcp_clear(t); /* not the next one: it would fare alike */
}

static void tcp_next(struct gate_dns *d)
{
	if (!TAILQ_EMPTY(&d->wait_tcp))
		tcp_send(TAILQ_FIRST(&d->wait_tcp));
}

/* > 0: go on, 0: wait, < 0: the connection is of no use. */
static int tcp_write(struct tcp *t)
{
	unsigned char out[2 + GATE_DNS_QUERY_MAX];
	size_t len = t->query->len + 2;
	ssize_t n;

	if (t->sent == len)
		return 1;
	out[0] = (unsigned char)(t->query->len >> 8);
	out[1] = (unsigned char)(t->query->len & 0xffu);
	memcpy(out + 2, t->query->bytes, t->query->len);
	n = send(t->fd, out + t->sent, len - t->sent, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (n < 0)
		return errno == EAGAIN || errno == EWOULDBLOCK ? 0 : -1;
	t->sent += (size_t)n;
	if (t->sent < len)
		return 0;
	return ev_io_set(t->io, EV_READ) == VG_OK ? 1 : -1;
}

static int tcp_read(struct tcp *t)
{
	bool head = t->got < sizeof(t->head);
	unsigned char *to = head ? t->head + t->got : t->in + (t->got - sizeof(t->head));
	size_t want = (head ? 0 : t->in_len) + sizeof(t->head) - t->got;
	ssize_t n = recv(t->fd, to, want, MSG_DONTWAIT);

	if (n < 0)
		return errno == EAGAIN || errno == EWOULDBLOCK ? 0 : -1;
	if (n == 0)
		return -1;
	t->got += (size_t)n;
	if (head && t->got == sizeof(t->head)) {
		t->in_len = (size_t)t->head[0] << 8 | t->head[1];
		if (t->in_len == 0 || (t->in = malloc(t->in_len)) == NULL)
			return -1;
	}
	return 1;
}

static void tcp_event(int fd, unsigned events, void *arg)
{
	struct tcp *t = arg;
	struct query *q = t->query;
	struct gate_dns_reply reply;
	int rc = tcp_write(t);

	(void)fd;
	(void)events;
	while (rc > 0 && (t->in == NULL || t->got < t->in_len + sizeof(t->head)))
		rc = tcp_read(t);
	if (rc == 0)
		return;
	if (rc < 0 || !gate_dns_msg_answers(q->bytes, q->len, t->in, t->in_len) || gate_dns_msg_truncated(t->in)) {
		tcp_fail(t);
		return;
	}
	gate_dns_msg_read(q->type, t->in, t->in_len, &reply);
	gate_dns_finish(q, &reply);
}

static void tcp_dialed(struct tcp *t, int fd)
{
	t->dial = 0;
	t->fd = fd;
	if (fd < 0 || (t->io = ev_io_add(t->dns->loop, fd, EV_WRITE, tcp_event, t)) == NULL)
		tcp_fail(t);
}

void gate_dns_dialed(struct gate_dns *dns, uint64_t id, bool tcp, int fd)
{
	for (size_t i = 0; !tcp && id != 0 && i < DNS_UDP_SOCKETS; i++) {
		if (dns->udp[i].dial == id) {
			udp_dialed(dns, &dns->udp[i], fd);
			return;
		}
	}
	for (size_t i = 0; tcp && id != 0 && i < DNS_TCP_MAX; i++) {
		if (dns->tcp[i].dial == id) {
			tcp_dialed(&dns->tcp[i], fd);
			return;
		}
	}
	if (fd >= 0)
		close(fd);
}

void gate_dns_net_send(struct query *q)
{
	if (q->want_tcp)
		tcp_send(q);
	else
		udp_send(q);
}

void gate_dns_net_release(struct query *q)
{
	struct gate_dns *d = q->dns;
	struct udp *u = q->udp;

	dequeue(q);
	if (u != NULL) {
		LIST_REMOVE(q, same_id);
		q->udp = NULL;
		udp_put(u);
	}
	if (q->tcp != NULL) {
		tcp_clear(q->tcp);
		tcp_next(d);
	}
}

void gate_dns_net_silent(struct query *q)
{
	if (q->udp != NULL)
		q->udp->uses += SILENT_USES;
}

void gate_dns_net_close(struct gate_dns *d)
{
	for (size_t i = 0; i < DNS_UDP_SOCKETS; i++) {
		struct udp_slot *s = &d->udp[i];

		if (s->now != NULL)
			udp_close(s->now);
		if (s->old != NULL)
			udp_close(s->old);
		*s = (struct udp_slot){0};
	}
	for (size_t i = 0; i < DNS_TCP_MAX; i++)
		tcp_clear(&d->tcp[i]);
}
