/*
 * net_resolve.c - A and AAAA of one name, each asked of the resolver over a socket of its own: a random port a question. The
 * resolver is ours; its answers may have been forged on the way to it.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

#include <sodium.h>

#include "err.h"
#include "gate_dns_msg.h"
#include "net_resolve.h"

#define UDP_TRIES 3
#define TCP_MAX 65535u

struct asking {
	const struct conf *conf;
	net_wait_cb *wait;
	void *arg;
	unsigned port;
	struct net_address *out;
	size_t n;
};

static void
add(struct asking *a, int family, const void *ip)
{
	struct net_address *to = &a->out[a->n];
	struct sockaddr_in *in = (struct sockaddr_in *)&to->addr;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&to->addr;

	if (a->n == NET_ADDRESSES_MAX)
		return;
	memset(to, 0, sizeof(*to));
	to->addr.ss_family = (sa_family_t)family;
	if (family == AF_INET) {
		in->sin_port = htons((uint16_t)a->port);
		memcpy(&in->sin_addr, ip, sizeof(in->sin_addr));
		to->len = sizeof(*in);
	} else {
		in6->sin6_port = htons((uint16_t)a->port);
		memcpy(&in6->sin6_addr, ip, sizeof(in6->sin6_addr));
		to->len = sizeof(*in6);
	}
	a->n++;
}

/* Without asking anybody. */
static bool
known(struct asking *a, const char *host)
{
	unsigned char ip[16];

	if (strcmp(host, "localhost") == 0) {
		inet_pton(AF_INET, "127.0.0.1", ip);
		add(a, AF_INET, ip);
		inet_pton(AF_INET6, "::1", ip);
		add(a, AF_INET6, ip);
	} else if (inet_pton(AF_INET, host, ip) == 1) {
		add(a, AF_INET, ip);
	} else if (inet_pton(AF_INET6, host, ip) == 1) {
		add(a, AF_INET6, ip);
	}
	return a->n > 0;
}

/* One datagram out and the answer to it: its length, VG_ERR_TIMEOUT, VG_ERR_SYSTEM, VG_ERR_CLOSED. */
static int
exchange_udp(struct asking *a, int fd, const unsigned char *query, size_t len, unsigned char *msg, size_t max)
{
	if (send(fd, query, len, MSG_NOSIGNAL) != (ssize_t)len)
		return VG_ERR_SYSTEM;
	for (int strangers = 0; strangers < 16; strangers++) {
		int rc = a->wait(fd, NET_READ, a->conf->resolver_timeout_ms / UDP_TRIES + 1, a->arg);
		ssize_t got;

		if (rc <= 0)
			return rc == 0 ? VG_ERR_TIMEOUT : VG_ERR_CLOSED;
		got = recv(fd, msg, max, 0);
		if (got < 0 && errno != EAGAIN && errno != EINTR)
			return VG_ERR_SYSTEM;
		if (got > 0 && gate_dns_msg_answers(query, len, msg, (size_t)got))
			return (int)got;
	}
	return VG_ERR_TIMEOUT;
}

static int
ask_udp(struct asking *a, const unsigned char *query, size_t len, unsigned char *msg, size_t max)
{
	const struct conf *c = a->conf;
	int rc = VG_ERR_TIMEOUT;

	for (int i = 0; i < UDP_TRIES && (rc == VG_ERR_TIMEOUT || rc == VG_ERR_SYSTEM); i++) {
		int fd = socket(c->resolver.ss_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

		if (fd < 0)
			return VG_ERR_SYSTEM;
		rc = connect(fd, (const struct sockaddr *)&c->resolver, c->resolver_len) == 0
		    ? exchange_udp(a, fd, query, len, msg, max) : VG_ERR_SYSTEM;
		close(fd);
	}
	return rc;
}

static int
read_all(struct net_stream *s, unsigned char *to, size_t n)
{
	while (n > 0) {
		ssize_t got = net_stream_read(s, to, n);

		if (got < 0)
			return (int)got;
		to += got;
		n -= (size_t)got;
	}
	return VG_OK;
}

/* RFC 1035, 4.2.2. */
static int
ask_tcp(struct asking *a, const unsigned char *query, size_t query_len, unsigned char *msg)
{
	const struct net_limits limits = { a->conf->resolver_timeout_ms, a->conf->resolver_timeout_ms, TCP_MAX + 2 };
	struct net_stream *s = net_stream_new(a->wait, a->arg);
	unsigned char size[2], out[2 + GATE_DNS_QUERY_MAX] = { (unsigned char)(query_len >> 8), (unsigned char)(query_len & 0xff) };
	size_t len;
	int rc = VG_ERR_MEMORY;

	if (!s)
		return rc;
	memcpy(out + 2, query, query_len);
	net_stream_limit(s, &limits);
	rc = net_stream_connect(s, (const struct sockaddr *)&a->conf->resolver, a->conf->resolver_len);
	if (rc == VG_OK)
		rc = net_stream_write(s, out, 2 + query_len);
	if (rc == VG_OK)
		rc = read_all(s, size, 2);
	len = (size_t)size[0] << 8 | size[1];
	if (rc == VG_OK)
		rc = read_all(s, msg, len);
	net_stream_free(&s);
	if (rc != VG_OK)
		return VG_ERR_AGAIN; /* also where it hung up, which is no stop of ours */
	return gate_dns_msg_answers(query, query_len, msg, len) ? (int)len : VG_ERR_PROTO;
}

/* Adds what is there. VG_OK also where the name has none of this type. */
static int
ask(struct asking *a, enum dns_type type, const char *host)
{
	static unsigned char msg[TCP_MAX + 1];
	unsigned char query[GATE_DNS_QUERY_MAX];
	struct gate_dns_reply reply;
	enum dns_status status;
	size_t len;
	int rc = gate_dns_msg_query(type, host, query, &len);

	if (rc != VG_OK)
		return rc;
	gate_dns_msg_id(query, (uint16_t)randombytes_random());
	rc = ask_udp(a, query, len, msg, GATE_DNS_UDP);
	if (rc > 0 && gate_dns_msg_truncated(msg))
		rc = ask_tcp(a, query, len, msg);
	if (rc < 0)
		return rc;
	gate_dns_msg_read(type, msg, (size_t)rc, &reply);
	status = reply.status;
	for (size_t i = 0; status == DNS_FOUND && i < reply.n; i++) {
		if (reply.records[i].len == (type == DNS_A ? 4 : 16))
			add(a, type == DNS_A ? AF_INET : AF_INET6, reply.records[i].data);
	}
	gate_dns_reply_clear(&reply);
	return status == DNS_FAILED ? VG_ERR_AGAIN : VG_OK;
}

int
net_resolve(const struct conf *c, const char *host, unsigned port, net_wait_cb *wait, void *arg,
    struct net_address out[NET_ADDRESSES_MAX], size_t *n, const char **why)
{
	struct asking a = { .conf = c, .wait = wait, .arg = arg, .port = port, .out = out };
	int rc4 = VG_OK, rc6 = VG_OK;

	if (!known(&a, host)) {
		rc6 = ask(&a, DNS_AAAA, host);
		rc4 = rc6 == VG_ERR_CLOSED ? rc6 : ask(&a, DNS_A, host);
	}
	*n = a.n;
	if (a.n > 0 && rc4 != VG_ERR_CLOSED)
		return VG_OK;
	if (rc4 == VG_ERR_CLOSED || rc6 == VG_ERR_CLOSED) {
		*why = "stopped";
		return VG_ERR_CLOSED;
	}
	*why = rc4 == VG_OK && rc6 == VG_OK ? "the name has no address" : "the DNS cannot tell its address";
	return rc4 == VG_OK && rc6 == VG_OK ? VG_ERR_NOTFOUND : VG_ERR_AGAIN;
}
