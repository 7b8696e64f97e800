/*
 * net_tls.c - the client side of TLS: the server must show a certificate of a trusted authority, valid now, for the name that
 * the operator configured. There is no way to go on without.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <gnutls/x509.h>

#include "err.h"
#include "net_stream_priv.h"

#define TLS_PRIORITY "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2"

struct net_trust {
	unsigned refs;
	gnutls_certificate_credentials_t cred;
	gnutls_priority_t priority;
};

void
net_trust_unref(struct net_trust **pt)
{
	struct net_trust *t = *pt;

	*pt = NULL;
	if (!t || --t->refs > 0)
		return;
	if (t->cred)
		gnutls_certificate_free_credentials(t->cred);
	if (t->priority)
		gnutls_priority_deinit(t->priority);
	free(t);
}

/* Number of authorities, or a GnuTLS error. */
static int
load(struct net_trust *t, const void *pem, size_t len)
{
	gnutls_datum_t text = { .size = (unsigned)len };
	int rc = gnutls_certificate_allocate_credentials(&t->cred);

	if (rc >= 0)
		rc = gnutls_priority_init(&t->priority, TLS_PRIORITY, NULL);
	if (rc < 0)
		return rc;
	if (!pem)
		return gnutls_certificate_set_x509_system_trust(t->cred);
	text.data = malloc(len + 1);
	if (!text.data)
		return GNUTLS_E_MEMORY_ERROR;
	memcpy(text.data, pem, len);
	text.data[len] = '\0';
	rc = gnutls_certificate_set_x509_trust_mem(t->cred, &text, GNUTLS_X509_FMT_PEM);
	free(text.data);
	return rc;
}

int
net_trust_new(struct net_trust **out, const void *pem, size_t len, const char **why)
{
	struct net_trust *t = calloc(1, sizeof(*t));
	int rc = GNUTLS_E_MEMORY_ERROR;

	*out = NULL;
	if (t) {
		t->refs = 1;
		rc = load(t, pem, len);
	}
	if (rc > 0) {
		*out = t;
		return VG_OK;
	}
	*why = rc == 0 ? "no certificate authority in it" : gnutls_strerror(rc);
	net_trust_unref(&t);
	return rc == GNUTLS_E_MEMORY_ERROR ? VG_ERR_MEMORY : VG_ERR_CRYPTO;
}

/* In the operator's words; the most telling first. */
static const char *
refusal(gnutls_session_t tls)
{
	unsigned status = gnutls_session_get_verify_cert_status(tls);

	if (status & GNUTLS_CERT_UNEXPECTED_OWNER)
		return "certificate: the name does not match";
	if (status & GNUTLS_CERT_EXPIRED)
		return "certificate: expired";
	if (status & GNUTLS_CERT_NOT_ACTIVATED)
		return "certificate: not valid yet";
	if (status & GNUTLS_CERT_REVOKED)
		return "certificate: revoked";
	if (status & (GNUTLS_CERT_SIGNER_NOT_FOUND | GNUTLS_CERT_SIGNER_NOT_CA | GNUTLS_CERT_SIGNATURE_FAILURE))
		return "certificate: not by a trusted issuer";
	return "certificate: not trusted";
}

static int
prepare(struct net_stream *s, struct net_trust *trust, const char *host)
{
	unsigned char ip[16];
	bool numeric = inet_pton(AF_INET, host, ip) == 1 || inet_pton(AF_INET6, host, ip) == 1;
	int rc = gnutls_init(&s->tls, GNUTLS_CLIENT | GNUTLS_NONBLOCK | GNUTLS_NO_SIGNAL);

	if (rc < 0)
		s->tls = NULL;
	if (rc >= 0)
		rc = gnutls_priority_set(s->tls, trust->priority);
	if (rc >= 0)
		rc = gnutls_credentials_set(s->tls, GNUTLS_CRD_CERTIFICATE, trust->cred);
	/* RFC 6066, 3: no addresses */
	if (rc >= 0 && !numeric)
		rc = gnutls_server_name_set(s->tls, GNUTLS_NAME_DNS, host, strlen(host));
	if (rc < 0)
		return net_stream_fail(s, VG_ERR_CRYPTO, gnutls_strerror(rc));
	gnutls_session_set_verify_cert(s->tls, host, 0);
	gnutls_transport_set_int(s->tls, s->fd);
	/* our own deadlines bound it */
	gnutls_handshake_set_timeout(s->tls, 0);
	return VG_OK;
}

static unsigned
wants(gnutls_session_t tls)
{
	return gnutls_record_get_direction(tls) ? NET_WRITE : NET_READ;
}

static int
handshake(struct net_stream *s)
{
	for (;;) {
		int rc = gnutls_handshake(s->tls);

		if (rc == GNUTLS_E_SUCCESS)
			return VG_OK;
		if (rc == GNUTLS_E_CERTIFICATE_VERIFICATION_ERROR) {
			gnutls_alert_send_appropriate(s->tls, rc);
			return net_stream_fail(s, VG_ERR_CRYPTO, refusal(s->tls));
		}
		if (gnutls_error_is_fatal(rc))
			return net_stream_fail(s, VG_ERR_CRYPTO, gnutls_strerror(rc));
		/* Warnings come without waiting; await() bounds them by the deadline all the same. */
		rc = net_stream_await(s, wants(s->tls));
		if (rc != VG_OK)
			return rc;
	}
}

int
net_stream_tls(struct net_stream *s, struct net_trust *trust, const char *host)
{
	int rc;

	if (s->err != VG_OK)
		return s->err;
	if (s->fd < 0 || s->tls)
		return net_stream_fail(s, VG_ERR_PROTO, "TLS is not possible now");
	if (net_mail_unread(s) > 0)
		return net_stream_fail(s, VG_ERR_PROTO, "bytes in clear before TLS began");
	trust->refs++;
	net_trust_unref(&s->trust);
	s->trust = trust;
	rc = prepare(s, trust, host);
	if (rc == VG_OK)
		rc = handshake(s);
	if (rc != VG_OK) {
		net_stream_hang_up(s);
		return rc;
	}
	snprintf(s->tls_text, sizeof(s->tls_text), "%s %s", gnutls_protocol_get_name(gnutls_protocol_get_version(s->tls)),
	    gnutls_ciphersuite_get(s->tls));
	return VG_OK;
}

ssize_t
net_tls_read(struct net_stream *s, void *out, size_t n, unsigned *want)
{
	ssize_t got = gnutls_record_recv(s->tls, out, n);

	if (got >= 0)
		return got;
	*want = wants(s->tls);
	if (got == GNUTLS_E_AGAIN || got == GNUTLS_E_INTERRUPTED || got == GNUTLS_E_WARNING_ALERT_RECEIVED)
		return VG_ERR_AGAIN;
	if (got == GNUTLS_E_PREMATURE_TERMINATION)
		return 0;
	return net_stream_fail(s, VG_ERR_CRYPTO, gnutls_strerror((int)got));
}

/* After AGAIN the caller comes with the same bytes in front, as GnuTLS demands. */
ssize_t
net_tls_write(struct net_stream *s, const void *data, size_t n, unsigned *want)
{
	ssize_t put = gnutls_record_send(s->tls, data, n);

	if (put >= 0)
		return put;
	*want = wants(s->tls);
	if (put == GNUTLS_E_AGAIN || put == GNUTLS_E_INTERRUPTED)
		return VG_ERR_AGAIN;
	return net_stream_fail(s, VG_ERR_CRYPTO, gnutls_strerror((int)put));
}

bool
net_tls_pending(const struct net_stream *s)
{
	return gnutls_record_check_pending(s->tls) > 0;
}

void
net_tls_end(struct net_stream *s)
{
	if (!s->tls)
		return;
	if (s->err == VG_OK && s->fd >= 0)
		gnutls_bye(s->tls, GNUTLS_SHUT_WR);
	gnutls_deinit(s->tls);
	s->tls = NULL;
}
