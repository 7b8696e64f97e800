/*
 * net_resolve.h - the addresses of a host by the configured resolver, without any file: the process may have none.
 */
#ifndef VG_NET_RESOLVE_H
#define VG_NET_RESOLVE_H

#include <stddef.h>
#include <sys/socket.h>

#include "conf.h"
#include "net_stream.h"

#define NET_ADDRESSES_MAX 16u

struct net_address {
	struct sockaddr_storage addr;
	socklen_t len;
};

/* host: a name, "localhost" (RFC 6761: 127.0.0.1 and ::1, nobody is asked) or an IP address. Asks for A and AAAA, over TCP where
 * the answer did not fit. *n: at least one. wait as in net_stream_new(). VG_ERR_NOTFOUND: there is no such name, or it has no
 * address; VG_ERR_AGAIN: the DNS failed; VG_ERR_CLOSED: told to stop; each with *why (static). */
int net_resolve(const struct conf *c, const char *host, unsigned port, net_wait_cb *wait, void *arg,
    struct net_address out[NET_ADDRESSES_MAX], size_t *n, const char **why);

#endif
