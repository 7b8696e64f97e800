/*
 * net_stream.h - one connection out of us, to a mailbox or a smarthost: connect, TLS with the server's certificate checked,
 * reading and writing with deadlines and a byte cap; and the same as a stream for libetpan, whose own transport checks no
 * certificate and spins at the end of file. Calls block, but the caller says how they wait. The server is hostile.
 */
#ifndef VG_NET_STREAM_H
#define VG_NET_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

#include <libetpan/mailstream_types.h>

struct net_trust;
struct net_stream;

/* Certificate authorities: those of the PEM text, or with pem NULL the system's (then call it while files can be opened).
 * VG_ERR_CRYPTO with *why, VG_ERR_MEMORY. */
int net_trust_new(struct net_trust **out, const void *pem, size_t len, const char **why);
/* Streams keep their own reference. Sets the pointer to NULL; NULL is fine. */
void net_trust_unref(struct net_trust **t);

enum { NET_READ = 1, NET_WRITE = 2 };
/* Waits at most ms until fd can be read or written. 1: it can (or failed), 0: not in time, VG_ERR_CLOSED: give up, we are
 * told to stop. net_loop.h has one that serves an event loop meanwhile. */
typedef int net_wait_cb(int fd, unsigned events, int64_t ms, void *arg);

/* What one exchange may cost. Every field must be set. */
struct net_limits {
	int64_t total_ms;   /* all of it */
	int64_t idle_ms;    /* one silence */
	uint64_t bytes_max; /* received */
};

/* Unconnected. wait NULL: poll(2). NULL on no memory. */
struct net_stream *net_stream_new(net_wait_cb *wait, void *arg);
/* Closes at once, and frees; sets the pointer to NULL. Also the mailstream of net_stream_mail(), unless libetpan closed it. */
void net_stream_free(struct net_stream **s);

/* Begins a new exchange: deadlines and bytes count from now. Before the first one nothing is allowed. */
void net_stream_limit(struct net_stream *s, const struct net_limits *l);
/* Connects. VG_ERR_SYSTEM, VG_ERR_TIMEOUT, VG_ERR_CLOSED (told to stop). After a failure another address may be tried. */
int net_stream_connect(struct net_stream *s, const struct sockaddr *addr, socklen_t len);
/* TLS 1.2 and up from here on. host: the name that was configured, a domain or an IP address; the certificate must be of a
 * trusted authority, valid now and for this name. Bytes that came before the handshake in clear, in us or in the mailstream,
 * are an injection: VG_ERR_PROTO (STARTTLS, CVE-2020-15953). VG_ERR_CRYPTO: refused. */
int net_stream_tls(struct net_stream *s, struct net_trust *trust, const char *host);

/* At least one byte (> 0), or an error: the end of the stream is VG_ERR_CLOSED. */
ssize_t net_stream_read(struct net_stream *s, void *out, size_t n);
/* All n bytes: VG_OK. */
int net_stream_write(struct net_stream *s, const void *data, size_t n);
/* Waits for something to read, also decrypted bytes inside: 1, 0 when ms have passed, VG_ERR_CLOSED. Counts towards no deadline. */
int net_stream_wait(struct net_stream *s, int64_t ms);

/* The stream as libetpan wants it (mailimap_connect(), mailsmtp_connect()). mailstream_close() on it closes the connection
 * but s stays, to be asked what happened. The same on every call; NULL on no memory. Every failure is -1 towards libetpan. */
mailstream *net_stream_mail(struct net_stream *s);

/* The first failure: 0 or an enum vg_err, and in words ("certificate: the name does not match"); never NULL. */
int net_stream_error(const struct net_stream *s);
const char *net_stream_why(const struct net_stream *s);
/* "TLS1.3 TLS_AES_256_GCM_SHA384", "" in clear. */
const char *net_stream_tls_text(const struct net_stream *s);
/* The last line received, as far as its end is kept, without its line end; "" without one: what a server said before it hung
 * up. Hostile. Valid until the next call. */
const char *net_stream_last_line(struct net_stream *s);
/* Bytes received in the current exchange. */
uint64_t net_stream_received(const struct net_stream *s);

#endif
