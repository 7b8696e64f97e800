/*
 * net_http.c - a request, and an answer read with bounds (RFC 9112). The server is the operator's choice and its certificate was
 * checked; its bytes are hostile all the same.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "err.h"
#include "net_http.h"
#include "net_resolve.h"

#define TOTAL_MS 30000

int
net_http_field(struct buf *form, const char *name, const char *value)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
	int rc = buf_addf(form, "%s%s=", form->len ? "&" : "", name);

	for (; rc == VG_OK && *value; value++) {
		if (strchr(plain, *value))
			rc = buf_add(form, value, 1);
		else
			rc = buf_addf(form, "%%%02X", (unsigned char)*value);
	}
	return rc;
}

/* ---- the answer ---- */

/* The value of a header field in [head, end), NULL without. */
static const char *
field(const char *head, const char *end, const char *name)
{
	size_t n = strlen(name);

	for (const char *p = head; p && p + n < end; p = memchr(p, '\n', (size_t)(end - p))) {
		p += *p == '\n';
		if ((size_t)(end - p) > n && strncasecmp(p, name, n) == 0 && p[n] == ':')
			return p + n + 1 + strspn(p + n + 1, " \t");
	}
	return NULL;
}

/* The chunk at *in: its length, and *in moved to its data. VG_ERR_AGAIN, VG_ERR_PROTO. */
static long
chunk(const char *body, size_t len, size_t *in)
{
	const char *eol = memchr(body + *in, '\n', len - *in);
	unsigned long n;
	char *end;

	if (!eol)
		return VG_ERR_AGAIN;
	n = strtoul(body + *in, &end, 16);
	if (end == body + *in || n > NET_HTTP_MAX)
		return VG_ERR_PROTO;
	*in = (size_t)(eol - body) + 1;
	return n > 0 && len - *in < n + 2 ? VG_ERR_AGAIN : (long)n;
}

/* Joins the chunks in place, once they are complete. */
static int
join_chunks(char *body, size_t *len)
{
	size_t in = 0, out = 0;
	long n;

	while ((n = chunk(body, *len, &in)) > 0)
		in += (size_t)n + 2;
	if (n < 0)
		return (int)n;
	for (in = 0; (n = chunk(body, *len, &in)) > 0; in += (size_t)n + 2) {
		memmove(body + out, body + in, (size_t)n);
		out += (size_t)n;
	}
	*len = out;
	return VG_OK;
}

int
net_http_answer(char *text, size_t len, bool ended, unsigned *status, char **body, size_t *body_len)
{
	char *end = memmem(text, len, "\r\n\r\n", 4);
	const char *value;
	unsigned long n;

	if (!end)
		return ended || len > NET_HTTP_MAX / 2 ? VG_ERR_PROTO : VG_ERR_AGAIN;
	if (len < 12 || strncmp(text, "HTTP/1.", 7) != 0 || sscanf(text + 8, " %3u", status) != 1)
		return VG_ERR_PROTO;
	*body = end + 4;
	*body_len = len - (size_t)(*body - text);
	value = field(text, end, "Transfer-Encoding");
	if (value && strncasecmp(value, "chunked", 7) == 0) {
		int rc = join_chunks(*body, body_len);

		return rc == VG_ERR_AGAIN && ended ? VG_ERR_PROTO : rc;
	}
	value = field(text, end, "Content-Length");
	if (!value)
		return ended ? VG_OK : VG_ERR_AGAIN;
	n = strtoul(value, NULL, 10);
	if (*body_len < n)
		return ended || n > NET_HTTP_MAX ? VG_ERR_PROTO : VG_ERR_AGAIN;
	*body_len = n;
	return VG_OK;
}

/* ---- the exchange ---- */

static int
reach(struct net_stream *s, const struct conf *c, const struct conf_url *url, struct net_trust *trust, net_wait_cb *wait, void *arg,
    const char **why)
{
	struct net_address addresses[NET_ADDRESSES_MAX];
	size_t n = 0;
	int rc = net_resolve(c, url->host, url->port, wait, arg, addresses, &n, why);

	if (rc != VG_OK)
		return rc == VG_ERR_CLOSED ? rc : VG_ERR_AGAIN;
	rc = VG_ERR_AGAIN;
	for (size_t i = 0; i < n && rc != VG_OK && rc != VG_ERR_CLOSED; i++)
		rc = net_stream_connect(s, (const struct sockaddr *)&addresses[i].addr, addresses[i].len);
	if (rc == VG_OK && url->tls)
		rc = trust ? net_stream_tls(s, trust, url->host) : VG_ERR_CRYPTO;
	*why = rc == VG_OK ? "" : *net_stream_why(s) ? net_stream_why(s) : "no certificate authorities";
	return rc == VG_ERR_CRYPTO || rc == VG_ERR_CLOSED || rc == VG_OK ? rc : VG_ERR_AGAIN;
}

static int
request(struct net_stream *s, const struct conf_url *url, const char *form)
{
	struct buf text;
	int rc;

	buf_init(&text, NET_HTTP_MAX);
	rc = buf_addf(&text, "POST %s HTTP/1.1\r\nHost: %s%s%s:%u\r\nContent-Type: application/x-www-form-urlencoded\r\n"
	    "Content-Length: %zu\r\nAccept: application/json\r\nConnection: close\r\n\r\n%s", url->path,
	    strchr(url->host, ':') ? "[" : "", url->host, strchr(url->host, ':') ? "]" : "", url->port, strlen(form), form);
	if (rc == VG_OK)
		rc = net_stream_write(s, text.data, text.len);
	buf_wipe(&text);
	return rc;
}

static int
answer(struct net_stream *s, unsigned *status, struct buf *out)
{
	char *body = NULL;
	size_t n = 0;
	struct buf text;
	bool ended = false;
	int rc = VG_ERR_AGAIN;

	buf_init(&text, NET_HTTP_MAX + 1);
	while (rc == VG_ERR_AGAIN) {
		char block[4096];
		ssize_t got = net_stream_read(s, block, sizeof(block));

		ended = got == VG_ERR_CLOSED;
		rc = got > 0 ? buf_add(&text, block, (size_t)got) : ended ? VG_OK : (int)got;
		if (rc == VG_OK && !buf_str(&text)[0])
			rc = VG_ERR_PROTO;
		if (rc == VG_OK)
			rc = net_http_answer((char *)text.data, text.len, ended, status, &body, &n);
	}
	if (rc == VG_OK)
		rc = buf_add(out, body, n);
	buf_wipe(&text);
	return rc;
}

int
net_http_post(const struct conf *c, const struct conf_url *url, struct net_trust *trust, const char *form, net_wait_cb *wait,
    void *arg, unsigned *status, struct buf *out, const char **why)
{
	const struct net_limits limits = { TOTAL_MS, TOTAL_MS, NET_HTTP_MAX };
	static char text[200];
	struct net_stream *s = net_stream_new(wait, arg);
	int rc = VG_ERR_MEMORY;

	*why = vg_strerror(rc);
	if (!s)
		return rc;
	net_stream_limit(s, &limits);
	rc = reach(s, c, url, trust, wait, arg, why);
	if (rc == VG_OK) {
		rc = request(s, url, form);
		if (rc == VG_OK)
			rc = answer(s, status, out);
		*why = *net_stream_why(s) ? net_stream_why(s) : "the answer is no HTTP";
		if (rc != VG_OK && rc != VG_ERR_PROTO)
			rc = VG_ERR_AGAIN;
	}
	snprintf(text, sizeof(text), "%s", *why);
	*why = text;
	net_stream_free(&s);
	return rc;
}
