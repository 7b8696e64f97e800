/*
 * net_stream_priv.h - the parts of net_stream: private to gateway/net.
 */
#ifndef VG_NET_STREAM_PRIV_H
#define VG_NET_STREAM_PRIV_H

#include <gnutls/gnutls.h>

#include "net_stream.h"

#define NET_TAIL 200u

struct net_stream {
	int fd; /* -1: none */
	net_wait_cb *wait;
	void *wait_arg;
	struct net_limits limits;
	int64_t deadline;
	uint64_t received;
	int err;         /* the first failure; nothing goes on after it */
	const char *why; /* static, or valid for long enough: strerror(), gnutls_strerror() */
	struct net_trust *trust;
	gnutls_session_t tls; /* NULL in clear */
	char tls_text[96];
	char tail[NET_TAIL + 1]; /* the last bytes received */
	size_t tail_len;
	mailstream *mail; /* NULL: never asked for, or closed by libetpan */
};

/* Notes the first failure and returns err. why: static. */
int net_stream_fail(struct net_stream *s, int err, const char *why);
/* Waits within the deadlines. VG_OK, or the noted failure. */
int net_stream_await(struct net_stream *s, unsigned events);
/* Closes the socket and its TLS; what happened stays to be asked. */
void net_stream_hang_up(struct net_stream *s);

/* net_tls.c; as plain_read() and plain_write(). */
ssize_t net_tls_read(struct net_stream *s, void *out, size_t n, unsigned *want);
ssize_t net_tls_write(struct net_stream *s, const void *data, size_t n, unsigned *want);
bool net_tls_pending(const struct net_stream *s);
void net_tls_end(struct net_stream *s);

/* net_mail.c */
void net_mail_end(struct net_stream *s);
/* Bytes that libetpan has read from us and not yet used. */
size_t net_mail_unread(const struct net_stream *s);

#endif
