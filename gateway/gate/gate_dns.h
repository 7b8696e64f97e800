/*
 * gate_dns.h - answers the open questions of a dns_set by asking the resolver. Runs in the gate, which may not make sockets:
 * connected ones are asked for by ops.dial (the supervisor makes them). For one loop, not for several threads.
 */
#ifndef VG_GATE_DNS_H
#define VG_GATE_DNS_H

#include <stdbool.h>
#include <stdint.h>

#include "dns_set.h"
#include "evloop.h"

struct gate_dns;
struct gate_dns_run;

struct gate_dns_ops {
	/* Asks for a socket connected (TCP: or connecting) to the resolver. The answer comes by gate_dns_dialed(), not from within
	 * this call. VG_OK, or an error: then no answer comes. */
	int (*dial)(void *arg, bool tcp, uint64_t id);
	void *arg;
};

typedef void gate_dns_cb(void *arg);

/* NULL on no memory. ops is copied. */
struct gate_dns *gate_dns_new(struct evloop *loop, const struct gate_dns_ops *ops, int64_t timeout_ms);
/* Every run must have ended or been cancelled. Sockets are closed. NULL is fine. */
void gate_dns_free(struct gate_dns **dns);
/* After a reload; questions in flight keep theirs. */
void gate_dns_timeout(struct gate_dns *dns, int64_t timeout_ms);
/* The resolver changed: new sockets, empty cache; what is in flight is asked again within its time. */
void gate_dns_reset(struct gate_dns *dns);
/* The answer to a dial. Takes fd over; -1: failed. An id no longer waited for is passed over and its fd closed. */
void gate_dns_dialed(struct gate_dns *dns, uint64_t id, bool tcp, int fd);

/* Hands out every open question of the set, each answered at the latest when the time is over. done is called once, never
 * from within this call, when none is waiting; *out is then no longer valid. VG_OK, VG_ERR_MEMORY (done is not called). */
int gate_dns_start(struct gate_dns_run **out, struct gate_dns *dns, struct dns_set *set, gate_dns_cb *done, void *arg);
/* done is not called; the set may be freed afterwards. Sets the pointer to NULL. NULL is fine. */
void gate_dns_cancel(struct gate_dns_run **run);

#endif
