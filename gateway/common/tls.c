/*
 * tls.c - GnuTLS for processes that listen. The peer is anybody on the network; the certificate is the operator's,
 * handed over by the supervisor as bytes. A failed handshake ends that session only.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <sodium.h>

#include "err.h"
#include "tls.h"

#define TLS_PRIORITY "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:%SERVER_PRECEDENCE"

struct tls_ctx {
	unsigned refs;
	gnutls_certificate_credentials_t cred;
	gnutls_priority_t priority;
	gnutls_datum_t ticket_key;
};

struct tls {
	struct tls_ctx *ctx;
	gnutls_session_t session;
	int fd;
	unsigned char *early; /* read before TLS began */
	size_t early_at, early_len;
	bool writing; /* a record blocked on its way out */
	char text[96];
	char certificate[65];
};

void
tls_ctx_unref(struct tls_ctx **pctx)
{
	struct tls_ctx *ctx = *pctx;

	*pctx = NULL;
	if (!ctx || --ctx->refs > 0)
		return;
	if (ctx->cred)
		gnutls_certificate_free_credentials(ctx->cred);
	if (ctx->priority)
		gnutls_priority_deinit(ctx->priority);
	if (ctx->ticket_key.data) {
		gnutls_memset(ctx->ticket_key.data, 0, ctx->ticket_key.size);
		gnutls_free(ctx->ticket_key.data);
	}
	free(ctx);
}

static int
start_session(struct tls_ctx *ctx, gnutls_session_t *s, unsigned flags)
{
	int rc = gnutls_init(s, flags | GNUTLS_NONBLOCK | GNUTLS_NO_SIGNAL);

	if (rc < 0)
		return rc;
	rc = gnutls_priority_set(*s, ctx->priority);
	if (rc >= 0)
		rc = gnutls_credentials_set(*s, GNUTLS_CRD_CERTIFICATE, ctx->cred);
	if (rc >= 0 && (flags & GNUTLS_SERVER))
		rc = gnutls_session_ticket_enable_server(*s, &ctx->ticket_key);
	/* Asked for, not demanded; no authority is named, so clients need none. */
	if (rc >= 0 && (flags & GNUTLS_SERVER))
		gnutls_certificate_server_set_request(*s, GNUTLS_CERT_REQUEST);
	if (rc < 0)
		gnutls_deinit(*s);
	return rc;
}

/* One direction of the handshake with ourselves. */
struct pipe {
	unsigned char data[32768];
	size_t start, end;
};

struct pipes {
	gnutls_session_t to;
	struct pipe *in, *out;
};

static ssize_t
pipe_pull(gnutls_transport_ptr_t ptr, void *out, size_t n)
{
	struct pipes *p = ptr;

	if (p->in->start == p->in->end) {
		gnutls_transport_set_errno(p->to, EAGAIN);
		return -1;
	}
	if (n > p->in->end - p->in->start)
		n = p->in->end - p->in->start;
	memcpy(out, p->in->data + p->in->start, n);
	p->in->start += n;
	return (ssize_t)n;
}

static ssize_t
pipe_push(gnutls_transport_ptr_t ptr, const void *data, size_t n)
{
	struct pipes *p = ptr;

	if (n > sizeof(p->out->data) - p->out->end) {
		gnutls_transport_set_errno(p->to, EPIPE);
		return -1;
	}
	memcpy(p->out->data + p->out->end, data, n);
	p->out->end += n;
	return (ssize_t)n;
}

static void
pipes_join(struct pipes *p)
{
	gnutls_transport_set_ptr(p->to, p);
	gnutls_transport_set_pull_function(p->to, pipe_pull);
	gnutls_transport_set_push_function(p->to, pipe_push);
}

/* Runs both ends by turns until both are done or one fails. */
static int
shake_both(gnutls_session_t server, gnutls_session_t client)
{
	int c = GNUTLS_E_AGAIN, s = GNUTLS_E_AGAIN;

	for (int turn = 0; turn < 32 && (c != 0 || s != 0); turn++) {
		if (c != 0)
			c = gnutls_handshake(client);
		if (s != 0)
			s = gnutls_handshake(server);
		if (c < 0 && gnutls_error_is_fatal(c))
			return c;
		if (s < 0 && gnutls_error_is_fatal(s))
			return s;
	}
	return c != 0 ? c : s;
}

/* A whole handshake in memory: everything GnuTLS loads or computes lazily is there afterwards. */
static int
warm_up(struct tls_ctx *ctx)
{
	gnutls_session_t server, client;
	struct pipe *pipe = calloc(2, sizeof(*pipe));
	struct pipes ends[2];
	int rc;

	if (!pipe)
		return GNUTLS_E_MEMORY_ERROR;
	rc = start_session(ctx, &server, GNUTLS_SERVER);
	if (rc < 0) {
		free(pipe);
		return rc;
	}
	rc = start_session(ctx, &client, GNUTLS_CLIENT);
	if (rc >= 0) {
		ends[0] = (struct pipes){ .to = server, .in = &pipe[0], .out = &pipe[1] };
		ends[1] = (struct pipes){ .to = client, .in = &pipe[1], .out = &pipe[0] };
		pipes_join(&ends[0]);
		pipes_join(&ends[1]);
		rc = shake_both(server, client);
		gnutls_deinit(client);
	}
	gnutls_deinit(server);
	free(pipe);
	return rc;
}

static int
load(struct tls_ctx *ctx, const gnutls_datum_t *cert, const gnutls_datum_t *key)
{
	int rc = gnutls_certificate_allocate_credentials(&ctx->cred);

	if (rc >= 0)
		rc = gnutls_certificate_set_x509_key_mem2(ctx->cred, cert, key, GNUTLS_X509_FMT_PEM, NULL, 0);
	if (rc >= 0)
		rc = gnutls_priority_init(&ctx->priority, TLS_PRIORITY, NULL);
	if (rc >= 0)
		rc = gnutls_session_ticket_key_generate(&ctx->ticket_key);
	return rc >= 0 ? warm_up(ctx) : rc;
}

int
tls_ctx_new(struct tls_ctx **out, const void *cert, size_t cert_len, const void *key, size_t key_len,
    const char **why)
{
	struct tls_ctx *ctx = calloc(1, sizeof(*ctx));
	gnutls_datum_t pem[2] = { { .size = (unsigned)cert_len }, { .size = (unsigned)key_len } };
	int rc = GNUTLS_E_MEMORY_ERROR;

	*out = NULL;
	*why = "no memory";
	if (!ctx)
		return VG_ERR_MEMORY;
	ctx->refs = 1;
	pem[0].data = malloc(cert_len + 1);
	pem[1].data = malloc(key_len + 1);
	if (pem[0].data && pem[1].data) {
		memcpy(pem[0].data, cert, cert_len);
		memcpy(pem[1].data, key, key_len);
		rc = load(ctx, &pem[0], &pem[1]);
		gnutls_memset(pem[1].data, 0, key_len);
	}
	free(pem[0].data);
	free(pem[1].data);
	if (rc < 0) {
		*why = gnutls_strerror(rc);
		tls_ctx_unref(&ctx);
		return rc == GNUTLS_E_MEMORY_ERROR ? VG_ERR_MEMORY : VG_ERR_CRYPTO;
	}
	*out = ctx;
	return VG_OK;
}

static ssize_t
socket_pull(gnutls_transport_ptr_t ptr, void *out, size_t n)
{
	struct tls *t = ptr;
	ssize_t got;

	if (t->early_at < t->early_len) {
		if (n > t->early_len - t->early_at)
			n = t->early_len - t->early_at;
		memcpy(out, t->early + t->early_at, n);
		t->early_at += n;
		return (ssize_t)n;
	}
	got = recv(t->fd, out, n, MSG_DONTWAIT);
	if (got < 0)
		gnutls_transport_set_errno(t->session, errno);
	return got;
}

static ssize_t
socket_push(gnutls_transport_ptr_t ptr, const void *data, size_t n)
{
	struct tls *t = ptr;
	ssize_t put = send(t->fd, data, n, MSG_DONTWAIT | MSG_NOSIGNAL);

	if (put < 0)
		gnutls_transport_set_errno(t->session, errno);
	return put;
}

struct tls *
tls_new(struct tls_ctx *ctx, int fd, const void *early, size_t n_early)
{
	struct tls *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	t->early = malloc(n_early + 1);
	if (!t->early || start_session(ctx, &t->session, GNUTLS_SERVER) < 0) {
		free(t->early);
		free(t);
		return NULL;
	}
	if (n_early > 0)
		memcpy(t->early, early, n_early);
	t->early_len = n_early;
	t->fd = fd;
	t->ctx = ctx;
	ctx->refs++;
	gnutls_transport_set_ptr(t->session, t);
	gnutls_transport_set_pull_function(t->session, socket_pull);
	gnutls_transport_set_push_function(t->session, socket_push);
	/* The caller's own timers bound the handshake. */
	gnutls_handshake_set_timeout(t->session, 0);
	return t;
}

void
tls_free(struct tls **pt)
{
	struct tls *t = *pt;

	*pt = NULL;
	if (!t)
		return;
	gnutls_deinit(t->session);
	tls_ctx_unref(&t->ctx);
	free(t->early);
	free(t);
}

static bool
is_again(long rc)
{
	return rc == GNUTLS_E_AGAIN || rc == GNUTLS_E_INTERRUPTED;
}

/* The handshake has checked that the peer holds the key (RFC 8446 4.4.3, RFC 5246 7.4.8); a resumed session carries it on. */
static void
note_certificate(struct tls *t)
{
	const gnutls_datum_t *chain;
	unsigned char sha256[32];
	unsigned n = 0;

	if (gnutls_certificate_type_get2(t->session, GNUTLS_CTYPE_PEERS) != GNUTLS_CRT_X509)
		return;
	chain = gnutls_certificate_get_peers(t->session, &n);
	if (chain && n > 0 && gnutls_hash_fast(GNUTLS_DIG_SHA256, chain[0].data, chain[0].size, sha256) >= 0)
		sodium_bin2hex(t->certificate, sizeof(t->certificate), sha256, sizeof(sha256));
}

int
tls_handshake(struct tls *t, const char **why)
{
	int rc;

	/* A warning alert is no end; there cannot be many of them in one flight. */
	do {
		rc = gnutls_handshake(t->session);
	} while (rc == GNUTLS_E_WARNING_ALERT_RECEIVED);
	if (rc == 0) {
		note_certificate(t);
		return VG_OK;
	}
	if (is_again(rc))
		return VG_ERR_AGAIN;
	*why = gnutls_strerror(rc);
	if (rc == GNUTLS_E_PREMATURE_TERMINATION || rc == GNUTLS_E_PULL_ERROR || rc == GNUTLS_E_PUSH_ERROR)
		return VG_ERR_CLOSED;
	gnutls_alert_send_appropriate(t->session, rc);
	return VG_ERR_CRYPTO;
}

enum tls_want
tls_want(const struct tls *t)
{
	return gnutls_record_get_direction(t->session) ? TLS_WANT_WRITE : TLS_WANT_READ;
}

long
tls_read(struct tls *t, void *out, size_t n)
{
	ssize_t got = gnutls_record_recv(t->session, out, n);

	if (got >= 0)
		return got;
	if (is_again(got))
		return VG_ERR_AGAIN;
	return got == GNUTLS_E_PREMATURE_TERMINATION ? 0 : VG_ERR_CRYPTO;
}

bool
tls_pending(const struct tls *t)
{
	return gnutls_record_check_pending(t->session) > 0;
}

long
tls_write(struct tls *t, const void *data, size_t n)
{
	/* A record that blocked on its way out is already built: GnuTLS then wants no data. */
	ssize_t put = t->writing ? gnutls_record_send(t->session, NULL, 0) : gnutls_record_send(t->session, data, n);

	if (is_again(put)) {
		t->writing = true;
		return VG_ERR_AGAIN;
	}
	t->writing = false;
	return put < 0 ? VG_ERR_CLOSED : put;
}

void
tls_bye(struct tls *t)
{
	gnutls_bye(t->session, GNUTLS_SHUT_WR);
}

const char *
tls_certificate(const struct tls *t)
{
	return t->certificate;
}

const char *
tls_describe(struct tls *t)
{
	const char *version = gnutls_protocol_get_name(gnutls_protocol_get_version(t->session));
	const char *suite = gnutls_ciphersuite_get(t->session);

	snprintf(t->text, sizeof(t->text), "%s %s", version ? version : "TLS", suite ? suite : "-");
	return t->text;
}
