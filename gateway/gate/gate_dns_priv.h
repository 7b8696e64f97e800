/*
 * gate_dns_priv.h - shared by gate_dns.c (runs, questions, time) and gate_dns_net.c (sockets).
 */
#ifndef VG_GATE_DNS_PRIV_H
#define VG_GATE_DNS_PRIV_H

#include <sys/queue.h>

#include "gate_dns.h"
#include "gate_dns_cache.h"
#include "gate_dns_msg.h"

#define DNS_UDP_SOCKETS 8u     /* several source ports, for a forger has to guess the port too */
#define DNS_UDP_USES 5000u     /* queries of one socket, then another port */
#define DNS_TCP_MAX 64u
#define DNS_IN_FLIGHT 20000u
#define DNS_SENDS 3            /* at the start, after a third and after two thirds of the time */
#define DNS_QUERY_BUCKETS 8192u
#define DNS_ID_BUCKETS 1024u

enum dns_queue { QUEUE_NONE, QUEUE_UDP, QUEUE_TCP };

struct waiter {
	TAILQ_ENTRY(waiter) of_query, of_run;
	struct query *query;
	struct gate_dns_run *run;
	unsigned question;
};

TAILQ_HEAD(waiters, waiter);

/* One name asked of the resolver, for all runs that want it. */
struct query {
	LIST_ENTRY(query) same;    /* bucket */
	LIST_ENTRY(query) same_id; /* bucket of its socket */
	TAILQ_ENTRY(query) queue;
	enum dns_queue queued;     /* no socket yet */
	struct gate_dns *dns;
	struct waiters waiters;    /* may be empty: the answer is still good for the cache */
	struct ev_timer timer;
	int64_t start, timeout;
	int tries;
	bool want_tcp;             /* the answer was cut off */
	struct udp *udp;
	struct tcp *tcp;
	uint16_t id;
	unsigned char bytes[GATE_DNS_QUERY_MAX];
	size_t len;
	enum dns_type type;
	char name[];
};

LIST_HEAD(queries, query);
TAILQ_HEAD(query_queue, query);

struct udp {
	struct gate_dns *dns;
	struct udp_slot *slot;
	int fd;
	struct ev_io *io;
	unsigned uses;
	unsigned busy; /* queries on it, and whoever reads from it just now */
	struct queries ids[DNS_ID_BUCKETS];
};

struct udp_slot {
	struct udp *now, *old; /* old: replaced, only waits for its last answers */
	uint64_t dial;         /* 0: none asked for */
	int64_t dial_due;      /* asked for: given up then; failed: not again before */
};

struct tcp {
	struct gate_dns *dns;
	struct query *query; /* NULL: free */
	uint64_t dial;
	int fd;
	struct ev_io *io;
	size_t sent, got;
	unsigned char head[2];
	unsigned char *in;
	size_t in_len;
};

struct gate_dns {
	struct evloop *loop;
	struct gate_dns_ops ops;
	int64_t timeout;
	struct gate_dns_cache *cache;
	unsigned char key[crypto_shorthash_KEYBYTES];
	struct queries queries[DNS_QUERY_BUCKETS];
	unsigned n_queries, n_waiters;
	uint64_t last_dial;
	struct udp_slot udp[DNS_UDP_SOCKETS];
	struct tcp tcp[DNS_TCP_MAX];
	struct query_queue wait_udp, wait_tcp;
	unsigned char in[4096]; /* more than we said fits */
};

void gate_dns_net_init(struct gate_dns *d);
/* (Re)sends, or queues until there is a socket. */
void gate_dns_net_send(struct query *q);
/* Takes it off its socket and out of its queue. */
void gate_dns_net_release(struct query *q);
/* A socket whose queries go unanswered may have lost its way; it is replaced sooner. */
void gate_dns_net_silent(struct query *q);
/* Closes everything; no query may be on it. */
void gate_dns_net_close(struct gate_dns *d);
/* Answers all who wait and frees q; takes the answer over. Calls nobody back within this call. */
void gate_dns_finish(struct query *q, struct gate_dns_reply *reply);

#endif
