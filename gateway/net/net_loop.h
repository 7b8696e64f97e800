/*
 * net_loop.h - waiting for a connection while an event loop goes on serving the process's own peers. For a role whose main
 * program turns the loop itself (role_ops.run): never from inside a callback of the loop.
 */
#ifndef VG_NET_LOOP_H
#define VG_NET_LOOP_H

#include <stdbool.h>

#include "evloop.h"
#include "net_stream.h"

struct net_loop {
	struct evloop *loop;
	bool stop; /* set by whoever wants every wait to end, VG_ERR_CLOSED then */
};

/* A net_wait_cb; arg is a struct net_loop. */
int net_loop_wait(int fd, unsigned events, int64_t ms, void *arg);
/* Turns the loop until *done, the end of ms (VG_ERR_TIMEOUT) or stop (VG_ERR_CLOSED). */
int net_loop_until(struct net_loop *l, const bool *done, int64_t ms);

#endif
