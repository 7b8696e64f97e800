/*
 * net_http.h - one POST over net_stream, for token end-points (RFC 6749): the process has no files, which an HTTP library's TLS would
 * want. No redirects, no cookies, nothing kept open.
 */
#ifndef VG_NET_HTTP_H
#define VG_NET_HTTP_H

#include "buf.h"
#include "conf.h"
#include "net_stream.h"

#define NET_HTTP_MAX (128u * 1024u) /* of a whole answer */

/* Sends form (application/x-www-form-urlencoded) and reads the answer: its body is appended to out, *status is the HTTP status. trust:
 * for https. VG_OK whatever the status; VG_ERR_AGAIN: not reached, VG_ERR_CRYPTO: not whom we meant, VG_ERR_PROTO: no HTTP,
 * VG_ERR_CLOSED: told to stop; why: static, or valid until the next call. */
int net_http_post(const struct conf *c, const struct conf_url *url, struct net_trust *trust, const char *form, net_wait_cb *wait,
    void *arg, unsigned *status, struct buf *out, const char **why);
/* Splits a whole answer, and joins its chunks in place. body: inside text. VG_ERR_AGAIN: more is to come; VG_ERR_PROTO. Pure. */
int net_http_answer(char *text, size_t len, bool ended, unsigned *status, char **body, size_t *body_len);
/* Appends name=value, with & before all but the first, percent-encoded. */
int net_http_field(struct buf *form, const char *name, const char *value);

#endif
